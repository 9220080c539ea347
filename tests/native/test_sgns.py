"""The skip-gram step against its loss in float64, each instruction set against the scalar one."""

import itertools
import mmap

import numpy as np
import pytest

from wordvec.native.corpus.text import BREAK
from wordvec.native.models import sgns

EPS = np.finfo(np.float32).eps


def signs(ni, no):
    sign = np.where(np.arange(ni * no) % no == 0, 1, -1).astype(np.float32)
    return sign, np.linspace(0.5, 2, ni * no, dtype=np.float32)


def loss_of(x, y, sign, weight):
    """sum weight log(1 + exp(-sign x.y)) in float64; x (ni, n), y (no, n)."""
    f = (x @ y.T).ravel()
    return float(np.sum(weight * np.logaddexp(0, -sign * f)))


def draw(rows, n, seed, scale=0.5):
    return (np.random.default_rng(seed).standard_normal((rows, n)) * scale).astype(np.float32)


def bf16(x):
    """Rounded to bfloat16, the first half of a float, to nearest and ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    kept = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16
    return kept.astype(np.uint32).view(np.float32).astype(np.float64)


def stepped(isa, x, y, outputs, sign, weight, alpha):
    """Loss, x (ni, n) and y after a step of shared noise, in float64. Where an instruction set
    multiplies in bfloat16 the factors are rounded and nothing else is."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    ni, no, n = len(x), len(outputs), x.shape[1]
    rounds = isa == "avx512_bf16" and ni > 1 and no <= 6
    block = n // 32 * 32 if rounds else 0  # columns whose factors are rounded

    def factors(rows):
        return np.hstack([bf16(rows[:, :block]), rows[:, block:]])

    into = factors if ni >= 4 else np.asarray
    f = (into(x) @ into(y)[outputs].T).ravel()
    g = (alpha * weight * sign / (1 + np.exp(sign * f))).reshape(ni, no)
    loss = float(np.sum(weight * np.logaddexp(0, -sign * f)))
    new = y.copy()
    for at, steps in ((slice(block), bf16(g)), (slice(block, n), g)):
        np.add.at(new[:, at], outputs, steps.T @ factors(x)[:, at])
        x[:, at] += steps @ factors(y)[outputs][:, at]
    return loss, x, new


SHAPES = [(1, 1), (1, 6), (2, 2), (3, 6), (10, 6), (9, 5), (4, 7), (5, 11), (3, 12), (40, 21)]


@pytest.mark.parametrize(("ni", "no"), SHAPES)
@pytest.mark.parametrize("n", [16, 32, 112, 304])
def test_a_step_follows_the_gradient(isa, ni, no, n):
    alpha = 1e-3
    x, y = draw(ni, n, 1), draw(no, n, 2)
    sign, weight = signs(ni, no)
    i, o = np.arange(ni, dtype=np.int32), np.arange(no, dtype=np.int32)
    expected, x64, y64 = stepped(isa, x, y, o, sign, weight, alpha)
    # Not only the same numbers: with rounded factors they are near the gradient's too.
    true, true_x, true_y = stepped("scalar", x, y, o, sign, weight, alpha)
    assert expected == pytest.approx(true, rel=2e-3)
    for rounded, exact, before in ((x64, true_x, x), (y64, true_y, y)):
        size = np.linalg.norm(exact - before)
        assert np.linalg.norm(rounded - exact) < (2**-8 if isa == "avx512_bf16" else 1e-12) * size
    room = 4 * EPS * (np.abs(x64).max() + np.abs(y64).max())
    loss = sgns.step(x, i, y, o, sign, weight, alpha, isa)

    assert loss == pytest.approx(expected, rel=1e-5)
    # The step in float32: alpha times the gradient, plus the rounding of the sum it is added to.
    np.testing.assert_allclose(x, x64, rtol=0, atol=room)
    np.testing.assert_allclose(y, y64, rtol=0, atol=room)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("no", [2, 4, 13])
