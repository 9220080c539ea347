"""Training by visits: what the tiles of each loss sum to against its objective in float64, and each
instruction set against the scalar one. "logistic" is skip-gram's loss, "squares" LexVec's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordvec.native.models import sgns
from wordvec.native.models.visits import VisitTrainer

D, STRIDE, K = 21, 32, 3
EXPONENT = 0.75


@pytest.fixture(params=["logistic", "squares"])
def loss(request):
    return request.param


class Model:
    """Parameters, a matrix of counts in K x K tiles, and the kernel over them."""

    def __init__(self, loss, matrix, seed, *, symmetric=False, isa=None, k=K, **options):
        rng = np.random.default_rng(seed)
        V = len(matrix)
        self.loss, self.matrix, self.k, self.symmetric = loss, matrix, k, symmetric
        self.counts = rng.integers(1, 50, V).astype(float)
        self.input, self.output = np.zeros((2, V, STRIDE), np.float32)
        self.input[:, :D], self.output[:, :D] = rng.normal(0, 0.4, (2, V, D))
        weights = self.counts**EXPONENT
        sizes = [len(range(t, V, k)) for t in range(k)]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        noise = np.zeros((V, 2), np.uint32)
        for t in range(k):
            part = np.ascontiguousarray(weights[t::k])
            noise[starts[t] : starts[t + 1]] = sgns.alias_table(part)
        share = np.array([weights[t::k].sum() for t in range(k)]) / weights.sum()
        full = matrix + np.triu(matrix, 1).T if symmetric else matrix
        self.full, self.noise = full, weights / weights.sum()
        self.options = {"negative": 5, "group": 8, "bits": 0, "cap": 1.0} | options
        self.bits = self.options["bits"]
        self.mass = full.sum(axis=1).astype(float)
        smooth = np.maximum(full.sum(axis=0), 1e-300) ** 0.75
        self.smooth = smooth / smooth.sum() if loss == "squares" else None
        arrays = self.input, self.output, noise, starts, share, self.mass
        trainer = VisitTrainer(*arrays, out_share=self.smooth, isa=isa, **self.options)
        self.worker = trainer.worker()

    def tile(self, i, j):
        part = self.matrix[i :: self.k, j :: self.k]
        rows, cols = np.nonzero(part)
        row_ptr = np.searchsorted(rows, np.arange(len(part) + 1)).astype(np.uint32)
        return row_ptr, cols.astype(np.uint16), part[rows, cols].astype(np.float32)

    def epoch(self, key, alpha):
        """(loss, weight, visits, visits for noise) over all units and parts."""
        total = np.zeros(4)
        for part in range(1 << self.bits):
            for i in range(self.k):
                for j in range(self.k):
                    mirror = self.tile(j, i) if self.symmetric else None
                    unit = self.tile(i, j), mirror, key + 99 * i + j, part, alpha
                    total += self.worker.train(i, j, *unit)
        return total

    def information(self):
        """Positive pointwise mutual information (V, V) with smoothed contexts."""
        with np.errstate(divide="ignore"):
            found = np.log(self.full) - np.log(np.maximum(self.mass, 1e-300))[:, None]
            return np.maximum(found - np.log(self.smooth), 0)

    def objective(self, input, output):
        """The loss over windows and noise, in float64: of skip-gram -sum X log s(w.c) -
        k sum_w X_w. E log s(-w.n), of LexVec 1/2 (w.c - M)^2 summed over both."""
        z = input @ output.T
        noise = self.options["negative"] * np.outer(self.mass, self.noise)
        if self.loss == "squares":
            return float(np.sum((self.full + noise) * (z - self.information()) ** 2) / 2)
        return float(np.sum(self.full * np.logaddexp(0, -z) + noise * np.logaddexp(0, z)))


def sparse(V, seed, *, symmetric=False):
    """Counts with empty rows and columns, words with one cell, and heavy cells."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.5, (V, V)) * rng.choice([0.2, 0.6, 1.0, 3.4], (V, V))
    X[0, 1], X[2], X[:, 3], X[4] = 23.4, 0, 0, 0
    X[4, 5] = 0.2
    return np.triu(X) if symmetric else X


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [0, 2])
def test_all_tiles_together_have_the_loss_of_the_objective(loss, isa, symmetric, bits):
    matrix = sparse(13, 1, symmetric=symmetric)
    model = Model(loss, matrix, 2, symmetric=symmetric, isa=isa, bits=bits)
    draws = np.array([model.epoch(1000 * key, 0.0)[0] for key in range(300)])
    exact = model.objective(model.input.astype(float), model.output.astype(float))
    assert draws.mean() == pytest.approx(exact, abs=4 * draws.std() / np.sqrt(300))
    assert draws.std() < {"logistic": 0.1, "squares": 0.2}[loss] * exact


