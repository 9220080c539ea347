"""LexVec's tiles against its objective in float64, and each instruction set against the scalar
one."""

import numpy as np
import pytest

from wordvec.native.models import sgns
from wordvec.native.models.lexvec import LexVecTrainer

D, STRIDE, K = 21, 32, 3


class Model:
    """Parameters, a matrix of counts in k x k tiles, and the kernel over them."""

    def __init__(self, matrix, seed, *, symmetric=False, isa=None, k=K, **options):
        rng = np.random.default_rng(seed)
        V = len(matrix)
        self.matrix, self.k, self.symmetric = matrix, k, symmetric
        self.words, self.contexts = np.zeros((2, V, STRIDE), np.float32)
        self.words[:, :D], self.contexts[:, :D] = rng.normal(0, 0.4, (2, V, D))
        weights = rng.integers(1, 50, V) ** 0.75
        sizes = [len(range(t, V, k)) for t in range(k)]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        noise = np.zeros((V, 2), np.uint32)
        for t in range(k):
            part = np.ascontiguousarray(weights[t::k])
            work = np.empty(len(part), np.int32), np.empty(len(part))
            sgns.alias_table(part, noise[starts[t] : starts[t + 1]], *work)
        share = np.array([weights[t::k].sum() for t in range(k)]) / weights.sum()
        self.full = matrix + np.triu(matrix, 1).T if symmetric else matrix
        self.noise = weights / weights.sum()
        self.mass = self.full.sum(axis=1).astype(np.float64)
        smooth = np.maximum(self.full.sum(axis=0), 1e-300) ** 0.75
        self.smooth = smooth / smooth.sum()
        self.options = {"negative": 5, "bits": 0, "cap": 1.0} | options
        self.bits = self.options["bits"]
        word_log = np.log(np.maximum(self.mass, 1e-300)).astype(np.float32)
        context_log = np.log(self.smooth).astype(np.float32)
        self.worker = LexVecTrainer(
            self.words, self.contexts, noise, starts, share, self.mass, word_log, context_log,
            isa=isa, **self.options,
        ).worker()  # fmt: skip

    def tile(self, i, j):
        part = self.matrix[i :: self.k, j :: self.k]
        rows, cols = np.nonzero(part)
        row_ptr = np.searchsorted(rows, np.arange(len(part) + 1)).astype(np.uint32)
        return row_ptr, cols.astype(np.uint16), part[rows, cols].astype(np.float32)

    def epoch(self, key, alpha):
        """(loss, visits) over all units and parts."""
        total = np.zeros(2)
        for part in range(1 << self.bits):
            for i in range(self.k):
                for j in range(self.k):
                    mirror = self.tile(j, i) if self.symmetric else None
                    total += self.worker.train(
                        i, j, self.tile(i, j), mirror, key + 99 * i + j, part, alpha
                    )
        return total

    def information(self):
        """Positive pointwise mutual information (V, V) with smoothed contexts, in float64."""
        with np.errstate(divide="ignore"):
            found = np.log(self.full) - np.log(np.maximum(self.mass, 1e-300))[:, None]
            return np.maximum(found - np.log(self.smooth), 0)

    def objective(self, words, contexts):
        """The loss of the paper summed over windows and noise, in float64."""
        noise = self.options["negative"] * np.outer(self.mass, self.noise)
        error = words @ contexts.T - self.information()
        return float(np.sum((self.full + noise) * error**2) / 2)


