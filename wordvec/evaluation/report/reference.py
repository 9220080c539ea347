"""The reference of measures, as Markdown, made from the registry: docs/reference/measures.md.

Written by `python -m wordvec.evaluation.report.reference > docs/reference/measures.md`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from wordvec.evaluation.core.bias.lists import GenderLists, WeatTest
from wordvec.evaluation.core.datasets import (
    AnalogySet,
    CategorySet,
    OutlierSet,
    PropertySet,
    RelationSet,
    SimilaritySet,
)
from wordvec.evaluation.core.measure import Measure, number
from wordvec.evaluation.measures import MEASURES

_ASKS = {
    SimilaritySet: "pairs of words with scores by people",
    AnalogySet: "analogy questions",
    CategorySet: "words with a class each",
    RelationSet: "pairs of words with the relation between them",
    OutlierSet: "groups of words with outliers",
    PropertySet: "words with linguistic properties",
    WeatTest: "two target lists X, Y and two attribute lists A, B",
    GenderLists: "the word lists of gender that ship with wordvec",
    None: "the vectors alone",
}


def reference() -> str:
    """All measures of the registry, in its order."""
    parts = [
        "# Measures",
        "",
        "Made from the registry of measures (`wordvec/evaluation/measures`); see "
        "[Evaluation and bias](evaluation.md) for how to run them.",
        "",
        "| measure | what its score is | asks |",
        "|---|---|---|",
        *(f"| [{m.name}](#{m.name}) | {m.score} | {asks(m)} |" for m in MEASURES.values()),
        "",
    ]
    for measure in MEASURES.values():
        parts += _section(measure)
    return "\n".join(parts)


def asks(measure: Measure) -> str:
    """What one question of the measure is, in words; the type's docstring where none are known."""
    if measure.asks is None or measure.asks in _ASKS:
        return _ASKS[measure.asks]
    return (inspect.getdoc(measure.asks) or measure.asks.__name__).partition("\n")[0].rstrip(".")


def _section(m: Measure) -> Iterator[str]:
    low, high = m.range
    ends = f"{_end(low)} to {_end(high)}"
    yield from (f"## {m.name}", "", f"**{m.title}.** {m.about}", "")
    if m.caution:
        yield from (f"**Caution.** {m.caution}", "")
    yield f"- score: {m.score}, {ends}"
    yield f"- asks: {asks(m)}"
    if m.variants:
        yield f"- {m.variants.argument}: {', '.join(m.variants.values)}"
    yield f"- shown as: {', '.join(m.columns)}"
    yield from ("", "```bibtex", m.reference, "```", "")


def _end(value: float | None) -> str:
    return "no end" if value is None else number(value, 0)


if __name__ == "__main__":
    sys.stdout.write(reference())
