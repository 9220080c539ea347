"""Small files that would become large: nothing that is read grows beyond the stated factor."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from vector_files import SAMPLES, WITHOUT_WORDS, with_ngrams

from wordvec import load
from wordvec.errors import DatasetError, FormatError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.datasets.read import MAX_GROWTH as MAX_QUESTIONS
from wordvec.formats import FORMATS, stream
from wordvec.formats.stream import MAX_GROWTH, SMALL
from wordvec.formats.tools import spacy as spacy_reader

DOCS = Path(__file__).parents[2] / "docs" / "howto" / "formats.md"
# What is small, and the factor, in these tests, so that they are quick.
LITTLE, FACTOR = 1 << 20, 25
ZEROS = b"w 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n" * (1 << 12)


def parts(times):
    """Text vectors of a quarter of a megabyte, so many times."""
    for _ in range(times):
        yield ZEROS


def packed(opened):
    def make(folder):
        with opened(folder / "v", "wb") as file:
            for part in parts(LITTLE // len(ZEROS) + 2):
                file.write(part)
        return folder / "v"

    return make


def zipped(folder):
    with (
        zipfile.ZipFile(folder / "v", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("v.txt", "w") as file,
    ):
        for part in parts(LITTLE // len(ZEROS) + 2):
            file.write(part)
    return folder / "v"


def tarred(folder):
    """Of which tarfile reads all of a header that says it is long."""
    with gzip.open(folder / "v", "wb") as file:
        info = tarfile.TarInfo("a")
        info.type, info.size = tarfile.XHDTYPE, LITTLE + (1 << 20)
        file.write(info.tobuf())
        for part in parts(LITTLE // len(ZEROS) + 2):
            file.write(part)
    return folder / "v"


def magnitude(folder):
    """Rows of a word, and columns that came later: a default, which is not in the file."""
    base = sqlite3.connect(folder / "v")
    base.execute("CREATE TABLE magnitude (key TEXT)")
    base.execute("CREATE TABLE magnitude_format (key TEXT, value INTEGER)")
    base.executemany(
        "INSERT INTO magnitude_format VALUES (?, ?)", [("dim", 1000), ("precision", 7)]
    )
    base.executemany("INSERT INTO magnitude (key) VALUES (?)", ((f"{i}",) for i in range(1500)))
    for i in range(1000):
        base.execute(f"ALTER TABLE magnitude ADD COLUMN dim_{i} INTEGER DEFAULT 7")
    base.commit()
    base.close()
    return folder / "v"


def spacy(folder):
    """Words that share one long row."""
    from wordvec.formats.tools.spacy import murmur64

    words = [f"{i}" for i in range(2000)]
    place = folder / "vectors"
    place.mkdir()
    rows = b"".join(b"\xcf" + struct.pack(">Q", murmur64(w.encode())) + b"\0" for w in words)
    (place / "key2row").write_bytes(b"\xde" + struct.pack(">H", len(words)) + rows)
    array = io.BytesIO()
    np.save(array, np.zeros((1, 1 << 14), np.float32))
    (place / "vectors").write_bytes(array.getvalue())
    (place / "strings.json").write_text(json.dumps(words))
    return place


def hdf5(folder):
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "v", "w") as file:
        group = file.create_group("mat")
        group["axis0"] = np.arange(64)
        group["axis1"] = np.arange(1 << 20).astype("S7")
        group.create_dataset("block0_values", (1 << 20, 1024), np.int8, chunks=True)
    return folder / "v"


def parquet(folder):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rows = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(1 << 23, np.float32)), 1 << 12)
    words = pa.array([f"{i}" for i in range(1 << 11)])
    pq.write_table(pa.table({"word": words, "vector": rows}), folder / "v")
    return folder / "v"


def one_word(folder):
    """A long word that is there many times, once in the file."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(400, np.int32)), ["w" * (1 << 16)])
    rows = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(400, np.float32)), 1)
    pq.write_table(pa.table({"word": words, "vector": rows}), folder / "v")
    return folder / "v"


