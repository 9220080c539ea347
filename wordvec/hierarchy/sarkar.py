"""Trees in hyperbolic space without training (Sarkar 2011; Sala, De Sa, Gu & Re 2018).

The root lies at the origin. At every node its parent and children stand at the directions of a
spherical code (in the plane: equal angles), each an edge of length tau away. Long edges make a tree
metric of it: d(u, v) approaches tau times the number of edges between u and v. The price is
precision: a point at radius r needs about r / ln 2 bits, whatever the coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components

from wordvec.errors import CorpusError, MissingExtra, TrainingError
from wordvec.estimator import Estimator, check, option, same_option
from wordvec.hierarchy.relations import Direction, Relations
from wordvec.hierarchy.train import Source, read_source
from wordvec.training.card import card
from wordvec.training.options import TrainedModel, documented
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points: TypeAlias = NDArray[np.float64]

FLOAT64_BITS = 53
GUARD_BITS = 32  # beyond what the radius needs, for the rounding of a path of Moebius sums


@dataclass(frozen=True, eq=False)
class Tree:
    """A rooted tree: one parent per node.

    Attributes
    ----------
    parent : (V,) int32
        -1 for the roots. Several roots hang from a point at the origin that is no node.
    order : (V,) int32
        Parents before children.
    depth : (V,) int64
        Edges from the origin.
    """

    parent: NDArray[np.int32]
    order: NDArray[np.int32]
    depth: NDArray[np.int64]

    @property
    def max_degree(self) -> int:
        """The largest number of edges at a node."""
        return int(self.degree().max())

    def degree(self) -> NDArray[np.int64]:
        """(V,) edges of each node, the one to its parent included."""
        children = np.bincount(self.parent[self.parent >= 0], minlength=len(self.parent))
        return np.asarray(children + (self.depth > 0), dtype=np.int64)

    def slots(self) -> NDArray[np.int64]:
        """(V,) the direction that a node has at its parent: 0 is that of the parent's parent."""
        by = np.argsort(self.parent, kind="stable")
        first = np.searchsorted(self.parent[by], self.parent[by], side="left")
        slot = np.empty(len(by), dtype=np.int64)
        slot[by] = np.arange(len(by)) - first
        has_up = (self.parent >= 0) & (self.depth[self.parent] > 0)
        return np.asarray(slot + has_up, dtype=np.int64)


def rooted_tree(relations: Relations) -> Tree:
    """The tree of relations that run upwards; the other parents of a node are dropped.

    Raises
    ------
    CorpusError
        If there is a cycle.
    """
    parent, order = relations.tree()
    depth = np.zeros(len(parent), dtype=np.int64)
    several = int((parent < 0).sum()) > 1
    for u in order:
        depth[u] = depth[parent[u]] + 1 if parent[u] >= 0 else int(several)
    return Tree(parent, order, depth)


