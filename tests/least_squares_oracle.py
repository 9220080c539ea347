"""Weighted least squares by the book, for the tests of uncertainty."""

from types import SimpleNamespace

import numpy as np

# Of the models that tests/inference trains.
D, X_MAX, ALPHA = 8, 10.0, 0.75


def least_squares(x, y, f, C, *, residuals=None, profiled=False):
    """Weighted least squares by the book, a loop at a time: slope, s, model covariance, HC1."""
    n, d = C.shape
    Z = np.hstack([C, np.ones((n, 1))]) if profiled else C
    p = Z.shape[1]
    M = sum(f[j] * np.outer(Z[j], Z[j]) for j in range(n))
    inverse = np.linalg.inv(M)
    beta = inverse @ sum(f[j] * y[j] * Z[j] for j in range(n))
    r = y - Z @ beta if residuals is None else residuals
    s = np.sqrt(sum(f[j] * r[j] ** 2 for j in range(n)) / (n - p))
    meat = sum(f[j] ** 2 * r[j] ** 2 * np.outer(Z[j], Z[j]) for j in range(n))
    hc1 = inverse @ meat @ inverse * n / (n - p)
    return SimpleNamespace(
        beta=beta,
        w=beta[:d],
        s=s,
        model=s**2 * inverse[:d, :d],
        hc1=hc1[:d, :d],
        inverse=inverse,
        r=r,
        Z=Z,
    )
