"""The report as one HTML page: the document's sections, with figures drawn from its numbers."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from wordvec.errors import MissingExtra
from wordvec.evaluation.core.measure import Entry
from wordvec.evaluation.report import drawing
from wordvec.evaluation.report.kinds import kind_of, shown

try:
    import jinja2
except ImportError as error:
    raise MissingExtra("jinja2 and matplotlib", "report", "an HTML report") from error

# What is set flush right: a number, an interval, both, or nothing.
_NUMERIC = re.compile(
    r"[-+\d.,e]+( to [-+\d.,e]+)?|[-+\d.,e]+ \([-+\d.,e]+ to [-+\d.,e]+\)|-|[\d,]+ of [\d,]+"
)
# A score with its interval and what else stands in a cell of models side by side.
_SCORED = re.compile(r"([-+\d.e]+) (\([-+\d.e]+ to [-+\d.e]+\))(.*)")


def _flush_right(cell: str) -> bool:
    return bool(_NUMERIC.fullmatch(cell) or _SCORED.fullmatch(cell) or cell == "not answered")


def page(document: Entry) -> str:
    """The whole page; it refers to no other file and to no network."""
    folder = resources.files("wordvec.evaluation.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string((folder / "report.html").read_text("utf-8"))
    drawn: dict[str, list[dict[str, Any]]] = {}
    kind = kind_of(document)
    for plot in kind.figures(document):
        drawn.setdefault(plot.key, []).append(
            {"svg": drawing.svg(plot), "caption": plot.caption, "folded": plot.folded}
        )
    return template.render(
        document=document,
        heading=kind.heading(document),
        subtitle=kind.subtitle(document),
        sections=list(shown(document)),
        figures=drawn,
        style=(folder / "report.css").read_text("utf-8"),
        numeric=lambda table, i: all(map(_flush_right, (row[i] for row in table.rows))),
        zip=zip,
        scored=lambda cell: (
            (m := _SCORED.fullmatch(cell.replace(" p ", " p\u00a0"))) and m.groups()
        ),
    )
