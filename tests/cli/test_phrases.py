"""wordvec phrases as a user meets it, and --phrases of train and count."""

import gzip
import io
import json
import os
import sys
import threading

import pytest

TEXT = (
    "I live in New York City \xff\n\n"
    + "the bank of america  is\tin New York\r\n" * 9
    + "once bank of the sea , New York City\n" * 8
).encode("latin-1")
JOINED = (
    "I live in New_York_City \xff\n\n"
    + "the bank_of_america  is_in New_York\r\n" * 9
    + "once bank of the sea , New_York_City\n" * 8
).encode("latin-1")
TABLE = "# wordvec phrases 1, delimiter _\npass\twords\tcount\tscore\n1\tNew York\t18\t9.0\n"


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT)
    return path


FINDING = (
    "--passes",
    2,
    "--threshold",
    4,
    "--threshold",
    2,
    "--min-count",
    2,
    "--connector-words",
    "of, the",
)


def test_phrases_are_found_joined_and_listed(run, text, tmp_path):
    out, table = tmp_path / "out.txt", tmp_path / "t.tsv"
    code, stdout, stderr = run(
        "phrases", text, "-o", out, "--table", table, *FINDING, "--top", 2, "--format", "json"
    )
    assert code == 0
    assert out.read_bytes() != TEXT
    assert out.read_bytes().replace(b"_", b" ").split() == TEXT.split()
    best = json.loads(stdout)
    assert len(best) == 2
    assert set(best[0]) == {"phrase", "count", "score", "pass"}
    assert best[0]["score"] >= best[1]["score"]
    assert "in pass 1" in stderr
    assert "corpus" in stderr
    assert "wrote" in stderr
    again = tmp_path / "again.txt.gz"
    code, stdout, _ = run("phrases", text, "-o", again, "--apply", table, "--threads", 3)
    assert (code, stdout) == (0, "")
    assert gzip.decompress(again.read_bytes()) == out.read_bytes()


def test_the_output_keeps_all_but_the_white_space_within_phrases(run, text, tmp_path):
    table = tmp_path / "t.tsv"
    rows = ["1\tNew York", "1\tbank of america", "1\tis in", "2\tNew_York City"]
    head = TABLE.splitlines(keepends=True)[:2]
    table.write_text("".join(head) + "".join(f"{row}\t9\t9.5\n" for row in rows))
    assert run("phrases", text, "-o", tmp_path / "out", "--apply", table)[0] == 0
    assert (tmp_path / "out").read_bytes() == JOINED


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_standard_input_and_pipes_are_read_twice(run, text, tmp_path, monkeypatch):
    assert run("phrases", text, text, text, "-o", tmp_path / "1", *FINDING)[0] == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(TEXT,))
    writer.start()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    assert run("phrases", "-", text, pipe, "-o", tmp_path / "2", *FINDING)[0] == 0
    writer.join()
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_connector_words_of_a_file_and_npmi(run, text, tmp_path):
    (tmp_path / "words").write_text("of\nthe\n")
    code, stdout, _ = run(
        "phrases",
        text,
        "--top",
        50,
        "--scoring",
        "npmi",
        "--threshold",
        0.5,
        "--min-count",
        2,
        "--connector-words",
        f"@{tmp_path / 'words'}",
        "--format",
        "tsv",
        "--quiet",
    )
    assert code == 0
    assert "bank_of_america\t9\t" in stdout
    assert "bank_of_the_sea\t8\t" in stdout


def test_words_that_hold_the_delimiter_are_said(run, tmp_path):
    (tmp_path / "t").write_text("a_b a b\n" * 9)
    _, _, stderr = run("phrases", tmp_path / "t", "--top", 1, "--threshold", 1)
    assert "1 words hold the delimiter '_'" in stderr
    _, _, stderr = run("phrases", tmp_path / "t", "--top", 1, "--delimiter", "+", "--threshold", 99)
    assert "hold the delimiter" not in stderr
    assert "none: lower --threshold" in stderr


def test_progress_as_json(run, text, tmp_path):
    _, _, stderr = run("phrases", text, "-o", tmp_path / "o", *FINDING, "--progress", "json")
    records = [json.loads(line) for line in stderr.splitlines()]
    stages = [record["stage"] for record in records if "stage" in record]
    assert stages == ["reading", "pass 1", "pass 2", "joining"]
    assert records[-2]["done"] == records[-2]["total"] == len(TEXT.split())


