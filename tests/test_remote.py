"""Paths with `://`: fsspec's memory:// and file://, which need no network."""

import gzip
import random
import subprocess
import sys

import numpy as np
import pytest

import wordvec
from wordvec.counts.parts.corpus import part_corpus
from wordvec.counts.parts.spans import spans
from wordvec.counts.parts.vocabulary import vocabulary_part
from wordvec.counts.shards import is_shards
from wordvec.errors import WordvecError
from wordvec.system import remote
from wordvec.text.corpus import Part

fsspec = pytest.importorskip("fsspec", reason="needs the extra remote")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WORDVEC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def store():
    """An empty store in memory."""
    system = fsspec.filesystem("memory")
    for entry in list(system.store):
        del system.store[entry]
    return system


@pytest.fixture
def text():
    rng = random.Random(1)
    lines = (
        " ".join(f"w{int(rng.paretovariate(0.8)) % 300}" for _ in range(12)) for _ in range(400)
    )
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def shards(tmp_path, text):
    (tmp_path / "text").write_bytes(text)
    return wordvec.count(wordvec.encode(tmp_path / "text", min_count=1), tmp_path / "shards")


def uploaded(store, folder, name):
    for path in folder.iterdir():
        store.pipe_file(f"/{name}/{path.name}", path.read_bytes())
    return f"memory://{name}"


def test_texts_are_streamed_and_patterns_expanded(store, text):
    store.pipe_file("/t/a.txt", text)
    store.pipe_file("/t/b.txt.gz", gzip.compress(text))
    both = wordvec.encode("memory://t/*", min_count=1)
    one = wordvec.encode(["memory://t/a.txt"], min_count=1)
    assert both.vocab.total == 2 * one.vocab.total
    assert np.array_equal(both.ids[: len(one.ids) - 1], one.ids[:-1])
    with pytest.raises(FileNotFoundError, match=r"memory://t/\*.zst: matches no file"):
        wordvec.encode("memory://t/*.zst")
    with pytest.raises(FileNotFoundError, match="memory://t/none"):
        wordvec.encode("memory://t/none")


def test_a_local_file_as_a_url(tmp_path, text):
    (tmp_path / "text").write_bytes(text)
    url = f"file://{tmp_path}/text"
    assert np.array_equal(wordvec.encode(url).ids, wordvec.encode(tmp_path / "text").ids)


def test_parts_are_ranges_of_a_file_in_a_store(store, tmp_path, text):
    store.pipe_file("/t/a.txt", text)
    (tmp_path / "a.txt").write_bytes(text)
    urls = ["memory://t/a.txt"]
    for n in (1, 2, 3):
        there = [(s.begin, s.end) for s in spans(urls, Part(n, 3))]
        assert there == [(s.begin, s.end) for s in spans([tmp_path / "a.txt"], Part(n, 3))]
    vocabulary_part(urls, tmp_path / "v", Part(2, 3))
    vocabulary_part([tmp_path / "a.txt"], tmp_path / "w", Part(2, 3))
    assert (tmp_path / "v").read_bytes() == (tmp_path / "w").read_bytes()
    (tmp_path / "v.parts").unlink()
    found = part_corpus(urls, Part(2, 3), tmp_path / "v", window=4, across_lines=True)
    assert found.context >= 4


def test_tiles_are_read_by_range(store, shards, monkeypatch):
    url = uploaded(store, shards.path, "s")
    assert is_shards(url)
    there = wordvec.Shards(url)
    asked = []
    plain = type(store).cat_file

    def cat_file(self, path, start=None, end=None, **kwargs):
        asked.append((path, start, end))
        return plain(self, path, start=start, end=end, **kwargs)

    monkeypatch.setattr(type(store), "cat_file", cat_file)
    for a, b in zip(there.tile(0, 1), shards.tile(0, 1), strict=True):
        assert np.array_equal(a, b)
    entry = shards.entry(0, 1)
    assert len(asked) == 1
    assert asked[0][1] == entry.offset
    there.tile(0, 1)
    assert len(asked) == 1
    there.verify()
    options = {"vector_size": 8, "epochs": 2}
    a, b = (wordvec.Swivel(**options).fit(source) for source in (url, shards))
    assert np.array_equal(a.vectors_.vectors, b.vectors_.vectors)


