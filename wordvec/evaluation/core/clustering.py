"""K-means, and how far clusters agree with classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_F64 = NDArray[np.float64]
_I64 = NDArray[np.int64]


def kmeans(X: _F64, k: int, *, seed: int, iterations: int = 100) -> _I64:
    """Cluster of each row (n,), by Lloyd's algorithm from k-means++ centres (Arthur & Vassilvitskii
    2007). A cluster that runs empty takes the row farthest from its centre."""
    rng = np.random.default_rng(seed)
    squares = np.einsum("ij,ij->i", X, X)
    centres = X[[rng.integers(len(X))]]
    nearest = squares - 2 * (X @ centres[0]) + centres[0] @ centres[0]
    for _ in range(1, k):
        weight = np.maximum(nearest, 0)
        total = weight.sum()
        row = rng.choice(len(X), p=weight / total) if total > 0 else rng.integers(len(X))
        centres = np.vstack([centres, X[row]])
        nearest = np.minimum(nearest, squares - 2 * (X @ X[row]) + squares[row])
    labels = np.full(len(X), -1)
    ones, each = np.ones(len(X)), np.arange(len(X) + 1)
    for _ in range(iterations):
        distances = np.einsum("ij,ij->i", centres, centres) - X @ (2 * centres.T)
        new = distances.argmin(axis=1)
        sizes = np.bincount(new, minlength=k)
        for empty in np.flatnonzero(sizes == 0):
            own = distances[np.arange(len(X)), new] + squares
            own[sizes[new] < 2] = -np.inf
            far = int(own.argmax())
            sizes[new[far]] -= 1
            new[far], sizes[empty] = empty, 1
        if (new == labels).all():
            break
        labels = new
        members = sparse.csr_array((ones, labels, each), shape=(len(X), k))
        centres = members.T @ X / sizes[:, None]
    return np.asarray(labels, np.int64)


def contingency(classes: _I64, clusters: _I64, weights: _I64 | None = None) -> _F64:
    """How many words of each class (rows) are in each cluster (columns)."""
    k = int(clusters.max()) + 1
    n = int(classes.max()) + 1
    flat = np.bincount(classes * k + clusters, weights=weights, minlength=n * k)
    return np.asarray(flat.reshape(n, k), np.float64)


def purity(table: _F64) -> float:
    """Share of words whose class is the commonest of their cluster."""
    return float(table.max(axis=0).sum() / table.sum())


def v_measure(classes: _I64, clusters: _I64) -> float:
    """Harmonic mean of homogeneity and completeness (Rosenberg & Hirschberg 2007)."""
    return v_of(contingency(classes, clusters))


def v_of(table: _F64) -> float:
    joint = table / table.sum()
    h_class, h_cluster = _entropy(joint.sum(axis=1)), _entropy(joint.sum(axis=0))
    h_joint = _entropy(joint.ravel())
    homogeneity = 1 - (h_joint - h_cluster) / h_class if h_class > 0 else 1.0
    completeness = 1 - (h_joint - h_class) / h_cluster if h_cluster > 0 else 1.0
    both = homogeneity + completeness
    return 2 * homogeneity * completeness / both if both > 0 else 0.0


def _entropy(p: _F64) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())
