"""Covariances of rows against weighted least squares written out as loops over numpy."""

import numpy as np
import pytest
from least_squares_oracle import ALPHA, X_MAX, D, least_squares

from wordvec.errors import Unanswerable
from wordvec.inference import least_squares as ls
from wordvec.inference import solver
from wordvec.inference.least_squares import slopes, solve
from wordvec.inference.rows import Equations, Half
from wordvec.inference.uncertainty import Uncertainty

CELLS, DIM = 200, 8


def random_system(seed, halves=1, cells=CELLS, dim=DIM):
    rng = np.random.default_rng(seed)
    C, W = rng.normal(size=(2, cells, dim)).astype(np.float32)
    x = rng.pareto(1.0, cells) + 0.1
    f = np.minimum(1, (x / X_MAX) ** ALPHA)
    y = rng.normal(size=(2, cells))
    own = rng.normal(size=(2, 1, dim)).astype(np.float32)
    sides = [Half(own[0], C, y[0]), Half(own[1], W, y[1])][:halves]
    ptr, ids = np.array([0, cells], np.int64), np.arange(cells, dtype=np.int32)
    return Equations(ptr, ids, f, tuple(sides), np.diff(ptr)), (
        f,
        C.astype(float),
        W.astype(float),
        y,
        own,
    )


def solved(equations, **options):
    (found,) = solve(["w"], equations, [np.zeros(1)] * 2, [0], **options)
    if isinstance(found, Unanswerable):
        raise found
    return found


def near(got, want, tolerance=1e-10):
    assert np.abs(got - want).max() <= tolerance * np.abs(want).max()


@pytest.mark.parametrize("profiled", [False, True])
def test_the_model_covariance_and_the_sandwich_are_those_of_the_book(profiled):
    equations, (f, C, _, y, _) = random_system(1)
    book = least_squares(None, y[0], f, C, profiled=profiled)
    model = solved(equations, covariance="model", profiled=profiled)
    near(model.covariance, book.model)
    near(model.polished, book.w)
    assert model.sigma == pytest.approx(book.s, rel=1e-12)
    near(solved(equations, profiled=profiled).covariance, book.hc1)


def test_around_the_trained_vector_the_residuals_are_its_own():
    equations, (f, C, _, y, own) = random_system(2)
    r = y[0] - C @ own[0, 0].astype(float)
    book = least_squares(None, y[0], f, C, residuals=r)
    for covariance, want in (("model", book.model), ("sandwich", book.hc1)):
        got = solved(equations, covariance=covariance, polished=False)
        near(got.covariance, want)
        assert np.array_equal(got.trained, own[0, 0].astype(float))


@pytest.mark.parametrize("profiled", [False, True])
def test_the_sum_of_two_halves_counts_what_their_observations_share(profiled):
    equations, (f, C, W, y, _) = random_system(3, halves=2)
    one, other = (least_squares(None, y[h], f, X, profiled=profiled) for h, X in enumerate((C, W)))
    n, p = CELLS, DIM + profiled
    # The influence of observation j on w + c, and its square.
    scores = [
        f[j] * (one.r[j] * one.inverse @ one.Z[j] + other.r[j] * other.inverse @ other.Z[j])[:DIM]
        for j in range(n)
    ]
    want = sum(np.outer(each, each) for each in scores) * n / (n - p)
    got = solved(equations, output="sum", profiled=profiled)
    near(got.covariance, want)
    near(got.polished, one.w + other.w)
    cross = one.inverse @ sum(f[j] * np.outer(one.Z[j], other.Z[j]) for j in range(n))
    cross = one.s * other.s * (cross @ other.inverse)[:DIM, :DIM]
    got = solved(equations, output="sum", covariance="model", profiled=profiled)
    near(got.covariance, one.model + other.model + cross + cross.T)
    beside = solved(equations, output="both", covariance="model", profiled=profiled)
    near(beside.covariance, np.block([[one.model, cross], [cross.T, other.model]]))
    near(beside.polished, np.concatenate([one.w, other.w]))


def test_few_contexts_and_contexts_that_do_not_span_the_space_are_refused():
    for cells, match in ((8, "8 contexts, 8 dimensions"), (17, "at least 18 contexts")):
        with pytest.raises(Unanswerable, match=match):
            solved(random_system(4, cells=cells)[0])
    assert solved(random_system(4, cells=18)[0]).cells == 18
    equations, _ = random_system(5)
    equations.halves[0].others[:, 3] = equations.halves[0].others[:, 2]
    with pytest.raises(Unanswerable, match="do not span the 8 dimensions"):
        solved(equations)


