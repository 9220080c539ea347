"""Files that are damaged or hostile: the same answers or one error type, never a crash."""

import os
import resource
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import trust

from wordvec import WordVectors
from wordvec.errors import StoreError
from wordvec.vectors import file as store

STRUCTURE = ["len", "size", "words", "find", "batch", "missing", "prefix"]

# Threads of one test would damage the same file, while others have it mapped (make parallel).
pytestmark = pytest.mark.thread_unsafe


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return trust.small_file(tmp_path_factory.mktemp("trust") / "v.wv")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v.wv"


def sparse_positions(data):
    """Positions of all bytes, of every 61st of the zeros that pad sections to pages."""
    body = np.frombuffer(data, np.uint8)
    run = np.convolve(body == 0, np.ones(65), "same") > 64
    return [i for i in range(len(data)) if not run[i] or i % 61 == 0]


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_each_changed_byte_is_answered_from_or_refused_when_verified(original, path, flip):
    path.write_bytes(original)
    right = trust.ask(path, verify=True)
    assert right["open"] == "opened"
    assert "StoreError" not in right.values()
    for at in sparse_positions(original):
        data = bytearray(original)
        data[at] ^= flip
        path.write_bytes(data)
        assert trust.ask(path, verify=True) in (right, {"open": "StoreError"}), at


@pytest.mark.parametrize("eager", [True, False])
def test_each_changed_byte_without_verification(original, path, monkeypatch, eager):
    """Words, ids and shapes are right or refused, whether opening read their checksums (small
    files) or not (large ones); no other exception comes."""
    if not eager:
        monkeypatch.setattr(store, "_EAGER", 0)
    path.write_bytes(original)
    right = trust.ask(path, verify=False)
    for at in sparse_positions(original):
        data = bytearray(original)
        data[at] ^= 0x41
        path.write_bytes(data)
        answers = trust.ask(path, verify=False)
        for name in STRUCTURE:
            assert answers.get(name, "StoreError") in (right[name], "StoreError"), (name, at)


def test_each_truncation_is_refused(original, path):
    ends = [*range(0, 1200), *range(1200, len(original), 97), len(original) - 1]
    for end in ends:
        path.write_bytes(original[:end])
        for verify in (False, True):
            with pytest.raises(StoreError):
                WordVectors.open(path, verify=verify)


def test_ten_thousand_hostile_headers(original, path):
    rng = np.random.default_rng(1)
    opened = 0
    for i in range(10_000):
        path.write_bytes(trust.hostile(original, rng))
        opened += trust.ask(path, verify=i % 4 == 0)["open"] == "opened"
    assert opened > 100  # some are harmless; the others must not all fall at the same gate


@pytest.mark.parametrize("dtype", ["f64", "f16", "bf16", "int8", "pq"])
def test_hostile_headers_of_each_encoding(path, dtype):
    original = trust.small_file(path, dtype)
    rng = np.random.default_rng(2)
    for _ in range(300):
        path.write_bytes(trust.hostile(original, rng))
        trust.ask(path, verify=False)


def test_an_upheaval_of_all_words_is_met_with_one_error(original, path, monkeypatch):
    """The word list is random bytes, its checksum made to fit."""
    monkeypatch.setattr(store, "_EAGER", 0)
    rng = np.random.default_rng(3)
    where = load_sections(original, path)
    for _ in range(300):
        data = bytearray(original)
        for type_ in (store.STRINGS, store.INDEX, store.SORTED, store.CASEFOLD):
            start, length = where[type_]
            if rng.random() < 0.6:
                data[start : start + length] = rng.bytes(length)
        path.write_bytes(data)
        trust.ask(path, verify=False)


def load_sections(data, path):
    path.write_bytes(data)
    return {t: (s.where, s.length) for t, s in store.Store(path).sections.items()}


KILLER = """
    # Forks a hundred writers that save without end, and kills each in the midst of it.
    import mmap, os, random, signal, sys, time
    from pathlib import Path
    import numpy as np
    from wordvec import WordVectors, load
    path = Path(sys.argv[1])
    rng = np.random.default_rng(0)
    words = [f"{i}" for i in range(5000)]
    turns = [WordVectors(words, rng.standard_normal((5000, 50)).astype(np.float32),
                         meta={"turn": turn}) for turn in range(2)]
    turns[0].save(path)
    random.seed(1)
    seen, inside, saving = [], 0, mmap.mmap(-1, 1)  # shared with the children
    for _ in range(100):
        child = os.fork()
        if child == 0:
            for turn in range(10**9):
                saving[0] = 1
                turns[turn % 2].save(path, force=True)
                saving[0] = 0
        time.sleep(random.uniform(0.005, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        wv = load(path, verify=True)
        turn = wv.meta["turn"]
        assert (wv.vectors == turns[turn].vectors).all()
        seen.append(turn)
        inside += saving[0]
    turns[0].save(path, force=True)
    print(seen.count(0), seen.count(1), inside, len(os.listdir(path.parent)))
"""


def test_a_killed_save_leaves_the_old_file_or_the_new_one(path):
    command = [sys.executable, "-c", textwrap.dedent(KILLER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    zeros, ones, inside, left = map(int, done.stdout.split())
    assert zeros + ones == 100
    assert inside >= 10  # some of the kills fell into the writing; how many depends on load
    assert left == 1  # and nothing of them stays


def test_a_full_disk_leaves_the_old_file(path):
    """The limit on a file's size fails like a full disk: in the middle of a write."""
    WordVectors(["a"], np.ones((1, 4), np.float32)).save(path)
    before = path.read_bytes()
    big = WordVectors([f"{i}" for i in range(5000)], np.ones((5000, 100), np.float32))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, old[1]))
        with pytest.raises(OSError, match="File too large"):
            big.save(path, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["v.wv"]


def test_eight_readers_share_one_copy(path):
    """Memory that eight processes wrote to while they read every vector: none is a copy."""
    rows = 40000
    wv = WordVectors([f"{i}" for i in range(rows)], np.ones((rows, 200), np.float32))
    wv.save(path)
    reader = """
        import sys
        from wordvec import load
        wv = load(sys.argv[1])
        def private():
            with open("/proc/self/smaps_rollup") as file:
                return sum(int(l.split()[1]) for l in file if l.startswith("Private_Dirty"))
        before = private()
        total = float(wv.vectors.sum())
        wv["77"]
        print(int(total), private() - before, flush=True)
        sys.stdin.read()
    """
    if not os.path.exists("/proc/self/smaps_rollup"):
        pytest.skip("needs /proc to tell private from shared memory")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(reader), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    grown = []
    for each in readers:
        total, more = map(int, each.stdout.readline().split())
        assert total == rows * 200
        grown.append(more)
    for each in readers:
        each.communicate()
    assert max(grown) < path.stat().st_size // 1024 // 4, grown
