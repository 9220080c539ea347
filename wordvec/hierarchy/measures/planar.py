"""Exact distances in Sarkar's planar construction, at any depth and edge length, in float64.

Coordinates of a deep node need hundreds of bits; distances do not. Seen from a node u, every other
one is a distance r and an angle away, and both follow from those of the node before it on the path
by the hyperbolic laws of cosines and cotangents: nothing cancels, whatever r is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from wordvec.hierarchy.sarkar import Tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ids: TypeAlias = NDArray[Any]


class _Paths(NamedTuple):
    """Ends of paths: where each began, where it is, the edge it came by, r, and the angle to u."""

    start: Ids
    node: Ids
    edge: Ids
    r: Floats
    angle: Floats


class _Graph:
    """Directed edges by tail: their heads, reverse edges and angles."""

    def __init__(self, tree: Tree, tau: float) -> None:
        n = len(tree.parent)
        child = np.flatnonzero(tree.parent >= 0)
        parent, degree = tree.parent[child], tree.degree()
        # As the construction turns its codes: by a reflection, except at the origin.
        hand = np.where(tree.depth[parent] == 0, 1.0, -1.0)
        down = hand * 2 * np.pi * tree.slots()[child] / degree[parent]
        tail = np.concatenate([parent, child])
        by = np.argsort(tail, kind="stable")
        place = np.empty_like(by)
        place[by] = np.arange(len(by))
        self.head = np.concatenate([child, parent])[by]
        self.angle = np.concatenate([down, np.zeros(len(child))])[by]
        m = len(child)
        self.reverse = np.concatenate([place[m:], place[:m]])[by]
        self.starts = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(tail, minlength=n), out=self.starts[1:])
        self.tau = tau

    def first(self, nodes: Ids) -> _Paths:
        """The paths of one edge from each node."""
        counts = self.starts[nodes + 1] - self.starts[nodes]
        edge = _ranges(self.starts[nodes], counts)
        back = self.reverse[edge]
        r = np.full(len(edge), self.tau)
        return _Paths(np.repeat(nodes, counts), self.head[edge], edge, r, self.angle[back])

    def longer(self, paths: _Paths) -> _Paths:
        """The paths of one more edge, none of which goes back."""
        counts = self.starts[paths.node + 1] - self.starts[paths.node]
        owner = np.repeat(np.arange(len(counts)), counts)
        edge = _ranges(self.starts[paths.node], counts)
        forward = edge != self.reverse[paths.edge[owner]]
        owner, edge = owner[forward], edge[forward]
        r, phi = paths.r[owner], self.angle[edge] - paths.angle[owner]
        half_sine = np.abs(np.sin(phi / 2))
        with np.errstate(divide="ignore"):
            # sinh^2(r'/2) = sinh^2((r - tau)/2) + sinh r sinh tau sin^2(phi/2), as logarithms.
            square = np.logaddexp(
                2 * _log_sinh(np.abs(r - self.tau) / 2),
                _log_sinh(r) + _log_sinh(np.array(self.tau)) + 2 * np.log(half_sine),
            )
        half = square / 2
        near = np.arcsinh(np.exp(np.minimum(half, 20)))
        further = 2 * np.where(half > 20, half + np.log(2), near)
        # coth r sinh tau = cosh tau cos phi + sin phi cot psi; divided by e^tau, without 1 - 1.
        shrink = np.exp(-2 * self.tau)
        below = (
            (1 - shrink) / np.expm1(np.minimum(2 * r, 700)) - shrink + (1 + shrink) * half_sine**2
        )
        psi = np.arctan2(np.sin(phi) * np.exp(-self.tau), below)
        angle = self.angle[self.reverse[edge]] + psi
        return _Paths(paths.start[owner], self.head[edge], edge, further, angle)


def _ranges(starts: Ids, counts: Ids) -> Ids:
    """start, start + 1, ... of each range, one after the other."""
    ends = np.cumsum(counts)
    size = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(size) + np.repeat(starts - ends + counts, counts))


def _log_sinh(x: Floats) -> Floats:
    """log(sinh x), x >= 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(x + np.log(-np.expm1(-2 * x)) - np.log(2))


def planar_distances(tree: Tree, tau: float, source: int) -> Floats:
    """(V,) distances of all nodes of a planar construction from one.

    Parameters
    ----------
    tree
        With one root.
    tau
        Length of an edge.
    source
        The node from which distances are measured.
    """
    graph = _Graph(tree, tau)
    distances = np.zeros(len(tree.parent))
    paths = graph.first(np.array([source]))
    while len(paths.node):
        distances[paths.node] = paths.r
        paths = graph.longer(paths)
    return distances


def planar_map(tree: Tree, tau: float, *, reach: float = 1.5) -> float:
    """MAP of the edges of a planar construction: every node's neighbours against all others.

    The neighbours of a node all lie tau away; what counts is how many other nodes are nearer. Paths
    are followed to reach * tau + 1: coming back from there would take an edge that turns back by
    less than e^(-tau / 4).

    Parameters
    ----------
    tree
        With one root.
    tau
        Length of an edge.
    """
    graph = _Graph(tree, tau)
    degree = tree.degree()
    nearer = np.zeros(len(tree.parent))
    for nodes in np.array_split(np.argsort(degree), max(1, len(degree) // 4096)):
        paths = graph.first(nodes)
        while len(paths.node):
            paths = graph.longer(paths)
            nearer += np.bincount(paths.start[paths.r < tau], minlength=len(nearer))
            nearer += 0.5 * np.bincount(paths.start[paths.r == tau], minlength=len(nearer))
            near = paths.r < reach * tau + 1
            paths = _Paths(*(column[near] for column in paths))
    owner = np.repeat(np.arange(len(degree)), degree)
    i = _ranges(np.ones(len(degree), dtype=np.int64), degree)
    precision = np.bincount(owner, weights=i / (i + nearer[owner]), minlength=len(degree))
    with_edges = degree > 0
    return float((precision[with_edges] / degree[with_edges]).mean())
