"""A quick calibration: what this machine does in a second, on a text that is drawn at random.

It takes some seconds, on one thread, and is measured in processor time, so that other programs
disturb it little; only the disk is measured by the clock. Real texts differ: their words repeat
within a line, and a large vocabulary does not fit the caches: a token costs half as much again.
"""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import Shards
from wordvec.counts.sums import sum_shards
from wordvec.models.count_skipgram import CountSkipGram
from wordvec.models.glove import GloVe
from wordvec.models.swivel import Swivel
from wordvec.scale.reckon import Rates
from wordvec.system.files import scratch_file
from wordvec.system.folders import scratch_folder
from wordvec.system.memory import resident_memory
from wordvec.text.corpus import encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_TOKENS = 2_000_000
TYPES = 60_000
LINE = 25  # words
WRITTEN = 64 << 20  # bytes that the disk is measured with


def calibrate(*, vector_size: int = 100, window: int = 10, tokens: int = SAMPLE_TOKENS) -> Rates:
    """Measures reading, counting, merging, three models and the disk; all but the network."""
    rates = Rates(process=resident_memory())
    text = _text(tokens)
    began = time.process_time()
    corpus = encode(io.BytesIO(text), min_count=5)
    rates = replace(rates, read=_since(began) / tokens * 1e9)
    with scratch_folder() as folder:
        began = time.process_time()
        shards = count(corpus, folder / "harmonic", Window(window=window))
        rates = replace(rates, count=_since(began) / tokens * 1e9)
        began = time.process_time()
        both = np.ones(2, np.int64)
        sum_shards([shards, shards], folder / "twice", both)
        rates = replace(rates, merge=_since(began) / (2 * shards.cells) * 1e9)
        rates = replace(rates, **_models(folder, text, vector_size, window))
    return replace(rates, disk=_disk())


def _since(began: float) -> float:
    return time.process_time() - began


def _text(tokens: int) -> bytes:
    """Words drawn by Zipf's law, in lines."""
    rng = np.random.Generator(np.random.Philox(key=1))
    share = 1 / np.arange(1, TYPES + 1)
    ends = np.cumsum(share / share.sum())
    ids: NDArray[np.int64] = np.searchsorted(ends, rng.random(tokens))
    names = np.array([f"w{i:x}" for i in range(TYPES + 1)])
    lines = names[ids[: tokens // LINE * LINE]].reshape(-1, LINE).tolist()
    return "\n".join(map(" ".join, lines)).encode()


def _models(folder: Path, text: bytes, d: int, window: int) -> dict[str, float]:
    """An epoch of each model on a small part: the time of two, less that of one."""
    few = encode(io.BytesIO(text[: len(text) // 4]), min_count=5, max_vocab=6000)
    counts = count(few, folder / "few", Window(window=window))
    linear = count(few, folder / "linear", Window(window=window, weighting="linear"))
    some: dict[str, Any] = {"vector_size": d, "threads": 1}
    swivel = _epoch(Swivel, counts, some)
    glove = _epoch(GloVe, counts, some | {"diagnostic": 0})
    pairs = _epoch(CountSkipGram, linear, some)
    return {
        "flops": 6 * counts.words**2 * d / swivel,
        "glove": glove / counts.full_cells / d * 1e9,
        "pair": pairs / float(linear.marginals[0].sum()) / d * 1e9,
    }


def _epoch(kind: Any, shards: Shards, options: dict[str, Any]) -> float:
    seconds = []
    for epochs in (1, 1, 2):
        began = time.process_time()
        kind(epochs=epochs, **options).fit(shards)
        seconds.append(_since(began))
    return max(seconds[2] - min(seconds[:2]), 1e-6)


def _disk() -> float:
    """Bytes per second that temporary files are written at."""
    block = os.urandom(1 << 20)
    with scratch_file() as file:
        began = time.perf_counter()
        for _ in range(WRITTEN >> 20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return WRITTEN / (time.perf_counter() - began)
