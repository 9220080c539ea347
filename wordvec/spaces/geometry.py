"""The shape of a space: norms, centre, isotropy, effective dimensions.

"Isotropic" of the vocabulary (types, each word once) and of the text (tokens, each word as often as
it occurs) are different claims, so everything of second order is given for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.spaces.hubs import Hubs, hubs
from wordvec.spaces.moments import (
    Moments,
    check_flat,
    is_large,
    many_moments,
    word_weights,
    zero_rows,
)
from wordvec.system.blas import single_threaded
from wordvec.system.parallel import ordered_map, threads
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.vectors import WordVectors

F64: TypeAlias = NDArray[np.float64]
Ids: TypeAlias = NDArray[np.int64]

_ROWS = 8192
_SHORT = 60.0  # lengths whose exponentials float32 holds
_TIE = 1e-6  # eigenvalues nearer than this, relatively, have no eigenvectors of their own
_SCALES = (0.0, 0.5)  # powers of the singular values tried beside 1, the vectors as they are
_SCALE_QUERIES, _SCALE_WORDS = 500, 20_000


@dataclass(frozen=True)
class Shape:
    """Second-order shape under one weighting.

    Attributes
    ----------
    norm, norm_sd : float
        Mean length, and its standard deviation.
    centre : float
        |mean vector|.
    symmetry1 : float
        1 - centre / norm: 1 when the mean is 0 (Yokoi et al. 2024).
    symmetry2 : float
        Entropy of the eigenvalues over log d: 1 when all directions have the same variance.
    effective_dimensions : float
        Participation ratio (tr C)^2 / tr C^2.
    isoscore : float
        (participation ratio - 1) / (d - 1): the seven steps of Rudman et al. (2022) in two traces.
    isoscore_corrected : float
        The same with the bias of small samples taken out of tr C^2, for normal vectors.
    top3 : float
        Share of the variance along the first three principal components.
    """

    norm: float
    norm_sd: float
    centre: float
    symmetry1: float
    symmetry2: float
    effective_dimensions: float
    isoscore: float
    isoscore_corrected: float
    top3: float


@dataclass(frozen=True, eq=False)
class Geometry:
    """The shape of vectors.

    Attributes
    ----------
    words, zeros, dimensions : int
        Words, those whose vector is zero (left out), and d.
    types, tokens : Shape, Shape or None
        By the vocabulary and by the text; None without counts.
    mean_cosine : float
        Of all pairs of words, exact.
    partition : float
        min Z(a) / max Z(a), Z(a) = sum over words of exp(a x), over both signs of the eigenvectors
        of X'X (Mu & Viswanath 2018): 1 for an isotropic space.
    ties : tuple of int
        Eigenvectors (from 0) that are not unique, so that neither is their Z.
    """

    words: int
    zeros: int
    dimensions: int
    types: Shape
    tokens: Shape | None
    mean_cosine: float
    partition: float
    ties: tuple[int, ...]
    vectors: WordVectors = field(repr=False)

    @property
    def isoscore(self) -> float:
        """IsoScore by types, which is the published one."""
        return self.types.isoscore

    def hubs(self, k: int = 10, *, sample: int | None = None, seed: int = 1) -> Hubs:
        """How often words are among the k nearest of others: see `hubs`."""
        return hubs(self.vectors, k, sample=sample, seed=seed)

    @cached_property
    def scale_freedom(self) -> dict[float, float]:
        """Power p of the singular values -> share of words whose ten nearest change by half.

        Objectives of a product of two matrices leave a diagonal scale free: W D, C D^-1 fit as well
        and have other cosines (Steck, Ekanadham & Kallus 2024). With X = U S V', the vectors U S^p
        V' are compared with p = 1, on 500 of the first 20,000 words.
        """
        return _scale_freedom(self.vectors)


def geometry(vectors: WordVectors, *, counts: ArrayLike | None = None) -> Geometry:
    """The shape of vectors, by types and by tokens.

    Parameters
    ----------
    vectors : WordVectors
    counts : array_like of int, shape (V,), optional
        Counts of the words where the vectors have none; without any `tokens` is None.

    Raises
    ------
    ValueError
        For vectors of a manifold, vectors that are not finite, or no vectors.

    Notes
    -----
    Three passes over blocks of rows: means, covariances, partition function. Memory: a few d x d.

    Examples
    --------
    >>> from wordvec import WordVectors
    >>> wv = WordVectors(list("abcd"), [[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    >>> round(geometry(wv).isoscore, 6)
    1.0
    """
    check_flat(vectors)
    known = counts is not None or vectors.counts is not None
    kinds = ["types", "tokens"] if known else ["types"]
    found = many_moments(vectors.matrix, [word_weights(vectors, kind, counts) for kind in kinds])
    n, d = found[0].words, vectors.vector_size
    shapes = [shape_of(each, d) for each in found]
    cosine = mean_cosine(vectors.matrix, n)
    partition, ties = partition_function(vectors.matrix, found[0])
    return Geometry(
        words=len(vectors),
        zeros=len(vectors) - n,
        dimensions=d,
        types=shapes[0],
        tokens=shapes[1] if known else None,
        mean_cosine=cosine,
        partition=partition,
        ties=ties,
        vectors=vectors,
    )


def shape_of(found: Moments, d: int) -> Shape:
    """The shape of vectors of d dimensions with these moments."""
    C, n = found.covariance, found.words
    trace, square = float(np.trace(C)), float(np.einsum("ij,ij", C, C))
    centre = float(np.linalg.norm(found.mean))
    spread = max(0.0, trace + centre**2 - found.length**2)
    values = np.maximum(np.linalg.eigvalsh(C)[::-1], 0)
    shares = values / values.sum() if values.sum() > 0 else values
    inside = shares[shares > 0]
    entropy = float(-(inside * np.log(inside)).sum() / np.log(d)) if d > 1 else 1.0
    # Of n normal vectors E tr S^2 = tr C^2 + (tr C^2 + (tr C)^2) / n.
    unbiased = (square - trace**2 / n) / (1 + 1 / n)
    return Shape(
        norm=found.length,
        norm_sd=float(np.sqrt(spread)),
        centre=centre,
        symmetry1=1 - centre / found.length if found.length else 1.0,
        symmetry2=entropy,
        effective_dimensions=trace**2 / square if square > 0 else 0.0,
        isoscore=isoscore(trace, square, d),
        isoscore_corrected=isoscore(trace, max(unbiased, trace**2 / d), d),
        top3=float(shares[:3].sum()),
    )


def isoscore(trace: float, square: float, d: int) -> float:
    """(PR - 1) / (d - 1), PR = trace^2 / square, of tr C and tr C^2; 1 for d = 1."""
    if d == 1:
        return 1.0
    return (trace**2 / square - 1) / (d - 1) if square > 0 else 0.0


def _blocks(matrix: Matrix) -> Iterator[NDArray[Any]]:
    dtype = np.float32 if is_large(matrix) else np.float64
    for start in range(0, matrix.rows, _ROWS):
        yield np.asarray(matrix.block(start, min(start + _ROWS, matrix.rows)), dtype)


def isoscore_error(matrix: Matrix, weights: F64, found: Moments) -> float:
    """Standard error of the IsoScore of rows under weights (V,) that add up to 1, over words.

    The infinitesimal jackknife: word i moves PR = (tr C)^2 / tr C^2, to first order, by w_i u_i,
    u = 2 T (q - T) / S - 2 T^2 (s - S) / S^2, where z = x - mean, q = |z|^2, s = z' C z, T = tr C
    and S = tr C^2. The variance is sum (w_i u_i)^2.
    """
    C, d = found.covariance, matrix.cols
    T, S = float(np.trace(C)), float(np.einsum("ij,ij", C, C))
    if d == 1 or not S > 0:
        return 0.0
    total = 0.0
    for start, X in zip(range(0, matrix.rows, _ROWS), _blocks(matrix), strict=True):
        w = weights[start : start + len(X)].copy()
        w[zero_rows(X)] = 0
        Z = X - found.mean.astype(X.dtype)
        q = np.einsum("ij,ij->i", Z, Z)
        s = np.einsum("ij,ij->i", Z @ C.astype(X.dtype), Z)
        u = 2 * T / S * (q - T) - 2 * T**2 / S**2 * (s - S)
        total += float(((w * u) ** 2).sum())
    return float(np.sqrt(total) / (d - 1))


def mean_cosine(matrix: Matrix, n: int) -> float:
    """Of all pairs of the n rows that are not zero: (|sum of unit rows|^2 - n) / (n (n - 1))."""
    total = np.zeros(matrix.cols)
    for X in _blocks(matrix):
        norms = np.sqrt(np.einsum("ij,ij->i", X, X))
        total += np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0) @ X
    return float((total @ total - n) / (n * (n - 1))) if n > 1 else 1.0


def _sum(E: NDArray[np.float32]) -> F64:
    """Sums of columns: of 64 rows in float32, of these in float64."""
    whole = len(E) // 64 * 64
    parts = E[:whole].reshape(-1, 64, E.shape[1]).sum(axis=1).sum(axis=0, dtype=np.float64)
    return np.asarray(parts + E[whole:].sum(axis=0, dtype=np.float64))


def partition_function(matrix: Matrix, found: Moments) -> tuple[float, tuple[int, ...]]:
    """min Z / max Z over both signs of the eigenvectors of X'X, and the numbers of those that are
    not unique; see `Geometry`."""
    gram = found.covariance + np.outer(found.mean, found.mean)
    values, axes = np.linalg.eigh(gram)
    near = np.diff(values) <= _TIE * values[-1]
    ties = np.flatnonzero(np.r_[near, False] | np.r_[False, near])

    def sums_of_block(_: None, start: int) -> tuple[F64, F64]:
        X = np.asarray(matrix.block(start, min(start + _ROWS, matrix.rows)), np.float32)
        along = np.delete(X, zero_rows(X), axis=0) @ axes.astype(np.float32)
        if not len(along):
            return np.full((2, len(values)), -np.inf), np.zeros((2, len(values)))
        if max(along.max(), -along.min()) < _SHORT:  # one exponential for both signs
            E = np.exp(along, out=along)
            up = _sum(E)
            return np.zeros((2, len(values))), np.array([up, _sum(np.reciprocal(E, out=E))])
        top = np.array([along.max(axis=0), (-along).max(axis=0)], np.float64)
        sums = np.empty_like(top)
        for i, sign in enumerate((1, -1)):
            shifted = sign * along - top[i].astype(np.float32)
            sums[i] = _sum(np.exp(shifted, out=shifted))
        return top, sums

    # log sum exp over blocks: lengths of 10 overflow float32 otherwise.
    top = np.full((2, len(values)), -np.inf)
    sums = np.zeros((2, len(values)))
    starts = range(0, matrix.rows, _ROWS)
    with single_threaded():
        for high, part in ordered_map(sums_of_block, starts, [None] * min(threads(), len(starts))):
            new = np.maximum(top, high)
            sums = sums * np.exp(top - new) + part * np.exp(high - new)
            top = new
    logs = top + np.log(sums)
    return float(np.exp(logs.min() - logs.max())), tuple(ties.tolist())


# --- freedom of scale -----------------------------------------------------------------------------


def _scale_freedom(vectors: WordVectors) -> dict[float, float]:
    stop = min(len(vectors), _SCALE_WORDS)
    X = np.asarray(vectors.matrix.block(0, stop), np.float64)
    X = X[X.any(axis=1)]
    if len(X) < 12:
        return {}
    values, axes = np.linalg.eigh(X.T @ X)
    kept = values > 1e-10 * values[-1]
    sizes, along = np.sqrt(values[kept]), X @ axes[:, kept]
    asked = np.unique(np.linspace(0, len(X) - 1, _SCALE_QUERIES).astype(np.int64))

    def nearest(power: float) -> Ids:
        scaled = along * sizes ** (power - 1)
        scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
        Y = scaled.astype(np.float32)
        cosine = Y[asked] @ Y.T
        cosine[np.arange(len(asked)), asked] = -2
        return np.argpartition(-cosine, 9, axis=1)[:, :10]

    as_it_is = nearest(1.0)
    out = {}
    for power in _SCALES:
        other = nearest(power)
        same = (as_it_is[:, :, None] == other[:, None, :]).any(axis=2).sum(axis=1)
        out[power] = float((same <= 5).mean())
    return out
