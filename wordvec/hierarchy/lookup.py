"""Using vectors of a hierarchy: what is above and below a term, new terms, the other model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import numpy as np

from wordvec.estimator import Option
from wordvec.system.files import write_atomically
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

Found: TypeAlias = list[tuple[str, float]]
Topn: TypeAlias = Annotated[int, Option(help="Terms that are listed for each word.", at_least=1)]

BEYOND = 0.05  # how much farther from the origin a new term lies than its ancestors, at least
EDGE = 1 - 1e-12


def kind_of(vectors: WordVectors) -> str:
    """The manifold of hierarchy vectors.

    Raises
    ------
    ValueError
        If their metadata names none.
    """
    kind = vectors.meta.get("manifold")
    if kind not in manifold.MANIFOLDS:
        raise ValueError(
            f"these vectors are not those of a hierarchy: their manifold is {kind!r}, expected "
            f"one of {', '.join(manifold.MANIFOLDS)}"
        )
    return str(kind)


def parents(vectors: WordVectors, word: str, topn: Topn = 5) -> Found:
    """The nearest terms that are more general (nearer to the origin): (term, distance)."""
    return _nearest(vectors, word, topn, -1)


def children(vectors: WordVectors, word: str, topn: Topn = 5) -> Found:
    """The nearest terms that are more specific (farther from the origin): (term, distance)."""
    return _nearest(vectors, word, topn, 1)


def ancestors(vectors: WordVectors, word: str, topn: Topn = 10) -> Found:
    """The `topn` nearest more general terms, from the most specific to the most general one.

    Vectors trained on a closure hold all ancestors of a term nearer than any other term, so that
    these are its ancestors when `topn` is their number.
    """
    found = parents(vectors, word, topn)
    index = [vectors.get_index(name) for name, _ in found]
    radii = manifold.radius(vectors.vectors[index], kind_of(vectors))
    return [found[i] for i in np.argsort(-radii, kind="stable")]


def _nearest(vectors: WordVectors, word: str, topn: int, side: int) -> Found:
    kind, own = kind_of(vectors), vectors.get_index(word)
    distances = manifold.distance(vectors.vectors[own][None], vectors.vectors, kind)
    radii = manifold.radius(vectors.vectors, kind)
    distances[~(side * radii > side * radii[own])] = np.inf
    nearest = np.argsort(distances, kind="stable")[: max(0, topn)]
    keys = vectors.index_to_key
    return [(keys[i], float(distances[i])) for i in nearest if np.isfinite(distances[i])]


def convert_model(vectors: WordVectors, target: str) -> WordVectors:
    """The same points in the other model of hyperbolic space, "poincare" or "lorentz"."""
    points = manifold.convert(vectors.vectors, kind_of(vectors), target)
    return _like(vectors, list(vectors.index_to_key), points, {"manifold": target}, vectors.counts)


def _like(
    vectors: WordVectors,
    names: Sequence[str],
    points: NDArray[np.float64],
    meta: dict[str, object],
    counts: NDArray[np.int64] | None,
) -> WordVectors:
    return WordVectors(names, points, counts=counts, meta={**vectors.meta, **meta})


def write_text(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes a line a term: the name, then its coordinates with all digits of float64, by tabs.

    Points of the hyperboloid get their time coordinate first. The first line names the columns.
    """
    points = np.asarray(vectors.vectors, dtype=np.float64)
    head = [f"x{i + 1}" for i in range(points.shape[1])]
    if kind_of(vectors) == "lorentz":
        points, head = np.column_stack([manifold.time_coordinate(points), points]), ["x0", *head]
    with write_atomically(path, force=force) as file:
        file.write(("\t".join(["name", *head]) + "\n").encode())
        for name, row in zip(vectors.index_to_key, points.tolist(), strict=True):
            line = "\t".join([name, *map(repr, row)]) + "\n"
            file.write(line.encode("utf-8", "surrogateescape"))


