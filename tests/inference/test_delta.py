"""Gradients against finite differences; values against their definitions."""

import numpy as np
import pytest

from wordvec.inference import delta

FUNCTIONS = {
    "cosine": (delta.cosine, 2),
    "difference": (delta.cosine_difference, 4),
    "analogy": (delta.analogy, 4),
    "centroids": (delta.centroids(3), 5),
    "projection": (delta.projection, 3),
    "weat": (delta.weat((3, 2, 4, 3), effect=False), 12),
    "effect": (delta.weat((3, 2, 4, 3), effect=True), 12),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_gradient_is_that_of_finite_differences(name):
    function, n = FUNCTIONS[name]
    X = np.random.default_rng(1).normal(size=(n, 7))
    _, gradient = function(X)
    h = 1e-5
    for i in range(n):
        for k in range(7):
            step = np.zeros_like(X)
            step[i, k] = h
            slope = (function(X + step)[0] - function(X - step)[0]) / (2 * h)
            assert gradient[i, k] == pytest.approx(slope, abs=1e-6 * max(1, abs(gradient).max()))


def test_values_are_those_of_the_definitions():
    X = np.random.default_rng(2).normal(size=(12, 5))
    U = X / np.linalg.norm(X, axis=1, keepdims=True)

    def cos(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert delta.cosine(X[:2])[0] == pytest.approx(cos(X[0], X[1]))
    assert delta.analogy(X[:4])[0] == pytest.approx(cos(U[1] - U[0] + U[2], X[3]))
    assert delta.projection(X[:3])[0] == pytest.approx(cos(X[0], U[1] - U[2]))
    assert delta.centroids(2)(X[:5])[0] == pytest.approx(
        cos(U[:2].mean(axis=0), U[2:5].mean(axis=0))
    )
    s = [np.mean([cos(w, a) for a in X[5:9]]) - np.mean([cos(w, b) for b in X[9:]]) for w in X[:5]]
    mean = np.mean(s[:3]) - np.mean(s[3:])
    assert delta.weat((3, 2, 4, 3), effect=False)(X)[0] == pytest.approx(mean)
    assert delta.weat((3, 2, 4, 3), effect=True)(X)[0] == pytest.approx(mean / np.std(s, ddof=1))


def test_a_zero_vector_and_associations_that_do_not_vary_are_refused():
    with pytest.raises(ValueError, match="zero"):
        delta.cosine(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="vary"):
        delta.weat((1, 1, 1, 1), effect=True)(np.eye(4, 5)[[0, 0, 1, 2]])