def test_train_and_count_with_a_table(run, text, tmp_path):
    import wordvec

    table = tmp_path / "t.tsv"
    table.write_text(TABLE)
    out = tmp_path / "v.wv"
    options = ("--phrases", table, "--min-count", 2, "--quiet")
    assert run("train", text, "-o", out, "--epochs", 1, "--vector-size", 4, *options)[0] == 0
    assert "New_York" in wordvec.load(out)
    assert run("count", text, "-o", tmp_path / "s", *options)[0] == 0
    run("phrases", text, "-o", tmp_path / "joined", "--apply", table)
    assert run("count", tmp_path / "joined", "-o", tmp_path / "s2", *options[2:])[0] == 0
    for name in ("tiles.bin", "vocab.txt"):
        assert (tmp_path / "s" / name).read_bytes() == (tmp_path / "s2" / name).read_bytes()
    code, _, stderr = run(
        "train", tmp_path / "s", "-o", out, "--model", "glove", "--phrases", table, "--force"
    )
    assert code == 2
    assert "--phrases is fixed in the counts" in stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["TEXT"], "-o FILE, --table FILE or --top N"),
        (["-o", "OUT"], "Missing argument"),
        (["TEXT", "--top", "0"], "--top"),
        (["TEXT", "-o", "OUT", "--min-count", "0"], "--min-count"),
        (["TEXT", "-o", "OUT", "--threshold", "-1"], "threshold must be >= 0"),
        (["TEXT", "-o", "OUT", "--scoring", "npmi"], "threshold for npmi must be in [-1, 1]"),
        (["TEXT", "-o", "OUT", "--threshold", "1", "--threshold", "2"], "one per pass (1), got 2"),
        (["TEXT", "-o", "OUT", "--delimiter", " "], "delimiter must be"),
        (["TEXT", "-o", "OUT", "--table", "OUT"], "name the same file"),
        (
            ["TEXT", "-o", "OUT", "--apply", "TABLE", "--passes", "2"],
            "cannot be combined with --apply",
        ),
        (
            ["TEXT", "-o", "OUT", "--apply", "TABLE", "--table", "NEW"],
            "--table cannot be combined with --apply",
        ),
        (["TEXT", "-o", "OUT", "--apply", "none.tsv"], "none.tsv"),
    ],
)
def test_usage_errors_say_what_to_do(run, text, tmp_path, args, message):
    (tmp_path / "t.tsv").write_text(TABLE)
    places = {
        "TEXT": text,
        "OUT": tmp_path / "out",
        "TABLE": tmp_path / "t.tsv",
        "NEW": tmp_path / "new",
    }
    code, stdout, stderr = run("phrases", *(places.get(a, a) for a in args))
    assert (code, stdout) == (2, "")
    assert message in stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.tsv", "text.txt"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no token"),
        (b"a b \0", "UTF-16"),
        (gzip.compress(b"a b " * 100, mtime=0)[:-9], "damaged or cut short"),
    ],
)
def test_bad_text_is_one_line_and_leaves_nothing(run, tmp_path, content, message):
    path, table = tmp_path / "bad.txt", tmp_path / "t.tsv"
    path.write_bytes(content)
    table.write_text(TABLE)
    for options in ((), ("--apply", table)):
        code, stdout, stderr = run("phrases", path, "-o", tmp_path / "out", *options)
        assert (code, stdout) == (1, "")
        assert len(stderr.splitlines()) == 1
        assert message in stderr
        assert str(path) in stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.txt", "t.tsv"]


def test_what_exists_is_kept_and_what_cannot_be_read_is_named(run, text, tmp_path):
    kept = tmp_path / "kept"
    kept.write_bytes(b"precious")
    for option in ("-o", "--table"):
        code, _, stderr = run("phrases", text, option, kept)
        assert code == 1
        assert "--force" in stderr
    assert kept.read_bytes() == b"precious"
    assert run("phrases", text, "-o", kept, "--quiet", "--force") == (0, "", "")
    assert kept.read_bytes() == TEXT
    bad = tmp_path / "bad.tsv"
    bad.write_text(TABLE + "1\tonly\n")
    code, _, stderr = run("phrases", text, "-o", tmp_path / "o", "--apply", bad)
    assert code == 1
    assert "bad.tsv:4: expected pass, words, count and score" in stderr
    for path, message in ((tmp_path / "none", "No such file"), (tmp_path, "is a folder")):
        code, _, stderr = run("phrases", path, text, "-o", tmp_path / "o")
        assert code == 1
        assert message in stderr
    assert not (tmp_path / "o").exists()
