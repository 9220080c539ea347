"""What a memory budget allows, and that a count of real text keeps to it at 1, 2, 8 threads."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from wordvec.counts.counting import budget
from wordvec.counts.counting.budget import LEAST_BLOCK, plan_blocks, plan_merge

GIB = 1 << 30
CORPUS = "corpus/enwiki2015-AA.txt.zst"


@pytest.fixture
def held(monkeypatch):
    """A process that holds 100 MB before it counts."""
    monkeypatch.setattr(budget, "resident_memory", lambda: 100 << 20)


def corpus_of(tokens, words):
    ids = np.lib.stride_tricks.as_strided(np.zeros(1, np.int32), (tokens,), (0,))
    return SimpleNamespace(vocab=range(words), ids=ids)


def test_blocks_get_more_as_the_budget_gets_less_and_the_window_wider(held):
    corpus = corpus_of(10**8, 300_000)
    cases = ((10, 4 * GIB, 1), (10, GIB, 1), (100, GIB, 1), (100, GIB, 4))
    blocks = [plan_blocks(corpus, w, 64, memory, t).blocks for w, memory, t in cases]
    assert blocks == sorted(set(blocks))


def test_fewer_threads_count_where_more_would_double_the_blocks(held):
    corpus = corpus_of(12 * 10**6, 105_000)
    threads = [plan_blocks(corpus, 10, 26, mb << 20, 8).threads for mb in (200, 300, 500, 2000)]
    assert threads == sorted(threads)
    assert 1 <= threads[0] < 8
    assert threads[-1] == 8
    assert plan_blocks(corpus, 10, 26, 200 << 20, 1).threads == 1


def test_a_budget_that_is_less_than_what_is_loaded_is_said_and_has_blocks_of_a_floor(held, caplog):
    corpus = corpus_of(10**7, 100_000)
    plan = plan_blocks(corpus, 10, 25, 50 << 20, 8)
    token = 8 + budget.CELL_OF_THREAD * budget.CELLS * 10 / 25
    assert plan.threads == 1
    assert plan.blocks == pytest.approx(10**7 * token / LEAST_BLOCK, rel=1e-3)
    assert "memory: 50 MB is too little: what is loaded takes 100 MB" in caplog.text


def test_a_merge_reads_less_ahead_and_in_fewer_threads_where_memory_is_short():
    cells = [10**6] * 20
    plans = [plan_merge(cells, 10**5, mb << 20, 8) for mb in (1, 100, 400, 4000)]
    assert [threads for threads, _ in plans] == [1, 2, 8, 8]
    for (threads, ahead), mb in zip(plans[1:], (100, 400, 4000), strict=True):
        each = budget.thread_bytes(10**5) + budget.CELL_OF_THREAD * 10**6 + 2 * 12 * ahead
        assert threads * each <= mb << 20
        assert budget.LEAST_AHEAD <= ahead <= 10**6
    assert plans[0] == (1, budget.LEAST_AHEAD)


COUNT = """
import json, sys
from wordvec.counts.counting.count import count
from wordvec.system.memory import peak_memory
from wordvec.text.corpus import encode
text, target, memory, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
corpus = encode(text, memory=memory, threads=threads)
reading = peak_memory()
shards = count(corpus, target, memory=memory, threads=threads)
print(json.dumps([reading, peak_memory(), shards.cells]))
"""


@pytest.fixture(scope="module")
def text(shared_data, tmp_path_factory):
    """Twelve million tokens of Wikipedia, not compressed."""
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path_factory.mktemp("budget") / "text"
    with open(shared_data / CORPUS, "rb") as file, open(path, "wb") as out:
        reader = zstandard.ZstdDecompressor().stream_reader(file)
        for _ in range(75):
            out.write(reader.read(1 << 20))
    return path


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_count_of_real_text_keeps_to_its_memory(threads, text, tmp_path):
    """Within a tenth: the peak is VmHWM of a process of its own, which includes the interpreter."""
    memory = 200 << 20
    done = subprocess.run(
        [sys.executable, "-c", COUNT, text, tmp_path / "s", str(memory), str(threads)],
        capture_output=True,
        check=True,
        text=True,
    )
    reading, peak, cells = json.loads(done.stdout)
    assert reading <= peak <= 1.1 * memory
    assert cells > 20_000_000
