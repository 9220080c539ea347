"""Means and covariances of a space, by types and by tokens, in blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.system.blas import single_threaded
from wordvec.system.parallel import ordered_map, threads
from wordvec.vectors import file as store
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.vectors import WordVectors

F64: TypeAlias = NDArray[np.float64]
Ids: TypeAlias = NDArray[np.int64]
Weights: TypeAlias = Literal["types", "tokens"]
WEIGHTS: tuple[Weights, ...] = ("types", "tokens")

T = TypeVar("T")

_ROWS = 8192
_SAMPLE = 4096  # rows whose mean is near that of all
# Multiplications from which products of blocks are made in float32 and only added up in float64:
# half of the time, 1e-6 of the largest entry. A million words of 300 dimensions are 9e10.
_SINGLE = 3e10


@dataclass(frozen=True, eq=False)
class Moments:
    """First and second moments of the vectors that are not zero, each word with its weight.

    Attributes
    ----------
    mean : ndarray, shape (d,)
        Weighted mean.
    covariance : ndarray, shape (d, d)
        Weighted mean of (x - mean)(x - mean)'.
    length : float
        Weighted mean of |x|.
    words : int
        Words with a vector that is not zero.
    """

    mean: F64
    covariance: F64
    length: float
    words: int

    @property
    def axes(self) -> tuple[F64, F64]:
        """Eigenvalues (d,), largest first, and eigenvectors (d, d) as columns.

        The sign of an eigenvector is arbitrary; its largest entry is made positive.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))]
        return values, vectors * np.where(largest < 0, -1.0, 1.0)


def check_flat(vectors: WordVectors) -> None:
    """Raises ValueError for vectors of a manifold."""
    if vectors.meta.get("manifold") is not None:
        raise ValueError(
            f"vectors of the manifold {vectors.meta['manifold']!r} have neither covariance nor "
            "cosines"
        )


