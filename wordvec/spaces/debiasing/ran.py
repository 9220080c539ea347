"""RAN: repelling neighbours that are near by the concept alone, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import option
from wordvec.spaces.apply import ReplaceStage, Stage
from wordvec.spaces.debiasing.base import Debias, Ids, subspace, unit_rows
from wordvec.spaces.debiasing.concepts import Lookup
from wordvec.system.blas import single_threaded
from wordvec.system.parallel import over_range, threads
from wordvec.vectors.vectors import WordVectors

_BATCH = 128  # words at a time: with 100 neighbours of 100 numbers 5 MB, a third cache
_EPS = 1e-8


@dataclass(kw_only=True)
class RAN(Debias):
    """Repulsion, attraction, neutralisation: a new vector for each of the most frequent words.

    Minimises for each word w, by Adam from w,
    `repel mean |cos(x, n)| + attract |cos(x, w) - 1| / 2 + neutralise |cos(x, g)|`,
    over those of its nearest words n whose similarity to w is due to the concept's direction g by
    more than `threshold` (indirect bias).

    This is no matrix: words beyond `words`, contexts and n-grams keep the old space.

    Parameters
    ----------
    concept, pairs, sets, exempt
        See `HardDebias`.
    words : int
        The most frequent words, of which those that are not exempt get new vectors.
    neighbors : int
        Nearest words to look at.
    threshold : float
        Indirect bias from which a neighbour repels.
    repel, attract, neutralise : float
        Weights of the three terms, as the paper has them. (Its code weighs the third by the second
        weight.)
    steps : int
        Steps of Adam.
    rate : float
        Its rate.

    References
    ----------
    Kumar, Bhotia, Kumar & Chakraborty (2020), "Nurse is closer to woman than surgeon? Mitigating
    gender-biased proximities in word embeddings", section 3.
    """

    name: ClassVar[str] = "ran"
    words: int = option(20_000, "Most frequent words that get new vectors.", at_least=1)
    neighbors: int = option(100, "Nearest words to look at, for each word.", at_least=1)
    threshold: float = option(
        0.05, "Indirect bias from which a neighbour repels.", at_least=0, source="Kumar et al. 2020"
    )
    repel: float = option(1 / 8, "Weight of moving away from such neighbours.", at_least=0)
    attract: float = option(6 / 8, "Weight of staying near the old vector.", at_least=0)
    neutralise: float = option(1 / 8, "Weight of leaving the concept's direction.", at_least=0)
    steps: int = option(300, "Steps of Adam for each word.", at_least=1)
    rate: float = option(0.01, "Learning rate of Adam.", above=0)

    def is_fitted(self) -> bool:
        return hasattr(self, "rows_")

    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        sets = lookup.sets(self.concept_.sets, "defining sets")
        g = subspace(vectors, sets)[0]
        keep = self.concept_.exempt if self.exempt is None else self.exempt
        stop = min(self.words, len(vectors))
        ids = np.setdiff1d(np.arange(stop), lookup.ids(keep))
        ids = ids[vectors.norms[ids] > 0]
        self.words_ = [vectors.index_to_key[i] for i in ids.tolist()]
        self.rows_ = np.empty((len(ids), vectors.vector_size), np.float32)
        batches = -(-len(ids) // _BATCH)

        def batches_between(first: int, last: int) -> None:
            for batch in range(first, last):
                place = slice(batch * _BATCH, (batch + 1) * _BATCH)
                self.rows_[place] = self._moved(vectors, ids[place], g)

        with single_threaded():
            over_range(batches_between, 0, batches, min(threads(), max(1, batches)))

    def _moved(self, vectors: WordVectors, ids: Ids, g: NDArray[Any]) -> NDArray[Any]:
        W = unit_rows(vectors, ids).astype(np.float32)
        near, _ = vectors.nearest(W, min(self.neighbors + 1, len(vectors)))
        there = (near >= 0) & (near != ids[:, None])
        near = np.maximum(near, 0)
        N = unit_rows(vectors, near.reshape(-1)).astype(np.float32).reshape(*near.shape, -1)
        g32 = g.astype(np.float32)
        # Indirect bias: the share of w n that goes when both lose their part along g.
        along, along_n = W @ g32, N @ g32
        lengths = np.sqrt(np.maximum((1 - along**2)[:, None] * (1 - along_n**2), 1e-12))
        both = np.einsum("bd,bnd->bn", W, N)
        rest = (both - along[:, None] * along_n) / lengths
        beta = (both - rest) / np.where(np.abs(both) < 1e-6, np.inf, both)
        weight = (there & (beta > self.threshold)).astype(np.float32)
        weight *= self.repel / np.maximum(weight.sum(axis=1, keepdims=True), 1)
        # Only neighbours that repel are worked on.
        most = int((weight > 0).sum(axis=1).max(initial=0))
        chosen = np.argsort(weight == 0, axis=1, kind="stable")[:, :most]
        N = np.take_along_axis(N, chosen[:, :, None], axis=1)
        weight = np.take_along_axis(weight, chosen, axis=1)
        x = W.copy()
        m, v = np.zeros_like(x), np.zeros_like(x)
        for step in range(1, self.steps + 1):
            slope = self._slope(x, W, N, weight, g32)
            m += 0.1 * (slope - m)
            v += 0.001 * (slope * slope - v)
            size = self.rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            x -= np.float32(size) * m / (np.sqrt(v) + np.float32(_EPS))
        x *= (vectors.norms[ids] / np.linalg.norm(x, axis=1))[:, None]
        return x

    def _slope(
        self,
        x: NDArray[Any],
        W: NDArray[Any],
        N: NDArray[Any],
        weight: NDArray[Any],
        g: NDArray[Any],
    ) -> NDArray[Any]:
        """Gradient (b, d) of the three terms at x (b, d): d cos(x, n) / dx = (n - cos u) / |x|."""
        length = np.linalg.norm(x, axis=1, keepdims=True)
        u = x / length
        to_n = np.matmul(N, u[:, :, None])[:, :, 0]
        pull = weight * np.sign(to_n)
        to_w, to_g = np.einsum("bd,bd->b", u, W), u @ g
        toward = np.matmul(pull[:, None, :], N)[:, 0]
        inward = (pull * to_n).sum(axis=1)
        toward -= self.attract / 2 * W
        inward -= self.attract / 2 * to_w
        toward += (self.neutralise * np.sign(to_g))[:, None] * g
        inward += self.neutralise * np.abs(to_g)
        return np.asarray((toward - inward[:, None] * u) / length)

    def stages(self, vectors: WordVectors) -> list[Stage]:
        known = [i for i, word in enumerate(self.words_) if word in vectors]
        ids = vectors.get_ids([self.words_[i] for i in known])
        order = np.argsort(ids)
        return [ReplaceStage(ids[order], self.rows_[known][order])]
