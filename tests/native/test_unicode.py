"""Unicode's words: boundaries against Unicode's own cases and the regex module, lower case against
Python, and what the tokeniser writes against a slow one."""

import itertools
import re
import runpy
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wordvec.native.corpus import unicode

ROOT = Path(__file__).resolve().parents[2]
DATABASE = Path("/usr/share/unicode")  # of Debian's package unicode-data
CASES = Path(__file__).with_name("WordBreakTest-15.0.0.txt")
# One or two of every class, signs that the rules name, and what is not UTF-8.
SIGNS = [
    "a",
    "B",
    "é",
    "1",
    "٣",
    "_",
    "‿",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\u2028",
    "'",
    "’",
    '"',
    ".",
    ",",
    ":",
    ";",
    "·",
    "־",
    "א",
    "ש",
    "״",
    "カ",
    "ー",
    "ひ",
    "中",
    "ไ",
    "\u0308",
    "\u200d",
    "\u200c",
    "\u00ad",
    "\ufeff",
    "🇩",
    "🇪",
    "👍",
    "🏽",
    "❤",
    "\ufe0f",
    "\u20e3",
    "©",
    "Σ",
    "σ",
    "İ",
    "ı",
    "ß",
    "²",
    "½",
    "Ⅷ",
    "ǅ",
    "\u200b",
    "\u3000",
    "-",
    "#",
    "𠀀",
    "\U000e0067",
    "\udcff",
]
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=24).map("".join)


def boundaries(text):
    data = text.encode("utf-8", "surrogateescape")
    ends = np.empty(len(data), np.int64)
    return data, ends[: unicode.boundaries(data, ends)].tolist()


def split(text, **options):
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    splitter = unicode.Splitter(**{"words": True, **options})
    out = np.empty(unicode.room(len(data)), np.uint8)
    written, nul_at = splitter.split(data, out)
    assert nul_at == -1
    made = out[:written].tobytes()
    return made if isinstance(text, bytes) else made.decode("utf-8", "surrogateescape")


def test_boundaries_are_those_of_unicodes_cases():
    lines = CASES.read_text(encoding="utf-8").splitlines()
    cases = [line for line in lines if not line.startswith("#")]
    assert len(cases) == 1823
    for case in cases:
        parts = [
            "".join(chr(int(code, 16)) for code in part.split() if code != "×")
            for part in case.split("÷")
        ]
        ends = np.cumsum([len(part.encode()) for part in parts if part]).tolist()
        assert boundaries("".join(parts))[1] == ends, case


@given(TEXTS.filter(lambda text: ":" not in text and "\udcff" not in text))
def test_boundaries_are_those_of_the_regex_module(text):
    regex = pytest.importorskip("regex")
    places = [m.start() for m in regex.finditer(r"(?wV1)\b", text)] if text else []
    # The module has no boundary at the ends of a text that do not touch a word.
    expected = sorted({*places, len(text)} - {0})
    data, ends = boundaries(text)
    assert [len(data[:end].decode()) for end in ends] == (expected if text else [])


def slow_words(text, lower=False, emoji=False):
    """The words of a text, made of its segments with unicodedata. A colon parts words here, as
    other signs do; in Unicode's rules it joins letters."""
    data, ends = boundaries(text.replace(":", "!"))
    segments = [data[a:b] for a, b in itertools.pairwise([0, *ends])]
    for segment in (s.decode("utf-8", "surrogateescape") for s in segments):
        kinds = [unicodedata.category(c) for c in segment]
        letters = [k[0] == "L" or k in ("Nl", "Cs") for k in kinds]
        digits = [k in ("Nd", "No") for k in kinds]
        pictured = any(c in "👍🏽🇩🇪❤" or (c == "©" and "\ufe0f" in segment) for c in segment)
        pictured |= "\u20e3" in segment and (any(digits) or segment[0] == "#")
        if not any(letters) and pictured:
            if emoji:
                yield segment.lstrip()
        elif any(letters) or any(digits):
            first = [a or b for a, b in zip(letters, digits, strict=True)].index(True)
            word = segment[first:].rstrip("_‿\u200d\u200c\u00ad\ufeff")
            word = word.replace("\u00ad", "").replace("\ufeff", "")
            yield word.lower() if lower else word


@example(":🏽", False, True)  # what modifies an emoji belongs to the sign before it
@given(TEXTS, st.booleans(), st.booleans())
def test_words_are_the_segments_that_have_a_letter_or_a_digit(text, lower, emoji):
    made = split(text, lower=lower, emoji=emoji).replace(":", "!")
    assert re.split("[ \n]+", made.strip(" \n")) == (list(slow_words(text, lower, emoji)) or [""])


@pytest.mark.parametrize("start", range(0, sys.maxunicode, 0x10000))
def test_lower_case_is_that_of_python(start):
    letters = [
        chr(code)
        for code in range(start, min(start + 0x10000, sys.maxunicode + 1))
        if unicodedata.category(chr(code)) in ("Lu", "Lt", "Ll", "Lm", "Lo", "Nl", "So")
        and chr(code).lower() != chr(code)
    ]
    if float(unicodedata.unidata_version[:4]) > 15:  # Python's letters may be newer than ours
        letters = [letter for letter in letters if split(letter)]
    for letter in letters:
        assert split(letter, lower=True) == letter.lower()
        assert split(f"a{letter}b {letter}", lower=True) == f"a{letter}b {letter}".lower()


