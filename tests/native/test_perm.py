"""Subset counts against enumeration, and random subsets against the exact share."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native.models import perm


def brute(x, k, upper, lower):
    sums = [sum(chosen) for chosen in combinations(map(int, x), k)]
    return len(sums), sum(s >= upper for s in sums), sum(s <= lower for s in sums)


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=11),
    st.data(),
)
def test_exact_counts_equal_enumeration_with_ties(values, data):
    k = data.draw(st.integers(0, len(values)))
    upper, lower = data.draw(st.integers(-200, 200)), data.draw(st.integers(-200, 200))
    x = np.array(values, np.int64)
    assert perm.exact(x, k, upper, lower) == brute(values, k, upper, lower)


@given(
    st.lists(st.integers(-(2**58), 2**58), min_size=1, max_size=13),
    st.data(),
)
def test_sums_near_the_largest_that_are_allowed_are_counted(values, data):
    k = data.draw(st.integers(0, len(values)))
    chosen = st.lists(st.sampled_from(values), min_size=k, max_size=k).map(sum)
    bounds = st.one_of(st.integers(-(2**61), 2**61), chosen)
    upper, lower = data.draw(bounds), data.draw(bounds)
    x = np.array(values, np.int64)
    assert perm.exact(x, k, upper, lower) == brute(values, k, upper, lower)


def test_items_beyond_two_halves_are_counted_both_ways():
    # 45 equal items: every subset of 3 has the sum 3, and 3 distinct ones make the bound.
    x = np.r_[np.zeros(42, np.int64), [1, 10, 100]]
    subsets, high, low = perm.exact(x, 3, 111, 0)
    assert (subsets, high, low) == (math.comb(45, 3), 1, math.comb(42, 3))


def test_sixteen_and_sixteen_are_all_counted():
    x = np.random.default_rng(1).integers(-(2**40), 2**40, 32)
    subsets, high, low = perm.exact(x, 16, 1, 0)
    assert subsets == math.comb(32, 16) == 601_080_390
    assert high + low == subsets


def test_sampled_share_approaches_the_exact_one():
    x = np.random.default_rng(2).integers(-(2**40), 2**40, 20)
    bound = 2**41
    subsets, high, low = perm.exact(x, 10, bound, -bound)
    m, b_high, b_low = perm.sampled(x, 10, bound, -bound, 200_000, 7)
    sd = math.sqrt(0.25 / m)
    assert abs(b_high / m - high / subsets) < 5 * sd
    assert abs(b_low / m - low / subsets) < 5 * sd


def test_samples_depend_on_seed_and_place_alone():
    x = np.random.default_rng(3).integers(-100, 100, 30)
    whole = perm.sampled(x, 15, 20, -20, 1000, 4)
    parts = [perm.sampled(x, 15, 20, -20, 250, 4, first) for first in range(0, 1000, 250)]
    assert whole == tuple(sum(column) for column in zip(*parts, strict=True))
    assert whole != perm.sampled(x, 15, 20, -20, 1000, 5)


def test_a_sample_draws_without_replacement():
    x = 4 ** np.arange(10, dtype=np.int64)  # a sum tells which items are in it
    full = int(x.sum())
    assert perm.sampled(x, 10, full, full, 50, 1) == (50, 50, 50)
    assert perm.sampled(x, 1, 4**9, 0, 20_000, 1)[1] == pytest.approx(2000, abs=250)


@pytest.mark.parametrize("call", [perm.exact, lambda *a: perm.sampled(*a, 10, 1)])
def test_what_cannot_be_counted_is_refused(call):
    x = np.arange(4, dtype=np.int64)
    with pytest.raises(ValueError, match="k must lie"):
        call(x, 5, 0, 0)
    with pytest.raises(ValueError, match="too large"):
        call(np.full(4, 2**60), 2, 0, 0)
    with pytest.raises(ValueError, match="scores"):
        call(x[:0], 0, 0, 0)


def test_more_items_than_can_be_counted_are_refused():
    with pytest.raises(ValueError, match="got 51"):
        perm.exact(np.zeros(51, np.int64), 25, 0, 0)


def test_items_tried_both_ways_give_each_bound_of_their_own():
    # Subsets of 50 are those of 49 without the item and those with it; 49 has 5 such items, 48 4.
    x = np.random.default_rng(3).integers(-(2**40), 2**40, 48)
    for more in (7, -(2**39)):
        with_more = np.r_[x, more]
        upper, lower = 2**41, -(2**42)
        whole = perm.exact(with_more, 24, upper, lower)
        without = perm.exact(x, 24, upper, lower)
        taken = perm.exact(x, 23, upper - more, lower - more)
        assert whole == tuple(a + b for a, b in zip(without, taken, strict=True))
