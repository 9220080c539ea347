"""Shards whose files are damaged or hostile: the library's error, with the file and the place."""

import json
import shutil
import zlib

import numpy as np
import pytest
from count_kit import corpus_of

import wordvec
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import Shards
from wordvec.errors import ShardError

MODELS = {
    "glove": wordvec.GloVe,
    "swivel": wordvec.Swivel,
    "ppmi": wordvec.PPMI,
    "count-skipgram": wordvec.CountSkipGram,
}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "s"
    return count(corpus_of(3, words=3000, types=120), folder, Window(window=3)).path


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "s")


def train(name, folder):
    options = {"epochs": 1, "threads": 1} if name != "ppmi" else {}
    return MODELS[name](vector_size=4, **options).fit(folder)


def seal(folder, **changes):
    """Checksums of the manifest that fit the files."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    manifest["marginals_crc32"] = zlib.crc32((folder / "marginals.f64").read_bytes())
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("value", [-1e9, np.inf, np.nan])
def test_marginals_that_are_no_sums_are_refused_by_every_model(name, value, folder):
    marginals = np.fromfile(folder / "marginals.f64")
    marginals[len(marginals) // 2 + 3] = value
    marginals.tofile(folder / "marginals.f64")
    seal(folder)
    with pytest.raises(ShardError, match=r"marginals\.f64: the sum of column 3 is"):
        train(name, folder)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("file", ["marginals.f64", "vocab.txt", "tiles.bin"])
def test_a_flipped_bit_never_trains(name, file, folder):
    """The lowest bit of a value, which leaves a number like any other: only the checksum knows."""
    shards = Shards(folder)
    data = bytearray((folder / file).read_bytes())
    if file == "tiles.bin":
        at = shards.entry(0, 0).offset + 4 * len(shards.tile(0, 0).row_ptr)
    else:
        at = data.index(b" ") + 1 if file == "vocab.txt" else 16
    data[at] ^= 1
    (folder / file).write_bytes(data)
    with pytest.raises(ShardError, match=f"{file}.*(checksum|damaged)"):
        train(name, folder)


def test_a_tile_is_checked_once(folder, monkeypatch):
    shards, seen, real = Shards(folder), [], zlib.crc32
    monkeypatch.setattr(zlib, "crc32", lambda *args: seen.append(1) or real(*args))
    for _ in range(3):
        shards.tile(0, 0)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"window": "x"},
        {"window": 0},
        {"window": 1 << 70},
        {"window": None},
        {"window": [3]},
        {"weighting": "heavy"},
        {"direction": 7},
        {"corpus_tokens": -1},
        {"corpus_tokens": "many"},
        {"symmetric": 1},
        {"tiles": 0},
        {"words": 1 << 40},
        {"unit": 0},
        {"entries": 5},
        {"entries": [[0, 0, 0, "x", 0]]},
        {"kind": None, "unit": 1.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["glove", "swivel"])
def test_a_hostile_manifest_is_named(name, changes, folder):
    seal(folder, **changes)
    with pytest.raises(ShardError, match=r"manifest\.json"):
        train(name, folder)
