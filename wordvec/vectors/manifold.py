"""The geometry of manifold vectors, on arrays: distances, maps, what ranks are compared by.

Coordinates. A point of the Poincare ball is its d coordinates, |x| < 1. A point of the Lorentz
model (hyperboloid) is its d spatial coordinates; x_0 = sqrt(1 + |x|^2) is not stored. Both have
curvature -1. "euclidean" is flat space. All of it is float64: at radius r, 1 - |x|^2 = 4 e^-r, and
float32 cannot tell points apart from radius 8 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Points: TypeAlias = NDArray[np.float64]

Manifold: TypeAlias = Literal["poincare", "lorentz", "euclidean"]
MANIFOLDS: tuple[Manifold, ...] = ("poincare", "lorentz", "euclidean")


def check_manifold(name: Any) -> None:
    """Raises ValueError for a name that is no manifold."""
    if name not in MANIFOLDS:
        raise ValueError(f"manifold must be one of {', '.join(MANIFOLDS)}, got {name!r}")


def distance(u: ArrayLike, v: ArrayLike, manifold: str) -> Points:
    """Distance of points along the last axis; the other axes broadcast.

    Parameters
    ----------
    u, v : array_like of float, shape (..., d)
    manifold : "poincare", "lorentz" or "euclidean"

    Notes
    -----
    Ball: 2 asinh(|u - v| / sqrt((1 - |u|^2)(1 - |v|^2))), which is arcosh(1 + 2 t^2) without its
    cancellation. Hyperboloid: cosh d - 1 = (|u - v|^2 - (u_0 - v_0)^2) / 2 with
    u_0 - v_0 = (u - v).(u + v) / (u_0 + v_0).

    Examples
    --------
    >>> round(float(distance([0.0, 0.0], [0.5, 0.0], "poincare")), 12)  # log 3
    1.098612288668
    """
    check_manifold(manifold)
    u, v = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
    difference = u - v
    square = np.einsum("...i,...i", difference, difference)
    if manifold == "euclidean":
        return np.asarray(np.sqrt(square))
    if manifold == "poincare":
        return np.asarray(2 * np.arcsinh(np.sqrt(square / (gap(u) * gap(v)))))
    u0, v0 = time_coordinate(u), time_coordinate(v)
    shift = np.einsum("...i,...i", difference, u + v) / (u0 + v0)
    return np.asarray(2 * np.arcsinh(0.5 * np.sqrt(np.maximum(square - shift * shift, 0))))


def gap(x: Points) -> Points:
    """1 - |x|^2 along the last axis, from (1 - |x|)(1 + |x|)."""
    norm = np.sqrt(np.einsum("...i,...i", x, x))
    return np.asarray((1 - norm) * (1 + norm))


def time_coordinate(x: Points) -> Points:
    """x_0 = sqrt(1 + |x|^2) of points of the hyperboloid."""
    return np.asarray(np.sqrt(1 + np.einsum("...i,...i", x, x)))


def radius(x: ArrayLike, manifold: str) -> Points:
    """Distance from the origin: how specific a term is."""
    check_manifold(manifold)
    x = np.asarray(x, dtype=np.float64)
    norm = np.sqrt(np.einsum("...i,...i", x, x))
    if manifold == "euclidean":
        return np.asarray(norm)
    return np.asarray(2 * np.arctanh(norm) if manifold == "poincare" else np.arcsinh(norm))


def convert(x: ArrayLike, source: str, target: str) -> Points:
    """The same hyperbolic points in the coordinates of the other model.

    Ball -> hyperboloid: 2 x / (1 - |x|^2); back: x / (1 + x_0).
    """
    for name in (source, target):
        check_manifold(name)
    x = np.asarray(x, dtype=np.float64)
    if source == target:
        return x.copy()
    if "euclidean" in (source, target):
        raise ValueError("flat vectors are no points of a hyperbolic model")
    if source == "poincare":
        return np.asarray(2 * x / gap(x)[..., None])
    return np.asarray(x / (1 + time_coordinate(x))[..., None])


def comparable(x: ArrayLike, manifold: str) -> tuple[Points, Points]:
    """Points p and scales s such that |p_u - p_v|^2 s_v orders all v by distance from u.

    Returns
    -------
    points : (n, d)
    scales : (n,)
        Ball: 1 / (1 - |x|^2). The hyperboloid's points are taken to the ball, where
        1 - |p|^2 = 2 / (1 + x_0) loses nothing.
    """
    check_manifold(manifold)
    x = np.asarray(x, dtype=np.float64)
    if manifold == "euclidean":
        return x, np.ones(len(x))
    if manifold == "poincare":
        return x, 1 / gap(x)
    time = time_coordinate(x)
    return x / (1 + time)[:, None], (1 + time) / 2


def add(x: Points, y: Points) -> Points:
    """Moebius sum x + y in the ball: y seen from x. Along the last axis."""
    xy = np.einsum("...i,...i", x, y)[..., None]
    xx = np.einsum("...i,...i", x, x)[..., None]
    yy = np.einsum("...i,...i", y, y)[..., None]
    return np.asarray(((1 + 2 * xy + yy) * x + (1 - xx) * y) / (1 + 2 * xy + xx * yy))


def midpoint(x: Points, weights: Points | None = None) -> Points:
    """Centroid (d,) of points (n, d) of the ball.

    The hyperboloid's points are summed and projected back, which minimises the weighted sum of
    cosh d (Law et al. 2019).
    """
    scale = 1 / gap(x)
    weight = np.ones(len(x)) if weights is None else weights
    total, time = (weight * 2 * scale) @ x, float(weight @ (2 * scale - 1))
    norm = np.sqrt(time * time - total @ total)
    return np.asarray(total / (norm + time))


def closeness(rows: NDArray[Any], query: NDArray[Any], manifold: str) -> Points:
    """Minus the distance of each row (n, d) from the query (d,)."""
    return -distance(rows, query[None], manifold)
