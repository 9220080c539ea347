"""Small text files with the marks and line ends that editors leave in them."""

import pytest

from wordvec import Relations, Vocabulary
from wordvec.cli import main
from wordvec.errors import CorpusError, FormatError
from wordvec.evaluation.core import datasets
from wordvec.hierarchy.relations import read_relations
from wordvec.text.lines import ascii_split, read_toml, read_words

MARK = b"\xef\xbb\xbf"


def test_only_ascii_white_space_splits():
    assert ascii_split(" new\u00a0york\tbig\u3000city\nx\x85y\x1cz\r\n") == [
        "new\u00a0york",
        "big\u3000city",
        "x\x85y\x1cz",
    ]


@pytest.mark.parametrize("content", [b"cat\ndog\n", b"cat\r\ndog\r\n", MARK + b"cat\ndog"])
def test_word_lists_lose_marks_and_line_ends(tmp_path, content):
    (tmp_path / "w.txt").write_bytes(content)
    assert read_words(tmp_path / "w.txt") == [b"cat", b"dog"]


def test_mixed_line_ends_are_named(tmp_path):
    (tmp_path / "w.txt").write_bytes(b"cat\ndog\r\n")
    with pytest.raises(FormatError, match=r"w\.txt, line 2: a CR"):
        read_words(tmp_path / "w.txt")


def test_toml_may_begin_with_a_mark(tmp_path):
    (tmp_path / "t.toml").write_bytes(MARK + b'[a]\r\nb = "c"\r\n')
    assert read_toml(tmp_path / "t.toml") == {"a": {"b": "c"}}


def test_a_configuration_may_begin_with_a_mark(tmp_path, capsys):
    (tmp_path / "t.toml").write_bytes(MARK + b'[info]\r\nformat = "json"\r\n')
    with pytest.raises(SystemExit):
        main(["info", "--config", str(tmp_path / "t.toml")])
    assert capsys.readouterr().out.startswith("[")


def test_vocabularies_may_begin_with_a_mark(tmp_path):
    (tmp_path / "v.txt").write_bytes(MARK + b"the 3\r\nfox 2\r\n")
    assert list(Vocabulary.load(tmp_path / "v.txt")) == ["the", "fox"]


def test_evaluation_sets_may_begin_with_a_mark(tmp_path):
    (tmp_path / "s.txt").write_bytes(MARK + "new\u00a0york boston 8.5\r\nhot dog 3\r\n".encode())
    assert datasets.load(tmp_path / "s.txt").pairs == (("new\u00a0york", "boston"), ("hot", "dog"))


def relations(tmp_path, content) -> Relations:
    (tmp_path / "r").write_bytes(content)
    return read_relations(tmp_path / "r")


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        (MARK + b"dog\tmammal\nmammal\tanimal\n", [("dog", "mammal"), ("mammal", "animal")]),
        (b"hot dog,food\nice cream,food\n", [("hot dog", "food"), ("ice cream", "food")]),
        (b'"dog, hot",food\n', [("dog, hot", "food")]),
        ("hot\u00a0dog food\n".encode(), [("hot\u00a0dog", "food")]),
        (b"dog mammal\r\n\r\ncat   mammal\r\n", [("cat", "mammal"), ("dog", "mammal")]),
        (b"id1,id2,weight\ndog.n.01,canine.n.02,1\n", [("dog.n.01", "canine.n.02")]),
    ],
)
def test_relations_have_exactly_the_fields_that_are_wanted(tmp_path, content, pairs):
    assert sorted(relations(tmp_path, content).pairs()) == sorted(pairs)


def test_a_third_field_that_is_no_weight_is_refused_with_its_line(tmp_path):
    with pytest.raises(CorpusError, match=r"line 1: 3 fields, the third 'x'"):
        relations(tmp_path, b"dog\tmammal\tx\ncat\tmammal\ty\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"golden retriever dog\nhot dog food\n", r"line 1: 3 field\(s\).*child, tab, parent"),
        (b"dog animal\nhot dog food\n", r"line 2: 3 field"),
        (b"dog\tanimal\nhot dog\tfood\t1\n", r"line 2: 3 field\(s\).*expected 2"),
        (b"dog\tanimal\nhot dog food\n", r"line 2: 1 field"),
        (b"dog,animal\nhot,dog,food\n", r"line 2: 3 field"),
        (b"dog\n", r"line 1: 1 field"),
    ],
)
def test_other_lines_of_relations_are_errors(tmp_path, content, message):
    with pytest.raises(CorpusError, match=message):
        relations(tmp_path, content)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_the_last_word_may_lack_its_line_end(tmp_path, end, last):
    text = f"cat{end}dog{end if last else ''}"
    (tmp_path / "w.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_words(tmp_path / "w.txt") == [b"cat", b"dog"]


def test_a_vocabulary_whose_lines_end_in_cr_is_told(tmp_path):
    (tmp_path / "v").write_bytes(b"the 10\rof 5\r")
    with pytest.raises(CorpusError, match="v:1: a CR in"):
        Vocabulary.load(tmp_path / "v")
