"""The unit vectors that all measures work on, and how words are looked up in them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.evaluation.core.results import Coverage
from wordvec.vectors.vectors import WordVectors

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
        "exact": as the dataset writes them; "fallback": as written, else in lower case, else as the
        text of the training was split into words, else the most frequent word that differs in case
        alone (paris is answered by Paris); "lower": in lower case only.
    split : callable or None
        A text's words as the text of the training was split, where the vectors say how.
    counts : (seen,) or None
        How often each word occurs in the text of the training, where the vectors say it.
    """

    unit: NDArray[np.float32]
    words: Sequence[str]
    rows: Mapping[str, int]
    norms: NDArray[np.float32]
    unusable: tuple[str, ...]
    case: str
    seen: int
    split: Callable[[str], list[str]] | None = None
    counts: NDArray[np.int64] | None = None

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
        counts = getattr(vectors, "counts", None)
        if not usable.all():
            unusable = tuple(words[i] for i in np.flatnonzero(~usable).tolist())
            words = [words[i] for i in np.flatnonzero(usable).tolist()]
            rows = {word: row for row, word in enumerate(words)}
            matrix, norms = matrix[usable], norms[usable]
            counts = None if counts is None else counts[usable]
        unit = np.asarray(matrix / norms[:, None].astype(matrix.dtype), np.float32, order="C")
        split = getattr(vectors, "split", None) if case == "fallback" else None
        norms = norms.astype(np.float32)
        return cls(unit, words, rows, norms, unusable, case, len(unit), split, counts)

    def __len__(self) -> int:
        return len(self.unit)

    @cached_property
    def raw(self) -> WordVectors:
        """The vectors of the vocabulary at their lengths, in float32, with counts and without those
        that are unusable: for measures of the space as a whole."""
        seen = self.seen
        return WordVectors(
            list(itertools.islice(self.words, seen)),
            self.unit[:seen] * self.norms[:seen, None],
            counts=self.counts,
        )

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
            self.split,
            self.counts,
        )

    def row(self, word: str) -> int | None:
        """Row of `word` under the case policy, or None; remembered, as every solver and measure
        asks for the same words."""
        asked = self._asked
        if word not in asked:
            if self.case == "lower":
                asked[word] = self.rows.get(word.lower())
            else:
                row = self.rows.get(word)
                otherwise = row is None and self.case == "fallback"
                asked[word] = self._otherwise(word) if otherwise else row
        return asked[word]

    @cached_property
    def _asked(self) -> dict[str, int | None]:
        return {}

    def _otherwise(self, word: str) -> int | None:
        """Row of a word that is not there as it is written."""
        row = self.rows.get(word.lower())
        if row is None and self.split is not None:
            made = self.split(word)
            row = self.rows.get(made[0]) if len(made) == 1 else None
        return self._by_case.get(word.casefold()) if row is None else row

    @cached_property
    def _by_case(self) -> dict[str, int]:
        """Row of the first word of each spelling without regard to case."""
        found: dict[str, int] = {}
        for row, word in enumerate(itertools.islice(self.words, self.seen)):
            found.setdefault(word.casefold(), row)
        return found

    def pair(self, one: str, other: str) -> tuple[int, int] | None:
        """The rows of two words; None where one is missing, or where both are one word under the
        case policy though they are written differently."""
        rows = self.row(one), self.row(other)
        if rows[0] is None or rows[1] is None or (rows[0] == rows[1] and one != other):
            return None
        return rows[0], rows[1]

    def how(self, words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(those found in another spelling, those never seen) of words that are found."""
        lower: dict[str, None] = {}
        composed: dict[str, None] = {}
        for word in dict.fromkeys(words):
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

    def rows_once(self, words: Iterable[str]) -> list[int | None]:
        """The row of each word, None where it is missing, or is one word with an earlier one under
        the case policy."""
        seen: dict[int, str] = {}
        rows: list[int | None] = []
        for word in words:
            row = self.row(word)
            rows.append(row if row is not None and seen.setdefault(row, word) == word else None)
        return rows

    def find_once(
        self, words: Iterable[str]
    ) -> tuple[list[str], list[int], list[str], tuple[str, ...]]:
        """`find`, with each row once: the first of the words that are one word under the case
        policy (Amy, amy) stays, and the others are returned last."""
        found, rows, missing = self.find(words)
        first: dict[int, str] = {}
        for word, row in zip(found, rows, strict=True):
            first.setdefault(row, word)
        dropped = tuple(w for w, row in zip(found, rows, strict=True) if first[row] != w)
        return list(first.values()), list(first), missing, dropped
