"""TOML and JSON that users write: whatever stands in them, the library's error with the file."""

import json
import tomllib

import numpy as np
import pytest

from wordvec.errors import DatasetError
from wordvec.evaluation.core.bias.lists import read_weat
from wordvec.evaluation.suite import read_suite
from wordvec.spaces.alignment.mapping import packed, unpacked
from wordvec.spaces.debiasing.concepts import concept
from wordvec.text.lines import read_toml

DEEP = "a = " + "[" * 5000 + "]" * 5000
SIDES = 'X = ["a"]\nY = ["b"]\nA = ["c"]\nB = ["d"]\n'


@pytest.mark.parametrize(
    ("read", "content"),
    [
        *(
            (read_weat, each)
            for each in (
                "x = 5",
                "lists = 3\n[a]\nX = 'q'\nY = ['a']\nA = ['b']\nB = ['c']",
                f"[a]\npublished = 3\n{SIDES}",
                f"[a]\npublished = {{effect = 'x'}}\n{SIDES}",
                f"[a]\ntitle = 3\n{SIDES}",
                DEEP,
                '{"targ1": 3}',
                json.dumps({"targ1": ["a"]}),
            )
        ),
        *(
            (read_suite, each)
            for each in (
                "title = 5",
                "tests = 5",
                "tests = [5]",
                "solvers = 'x'",
                "measures = [[]]",
                "dataset = 5",
                "dataset = [5]",
                "[dataset]\nname = 'a'",
                "[[dataset]]\nname = 'a'\nfiles = [5]",
                "[[dataset]]\nname = 'a'\nfiles = [['x']]",
                "[[dataset]]\nname = 'a'\nfiles = ['x']\nkind = 7",
                "[[dataset]]\nname = 'a'\nfiles = ['x']\nreference = 7",
                DEEP,
            )
        ),
        *((concept, each) for each in ("pairs = 5", "pairs = []", DEEP)),
    ],
)
def test_what_is_of_another_kind_names_the_file(read, content, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(DatasetError, match=r"mine\.toml"):
        read(path)


def test_a_byte_order_mark_is_no_part_of_a_concept(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('\ufeffpairs = [["a", "b"]]\n')
    assert concept(path).pairs == (("a", "b"),)


def test_lists_in_lists_are_a_toml_error(tmp_path):
    (tmp_path / "deep").write_text(DEEP)
    with pytest.raises(tomllib.TOMLDecodeError, match="too deep"):
        read_toml(tmp_path / "deep")


@pytest.mark.parametrize("lacking", ["shape", "float64"])
def test_an_array_of_a_card_that_lacks_a_part_is_damaged(lacking):
    record = packed(np.ones((2, 3)))
    assert unpacked(record).shape == (2, 3)
    del record[lacking]
    with pytest.raises(ValueError, match="damaged"):
        unpacked(record)
