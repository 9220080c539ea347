"""Is bias still there when directions say that it is gone? Clusters and probes.

Gonen & Goldberg (2019), "Lipstick on a pig": the words most biased by a direction are told apart by
clustering and by classifiers, even after that direction was taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec import logistic
from wordvec.blas import single_threaded
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.results import Coverage, Interval, Unanswerable
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures.bias_measures import direction
from wordvec.evaluation.measures.categorization import kmeans, v_measure

_F64 = NDArray[np.float64]


def _linear(X: _F64, y: _F64, asked: _F64) -> _F64:
    return logistic.decide(asked, logistic.linear(X, y, l2=0.1))


def _gaussian(X: _F64, y: _F64, asked: _F64) -> _F64:
    kernel = logistic.rbf_kernel
    return np.asarray(kernel(asked, X) @ logistic.fit(kernel(X, X), y, l2=0.1))


# Decisions on the items that are asked, after training on X and y.
CLASSIFIERS = {"linear": _linear, "non-linear": _gaussian}


@dataclass(frozen=True)
class SeparationResult:
    """How well the two groups of most biased words are told apart.

    `score` is the accuracy of two clusters or of a classifier on words it was not trained on;
    .5 is no separation. `examples` are the most biased words of the two sides.
    """

    measure: str
    name: str
    title: str
    protocol: str
    coverage: Coverage
    score: float
    interval: Interval
    chance: float
    v_measure: float | None
    examples: dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Biased:
    """The most biased words of either side: their rows, and 1 for the side of the first words."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    space: Space


def most_biased(
    vectors: Vectors | Space,
    pairs: Sequence[tuple[str, str]],
    *,
    words: int = 500,
    exclude: Sequence[str] = (),
    restrict_vocab: int = 50_000,
) -> Biased:
    """The `words` words of each side that lie farthest along the pairs' direction.

    Among the first `restrict_vocab` words, without those of the pairs and of `exclude`, which are
    about the distinction by meaning. Fewer a side, with a tenth of the vocabulary as the least,
    where the vocabulary is small.
    """
    space = Space.of(vectors)
    g = direction(space, pairs).unit
    along = space.unit[:restrict_vocab] @ g.astype(np.float32)
    out = {space.row(word) for pair in pairs for word in pair} | {space.row(w) for w in exclude}
    allowed = np.ones(len(along), bool)
    allowed[[row for row in out if row is not None and row < len(along)]] = False
    order = np.flatnonzero(allowed)[np.argsort(-along[allowed], kind="stable")]
    words = min(words, len(order) // 10)
    if words < 10:
        raise Unanswerable(
            f"a tenth of {len(order)} words is fewer than 10 a side: too small a vocabulary"
        )
    rows = np.r_[order[:words], order[-words:][::-1]]
    return Biased(rows, np.r_[np.ones(words, int), np.zeros(words, int)], space)


@single_threaded()
def clusters(
    vectors: Vectors | Space,
    biased: Biased,
    *,
    seeds: int = 10,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> SeparationResult:
    """Two clusters of the most biased words: how far they agree with the sides.

    The words may come from other vectors (before debiasing), which is the test that matters.
    """
    space, X, labels = _rows(vectors, biased)
    runs = [kmeans(X, 2, seed=seed + i) for i in range(seeds)]
    agree = [float((run == labels).mean()) for run in runs]
    best = [max(share, 1 - share) for share in agree]
    score = float(np.mean(best))
    return SeparationResult(
        measure="clusters",
        name="gender clusters",
        title=f"{len(labels)} most biased words in two clusters",
        protocol=f"k-means on unit vectors, mean of {seeds} seeds; case: {space.case}",
        coverage=Coverage(len(biased.labels), len(labels), ()),
        score=score,
        interval=statistics.wilson_interval(score * len(labels), len(labels), level),
        chance=0.5,
        v_measure=float(np.mean([v_measure(labels, run) for run in runs])),
        examples=_examples(biased),
    )


@single_threaded()
def probe(
    vectors: Vectors | Space,
    biased: Biased,
    kernel: str = "linear",
    *,
    folds: int = 5,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> SeparationResult:
    """Accuracy of a classifier of the two sides, by cross-validation.

    Logistic regression on unit vectors: "linear", or "non-linear" with a Gaussian kernel.
    """
    if kernel not in CLASSIFIERS:
        raise ValueError(f"kernel must be one of {', '.join(CLASSIFIERS)}, got {kernel!r}")
    space, X, labels = _rows(vectors, biased)
    place = np.random.default_rng(seed).permutation(len(labels)) % folds
    right = 0
    for fold in range(folds):
        train, test = place != fold, place == fold
        decided = CLASSIFIERS[kernel](X[train], labels[train].astype(float), X[test])
        right += int(((decided > 0) == labels[test]).sum())
    return SeparationResult(
        measure="probe",
        name=f"gender probe, {kernel}",
        title=f"{len(labels)} most biased words told apart by a {kernel} classifier",
        protocol=f"{kernel} logistic regression, {folds}-fold cross-validation; case: {space.case}",
        coverage=Coverage(len(biased.labels), len(labels), ()),
        score=right / len(labels),
        interval=statistics.wilson_interval(right, len(labels), level),
        chance=0.5,
        v_measure=None,
        examples=_examples(biased),
    )


def _rows(vectors: Vectors | Space, biased: Biased) -> tuple[Space, _F64, NDArray[np.int64]]:
    """The biased words in `vectors`, which may lack some of them."""
    space = Space.of(vectors)
    found = [space.row(biased.space.words[row]) for row in biased.rows.tolist()]
    known = np.array([row is not None for row in found])
    if known.sum() < 20:
        raise Unanswerable(f"only {known.sum()} of {len(known)} biased words are known")
    rows = [row for row in found if row is not None]
    return space, space.unit[rows].astype(np.float64), biased.labels[known]


def _examples(biased: Biased) -> dict[str, tuple[str, ...]]:
    half = len(biased.rows) // 2
    first, second = biased.rows[:10].tolist(), biased.rows[half : half + 10].tolist()
    return {
        "towards the first": tuple(biased.space.words[row] for row in first),
        "towards the second": tuple(biased.space.words[row] for row in second),
    }
