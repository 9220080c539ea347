"""A direction that pairs of words define, and what measures along it share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, ListCoverage, list_coverage
from wordvec.evaluation.core.bias.scores import NULL_DRAWS, BiasScore
from wordvec.evaluation.core.results import Unanswerable, require
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Direction:
    """A unit vector that separates the first from the second words of pairs."""

    unit: _F64
    share: float  # of the pairs' variance that it carries
    coverage: ListCoverage


def direction(
    vectors: Vectors | Space,
    pairs: Sequence[tuple[str, str]],
    *,
    min_share: float = MIN_SHARE,
) -> Direction:
    """First principal component of pairs, each centred at its mean; turned towards the first words.

    References
    ----------
    Bolukbasi et al. (2016), equation for the subspace B.
    """
    space = Space.of(vectors)
    rows = [space.pair(a, b) for a, b in pairs]
    known = [row for row in rows if row is not None]
    named = [f"{a}/{b}" for a, b in pairs]
    used = tuple(name for name, row in zip(named, rows, strict=True) if row is not None)
    missing = tuple(name for name, row in zip(named, rows, strict=True) if row is None)
    require(len(known), len(pairs), min_share, "the direction", "the defining pairs", missing)
    one, other = (space.unit[[pair[i] for pair in known]].astype(np.float64) for i in (0, 1))
    half = (one - other) / 2  # centred at the pair's mean, the two words are +half and -half
    _, values, axes = np.linalg.svd(half, full_matrices=False)
    if not values[0] > 0:
        raise Unanswerable("the words of the defining pairs have the same vectors")
    axis = axes[0] if half.sum(axis=0) @ axes[0] >= 0 else -axes[0]
    share = float(values[0] ** 2 / (values**2).sum())
    return Direction(axis, share, ListCoverage("pairs", len(pairs), used, missing))


def along(
    name: str,
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    values: Callable[[Space, list[int], _F64], _F64],
    summary: Callable[[_F64], float],
    note: str,
    *,
    raw: bool = False,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    """A score of words along the direction of the pairs, with a bootstrap over the words.

    Parameters
    ----------
    values
        (space, rows of the words, direction) -> a value of each word.
    summary
        The values -> the score.
    note
        What the protocol says of the values.
    raw
        Whether values are those of vectors at their own length, in place of unit vectors.
    """
    space = Space.of(vectors)
    g = direction(space, pairs, min_share=min_share)
    used, rows, missing, dropped = space.find_once(words)
    require(len(used), len(words) - len(dropped), min_share, name, "the words", missing)
    of = values(space, rows, g.unit)
    rng = np.random.default_rng(seed)
    replicates = np.array(
        [summary(of[rng.integers(0, len(of), len(of))]) for _ in range(resamples)]
    )
    # By chance: the same words along random directions of the space.
    directions = rng.standard_normal((NULL_DRAWS, space.unit.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    scale = space.norms[rows, None] if raw else 1.0
    there = (space.unit[rows].astype(np.float64) * scale) @ directions.T
    null = np.array([summary(column) for column in there.T])
    return BiasScore(
        measure=name,
        name="gender",
        title=f"{len(g.coverage.used)} defining pairs, {len(used)} words that should be neutral",
        protocol=f"{note}; the direction carries {g.share:.0%} of the pairs' variance; "
        f"case: {space.case}",
        lists={
            "pairs": g.coverage,
            "words": list_coverage(space, "words", words, used, missing, dropped),
        },
        score=summary(of),
        interval=statistics.percentile_interval(
            replicates, level, f"percentile bootstrap over the words, {resamples} resamples"
        ),
        unbiased=0.0,
        chance=statistics.percentile_interval(null, level, f"{NULL_DRAWS} random directions"),
        words=tuple(sorted(zip(used, of.tolist(), strict=True), key=lambda item: item[1])),
    )
