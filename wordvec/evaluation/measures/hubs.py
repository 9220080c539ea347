"""Hubs: are a few words everybody's neighbours?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.measure import INTERVAL, SCORE, Measure, text, value
from wordvec.evaluation.core.results import Coverage, SpaceScore, Unanswerable
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.spaces.hubs import hubs as count

_F64 = NDArray[np.float64]

_K = 10
_SHOWN = 5


@dataclass(frozen=True)
class HubsResult(SpaceScore):
    """How unevenly words are among the k nearest of others; `score` is the skewness of N.

    Attributes
    ----------
    chance : float
        The skewness if neighbours were drawn at random (binomial).
    queries : int
        Words whose neighbours were counted: all, or a sample.
    robin_hood, gini, antihubs, hub_share : float
    maximum : int
        See `wordvec.spaces.hubs.Hubs`.
    largest : tuple of (word, N)
    """

    chance: float
    queries: int
    robin_hood: float
    gini: float
    antihubs: float
    hub_share: float
    maximum: int
    largest: tuple[tuple[str, int], ...]


def hubs(
    vectors: Vectors | Space,
    *,
    k: int = _K,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> HubsResult:
    """How often words are among the k nearest of others, by cosine.

    Raises
    ------
    Unanswerable
        With no more than k usable words.
    """
    space = Space.of(vectors)
    wv = space.raw
    if len(wv) <= k:
        raise Unanswerable(f"hubs: {len(wv)} usable words are too few for {k} neighbours")
    found = count(wv, k, seed=seed)
    values, times = np.unique(found.counts, return_counts=True)
    n = found.words
    drawn = np.random.default_rng(seed).multinomial(n, times / n, resamples)
    replicates = np.array([_skewness(values.astype(float), each) for each in drawn])
    p = k / n
    asked = f"of {found.queries:,} sampled words" if found.sampled else "of all words"
    return HubsResult(
        measure="hubs",
        name="hubs",
        title=f"how often words are among the {k} nearest {asked}",
        protocol=f"cosine, {k} neighbours {asked}",
        coverage=Coverage(n + len(space.unusable), n, space.unusable),
        score=found.skewness,
        interval=statistics.percentile_interval(
            replicates, level, f"percentile bootstrap of N over words, {resamples} resamples"
        ),
        chance=(1 - 2 * p) / (found.queries * p * (1 - p)) ** 0.5,
        queries=found.queries,
        robin_hood=found.robin_hood,
        gini=found.gini,
        antihubs=found.antihubs,
        hub_share=found.hub_share,
        maximum=found.maximum,
        largest=tuple(found.top(_SHOWN)),
    )


def _skewness(values: _F64, times: NDArray[np.int64]) -> float:
    """Third standardised moment of values that occur so often; 0 when all are the same."""
    total = times.sum()
    away = values - times @ values / total
    variance = float(times @ away**2 / total)
    return float(times @ away**3 / total) / variance**1.5 if variance > 0 else 0.0


MEASURE = Measure(
    name="hubs",
    title="Hubs",
    score="skewness of N",
    about="N: among the ten nearest of how many words a word is. Its skewness is large where a few "
    "words are neighbours of very many; antihubs are nobody's.",
    asks=None,
    run=hubs,
    result=HubsResult,
    columns={
        "measure": text("name"),
        "skewness": SCORE,
        "interval": INTERVAL,
        "by chance": value("chance"),
        "Robin Hood": value("robin_hood"),
        "Gini": value("gini"),
        "antihubs": value("antihubs"),
        "hub share": value("hub_share"),
        "largest N": text("maximum"),
        "queries": text("queries"),
        "of": lambda e: ", ".join(f"{word} {n}" for word, n in e["largest"]),
    },
    main=5,
    reference="""@article{radovanovic2010hubs,
  author = {Radovanovi{\\'c}, Milo{\\v s} and Nanopoulos, Alexandros and
            Ivanovi{\\'c}, Mirjana},
  title = {Hubs in Space: Popular Nearest Neighbors in High-Dimensional Data},
  journal = {Journal of Machine Learning Research},
  volume = {11},
  pages = {2487--2531},
  year = {2010},
}""",
)
