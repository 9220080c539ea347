"""The scan over candidates against NumPy in float64, at sizes around the strip of 256, on every
instruction set."""

import numpy as np
import pytest

from wordvec.native.vectors import analogy


def reference(solver, a, b, c, shift):
    a, b, c = (np.asarray(v, np.float64) for v in (a, b, c))
    if solver == "3CosAdd":
        return b - a + c
    if solver == "3CosMul":
        return ((1 + b) / 2) * ((1 + c) / 2) / ((1 + a) / 2 + 0.001)
    return (b - a - shift) / np.sqrt(np.maximum(2 - 2 * c, 1e-12))


@pytest.mark.parametrize("solver", analogy.SOLVERS)
@pytest.mark.parametrize("n", [1, 7, 255, 256, 257, 700])
def test_scan_finds_the_best_and_counts_those_above(isa, solver, n):
    rng = np.random.default_rng(n)
    cosines = rng.uniform(-0.9, 0.9, (5, n)).astype(np.float32)
    words = rng.integers(0, 5, (20, 3)).astype(np.int32)
    skip = rng.integers(-1, n, (20, 4)).astype(np.int32)
    shift = rng.uniform(-0.5, 0.5, 20).astype(np.float32)
    expected = np.array(
        [reference(solver, *cosines[w], s) for w, s in zip(words, shift, strict=True)]
    )
    answer = np.quantile(expected, 0.9, axis=1).astype(np.float32)
    for row, out in zip(expected, skip, strict=True):
        row[out[out >= 0]] = -np.inf
    best = np.full(20, -np.inf, np.float32)
    best_id, above = np.full(20, -1, np.int32), np.zeros(20, np.int32)
    for start in range(0, n, 300):  # in blocks, as the caller does
        block = np.ascontiguousarray(cosines[:, start : start + 300])
        state = best, best_id, above
        analogy.scan(
            solver, block, block.shape[1], start, words, skip, shift, answer, *state, isa=isa
        )
    for k in range(20):
        near = np.abs(expected[k] - answer[k]) < 1e-5
        assert abs(above[k] - (expected[k] >= answer[k]).sum()) <= near.sum()
        if np.isfinite(expected[k]).any():
            assert best[k] == pytest.approx(expected[k].max(), rel=1e-5, abs=1e-6)
            assert expected[k][best_id[k]] == pytest.approx(expected[k].max(), abs=1e-5)
        else:
            assert best_id[k] == -1


@pytest.mark.parametrize("solver", analogy.SOLVERS)
def test_equal_scores_count_against_the_answer_and_the_first_of_them_is_best(isa, solver):
    cosines = np.full((3, 600), 0.25, np.float32)
    cosines[:, 300:] = 0.5
    words, skip = np.array([[0, 1, 2]], np.int32), np.array([[0, 1, 2, 599]], np.int32)
    shift, value = np.zeros(1, np.float32), np.empty(1, np.float32)
    analogy.scores(solver, *cosines[:, 599:], shift, value)
    best, best_id, above = np.full(1, -np.inf, "f4"), np.full(1, -1, "i4"), np.zeros(1, "i4")
    state = best, best_id, above
    analogy.scan(solver, cosines, 600, 0, words, skip, shift, value, *state, isa=isa)
    others = 596 if solver == "PairDistance" else 299  # b - a is 0: all candidates score 0
    assert (above[0], best_id[0]) == (others, 3 if solver == "PairDistance" else 300)
    assert best[0] == value[0]


@pytest.mark.parametrize("solver", analogy.SOLVERS)
def test_scores_of_single_candidates(solver):
    rng = np.random.default_rng(1)
    a, b, c, shift = rng.uniform(-0.9, 0.9, (4, 9)).astype(np.float32)
    out = np.empty(9, np.float32)
    analogy.scores(solver, a, b, c, shift, out)
    np.testing.assert_allclose(out, reference(solver, a, b, c, shift), rtol=1e-5, atol=1e-6)


def test_wrong_shapes_and_rows_are_refused():
    f, i = np.zeros(1, np.float32), np.zeros(1, np.int32)
    block, three, four = (
        np.zeros((2, 3), np.float32),
        np.zeros((1, 3), "i4"),
        np.zeros((1, 4), "i4"),
    )
    with pytest.raises(ValueError, match="not a row"):
        analogy.scan("3CosAdd", block, 3, 0, three + 2, four, f, f, f, i, i)
    with pytest.raises(ValueError, match="3 columns, not 4"):
        analogy.scan("3CosAdd", block, 4, 0, three, four, f, f, f, i, i)
    with pytest.raises(ValueError, match="one length"):
        analogy.scan("3CosAdd", block, 3, 0, three, four, f, f, np.zeros(2, "f4"), i, i)
    with pytest.raises(ValueError, match="solver must be one of"):
        analogy.scan("cosine", block, 3, 0, three, four, f, f, f, i, i)