@given(st.lists(st.sampled_from("ΑΣσς.'\u00ad\u0308I1_ʰ"), max_size=9).map("".join))
def test_final_sigma_is_that_of_python(text):
    if not re.fullmatch(r"[\w.'\u0308\u00ad]*", text):
        return
    spaces = split(text, words=False, lower=True)
    assert spaces == text.lower()


def test_turkish_has_a_dotless_i():
    text = "IĞDIR İzmir I\u0307zmir ISPARTA aI'I"
    assert split(text, lower=True, turkic=True) == "ığdır izmir izmir ısparta aı'ı"
    assert split(text, lower=True, turkic=True, words=False) == "ığdır izmir izmir ısparta aı'ı"
    assert split("I" * 50, lower=True, turkic=True) == "ı" * 50


@pytest.mark.parametrize("words", [True, False])
def test_numbers_are_kept_made_zero_or_dropped(words):
    text = "in 1990, 3.14 mp3 b2b ٣٤ 7th"
    text = text if words else text.replace(",", "")
    assert split(text, words=words) == "in 1990 3.14 mp3 b2b ٣٤ 7th"
    assert split(text, words=words, numbers="zero") == "in 0 0 mp3 b2b 0 7th"
    assert split(text, words=words, numbers="drop") == "in mp3 b2b 7th"


def test_emoji_are_words_when_they_are_asked_for():
    text = "ok 👍🏽 👩‍👩‍👧 🇩🇪🇫🇷 1️⃣ #️⃣ ❤ ❤️ © ©️ 7 * \ufe0f"
    assert split(text, emoji=True) == "ok 👍🏽 👩‍👩‍👧 🇩🇪 🇫🇷 1️⃣ #️⃣ ❤ ❤️ ©️ 7"
    assert split(text) == "ok 7"


def test_an_apostrophe_in_a_word_may_be_written_straight():
    text = "Don’t don't ‘n’ rock‘n’roll l’été ʼn ’tis o’ L＇EAU 10’000 Hawaiʻi d’’a"
    kept = "Don’t don't n rock‘n’roll l’été ʼn tis o L＇EAU 10’000 Hawaiʻi d a"
    assert split(text) == kept
    assert split(text, straight=True) == re.sub("[’‘＇]", "'", kept)
    assert split(text, straight=True, lower=True) == re.sub("[’‘＇]", "'", kept).lower()


@given(TEXTS, st.booleans())
def test_straight_apostrophes_change_no_boundary(text, lower):
    kept = split(text, lower=lower)
    assert split(text, lower=lower, straight=True) == kept.replace("’", "'")


def test_short_words_are_left_out_by_their_characters():
    assert split("a äö äöü 中 7 77", min_length=2) == "äö äöü 77"
    assert split("a äö äöü 中 7 77", min_length=3, words=False) == "äöü"


def test_lines_and_documents_stay():
    assert split("a.\nb\n\n - \n\nc\r\n...\r\nd\r\n\r\ne\n") == "a\nb\n\nc\nd\n\ne\n"
    assert split("\n\na\u2028b\u2029\x85c ") == "\n\na\nb\n\nc"
    assert split("a\n\nb\n\x1e!\n\x1ec\x1e", records=True) == "a\nb\n\x1e\x1ec\n\x1e"
    assert split("a\n\nb\n\x1e", records=True, words=False, lower=True) == "a\nb\n\x1e"


def test_what_is_no_utf8_stays_and_is_counted():
    splitter = unicode.Splitter(words=True, lower=True)
    data = b"Caf\xe9, \xff\xfe! \xed\xa0\x80 \xf4\x90\x80\x80 \xc3"
    out = np.empty(unicode.room(len(data)), np.uint8)
    written, _ = splitter.split(data, out)
    assert out[:written].tobytes() == b"caf\xe9 \xff\xfe \xed\xa0\x80 \xf4\x90\x80\x80 \xc3"
    assert splitter.stats["not_utf8"] == 11


def test_nul_stops_with_its_offset_and_room_is_checked():
    splitter = unicode.Splitter(words=True)
    assert splitter.split(b"ab \0cd", np.empty(99, np.uint8))[1] == 3
    with pytest.raises(ValueError, match="out must hold 26 bytes"):
        splitter.split(b"ab cde", np.empty(25, np.uint8))
    with pytest.raises(KeyError):
        unicode.Splitter(words=True, numbers="none")


@given(st.binary(max_size=80).map(lambda b: b.replace(b"\0", b" ")), st.booleans(), st.booleans())
def test_any_bytes_fit_and_words_stay_words(data, words, turkic):
    made = split(data, words=words, lower=True, turkic=turkic, emoji=True)
    again = split(made, words=False)
    assert made.split() == again.split()
    assert len(made.split()) <= len(data)


def test_a_word_of_a_million_letters_is_one_word():
    word = "ä" * 1_000_000
    assert split(word) == word
    assert split("İ" * 100_000, lower=True) == "i\u0307" * 100_000


def test_the_tables_are_what_the_generator_writes():
    if not (DATABASE / "UnicodeData.txt").exists():
        pytest.skip("the Unicode Character Database is not here (Debian: unicode-data)")
    path = ROOT / "csrc" / "wv_unicode_tables.h"
    version = re.search(r'WV_UNICODE_VERSION "([\d.]+)"', path.read_text(encoding="utf-8"))[1]
    head = (DATABASE / "auxiliary" / "WordBreakProperty.txt").read_text(encoding="utf-8")
    if f"WordBreakProperty-{version}.txt" not in head:
        pytest.skip(f"another version than {version} of the database is here")
    generator = runpy.run_path(str(path.with_suffix(".py")))
    assert generator["header"](DATABASE) == path.read_text(encoding="utf-8")
