"""The unit vectors that all measures work on, and how words are looked up in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.evaluation.core.results import Coverage

CASES = ("fallback", "exact", "lower")


class Vectors(Protocol):
    """What is needed of WordVectors."""

    @property
    def vectors(self) -> NDArray[Any]:
        """(V, d)."""

    @property
    def index_to_key(self) -> Sequence[str]:
        """Words in order of id."""

    @property
    def key_to_index(self) -> Mapping[str, int]:
        """Word -> id."""


@dataclass(frozen=True, eq=False)
class Space:
    """Unit vectors of the usable words.

    A word whose vector is zero, or holds NaN or infinity, has no direction: it is treated as
    missing, never as an answer, and counted in `unusable`.

    Attributes
    ----------
    unit : (V, d) float32, C-contiguous
        Rows of length 1.
    words : sequence of str
        Word of each row.
    rows : mapping str -> int
        Row of each word.
    norms : (V,) float32
        Lengths before.
    unusable : tuple of str
        Words left out.
    seen : int
        How many of the rows are words of the vocabulary; those behind are words never seen.
    case : str
        "exact": as the dataset writes them; "fallback": as written, else in lower case; "lower":
        in lower case only.
    """

    unit: NDArray[np.float32]
    words: Sequence[str]
    rows: Mapping[str, int]
    norms: NDArray[np.float32]
    unusable: tuple[str, ...]
    case: str
    seen: int

    @classmethod
    def of(cls, vectors: Vectors | Space, *, case: str = "fallback") -> Space:
        """The space of `vectors`; a Space is returned as it is, so pass one to several measures."""
        if isinstance(vectors, Space):
            return vectors
        if case not in CASES:
            raise ValueError(f"case must be one of {', '.join(CASES)}, got {case!r}")
        manifold = getattr(vectors, "meta", {}).get("manifold")
        if manifold is not None:
            raise DatasetError(
                f"the vectors are points of a manifold ({manifold}): measures by cosine "
                "mean nothing on them; judge them with `wordvec taxonomy judge`"
            )
        matrix = np.asarray(vectors.vectors)
        if matrix.ndim != 2 or len(matrix) != len(vectors.index_to_key):
            raise ValueError(
                f"vectors must be (V, d) with a row for each of {len(vectors.index_to_key)} words, "
                f"got shape {matrix.shape}"
            )
        with np.errstate(invalid="ignore", over="ignore"):
            norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
        single = np.finfo(np.float32)  # a length outside its range is 0 or infinity there
        usable = (norms >= single.tiny) & (norms <= single.max)
        words: Sequence[str] = vectors.index_to_key
        rows: Mapping[str, int] = vectors.key_to_index
        unusable: tuple[str, ...] = ()
        if not usable.all():
            unusable = tuple(words[i] for i in np.flatnonzero(~usable).tolist())
            words = [words[i] for i in np.flatnonzero(usable).tolist()]
            rows = {word: row for row, word in enumerate(words)}
            matrix, norms = matrix[usable], norms[usable]
        unit = np.asarray(matrix / norms[:, None].astype(matrix.dtype), np.float32, order="C")
        return cls(unit, words, rows, norms.astype(np.float32), unusable, case, len(unit))

    def __len__(self) -> int:
        return len(self.unit)

    def with_composed(self, vectors: Any, words: Iterable[str]) -> Space:
        """The space with rows behind its own for those of `words` that it lacks and that `vectors`
        answer by n-grams or folded spellings (`WordVectors.answer`); they have no neighbours' part
        in `seen`, and are counted in every coverage."""
        made: dict[str, NDArray[np.float32]] = {}
        for word in dict.fromkeys(words):
            if self.row(word) is None:
                found = vectors.answer(word)
                norm = float(np.linalg.norm(found.vector))
                if found.how not in ("none", "exact") and np.isfinite(norm) and norm > 0:
                    made[word] = np.asarray(found.vector, np.float32)
        if not made:
            return self
        rows = np.stack(list(made.values()))
        norms = np.linalg.norm(rows, axis=1)
        all_words = [*self.words, *made]
        return Space(
            np.concatenate([self.unit, rows / norms[:, None]]),
            all_words,
            {word: row for row, word in enumerate(all_words)},
            np.concatenate([self.norms, norms.astype(np.float32)]),
            self.unusable,
            self.case,
            self.seen,
        )

    def row(self, word: str) -> int | None:
        """Row of `word` under the case policy, or None."""
        if self.case == "lower":
            return self.rows.get(word.lower())
        row = self.rows.get(word)
        return self.rows.get(word.lower()) if row is None and self.case == "fallback" else row

    def how(self, words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(those found in lower case only, those never seen) of words that are found."""
        lower: dict[str, None] = {}
        composed: dict[str, None] = {}
        for word in words:
            row = self.row(word)
            if row is None:
                continue
            if row >= self.seen:
                composed[word] = None
            elif self.case != "lower" and word not in self.rows:
                lower[word] = None
        return tuple(lower), tuple(composed)

    def coverage(
        self, asked: int, answered: int, words: Iterable[str], missing: Iterable[str]
    ) -> Coverage:
        """The coverage of a set that has these words."""
        return Coverage(asked, answered, tuple(missing), *self.how(words))

    def find(self, words: Iterable[str]) -> tuple[list[str], list[int], list[str]]:
        """(words found, their rows, words missing), each in the order given."""
        found, rows, missing = [], [], []
        for word in words:
            row = self.row(word)
            if row is None:
                missing.append(word)
            else:
                found.append(word)
                rows.append(row)
        return found, rows, missing
