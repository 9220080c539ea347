"""What each method promises, against float64 and against the methods' own definitions."""

import numpy as np
import pytest

from wordvec import WordVectors, logistic
from wordvec.debias import HSR, INLP, LEACE, RAN, DoubleHard, HardDebias, SoftDebias
from wordvec.errors import DatasetError
from wordvec.spaces.debiasing.base import leaning, split, subspace
from wordvec.spaces.debiasing.concepts import Lookup, of_lists
from wordvec.spaces.debiasing.leace import eraser
from wordvec.spaces.debiasing.soft import Problem
from wordvec.spaces.registry import DEBIASING, transform


def ids_of(wv, pairs):
    return [wv.get_ids(list(pair)) for pair in pairs]


# --- hard -----------------------------------------------------------------------------------------


def test_hard_takes_the_subspace_out_of_all_but_exempt_words(planted, pairs, exempt):
    for k in (1, 2):
        t = HardDebias(pairs=pairs, exempt=exempt, components=k)
        new = t.fit_transform(planted)
        neutral = [w for w in planted if w not in exempt]
        assert np.abs(new.get_vectors(neutral) @ t.subspace_.T).max() < 1e-6
        np.testing.assert_allclose(np.linalg.norm(new.vectors, axis=1), 1, rtol=1e-5)
        for word in exempt:
            assert new[word].tobytes() == planted[word].tobytes()
        assert t.removed_rank_ == k


def test_the_subspace_is_the_pca_of_the_centred_sets(planted, pairs):
    B = subspace(planted, ids_of(planted, pairs), 3)
    U = planted.get_normed_vectors().astype(np.float64)
    stacked = np.concatenate([U[i] - U[i].mean(0) for i in ids_of(planted, pairs)])
    values, axes = np.linalg.eigh(stacked.T @ stacked)
    for k in range(3):
        assert abs(axes[:, -1 - k] @ B[k]) == pytest.approx(1, abs=1e-9)
    assert values[-1] > values[-2]
    assert (B @ stacked[0] >= 0).all()  # the sign is that of the first set
    np.testing.assert_allclose(B @ B.T, np.eye(3), atol=1e-12)


def test_equalised_words_are_equally_far_from_every_neutral_word(planted, pairs, exempt):
    sets = [("n1", "n2"), ("n5", "n6")]
    t = HardDebias(pairs=pairs, exempt=exempt, equalize=sets)
    new = t.fit_transform(planted)
    neutral = new.get_vectors([f"n{i}" for i in range(10, 500)]).astype(np.float64)
    for a, b in sets:
        far = [np.linalg.norm(neutral - new[w], axis=1) for w in (a, b)]
        np.testing.assert_allclose(far[0], far[1], atol=2e-6)
        assert np.linalg.norm(new[a]) == pytest.approx(1, abs=1e-6)
        assert np.linalg.norm(new[a] - new[b]) > 0.01


def test_sets_of_three_are_equalised_and_debiased_as_well(plant):
    wv = plant(classes=3)
    sets = [tuple(f"{c}{i}" for c in "fmx") for i in range(6)]
    t = HardDebias(sets=sets, equalize=[sets[0]], exempt=(), components=2)
    new = t.fit_transform(wv)
    assert np.abs(new.get_vectors([f"n{i}" for i in range(50)]) @ t.subspace_.T).max() < 1e-6
    neutral = new.get_vectors([f"n{i}" for i in range(50)]).astype(np.float64)
    far = np.array([np.linalg.norm(neutral - new[w], axis=1) for w in sets[0]])
    np.testing.assert_allclose(far, far[:1].repeat(3, 0), atol=2e-6)


def test_an_equalised_word_is_not_exempt(planted, pairs, exempt):
    new = HardDebias(pairs=pairs, exempt=exempt, equalize=[("f0", "m0")]).fit_transform(planted)
    assert not np.array_equal(new["f0"], planted["f0"])
    assert np.array_equal(new["f1"], planted["f1"])


