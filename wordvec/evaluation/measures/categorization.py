"""Categorisation: do clusters of the vectors follow the classes of the words?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.blas import single_threaded
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.datasets import CategorySet
from wordvec.evaluation.core.results import Coverage, Interval, Source, Unanswerable, some
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]
_I64 = NDArray[np.int64]

SEEDS = 10
_NULL_DRAWS = 100


@dataclass(frozen=True)
class CategorizationResult:
    """Agreement of k-means clusters (as many as classes) with the classes, mean over seeds.

    Attributes
    ----------
    score, interval
        Purity, with a bootstrap over words of the clusterings as they are.
    seeds_sd : float
        Standard deviation of purity over the seeds of k-means.
    chance : Interval
        Purity of the same clusters when classes are exchanged between words at random.
    """

    measure: str
    dataset: Source
    protocol: str
    coverage: Coverage
    score: float
    interval: Interval
    chance: Interval
    purity: float
    v_measure: float
    v_measure_interval: Interval
    seeds_sd: float
    classes: int


@single_threaded()
def evaluate(
    vectors: Vectors | Space,
    dataset: CategorySet,
    *,
    seeds: int = SEEDS,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> CategorizationResult:
    """Scores `vectors` on a set of classes by k-means on unit vectors.

    Raises
    ------
    Unanswerable
        The known words have fewer than two classes, or are no more than their classes.
    """
    space = Space.of(vectors)
    rows = [space.row(word) for word in dataset.words]
    missing = tuple(w for w, row in zip(dataset.words, rows, strict=True) if row is None)
    known = [row for row in rows if row is not None]
    names = [c for c, row in zip(dataset.classes, rows, strict=True) if row is not None]
    kinds, labels = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    k = len(kinds)
    if k < 2 or len(known) <= k:
        raise Unanswerable(
            f"{dataset.source.name}: {len(known)} known words in {k} classes cannot be clustered; "
            f"missing: {some(missing)}"
        )
    X = space.unit[known].astype(np.float64)
    runs = [kmeans(X, k, seed=seed + i) for i in range(seeds)]
    tables = [contingency(labels, run) for run in runs]
    pure = [purity(table) for table in tables]
    v = [_v(table) for table in tables]
    # Whether a word has the class of its cluster, as a mean over the seeds.
    fits = np.mean(
        [t.argmax(axis=0)[run] == labels for t, run in zip(tables, runs, strict=True)], 0
    )
    rng = np.random.default_rng(seed)
    counts = statistics.resampled_counts(len(known), resamples, rng)
    again = [
        np.mean([_v(contingency(labels, run, drawn)) for run in runs])
        for drawn in counts[: max(20, resamples // 10)]
    ]
    null = [purity(contingency(rng.permutation(labels), runs[0])) for _ in range(_NULL_DRAWS)]
    method = "percentile bootstrap over words of the clusterings as they are, {} resamples"
    return CategorizationResult(
        measure="categorization",
        dataset=dataset.source,
        protocol=f"k-means++ on unit vectors, k = {k}, mean of {seeds} seeds; case: {space.case}",
        coverage=Coverage(len(dataset.words), len(known), missing),
        score=float(np.mean(pure)),
        interval=statistics.percentile_interval(
            counts @ fits / len(known), level, method.format(resamples)
        ),
        chance=statistics.percentile_interval(
            np.array(null), level, f"{_NULL_DRAWS} random exchanges of the classes"
        ),
        purity=float(np.mean(pure)),
        v_measure=float(np.mean(v)),
        v_measure_interval=statistics.shifted_interval(
            np.array(again), float(np.mean(v)), level, method.format(len(again))
        ),
        seeds_sd=float(np.std(pure, ddof=1)) if seeds > 1 else 0.0,
        classes=k,
    )


def kmeans(X: _F64, k: int, *, seed: int, iterations: int = 100) -> _I64:
    """Cluster of each row (n,), by Lloyd's algorithm from k-means++ centres (Arthur & Vassilvitskii
    2007). A cluster that runs empty takes the row farthest from its centre."""
    rng = np.random.default_rng(seed)
    squares = np.einsum("ij,ij->i", X, X)
    centres = X[[rng.integers(len(X))]]
    nearest = squares - 2 * X @ centres[0] + centres[0] @ centres[0]
    for _ in range(1, k):
        weight = np.maximum(nearest, 0)
        total = weight.sum()
        row = rng.choice(len(X), p=weight / total) if total > 0 else rng.integers(len(X))
        centres = np.vstack([centres, X[row]])
        nearest = np.minimum(nearest, squares - 2 * X @ X[row] + squares[row])
    labels = np.full(len(X), -1)
    for _ in range(iterations):
        distances = np.einsum("ij,ij->i", centres, centres) - 2 * X @ centres.T
        new = distances.argmin(axis=1)
        sizes = np.bincount(new, minlength=k)
        for empty in np.flatnonzero(sizes == 0):
            own = distances[np.arange(len(X)), new] + squares
            own[sizes[new] < 2] = -np.inf
            far = int(own.argmax())
            sizes[new[far]] -= 1
            new[far], sizes[empty] = empty, 1
        if (new == labels).all():
            break
        labels = new
        order = np.argsort(labels, kind="stable")
        starts = np.r_[0, np.cumsum(sizes)[:-1]]
        centres = np.add.reduceat(X[order], starts, axis=0) / sizes[:, None]
    return np.asarray(labels, np.int64)


def contingency(classes: _I64, clusters: _I64, weights: _I64 | None = None) -> _F64:
    """How many words of each class (rows) are in each cluster (columns)."""
    k = int(clusters.max()) + 1
    n = int(classes.max()) + 1
    flat = np.bincount(classes * k + clusters, weights=weights, minlength=n * k)
    return np.asarray(flat.reshape(n, k), np.float64)


def purity(table: _F64) -> float:
    """Share of words whose class is the commonest of their cluster."""
    return float(table.max(axis=0).sum() / table.sum())


def v_measure(classes: _I64, clusters: _I64) -> float:
    """Harmonic mean of homogeneity and completeness (Rosenberg & Hirschberg 2007)."""
    return _v(contingency(classes, clusters))


def _v(table: _F64) -> float:
    joint = table / table.sum()
    h_class, h_cluster = _entropy(joint.sum(axis=1)), _entropy(joint.sum(axis=0))
    h_joint = _entropy(joint.ravel())
    homogeneity = 1 - (h_joint - h_cluster) / h_class if h_class > 0 else 1.0
    completeness = 1 - (h_joint - h_class) / h_cluster if h_cluster > 0 else 1.0
    both = homogeneity + completeness
    return 2 * homogeneity * completeness / both if both > 0 else 0.0


def _entropy(p: _F64) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())
