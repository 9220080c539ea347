"""How well the distances of vectors keep those of a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import shortest_path

from wordvec.hierarchy.relations import Relations, from_pairs
from wordvec.vectors import manifold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

from wordvec.hierarchy.measures.ranks import manifold_of, reconstruction

MOST_NODES = 10_000  # whose distances among each other are measured: 1.6 GB


@dataclass(frozen=True)
class DistortionResult:
    """How distances of an embedding compare with those of its graph.

    Attributes
    ----------
    average
        Mean of |d_H / (tau d_G) - 1| over pairs of nodes.
    worst
        Largest ratio d_H / d_G over the smallest: 1 for a perfect embedding.
    map
        MAP of the edges, each node's neighbours against all other nodes.
    nodes
        Nodes of the graph, all pairs of which were measured.
    """

    average: float
    worst: float
    map: float
    nodes: int


def graph_distances(relations: Relations) -> NDArray[np.float64]:
    """(V, V) shortest paths, relations taken as edges without direction; inf between parts."""
    graph = relations.matrix().astype(np.float64)
    paths = shortest_path(graph + graph.T, unweighted=True, directed=False)
    return np.asarray(paths, dtype=np.float64)


def distortion(
    vectors: WordVectors, relations: Relations, *, tau: float | None = None
) -> DistortionResult:
    """Distortion over all pairs and MAP of the edges of a graph of some thousand nodes.

    Parameters
    ----------
    vectors
        All nodes of the relations.
    relations
        The edges; their direction does not matter.
    tau
        Length of an edge in the embedding. Default: the scale of least average distortion among
        the quantiles of d_H / d_G.
    """
    if relations.n_nodes > MOST_NODES:
        raise ValueError(
            f"{relations.source}: {relations.n_nodes:,} nodes have too many pairs to measure all, "
            f"at most {MOST_NODES:,}; neighbour_map takes any number"
        )
    index = [vectors.get_index(name) for name in relations.names]
    points = vectors.vectors[index]
    graph = graph_distances(relations)
    upper = np.triu_indices(len(points), 1)
    ours = np.concatenate(
        [manifold.distance(x, points[i + 1 :], manifold_of(vectors)) for i, x in enumerate(points)]
    )
    ratio = ours / graph[upper]
    reached = np.isfinite(graph[upper])
    return _distortion(ratio[reached], neighbour_map(vectors, relations), len(points), tau)


def _distortion(
    ratio: NDArray[np.float64], edge_map: float, nodes: int, tau: float | None
) -> DistortionResult:
    scales = np.quantile(ratio, np.linspace(0.05, 0.95, 19)) if tau is None else [tau]
    average = min(float(np.abs(ratio / scale - 1).mean()) for scale in scales if scale > 0)
    low = float(ratio.min())
    worst = float(ratio.max()) / low if low > 0 else float("inf")
    return DistortionResult(average, worst, edge_map, nodes)


def neighbour_map(vectors: WordVectors, relations: Relations) -> float:
    """MAP of a graph: each node's neighbours, both ways, against all other nodes."""
    both = [*relations.pairs(), *((b, a) for a, b in relations.pairs())]
    return reconstruction(vectors, from_pairs(both, source=relations.source)).map
