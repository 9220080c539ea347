"""Prior vectors of a model: which of its words they have, and how far these have moved."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec import formats
from wordvec.text.vocab import Vocabulary
from wordvec.training.rows import padded_matrix, rows_in_common
from wordvec.vectors.vectors import WordVectors

NAMED = 3  # words without a prior that a note names


@dataclass(eq=False)
class Prior:
    """Vectors to which the words of a vocabulary are drawn.

    Attributes
    ----------
    rows : ndarray of float32, shape (V, stride)
        The prior of each word, zeros behind it and for words without one.
    known : ndarray of float32, shape (V,)
        1 for words that have a prior, else 0.
    pull : float
        mu.
    facts : dict
        What a card says of it.
    notes : list of str
        What a user should know.
    """

    rows: NDArray[np.float32]
    known: NDArray[np.float32]
    pull: float
    facts: dict[str, Any] = field(init=False)
    notes: list[str] = field(init=False)

    @classmethod
    def of(
        cls, prior: WordVectors | str | os.PathLike[str], vocab: Vocabulary, dim: int, pull: float
    ) -> Prior:
        """The prior of a vocabulary.

        Raises
        ------
        ValueError
            For vectors of other dimensions or of a manifold, that are not finite, or that have none
            of the words.
        """
        vectors = prior if isinstance(prior, WordVectors) else formats.load(prior)
        if (manifold := vectors.meta.get("manifold")) is not None:
            raise ValueError(
                f"prior is of the manifold {manifold!r}: GloVe's vectors are of a flat space"
            )
        ids, places = rows_in_common(vectors, vocab, dim, "prior")
        rows = padded_matrix(len(vocab), dim + 2)
        rows[ids, :dim] = vectors.matrix.take(places)
        known = np.zeros(len(vocab), np.float32)
        known[ids] = 1
        made = cls(rows, known, pull)
        made.facts = {"words": len(ids), "crc32": zlib.crc32(rows.data)}
        made.notes = [made._coverage(vocab)]
        return made

    def _coverage(self, vocab: Vocabulary) -> str:
        have = int(self.known.sum())
        text = f"prior has {have:,} of the {len(self.known):,} words"
        if have == len(self.known):
            return text
        words = list(vocab)
        missing = [words[i] for i in np.flatnonzero(self.known == 0)[:NAMED].tolist()]
        more = ", ..." if len(self.known) - have > NAMED else ""
        return f"{text}; the others are trained as usual: {', '.join(missing)}{more}"

    def measure(self, words: NDArray[np.float32], contexts: NDArray[np.float32]) -> None:
        """Notes how far the words (V, d) and contexts (V, d) have moved, as mean |w + c - r|."""
        there = self.known > 0
        r = self.rows[there, : words.shape[1]]
        away = np.linalg.norm(words[there] + contexts[there] - r, axis=1)
        length = np.linalg.norm(r, axis=1)
        self.notes.append(
            f"their vectors are {away.mean():.3f} away from the prior on average, whose mean "
            f"length is {length.mean():.3f}"
        )
