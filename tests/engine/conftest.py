"""Counts that a few worker processes train on in a second."""

import random

import pytest

import wordvec


@pytest.fixture
def store():
    """An empty store in memory."""
    system = pytest.importorskip("fsspec", reason="needs the extra remote").filesystem("memory")
    for entry in list(system.store):
        del system.store[entry]
    return system


@pytest.fixture(scope="session")
def shards(tmp_path_factory):
    """Symmetric counts of 450 words, in 7 x 7 tiles."""
    rng = random.Random(5)
    lines = [
        [f"w{min(int(rng.expovariate(0.012)), 449)}" for _ in range(rng.randrange(5, 30))]
        for _ in range(600)
    ]
    corpus = wordvec.encode(lines, min_count=1)
    folder = tmp_path_factory.mktemp("counts") / "shards"
    return wordvec.count(corpus, folder, wordvec.Window(window=4, weighting="linear"))