def spanning_tree(relations: Relations, root: str | None = None) -> Tree:
    """The breadth-first tree of a graph whose edges have no direction.

    Parameters
    ----------
    root
        Default: a node from which the farthest node is as near as found by two sweeps.

    Raises
    ------
    CorpusError
        If the graph is not connected, or has no such root.
    """
    graph = relations.matrix()
    both = sparse.csr_array(graph + graph.T)
    parts, _ = connected_components(both, directed=False)
    if parts > 1:
        raise CorpusError(
            f"{relations.source}: the graph has {parts} parts that no edge connects: embed each "
            "on its own"
        )
    if root is not None and root not in relations.ids:
        raise CorpusError(f"{relations.source}: no node {root!r} to be the root")
    if root is not None:
        start = relations.ids[root]
    else:
        # The middle of a longest path that two sweeps find: an exact centre where it is a tree.
        far = breadth_first_order(both, 0, directed=False)[0][-1]
        order, before = breadth_first_order(both, far, directed=False)
        path = [int(order[-1])]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        start = path[len(path) // 2]
    order, before = breadth_first_order(both, start, directed=False)
    parent = np.where(before < 0, -1, before).astype(np.int32)
    depth = np.zeros(len(parent), dtype=np.int64)
    for u in order[1:]:
        depth[u] = depth[parent[u]] + 1
    return Tree(parent, order.astype(np.int32), depth)


@dataclass(kw_only=True)
class Sarkar(Estimator):
    """Embeds a tree in the Poincare ball by construction.

    Parameters
    ----------
    vector_size
        Dimensions, 2 or more.
    tau
        Length of an edge. Default: from `distortion`, else the longest that `precision` holds.
    distortion
        The largest relative error epsilon of distances: they lie between tau d / (1 + epsilon) and
        tau d. In the plane that takes tau = (1 + epsilon) / epsilon 2 log(2 max_degree / pi) (Sala
        et al. 2018).
    precision
        Bits of a coordinate. 53 is float64; more computes with mpmath and stores what float64
        holds of it.
    undirected
        The relations are the edges of a graph: its breadth-first tree is embedded.
    root
        With undirected: the node at the origin.
    closure
        Has no effect: a construction uses the direct relations of whatever it is given.
    direction
        Which term comes first in a list that `fit` reads.

    Attributes
    ----------
    vectors_ : WordVectors
        float64 points of the ball; meta["construction"] says how they were made.
    tree_ : Tree
    tau_ : float
    bits_ : int
        Bits that the deepest node needs: tau depth / ln 2.
    exact_ : list of list of mpmath.mpf, or None
        The coordinates before rounding, where `precision` is above 53.

    References
    ----------
    Sarkar, R. (2011). Low Distortion Delaunay Embedding of Trees in Hyperbolic Plane.
    Sala, F. et al. (2018). Representation Tradeoffs for Hyperbolic Embeddings.
    """

    papers: ClassVar[tuple[str, ...]] = ("sarkar2011", "sala2018")

    vector_size: int = same_option(TrainedModel, "vector_size", 2, at_least=2, at_most=1 << 12)
    tau: float | None = option(
        None,
        "Length of an edge.",
        none="from distortion, else the longest that fits",
        at_least=1e-6,
    )
    distortion: float | None = option(
        None,
        "Epsilon: distances lie between tau d and tau d / (1 + epsilon).",
        none="none",
        at_least=1e-9,
        source="Sala et al. 2018",
    )
    precision: int = option(
        FLOAT64_BITS,
        "Bits of a coordinate; above 53 mpmath computes.",
        at_least=FLOAT64_BITS,
        at_most=1 << 20,
    )
    undirected: bool = option(False, "The relations are the edges of a graph.")
    root: str | None = option(None, "The node in the middle of a graph.", none="a central node")
    closure: bool = option(
        False, "Not used: a construction takes direct relations.", command_line=False
    )
    direction: Direction = "child-parent"

    vectors_: WordVectors = field(init=False, repr=False, compare=False)
    tree_: Tree = field(init=False, repr=False, compare=False)
    tau_: float = field(init=False, repr=False, compare=False)
    bits_: int = field(init=False, repr=False, compare=False)
    exact_: list[list[Any]] | None = field(init=False, repr=False, compare=False)

    @documented
    def fit(self, source: Source, y: None = None) -> Self:
        """Builds the points, sets the attributes and returns the estimator.

        Parameters
        ----------
        source : Relations, path of a list or of relation shards, or pairs (child, parent)
            See `wordvec.hierarchy.relations`.

        Raises
        ------
        CorpusError
            A cycle where a tree is needed, or a graph in parts.
        TrainingError
            Points that `precision` cannot hold; the message has the remedies.
        """
        self._check()
        relations = read_source(source, self.direction)
        if self.undirected:
            self.tree_ = spanning_tree(relations, self.root)
        else:
            self.tree_ = rooted_tree(relations)
        self._choose_tau()
        if self.precision > FLOAT64_BITS:
            self.exact_ = exact_points(self.tree_, self.vector_size, self.tau_, self.precision)
            points = np.array([[float(c) for c in row] for row in self.exact_])
        else:
            self.exact_ = None
            points = build(self.tree_, self.vector_size, self.tau_)
        self.vectors_ = self._result(relations, _inside(points))
        return self

    def notes(self) -> list[str]:
        """What a user should know of the last `fit`: the length of an edge, and its precision."""
        return [f"tau {self.tau_:.4g}, {self.bits_} bits of {self.precision}"]

    def _choose_tau(self) -> None:
        depth, held = max(1, int(self.tree_.depth.max())), self.precision * math.log(2)
        if self.tau is not None:
            self.tau_ = self.tau
        elif self.distortion is not None:
            self.tau_ = tau_for(self.distortion, self.tree_.max_degree)
        else:
            self.tau_ = held / depth
        radius = self.tau_ * depth
        self.bits_ = math.ceil(radius / math.log(2) - 1e-9)
        if self.bits_ > self.precision:
            fits = held / depth
            error = distortion_of(fits, self.tree_.max_degree)
            bound = "no bound on the distortion" if error is None else f"distortion {error:.3g}"
            raise TrainingError(
                f"edges of length {self.tau_:.4g} put the deepest of {depth} levels at radius "
                f"{radius:.4g}, which needs {self.bits_} bits, more than "
                f"precision={self.precision}: pass "
                f"precision={self.bits_} (which needs mpmath), or tau={fits:.4g}, which has {bound}"
            )

    def _result(self, relations: Relations, points: Points) -> WordVectors:
        construction = {
            "tau": self.tau_,
            "depth": int(self.tree_.depth.max()),
            "max_degree": self.tree_.max_degree,
            "bits": self.bits_,
            "precision": self.precision,
        }
        return WordVectors(
            relations.names,
            points,
            counts=self.tree_.degree(),
            meta=card(self, manifold="poincare", construction=construction),
        )


def tau_for(distortion: float, max_degree: int) -> float:
    """Edge length that keeps the relative error of distances below `distortion`, in the plane."""
    check("distortion", distortion, 1e-9)
    return (1 + distortion) / distortion * 2 * math.log(max(2 * max_degree / math.pi, 1.5))


def distortion_of(tau: float, max_degree: int) -> float | None:
    """The inverse of `tau_for`; None where the edges are too short for any bound."""
    ratio = tau / (2 * math.log(max(2 * max_degree / math.pi, 1.5)))
    return 1 / (ratio - 1) if ratio > 1 else None


@dataclass(frozen=True, kw_only=True)
class _Arithmetic:
    """The numbers that a construction is computed with.

    Attributes
    ----------
    zeros, ones
        Arrays of a shape.
    dot, norm
        Of the rows of arrays (n, d): (n,).
    tanh, gap
        tanh t and 1 - (tanh t)^2 of one number.
    code
        (count, dim) unit vectors, see `spherical_code`.
    tiny
        Two unit vectors whose squared distance is not above it have the same direction.
    """

    zeros: Callable[[tuple[int, ...]], NDArray[Any]]
    ones: Callable[[int], NDArray[Any]]
    dot: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
    norm: Callable[[NDArray[Any]], NDArray[Any]]
    tanh: Callable[[Any], Any]
    gap: Callable[[Any], Any]
    code: Callable[[int, int], NDArray[Any]]
    tiny: float


def build(tree: Tree, dim: int, tau: float) -> Points:
    """Points (V, d) of the ball in float64."""
    return np.asarray(_place(tree, dim, tau, FLOAT64))


def exact_points(tree: Tree, dim: int, tau: float, bits: int) -> list[list[Any]]:
    """The same points as rows of mpmath numbers of `bits` bits."""
    try:
        import mpmath
    except ImportError as error:
        raise MissingExtra("mpmath", "precise", "precision above 53") from error
    with mpmath.workprec(bits + GUARD_BITS):
        rows: list[list[Any]] = _place(tree, dim, mpmath.mpf(tau), _mpmath_numbers(mpmath)).tolist()
        return rows


def _place(tree: Tree, dim: int, tau: Any, numbers: _Arithmetic) -> NDArray[Any]:
    """Points (V, d) of the ball, level by level.

    Two values of each node are carried along, because deep points would lose them: 1 - |x|^2, and
    the direction of its parent in the node's own frame, which is minus the gyration of the
    direction that led down.
    """
    points, up = (numbers.zeros((len(tree.parent), dim)) for _ in range(2))
    gaps = numbers.ones(len(tree.parent))
    degree, slot = tree.degree(), tree.slots()
    length = numbers.tanh(tau / 2)
    yy, rest = length * length, numbers.gap(tau / 2)
    roots = tree.parent < 0
    if tree.depth[tree.order[0]] > 0:  # several roots: around the origin
        ways = numbers.code(int(roots.sum()), dim)[slot[roots]]
        points[roots], up[roots], gaps[roots] = ways * length, -ways, rest
    for level in range(1, int(tree.depth.max()) + 1):
        nodes = np.flatnonzero((tree.depth == level) & ~roots)
        if not len(nodes):
            continue
        above = tree.parent[nodes]
        ways = numbers.zeros((len(nodes), dim))
        for k in np.unique(degree[above]):
            here = degree[above] == k
            ways[here] = numbers.code(int(k), dim)[slot[nodes[here]]]
        inner = tree.depth[above] > 0  # the code's first direction is turned to the parent's
        ways[inner] = _turn(ways[inner], up[above[inner]], numbers)
        x, y, gap = points[above], ways * length, gaps[above]
        xy = numbers.dot(x, y)
        below = 1 + 2 * xy + (1 - gap) * yy
        points[nodes] = ((1 + 2 * xy + yy) / below)[:, None] * x + (gap / below)[:, None] * y
        gaps[nodes] = gap * rest / below
        a, b = yy * (1 + xy), -(yy * (1 - gap) + xy)
        turned = y + (2 / below)[:, None] * (a[:, None] * x + b[:, None] * y)
        up[nodes] = -turned / numbers.norm(turned)[:, None]
    return points


def _turn(ways: NDArray[Any], target: NDArray[Any], numbers: _Arithmetic) -> NDArray[Any]:
    """Reflects each direction by the reflection that takes the first axis to its target."""
    mirror = target / numbers.norm(target)[:, None]
    mirror[:, 0] -= 1
    square = numbers.dot(mirror, mirror)
    factor = 2 * numbers.dot(ways, mirror) / np.where(square > numbers.tiny, square, np.inf)
    turned: NDArray[Any] = ways - factor[:, None] * mirror
    return turned


@lru_cache(maxsize=4096)
def spherical_code(count: int, dim: int) -> Points:
    """(count, dim) unit vectors far from each other; the first is the first axis.

    In the plane equal angles; up to dim + 1 points a simplex, up to 2 dim the axes and their
    opposites; beyond, points that repel each other, from a fixed seed.
    """
    if dim == 2:
        angles = 2 * np.pi * np.arange(count) / count
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if count <= dim + 1:
        return _simplex(count, dim)
    if count <= 2 * dim:
        axes = np.eye(dim)
        return np.concatenate([axes, -axes])[:count]
    rng = np.random.Generator(np.random.Philox(key=[count, dim]))
    code = rng.normal(size=(count, dim))
    code[0] = np.eye(dim)[0]
    code /= np.linalg.norm(code, axis=1, keepdims=True)
    step = count ** (-1 / (dim - 1))  # the distance of neighbours on a full sphere, about
    for sweep in range(40):
        push = np.zeros_like(code)
        for i in range(0, count, 512):
            difference = code[i : i + 512, None] - code[None]
            square = np.einsum("ijk,ijk->ij", difference, difference)
            weight = 1 / np.maximum(square, 1e-12) ** (dim / 2 + 1)
            weight[square == 0] = 0
            push[i : i + 512] = np.einsum("ij,ijk->ik", weight, difference)
        push /= np.maximum(np.linalg.norm(push, axis=1, keepdims=True), 1e-300)
        code += 0.5 * step * (1 - sweep / 40) * push
        code /= np.linalg.norm(code, axis=1, keepdims=True)
    mirrored = _turn(code, np.broadcast_to(code[0], code.shape), FLOAT64)
    mirrored[0] = np.eye(dim)[0]
    return mirrored


def _simplex(count: int, dim: int) -> Points:
    """Vertices of a regular simplex around 0, the first on the first axis."""
    if count == 1:
        return np.eye(dim)[:1]
    gram = np.full((count, count), -1 / (count - 1))
    np.fill_diagonal(gram, 1.0)
    values, vectors = np.linalg.eigh(gram)
    points = vectors[:, 1:] * np.sqrt(np.maximum(values[1:], 0))
    code = np.zeros((count, dim))
    code[:, : count - 1] = points
    return _turn(code, np.broadcast_to(code[0], code.shape), FLOAT64)


FLOAT64 = _Arithmetic(
    zeros=np.zeros,
    ones=np.ones,
    dot=lambda x, y: np.einsum("ij,ij->i", x, y),
    norm=lambda x: np.linalg.norm(x, axis=1),
    tanh=math.tanh,
    gap=lambda t: 1 / math.cosh(t) ** 2,
    code=spherical_code,
    tiny=1e-30,
)


def _mpmath_numbers(mpmath: Any) -> _Arithmetic:
    """Numbers of the precision that mpmath works with now."""
    root = np.frompyfunc(mpmath.sqrt, 1, 1)
    number = np.frompyfunc(mpmath.mpf, 1, 1)

    def norm(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(root((x * x).sum(axis=1)))

    @cache
    def code(count: int, dim: int) -> NDArray[Any]:
        if dim == 2:
            angles = [2 * mpmath.pi * i / count for i in range(count)]
            return np.array([[mpmath.cos(a), mpmath.sin(a)] for a in angles], dtype=object)
        rows = number(spherical_code(count, dim))
        return np.asarray(rows / norm(rows)[:, None])

    return _Arithmetic(
        zeros=lambda shape: np.full(shape, mpmath.mpf(0), dtype=object),
        ones=lambda n: np.full(n, mpmath.mpf(1), dtype=object),
        dot=lambda x, y: (x * y).sum(axis=1),
        norm=norm,
        tanh=mpmath.tanh,
        gap=lambda t: 1 / mpmath.cosh(t) ** 2,
        code=code,
        tiny=0.0,
    )


def exact_distance(x: list[Any], y: list[Any], bits: int) -> float:
    """Distance of two rows of `Sarkar.exact_`, computed with `bits` bits."""
    import mpmath

    with mpmath.workprec(bits + GUARD_BITS):
        square = sum((a - b) ** 2 for a, b in zip(x, y, strict=True))
        gaps = (1 - sum(a * a for a in x)) * (1 - sum(b * b for b in y))
        return float(2 * mpmath.asinh(mpmath.sqrt(square / gaps)))


def _inside(points: Points) -> Points:
    """Rounding may put a deep point on the unit circle; the nearest float64 inside is kept."""
    norms = np.linalg.norm(points, axis=1, keepdims=True)
    most = 1 - 2.0**-52
    return np.asarray(np.where(norms > most, points * (most / np.maximum(norms, most)), points))
