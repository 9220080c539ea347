"""Comparisons on common items, and over seeds."""

import numpy as np
import pytest

from wordvec.evaluation.core import datasets, statistics
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.core.statistics import seeds
from wordvec.evaluation.measures import analogy, similarity


@pytest.fixture
def pairs():
    rng = np.random.default_rng(1)
    rows = [f"w{i}\tw{i + 3}\t{rng.uniform(0, 10):.2f}" for i in range(50)]
    return datasets.loads("\n".join(rows))


@pytest.fixture
def good(make_vectors, pairs):
    """Vectors whose cosines follow the human scores: learnt by a few steps of gradient descent."""
    matrix = np.random.default_rng(2).standard_normal((60, 20))
    for _ in range(300):
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        for (a, b), score in zip(pairs.pairs, pairs.scores, strict=True):
            i, j = int(a[1:]), int(b[1:])
            error = unit[i] @ unit[j] - (score / 5 - 1)
            matrix[i] -= 0.1 * error * unit[j]
            matrix[j] -= 0.1 * error * unit[i]
    return make_vectors([f"w{i}" for i in range(60)], matrix)


def test_a_better_model_is_told_from_a_random_one(good, random_vectors, pairs):
    results = {
        name: similarity.evaluate(v, pairs)
        for name, v in (("good", good), ("random", random_vectors))
    }
    (found,) = similarity.compare(pairs, results)
    assert found.items == 50
    assert found.difference == pytest.approx(found.first_score - found.second_score)
    assert found.interval.low > 0
    assert found.p_bootstrap < 0.01
    assert found.p_williams < 0.01


def test_a_model_equals_itself(random_vectors, pairs):
    result = similarity.evaluate(random_vectors, pairs)
    (found,) = similarity.compare(pairs, {"one": result, "other": result})
    assert (found.difference, found.p_bootstrap) == (0, 1)
    assert found.p_williams == 1


def test_only_common_pairs_count(make_vectors, random_vectors, pairs):
    fewer = make_vectors(random_vectors.index_to_key[:30], random_vectors.vectors[:30])
    results = {
        "all": similarity.evaluate(random_vectors, pairs),
        "fewer": similarity.evaluate(fewer, pairs),
    }
    (found,) = similarity.compare(pairs, results)
    assert found.items == 27
    assert found.first_score == pytest.approx(found.second_score)
    apart = make_vectors([f"w{i}" for i in range(40, 60)], random_vectors.vectors[:20])
    results["apart"] = similarity.evaluate(apart, pairs)
    with pytest.raises(Unanswerable, match="0 pairs in common"):
        similarity.compare(pairs, results)


def test_three_models_are_adjusted_over_their_pairs(good, random_vectors, make_vectors, pairs):
    other = make_vectors(
        random_vectors.index_to_key, np.random.default_rng(9).standard_normal((60, 5))
    )
    results = {
        n: similarity.evaluate(v, pairs)
        for n, v in (("a", good), ("b", random_vectors), ("c", other))
    }
    found = similarity.compare(pairs, results)
    assert [(c.first, c.second) for c in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [c.p_holm for c in found] == statistics.holm([c.p_bootstrap for c in found])


def test_analogies_are_compared_by_question(make_vectors, random_vectors):
    rng = np.random.default_rng(3)
    offset = rng.standard_normal(12)
    matrix = np.vstack([heads := rng.standard_normal((30, 12)), heads + offset])
    solved = make_vectors([f"w{i}" for i in range(60)], matrix)
    questions = "\n".join(
        f"w{i} w{i + 30} w{(i + k) % 30} w{(i + k) % 30 + 30}" for i in range(30) for k in (1, 2)
    )
    data = datasets.loads(f": s\n{questions}\n")
    results = {
        n: analogy.evaluate(v, data) for n, v in (("solved", solved), ("random", random_vectors))
    }
    (found,) = analogy.compare(data, results)
    assert found.first_score > 0.9
    assert found.interval.low > 0.5
    assert found.items == 60
    assert found.p_williams is None


@pytest.mark.parametrize(
    ("name", "meta", "group"),
    [
        ("sgns-s2", {}, "sgns"),
        ("sgns.seed12", {}, "sgns"),
        ("sgns_3", {"seed": 3}, "sgns"),
        ("sgns_3", {"options": {"seed": 3}}, "sgns"),
        ("glove", {"seed": 3}, "glove"),
        ("glove.6B", {}, "glove.6B"),
        ("wiki-100", {}, "wiki-100"),
    ],
)
def test_names_without_their_seed(name, meta, group):
    assert seeds.group_of(name, meta) == group


def test_scores_over_seeds_have_a_t_interval():
    entries = [
        {"model": f"m-s{i}", "measure": "similarity", "score": s}
        for i, s in enumerate([0.5, 0.6, 0.7])
    ] + [{"model": "other", "measure": "similarity", "score": 0.1}]
    groups = {e["model"]: seeds.group_of(e["model"], {}) for e in entries}
    (found,) = seeds.over_seeds(entries, groups, ["ws"] * 4)
    assert (found.group, found.models) == ("m", ("m-s0", "m-s1", "m-s2"))
    assert (found.mean, found.sd) == pytest.approx((0.6, 0.1))
    assert found.interval.high == pytest.approx(0.6 + 4.302653 * 0.1 / 3**0.5, abs=1e-6)
