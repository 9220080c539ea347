"""LexVec: information factorised over windows and noise, from shards of co-occurrence counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from wordvec.counts.count import Window
from wordvec.counts.noise import Noise
from wordvec.counts.schedule import rounds
from wordvec.counts.shards import Shards
from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.models.ppmi import PPMI
from wordvec.models.skipgram import SkipGram
from wordvec.native.models.lexvec import LexVecTrainer, LexVecWorker
from wordvec.native.vectors.vec import rng_key
from wordvec.training.loop import Plan, Step
from wordvec.training.options import OutputVectors
from wordvec.training.rows import padded_matrix, uniform_rows
from wordvec.training.tiles import FREE, Matrix, Start, TileModel

PARTS = 4  # of an epoch, a power of two: each goes over all tiles with its share of the visits


@dataclass(kw_only=True)
class LexVec(TileModel):
    """LexVec [1]_: positive pointwise mutual information, factorised by weighted reconstruction.

    Like skip-gram it sees a pair as often as it stands in a window, and noise words beside it; like
    GloVe it fits a number that the counts give. The loss is

        sum_wc X_wc 1/2 (w.c - M_wc)^2 + negative sum_w X_w. E_{n ~ P} 1/2 (w.n - M_wn)^2,

    with `M_wc = max(0, log(X_wc X.. / (X_w. X_.c)))`, the context's share of counts smoothed, and
    P(n) in proportion to count(n) ** ns_exponent. SGD visits the cells of a tile in random order.

    Parameters
    ----------
    vector_size : int
        Dimensions.
    window, sample, min_count, max_vocab :
        For a source that is text: it is counted first, with linear weights, as word2vec's windows
        are on average. Shards have theirs already. The paper has window 2 and sample 1e-5 for 3.8
        billion words; on 17 million they give 24.1 % of Google's analogies, the defaults 36.8 %.
    epochs : int
        Passes over the counts. The rate falls over all of them.
    negative : int
        Noise words for each pair.
    ns_exponent : float
        0.75 in [1]_.
    smoothing : float
        The share of a context is count ** smoothing over its sum; 0.75 in [1]_ and [2]_, 1 is off.
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    cap : float
        Largest weight of one visit: a cell is visited ceil(X / cap) times per epoch, with weight
        X / ceil(X / cap).
    output_vectors : {"words", "sum", "both"}
        Vectors are w alone, w + c, or w and then c. The store carries contexts either way.
    unk : bool
        Whether `<unk>` comes last, the mean of the 100 rarest words.
    super_tile : int
        Tiles on each side of a super-tile, whose tiles are trained together: a cluster then moves
        rows that many times less often. Another number is another order, and other bytes.
    threads : int, optional
        By default all processors; the result does not depend on it.
    seed : int

    Attributes
    ----------
    vectors_ : WordVectors
        With contexts.
    losses_ : list of float
        Mean loss of a pair with its noise, one value per epoch, taken while it goes on.

    References
    ----------
    .. [1] Salle, Idiart & Villavicencio 2016, "Matrix factorization using window sampling and
       negative sampling for improved word representations".
    .. [2] Levy, Goldberg & Dagan 2015, "Improving distributional similarity with lessons learned
       from word embeddings".
    """

    papers: ClassVar[tuple[str, ...]] = ("salle2016", "levy2015")

    window: int = same_option(SkipGram, "window", 5)
    sample: float = same_option(SkipGram, "sample", 1e-3, counting=True)
    output_vectors: OutputVectors = same_option(TileModel, "output_vectors", "words")
    epochs: int = same_option(TileModel, "epochs", 5)
    negative: int = same_option(SkipGram, "negative", 5)
    ns_exponent: float = same_option(SkipGram, "ns_exponent", 0.75)
    smoothing: float = same_option(PPMI, "smoothing", 0.75)
    alpha: float = same_option(SkipGram, "alpha", 0.025)
    min_alpha: float = same_option(SkipGram, "min_alpha", 1e-4)
    cap: float = option(1.0, "Largest weight with which a cell is trained in one visit.", above=0)

    # The rate depends on the number of epochs; `sample` shows in the shards.
    _free: ClassVar[tuple[str, ...]] = (*(name for name in FREE if name != "epochs"), "sample")

    def _check(self) -> None:
        super()._check()
        if self.min_alpha > self.alpha:
            raise ValueError(f"min_alpha must be <= alpha ({self.alpha}), got {self.min_alpha}")

    def _counting(self) -> tuple[Window, float]:
        return Window(window=self.window, weighting="linear"), self.sample

    def _fit(self, shards: Shards, start: Start, progress: Callback | None) -> None:
        d = self.vector_size
        words, contexts = (padded_matrix(shards.words, d) for _ in range(2))
        for side, matrix in enumerate((words, contexts)):
            uniform_rows(matrix, d, 0.5 / d, rng_key(self.seed, side))
        if (warm := start.warm(shards, d)) is not None:
            old = start.init
            if old is not None and old.contexts is None and old.vector_size == d:
                # Vectors alone are words here, not a sum; contexts start as they always do.
                words[warm.ids, :d] = warm.words + warm.contexts
            else:
                words[warm.ids, :d], contexts[warm.ids, :d] = warm.words, warm.contexts
        plan = self._plan(shards, words, contexts)
        trained = self._run(shards, [words, contexts], plan, start, progress)
        self.vectors_ = self._store(shards, trained, words[:, :d], contexts[:, :d])

    def _alpha(self, done: float) -> float:
        return max(self.alpha * (1 - done), self.min_alpha)

    def _plan(self, shards: Shards, words: Matrix, contexts: Matrix) -> Plan[LexVecWorker, _Visit]:
        rows, cols = shards.marginals
        smoothed = np.maximum(cols, 1e-300) ** self.smoothing
        trainer = LexVecTrainer(
            words,
            contexts,
            *Noise.of(shards, self.ns_exponent),
            rows,
            np.log(np.maximum(rows, 1e-300)).astype(np.float32),
            np.log(smoothed / smoothed.sum()).astype(np.float32),
            negative=self.negative,
            bits=PARTS.bit_length() - 1,
            cap=self.cap,
        )

        def epoch_rounds(epoch: int) -> Iterator[list[_Visit]]:
            key = rng_key(self.seed, epoch, 1)
            for part in range(PARTS):
                g = self.super_tile
                plan = rounds(shards.k, symmetric=False, seed=key + part, group=g)
                for at, units in enumerate(plan):
                    alpha = self._alpha((epoch + (part + at / len(plan)) / PARTS) / self.epochs)
                    yield [_Visit(key, part, alpha, i, j) for i, j in units]

        def train(worker: LexVecWorker, visit: _Visit) -> Step:
            key, part, alpha, i, j = visit
            cells = shards.tile(i, j)[:3]
            mirror = shards.tile(j, i)[:3] if shards.symmetric else None
            loss = worker.train(i, j, cells, mirror, rng_key(key, i, j), part, alpha)[0]
            return Step(loss, 1, 1, alpha)

        tiles, pairs = PARTS * shards.k**2, float(rows.sum())
        return Plan(
            epochs=self.epochs,
            rounds=epoch_rounds,
            train=train,
            states=[trainer.worker() for _ in range(thread_count(self.threads))],
            work=tiles,
            unit="tiles",
            scale=tiles / pairs if pairs else 0.0,
        )


class _Visit(NamedTuple):
    """A task: the part of an epoch, its rate, and the tile of which it trains a share."""

    key: int
    part: int
    alpha: float
    row: int
    col: int
