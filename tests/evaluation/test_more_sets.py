"""Sets as people have them: relations, decimal commas, SEAT's JSON; what would grow too much."""

import json

import numpy as np
import pytest

import wordvec
from wordvec.errors import DatasetError, Unanswerable
from wordvec.evaluation import suite as suites
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import WeatTest, read_weat, translated
from wordvec.evaluation.measures.bias.direction.indirect_bias import indirect_bias_of
from wordvec.evaluation.measures.bias.sets.seat import seat
from wordvec.evaluation.measures.bias.sets.sembias import sembias


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


AS_PUBLISHED = {
    "SEAT's text": "# by us\ntarg1\tF\trose\tiris\ntarg2\tI\tant\tbee\n"
    "attr1\tP\tlove\nattr2\tU\thate\n",
    "XWEAT's text": "T1: rose iris\nT2: ant bee\nA1: love\nA2: hate\n",
    "with commas": "T1: rose, iris\nT2: ant, bee\nA1: love\nA2: hate\n",
    "XWEAT's names in JSON": json.dumps(
        {
            "targets_1": ["rose", "iris"],
            "targets_2": ["ant", "bee"],
            "attributes_1": ["love"],
            "attributes_2": ["hate"],
        }
    ),
    "JSON Lines": json.dumps(SEAT) + "\n",
    "a list": json.dumps(
        [
            {
                "first_target": {"name": "F", "words": ["rose", "iris"]},
                "second_target": {"name": "I", "words": ["ant", "bee"]},
                "first_attribute": {"name": "P", "words": ["love"]},
                "second_attribute": {"name": "U", "words": ["hate"]},
                "original_finding": {"N": 32},
            }
        ]
    ),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", AS_PUBLISHED)
def test_tests_of_bias_are_read_as_others_publish_them(tmp_path, kind, end):
    text = AS_PUBLISHED[kind].replace("\n", end)
    (tmp_path / "t.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    test = read_weat(tmp_path / "t.txt")["t"]
    assert (test.X, test.Y) == (("rose", "iris"), ("ant", "bee"))
    assert (test.A, test.B) == (("love",), ("hate",))


def test_several_tests_of_a_file_are_numbered(tmp_path):
    (tmp_path / "t.jsonl").write_text(f"{json.dumps(SEAT)}\n{json.dumps(SEAT)}\n")
    assert list(read_weat(tmp_path / "t.jsonl")) == ["t-1", "t-2"]


# The layout of X-WEAT and CA-WEAT: a row per language, with words between commas.
TABLE = (
    "TYPE\tREFERENCE\tLANG\tWEAPONS\tFLOWERS\tINSTRUMENTS\tINSECTS\tPLEASANT\tUNPLEASANT\n"
    "x\ty\tde\tBeil, Messer\tRose, Iris, Rose\tHarfe\tBiene,Floh\tFriede\tKrieg, gas letal\n"
    "x\ty\tde\tAxt\tMohn\tOboe\tMotte\tLiebe\tTod\n"
)


def test_a_table_of_languages_has_two_tests_in_each_row(tmp_path):
    (tmp_path / "t.tsv").write_text(TABLE)
    found = read_weat(tmp_path / "t.tsv")
    assert list(found) == ["weat1-de", "weat2-de", "weat1-de-2", "weat2-de-2"]
    assert found["weat1-de"].X == ("Rose", "Iris")
    assert found["weat1-de"].Y == ("Biene", "Floh")
    assert found["weat2-de"].Y == ("Beil", "Messer")
    assert found["weat2-de"].B == ("Krieg", "gas letal")
    (tmp_path / "t.tsv").write_text(TABLE + "x\ty\n")
    with pytest.raises(DatasetError, match=r"t\.tsv:4: 2 columns, 9 expected"):
        read_weat(tmp_path / "t.tsv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("T1: a\nT2: b\nA1: c\n", "lacks attr2"),
        ("T1: a\nT1: b\n", r":2: found 'T1: b', expected each of targ1"),
        ("T1: a\nprose here\n", r":2: found 'prose here'"),
        ('{"flowers": ["rose"], "insects": ["ant"]}', "no test: which are compared"),
        ("T1:\nT2: b\nA1: c\nA2: d\n", "list X is empty"),
    ],
)
def test_what_is_no_test_of_bias_is_named(tmp_path, text, message):
    (tmp_path / "t").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_weat(tmp_path / "t")


def test_a_translation_makes_a_test_of_another_language(tmp_path):
    """As XWEAT's: a second column for the feminine form, rows of commas, names untouched."""
    (tmp_path / "t").write_text("T1: rose teacher Amy\nT2: ant bee\nA1: Love\nA2: hate\n")
    csv = "\ufeffrose,Rose,\n,,\nteacher,Lehrer,Lehrerin\nant,Ameise,\nbee,Biene,\nlove,Liebe,\n"
    (tmp_path / "en_de.csv").write_text(csv + "hate,Zorn,\nunused,x,\n", newline="\r\n")
    test = translated(read_weat(tmp_path / "t")["t"], tmp_path / "en_de.csv")
    assert test.X == ("Rose", "Lehrer", "Lehrerin", "Amy")
    assert (test.Y, test.A, test.B) == (("Ameise", "Biene"), ("Liebe",), ("Zorn",))
    assert test.title.endswith("(6 of 7 words translated)")
    (tmp_path / "en_de.csv").write_text("rose\n")
    with pytest.raises(DatasetError, match=r"en_de\.csv:1: found \['rose'\]"):
        translated(test, tmp_path / "en_de.csv")


def test_a_translation_of_both_sides_is_left_out(tmp_path):
    """his and her are "su" in XWEAT's Spanish: the test is asked without, and says so."""
    (tmp_path / "t").write_text("T1: math\nT2: art\nA1: he his him\nA2: she her\n")
    (tmp_path / "u").write_text("T1: math\nT2: art\nA1: his\nA2: her\n")
    (tmp_path / "en_es.csv").write_text("he,él,\nhis,su,\nhim,su,\nshe,ella,\nher,su,\n")
    test, useless = (read_weat(tmp_path / name)[name] for name in "tu")
    made = translated(test, tmp_path / "en_es.csv")
    assert (made.A, made.B) == (("él",), ("ella",))
    assert made.title.endswith("(5 of 7 words translated, without su of both sides)")
    suite = suites.translated_tests(
        suites.Suite("s", (), (useless, test, useless)), tmp_path / "en_es.csv"
    )
    assert suite.tests == (made,)
    assert suite.notes == ("left out: u: list A is empty",) * 2
    with pytest.raises(DatasetError, match="u: list A is empty"):
        suites.translated_tests(suites.Suite("s", (), (useless,)), tmp_path / "en_es.csv")


CASED = ["he", "she", "Bob", "amy", "cat", "dog", "sun", "moon", "nurse", "guard"]


@pytest.fixture
def cased():
    X = np.random.default_rng(2).standard_normal((len(CASED), 6)).astype(np.float32)
    return wordvec.WordVectors(CASED, X)


def test_pairs_of_sembias_that_are_one_pair_are_no_choice(cased):
    plain = (("Bob", "amy"), ("cat", "dog"), ("sun", "moon"), ("guard", "nurse"))
    folded = (("Bob", "amy"), ("bob", "Amy"), ("sun", "moon"), ("guard", "nurse"))
    one = (("Cat", "cat"), ("sun", "moon"), ("Bob", "amy"), ("guard", "nurse"))
    found = sembias(cased, [plain, folded, one, plain])
    assert (found.coverage.asked, found.coverage.answered) == (4, 2)
    assert found.score == sembias(cased, [plain]).score
    with pytest.raises(Unanswerable, match="He and he are one word under the case policy"):
        sembias(cased, [plain], pair=("He", "he"))
    with pytest.raises(Unanswerable, match="unknown: x"):
        sembias(cased, [plain], pair=("x", "he"))


def test_indirect_bias_of_one_word_in_two_spellings_is_refused(cased):
    pairs = [("she", "he")]
    assert np.isfinite(indirect_bias_of(cased, pairs, "cat", "dog"))
    with pytest.raises(Unanswerable, match="Cat and cat are one word"):
        indirect_bias_of(cased, pairs, "Cat", "cat")


def test_seat_counts_words_that_fold_together_once(cased):
    lists = ("amy", "nurse"), ("cat", "dog"), ("sun",), ("moon",)
    one = seat(cased, WeatTest("t", "t", *lists))
    two = seat(cased, WeatTest("t", "t", ("amy", "Amy", "nurse"), *lists[1:]))
    assert (two.score, two.partitions) == (one.score, one.partitions)
    assert two.lists["X"].dropped == ("Amy",)


def test_bless_as_published_is_a_set_of_relations():
    """Its rows have four words: concept, class, relation, relatum; they are no analogies."""
    text = (
        "alligator-n\tamphibian_reptile\tattri\taggressive-j\n"
        "alligator-n\tamphibian_reptile\thyper\tanimal-n\n"
        "cat-n\tground_mammal\tcoord\tdog-n\n"
        "cat-n\tground_mammal\trandom-n\tcar-n\n"
    )
    read = datasets.loads(text)
    assert read.pairs == (
        ("alligator", "aggressive"),
        ("alligator", "animal"),
        ("cat", "dog"),
        ("cat", "car"),
    )
    assert read.labels == ("attri", "hyper", "coord", "random-n")
    assert "part-of-speech suffixes (-n, -v, -j) were taken off the words" in read.source.notes
