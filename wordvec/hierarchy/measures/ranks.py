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

QUERIES = 4096  # nodes a task


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
    true = wanted
    if known is not held_out:
        true = np.concatenate([wanted, _ids(vectors, known)[0]])
    # One number per pair: numpy sorts rows of two far more slowly.
    hidden = np.stack(np.divmod(np.unique(true @ [len(vectors), 1]), len(vectors)), axis=1)
    hidden = hidden[np.isin(hidden[:, 0], wanted[:, 0])]
    asking = np.unique(wanted[:, 0])
    ranks, precision = ranks_of(vectors, asking, wanted, hidden, threads=threads)
    starts = np.searchsorted(wanted[:, 0], asking)
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
    asking : (n,) rising ids of the nodes that ask
    wanted, hidden : (m, 2), (h, 2) pairs (node that asks, node), sorted
    """
    points, scales = manifold.comparable(vectors.vectors, manifold_of(vectors))
    queries = points[asking] + np.asarray(vectors.meta.get("translation", 0.0))
    n, d = points.shape
    # Blocks of 8 nodes by coordinate; what fills the last block is infinitely far.
    packed = _aligned((-(-n // 8), d + 1, 8))
    table = np.full((len(packed) * 8, d + 1), 1e150)
    table[:n, :d], table[:n, d] = points, scales
    packed[:] = table.reshape(-1, 8, d + 1).transpose(0, 2, 1)
    rank, precision = np.zeros(len(wanted)), np.zeros(len(wanted))

    self_ids = asking.astype(np.int32)
    wanted_rows, hidden_rows = _rows(wanted, asking), _rows(hidden, asking)

    def task(first: int) -> None:
        last = min(first + QUERIES, len(asking))
        hyper.rank(
            packed,
            n,
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
    return rank, precision


def _rows(
    pairs: NDArray[np.int64], asking: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Sorted pairs as row starts and columns."""
    starts = np.append(np.searchsorted(pairs[:, 0], asking), len(pairs)).astype(np.int64)
    return starts, np.ascontiguousarray(pairs[:, 1], dtype=np.int32)


def _ids(vectors: WordVectors, relations: Relations) -> tuple[NDArray[np.int64], int]:
    """Sorted (child, parent) pairs by the vectors' ids, and how many relations have no ids."""
    index = vectors.key_to_index
    id_of = np.array([index.get(name, -1) for name in relations.names], dtype=np.int64)
    pairs = np.stack([id_of[relations.child], id_of[relations.parent]], axis=1)
    known = (pairs >= 0).all(axis=1)
    pairs = pairs[known]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], int((~known).sum())


def manifold_of(vectors: WordVectors) -> str:
    return str(vectors.meta.get("manifold", "euclidean"))


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float64]:
    size = int(np.prod(shape))
    flat = np.zeros(size + 8)
    start = -flat.ctypes.data % 64 // 8
    return flat[start : start + size].reshape(shape)
