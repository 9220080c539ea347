"""Real texts of many languages: the messages of Sphinx, as its translators wrote them."""

import gettext
import io
import re
import sys
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


GERMAN = (
    "»Über den Fluß«, sagte sie, „führt nur EINE Brücke: die Fußgänger-Brücke“ – und die war zu. "
    "Ob's regnet? ‚Weiß nicht‘, rief er; die Straßenbahnhaltestelle (Linie 3) ist 2,5 km weiter."
)
TURKISH = (
    "“Işıklar sönünce,” dedi, İzmir’in en eski fırınında; “ISPARTA’dan gelen gülleri IRMAK "
    "kıyısında gördüm.” Ilık bir yazdı: 3.500 kişi, 12’şer kişilik gruplar."
)
CHINESE = "他说：“明天下雨吗？”——没有人知道。火车站离这里2.5公里，图书馆在旁边（三楼）。"


def test_german_quotes_and_hyphens_part_words_and_compounds_stay():
    assert " ".join(words(GERMAN, lower=True)[0]) == (
        "über den fluß sagte sie führt nur eine brücke die fußgänger brücke und die war zu ob's "
        "regnet weiß nicht rief er die straßenbahnhaltestelle linie 3 ist 2,5 km weiter"
    )


def test_turkish_proper_names_keep_their_endings_behind_an_apostrophe():
    assert " ".join(words(TURKISH, lower=True, language="tr")[0]) == (
        "ışıklar sönünce dedi izmir'in en eski fırınında ısparta'dan gelen gülleri ırmak kıyısında "
        "gördüm ılık bir yazdı 3.500 kişi 12 şer kişilik gruplar"
    )


@pytest.mark.parametrize("how", ["python:jieba:lcut", "command:"])
def test_chinese_is_split_by_a_segmenter_as_function_or_program(how, tmp_path):
    jieba = pytest.importorskip("jieba")
    jieba.setLogLevel(60)
    if how == "command:":
        (tmp_path / "segment.py").write_text(
            "import sys, jieba\n"
            "jieba.setLogLevel(60)\n"
            "for line in sys.stdin:\n"
            "    words = jieba.lcut(line.strip())\n"
            "    print(*(word for word in words if any(map(str.isalnum, word))))\n"
        )
        how += f"{sys.executable} {tmp_path / 'segment.py'}"
    made = encode(io.BytesIO(CHINESE.encode()), min_count=1, tokenize=how)
    assert {"明天", "下雨", "知道", "火车站", "2.5", "公里", "图书馆"} <= set(made.vocab)
    assert not any(unicodedata.category(c)[0] == "P" for word in made.vocab for c in word[:1])
    _, single = words(CHINESE)
    assert any("Chinese, which has no spaces" in note for note in corpus_notes(single))
