"""Hyperbolic multidimensional scaling: points from a matrix of distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from wordvec.estimator import Estimator, option, same_option
from wordvec.training.card import card
from wordvec.training.options import TrainedModel
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MOST = 300.0  # cosh of more overflows products in the eigensolver


@dataclass
class HyperbolicMDS(Estimator):
    """Recovers points of hyperbolic space from their distances (Sala et al. 2018, section 4).

    Parameters
    ----------
    vector_size
        Dimensions.
    tau
        The distances are multiplied by it first: longer ones are more tree-like and need more
        precision.
    manifold
        "poincare" or "lorentz": the coordinates of the result.

    Attributes
    ----------
    vectors_ : WordVectors
    residual_ : float
        Share of the spectrum that `vector_size` dimensions leave out; 0 for exact distances.

    Notes
    -----
    For points of the hyperboloid, cosh d(u, v) = u_0 v_0 - u.v: the matrix of cosh(tau D) has one
    positive eigenvalue, whose vector is the time coordinate, and d negative ones, whose vectors are
    the spatial coordinates, up to an isometry.
    """

    papers: ClassVar[tuple[str, ...]] = ("sala2018",)

    vector_size: int = same_option(TrainedModel, "vector_size", 2)
    tau: float = option(1.0, "Factor of the distances.", at_least=1e-12)
    manifold: str = "poincare"

    vectors_: WordVectors = field(init=False, repr=False, compare=False)
    residual_: float = field(init=False, repr=False, compare=False)

    def fit(self, distances: ArrayLike, names: Sequence[str] | None = None) -> Self:
        """Sets `vectors_` and `residual_` from (n, n) distances; returns the estimator.

        Parameters
        ----------
        distances : array_like of float, shape (n, n)
            Distance of each two nodes: symmetric, finite, >= 0.
        names : sequence of str, length n, optional
            Names of the nodes; by default their numbers.

        Raises
        ------
        ValueError
            Distances that are not symmetric, not finite, negative, or too large for tau.
        """
        self._check()
        manifold.check_manifold(self.manifold)
        D = np.asarray(distances, dtype=np.float64)
        if D.ndim != 2 or D.shape[0] != D.shape[1] or not len(D):
            raise ValueError(f"distances must be a square matrix, got shape {D.shape}")
        if not np.isfinite(D).all() or (D < 0).any() or not np.allclose(D, D.T, rtol=1e-9):
            raise ValueError("distances must be finite, symmetric and not negative")
        if self.tau * D.max() > MOST:
            raise ValueError(
                f"tau times the largest distance is {self.tau * D.max():.4g}, beyond float64: "
                f"tau must be <= {MOST / D.max():.4g}"
            )
        values, vectors = np.linalg.eigh(np.cosh(self.tau * D))
        d = min(self.vector_size, len(D) - 1)
        spatial = vectors[:, :d] * np.sqrt(np.maximum(-values[:d], 0))
        spatial = np.pad(spatial, ((0, 0), (0, self.vector_size - d)))
        left_out = np.abs(values[d:-1]).sum()
        self.residual_ = float(left_out / np.abs(values[:-1]).sum()) if len(D) > 1 else 0.0
        spatial = _centred(spatial)
        self.vectors_ = WordVectors(
            [str(i) for i in range(len(D))] if names is None else names,
            manifold.convert(spatial, "lorentz", self.manifold),
            meta=card(
                self,
                name="hmds",
                manifold=self.manifold,
                construction={"tau": self.tau, "residual": self.residual_},
            ),
        )
        return self


def _centred(spatial: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the hyperboloid, moved so that their centroid is the origin.

    The eigenvectors leave them wherever they are; near the origin coordinates are most exact.
    """
    time = manifold.time_coordinate(spatial)
    total, total_time = spatial.sum(0), float(time.sum())
    norm = np.sqrt(max(total_time**2 - total @ total, 1e-300))
    b, b0 = total / norm, total_time / norm
    # The boost that takes (b0, b) to (1, 0): x - (x_0 - x.b / (1 + b0)) b.
    return np.asarray(spatial - (time - spatial @ b / (1 + b0))[:, None] * b)
