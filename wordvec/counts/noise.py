"""Noise words of models that train over tiles of counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec.counts.shards import Shards
from wordvec.counts.tiles import tile_words
from wordvec.errors import TrainingError
from wordvec.native.models import sgns
from wordvec.text.frequency import noise_weights


class Noise(NamedTuple):
    """count ** exponent as alias tables, one for each tile: tables (V, 2), where they start
    (k + 1,), and the probability of each tile (k,)."""

    tables: NDArray[np.uint32]
    starts: NDArray[np.int64]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, shards: Shards, exponent: float) -> Noise:
        """The noise of the words of shards, by their counts in the corpus."""
        counts, k = shards.vocab.counts, shards.k
        weights = noise_weights(counts, exponent)
        if not weights.any():
            raise TrainingError(f"{shards.path}: no word has a count: there is no noise to draw")
        sizes = [tile_words(shards.words, k, t) for t in range(k)]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        tables = np.zeros((shards.words, 2), np.uint32)
        share = np.zeros(k)
        for t in range(k):
            part = np.ascontiguousarray(weights[t::k])
            share[t] = part.sum() / weights.sum()
            if share[t] > 0:
                tables[starts[t] : starts[t + 1]] = sgns.alias_table(part)
        return cls(tables, starts, share)
