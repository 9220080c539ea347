"""Scoring and selection on each instruction set against NumPy in float64."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native import cpu
from wordvec.native.vectors import topk

EPS = np.finfo(np.float32).eps


def select(scores, k, scale=None, first=0, isa=None):
    top = topk.Top(k, isa)
    top.offer(np.array(scores, np.float32), scale, first)
    ids, best = top.best()
    return ids.tolist(), best.tolist()


@pytest.mark.parametrize("d", [1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 300])
@pytest.mark.parametrize("n", [1, 3, 4, 5, 300])
def test_scores_are_within_rounding_of_float64(isa, n, d):
    rng = np.random.default_rng(n * d)
    X, q = (rng.standard_normal(s).astype(np.float32) for s in ((n, d), d))
    out = np.empty(n, np.float32)
    topk.scores(X, q, out, isa)
    exact = X.astype(np.float64) @ q.astype(np.float64)
    bound = d * EPS * (np.abs(X).astype(np.float64) @ np.abs(q).astype(np.float64))
    assert (np.abs(out - exact) <= bound).all()


def test_a_row_scores_the_same_wherever_it_lies(isa):
    rng = np.random.default_rng(1)
    X = np.repeat(rng.standard_normal((1, 37)).astype(np.float32), 11, 0)
    out = np.empty(11, np.float32)
    topk.scores(X, rng.standard_normal(37).astype(np.float32), out, isa)
    assert len(set(out.tolist())) == 1


@pytest.mark.parametrize("d", [1, 7, 8, 16, 31, 32, 33, 64, 65, 100, 300])
@pytest.mark.parametrize("n", [1, 2, 257])
def test_int8_sums_are_exact_on_each_instruction_set(isa, n, d):
    rng = np.random.default_rng(n + d)
    X = rng.integers(-128, 128, (n, d), np.int8)
    q = rng.integers(-3000, 3001, d, np.int16)
    scale = rng.random(n).astype(np.float32) + 0.5
    top = topk.Top(n, isa)
    top.offer_i8(X, np.full(n, 2, np.float32), scale, q, 0.25, 7)
    ids, best = top.best()
    sums = X.astype(np.int64) @ q.astype(np.int64)
    exact = (sums.astype(np.float32) * np.float32(0.5)) * scale
    order = np.lexsort((np.arange(n), -exact))
    assert (ids - 7).tolist() == order.tolist()
    assert best.tolist() == exact[order].tolist()


def test_a_query_whose_sums_may_overflow_is_refused():
    top = topk.Top(1)
    with pytest.raises(ValueError, match="overflow"):
        top.offer_i8(
            np.ones((1, 1000), np.int8),
            np.ones(1, np.float32),
            None,
            np.full(1000, 32767, np.int16),
            1.0,
            0,
        )


@given(
    st.lists(st.integers(-5, 5), max_size=700), st.integers(0, 40), st.sampled_from(cpu.available())
)
def test_ties_are_ordered_by_id(values, k, isa):
    ids, best = select(values, k, isa=isa)
    order = np.lexsort((np.arange(len(values)), -np.array(values, np.float32)))[:k]
    assert ids == order.tolist()
    assert best == [values[i] for i in order]


@given(st.integers(0, 2**32), st.integers(1, 40000), st.integers(1, 20000), st.booleans())
def test_the_best_are_those_of_a_full_sort(seed, n, k, rising):
    """Whatever comes first: the bar rises many times, or never."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 1 + n // 2, n).astype(np.float32)
    if rising:
        values.sort()
    order = np.lexsort((np.arange(n), -values))[:k]
    ids, best = select(values, k)
    assert ids == order.tolist()
    assert best == values[order].tolist()


def test_ids_may_be_offered_in_any_order():
    top = topk.Top(3)
    for first in (900, 300, 0, 600):
        top.offer(np.ones(100, np.float32), None, first)
    assert top.best()[0].tolist() == [0, 1, 2]


def test_scores_that_are_not_finite_are_left_out(isa):
    values = np.full(1000, np.nan, np.float32)
    values[[5, 700, 999]] = [1, 2, np.inf]
    assert select(values, 4, isa=isa) == ([700, 5], [2, 1])
    many = np.arange(1000, dtype=np.float32)
    many[::2] = np.nan
    assert select(many, 3, isa=isa)[0] == [999, 997, 995]


