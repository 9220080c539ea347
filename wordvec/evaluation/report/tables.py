"""The document as sections of tables, from which Markdown and HTML are drawn alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Cells as people read them; `caption` may be empty."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, records: Sequence[Mapping[str, str]], caption: str = "") -> Table:
        """A table of records with the same keys."""
        columns = tuple(records[0])
        return cls(caption, columns, tuple(tuple(r[name] for name in columns) for r in records))


@dataclass(frozen=True)
class Section:
    """A heading with an explanation, tables and a list."""

    key: str
    heading: str
    text: str = ""
    tables: tuple[Table, ...] = ()
    items: tuple[str, ...] = field(default=())


def number(value: float | None, places: int = 3) -> str:
    """A number for people; a small one in scientific form; '-' for what does not exist."""
    if value is None:
        return "-"
    if value != 0 and abs(value) < 10**-places:
        return f"{value:.1e}"
    return f"{value:.{places}f}"


def between(interval: Entry | None) -> str:
    """An interval for people."""
    if not interval:
        return "-"
    return f"{number(interval['low'])} to {number(interval['high'])}"


def title(e: Entry) -> str:
    """What a result is called in a table: its dataset or test, with the solver if there is one."""
    name = e["dataset"]["name"] if "dataset" in e else e["name"]
    return f"{name} ({e['solver']})" if "solver" in e else str(name)


def missing_words(e: Entry) -> list[str]:
    """The words that a result had to do without."""
    if "coverage" in e:
        return list(e["coverage"]["missing"])
    return [word for part in e["lists"].values() for word in part["missing"]]


def counts(e: Entry) -> tuple[int, int]:
    """(answered, asked): items of a set, or words of lists."""
    if "coverage" in e:
        return e["coverage"]["answered"], e["coverage"]["asked"]
    parts = e["lists"].values()
    return sum(len(part["used"]) for part in parts), sum(part["asked"] for part in parts)


def sections(document: Entry) -> Iterator[Section]:
    """Everything that the document holds, in the order of the report."""
    trained = tuple(f"{m['name']}: {_meta(m['meta'])}" for m in document["models"] if m["meta"])
    yield Section("models", "Models", tables=(Table.of(_cards(document)),), items=trained)
    if document["gates"]:
        yield Section("gates", "Gates", tables=(Table.of([_gate(g) for g in document["gates"]]),))
    for measure, heading, text, cells in _MEASURES:
        entries = document["results"].get(measure)
        if entries:
            tables = [_summary(entries, cells)] if cells else []
            detail = _DETAIL.get(measure)
            tables += [detail(e) for e in entries] if detail else []
            yield Section(measure, heading, text, tuple(tables))
    if document["comparisons"]:
        yield Section(
            "comparisons",
            "Comparison of models",
            "On the items that all models answer; the p-value of the bootstrap is also adjusted "
            "over the pairs of models (Holm).",
            (Table.of([_comparison(c) for c in document["comparisons"]]),),
        )
    if document["seeds"]:
        yield Section(
            "seeds",
            "Over seeds",
            "Trainings that differ in their seed alone; the interval is that of their mean.",
            (Table.of([_seeds(s) for s in document["seeds"]]),),
        )
    if document["refused"]:
        items = tuple(f"{r['model']}, {r['dataset']}: {r['reason']}" for r in document["refused"])
        yield Section("refused", "Not answered", items=items)
    yield Section("missing", "Missing words", items=tuple(_missing(document)) or ("None.",))
    yield Section("sets", "Data", tables=tuple(_sets(document)))
    yield Section("options", "Options", json.dumps(document["options"]))
    yield Section("caveats", "To keep in mind", items=tuple(document["caveats"]))


def markdown(document: Entry) -> str:
    """The document as Markdown; every number in it is one of the document's."""
    parts = ["# Evaluation of word vectors", "", f"wordvec {document['wordvec']}", ""]
    for section in sections(document):
        parts += [f"## {section.heading}", ""]
        if section.text:
            parts += [section.text, ""]
        for table in section.tables:
            if table.caption:
                parts += [f"### {table.caption}", ""]
            parts += [_row(table.columns), "|" + "---|" * len(table.columns)]
            parts += [*map(_row, table.rows), ""]
        if section.items:
            parts += [*(f"- {item}" for item in section.items), ""]
    return "\n".join(parts)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _missing(document: Entry) -> Iterator[str]:
    """What each model lacked of each set; once where several solvers lacked the same."""
    said: set[tuple[str, frozenset[str]]] = set()
    for entries in document["results"].values():
        for e in entries:
            words = missing_words(e)
            key = (e["model"], frozenset(words))
            if words and key not in said:
                said.add(key)
                name = e["dataset"]["name"] if "dataset" in e else e["name"]
                yield f"{e['model']}, {name}: {', '.join(words)}"


