"""Centring, top components, whitening, PCA: what they promise, against float64."""

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.spaces.moments import many_moments, moments, word_weights
from wordvec.transform import PCA, AllButTheTop, Center, Pipeline, Unit, Whiten


def oracle(wv, weights):
    X = wv.vectors.astype(np.float64)
    w = np.ones(len(X)) if weights == "types" else wv.counts.astype(float)
    return X, w / w.sum(), np.average(X, axis=0, weights=w), np.cov(X.T, aweights=w, ddof=0)


@pytest.mark.parametrize("weights", ["types", "tokens"])
def test_moments_are_those_of_numpy(make, weights):
    wv = make(20_000, 6)
    X, w, mean, cov = oracle(wv, weights)
    found = moments(wv.matrix, word_weights(wv, weights))
    np.testing.assert_allclose(found.mean, mean, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, cov, rtol=1e-10)
    assert found.length == pytest.approx(w @ np.linalg.norm(X, axis=1))
    both = many_moments(wv.matrix, [word_weights(wv, k) for k in ("types", "tokens")])
    np.testing.assert_allclose(both[weights == "tokens"].covariance, found.covariance, rtol=1e-12)


def test_products_in_float32_keep_six_digits(make, monkeypatch):
    plain = make(20_000, 6)
    X = plain.vectors + np.float32(3)  # far from the origin, where squares would cancel
    X[::7] = 0
    wv = WordVectors([*plain], X, counts=plain.counts)
    weights = [word_weights(wv, kind) for kind in ("types", "tokens")]
    exact = many_moments(wv.matrix, weights)
    monkeypatch.setattr("wordvec.spaces.moments._SINGLE", 0)
    for found, wanted in zip(many_moments(wv.matrix, weights), exact, strict=True):
        size = np.abs(wanted.covariance).max()
        np.testing.assert_allclose(found.covariance, wanted.covariance, rtol=0, atol=1e-6 * size)
        np.testing.assert_allclose(found.mean, wanted.mean, rtol=0, atol=1e-6 * size**0.5)
        assert found.length == pytest.approx(wanted.length, rel=1e-6)
        assert found.words == wanted.words == 17_142
        assert not np.array_equal(found.covariance, wanted.covariance)
    bad = X.copy()
    bad[5, 2] = np.inf
    with pytest.raises(ValueError, match="must be finite"):
        moments(WordVectors([*plain], bad).matrix, weights[0])
    with pytest.raises(ValueError, match="too long"):
        moments(WordVectors([*plain], X * np.float32(1e19)).matrix, weights[0])


def test_rows_of_zeros_do_not_count(wv):
    X = np.vstack([wv.vectors, np.zeros((5, 8), np.float32)])
    more = WordVectors([*wv, *"abcde"], X)
    one, other = (moments(v.matrix, word_weights(v, "types")) for v in (wv, more))
    assert other.words == one.words == 300
    np.testing.assert_allclose(one.covariance, other.covariance)


@pytest.mark.parametrize("weights", ["types", "tokens"])
@pytest.mark.parametrize("method", ["zca", "pca"])
def test_whitened_vectors_have_the_unit_covariance(wv, weights, method):
    t = Whiten(weights=weights, method=method)
    new = t.fit_transform(wv)
    _, _, mean, cov = oracle(new, weights)
    np.testing.assert_allclose(mean, 0, atol=1e-5)
    np.testing.assert_allclose(cov, np.eye(8), atol=1e-5)
    if method == "zca":
        np.testing.assert_array_equal(t.matrix_, t.matrix_.T)
    assert t.rank_ == 8


def test_whitening_drops_directions_without_variance_and_says_the_rank(wv):
    flat = wv.vectors.copy()
    flat[:, 7] = flat[:, 0] - flat[:, 1]
    t = Whiten().fit(WordVectors([*wv], flat))
    assert t.rank_ == 7
    assert t.notes() == ["whitened 7 directions; 1 have no variance and were dropped"]
    assert Whiten().fit(wv).notes() == []
    cov = np.cov(t.transform(WordVectors([*wv], flat)).vectors.T, ddof=0)
    values = np.linalg.eigvalsh(cov)
    np.testing.assert_allclose(values, [0, *[1] * 7], atol=1e-4)
    assert Whiten(method="pca").fit(WordVectors([*wv], flat)).matrix_.shape == (7, 8)


