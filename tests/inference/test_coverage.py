"""Do intervals of 95 % hold the truth 95 times in 100? A simulated GloVe whose truth is known."""

from itertools import combinations

import numpy as np
import pytest

from wordvec.inference import delta
from wordvec.inference.estimates import quantile
from wordvec.inference.least_squares import solve
from wordvec.inference.rows import Equations, Half

V, DIM, X_MAX, SIGMA = 2000, 20, 10.0, 0.4
WORDS, DRAWS, AT_ONCE = 21, 2000, 50


@pytest.fixture(scope="module")
def truth():
    """Contexts (V, 20), 40 words that are linear in them, their cells and weights."""
    rng = np.random.default_rng(1)
    C = rng.normal(size=(V, DIM)).astype(np.float32)
    W = rng.normal(size=(WORDS, DIM)) + rng.normal(size=DIM)
    cells = []
    for i in range(WORDS):
        n = 160 + 20 * i
        ids = np.sort(rng.permutation(V)[:n])
        cells.append((ids, np.minimum(1, ((rng.pareto(0.8, n) + 0.2) / X_MAX) ** 0.75)))
    return C, W, cells


def simulate(truth, covariance, uneven, seed, draws=DRAWS):
    """Solutions (draws, words) of draws of the log counts given the weights."""
    C, W, cells = truth
    rng = np.random.default_rng(seed)
    ids = np.concatenate([i for i, _ in cells])
    f = np.concatenate([f for _, f in cells])
    word = np.repeat(np.arange(WORDS), [len(i) for i, _ in cells])
    sizes = np.array([len(i) for i, _ in cells])
    mean = np.einsum("nd,nd->n", C[ids].astype(float), W[word])
    # The model has s^2 / f; unevenly, counts of full weight have twice as much.
    sd = SIGMA / np.sqrt(f) * np.where(uneven & (f == 1), np.sqrt(2), 1)
    polished, covariances = [], []
    for _ in range(draws // AT_ONCE):
        y = mean + sd * rng.normal(size=(AT_ONCE, len(ids)))
        ptr = np.concatenate([[0], np.cumsum(np.tile(sizes, AT_ONCE))]).astype(np.int64)
        own = np.zeros((WORDS, DIM), np.float32)
        equations = Equations(
            ptr,
            np.tile(ids, AT_ONCE).astype(np.int32),
            np.tile(f, AT_ONCE),
            (Half(own, C, y.ravel()),),
            np.diff(ptr),
        )
        n = WORDS * AT_ONCE
        found = solve(
            [""] * n, equations, [np.zeros(n)], list(range(WORDS)) * AT_ONCE, covariance=covariance
        )
        polished.append(np.stack([each.polished for each in found]))
        covariances.append(np.stack([each.covariance for each in found]))
    shape = (draws, WORDS, DIM)
    return np.concatenate(polished).reshape(shape), np.concatenate(covariances).reshape(*shape, DIM)


def covered(truth, solutions, function, words):
    """Share of draws whose interval holds the function's true value."""
    _, W, _ = truth
    vectors, covariances = solutions
    true, _ = function(W[words])
    hits = 0
    for x, S in zip(vectors, covariances, strict=True):
        value, gradients = function(x[words])
        distinct = np.unique(words)
        g = np.stack([gradients[np.equal(words, w)].sum(axis=0) for w in distinct])
        sd = np.sqrt(np.einsum("nd,nde,ne->", g, S[distinct], g))
        hits += abs(value - true) <= quantile(0.95) * sd
    return hits / len(vectors)


def cosines_covered(truth, solutions, pairs):
    """Shares for many cosines at once."""
    _, W, _ = truth
    vectors, S = solutions
    inside = []
    for a, b in pairs:
        X, norms = vectors[:, [a, b]], np.linalg.norm(vectors[:, [a, b]], axis=2)
        U = X / norms[..., None]
        cos = np.einsum("nd,nd->n", U[:, 0], U[:, 1])
        g = (U[:, ::-1] - cos[:, None, None] * U) / norms[..., None]
        variance = sum(
            np.einsum("nd,nde,ne->n", g[:, k], S[:, word], g[:, k]) for k, word in enumerate((a, b))
        )
        true = W[a] @ W[b] / np.linalg.norm(W[a]) / np.linalg.norm(W[b])
        inside.append(np.mean(np.abs(cos - true) <= quantile(0.95) * np.sqrt(variance)))
    return np.array(inside)


@pytest.mark.parametrize(
    ("covariance", "uneven", "low", "high"),
    [
        ("model", False, 0.93, 0.97),
        ("sandwich", False, 0.93, 0.97),
        ("sandwich", True, 0.92, 0.98),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(truth, covariance, uneven, low, high):
    solutions = simulate(truth, covariance, uneven, seed=5)
    pairs = list(combinations(range(WORDS), 2))[:200]
    shares = cosines_covered(truth, solutions, pairs)
    # A share of 2,000 draws has a standard error of .5 %; pairs share words.
    assert low <= shares.mean() <= high
    assert np.mean((shares >= low - 0.01) & (shares <= high + 0.01)) >= 0.95
    weat = delta.weat((5, 5, 5, 5), effect=True)
    assert low <= covered(truth, solutions, weat, list(range(20))) <= high
    assert low <= covered(truth, solutions, delta.cosine_difference, [3, 9, 3, 18]) <= high


def test_the_model_covariance_is_too_narrow_where_noise_is_uneven(truth):
    """What the sandwich is for: the paper's form beside it."""
    pairs = [(i, i + 1) for i in range(WORDS - 1)]
    uneven = {
        name: cosines_covered(truth, simulate(truth, name, True, seed=6, draws=500), pairs).mean()
        for name in ("model", "sandwich")
    }
    assert uneven["model"] < uneven["sandwich"]


def test_delta_and_draws_agree_where_errors_are_small(truth):
    C, W, cells = truth
    ids, f = cells[-1]
    rng = np.random.default_rng(3)
    for a, b in ((10, 20), (5, 19)):
        S = [np.linalg.inv(C[ids].T.astype(float) * f @ C[ids]) * SIGMA**2] * 2
        X = W[[a, b]]
        assert all(np.trace(s) / (x @ x) < 0.1 for s, x in zip(S, X, strict=True))
        _, g = delta.cosine(X)
        sd = np.sqrt(sum(h @ s @ h for h, s in zip(g, S, strict=True)))
        drawn = np.stack(
            [
                x + rng.normal(size=(20000, DIM)) @ np.linalg.cholesky(s).T
                for x, s in zip(X, S, strict=True)
            ],
            axis=1,
        )
        U = drawn / np.linalg.norm(drawn, axis=2, keepdims=True)
        assert np.einsum("nd,nd->n", U[:, 0], U[:, 1]).std() == pytest.approx(sd, rel=0.03)