def test_a_step_follows_the_finite_differences_of_its_loss(isa, own, no):
    alpha, ni, h = 1e-3, 3, 1e-5
    x, y = draw(ni, 16, 3), draw(ni * no if own else no, 16, 4)
    sign, weight = signs(ni, no)

    def loss(x, y):
        f = np.einsum("in,ikn->ik", x, y.reshape(ni, no, -1)) if own else x @ y.T
        return np.sum(weight * np.logaddexp(0, -sign * f.ravel()))

    before = x.astype(np.float64), y.astype(np.float64)
    i, o = np.arange(ni, dtype=np.int32), np.arange(len(y), dtype=np.int32)
    sgns.step(x, i, y, o, sign, weight, alpha, isa, own=own)
    for side, after in enumerate((x, y)):
        for at in [(0, 0), (1, 5), (2 if side == 0 or own or no > 2 else 1, 15)]:
            values = []
            for direction in (1, -1):
                moved = [m.copy() for m in before]
                moved[side][at] += direction * h
                values.append(loss(*moved))
            gradient = (values[0] - values[1]) / (2 * h)
            # A value below 2 is kept to 2^-24; with own noise inputs step in turn, but not twice.
            room = 2**-23 / alpha + 1e-5 * abs(gradient)
            assert (before[side][at] - after[at]) / alpha == pytest.approx(gradient, abs=room)


@pytest.mark.parametrize(("ni", "no"), SHAPES)
@pytest.mark.parametrize("n", [16, 112])
def test_inputs_with_outputs_of_their_own_follow_the_gradient(isa, ni, no, n):
    alpha = 1e-3
    x, y = draw(ni, n, 1), draw(ni * no, n, 2)
    sign, weight = signs(ni, no)
    x64, y64 = x.astype(np.float64), y.astype(np.float64).reshape(ni, no, n)
    i, o = np.arange(ni, dtype=np.int32), np.arange(ni * no, dtype=np.int32)
    loss = sgns.step(x, i, y, o, sign, weight, alpha, isa, own=True)

    f = np.einsum("in,ikn->ik", x64, y64)
    s, w = sign.reshape(ni, no), weight.reshape(ni, no)
    assert loss == pytest.approx((w * np.logaddexp(0, -s * f)).sum(), rel=1e-5)
    g = w * s / (1 + np.exp(s * f))
    room = 4 * EPS * (np.abs(x64).max() + np.abs(y64).max())
    np.testing.assert_allclose(x, x64 + alpha * np.einsum("ik,ikn->in", g, y64), rtol=0, atol=room)
    y64 += alpha * g[:, :, None] * x64[:, None]
    np.testing.assert_allclose(y.reshape(ni, no, n), y64, rtol=0, atol=room)


@pytest.mark.parametrize("no", [3, 14])
def test_steps_of_their_own_move_repeated_rows_in_turn(isa, no):
    x, y = draw(2, 32, 5), draw(3, 32, 6)
    sign, weight = signs(4, no)
    inputs = np.array([0, 1, 1, 0], np.int32)
    outputs = np.random.default_rng(7).integers(0, 3, 4 * no).astype(np.int32)
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    s, w = sign.reshape(4, no), weight.reshape(4, no)
    of = outputs.reshape(4, no)
    f = np.einsum("in,ikn->ik", x64[inputs], y64[of])
    g = 0.1 * w * s / (1 + np.exp(s * f))
    for i, row in enumerate(inputs):
        before = x64[row].copy()
        x64[row] += g[i] @ y64[of[i]]
        np.add.at(y64, of[i], np.outer(g[i], before))
    sgns.step(x, inputs, y, outputs, sign, weight, 0.1, isa, own=True)
    np.testing.assert_allclose(x, x64, atol=1e-5)
    np.testing.assert_allclose(y, y64, atol=1e-5)


