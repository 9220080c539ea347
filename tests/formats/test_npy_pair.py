"""A .npy file and its list of words are two files, which may be of different writes."""

import numpy as np
import pytest

from wordvec import WordVectors, formats
from wordvec.errors import FormatError


def pair(path, words, seed):
    rows = np.random.default_rng(seed).standard_normal((len(words), 3)).astype(np.float32)
    formats.save(WordVectors(words, rows), path, force=True)
    return rows


def test_a_list_of_another_write_is_refused(tmp_path):
    rows = pair(tmp_path / "a.npy", ["x", "y"], 1)
    pair(tmp_path / "b.npy", ["y", "x"], 2)
    assert np.array_equal(formats.load(tmp_path / "a.npy").vectors, rows)
    (tmp_path / "b.words.txt").replace(tmp_path / "a.words.txt")
    message = r"a\.words\.txt: line 1: these are not the words of .*a\.npy"
    with pytest.raises(FormatError, match=message):
        formats.load(tmp_path / "a.npy")


def test_other_readers_pass_over_the_checksum(tmp_path):
    rows = pair(tmp_path / "a.npy", ["x", "y"], 1)
    assert np.array_equal(np.load(tmp_path / "a.npy"), rows)
    assert np.array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), rows)


def test_a_pair_of_another_program_has_none(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    (tmp_path / "a.words.txt").write_text("x\ny\n")
    assert list(formats.load(tmp_path / "a.npy")) == ["x", "y"]


def test_neither_is_written_when_one_exists(tmp_path):
    (tmp_path / "a.words.txt").write_text("mine\n")
    with pytest.raises(FileExistsError, match=r"a\.words\.txt"):
        formats.save(WordVectors(["x"], np.ones((1, 2), np.float32)), tmp_path / "a.npy")
    assert [p.name for p in tmp_path.iterdir()] == ["a.words.txt"]
