"""How figures are drawn: colours, rows with intervals, SVG for the page, files for a paper.

One drawing serves the page (SVG whose colours are CSS variables, for light, dark and paper) and
files for a paper (SVG and PDF in plain colours).
"""

from __future__ import annotations

import io
import os
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from wordvec.errors import MissingExtra
from wordvec.evaluation.core.measure import Entry
from wordvec.evaluation.report.kinds import kind_of
from wordvec.evaluation.report.parts import write_parts

try:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
except ImportError as error:
    raise MissingExtra("matplotlib", "report", "figures") from error


@dataclass(frozen=True)
class Palette:
    """Colours of text, of what stands back, and of the models in their order."""

    ink: str
    soft: str
    models: tuple[str, ...]


# What the page draws with, to be replaced by the CSS variables of the same place.
_PAGE = Palette("#010203", "#040506", tuple(f"#0a000{i}" for i in range(1, 7)))
_CSS = {
    _PAGE.ink: "var(--ink)",
    _PAGE.soft: "var(--soft)",
    **{colour: f"var(--series-{i})" for i, colour in enumerate(_PAGE.models, 1)},
}
PAPER = Palette(
    "#000000", "#777777", ("#2260a8", "#c2571a", "#2d7d5a", "#8a4a9e", "#9a7b14", "#64748b")
)
_WIDTH = 7.2  # inches: the text of a page
_WIDE = 8.0  # inches of a figure whose text would be too small in a narrow place

Draw = Callable[[Palette], Figure]


@dataclass(frozen=True)
class Plot:
    """A figure: which section it belongs to, its name as a file, what it shows.

    `folded`: shown on the page when somebody asks, and not printed.
    """

    key: str
    name: str
    caption: str
    draw: Draw
    folded: bool = False


def svg(plot: Plot) -> str:
    """The figure as SVG for the page: its text in the page's fonts, its colours CSS variables."""
    text = _render(plot, _PAGE, "svg").decode()
    text = text[text.index("<svg") :]
    for colour, variable in _CSS.items():
        text = text.replace(colour, variable)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"font: [\d.]+px [^;\"]*", lambda m: m[0].split(" 'sans", 1)[0], text)
    # The page holds several figures: ids are made unique, and the page sets the width.
    prefix = f"f{zlib.crc32((plot.key + plot.name + text).encode()):x}-"
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", text)
    label, drawn = (
        escape(plot.caption, quote=True),
        re.search(r'<svg [^>]*?width="([\d.]+)pt"', text),
    )
    assert drawn
    for side in ("width", "height"):
        text = re.sub(rf"(<svg [^>]*?) {side}=\"[^\"]*\"", r"\1", text, count=1)
    width = float(drawn[1]) / 72
    # A small figure is not blown up, and a wide one has a little more of the page.
    own = f"--drawn: {width:.2f}in" + ("; --most: 50rem" if width > _WIDE else "")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" style="{own}" ', 1)


def save(document: Entry, folder: str | os.PathLike[str], *, force: bool = False) -> list[Path]:
    """Writes every figure as FOLDER/NAME.svg and .pdf, in plain colours on a clear ground.

    The folder appears whole; one that exists is replaced by `force`, if it is one of these.
    """
    with write_parts(folder, force=force) as parts:
        for plot in kind_of(document).figures(document):
            for kind in ("svg", "pdf"):
                parts[f"{plot.name}.{kind}"] = _render(plot, PAPER, kind)
    return [Path(folder, name) for name in parts]


def _render(plot: Plot, palette: Palette, kind: str) -> bytes:
    buffer = io.BytesIO()
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with matplotlib.rc_context(_style(palette)):
        figure = plot.draw(palette)
        figure.savefig(buffer, format=kind, bbox_inches="tight", metadata=dated)
    return buffer.getvalue()


def _style(palette: Palette) -> Any:
    return {
        "svg.fonttype": "none",  # text stays text: it is read aloud, selected and searched
        "pdf.fonttype": 42,
        "svg.hashsalt": "wordvec",  # the same document gives the same bytes
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.edgecolor": palette.soft,
        "axes.labelcolor": palette.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "text.color": palette.ink,
        "xtick.color": palette.soft,
        "xtick.labelcolor": palette.ink,
        "ytick.color": palette.soft,
        "ytick.labelcolor": palette.ink,
        "ytick.left": False,
        "grid.color": palette.soft,
        "grid.linewidth": 0.4,
        "grid.alpha": 0.5,
        "legend.frameon": False,
    }


def file_name(*parts: str) -> str:
    return re.sub(r"[^\w.-]+", "-", "-".join(parts)).strip("-")


def marks_of(palette: Palette, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour a model; where they run out, the next shape."""
    n = len(palette.models)
    return {
        name: {"color": palette.models[i % n], "marker": "osD^v"[i // n % 5]}
        for i, name in enumerate(names)
    }


def legend(axes: Any, marks: Mapping[str, Mapping[str, Any]]) -> None:
    if len(marks) > 1:
        handles = [Line2D([], [], linestyle="none", label=n, **mark) for n, mark in marks.items()]
        axes.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(3, len(handles))
        )


def new_figure(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


def rows_of(
    palette: Palette, labels: Sequence[str], names: Sequence[str]
) -> tuple[Figure, Any, Callable[[str, str], float]]:
    """A figure with a row a label, in it a line a name: (figure, axes, (label, name) -> height)."""
    step = 1 / (len(names) + 1)
    figure, axes = new_figure(_WIDTH, 0.6 + len(labels) * max(0.26, 0.084 * (len(names) + 0.9)))
    rows = {label: i for i, label in enumerate(labels)}
    lines = {name: (i + 1) * step - 0.5 for i, name in enumerate(names)}
    axes.axvline(0, color=palette.soft, lw=0.8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    return figure, axes, lambda label, name: rows[label] + lines[name]


def draw_line(axes: Any, y: float, interval: Entry, value: float, mark: Mapping[str, Any]) -> None:
    """An estimate with its interval."""
    axes.plot([interval["low"], interval["high"]], [y, y], color=mark["color"], lw=1.3)
    axes.plot([value], [y], linestyle="none", ms=4.5, **mark)
