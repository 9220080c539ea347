"""What measures of the four lists of a WEAT share: one number with interval and chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, ListCoverage, WeatTest, cover
from wordvec.evaluation.core.results import Interval, Unanswerable
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded

_F64 = NDArray[np.float64]

NULL_DRAWS = 200  # random exchanges or directions behind what chance gives


class Sampling(TypedDict, total=False):
    """Options of every measure of bias: see `run.Options`."""

    min_share: float
    resamples: int
    level: float
    seed: int


@dataclass(frozen=True)
class BiasScore:
    """One number for the bias of a set of lists.

    Attributes
    ----------
    score, interval
        The measure and its bootstrap interval over the words.
    unbiased : float
        What vectors without this bias would score.
    chance : Interval or None
        Where the score falls when the words are exchanged between the sides at random.
    words : tuple of (word, value)
        Contributions of single words, where the measure has them.
    """

    measure: str
    name: str
    title: str
    protocol: str
    lists: dict[str, ListCoverage]
    score: float
    interval: Interval
    unbiased: float
    chance: Interval | None
    words: tuple[tuple[str, float], ...]


# Unit vectors of the lists X, Y, A and B, a row a word.
Units = Mapping[str, _F64]


@single_threaded()
def of_lists(
    name: str,
    vectors: Vectors | Space,
    test: WeatTest,
    measure: Callable[[Units], float],
    *,
    unbiased: float,
    ends: tuple[float | None, float | None],
    values: Callable[[Units], _F64] | None = None,
    valued: str = "",
    exchange: tuple[str, str] | None = None,
    most: int | None = None,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    """The score of the four lists, with a bootstrap over their words.

    Parameters
    ----------
    measure
        Unit vectors of the lists -> score.
    unbiased, ends
        What vectors without bias score, and the ends that a score cannot pass.
    values, valued
        Unit vectors -> contribution of each word of the lists `valued` ("A", "XY").
    exchange
        Two sides whose words are exchanged at random, which gives the score by chance.
    most
        At most so many resamples, for a measure that takes long.
    """
    space = Space.of(vectors)
    lists, rows = cover(space, test, min_share)
    units = {side: space.unit[rows[side]].astype(np.float64) for side in "XYAB"}
    score = measure(units)
    if not math.isfinite(score):
        raise Unanswerable(f"{test.name}: {name} is not defined: its values do not vary")
    rng = np.random.default_rng(seed)
    draws = min(resamples, most or resamples)
    replicates = np.array(
        [
            measure({side: u[rng.integers(0, len(u), len(u))] for side, u in units.items()})
            for _ in range(draws)
        ]
    )
    chance = None
    if exchange:
        one, other = exchange
        pooled = np.concatenate([units[one], units[other]])
        null = np.empty(NULL_DRAWS)
        for i in range(NULL_DRAWS):
            order = rng.permutation(len(pooled))
            cut = len(units[one])
            null[i] = measure({**units, one: pooled[order[:cut]], other: pooled[order[cut:]]})
        chance = statistics.percentile_interval(
            null, level, f"{NULL_DRAWS} random exchanges of {one} and {other}"
        )
    words: list[tuple[str, float]] = []
    if values is not None:
        used = [word for side in valued for word in lists[side].used]
        words = list(zip(used, values(units).tolist(), strict=True))
    method = f"percentile bootstrap over the words of the lists, {draws} resamples"
    return BiasScore(
        measure=name,
        name=test.name,
        title=test.title,
        protocol=f"unit vectors; case: {space.case}",
        lists=lists,
        score=score,
        interval=statistics.bounded_interval(replicates, score, ends, level, method),
        unbiased=unbiased,
        chance=chance,
        words=tuple(words),
    )
