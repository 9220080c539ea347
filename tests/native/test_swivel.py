"""Swivel's gradients against finite differences in float64 and each instruction set against the
scalar one; whole tiles out of stored ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordvec.native.models.swivel import SwivelTrainer, Workspace, join

B0, B1, ALPHA = 0.1, 0.25, 0.5


def stride(d):
    return -(-d // 16) * 16


def parameters(V, d, seed, scale=0.5):
    rng = np.random.default_rng(seed)
    both = np.zeros((2, V, 2 * stride(d)), np.float32)
    both[:, :, :d] = rng.normal(0, scale, (2, V, d))
    both[:, :, stride(d) :] = 1e-8
    a, b = rng.normal(0, 1, (2, V)).astype(np.float32)
    return both[0], both[1], a, b


def csr(matrix):
    rows, cols = np.nonzero(matrix)
    row_ptr = np.searchsorted(rows, np.arange(len(matrix) + 1)).astype(np.uint32)
    return row_ptr, cols.astype(np.uint16), matrix[rows, cols].astype(np.float32)


def sample(rows, cols, seed, density=0.2):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 50, (rows, cols)) * (rng.random((rows, cols)) < density)


def run(params, d, matrix, *, isa=None, rate=0.1, k=1, at=(0, 0), update=True, scale=0.01):
    words, contexts, a, b = params
    trainer = SwivelTrainer(words, contexts, a, b, d, rate=rate, b0=B0, b1=B1, alpha=ALPHA, isa=isa)
    rows, cols = matrix.shape
    work = Workspace(rows, cols, d, max(np.count_nonzero(matrix), 1))
    loss = trainer.train(work, *at, k, cols, csr(matrix), scale, update)
    dw, dc = np.empty((rows, d), np.float32), np.empty((cols, d), np.float32)
    work.gradients(dw, dc)
    return loss, dw, dc


def objective(w, c, a, b, x):
    z = w @ c.T - a[:, None] - b
    seen = x > 0
    error = z - np.log(np.where(seen, x, 1))
    weight = B0 + B1 * x**ALPHA
    return float(np.where(seen, 0.5 * weight * error**2, np.logaddexp(0, z)).sum())


def test_gradients_are_those_of_finite_differences(isa):
    d, V = 7, 9
    params = parameters(V, d, 1)
    x = sample(V, V, 2, density=0.4)
    loss, dw, dc = run(params, d, x, isa=isa, update=False)
    w, c, a, b = (p.astype(np.float64) for p in params)
    w, c = w[:, :d], c[:, :d]
    assert loss == pytest.approx(objective(w, c, a, b, x), rel=1e-5)
    h = 1e-5
    for matrix, gradient in ((w, dw), (c, dc)):
        expected = np.empty_like(matrix)
        for at in np.ndindex(matrix.shape):
            old = matrix[at]
            matrix[at] = old + h
            up = objective(w, c, a, b, x)
            matrix[at] = old - h
            expected[at] = (up - objective(w, c, a, b, x)) / (2 * h)
            matrix[at] = old
        np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("rows", "cols", "d"),
    [
        (1, 1, 1),
        (1, 65, 15),
        (97, 3, 16),
        (5, 64, 17),
        (6, 257, 100),
        (100, 300, 33),
        (191, 63, 50),
    ],
)
def test_every_instruction_set_has_the_scalar_ones_gradients(vector_isa, rows, cols, d):
    V = max(rows, cols)
    params = parameters(V, d, 3)
    x = sample(rows, cols, 4)
    loss, dw, dc = run(params, d, x, isa=vector_isa, update=False)
    expected, ew, ec = run(params, d, x, isa="scalar", update=False)
    # Sums of n products of float32 of size s differ by about sqrt(n) s 2^-24.
    assert loss == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(dw, ew, atol=1e-5 * np.abs(ew).max() + 1e-6)
    np.testing.assert_allclose(dc, ec, atol=1e-5 * np.abs(ec).max() + 1e-6)


def test_extreme_scores_neither_overflow_nor_vanish(isa):
    params = parameters(70, 4, 5, scale=0.0)
    params[2][:] = np.linspace(-500, 500, 70)
    params[3][:] = 0
    loss, dw, _ = run(params, 4, np.zeros((70, 70)), isa=isa, update=False)
    z = np.linspace(500, -500, 70)
    assert loss == pytest.approx(70 * np.logaddexp(0, z).sum(), rel=1e-6)
    assert np.isfinite(dw).all()


def test_a_step_is_adagrad_on_the_words_of_the_tile_alone(isa):
    d, k, V, at = 20, 3, 14, (2, 1)
    params = parameters(V, d, 6)
    before = [p.copy() for p in params]
    x = sample(len(range(at[0], V, k)), len(range(at[1], V, k)), 7)
    _, dw, dc = run(params, d, x, isa=isa, k=k, at=at)
    n = stride(d)
    for matrix, old, gradient, tile in zip(params, before, (dw, dc), at, strict=False):
        g = 0.01 * gradient
        sums = old[tile::k, n : n + d] + g**2
        np.testing.assert_allclose(matrix[tile::k, n : n + d], sums, rtol=1e-5)
        expected = old[tile::k, :d] - 0.1 * g / np.sqrt(sums)
        np.testing.assert_allclose(matrix[tile::k, :d], expected, rtol=1e-5, atol=1e-6)
        others = np.arange(V) % k != tile
        assert np.array_equal(matrix[others], old[others])
        assert not matrix[:, d:n].any()


def test_not_a_number_shows_in_the_loss(isa):
    params = parameters(80, 5, 8)
    params[0][3, 2] = np.nan
    assert np.isnan(run(params, 5, sample(80, 80, 9, density=0.0), isa=isa)[0])


@settings(max_examples=60)
@given(
    V=st.integers(1, 24),
    k=st.integers(1, 4),
    density=st.floats(0, 1),
    own=st.booleans(),
    seed=st.integers(0, 99),
)
def test_whole_tiles_are_those_of_the_whole_matrix(V, k, density, own, seed):
    k = min(k, V)
    upper = np.triu(sample(V, V, seed, density).astype(np.float32))
    counts = np.arange(1, V + 1, dtype=np.float32)
    whole = upper + np.triu(upper, 1).T + (np.diag(counts) if own else 0)
    for i in range(k):
        for j in range(k):
            stored, mirror = upper[i::k, j::k], upper[j::k, i::k]
            rows = len(stored)
            diagonal = counts[i::k].copy() if own and i == j else None
            room = np.count_nonzero(stored) + np.count_nonzero(mirror) + rows
            row_ptr = np.empty(rows + 1, np.uint32)
            cols, x = np.empty(room, np.uint16), np.empty(room, np.float32)
            n = join(csr(stored), csr(mirror), i == j, diagonal, row_ptr, cols, x)
            for got, expected in zip(
                (row_ptr, cols[:n], x[:n]), csr(whole[i::k, j::k]), strict=True
            ):
                np.testing.assert_array_equal(got, expected)


def test_one_sided_tiles_get_their_diagonal():
    x = np.array([[0, 2.0, 0], [3, 4, 5], [6, 0, 0]])
    row_ptr, cols, out = np.empty(4, np.uint32), np.empty(8, np.uint16), np.empty(8, np.float32)
    n = join(csr(x), None, True, np.array([7, 8, 9], np.float32), row_ptr, cols, out)
    for got, expected in zip(
        (row_ptr, cols[:n], out[:n]), csr(x + np.diag([7, 8, 9])), strict=True
    ):
        np.testing.assert_array_equal(got, expected)


def test_tiles_that_do_not_fit_are_refused():
    words, contexts, a, b = parameters(4, 3, 1)
    trainer = SwivelTrainer(words, contexts, a, b, 3, rate=1, b0=1, b1=1, alpha=1)
    good = csr(np.ones((4, 4)))
    work = Workspace(4, 4, 3, 16)
    assert trainer.train(work, 0, 0, 1, 4, good, 1) > 0
    with pytest.raises(ValueError, match="column beyond its 3 words"):
        trainer.train(work, 0, 0, 1, 3, good, 1)
    with pytest.raises(ValueError, match="out of range"):
        trainer.train(work, 1, 0, 1, 4, good, 1)
    with pytest.raises(ValueError, match="more rows"):
        trainer.train(work, 0, 0, 2, 4, good, 1)
    with pytest.raises(ValueError, match="more columns"):
        trainer.train(work, 0, 0, 2, 4, csr(np.ones((2, 4))), 1)
    with pytest.raises(ValueError, match="does not fit"):
        trainer.train(Workspace(2, 4, 3, 16), 0, 0, 1, 4, good, 1)
    with pytest.raises(ValueError, match="no room for the tile's cells"):
        trainer.train(Workspace(4, 4, 3, 15), 0, 0, 1, 4, good, 1)
    broken = good[0].copy()
    broken[1] = 9
    with pytest.raises(ValueError, match="do not rise"):
        trainer.train(work, 0, 0, 1, 4, (broken, *good[1:]), 1)
    with pytest.raises(ValueError, match="must have"):
        join(good, None, True, None, np.empty(5, np.uint32), np.empty(3, np.uint16), good[2])
