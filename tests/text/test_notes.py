"""What is said of a text that was read."""

import io

import pytest

from wordvec.text.corpus import encode
from wordvec.text.notes import corpus_notes, inner_signs, signs_note


def test_words_with_signs_are_counted_by_what_the_sign_is():
    words = "wind world's don’t 10,000 well-known formula_1 u.s e.g a'b.c Berlin, “ 3.5 #x naïve ἀ"
    found = inner_signs([*words.split(), "l'eau-de-vie"])
    assert found == {
        "edge": (3, "Berlin,"),
        "number": (2, "10,000"),
        "apostrophe": (2, "world's"),
        "hyphen": (1, "well-known"),
        "connector": (1, "formula_1"),
        "other": (4, "u.s"),
    }
    assert all(count == 0 for count, _ in inner_signs(["wind", "7", ""]).values())


def test_the_line_about_signs_gives_shares():
    assert signs_note(["wind", "world's", "u.s", "e.g"]) == (
        "0.00 % of 4 distinct words begin or end in a sign; 75.00 % have one inside: "
        "25.00 % apostrophes (world's), 50.00 % others (u.s)"
    )
    assert signs_note(["wind"]) == (
        "0.00 % of 1 distinct words begin or end in a sign; 0.00 % have one inside"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tokenize": "unicode"}, ["20.00 % apostrophes (don't)"]),
        ({}, ["tokenize='unicode' makes words of them"]),
    ],
)
def test_the_line_is_said_where_it_is_asked_for(options, said):
    text = io.BytesIO("The wind, the wind don’t stop: the wind don't.\n".encode())
    corpus = encode(text, min_count=1, **options)
    lines = corpus_notes(corpus, signs=True)
    assert [part for part in said if any(part in line for line in lines)] == said
    assert not any("distinct words" in line for line in corpus_notes(corpus))
