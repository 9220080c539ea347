"""Nearest known spellings: by trigrams, and by edits without preparation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec import WordVectors
from wordvec.vectors import file as store
from wordvec.vectors.oov import spelling

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def words_of(*words):
    return store.WordList.pack(list(words)).native


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(0)
    letters = np.array(list(ALPHABET))
    return list({"".join(rng.choice(letters, rng.integers(6, 11))) for _ in range(5000)})


def misspell(word, edits, rng):
    for _ in range(edits):
        i, letter = int(rng.integers(1, len(word) - 1)), ALPHABET[rng.integers(26)]
        before, at, after = word[:i], word[i], word[i + 1 :]
        word = [
            before + after,
            before + letter + after,
            before + letter + at + after,
            before + after[0] + at + after[1:],
        ][rng.integers(4)]
    return word


@pytest.mark.parametrize(("edits", "least"), [(1, 0.99), (2, 0.85)])
def test_misspelt_words_are_found_by_their_trigrams(many, edits, least):
    rng = np.random.default_rng(1)
    postings = spelling.Postings(words_of(*many))
    chosen = rng.choice(many, 300)
    found = sum(
        word in postings.nearest(typo) or typo in many
        for word in chosen
        for typo in [misspell(word, edits, rng)]
    )
    assert found / len(chosen) >= least


@pytest.mark.parametrize(
    "find", [spelling.nearest, lambda w, *args: spelling.Postings(w).nearest(*args)]
)
def test_the_nearest_come_first_then_the_most_frequent(find):
    words = words_of("kitten", "kittens", "mitten", "größe", "fitting", "kit")
    assert find(words, "kiten", 3) == ["kitten", "kittens", "mitten"]
    assert find(words, "grösse", 1) == ["größe"]
    assert find(words, "kitten", 1) == ["kittens"]  # never the word itself
    for nothing in ["", "zzzzzz", "x" * 100]:
        assert find(words, nothing) == []


def test_words_that_all_share_a_trigram_bound_the_work(monkeypatch):
    words = [f"thethethe{i}" for i in range(3000)]
    postings = spelling.Postings(words_of(*words))
    monkeypatch.setattr(spelling, "_MOST_POSTINGS", 500)
    compared = []
    distance = spelling.distance
    monkeypatch.setattr(
        spelling, "distance", lambda *args: compared.append(args) or distance(*args)
    )
    assert len(postings._candidates(b"thethethe")) <= spelling._MOST_COMPARED
    postings.nearest("thethetheX")
    assert 0 < len(compared) <= spelling._MOST_COMPARED


@given(st.text(max_size=12), st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_any_words_have_neighbours_within_two_edits_or_none(word, words):
    for other in spelling.Postings(words_of(*words)).nearest(word):
        assert other in words
        assert 0 < spelling.distance(word, other, 2) <= 2


def test_look_up_that_forgives_says_which_word_it_took():
    wv = WordVectors(["language", "music"], np.eye(2, dtype=np.float32))
    found = wv.vector("lagnuage")
    assert (found.how, found.via) == ("typo", "language")
    np.testing.assert_array_equal(found.vector, [1, 0])
    assert wv.vector("lagnuage", typo=False).how == "none"
