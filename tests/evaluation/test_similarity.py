"""Similarity against gensim's figures, and what it says of missing words and odd vectors."""

import math

import numpy as np
import pytest

from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.results import Unanswerable, to_json
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.measures import similarity


@pytest.fixture
def pairs():
    rng = np.random.default_rng(1)
    rows = [f"w{i}\tw{i + 1}\t{rng.uniform(0, 10):.2f}" for i in range(30)]
    return datasets.loads("\n".join(rows))


def test_scores_equal_gensims(shared_data, glove):
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    path = shared_data / "similarity" / "EN-WS-353-ALL.txt"
    found = similarity.evaluate(glove, datasets.load(path))
    peer = KeyedVectors(50)
    peer.add_vectors(list(glove.index_to_key), glove.vectors)
    pearson, spearman, missing = peer.evaluate_word_pairs(str(path), restrict_vocab=None)
    assert found.score == pytest.approx(spearman[0], abs=1e-6)
    assert found.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert found.coverage.answered == round(353 * (1 - missing / 100))
    assert found.interval.low < found.score < found.interval.high
    assert len(found.missing_pairs) == 353 - found.coverage.answered


def test_missing_words_are_listed_and_counted_as_zero(random_vectors, pairs):
    whole = similarity.evaluate(random_vectors, pairs)
    with_missing = datasets.loads(
        "\n".join(f"{a}\t{b}\t{s}" for (a, b), s in zip(pairs.pairs, pairs.scores, strict=True))
        + "\nw1\tunknown\t5\nnowhere\tw2\t1\n"
    )
    found = similarity.evaluate(random_vectors, with_missing)
    assert found.coverage.missing == ("unknown", "nowhere")
    assert (found.coverage.asked, found.coverage.answered) == (32, 30)
    assert found.score == whole.score
    assert found.missing_as_zero != found.score
    assert found.missing_pairs == (("w1", "unknown"), ("nowhere", "w2"))


def test_intervals_agree_roughly_and_are_reproducible(random_vectors, pairs):
    bootstrap = similarity.evaluate(random_vectors, pairs)
    fisher = similarity.evaluate(random_vectors, pairs, interval="fisher")
    assert bootstrap.interval == similarity.evaluate(random_vectors, pairs).interval
    assert bootstrap.interval != similarity.evaluate(random_vectors, pairs, seed=2).interval
    width = [r.interval.high - r.interval.low for r in (bootstrap, fisher)]
    assert 0.5 < width[0] / width[1] < 2


@pytest.mark.parametrize("text", ["w1\tw2\t3\nw1\ty\t2\n", "w1\tx\t3\nw1\ty\t2\nw1\tz\t1\n"])
def test_too_few_pairs_are_refused_with_the_missing_words(random_vectors, text):
    with pytest.raises(Unanswerable, match=r"pairs have both words.*missing"):
        similarity.evaluate(random_vectors, datasets.loads(text))


def test_equal_scores_are_refused(random_vectors):
    text = "\n".join(f"w{i}\tw{i + 1}\t3" for i in range(12))
    with pytest.raises(Unanswerable, match="all the same score"):
        similarity.evaluate(random_vectors, datasets.loads(text))


def test_zero_rows_and_nan_are_treated_as_missing(make_vectors, random_vectors, pairs):
    matrix = random_vectors.vectors.copy()
    matrix[1], matrix[2, 3], matrix[7, 0] = 0, math.nan, math.inf
    found = similarity.evaluate(make_vectors(random_vectors.index_to_key, matrix), pairs)
    assert found.coverage.missing == ("w1", "w2", "w7")
    assert found.coverage.answered == 25
    assert math.isfinite(found.score)


@pytest.mark.parametrize(
    ("case", "missing"), [("exact", ("CAT", "dog")), ("fallback", ()), ("lower", ("dog",))]
)
def test_case_policies(make_vectors, case, missing):
    vectors = make_vectors(["cat", "Dog", "sun", "moon"], np.random.default_rng(2).random((4, 3)))
    space = Space.of(vectors, case=case)
    assert tuple(space.find(["CAT", "dog", "sun", "moon"])[2]) == missing


def test_lower_case_policy_does_not_find_capitals(make_vectors):
    space = Space.of(make_vectors(["Dog"], [[1.0]]), case="lower")
    assert space.row("Dog") is None
    with pytest.raises(ValueError, match="case must be one of"):
        Space.of(make_vectors(["Dog"], [[1.0]]), case="upper")


def test_huge_and_tiny_vectors_have_directions(make_vectors):
    space = Space.of(make_vectors(["big", "small"], [[3e37, 4e37], [3e-30, 4e-30]]))
    np.testing.assert_allclose(space.unit, [[0.6, 0.8], [0.6, 0.8]], rtol=1e-6)


def test_the_json_has_no_arrays_and_no_nan(random_vectors, pairs):
    document = to_json(similarity.evaluate(random_vectors, pairs))
    assert "cosines" not in document
    assert document["coverage"]["answered"] == 30
    assert to_json({"x": math.nan, "y": np.float32(1.5)}) == {"x": None, "y": 1.5}
