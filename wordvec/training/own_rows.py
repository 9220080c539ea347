"""Rows of its own that each of several threads trains, and merges with the model's now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from wordvec.training.rows import padded_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.training.ngram_rows import NgramRows

# Rows of each matrix that a thread has copies of, and kept tokens from merge to merge of those that
# are visited most: on an AMD EPYC (family 25, model 17), see docs/measurements/skipgram.md.
MOST_ROWS, MOST_BETWEEN = 16384, 4096
# More threads would have to hold back most of what they have done, see the same page.
MOST_THREADS = 4
# Merges in an epoch at least, and tokens between them at least: a small text has none to wait for.
LEAST_MERGES, LEAST_BETWEEN = 256, 256


def tokens_between(kept: float, threads: int) -> int:
    """Kept tokens from merge to merge where an epoch keeps so many; 0 for one thread or many, and
    where the text is too small: what threads have not merged must be a small part of it."""
    every = min(MOST_BETWEEN, int(kept) // (LEAST_MERGES * threads))
    return every if 2 <= threads <= MOST_THREADS and every >= LEAST_BETWEEN else 0


def rows_of_copies(inputs: int, outputs: int, threads: int) -> int:
    """Rows that the copies of all threads take, for matrices of so many rows."""
    return threads * 2 * (min(MOST_ROWS, inputs) + min(MOST_ROWS, outputs))


@dataclass(frozen=True)
class OwnRows:
    """Which rows a thread has of its own; see wv_sgns.h for why, and for how they are merged.

    Attributes
    ----------
    of_input, of_output : ndarray, shape (n,), (m,)
        Pairs of an input and an output that move each, for one kept token on average.
    rows : ndarray, shape (n,), optional
        Which rows of the input they are, most visited first; by default the first n.
    workers, every : int
        Threads, and the kept tokens from merge to merge of the rows visited most.
    sub_rows : ndarray, optional
        The rows of all words' n-grams, with ~i for own row i.
    """

    of_input: NDArray[np.float32]
    of_output: NDArray[np.float32]
    rows: NDArray[np.int32] | None
    workers: int
    every: int
    sub_rows: NDArray[np.int32] | None = None

    @classmethod
    def of(
        cls,
        kept: NDArray[np.float64],
        noise: NDArray[np.float64],
        subwords: NgramRows | None,
        threads: int,
        *,
        contexts: float,
        negative: int,
        cbow: bool,
    ) -> Self | None:
        """Own rows for this text; None where there are none, see `tokens_between`.

        Parameters
        ----------
        kept, noise : ndarray, shape (V,)
            Tokens of each word, in order of frequency, that an epoch keeps, and the noise weights.
        contexts, negative : float, int
            Contexts of a word on average, and noise words.
        cbow : bool
            Whether all contexts are one input.
        """
        every = tokens_between(kept.sum(), threads)
        if not every:
            return None
        shares = kept / kept.sum()
        # A pair of words moves its input by all outputs, and each output by each input of a step.
        of_words = shares * contexts * (1 + negative)
        of_output = (shares + negative * noise / noise.sum()) * (1 if cbow else contexts)
        of_output = of_output[:MOST_ROWS].astype(np.float32)
        if subwords is None:
            return cls(of_words[:MOST_ROWS].astype(np.float32), of_output, None, threads, every)
        visits = np.bincount(subwords.rows, np.repeat(of_words, np.diff(subwords.starts)))
        rows = np.argsort(-visits, kind="stable")[: min(MOST_ROWS, np.count_nonzero(visits))]
        names = np.arange(len(visits), dtype=np.int32)
        names[rows] = ~np.arange(len(rows), dtype=np.int32)
        of_rows = visits[rows].astype(np.float32)
        sub_rows = names[subwords.rows]
        return cls(of_rows, of_output, rows.astype(np.int32), threads, every, sub_rows)

    def memory(self, dim: int) -> NDArray[np.float32]:
        """Room for the copies of one thread."""
        return padded_matrix(2 * (len(self.of_input) + len(self.of_output)), dim)
