"""Figures of an evaluation: scores with intervals, categories of analogies, words of a test."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from wordvec.evaluation.core.measure import (
    Entry,
    Measure,
    between,
    number,
    p_text,
    scant,
    title,
)
from wordvec.evaluation.measures import MEASURES
from wordvec.evaluation.report.drawing import (
    Palette,
    Plot,
    draw_line,
    file_name,
    legend,
    marks_of,
    new_figure,
    rows_of,
)

_CELLS = 12  # of a heat map beside each other


def plots(document: Entry) -> Iterator[Plot]:
    """Every figure of the document, in the order of the report."""
    names = [model["name"] for model in document["models"]]
    for key, entries in document["results"].items():
        measure = MEASURES[key]
        for kind in measure.figures:
            shown = [e for e in entries if not scant(e)]  # a few items would set the scale
            if shown:
                yield from PLOTS[kind](measure, shown, names)
    if document["comparisons"] and len(names) == 2:
        caption = (
            f"{names[0]} less {names[1]}: difference on common items with its paired bootstrap "
            "interval."
        )
        yield Plot(
            "comparisons",
            "comparisons",
            caption,
            lambda palette: _differences(palette, document["comparisons"], names),
        )


# --- scores with intervals ------------------------------------------------------------------------


def _forest(measure: Measure, entries: Sequence[Entry], names: Sequence[str]) -> Iterator[Plot]:
    caption = (
        f"{measure.title}: {measure.score} with its interval (line); the grey band is where scores "
        "fall by chance."
    )
    if any("leave_one_out" in e for e in entries):
        caption += " Thick: the range when any one word is left out."
    yield Plot(
        measure.name,
        measure.name,
        caption,
        lambda palette: _draw_forest(palette, entries, names),
    )


def _draw_forest(palette: Palette, entries: Sequence[Entry], names: Sequence[str]) -> Figure:
    """Scores with intervals, a row a dataset or test, a colour a model."""
    labels = list(dict.fromkeys(title(e) for e in entries))
    marks = marks_of(palette, [n for n in names if any(e["model"] == n for e in entries)])
    figure, axes, place = rows_of(palette, labels, list(marks))
    for e in entries:
        y, band, mark = place(title(e), e["model"]), e["chance"], marks[e["model"]]
        if isinstance(band, Mapping):
            axes.barh(
                y,
                band["high"] - band["low"],
                left=band["low"],
                height=1 / (len(marks) + 1),
                color=palette.soft,
                alpha=0.22,
                linewidth=0,
            )
        if "leave_one_out" in e:
            left = e["leave_one_out"]
            axes.plot([left["low"], left["high"]], [y, y], color=mark["color"], lw=3.5, alpha=0.45)
        draw_line(axes, y, e["interval"], e["score"], mark)
        if len(marks) == 1:
            text = number(e["score"], 2)
            if "p_one_sided" in e:
                text += f"   p {p_text(e['p_one_sided'])}"
            axes.annotate(
                text, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=9
            )
    legend(axes, marks)
    return figure


def _differences(palette: Palette, comparisons: Sequence[Entry], names: Sequence[str]) -> Figure:
    """Differences of the first model from the second, a row a dataset."""
    mark = marks_of(palette, names)[names[1]]
    labels = list(dict.fromkeys(c["dataset"] for c in comparisons))
    figure, axes, place = rows_of(palette, labels, [names[1]])
    for c in comparisons:
        draw_line(axes, place(c["dataset"], names[1]), c["interval"], c["difference"], mark)
    return figure


# --- categories of analogies ----------------------------------------------------------------------


def _categories(measure: Measure, entries: Sequence[Entry], names: Sequence[str]) -> Iterator[Plot]:
    for dataset in dict.fromkeys(e["dataset"]["name"] for e in entries):
        own = [e for e in entries if e["dataset"]["name"] == dataset]
        if len(own[0]["categories"]) < 2 and len(own) < 2:
            continue
        caption = (
            f"{dataset}: accuracy by category of the questions with an answer, a panel per solver; "
            "a cross where nothing was answered."
        )
        yield Plot(
            measure.name,
            file_name(measure.name, dataset),
            caption,
            lambda palette, own=own: _heat_maps(palette, own, names),  # type: ignore[misc]
        )


def _heat_maps(palette: Palette, entries: Sequence[Entry], names: Sequence[str]) -> Figure:
    """A panel a solver: accuracy of each category (rows) by model (columns)."""
    solvers = list(dict.fromkeys(e["solver"] for e in entries))
    models = [n for n in names if any(e["model"] == n for e in entries)]
    categories = list(
        dict.fromkeys(c["name"] for e in entries for c in e["categories"] if c["answered"])
    )
    rows = [*categories, *(r for r in ("macro", "micro") if r not in categories)]
    across = max(1, min(len(solvers), _CELLS // len(models)))
    down = math.ceil(len(solvers) / across)
    # Names of categories, then cells that are wide enough for the names of the models below them.
    width = 0.4 + 0.075 * max(map(len, rows)) + across * (0.2 + 0.58 * len(models))
    figure = Figure(figsize=(width, down * (0.9 + 0.175 * len(rows))))
    axes = figure.subplots(down, across, squeeze=False, sharey=True)
    for solver, panel in zip(solvers, axes.flat, strict=False):
        own = {e["model"]: e for e in entries if e["solver"] == solver}
        for x, model in enumerate(models):
            _column(palette, panel, x, own.get(model), rows)
        panel.axhline(len(categories) - 0.5, color=palette.soft, lw=0.8)
        panel.set_xlim(-0.5, len(models) - 0.5)
        panel.set_ylim(len(rows) - 0.5, -0.5)
        labels = [_broken(m, 9) for m in models] if len(models) > 1 else [""]
        panel.set_xticks(range(len(models)), labels, fontsize=8)
        panel.set_yticks(range(len(rows)), rows, fontsize=9)
        panel.set_title(solver, fontsize=9.5, loc="left")
        panel.tick_params(length=0)
        panel.spines["bottom"].set_visible(False)
    for panel in list(axes.flat)[len(solvers) :]:
        panel.set_visible(False)
    figure.tight_layout(w_pad=1.2)
    return figure


def _column(palette: Palette, axes: Any, x: int, e: Entry | None, rows: Sequence[str]) -> None:
    by_name = {c["name"]: c["score"] for c in e["categories"] if c["answered"]} if e else {}
    if e:
        by_name = {"macro": e["macro"], "micro": e["score"], **by_name}
    for y, name in enumerate(rows):
        value = by_name.get(name)
        if value is None:
            axes.text(x, y, "×", ha="center", va="center", color=palette.soft, fontsize=8.5)
            continue
        # Opacity over the page's own colour reads alike in light and dark.
        shade = min(0.06 + 0.7 * value, 0.8)
        axes.add_patch(
            Rectangle(
                (x - 0.48, y - 0.46),
                0.96,
                0.92,
                facecolor=palette.models[0],
                alpha=shade,
                linewidth=0,
            )
        )
        text = f"{value:.2f}".lstrip("0") or "0"
        axes.text(x, y, text, ha="center", va="center", fontsize=8.5)


def _broken(name: str, most: int) -> str:
    """A name on lines that are not much longer than `most`, broken behind - _ and dots."""
    lines = [""]
    for part in re.findall(r"[^-_.]*[-_.]?", name):
        if lines[-1] and len(lines[-1]) + len(part) > most:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


# --- words of an association test -----------------------------------------------------------------


def _words(measure: Measure, entries: Sequence[Entry], names: Sequence[str]) -> Iterator[Plot]:
    for e in entries:
        caption = (
            f"{e['model']}, {e['name']}: association of each target word with {_label(e, 'A')} "
            f"(right) over {_label(e, 'B')} (left). d = {number(e['score'])}, "
            f"{between(e['interval'])}; p = {p_text(e['p_one_sided'])}, {e['p_method']}."
        )
        yield Plot(
            measure.name,
            file_name(measure.name, "words", e["model"], e["name"]),
            caption,
            lambda palette, e=e: _dots(palette, e),  # type: ignore[misc]
            folded=len(entries) > 2,
        )


def _label(e: Entry, side: str) -> str:
    return str(e["lists"][side]["label"]).replace("_", " ")


def _dots(palette: Palette, e: Entry) -> Figure:
    """Association of each target word, a row a word, X above Y."""
    words = [w for w in e["words"] if w["score"] is not None]
    ordered = sorted(words, key=lambda w: (w["list"], -w["score"]))
    figure, axes = new_figure(6.4, 0.8 + 0.17 * len(ordered))
    colours = {"X": palette.models[0], "Y": palette.models[1]}
    for y, w in enumerate(ordered):
        axes.plot([0, w["score"]], [y, y], color=colours[w["list"]], lw=1, alpha=0.6)
        axes.plot([w["score"]], [y], "o", color=colours[w["list"]], ms=4)
    for side in "XY":
        own = [w["score"] for w in words if w["list"] == side]
        axes.axvline(sum(own) / len(own), color=colours[side], lw=0.9, ls=(0, (4, 3)))
    axes.axvline(0, color=palette.soft, lw=0.8)
    axes.set_yticks(range(len(ordered)), [w["word"] for w in ordered], fontsize=8)
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlabel("mean cosine to A less mean cosine to B")
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    legend(axes, {_label(e, side): {"color": colours[side], "marker": "o"} for side in "XY"})
    return figure


# What `Measure.figures` names.
PLOTS: dict[str, Callable[[Measure, Sequence[Entry], Sequence[str]], Iterator[Plot]]] = {
    "forest": _forest,
    "categories": _categories,
    "words": _words,
}
