"""Distances and maps against the textbook formulas and high precision."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.vectors import manifold


def points(seed: int, n: int, d: int, radius: float) -> np.ndarray:
    """Of the ball, at distances up to `radius` from the origin."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(np.tanh(rng.uniform(0, radius, n) / 2)[:, None] * x)


def precise(u: np.ndarray, v: np.ndarray) -> float:
    with mpmath.workprec(300):
        a, b = [mpmath.mpf(float(c)) for c in u], [mpmath.mpf(float(c)) for c in v]
        gap = lambda x: 1 - sum(c * c for c in x)  # noqa: E731
        square = sum((p - q) ** 2 for p, q in zip(a, b, strict=True))
        return float(mpmath.acosh(1 + 2 * square / (gap(a) * gap(b))))


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_distances_of_the_ball_keep_their_digits_far_out(seed: int, d: int) -> None:
    u, v = points(seed, 2, d, 20)
    # 1 - |x|^2 = 4 e^-20 is known to 2^-53 of 1: a relative error of 1e-8.
    assert float(manifold.distance(u, v, "poincare")) == pytest.approx(precise(u, v), rel=1e-7)


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_both_models_measure_the_same_distance(seed: int, d: int) -> None:
    x = points(seed, 5, d, 10)
    y = manifold.convert(x, "poincare", "lorentz")
    ball = manifold.distance(x[:, None], x[None], "poincare")
    sheet = manifold.distance(y[:, None], y[None], "lorentz")
    np.testing.assert_allclose(sheet, ball, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(manifold.convert(y, "lorentz", "poincare"), x, rtol=1e-10)
    np.testing.assert_allclose(
        manifold.radius(x, "poincare"), manifold.radius(y, "lorentz"), rtol=1e-7
    )


def test_a_small_distance_far_out_does_not_cancel() -> None:
    u, v = (
        np.array([3e5, 0.0]),
        np.array([3e5, 0.1]),
    )  # radius 13.3; -<u, v> has no digit of it left
    with mpmath.workprec(200):
        a, b = mpmath.mpf(3e5), mpmath.mpf(0.1)
        g = mpmath.sqrt(1 + a * a) * mpmath.sqrt(1 + a * a + b * b) - a * a
        exact = float(mpmath.acosh(g))
    assert float(manifold.distance(u, v, "lorentz")) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("kind", manifold.MANIFOLDS)
def test_comparable_scores_order_as_distances_do(kind: str) -> None:
    x = points(3, 60, 4, 9)
    x = manifold.convert(x, "poincare", kind) if kind != "euclidean" else x
    p, scale = manifold.comparable(x, kind)
    for u in range(60):
        score = ((p - p[u]) ** 2).sum(1) * scale
        away = manifold.distance(x[u][None], x, kind)
        np.testing.assert_array_equal(np.argsort(score)[1:], np.argsort(away)[1:])


def test_adding_a_point_is_an_isometry() -> None:
    x, a = points(1, 8, 3, 4), points(2, 1, 3, 4)[0]
    moved = manifold.add(np.broadcast_to(a, x.shape), x)
    np.testing.assert_allclose(
        manifold.distance(moved[0], moved[1:], "poincare"),
        manifold.distance(x[0], x[1:], "poincare"),
        rtol=1e-9,
    )


def test_the_midpoint_of_two_points_is_halfway() -> None:
    x = points(5, 2, 3, 5)
    middle = manifold.midpoint(x)
    to = manifold.distance(middle, x, "poincare")
    assert to[0] == pytest.approx(to[1])
    assert to.sum() == pytest.approx(float(manifold.distance(x[0], x[1], "poincare")))


def test_unknown_and_flat_manifolds_are_refused() -> None:
    with pytest.raises(ValueError, match="manifold must be one of"):
        manifold.distance([0.0], [0.0], "sphere")
    with pytest.raises(ValueError, match="flat vectors"):
        manifold.convert([[0.0]], "euclidean", "lorentz")
