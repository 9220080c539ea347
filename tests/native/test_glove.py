"""GloVe's step against its objective in float64 and each instruction set against the scalar one."""

import numpy as np
import pytest

from wordvec.native.models.glove import PULLS, GloVeTrainer

D, STRIDE = 21, 32
X_MAX, ALPHA = 10.0, 0.75
GRID = 2


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
    words,
    contexts,
    matrix,
    *,
    symmetric=False,
    isa=None,
    clip=100.0,
    eta=0.05,
    bias=1.0,
    key=7,
    grid=GRID,
    **prior,
):
    rate = rates(eta, bias)
    trainer = GloVeTrainer(
        words,
        contexts,
        rate[0],
        rate[1],
        k=1,
        x_max=X_MAX,
        alpha=ALPHA,
        clip=clip,
        symmetric=symmetric,
        grid=grid,
        isa=isa,
        **prior,
    )
    return epoch(trainer, tile_of(matrix), key, grid)


def epoch(trainer, tile, key, grid):
    """(loss, cells) of all parts of an epoch."""
    worker = trainer.worker()
    losses, cells = zip(*(worker.train([tile], key, part) for part in range(grid**2)), strict=True)
    return sum(losses), sum(cells)


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


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_pass_follows_the_finite_differences_of_the_objective(isa, symmetric):
    eta = 1e-4  # so small that what one cell moves does not show in the gradient of the next
    matrix = np.array([[2.0, 3, 50], [0, 0.5, 0], [0, 10, 0]])
    if not symmetric:
        matrix[1, 0] = 7
    full = np.maximum(matrix, matrix.T) if symmetric else matrix
    words, contexts = parameters(3, 2)
    before = words.astype(np.float64), contexts.astype(np.float64)
    train(words, contexts, matrix, symmetric=symmetric, isa=isa, eta=eta, bias=eta)
    points = [m[:, :STRIDE].copy() for m in before]
    h = 1e-5
    for side, after in enumerate((words, contexts)):
        for at in [(0, 0), (0, D + side), (1, 5), (1, D + side), (2, D - 1), (2, D + side)]:
            values = []
            for sign in (1, -1):
                moved = [m.copy() for m in points]
                moved[side][at] += sign * h
                values.append(objective(*moved, full))
            gradient = (values[0] - values[1]) / (2 * h)
            moved_by = float(after[at]) - before[side][at]
            root = np.sqrt(before[side][at[0], STRIDE + at[1]])
            # 2^-13 of the reciprocal root, 1 % of what other cells moved, and float32 where the
            # step is added: 2^-24 of a value below 2, over eta.
            room = 0.01 * abs(gradient) + 2**-23 / eta * root
            assert -moved_by * root / eta == pytest.approx(gradient, abs=room)


def test_cells_that_share_no_row_are_steps_of_adagrad(isa):
    x = np.array([0.5, 2, 9, 10, 11, 400])
    words, contexts = parameters(6, 3)
    w, c = (m[:, :STRIDE].astype(np.float64) for m in (words, contexts))
    gw, gc = (m[:, STRIDE:].astype(np.float64) for m in (words, contexts))
    loss, cells = train(words, contexts, np.diag(x), isa=isa)
    assert cells == 6
    assert loss == pytest.approx(objective(w, c, np.diag(x)), rel=1e-5)
    g = np.minimum(1, (x / X_MAX) ** ALPHA) * ((w * c).sum(axis=1) - np.log(x))
    rate = rates().astype(np.float64)
    for got, old, other, sums, r in ((words, w, c, gw, rate[0]), (contexts, c, w, gc, rate[1])):
        step = r * g[:, None] * other / np.sqrt(sums)
        room = 2**-13 * np.abs(step).max() + 1e-6
        np.testing.assert_allclose(got[:, :STRIDE], old - step, atol=room)


@pytest.mark.parametrize("grid", [1, 2, 4])
@pytest.mark.parametrize("symmetric", [False, True])
def test_each_cell_is_trained_once_in_blocks_of_any_number(isa, symmetric, grid):
    """9,000 words are several blocks of rows in a part. To first order the sum of all cells' steps
    is that of the gradient, which a cell left out or trained twice would change."""
    n, eta = 9000, 1e-5
    rng = np.random.default_rng(4)
    rows, cols = np.unique(rng.integers(0, n, (2, 40000)), axis=1)
    if symmetric:
        keep = rows <= cols
        rows, cols = rows[keep], cols[keep]
    x = rng.uniform(1, 100, len(rows))
    row_ptr = np.searchsorted(rows, np.arange(n + 1)).astype(np.uint32)
    words, contexts = parameters(n, 5)
    w, c = (m[:, :STRIDE].astype(np.float64) for m in (words, contexts))
    gw = words[:, STRIDE:].astype(np.float64)
    rate = rates(eta, eta)
    trainer = GloVeTrainer(
        words,
        contexts,
        rate[0],
        rate[1],
        k=1,
        x_max=X_MAX,
        alpha=ALPHA,
        clip=100.0,
        symmetric=symmetric,
        grid=grid,
        isa=isa,
    )
    tile = (0, 0, row_ptr, cols.astype(np.uint16), x.astype(np.float32))
    loss, cells = epoch(trainer, tile, 3, grid)
    assert cells == len(rows)
    if symmetric:
        off = rows != cols
        rows, cols, x = (
            np.concatenate([rows, cols[off]]),
            np.concatenate([cols, rows[off]]),
            np.concatenate([x, x[off]]),
        )
    error = (w[rows] * c[cols]).sum(axis=1) - np.log(x)
    weight = np.minimum(1, (x / X_MAX) ** ALPHA)
    assert loss == pytest.approx((weight * error**2).sum() / 2, rel=1e-3)
    gradient = np.zeros_like(w)
    np.add.at(gradient, rows, (weight * error)[:, None] * c[cols])
    # As above; the largest share of any one cell in a row's gradient is far above the tolerance.
    np.testing.assert_allclose(
        (w - words[:, :STRIDE])[:, :D] * np.sqrt(gw[:, :D]) / eta,
        gradient[:, :D],
        atol=2**-23 / eta * 2 + 0.01,
    )


