"""Logistic regression, linear and with a kernel: the classifiers of the probes, RNSB and LRCos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_F64 = NDArray[np.float64]
_LEAST = 1e-6  # of p (1 - p): a certain item still counts, so that steps stay finite


def rbf_kernel(X: _F64, Y: _F64) -> _F64:
    """exp(-|x - y|^2) for unit rows: a width that suits vectors on the unit sphere."""
    return np.asarray(np.exp(2 * np.minimum(X @ Y.T, 1) - 2))


def linear(X: _F64, y: _F64, *, l2: float = 1.0) -> _F64:
    """Weights of f(x) = w . x + b, P(1 | x) = 1 / (1 + exp(-f)), with b regularised like w.

    Parameters
    ----------
    X : (n, d) training items
    y : (n,) of 0 and 1
    l2 : weight of |w|^2 / 2 + b^2 / 2 against the log-likelihood

    Returns
    -------
    (d + 1,), b last; `decide` applies them.

    Notes
    -----
    Newton's method: (X' W X + l2) step = X' (y - p) - l2 w, W = p (1 - p); by `fit` where items
    are fewer than dimensions.
    """
    Z = np.c_[X, np.ones(len(X))]
    if len(Z) < Z.shape[1]:
        return np.asarray(fit(Z @ Z.T, y, l2=l2) @ Z)
    ridge = l2 * np.eye(Z.shape[1])

    def newton(w: _F64) -> _F64:
        p = probabilities(Z @ w)
        # Z'WZ as a product of one matrix with itself, which BLAS does at half the cost.
        root = Z * np.sqrt(np.maximum(p * (1 - p), _LEAST))[:, None]
        step = np.linalg.solve(root.T @ root + ridge, Z.T @ (y - p) - l2 * w)
        return np.asarray(w + step)

    return _iterate(newton, np.zeros(Z.shape[1]))


def decide(X: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """f(x) of weights as `linear` gives them: (n,), of the type of X and weights."""
    return np.asarray(X @ weights[:-1] + weights[-1])


def fit(K: _F64, y: _F64, *, l2: float = 1.0) -> _F64:
    """Coefficients a of f(x) = sum_i a_i k(x_i, x), P(1 | x) = 1 / (1 + exp(-f)).

    Parameters
    ----------
    K : (n, n) kernel matrix of the training items
    y : (n,) of 0 and 1
    l2 : weight of |f|^2 / 2 against the log-likelihood

    Notes
    -----
    Newton's method as iteratively reweighted least squares (Zhu & Hastie 2005): a solves
    (K + l2 W^-1) a = z with W = p (1 - p) and z = f + (y - p) / W.
    """
    diagonal = np.arange(len(y))

    def newton(a: _F64) -> _F64:
        f = K @ a
        p = probabilities(f)
        weight = np.maximum(p * (1 - p), _LEAST)
        system = K.copy()
        system[diagonal, diagonal] += l2 / weight
        return np.asarray(np.linalg.solve(system, f + (y - p) / weight), np.float64)

    return _iterate(newton, np.zeros(len(y)))


def _iterate(step: Callable[[_F64], _F64], at: _F64) -> _F64:
    """Newton's steps until they no longer change anything."""
    for _ in range(50):
        new = step(at)
        moved = float(np.abs(new - at).max())
        at = new
        if moved < 1e-8 * (1 + float(np.abs(at).max())):
            break
    return at


def probabilities(f: _F64) -> _F64:
    """1 / (1 + exp(-f)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(f / 2)))
