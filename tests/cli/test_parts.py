"""Counting in parts, as a batch system types it."""

from pathlib import Path

import pytest


@pytest.fixture
def texts(tmp_path):
    for name, line in (("a", "one two three four\n"), ("b", "four three one one\n")):
        (tmp_path / f"{name}.txt").write_text(line * 50)
    return [tmp_path / "a.txt", tmp_path / "b.txt"]


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_parts_give_the_bytes_of_one_count(run, tmp_path, texts):
    some = ("--sample", "0.1", "--window", "3")
    for i in (1, 2, 3):
        done = run("vocab", *texts, "-o", tmp_path / f"v{i}.txt", "--part", f"{i}/3")
        assert done[0] == 0, done
    vocabs = [tmp_path / f"v{i}.txt" for i in (1, 2, 3)]
    code, _, err = run("vocab", "merge", *vocabs, "-o", tmp_path / "vocab.txt")
    assert (code, err) == (0, f"wrote     {tmp_path}/vocab.txt: 4 words, 400 of 400 tokens\n")
    for i in (1, 2, 3):
        done = run(
            "count",
            *texts,
            "-o",
            tmp_path / f"s{i}",
            "--vocab",
            tmp_path / "vocab.txt",
            "--part",
            f"{i}/3",
            *some,
        )
        assert done[0] == 0, done
    folders = [tmp_path / f"s{i}" for i in (1, 2, 3)]
    assert run("shards", "merge", *folders, "-o", tmp_path / "sum")[0] == 0
    assert run("count", *texts, "-o", tmp_path / "whole", *some)[0] == 0
    assert contents(tmp_path / "sum") == contents(tmp_path / "whole")
    assert "parts" in run("shards", "info", folders[0])[1]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("vocab", "--part", "4/3"), "part must be one of 1/N to N/N, got 4/3"),
        (("vocab", "--part", "1/2", "--min-count", "2"), "--min-count is for the whole text"),
        (("count", "--part", "1/2"), "--part needs --vocab FILE"),
        (("count", "--part", "1/2", "--vocab", "V", "--blocks", "2"), "do not go together"),
        (("count", "--part", "1/2", "--vocab", "V", "--phrases", "V"), "join the phrases first"),
        (("count", "--part", "1/2", "--vocab", "V", "--sample", "1"), "wordvec vocab --part"),
    ],
)
def test_mistakes_cost_one_line(run, tmp_path, texts, command, message):
    (tmp_path / "V").write_text("one 3\n")
    args = [tmp_path / "V" if arg == "V" else arg for arg in command[1:]]
    code, _, err = run(command[0], *texts, "-o", tmp_path / "out", *args)
    assert code in (1, 2)
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_vocab_merge_has_a_table_and_variables_of_its_own(run, tmp_path, texts, monkeypatch):
    run("vocab", *texts, "-o", tmp_path / "v.txt")
    (tmp_path / "c.toml").write_text("[vocab]\nmin-count = 3\n[vocab.merge]\nmax-vocab = 2\n")
    code, _, err = run(
        "vocab",
        "merge",
        tmp_path / "v.txt",
        "-o",
        tmp_path / "w.txt",
        "--config",
        tmp_path / "c.toml",
    )
    assert (code, len((tmp_path / "w.txt").read_text().splitlines())) == (0, 2), err
    again = run("vocab", *texts, "-o", tmp_path / "x.txt", "--config", tmp_path / "c.toml")
    assert again[0] == 0, again
    monkeypatch.setenv("WORDVEC_VOCAB_MERGE_MAX_VOCAB", "1")
    assert run("vocab", *texts, "-o", tmp_path / "y.txt")[0] == 0
    assert run("vocab", "merge", tmp_path / "v.txt", "-o", tmp_path / "z.txt")[0] == 0
    assert len((tmp_path / "z.txt").read_text().splitlines()) == 1
