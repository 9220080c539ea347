"""Vectors for words that have none: from the word's n-grams, and from the words around it.

What is fitted is fitted in `wordvec.vectors.oov.fit`; here it is used.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors import codec
from wordvec.native.vectors.ngram import Ngrams
from wordvec.text.lines import ascii_split
from wordvec.vectors import file as store
from wordvec.vectors.matrix import EncodedMatrix, Floats, Ids, Matrix, encode, matrix_of

# How the rows of a word's n-grams are put together.
MEAN_OF_KNOWN, MEAN, UNIT_SUM = 0, 1, 2
FASTTEXT, FLORET, FINALFUSION, NATIVE = 1, 2, 3, 4
HASHES = {FASTTEXT: "fasttext", FLORET: "floret", FINALFUSION: "finalfusion", NATIVE: "native"}

_PARAMS = struct.Struct("<BBBBI")
_INDUCTION = struct.Struct("<HHf")
_ODDS_UNIT = 1024  # odds are stored as whole numbers of 1 / 1024
_MAX_ODDS = 65535 / _ODDS_UNIT


class Subwords:
    """Vectors of character n-grams, hashed to the rows of a matrix.

    Parameters
    ----------
    matrix : Matrix, shape (buckets, d)
    minn, maxn : int
        Least and greatest length of an n-gram in characters, the marks < and > included.
    hash : int
        FASTTEXT, FLORET, FINALFUSION or NATIVE.
    combine : int
        MEAN_OF_KNOWN: the mean of the rows that are not zero (n-grams that were never seen are);
        MEAN: of all, a row for each hash added up; UNIT_SUM: the sum with norm 1.
    hashes, seed : int
        Rows an n-gram, and the seed of the hash; for floret.
    """

    def __init__(
        self,
        matrix: Matrix,
        *,
        minn: int,
        maxn: int,
        hash: int = NATIVE,
        combine: int = MEAN_OF_KNOWN,
        hashes: int = 1,
        seed: int = 0,
    ) -> None:
        self.matrix = matrix
        self.minn, self.maxn, self.hash, self.combine = minn, maxn, hash, combine
        self.hashes, self.seed = hashes, seed
        self.ngrams = Ngrams(hash, minn, maxn, matrix.rows, hashes, seed)
        self._codec = _codec_of(matrix)

    def __repr__(self) -> str:
        return (
            f"<Subwords of {self.minn} to {self.maxn} characters, {self.matrix.rows:,} rows, "
            f"{HASHES[self.hash]}>"
        )

    def vectors(self, words: Sequence[bytes]) -> tuple[Floats, Ids]:
        """Vectors (n, d) of words, and of how many n-grams each was made: 0 gives zeros."""
        out = np.empty((len(words), self.matrix.cols), np.float32)
        used = np.empty(len(words), np.int64)
        self.ngrams.means(list(words), self._codec, out, used, self.combine == MEAN_OF_KNOWN)
        if self.combine == MEAN and self.hashes > 1:
            out *= self.hashes
        elif self.combine == UNIT_SUM:
            norms = np.linalg.norm(out, axis=1, keepdims=True)
            out /= np.where(norms > 0, norms, 1)
        return out, used

    def encoded(self, dtype: int) -> Subwords:
        """The same with rows in another encoding."""
        return Subwords(
            encode(self.matrix, dtype),
            minn=self.minn,
            maxn=self.maxn,
            hash=self.hash,
            combine=self.combine,
            hashes=self.hashes,
            seed=self.seed,
        )

    def section(self) -> store.Section:
        """The section NGRAM of a file."""
        packed = _PARAMS.pack(
            self.minn, self.maxn, self.hash, self.hashes | self.combine << 4, self.seed
        )
        each = self.matrix.section(store.NGRAM)
        return store.Section(
            each.type,
            each.rows,
            each.cols,
            each.dtype,
            each.data,
            each.aux,
            int.from_bytes(packed, "little"),
            each.flags,
        )

    @classmethod
    def from_section(cls, each: store.Section) -> Subwords:
        """The n-grams of a file; ValueError when its parameters make no sense."""
        packed = each.params.to_bytes(8, "little")
        minn, maxn, hash_, both, seed = _PARAMS.unpack(packed)
        if both >> 4 not in (MEAN_OF_KNOWN, MEAN, UNIT_SUM):
            raise ValueError(f"no way {both >> 4} to combine n-grams")
        return cls(
            matrix_of(each),
            minn=minn,
            maxn=maxn,
            hash=hash_,
            combine=both >> 4,
            hashes=both & 15,
            seed=seed,
        )


def _codec_of(matrix: Matrix) -> codec.Codec:
    if isinstance(matrix, EncodedMatrix):
        return matrix.codec
    rows = np.ascontiguousarray(matrix.decoded(), np.float32)
    none = np.empty(0, np.float32)
    data = rows.reshape(-1).view(np.uint8)
    return codec.Codec(store.F32, matrix.rows, matrix.cols, 0, data, none)


@dataclass(frozen=True)
class Induction:
    """A la carte induction: the vector of a word is A times the mean vector of its contexts.

    Khodak, Saunshi, Liang, Ma, Stewart & Arora (2018), "A la carte embedding".

    Attributes
    ----------
    matrix : ndarray of float32, shape (d, d)
        A, which takes out what is common to all contexts.
    window : int
        Words on each side that were a word's context when A was fitted.
    odds, slope : float
        Where n-grams are known too, their share of the vector is o / (1 + o) with
        o = odds + slope / n for n context words: the fewer contexts, the more the form counts
        (Schick & Schuetze 2019 learn such a gate).
    """

    matrix: Floats
    window: int = 5
    odds: float = 1.0
    slope: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.window <= 65535:
            raise ValueError(f"window must be in [1, 65535], got {self.window}")
        if not (0 <= self.odds <= _MAX_ODDS and 0 <= self.slope < np.inf):
            raise ValueError(f"odds and slope must be >= 0, got {self.odds} and {self.slope}")

    def vector(self, mean: NDArray[Any]) -> Floats:
        """The vector (d,) for a mean (d,) of context vectors."""
        return np.asarray(self.matrix @ np.asarray(mean, np.float32), np.float32)

    def form_share(self, contexts: int) -> float:
        """Share of the vector that comes from n-grams, given this many context words."""
        odds = self.odds + self.slope / max(contexts, 1)
        return odds / (1 + odds)

    def section(self) -> store.Section:
        """The section INDUCTION of a file."""
        packed = _INDUCTION.pack(self.window, round(self.odds * _ODDS_UNIT), self.slope)
        return store.section(store.INDUCTION, self.matrix, params=int.from_bytes(packed, "little"))

    @classmethod
    def from_section(cls, each: store.Section) -> Induction:
        """The inverse of `section`; ValueError when its parameters make no sense."""
        window, odds, slope = _INDUCTION.unpack(each.params.to_bytes(8, "little"))
        return cls(each.array(), window, odds / _ODDS_UNIT, slope)


def context_tokens(
    word: str,
    context: str | Sequence[str],
    window: int,
    split: Callable[[str], list[str]] = ascii_split,
) -> list[str]:
    """The tokens of a context that lie within `window` of the word, or of `___` in its place; all
    tokens when neither is there. The word itself is left out. `split` makes tokens of a text."""
    if isinstance(context, str):
        parts = (split(part) for part in context.split("___"))
        tokens = list(next(parts))
        for part in parts:
            tokens += ["___", *part]
        made = split(word)
        alike = {word, "___", *(made if len(made) == 1 else ())}
    else:
        tokens, alike = list(context), {word, "___"}
    places = [i for i, token in enumerate(tokens) if token in alike]
    if not places:
        return tokens
    near = {j for i in places for j in range(max(0, i - window), i + window + 1)}
    near -= set(places)
    return [token for i, token in enumerate(tokens) if i in near]