def test_outputs_that_do_not_divide_among_inputs_are_refused():
    x, y, zeros = draw(2, 16, 1), draw(3, 16, 2), np.zeros(16, np.float32)
    ids = np.arange(3, dtype=np.int32)
    with pytest.raises(ValueError, match="as many outputs of its own"):
        sgns.step(x, ids[:2], y, ids, zeros, zeros, 0.1, own=True)


@pytest.mark.parametrize("ni", [2, 5])
@pytest.mark.parametrize("no", [3, 14])
def test_repeated_outputs_add_up(isa, ni, no):
    x, y = draw(ni, 32, 5), draw(2, 32, 6)
    sign, weight = signs(ni, no)
    outputs = np.zeros(no, np.int32)
    outputs[0] = 1
    _, x64, y64 = stepped(isa, x, y, outputs, sign, weight, 0.1)
    before = y.copy()
    sgns.step(x, np.arange(ni, dtype=np.int32), y, outputs, sign, weight, 0.1, isa)
    np.testing.assert_allclose(x, x64, atol=1e-5)
    np.testing.assert_allclose(y, y64, atol=1e-5)
    assert np.abs(y - before).min() > 1e-4


@pytest.mark.parametrize("no", [3, 6])
def test_repeated_inputs_take_every_step(isa, no):
    """Each step is as large as if rows were not the same, to what one of them moves the next."""
    x, y = draw(2, 48, 5), draw(no, 48, 6)
    inputs = np.array([0, 0, 1, 1, 1], np.int32)
    sign, weight = signs(len(inputs), no)
    outputs = np.arange(no, dtype=np.int32)
    _, apart, y64 = stepped(isa, x[inputs], y, outputs, sign, weight, 1e-3)
    moved = np.zeros((2, 48))
    np.add.at(moved, inputs, apart - x[inputs])
    expected = x + moved
    sgns.step(x, inputs, y, outputs, sign, weight, 1e-3, isa)
    np.testing.assert_allclose(x, expected, atol=2e-6)
    np.testing.assert_allclose(y, y64, atol=1e-4)


def test_saturated_pairs_stay_finite_and_still_learn(isa):
    x = np.full((1, 16), 10, np.float32)
    y = np.full((1, 16), -10, np.float32)
    sign, weight = signs(1, 1)
    weight[0] = 1
    loss = sgns.step(x, np.zeros(1, np.int32), y, np.zeros(1, np.int32), sign, weight, 0.025, isa)
    assert np.isfinite(loss)
    assert x[0, 0] == pytest.approx(10 - 0.25, rel=1e-5)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("ni", "no"), SHAPES)
def test_without_weights_a_pair_counts_once_and_a_label_of_0_leaves_it_out(isa, ni, no, own):
    results = []
    given = np.random.default_rng(8).random(ni * no) < 0.8
    sign, _ = signs(ni, no)
    for left_out in (False, True):
        x, y = draw(ni, 112, 1), draw(ni * no if own else no, 112, 2)
        label, weight = (sign * given, None) if left_out else (sign, given.astype(np.float32))
        i, o = np.arange(ni, dtype=np.int32), np.arange(len(y), dtype=np.int32)
        loss = sgns.step(x, i, y, o, label, weight, 0.1, isa, own=own)
        results.append((loss, x, y))
    (weighted, x, y), (loss, x_left_out, y_left_out) = results
    assert loss == pytest.approx(weighted, rel=1e-5)
    np.testing.assert_array_equal(x_left_out, x)
    np.testing.assert_array_equal(y_left_out, y)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("values", [[-1600.0], [-1600.0, 0.0, 1600.0], [-40.0, -50.0]])
