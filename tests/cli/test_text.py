"""wordvec tokenize, pieces; texts as people have them in train, vocab, count and phrases."""

import json

import numpy as np
import pytest

import wordvec
from wordvec.text.corpus import encode

GERMAN = "Berlin, die Hauptstadt; Berlin. Straße, STRASSE, „Berlin“!\nberlin\n\nZweiter Text.\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text(
        "year,party,body\n"
        + "".join(f'{1980 + i},{"ab"[i // 3 % 2]},"Der Wind, der Wind {i}!"\n' for i in range(30))
        + "2020,a,\n"
    )
    return path


def test_what_training_would_see_is_written(run, tmp_path):
    text, out = tmp_path / "t.txt", tmp_path / "out.txt"
    text.write_text(GERMAN)
    code, stdout, err = run("tokenize", text, "-o", out, "--tokenize", "unicode", "--lower")
    assert (code, stdout) == (0, "")
    assert "wrote" in err
    assert "10 words" in err
    assert out.read_text() == (
        "berlin die hauptstadt berlin straße strasse berlin\nberlin\n\nzweiter text\n\n"
    )
    straight = encode(text, tokenize="unicode", lower=True, min_count=1)
    again = encode(out, min_count=1)
    assert again.vocab.words == straight.vocab.words
    assert again.ids.tolist() == straight.ids.tolist()
    assert again.documents.tolist() == straight.documents.tolist()
    assert run("tokenize", text, "-o", out)[0] == 1  # exists


def test_words_that_are_not_utf8_are_said_where_a_text_is_written(run, tmp_path):
    text, out = tmp_path / "t.txt", tmp_path / "out.txt"
    text.write_bytes("Straße\n".encode() + b"Stra\xdfe, Caf\xe9\n")
    code, _, err = run("tokenize", text, "-o", out, "--tokenize", "unicode")
    assert code == 0
    assert "2 words are not valid UTF-8, and kept as bytes" in err
    assert "0.00 % of 3 distinct words begin or end in a sign" in err
    assert out.read_bytes() == "Straße\n".encode() + b"Stra\xdfe Caf\xe9\n\n"


def test_rows_are_documents_of_the_written_text(run, tmp_path, table):
    out = tmp_path / "out.txt"
    options = ["--text-column", "body", "--where", "year > 2007", "--tokenize", "unicode"]
    options += ["--numbers", "drop", "--stop", tmp_path / "stop"]
    code, _, err = run("tokenize", table, "-o", out, *options)
    assert code == 2  # no such file
    (tmp_path / "stop").write_text("der\n")
    code, _, err = run("tokenize", table, "-o", out, *options)
    assert code == 0
    assert "31 rows or articles were read, 28 left out by the condition, 1 had no text" in err
    assert out.read_text() == "Der Wind Wind\n\nDer Wind Wind\n\n"


def test_a_punctuated_text_and_a_table_get_a_note(run, tmp_path, table):
    text = tmp_path / "t.txt"
    text.write_text(GERMAN)
    code, _, err = run("vocab", text, "-o", tmp_path / "v", "--min-count", "1")
    assert code == 0
    assert "% of the words begin or end in punctuation" in err
    assert "--tokenize unicode makes words of them" in err
    code, _, err = run("vocab", table, "-o", tmp_path / "v2", "--min-count", "1")
    assert "news.csv is read as plain text, columns and all" in err
    assert "--text-column NAME" in err
    (tmp_path / "zh.txt").write_text("我来到北京清华大学，很好。")
    code, _, err = run(
        "tokenize", tmp_path / "zh.txt", "-o", tmp_path / "z", "--tokenize", "unicode"
    )
    assert "Chinese, which has no spaces" in err
    assert "--tokenize python:jieba:lcut" in err
    (tmp_path / "tr.txt").write_text("ılık ışık kırk yıl kız dağ ağaç İzmir " * 10)
    code, _, err = run(
        "tokenize", tmp_path / "tr.txt", "-o", tmp_path / "t", "--tokenize", "unicode", "--lower"
    )
    assert "--language tr" in err


def test_the_card_records_what_made_the_words(run, tmp_path, table):
    how = ("--tokenize", "unicode", "--lower", "--text-column", "body")
    code, _, err = run(
        "train", table, "-o", tmp_path / "v.wv", *how, "--min-count", "1", "--vector-size", "4"
    )
    assert code == 0
    assert "150 words in 30 documents" in err
    vectors = wordvec.load(tmp_path / "v.wv")
    assert vectors.meta["corpus"]["text"] == {"tokenize": "unicode", "lower": True}
    assert set(vectors.index_to_key[:2]) == {"der", "wind"}
    code, _, _ = run("count", table, "-o", tmp_path / "s", *how, "--min-count", "1")
    assert code == 0
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    assert manifest["text"] == {"tokenize": "unicode", "lower": True}
    code, _, _ = run(
        "train", tmp_path / "s", "-o", tmp_path / "p.wv", "--model", "ppmi", "--vector-size", "2"
    )
    assert wordvec.load(tmp_path / "p.wv").meta["shards"]["text"]["tokenize"] == "unicode"
    code, _, err = run("train", tmp_path / "s", "-o", tmp_path / "q.wv", "--model", "ppmi", *how)
    assert code == 2
    assert "is fixed in the counts" in err
    code, _, _ = run(
        "count", table, "-o", tmp_path / "s2", "--text-column", "body", "--min-count", 1
    )
    code, _, err = run("shards", "merge", tmp_path / "s", tmp_path / "s2", "-o", tmp_path / "m")
    assert code != 0
    assert "text is None" in err


