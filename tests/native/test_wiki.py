"""Wikitext to plain text: known answers, and what holds for any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native.corpus import wiki

MARKS = [
    "{{",
    "}}",
    "[[",
    "]]",
    "{|",
    "|}",
    "|",
    "<ref>",
    "</ref>",
    "<ref/>",
    "<br/>",
    "<!--",
    "-->",
    "&amp;",
    "&#8364;",
    "&#x110000;",
    "''",
    "'''",
    "==",
    "\n",
    "a",
    "b ",
    "é",
    "[http://x y]",
    "[",
    "]",
    "File:",
    "de:",
    "__TOC__",
    "<math>",
    "</math>",
    "<",
    "*",
    ":",
    "----",
]


def clean(text):
    cleaner = wiki.Cleaner([b"file", "catégorie".encode()])
    return cleaner.clean(text.encode()).decode(), cleaner.dropped


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (
            "'''Berlin''' is ''the'' [[capital city|capital]] of [[Germany]].",
            "Berlin is the capital of Germany.",
        ),
        ("a{{Infobox|x={{y|z}}}}b", "ab"),
        ("one<ref name='x'>{{cite}}</ref> two<ref name=y /> three<REF>x</REF>", "one two three"),
        ("[[File:A.jpg|thumb|A [[picture|p]] of it]]x[[:File:A.jpg]]", "xFile:A.jpg"),
        (
            "[[Catégorie:Ville]][[de:Stadt]][[zh-min-nan:X]][[Star Trek: Picard]]",
            "Star Trek: Picard",
        ),
        ("== History ==\n* one\n# two\n:: three\n; four\n----\n", "History\none\ntwo\nthree\nfour"),
        ("a\n{| class='x'\n| cell {{b|}} || c\n{|\n| inner\n|}\n|}\nb", "a\nb"),
        ("see [http://x.de the site], [//y.de] and [sic]", "see the site, and [sic]"),
        ("x&nbsp;&lt;y&gt; &#65;&#x42; &mdash; &unknown; AT&T", "x <y> AB \u2014 &unknown; AT&T"),
        ("a<!-- [[b]] -->c<br/>d <b>e</b> 1 < 2 <math>x^2</math>f", "ac d e 1 < 2 f"),
        ("__TOC__a __b__ it's ''''quoted''''", "a __b__ it's quoted"),
        ("a == b and c=d", "a == b and c=d"),
        ("{{open [[b", "open b"),
        ("", ""),
    ],
)
def test_known_answers(text, plain):
    assert clean(text)[0] == plain


def test_what_is_left_out_is_counted():
    _, dropped = clean("{{a}} {{b}}\n{|x|}\n<ref>c</ref><gallery>d</gallery>[[File:e]] {{f")
    assert dropped == {
        "templates": 3,
        "tables": 1,
        "references": 1,
        "files": 1,
        "elements": 1,
        "unclosed": 1,
    }


@given(st.lists(st.sampled_from(MARKS), max_size=40).map("".join))
def test_any_marks_give_no_more_text_and_no_blank_line(text):
    plain, _ = clean(text)
    assert len(plain.encode()) <= len(text.encode())
    assert "\n\n" not in plain
    assert plain == plain.strip()


@given(st.text(alphabet="abcé .,\n", max_size=60))
def test_text_without_marks_stays(text):
    lines = [" ".join(line.split(" ")).strip(" ") for line in text.split("\n")]
    expected = "\n".join(" ".join(line.split()) for line in lines if line.strip())
    assert clean(text)[0] == expected


def test_open_marks_do_not_take_for_ever():
    plain, dropped = clean("{{ [[ {| <ref>" * 20_000)
    assert dropped["unclosed"] > 0
    assert len(plain) <= 14 * 20_000
