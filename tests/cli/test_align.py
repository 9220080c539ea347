"""align, translate, combine, retrofit and specialise as a user types them."""

import json

import numpy as np
import pytest

import wordvec
from wordvec import WordVectors


@pytest.fixture
def two(tmp_path):
    """Two languages: the second is the first, rotated, under other names."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 6)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0].astype(np.float32)
    en, es = tmp_path / "en.wv", tmp_path / "es.wv"
    WordVectors([f"word{i}" for i in range(120)], X).save(en)
    WordVectors([f"palabra{i}" for i in range(120)], X @ turn).save(es)
    (tmp_path / "en-es.dict").write_text("".join(f"palabra{i} @ word{i}\n" for i in range(60)))
    (tmp_path / "test.dict").write_text("".join(f"word{i} palabra{i}\n" for i in range(60, 120)))
    return en, es, tmp_path


@pytest.mark.parametrize("method", ["procrustes", "vecmap", "rcsls"])
def test_two_languages_in_ten_minutes(run, two, method):
    en, es, folder = two
    out = folder / "en-mapped.wv"
    code, _, err = run(
        "align", en, es, "-o", out, "--dictionary", folder / "en-es.dict", "--method", method
    )
    assert code == 0, err
    assert "60 pairs" in err
    code, table, _ = run("translate", out, es, "word100", "--topn", 2, "--format", "json")
    assert json.loads(table)[0]["translation"] == "palabra100"
    # The list is in the order of a column that bears the name of the retrieval.
    for retrieval in ("csls", "isf", "nn"):
        given = ("--topn", 60, "--retrieval", retrieval, "--format", "json")
        _, table, _ = run("translate", out, es, "word100", *given)
        rows = json.loads(table)
        scores = [row["cosine" if retrieval == "nn" else retrieval] for row in rows]
        assert scores == sorted(scores, reverse=True)
    code, table, err = run(
        "eval", out, "--target", es, "--dataset", folder / "test.dict", "--format", "json"
    )
    assert code == 0, err
    first = json.loads(table)[0]
    assert (first["measure"], first["score"], first["covered"]) == ("P@1", 1.0, 60)


def test_self_learning_needs_few_pairs(run, two):
    en, es, folder = two
    (folder / "few.dict").write_text("".join(f"word{i} palabra{i}\n" for i in range(12)))
    given = ("align", en, es, "-o", folder / "m.wv", "--dictionary", folder / "few.dict")
    code, _, err = run(*given, "--self-learn", "--patience", 3)
    assert code == 0, err
    assert "each other's nearest" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "name a --dictionary"),
        (("--identical", "--unsupervised"), "two ways to start"),
        (("--self-learn", "--method", "rcsls", "--dictionary", "D"), "needs --method vecmap"),
        (("--dictionary", "D", "--alpha", "3"), "--alpha is not an option of procrustes"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(run, two, args, message):
    en, es, folder = two
    args = [folder / "en-es.dict" if a == "D" else a for a in args]
    code, _, err = run("align", en, es, "-o", folder / "m.wv", *args)
    assert (code, message in err) == (2, True), err


def test_combine_retrofit_and_specialise(run, two):
    en, _, folder = two
    out = folder / "out.wv"
    assert run("combine", en, en, "-o", out, "--method", "concat")[0] == 0
    assert wordvec.load(out).vector_size == 12
    (folder / "lexicon.txt").write_text("word0 word1 word2\nnew word3\n")
    code, _, err = run(
        "retrofit", en, "-o", out, "--lexicon", folder / "lexicon.txt", "--expand", "--force"
    )
    assert code == 0, err
    assert "2 of 3 links are known" in err
    assert "new" in wordvec.load(out)
    assert wordvec.load(out).similarity("word0", "word1") > wordvec.load(en).similarity(
        "word0", "word1"
    )
    for method in ("attract-repel", "counter-fit"):
        code, _, err = run(
            "specialise",
            en,
            "-o",
            out,
            "--synonyms",
            folder / "lexicon.txt",
            "--method",
            method,
            "--force",
        )
        assert code == 0, err
    assert run("specialise", en, "-o", out, "--force")[0] == 2
