"""Every published format is read, and what does not fit is an error with file and line."""

import numpy as np
import pytest

from wordvec.errors import DatasetError
from wordvec.evaluation.core import datasets

SAME_PAIRS = {
    "tab": "cat\tdog\t7.5\nsun\tmoon\t3\n",
    "space": "cat dog 7.5\nsun moon 3.0\n",
    "comma": "cat,dog,7.5\nsun,moon,3\n",
    "CRLF": "cat\tdog\t7.5\r\nsun\tmoon\t3\r\n",
    "CR alone": "cat\tdog\t7.5\rsun\tmoon\t3\r",
    "no end": "cat\tdog\t7.5\nsun\tmoon\t3",
    "header": "word 1\tword 2\tscore\ncat\tdog\t7.5\nsun\tmoon\t3\n",
    "comments": "# a note\n# Word 1\tWord 2\tHuman (mean)\ncat\tdog\t7.5\n\nsun\tmoon\t3\n",
    "data frame": ",word1,word2,similarity\n0,cat,dog,7.5\n1,sun,moon,3.0\n",
    "named columns": "word1\tword2\tPOS\tSimLex999\ncat\tdog\tN\t7.5\nsun\tmoon\tN\t3\n",
    "byte order mark": "\ufeffcat\tdog\t7.5\nsun\tmoon\t3\n",
    "lemmas": "cat-n dog-n 7.5\nsun-n moon-n 3\n",
}


@pytest.mark.parametrize("text", SAME_PAIRS.values(), ids=SAME_PAIRS)
def test_pairs_are_read_from_every_layout(text, tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_bytes(text.encode())
    found = datasets.load(path)
    assert isinstance(found, datasets.SimilaritySet)
    assert found.pairs == (("cat", "dog"), ("sun", "moon"))
    np.testing.assert_array_equal(found.scores, [7.5, 3])
    assert found.source.name == "pairs"
    assert len(found.source.sha256) == 64


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", None, "empty"),
        ("\n# only a comment\n", None, "empty"),
        ("word1\tword2\tscore\n", None, "a header and no row"),
        ("cat\tdog\t7\nsun\tmoon\n", None, ":2: found 2 columns"),
        ("cat\tdog\t7\nsun\tmoon\tmany\n", None, ":2: found 'many' as score, expected a finite"),
        ("cat\tdog\t7\nsun\tmoon\tnan\n", None, ":2: found 'nan' as score"),
        ("cat\tdog\tinf\n", None, ":1: found 'inf' as score"),
        ("cat\tdog\t7\n\nsun\t\t3\n", None, ":3: found an empty word"),
        ("cat\tdog\tx7\nsun\tmoon\t3\n", "similarity", ":1: found 'x7' as score"),
        ("cat\tdog\t7\0\n", None, "NUL"),
        (": a\nAthens Greece Oslo\n", None, ":2: found 3 columns"),
        (": a\nAthens Greece Oslo Norway\n:\n", None, ":3: found a section without a name"),
        (": a\n: b\n", None, "no analogy question"),
        (",type,word1,word2,word3\n0,a,b,c,d\n", "analogy", "target"),
        (",category,word\n0,fruit,apple\n", None, "two classes"),
        (",category,word\n0,fruit,apple\n1,,pear\n", None, ":3: found 2 columns"),
        (",category,outliers,words\n0,Q1,pear,['a']\n", None, ":2: found pear"),
        (",category,outliers,words\n0,Q1,\"['a', 3]\",['a']\n", None, ":2: found"),
        ("cat\t{broken\n", None, ":1: found {broken"),
        ('cat\t{"p": "high"}\n', None, ":1: found"),
        ('cat\t{"p": 1}\ncat\t{"p": 1}\n', None, ":2: found 'cat' a second time"),
        ("cat 1 2\n", "outliers", "category,outliers,words"),
        ("one\ntwo\n", None, "no known kind"),
    ],
)
def test_a_malformed_row_names_file_and_line(text, kind, message, tmp_path):
    path = tmp_path / "set.txt"
    path.write_text(text)
    with pytest.raises(DatasetError) as error:
        datasets.load(path, kind)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_bytes_that_are_not_utf8_name_their_line(tmp_path):
    path = tmp_path / "latin1.txt"
    path.write_bytes(b"cat\tdog\t7\ncaf\xe9\tbar\t3\n")
    with pytest.raises(DatasetError, match=r"latin1.txt:2: not UTF-8"):
        datasets.load(path)


def test_a_kind_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="kind must be one of"):
        datasets.load("anything", "rhyme")


