"""Real texts of many languages: the messages of Sphinx, as its translators wrote them."""

import gettext
import io
import re
import unicodedata
from pathlib import Path

import pytest

from wordvec.text.corpus import encode
from wordvec.text.notes import corpus_notes

LANGUAGES = ("de", "tr", "ru", "fr", "el", "es", "hi", "ar", "ko", "cs")


def messages(language):
    sphinx = pytest.importorskip("sphinx")
    path = Path(sphinx.__file__).parent / "locale" / language / "LC_MESSAGES" / "sphinx.mo"
    if not path.exists():
        pytest.skip(f"this Sphinx has no {language}")
    with open(path, "rb") as file:
        catalog = gettext.GNUTranslations(file)._catalog
    texts = (text for text in catalog.values() if isinstance(text, str))
    # Format strings have signs that no text has; a colon joins letters in older rules of Unicode.
    lines = (re.sub(r"%\(\w+\)\w|%\w|:", " ", text.replace("\n", " ")) for text in texts)
    return "\n".join(line for line in lines if not line.startswith("Project-Id"))


def words(text, **options):
    made = encode(io.BytesIO(text.encode()), min_count=1, tokenize="unicode", **options)
    spelled = [word.decode() for word in made.vocab.words]
    return [spelled[i] for i in made.ids if i >= 0], made


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_real_texts_are_those_of_the_regex_module(language):
    regex = pytest.importorskip("regex")
    text = messages(language)
    segments = [
        segment.rstrip("_")
        for line in text.split("\n")
        for segment in regex.split(r"(?wV1)\b", line)
        if segment and regex.search(r"\p{L}|\p{N}", segment)
    ]
    expected = [re.sub(r"^_+", "", segment) for segment in segments]
    assert len(expected) > 300
    how = {"normalize": "none", "apostrophes": "keep"}
    assert words(text, **how)[0] == expected
    lower = words(text, **how, lower=True)[0]
    assert lower == [segment.lower() for segment in expected]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_begin_and_end_with_letters_or_digits(language):
    _, made = words(messages(language), lower=True)
    odd = [w for w in made.vocab if unicodedata.category(w[0])[0] in "PSZ" or w[-1] in ".,;!?'’"]
    assert odd == []
    # Signs within: apostrophes, numbers with points or commas, names with a point or underscore.
    inside = [w for w in made.vocab if re.search(r"[^\w\u0300-\u036f'’.,\u200c\u200d]", w)]
    marks = [w for w in inside if not any(unicodedata.category(c)[0] == "M" for c in w)]
    assert len(marks) <= 0.005 * len(made.vocab)


def test_turkish_has_a_dotless_i_and_says_so():
    text = messages("tr")
    spelled, made = words(text, lower=True, language="tr")
    assert any("ı" in word for word in spelled)
    assert not any("\u0307" in word for word in spelled)  # İ is i, not i with a dot above
    assert words("IRMAK İzmir", lower=True, language="tr")[0] == ["ırmak", "izmir"]
    _, plain = words(text, lower=True)
    assert any("Turkish" in note for note in corpus_notes(plain))
    assert not any("Turkish" in note for note in corpus_notes(made))


def test_german_keeps_its_sharp_s_and_greek_its_final_sigma():
    spelled, _ = words("STRASSE Straße ẞ " + messages("de"), lower=True)
    assert {"strasse", "straße", "ß", "für"} <= set(spelled)
    greek, _ = words("ΟΔΟΣ ΣΟΦΟΣ " + messages("el"), lower=True)
    assert greek[:2] == ["οδος", "σοφος"]


@pytest.mark.parametrize(("language", "name"), [("zh_CN", "Chinese"), ("ja", "Japanese")])
def test_languages_without_spaces_are_said_to_need_a_segmenter(language, name):
    _, made = words(messages(language))
    assert any(f"{name}, which has no spaces" in note for note in corpus_notes(made))


def test_thai_is_said_to_need_a_segmenter_and_has_one():
    text = "ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอนหรือวรรณยุกต์เช่นเดียวกับภาษาจีน\n" * 3
    _, made = words(text)
    assert any("Thai, which has no spaces" in note for note in corpus_notes(made))
    pytest.importorskip("pythainlp")
    split = encode(
        io.BytesIO(text.encode()), min_count=1, tokenize="python:pythainlp:word_tokenize"
    )
    assert {"ภาษา", "เสียง"} & set(split.vocab)
