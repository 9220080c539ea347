"""The kernel that counts windows, against a plain loop: windows on each side of what is looked at
at once (16 and 32 places), line ends and gaps anywhere, text that is only context."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordvec.native.corpus import cooc

BREAK, GAP = -1, -2


def by_hand(ids, begin, weight, sides, upper):
    """The units of each cell; a pair whose later word lies before `begin` does not count."""
    cells: Counter[tuple[int, int]] = Counter()
    for p, word in enumerate(ids):
        for step in sides if word >= 0 else ():
            for distance in range(1, len(weight)):
                q = p + step * distance
                if not 0 <= q < len(ids) or ids[q] == BREAK:
                    break
                if ids[q] >= (word if upper else 0) and max(p, q) >= begin:
                    cells[word, ids[q]] += int(weight[distance])
    return cells


def by_kernel(ids, begin, weight, sides, upper, words, step):
    starts, positions = np.empty(words + 1, np.int64), np.empty(len(ids), np.uint32)
    cooc.index(ids, starts, positions)
    row = cooc.Row(words)
    cols, units = np.empty(2 * words, np.uint32), np.empty(2 * words, np.uint64)
    cells = {}
    for first in range(step):
        nnz = np.zeros(len(range(first, words, step)), np.uint32)
        at = 0
        while at < len(nnz):
            text = [(ids, begin, starts, positions)]
            left, right = -1 in sides, 1 in sides
            given = (text, weight, left, right, upper, first, step, nnz, cols, units)
            end, used = row.count(*given, at)
            rows = np.repeat(np.arange(at, end) * step + first, nnz[at:end]).tolist()
            keys = list(zip(rows, cols[:used].tolist(), strict=True))
            assert keys == sorted(set(keys))
            cells |= dict(zip(keys, units[:used].tolist(), strict=True))
            at = end
    return cells


@pytest.mark.parametrize("words", [3, 700])  # rows with and without the bitmap of columns
@pytest.mark.parametrize("sides", [(-1,), (1,), (-1, 1)])
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1 << 30),
    n=st.integers(1, 400),
    window=st.sampled_from([1, 2, 10, 14, 15, 16, 17, 30, 31, 32, 33, 64, 500]),
    breaks=st.sampled_from([0.0, 0.01, 0.05, 0.3]),
    gaps=st.sampled_from([0.0, 0.2]),
    before=st.sampled_from([0, 1, 20, 40]),
    upper=st.booleans(),
    step=st.integers(1, 3),
)
def test_windows_hold_what_a_plain_loop_finds(
    words, sides, seed, n, window, breaks, gaps, before, upper, step
):
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.3, n) - 1, words - 1).astype(np.int32)
    ids[rng.random(n) < gaps] = GAP
    ids[rng.random(n) < breaks] = BREAK
    weight = rng.integers(1, 1 << 40, window + 1).astype(np.uint64)
    begin = min(before, n)
    expected = by_hand(ids.tolist(), begin, weight, sides, upper)
    assert by_kernel(ids, begin, weight, sides, upper, words, step) == dict(expected)