def test_pairs_listed_twice_are_kept_and_noted():
    found = datasets.loads("money\tcash\t9\ncash\tmoney\t8\nsun\tmoon\t1\n")
    assert len(found.pairs) == 3
    assert "1 pairs are listed more than once" in found.source.notes[1]


def test_questions_keep_their_sections():
    found = datasets.loads(": capital\nAthens Greece Oslo Norway\n: plural\ncat cats dog dogs\n")
    assert [name for name, _ in found.categories] == ["capital", "plural"]
    assert found.categories[0][1] == (datasets.Question("Athens", "Greece", "Oslo", ("Norway",)),)


def test_word_pairs_become_all_questions_with_every_accepted_answer(tmp_path):
    (tmp_path / "colours.txt").write_text("apple\tred/green\nsky\tblue\nsnow\twhite\n")
    (tmp_path / "forms.txt").write_text("noun\tme-\tdi-\ngo\twent\tgoing\nsee\tsaw\t-\n")
    found = datasets.load(tmp_path)
    by_name = dict(found.categories)
    assert len(by_name["colours"]) == 6
    assert datasets.Question("sky", "blue", "apple", ("red", "green")) in by_name["colours"]
    assert datasets.Question("apple", "red", "sky", ("blue",)) in by_name["colours"]
    assert set(by_name) == {"colours", "forms/me-"}  # one gerund makes no question
    assert "forms/di-" in found.source.notes[1]


def test_words_that_name_columns_elsewhere_are_data(tmp_path):
    found = datasets.loads("country\tcountries\nmale\tmales\n", "analogy")
    assert found.source.items == 2
    assert datasets.loads("word\tverb\t3\nword\tnoun\t4\n").pairs[0] == ("word", "verb")


def test_a_word_in_two_classes_is_left_out_and_noted():
    found = datasets.loads(
        ",category,word\n0,fruit,apple\n1,fruit,pear\n2,firm,apple\n3,firm,ford\n4,fruit,\n5,fruit,pear\n"
    )
    assert dict(zip(found.words, found.classes, strict=True)) == {"pear": "fruit", "ford": "firm"}
    notes = " ".join(found.source.notes)
    assert "1 words belong to several classes" in notes
    assert "line 6" in notes
    assert "1 rows repeat" in notes


def test_outliers_and_properties():
    groups = datasets.loads(
        ",category,outliers,words\n0,Q1,\"['car', '']\",\"['a', 'b']\"\n"
    ).groups
    assert groups == (datasets.OutlierGroup("Q1", ("a", "b"), ("car",)),)
    properties = datasets.loads('cat\t{"b": 1}\nrun\t{"a": 0.25, "b": 0.75}\n')
    assert properties.properties == ("a", "b")
    np.testing.assert_array_equal(properties.matrix, [[0, 1], [0.25, 0.75]])


PUBLISHED = {
    "similarity/EN-WS-353-ALL.txt": 353,
    "similarity/EN-VERB-143.txt": 144,
    "similarity/simlex999-full.txt": 999,
    "similarity/wordsim353-gensim.tsv": 353,
    "similarity/MEN_dataset_natural_form_full": 3000,
    "similarity/MEN_dataset_lemma_form.dev": 2000,
    "similarity/semeval17-en.csv": 500,
    "similarity/multilingual/simlex-italian.txt": 999,
    "similarity/multilingual/wordsim353-english.txt": 350,
    "similarity/crosslingual/en-es-semeval17.csv": 978,
    "similarity/scws-ratings.txt": 2003,
    "analogy/questions-words.txt": 19544,
    "analogy/questions-phrases.txt": 3218,
    "analogy/msr.csv": 8000,
    "analogy/MSR-syntax.txt": 8000,
    "analogy/kawat-indonesian": 66886,
    "categorization/ap.csv": 402,
    "categorization/battig.csv": 4205,
    "categorization/essli-2008.csv": 45,
    "outlier/wikisem500.csv": 500,
    "qvec/semcor_noun_verb.supersenses.en": 4199,
}


@pytest.mark.parametrize(("file", "items"), PUBLISHED.items())
def test_published_sets_are_read_whole(shared_data, file, items):
    assert datasets.load(shared_data / file).source.items == items


def test_capitals_are_most_of_googles_semantic_questions(shared_data):
    found = dict(datasets.load(shared_data / "analogy" / "questions-words.txt").categories)
    semantic = {name: len(q) for name, q in found.items() if not name.startswith("gram")}
    capitals = semantic["capital-common-countries"] + semantic["capital-world"]
    assert round(capitals / sum(semantic.values()), 3) == 0.567