def by_hand(wv, shards, word, *, profiled=False, side=0):
    """The regression of a trained word, from the dense matrix."""
    rank = wv.get_index(word)
    X = shards.sparse().toarray()[rank]
    ids = np.flatnonzero(X)
    output = wv.meta["options"]["output_vectors"]
    if output == "both":
        w, c = np.split(wv.vectors.astype(float), 2, axis=1)
    else:
        c = wv.contexts.astype(float)
        w = wv.vectors - wv.contexts if output == "sum" else wv.vectors
        w = w.astype(float)
    if side:
        w, c = c, w
    biases = [wv.biases.astype(float), wv.context_biases.astype(float)]
    own, other = biases[::-1] if side else biases
    y = np.log(X[ids]) - other[ids] - (0 if profiled else own[rank])
    f = np.minimum(1, (X[ids] / X_MAX) ** ALPHA)
    return least_squares(X[ids], y, f, c[ids], profiled=profiled)


@pytest.mark.parametrize("biases", ["fixed", "profiled"])
@pytest.mark.parametrize("covariance", ["model", "sandwich"])
def test_a_trained_word_is_solved_from_its_row_of_counts(trained, counted, covariance, biases):
    wv = trained("words")
    unc = Uncertainty(wv, counted.shards, covariance=covariance, biases=biases)
    for word in ("w3", "w120"):
        book = by_hand(wv, counted.shards, word, profiled=biases == "profiled")
        near(unc.covariance(word), book.model if covariance == "model" else book.hc1, 1e-9)
        near(unc.polished(word), book.w, 1e-9)
        assert unc.contexts(word) == len(book.r)
        L, sigma = unc.factor(word)
        near(L @ L.T, unc.covariance(word))
        assert sigma == pytest.approx(book.s)


@pytest.mark.parametrize("output", ["sum", "both"])
def test_words_and_contexts_together_are_solved_from_the_same_row(trained, counted, output):
    wv = trained(output)
    unc = Uncertainty(wv, counted.shards)
    w, c = (by_hand(wv, counted.shards, "w7", side=side) for side in (0, 1))
    want = w.w + c.w if output == "sum" else np.concatenate([w.w, c.w])
    near(unc.polished("w7"), want, 1e-5)  # vectors - contexts rounds w to float32
    assert unc.covariance("w7").shape == (len(want),) * 2


@pytest.mark.parametrize("output", ["words", "sum"])
def test_ppmi_is_least_squares_too(ppmi, counted, output):
    wv = ppmi(output)
    shards = counted.shards
    unc = Uncertainty(wv, shards, covariance="model")
    known = unc.known("w5")
    # The singular vectors are the least-squares solution: nothing is left to polish.
    assert known.convergence > 1 - 1e-6
    rank = wv.get_index("w5")
    rows, cols = shards.marginals
    share = cols**0.75 / (cols**0.75).sum()
    X = shards.sparse().toarray()
    with np.errstate(divide="ignore"):
        M = np.maximum(np.log(X / rows[:, None] / share), 0)
    if output == "words":
        V = len(M)
        book = least_squares(None, M[rank], np.ones(V), wv.contexts.astype(float))
        near(unc.covariance("w5"), book.model, 1e-8)
        near(Uncertainty(wv, shards).covariance("w5"), book.hc1, 1e-8)
    assert known.contexts == np.count_nonzero(X[rank])


def test_blocks_give_the_covariances_of_the_whole(trained, counted):
    wv = trained("sum")
    whole, blocks = Uncertainty(wv, counted.shards), Uncertainty(wv, counted.blocks)
    for word in ("w1", "w80"):
        assert np.array_equal(whole.covariance(word), blocks.covariance(word))


def test_results_do_not_depend_on_threads_or_on_what_is_asked_together(trained, counted):
    wv = trained("sum")
    words = [f"w{i}" for i in range(0, 300, 3)]
    one = Uncertainty(wv, counted.shards, threads=1)
    other = Uncertainty(wv, counted.shards, threads=3)
    other._try_solutions(words)
    assert all(np.array_equal(one.covariance(w), other.covariance(w)) for w in words[::7])


