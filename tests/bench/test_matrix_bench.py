"""One count, many models: Swivel at the rate of a matrix product, skip-gram from counts beside the
stream, counting in a memory budget, merging. Limits are CPU time against a peer's in the same run,
quality, and bytes."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

import wordvec
from wordvec.native.swivel import SwivelTrainer, Work

BLAS = (
    "import sys, time, numpy as np\n"
    "d = int(sys.argv[1]); rng = np.random.default_rng(1)\n"
    "a, b = (rng.standard_normal(s, np.float32) for s in ((4096, d), (d, 4096)))\n"
    "out = np.empty((4096, 4096), np.float32); best = 1e9\n"
    "for _ in range(7):\n"
    "    t = time.process_time(); np.matmul(a, b, out=out)\n"
    "    best = min(best, time.process_time() - t)\n"
    "print(2 * 4096**2 * d / best / 1e9)\n"
)


def product_rate(d):
    """GFLOP/s of numpy's float32 4096 x d x 4096 on one thread, in a process of its own: threads
    of BLAS are limited when it is loaded."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-c", BLAS, str(d)]
    return float(subprocess.check_output(command, env=environment))


def swivel_rate(d, cells_a_row=40):
    """GFLOP/s of a whole Swivel step on a 4096 x 4096 tile: products, tail and AdaGrad."""
    rng, V, stride = np.random.default_rng(1), 4096, -(-d // 16) * 16
    words, contexts = np.zeros((2, V, 2 * stride), np.float32)
    for matrix in (words, contexts):
        matrix[:, :d] = rng.normal(0, d**-0.5, (V, d))
        matrix[:, stride:] = 1e-8
    bias = np.ones(V, np.float32)
    trainer = SwivelTrainer(words, contexts, bias, bias, d, rate=0.1, b0=0.1, b1=0.25, alpha=0.5)
    cols = np.sort(rng.random((V, V)).argsort(axis=1)[:, :cells_a_row].astype(np.uint16), axis=1)
    starts = np.arange(0, cols.size + 1, cells_a_row, dtype=np.uint32)
    cells = (starts, cols.ravel(), rng.uniform(0.1, 9, cols.size).astype(np.float32))
    work, times = Work(V, V, d, cols.size), []
    for _ in range(5):
        started = time.process_time()
        trainer.train(work, 0, 0, 1, V, cells, 1 / V)
        times.append(time.process_time() - started)
    return 6 * V * V * d / min(times) / 1e9


@pytest.mark.parametrize("d", [100, 300])
def test_swivel_runs_at_the_rate_of_a_matrix_product(benchmark, bench, d):
    theirs, ours = [], []

    def both():
        theirs.append(product_rate(d))
        ours.append(swivel_rate(d))

    benchmark.pedantic(both, rounds=bench.rounds)
    bench.note(f"Swivel step {d} d, GFLOP/s, one thread", ours, peer=theirs)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    bench.note("  of numpy's matrix product", ratios, least=0.6)
    bench.check()


def test_swivel(benchmark, bench, wiki, corpora, tmp_path):
    from wordvec.evaluation import analogy, datasets, similarity

    shards = wordvec.count(wordvec.encode(wiki, threads=2), tmp_path / "s", threads=2)

    def train():
        return wordvec.Swivel(epochs=10, threads=2).fit(shards)

    cpu, _, model = bench.cpu(lambda: benchmark.pedantic(train, rounds=1))
    bench.note("Swivel 100 d, CPU s an epoch", cpu / 10, peer="92 (on a matrix library, elsewhere)")
    wv = model.vectors_
    for name, file, least in (
        ("WordSim-353", "EN-WS-353-ALL.txt", 0.65),
        ("MEN", "EN-MEN-TR-3k.txt", 0.66),
    ):
        found = similarity.evaluate(wv, datasets.load(corpora / "similarity" / file)).spearman
        bench.note(f"  {name}", found, least=least)
    google = datasets.load(corpora / "analogy" / "questions-words.txt")
    bench.note("  Google", analogy.evaluate(wv, google).score, least=0.31)
    bench.check()


def test_skip_gram_from_counts(benchmark, bench, wiki, corpora, tmp_path):
    """Quality within a point of the stream's, means over seeds of both."""
    from wordvec.evaluation import analogy, datasets, similarity

    corpus = wordvec.encode(wiki, threads=2)
    window = wordvec.Window(window=5, weighting="linear")
    shards = wordvec.count(corpus, tmp_path / "s", window, sample=1e-3, threads=2)
    sets = {
        "WordSim-353": "similarity/EN-WS-353-ALL.txt",
        "SimLex-999": "similarity/EN-SIMLEX-999.txt",
        "MEN": "similarity/EN-MEN-TR-3k.txt",
        "Google": "analogy/questions-words.txt",
    }
    sets = {name: datasets.load(corpora / file) for name, file in sets.items()}
    seconds, scores = ([], []), ([], [])

    def both():
        seed = len(seconds[0]) + 1
        for at, (kind, source) in enumerate(((wordvec.SGNS, shards), (wordvec.SkipGram, corpus))):
            cpu, _, model = bench.cpu(lambda: kind(seed=seed, threads=2).fit(source))  # noqa: B023
            seconds[at].append(cpu / model.epochs)
            wv = model.vectors_
            scores[at].append([
                analogy.evaluate(wv, data).score if name == "Google"
                else similarity.evaluate(wv, data).spearman
                for name, data in sets.items()
            ])  # fmt: skip

    benchmark.pedantic(both, rounds=bench.rounds)
    bench.note("skip-gram from counts 100 d, CPU s an epoch", seconds[0], peer=seconds[1])
    for name, here, stream in zip(sets, *(np.mean(both, axis=0) for both in scores), strict=True):
        bench.note(f"  {name}, mean", float(here), least=float(stream) - 0.01, peer=f"{stream:.4g}")
    bench.check()


def test_counting_keeps_to_its_memory(benchmark, bench, wiki, tmp_path):
    """The ids of the text are held beside the budget, as is the interpreter."""
    files = [tmp_path / name for name in ("small", "large")]

    def count(folder, memory):
        return bench.peak_memory(
            "-m", "wordvec", "count", wiki, "-o", folder, "--window", 15, "--memory", memory,
            "--threads", 1, "--quiet",
        )  # fmt: skip

    floor = bench.peak_memory("-m", "wordvec", "vocab", wiki, "-o", tmp_path / "v", "--quiet")
    peaks = {}

    def both():
        for folder, memory in zip(files, ("64M", "4G"), strict=True):
            peaks[memory] = count(folder, memory)

    benchmark.pedantic(both, rounds=1)
    ids = 4 * wordvec.encode(wiki).ids.size
    # Reading holds the ids twice while words get their final ranks.
    allowed = floor + 2 * ids + (64 << 20)
    bench.note("counting, --memory 64M, peak MB", peaks["64M"] / 1e6, most=allowed / 1e6)
    bench.note("  --memory 4G, peak MB", peaks["4G"] / 1e6)
    for name in ("tiles.bin", "manifest.json"):
        small, large = ((folder / name).read_bytes() for folder in files)
        assert small == large
    bench.check()


def test_merging(benchmark, bench, wiki, tmp_path):
    from wordvec import shardtools

    shards = wordvec.count(wordvec.encode(wiki, threads=2), tmp_path / "s", threads=2)

    def merge():
        return shardtools.merge([shards.path, shards.path], tmp_path / "m", force=True)

    cpu, _, merged = bench.cpu(lambda: benchmark.pedantic(merge, rounds=1))
    assert merged.cells == shards.cells
    bench.note("merging, M cells a CPU s", 2 * shards.cells / cpu / 1e6, least=2)
    bench.check()
