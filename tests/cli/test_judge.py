"""wordvec eval and wordvec bias from the command line."""

import json

import numpy as np
import pytest

import wordvec
from wordvec.cli import main


class Words:
    def __init__(self):
        self.index_to_key = [f"w{i}" for i in range(40)]
        self.key_to_index = {word: row for row, word in enumerate(self.index_to_key)}
        self.vectors = np.random.default_rng(1).standard_normal((40, 6)).astype(np.float32)
        self.meta = {}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Vectors that `wordvec.load` gives, pairs, and a file of association tests."""
    monkeypatch.setattr(wordvec, "load", lambda path: Words(), raising=False)
    vectors, pairs, tests = (tmp_path / name for name in ("v.wv", "pairs.tsv", "own.toml"))
    vectors.write_bytes(b"")
    pairs.write_text("\n".join(f"w{i}\tw{i + 1}\t{i % 5}" for i in range(30)))
    tests.write_text(
        '[own]\nX = ["w1", "w2"]\nY = ["w3", "w4"]\nA = ["w5", "w6"]\nB = ["w7", "w8"]\n'
    )
    return vectors, pairs, tests


def call(capsys, *args):
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in args])
    captured = capsys.readouterr()
    return exit_.value.code, captured.out, captured.err


def test_eval_prints_records_and_writes_reports(files, capsys, tmp_path):
    vectors, pairs, _ = files
    code, out, err = call(
        capsys,
        "eval",
        vectors,
        "--dataset",
        pairs,
        "--format",
        "json",
        "--json",
        tmp_path / "r.json",
        "--markdown",
        tmp_path / "r.md",
    )
    assert code == 0
    (row,) = json.loads(out)
    assert (row["dataset"], row["answered"], row["asked"]) == ("pairs", 30, 30)
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["results"]["similarity"][0]["score"] == row["score"]
    assert "Similarity" in (tmp_path / "r.md").read_text()
    assert "v: pairs" in err


def test_bias_reads_tests_from_a_file(files, capsys):
    vectors, _, tests = files
    code, out, err = call(capsys, "bias", vectors, "--test", tests, "--format", "tsv", "--quiet")
    assert code == 0
    header, row = out.strip().split("\n")
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True))["dataset"] == "own"
    assert err == ""


def test_lists_that_are_missing_end_with_one_line(files, capsys):
    vectors, _, _ = files
    code, out, err = call(capsys, "bias", vectors, "--test", "weat6", "--quiet")
    assert (code, out) == (1, "")
    assert "refused" in err
    assert err.count("\n") == 1


def test_a_malformed_set_ends_with_its_line(files, capsys, tmp_path):
    (tmp_path / "bad.tsv").write_text("w1\tw2\t3\nw1\tw2\tmany\n")
    code, _, err = call(capsys, "eval", files[0], "--dataset", tmp_path / "bad.tsv", "--quiet")
    assert code == 1
    assert "bad.tsv:2: found 'many' as score" in err


def test_an_unknown_test_is_a_usage_error(files, capsys):
    code, _, err = call(capsys, "bias", files[0], "--test", "weat11")
    assert code == 2
    assert "no test 'weat11'" in err


def test_a_gate_that_does_not_hold_ends_with_3(files, capsys, tmp_path):
    vectors, pairs, _ = files
    common = ("eval", vectors, "--dataset", pairs, "--quiet")
    assert call(capsys, *common, "--fail-under", "pairs=-1")[0] == 0
    code, out, err = call(capsys, *common, "--fail-under", "pairs=.99")
    assert code == 3
    assert "pairs" in out
    assert "failed: v: pairs" in err
    assert "< 0.99" in err


@pytest.mark.parametrize(
    ("gate", "message"), [("pairs", "not NAME=NUMBER"), ("men=.5", "no such dataset")]
)
def test_a_gate_that_means_nothing_is_a_usage_error(files, capsys, gate, message):
    vectors, pairs, _ = files
    code, _, err = call(
        capsys, "eval", vectors, "--dataset", pairs, "--quiet", "--fail-under", gate
    )
    assert code == 2
    assert message in err


def test_a_report_that_exists_needs_force(files, capsys, tmp_path):
    vectors, pairs, _ = files
    report = tmp_path / "r.json"
    report.write_text("mine")
    command = ("eval", vectors, "--dataset", pairs, "--quiet", "--json", report)
    code, out, err = call(capsys, *command)
    assert (code, out) == (1, "")
    assert "--force" in err
    assert report.read_text() == "mine"
    assert call(capsys, *command, "--force")[0] == 0
    assert json.loads(report.read_text())["schema"]


def test_a_suite_gives_sets_and_says_what_is_absent(files, capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("WORDVEC_DATA", raising=False)
    suite = tmp_path / "suite.toml"
    suite.write_text(
        '[[dataset]]\nname = "near"\nfiles = ["pairs.tsv"]\n'
        '[[dataset]]\nname = "far"\nfiles = ["nowhere.tsv"]\n'
    )
    code, out, err = call(capsys, "eval", files[0], "--suite", suite, "--quiet", "--format", "json")
    assert code == 0
    assert [row["dataset"] for row in json.loads(out)] == ["near"]
    assert "far" not in out
    assert err.count("\n") == 1
    assert err.startswith("1 of 2 sets not found: far; set WORDVEC_DATA")


def test_a_folder_of_sets_is_a_suite(files, capsys, tmp_path):
    folder = tmp_path / "sets"
    folder.mkdir()
    (folder / "one.tsv").write_text(files[1].read_text())
    (folder / "two.tsv").write_text(files[1].read_text())
    code, out, _ = call(capsys, "eval", files[0], "--suite", folder, "--quiet", "--format", "json")
    assert code == 0
    assert [row["dataset"] for row in json.loads(out)] == ["one", "two"]


def test_a_set_that_changed_is_refused_by_its_suite(files, capsys, tmp_path):
    suite = tmp_path / "suite.toml"
    suite.write_text(f'[[dataset]]\nname = "near"\nfiles = [["pairs.tsv", "{"0" * 64}"]]\n')
    code, _, err = call(capsys, "eval", files[0], "--suite", suite, "--quiet")
    assert code == 1
    assert "checksum" in err


def test_several_models_are_compared(files, capsys, tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    vectors, pairs, _ = files
    other = tmp_path / "other.wv"
    other.write_bytes(b"")
    report = tmp_path / "r.json"
    code, out, _ = call(
        capsys,
        "eval",
        vectors,
        other,
        "--dataset",
        pairs,
        "--quiet",
        "--json",
        report,
        "--html",
        tmp_path / "r.html",
    )
    assert code == 0
    assert "other" in out
    (comparison,) = json.loads(report.read_text())["comparisons"]
    assert (comparison["first"], comparison["second"]) == ("v", "other")
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")


def test_measures_of_bias_are_chosen_by_name(files, capsys):
    vectors, _, tests = files
    command = ("bias", vectors, "--test", tests, "--quiet", "--format", "json")
    code, out, _ = call(capsys, *command, "--measure", "mac", "--measure", "rnd")
    assert code == 0
    assert [row["measure"] for row in json.loads(out)] == [
        "rnd",
        "mac",
    ]
    code, _, err = call(capsys, *command, "--measure", "vibes")
    assert code == 2
    assert "measure must be one of" in err
