"""What models share that train on counts by visits to cells: options, start, schedule."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec.counts.counting.window import Window
from wordvec.counts.noise import Noise
from wordvec.counts.schedule import rounds
from wordvec.counts.shards import Shards
from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.models.skipgram import SkipGram
from wordvec.native.models.visits import VisitTrainer, VisitWorker
from wordvec.native.vectors.vec import rng_key
from wordvec.training.loop import Plan, Step
from wordvec.training.options import OutputVectors
from wordvec.training.rate import falling, require_falling
from wordvec.training.rows import padded_matrix, uniform_rows
from wordvec.training.tiles import FREE, Matrix, Start, TileModel

# Parts of an epoch, a power of two. Each goes over all tiles with its own random share of the
# visits. Skip-gram on 17 million words, 5 epochs, one seed: WordSim-353 .679, SimLex-999 .301,
# MEN .623, Google 31.2 %; with 16 .664, .311, .615, 31.1 %, at 1.6 times the time; with 1 and
# groups of 16 .671, .299, .628, 29.4 %, at .8 times; the stream's .672, .310, .616, 28.9 % (two
# seeds).
PARTS = 4
PAIR_SECONDS = 2e-9  # per pair with 5 noise words and dimension, on a thread of an AMD EPYC (Turin)


@dataclass(kw_only=True)
class VisitModel(TileModel, abc.ABC):
    """Base of models whose loss is a sum over pairs and their noise words, trained from counts."""

    window: int = same_option(SkipGram, "window", 5)
    sample: float = same_option(SkipGram, "sample", 1e-3, counting=True)
    output_vectors: OutputVectors = same_option(TileModel, "output_vectors", "words")
    epochs: int = same_option(TileModel, "epochs", 5)
    negative: int = same_option(SkipGram, "negative", 5)
    ns_exponent: float = same_option(SkipGram, "ns_exponent", 0.75)
    alpha: float = same_option(SkipGram, "alpha", 0.025)
    min_alpha: float = same_option(SkipGram, "min_alpha", 1e-4)
    cap: float = option(1.0, "Largest weight with which a cell is trained in one visit.", above=0)

    # The rate depends on the number of epochs; `sample` shows in the shards.
    _free: ClassVar[tuple[str, ...]] = (*(name for name in FREE if name != "epochs"), "sample")
    _group: ClassVar[int]  # inputs of one output that share noise

    def _check(self) -> None:
        super()._check()
        require_falling(self.alpha, self.min_alpha)

    def _counting(self) -> tuple[Window, float]:
        return Window(window=self.window, weighting="linear"), self.sample

    def _fit(self, shards: Shards, start: Start, progress: Callback | None) -> None:
        d = self.vector_size
        words, contexts = (padded_matrix(shards.words, d) for _ in range(2))
        uniform_rows(words, d, 0.5 / d, self.seed)
        if (warm := start.warm(shards, d)) is not None:
            words[warm.ids, :d], contexts[warm.ids, :d] = warm.words, warm.contexts
            old = start.init
            if old is not None and old.contexts is None and old.vector_size == d:
                # Vectors alone are inputs here, not a sum; the outputs start as they always do.
                words[warm.ids, :d] += warm.contexts
                contexts[:] = 0
        plan = self._plan(shards, words, contexts)
        trained = self._run(shards, [words, contexts], plan, start, progress)
        self.vectors_ = self._store(shards, trained, words[:, :d], contexts[:, :d])

    def _context_share(self, shards: Shards) -> NDArray[np.float64] | None:
        """The distribution of contexts (V,) of the information that the model fits, or None: the
        model tells pairs from noise."""
        return None

    def _seconds(self, shards: Shards) -> float:
        share = (1 + self.negative) / (1 + 5)  # of what was measured
        return float(shards.marginals[0].sum()) * self.vector_size * share * PAIR_SECONDS

    def _plan(self, shards: Shards, words: Matrix, contexts: Matrix) -> Plan[VisitWorker, _Visit]:
        trainer = VisitTrainer(
            words,
            contexts,
            *Noise.of(shards, self.ns_exponent),
            shards.marginals[0],
            negative=self.negative,
            group=self._group,
            bits=PARTS.bit_length() - 1,
            cap=self.cap,
            out_share=self._context_share(shards),
        )

        def epoch_rounds(epoch: int) -> Iterator[list[_Visit]]:
            key = rng_key(self.seed, epoch, 1)
            for part in range(PARTS):
                g = self.super_tile
                plan = rounds(shards.k, symmetric=False, seed=key + part, group=g)
                for at, units in enumerate(plan):
                    done = (epoch + (part + at / len(plan)) / PARTS) / self.epochs
                    alpha = falling(self.alpha, self.min_alpha, done)
                    yield [_Visit(key, part, alpha, i, j) for i, j in units]

        def train(worker: VisitWorker, visit: _Visit) -> Step:
            key, part, alpha, i, j = visit
            cells = shards.tile(i, j)[:3]
            mirror = shards.tile(j, i)[:3] if shards.symmetric else None
            loss = worker.train(i, j, cells, mirror, rng_key(key, i, j), part, alpha)[0]
            return Step(loss, 1, 1, alpha)

        tiles, pairs = PARTS * shards.k**2, float(shards.marginals[0].sum())
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
    """A task: the part of an epoch, and the tile of which it trains a share."""

    key: int
    part: int
    alpha: float
    row: int
    col: int
