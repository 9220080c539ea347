"""SemBias, GIPE and bias by neighbours against loops that follow their definitions."""

import numpy as np
import pytest

from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.measures.bias.direction.gipe import gipe
from wordvec.evaluation.measures.bias.direction.neighbor_bias import neighbor_bias
from wordvec.evaluation.measures.bias.sets.sembias import questions, sembias

PAIRS = [("she", "he"), ("woman", "man"), ("her", "his")]


@pytest.fixture(scope="module")
def space(make_vectors):
    """400 words that lean to either side along the first axis, and three pairs."""
    rng = np.random.default_rng(7)
    words = [w for pair in PAIRS for w in pair]
    rows = []
    for _ in PAIRS:
        base = rng.standard_normal(10)
        rows += [base + 3 * np.eye(10)[0], base - 3 * np.eye(10)[0]]
    words += [f"w{i}" for i in range(400)]
    rows = np.vstack([rows, rng.standard_normal((400, 10)) * np.r_[2.0, np.ones(9)]])
    return make_vectors(words, rows)


def units(vectors):
    X = vectors.vectors.astype(np.float64)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def nearest(U, i, k):
    cosine = U @ U[i]
    cosine[i] = -2
    return np.argsort(-cosine)[:k]


def test_gipe_is_the_weighted_mean_of_illicit_neighbours(space):
    words = [f"w{i}" for i in range(60)]
    U, g = units(space), direction(space, PAIRS).unit
    ids = [space.key_to_index[w] for w in words]
    eta, met, ill = [], np.zeros(len(U)), np.zeros(len(U))
    for i in ids:
        bad, clear = 0, 0
        for j in nearest(U, i, 15):
            w, v = U[i], U[j]
            if abs(w @ v) < 0.01:
                continue
            a, b = w - (w @ g) * g, v - (v @ g) * g
            beta = (w @ v - a @ b / np.linalg.norm(a) / np.linalg.norm(b)) / (w @ v)
            clear, bad = clear + 1, bad + (beta > 0.03)
            met[j] += 1
            ill[j] += beta > 0.03
        eta.append(bad / clear)
    gamma = np.array([1 + (ill[i] / met[i] if met[i] else 0) for i in ids])
    found = gipe(space, words, PAIRS, neighbors=15, resamples=50)
    assert found.score == pytest.approx((gamma * eta).sum() / gamma.sum(), abs=1e-6)
    assert found.interval.low <= found.score <= found.interval.high
    assert 0 < found.score < 1


def test_gipe_is_nought_where_the_direction_is_gone(space, make_vectors):
    g = direction(space, PAIRS).unit
    X = units(space)
    flat = X - np.outer(X @ g, g)
    flat[:6] = X[:6]  # the pairs still define the direction
    without = make_vectors(space.index_to_key, flat)
    words = [f"w{i}" for i in range(60)]
    assert gipe(without, words, PAIRS, neighbors=10, resamples=20).score < 0.01


def test_bias_by_neighbours_is_the_correlation_of_the_paper(space):
    words = [f"w{i}" for i in range(100)]
    U, g = units(space), direction(space, PAIRS).unit
    ids = [space.key_to_index[w] for w in words]
    share = [(U[nearest(U, i, 20)] @ g > 0).mean() for i in ids]
    found = neighbor_bias(space, words, PAIRS, neighbors=20)
    assert found.score == pytest.approx(np.corrcoef(U[ids] @ g, share)[0, 1], abs=1e-6)
    assert found.score > 0.8
    assert dict(found.words)["w5"] == pytest.approx(share[5])


def test_sides_come_from_the_vectors_before(space, make_vectors):
    rng = np.random.default_rng(9)
    noise = make_vectors(space.index_to_key, rng.standard_normal((len(space), 10)))
    words = [f"w{i}" for i in range(200)]
    found = neighbor_bias(noise, words, PAIRS, before=space, neighbors=20)
    assert abs(found.score) < 0.25
    assert found.chance.low < 0 < found.chance.high


def test_sembias_counts_which_pair_is_most_like_he_and_she(make_vectors):
    rng = np.random.default_rng(1)
    asked, words, rows = [], ["he", "she"], [np.eye(6)[0], -np.eye(6)[0]]
    wanted = {"definition": 0, "stereotype": 0, "none": 0}
    for q in range(40):
        best = q % 4
        question = []
        for p in range(4):
            base = rng.standard_normal(6)
            gap = (2.0 if p == best else -1.0) * np.eye(6)[0]
            question.append((f"a{q}{p}x", f"b{q}{p}x"))
            words += question[-1]
            rows += [base + gap, base]
        asked.append(tuple(question))
        wanted[("definition", "none", "none", "stereotype")[best]] += 1
    found = sembias(make_vectors(words, rows), asked)
    assert found.definition == found.score == wanted["definition"] / 40 == 0.25
    assert found.stereotype == wanted["stereotype"] / 40
    assert found.none == wanted["none"] / 40
    assert found.coverage.answered == 40


def test_sembias_ships_440_questions_and_refuses_too_few_known_ones(space):
    assert len(questions()) == 440
    assert all(len(q) == 4 and all(len(pair) == 2 for pair in q) for q in questions())
    with pytest.raises(Unanswerable, match="0 of 440"):
        sembias(space)


def test_too_few_known_words_are_refused(space):
    for measure in (gipe, neighbor_bias):
        with pytest.raises(Unanswerable, match="missing: x, y, z"):
            measure(space, ["w1", "x", "y", "z"], PAIRS)
