"""Counting against a plain double loop; the same bytes however it is cut or interrupted."""

import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest
from count_kit import corpus_of, tiny_blocks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordvec.counts.counting import count as cooccurrence
from wordvec.counts.counting.budget import Plan
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import Shards
from wordvec.counts.tiles import Rows, build_tiles, split_tile, tile_bytes
from wordvec.errors import ShardError
from wordvec.native.corpus import cooc
from wordvec.text.corpus import encode
from wordvec.text.spool import in_memory

__all__ = ["tiny_blocks"]

FILES = ["tiles.bin", "manifest.json", "vocab.txt", "marginals.f64"]


def by_hand(ids, V, window):
    """The matrix by the definition, in exact fractions."""
    weight, unit = window.weights()
    matrix = [[Fraction(0)] * V for _ in range(V)]
    for p, centre in enumerate(ids):
        if centre < 0:
            continue
        for side, step in (("left", -1), ("right", 1)):
            if window.direction not in ("symmetric", side):
                continue
            q = p + step
            while 0 <= q < len(ids) and abs(q - p) <= window.window and ids[q] != -1:
                if ids[q] >= 0:
                    matrix[centre][ids[q]] += Fraction(int(weight[abs(q - p)]), unit)
                q += step
    return np.array(matrix, dtype=float)


