"""Points recovered from distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.hierarchy.hmds import HyperbolicMDS
from wordvec.vectors import manifold


@given(st.integers(0, 10**6), st.integers(2, 20), st.integers(1, 4), st.sampled_from([0.5, 1.0]))
def test_exact_distances_are_recovered(seed: int, n: int, d: int, tau: float) -> None:
    points = np.random.default_rng(seed).normal(size=(n, d)) * 2
    away = manifold.distance(points[:, None], points[None], "lorentz") / tau
    for kind in ("poincare", "lorentz"):
        found = HyperbolicMDS(vector_size=d, tau=tau, manifold=kind).fit(away)
        ours = manifold.distance(
            found.vectors_.vectors[:, None], found.vectors_.vectors[None], kind
        )
        np.testing.assert_allclose(ours, tau * away, atol=1e-5)
        assert found.vectors_.meta["manifold"] == kind


def test_too_few_dimensions_leave_a_residual() -> None:
    points = np.random.default_rng(0).normal(size=(30, 6))
    away = manifold.distance(points[:, None], points[None], "lorentz")
    residuals = [HyperbolicMDS(vector_size=d).fit(away).residual_ for d in (2, 4, 6)]
    assert residuals[0] > residuals[1] > residuals[2]
    assert residuals[2] < 1e-9


@pytest.mark.parametrize(
    ("distances", "message"),
    [
        (np.zeros((2, 3)), "square"),
        (np.array([[0, 1.0], [2.0, 0]]), "symmetric"),
        (np.array([[0, np.nan], [np.nan, 0]]), "finite"),
        (np.array([[0, -1.0], [-1.0, 0]]), "not negative"),
        (np.array([[0, 500.0], [500.0, 0]]), "tau must be <= 0.6"),
    ],
)
def test_bad_distances_are_refused(distances: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HyperbolicMDS().fit(distances)
