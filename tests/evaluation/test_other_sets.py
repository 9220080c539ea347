"""Categorisation, outlier detection, QVEC-CCA and LRCos."""

import numpy as np
import pytest

from wordvec.evaluation.core import clustering, datasets
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.measures import analogy, categorization, outliers, qvec


@pytest.fixture
def blobs(make_vectors):
    """Three tight groups of 12 words: a0-a11, b0-b11, c0-c11."""
    rng = np.random.default_rng(1)
    centres = np.repeat(np.eye(3, 8), 12, axis=0)
    words = [f"{k}{i}" for k in "abc" for i in range(12)]
    return make_vectors(words, centres + 0.05 * rng.standard_normal((36, 8)))


def classes(words, of=lambda w: w[0]):
    rows = "\n".join(f"{i},{of(w)},{w}" for i, w in enumerate(words))
    return datasets.loads(f",category,word\n{rows}\n")


def test_separate_groups_are_found_whole(blobs):
    found = categorization.evaluate(blobs, classes(blobs.index_to_key), seeds=3)
    assert found.purity == found.v_measure == 1
    assert found.chance.high < 0.7
    assert found.seeds_sd == 0


def test_exchanged_classes_score_as_chance(blobs):
    rng = np.random.default_rng(2)
    mixed = dict(zip(blobs.index_to_key, rng.permutation(list("xyz" * 12)), strict=True))
    found = categorization.evaluate(blobs, classes(blobs.index_to_key, mixed.get), seeds=3)
    assert found.chance.low <= found.score <= found.chance.high
    assert found.interval.low <= found.score <= found.interval.high


def test_purity_is_that_of_clusters_and_not_of_classes():
    """Two classes in one cluster: half of it is right, and each class lies in one cluster."""
    labels, clusters = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 0, 1])
    table = clustering.contingency(labels, clusters)
    assert table.tolist() == [[2, 0], [2, 0], [0, 1]]
    assert clustering.purity(table) == 3 / 5
    assert clustering.purity(clustering.contingency(clusters, labels)) == 1
    assert clustering.v_measure(labels, clusters) == pytest.approx(
        sklearn_v(labels, clusters), abs=1e-12
    )


def sklearn_v(labels, clusters):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    return metrics.v_measure_score(labels, clusters)


def test_purity_and_v_measure_by_hand():
    labels, clusters = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1])
    assert clustering.purity(clustering.contingency(labels, clusters)) == 5 / 6
    # Worked by hand: H(C) = ln 2, H(K) = .6365, H(C,K) = 1.0114.
    joint = -(2 * np.log(1 / 3) / 6 + np.log(1 / 6) / 6 + 3 * np.log(1 / 2) / 6)
    clustered = -(np.log(1 / 3) / 3 + 2 * np.log(2 / 3) / 3)
    homogeneity = 1 - (joint - clustered) / np.log(2)
    completeness = 1 - (joint - np.log(2)) / clustered
    expected = 2 * homogeneity * completeness / (homogeneity + completeness)
    assert clustering.v_measure(labels, clusters) == pytest.approx(expected)


