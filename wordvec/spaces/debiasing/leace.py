"""LEACE: the smallest change after which no linear reader finds the concept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wordvec.estimator import option
from wordvec.spaces.debiasing.base import (
    F64,
    Labelled,
    LearnsFromLabels,
    all_unit,
    check_classes,
    unit_rows,
)
from wordvec.vectors.vectors import WordVectors


@dataclass(kw_only=True)
class LEACE(LearnsFromLabels):
    """Least-squares concept erasure: after it, the classes have the same mean.

    r(x) = x - S_xz (S_zx S_xx^+ S_xz)^+ S_zx S_xx^+ (x - mean). No linear classifier of the words
    that it was fitted to beats a constant answer, under any convex loss, and no other affine map
    that achieves this changes the vectors less. It says nothing about readers that are not linear.

    Parameters
    ----------
    concept, pairs, sets, exempt
        See `HardDebias`.
    words, restrict_vocab : int
        Most biased words of each class to choose from, among the most frequent words; two thirds
        of them are learned from.
    unit : bool
        Learn from the directions of the vectors (length 1), which is what cosines read. The promise
        then holds for vectors of length 1, and for directions in good approximation. False learns
        from the vectors as they are, and the promise holds for them as they are.

    Attributes
    ----------
    matrix_, offset_ : ndarray
        With `unit` and vectors of other lengths the offset is 0: it moves all vectors alike and is
        not needed for the promise.

    References
    ----------
    Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff & Biderman (2023), "LEACE: perfect linear
    concept erasure in closed form", theorems 3.1 and 4.2.
    """

    name: ClassVar[str] = "leace"
    unit: bool = option(True, "Learn from directions (length 1), which is what cosines read.")

    def _learn_from(self, vectors: WordVectors, chosen: Labelled) -> None:
        classes = check_classes(chosen)
        X = np.asarray(vectors.matrix.take(chosen.ids), np.float64)
        as_they_are = not self.unit or all_unit(X)
        if self.unit:
            X = unit_rows(vectors, chosen.ids)
        P, mean = eraser(X, np.eye(classes)[chosen.labels])
        self.matrix_ = np.eye(len(mean)) - P
        self.offset_ = P @ mean if as_they_are else np.zeros(len(mean))


def eraser(X: F64, Z: F64) -> tuple[F64, F64]:
    """P (d, d) and the mean (d,) of r(x) = x - P (x - mean), for items X (n, d), concepts Z (n, k).

    P is an oblique projection of rank k - 1 onto the column space of S_xz. In place of the roots of
    S_xx that the paper takes, the same map from one pseudo-inverse.
    """
    mean = X.mean(axis=0)
    centred = X - mean
    S_xz = centred.T @ (Z - Z.mean(axis=0)) / len(X)
    # Differences of means, and not an absolute cut on whitened values, decide the rank.
    U, values, _ = np.linalg.svd(S_xz, full_matrices=False)
    scale = float(np.abs(X).max(initial=0))
    U = U[:, values > len(X) * np.finfo(np.float64).eps * max(scale, 1e-300)]
    # S_xx^+ U by the singular values of the items: no squared condition number.
    _, sizes, axes = np.linalg.svd(centred / np.sqrt(len(X)), full_matrices=False)
    kept = sizes > max(X.shape) * np.finfo(np.float64).eps * sizes[0] if len(sizes) else sizes > 0
    axes, sizes = axes[kept], sizes[kept]
    whitened = (axes @ U) / sizes[:, None]
    W = axes.T @ (whitened / sizes[:, None])  # S_xx^+ U
    middle = whitened.T @ whitened  # U' S_xx^+ U
    return U @ np.linalg.pinv(middle, hermitian=True) @ W.T, mean