@pytest.mark.parametrize("weighting", ["harmonic", "linear", "flat"])
@pytest.mark.parametrize("direction", ["symmetric", "left", "right"])
@pytest.mark.parametrize("gaps", [False, True])
def test_counts_are_those_of_the_definition(tmp_path, weighting, direction, gaps):
    corpus = corpus_of(1, words=900, types=200)
    if gaps:
        ids = corpus.ids.copy()
        ids[ids >= 15] = -2
        corpus = type(corpus)(corpus.vocab, ids, int((ids >= 0).sum()), corpus.stats)
    window = Window(window=4, weighting=weighting, direction=direction)
    shards = count(corpus, tmp_path / "s", window)
    expected = by_hand(corpus.ids.tolist(), len(corpus.vocab), window)
    np.testing.assert_allclose(shards.sparse().toarray(), expected, rtol=1e-7)
    rows, cols = shards.marginals
    np.testing.assert_allclose(rows, expected.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(cols, expected.sum(axis=0), rtol=1e-12)
    shards.verify()


@pytest.mark.parametrize("unit", [1, 3, 360360, 1 << 24])
def test_units_are_exact_on_both_sides_of_what_a_float_holds(unit):
    exact = [1, 360360, (1 << 22) - 1, 1 << 22, (1 << 22) + 1, (1 << 24) + 1, (1 << 31) + 3]
    exact += [(1 << 23) + 5, (1 << 40) + 12345]
    n = len(exact)
    nnz = np.array([n] + [0] * (n - 1), np.uint32)
    rows = Rows(nnz, np.arange(n, dtype=np.uint32), np.array(exact, np.uint64))
    built = build_tiles(n, 0, rows, unit=unit, symmetric=False)
    entry = built.entries[0]
    tile = split_tile(built.buffers[0], n, entry.nnz, entry.fixes)
    assert tile.units(unit).tolist() == exact
    assert set(tile.fix_at.tolist()) <= set(range(4, n))  # below 2^22 floats are enough
    assert built.sums[0].tolist() == [sum(exact)] + [0] * (n - 1)


@pytest.mark.parametrize(
    ("cols", "cells", "message"),
    [([0, 4], (1, 1), "out of range"), ([0, 2], (1, 1), "sizes"), ([0, 1], (1, 2), "sizes")],
)
def test_tiles_that_do_not_fit_their_cells_are_refused(cols, cells, message):
    """Two tiles of a row with two cells, over four words."""
    nnz, units = np.array([2, 0], np.uint32), np.array([1, 1], np.uint64)
    tiles = [split_tile(memoryview(bytearray(tile_bytes(2, n, 0))), 2, n, 0) for n in cells]
    sums = np.zeros((2, 4), np.uint64)
    with pytest.raises(ValueError, match=message):
        cooc.tile_fill(nnz, np.array(cols, np.uint32), units, 0, 1, False, tiles, *sums)


@pytest.mark.parametrize("k", [1, 2, 3, 16, 17, 63, 64, 1000, 32767])
def test_columns_are_dealt_to_tiles_by_their_remainder(k):
    """Division is by multiplication: at the ends of its range and beside multiples of k."""
    most = min(65536 * k, (1 << 31) - 1)
    near = {0, 1, k - 1, k, k + 1, most // 2 // k * k, most // 2 // k * k - 1, most - 2, most - 1}
    cols = np.array(sorted(c for c in near if 0 <= c < most), np.uint32)
    sizes = np.empty((k, 2), np.int64)
    nnz = np.array([len(cols)], np.uint32)
    cooc.tile_sizes(nnz, cols, np.ones(len(cols), np.uint64), 1, sizes)
    assert sizes[:, 0].tolist() == np.bincount(cols % np.uint32(k), minlength=k).tolist()


@pytest.mark.parametrize("column", [2**31, 2**32 - 1])
def test_a_column_that_no_word_has_is_refused_before_tiles_are_sized(column):
    nnz, cols, units = (
        np.array([1], np.uint32),
        np.array([column], np.uint32),
        np.ones(1, np.uint64),
    )
    for k in (1, 3, 17):
        with pytest.raises(ValueError, match="a column is out of range"):
            cooc.tile_sizes(nnz, cols, units, 1, np.empty((k, 2), np.int64))


def test_harmonic_weights_are_exact_as_long_as_they_fit():
    weight, unit = Window(window=10).weights()
    assert unit == 2520
    assert weight[1:].tolist() == [2520 // d for d in range(1, 11)]
    weight, unit = Window(window=60).weights()
    assert unit == 1 << 24
    assert weight[60] == round((1 << 24) / 60)


def read_all(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return {name: (folder / name).read_bytes() for name in FILES}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10),
    block=st.integers(50, 1500),
    threads=st.integers(1, 3),
    window=st.integers(1, 60),
)
def test_bytes_do_not_depend_on_blocks_threads_or_merges(
    tiny_blocks, tmp_path_factory, seed, block, threads, window
):
    corpus = corpus_of(seed, words=1500)
    folder = tmp_path_factory.mktemp("shards")
    options = Window(window=window)
    count(corpus, folder / "whole", options, memory=10**9)
    count(corpus, folder / "parts", options, memory=block, threads=threads)
    assert read_all(folder / "whole") == read_all(folder / "parts")
    assert sorted(p.name for p in folder.iterdir()) == ["parts", "whole"]


def _count_in_child(folder):
    cooccurrence.plan_blocks = lambda corpus, *_: Plan(1, len(corpus.ids) / 100)
    cooccurrence.FAN_IN = 3
    count(corpus_of(5, words=4000), folder, Window(window=8), force=True)


def test_killed_again_and_again_it_ends_in_the_same_bytes(tmp_path):
    count(corpus_of(5, words=4000), tmp_path / "reference", Window(window=8))
    rng = random.Random(3)
    context = multiprocessing.get_context("fork")
    killed = 0
    for _ in range(10):
        child = context.Process(target=_count_in_child, args=(tmp_path / "s",))
        child.start()
        time.sleep(rng.uniform(0.005, 0.12))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        killed += child.exitcode == -signal.SIGKILL
    assert killed
    child = context.Process(target=_count_in_child, args=(tmp_path / "s",))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert read_all(tmp_path / "s") == read_all(tmp_path / "reference")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["reference", "s"]


def test_a_full_disk_is_an_error_and_the_count_goes_on_later(tmp_path, tiny_blocks, monkeypatch):
    corpus = corpus_of(6)
    real, calls = cooccurrence.write_run, []

    def failing(path, rows):
        calls.append(path)
        if len(calls) == 4:
            raise OSError(28, "No space left on device", str(path))
        real(path, rows)

    monkeypatch.setattr(cooccurrence, "write_run", failing)
    with pytest.raises(OSError, match="No space left"):
        count(corpus, tmp_path / "s", memory=500)
    assert not (tmp_path / "s").exists()
    done = len(calls) - 1
    calls.clear()
    calls.extend([None] * 10)
    count(corpus, tmp_path / "s", memory=500)
    count(corpus, tmp_path / "t", memory=10**9)
    assert read_all(tmp_path / "s") == read_all(tmp_path / "t")
    assert done == 3


def limited(size, *args):
    """`wordvec ARGS` where no file can grow beyond `size` bytes: (exit code, standard error)."""
    code = (
        "import resource, sys; from wordvec.cli import main; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY)); "
        "main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_write_that_fails_is_one_line_and_the_same_command_goes_on(tmp_path):
    text = tmp_path / "t.txt"
    rng = random.Random(2)
    text.write_text(
        "\n".join(" ".join(f"w{rng.randrange(400)}" for _ in range(20)) for _ in "x" * 500)
    )
    command = ["count", text, "-o", tmp_path / "s", "--quiet"]
    code, err = limited(1 << 17, *command)
    assert code == 1
    assert err.startswith(
        f"wordvec: error: {tmp_path}/s.partial/made: File too large: make room; the "
    )
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "s").exists()
    assert limited(1 << 40, *command) == (0, "")
    count(encode(text), tmp_path / "t")
    assert read_all(tmp_path / "s") == read_all(tmp_path / "t")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s", "t", "t.txt"]


def test_a_count_goes_on_with_the_blocks_that_it_began_with(tmp_path, tiny_blocks, monkeypatch):
    corpus = corpus_of(6)
    real, calls = cooccurrence.write_run, []

    def failing(path, rows):
        calls.append(path.name)
        if len(calls) == 3:
            raise OSError(28, "No space left on device", str(path))
        real(path, rows)

    monkeypatch.setattr(cooccurrence, "write_run", failing)
    with pytest.raises(OSError, match="No space left"):
        count(corpus, tmp_path / "s", memory=500)
    begun, calls[:] = set(calls[:2]), ["", "", ""]
    count(corpus, tmp_path / "s", memory=2000)
    assert not begun & set(calls)
    assert len(calls) > 5
    count(corpus, tmp_path / "t", memory=2000)
    assert read_all(tmp_path / "s") == read_all(tmp_path / "t")


def test_ids_beyond_the_budget_lie_in_a_file_and_count_the_same(tmp_path):
    corpus = corpus_of(11, words=5000)
    mapped = corpus_of(11, words=5000, memory=8000, threads=3)
    assert isinstance(mapped.ids, np.memmap)
    assert not isinstance(corpus.ids, np.memmap)
    assert np.array_equal(in_memory(mapped.ids, 7, 4000), corpus.ids[7:4000])
    for name, each, options in (("s", corpus, {}), ("t", mapped, {"memory": 1 << 20})):
        count(each, tmp_path / name, sample=1e-2, **options)
    assert read_all(tmp_path / "s") == read_all(tmp_path / "t")


def test_an_existing_folder_is_kept_unless_forced(tmp_path):
    corpus = corpus_of(8)
    count(corpus, tmp_path / "s", Window(window=2))
    before = read_all(tmp_path / "s")
    with pytest.raises(FileExistsError, match="force=True"):
        count(corpus, tmp_path / "s", Window(window=3))
    assert read_all(tmp_path / "s") == before
    count(corpus, tmp_path / "s", Window(window=3), force=True)
    assert Shards(tmp_path / "s").manifest["window"] == 3


@pytest.fixture
def shards(tmp_path):
    return count(corpus_of(9), tmp_path / "s")


def test_every_flipped_byte_of_the_tiles_is_found(shards):
    file = shards.path / "tiles.bin"
    data = bytearray(file.read_bytes())
    used = [
        at
        for i in range(shards.k**2)
        for entry in [shards._entries[i]]
        for at in range(entry.offset, entry.offset + 6 * entry.nnz)
    ]
    for at in random.Random(1).sample(used, 60):
        data[at] ^= 0x10
        file.write_bytes(data)
        with pytest.raises(ShardError, match="damaged"):
            Shards(shards.path).verify()
        data[at] ^= 0x10


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_or_missing_file_is_named(shards, name):
    path = shards.path / name
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ShardError, match=name.split(".")[0]):
        Shards(shards.path).verify()
    path.unlink()
    with pytest.raises(ShardError):
        Shards(shards.path).verify()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", 2, "shards of format 2, this wordvec reads 1"),
        ("format", "x", "not the manifest of a folder of shards"),
        ("tiles", -1, "tiles is -1"),
        ("tiles", 10**9, "tiles is 1000000000"),
        ("words", 0, "words is 0"),
        ("words", 1 << 40, "words is 1099511627776"),
        ("entries", [[0, 1, 2]], "damaged"),
        ("entries", None, "damaged"),
        ("unit", "a", "unit"),
        ("unit", 0, "unit"),
        ("unit", True, "unit"),
        ("symmetric", "no", "symmetric"),
        ("symmetric", None, "symmetric"),
        ("corpus_tokens", "many", "corpus_tokens"),
        ("corpus_tokens", -1, "corpus_tokens"),
        ("entries", [[0, 0, 0, "x", -1]], "an entry of the tile table is not a row of numbers"),
        ("entries", [[0, 0.5, 0, 0, 0]], "an entry of the tile table is not a row of numbers"),
        ("entries", {}, "the tile table does not fit"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(shards, key, value, message):
    path = shards.path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest[key] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(ShardError, match=f"manifest.*{re.escape(message)}"):
        Shards(shards.path)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "[" * 100_000, '{"format": "wordvec shards"}', "\x00"]
)
def test_a_manifest_that_is_none_is_refused(shards, text):
    (shards.path / "manifest.json").write_text(text)
    with pytest.raises(ShardError, match=r"manifest|format"):
        Shards(shards.path)


def test_marginals_that_are_missing_or_short_are_named(shards):
    path = shards.path / "marginals.f64"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ShardError, match=r"marginals\.f64"):
        _ = shards.marginals
    path.unlink()
    with pytest.raises(ShardError, match=r"marginals\.f64"):
        _ = shards.marginals


def test_a_tile_that_points_beyond_the_file_is_refused(shards):
    path = shards.path / "manifest.json"
    manifest = json.loads(path.read_text())
    for column, value in ((0, 1 << 50), (1, 1 << 50), (2, 1 << 50), (0, -64)):
        broken = json.loads(path.read_text())
        broken["entries"][1][column] = value
        path.write_text(json.dumps(broken))
        with pytest.raises(ShardError):
            Shards(shards.path)
        path.write_text(json.dumps(manifest))


def test_a_folder_that_is_not_there_or_not_ours(tmp_path):
    with pytest.raises(ShardError, match="no such folder"):
        Shards(tmp_path / "none")
    with pytest.raises(ShardError, match="not a shard folder"):
        Shards(tmp_path)