def sparse(V, seed, *, symmetric=False):
    """Counts with empty rows and columns, words with one cell, and heavy cells."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.5, (V, V)) * rng.choice([0.2, 0.6, 1.0, 3.4], (V, V))
    X[0, 1], X[2], X[:, 3], X[4] = 23.4, 0, 0, 0
    X[4, 5] = 0.2
    return np.triu(X) if symmetric else X


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [0, 2])
def test_all_tiles_together_have_the_loss_of_the_objective(isa, symmetric, bits):
    model = Model(sparse(13, 1, symmetric=symmetric), 2, symmetric=symmetric, isa=isa, bits=bits)
    draws = np.array([model.epoch(1000 * key, 0.0)[0] for key in range(300)])
    exact = model.objective(model.words.astype(float), model.contexts.astype(float))
    assert draws.mean() == pytest.approx(exact, abs=4 * draws.std() / np.sqrt(300))
    assert draws.std() < 0.2 * exact


@pytest.mark.parametrize("symmetric", [False, True])
def test_an_epochs_step_is_the_gradient_by_finite_differences(isa, symmetric):
    matrix, alpha, runs, h = sparse(11, 3, symmetric=symmetric), 1e-4, 200, 1e-5
    steps = []
    for key in range(runs):
        model = Model(matrix, 4, symmetric=symmetric, isa=isa, bits=1)
        before = model.words.astype(float), model.contexts.astype(float)
        model.epoch(1000 * key, alpha)
        after = model.words, model.contexts
        steps.append([(b - a) / alpha for a, b in zip(after, before, strict=True)])
    mean, spread = np.mean(steps, axis=0), np.std(steps, axis=0) / np.sqrt(runs)
    for side in (0, 1):
        for at in [(0, 0), (1, 5), (4, 3), (5, D - 1), (10, 7)]:
            values = []
            for sign in (1, -1):
                moved = [m.copy() for m in before]
                moved[side][at] += sign * h
                values.append(model.objective(*moved))
            gradient = (values[0] - values[1]) / (2 * h)
            # The mean of the draws, float32 where steps are added, and what an epoch itself moves.
            room = 5 * spread[side][at] + 0.01 + 0.02 * abs(gradient)
            assert mean[side][at] == pytest.approx(gradient, abs=room)


def test_a_visit_is_one_step_at_the_values_before_it(isa):
    """One word, whose noise is itself: the observed pair and five noise pairs are the same."""
    model, alpha = Model(np.array([[1.0]]), 5, k=1, isa=isa), 0.05
    w, c = (m[0].astype(float) for m in (model.words, model.contexts))
    loss, visits = model.epoch(1, alpha)
    error = model.information()[0, 0] - w @ c
    assert visits == 1
    assert loss == pytest.approx(6 * error**2 / 2, rel=1e-5)
    np.testing.assert_allclose(model.words[0], w + 6 * alpha * error * c, atol=1e-6)
    np.testing.assert_allclose(model.contexts[0], c + 6 * alpha * error * w, atol=1e-6)


def test_every_instruction_set_trains_as_the_scalar_one(vector_isa):
    matrix = sparse(40, 6, symmetric=True)
    reference, result = (
        Model(matrix, 7, symmetric=True, bits=1, isa=name) for name in ("scalar", vector_isa)
    )
    np.testing.assert_allclose(result.epoch(3, 0.02), reference.epoch(3, 0.02), rtol=1e-4)
    np.testing.assert_allclose(result.words, reference.words, atol=1e-4)
    np.testing.assert_allclose(result.contexts, reference.contexts, atol=1e-4)
    assert np.abs(result.words - Model(matrix, 7).words).max() > 0.01


def test_a_matrix_without_cells_moves_nothing():
    model = Model(np.zeros((5, 5)), 11)
    before = model.words.copy()
    assert model.epoch(1, 0.1).tolist() == [0, 0]
    assert np.array_equal(model.words, before)


def test_a_loss_that_is_no_number_is_told(isa):
    model = Model(sparse(13, 12), 13, isa=isa)
    model.words[0, 0] = np.nan
    assert np.isnan(model.epoch(1, 0.1)[0])


@pytest.mark.parametrize("count", [0.0, -1.0, np.nan, np.inf, 1e30])
def test_counts_that_cannot_be_are_refused(count):
    model = Model(np.ones((3, 3)), 14, k=1)
    row_ptr, cols, values = model.tile(0, 0)
    values[4] = count
    with pytest.raises(ValueError, match="not positive or too large"):
        model.worker.train(0, 0, (row_ptr, cols, values), None, 1, 0, 0.1)


def test_tiles_that_do_not_fit_are_refused():
    model = Model(np.ones((3, 3)), 15, k=1)
    good = model.tile(0, 0)
    row_ptr, cols, values = good
    bad = {
        "row pointers": (row_ptr[:-1], cols, values),
        "do not agree": (row_ptr, cols[:-1], values),
        "do not rise": (np.array([0, 7, 6, 9], np.uint32), cols, values),
        "column beyond": (row_ptr, cols + np.uint16(1), values),
    }
    for message, cells in bad.items():
        for mirror in (None, cells):
            with pytest.raises(ValueError, match=message):
                model.worker.train(0, 0, good if mirror else cells, mirror, 1, 0, 0.1)
    with pytest.raises(ValueError, match=r"tile \(0, 1\) of 1"):
        model.worker.train(0, 1, good, None, 1, 0, 0.1)
    with pytest.raises(ValueError, match="part 1 of 1"):
        model.worker.train(0, 0, good, None, 1, 1, 0.1)


@pytest.mark.parametrize("options", [{"negative": 0}, {"bits": 17}, {"cap": 0.0}, {"cap": np.inf}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        Model(np.ones((3, 3)), 16, **options)
