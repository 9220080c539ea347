"""Subsampling of frequent words before windows are formed, as word2vec does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec.errors import CorpusError
from wordvec.native.vectors.vec import rng_key
from wordvec.text.corpus import Corpus
from wordvec.text.frequency import keep_probability
from wordvec.text.spool import Spool, in_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_BLOCK = 1 << 20  # ids that are subsampled at once


def subsample(corpus: Corpus, sample: float, seed: int, *, memory: int | None = None) -> Corpus:
    """A corpus without the frequent words that word2vec's subsampling drops; see `count`. Of
    `memory` bytes, if given, its ids take an eighth; more lie in a file.

    Raises
    ------
    ValueError
        When `sample` or `seed` is negative.
    CorpusError
        When nothing is left.
    """
    if not sample > 0 or not 0 <= seed < 1 << 64:
        raise ValueError(f"sample must be > 0 and seed in [0, 2^64), got {sample} and {seed}")
    out, known, context = Spool(memory), 0, 0
    for begin, ids, mask in kept_ids(corpus, sample, seed):
        part = ids[mask]
        known += int((part >= 0).sum())
        context += int(mask[: max(corpus.context - begin, 0)].sum())
        out.append(part, 0)
    if not (known or corpus.part):
        raise CorpusError(
            f"{corpus.stats.source}: subsampling at {sample} leaves no word: give a larger value, "
            "or 0 for a small text"
        )
    return replace(corpus, ids=out.joined(), known=known, context=context)


def kept_ids(
    corpus: Corpus, sample: float, seed: int
) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.bool_]]]:
    """Pieces of the ids of a corpus, where they begin, and which of them subsampling keeps."""
    keep = keep_probability(corpus.vocab.counts, corpus.vocab.known, sample)
    # A token's number is that of its place among the known tokens of the whole text: line ends and
    # unknown words, which always stay, have none, so a part needs to know one sum of those before.
    key, at = rng_key(seed, 0, 3), corpus.offset
    for begin in range(0, len(corpus.ids), SAMPLE_BLOCK):
        ids = in_memory(corpus.ids, begin, min(begin + SAMPLE_BLOCK, len(corpus.ids)))
        words = ids >= 0
        known = int(words.sum())
        mask = np.ones(len(ids), np.bool_)
        mask[words] = _uniform(key, at, known) < keep[ids[words]]
        at += known
        yield begin, ids, mask


def _uniform(key: int, begin: int, n: int) -> NDArray[np.float64]:
    """Numbers [begin, begin + n) of a key's sequence, as in csrc/wv_rng.h, in [0, 1)."""
    z = np.arange(begin + 1, begin + n + 1, dtype=np.uint64)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(11)
    return z.astype(np.float64) * 2.0**-53