@pytest.mark.parametrize("symmetric", [False, True])
def test_an_epochs_step_is_the_gradient_by_finite_differences(loss, isa, symmetric):
    matrix, runs = sparse(11, 3, symmetric=symmetric), 200
    # An epoch follows its own steps: the larger gradients of squares need the smaller rate.
    alpha = {"logistic": 1e-4, "squares": 1e-5}[loss]
    steps = []
    for key in range(runs):
        model = Model(loss, matrix, 4, symmetric=symmetric, isa=isa, bits=1, negative=40)
        before = np.stack([model.input, model.output])
        model.epoch(1000 * key, alpha)
        steps.append((np.stack([model.input, model.output]) - before)[:, :, :D] / alpha)
    mean, spread = np.mean(steps, axis=0), np.std(steps, axis=0) / np.sqrt(runs)
    at = before.astype(np.float64)
    h = 1e-5
    for where in np.ndindex(2, 11, 2):
        moved = [at.copy(), at.copy()]
        moved[0][where] += h
        moved[1][where] -= h
        up, down = (model.objective(*m) for m in moved)
        # 4.5 standard errors (88 comparisons), and 1 % for the path and float32.
        room = 4.5 * spread[where] + 0.01 * np.abs(mean).max()
        assert mean[where] == pytest.approx((down - up) / (2 * h), abs=room)
    assert np.abs(mean).max() > 1
    assert np.median(spread) < 0.05 * np.abs(mean).max()


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["logistic", "squares"]),
    st.integers(1, 20),
    st.integers(1, 4),
    st.sampled_from([0.3, 1.0, 7.0]),
    st.integers(0, 4),
    st.booleans(),
    st.integers(0, 99),
)
def test_an_epoch_visits_every_cell_to_its_weight(loss, V, k, cap, bits, symmetric, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.poisson(0.5, (V, V)) * 1.7
    matrix = np.triu(matrix) if symmetric else matrix
    model = Model(loss, matrix, seed, symmetric=symmetric, cap=cap, bits=bits, k=min(k, V))
    _, weight, visits, _ = model.epoch(5, 0.0)
    assert weight == pytest.approx(model.full.sum(), rel=1e-5)
    assert visits == np.ceil(model.full.astype(np.float32) / np.float32(cap)).sum()


def test_noise_reaches_a_word_from_tiles_where_it_has_no_cells(loss):
    matrix = np.zeros((9, 9))
    matrix[0, 0] = 50.0
    model = Model(loss, matrix, 5)
    _, weight, visits, alone = model.epoch(1, 0.025)
    assert (weight, visits) == (50, 50)
    # Of tile 0's share of the noise all comes with cells; of the others', nothing.
    assert alone == sum(np.ceil(50 * model.noise[t::3].sum()) for t in (1, 2))
    moved = np.abs(model.output - Model(loss, matrix, 5).output).max(axis=1)
    assert all(moved[t::3].max() > 0 for t in range(3))


def test_every_instruction_set_trains_as_the_scalar_one(loss, vector_isa):
    matrix = sparse(40, 6, symmetric=True)
    expected, found = (
        Model(loss, matrix, 7, symmetric=True, bits=1, isa=name) for name in ("scalar", vector_isa)
    )
    reference, result = expected.epoch(3, 0.02), found.epoch(3, 0.02)
    # What bfloat16 rounds has a step's size, and 2^-9 of each step adds up (see test_sgns.py).
    room = 2e-3 if vector_isa == "avx512_bf16" else 1e-4
    np.testing.assert_allclose(result, reference, rtol=room)
    np.testing.assert_allclose(found.input, expected.input, atol=room)
    np.testing.assert_allclose(found.output, expected.output, atol=room)
    assert np.abs(found.input - Model(loss, matrix, 7).input).max() > 0.01


@pytest.mark.parametrize("group", [1, 3, 16])
@pytest.mark.parametrize("negative", [1, 12])
def test_groups_and_noise_of_any_size(loss, isa, group, negative):
    matrix = sparse(17, 8)
    model = Model(loss, matrix, 9, isa=isa, group=group, negative=negative)
    draws = np.array([model.epoch(1000 * key, 0.0)[0] for key in range(100)])
    exact = model.objective(model.input.astype(float), model.output.astype(float))
    assert draws.mean() == pytest.approx(exact, abs=4 * draws.std() / 10)


def test_one_word_alone(loss):
    model = Model(loss, np.array([[3.0]]), 10, k=1)
    _, weight, visits, alone = model.epoch(1, 0.1)
    assert (weight, visits, alone) == (3, 3, 0)


def test_a_matrix_without_cells_moves_nothing(loss):
    model = Model(loss, np.zeros((5, 5)), 11)
    before = model.input.copy()
    assert model.epoch(1, 0.1).tolist() == [0, 0, 0, 0]
    assert np.array_equal(model.input, before)


def test_a_loss_that_is_no_number_is_told(loss, isa):
    model = Model(loss, sparse(13, 12), 13, isa=isa)
    model.input[0, 0] = np.nan
    assert np.isnan(model.epoch(1, 0.1)[0])


@pytest.mark.parametrize("count", [0.0, -1.0, np.nan, np.inf, 1e30])
def test_counts_that_cannot_be_are_refused(loss, count):
    model = Model(loss, np.ones((3, 3)), 14, k=1)
    row_ptr, cols, values = model.tile(0, 0)
    values[4] = count
    with pytest.raises(ValueError, match="not positive or too large"):
        model.worker.train(0, 0, (row_ptr, cols, values), None, 1, 0, 0.1)


def test_tiles_that_do_not_fit_are_refused():
    model = Model("squares", np.ones((3, 3)), 15, k=1)
    row_ptr, cols, values = model.tile(0, 0)
    bad = {
        "row pointers": (row_ptr[:-1], cols, values),
        "do not agree": (row_ptr, cols[:-1], values),
        "do not rise": (np.array([0, 7, 6, 9], np.uint32), cols, values),
        "column beyond": (row_ptr, cols + np.uint16(1), values),
    }
    for message, cells in bad.items():
        for mirror in (None, cells):
            good = (row_ptr, cols, values) if mirror else cells
            with pytest.raises(ValueError, match=message):
                model.worker.train(0, 0, good, mirror, 1, 0, 0.1)
    with pytest.raises(ValueError, match=r"tile \(0, 1\) of 1"):
        model.worker.train(0, 1, (row_ptr, cols, values), None, 1, 0, 0.1)
    with pytest.raises(ValueError, match="part 1 of 1"):
        model.worker.train(0, 0, (row_ptr, cols, values), None, 1, 1, 0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"negative": 0}, "negative must be"),
        ({"group": 0}, "group must be"),
        ({"bits": 17}, "bits in"),
        ({"cap": 0.0}, "cap must be"),
        ({"cap": np.inf}, "cap must be"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Model("squares", np.ones((3, 3)), 16, **options)


@pytest.mark.parametrize("share", [[0.5, 0.5], [0.5, 0.5, np.nan], [0.5, 0.5, -0.1]])
def test_contexts_that_are_no_distribution_are_refused(share):
    model = Model("squares", np.ones((3, 3)), 17, k=1)
    noise = np.zeros((3, 2), np.uint32)
    arrays = model.input, model.output, noise, np.array([0, 3]), np.ones(1), model.mass
    with pytest.raises(ValueError, match="out_share"):
        VisitTrainer(*arrays, out_share=np.array(share), **model.options)


def test_a_visit_of_squares_is_one_step_at_the_values_before_it(isa):
    """One word, whose noise is itself: the observed pair and five noise pairs are the same."""
    model, alpha = Model("squares", np.array([[1.0]]), 5, k=1, isa=isa), 0.05
    w, c = (m[0].astype(float) for m in (model.input, model.output))
    loss, weight, visits, alone = model.epoch(1, alpha)
    error = model.information()[0, 0] - w @ c
    assert (weight, visits, alone) == (1, 1, 0)
    assert loss == pytest.approx(6 * error**2 / 2, rel=1e-5)
    np.testing.assert_allclose(model.input[0], w + 6 * alpha * error * c, atol=1e-6)
    np.testing.assert_allclose(model.output[0], c + 6 * alpha * error * w, atol=1e-6)
