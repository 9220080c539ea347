"""Look-up in 1,000,000 x 300, in turn with gensim's KeyedVectors, memory-mapped.

The vectors are a mixture of 2,000 Gaussians: neighbours that a search must tell apart, as in real
vectors, and no download. Times are of the wall, the least of several taken in turn: gensim's
products use all processors, and so do ours.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import wordvec
from wordvec import WordVectors, formats
from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords

WORDS, DIMENSIONS = 1_000_000, 300
PAUSE = 0.1  # threads of BLAS go on waiting busily after a product, and would slow what comes next


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """(wordvec's file, gensim's file): the same vectors."""
    gensim = pytest.importorskip("gensim.models")
    folder = tmp_path_factory.mktemp("stores")
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((2000, DIMENSIONS), dtype=np.float32)
    X = rng.standard_normal((WORDS, DIMENSIONS), dtype=np.float32)
    X += 1.5 * centres[rng.integers(0, len(centres), WORDS)]
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = [f"{''.join(rng.choice(letters, 5))}{i:x}" for i in range(WORDS)]
    keyed = gensim.KeyedVectors(DIMENSIONS)
    keyed.add_vectors(words, X)
    keyed.fill_norms()
    keyed.save(str(folder / "kv"))
    del keyed
    wv = WordVectors(words, X)
    wv.with_coarse().save(folder / "v.wv")
    wv.with_sketch().save(folder / "sketch.wv")
    wv.with_sketch().astype("int8").save(folder / "int8.wv")
    return folder


def best(function, rounds=5):
    """The least wall seconds of several calls: what the machine can do when left alone."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def in_turn(*functions, rounds=15):
    """The least wall seconds of each of several calls, taken in turn: other work on the machine
    slows all of them."""

    def alone(function):
        time.sleep(PAUSE)
        return best(function, 1)

    return np.min([[alone(function) for function in functions] for _ in range(rounds)], axis=0)


def repeat(function, calls):
    """The function so many times."""

    def loop():
        for _ in range(calls):
            function()

    return loop


@pytest.fixture
def both(stores):
    """Our store and gensim's, open and read once, so that disks are not compared."""
    gensim = pytest.importorskip("gensim.models")
    ours = wordvec.load(stores / "v.wv")
    theirs = gensim.KeyedVectors.load(str(stores / "kv"), mmap="r")
    float(ours.vectors.sum()), float(theirs.vectors.sum())
    theirs.norms  # noqa: B018
    return ours, theirs


def test_open(bench, stores):
    gensim = pytest.importorskip("gensim.models")
    ours = best(lambda: wordvec.load(stores / "v.wv"), 20)
    theirs = best(lambda: gensim.KeyedVectors.load(str(stores / "kv"), mmap="r"), 3)
    bench.note("store: open, ms", 1e3 * ours, most=1, peer=f"{1e3 * theirs:.4g}")
    bench.check()


def test_keys(bench, both):
    ours, theirs = both
    word = ours.index_to_key[777]
    one, peer = in_turn(repeat(lambda: ours[word], 20_000), repeat(lambda: theirs[word], 20_000))
    bench.note("store: one key, us", 50 * one, most=0.6, peer=f"{50 * peer:.4g}")
    ids = np.random.default_rng(1).integers(0, WORDS, 10_000).tolist()
    words = [ours.index_to_key[i] for i in ids]
    many, peer = in_turn(lambda: ours[words], lambda: theirs[words])
    bench.note("store: a key of 10,000, us", 100 * many, most=0.6, peer=f"{100 * peer:.4g}")
    bench.check()


def test_neighbours(bench, both, stores):
    ours, theirs = both
    words = [ours.index_to_key[i] for i in range(1000, 1020)]
    small, plain = (wordvec.load(stores / name) for name in ("int8.wv", "sketch.wv"))
    for wv in (small, plain):
        float(wv._sketch._codes.sum())
    float(small._matrix._codes.sum()), float(plain.vectors.sum())
    float(ours._coarse.matrix._codes.sum()), float(ours._sketch._codes.sum())
    scan, exact, peer, coarse, sketch, alone, small_sketch = in_turn(
        lambda: plain.most_similar(words[0]),
        lambda: ours.most_similar(words[0]),
        lambda: theirs.most_similar(words[0]),
        lambda: ours.most_similar(words[0], coarse=True),
        lambda: plain.most_similar(words[0], coarse=True),
        lambda: small.most_similar(words[0]),
        lambda: small.most_similar(words[0], coarse=True),
    )
    bench.note("store: ten nearest, all rows in float32, ms", 1e3 * scan, peer=f"{1e3 * peer:.4g}")
    bench.note("store: ten nearest, exact, ms", 1e3 * exact, peer=f"{1e3 * peer:.4g}")
    bench.note("store: ten nearest, exact, share of gensim's time", exact / peer, most=0.5)
    bench.note("store: --coarse, coarse=True, share of gensim's time", coarse / peer, most=1 / 6)
    bench.note("store: --sketch, coarse=True, share of gensim's time", sketch / peer, most=1 / 6)
    bench.note("store: int8, share of gensim's time", alone / peer)
    bench.note("store: int8, coarse=True, share of gensim's time", small_sketch / peer, most=1 / 6)
    for name, find in (
        ("--coarse, coarse=True", lambda w: ours.most_similar(w, coarse=True)),
        ("--sketch, coarse=True", lambda w: plain.most_similar(w, coarse=True)),
        ("int8", small.most_similar),
        ("int8, coarse=True", lambda w: small.most_similar(w, coarse=True)),
    ):
        hits = sum(
            len({w for w, _ in ours.most_similar(word)} & {w for w, _ in find(word)})
            for word in words
        )
        least = None if name.startswith("int8") else 0.99
        bench.note(f"store: recall@10 of {name}", hits / (10 * len(words)), least=least)
    assert [w for w, _ in ours.most_similar(words[0])] == [
        w for w, _ in theirs.most_similar(words[0])
    ]
    bench.check()