def add_node(
    vectors: WordVectors,
    name: str,
    *,
    parents: Sequence[str] = (),
    children: Sequence[str] = (),
    steps: int = 300,
    alpha: float = 0.3,
    negative: int = 5000,
    seed: int = 1,
) -> WordVectors:
    """Vectors with one more term; no other one moves.

    Parameters
    ----------
    name
        The new term.
    parents, children
        Its ancestors (all of them, for vectors of a closure) and descendants that are known; at
        least one term.
    steps, alpha
        Steps of the optimisation, and its rate, which falls to 0.
    negative
        Number of other terms that the new one is kept away from; all, when there are fewer.

    Returns
    -------
    WordVectors
        A copy; the new term is the last.

    Raises
    ------
    ValueError
        If the term is there, or nothing says where it belongs.

    Notes
    -----
    The new point u minimises the training loss of its relations, softmax over a child's distances
    to the true parent and the negatives, by Riemannian gradient steps in the ball.
    """
    if name in vectors:
        raise ValueError(f"{name!r} is there already")
    if not parents and not children:
        raise ValueError(f"{name!r} needs a parent or a child that says where it belongs")
    kind = kind_of(vectors)
    if kind == "euclidean":
        raise ValueError("a node can be added on the Poincare ball or the hyperboloid")
    points = manifold.convert(vectors.vectors, kind, "poincare")
    above = np.array([vectors.get_index(p) for p in parents], dtype=np.int64)
    below = np.array([vectors.get_index(c) for c in children], dtype=np.int64)
    rng = np.random.Generator(np.random.Philox(key=seed))
    others = np.setdiff1d(np.arange(len(points)), np.concatenate([above, below]))
    if len(others) > negative:
        others = rng.choice(others, negative, replace=False)
    near = np.concatenate([above, below])
    u = manifold.midpoint(points[near])
    outward = u / max(float(np.linalg.norm(u)), 1e-2) + 0.1 * rng.normal(size=len(u))
    if len(above):  # a little beyond its parents
        u = manifold.add(u, np.tanh(0.25) * outward / np.linalg.norm(outward))
    radii = manifold.radius(points, "poincare")
    low = float(radii[above].max()) + BEYOND if len(above) else 0.0
    high = float(radii[below].min()) - BEYOND if len(below) else np.inf
    u = _between(u, low, high)
    for step in range(steps):
        gradient = _pull(points, u, above, below, others)
        length = float(np.linalg.norm(gradient)) * 2 / float(manifold.gap(u))
        if length == 0:
            break
        move = alpha * (1 - step / steps) * length
        way = -gradient / np.linalg.norm(gradient)
        u = _between(manifold.add(u, np.tanh(min(move, 1.0) / 2) * way), low, high)
    placed = manifold.convert(u[None], "poincare", kind)
    counts = vectors.counts
    if counts is not None:
        counts = np.append(counts, len(near))
    grown = np.vstack([vectors.vectors, placed])
    return _like(vectors, [*vectors.index_to_key, name], grown, {}, counts)


def _between(u: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """u, moved along its ray to a distance from the origin between low and high; high wins."""
    norm = max(float(np.linalg.norm(u)), 1e-300)
    radius = 2 * np.arctanh(min(norm, EDGE))
    wanted = max(min(max(radius, low), high), 0.0)
    return u if wanted == radius else np.asarray(u * (min(np.tanh(wanted / 2), EDGE) / norm))


def _pull(
    points: NDArray[np.float64],
    u: NDArray[np.float64],
    above: NDArray[np.int64],
    below: NDArray[np.int64],
    others: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Riemannian gradient (d,) of the loss of u's relations, in coordinates of the ball."""

    def away(ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """e^-d(u, x), and the Riemannian gradients of d(u, x) at u."""
        x = points[ids]
        difference, a, b = u - x, manifold.gap(u), manifold.gap(x)
        q = np.einsum("ij,ij->i", difference, difference)
        g1 = 2 * q / (a * b)
        s = np.sqrt(g1 * (g1 + 2))
        slope = (a / (b * np.maximum(s, 1e-12)))[:, None] * (difference + (q / a)[:, None] * u)
        return 1 / (1 + g1 + s), slope

    noise, push = away(others)
    gradient = np.zeros_like(u)
    for ids in (above, below):
        if not len(ids):
            continue
        true, pull = away(ids)
        share = 1 / (true + noise.sum())
        gradient += (noise.sum() * share) @ pull - share.sum() * (noise @ push)
    return gradient
