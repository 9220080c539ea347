"""How near GloVe's words are to the best vectors that they could have, given the contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordvec.counts.shards import Shards
from wordvec.models.prior import Prior
from wordvec.system.blas import single_threaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


class Diagnostic:
    """Compares a sample of words with their weighted-least-squares solutions.

    With contexts and biases fixed, GloVe's objective is quadratic in a word's vector w_i: its best
    value solves (sum_j f(X_ij) c_j c_j') w = sum_j f(X_ij) (log X_ij - b_i - b~_j) c_j. A prior
    adds 2 mu to the diagonal and 2 mu (r_i - c_i) to the right. A word with fewer cells than
    dimensions has no single solution without it and is not drawn.
    """

    def __init__(
        self,
        shards: Shards,
        dim: int,
        words: int,
        x_max: float,
        alpha: float,
        seed: int,
        prior: Prior | None = None,
    ) -> None:
        self.prior = prior
        rng = np.random.Generator(np.random.Philox(key=seed))
        drawn = rng.permutation(shards.words)[: 4 * words].tolist()
        self.sample: list[tuple[int, NDArray[np.int64], Floats, Floats]] = []
        for word, (cols, x) in zip(drawn, shards.rows(drawn), strict=True):
            if len(cols) > dim and len(self.sample) < words:
                weight = np.minimum(1, (x / x_max) ** alpha)
                self.sample.append((word, cols, np.log(x), weight))

    def cosine(
        self, words: Floats, biases: Floats, contexts: Floats, context_biases: Floats
    ) -> float:
        """The mean cosine, or NaN when no word could be drawn."""
        with single_threaded():
            return self._cosine(words, biases, contexts, context_biases)

    def _cosine(
        self, words: Floats, biases: Floats, contexts: Floats, context_biases: Floats
    ) -> float:
        found = []
        for word, cols, log_x, weight in self.sample:
            c = contexts[cols].astype(np.float64)
            target = log_x - biases[word] - context_biases[cols]
            weighted = weight[:, None] * c
            left, right = weighted.T @ c, weighted.T @ target
            if self.prior is not None:
                pull = 2.0 * self.prior.pull * self.prior.known[word]
                left += pull * np.eye(len(left))
                right += pull * (self.prior.rows[word, : len(left)] - contexts[word])
            try:
                best = np.linalg.solve(left, right)
            except np.linalg.LinAlgError:  # contexts that do not span the space
                continue
            w = words[word].astype(np.float64)
            size = np.linalg.norm(w) * np.linalg.norm(best)
            found.append(float(w @ best / size) if size > 0 else 0.0)
        return float(np.mean(found)) if found else float("nan")
