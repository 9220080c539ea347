"""What a transform is: fitted once, applied to vectors and to everything that came with them.

Contract, for transforms that are added here or elsewhere:

- `fit` learns from vectors (and from what else the transform takes, by keyword) and returns the
  transform; it never changes the vectors. What it learns ends in an underscore.
- `stages` gives the learned map as a list of `Stage`s for a vocabulary. `transform` applies them to
  words, contexts, n-grams and induction in blocks of rows (`wordvec.spaces.apply`) and returns new
  vectors. A subclass writes `fit` and, unless it is an `AffineTransform`, `stages`.
- `AffineTransform` needs nothing but `matrix_`, `offset_` and `exempt_`: y = A x + b.
- `card` is what the vectors say afterwards of how they were made (`meta["transforms"]`).
- A class is a row of `wordvec.spaces.registry`, where commands and tests find it.
"""

from __future__ import annotations

import abc
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import Estimator, Option
from wordvec.spaces import apply
from wordvec.spaces.apply import AffineStage, Stage
from wordvec.system.files import is_stream
from wordvec.vectors.vectors import WordVectors

F64: TypeAlias = NDArray[np.float64]


class Transform(Estimator, abc.ABC):
    """Base of the transforms, which are dataclasses of options like all estimators."""

    name: ClassVar[str]
    """The name in the registry, on the command line and on the card."""

    @abc.abstractmethod
    def fit(self, vectors: WordVectors) -> Self:
        """Learns the map from vectors."""

    @abc.abstractmethod
    def stages(self, vectors: WordVectors) -> list[Stage]:
        """The learned map, for the vocabulary of `vectors`.

        Parameters
        ----------
        vectors : WordVectors
            What is to be transformed.
        """

    def card(self) -> dict[str, Any]:
        """Name, options and what was learned, as JSON can hold it."""
        return {"transform": self.name, **self.get_params()}

    def cards(self) -> list[dict[str, Any]]:
        """The cards of all steps: one, but for a pipeline."""
        return [self.card()]

    def transform(self, vectors: WordVectors, *, dtype: str | None = None) -> WordVectors:
        """New vectors: the map applied to words and all that came with them.

        Parameters
        ----------
        vectors : WordVectors
            Those of the fit or others of as many dimensions.
        dtype : str, optional
            Encoding of the result, as of `WordVectors.astype`; that of `vectors` by default.

        Returns
        -------
        WordVectors
            `meta["transforms"]` says what was done, and what had to be left out.

        Raises
        ------
        ValueError
            Before `fit`, for vectors of other dimensions or of a manifold.
        """
        self._check_fitted()
        return apply.transformed(vectors, self.stages(vectors), self.cards(), dtype=dtype)

    def save(
        self,
        vectors: WordVectors,
        path: str | os.PathLike[str],
        *,
        dtype: str | None = None,
        force: bool = False,
    ) -> WordVectors:
        """`transform`, written to a .wv file with a block of rows in memory at a time.

        Parameters
        ----------
        vectors : WordVectors
            What is transformed; they are not changed.
        path : path
            The .wv file to write.
        dtype : str, optional
            Encoding of the result, such as "f32" or "int8"; by default that of `vectors`.
        force : bool
            Replace a file that exists.

        Returns
        -------
        WordVectors
            Those of the file, mapped; in memory where a pipe or a device was written to.
        """
        self._check_fitted()
        apply.save(vectors, self.stages(vectors), self.cards(), path, dtype=dtype, force=force)
        return self.transform(vectors) if is_stream(path) else WordVectors.open(path)

    def fit_transform(self, vectors: WordVectors, **how: Any) -> WordVectors:
        """`fit`, then `transform` of the same vectors.

        Parameters
        ----------
        vectors : WordVectors
            What is fitted to and transformed; they are not changed.
        **how
            Other arguments of `fit`.
        """
        return self.fit(vectors, **how).transform(vectors)

    def _check_fitted(self) -> None:
        if not self.is_fitted():
            raise ValueError(f"{type(self).__name__} must be fitted first: call fit(vectors)")

    def is_fitted(self) -> bool:
        """Whether `fit` was called; for transforms that learn nothing always."""
        return True


