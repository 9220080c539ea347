"""RCSLS: a linear map that is trained on the retrieval criterion itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import option
from wordvec.spaces.alignment.mapping import F32, F64, NORMALIZE, Mapping, procrustes
from wordvec.spaces.alignment.retrieval import nearest


@dataclass(kw_only=True)
class RCSLS(Mapping):
    """Minimises the relaxed CSLS loss from the Procrustes map on; every accepted step lowers it.

    Parameters
    ----------
    normalize : tuple of "unit" or "center"
        Done to both spaces before the map.
    neighbors : int
        k of CSLS.
    epochs : int
        Steps of gradient descent.
    alpha : float
        Rate of the first step. A step that does not lower the loss is taken back and the rate
        halved.
    candidates : int
        The most frequent words of each side among which neighbours are looked for.
    spectral : bool
        Clip the singular values of the map to at most 1 after each step.

    Attributes
    ----------
    losses_ : list of float
        The loss before the first step and after each accepted one; it falls.

    Notes
    -----
    f(W) = -(1/n) sum_i [ 2 x_i W z_i' - (1/k) sum_{z in N(x_i W)} x_i W z'
    - (1/k) sum_{x in N(z_i)} x W z_i' ].

    References
    ----------
    Joulin, Bojanowski, Mikolov, Jégou & Grave (2018), "Loss in translation: learning bilingual word
    mapping with a retrieval criterion", equation 6.
    """

    name: ClassVar[str] = "rcsls"
    normalize: tuple[str, ...] = option(
        NORMALIZE, "Steps done to both spaces first: unit, center.", choices=("unit", "center")
    )
    neighbors: int = option(
        10, "Neighbours of the criterion.", at_least=1, source="Joulin et al. 2018"
    )
    epochs: int = option(10, "Steps of gradient descent.", at_least=1, source="Joulin et al. 2018")
    alpha: float = option(1.0, "Rate of the first step.", above=0, source="Joulin et al. 2018")
    candidates: int = option(
        50_000, "Words of each side among which neighbours are looked for.", at_least=1
    )
    spectral: bool = option(False, "Clip the singular values of the map to at most 1.")

    def _solve(self, X: F32, Z: F32, pairs: NDArray[np.int64]) -> None:
        A, B = X[pairs[:, 0]], Z[pairs[:, 1]]
        W = procrustes(A, B)[0]
        Xc, Zc = X[: self.candidates], Z[: self.candidates]
        loss, gradient = self._loss(A, B, Xc, Zc, W)
        self.losses_ = [loss]
        rate = self.alpha
        for _ in range(self.epochs):
            step = W - rate * gradient
            if self.spectral:
                U, s, Vt = np.linalg.svd(step, full_matrices=False)
                step = (U * np.minimum(s, 1)) @ Vt
            new, slope = self._loss(A, B, Xc, Zc, step)
            if new < loss:
                W, loss, gradient = step, new, slope
                self.losses_.append(new)
            else:
                rate /= 2
        self.matrix_ = W.T

    def _loss(self, A: F32, B: F32, X: F32, Z: F32, W: F64) -> tuple[float, F64]:
        """The loss and its gradient, (d_x, d_z), at W."""
        n, k = len(A), min(self.neighbors, len(X), len(Z))
        Xw, Aw = _unit(X @ W.astype(np.float32)), (A @ W.astype(np.float32))
        near_target = nearest(_unit(Aw), Z, k)[0]
        near_source = nearest(B, Xw, k)[0]
        sum_z = Z[near_target].sum(axis=1, dtype=np.float64) / k  # (n, d_z)
        sum_x = X[near_source].sum(axis=1, dtype=np.float64) / k  # (n, d_x)
        A64, B64 = A.astype(np.float64), B.astype(np.float64)
        gradient = -(2 * A64.T @ B64 - A64.T @ sum_z - sum_x.T @ B64) / n
        # The loss is linear in W while the neighbours stay.
        return float((gradient * W).sum()), gradient


def _unit(X: F32) -> F32:
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.where(norms > 0, norms, 1), np.float32)
