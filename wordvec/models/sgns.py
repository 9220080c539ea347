"""Skip-gram with negative sampling over shards of co-occurrence counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from wordvec.cooccurrence import Window
from wordvec.models.base import Callback, check, padded_matrix, thread_count, uniform_rows
from wordvec.models.matrix import FREE, Epochs, Matrix, Start, TileModel
from wordvec.models.schedule import rounds
from wordvec.native import sgns
from wordvec.native.sgns_tile import SGNSTrainer, SGNSWorker
from wordvec.native.vec import rng_key
from wordvec.parallel import ordered_map
from wordvec.shards import Shards, tile_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = 16  # of an epoch, a power of two
GROUP = 8  # inputs that share noise


@dataclass(kw_only=True)
class SGNS(TileModel):
    window: int = 5
    sample: float = 1e-3
    output: Literal["sum", "words"] = "words"
    epochs: int = 5
    negative: int = 5
    ns_exponent: float = 0.75
    alpha: float = 0.025
    min_alpha: float = 1e-4
    cap: float = 1.0

    def _fit(self, shards: Shards, start: Start, progress: Callback | None) -> None:
        d = self.vector_size
        words, contexts = (padded_matrix(shards.words, d) for _ in range(2))
        uniform_rows(words, d, 0.5 / d, self.seed)
        watch = self._run(
            shards,
            [words, contexts],
            self._epochs(shards, words, contexts),
            start,
            progress=progress,
            unit="pairs",
            total=max(round(float(shards.marginals[0].sum())), 1),
            rate=self.alpha,
        )
        self.vectors_ = self._store(shards, watch.seconds, words[:, :d], contexts[:, :d])

    def _epochs(self, shards: Shards, words: Matrix, contexts: Matrix) -> Epochs:
        noise = Noise.of(shards, self.ns_exponent)
        trainer = SGNSTrainer(
            words, contexts, *noise, shards.marginals[0],
            negative=self.negative, group=GROUP, bits=PARTS.bit_length() - 1, cap=self.cap,
        )  # fmt: skip
        workers = [trainer.worker() for _ in range(thread_count(self.threads))]
        self.visits = [0, 0]

        def train(
            worker: SGNSWorker, unit: tuple[int, int], *, key: int, part: int, alpha: float
        ) -> tuple[float, float, int, int]:
            i, j = unit
            cells = shards.tile(i, j)[:3]
            mirror = shards.tile(j, i)[:3] if shards.symmetric else None
            return worker.train(i, j, cells, mirror, rng_key(key, i, j), part, alpha)

        def epoch(number: int) -> Iterator[tuple[float, int, float]]:
            key = rng_key(self.seed, number, 1)
            weight = 0.0
            for part in range(PARTS):
                plan = rounds(shards.k, symmetric=False, seed=key + part)
                for at, units in enumerate(plan):
                    done = (number + (part + at / len(plan)) / PARTS) / self.epochs
                    alpha = max(self.alpha * (1 - done), self.min_alpha)
                    step = partial(train, key=key, part=part, alpha=alpha)
                    for loss, more, v, n in ordered_map(step, units, workers):
                        weight += more
                        self.visits[0] += v
                        self.visits[1] += n
                        yield loss, round(more), weight

        return epoch


class Noise(NamedTuple):
    """count ** exponent as alias tables, a tile each: tables (V, 2), where they start (k + 1,), and
    each tile's probability (k,)."""

    tables: NDArray[np.uint32]
    starts: NDArray[np.int64]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, shards: Shards, exponent: float) -> Noise:
        import numpy as np

        counts, k = shards.vocab.counts, shards.k
        weights = np.where(counts > 0, np.maximum(counts, 1).astype(np.float64) ** exponent, 0.0)
        sizes = [tile_words(shards.words, k, t) for t in range(k)]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        tables = np.zeros((shards.words, 2), np.uint32)
        share = np.zeros(k)
        for t, size in enumerate(sizes):
            part = np.ascontiguousarray(weights[t::k])
            share[t] = part.sum()
            if share[t]:
                table = tables[starts[t] : starts[t + 1]]
                sgns.alias_table(part, table, np.empty(size, np.int32), np.empty(size))
        return cls(tables, starts, share / share.sum())
