"""Nearest rows of another space, corrected for hubs: cosines, CSLS, inverted softmax.

Memory is a block of scores; the bytes of a result are the same for any number of threads.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.spaces.best import edges, largest, over
from wordvec.system.parallel import threads

F32: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]
Retrieval: TypeAlias = Literal["nn", "csls", "isf"]

NEIGHBORS = 10  # k of CSLS, as in Conneau et al. (2018)
INVERSE_TEMPERATURE = 30.0  # of the inverted softmax, as in MUSE
SOFTMAX = 1 << 21  # scores of a block of the inverted softmax: 16 MB


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
    return largest(A, B, min(k, len(B))).means()


def penalties(
    source: F32,
    target: F32,
    retrieval: Retrieval,
    k: int = NEIGHBORS,
    beta: float = INVERSE_TEMPERATURE,
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

    def work(_: None, block: tuple[int, int]) -> None:
        begin, end = block
        scaled = beta * (target[begin:end] @ source.T).astype(np.float64)
        top = scaled.max(axis=1, keepdims=True)
        out[begin:end] = (np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]) / beta

    size = max(1, SOFTMAX // max(1, len(source)))
    over(work, edges(len(target), size), [None] * threads())
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
    found = largest(queries, target, min(topn, len(target)), penalty)
    return found.ids.astype(np.int64), found.top
