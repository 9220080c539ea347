"""Words never seen are answered where people look for them, and it is said how."""

import json
from itertools import pairwise

import numpy as np
import pytest

import wordvec
from wordvec.cli import main
from wordvec.errors import UnknownWordError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.measure import answered
from wordvec.evaluation.run import Options, run
from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords

STEMS, ENDS = ("walk", "talk", "jump", "sing"), ("", "s", "ed", "ing")
WORDS = [stem + end for stem in STEMS for end in ENDS]


@pytest.fixture(scope="module")
def plain():
    rng = np.random.default_rng(1)
    stems, ends = rng.standard_normal((4, 12)), 0.3 * rng.standard_normal((4, 12))
    matrix = (stems[:, None] + ends[None]).reshape(16, 12).astype(np.float32)
    return wordvec.WordVectors(WORDS, matrix)


@pytest.fixture(scope="module")
def grams(plain):
    return fit_subwords(plain, SubwordOptions(buckets=500, epochs=30, dtype="f32"))


def test_n_grams_answer_by_default_in_neighbours_and_similarity(plain, grams):
    expected = grams.vector("walker").vector
    unit = expected / np.linalg.norm(expected)
    walk = plain["walk"] / np.linalg.norm(plain["walk"])
    assert grams.similarity("walker", "walk") == pytest.approx(float(unit @ walk), abs=1e-5)
    assert grams.most_similar("walker", topn=1)[0][0].startswith("walk")
    assert len(grams.most_similar_many(["walker", "walk"], topn=3)[0]) == 3
    assert grams.answer("walker").how == "subword"
    assert grams.answer("walk").how == "exact"


def test_without_n_grams_a_word_stays_unknown(plain):
    for ask in (
        lambda: plain.most_similar("walker"),
        lambda: plain.similarity("walker", "walk"),
        lambda: plain.get_vector("walker"),
    ):
        with pytest.raises(UnknownWordError, match="walker"):
            ask()
    assert plain.answer("walkz").how == "none"
    assert plain.answer("walkz", unseen=True).how == "typo"
    assert plain.similarity("walkz", "walk", unseen=True) == pytest.approx(1)


def test_folded_spellings_answer_where_the_vectors_have_them(plain):
    assert plain.answer("WALK").how == "none"
    folded = plain.copy().with_folding()
    assert folded.answer("WALK").how == "folded"
    assert folded.similarity("WALK", "walk") == pytest.approx(1)


def test_square_brackets_and_get_vector_stay_strict_unless_asked(plain, grams):
    for ask in (lambda: grams["walker"], lambda: grams.get_vector("walker")):
        with pytest.raises(UnknownWordError, match=r"vector\(word\) answers by its n-grams"):
            ask()
    with pytest.raises(UnknownWordError):
        grams.most_similar("walker", unseen=False)
    loose = grams.copy()
    loose.strict = False
    np.testing.assert_allclose(loose.get_vector("walker"), grams.vector("walker").vector)
    assert np.linalg.norm(loose.get_vector("walker", norm=True)) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(loose["walker"], grams.vector("walker").vector)


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return end.value.code, out, err


@pytest.fixture
def file(grams, tmp_path):
    grams.save(tmp_path / "g.wv")
    return tmp_path / "g.wv"


def test_the_command_line_says_how_a_word_got_its_vector(file, capsys):
    code, out, _ = call(capsys, "neighbors", file, "walker", "walk", "-k", "2", "--format", "json")
    assert code == 0
    rows = json.loads(out)
    assert [row["how"] for row in rows] == ["subword"] * 2 + ["exact"] * 2
    code, out, _ = call(capsys, "similarity", file, "walk", "walker", "--format", "json")
    assert [json.loads(out)[0][k] for k in ("how a", "how b")] == ["exact", "subword"]
    code, out, _ = call(capsys, "neighbors", file, "walk", "--format", "json")
    assert set(json.loads(out)[0]) == {"word", "neighbor", "similarity"}


def test_known_words_are_answered_beside_an_unknown_one(file, capsys):
    code, out, err = call(
        capsys, "neighbors", file, "walk", "walker", "-k", "1", "--no-unseen", "--format", "json"
    )
    assert code == 1
    assert [row["word"] for row in json.loads(out)] == ["walk"]
    assert "no word 'walker'" in err


def test_an_evaluation_answers_words_never_seen_on_request(grams):
    text = "".join(f"{a}\t{b}\t{i}\n" for i, (a, b) in enumerate(pairwise(WORDS)))
    data = datasets.loads(text + "walker\ttalker\t3\njumper\tsinger\t4\n", name="set")
    plain = run({"m": (grams, None)}, [data])["results"]["similarity"][0]
    assert (plain["coverage"]["answered"], plain["coverage"]["composed"]) == (15, [])
    found = run({"m": (grams, None)}, [data], (), Options(oov=True))["results"]["similarity"][0]
    assert found["coverage"]["answered"] == 17
    assert found["coverage"]["composed"] == ["walker", "talker", "jumper", "singer"]
    assert answered(found) == "17 of 17 (4 words composed)"
    assert found["coverage"]["missing"] == []


def test_the_json_of_a_vectors_neighbours_is_a_list_with_scores(file, capsys):
    code, out, _ = call(capsys, "oov", "vector", file, "walker", "-k", "2", "--format", "json")
    assert code == 0
    (row,) = json.loads(out)
    assert row["how"] == "subword"
    assert len(row["neighbors"]) == 2
    for word, score in row["neighbors"]:
        assert word in WORDS
        assert -1 <= score <= 1.0001
