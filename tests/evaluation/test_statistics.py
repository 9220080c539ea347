"""Intervals and tests against scipy.stats, enumeration and published examples."""

import math
import sys
from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.results import Interval
from wordvec.evaluation.core.statistics import correlation

VALUES = st.lists(st.integers(0, 6).map(float), min_size=4, max_size=30)


@given(VALUES)
def test_midranks_equal_scipys(values):
    np.testing.assert_array_equal(statistics.midranks(values), scipy.stats.rankdata(values))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=30))
def test_correlations_equal_scipys(pairs):
    x, y = np.array(pairs, float).T
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert math.isnan(statistics.spearman(x, y))
        return
    assert statistics.spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y)[0], abs=1e-12)
    assert statistics.pearson(x, y) == pytest.approx(scipy.stats.pearsonr(x, y)[0], abs=1e-12)


def test_fisher_interval_equals_scipys():
    x, y = np.random.default_rng(1).standard_normal((2, 40))
    y = y + x
    expected = scipy.stats.pearsonr(x, y).confidence_interval(0.9)
    found = statistics.fisher_interval(statistics.pearson(x, y), 40, level=0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_rank_interval_is_wider_and_few_items_leave_it_open():
    plain, rank = (statistics.fisher_interval(0.7, 30, rank=r) for r in (False, True))
    assert rank.low < plain.low < 0.7 < plain.high < rank.high
    assert statistics.fisher_interval(0.7, 3).low == -1


@pytest.mark.parametrize("rank", [True, False])
def test_bootstrap_correlations_equal_a_loop_over_the_same_draws(rank):
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 8, (2, 25)).astype(float)
    found = statistics.bootstrap_correlations(x, y, -y, rank=rank, resamples=50, seed=9)
    draws = np.random.default_rng(9).integers(0, 25, (50, 25))
    correlate = statistics.spearman if rank else statistics.pearson
    expected = [correlate(x[d], y[d]) for d in draws]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], -found[:, 0], atol=1e-12)


def test_blocks_of_resamples_do_not_change_their_number(monkeypatch):
    slices = list(correlation._chunks(10, 300, cells=1000))
    assert [s.stop - s.start for s in slices] == [3, 3, 3, 1]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (500, 19544)])
def test_wilson_equals_scipys(k, n):
    expected = scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
    found = statistics.wilson_interval(k, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert statistics.wilson_interval(0, 0) == Interval(0, 1, 0.95, "Wilson")


def enumerate_p(x, y):
    scores = [*x, *y]
    total, n = sum(scores), len(scores)
    observed = round(n * sum(x) - len(x) * total, 9)
    values = [round(n * sum(chosen) - len(x) * total, 9) for chosen in combinations(scores, len(x))]
    one = sum(v >= observed for v in values)
    two = sum(abs(v) >= abs(observed) for v in values)
    return one / len(values), two / len(values)


@given(
    st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=5),
    st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=5),
)
def test_exact_p_equals_enumeration_for_equal_and_unequal_sizes(x, y):
    found = statistics.permutation_test(x, y)
    assert found.method == "exact"
    assert (found.p_one_sided, found.p_two_sided) == pytest.approx(enumerate_p(x, y), abs=1e-12)
    assert found.partitions == math.comb(len(x) + len(y), len(x))


def test_ties_by_rounding_count_as_ties():
    x, y = np.array([0.1, 0.2]), np.array([0.3, 0.0])  # .1 + .2 != .3 + 0 in binary
    assert statistics.permutation_test(x, y).p_one_sided == enumerate_p([1, 2], [3, 0])[0]


def test_sampled_p_is_near_the_exact_one_and_never_zero():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal(12) + 0.5, rng.standard_normal(12)
    exact = statistics.permutation_test(x, y)
    sampled = statistics.permutation_test(x, y, exact=False, samples=100_000)
    assert sampled.p_one_sided == pytest.approx(exact.p_one_sided, abs=5 * math.sqrt(0.25 / 1e5))
    far = statistics.permutation_test(x + 100, y, exact=False, samples=99)
    assert far.p_one_sided == 1 / 100


@pytest.mark.parametrize(("n", "partitions"), [(8, 12_870), (16, 601_080_390)])
def test_partitions_of_two_lists_of_a_size_are_all_counted(n, partitions):
    scores = np.random.default_rng(10).permutation(2 * n) + 0.0
    apart = statistics.permutation_test(np.sort(scores)[n:], np.sort(scores)[:n])
    assert (apart.method, apart.partitions) == ("exact", partitions)
    assert apart.p_one_sided == 1 / partitions
    assert apart.p_two_sided == 2 / partitions
    # The share at or above the observed difference, and below it, make one.
    x, y = scores[:n], scores[n:]
    above = statistics.permutation_test(x, y).p_one_sided
    below = statistics.permutation_test(y, x).p_one_sided
    assert 1 < above + below < 1.01 + 1 / n