def test_the_order_is_that_of_the_key(isa):
    matrix = np.random.default_rng(8).poisson(2, (40, 40)).astype(float)
    one, again, other = (parameters(40, 9) for _ in range(3))
    for found, key in ((one, 1), (again, 1), (other, 2)):
        train(*found, matrix, isa=isa, key=key)
    assert np.array_equal(one[0], again[0])
    assert not np.array_equal(one[0], other[0])


def test_a_symmetric_cell_trains_both_directions(isa):
    matrix = np.triu(np.random.default_rng(3).poisson(0.7, (9, 9)).astype(float))
    full = matrix + np.triu(matrix, 1).T
    words, contexts = parameters(9, 4)
    before = objective(words[:, :STRIDE].astype(float), contexts[:, :STRIDE].astype(float), full)
    loss, cells = train(words, contexts, matrix, symmetric=True, isa=isa, eta=1e-6, bias=1e-6)
    assert cells == np.count_nonzero(matrix)
    assert loss == pytest.approx(before, rel=1e-3)
    assert np.abs(words - parameters(9, 4)[0]).max() > 0


def test_every_instruction_set_trains_as_the_scalar_one(vector_isa):
    matrix = np.triu(np.random.default_rng(5).poisson(2, (30, 30)).astype(float))
    reference, result = parameters(30, 6), parameters(30, 6)
    expected, _ = train(*reference, matrix, symmetric=True, isa="scalar")
    loss, _ = train(*result, matrix, symmetric=True, isa=vector_isa)
    assert loss == pytest.approx(expected, rel=1e-3)
    for a, b in zip(result, reference, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


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
        words, contexts, rate[0], rate[1], k=1, x_max=1, alpha=1, clip=1, symmetric=False, grid=GRID
    )
    worker = trainer.worker()
    tile, good = tile_of(np.ones((3, 3))), tile_of(np.ones((2, 2)))
    with pytest.raises(ValueError, match="2 rows has 4 row pointers"):
        worker.train([tile], 0, 0)
    with pytest.raises(ValueError, match="column beyond its 2 words"):
        worker.train([tile_of(np.ones((2, 3)))], 0, 0)
    for row_ptr in ([0, 9, 4], [0, 2, 3], [1, 2, 4]):
        with pytest.raises(ValueError, match=r"do not (rise|agree)"):
            worker.train([(0, 0, np.array(row_ptr, np.uint32), *good[3:])], 0, 0)
    with pytest.raises(ValueError, match=r"tile \(1, 0\) of 1"):
        worker.train([(1, 0, *good[2:])], 0, 0)
    with pytest.raises(ValueError, match="one tile or two"):
        worker.train([good] * 3, 0, 0)
    assert worker.train([], 0, 0) == (0.0, 0)
    for grid in (0, 3, 8):
        with pytest.raises(ValueError, match=f"grid must divide 4, got {grid}"):
            train(words, contexts, np.ones((2, 2)), grid=grid)
    with pytest.raises(ValueError, match=f"part {GRID**2} of {GRID**2}"):
        worker.train([good], 0, GRID**2)


# -- the pull to a prior (Mittens) -----------------------------------------------------------------


def pulled(words, contexts, prior, pull, matrix, *, symmetric=True, eta=0.05, bias=1.0, **how):
    """An epoch with a pull of weight `pull` for each time that a word is pulled."""
    padded = np.zeros((len(words), STRIDE), np.float32)
    padded[:, :D] = prior
    own = rates(eta, bias)[0]
    own[D:] = 0
    how |= {"prior": padded, "pull": pull, "pull_rate": own}
    return train(words, contexts, matrix, symmetric=symmetric, eta=eta, bias=bias, **how)


