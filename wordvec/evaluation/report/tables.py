"""The document of an evaluation as sections of tables, and its references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wordvec.evaluation.core.measure import (
    P_FOUND,
    Entry,
    Measure,
    Table,
    answered,
    between,
    number,
    p_text,
    scant,
    title,
)
from wordvec.evaluation.measures import MEASURES
from wordvec.evaluation.report import verdict
from wordvec.evaluation.report.kinds import Kind, Section

_REASON = 180  # characters of a reason that are shown
MISSING = 30  # words of a list that are shown; the rest is in the JSON


def sections(document: Entry) -> Iterator[Section]:
    """Everything that the document holds, in the order of the report."""
    yield Section("verdict", "Verdict", items=tuple(verdict.sentences(document)))
    trained = tuple(f"{m['name']}: {_meta(m['meta'])}" for m in document["models"] if m["meta"])
    yield Section("models", "Models", tables=(Table.of(_cards(document)),))
    yield Section("training", "Training of the models", items=trained, folded=True, printed=False)
    if document["gates"]:
        yield Section("gates", "Gates", tables=(Table.of([_gate(g) for g in document["gates"]]),))
    for name, entries in document["results"].items():
        measure = MEASURES[name]  # a result that no measure of the registry shows is an error
        text = " ".join(filter(None, (measure.about, measure.caution)))
        tables = _of_measure(measure, entries, document)
        yield Section(name, measure.title, text, tuple(tables))
    if document["comparisons"]:
        yield Section(
            "comparisons",
            "Comparison of models",
            "Difference on the items that all models answer, with its paired bootstrap interval; "
            "p is that of the bootstrap, adjusted over the pairs of models (Holm).",
            tuple(_comparisons(document["comparisons"])),
        )
    if document["of_vectors"]:
        yield Section(
            "of_vectors",
            "Uncertainty of the vectors beside that of the items",
            "Items: what other words or pairs would change. Reconstruction: how well the counts of "
            "the text fix the vectors, by draws of them. Documents: what other documents would "
            "change. None of them contains another. The estimate is the score of the exact "
            "least-squares vectors, and may differ from that of the vectors as trained.",
            (Table.of(list(_of_vectors(document))),),
        )
    if document["seeds"]:
        yield Section(
            "seeds",
            "Over seeds",
            "Trainings that differ in their seed alone; the interval is that of their mean. It "
            "tells of the luck of training; p-values and intervals of a test tell of its words.",
            (Table.of([_seeds(s) for s in document["seeds"]]),),
        )
    if document["refused"]:
        yield Section("refused", "Not answered", items=tuple(_refused(document["refused"])))
    yield Section(
        "missing", "Missing words", items=tuple(_missing(document)), folded=True, printed=False
    )
    yield Section("sets", "Data", tables=tuple(_sets(document)), folded=True)
    yield Section(
        "options", "Options", code=json.dumps(document["options"]), folded=True, printed=False
    )
    yield Section("references", "References", code=bibtex(document), folded=True)
    yield Section("caveats", "To keep in mind", items=tuple(document["caveats"]))


# --- measures -------------------------------------------------------------------------------------


def _of_measure(measure: Measure, entries: Sequence[Entry], document: Entry) -> Iterator[Table]:
    own = {e["model"] for e in entries}
    models = [m["name"] for m in document["models"] if m["name"] in own]
    several = len(document["models"]) > 1
    if several:
        yield _side_by_side(measure, entries, models, document)
    if measure.columns:
        caption = f"{measure.title}: all columns" if several else ""
        yield _summary(measure, entries, several, caption)
    for e in entries if measure.detail else ():
        assert measure.detail
        table = measure.detail(e)
        yield Table(table.caption, table.columns, table.rows, folded=True)


def _side_by_side(
    measure: Measure, entries: Sequence[Entry], models: Sequence[str], document: Entry
) -> Table:
    """A row for each question, a column for each model; what a model answered stands behind its
    score where models differ (words in other case: see the table of every column). A star marks
    the model that is better than each other after Holm's correction."""
    best = _best(document)
    rows: list[dict[str, str]] = []
    grey: set[int] = set()
    sizes_of: dict[str, set[str]] = {}
    for entry in entries:
        sizes_of.setdefault(title(entry), set()).add(answered(entry, brief=True))
    same = all(len(sizes) == 1 for sizes in sizes_of.values())
    for name, sizes in sizes_of.items():
        own = {e["model"]: e for e in entries if title(e) == name}
        about = (
            next(iter(own.values())).get("title", "")
            if "p_holm" in next(iter(own.values()))
            else ""
        )
        row = {"question": f"{name}: {about}" if about else name}
        for model in models:
            e = own.get(model)
            if e is None:
                row[model] = "not answered"
                continue
            star = " *" if best.get((measure.name, name)) == model else ""
            row[model] = f"{number(e['score'])} ({between(e['interval'])}){star}"
            if "p_holm" in e:
                row[model] += f" p {p_text(e['p_holm'])}"
            if not same:
                row[model] += f" {answered(e, brief=True)}"
        if same:
            row["answered"] = sizes.pop()
        if all(scant(e) for e in own.values()):
            grey.add(len(rows))
        rows.append(row)
    caption = f"{measure.score} (interval)"
    if "p Holm" in measure.columns:
        caption += ", p one-sided, adjusted over the tests (Holm)"
    if any(" *" in cell for row in rows for cell in row.values()):
        caption += "; * better than each other model (Holm-adjusted p < .05)"
    return Table.of(rows, caption, grey=frozenset(grey))