def test_vectors_of_other_lengths_are_projected_only(plant, pairs):
    wv = plant(unit=False)
    t = HardDebias(pairs=pairs, exempt=())
    new = t.fit_transform(wv)
    wanted = wv.vectors @ t.matrix_.T
    np.testing.assert_allclose(new.vectors, wanted, atol=1e-5)


def test_what_cannot_be_equalised_is_named(planted, pairs):
    X = planted.vectors.copy()
    X[planted.get_index("n2")] = X[planted.get_index("n1")]
    twins = WordVectors([*planted], X)
    with pytest.raises(DatasetError, match="n1, n2 cannot be equalised"):
        HardDebias(pairs=pairs, equalize=[("n1", "n2")]).fit(twins)
    with pytest.raises(DatasetError, match="'n2' is in the equalize sets"):
        HardDebias(pairs=pairs, equalize=[("n1", "n2"), ("n2", "n3")]).fit(planted)


def test_collinear_pairs_have_no_second_component(planted):
    rows = np.zeros((4, 16), np.float32)
    rows[:, 0] = [1, -1, 1, -1]
    rows[:, 1] = [1, 1, 1, 1]
    wv = WordVectors(["a", "b", "c", "d"], rows)
    with pytest.raises(DatasetError, match="span 1 dimension, 2 components"):
        HardDebias(pairs=[("a", "b"), ("c", "d")], components=2).fit(wv)
    same = WordVectors(["a", "b"], [[1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(DatasetError, match="span 0 dimensions"):
        HardDebias(pairs=[("a", "b")]).fit(same)


# --- LEACE ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
def test_leace_makes_class_means_equal_and_is_the_projection_of_the_paper(k):
    rng = np.random.default_rng(k)
    n, d = 600, 12
    y = rng.integers(0, k, n)
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal((k, d))[y]
    Z = np.eye(k)[y]
    P, mean = eraser(X, Z)
    R = X - (X - mean) @ P.T
    means = np.array([R[y == c].mean(0) for c in range(k)])
    np.testing.assert_allclose(means, means[:1].repeat(k, 0), atol=1e-10)
    np.testing.assert_allclose(P @ P, P, atol=1e-9)  # r(r(x)) = r(x)
    assert np.linalg.matrix_rank(P, tol=1e-8) == k - 1
    # The form of the paper, with the roots of the covariance.
    S = np.cov(X.T, ddof=0)
    values, axes = np.linalg.eigh(S)
    root, inverse = (axes * np.sqrt(values)) @ axes.T, (axes / np.sqrt(values)) @ axes.T
    S_xz = (X - mean).T @ (Z - Z.mean(0)) / n
    U = np.linalg.svd(inverse @ S_xz, full_matrices=False)[0][:, : k - 1]
    np.testing.assert_allclose(P, root @ U @ U.T @ inverse, atol=1e-8)
    # S after = S_xx - S_xz (S_zx S_xx^+ S_xz)^+ S_zx.
    after = S - S_xz @ np.linalg.pinv(S_xz.T @ np.linalg.inv(S) @ S_xz) @ S_xz.T
    np.testing.assert_allclose(np.cov(R.T, ddof=0), after, atol=1e-8)
    # No affine map with equal class means changes less: here against the orthogonal projection.
    gaps = means_of(X, y, k)
    Q = np.linalg.qr((gaps[1:] - gaps[0]).T)[0]
    assert ((R - X) ** 2).sum() <= (((X - mean) @ Q) ** 2).sum() + 1e-9


def means_of(X, y, k):
    return np.array([X[y == c].mean(0) for c in range(k)])


def test_no_linear_reader_is_left_on_the_words_of_the_fit(planted, pairs, exempt):
    concept = of_lists(pairs=pairs, exempt=exempt)
    t = LEACE(concept=concept)
    new = t.fit_transform(planted)
    lookup = Lookup(planted)
    chosen = leaning(planted, ids_of(planted, pairs), leave_out=lookup.ids(exempt))
    fit, judged = split(chosen, "fit"), split(chosen, "judge")
    assert not set(fit.ids) & set(judged.ids)
    X, Y = (v.vectors[fit.ids].astype(np.float64) for v in (planted, new))
    z = fit.labels - fit.labels.mean()
    before, after = (np.linalg.norm(z @ (A - A.mean(0))) for A in (X, Y))
    assert after <= 1e-6 * before
    # In float32 the direction that is gone holds rounding of 1e-7, which a regression without any
    # ridge would blow up; in float64 it does not.
    labels = fit.labels.astype(float)
    assert np.abs(logistic.linear(Y, labels, l2=0.1)[:-1]).max() < 1e-4
    exact = X @ t.matrix_.T + t.offset_
    assert np.abs(logistic.linear(exact, labels, l2=1e-6)[:-1]).max() < 1e-4
    seen = logistic.linear(X, fit.labels.astype(float), l2=1e-3)
    said = logistic.decide(planted.vectors[judged.ids].astype(float), seen) > 0
    assert (said == judged.labels).mean() > 0.9
    again = logistic.linear(Y, fit.labels.astype(float), l2=1e-3)
    said = logistic.decide(new.vectors[judged.ids].astype(float), again) > 0
    assert abs((said == judged.labels).mean() - 0.5) < 0.1
    for word in exempt:
        assert new[word].tobytes() == planted[word].tobytes()


def test_labelled_words_in_place_of_a_concept(make):
    wv = make(200, 6)
    words, labels = [f"w{i}" for i in range(90)], ["abc"[i % 3] for i in range(90)]
    t = LEACE(unit=False).fit(wv, words, labels)
    Y = t.transform(wv).vectors[:90].astype(np.float64)
    means = means_of(Y, np.arange(90) % 3, 3)
    np.testing.assert_allclose(means, means[:1].repeat(3, 0), atol=1e-5)
    assert t.removed_rank_ == 2


def test_fewer_words_than_dimensions_still_make_the_means_equal(make):
    wv = make(30, 24)
    words, labels = [f"w{i}" for i in range(12)], [0, 1] * 6
    t = LEACE(unit=False).fit(wv, words, labels)
    Y = t.transform(wv).vectors[:12].astype(np.float64)
    np.testing.assert_allclose(Y[::2].mean(0), Y[1::2].mean(0), atol=1e-5)


def test_classes_that_are_none_are_refused(make):
    wv = make(30, 4)
    with pytest.raises(DatasetError, match="two classes with two known words"):
        LEACE().fit(wv, ["w1", "w2", "w3"], [1, 1, 1])
    with pytest.raises(DatasetError, match="two classes with two known words"):
        LEACE().fit(wv, ["w1", "w2", "w3"], [1, 1, 0])
    with pytest.raises(DatasetError, match="'w1' has two labels"):
        LEACE().fit(wv, ["w1", "w2", "w1"], [1, 1, 0])
    with pytest.raises(DatasetError, match="1 of 4"):
        LEACE().fit(wv, ["w1", "a", "b", "c"], [1, 1, 0, 0])
    with pytest.raises(ValueError, match="labels must be as many"):
        LEACE().fit(wv, ["w1", "w2"], [1])
    with pytest.raises(ValueError, match="needs a concept"):
        HardDebias().fit(wv)


def test_directions_of_other_lengths_are_treated_alike(plant, pairs):
    unit, raw = plant(), plant(unit=False)
    a, b = (LEACE(pairs=pairs).fit(wv) for wv in (unit, raw))
    np.testing.assert_allclose(a.matrix_, b.matrix_, atol=1e-4)
    assert a.offset_.any()
    assert not b.offset_.any()


# --- the others -----------------------------------------------------------------------------------


def test_inlp_is_an_orthogonal_projection_that_stops_by_itself(planted, pairs, exempt):
    t = INLP(pairs=pairs, exempt=exempt).fit(planted)
    P = t.matrix_
    np.testing.assert_array_equal(P, P.T)
    np.testing.assert_allclose(P @ P, P, atol=1e-12)
    assert t.removed_rank_ == t.rounds_ < 16
    assert np.linalg.matrix_rank(P) == 16 - t.rounds_
    assert t.accuracy_[0] > 0.9
    assert t.accuracy_[-1] < 0.65
    assert len(t.accuracy_) == t.rounds_ + 1
    assert INLP(pairs=pairs, rounds=1).fit(planted).removed_rank_ == 1


def test_hsr_is_the_regression_of_the_paper_as_one_matrix(make):
    wv = make(300, 12)
    concerned = [f"w{i}" for i in range(40)]
    t = HSR(pairs=[("w0", "w1")], exempt=concerned, a=60.0).fit(wv)
    D, N = wv.vectors[:40].T.astype(np.float64), wv.vectors[40:].T.astype(np.float64)
    W = np.linalg.solve(D.T @ D + 60 * np.eye(40), D.T @ N)
    np.testing.assert_allclose((N - D @ W).T, N.T @ t.matrix_.T, atol=1e-6)
    np.testing.assert_array_equal(t.matrix_, t.matrix_.T)
    far = HSR(pairs=[("w0", "w1")], exempt=concerned, a=1e12).fit(wv)
    np.testing.assert_allclose(far.matrix_, np.eye(12), atol=1e-6)
    with pytest.raises(ValueError, match="a must be"):
        HSR(pairs=[("w0", "w1")], exempt=concerned, a=0).fit(wv)
    with pytest.raises(DatasetError, match="0 of 1 are known"):
        HSR(pairs=[("w0", "w1")], exempt=["gone"]).fit(wv)


def test_soft_solves_its_convex_problem(planted, pairs):
    t = SoftDebias(pairs=pairs, strength=0.5).fit(planted)
    X = planted.vectors.astype(np.float64)
    neutral = X[12:]
    B = subspace(planted, ids_of(planted, pairs))
    problem = Problem(X.T @ X / len(X), neutral.T @ neutral / len(neutral), B, 0.5)
    made = t.matrix_.T @ t.matrix_
    best = problem.objective(made)
    assert best < problem.objective(np.eye(16))
    assert best < problem.objective(np.eye(16) - B.T @ B)
    assert t.objective_ == pytest.approx(best, rel=1e-6)
    # The optimum lies inside the cone here, so that the gradient vanishes.
    assert np.linalg.eigvalsh(made)[0] > 0
    assert np.linalg.norm(problem.gradient(made)) < 1e-6
    rng = np.random.default_rng(1)
    for _ in range(20):
        other = made + 1e-3 * (E := rng.standard_normal((16, 16))) @ E.T / 16
        assert problem.objective(other) >= best - 1e-12


def test_the_gradient_of_soft_is_that_of_finite_differences(planted, pairs):
    rng = np.random.default_rng(2)
    C = (A := rng.standard_normal((5, 5))) @ A.T
    M = (A := rng.standard_normal((5, 5))) @ A.T
    problem = Problem(C, M, rng.standard_normal((1, 5)), 0.7)
    X = (A := rng.standard_normal((5, 5))) @ A.T
    E = rng.standard_normal((5, 5))
    E = E + E.T
    h = 1e-5
    slope = (problem.objective(X + h * E) - problem.objective(X - h * E)) / (2 * h)
    assert np.vdot(problem.gradient(X), E) == pytest.approx(slope, rel=1e-6)


def test_soft_of_no_strength_changes_nothing(planted, pairs):
    t = SoftDebias(pairs=pairs, strength=0).fit(planted)
    np.testing.assert_allclose(t.matrix_, np.eye(16), atol=1e-7)
    assert t.steps_ <= 2


def test_double_hard_chooses_on_one_part_and_reports_on_another(
    planted, pairs, exempt, monkeypatch
):
    seen, real = [], DoubleHard._agreement

    def spy(self, vectors, words, *rest):
        seen.append(frozenset(words.ids.tolist()))
        return real(self, vectors, words, *rest)

    monkeypatch.setattr(DoubleHard, "_agreement", spy)
    t = DoubleHard(pairs=pairs, exempt=exempt, candidates=5).fit(planted)
    *chosen, judged = seen
    assert len(chosen) == 5
    assert len(set(chosen)) == 1
    assert len(judged) > 20
    assert not judged & chosen[0]
    assert t.component_ == int(np.argmin(t.accuracy_))
    assert len(t.accuracy_) == 5
    assert 0.5 <= t.held_out_ <= 1
    assert t.removed_rank_ == 2
    g = np.linalg.svd(t.matrix_)[2][-1]
    assert np.linalg.norm(t.matrix_ @ g) < 1e-9
    mean = planted.vectors.mean(0, dtype=np.float64)
    np.testing.assert_allclose(t.offset_, -t.matrix_ @ mean, atol=1e-6)


def test_ran_lowers_its_objective_and_moves_only_words_that_are_not_exempt(planted, pairs, exempt):
    t = RAN(pairs=pairs, exempt=exempt, words=300, neighbors=20, steps=200)
    new = t.fit_transform(planted)
    g = subspace(planted, ids_of(planted, pairs))[0]
    moved = [f"n{i}" for i in range(200)]
    old_cos, new_cos = (np.abs(v.get_vectors(moved, norm=True) @ g).mean() for v in (planted, new))
    assert new_cos < 0.5 * old_cos
    kept = np.einsum(
        "ij,ij->i", planted.get_vectors(moved, norm=True), new.get_vectors(moved, norm=True)
    )
    assert kept.min() > 0.5
    assert np.array_equal(new["f0"], planted["f0"])
    assert np.array_equal(new["n1999"], planted["n1999"])
    np.testing.assert_allclose(new.norms, planted.norms, rtol=1e-5)


def test_the_slope_of_ran_is_that_of_finite_differences():
    rng = np.random.default_rng(3)
    t = RAN(pairs=[("a", "b")])
    W = rng.standard_normal((2, 5))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    N = rng.standard_normal((2, 4, 5))
    N /= np.linalg.norm(N, axis=2, keepdims=True)
    weight = np.abs(rng.standard_normal((2, 4)))
    g = rng.standard_normal(5)
    g /= np.linalg.norm(g)
    x = rng.standard_normal((2, 5))

    def value(x):
        u = x / np.linalg.norm(x, axis=1, keepdims=True)
        repel = (weight * np.abs(np.einsum("bnd,bd->bn", N, u))).sum()
        attract = t.attract * np.abs((u * W).sum(1) - 1).sum() / 2
        return repel + attract + t.neutralise * np.abs(u @ g).sum()

    E, h = rng.standard_normal((2, 5)), 1e-6
    slope = (value(x + h * E) - value(x - h * E)) / (2 * h)
    assert np.vdot(t._slope(x, W, N, weight, g), E) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("method", DEBIASING)
def test_every_method_gives_the_same_bytes_again_at_any_threads(
    planted, pairs, method, monkeypatch
):
    out = []
    for threads in ("1", "3"):
        monkeypatch.setenv("WORDVEC_THREADS", threads)
        monkeypatch.setattr("wordvec.system.parallel._pool", None)
        more = {"words": 200, "steps": 10} if method == "ran" else {}
        t = transform(method, pairs=pairs, exempt=[w for p in pairs for w in p], **more)
        new = t.fit_transform(planted)
        out.append(new.vectors.tobytes())
        card = new.meta["transforms"][0]
        assert card["transform"] == method
        assert card["crc"] == t.concept_.crc
        assert "unbiased" not in str(card)
        WordVectors([*new], new.vectors, meta=new.meta)  # the card is JSON
    assert out[0] == out[1]


@pytest.mark.parametrize("method", DEBIASING)
def test_every_method_refuses_manifolds_and_small_vocabularies_in_a_sentence(make, method):
    wv = make(20, 4)
    ball = WordVectors(["a", "b"], [[0.1, 0.2], [0.2, 0.1]], meta={"manifold": "poincare"})
    with pytest.raises(ValueError, match="manifold"):
        transform(method, pairs=[("a", "b")]).fit(ball)
    if method in ("leace", "inlp", "double-hard"):
        with pytest.raises(DatasetError, match="too small a vocabulary"):
            transform(method, pairs=[("w0", "w1")]).fit(wv)


def test_double_hard_needs_defining_words_beside_labels(planted, pairs):
    words = [word for pair in pairs for word in pair]
    labels = ["f", "m"] * len(pairs)
    with pytest.raises(ValueError, match="DoubleHard needs a concept, pairs or sets"):
        DoubleHard().fit(planted, words=words, labels=labels)
