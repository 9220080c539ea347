"""Clusters and probes tell planted sides apart, and nothing where there is nothing."""

import numpy as np
import pytest

from wordvec import logistic
from wordvec.evaluation.core.bias.separation import Biased, most_biased
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.measures.bias.direction import clusters, probe


def build(make_vectors, lean, seed=1):
    """600 words; a direction by two pairs on the first axis; `lean` moves words along others."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((600, 12))
    matrix[:, 1] += lean * np.sign(matrix[:, 0])
    pairs = [[3, *[0] * 11], [-3, *[0] * 11]]
    return make_vectors([f"w{i}" for i in range(600)] + ["she", "he"], np.vstack([matrix, pairs]))


PAIRS = [("she", "he")]


def test_the_most_biased_words_are_the_farthest_along(make_vectors):
    vectors = build(make_vectors, 0)
    found = most_biased(vectors, PAIRS, words=20, exclude=["w5"])
    unit = found.space.unit
    along = unit[:600, 0].copy()
    along[5] = 0
    assert set(found.rows[:20]) == set(np.argsort(-along)[:20])
    assert found.labels.tolist() == [1] * 20 + [0] * 20


def test_taking_the_direction_out_leaves_what_is_correlated(make_vectors):
    before = build(make_vectors, 3)
    biased = most_biased(before, PAIRS, words=60)
    after = before.vectors.copy()
    after[:, 0] = 0
    gone = make_vectors(before.index_to_key[:600], after[:600])
    assert clusters.clusters(gone, biased).interval.low > 0.9
    for kernel in probe.CLASSIFIERS:
        assert probe.probe(gone, biased, kernel).interval.low > 0.9


def test_without_anything_left_accuracy_is_that_of_chance(make_vectors):
    before = build(make_vectors, 0)
    biased = most_biased(before, PAIRS, words=60)
    after = before.vectors.copy()
    after[:, 0] = 0
    gone = make_vectors(before.index_to_key[:600], after[:600])
    found = probe.probe(gone, biased)
    assert found.interval.low < 0.5 < found.interval.high
    assert clusters.clusters(gone, biased).score < 0.7


def test_only_the_non_linear_probe_sees_a_ring(make_vectors):
    rng = np.random.default_rng(4)
    sides = np.repeat([1, -1], 100)
    matrix = rng.standard_normal((200, 3)) * 0.1
    # One side lies at both ends of an axis, the other in the middle: no plane parts them.
    matrix[:, 1] = np.where(sides > 0, rng.choice([-1.0, 1.0], 200), 0)
    matrix[:, 2] += np.where(sides > 0, 0, rng.choice([-1.0, 1.0], 200))
    vectors = make_vectors([f"w{i}" for i in range(200)], matrix)
    space = Space.of(vectors)
    biased = Biased(np.arange(200), (sides > 0).astype(int), space)
    assert probe.probe(vectors, biased, "linear").score < 0.7
    assert probe.probe(vectors, biased, "non-linear").score > 0.95


def test_a_small_vocabulary_and_an_unknown_kernel_are_refused(make_vectors, random_vectors):
    vectors = make_vectors(
        [*random_vectors.index_to_key, "she", "he"],
        np.vstack([random_vectors.vectors, np.eye(2, 12)]),
    )
    with pytest.raises(Unanswerable, match="too small a vocabulary"):
        most_biased(vectors, PAIRS)
    biased = most_biased(build(make_vectors, 0), PAIRS, words=20)
    with pytest.raises(ValueError, match="kernel must be one of"):
        probe.probe(vectors, biased, "cubic")
    with pytest.raises(Unanswerable, match="biased words are known"):
        clusters.clusters(make_vectors(["she", "he"], np.eye(2, 12)), biased)


@pytest.mark.parametrize("items", [40, 5])  # more and fewer than dimensions
def test_linear_regression_is_at_the_minimum_of_its_loss(items):
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((items, 9)), np.arange(items) % 2.0
    w = logistic.linear(X, y, l2=0.5)
    p = logistic.probabilities(logistic.decide(X, w))
    np.testing.assert_allclose(np.c_[X, np.ones(items)].T @ (p - y) + 0.5 * w, 0, atol=1e-7)


def test_kernel_regression_is_at_the_minimum_of_its_loss():
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((40, 3)), rng.integers(0, 2, 40).astype(float)
    K = logistic.rbf_kernel(X, X)
    a = logistic.fit(K, y, l2=0.5)
    # The gradient of sum log(1 + exp(f)) - y f + l2 / 2 a K a, f = K a, is K (p - y + l2 a).
    gradient = K @ (logistic.probabilities(K @ a) - y + 0.5 * a)
    np.testing.assert_allclose(gradient, 0, atol=1e-5)


@pytest.mark.parametrize("dimensions", [1, 30])
def test_separable_classes_do_not_overflow(dimensions):
    X = np.r_[np.full((5, dimensions), -50.0), np.full((5, dimensions), 50.0)]
    y = np.repeat([0.0, 1.0], 5)
    p = logistic.probabilities(logistic.decide(X, logistic.linear(X, y, l2=1e-3)))
    assert ((p > 0.5) == y).all()