def _best(document: Entry) -> dict[tuple[str, str], str]:
    """(measure, question) -> the model that is better than every other after Holm's correction."""
    wins: dict[tuple[str, str], dict[str, int]] = {}
    models = len(document["models"])
    for c in document["comparisons"]:
        if c["p_holm"] < P_FOUND:
            winner = c["first"] if c["difference"] > 0 else c["second"]
            own = wins.setdefault((c["measure"], c["dataset"]), {})
            own[winner] = own.get(winner, 0) + 1
    return {key: model for key, own in wins.items() for model, n in own.items() if n == models - 1}


def _summary(measure: Measure, entries: Sequence[Entry], several: bool, caption: str) -> Table:
    """A row an entry; what several models were asked stands together."""
    order = {name: i for i, name in enumerate(dict.fromkeys(map(title, entries)))}
    sorted_ = sorted(entries, key=lambda e: order[title(e)])
    records = [
        {
            **({"model": e["model"]} if several else {}),
            **{name: cell(e) for name, cell in measure.columns.items()},
        }
        for e in sorted_
    ]
    table = Table.of(records, caption, folded=several)
    shown = [name for name in list(measure.columns)[: measure.main] if name in table.columns]
    return Table(
        table.caption,
        table.columns,
        table.rows,
        main=len(shown) + several,
        grey=frozenset(i for i, e in enumerate(sorted_) if scant(e)),
        folded=several,
    )


# --- the other tables -----------------------------------------------------------------------------


def _cards(document: Entry) -> list[dict[str, str]]:
    return [
        {
            "model": m["name"],
            "words": f"{m['words']:,}",
            "dimensions": str(m["vector_size"]),
            "unusable": str(len(m["unusable"])),
            "file": Path(m["path"]).name if m["path"] else "-",
            "SHA-256": (m["sha256"] or "-")[:16],
        }
        for m in document["models"]
    ]


def _meta(meta: Entry) -> str:
    """What a file says of its training, a level deep, without lists and what was not set."""
    plain: dict[str, Any] = {}
    for key, value in meta.items():
        plain.update(value if isinstance(value, dict) else {key: value})
    told = {k: v for k, v in plain.items() if v is not None and not isinstance(v, dict | list)}
    return ", ".join(f"{k} {v:,}" if type(v) is int else f"{k} {v}" for k, v in told.items()) or "-"


def _gate(g: Entry) -> dict[str, str]:
    return {
        "gate": g["gate"],
        "at least": number(g["least"]),
        "model": g["model"],
        "score": number(g["score"]),
        "result": "passed" if g["passed"] else "FAILED",
    }


def _comparisons(comparisons: Sequence[Entry]) -> Iterator[Table]:
    """A row a question, a column a pair of models; then every number."""
    rows: dict[str, dict[str, str]] = {}
    for c in comparisons:
        row = rows.setdefault(c["dataset"], {"question": c["dataset"], "items": f"{c['items']:,}"})
        row[f"{c['first']} less {c['second']}"] = (
            f"{c['difference']:+.3f} ({c['interval']['low']:+.3f} to {c['interval']['high']:+.3f})"
            f" p {p_text(c['p_holm'])}"
        )
    columns = dict.fromkeys(name for row in rows.values() for name in row)
    full = [{name: row.get(name, "-") for name in columns} for row in rows.values()]
    if len(columns) <= 5:
        yield Table.of(full, "difference (interval) and p")
    records = [
        {
            "dataset": c["dataset"],
            "first": c["first"],
            "second": c["second"],
            "difference": f"{c['difference']:+.3f}",
            "interval": between(c["interval"]),
            "p Holm": p_text(c["p_holm"]),
            "items": f"{c['items']:,}",
            "first score": number(c["first_score"]),
            "second score": number(c["second_score"]),
            "p bootstrap": p_text(c["p_bootstrap"]),
            "p Williams": p_text(c["p_williams"]),
        }
        for c in comparisons
    ]
    table = Table.of(records, "all columns")
    folded = len(columns) <= 5
    yield Table(table.caption, table.columns, table.rows, main=6, folded=folded)