def test_rows_offered_in_parts_give_what_they_give_at_once(isa):
    rng = np.random.default_rng(3)
    X, q = rng.standard_normal((1000, 20)).astype(np.float32), np.ones(20, np.float32)
    scale = rng.random(1000).astype(np.float32)
    results = []
    for parts in ([0, 1000], [0, 1, 500, 501, 1000]):
        top = topk.Top(10, isa)
        for a, b in itertools.pairwise(parts):
            top.offer_rows(X[a:b], scale[a:b], q, a)
        ids, best = top.best()
        assert len(ids) == 10
        results.append((ids.tolist(), best.tolist()))
    assert results[0] == results[1]


def test_shapes_that_do_not_fit_are_refused():
    top = topk.Top(1)
    X = np.ones((3, 4), np.float32)
    with pytest.raises(ValueError, match="query must have 4"):
        top.offer_rows(X, None, np.ones(3, np.float32), 0)
    with pytest.raises(ValueError, match="scale must have 3"):
        top.offer_rows(X, np.ones(2, np.float32), np.ones(4, np.float32), 0)
    with pytest.raises(ValueError, match="k must be 0 or more"):
        topk.Top(-1)
    with pytest.raises(MemoryError):
        topk.Top(2**62)


def offer_sketch(X, q, k, start, stop, isa):
    rows, groups = len(X), -(-X.shape[1] // 4)
    codes = np.zeros(topk.sketch_bytes(rows, groups), np.uint8)
    factor, lut = np.empty(rows, np.float32), np.empty((groups, 16), np.uint8)
    topk.sketch_pack(X, codes, factor)
    slope, offset = topk.sketch_query(q, lut)
    top = topk.Top(k, isa)
    top.offer_sketch(codes, factor, lut, slope, offset, start, stop)
    return *top.best(), slope


@pytest.mark.parametrize("d", [1, 3, 4, 5, 37, 300, 1100])
@pytest.mark.parametrize(("n", "start", "stop"), [(1, 0, 1), (64, 0, 64), (300, 7, 299)])
def test_sketches_score_as_the_signs_do(isa, n, start, stop, d):
    rng = np.random.default_rng(n + d)
    X, q = (rng.standard_normal(s).astype(np.float32) for s in ((n, d), d))
    X[n // 2] = 0
    ids, scores, slope = offer_sketch(X, q, n, start, stop, isa)
    assert sorted(ids.tolist()) == list(range(start, stop))
    wide = X.astype(np.float64)
    factor = (wide**2).sum(1) / np.maximum(np.abs(wide).sum(1), 1e-30)
    exact = np.where(wide > 0, 1, -1) @ q.astype(np.float64) * factor
    # Each group's entry is rounded by half a unit at most, which the slope, two units, doubles.
    bound = factor * (slope / 2 * -(-d // 4) * 1.01 + 1e-4)
    assert (np.abs(scores - exact[ids]) <= bound[ids] + 1e-6).all()


def test_each_instruction_set_sums_sketches_alike():
    rng = np.random.default_rng(0)
    X, q = (rng.standard_normal(s).astype(np.float32) for s in ((500, 1000), 1000))
    found = [offer_sketch(X, q, 50, 0, 500, isa)[:2] for isa in cpu.available()]
    for ids, scores in found:
        np.testing.assert_array_equal(ids, found[0][0])
        np.testing.assert_array_equal(scores, found[0][1])


def test_shapes_of_sketches_are_checked():
    top = topk.Top(1)
    lut, factor = np.zeros((2, 16), np.uint8), np.ones(3, np.float32)
    with pytest.raises(ValueError, match="codes must have 64"):
        top.offer_sketch(np.zeros(63, np.uint8), factor, lut, 1.0, 0.0, 0, 3)
    with pytest.raises(IndexError, match="no rows 1 to 4"):
        top.offer_sketch(np.zeros(64, np.uint8), factor, lut, 1.0, 0.0, 1, 4)
