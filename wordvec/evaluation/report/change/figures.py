"""Figures of a change: how far words moved, over steps, and distance against frequency."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from wordvec.evaluation.core.measure import Entry, number
from wordvec.evaluation.report.change.tables import bands
from wordvec.evaluation.report.drawing import Palette, Plot, rows_of

_ACROSS = 4  # panels beside each other
_PANELS = 24  # words that are drawn over steps
_SPREAD = 2.0  # standard deviations of the band of chance


def plots(document: Entry) -> Iterator[Plot]:
    """Every figure of the document."""
    steps = document["steps"]
    words = list(dict.fromkeys(one["word"] for one in document["shown"]))
    found = [{each["word"]: each for each in step["words"]} for step in steps]
    if words and len(steps) == 1:
        caption = (
            "Distance of each word (dot); the grey band is its mean by chance with two standard "
            "deviations on either side."
        )
        yield Plot("words", "words", caption, lambda palette: _draw_words(palette, words, found[0]))
    elif words:
        caption = (
            "Distance of each word from one collection to the next (line); grey: its mean by "
            "chance with two standard deviations on either side."
        )
        yield Plot(
            "words",
            "words",
            caption,
            lambda palette: _draw_series(palette, words[:_PANELS], found, steps),
        )
    if any(len(bands(step)) > 1 for step in steps):
        caption = (
            "Distance against frequency (occurrences in the collection that has a word less "
            "often): the median of the words with the middle 80 % (blue), and the median of what "
            "chance gives (grey)."
        )
        yield Plot(
            "chance", "chance", caption, lambda palette: _draw_frequency(palette, document["steps"])
        )


def _chance(each: Entry) -> tuple[float, float]:
    """(low, high) of the band of chance."""
    z = each["z"]
    spread = abs((each["distance"] - each["by_chance"]) / z) if z else 0.0
    return each["by_chance"] - _SPREAD * spread, each["by_chance"] + _SPREAD * spread


def _draw_words(palette: Palette, words: Sequence[str], found: Mapping[str, Entry]) -> Figure:
    figure, axes, place = rows_of(palette, words, [""])
    for word in words:
        each, y = found[word], place(word, "")
        low, high = _chance(each)
        axes.barh(y, high - low, left=low, height=0.6, color=palette.soft, alpha=0.3, linewidth=0)
        axes.plot([each["by_chance"], each["distance"]], [y, y], color=palette.models[0], lw=1.1)
        axes.plot([each["distance"]], [y], "o", color=palette.models[0], ms=4.5)
        text = f"{number(each['distance'], 2)}   z {number(each['z'], 1)}"
        axes.annotate(text, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=9)
    axes.set_xlim(left=min(0.0, *(_chance(found[word])[0] for word in words)))
    axes.set_xlabel("distance")
    return figure


def _draw_series(
    palette: Palette,
    words: Sequence[str],
    found: Sequence[Mapping[str, Entry]],
    steps: Sequence[Entry],
) -> Figure:
    """A panel a word; all have one scale."""
    figure, panels = _grid(len(words), 1.25)
    shown = [each[word] for word in words for each in found if word in each]
    ends = [end for e in shown for end in (e["distance"], *_chance(e))]
    panels[0].set_ylim(min(0.0, *ends), 1.05 * max(ends))  # all share it
    labels = [str(step["new"]) for step in steps]
    for word, axes in zip(words, panels, strict=False):
        own = [(x, each[word]) for x, each in enumerate(found) if word in each]
        xs = [x for x, _ in own]
        low, high = zip(*(_chance(each) for _, each in own), strict=True)
        axes.fill_between(xs, low, high, color=palette.soft, alpha=0.3, linewidth=0)
        axes.plot(xs, [e["by_chance"] for _, e in own], color=palette.soft, lw=0.9, marker=".")
        axes.plot(xs, [e["distance"] for _, e in own], "o-", color=palette.models[0], ms=3.5, lw=1)
        axes.set_title(word, fontsize=9.5, loc="left")
        axes.set_xlim(-0.4, len(steps) - 0.6)
        axes.set_xticks(range(len(steps)), labels, fontsize=8)
        axes.tick_params(axis="y", labelsize=8)
        axes.grid(axis="y")
    figure.tight_layout(h_pad=0.6, w_pad=0.8)
    return figure


def _draw_frequency(palette: Palette, steps: Sequence[Entry]) -> Figure:
    """A panel a step: quantiles of the distance, and chance, by frequency."""
    figure, panels = _grid(len(steps), 2.4 if len(steps) < _ACROSS else 1.6)
    for step, axes in zip(steps, panels, strict=False):
        own = bands(step)
        counts = [band["count"] for band in own]
        axes.fill_between(
            counts,
            [band["low"] for band in own],
            [band["high"] for band in own],
            color=palette.models[0],
            alpha=0.16,
            linewidth=0,
        )
        for name, colour in (("median", palette.models[0]), ("by_chance", palette.soft)):
            axes.plot(counts, [band[name] for band in own], "o-", color=colour, ms=3.5, lw=1.2)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=5))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.grid(axis="y")
        if len(steps) > 1:
            axes.set_title(f"{step['old']} to {step['new']}", fontsize=9.5, loc="left")
        axes.tick_params(labelsize=8)
        axes.set_xlabel("occurrences", fontsize=8)
    panels[0].set_ylabel("distance", fontsize=8)
    panels[0].set_ylim(bottom=0)
    figure.tight_layout(h_pad=0.6, w_pad=0.8)
    return figure


def _grid(panels: int, height: float) -> tuple[Figure, list[Any]]:
    """A figure of so many panels, and its axes."""
    across = min(_ACROSS, panels)
    down = math.ceil(panels / across)
    width = 4.4 if across == 1 else min(7.6, 2.5 * across)
    figure = Figure(figsize=(width, 0.3 + height * down))
    axes = list(figure.subplots(down, across, squeeze=False, sharey=True).flat)
    for each in axes[panels:]:
        each.set_visible(False)
    return figure, axes[:panels]
