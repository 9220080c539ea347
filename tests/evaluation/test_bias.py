"""WEAT: published effect sizes on real vectors, exact p by enumeration, and bad lists."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.errors import DatasetError
from wordvec.evaluation.core.bias import lists
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.measures.bias.sets import weat

PUBLISHED_GOOGLE_NEWS = {"weat1": 1.54, "weat2": 1.63, "weat6": 1.89, "weat7": 0.97, "weat8": 1.24}


@pytest.fixture
def small():
    names = [f"w{i}" for i in range(20)]
    return WeatTest("small", "a small test", *(tuple(names[i : i + 5]) for i in range(0, 20, 5)))


def test_list_sizes_are_those_of_the_paper():
    tests = lists.weat_tests()
    assert list(tests) == [f"weat{i}" for i in range(1, 11)]
    assert [len(t.X) for t in tests.values()] == [25, 25, 32, 16, 16, 8, 8, 8, 6, 8]
    assert [len(t.Y) for t in tests.values()] == [25, 25, 32, 16, 16, 8, 8, 8, 6, 8]
    assert [len(t.A) for t in tests.values()] == [25, 25, 25, 25, 8, 8, 8, 8, 7, 8]
    assert [len(t.B) for t in tests.values()] == [25, 25, 25, 25, 8, 8, 8, 8, 7, 8]


def test_the_two_unpleasant_lists_differ():
    tests = lists.weat_tests()
    assert tests["weat1"].B == tests["weat2"].B
    assert tests["weat3"].B == tests["weat4"].B
    assert set(tests["weat1"].B) - set(tests["weat3"].B) == {"agony", "prison"}
    assert set(tests["weat3"].B) - set(tests["weat1"].B) == {"bomb", "evil"}


def test_known_errors_of_packaged_copies_are_not_here():
    tests = lists.weat_tests()
    assert "short-term" in tests["weat9"].A
    assert "Billy" in tests["weat10"].X
    assert "Bill" in tests["weat6"].X
    assert "failure" in tests["weat10"].B


@pytest.mark.parametrize(("name", "d"), PUBLISHED_GOOGLE_NEWS.items())
def test_published_effect_sizes_are_reproduced(google_news, name, d):
    test = lists.weat_tests()[name]
    found = weat.weat(google_news, test, resamples=100)
    assert round(found.score, 2) == d == found.published["word2vec GoogleNews"]
    assert found.p_method == "exact"


def test_published_effect_sizes_that_ship_are_those_of_the_paper():
    glove = [1.50, 1.53, 1.41, 1.50, 1.28, 1.81, 1.06, 1.24, 1.38, 1.21]
    word2vec = [1.54, 1.63, 0.58, 1.24, 0.72, 1.89, 0.97, 1.24, 1.30, -0.08]
    published = [dict(test.published) for test in lists.weat_tests().values()]
    assert [p["GloVe 840B"] for p in published] == glove
    assert [p["word2vec GoogleNews"] for p in published] == word2vec


@pytest.mark.parametrize(("name", "missing"), [("weat9", "short-term"), ("weat10", "Billy")])
def test_a_missing_word_moves_a_published_effect_size_within_its_leave_one_out_range(
    google_news, name, missing
):
    found = weat.weat(google_news, lists.weat_tests()[name], resamples=100)
    assert [w for part in found.lists.values() for w in part.missing] == [missing]
    assert abs(found.score - found.published["word2vec GoogleNews"]) < 0.1
    assert found.leave_one_out.low < found.published["word2vec GoogleNews"]
    assert found.leave_one_out.high > found.published["word2vec GoogleNews"]


def test_published_exact_partitions(google_news):
    found = weat.weat(google_news, lists.weat_tests()["weat6"])
    assert (found.partitions, found.p_one_sided) == (12870, 1 / 12870)
    assert found.p_two_sided == 2 / 12870
    assert found.leave_one_out.low < found.score < found.leave_one_out.high
    assert len(found.words) == 32


def test_d_and_p_equal_the_definitions(random_vectors, small):
    found = weat.weat(random_vectors, small)
    E = random_vectors.vectors.astype(float)
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    at = random_vectors.key_to_index
    s = {
        w: np.mean([E[at[w]] @ E[at[a]] for a in small.A])
        - np.mean([E[at[w]] @ E[at[b]] for b in small.B])
        for w in small.X + small.Y
    }
    x, y = ([s[w] for w in side] for side in (small.X, small.Y))
    assert found.score == pytest.approx((np.mean(x) - np.mean(y)) / np.std(x + y, ddof=1), rel=1e-5)
    sums = [sum(c) for c in combinations(x + y, 5)]
    assert found.p_one_sided == np.mean(np.array(sums) >= sum(x) - 1e-12)
    assert {w.word: w.score for w in found.words[:10]} == pytest.approx(s, abs=1e-6)


def test_leaving_a_word_out_is_the_test_without_it(random_vectors, small):
    found = weat.weat(random_vectors, small)
    by_word = {w.word: w.without for w in found.words}
    for side, word in (("X", "w2"), ("Y", "w9"), ("A", "w10"), ("B", "w15")):
        rest = tuple(w for w in getattr(small, side) if w != word)
        again = weat.weat(random_vectors, replace(small, **{side: rest}))
        assert by_word[word] == pytest.approx(again.score, rel=1e-6)
    without = [w.without for w in found.words]
    assert (found.leave_one_out.low, found.leave_one_out.high) == (min(without), max(without))


def test_exchanging_the_sides_turns_the_sign(random_vectors, small):
    found = weat.weat(random_vectors, small)
    turned = weat.weat(random_vectors, replace(small, X=small.Y, Y=small.X))
    assert turned.score == pytest.approx(-found.score, rel=1e-6)
    assert turned.p_two_sided == found.p_two_sided


def test_large_lists_have_a_p_with_proven_bounds(make_vectors):
    vectors = make_vectors(
        [f"w{i}" for i in range(70)], np.random.default_rng(1).standard_normal((70, 8))
    )
    names = vectors.index_to_key
    test = WeatTest("large", "", *map(tuple, (names[:30], names[30:60], names[60:65], names[65:])))
    found = weat.weat(vectors, test)
    assert (found.p_method, found.partitions) == ("certified", math.comb(60, 30))
    assert found.p_interval.low < found.p_one_sided == found.p_interval.high
    assert found.p_interval.high - found.p_interval.low < 1e-4
    assert found == weat.weat(vectors, test)


def test_a_list_of_which_most_words_are_missing_is_refused_with_the_words(google_news):
    with pytest.raises(Unanswerable) as error:
        weat.weat(google_news, lists.weat_tests()["weat4"])
    message = str(error.value)
    assert "fewer than 50% of a list" in message
    assert "has 6 of 16" in message
    assert "Darnell" in message


def test_missing_words_are_named_and_sizes_settled_by_the_rule(random_vectors, small):
    test = replace(small, Y=(*small.Y[:3], "unknown", "nowhere"))
    means = weat.weat(random_vectors, test)
    assert means.lists["Y"].missing == ("unknown", "nowhere")
    assert means.partitions == math.comb(8, 5)
    balanced = weat.weat(random_vectors, test, unequal="balance")
    assert balanced.lists["X"].dropped == small.X[3:]
    assert balanced.partitions == math.comb(6, 3)
    with pytest.raises(Unanswerable, match=r"differ in size.*unknown, nowhere"):
        weat.weat(random_vectors, test, unequal="refuse")
    with pytest.raises(ValueError, match="unequal must be one of"):
        weat.weat(random_vectors, test, unequal="pad")


def test_lists_of_different_sizes_as_written_are_compared_by_means(random_vectors, small):
    found = weat.weat(random_vectors, replace(small, X=small.X[:2]))
    assert found.partitions == math.comb(7, 2)
    assert "|X| = 2, |Y| = 5" in found.protocol


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ({"X": ("w1", "w6")}, "w6 in both X and Y"),
        ({"B": ("w10",)}, "w10 in both A and B"),
        ({"A": ()}, "list A is empty"),
        ({"X": ("w1", "w1")}, "list X has w1 twice"),
    ],
)
def test_lists_that_cannot_be_tested_are_refused(small, sides, message):
    with pytest.raises(DatasetError, match=message):
        replace(small, **sides)


def test_words_that_become_one_by_case_are_refused(make_vectors):
    vectors = make_vectors(["will", "b", "c", "d"], np.random.default_rng(1).random((4, 3)))
    test = WeatTest("case", "", ("Will",), ("will",), ("c",), ("d",))
    with pytest.raises(Unanswerable, match="will would stand in both X and Y"):
        weat.weat(vectors, test)


def test_one_word_a_list(random_vectors):
    test = WeatTest("single", "", ("w1",), ("w2",), ("w3",), ("w4",))
    found = weat.weat(random_vectors, test)
    assert abs(found.score) == pytest.approx(math.sqrt(2))
    assert found.p_one_sided in (0.5, 1.0)
    assert all(math.isnan(w.without) for w in found.words)


def test_vectors_that_are_all_alike_are_refused(make_vectors, small):
    vectors = make_vectors(small.X + small.Y + small.A + small.B, np.ones((20, 3)))
    with pytest.raises(Unanswerable, match="do not vary"):
        weat.weat(vectors, small)


def test_holm_is_taken_over_the_family(random_vectors, small):
    one, two = weat.family([weat.weat(random_vectors, small), weat.weat(random_vectors, small)])
    assert one.p_holm == min(1, 2 * one.p_one_sided) == two.p_holm


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[t]\nX = ['a']\nY = ['b']\nA = ['c']\n", "lacks B"),
        ("[t]\nX = 'names'\nY = ['b']\nA = ['c']\nB = ['d']\n", "'names' is not in"),
        ("[t]\nX = 3\nY = ['b']\nA = ['c']\nB = ['d']\n", "must be a list of words"),
        ("X = ['a']\nY = ['b']\n", "X stands outside a test: begin"),
        ("[lists]\n", "no test"),
        ("not toml", "not a TOML file"),
    ],
)
def test_a_file_of_tests_that_does_not_fit_is_refused(tmp_path, text, message):
    path = tmp_path / "tests.toml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        lists.read_weat(path)


def test_words_that_are_one_under_the_case_policy_count_once():
    words = ["amy", "bob", "cat", "dan", "art", "math", "home", "work"]
    wv = WordVectors(words, np.random.default_rng(0).normal(size=(8, 6)).astype("f4"))

    def result(X):
        lists = {"Y": ("cat", "dan"), "A": ("art", "math"), "B": ("home", "work")}
        return weat.weat(wv, WeatTest("t", "t", X=X, **lists))

    once, twice = result(("amy", "bob")), result(("Amy", "amy", "bob"))
    assert (twice.score, twice.partitions) == (once.score, once.partitions)
    assert twice.lists["X"].used == ("Amy", "bob")
    assert twice.lists["X"].dropped == ("amy",)