def test_the_loss_of_saturated_pairs_is_that_of_the_clamped_products(isa, own, values):
    """The product of so many factors does not fit a float."""
    ni, no = 13, 5
    f = np.resize(values, ni)
    x, y = np.zeros((ni, 16), np.float32), np.zeros((ni * no if own else no, 16), np.float32)
    x[:, 0], y[:, 0] = f / 100, 100
    i, o = np.arange(ni, dtype=np.int32), np.arange(len(y), dtype=np.int32)
    sign = np.ones(ni * no, np.float32)
    loss = sgns.step(x, i, y, o, sign, None, 0.025, isa, own=own)
    assert loss == pytest.approx(no * np.logaddexp(0, -np.clip(f, -87, 87)).sum(), rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("place", [0, 3, 19])
def test_the_loss_of_a_product_that_is_no_number_is_none(isa, weighted, place):
    x, y = draw(20, 16, 1), draw(1, 16, 2)
    x[place, 5] = np.nan
    sign, weight = signs(20, 1)
    weight = weight if weighted else None
    i = np.arange(20, dtype=np.int32)
    assert np.isnan(sgns.step(x, i, y, np.zeros(1, np.int32), sign, weight, 0.1, isa))


def drawn(table):
    """How probable each entry is."""
    share = np.zeros(len(table))
    for own, (threshold, other) in enumerate(table):
        share[own] += threshold / 2**32 / len(table)
        share[other] += (1 - threshold / 2**32) / len(table)
    return share


def test_alias_table_draws_its_weights():
    weights = np.array([5.0, 0.0, 1.0, 3.0, 0.25])
    np.testing.assert_allclose(drawn(sgns.alias_table(weights)), weights / 9.25, atol=1e-9)


@pytest.mark.parametrize("weights", [[0.0, 0.0], [-1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_alias_table_refuses_what_is_no_distribution(weights):
    with pytest.raises(ValueError, match="weights"):
        sgns.alias_table(np.array(weights))


@pytest.mark.parametrize("negative", [1, 5, 6, 20])
@pytest.mark.parametrize("shared", [True, False])
def test_noise_is_drawn_with_its_weights(shared, negative):
    """At a tiny rate a row moves by as much as it was noise: within 5 SE of its probability."""
    words, tokens = 40, 20_000
    weights = np.random.default_rng(4).random(words) ** 3
    weights[:2] = 0  # the words of the text
    x, y = np.full((words, 16), 0.1, np.float32), np.zeros((words, 16), np.float32)
    trainer = sgns.SkipGramTrainer(
        x,
        y,
        np.full(words, 2**32 - 1, np.uint32),
        options(window=1, negative=negative, shrink=False, shared=shared),
        frozen=np.full(words, sgns.FROZEN_IN, np.uint8),
    )
    ids = (np.arange(tokens) % 2).astype(np.int32)
    worker = trainer.worker(tokens)
    for begin, end in itertools.pairwise([0, 1, tokens // 2, tokens]):
        worker.train(ids, begin, end, sgns.alias_table(weights), 3, 1e-6, 1e-6)
    moved = -y[2:, 0].astype(np.float64)
    expected = weights[2:] / weights.sum()
    # A word of the pool is taken about five times, and how often varies: as a sixth of the draws.
    draws = tokens * negative * (1 if shared else 2 / 6)
    room = 5 * np.sqrt(expected * (1 - expected) / draws) + 1e-4
    assert (np.abs(moved / moved.sum() - expected) < room).all()


def train(
    ids, cuts, *, window=3, keep=0xFFFFFFFF, isa=None, vocab=20, shrink=True, dim=16, told=None
):
    """Vectors after one pass over ids, cut into chunks at `cuts`."""
    x, y = draw(vocab, 16, 7, 0.1), draw(vocab, 16, 8, 0.1)
    x[:, dim:] = y[:, dim:] = 0
    noise = sgns.alias_table(np.ones(vocab))
    trainer = sgns.SkipGramTrainer(
        x,
        y,
        np.full(vocab, keep, np.uint32),
        options(window=window, negative=2, shrink=shrink, shared=True),
        dim=told,
        isa=isa,
    )
    worker = trainer.worker(len(ids))
    results = [worker.train(ids, b, e, noise, 99, 0.05, 0.05) for b, e in itertools.pairwise(cuts)]
    return x, y, np.sum(results, axis=0)


@pytest.mark.parametrize("keep", [0xFFFFFFFF, 0x80000000])
def test_no_context_is_lost_where_a_corpus_is_cut(keep):
    rng = np.random.default_rng(9)
    ids = rng.integers(0, 20, 3000).astype(np.int32)
    ids[rng.integers(0, 3000, 60)] = -1
    _, _, whole = train(ids, [0, 3000], keep=keep, shrink=False)
    _, _, parts = train(ids, [0, 1, 2, 700, 701, 1500, 3000], keep=keep, shrink=False)
    assert whole[1:].tolist() == parts[1:].tolist()  # pairs and kept tokens


def test_pairs_are_those_of_the_windows():
    ids = np.array([0, 1, 2, -1, 3, 4], np.int32)
    _, _, (_, pairs, kept) = train(ids, [0, 6], window=1, shrink=False)
    assert (pairs, kept) == (6, 5)
    _, _, (_, pairs, kept) = train(ids, [0, 6], window=9, shrink=False)
    assert (pairs, kept) == (8, 5)


@pytest.mark.parametrize("window", [1, 2, 5])
def test_a_window_that_shrinks_has_each_size_as_often(window):
    """A word has window + 1 pairs on average: within 5 SE, and what the two ends lack."""
    n = 40_000
    ids = np.random.default_rng(2).integers(0, 20, n).astype(np.int32)
    _, _, (_, pairs, kept) = train(ids, [0, n], window=window, shrink=True)
    assert kept == n
    se = 2 * ((window**2 - 1) / 12 / n) ** 0.5
    assert pairs / n == pytest.approx(window + 1, abs=5 * se + 4 * window**2 / n)


def test_every_instruction_set_trains_as_the_scalar_one(vector_isa):
    ids = np.random.default_rng(1).integers(0, 20, 2000).astype(np.int32)
    reference = train(ids, [0, 2000], isa="scalar")
    result = train(ids, [0, 2000], isa=vector_isa)
    np.testing.assert_allclose(result[0], reference[0], atol=2e-4)
    np.testing.assert_allclose(result[1], reference[1], atol=2e-4)
    assert result[2][0] == pytest.approx(reference[2][0], rel=1e-5)


@pytest.mark.parametrize("dim", [1, 4, 7, 8, 9, 15, 16])
def test_zeros_behind_the_dimensions_take_no_part(isa, dim):
    """The bytes are those of training with the whole stride, and the zeros stay."""
    ids = np.random.default_rng(1).integers(0, 20, 500).astype(np.int32)
    whole = train(ids, [0, 500], isa=isa, dim=dim, told=16)
    part = train(ids, [0, 500], isa=isa, dim=dim, told=dim)
    for a, b in zip(whole[:2], part[:2], strict=True):
        assert a.tobytes() == b.tobytes()
        assert not b[:, dim:].any()


@pytest.mark.parametrize("dim", [0, 17, -1])
def test_dimensions_beyond_the_stride_are_refused(dim):
    with pytest.raises(ValueError, match=r"dim must be in \[1, 16\]"):
        train(np.zeros(4, np.int32), [0, 4], told=dim)


@pytest.mark.parametrize("bad", [20, -2, 2**31 - 1])
def test_ids_out_of_range_are_refused(bad):
    ids = np.array([0, 1, bad, 2], np.int32)
    with pytest.raises(ValueError, match="range"):
        train(ids, [0, 4])


def test_a_model_that_is_no_number_is_reported():
    x = np.full((2, 16), np.nan, np.float32)
    noise = sgns.alias_table(np.ones(2))
    trainer = sgns.SkipGramTrainer(
        x,
        x.copy(),
        np.full(2, 2**32 - 1, np.uint32),
        options(window=1, negative=1, shrink=True, shared=True),
    )
    loss, _, _ = trainer.worker(4).train(np.array([0, 1, 0, 1], np.int32), 0, 4, noise, 1, 0.1, 0.1)
    assert np.isnan(loss)


def options(**given):
    return {"cbow": False, "mean": True, "divide": False} | given


def test_options_of_the_kernel_are_all_given_and_no_others():
    flat = np.zeros((2, 16), np.float32)
    whole = options(window=1, negative=1, shrink=True, shared=True)
    assert whole.keys() == sgns.OPTIONS
    lacking = {name: value for name, value in whole.items() if name != "shrink"}
    for wrong in (lacking, whole | {"shrinks": True}):
        with pytest.raises(ValueError, match="options must be"):
            sgns.SkipGramTrainer(flat, flat.copy(), np.zeros(2, np.uint32), wrong)


def one_centre(isa, alpha, *, cbow, mean, divide, subword, shared):
    """Parameters before and after the centre 1 of the text 0 1 2, with word 3 as its only noise."""
    rng = np.random.default_rng(11)
    x = rng.normal(0, 0.3, (8, 16)).astype(np.float32)
    y = rng.normal(0, 0.3, (4, 16)).astype(np.float32)
    before = x.astype(np.float64), y.astype(np.float64)
    noise = sgns.alias_table(np.array([0.0, 0, 0, 1]))
    rows = {0: [0, 4, 5], 1: [1, 5, 6], 2: [2, 7], 3: [3]}
    starts = np.cumsum([0] + [len(r) for r in rows.values()]).astype(np.int64)
    flat = np.concatenate(list(rows.values())).astype(np.int32)
    trainer = sgns.SkipGramTrainer(
        x,
        y,
        np.full(4, 2**32 - 1, np.uint32),
        options(
            window=1, negative=1, shrink=False, shared=shared, cbow=cbow, mean=mean, divide=divide
        ),
        sub_starts=starts if subword else None,
        sub_rows=flat if subword else None,
        isa=isa,
    )
    loss, _, _ = trainer.worker(3).train(
        np.array([0, 1, 2], np.int32), 1, 2, noise, 1, alpha, alpha
    )
    return before, (x.astype(np.float64), y.astype(np.float64)), loss, rows


def objective(x, y, rows, *, cbow, mean, subword):
    """The loss of that centre in float64."""
    parts = rows if subword else {word: [word] for word in range(4)}
    loss = 0
    for used in [parts[0] + parts[2]] if cbow else [parts[0], parts[2]]:
        hidden = x[used].mean(axis=0) if mean else x[used].sum(axis=0)
        loss += np.logaddexp(0, -hidden @ y[1]) + np.logaddexp(0, hidden @ y[3])
    return loss


@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize(("cbow", "subword"), [(True, False), (True, True), (False, True)])
@pytest.mark.parametrize("shared", [True, False])
def test_hidden_inputs_follow_the_gradient(isa, cbow, mean, subword, shared):
    alpha = 1e-2 if cbow or shared else 1e-3  # with noise of their own pairs step in turn
    (x, y), (x2, y2), loss, rows = one_centre(
        isa, alpha, cbow=cbow, mean=mean, divide=True, subword=subword, shared=shared
    )
    of = {"cbow": cbow, "mean": mean, "subword": subword}
    assert loss == pytest.approx(objective(x, y, rows, **of), rel=2e-3)
    h = 1e-6
    for matrix, after in ((x, x2), (y, y2)):
        for row in range(len(matrix)):
            for column in (0, 9):
                matrix[row, column] += h
                up = objective(x, y, rows, **of)
                matrix[row, column] -= 2 * h
                down = objective(x, y, rows, **of)
                matrix[row, column] += h
                # With the sum there is no mean to divide by, but the step asked for division.
                used = 1 if mean or matrix is y else len(_made_with(row, rows, cbow, subword))
                scale = 1 / used if matrix is x else 1
                step = (after[row, column] - matrix[row, column]) / alpha
                expected = -(up - down) / (2 * h) * scale
                assert step == pytest.approx(expected, abs=2e-4 / (alpha / 1e-2))


def _made_with(row, rows, cbow, subword):
    """The rows that make an input together with that row."""
    made = [rows[0], rows[2]] if subword else [[0], [2]]
    if cbow:
        return made[0] + made[1]
    return next((part for part in made if row in part), [row])


def test_undivided_steps_are_those_of_word2vec(isa):
    options = {"cbow": True, "mean": True, "subword": False, "shared": True}
    (x, _), (divided, _), _, _ = one_centre(isa, 0.05, divide=True, **options)
    _, (whole, _), _, _ = one_centre(isa, 0.05, divide=False, **options)
    np.testing.assert_allclose(whole - x, 2 * (divided - x), atol=1e-6)


@pytest.mark.parametrize(
    ("starts", "rows", "message"),
    [
        ([0, 1, 2, 3], [0, 1, 2], r"V \+ 1"),
        ([0, 1, 1, 2, 3], [0, 1, 2], "no rows"),
        ([0, 1, 2, 3, 4], [0, 1, 2, 9], "out of range"),
        ([0, 1, 2, 3, 5], [0, 1, 2, 3], "length"),
    ],
)
def test_subword_tables_that_do_not_fit_are_refused(starts, rows, message):
    with pytest.raises(ValueError, match=message):
        sgns.SkipGramTrainer(
            np.zeros((4, 16), np.float32),
            np.zeros((4, 16), np.float32),
            np.zeros(4, np.uint32),
            options(window=1, negative=1, shrink=True, shared=True),
            sub_starts=np.array(starts, np.int64),
            sub_rows=np.array(rows, np.int32),
        )


def sparse(shape, dtype):
    """Zeros that take memory only where they are written."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
    try:
        room = mmap.mmap(-1, size, flags=flags)
    except OSError as error:
        pytest.skip(f"cannot reserve {size >> 30} GB of addresses: {error}")
    return np.frombuffer(room, dtype).reshape(shape)


@pytest.mark.parametrize("shared", [True, False])
def test_matrices_and_texts_of_more_than_2_to_the_31_elements(shared):
    """The last rows of matrices of 2.2 billion floats and the last words of a text of 2.2 billion
    learn what the same words learn in small ones."""
    stride, begin = 1 << 20, (1 << 31) + 1000
    small, large = 3, (1 << 31) // stride + 50
    rng = np.random.default_rng(3)
    start = rng.normal(0, 1e-3, (2, small, stride)).astype(np.float32)
    words = rng.integers(0, small, 60).astype(np.int32)

    def train(v, n, at):
        input, output = (sparse((v, stride), np.float32) for _ in range(2))
        input[-small:], output[-small:] = start
        ids = sparse(n, np.int32)
        ids[at - 1] = ids[at + len(words)] = BREAK
        ids[at : at + len(words)] = words + (v - small)
        noise = sgns.alias_table((np.arange(v) == v - 1).astype(float))
        trainer = sgns.SkipGramTrainer(
            input,
            output,
            np.full(v, 2**32 - 1, np.uint32),
            options(window=2, negative=2, shrink=False, shared=shared),
        )
        loss, pairs, kept = trainer.worker(64).train(ids, at, at + len(words), noise, 7, 0.1, 0.1)
        assert kept == len(words)
        return loss, pairs, input[-small:].copy(), output[-small:].copy()

    expected = train(small, 5000, begin % 1000 + 1000)
    found = train(large, begin + 5000, begin)
    assert large * stride > 1 << 31
    assert found[:2] == pytest.approx(expected[:2])
    for a, b in zip(found[2:], expected[2:], strict=True):
        assert np.array_equal(a, b)
    assert np.abs(found[2] - start[0]).max() > 0
