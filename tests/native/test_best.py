"""Running lists of the best scores against a sort in numpy, on every instruction set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native.vectors.best import columns, merge, rows

LAST = np.iinfo(np.int32).max


def lists(n, k):
    return np.full((n, k), -np.inf, np.float32), np.full((n, k), LAST, np.int32)


def by_sorting(scores, k):
    """The k best of each row and their ids, equal scores by id."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), order


@pytest.mark.parametrize("m", [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 200])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_the_best_are_those_of_a_sort(isa, m, k):
    # Few distinct values: most scores have equals.
    scores = np.random.default_rng(m + k).integers(0, 12, (6, m)).astype(np.float32)
    k = min(k, m)
    expected, order = by_sorting(scores, k)
    top, ids = lists(6, k)
    rows(scores, 0, top, ids, isa=isa)
    assert np.array_equal(top, expected)
    assert np.array_equal(ids, order)
    top, ids = lists(6, k)
    least = np.full(6, -np.inf, np.float32)
    columns(np.ascontiguousarray(scores.T), 0, top, ids, least, isa=isa)
    assert np.array_equal(top, expected)
    assert np.array_equal(ids, order)
    assert np.array_equal(least, top[:, -1])


@given(seed=st.integers(0, 99), order=st.permutations(range(4)))
def test_blocks_come_in_any_order(seed, order):
    scores = np.random.default_rng(seed).integers(0, 9, (5, 40)).astype(np.float32)
    expected, ranked = by_sorting(scores, 7)
    top, ids = lists(5, 7)
    other, theirs = lists(5, 7)
    least = np.full(5, -np.inf, np.float32)
    for block in order:
        part = scores[:, 10 * block : 10 * block + 10]  # rows that are apart in memory
        rows(part, 10 * block, top, ids)
        columns(np.ascontiguousarray(part.T), 10 * block, other, theirs, least)
    for found, named in ((top, ids), (other, theirs)):
        assert np.array_equal(found, expected)
        assert np.array_equal(named, ranked)


def test_nan_is_never_the_best_and_minus_infinity_the_last(isa):
    scores = np.array([[np.nan, -np.inf, 1, np.nan, 2] + [np.nan] * 20], np.float32)
    top, ids = lists(1, 4)
    rows(scores, 0, top, ids, isa=isa)
    assert top.tolist() == [[2, 1, -np.inf, -np.inf]]
    assert ids.tolist() == [[4, 2, 1, LAST]]


def test_nothing_is_nothing(isa):
    top, ids = lists(0, 2)
    rows(np.zeros((0, 5), np.float32), 0, top, ids, isa=isa)
    columns(np.zeros((5, 0), np.float32), 0, top, ids, np.zeros(0, np.float32), isa=isa)


def test_what_does_not_fit_is_refused():
    scores = np.zeros((3, 4), np.float32)
    top, ids = lists(3, 2)
    with pytest.raises(ValueError, match="top must have 3 lists"):
        rows(scores, 0, top[:2].copy(), ids[:2].copy())
    with pytest.raises(ValueError, match="shape of top"):
        rows(scores, 0, top, ids[:, :1].copy())
    with pytest.raises(ValueError, match="contiguous"):
        rows(scores.T, 0, *lists(4, 2))
    with pytest.raises(ValueError, match="ids must lie in"):
        rows(scores, LAST - 3, top, ids)
    with pytest.raises(ValueError, match="least must have 4"):
        columns(scores, 0, *lists(4, 2), np.zeros(3, np.float32))


def test_lists_of_threads_are_merged():
    scores = np.random.default_rng(3).integers(0, 20, (30, 90)).astype(np.float32)
    parts = []
    for begin in (0, 45):
        top, ids = lists(30, 6)
        rows(scores[:, begin : begin + 45], begin, top, ids)
        parts.append((top, ids))
    expected, ranked = by_sorting(scores, 6)
    for (top, ids), other in ((parts[0], parts[1]), (parts[1], parts[0])):
        top, ids = top.copy(), ids.copy()
        merge(top, ids, *other)
        assert np.array_equal(top, expected)
        assert np.array_equal(ids, ranked)
    with pytest.raises(ValueError, match="same rows"):
        merge(*parts[0], parts[1][0][:3].copy(), parts[1][1][:3].copy())
