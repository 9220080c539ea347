"""Maps from one space into another: the base, and orthogonal Procrustes."""

from __future__ import annotations

import abc
import base64
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import option
from wordvec.spaces.alignment.dictionaries import Dictionary, as_dictionary
from wordvec.spaces.apply import AffineStage, Stage, UnitStage
from wordvec.spaces.base import Transform
from wordvec.system.blas import single_threaded
from wordvec.vectors.vectors import WordVectors

F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]
Pairs: TypeAlias = "Dictionary | str | os.PathLike[str] | Iterable[Sequence[str]]"

NORMALIZE = ("unit", "center", "unit")
SMALL = 1e-6  # singular values below this share of the largest are none


@dataclass(frozen=True, eq=False)
class Normal:
    """Normalisation of a space: steps over all its words, and what they learned.

    Attributes
    ----------
    steps : tuple of "unit" or "center"
    means : tuple of ndarray, shape (d,)
        One for each "center".
    """

    steps: tuple[str, ...]
    means: tuple[F64, ...]

    def __post_init__(self) -> None:
        for step in self.steps:
            if step not in ("unit", "center"):
                raise ValueError(f"normalize has steps unit and center, got {step!r}")
        if len(self.means) != self.steps.count("center"):
            raise ValueError(f"{self.steps.count('center')} means expected, got {len(self.means)}")
        if any(mean.ndim != 1 for mean in self.means):
            raise ValueError("each of means must have shape (d,)")

    @classmethod
    def of(cls, vectors: WordVectors, steps: Sequence[str] = NORMALIZE) -> tuple[Normal, F32]:
        """The normalisation of a vocabulary, and its normalised rows (V, d)."""
        X = np.array(vectors.matrix.decoded(), np.float32)
        if not np.isfinite(X).all():
            raise ValueError("vectors must be finite")
        if vectors.meta.get("manifold") is not None:
            raise ValueError(
                f"vectors of the manifold {vectors.meta['manifold']!r} have no linear map"
            )
        means = []
        zero = ~X.any(axis=1)
        for step in steps:
            if step == "unit":
                X = UnitStage().rows(X, -1)
            elif step == "center":
                mean = X[~zero].mean(axis=0, dtype=np.float64) if not zero.all() else X[0] * 0.0
                means.append(mean)
                X = X - mean.astype(np.float32)
                X[zero] = 0
            else:
                raise ValueError(f"normalize has steps unit and center, got {step!r}")
        return cls(tuple(steps), tuple(means)), X

    def stages(self) -> list[Stage]:
        """The steps as stages of a transform."""
        made: list[Stage] = []
        means = iter(self.means)
        for step in self.steps:
            if step == "unit":
                made.append(UnitStage())
            else:
                mean = next(means)
                made.append(AffineStage(np.eye(len(mean)), -mean))
        return made


class Mapping(Transform):
    """Base of the maps from a source into a target space.

    `transform(source)` gives the source's vectors in the common space; `target_.transform(target)`
    gives the target's. Where `target_changes` is false the common space is the target's own,
    normalised.

    Attributes
    ----------
    matrix_ : ndarray, shape (d_out, d_in)
        The map of normalised source vectors: `y = matrix_ @ x`.
    target_ : Transform
        The other side.
    pairs_ : ndarray of int64, shape (n, 2)
        Ids of the pairs that were used.
    cosines_ : ndarray, shape (n,)
        Cosine of each pair after the map.
    """

    normalize: tuple[str, ...] = NORMALIZE
    target_changes: ClassVar[bool] = False

    matrix_: F64
    offset_: F64
    pairs_: NDArray[np.int64]
    cosines_: F64
    target_: Side

    def fit(
        self,
        vectors: WordVectors,
        target: WordVectors | None = None,
        pairs: Pairs | None = None,
    ) -> Self:
        """Learns the map from source to target.

        Parameters
        ----------
        vectors : WordVectors
            The source.
        target : WordVectors
        pairs : Dictionary, path, or pairs of words
            Words that translate each other.

        Raises
        ------
        ValueError
            Without a target or pairs.
        DatasetError
            For a dictionary of which nothing is known, or of the other direction.
        """
        if target is None or pairs is None:
            raise ValueError(f"{type(self).__name__}.fit needs source, target and pairs of words")
        self._check()
        with single_threaded():  # threads of BLAS spin longer than matrices this small take
            source_normal, X = Normal.of(vectors, self.normalize)
            target_normal, Z = Normal.of(target, self.normalize)
            self._notes: list[str] = []
            self.pairs_ = as_dictionary(pairs).ids(vectors, target)
            self._solve(X, Z, self.pairs_)
            self._finish(source_normal, target_normal, X, Z)
        return self

    @abc.abstractmethod
    def _solve(self, X: F32, Z: F32, pairs: NDArray[np.int64]) -> None:
        """Sets `matrix_`, and `_target_matrix` where the target changes."""

    _target_matrix: F64 | None = None

    def _finish(self, source: Normal, target: Normal, X: F32, Z: F32) -> None:
        self._normal = source
        self.offset_ = np.zeros(len(self.matrix_))
        self.target_ = Side(target, self._target_matrix)
        a, b = X[self.pairs_[:, 0]], Z[self.pairs_[:, 1]]
        mapped = a @ self.matrix_.T
        other = b if self._target_matrix is None else b @ self._target_matrix.T
        self.cosines_ = cosines(mapped, other)

    def notes(self) -> list[str]:
        """What a user should know of the last `fit`."""
        low, mid, high = np.percentile(self.cosines_, [10, 50, 90])
        return [
            *self._notes,
            f"{len(self.pairs_):,} pairs; their cosines after the map: median {mid:.3f}, "
            f"10 to 90 % {low:.3f} to {high:.3f}",
        ]

    def is_fitted(self) -> bool:
        return hasattr(self, "matrix_")

    def stages(self, vectors: WordVectors) -> list[Stage]:
        return [*self._normal.stages(), AffineStage(self.matrix_, self.offset_)]

    def card(self) -> dict[str, Any]:
        return {
            **super().card(),
            "pairs": len(self.pairs_),
            "median_cosine": round(float(np.median(self.cosines_)), 6),
            "target": self.target_.card(),
        }


