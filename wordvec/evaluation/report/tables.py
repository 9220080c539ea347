"""The document as sections of tables, from which Markdown and HTML are drawn alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wordvec.evaluation.core.measure import Cell, Entry, Table, between, number, title
from wordvec.evaluation.measures import MEASURES


@dataclass(frozen=True)
class Section:
    """A heading with an explanation, tables and a list."""

    key: str
    heading: str
    text: str = ""
    tables: tuple[Table, ...] = ()
    items: tuple[str, ...] = field(default=())


def missing_words(e: Entry) -> list[str]:
    """The words that a result had to do without."""
    if "coverage" in e:
        return list(e["coverage"]["missing"])
    return [word for part in e["lists"].values() for word in part["missing"]]


def sections(document: Entry) -> Iterator[Section]:
    """Everything that the document holds, in the order of the report."""
    trained = tuple(f"{m['name']}: {_meta(m['meta'])}" for m in document["models"] if m["meta"])
    yield Section("models", "Models", tables=(Table.of(_cards(document)),), items=trained)
    if document["gates"]:
        yield Section("gates", "Gates", tables=(Table.of([_gate(g) for g in document["gates"]]),))
    for name, entries in document["results"].items():
        measure = MEASURES[name]  # a result that no measure of the registry shows is an error
        tables = [_summary(entries, measure.columns)] if measure.columns else []
        if measure.detail:
            tables += map(measure.detail, entries)
        text = " ".join(filter(None, (measure.about, measure.caution)))
        yield Section(name, measure.title, text, tuple(tables))
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


# --- the tables ----------------------------------------------------------------------------------


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


def _summary(entries: Sequence[Entry], cells: Mapping[str, Cell]) -> Table:
    """A row an entry: its model, and the cells; what several models were asked stands together."""
    order = {name: i for i, name in enumerate(dict.fromkeys(map(title, entries)))}
    return Table.of(
        [
            {"model": e["model"], **{name: cell(e) for name, cell in cells.items()}}
            for e in sorted(entries, key=lambda e: order[title(e)])
        ]
    )


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
