"""Concepts: those that ship, own files, and lists that make no sense."""

import pytest

from wordvec.debias import HardDebias, concept
from wordvec.errors import DatasetError
from wordvec.spaces.debiasing.concepts import SHIPPED, of_lists


def test_those_that_ship_can_be_read():
    for name in SHIPPED:
        each = concept(name)
        assert each.name == name
        assert all(len(words) == len(each.classes) for words in each.sets)
        assert each.exempt
        assert each.probe
    gender = concept("gender")
    assert gender.pairs[0] == ("woman", "man")
    assert len(gender.exempt) == 218
    assert [len(words) for words in gender.groups.values()] == [222, 222]
    assert gender.facts["female_share"]["carpenter"] == 2
    assert len(concept("religion").classes) == 3


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "age.toml"
    path.write_text(
        'classes = ["young", "old"]\npairs = [["youth", "age"], ["new", "old"]]\n'
        'equalize = [["boy", "man"]]\nexempt = "child adult"\nprobe = ["clever"]\n'
        '[groups]\nyoung = "kid"\nold = "elder"\n'
    )
    age = concept(path)
    assert age.name == "age"
    assert age.defining == {
        "youth",
        "age",
        "new",
        "old",
        "boy",
        "man",
        "child",
        "adult",
        "kid",
        "elder",
    }
    assert age.crc == concept(str(path)).crc != concept("gender").crc


_PAIR = 'pairs = [["a", "b"]]\n'
_BAD = [
    ("pairs = 3", "pairs must be a list of lists"),
    ('pairs = [["a"]]', "two classes or more"),
    ('pairs = [["a", "a"]]', "has a word twice"),
    ('pairs = [["a", "b"], ["c"]]', "each set needs a word for each"),
    (_PAIR + 'sets = [["a", "b"]]', "either pairs or sets"),
    (_PAIR + 'pobe = "x"', "a concept has no pobe"),
    (_PAIR + 'equalize = [["x", "y"], ["y", "z"]]', "'y' is in the equalize sets"),
    (_PAIR + '[groups]\n"class 1" = "u v"\n"class 2" = "v w"', "'v' is in the groups"),
    (_PAIR + '[groups]\nmen = "u"', "none of the classes"),
    (_PAIR + 'facts = {x = {y = "z"}}', "facts must be tables"),
    ("pairs = [", "not a TOML file"),
    ("pairs = []", "needs defining pairs"),
]


@pytest.mark.parametrize(("text", "message"), _BAD)
def test_files_that_are_no_concept_are_refused_with_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message) as caught:
        concept(path)
    assert "c.toml" in str(caught.value)


def test_a_name_that_is_no_concept_names_those_that_ship():
    with pytest.raises(DatasetError, match="gender, race, religion ship"):
        concept("age")


def test_words_are_found_in_lower_case_and_unknown_ones_are_named(planted):
    lists = of_lists(pairs=[("F0", "M0"), ("f1", "m1"), ("gone", "m2")])
    t = HardDebias(concept=lists).fit(planted)
    assert t.unknown_ == ("gone",)


def test_under_half_of_the_pairs_is_refused(planted):
    with pytest.raises(DatasetError, match=r"1 of 3.*missing: a, b, c, d"):
        HardDebias(pairs=[("f0", "m0"), ("a", "b"), ("c", "d")]).fit(planted)