# --- the tables -----------------------------------------------------------------------------------


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
        "": "passed" if g["passed"] else "FAILED",
    }


def _answered(e: Entry) -> str:
    answered, asked = counts(e)
    return f"{answered:,} of {asked:,}"


_Cell = Callable[[Entry], str]


def _value(name: str, places: int = 3) -> _Cell:
    return lambda e: number(e[name], places)


def _span(name: str) -> _Cell:
    return lambda e: between(e[name])


def _text(name: str) -> _Cell:
    return lambda e: str(e[name])


_SCORE, _INTERVAL = _value("score"), _span("interval")
_CHANCE: _Cell = lambda e: (  # noqa: E731
    between(e["chance"]) if isinstance(e["chance"], Mapping) else number(e["chance"])
)

# Heading -> cell, by measure.
_SIMILARITY: dict[str, _Cell] = {
    "dataset": title,
    "Spearman": _SCORE,
    "interval": _INTERVAL,
    "Pearson": _value("pearson"),
    "missing as 0": _value("missing_as_zero"),
    "answered": _answered,
    "by chance": _CHANCE,
}
_ANALOGY: dict[str, _Cell] = {
    "dataset": title,
    "micro": _SCORE,
    "interval": _INTERVAL,
    "macro": _value("macro"),
    "macro interval": _span("macro_interval"),
    "top 5": lambda e: number(e["top"]["5"]),
    "top 10": lambda e: number(e["top"]["10"]),
    "missing as wrong": _value("missing_as_wrong"),
    "answered": _answered,
    "by chance": _CHANCE,
}
_CATEGORIZATION: dict[str, _Cell] = {
    "dataset": title,
    "purity": _SCORE,
    "interval": _INTERVAL,
    "V-measure": _value("v_measure"),
    "V interval": _span("v_measure_interval"),
    "SD over seeds": _value("seeds_sd"),
    "classes": _text("classes"),
    "answered": _answered,
    "purity by chance": _CHANCE,
}
_OUTLIERS: dict[str, _Cell] = {
    "dataset": title,
    "accuracy": _SCORE,
    "interval": _INTERVAL,
    "OPP": _value("opp"),
    "OPP interval": _span("opp_interval"),
    "missing as wrong": _value("missing_as_wrong"),
    "answered": _answered,
    "by chance": _CHANCE,
}
_QVEC: dict[str, _Cell] = {
    "dataset": title,
    "correlation": _SCORE,
    "interval": _INTERVAL,
    "answered": _answered,
    "by chance": _CHANCE,
}
_WEAT: dict[str, _Cell] = {
    "test": _text("name"),
    "about": _text("title"),
    "d": _SCORE,
    "interval": _INTERVAL,
    "leave one out": _span("leave_one_out"),
    "by chance": _CHANCE,
    "p one-sided": _value("p_one_sided", 4),
    "p two-sided": _value("p_two_sided", 4),
    "p Holm": _value("p_holm", 4),
    "method": lambda e: f"{e['p_method']}, {e['partitions']:,}",
    "words": lambda e: _list_sizes(e["lists"]),
}
_BIAS: dict[str, _Cell] = {
    "lists": _text("name"),
    "about": _text("title"),
    "score": _SCORE,
    "interval": _INTERVAL,
    "without bias": _value("unbiased"),
    "by chance": _span("chance"),
    "words": lambda e: _list_sizes(e["lists"]),
    "extremes": lambda e: _extremes(e["words"]),
}
_SEPARATION: dict[str, _Cell] = {
    "test": _text("name"),
    "accuracy": _SCORE,
    "interval": _INTERVAL,
    "V-measure": _value("v_measure"),
    "by chance": _CHANCE,
    "words": lambda e: f"{e['coverage']['answered']:,}",
    "examples": lambda e: "; ".join(
        f"{side}: {', '.join(words[:5])}" for side, words in e["examples"].items()
    ),
}