def test_kmeans_fills_every_cluster_and_lowers_the_distances():
    X = np.random.default_rng(3).standard_normal((50, 4))
    labels = clustering.kmeans(X, 10, seed=1)
    assert set(labels) == set(range(10))
    centres = np.array([X[labels == k].mean(axis=0) for k in range(10)])
    nearest = ((X[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == labels).all()
    same = clustering.kmeans(np.ones((6, 2)), 3, seed=1)
    assert set(same) == {0, 1, 2}


def test_classes_without_enough_known_words_are_refused(blobs):
    with pytest.raises(Unanswerable, match=r"cannot be clustered.*zebra"):
        categorization.evaluate(blobs, classes(["a1", "b1", "zebra"]))
    with pytest.raises(Unanswerable, match="1 classes"):
        categorization.evaluate(blobs, classes(["a1", "a2", "a3", "xenon"]))


def group(words, out):
    return f',category,outliers,words\n0,G,"{out!r}","{words!r}"\n'


def test_outliers_of_separate_groups_come_last(blobs):
    data = datasets.loads(group(["a1", "a2", "a3", "a4"], ["b1", "c1", "nowhere"]))
    found = outliers.evaluate(blobs, data)
    assert (found.score, found.opp) == (1, 1)
    assert (found.coverage.asked, found.coverage.answered) == (3, 2)
    assert found.coverage.missing == ("nowhere",)
    assert (found.chance.low, found.chance.high) == (0, 1)  # of two guesses at 1/5
    assert found.missing_as_wrong == pytest.approx(2 / 3)
    assert found.interval.low < 1  # one group that was right does not make certain


def test_an_insider_as_outlier_comes_first(blobs):
    data = datasets.loads(group(["a1", "a2", "a3", "b1"], ["a4"]))
    found = outliers.evaluate(blobs, data)
    assert found.score == 0
    assert found.opp < 0.8


def test_equal_vectors_are_no_outliers(make_vectors):
    vectors = make_vectors(list("abcd"), np.ones((4, 4)))
    found = outliers.evaluate(vectors, datasets.loads(group(["a", "b", "c"], ["d"])))
    assert found.score == 0


def test_groups_with_too_few_known_words_are_refused(blobs):
    data = datasets.loads(group(["a1", "a2", "x", "y"], ["b1"]))
    with pytest.raises(Unanswerable, match=r"none of 1 outliers.*x, y"):
        outliers.evaluate(blobs, data)


def properties(S):
    rows = (f'w{i}\t{{"p": {a:.6f}, "q": {b:.6f}}}' for i, (a, b) in enumerate(S))
    return datasets.loads("\n".join(rows))


def test_canonical_correlation_of_a_linear_property_is_one(make_vectors):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((200, 6))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    vectors = make_vectors([f"w{i}" for i in range(200)], X)
    exact = qvec.evaluate(vectors, properties(np.c_[X @ rng.random(6), rng.random(200)]))
    noise = qvec.evaluate(vectors, properties(rng.random((200, 2))))
    assert exact.score == pytest.approx(1, abs=1e-4)
    assert exact.score > exact.chance.high
    assert noise.score < noise.chance.high * 1.2


def test_canonical_correlation_equals_scipys_on_one_column():
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((80, 1)), rng.standard_normal((80, 1))
    assert qvec.canonical_correlation(X, y) == pytest.approx(abs(np.corrcoef(X.T, y.T)[0, 1]))


def test_weighted_rows_count_as_repeated_rows():
    rng = np.random.default_rng(6)
    X, Y = rng.standard_normal((50, 3)), rng.standard_normal((50, 2))
    counts = rng.integers(0, 4, 50)
    repeated = np.repeat(np.arange(50), counts)
    expected = qvec.canonical_correlation(X[repeated], Y[repeated])
    assert qvec.canonical_correlation(X, Y, counts) == pytest.approx(expected)


def test_columns_that_depend_on_each_other_are_no_trouble():
    X = np.random.default_rng(7).standard_normal((50, 3))
    same = qvec.canonical_correlation(np.c_[X, X[:, 0]], X[:, :1])
    assert same == pytest.approx(1)


def test_fewer_words_than_numbers_are_refused(random_vectors):
    S = np.random.default_rng(8).random((13, 2))
    with pytest.raises(Unanswerable, match="too few for 12 dimensions"):
        qvec.evaluate(random_vectors, properties(S))


def test_lrcos_finds_a_class_that_vector_offsets_miss(make_vectors):
    # Targets share a class axis and lie near their sources, but the offsets differ in size.
    rng = np.random.default_rng(9)
    n, d = 20, 30
    sources = rng.standard_normal((n, d))
    targets = sources + 0.3 * rng.standard_normal((n, d))
    targets[:, 0] += rng.uniform(3, 12, n)
    others = rng.standard_normal((100, d))
    words = (
        [f"s{i}" for i in range(n)] + [f"t{i}" for i in range(n)] + [f"o{i}" for i in range(100)]
    )
    vectors = make_vectors(words, np.vstack([sources, targets, others]))
    text = "\n".join(f"s{i}\tt{i}" for i in range(n))
    found = analogy.evaluate(vectors, datasets.loads(text, "analogy"), solver="LRCos")
    added = analogy.evaluate(vectors, datasets.loads(text, "analogy"))
    assert found.coverage.asked == n
    assert found.score > max(0.6, added.score)


def test_lrcos_of_one_pair_has_nothing_to_learn_from(random_vectors):
    data = datasets.loads("w1\tw2\nw3\tnowhere\n", kind="analogy")
    with pytest.raises(Unanswerable):
        analogy.evaluate(random_vectors, data, solver="LRCos")