def test_shards_in_a_store_that_are_damaged_are_told(store, shards):
    url = uploaded(store, shards.path, "s")
    data = bytearray((shards.path / "tiles.bin").read_bytes())
    entry = shards.entry(0, 1)
    data[entry.offset + 200] ^= 1
    store.pipe_file("/s/tiles.bin", bytes(data))
    with pytest.raises(wordvec.WordvecError, match=r"tile \(0, 1\)"):
        wordvec.Shards(url).tile(0, 1)
    store.pipe_file("/s/tiles.bin", bytes(data[:-100]))
    with pytest.raises(wordvec.WordvecError, match="cut short"):
        wordvec.Shards(url)


def test_a_checkpoint_is_put_into_a_store(store, shards):
    options = {"vector_size": 8}
    where = "memory://runs/one"
    whole = wordvec.Swivel(**options, epochs=3).fit(shards)
    wordvec.Swivel(**options, epochs=1).fit(shards, checkpoint=where)
    assert store.exists("/runs/one/state")
    with pytest.raises(wordvec.WordvecError, match="has a checkpoint already"):
        wordvec.Swivel(**options, epochs=3).fit(shards, checkpoint=where)
    model = wordvec.Swivel(**options, epochs=3).fit(shards, checkpoint=where, resume=True)
    assert np.array_equal(model.vectors_.vectors, whole.vectors_.vectors)


def test_vectors_are_copied_once_and_mapped(store, shards, tmp_path, cache):
    vectors = wordvec.Swivel(vector_size=8, epochs=1).fit(shards).vectors_
    vectors.save(tmp_path / "v.wv")
    store.pipe_file("/v/v.wv", (tmp_path / "v.wv").read_bytes())
    found = wordvec.load("memory://v/v.wv")
    assert np.array_equal(found.vectors, vectors.vectors)
    copies = list(cache.glob("copy-*/v.wv"))
    assert len(copies) == 1
    stamp = copies[0].stat().st_mtime_ns
    wordvec.load("memory://v/v.wv")
    assert copies[0].stat().st_mtime_ns == stamp
    assert remote.clear_cache() >= (tmp_path / "v.wv").stat().st_size
    assert not list(cache.glob("copy-*"))


def test_a_protocol_that_is_not_installed_names_the_command(monkeypatch):
    def missing(url, **kwargs):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(WordvecError, match=r"s3://b/t: s3:// needs a package: pip install s3fs"):
        wordvec.encode("s3://b/t")
    monkeypatch.undo()
    with pytest.raises(WordvecError, match="fsspec does not know nothing://"):
        wordvec.encode("nothing://b/t")


def test_plain_paths_never_import_fsspec(tmp_path, text):
    (tmp_path / "text").write_bytes(text)
    code = (
        "import sys, wordvec\n"
        f"c = wordvec.encode({str(tmp_path / 'text')!r}, min_count=1)\n"
        f"s = wordvec.count(c, {str(tmp_path / 'shards')!r})\n"
        "wordvec.Swivel(vector_size=4, epochs=1).fit(s)\n"
        "print([m for m in ('fsspec', 'dask', 'distributed') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_counts_are_put_into_a_store(store, shards, tmp_path):
    corpus = wordvec.encode(tmp_path / "text", min_count=1)
    made = wordvec.count(corpus, "memory://made/shards")
    for path in shards.path.iterdir():
        assert store.cat_file(f"/made/shards/{path.name}") == path.read_bytes()
    made.verify()
    with pytest.raises(FileExistsError, match="exists already"):
        wordvec.count(corpus, "memory://made/shards")
    with pytest.raises(ValueError, match="a cluster counts into a folder"):
        wordvec.count(str(tmp_path / "text"), "memory://made/other", client="local:2")


def test_the_command_line_reads_and_clears(tmp_path, text, cache, capfd):
    from wordvec.cli import main

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            main([str(arg) for arg in args])
        assert ended.value.code == 0, capfd.readouterr().err
        return capfd.readouterr()

    (tmp_path / "text").write_bytes(text)
    base = f"file://{tmp_path}"
    run("count", f"{base}/text", "-o", f"{base}/counted", "--min-count", 1)
    run(
        "train",
        f"{base}/counted",
        "--model",
        "swivel",
        "--epochs",
        1,
        "--vector-size",
        8,
        "-o",
        tmp_path / "v.wv",
    )
    assert "w" in run("neighbors", f"{base}/v.wv", "w1").out
    assert run("cache", "where").out.strip() == str(cache)
    assert "removed" in run("cache", "clear").err
