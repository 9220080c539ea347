"""Words of a set that the vectors have in another spelling, and words that fold together."""

import itertools

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.measures import analogy, categorization, outliers, qvec, similarity

CAPITALS = [f"{name}{i}" for i in range(8) for name in ("Paris", "Rome", "Oslo")]


def vectors(words, d=6, meta=None):
    rows = np.random.default_rng(1).standard_normal((len(words), d)).astype(np.float32)
    return WordVectors(words, rows, meta=meta)


def pairs(words):
    table = (f"{a}\t{b}\t{i * 7 % 11}" for i, (a, b) in enumerate(itertools.pairwise(words)))
    return datasets.loads("\n".join(table))


def test_a_set_in_lower_case_is_answered_by_capitalised_vectors_and_the_reverse():
    upper, lower = vectors(CAPITALS), vectors([word.lower() for word in CAPITALS])
    plain = similarity.evaluate(upper, pairs(CAPITALS))
    one = similarity.evaluate(upper, pairs([word.lower() for word in CAPITALS]))
    other = similarity.evaluate(lower, pairs(CAPITALS))
    assert plain.score == one.score == other.score
    assert plain.coverage.lower == ()
    assert len(one.coverage.lower) == len(other.coverage.lower) == len(CAPITALS)


def test_the_first_word_of_a_spelling_answers_and_the_exact_one_goes_first():
    space = Space.of(vectors(["US", "Us", "Apple", "apple", "APPLE", "STRASSE"]))
    assert [space.row(w) for w in ("us", "Us", "apple", "aPPle", "straße", "x")] == [
        0,
        1,
        3,
        3,
        5,
        None,
    ]
    exact = Space.of(vectors(["US"]), case="exact")
    assert exact.row("us") is None


def test_words_are_looked_up_as_the_text_of_the_training_was_split():
    text = {"corpus": {"text": {"tokenize": "unicode", "lower": True, "language": "tr"}}}
    space = Space.of(vectors(["ırmak", "größe", "x"], meta=text))
    assert space.row("IRMAK") == 0  # i with a dot without the card's language
    assert space.row("GRO\u0308ßE") == 1  # ö as two characters
    assert space.row("„X“,") == 2
    assert space.row("x x") is None
    assert Space.of(vectors(["x"], meta=text), case="exact").row("X,") is None


def test_words_that_fold_together_count_once():
    words = [f"{k}{i}" for k in "abc" for i in range(12)]
    wv = vectors(words, 8)
    twice = [*words, "A0", "B1"]
    table = "\n".join(f"{i},{w[0].lower()},{w}" for i, w in enumerate(twice))
    found = categorization.evaluate(wv, datasets.loads(f",category,word\n{table}\n"), seeds=2)
    assert (found.coverage.asked, found.coverage.answered) == (38, 36)
    rows = "\n".join(f'{w}\t{{"p": {i % 5}.5, "q": {i % 3}}}' for i, w in enumerate(twice))
    assert qvec.evaluate(wv, datasets.loads(rows)).coverage.answered == 36
    group = ["a1", "A1", "a2", "a3"]
    lists = f',category,outliers,words\n0,G,"{["b1", "A2"]!r}","{group!r}"\n'
    judged = outliers.evaluate(wv, datasets.loads(lists))
    assert judged.coverage.answered == 1  # A2 is one of the group
    assert judged.coverage.missing == ("A2",)


def test_a_pair_of_one_word_in_two_spellings_says_nothing():
    wv = vectors([word.lower() for word in CAPITALS])
    lines = [f"{a}\t{b}\t{i}" for i, (a, b) in enumerate(itertools.pairwise(CAPITALS))]
    lines += [f"{CAPITALS[0]}\t{CAPITALS[0].lower()}\t9", "tiger\ttiger\t10"]
    extra = datasets.loads("\n".join(lines))
    found = similarity.evaluate(wv, extra)
    assert found.coverage.answered == len(CAPITALS) - 1
    tiger = similarity.cosines(vectors(["tiger"]), datasets.loads("tiger tiger 10\n"))
    assert tiger[0] == pytest.approx(1)  # as published in WordSim-353
    with pytest.raises(Unanswerable, match="He/he"):
        direction(vectors(["he", "she"]), [("He", "he")])


def test_an_answer_that_folds_to_a_word_of_the_question_is_none():
    wv = vectors(["athens", "greece", "oslo", "norway"])
    asked = datasets.loads(": c\nAthens Greece Oslo Norway\nAthens Greece Oslo oslo\n")
    assert analogy.evaluate(wv, asked).coverage.answered == 1
