"""Post-processing of a space: centring, removing top components, whitening, PCA, unit length."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from wordvec.estimator import check, option
from wordvec.spaces.apply import Stage, UnitStage
from wordvec.spaces.base import AffineTransform, Transform
from wordvec.spaces.moments import Moments, moments, word_weights
from wordvec.vectors.vectors import WordVectors

_RIDGE = 1e-6  # directions with a smaller share of the largest variance are noise of float32


@dataclass(kw_only=True)
class _OfMoments(AffineTransform):
    """A transform that is fitted to mean and covariance.

    Parameters
    ----------
    weights : "types" or "tokens"
        Whether each word counts once, or as often as it occurred.
    counts : array_like of int, shape (V,), optional
        Counts for "tokens" where the vectors have none.
    """

    weights: Literal["types", "tokens"] = option(
        "types",
        "Whether each word counts once (types) or as often as it occurs (tokens).",
    )
    counts: ArrayLike | None = field(default=None, repr=False)

    def fit(self, vectors: WordVectors) -> Self:
        self._check()
        found = moments(vectors.matrix, word_weights(vectors, self.weights, self.counts))
        self.mean_ = found.mean
        self._learn(found)
        return self

    @abc.abstractmethod
    def _learn(self, found: Moments) -> None:
        """Sets `matrix_` and `offset_` from mean and covariance."""

    def card(self) -> dict[str, Any]:
        options = {k: v for k, v in self.get_params().items() if k != "counts"}
        return {"transform": self.name, **options}


@dataclass(kw_only=True)
class Center(_OfMoments):
    """Subtracts the mean: y = x - mean.

    Parameters
    ----------
    weights : "types" or "tokens"
        The mean of the vocabulary, or of the text.
    counts : array_like of int, shape (V,), optional
        Counts for "tokens" where the vectors have none.

    Attributes
    ----------
    mean_ : ndarray, shape (d,)

    Examples
    --------
    >>> from wordvec import WordVectors
    >>> wv = WordVectors(["a", "b"], [[1.0, 2.0], [3.0, 2.0]])
    >>> Center().fit_transform(wv)["b"].tolist()
    [1.0, 0.0]
    """

    name: ClassVar[str] = "center"

    def _learn(self, found: Moments) -> None:
        self.matrix_ = np.eye(len(found.mean))
        self.offset_ = -found.mean


@dataclass(kw_only=True)
class AllButTheTop(_OfMoments):
    """Subtracts the mean and the first principal components: y = (I - U U')(x - mean).

    Parameters
    ----------
    n : int, optional
        Components to remove; by default d / 100, at least 1, as the paper advises. 0 centres.
    weights : "types" or "tokens"
        Whether each word counts once, or as often as it occurred.
    counts : array_like of int, shape (V,), optional
        Counts for "tokens" where the vectors have none.

    Attributes
    ----------
    components_ : ndarray, shape (n, d)
        What was removed, unit vectors.

    References
    ----------
    Mu & Viswanath (2018), "All-but-the-top: simple and effective postprocessing for word
    representations", algorithm 1.
    """

    name: ClassVar[str] = "all-but-the-top"
    n: int | None = option(
        None,
        "Principal components to remove.",
        at_least=0,
        none="d / 100, at least 1",
        source="Mu & Viswanath 2018",
    )

    def _learn(self, found: Moments) -> None:
        d = len(found.mean)
        n = max(1, round(d / 100)) if self.n is None else self.n
        check("n", n, 0, d - 1)
        _, axes = found.axes
        self.components_ = axes[:, :n].T
        self.matrix_ = np.eye(d) - self.components_.T @ self.components_
        self.offset_ = -self.matrix_ @ found.mean


@dataclass(kw_only=True)
class Whiten(_OfMoments):
    """Gives every direction the variance 1: y = W (x - mean) with W C W' = I.

    Parameters
    ----------
    weights : "types" or "tokens"
        Whether each word counts once, or as often as it occurred ("Zipfian whitening").
    method : "zca" or "pca"
        "zca" takes the symmetric root, whose axes stay near those of the input; "pca" the
        principal axes, in falling order of variance. Cosines are the same.
    counts : array_like of int, shape (V,), optional
        Counts for "tokens" where the vectors have none.

    Attributes
    ----------
    rank_ : int
        Directions that were kept: those with less than 1e-6 of the largest variance are dropped.

    References
    ----------
    Yokoi, Bao, Kurita & Shimodaira (2024), "Zipfian whitening".
    """

    name: ClassVar[str] = "whiten"
    _dropped: int = field(default=0, init=False, repr=False, compare=False)
    method: Literal["zca", "pca"] = option(
        "zca", "Axes of the result: near those of the input (zca), or principal ones (pca)."
    )

    def _learn(self, found: Moments) -> None:
        values, axes = found.axes
        if not values[0] > 0:
            raise ValueError("vectors that are all the same cannot be whitened")
        kept = values > _RIDGE * values[0]
        self._dropped = int((~kept).sum())
        scaled = axes[:, kept] / np.sqrt(values[kept])
        self.matrix_ = scaled.T if self.method == "pca" else scaled @ axes[:, kept].T
        if self.method == "zca":
            self.matrix_ = (self.matrix_ + self.matrix_.T) / 2
        self.offset_ = -self.matrix_ @ found.mean

    def notes(self) -> list[str]:
        if not self._dropped:
            return []
        return [
            f"whitened {self.rank_} directions; {self._dropped} have no variance and were dropped"
        ]


@dataclass(kw_only=True)
class PCA(_OfMoments):
    """The first principal components: y = U'(x - mean), of n dimensions.

    Parameters
    ----------
    n : int
        Dimensions of the result.
    remove : int
        Components to remove before, and again afterwards among those that are left (Raunak, Gupta
        & Metze 2019 take 7); 0 removes none.
    weights : "types" or "tokens"
        Whether each word counts once, or as often as it occurred.
    counts : array_like of int, shape (V,), optional
        Counts for "tokens" where the vectors have none.

    Attributes
    ----------
    explained_ : float
        Share of the variance that the components carry.

    References
    ----------
    Raunak, Gupta & Metze (2019), "Effective dimensionality reduction for word embeddings".
    """

    name: ClassVar[str] = "pca"
    n: int = option(100, "Dimensions of the result.", at_least=1)
    remove: int = option(
        0,
        "Principal components to remove before, and again afterwards; Raunak et al. take 7.",
        at_least=0,
    )

    def _learn(self, found: Moments) -> None:
        d = len(found.mean)
        check("n", self.n, 1, d)
        check("remove", self.remove, 0, min(d - self.n, self.n - 1))
        values, axes = found.axes
        # Removed before: the axes begin after the first ones. Removed afterwards: the covariance
        # on the new axes is diagonal, so the first ones again, as directions set to zero.
        chosen = slice(self.remove, self.remove + self.n)
        self.matrix_ = axes[:, chosen].T.copy()
        self.matrix_[: self.remove] = 0
        self.offset_ = -self.matrix_ @ found.mean
        total = float(values.sum())
        kept = float(values[chosen][self.remove :].sum())
        self.explained_ = kept / total if total > 0 else 0.0


@dataclass(kw_only=True)
class Unit(Transform):
    """Gives every vector the length 1; vectors of zeros stay zeros."""

    name: ClassVar[str] = "unit"

    def fit(self, vectors: WordVectors) -> Self:
        return self

    def stages(self, vectors: WordVectors) -> list[Stage]:
        return [UnitStage()]