def word_weights(vectors: WordVectors, weights: str, counts: ArrayLike | None = None) -> F64:
    """The weight (V,) of each word: 1 for "types", its count for "tokens"; they add up to 1.

    Raises
    ------
    ValueError
        For "tokens" where the vectors have no counts.
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be 'types' or 'tokens', got {weights!r}")
    if weights == "types":
        return np.full(len(vectors), 1 / max(len(vectors), 1))
    found = vectors.counts if counts is None else np.asarray(counts)
    if found is None:
        raise ValueError(
            "weights='tokens' needs the words' counts, which these vectors do not have: give them "
            "as counts, or weigh by types"
        )
    if found.shape != (len(vectors),) or (found < 0).any() or not found.sum() > 0:
        raise ValueError(f"counts must be {len(vectors)} numbers >= 0 that are not all 0")
    return np.asarray(found / found.sum(), np.float64)


def zero_rows(X: NDArray[Any]) -> Ids:
    """Numbers of the rows (n, d) that are all zeros, which stand for no vector."""
    begin = np.flatnonzero(X[:, 0] == 0)  # few, so that the others are not read
    return begin[~X[begin].any(axis=1)]


def all_finite(X: NDArray[Any]) -> bool:
    """Whether all numbers are finite: a NaN is the largest and the smallest of all."""
    return X.size == 0 or bool(np.isfinite(X.max()) and np.isfinite(X.min()))


def is_large(matrix: Matrix) -> bool:
    """Whether products are made in float32, block by block, and added up in float64."""
    return matrix.rows * matrix.cols**2 > _SINGLE and matrix.dtype != store.F64


def moments(matrix: Matrix, weights: F64) -> Moments:
    """The moments of a matrix's rows (V, d) under weights (V,): two passes in float64.

    Where V d^2 is above 3e10 it is one pass, in which products of blocks are made in float32 from
    vectors less the mean of a sample, and added up in float64.

    Rows of zeros stand for no vector and are left out. Memory: a few d x d and a block of rows; the
    same numbers at any number of threads.

    Raises
    ------
    ValueError
        For vectors that are not finite, or when no row is left.
    """
    return next(iter(many_moments(matrix, [weights])))


def many_moments(matrix: Matrix, weights: list[F64]) -> list[Moments]:
    """`moments` under several weights in the same passes."""
    return (_large if is_large(matrix) else _small)(matrix, weights)


def _small(matrix: Matrix, weights: list[F64]) -> list[Moments]:
    k, d = len(weights), matrix.cols
    total, sums, lengths, words = np.zeros(k), np.zeros((k, d)), np.zeros(k), 0

    def first(_: None, start: int) -> tuple[F64, F64, F64, int]:
        X, w = _block(matrix, weights, start)
        norms = np.sqrt(np.einsum("ij,ij->i", X, X))
        # One product for each weighting: the same bytes whatever others are asked for.
        sums = np.array([each @ X for each in w])
        lengths = np.array([each @ norms for each in w])
        return w.sum(axis=1), sums, lengths, int((norms > 0).sum())

    for each in _over(matrix, first):
        total += each[0]
        sums += each[1]
        lengths += each[2]
        words += each[3]
    _check_total(total)
    means = sums / total[:, None]
    scale = float(matrix.rows)  # brings weights that add up to 1 near 1, where float32 is good

    def second(_: None, start: int) -> F64:
        X, w = _block(matrix, weights, start)
        out = np.empty((k, d, d))
        for i in range(k):
            # A product of a matrix with its own transpose, which BLAS does at half the cost.
            Z = (X - means[i]) * np.sqrt(scale * w[i])[:, None]
            out[i] = Z.T @ Z
        return out

    squares = np.zeros((k, d, d))
    for square in _over(matrix, second):
        squares += square
    squares /= scale * total[:, None, None]
    return [Moments(means[i], squares[i], float(lengths[i] / total[i]), words) for i in range(k)]


def _large(matrix: Matrix, weights: list[F64]) -> list[Moments]:
    """One pass: with z = x - s, mean = s + E z and C = E z z' - E z E z'.

    s is the mean of a sample, near the means, so that little is lost in the difference.
    """
    k, d = len(weights), matrix.cols
    places = np.unique(np.linspace(0, matrix.rows - 1, _SAMPLE).astype(np.int64))
    shift = np.asarray(matrix.take(places), np.float64).mean(axis=0).astype(np.float32)
    scale = np.float32(matrix.rows)  # brings weights near 1, where float32 is good

    def moments_of_block(_: None, start: int) -> tuple[F64, F64, F64, F64, int]:
        stop = min(start + _ROWS, matrix.rows)
        X = np.asarray(matrix.block(start, stop), np.float32)
        if not all_finite(X):
            raise ValueError("vectors must be finite")
        norms = np.sqrt(np.einsum("ij,ij->i", X, X))
        if not np.isfinite(norms).all():
            raise ValueError("vectors are too long: the square of one is above 3e38")
        Z, zeros = X - shift, zero_rows(X)
        totals, sums, lengths, squares = np.empty(k), np.empty((k, d)), np.empty(k), []
        for i, weight in enumerate(weights):
            w = np.asarray(weight[start:stop] * scale, np.float32)
            w[zeros] = 0
            totals[i], lengths[i], sums[i] = w.sum(dtype=np.float64), w @ norms, w @ Z
            Y = Z * np.sqrt(w)[:, None]
            squares.append(Y.T @ Y)
        return totals, sums, lengths, np.array(squares, np.float64), len(X) - len(zeros)

    total, lengths, words = np.zeros(k), np.zeros(k), 0
    sums, squares = np.zeros((k, d)), np.zeros((k, d, d))
    for each in _over(matrix, moments_of_block):
        total += each[0]
        sums += each[1]
        lengths += each[2]
        squares += each[3]
        words += each[4]
    _check_total(total)
    out = []
    for i in range(k):
        away = sums[i] / total[i]
        C = squares[i] / total[i] - np.outer(away, away)
        out.append(Moments(shift + away, C, float(lengths[i] / total[i]), words))
    return out


def _check_total(total: F64) -> None:
    if not (total > 0).all():
        raise ValueError("there are no vectors: all rows are zeros, or have no weight")


def _block(matrix: Matrix, weights: list[F64], start: int) -> tuple[F64, F64]:
    """Rows in float64, and the weights (k, n), 0 for rows of zeros."""
    stop = min(start + _ROWS, matrix.rows)
    X = np.asarray(matrix.block(start, stop), np.float64)
    if not all_finite(X):
        raise ValueError("vectors must be finite")
    w = np.array([each[start:stop] for each in weights])
    w[:, zero_rows(X)] = 0
    return X, w


def _over(matrix: Matrix, work: Callable[[None, int], T]) -> Iterator[T]:
    """The results of all blocks, in order."""
    starts = range(0, matrix.rows, _ROWS)
    with single_threaded():
        yield from ordered_map(work, starts, [None] * min(threads(), max(1, len(starts))))
