"""QVEC-CCA: how much of the words' linguistic properties the vectors hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.datasets import PropertySet
from wordvec.evaluation.core.measure import INTERVAL, OF_SETS, SCORE, Measure, answered, chance
from wordvec.evaluation.core.results import SetScore, Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded

_F64 = NDArray[np.float64]

_NULL_DRAWS = 50


@dataclass(frozen=True)
class QvecResult(SetScore):
    """First canonical correlation of vectors and properties; it grows with the vector size, so
    `chance` says what it is when words and properties are paired at random."""


@single_threaded()
def evaluate(
    vectors: Vectors | Space,
    dataset: PropertySet,
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> QvecResult:
    """Scores `vectors` on a set of linguistic properties.

    Raises
    ------
    Unanswerable
        No more known words than dimensions and properties: the correlation would be 1.

    References
    ----------
    Tsvetkov, Faruqui & Dyer (2016), "Correlation-based intrinsic evaluation of word vector
    representations".
    """
    space = Space.of(vectors)
    rows = space.rows_once(dataset.words)
    missing = tuple(w for w, row in zip(dataset.words, rows, strict=True) if row is None)
    known = np.array([row is not None for row in rows])
    X = space.unit[[row for row in rows if row is not None]].astype(np.float64)
    S = dataset.matrix[known]
    S = S[:, S.std(axis=0) > 0] if len(S) else S
    if len(X) <= X.shape[1] + S.shape[1] or not S.shape[1]:
        raise Unanswerable(
            f"{dataset.source.name}: {len(X)} known words are too few for {X.shape[1]} dimensions "
            f"and {S.shape[1]} properties; missing: {first_few(missing)}"
        )
    both, d = _centred(X, S), X.shape[1]
    moments = _moments(both)
    score = _first(moments, d)
    rng = np.random.default_rng(seed)
    draws = max(20, resamples // 10)  # a decomposition each
    counts = statistics.resampled_counts(len(X), draws, rng)
    replicates = np.array([_first(_moments(both, w), d) for w in counts])
    # Pairing words and properties anew leaves what is uncorrelated within each side as it is.
    left = both[:, :d] @ _whitener(moments[:d, :d])
    right = both[:, d:] @ _whitener(moments[d:, d:])
    null = np.array([_largest(left.T @ right[rng.permutation(len(X))]) for _ in range(_NULL_DRAWS)])
    return QvecResult(
        measure="qvec",
        dataset=dataset.source,
        protocol=f"unit vectors; {S.shape[1]} properties; case: {space.case}",
        coverage=space.coverage(len(dataset.words), len(X), dataset.words, missing),
        score=score,
        interval=statistics.bounded_interval(
            replicates,
            score,
            (0.0, 1.0),
            level,
            f"percentile bootstrap over words, {draws} resamples",
        ),
        chance=statistics.percentile_interval(
            null, level, f"{_NULL_DRAWS} random pairings of words and properties"
        ),
    )


def canonical_correlation(X: _F64, Y: _F64, counts: NDArray[np.int64] | None = None) -> float:
    """First canonical correlation of the columns of X (n, d) and Y (n, p), rows `counts` times.

    Directions without variance are left out, so columns may depend on each other.
    """
    return _first(_moments(_centred(X, Y), counts), X.shape[1])


def _centred(X: _F64, Y: _F64) -> _F64:
    """Columns of both (n, d + p), less their means."""
    both = np.hstack([X, Y])
    return np.asarray(both - both.mean(axis=0))


def _moments(both: _F64, counts: NDArray[np.int64] | None = None) -> _F64:
    """Products of the columns of `both` about their means, rows `counts` times."""
    if counts is None:
        return np.asarray(both.T @ both)
    drawn = np.flatnonzero(counts)
    rows, counts = both[drawn], counts[drawn]
    rows -= counts @ rows / counts.sum()
    rows *= np.sqrt(counts)[:, None]
    return np.asarray(rows.T @ rows)


def _first(moments: _F64, d: int) -> float:
    """First canonical correlation of the first d columns with the others, of their moments."""
    left, right = _whitener(moments[:d, :d]), _whitener(moments[d:, d:])
    return _largest(left.T @ moments[:d, d:] @ right)


def _largest(correlations: _F64) -> float:
    values = np.linalg.svd(correlations, compute_uv=False)
    return float(min(values[0], 1.0)) if len(values) else 0.0


def _whitener(covariance: _F64) -> _F64:
    """W with W^T C W = 1 on the directions in which C varies."""
    values, axes = np.linalg.eigh(covariance)
    kept = values > values.max(initial=0) * 1e-10
    return np.asarray(axes[:, kept] / np.sqrt(values[kept]))


MEASURE = Measure(
    name="qvec",
    title="QVEC-CCA",
    score="canonical correlation",
    about="First canonical correlation of the vectors with linguistic properties.",
    asks=PropertySet,
    run=evaluate,
    result=QvecResult,
    columns={
        **OF_SETS,
        "correlation": SCORE,
        "interval": INTERVAL,
        "answered": answered,
        "by chance": chance,
    },
    range=(0.0, 1.0),
    main=5,
    reference="""@inproceedings{tsvetkov2016correlation,
  author = {Tsvetkov, Yulia and Faruqui, Manaal and Dyer, Chris},
  title = {Correlation-based Intrinsic Evaluation of Word Vector Representations},
  booktitle = {Proceedings of the 1st Workshop on Evaluating Vector-Space Representations for NLP},
  pages = {111--115},
  year = {2016},
}""",
)