def _summary(entries: Sequence[Entry], cells: Mapping[str, _Cell]) -> Table:
    """A row an entry: its model, and the cells; what several models were asked stands together."""
    order = {name: i for i, name in enumerate(dict.fromkeys(map(title, entries)))}
    return Table.of(
        [
            {"model": e["model"], **{name: cell(e) for name, cell in cells.items()}}
            for e in sorted(entries, key=lambda e: order[title(e)])
        ]
    )


def _categories(e: Entry) -> Table:
    return Table.of(
        [
            {
                "category": c["name"],
                "accuracy": number(c["score"]),
                "interval": between(c["interval"]),
                "answered": f"{c['answered']:,} of {c['asked']:,}",
                "top 10": number(c["top"]["10"]),
                "worst miss": _miss(c["misses"]),
            }
            for c in e["categories"]
        ],
        f"{e['model']}: {title(e)}",
    )


def _miss(misses: Sequence[Entry]) -> str:
    if not misses:
        return "-"
    m = misses[0]
    return f"{m['question']} {m['expected']} ranked {m['rank']:,}; first was {m['answer']}"


def _list_sizes(lists: Entry) -> str:
    return ", ".join(f"{side} {len(p['used'])}/{p['asked']}" for side, p in lists.items())


def _extremes(words: Sequence[Sequence[Any]]) -> str:
    if not words:
        return "-"
    ordered = sorted(words, key=lambda item: item[1])
    low = ", ".join(f"{w} {number(v)}" for w, v in ordered[:3])
    high = ", ".join(f"{w} {number(v)}" for w, v in reversed(ordered[-3:]))
    return f"lowest {low}; highest {high}"


def _single_category(e: Entry) -> Table:
    facts = ""
    if e["correlation"] is not None:
        facts = (
            f"; correlation with the known shares {number(e['correlation'])} "
            f"({between(e['correlation_interval'])})"
        )
    words = [
        {
            "word": w["word"],
            "d": number(w["score"]),
            "p one-sided": number(w["p_one_sided"], 4),
            "p two-sided": number(w["p_two_sided"], 4),
            "p Holm": number(w["p_holm"], 4),
        }
        for w in sorted(e["words"], key=lambda w: -w["score"])
    ]
    caption = (
        f"{e['model']}: {e['name']}, mean d {number(e['score'])} ({between(e['interval'])}){facts}"
    )
    return Table.of(words, caption)


_DETAIL: dict[str, Callable[[Entry], Table]] = {
    "analogy": _categories,
    "single_category": _single_category,
}


def _comparison(c: Entry) -> dict[str, str]:
    return {
        "dataset": c["dataset"],
        "first": c["first"],
        "second": c["second"],
        "items": f"{c['items']:,}",
        "first score": number(c["first_score"]),
        "second score": number(c["second_score"]),
        "difference": number(c["difference"]),
        "interval": between(c["interval"]),
        "p bootstrap": number(c["p_bootstrap"], 4),
        "p Holm": number(c["p_holm"], 4),
        "p Williams": number(c["p_williams"], 4),
    }


