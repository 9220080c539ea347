"""Sets as people have them: relations, decimal commas, SEAT's JSON; what would grow too much."""

import json

import numpy as np
import pytest

from wordvec.errors import DatasetError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import read_weat


def rows(n=40, labels=("coord", "hyper")):
    return [f"w{i},v{i},{labels[i % len(labels)]}" for i in range(n)]


@pytest.mark.parametrize("head", ["word1,word2,relation", ",word1,word2,relation", None])
def test_a_table_of_words_and_relations_is_a_set_of_relations(head):
    lines = rows()
    if head is not None and head.startswith(","):
        lines = [f"{i},{line}" for i, line in enumerate(lines)]
    found = datasets.loads("\n".join([head, *lines] if head else lines))
    assert isinstance(found, datasets.RelationSet)
    assert found.pairs[:2] == (("w0", "v0"), ("w1", "v1"))
    assert (len(found.labels), set(found.labels)) == (40, {"coord", "hyper"})


def test_pairs_of_no_one_relation_are_left_out_with_a_note():
    lines = ["word1,word2,relation", "a,b,x", "c,d,?", "a,b,x", "e,f,x", "e,f,y", "g,h,y"]
    found = datasets.loads("\n".join(lines))
    assert dict(zip(found.pairs, found.labels, strict=True)) == {("a", "b"): "x", ("g", "h"): "y"}
    said = " ".join(found.source.notes)
    assert "1 pairs have an unknown relation" in said
    assert "1 pairs stand in several relations" in said
    assert "1 rows repeat an earlier one" in said


def test_malformed_relations_name_the_line():
    with pytest.raises(DatasetError, match="text:3: found 2 columns"):
        datasets.loads("word1,word2,relation\na,b,x\na,b\n")
    with pytest.raises(DatasetError, match="pairs of two relations"):
        datasets.loads("word1,word2,relation\na,b,x\nc,d,x\n")


def test_bless_is_a_set_of_relations(shared_data):
    found = datasets.load(shared_data / "relations" / "bless.csv")
    assert isinstance(found, datasets.RelationSet)
    assert set(found.labels) == {"attri", "coord", "event", "hyper", "mero", "random"}


def test_questions_never_outgrow_their_pairs():
    pairs = "\n".join(["word1,word2", *(f"a{i},b{i}" for i in range(1002))])
    with pytest.raises(DatasetError, match=r"1,002 pairs .* would make 1,003,002 questions, more"):
        datasets.loads(pairs, kind="analogy")
    fewer = "\n".join(pairs.split("\n")[:-1])
    assert datasets.loads(fewer, kind="analogy").source.items == 1001 * 1000


@pytest.mark.parametrize(
    "text",
    [
        "Hund;Katze;7,35\nHaus;Auto;2,5\n",
        "Hund\tKatze\t7,35\nHaus\tAuto\t2,5\n",
        "Hund Katze 7,35\nHaus Auto 2,5\n",
        "Hund;Katze;7.35\nHaus;Auto;2.5\n",
        "Hund,Katze,7.35\nHaus,Auto,2.5\n",
        'Hund,Katze,"7,35"\nHaus,Auto,"2,5"\n',
    ],
)
def test_decimal_commas_and_semicolons_are_read(text):
    found = datasets.loads(text)
    assert found.pairs == (("Hund", "Katze"), ("Haus", "Auto"))
    np.testing.assert_array_equal(found.scores, [7.35, 2.5])


@pytest.mark.parametrize("score", ["1_5", "nan", "inf", "7,3,5"])
def test_what_is_no_number_is_no_score(score):
    with pytest.raises(DatasetError):
        datasets.loads(f"a\tb\t1.5\nc\td\t{score}\n", kind="similarity")


SEAT = {
    "targ1": {"category": "F", "examples": ["rose", "iris"]},
    "targ2": ["ant", "bee"],
    "attr1": ["love"],
    "attr2": {"examples": ["hate"]},
}


def test_seats_json_is_a_test(tmp_path):
    (tmp_path / "s.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(SEAT, indent=1).encode())
    test = read_weat(tmp_path / "s.jsonl")["s"]
    assert (test.X, test.Y, test.A, test.B) == (
        ("rose", "iris"),
        ("ant", "bee"),
        ("love",),
        ("hate",),
    )
    assert test.labels == ("F", "Y", "A", "B")


@pytest.mark.parametrize("bad", ["{", '{"targ1": ["a"]}', '{"targ1": [1]}', '{"targ1": {}}'])
def test_other_json_is_named(tmp_path, bad):
    (tmp_path / "s.json").write_text(bad)
    with pytest.raises(DatasetError, match=r"s\.json: (not a JSON file|targ[12] must be a list)"):
        read_weat(tmp_path / "s.json")


def test_every_published_seat_file_is_read(shared_data):
    files = sorted((shared_data / "bias" / "weat").glob("*.jsonl"))
    assert len(files) >= 10
    for path in files:
        assert read_weat(path)[path.stem].X
