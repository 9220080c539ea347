"""The sentences that a report opens with: each is made from numbers, and says what they say."""

import copy

import pytest

from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.report import verdict
from wordvec.evaluation.run import run


def document(vectors, n=20, names=("a", "b")):
    pairs = "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(n))
    lists = (tuple(f"w{i}" for i in range(start, start + 6)) for start in (0, 6, 12, 18))
    models = {name: (vectors, None) for name in names}
    return run(models, [datasets.loads(pairs, name="pairs")], [WeatTest("mine", "", *lists)])


@pytest.fixture
def found(random_vectors):
    return document(random_vectors)


def test_equal_models_are_not_told_apart(found):
    first = verdict.sentences(found)[0]
    assert first.startswith("a scores higher than b on 0 of 1 questions")
    assert "lower on 0" in first
    assert "the other 1 do not tell them apart" in first


def test_a_better_model_is_named_with_size_and_interval(found):
    better = copy.deepcopy(found)
    better["comparisons"][0] |= {
        "difference": 0.25,
        "p_holm": 0.004,
        "interval": {"low": 0.1, "high": 0.4, "level": 0.95, "method": ""},
    }
    first = verdict.sentences(better)[0]
    assert "higher than b on 1 of 1" in first
    assert "on pairs: +0.250 (+0.100 to +0.400)" in first


def test_associations_that_stand_are_named_with_d_and_p(found):
    changed = copy.deepcopy(found)
    e = changed["results"]["weat"][0]
    e |= {"p_holm": 0.0004, "score": 1.23}
    e["interval"] |= {"low": -0.1, "high": 1.8}
    text = " ".join(verdict.sentences(changed))
    assert "1 of 1 association test stands after Holm's correction" in text
    assert "mine (d 1.23, p 0.0004)" in text
    assert "The interval over words reaches 0 in mine" in text


def test_a_test_that_cannot_reach_p_is_named(random_vectors):
    lists = (tuple(f"w{i}" for i in range(start, start + 2)) for start in (0, 2, 4, 6))
    pairs = datasets.loads("\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(20)))
    few = run({"a": (random_vectors, None)}, [pairs], [WeatTest("tiny", "", *lists)])
    text = " ".join(verdict.sentences(few))
    assert "the least possible p is that in brackets: tiny (0.167)" in text


def test_seeds_and_words_that_disagree_are_explained(random_vectors):
    two = document(random_vectors, names=("a-s1", "a-s2"))
    torn = copy.deepcopy(two)
    (seeds,) = [s for s in torn["seeds"] if s["measure"] == "weat"]
    seeds["interval"] |= {"low": 0.2, "high": 0.9}
    for e in torn["results"]["weat"]:
        e["p_holm"] = 0.4
    text = " ".join(verdict.sentences(torn))
    assert "mine: d differs from 0 over seeds of training and not over re-partitions" in text
    for e in torn["results"]["weat"]:
        e["p_holm"] = 0.01
    assert "re-partitions of the words. The first" not in " ".join(verdict.sentences(torn))


def test_little_coverage_is_said_once_for_all_models(random_vectors):
    text = "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(20))
    text += "\n" + "\n".join(f"mot{i}\tmot{i + 1}\t1" for i in range(30))
    data = datasets.loads(text, name="half")
    doc = run({n: (random_vectors, None) for n in "ab"}, [data])
    said = " ".join(verdict.sentences(doc))
    assert "Less than half was answered of half: these scores say little." in said


def test_names_are_listed_as_in_a_sentence():
    assert verdict.listed(["a"]) == "a"
    assert verdict.listed(["a", "b"]) == "a and b"
    assert verdict.listed(["a", "b", "c"]) == "a, b and c"
    assert verdict.listed(list("abcdefgh"), 6) == "a, b, c, d, e, f and 2 more"
