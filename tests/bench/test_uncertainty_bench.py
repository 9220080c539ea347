"""Gram matrices of gathered rows beside what numpy needs for them, in the same run."""

import time

import numpy as np
import pytest

from wordvec.native.vectors.gram import grams

V, SYSTEMS, CELLS = 67_867, 200, 880  # words, and cells of a row of 17 million words' counts


def fastest(function, rounds=5):
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("d", [100, 300])
def test_rows_are_gathered_and_multiplied_faster_than_by_numpy(d, record_property):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(V, d)).astype(np.float32)
    ids = rng.integers(0, V, SYSTEMS * CELLS).astype(np.int32)
    a = rng.random(len(ids))
    ptr = np.arange(SYSTEMS + 1, dtype=np.int64) * CELLS

    def by_numpy():
        for i in range(SYSTEMS):
            span = slice(ptr[i], ptr[i + 1])
            Z = X[ids[span]].astype(np.float64) * a[span, None]
            Z.T @ Z  # which numpy knows to be symmetric

    own, peer = fastest(lambda: grams(ptr, ids, X, a)), fastest(by_numpy)
    work = len(ids) * d * (d + 1) / 1e9
    for name, seconds in (("wordvec", own), ("numpy", peer)):
        record_property(f"{name}, GFLOP/s at {d}", round(work / seconds, 1))
    assert own < peer