def test_long_rows_are_solved_with_products_of_floats_whatever_is_asked_with_them(
    trained, counted, monkeypatch
):
    wv = trained("words")
    exact = Uncertainty(wv, counted.shards)
    words = sorted(["w1", "w2", "w3", "w5", "w40", "w300"], key=exact.contexts)
    exact._try_solutions(words)
    monkeypatch.setattr(solver, "LONG", exact.contexts(words[1]) + 1)
    monkeypatch.setattr(ls, "SINGLE_PIVOT", 0)  # contexts of few epochs are ill-conditioned
    together, alone = Uncertainty(wv, counted.shards), Uncertainty(wv, counted.shards)
    together._try_solutions(words)
    same = []
    for word in words:
        got = together.covariance(word)
        assert np.array_equal(got, alone.covariance(word))
        near(got, exact.covariance(word), 1e-4)
        same.append(np.array_equal(got, exact.covariance(word)))
    assert same[:2] == [True, True]
    assert not any(same[2:])


def test_the_gradient_of_the_objective_at_the_polished_vector_is_nil(trained, counted):
    wv = trained("words")
    unc = Uncertainty(wv, counted.shards)
    for word in ("w2", "w50", "w111"):
        rank = wv.get_index(word)
        X = counted.shards.sparse().toarray()[rank]
        ids = np.flatnonzero(X)
        f = np.minimum(1, (X[ids] / X_MAX) ** ALPHA)
        C = wv.contexts[ids].astype(float)
        y = np.log(X[ids]) - float(wv.biases[rank]) - wv.context_biases[ids].astype(float)

        def gradient(w, f=f, C=C, y=y):
            return np.linalg.norm(2 * (f * (C @ w - y)) @ C)

        assert gradient(unc.polished(word)) < 1e-6 * gradient(wv[word].astype(float))
        assert len(unc.polished(word)) == D


@pytest.mark.parametrize("options", [{"covariance": "model"}, {"profiled": True}, {"halves": 2}])
def test_products_of_floats_are_near_those_of_doubles(options):
    halves = options.pop("halves", 1)
    equations, _ = random_system(8, halves=halves, cells=1000, dim=20)
    output = "sum" if halves == 2 else "words"
    exact = solved(equations, output=output, **options)
    fast = solved(equations, output=output, single=True, **options)
    near(fast.covariance, exact.covariance, 3e-6)
    near(fast.polished, exact.polished, 1e-6)
    assert fast.sigma == pytest.approx(exact.sigma, rel=1e-6)
    assert not np.array_equal(fast.covariance, exact.covariance)


def test_where_contexts_are_nearly_collinear_products_are_of_doubles_all_the_same():
    equations, _ = random_system(9)
    C = equations.halves[0].others
    C[:, 0] = C[:, 1] * (1 + 1e-3 * C[:, 0])
    exact, fast = (solved(equations, single=single) for single in (False, True))
    assert fast.covariance.tobytes() == exact.covariance.tobytes()
    (one, other) = (
        slopes(equations, profiled=True, output="words", single=single) for single in (False, True)
    )
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("profiled", [False, True])
def test_a_long_row_is_summed_in_pieces_that_threads_do_not_change(monkeypatch, profiled):
    equations, (f, C, _, y, _) = random_system(10)
    monkeypatch.setattr(ls, "PIECE", 64)
    one, many = (solved(equations, profiled=profiled, threads=threads) for threads in (1, 3))
    assert one.covariance.tobytes() == many.covariance.tobytes()
    assert one.polished.tobytes() == many.polished.tobytes()
    near(one.covariance, least_squares(None, y[0], f, C, profiled=profiled).hc1)


def test_some_of_the_equations_are_those_of_their_words():
    (first, _), (second, _) = random_system(1), random_system(2)
    sides = [
        Half(a.own, a.others, np.concatenate([a.targets, b.targets]))
        for a, b in zip(first.halves, second.halves, strict=True)
    ]
    both = Equations(
        np.array([0, CELLS, 2 * CELLS], np.int64),
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.weights, second.weights]),
        tuple(sides),
        np.array([CELLS, CELLS]),
    )
    some = both.subset(np.array([1]))
    assert some.ptr.tolist() == [0, CELLS]
    assert np.array_equal(some.weights, second.weights)
    assert np.array_equal(some.halves[0].targets, second.halves[0].targets)
