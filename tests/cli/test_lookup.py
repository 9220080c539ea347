"""The look-up commands: one library call each, one line for each error."""

import json

import numpy as np
import pytest

from wordvec import WordVectors, load


@pytest.fixture
def path(tmp_path):
    X = np.array([[1, 0], [0.9, 0.1], [0.6, 0.5], [0, 1]], np.float32)
    wv = WordVectors(["king", "queen", "man", "sky"], X, meta={"model": "skipgram"})
    wv.save(tmp_path / "v.wv")
    return str(tmp_path / "v.wv")


def test_neighbors(run, path):
    code, out, _ = run("neighbors", path, "king", "sky", "-k", 2, "--format", "json")
    rows = json.loads(out)
    assert code == 0
    assert [(r["word"], r["neighbor"]) for r in rows] == [
        ("king", "queen"),
        ("king", "man"),
        ("sky", "man"),
        ("sky", "queen"),
    ]


def test_similarity_and_analogy(run, path):
    code, out, _ = run("similarity", path, "king", "queen", "--format", "tsv")
    assert code == 0
    assert float(out.split()[-1]) == pytest.approx(0.9 / np.hypot(0.9, 0.1))
    for more in ([], ["--cosmul"]):
        code, out, _ = run("analogy", path, "king", "queen", "man", "-k", 1, *more)
        assert code == 0
        assert out.split()[2] == "sky"


def test_an_unknown_word_is_one_line_with_the_nearest(run, path):
    code, out, err = run("neighbors", path, "kingg")
    assert (code, out) == (1, "")
    assert err == "wordvec: error: no word 'kingg'; nearest known spellings: 'king'\n"
    # The words that are known are answered all the same, and the exit code says that one is not.
    code, out, err = run("neighbors", path, "king", "kingg", "-k", 1, "--format", "json")
    assert code == 1
    assert [(r["word"], r["neighbor"]) for r in json.loads(out)] == [("king", "queen")]
    assert err.count("\n") == 1
    assert "'kingg'" in err


def test_contexts_are_written_when_they_are_asked_for(run, path, tmp_path):
    words = ["x", "y"]
    WordVectors(words, [[1, 2], [3, 4]], contexts=[[5, 6], [7, 8]]).save(tmp_path / "both.wv")
    assert run("convert", tmp_path / "both.wv", tmp_path / "c.txt", "--contexts")[0] == 0
    assert load(tmp_path / "c.txt").vectors.tolist() == [[5, 6], [7, 8]]
    code, _, err = run("convert", path, tmp_path / "d.txt", "--contexts")
    assert code == 1
    assert "no context vectors" in err


def test_convert_there_and_back(run, path, tmp_path):
    assert run("convert", path, tmp_path / "v.txt")[0] == 0
    assert run("convert", tmp_path / "v.txt", tmp_path / "w.wv")[0] == 0
    np.testing.assert_array_equal(load(tmp_path / "w.wv").vectors, load(path).vectors)
    code, _, err = run("convert", path, tmp_path / "w.wv")
    assert code == 1
    assert "exists already" in err
    assert run("convert", path, tmp_path / "w.wv", "--force")[0] == 0
    code, _, err = run("convert", path, tmp_path / "w.xyz")
    assert (code, "'.xyz'" in err) == (2, True)


def test_info_of_a_file_and_of_the_machine(run, path):
    code, out, _ = run("info", path, "--format", "json")
    card = json.loads(out)[0]
    assert code == 0
    assert (card["words"], card["dimensions"], card["meta.model"]) == (4, 2, "skipgram")
    code, out, _ = run("info", "--format", "json")
    machine = json.loads(out)[0]
    assert code == 0
    assert {"isa", "threads", "blas", "glove_block_bytes"} <= set(machine)


def test_verify_says_whole_or_what_is_wrong(run, path):
    code, out, _ = run("verify", path)
    assert code == 0
    assert "whole: 4 words" in out
    with open(path, "r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    code, out, err = run("verify", path)
    assert (code, out) == (1, "")
    assert "checksum" in err


@pytest.mark.parametrize("command", [["neighbors", "a"], ["info"], ["verify"]])
def test_files_that_cannot_be_read_are_one_line(run, tmp_path, command):
    for bad, message in ((tmp_path / "none", "No such file"), (tmp_path, "directory")):
        code, _, err = run(command[0], bad, *command[1:])
        assert code == 1
        assert message in err
        assert err.count("\n") == 1
