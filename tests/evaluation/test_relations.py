"""Relations: average precision as scikit-learn has it, planted relations, words never leaked."""

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.measures import relations


def planted(shuffle=False, n=60, d=12):
    """Three relations; that of a pair is the direction of its difference."""
    rng = np.random.default_rng(0)
    ways = np.eye(d)[:3] * 2
    words, rows, lines = [], [], ["word1,word2,relation"]
    labels = rng.permutation(np.repeat(["part", "kind", "none"], n))
    for i in range(n):
        first = rng.normal(size=d)
        words.append(f"a{i}")
        rows.append(first)
        for j, kind in enumerate(["part", "kind", "none"]):
            words.append(f"b{i}{kind}")
            rows.append(first + ways[j] + 0.1 * rng.normal(size=d))
            label = labels[3 * i + j] if shuffle else kind
            lines.append(f"a{i},b{i}{kind},{label}")
    return WordVectors(words, np.array(rows, np.float32)), datasets.loads("\n".join(lines))


def test_average_precision_is_sklearns():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    scores, right = rng.normal(size=80), rng.random(80) < 0.3
    weights = rng.integers(0, 4, 80)
    found = relations._Ranking(scores, right)
    assert found.precision(np.ones(80)) == pytest.approx(
        metrics.average_precision_score(right, scores)
    )
    expected = metrics.average_precision_score(right, scores, sample_weight=weights)
    assert found.precision(weights) == pytest.approx(expected)


def test_planted_relations_are_told_by_their_differences():
    wv, dataset = planted()
    result = relations.evaluate(wv, dataset, resamples=50)
    assert result.score > 0.9
    assert result.accuracy > 0.9
    assert result.cosine < 0.6  # all pairs are about as near
    assert result.interval.low <= result.score <= result.interval.high
    assert result.chance == pytest.approx(1 / 3)
    assert [(each.relation, each.pairs) for each in result.relations] == [
        ("kind", 60),
        ("none", 60),
        ("part", 60),
    ]


def test_labels_at_random_are_told_by_chance_only():
    wv, dataset = planted(shuffle=True)
    # 60 positives of 180: the average precision of a random order scatters by about .05.
    assert relations.evaluate(wv, dataset, resamples=50).score < 1 / 3 + 0.15


def test_a_word_of_the_fold_is_never_learned_from():
    """Every pair of a first word has one relation and the words tell nothing else: whoever had
    seen the word would know all."""
    rng = np.random.default_rng(2)
    words = [f"a{i}" for i in range(40)] + [f"b{i}" for i in range(200)]
    wv = WordVectors(words, rng.normal(size=(240, 60)).astype(np.float32))
    kind = rng.permutation(np.arange(40) % 2)
    lines = [f"a{i},b{5 * i + j},{'xy'[kind[i]]}" for i in range(40) for j in range(5)]
    dataset = datasets.loads("\n".join(["word1,word2,relation", *lines]))
    assert relations.evaluate(wv, dataset, resamples=50).accuracy < 0.65


def test_too_few_known_pairs_are_unanswerable():
    wv, dataset = planted(n=4)
    with pytest.raises(Unanswerable, match="4 first words; two relations and 5 words"):
        relations.evaluate(wv, dataset)