READER = """
import sys, wordvec
wv = wordvec.load(sys.argv[1])
float(wv.vectors.sum()), wv.most_similar(list(wv.index_to_key)[5], coarse=True)
print(flush=True)
sys.stdin.read()
"""


def share_of(pid, path):
    """The bytes of a mapped file that are charged to a process: a page that n processes hold
    counts a n-th."""
    total, here = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if not line.split()[0].endswith(":"):
            here = line.endswith(str(path))
        elif here and line.startswith("Pss:"):
            total += 1024 * int(line.split()[1])
    return total


@pytest.mark.skipif(sys.platform != "linux", reason="a process's share of a page is Linux's")
def test_eight_readers_cost_one_copy(bench, stores):
    path = stores / "sketch.wv"
    command = [sys.executable, "-c", READER, path]
    pipe = subprocess.PIPE
    readers = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(8)]
    for reader in readers:
        reader.stdout.readline()  # it has read all of the file
    # This process may have the file mapped still, and then holds a share of each page.
    holders = [os.getpid(), *(reader.pid for reader in readers)]
    held = sum(share_of(pid, path) for pid in holders)
    for reader in readers:
        reader.communicate()
    bench.note("store: eight readers, copies held", held / path.stat().st_size, least=0.9, most=1.1)
    bench.check()


def test_batches_of_queries(bench, both):
    ours, _ = both
    queries = np.ascontiguousarray(ours.vectors[:512])
    X = np.asarray(ours.vectors)
    out = np.empty((8192, len(queries)), np.float32)

    def product():
        for a in range(0, WORDS, 8192):
            np.matmul(X[a : a + 8192], queries.T, out=out[: len(X[a : a + 8192])])

    alone, found = in_turn(product, lambda: ours.nearest(queries), rounds=3)
    share = "store: 512 queries, share of the matrix product's speed"
    bench.note(share, alone / found, least=0.6)
    bench.check()


def test_words_never_seen(bench):
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = list({"".join(rng.choice(letters, rng.integers(4, 12))) for _ in range(50_000)})
    X = rng.standard_normal((len(words), DIMENSIONS)).astype(np.float32)
    options = SubwordOptions(epochs=1, buckets=1 << 21)
    wv = fit_subwords(WordVectors(words, X), options)
    unseen = ["".join(rng.choice(letters, 10)) for _ in range(10_000)]
    batch = best(lambda: wv.lookup(unseen)) / len(unseen)
    alone = best(lambda: [wv.vector(word) for word in unseen[:1000]]) / 1000
    bench.note("store: an unseen word of a batch, us", 1e6 * batch, most=15)
    bench.note("store: an unseen word alone, us", 1e6 * alone, most=25)
    bench.check()


def test_reading_text(bench, tmp_path):
    """100,000 x 300 in word2vec's text, as CPU seconds."""
    keyed = pytest.importorskip("gensim.models").KeyedVectors
    rows = np.random.default_rng(0).standard_normal((100_000, DIMENSIONS)).astype(np.float32)
    path = tmp_path / "v.txt"
    formats.save(WordVectors([f"word{i}" for i in range(len(rows))], rows), path)
    ours, _, wv = bench.cpu(lambda: wordvec.load(path))
    peer, _, theirs = bench.cpu(lambda: keyed.load_word2vec_format(path))
    np.testing.assert_array_equal(wv.vectors, theirs.vectors)
    bench.note("store: reading text, share of gensim's CPU time", ours / peer, most=0.2)
    bench.note("store: reading 100,000 x 300 in text, CPU s", ours, peer=f"{peer:.4g}")
    bench.check()
