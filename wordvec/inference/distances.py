"""How far words moved between two spaces of one vocabulary that were trained apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from wordvec.errors import Unanswerable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F64 = NDArray[np.float64]
    F32 = NDArray[np.float32]

NEAREST = 25  # words of each neighbourhood (Hamilton et al. 2016b)
CELLS = 1 << 22  # cosines that are held at a time
SINGULAR = 1e-8  # smallest over largest singular value below which a rotation is not determined


def procrustes_distance(a: F32, b: F32, anchors: NDArray[np.int64]) -> F64:
    """1 - cosine of the rows `anchors` of two spaces after an orthogonal map, (anchors,).

    Rows are made unit and centred; the map is Q = U V' of A'B = U S V' (Schönemann 1966). The
    distance is the same with the spaces exchanged.

    Raises
    ------
    Unanswerable
        When the anchors do not determine a map.
    """
    undetermined = Unanswerable(
        f"{len(anchors)} words are frequent enough in both texts, which does not determine a map "
        f"of {a.shape[1]} dimensions: take more text, a smaller least or vector_size"
    )
    if len(anchors) < a.shape[1]:
        raise undetermined
    A, B = (_centred(each[anchors].astype(np.float64)) for each in (a, b))
    U, S, Vt = np.linalg.svd(A.T @ B)
    if S[-1] < SINGULAR * S[0]:
        raise undetermined
    return np.asarray(1 - np.einsum("nd,nd->n", A @ (U @ Vt), B))


def neighborhood_distance(a: F32, b: F32, rows: NDArray[np.int64], nearest: int = NEAREST) -> F64:
    """1 - cosine of the words' cosines with their neighbours in two spaces, (rows,).

    The neighbours of a word are the `nearest` words of either space, without the word, among
    `rows`. Rows are made unit and centred. A rotation or a scale of one space changes nothing.

    Raises
    ------
    Unanswerable
        When there are not more words than neighbours.
    """
    n = len(rows)
    if n <= nearest:
        raise Unanswerable(
            f"{n} words are frequent enough in both texts, not more than the {nearest} neighbours "
            "of a word: take more text or a smaller least"
        )
    A, B = (_centred(each[rows].astype(np.float64)) for each in (a, b))
    out = np.empty(n)
    step = max(1, CELLS // n)
    for begin in range(0, n, step):
        own = np.arange(begin, min(begin + step, n))
        scores, near = [], []
        for space in (A, B):
            cosines = space[own] @ space.T
            cosines[np.arange(len(own)), own] = -np.inf
            scores.append(cosines)
            near.append(np.argpartition(cosines, n - nearest, axis=1)[:, n - nearest :])
        places = np.sort(np.concatenate(near, axis=1), axis=1)
        once = np.ones(places.shape, bool)
        once[:, 1:] = places[:, 1:] != places[:, :-1]
        s, t = (np.take_along_axis(each, places, axis=1) * once for each in scores)
        norms = np.sqrt((s**2).sum(axis=1) * (t**2).sum(axis=1))
        out[own] = 1 - (s * t).sum(axis=1) / np.maximum(norms, np.finfo(np.float64).tiny)
    return out


DISTANCES: dict[str, Callable[[F32, F32, NDArray[np.int64]], F64]] = {
    "procrustes": procrustes_distance,
    "neighbors": neighborhood_distance,
}


def unit(rows: F64) -> F64:
    """The rows at length 1; zero rows stay zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, np.finfo(np.float64).tiny))


def _centred(rows: F64) -> F64:
    made = unit(rows)
    return unit(made - made.mean(axis=0))