def quantised(folder):
    """A fastText model of many parts' codes for one wide row."""
    cols, rows = 1 << 10, 1 << 18
    out = struct.pack("<ii12id", 793712314, 12, cols, 5, 1, 1, 5, 1, 2, 2, 0, 0, 0, 100, 1e-4)
    out += (
        struct.pack("<iiiqq", 0, 0, 0, 10, -1)
        + b"\1"
        + b"\0"
        + struct.pack("<qqi", rows, cols, rows)
    )
    out += bytes(rows) + struct.pack("<4i", cols, 1, cols, cols) + bytes(4 * cols * 256)
    (folder / "v").write_bytes(out)
    return folder / "v"


BOMBS = {
    "gzip": packed(gzip.open),
    "bzip2": packed(bz2.open),
    "xz": packed(lzma.open),
    "zip": zipped,
    "tar": tarred,
    "magnitude": magnitude,
    "spacy": spacy,
    "hdf5": hdf5,
    "parquet": parquet,
    "parquet of one word": one_word,
    "fasttext": quantised,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_would_grow_too_much_is_refused(tmp_path, monkeypatch, kind):
    path = BOMBS[kind](tmp_path)
    for module in (stream, spacy_reader):
        monkeypatch.setattr(module, "SMALL", LITTLE)
        monkeypatch.setattr(module, "MAX_GROWTH", FACTOR)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=rf"({FACTOR} times|there twice)"):
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = sum(each.stat().st_size for each in [path, *path.glob("*")] if each.is_file())
    assert peak < 2 * max(LITTLE, FACTOR * size) + (32 << 20)  # buffers of the readers


def test_a_bomb_is_read_once_it_is_unpacked(tmp_path):
    """The limit is one of packing, not of what vectors may be."""
    lines = b"".join(b"w%d" % i + b" 0" * 64 + b"\n" for i in range(4000))
    (tmp_path / "v").write_bytes(lines)
    (tmp_path / "v.gz").write_bytes(gzip.compress(lines))  # some 70 times smaller, but small
    assert len(load(tmp_path / "v")) == len(load(tmp_path / "v.gz")) == 4000


@pytest.mark.parametrize("name", [*SAMPLES, *WITHOUT_WORDS, "words of one letter"])
def test_memory_of_every_reader_keeps_within_the_factor(tmp_path, name):
    """Samples are small, so what is said of small files holds; short words in text are the worst
    that lawful text can do."""
    if name == "words of one letter":
        path = tmp_path / "v"
        path.write_bytes(b"".join(b"w%x 1\n" % i for i in range(1 << 14)))
    elif name in WITHOUT_WORDS:
        path = with_ngrams(tmp_path, name)
    else:
        if name in ("hdf5", "parquet"):
            pytest.importorskip({"hdf5": "h5py", "parquet": "pyarrow"}[name])
        path = SAMPLES[name](tmp_path)
    load(path)
    tracemalloc.start()
    load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = sum(each.stat().st_size for each in [path, *path.glob("*")] if each.is_file())
    assert peak < max(SMALL, MAX_GROWTH * size)


def test_properties_of_words_do_not_become_a_huge_matrix(tmp_path):
    """Each word with a property of its own: the matrix would have their square."""
    lines = [f'word{i}\t{{"property.{i}": 1.0}}' for i in range(3000)]
    (tmp_path / "q").write_text("\n".join(lines) + "\n")
    with pytest.raises(DatasetError, match="times the"):
        datasets.load(tmp_path / "q")


def test_the_factor_stands_in_the_docs():
    text = DOCS.read_text()
    section = text.split("## How much a file may grow", 1)[1].split("\n## ", 1)[0]
    assert f"{MAX_GROWTH} times" in section
    assert f"{SMALL >> 20} MB" in section
    assert f"{MAX_QUESTIONS:,} questions" in section
    for name, each in FORMATS.items():
        assert not each.reads or f"`{name}`" in section, name
