"""Exact ranks of relations: reconstruction and link prediction.

Conventions. A relation is (u, v), v an ancestor of u; u asks, all other nodes
answer in the order of their distance from u. The rank of v is 1 + the number of nodes that are
neither u nor a true ancestor of u and lie nearer than v; a node as far as v counts a half (the mean
rank of ties). True ancestors are those of the relations given: give the closure where the closure
is meant. Mean rank is the mean over relations. The average precision of u is the mean over its
ancestors, nearest first, of i / (rank_i + i - 1), i = 1, 2, ...; MAP is the mean over the nodes
that have ancestors. A perfect embedding scores 1 and 1.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.errors import DatasetError
from wordvec.hierarchy.relations import Relations
from wordvec.native.models import hyper
from wordvec.system.parallel import default_threads
from wordvec.vectors import manifold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

QUERIES = 4096  # nodes per task

# Most nodes of a leaf. An Intel Xeon (family 6, model 85) ranks all nouns in 10 dimensions at about
# the same speed with 32 to 128.
LEAF = 64


@dataclass(frozen=True, eq=False)
class RankResult:
    """Ranks of relations.

    Attributes
    ----------
    mean_rank, map
        See the module's conventions.
    nodes, pairs
        Nodes that asked, and relations that were ranked.
    missing
        Relations left out because the vectors lack a term.
    ranks : (pairs,)
        In the order of the relations kept.
    """

    mean_rank: float
    map: float
    nodes: int
    pairs: int
    missing: int
    ranks: NDArray[np.float64]

    def as_row(self) -> dict[str, Any]:
        """The numbers for a table."""
        return {
            "mean_rank": self.mean_rank,
            "map": self.map,
            "nodes": self.nodes,
            "pairs": self.pairs,
            "missing": self.missing,
        }


def reconstruction(
    vectors: WordVectors, relations: Relations, *, threads: int | None = None
) -> RankResult:
    """Mean rank and MAP of all relations among all nodes: what the vectors remember.

    Parameters
    ----------
    vectors
        Their meta["manifold"] says which distance is meant; euclidean without it. A
        meta["translation"] r is added to the node that asks.
    relations
        Nodes that are not in the vectors are left out and counted.
    threads
        Default: all processors.
    """
    return link_prediction(vectors, relations, relations, threads=threads)


def link_prediction(
    vectors: WordVectors,
    held_out: Relations,
    known: Relations,
    *,
    threads: int | None = None,
) -> RankResult:
    """Mean rank and MAP of held-out relations, all true ancestors filtered.

    Parameters
    ----------
    held_out
        The relations that are ranked.
    known
        The other true relations: never counted against a rank. May hold the held-out ones.

    Raises
    ------
    DatasetError
        If the vectors know no relation.
    """
    wanted, missing = _ids(vectors, held_out)
    if not len(wanted):
        raise DatasetError(f"{held_out.source}: the vectors have no pair of these terms")
    wanted = wanted[np.argsort(_number(wanted, len(vectors)))]
    starts = np.flatnonzero(np.diff(wanted[:, 0], prepend=-1))
    asking = wanted[starts, 0]
    hidden = wanted
    if known is not held_out:
        others, _ = _ids(vectors, known)
        hidden = np.concatenate([wanted, others[np.isin(others[:, 0], asking)]])
    ranks, precision = ranks_of(vectors, asking, wanted, hidden, threads=threads)
    counts = np.diff(np.append(starts, len(wanted)))
    return RankResult(
        float(ranks.mean()),
        float((np.add.reduceat(precision, starts) / counts).mean()),
        len(asking),
        len(wanted),
        missing,
        ranks,
    )


def ranks_of(
    vectors: WordVectors,
    asking: NDArray[np.int64],
    wanted: NDArray[np.int64],
    hidden: NDArray[np.int64],
    *,
    threads: int | None = None,
    isa: str | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ranks, and the precision at each, of pairs `wanted`; pairs `hidden` are not counted.

    Parameters
    ----------
    asking : (n,) ids of the nodes that ask, once each
    wanted, hidden : (m, 2), (h, 2) pairs (node that asks, node)
    """
    points, scales = manifold.comparable(vectors.vectors, manifold_of(vectors))
    queries = points + np.asarray(vectors.meta.get("translation", 0.0))
    # From here on a node has the number of its place among its neighbours.
    order, starts = _leaves(points)
    points, scales, queries = points[order], scales[order], queries[order]
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    asking = np.sort(place[asking])
    number = _number(place[wanted], len(order))
    by_place = np.argsort(number)
    wanted_rows = _rows(number[by_place], asking, len(order))
    number = np.sort(_number(place[hidden], len(order)))
    hidden_rows = _rows(number[np.diff(number, prepend=-1) > 0], asking, len(order))

    packed = _packed(np.column_stack([points, scales]))
    low, high = np.fmin.reduceat(points, starts), np.fmax.reduceat(points, starts)
    boxes = _packed(np.column_stack([low, high, np.fmin.reduceat(scales, starts)]))
    leaf = (np.append(starts, len(packed) * 8) // 8).astype(np.int32)
    queries, self_ids = queries[asking], asking.astype(np.int32)
    rank, precision = np.zeros(len(wanted)), np.zeros(len(wanted))

    def task(first: int) -> None:
        last = min(first + QUERIES, len(asking))
        hyper.rank(
            packed,
            len(points),
            boxes,
            leaf,
            queries,
            self_ids,
            *wanted_rows,
            *hidden_rows,
            first,
            last,
            rank,
            precision,
            isa,
        )

    with ThreadPoolExecutor(threads or default_threads(), "wordvec") as pool:
        list(pool.map(task, range(0, len(asking), QUERIES)))
    in_order = np.empty((2, len(wanted)))
    in_order[:, by_place] = rank, precision
    return in_order[0], in_order[1]


def _leaves(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes in an order in which neighbours stand together, and where each leaf of them starts.

    A leaf of more than `LEAF` nodes is parted at the middle of the coordinate that varies most (the
    k-d tree of Bentley 1975), until none is left. Leaves start at multiples of 8.
    """
    n = len(points)
    order, starts = np.arange(n), np.zeros(1, dtype=np.int64)
    while True:
        ends = np.append(starts[1:], n)
        middle = (starts + ends) // 2 // 8 * 8
        middle = middle[(ends - starts > LEAF) & (middle > starts)]
        if not len(middle):
            return order, starts
        x = points[order]
        with np.errstate(invalid="ignore"):  # infinite coordinates
            spread = np.fmax.reduceat(x, starts) - np.fmin.reduceat(x, starts)
        leaf = np.repeat(np.arange(len(starts)), ends - starts)
        order = order[np.lexsort((x[np.arange(n), spread.argmax(axis=1)[leaf]], leaf))]
        starts = np.sort(np.concatenate([starts, middle]))


def _packed(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows as blocks of 8 by column; what fills the last block is infinitely far."""
    rows, columns = table.shape
    full = np.full((-(-rows // 8) * 8, columns), 1e150)
    full[:rows] = table
    packed = _aligned((len(full) // 8, columns, 8))
    packed[:] = full.reshape(-1, 8, columns).transpose(0, 2, 1)
    return packed


def _number(pairs: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Pairs (u, v) of ids below n as numbers u n + v, whose order is theirs: numpy sorts rows of
    two far more slowly."""
    return pairs[:, 0] * n + pairs[:, 1]


def _rows(
    number: NDArray[np.int64], asking: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Sorted numbers of pairs as row starts and columns."""
    starts = np.append(np.searchsorted(number, asking * n), len(number)).astype(np.int64)
    return starts, (number % n).astype(np.int32)


def _ids(vectors: WordVectors, relations: Relations) -> tuple[NDArray[np.int64], int]:
    """(child, parent) pairs by the vectors' ids, and how many relations have no ids."""
    index = vectors.key_to_index
    id_of = np.array([index.get(name, -1) for name in relations.names], dtype=np.int64)
    pairs = np.stack([id_of[relations.child], id_of[relations.parent]], axis=1)
    known = (pairs >= 0).all(axis=1)
    return pairs[known], int((~known).sum())


def manifold_of(vectors: WordVectors) -> str:
    return str(vectors.meta.get("manifold", "euclidean"))


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float64]:
    size = int(np.prod(shape))
    flat = np.zeros(size + 8)
    start = -flat.ctypes.data % 64 // 8
    return flat[start : start + size].reshape(shape)
