"""Trainers beside yardsticks, programs in C that check and save nothing, on one thread of this
machine; and the same trainers with each instruction set."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from bench import machine

import wordvec
from wordvec.native import cpu

TILES = 136  # a side of the yardstick's: each has about 3,200 cells of 17 million words
FOLDED = 12  # rows of each matrix: at 300 dimensions they fill a first-level cache of 32 KB
BY_ISA = 250_000  # words that every instruction set trains on

TRAIN = """
import sys, time
import numpy as np, wordvec
from wordvec.text.corpus import Corpus, CorpusStats
from wordvec.text.vocab import Vocabulary

ids, counts = np.load(sys.argv[1]), np.load(sys.argv[2])
vocab = Vocabulary([b"w%d" % i for i in range(len(counts))], counts, int(counts.sum()))
corpus = Corpus(vocab, ids, len(ids), CorpusStats(tokens=len(ids)))
marks = []
mark = lambda progress: marks.append(time.process_time())
model = wordvec.SkipGram(vector_size=int(sys.argv[4]), epochs=1, threads=1)
model.fit(corpus, progress=mark)
print(marks[-1] - marks[0])
glove = wordvec.GloVe(vector_size=int(sys.argv[4]), epochs=1, threads=1, diagnostic=0)
started = time.process_time()
glove.fit(sys.argv[3])
print(time.process_time() - started)
"""


@pytest.fixture(scope="module")
def corpus(wiki):
    return wordvec.encode(wiki, threads=2)


@pytest.fixture(scope="module")
def shards(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counts") / "s"
    return wordvec.count(corpus, folder, wordvec.Window(window=15), threads=2)


def epoch_seconds(model, source):
    """Of one epoch, without what comes before and after training: the yardsticks' too."""
    marks = []
    model.fit(source, progress=lambda _: marks.append(time.process_time()))
    return marks[-1] - marks[0]


def skipgram_seconds(corpus, dim, threads=1):
    model = wordvec.SkipGram(vector_size=dim, epochs=1, threads=threads)
    return epoch_seconds(model, corpus)


@pytest.mark.parametrize("dim", [100, 300])
def test_skipgram_beside_its_yardstick(bench, programs, corpus, tmp_path, dim):
    np.asarray(corpus.ids, np.int32).tofile(tmp_path / "ids")
    np.asarray(corpus.vocab.counts, np.int64).tofile(tmp_path / "counts")
    command = [programs["skipgram"], tmp_path / "ids", tmp_path / "counts", dim]
    ours, both, apart, theirs, folded = [], [], [], [], []
    for _ in range(bench.rounds):
        ours.append(skipgram_seconds(corpus, dim))
        apart += machine.seconds([programs["cores"]])
        both.append(skipgram_seconds(corpus, dim, threads=2))
        apart += machine.seconds([programs["cores"]])
        theirs += machine.seconds([*command, 0])
        folded += machine.seconds([*command, FOLDED])
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    bench.note(f"skip-gram {dim} d, one thread, CPU s per epoch", ours, peer=theirs)
    bench.note("  times the yardstick", ratios, most=1.2)
    bench.note("  two threads, CPU s per epoch", both)
    bench.note("  a cache line from core to core, ns, before and after", apart)
    bench.note("  yardstick with all rows in the first-level cache, CPU s", folded)
    bench.check()


@pytest.mark.parametrize("dim", [100, 300])
def test_glove_beside_its_yardstick(bench, programs, shards, tmp_path, dim):
    with open(tmp_path / "cells", "wb") as file:
        for i, j, tile in shards:
            rows, cols = tile.rows * shards.k + i, tile.cols.astype(np.int32) * shards.k + j
            cells = np.empty(len(rows), [("row", "i4"), ("column", "i4"), ("count", "f4")])
            cells["row"], cells["column"], cells["count"] = rows, cols, tile.values
            cells.tofile(file)
    words = len(shards.vocab)
    command = [programs["glove"], tmp_path / "cells", words, dim, TILES, 2]
    ours, whole, theirs = [], [], []
    for _ in range(bench.rounds):
        model = wordvec.GloVe(vector_size=dim, epochs=1, threads=1, diagnostic=0)
        spent, _, epoch = bench.cpu(lambda model=model: epoch_seconds(model, shards))
        ours.append(epoch)
        whole.append(spent)
        theirs.append(min(machine.seconds(command)))
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    bench.note(f"GloVe {dim} d, one thread, CPU s per epoch", ours, peer=theirs)
    bench.note("  times the yardstick", ratios, most=1.2)
    bench.note("  with what comes before and after it, CPU s", whole)
    bench.check()


def test_instruction_sets(bench, corpus, tmp_path):
    """Whole trainings in processes of their own; the scalar kernels are the reference."""
    part = corpus.ids[:BY_ISA]
    np.save(tmp_path / "ids.npy", part)
    np.save(tmp_path / "counts.npy", np.asarray(corpus.vocab.counts))
    text = tmp_path / "text"
    words = [word.decode() for word in corpus.vocab.words]
    text.write_text("".join("\n" if i < 0 else f"{words[i]} " for i in part.tolist()))
    wordvec.count(wordvec.encode(text), tmp_path / "s", threads=2)
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    files = [tmp_path / name for name in ("ids.npy", "counts.npy", "s")]
    for dim in (100, 300):
        found = {}
        for isa in sorted(cpu.available()):
            environment = os.environ | {"WORDVEC_ISA": isa}
            command = [sys.executable, script, *files, dim]
            done = subprocess.run(
                [str(x) for x in command],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            found[isa] = [float(line) for line in done.stdout.split()]
        for at, name in enumerate(("skip-gram", "GloVe")):
            for isa, times in found.items():
                share = f"{found['scalar'][at] / times[at]:.2g} times as fast as scalar"
                bench.note(f"{name} {dim} d, {isa}, {BY_ISA:,} words, CPU s", times[at], peer=share)
    bench.check()
