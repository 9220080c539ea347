"""Files that change or vanish under a reader, and files that come through a pipe."""

import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest

import wordvec
from wordvec import formats
from wordvec.errors import StoreError

# Threads of one test would cut or remove the same file (make parallel).
pytestmark = pytest.mark.thread_unsafe


@pytest.fixture
def path(tmp_path):
    rows = np.random.default_rng(1).standard_normal((3000, 40)).astype(np.float32)
    wordvec.WordVectors([f"w{i}" for i in range(3000)], rows).save(tmp_path / "v.wv")
    return tmp_path / "v.wv"


def test_vectors_in_memory_outlive_a_file_that_is_cut_short(path):
    wv = wordvec.load(path, mmap=False)
    right = wordvec.load(path).vectors.copy()
    os.truncate(path, 10)
    assert np.array_equal(wv.vectors, right)
    assert np.array_equal(pickle.loads(pickle.dumps(wv)).vectors, right)
    with pytest.raises(StoreError, match="truncated"):
        wordvec.load(path, mmap=False)


def test_a_mapped_file_that_is_cut_short_kills_its_reader_as_documented(path):
    code = (
        "import os, sys, wordvec\n"
        "wv = wordvec.load(sys.argv[1]); os.truncate(sys.argv[1], 4096); print(wv.vectors.sum())"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False)
    assert done.returncode == -signal.SIGBUS


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_mapped_file_that_is_replaced_or_removed_stays_readable(change, path):
    wv = wordvec.load(path)
    right = wordvec.load(path, mmap=False).vectors
    if change == "removed":
        path.unlink()
    else:
        wordvec.WordVectors(["a"], np.ones((1, 2), np.float32)).save(path, force=True)
    assert np.array_equal(wv.vectors, right)


@pytest.mark.parametrize("suffix", [".wv", ".txt", ".bin"])
def test_vectors_come_through_a_pipe(suffix, path):
    source = path if suffix == ".wv" else path.with_suffix(suffix)
    if suffix != ".wv":
        formats.save(wordvec.load(path), source)
    command = f'"$1" -m wordvec neighbors <(cat "{source}") w1 -k 1'
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[1].startswith(b"w1 ")