def _seeds(s: Entry) -> dict[str, str]:
    return {
        "group": s["group"],
        "dataset": s["dataset"],
        "seeds": str(len(s["models"])),
        "mean": number(s["mean"]),
        "interval": between(s["interval"]),
        "SD": number(s["sd"]),
        "lowest": number(s["low"]),
        "highest": number(s["high"]),
    }


def _sets(document: Entry) -> Iterator[Table]:
    """The datasets with their checksums and what is odd in them."""
    seen: dict[str, Entry] = {}
    for entries in document["results"].values():
        for e in entries:
            if "dataset" in e:
                seen.setdefault(e["dataset"]["name"], e["dataset"])
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
            ]
        )


# Measure, heading, what it says, the cells of its summary.
_MEASURES: tuple[tuple[str, str, str, dict[str, _Cell]], ...] = (
    (
        "similarity",
        "Similarity",
        "Rank correlation of cosines with human scores, over the pairs that could be answered.",
        _SIMILARITY,
    ),
    (
        "analogy",
        "Analogies",
        "Share of questions whose accepted answer came first. Intervals resample word pairs; those "
        "of categories are Wilson's.",
        _ANALOGY,
    ),
    (
        "categorization",
        "Categorisation",
        "Do k-means clusters follow the classes of the words?",
        _CATEGORIZATION,
    ),
    (
        "outliers",
        "Outlier detection",
        "Is the word that does not belong put last? OPP: how near the end it comes.",
        _OUTLIERS,
    ),
    (
        "qvec",
        "QVEC-CCA",
        "First canonical correlation of the vectors with linguistic properties.",
        _QVEC,
    ),
    (
        "weat",
        "Association tests (WEAT)",
        "d: standardised difference of the association of two target lists with two attribute "
        "lists. p: share of re-partitions of the targets with a difference as large.",
        _WEAT,
    ),
    (
        "seat",
        "Association tests over sentences (SEAT)",
        "Each word in template sentences; p re-partitions words with all their sentences.",
        _WEAT,
    ),
    (
        "single_category",
        "Associations of single words (WEFAT)",
        "d: standardised difference of a word's similarity to the first and the second list.",
        {},
    ),
    (
        "rnd",
        "Relative norm distance (RND)",
        "Mean distance of attribute words from the first group, less that from the second: "
        "negative when they are nearer to the first.",
        _BIAS,
    ),
    (
        "rnsb",
        "Relative negative sentiment bias (RNSB)",
        "Divergence of the targets' shares of negative sentiment from equal shares.",
        _BIAS,
    ),
    (
        "mac",
        "Mean cosine distance (MAC)",
        "Of targets from attributes; 1 without any association.",
        _BIAS,
    ),
    (
        "ect",
        "Embedding coherence test (ECT)",
        "Rank correlation of the attributes' similarities to the two groups; 1 without bias.",
        _BIAS,
    ),
    (
        "direct_bias",
        "Direct bias",
        "Mean absolute cosine of professions to the gender direction.",
        _BIAS,
    ),
    (
        "ripa",
        "Relational inner product (RIPA)",
        "Mean absolute inner product of professions with the gender relation, at the vectors' own "
        "length.",
        _BIAS,
    ),
    (
        "indirect_bias",
        "Indirect bias",
        "Share of the similarity between stereotyped professions that the gender direction makes.",
        _BIAS,
    ),
    (
        "clusters",
        "Clusters of biased words",
        "Do two clusters follow the side of the most biased words? .5 is no separation.",
        _SEPARATION,
    ),
    (
        "probe",
        "Probes of biased words",
        "Can a classifier tell the sides of the most biased words apart? .5 is no separation.",
        _SEPARATION,
    ),
)