def _of_vectors(document: Entry) -> Iterator[dict[str, str]]:
    """A row for each score: its interval over items beside that over draws of the vectors."""
    results = {
        (name, e["model"], title(e)): e
        for name, group in document["results"].items()
        for e in group
    }
    for each in document["of_vectors"]:
        e = results[each["measure"], each["model"], each["dataset"]]
        fixed = f"{len(each['fixed'])} without a variance" if each["fixed"] else ""
        yield {
            "model": each["model"],
            "question": each["dataset"],
            "score": number(each["score"]),
            "interval of items": between(e["interval"]),
            "estimate": number(each["value"]),
            "SD": number(each["sd"]),
            f"interval of {each['kind']}": between(each["interval"]),
            "words": ", ".join(filter(None, (str(each["words"]), fixed))),
        }


def _seeds(s: Entry) -> dict[str, str]:
    return {
        "group": s["group"],
        "dataset": s["dataset"],
        "mean": number(s["mean"]),
        "interval": between(s["interval"]),
        "SD": number(s["sd"]),
        "lowest": number(s["low"]),
        "highest": number(s["high"]),
        "seeds": str(len(s["models"])),
    }


def _refused(refused: Sequence[Entry]) -> Iterator[str]:
    """What was not answered and why; once where several models had the same reason."""
    merged: dict[tuple[str, str | None, str], tuple[list[str], list[str]]] = {}
    for r in refused:
        name, _, variant = r["dataset"].partition(" (")
        reason = r["reason"].removeprefix(f"{r['dataset']}: ").removeprefix(f"{name}: ")
        models, variants = merged.setdefault((name, r["measure"], reason), ([], []))
        for value, among in ((r["model"], models), (variant.rstrip(")"), variants)):
            if value and value not in among:
                among.append(value)
    for (name, measure, reason), (models, variants) in merged.items():
        parts = [f"{name} ({', '.join(variants)})" if variants else name]
        parts += [measure] if measure else []
        parts += [verdict.listed(models)] if models != ["-"] else []
        yield f"{', '.join(parts)}: {_cut_words(reason)}"


def _cut_words(text: str) -> str:
    """A reason on two lines at most; the JSON has it whole."""
    return text if len(text) <= _REASON else text[: _REASON - 4].rpartition(",")[0] + ", ..."


def missing_words(e: Entry) -> list[str]:
    """The words that a result had to do without."""
    if "coverage" in e:
        return list(e["coverage"]["missing"])
    return [word for part in e["lists"].values() for word in part["missing"]]


def _missing(document: Entry) -> Iterator[str]:
    """What models lacked of each set; once where several models, solvers or measures lacked the
    same."""
    merged: dict[tuple[str, frozenset[str]], tuple[list[str], list[str]]] = {}
    for entries in document["results"].values():
        for e in entries:
            words = missing_words(e)
            if words:
                name = e["dataset"]["name"] if "dataset" in e else e["name"]
                models, _ = merged.setdefault((name, frozenset(words)), ([], words))
                if e["model"] not in models:
                    models.append(e["model"])
    everybody = [m["name"] for m in document["models"]]
    for (name, _), (models, words) in merged.items():
        who = "" if models == everybody else f" ({verdict.listed(models)})"
        more = f" and {len(words) - MISSING:,} more" if len(words) > MISSING else ""
        yield f"{name}{who}: {', '.join(words[:MISSING])}{more}"


def _sets(document: Entry) -> Iterator[Table]:
    """The datasets with their checksums and what is odd in them."""
    seen = _sources(document)
    if seen:
        yield Table.of(
            [
                {
                    "dataset": name,
                    "items": f"{source['items']:,}",
                    "file": Path(source["path"]).name if source["path"] else "-",
                    "SHA-256": source["sha256"][:16],
                    "notes": "; ".join(source["notes"]) or "-",
                }
                for name, source in seen.items()
            ],
            main=4,
        )


def _sources(document: Entry) -> Mapping[str, Entry]:
    seen: dict[str, Entry] = {}
    for entries in document["results"].values():
        for e in entries:
            if "dataset" in e:
                seen.setdefault(e["dataset"]["name"], e["dataset"])
    return seen


def bibtex(document: Entry) -> str:
    """BibTeX entries of the measures and sets that the document has results of, each once."""
    texts = [MEASURES[name].reference for name in document["results"]]
    texts += [source["reference"] for source in _sources(document).values()]
    entries: dict[str, str] = {}
    for text in texts:
        for entry in re.findall(r"@\w+\{.*?\n\}", text, re.S):
            entries.setdefault(entry.partition("{")[2].partition(",")[0], entry)
    return "\n".join(entries[key] for key in sorted(entries))


EVALUATION = Kind(
    heading=verdict.heading,
    subtitle=verdict.subtitle,
    sections=sections,
    bibtex=bibtex,
    plots="wordvec.evaluation.report.figures:plots",
)