def test_phrases_are_found_and_joined_in_words(run, tmp_path):
    text, out = tmp_path / "t.txt", tmp_path / "out.txt"
    text.write_text("New York, New York!\n" * 20 + "A new day in old York.\n" * 5)
    code, _, _ = run(
        "phrases", text, "-o", out, "--threshold", "1", "--tokenize", "unicode", "--lower"
    )
    assert code == 0
    assert out.read_text().splitlines()[0] == "new_york new_york"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--tokenize", "unicod"), "did you mean unicode"),
        (("--where", "a >"), "give --text-column"),
        (("--where", "a > 1", "--where", "b > 2"), "--where is given twice: join the conditions"),
        (("--text-column", "txt"), "or say it: --text csv"),
        (("--text-column", "txt", "--text", "csv"), "no column 'txt'"),
        (("--text", "wikipedia"), "no dump"),
        (("--text", "fasta", "--tokenize", "kmers"), "expected a header"),
        (("--numbers", "some"), "'some' is not one of"),
        (("--tokenize", "python:no_module:f"), "cannot be imported"),
    ],
)
def test_what_cannot_be_is_one_line(run, tmp_path, args, message):
    text = tmp_path / "t.txt"
    text.write_text(GERMAN)
    code, _, err = run("tokenize", text, "-o", tmp_path / "out", *args)
    assert code in (1, 2)
    assert message in err
    assert not (tmp_path / "out").exists()


def test_pieces_are_found_and_trained_on(run, tmp_path):
    pytest.importorskip("sentencepiece")
    text, model = tmp_path / "t.txt", tmp_path / "m.model"
    text.write_text("das Haus am See\nder See und das Haus\nHaus und See am Haus\n" * 40)
    code, _, err = run("pieces", text, "-o", model, "--pieces", "16", "--kind", "bpe")
    assert code == 0, err
    assert "16 pieces" in err
    code, _, err = run(
        "train",
        text,
        "-o",
        tmp_path / "v.wv",
        "--tokenize",
        f"sentencepiece:{model}",
        "--vector-size",
        "4",
    )
    assert code == 0, err
    assert any("▁" in word for word in wordvec.load(tmp_path / "v.wv").index_to_key)
    code, _, err = run("pieces", text, "-o", tmp_path / "n.model", "--pieces", "5000")
    assert code == 1
    assert "5000 pieces cannot be found" in err


def test_documents_are_vectors_with_names_and_key_words(run, tmp_path, table):
    how = ("--text-column", "body", "--tokenize", "unicode", "--lower")
    run("train", table, "-o", tmp_path / "v.wv", *how, "--min-count", "1", "--vector-size", "4")
    out, labels = tmp_path / "d.npy", tmp_path / "l.tsv"
    code, stdout, err = run(
        "documents",
        tmp_path / "v.wv",
        table,
        "-o",
        out,
        "--text-column",
        "body",
        "--document-column",
        "year",
        "--labels",
        labels,
        "--keywords",
        "2",
        "--remove",
        "0",
        "--duplicates",
        "0",
        "--format",
        "tsv",
    )
    assert code == 0, err
    assert np.load(out).shape == (31, 4)
    rows = [line.split("\t") for line in labels.read_text().splitlines()]
    assert rows[0] == ["document", "words", "keywords"]
    assert [row[:2] for row in rows[1:3]] == [["1980", "5"], ["1981", "5"]]
    assert rows[-1] == ["2020", "0", ""]
    assert "documents without a known word: 1; their vectors are zero" in err
    assert stdout.splitlines()[0].split("\t") == ["document", "other", "cosine"]
    code, _, err = run(
        "documents",
        tmp_path / "v.wv",
        table,
        "-o",
        tmp_path / "e.npy",
        "--text-column",
        "body",
        "--no-lower",
    )
    assert (
        "were split in another way than these documents: {'tokenize': 'unicode', 'lower': True}"
        in err
    )


def test_induction_reads_its_texts_as_the_training_did(run, tmp_path):
    text = tmp_path / "t.txt"
    text.write_text("The wind, the SEA! Blows; tax (law) and the law.\n" * 30)
    how = ("--tokenize", "unicode", "--lower")
    run("train", text, "-o", tmp_path / "v.wv", *how, "--min-count", "1", "--vector-size", "2")
    tokens = tmp_path / "tokens.txt"
    run("tokenize", text, "-o", tokens, *how)
    options = ("--min-count", "1", "--quiet")
    fit = ("oov", "induction", tmp_path / "v.wv")
    code, _, err = run(*fit, text, "-o", tmp_path / "a.wv", *options)
    assert code == 0, err
    as_is = ("--tokenize", "whitespace", "--no-lower")
    run(*fit, tokens, "-o", tmp_path / "b.wv", *options, *as_is)
    a, b = (wordvec.load(tmp_path / f"{name}.wv").induction.matrix for name in "ab")
    assert np.array_equal(a, b)


def test_vocab_says_what_was_read(run, tmp_path, table):
    code, _, err = run("vocab", table, "-o", tmp_path / "v", "--text-column", "body")
    assert code == 0
    assert "31 rows or articles were read, 1 had no text" in err
    (tmp_path / "latin.txt").write_bytes("naïve Größe\n".encode("latin-1") * 9)
    code, _, err = run("vocab", tmp_path / "latin.txt", "-o", tmp_path / "w")
    assert "2 words are not valid UTF-8" in err
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    code, _, err = run("vocab", tmp_path / "t.parquet", "-o", tmp_path / "x")
    assert code == 1
    assert "name the column that has the text: --text-column NAME" in err
