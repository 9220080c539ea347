"""Two models on the items of one question that all compared models answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.results import Interval


@dataclass(frozen=True)
class Comparison:
    """Two models on the items of one dataset that all compared models answer.

    Attributes
    ----------
    items : int
        How many these are.
    first_score, second_score, difference
        On these items; the difference is first - second.
    interval : Interval
        Paired bootstrap of the difference over the items (of analogies: over word pairs).
    p_bootstrap : float
        Two-sided: twice the share of resamples on the other side of 0, at least 2 / (m + 1).
    p_williams : float or None
        Williams' test of two dependent correlations (Steiger 1980), for similarities.
    p_holm : float
        The bootstrap p adjusted over the pairs of models on this dataset.
    """

    measure: str
    dataset: str
    first: str
    second: str
    items: int
    first_score: float
    second_score: float
    difference: float
    interval: Interval
    p_bootstrap: float
    p_williams: float | None
    p_holm: float | None


def comparison(
    measure: str,
    dataset: str,
    names: tuple[str, str],
    items: int,
    scores: tuple[float, float],
    differences: Any,
    method: str,
    level: float,
    p_williams: float | None,
) -> Comparison:
    finite = differences[np.isfinite(differences)]
    other_side = min((finite <= 0).sum(), (finite >= 0).sum())
    return Comparison(
        measure=measure,
        dataset=dataset,
        first=names[0],
        second=names[1],
        items=items,
        first_score=scores[0],
        second_score=scores[1],
        difference=scores[0] - scores[1],
        interval=statistics.percentile_interval(
            differences, level, f"{method}, {len(differences)} resamples"
        ),
        p_bootstrap=min(1.0, float(2 * (other_side + 1) / (len(finite) + 1))),
        p_williams=p_williams,
        p_holm=None,
    )


def with_holm(comparisons: list[Comparison]) -> list[Comparison]:
    adjusted = statistics.holm([c.p_bootstrap for c in comparisons])
    return [replace(c, p_holm=p) for c, p in zip(comparisons, adjusted, strict=True)]
