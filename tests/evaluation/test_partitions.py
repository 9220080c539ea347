"""Bounds of permutation p-values against all partitions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.statistics.partitions import bounds

scores = st.lists(
    st.floats(-5, 5, allow_nan=False).map(lambda v: round(v, 2)), min_size=1, max_size=7
)


def by_hand(x, y):
    """Shares of all partitions, in whole hundredths."""
    pooled = [round(100 * v) for v in [*x, *y]]
    n, k, total = len(pooled), len(x), sum(pooled)
    observed = n * sum(pooled[:k]) - k * total
    found = [n * sum(c) - k * total for c in itertools.combinations(pooled, k)]
    one = sum(v >= observed for v in found) / len(found)
    return one, sum(abs(v) >= abs(observed) for v in found) / len(found)


@given(scores, scores, st.sampled_from([1024, 4096, 1 << 16]))
def test_the_bounds_hold_the_p_of_all_partitions(x, y, cells):
    one, two = by_hand(x, y)
    found = bounds(np.array(x, float), np.array(y, float), cells=cells)
    assert found.one_sided[0] <= one * (1 + 1e-12)
    assert one <= found.one_sided[1] * (1 + 1e-12)
    assert found.two_sided[0] <= two * (1 + 1e-12)
    assert two <= found.two_sided[1] * (1 + 1e-12)
    assert found.partitions == math.comb(len(x) + len(y), len(x))


@pytest.mark.parametrize(("n", "m"), [(16, 16), (20, 10), (7, 25), (25, 25)])
def test_they_are_near_the_exact_p_for_lists_of_any_shape(n, m):
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal(n) + 0.4, rng.standard_normal(m)
    exact = statistics.permutation_test(x, y, exact=True)
    found = bounds(x, y)
    for (low, high), p in (
        (found.one_sided, exact.p_one_sided),
        (found.two_sided, exact.p_two_sided),
    ):
        assert low <= p <= high
        assert high - low < 2e-3 * p + 1e-4


def test_a_finer_grid_brings_the_bounds_together():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(30) + 1, rng.standard_normal(30)
    wide = [
        np.subtract(*reversed(bounds(x, y, cells=c).one_sided)) for c in (4096, 1 << 14, 1 << 16)
    ]
    assert wide[0] > 2 * wide[1] > 4 * wide[2] > 0


def test_p_of_the_far_tail_is_small_and_never_nought():
    found = bounds(np.arange(32) + 100.0, np.arange(32.0), cells=1 << 14)
    assert found.one_sided[0] == pytest.approx(1 / math.comb(64, 32))
    assert 0 < found.one_sided[1] < 1e-15


def test_scores_that_do_not_vary_say_nothing():
    assert bounds(np.ones(40), np.ones(40)).one_sided == (1.0, 1.0)
