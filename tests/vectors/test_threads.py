"""One object used by several threads: the same answers as alone, whatever is computed first."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import wordvec
from wordvec.system import parallel

THREADS = 8
WORDS = [f"word{i}" for i in range(3000)]


@pytest.fixture
def busy():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Files whose first look-ups compute what is kept: norms, indexes, decoded rows, postings."""
    folder = tmp_path_factory.mktemp("threads")
    rng = np.random.default_rng(1)
    wv = wordvec.WordVectors(WORDS, rng.normal(size=(len(WORDS), 24)).astype(np.float32))
    made = {
        "plain": wv,
        "coarse": wv.with_coarse(),
        "sketch": wv.with_sketch(),
        "int8": wv.astype("int8"),
        "folded": wv.with_folding(),
    }
    for name, each in made.items():
        each.save(folder / f"{name}.wv")
    return {name: folder / f"{name}.wv" for name in made}


def asked(wv, key):
    """Everything that a look-up can touch, as plain values."""
    return (
        wv.most_similar(key, topn=3),
        wv.most_similar(key, topn=3, coarse=True),
        wv.similarity(key, "word7"),
        wv.get_vector(key, norm=True).tolist(),
        wv.key_to_index[key],
        wv.index_to_key[5],
        wv.vector(f"{key[:-1]}x{key[-1]}")[1:],
        wv.vector(key.upper(), fold=True)[1:],
        wv.doesnt_match([key, "word1", "word2"]),
        float(wv.vectors[3, 3]),
        float(wv.norms.sum()),
    )


@pytest.mark.parametrize("name", ["plain", "coarse", "sketch", "int8", "folded"])
def test_look_ups_of_many_threads_are_those_of_one(stored, name, busy):
    keys = WORDS[:: len(WORDS) // THREADS][:THREADS]
    alone = [asked(wordvec.load(stored[name]), key) for key in keys]
    start = threading.Barrier(THREADS)
    wv = wordvec.load(stored[name])  # nothing is computed yet

    def work(key):
        start.wait()
        return asked(wv, key)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(work, keys)) == alone


def test_threads_that_come_at_once_start_one_pool(monkeypatch):
    made = []

    class Slow(ThreadPoolExecutor):
        def __init__(self, *args, **kwargs):
            time.sleep(0.02)  # long enough for all others to arrive
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(parallel, "_pool", None)
    monkeypatch.setattr(parallel, "ThreadPoolExecutor", Slow)
    start = threading.Barrier(THREADS)

    def work(i):
        start.wait()
        return parallel.over_range(lambda a, b: (a, b), i, i + 2, 2)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(work, range(THREADS))) == [
            [(i, i + 1), (i + 1, i + 2)] for i in range(THREADS)
        ]
    assert len(made) == 1
    made[0].shutdown()


def test_work_that_asks_for_threads_from_a_thread_does_not_wait_for_itself(monkeypatch):
    monkeypatch.setenv("WORDVEC_THREADS", "2")

    def inner(a, b):
        return list(range(a, b))

    def outer(a, b):
        return parallel.over_range(inner, a, b, 2)

    parts = parallel.over_range(outer, 0, 8, 8)  # more than there are threads
    assert [i for part in parts for run in part for i in run] == list(range(8))
