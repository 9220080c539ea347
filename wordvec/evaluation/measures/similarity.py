"""Word similarity: do cosines rank word pairs as people do?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.comparison import Comparison, comparison, with_holm
from wordvec.evaluation.core.datasets import SimilaritySet
from wordvec.evaluation.core.measure import (
    INTERVAL,
    OF_SETS,
    SCORE,
    Measure,
    answered,
    chance,
    value,
)
from wordvec.evaluation.core.of_vectors import Scored, units
from wordvec.evaluation.core.results import Interval, SetScore, Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors

LEAST = 10  # answered pairs


@dataclass(frozen=True, eq=False)
class SimilarityResult(SetScore):
    """Correlation of cosine and human score over the pairs whose words are both known.

    Attributes
    ----------
    spearman, pearson : float
        Over the answered pairs; `score` is Spearman's.
    missing_as_zero : float
        Spearman's rho when a pair with a missing word counts as cosine 0.
    chance : Interval
        Where Spearman's rho falls when cosines say nothing: 0 -+ z / sqrt(n - 1).
    cosines : (asked,) float64
        NaN where a word was missing; not part of the JSON.
    """

    spearman: float
    pearson: float
    pearson_interval: Interval
    missing_as_zero: float
    missing_pairs: tuple[tuple[str, str], ...]
    cosines: NDArray[np.float64] = field(repr=False, metadata={"json": False})


def cosines(vectors: Vectors | Space, dataset: SimilaritySet) -> NDArray[np.float64]:
    """Cosine of each pair, NaN where a word is missing: (pairs,) float64."""
    space = Space.of(vectors)
    rows = [space.pair(one, two) for one, two in dataset.pairs]
    known = np.array([row is not None for row in rows], bool)
    out = np.full(len(rows), np.nan)
    both = np.array([row for row in rows if row is not None], np.int64)
    if len(both):
        left, right = (space.unit[both[:, side]].astype(np.float64) for side in (0, 1))
        out[known] = np.einsum("ij,ij->i", left, right)
    return out


def evaluate(
    vectors: Vectors | Space,
    dataset: SimilaritySet,
    *,
    interval: str = "bootstrap",
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> SimilarityResult:
    """Scores `vectors` on a set of word pairs.

    Pairs with a missing word are left out of the correlation and listed.

    Parameters
    ----------
    interval : {"bootstrap", "fisher"}
        Percentile bootstrap over the answered pairs, or Fisher's z.

    Raises
    ------
    Unanswerable
        Fewer than ten pairs are known (three or four are in order by luck, and every resample
        of them says so), or scores or cosines do not vary.
    """
    if interval not in ("bootstrap", "fisher"):
        raise ValueError(f"interval must be bootstrap or fisher, got {interval!r}")
    space = Space.of(vectors)
    cosine = cosines(space, dataset)
    known = ~np.isnan(cosine)
    missing = _missing(space, dataset)
    answered = int(known.sum())
    if answered < LEAST:
        raise Unanswerable(
            f"{dataset.source.name}: only {answered} of {len(cosine)} pairs have both words; a "
            f"rank correlation of fewer than {LEAST} says nothing"
            + (f"; missing: {first_few(missing)}" if missing else "")
        )
    human = dataset.scores[known]
    rho, r = statistics.spearman(cosine[known], human), statistics.pearson(cosine[known], human)
    if not math.isfinite(rho):
        raise Unanswerable(
            f"{dataset.source.name}: the {answered} known pairs have all the same score or cosine"
        )
    if interval == "fisher":
        of_rho = statistics.fisher_interval(rho, answered, rank=True, level=level)
        of_r = statistics.fisher_interval(r, answered, level=level)
    else:
        method = f"percentile bootstrap over pairs, {resamples} resamples"
        of_rho, of_r = (
            statistics.percentile_interval(
                statistics.bootstrap_correlations(
                    human, cosine[known], rank=rank, resamples=resamples, seed=seed
                )[:, 0],
                level,
                method,
            )
            for rank in (True, False)
        )
    half = statistics.normal_quantile(level) / math.sqrt(answered - 1)
    return SimilarityResult(
        measure="similarity",
        dataset=dataset.source,
        protocol=f"cosine; Spearman; pairs with a missing word left out; case: {space.case}",
        coverage=space.coverage(
            len(cosine), answered, (w for pair in dataset.pairs for w in pair), missing
        ),
        score=rho,
        interval=of_rho,
        chance=Interval(-half, half, level, "normal, uncorrelated"),
        spearman=rho,
        pearson=r,
        pearson_interval=of_r,
        missing_as_zero=statistics.spearman(np.nan_to_num(cosine), dataset.scores),
        missing_pairs=tuple(p for p, ok in zip(dataset.pairs, known, strict=True) if not ok),
        cosines=cosine,
    )


def _missing(space: Space, dataset: SimilaritySet) -> tuple[str, ...]:
    words = dict.fromkeys(word for pair in dataset.pairs for word in pair)
    return tuple(space.find(words)[2])


def compare(
    dataset: SimilaritySet,
    results: Mapping[str, SimilarityResult],
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> list[Comparison]:
    """Every pair of models on the word pairs that all models have."""
    table = {name: result.cosines for name, result in results.items()}
    common = np.isfinite(np.array(list(table.values()))).all(axis=0)
    if common.sum() < 4:
        raise Unanswerable(
            f"{dataset.source.name}: the models have {common.sum()} pairs in common, too few to "
            "compare"
        )
    human = dataset.scores[common]
    rho = {name: statistics.spearman(cos[common], human) for name, cos in table.items()}
    names = list(table)
    replicates = statistics.bootstrap_correlations(
        human, *(table[name][common] for name in names), resamples=resamples, seed=seed
    )
    out = []
    for i, j in combinations(range(len(names)), 2):
        one, other = names[i], names[j]
        between = statistics.spearman(table[one][common], table[other][common])
        _, p = statistics.williams_test(rho[one], rho[other], between, int(common.sum()))
        out.append(
            comparison(
                "similarity",
                dataset.source.name,
                (one, other),
                int(common.sum()),
                (rho[one], rho[other]),
                replicates[:, i] - replicates[:, j],
                "paired bootstrap over pairs",
                level,
                None if math.isnan(p) else p,
            )
        )
    return with_holm(out)


def of_vectors(space: Space, dataset: SimilaritySet, _: SimilarityResult) -> Scored:
    """Spearman's rho as a function of the vectors of the words of the answered pairs."""
    rows = [space.pair(one, two) for one, two in dataset.pairs]
    known = [row is not None for row in rows]
    pairs = np.array([row for row in rows if row is not None], np.int64)
    distinct, place = np.unique(pairs, return_inverse=True)
    place = place.reshape(pairs.shape)
    human = dataset.scores[np.array(known)]

    def rho(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        U = units(vectors)
        cosine = np.einsum("bnd,bnd->bn", U[:, place[:, 0]], U[:, place[:, 1]])
        return np.array([statistics.spearman(each, human) for each in cosine])

    return [space.words[row] for row in distinct.tolist()], rho


MEASURE = Measure(
    name="similarity",
    title="Similarity",
    score="Spearman's rho",
    about="Rank correlation of cosines with human scores, over the pairs that could be answered.",
    asks=SimilaritySet,
    of_vectors=of_vectors,
    run=evaluate,
    result=SimilarityResult,
    columns={
        **OF_SETS,
        "Spearman": SCORE,
        "interval": INTERVAL,
        "answered": answered,
        "by chance": chance,
        "Pearson": value("pearson"),
        "missing as 0": value("missing_as_zero"),
    },
    range=(-1.0, 1.0),
    compare=compare,
    main=5,
    figures=("forest",),
    reference="""@inproceedings{faruqui2014community,
  author = {Faruqui, Manaal and Dyer, Chris},
  title = {Community Evaluation and Exchange of Word Vectors at wordvectors.org},
  booktitle = {Proceedings of ACL: System Demonstrations},
  pages = {19--24},
  year = {2014},
}""",
)
