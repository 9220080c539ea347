"""The shape of a space: identities against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec import WordVectors
from wordvec.spaces.geometry import geometry, isoscore
from wordvec.spaces.hubs import hubs


def vectors_of(X, counts=None):
    return WordVectors([f"w{i}" for i in range(len(X))], np.asarray(X, np.float64), counts=counts)


def seven_steps(X):
    """IsoScore as Rudman et al. (2022) define it, algorithm 1."""
    d = X.shape[1]
    _, axes = np.linalg.eigh(np.cov(X.T, ddof=0))
    diagonal = np.diag(np.cov((X @ axes).T, ddof=0))
    scaled = np.sqrt(d) * diagonal / np.linalg.norm(diagonal)
    defect = np.linalg.norm(scaled - 1) / np.sqrt(2 * (d - np.sqrt(d)))
    phi = (d - defect**2 * (d - np.sqrt(d))) ** 2 / d**2
    return (d * phi - 1) / (d - 1)


def test_isoscore_in_two_traces_is_that_in_seven_steps(make):
    for d in (2, 5, 9):
        wv = make(400, d)
        assert geometry(wv).isoscore == pytest.approx(
            seven_steps(wv.vectors.astype(np.float64)), abs=1e-12
        )


def test_isoscore_is_one_for_the_sphere_and_nought_for_a_line():
    assert geometry(vectors_of(np.vstack([np.eye(4), -np.eye(4)]))).isoscore == pytest.approx(1)
    line = np.outer(np.linspace(-1, 2, 30), [1.0, 2.0, 3.0])
    assert geometry(vectors_of(line)).isoscore == pytest.approx(0, abs=1e-12)
    assert isoscore(3.0, 9.0, 1) == 1.0


@given(st.integers(0, 100), st.floats(0.1, 10))
def test_isoscore_does_not_depend_on_rotation_place_and_scale(seed, scale):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((50, 4)) @ rng.standard_normal((4, 4))
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    one, other = (geometry(vectors_of(A)).isoscore for A in (X, scale * X @ Q + 3))
    assert one == pytest.approx(other, rel=1e-6)


def test_the_corrected_isoscore_is_right_for_small_samples():
    rng = np.random.default_rng(1)
    d = 20
    scale = np.sqrt(np.linspace(0.2, 3, d))
    C = scale**2
    true = isoscore(C.sum(), (C**2).sum(), d)
    found = [
        geometry(vectors_of(rng.standard_normal((20 * d, d)) * scale)).types for _ in range(40)
    ]
    raw, corrected = (
        np.mean([getattr(f, k) for f in found]) for k in ("isoscore", "isoscore_corrected")
    )
    assert corrected == pytest.approx(true, rel=0.02)
    assert abs(raw - true) > abs(corrected - true)


def test_the_mean_cosine_is_that_of_all_pairs(make):
    X = make(500, 7).vectors.astype(np.float64)
    X = np.vstack([X, np.zeros((3, 7))])
    found = geometry(vectors_of(X))
    U = X[:500] / np.linalg.norm(X[:500], axis=1, keepdims=True)
    pairs = U @ U.T
    wanted = (pairs.sum() - 500) / (500 * 499)
    assert found.mean_cosine == pytest.approx(wanted, abs=1e-9)
    assert found.zeros == 3
    assert found.words == 503


def test_types_and_tokens_are_both_there_with_counts_and_types_alone_without(make):
    wv = make(400, 6)
    found = geometry(wv)
    X = wv.vectors.astype(np.float64)
    w = wv.counts / wv.counts.sum()
    for shape, weight in ((found.types, np.full(400, 1 / 400)), (found.tokens, w)):
        lengths = np.linalg.norm(X, axis=1)
        assert shape.norm == pytest.approx(weight @ lengths)
        assert shape.norm_sd == pytest.approx(np.sqrt(weight @ (lengths - shape.norm) ** 2))
        assert shape.centre == pytest.approx(np.linalg.norm(weight @ X))
        values = np.linalg.eigvalsh(np.cov(X.T, aweights=weight, ddof=0))
        shares = values / values.sum()
        assert shape.symmetry2 == pytest.approx(-(shares * np.log(shares)).sum() / np.log(6))
        assert shape.effective_dimensions == pytest.approx(values.sum() ** 2 / (values**2).sum())
        assert shape.top3 == pytest.approx(np.sort(shares)[-3:].sum())
    bare = WordVectors([*wv], wv.vectors)
    assert geometry(bare).tokens is None
    assert geometry(bare, counts=wv.counts).tokens == found.tokens


def partition_by_hand(X):
    axes = np.linalg.eigh(X.T @ X)[1]
    Z = [np.exp(sign * X @ a).sum() for a in axes.T for sign in (1, -1)]
    return min(Z) / max(Z)


def test_the_partition_function_takes_both_signs(make):
    for seed in range(5):
        X = make(300, 5, seed).vectors.astype(np.float64) / 3
        assert geometry(vectors_of(X)).partition == pytest.approx(partition_by_hand(X), rel=1e-4)
        assert geometry(vectors_of(-X)).partition == pytest.approx(
            geometry(vectors_of(X)).partition, rel=1e-5
        )


def test_long_vectors_do_not_overflow_and_ties_are_named():
    X = 1000 * np.vstack([np.eye(3), -np.eye(3)])
    found = geometry(vectors_of(X))
    assert np.isfinite(found.partition)
    assert found.ties == (0, 1, 2)
    assert geometry(vectors_of(np.diag([1.0, 2.0, 3.0]))).ties == ()


# --- hubs -----------------------------------------------------------------------------------------


def test_hubs_are_counted_as_by_hand(make):
    wv = make(300, 6)
    U = wv.get_normed_vectors().astype(np.float64)
    C = U @ U.T
    np.fill_diagonal(C, -2)
    near = np.argsort(-C, axis=1)[:, :5]
    N = np.bincount(near.ravel(), minlength=300)
    found = hubs(wv, 5)
    assert found.counts.tolist() == N.tolist()
    assert found.counts.sum() == 5 * 300
    assert found.skewness == pytest.approx(((N - 5) ** 3).mean() / N.std() ** 3)
    assert found.robin_hood == pytest.approx(np.abs(N - 5).sum() / (2 * 300 * 5))
    gini = np.abs(N[:, None] - N).sum() / (2 * 300 * N.sum())
    assert found.gini == pytest.approx(gini)
    assert found.antihubs == (N == 0).mean()
    assert found.hub_share == N[N >= 10].sum() / N.sum()
    assert found.top(1)[0] == (f"w{N.argmax()}", N.max())
    assert found.bottom(1)[0][1] == N.min()
    assert not found.sampled


def test_a_ring_has_no_hubs():
    angles = 2 * np.pi * np.arange(40) / 40
    found = hubs(vectors_of(np.c_[np.cos(angles), np.sin(angles)]), 2)
    assert set(found.counts) == {2}
    assert found.skewness == 0
    assert found.robin_hood == found.gini == found.antihubs == 0


def test_twins_are_neighbours_by_id_and_nobody_is_his_own():
    X = np.array([[1.0, 0]] * 4 + [[0, 1.0]] * 2)
    assert hubs(vectors_of(X), 2).counts.tolist() == [5, 3, 2, 0, 1, 1]


def test_words_without_a_vector_have_no_part(make):
    X = make(50, 4).vectors
    with_zeros = np.vstack([X[:20], np.zeros((2, 4)), X[20:]])
    one, other = hubs(vectors_of(X), 3), hubs(vectors_of(with_zeros), 3)
    assert one.counts.tolist() == other.counts.tolist()
    assert other.ids.tolist() == [*range(20), *range(22, 52)]


def test_samples_are_said_and_bad_k_is_refused(make):
    wv = make(200, 4)
    found = hubs(wv, 5, sample=50, seed=2)
    assert found.sampled
    assert found.queries == 50
    assert found.counts.sum() == 250
    assert hubs(wv, 5, restrict_vocab=60).words == 60
    for k in (0, 200, 500):
        with pytest.raises(ValueError, match="k must be"):
            hubs(wv, k)
    with pytest.raises(ValueError, match="sample must be"):
        hubs(wv, 5, sample=0)


def test_bytes_do_not_depend_on_threads(make, monkeypatch):
    wv = make(10_000, 8)
    out = []
    for threads in ("1", "4"):
        monkeypatch.setenv("WORDVEC_THREADS", threads)
        monkeypatch.setattr("wordvec.system.parallel._pool", None)
        found = geometry(wv)
        out.append(
            (found.types, found.tokens, found.partition, hubs(wv, 3, sample=700).counts.sum())
        )
    assert out[0] == out[1]


def test_a_free_scale_is_seen(make):
    rng = np.random.default_rng(0)
    skewed = rng.standard_normal((400, 10)) * np.r_[100.0, np.ones(9)]
    plain = rng.standard_normal((400, 10))
    assert geometry(vectors_of(skewed)).scale_freedom[0.0] > 0.5
    assert geometry(vectors_of(plain)).scale_freedom[0.0] < 0.2


def test_manifolds_are_refused():
    ball = WordVectors(["a", "b", "c"], np.eye(3) / 2, meta={"manifold": "poincare"})
    for function in (geometry, hubs):
        with pytest.raises(ValueError, match="manifold"):
            function(ball)