def test_all_but_the_top_of_nothing_is_centring(wv):
    a, b = AllButTheTop(n=0).fit(wv), Center().fit(wv)
    np.testing.assert_allclose(a.matrix_, b.matrix_)
    np.testing.assert_allclose(a.offset_, b.offset_)


@pytest.mark.parametrize("weights", ["types", "tokens"])
def test_the_top_components_are_gone(wv, weights):
    t = AllButTheTop(n=2, weights=weights)
    new = t.fit_transform(wv)
    X, _, mean, cov = oracle(wv, weights)
    top = np.linalg.eigh(cov)[1][:, -2:]
    wanted = (X - mean) - (X - mean) @ top @ top.T
    np.testing.assert_allclose(new.vectors, wanted, atol=1e-5)
    assert t.rank_ == 6
    P = t.matrix_
    np.testing.assert_allclose(P @ P, P, atol=1e-12)
    # What was taken out once is not there to be taken out again.
    again = t.transform(new).vectors + mean @ P.T
    np.testing.assert_allclose(again, new.vectors, atol=2e-5)


def test_pca_keeps_the_most_variance(wv):
    t = PCA(n=3)
    new = t.fit_transform(wv)
    _, _, _, cov = oracle(wv, "types")
    values = np.linalg.eigvalsh(cov)[::-1]
    made = np.cov(new.vectors.T, ddof=0)
    np.testing.assert_allclose(made, np.diag(values[:3]), atol=1e-4)
    assert t.explained_ == pytest.approx(values[:3].sum() / values.sum())


def test_pca_with_components_removed_is_its_three_steps(wv):
    new = PCA(n=4, remove=2).fit_transform(wv).vectors
    steps = Pipeline([AllButTheTop(n=2), PCA(n=4), AllButTheTop(n=2)]).fit_transform(wv).vectors
    np.testing.assert_allclose(np.abs(new), np.abs(steps), atol=1e-5)


def test_unit_vectors_have_the_length_one(wv):
    np.testing.assert_allclose(np.linalg.norm(Unit().transform(wv).vectors, axis=1), 1, rtol=1e-6)


def test_a_pipeline_fits_each_step_to_what_comes_before(wv):
    line = Pipeline([AllButTheTop(n=1), Whiten()]).fit(wv)
    np.testing.assert_allclose(
        np.cov(line.transform(wv).vectors.T, ddof=0) @ line.steps[1].matrix_,
        line.steps[1].matrix_,
        atol=1e-4,
    )
    assert len(line.stages(wv)) == 1


def test_tokens_need_counts_and_bad_options_are_named(wv):
    bare = WordVectors([*wv], wv.vectors)
    with pytest.raises(ValueError, match="needs the words' counts"):
        Center(weights="tokens").fit(bare)
    given = Center(weights="tokens", counts=wv.counts).fit(bare)
    np.testing.assert_array_equal(given.offset_, Center(weights="tokens").fit(wv).offset_)
    assert "counts" not in given.card()
    with pytest.raises(ValueError, match="weights must be one of types, tokens"):
        Center(weights="words").fit(wv)
    with pytest.raises(ValueError, match="counts must be 300 numbers"):
        Center(weights="tokens", counts=[1, 2]).fit(wv)
    with pytest.raises(ValueError, match="n must be in"):
        AllButTheTop(n=8).fit(wv)
    with pytest.raises(ValueError, match="n must be in"):
        PCA(n=9).fit(wv)
    with pytest.raises(ValueError, match="remove must be in"):
        PCA(n=4, remove=5).fit(wv)
    with pytest.raises(ValueError, match="method must be one of zca, pca"):
        Whiten(method="x").fit(wv)
    with pytest.raises(ValueError, match="all the same"):
        Whiten().fit(WordVectors(["a", "b"], [[1.0, 2.0], [1.0, 2.0]]))
    with pytest.raises(ValueError, match="no vectors"):
        Center().fit(WordVectors(["a"], [[0.0, 0.0]]))
