"""The document: what a run found, from which JSON, Markdown and HTML are written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wordvec._version import __version__
from wordvec.evaluation.core.comparison import Comparison
from wordvec.evaluation.core.measure import Entry, counts, title
from wordvec.evaluation.core.of_vectors import OfVectors
from wordvec.evaluation.core.results import to_json
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.core.statistics import seeds as over
from wordvec.evaluation.core.statistics.seeds import OverSeeds
from wordvec.evaluation.measures import MEASURES
from wordvec.evaluation.report.kinds import kind_of, shown
from wordvec.system.files import write_atomically

SCHEMA = "wordvec-evaluation/2"

CAVEATS = (
    "A score belongs to its dataset, protocol and coverage; compare models only on the items that "
    "all of them answer.",
    "Intervals tell how much a score depends on the items that were asked, not on the seed or the "
    "corpus of the training; train several seeds for that.",
    "Word lists are cultural: they were written by and about particular people, mostly in the "
    "United States, and a list that fits one place and time may not fit another.",
    "A low bias score is not the absence of bias: it says that these lists, under this measure, "
    "did not show any.",
    "An association in vectors describes the text that they were trained on; it is not a fact "
    "about the people or things that the words name.",
    "Intervals and p-values of association tests treat the words of a list as a sample of words "
    "that could have been listed.",
)


# --- the document ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """A model: size, file and its checksum, what the file says of its training."""

    name: str
    path: str | None
    sha256: str | None
    words: int
    vector_size: int
    unusable: tuple[str, ...]
    mean_norm: float | None
    meta: dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """What could not be answered: by which model ("-": by none), which measure, and why."""

    model: str
    measure: str | None
    dataset: str
    reason: str


@dataclass(frozen=True)
class Gate:
    """A least score, and whether a model reached it."""

    gate: str
    least: float
    model: str
    score: float | None
    passed: bool


@dataclass(frozen=True)
class Origin:
    """When and how a report was made: date (ISO), command line, versions of what computed it."""

    date: str | None = None
    command: str | None = None
    versions: dict[str, str] = field(default_factory=dict)


def describe(
    name: str, vectors: Vectors, space: Space, path: str | os.PathLike[str] | None
) -> Card:
    """The card of a model."""
    file = Path(path) if path is not None else None
    norms = space.norms
    return Card(
        name=name,
        path=str(file) if file else None,
        sha256=_digest(file) if file and file.is_file() else None,
        words=len(vectors.index_to_key),
        vector_size=int(space.unit.shape[1]),
        unusable=tuple(space.unusable),
        mean_norm=float(norms.mean()) if len(norms) else None,
        meta=to_json(getattr(vectors, "meta", None) or {}),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry(model: str, result: Any) -> dict[str, Any]:
    """A result as it stands in the document: its JSON with the model's name in front."""
    return {"model": model, **to_json(result)}


def build(
    models: Sequence[Card],
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    refused: Sequence[Refusal],
    options: Any,
    comparisons: Sequence[Comparison] = (),
    of_vectors: Sequence[OfVectors] = (),
    *,
    gates: Mapping[str, float] | None = None,
    origin: Origin | None = None,
) -> dict[str, Any]:
    """The document: everything that a report shows, ready for JSON."""
    entries = [e for group in results.values() for e in group]
    groups = {m.name: over.group_of(m.name, m.meta) for m in models}
    seeds: list[OverSeeds] = over.over_seeds(
        entries,
        groups,
        [title(e) for e in entries],
        options.level,
        {name: MEASURES[name].range for name in results},
    )
    return {
        "schema": SCHEMA,
        "wordvec": __version__,
        "origin": to_json(origin or Origin()),
        "options": to_json(options),
        "models": to_json(list(models)),
        "results": {measure: [dict(e) for e in group] for measure, group in results.items()},
        "comparisons": to_json(list(comparisons)),
        "of_vectors": to_json(list(of_vectors)),
        "seeds": to_json(seeds),
        "refused": to_json(list(refused)),
        "gates": to_json(_gates(entries, gates or {}, refused)),
        "caveats": list(CAVEATS),
    }


def _gates(
    entries: Sequence[Mapping[str, Any]],
    gates: Mapping[str, float],
    refused: Sequence[Refusal],
) -> list[Gate]:
    """Each gate on each model; a set that was not answered does not pass."""
    out: list[Gate] = []
    for name, least in gates.items():
        scores = [e for e in entries if "dataset" in e and name in (e["dataset"]["name"], title(e))]
        found = [Gate(name, least, e["model"], e["score"], e["score"] >= least) for e in scores]
        found += [
            Gate(name, least, r.model, None, False)
            for r in refused
            if name == r.dataset or r.dataset.startswith(f"{name} (")
        ]
        if not found:
            known = sorted({e["dataset"]["name"] for e in entries if "dataset" in e})
            raise ValueError(f"gate {name}: no such dataset; there are {', '.join(known)}")
        out += found
    return out


def rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One record a score, for tables. A score above `chance_high`, the upper end of what chance
    gives, lies beyond chance."""
    return [_row(e) for entries in document["results"].values() for e in entries]


def _row(e: Mapping[str, Any]) -> dict[str, Any]:
    interval, chance = e["interval"], e["chance"]
    answered, asked = counts(e)
    return {
        "model": e["model"],
        "measure": e["measure"],
        "dataset": title(e),
        "score": e["score"],
        "low": interval["low"],
        "high": interval["high"],
        "answered": answered,
        "asked": asked,
        "chance_high": chance["high"] if isinstance(chance, dict) else chance,
        "p": e.get("p_one_sided"),
    }


# --- files ----------------------------------------------------------------------------------------


def markdown(document: Entry) -> str:
    """The document as Markdown; every number in it is one of the document's."""
    kind = kind_of(document)
    parts = [f"# {kind.heading(document)}", "", "; ".join(kind.subtitle(document)), ""]
    if document["origin"]["command"]:
        parts += [f"`{document['origin']['command']}`", ""]
    for section in shown(document):
        parts += [f"## {section.heading}", ""]
        if section.text:
            parts += [section.text, ""]
        for table in section.tables:
            if table.caption:
                parts += [f"### {table.caption}", ""]
            parts += [_line(table.columns), "|" + "---|" * len(table.columns)]
            parts += [*map(_line, table.rows), ""]
        if section.items:
            parts += [*(f"- {item}" for item in section.items), ""]
        if section.code:
            parts += ["```", section.code, "```", ""]
    return "\n".join(parts)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write_json(document: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes the document; the file appears whole or not at all, in place of an older one."""
    _write(path, json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def write_markdown(document: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes the Markdown report; the file appears whole or not at all."""
    _write(path, markdown(document))


def write_html(document: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes the HTML report, one file that needs no other; needs the report extra."""
    from wordvec.evaluation.report.html import page

    _write(path, page(document))


def _write(path: str | os.PathLike[str], text: str) -> None:
    with write_atomically(path, force=True) as file:
        file.write(text.encode("utf-8", errors="backslashreplace"))
