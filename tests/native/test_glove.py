"""GloVe's step against its objective in float64 and each instruction set against the scalar one."""

import numpy as np
import pytest

from wordvec.native.glove import GloVeTrainer

D, STRIDE = 21, 32
X_MAX, ALPHA = 10.0, 0.75


def parameters(V, seed):
    """words and contexts (V, 2 stride) with biases, ones and accumulators in their places."""
    rng = np.random.default_rng(seed)
    words, contexts = np.zeros((2, V, 2 * STRIDE), np.float32)
    for side, matrix in enumerate((words, contexts)):
        matrix[:, :D] = rng.normal(0, 0.3, (V, D))
        matrix[:, D + side] = rng.normal(0, 0.3, V)
        matrix[:, D + 1 - side] = 1
        matrix[:, STRIDE:] = rng.uniform(1, 3, (V, STRIDE))
    return words, contexts


def rates(eta=0.05, bias=1.0):
    both = np.zeros((2, STRIDE), np.float32)
    both[:, :D] = eta
    both[0, D] = both[1, D + 1] = bias
    return both


def tile_of(matrix):
    """A dense matrix as one tile of k = 1."""
    rows, cols = np.nonzero(matrix)
    row_ptr = np.searchsorted(rows, np.arange(len(matrix) + 1)).astype(np.uint32)
    return 0, 0, row_ptr, cols.astype(np.uint16), matrix[rows, cols].astype(np.float32)


def train(
    words, contexts, matrix, *, symmetric=False, isa=None, clip=100.0, eta=0.05, bias=1.0, **slices
):
    rate = rates(eta, bias)
    trainer = GloVeTrainer(
        words, contexts, rate[0], rate[1],
        x_max=X_MAX, alpha=ALPHA, clip=clip, symmetric=symmetric, isa=isa,
    )  # fmt: skip
    return trainer.train([tile_of(matrix)], 1, 7, **slices)


def objective(words, contexts, matrix):
    """sum f(X) (error)^2 / 2 in float64 of the parameters without their accumulators."""
    error = words @ contexts.T - np.log(np.where(matrix > 0, matrix, 1))
    return float(np.sum(np.minimum(1, (matrix / X_MAX) ** ALPHA) * error**2) / 2)


@pytest.mark.parametrize("x", [0.25, 3.0, 10.0, 700.0])
def test_a_step_is_adagrad_on_the_gradient(isa, x):
    words, contexts = parameters(1, 1)
    w, c = (m[0, :STRIDE].astype(np.float64) for m in (words, contexts))
    gw, gc = (m[0, STRIDE:].astype(np.float64) for m in (words, contexts))
    loss, cells = train(words, contexts, np.array([[x]]), isa=isa)
    assert cells == 1
    assert loss == pytest.approx(objective(w[None], c[None], np.array([[x]])), rel=1e-5)
    g = min(1, (x / X_MAX) ** ALPHA) * (w @ c - np.log(x))
    rate = rates().astype(np.float64)
    a, b = rate[0] * g * c, rate[1] * g * w
    # The reciprocal root may be off by 2^-14 of a step.
    for got, old, step in ((words, w, a / np.sqrt(gw)), (contexts, c, b / np.sqrt(gc))):
        room = 2**-13 * np.abs(step).max() + 1e-6
        np.testing.assert_allclose(got[0, :STRIDE], old - step, atol=room)
    np.testing.assert_allclose(words[0, STRIDE:], gw + a**2, rtol=1e-5)
    np.testing.assert_allclose(contexts[0, STRIDE:], gc + b**2, rtol=1e-5)
    assert words[0, D + 1] == contexts[0, D] == 1


def test_the_gradient_is_that_of_finite_differences():
    words, contexts = (m[:, :STRIDE].astype(np.float64) for m in parameters(3, 2))
    matrix = np.array([[0, 3.0, 50], [0.5, 0, 0], [1, 10, 0]])
    weight = np.minimum(1, (matrix / X_MAX) ** ALPHA)
    error = np.where(matrix > 0, words @ contexts.T - np.log(np.where(matrix > 0, matrix, 1)), 0)
    gradient = (weight * error) @ contexts
    h = 1e-6
    for at in [(0, 0), (1, 5), (2, D)]:
        words[at] += h
        up = objective(words, contexts, matrix)
        words[at] -= 2 * h
        down = objective(words, contexts, matrix)
        words[at] += h
        assert (up - down) / (2 * h) == pytest.approx(gradient[at], rel=1e-6)


def test_a_symmetric_cell_trains_both_directions(isa):
    matrix = np.triu(np.random.default_rng(3).poisson(0.7, (9, 9)).astype(float))
    full = matrix + np.triu(matrix, 1).T
    words, contexts = parameters(9, 4)
    before = objective(words[:, :STRIDE].astype(float), contexts[:, :STRIDE].astype(float), full)
    loss, cells = train(words, contexts, matrix, symmetric=True, isa=isa, eta=1e-6, bias=1e-6)
    assert cells == np.count_nonzero(matrix)
    assert loss == pytest.approx(before, rel=1e-3)
    assert np.abs(words - parameters(9, 4)[0]).max() > 0


def test_every_instruction_set_trains_the_same_model(isa):
    matrix = np.triu(np.random.default_rng(5).poisson(2, (30, 30)).astype(float))
    reference, result = parameters(30, 6), parameters(30, 6)
    expected, _ = train(*reference, matrix, symmetric=True, isa="scalar")
    loss, _ = train(*result, matrix, symmetric=True, isa=isa)
    assert loss == pytest.approx(expected, rel=1e-3)
    for a, b in zip(result, reference, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_slices_take_every_cell_once(isa):
    matrix = np.random.default_rng(8).poisson(2, (40, 40)).astype(float)
    parts = [train(*parameters(40, 9), matrix, isa=isa, slice=s, slices=5)[1] for s in range(5)]
    assert sum(parts) == np.count_nonzero(matrix)
    assert min(parts) > 0


def test_gradients_are_clipped(isa):
    words, contexts = parameters(1, 10)
    words[0, :D] = 1e3
    before = contexts.copy()
    train(words, contexts, np.array([[1e30]]), isa=isa, clip=0.5, eta=1.0)
    step = np.abs(contexts - before)[0, :D] * np.sqrt(before[0, STRIDE : STRIDE + D])
    np.testing.assert_allclose(step, 0.5, rtol=1e-3)


def test_tiles_that_do_not_fit_are_refused():
    words, contexts = parameters(2, 11)
    rate = rates()
    trainer = GloVeTrainer(
        words, contexts, rate[0], rate[1], x_max=1, alpha=1, clip=1, symmetric=False
    )
    tile = tile_of(np.ones((3, 3)))
    with pytest.raises(ValueError, match="2 rows has 4 row pointers"):
        trainer.train([tile], 1, 0)
    wide = tile_of(np.ones((2, 3)))
    with pytest.raises(ValueError, match="column beyond its 2 words"):
        trainer.train([wide], 1, 0)
    for row_ptr in ([0, 9, 4], [0, 2, 3], [1, 2, 4]):
        broken = (0, 0, np.array(row_ptr, np.uint32), *tile_of(np.ones((2, 2)))[3:])
        with pytest.raises(ValueError, match=r"do not (rise|agree)"):
            trainer.train([broken], 1, 0)
    with pytest.raises(ValueError, match="out of range"):
        trainer.train([(1, 0, *tile[2:])], 1, 0)
    with pytest.raises(ValueError, match="slice"):
        trainer.train([], 1, 0, slice=2, slices=2)
