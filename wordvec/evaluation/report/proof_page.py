"""The table of `wordvec.evaluation.proof` as records, and as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from wordvec._version import __version__
from wordvec.errors import MissingExtra
from wordvec.evaluation.core.measure import number
from wordvec.evaluation.report.document import Origin

if TYPE_CHECKING:
    from wordvec.evaluation.proof import Cell, Proof, Row

_READERS = ("linear probe", "clusters", "non-linear probe")
_LEFT, _WIDTH, _LINE = 150, 520, 26


def records(proof: Proof) -> list[dict[str, Any]]:
    """A record for each measure: its name and the scores by vectors."""
    names = list(proof.rows[0].cells)
    return [
        {"measure": row.measure, "ideal": row.ideal}
        | {name: row.cells[name].score if name in row.cells else None for name in names}
        for row in proof.rows
    ]


def page(
    proof: Proof, *, source: str = "", level: float = 0.95, origin: Origin | None = None
) -> str:
    """The whole page; it refers to no other file and to no network."""
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtra("jinja2", "report", "an HTML report") from error
    folder = resources.files("wordvec.evaluation.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    names = list(proof.rows[0].cells)
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in proof.rows:
        cells = [_shown(row, name) for name in names]
        parts.setdefault(row.part, []).append(
            {"measure": row.measure, "about": row.about, "ideal": row.ideal, "cells": cells}
        )
    return environment.from_string((folder / "proof.html").read_text("utf-8")).render(
        proof=proof,
        sentences=[text.replace(" %", "\u00a0%") for text in proof.text],
        source=source,
        origin=origin or Origin(),
        level=level,
        version=__version__,
        style=(folder / "report.css").read_text("utf-8"),
        models=names,
        parts=[{"name": name, "rows": rows} for name, rows in parts.items()],
        dots=_dots(proof),
    )


def _shown(row: Row, name: str) -> Mapping[str, str]:
    cell = row.cells.get(name)
    if cell is None or cell.score is None:
        reason = cell.reason if cell is not None else ""
        return {"score": "-", "interval": "", "difference": "", "kind": "", "reason": reason}
    places = 0 if row.measure == "rank" else 3
    interval = "" if cell.low is None else f"{number(cell.low)} to {number(cell.high)}"
    found = row.differences.get(name)
    difference = "" if found is None else f"{number(found.low)} to {number(found.high)}"
    kind = _kind(row, name, cell)
    return {
        "score": number(cell.score, places),
        "interval": interval,
        "difference": difference,
        "kind": kind,
        "reason": "",
    }


def _kind(row: Row, name: str, cell: Cell) -> str:
    """Whether a cell differs from the one before beyond the intervals, and to which side."""
    found = row.differences.get(name)
    if found is not None:
        return "worse" if found.high < 0 else "better" if found.low > 0 else ""
    old = next(iter(row.cells.values()))
    if cell is old or cell.score is None or old.score is None or not row.ideal:
        return ""
    if cell.low is None or old.low is None or cell.high is None or old.high is None:
        return ""
    if cell.low <= old.high and old.low <= cell.high:
        return ""
    ideal = float(row.ideal)
    return "better" if abs(cell.score - ideal) < abs(old.score - ideal) else "worse"


def _dots(proof: Proof) -> str:
    """The readers' shares of each model on one axis, as SVG."""
    rows = {row.measure: row for row in proof.rows}
    names = list(rows[_READERS[0]].cells)
    base = float(rows[_READERS[0]].ideal)
    height = _LINE * len(names) + 56

    def x(share: float) -> float:
        low = min(base, 0.5)
        return _LEFT + _WIDTH * max(0.0, share - low) / (1 - low)

    label = f"Shares of words in which readers find {escape(proof.concept)}"
    width = _LEFT + _WIDTH + 40
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    out = [f'<svg role="img" {size} aria-label="{label}">']
    for place, reader in enumerate(_READERS, 1):
        at = _LEFT + (place - 1) * 160
        out.append(f'<circle cx="{at}" cy="10" r="5" style="fill:var(--series-{place})"/>')
        out.append(f'<text x="{at + 10}" y="14">{reader}</text>')
    out.append(f'<line x1="{x(base)}" x2="{x(base)}" y1="24" y2="{height - 24}"/>')
    for i, name in enumerate(names):
        y = 38 + i * _LINE
        out.append(f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        out.append(f'<line x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{y}" y2="{y}"/>')
        for place, reader in enumerate(_READERS, 1):
            cell = rows[reader].cells[name]
            if cell.score is None or cell.low is None or cell.high is None:
                continue
            colour = f"var(--series-{place})"
            out.append(
                f'<line x1="{x(cell.low):.1f}" x2="{x(cell.high):.1f}" y1="{y}" y2="{y}" '
                f'style="stroke:{colour};stroke-width:3;opacity:.4"/>'
            )
            out.append(
                f'<circle cx="{x(cell.score):.1f}" cy="{y}" r="5" style="fill:{colour}">'
                f"<title>{reader}: {number(cell.score)}</title></circle>"
            )
    low = min(base, 0.5)
    for step in range(6):
        share = low + (1 - low) * step / 5
        out.append(
            f'<text class="soft" x="{x(share):.1f}" y="{height - 8}" '
            f'text-anchor="middle">{100 * share:.0f} %</text>'
        )
    return "\n".join([*out, "</svg>"])