def test_more_than_fifty_scores_are_certified_and_very_many_sampled():
    scores = np.random.default_rng(5).standard_normal(60)
    found = statistics.permutation_test(scores[:30], scores[30:])
    assert (found.method, found.partitions) == ("certified", math.comb(60, 30))
    low, high = found.bounds
    assert low <= found.p_one_sided == high < 1.01 * low
    sampled = statistics.permutation_test(scores[:30], scores[30:], exact=False, samples=100_000)
    assert sampled.p_one_sided == pytest.approx(high, abs=5 * math.sqrt(0.25 / 1e5))
    many = np.random.default_rng(5).standard_normal(300)
    found = statistics.permutation_test(many[:150], many[150:], samples=1000)
    assert (found.method, found.partitions, found.bounds) == ("sampled", 1000, None)


@pytest.mark.parametrize(
    ("x", "y", "message"), [([], [1.0], "both sides"), ([math.nan], [1.0], "finite")]
)
def test_scores_that_cannot_be_tested_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        statistics.permutation_test(x, y)


def test_one_item_a_side_has_a_p_of_one_half():
    assert statistics.permutation_test([2.0], [1.0]).p_one_sided == 0.5


def test_holm_equals_the_worked_example():
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.9, 0.8]) == [1.0, 1.0]


def test_williams_equals_the_formula_for_known_correlations():
    # Steiger's equation 7 by hand for r12 = .5, r13 = .4, r23 = .3, n = 103.
    determinant = 1 - 0.25 - 0.16 - 0.09 + 2 * 0.5 * 0.4 * 0.3
    below = 2 * (102 / 100) * determinant + 0.45**2 * 0.7**3
    t, p = statistics.williams_test(0.5, 0.4, 0.3, 103)
    assert t == pytest.approx(0.1 * math.sqrt(102 * 1.3 / below), rel=1e-12)
    assert p == pytest.approx(2 * scipy.stats.t.sf(t, 100), rel=1e-9)


def test_williams_equals_steigers_worked_example():
    # Steiger (1980), n = 103, r12 = .4, r13 = .5, r23 = .1: t = -.89, p = .37.
    t, p = statistics.williams_test(0.4, 0.5, 0.1, 103)
    assert (round(t, 2), round(p, 2)) == (-0.89, 0.37)


def test_williams_holds_its_level_under_the_null():
    rng = np.random.default_rng(6)
    rejected = 0
    for _ in range(400):
        base, criterion = rng.standard_normal((2, 80))
        one, two = (base + criterion + rng.standard_normal(80) for _ in range(2))
        r = [statistics.pearson(v, criterion) for v in (one, two)]
        rejected += statistics.williams_test(*r, statistics.pearson(one, two), 80)[1] < 0.05
    assert 5 <= rejected <= 38  # 20 expected, sd 4.4


def mean_difference(x, y):
    return x.mean() - y.mean()


def test_user_statistics_are_the_same_compiled_and_not(monkeypatch):
    pytest.importorskip("numba")
    x, y = np.random.default_rng(7).standard_normal((2, 30))
    with_numba = statistics.permutation(mean_difference, x, y, samples=200)
    band = statistics.bootstrap(lambda v: v.std(), x, resamples=200)
    monkeypatch.setitem(sys.modules, "numba", None)
    without = statistics.permutation(mean_difference, x, y, samples=200)
    band_without = statistics.bootstrap(lambda v: v.std(), x, resamples=200)
    assert with_numba.compiled
    assert not without.compiled
    np.testing.assert_allclose(with_numba.replicates, without.replicates, rtol=1e-12, atol=1e-14)
    assert with_numba.p_one_sided == without.p_one_sided
    np.testing.assert_allclose(band.replicates, band_without.replicates, rtol=1e-12)


def test_a_statistic_that_numba_cannot_compile_runs_as_it_is():
    x = np.arange(20.0)
    found = statistics.bootstrap(lambda v: float(sorted({*v.tolist()})[0]), x, resamples=20)
    assert not found.compiled
    assert found.estimate == 0


def test_user_permutation_of_a_mean_agrees_with_the_exact_test():
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal(10) + 1, rng.standard_normal(10)
    found = statistics.permutation(mean_difference, x, y, samples=4000)
    exact = statistics.permutation_test(x, y)
    assert found.p_one_sided == pytest.approx(exact.p_one_sided, abs=0.03)


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one length"):
        statistics.bootstrap(lambda x, y: 0.0, [1.0], [1.0, 2.0])