@pytest.mark.parametrize("grid", [1, 2, 4])
@pytest.mark.parametrize("symmetric", [False, True])
def test_a_pull_is_adagrad_on_both_rows(isa, symmetric, grid):
    """Without cells an epoch is PULLS steps of the pull alone, here in float64."""
    n = 300  # several blocks of nothing; every row set
    words, contexts = parameters(n, 12)
    prior = np.random.default_rng(13).normal(0, 0.3, (n, D)).astype(np.float32)
    pull = np.random.default_rng(14).uniform(0, 1, n).astype(np.float32)
    pull[::3] = 0
    w, c = (m[:, :D].astype(np.float64) for m in (words, contexts))
    gw, gc = (m[:, STRIDE : STRIDE + D].astype(np.float64) for m in (words, contexts))
    before = words.copy(), contexts.copy()
    how = {"symmetric": symmetric, "isa": isa, "grid": grid}
    assert pulled(words, contexts, prior, pull, np.zeros((n, n)), **how) == (0.0, 0)
    for _ in range(PULLS):
        a = 0.05 * pull[:, None].astype(np.float64) * (w + c - prior)
        w, c = w - a / np.sqrt(gw), c - a / np.sqrt(gc)
        gw, gc = gw + a**2, gc + a**2
    for got, value, sums, old in ((words, w, gw, before[0]), (contexts, c, gc, before[1])):
        moved = np.abs(value - old[:, :D]).max()
        np.testing.assert_allclose(got[:, :D], value, atol=2**-12 * moved + 1e-6)
        np.testing.assert_allclose(got[:, STRIDE : STRIDE + D], sums, rtol=1e-4)
        # Biases, their partners and what pads the rows stay what they are, and so do other words.
        assert np.array_equal(got[:, D:STRIDE], old[:, D:STRIDE])
        assert np.array_equal(got[::3], old[::3])


def test_a_pass_with_a_pull_follows_the_finite_differences_of_mittens_objective(isa):
    eta, mu = 1e-4, 0.7
    matrix = np.array([[2.0, 3, 50], [0, 0.5, 0], [0, 10, 0]])
    full = np.maximum(matrix, matrix.T)
    words, contexts = parameters(3, 2)
    prior = np.random.default_rng(15).normal(0, 0.3, (3, D)).astype(np.float32)
    pull = np.array([1, 0, 1], np.float32)
    before = words.astype(np.float64), contexts.astype(np.float64)
    share = pull * np.float32(2 * mu / PULLS)
    pulled(words, contexts, prior, share, np.triu(full), isa=isa, eta=eta, bias=eta)
    points = [m[:, :STRIDE].copy() for m in before]

    def mittens(w, c):
        away = (w + c)[:, :D] - prior
        return objective(w, c, full) + mu * float((pull[:, None] * away**2).sum())

    h = 1e-5
    for side, after in enumerate((words, contexts)):
        for at in [(0, 0), (0, D - 1), (1, 5), (2, 3), (2, D - 1)]:
            values = []
            for sign in (1, -1):
                moved = [m.copy() for m in points]
                moved[side][at] += sign * h
                values.append(mittens(*moved))
            gradient = (values[0] - values[1]) / (2 * h)
            root = np.sqrt(before[side][at[0], STRIDE + at[1]])
            # As in the test of a pass without a pull.
            room = 0.01 * abs(gradient) + 2**-23 / eta * root
            step = -(float(after[at]) - before[side][at]) * root / eta
            assert step == pytest.approx(gradient, abs=room)


def test_every_instruction_set_pulls_as_the_scalar_one(vector_isa):
    matrix = np.triu(np.random.default_rng(5).poisson(2, (30, 30)).astype(float))
    prior = np.random.default_rng(16).normal(0, 0.3, (30, D)).astype(np.float32)
    reference, result = parameters(30, 6), parameters(30, 6)
    pull = np.full(30, 0.4, np.float32)
    pulled(*reference, prior, pull, matrix, isa="scalar")
    pulled(*result, prior, pull, matrix, isa=vector_isa)
    for a, b in zip(result, reference, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_a_pull_is_clipped(isa):
    words, contexts = parameters(1, 10)
    before = contexts.copy()
    prior = np.full((1, D), 1e6, np.float32)
    pulled(words, contexts, prior, np.ones(1, np.float32), np.zeros((1, 1)), isa=isa, clip=0.5)
    # Each of PULLS steps adds (rate clip)^2 to the sum.
    grown = (contexts - before)[0, STRIDE : STRIDE + D]
    np.testing.assert_allclose(grown, PULLS * (0.05 * 0.5) ** 2, rtol=1e-3)


def test_a_prior_that_does_not_fit_is_refused():
    words, contexts = parameters(3, 11)
    rate, ones = rates(), np.ones(3, np.float32)
    prior = np.zeros((3, STRIDE), np.float32)

    def trainer(**more):
        return GloVeTrainer(
            words,
            contexts,
            rate[0],
            rate[1],
            k=1,
            x_max=1,
            alpha=1,
            clip=1,
            symmetric=True,
            grid=1,
            **more,
        )

    with pytest.raises(ValueError, match="needs pull and pull_rate"):
        trainer(prior=prior)
    with pytest.raises(ValueError, match="prior must have 3 rows of 32"):
        trainer(prior=prior[:2], pull=ones, pull_rate=rate[0])
    with pytest.raises(ValueError, match="pull must have 3 floats and pull_rate 32"):
        trainer(prior=prior, pull=ones[:2], pull_rate=rate[0])