class Side(Transform):
    """The target's side of a mapping: its normalisation, and a matrix where the target changes."""

    name: ClassVar[str] = "alignment-target"

    def __init__(self, normal: Normal, matrix: F64 | None = None) -> None:
        self.normal, self.matrix_ = normal, matrix

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"normal": self.normal, "matrix": self.matrix_}

    def fit(self, vectors: WordVectors) -> Self:
        return self

    def stages(self, vectors: WordVectors) -> list[Stage]:
        made = self.normal.stages()
        if self.matrix_ is not None:
            made.append(AffineStage(self.matrix_, np.zeros(len(self.matrix_))))
        return made

    def card(self) -> dict[str, Any]:
        """What a mapped source's file says of the target, enough to map the target again."""
        return {
            "transform": self.name,
            "normalize": list(self.normal.steps),
            "means": [packed(mean) for mean in self.normal.means],
            "matrix": None if self.matrix_ is None else packed(self.matrix_),
        }

    @classmethod
    def of_card(cls, card: dict[str, Any]) -> Side:
        """The side that a card describes; ValueError for a damaged one."""
        try:
            normal = Normal(tuple(card["normalize"]), tuple(map(unpacked, card["means"])))
            matrix = card["matrix"]
            side = cls(normal, None if matrix is None else unpacked(matrix))
            if side.matrix_ is not None and side.matrix_.ndim != 2:
                raise ValueError("the matrix must be (d_out, d_in)")
            return side
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise ValueError(f"the card of the alignment is damaged: {error}") from error


def packed(array: F64) -> dict[str, Any]:
    """An array as JSON can hold it, without loss: shape, and float64 in base64."""
    data = np.ascontiguousarray(array, "<f8").tobytes()
    return {"shape": list(array.shape), "float64": base64.b64encode(data).decode("ascii")}


def unpacked(record: Any) -> F64:
    """The array of such a record; ValueError for a damaged one, or for something else."""
    if not isinstance(record, dict):
        raise ValueError("an array of the card is damaged: it is not a JSON object")
    try:
        data = base64.b64decode(record["float64"], validate=True)
        array = np.frombuffer(data, "<f8").astype(np.float64).reshape(record["shape"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"an array of the card is damaged: {error}") from error
    if not np.isfinite(array).all():
        raise ValueError("numbers must be finite")
    return array


def cosines(A: NDArray[Any], B: NDArray[Any]) -> F64:
    """(n,) cosines of rows; 0 where one has no direction."""
    norms = np.linalg.norm(A, axis=1) * np.linalg.norm(B, axis=1)
    products = np.einsum("ij,ij->i", A, B, dtype=np.float64)
    return np.asarray(products / np.where(norms > 0, norms, 1), np.float64)


def procrustes(X: NDArray[Any], Z: NDArray[Any]) -> tuple[F64, F64]:
    """The matrix W (d_x, d_z) with orthonormal columns or rows for which XW is nearest to Z.

    Returns
    -------
    W : ndarray, shape (d_x, d_z)
    singular : ndarray
        Singular values of X'Z, largest first.

    References
    ----------
    Schönemann (1966); Xing et al. (2015); Artetxe et al. (2016).
    """
    U, singular, Vt = np.linalg.svd(
        X.T.astype(np.float64) @ Z.astype(np.float64), full_matrices=False
    )
    return U @ Vt, singular


@dataclass(kw_only=True)
class Procrustes(Mapping):
    """The orthogonal map that brings pairs of words closest to each other.

    Parameters
    ----------
    normalize : tuple of "unit" or "center"
        Done to both spaces, over all their words, before the map.

    Attributes
    ----------
    matrix_ : ndarray, shape (d_target, d_source)
        `y = matrix_ @ x` for normalised vectors.
    fit_ : float
        `tr S / (|X| |Z|)`: 1 where the pairs coincide after the map.

    References
    ----------
    Schönemann (1966), "A generalized solution of the orthogonal Procrustes problem"; normalisation:
    Artetxe, Labaka & Agirre (2018), "Generalizing and improving bilingual word embedding mappings",
    section 3.
    """

    name: ClassVar[str] = "procrustes"
    normalize: tuple[str, ...] = option(
        NORMALIZE, "Steps done to both spaces first: unit, center.", choices=("unit", "center")
    )

    def _solve(self, X: F32, Z: F32, pairs: NDArray[np.int64]) -> None:
        A, B = X[pairs[:, 0]], Z[pairs[:, 1]]
        W, singular = procrustes(A, B)
        if len(pairs) < min(X.shape[1], Z.shape[1]) or singular[-1] < SMALL * singular[0]:
            self._notes.append(
                f"{len(pairs)} pairs do not determine a map of {X.shape[1]} dimensions: give more"
            )
        norms = float(np.linalg.norm(A) * np.linalg.norm(B))
        self.fit_ = float(singular.sum() / norms) if norms else 0.0
        self.matrix_ = W.T
