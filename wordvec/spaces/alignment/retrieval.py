"""Nearest rows of another space, corrected for hubs: cosines, CSLS, inverted softmax.

Products are made in blocks of rows, so memory is a block times the other vocabulary. Edges of
blocks depend on sizes alone: the bytes of a result are the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.blas import single_threaded
from wordvec.parallel import over_range, threads

F32: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]
Retrieval: TypeAlias = Literal["nn", "csls", "isf"]

NEIGHBORS = 10  # k of CSLS, as in Conneau et al. (2018)
INVERSE_TEMPERATURE = 30.0  # of the inverted softmax, as in MUSE
CELLS = 1 << 24  # of a block of scores: 64 MB
CHUNKS = 64


def blocks(rows: int, columns: int) -> list[tuple[int, int]]:
    """Begin and end of each block of rows whose scores against `columns` rows are made at once."""
    size = max(1, min(1024, CELLS // max(columns, 1)))
    return [(begin, min(begin + size, rows)) for begin in range(0, rows, size)]


def in_blocks(A: F32, B: F32, work: Callable[[int, int, F32], None]) -> None:
    """work(begin, end, A[begin:end] @ B.T) for all blocks, in the threads of look-up."""
    edges = blocks(len(A), len(B))

    def some(first: int, last: int) -> None:
        for begin, end in edges[first:last]:
            work(begin, end, A[begin:end] @ B.T)

    with single_threaded():
        over_range(some, 0, len(edges), min(threads(), len(edges)))


def mean_of_largest(scores: F32, k: int) -> F32:
    """(n,) mean of the k largest of each row of `scores` (n, m); of all where m <= k."""
    columns = scores.shape[1]
    if columns <= k:
        return np.asarray(scores.mean(axis=1), np.float32)
    width = columns // CHUNKS
    if width > 4 * k:
        # The k largest lie in the k columns of chunks whose maxima are largest, or in the rest.
        whole = scores[:, : CHUNKS * width].reshape(len(scores), CHUNKS, width)
        best = np.argpartition(whole.max(axis=1), width - k, axis=1)[:, width - k :]
        found = np.take_along_axis(whole, best[:, None, :], axis=2).reshape(len(scores), -1)
        scores = np.concatenate([found, scores[:, CHUNKS * width :]], axis=1)
    largest = np.partition(scores, scores.shape[1] - k, axis=1)[:, -k:]
    # Sorted, so that the sum does not depend on the order that partition leaves.
    return np.asarray(np.sort(largest, axis=1).mean(axis=1, dtype=np.float64), np.float32)


def hubness(A: F32, B: F32, k: int = NEIGHBORS) -> F32:
    """r_B(a) of CSLS: the mean cosine of each row of A with its k nearest rows of B.

    Parameters
    ----------
    A : ndarray of float32, shape (n, d)
        Unit rows.
    B : ndarray of float32, shape (m, d)
        Unit rows.
    k : int

    Returns
    -------
    ndarray of float32, shape (n,)

    References
    ----------
    Conneau et al. (2018), "Word translation without parallel data", section 2.3.
    """
    r = np.empty(len(A), np.float32)

    def work(begin: int, end: int, scores: F32) -> None:
        r[begin:end] = mean_of_largest(scores, k)

    in_blocks(A, B, work)
    return r


def penalties(
    source: F32, target: F32, retrieval: Retrieval, k: int = NEIGHBORS, beta: float = 30.0
) -> F32 | None:
    """(m,) what is taken from the cosine of each target row before the largest is taken, or None.

    For "csls" half of r_S(z), since 2 cos - r ranks as cos - r / 2 does; for "isf" the logarithm of
    the sum of the softmax over source rows, divided by beta.
    """
    if retrieval == "nn":
        return None
    if retrieval == "csls":
        return hubness(target, source, k) / np.float32(2)
    out = np.empty(len(target), np.float32)

    def work(begin: int, end: int, scores: F32) -> None:
        scaled = beta * scores.astype(np.float64)
        top = scaled.max(axis=1, keepdims=True)
        logarithm = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
        out[begin:end] = logarithm / beta

    in_blocks(target, source, work)
    return out


def nearest(queries: F32, target: F32, topn: int, penalty: F32 | None = None) -> tuple[Ids, F32]:
    """The `topn` best target rows of each query, by cosine less the penalty of the target row.

    Parameters
    ----------
    queries : ndarray of float32, shape (n, d)
        Unit rows.
    target : ndarray of float32, shape (m, d)
        Unit rows.
    topn : int
    penalty : ndarray of float32, shape (m,), optional

    Returns
    -------
    ids : ndarray of int64, shape (n, topn or m)
        Best first; equal scores by rising id.
    scores : ndarray of float32
    """
    topn = min(topn, len(target))
    ids = np.empty((len(queries), topn), np.int64)
    best = np.empty((len(queries), topn), np.float32)

    def work(begin: int, end: int, scores: F32) -> None:
        if penalty is not None:
            scores -= penalty
        if topn == 1:
            found = scores.argmax(axis=1)[:, None]
        else:
            found = np.argpartition(-scores, topn - 1, axis=1)[:, :topn]
            worst = np.take_along_axis(scores, found, 1).min(axis=1)
            for i in np.flatnonzero((scores >= worst[:, None]).sum(axis=1) > topn):
                found[i] = np.lexsort((np.arange(scores.shape[1]), -scores[i]))[:topn]
            values = np.take_along_axis(scores, found, 1)
            order = np.lexsort((found, -values), axis=1)
            found = np.take_along_axis(found, order, 1)
        ids[begin:end] = found
        best[begin:end] = np.take_along_axis(scores, found, 1)

    in_blocks(queries, target, work)
    return ids, best


def row_blocks(A: F32, B: F32) -> Iterator[tuple[int, int, F32]]:
    """(begin, end, A[begin:end] @ B.T) for all blocks, one after the other."""
    for begin, end in blocks(len(A), len(B)):
        yield begin, end, A[begin:end] @ B.T
