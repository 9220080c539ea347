"""The input rows of subword models: of words, and of their n-grams."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors.ngram import Ngrams
from wordvec.text.vocab import Vocabulary
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.oov.unseen import FASTTEXT, MEAN, Subwords
from wordvec.vectors.vectors import WordVectors


class NgramRows:
    """The input rows of each word: its own, and those of its n-grams, which follow all words."""

    def __init__(self, vocab: Vocabulary, *, minn: int, maxn: int, bucket: int) -> None:
        self.minn, self.maxn = minn, maxn
        ngrams = Ngrams(FASTTEXT, minn, maxn, bucket)
        words = len(vocab)
        grams_at = np.zeros(words + 1, np.int64)
        ngrams.count(vocab.words, grams_at)
        grams = np.empty(grams_at[-1], np.int32)
        ngrams.fill(vocab.words, grams_at, grams)
        # Each word's own row comes before its n-grams'.
        self.starts = grams_at + np.arange(words + 1)
        self.rows = np.empty(len(grams) + words, np.int32)
        own = np.zeros(len(self.rows), bool)
        own[self.starts[:-1]] = True
        self.rows[own] = np.arange(words)
        self.rows[~own] = grams + words

    def word_vectors(self, input: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
        """The vectors that were trained: means of rows."""
        out = np.empty((len(self.starts) - 1, dim), np.float32)
        for begin in range(0, len(out), 4096):
            starts = self.starts[begin : begin + 4097]
            rows = input[self.rows[starts[0] : starts[-1]], :dim]
            sums = np.add.reduceat(rows, starts[:-1] - starts[0], axis=0)
            out[begin : begin + 4096] = sums / np.diff(starts)[:, None]
        return out

    def start_from(
        self,
        old: WordVectors,
        ids: NDArray[np.int64],
        vectors: NDArray[np.float32],
        input: NDArray[np.float32],
    ) -> None:
        """Sets rows so that words have their older vectors (n, d). N-grams start as the older ones,
        if these are of the same kind, and a word's own row makes up the difference."""
        words = len(self.starts) - 1
        if old.subwords is not None and self._alike(old.subwords, len(input) - words):
            input[words:] = old.subwords.matrix.decoded()
        for i, vector in zip(ids, vectors, strict=True):
            own, *grams = self.rows[self.starts[i] : self.starts[i + 1]]
            input[own] = (1 + len(grams)) * vector - input[grams].sum(axis=0, dtype=np.float32)

    def _alike(self, other: Subwords, rows: int) -> bool:
        theirs = (other.minn, other.maxn, other.hash, other.combine, other.matrix.rows)
        return theirs == (self.minn, self.maxn, FASTTEXT, MEAN, rows)

    def table(self, rows: NDArray[np.float32]) -> Subwords:
        """The rows of the n-grams as a file keeps them."""
        return Subwords(
            Matrix(np.ascontiguousarray(rows)),
            minn=self.minn,
            maxn=self.maxn,
            hash=FASTTEXT,
            combine=MEAN,
        )