class AffineTransform(Transform):
    """A transform y = A x + b.

    Attributes
    ----------
    matrix_ : ndarray of float64, shape (d_out, d_in)
        A.
    offset_ : ndarray of float64, shape (d_out,)
        b.
    exempt_ : frozenset of str
        Words that are left as they are, to the byte.
    """

    matrix_: F64
    offset_: F64
    exempt_: frozenset[str] = frozenset()

    def is_fitted(self) -> bool:
        return hasattr(self, "matrix_")

    def stages(self, vectors: WordVectors) -> list[Stage]:
        return [AffineStage(self.matrix_, self.offset_, ids_of(vectors, self.exempt_))]

    @property
    def rank_(self) -> int:
        """Rank of A: the dimensions that are left."""
        # A product of projections leaves some eps * d where numpy's tolerance expects one.
        largest = np.linalg.norm(self.matrix_, 2)
        return int(np.linalg.matrix_rank(self.matrix_, tol=1e-10 * float(largest)))


@dataclass(kw_only=True)
class Affine(AffineTransform):
    """A transform of a given matrix and offset; nothing is learned.

    Parameters
    ----------
    matrix : array_like of float, shape (d_out, d_in)
    offset : array_like of float, shape (d_out,), optional
    """

    name: ClassVar[str] = "affine"
    matrix: Any = field(repr=False)
    offset: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.matrix_ = np.array(self.matrix, np.float64, ndmin=2)
        out = len(self.matrix_)
        self.offset_ = np.zeros(out) if self.offset is None else np.array(self.offset, np.float64)
        if self.matrix_.ndim != 2 or self.offset_.shape != (out,):
            raise ValueError(
                f"matrix (d_out, d_in) and offset (d_out,) expected, got {self.matrix_.shape} and "
                f"{self.offset_.shape}"
            )
        if not (np.isfinite(self.matrix_).all() and np.isfinite(self.offset_).all()):
            raise ValueError("matrix and offset must be finite")

    def fit(self, vectors: WordVectors) -> Self:
        return self

    def card(self) -> dict[str, Any]:
        return {"transform": self.name, "shape": list(self.matrix_.shape)}


class Pipeline(Transform):
    """Transforms one after the other; each is fitted to what those before it give.

    Consecutive affine steps are one matrix and one offset, applied in one pass.

    Parameters
    ----------
    steps : sequence of Transform

    Examples
    --------
    >>> import numpy as np
    >>> from wordvec import WordVectors
    >>> from wordvec.transform import Center, Pipeline, Unit
    >>> wv = WordVectors(["a", "b"], [[1.0, 2.0], [3.0, 2.0]])
    >>> Pipeline([Center(), Unit()]).fit_transform(wv).vectors.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    name: ClassVar[str] = "pipeline"

    def __init__(self, steps: Sequence[Transform]) -> None:
        self.steps = list(steps)
        if not self.steps:
            raise ValueError("a pipeline needs a transform")

    @classmethod
    def options(cls) -> dict[str, Option]:
        return {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"steps": self.steps}

    def fit(self, vectors: WordVectors) -> Self:
        """Fits the steps in turn. The vectors between steps are kept in memory."""
        for i, step in enumerate(self.steps):
            step.fit(vectors)
            if i + 1 < len(self.steps):
                vectors = step.transform(vectors, dtype="f32")
        return self

    def notes(self) -> list[str]:
        return [note for step in self.steps for note in step.notes()]

    def is_fitted(self) -> bool:
        return all(step.is_fitted() for step in self.steps)

    def stages(self, vectors: WordVectors) -> list[Stage]:
        return apply.fold(stage for step in self.steps for stage in step.stages(vectors))

    def cards(self) -> list[dict[str, Any]]:
        return [card for step in self.steps for card in step.cards()]

    @property
    def matrix_(self) -> F64:
        """A of the whole, where all steps are affine; AttributeError otherwise."""
        return self._folded().matrix_

    @property
    def offset_(self) -> F64:
        """b of the whole, likewise."""
        return self._folded().offset_

    def _folded(self) -> Affine:
        whole: Affine | None = None
        for step in self.steps:
            if not isinstance(step, AffineTransform) or step.exempt_:
                raise AttributeError(f"a pipeline with {type(step).__name__} cannot be one matrix")
            A, b = step.matrix_, step.offset_
            if whole is not None:
                A, b = A @ whole.matrix_, A @ whole.offset_ + b
            whole = Affine(matrix=A, offset=b)
        assert whole is not None
        return whole


def ids_of(vectors: WordVectors, words: Iterable[str]) -> NDArray[np.int64]:
    """Ids of the words that the vectors have, rising."""
    ids = vectors.get_ids(sorted(words), strict=False)
    return np.unique(ids[ids >= 0])
