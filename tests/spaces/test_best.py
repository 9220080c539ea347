"""Nearest rows of many, against whole matrices of scores."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.spaces.alignment import vecmap
from wordvec.spaces.best import COLUMNS, NOBODY, ROWS, largest, largest_both, largest_within


def unit(n, d, seed):
    X = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def by_sorting(scores, k):
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), order


def check(found, scores, k):
    """Scores of BLAS in float32 may differ in the last bits from those in float64."""
    top, _ = by_sorting(scores, k)
    np.testing.assert_allclose(found.top, top, atol=1e-6)
    own = np.take_along_axis(scores, found.ids.astype(np.int64), 1)
    np.testing.assert_allclose(own, top, atol=1e-6)
    assert (np.sort(found.ids, axis=1)[:, 1:] > np.sort(found.ids, axis=1)[:, :-1]).all()


SIZES = [(3, 2), (ROWS + 1, COLUMNS - 1), (2 * ROWS, COLUMNS + 7)]


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_largest_are_those_of_the_whole_matrix(n, m):
    A, B = unit(n, 9, 1), unit(m, 9, 2)
    scores = A.astype(np.float64) @ B.T.astype(np.float64)
    k = min(10, m)
    check(largest(A, B, k), scores, k)
    penalty = np.random.default_rng(3).uniform(0, 1, m).astype(np.float32)
    check(largest(A, B, k, penalty), scores - penalty, k)
    forward, back = largest_both(A, B, 10)
    check(forward, scores, min(10, m))
    check(back, scores.T, min(10, n))


@pytest.mark.parametrize("n", [2, 700, COLUMNS + 3, 2 * COLUMNS])
def test_neighbours_within_a_space_leave_the_word_itself_out(n):
    X = unit(n, 7, 4)
    scores = X.astype(np.float64) @ X.T.astype(np.float64)
    np.fill_diagonal(scores, -np.inf)
    k = min(5, n - 1)
    found = largest_within(lambda begin, end: X[begin:end], n, k)
    check(found, scores, k)
    assert (found.ids != np.arange(n)[:, None]).all()
    assert (found.ids != NOBODY).all()


def test_twins_are_neighbours_by_rising_id():
    X = np.tile(unit(1, 100, 5), (2 * COLUMNS + 9, 1))
    found = largest_within(lambda begin, end: X[begin:end], len(X), 3)
    expected = [[j for j in range(4) if j != i][:3] for i in range(len(X))]
    assert found.ids.tolist() == expected


@given(threads=st.integers(1, 5))
def test_the_bytes_do_not_depend_on_threads(threads):
    X, Y = unit(2 * COLUMNS + 50, 8, 6), unit(ROWS + 90, 8, 7)
    with pytest.MonkeyPatch.context() as patch:
        made = []
        for n in ("1", str(threads)):
            patch.setenv("WORDVEC_THREADS", n)
            lists = [largest_within(lambda a, b: X[a:b], len(X), 4), *largest_both(X, Y, 4)]
            made.append([(each.top.tobytes(), each.ids.tobytes()) for each in lists])
    assert made[0] == made[1]


def test_self_learning_keeps_blocks_of_scores_only(monkeypatch):
    """6,000 x 6,000 scores would be 144 MB; blocks of 2 MB and their draws are some ten times that
    for each thread."""
    monkeypatch.setenv("WORDVEC_THREADS", "2")
    A, B = unit(6000, 20, 8), unit(6000, 20, 9)
    tracemalloc.start()
    try:
        vecmap._translate_both(A, B, 10, 0.5, 1)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
