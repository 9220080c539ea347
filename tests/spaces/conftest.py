"""Vectors of each kind for the tests of this room."""

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.oov.unseen import Induction, Subwords


def random_vectors(size=300, d=8, seed=3, *, full=False):
    """Words w0 ... with correlated vectors, and on request all that a file can have."""
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((d, d))
    X = (rng.standard_normal((size, d)) @ mix + 0.5).astype(np.float32)
    counts = np.sort(rng.integers(1, 10_000, size))[::-1]
    wv = WordVectors([f"w{i}" for i in range(size)], X, counts=counts)
    if full:
        contexts = rng.standard_normal((size, d)).astype(np.float32)
        wv = WordVectors([*wv], X, counts=counts, contexts=contexts)
        grams = rng.standard_normal((64, d)).astype(np.float32)
        grams[::5] = 0
        wv.subwords = Subwords(Matrix(grams), minn=2, maxn=3)
        wv.induction = Induction(rng.standard_normal((d, d)).astype(np.float32), 5)
        wv = wv.with_coarse()
    return wv


@pytest.fixture
def wv():
    return random_vectors()


@pytest.fixture
def full():
    return random_vectors(full=True)


@pytest.fixture(scope="session")
def make():
    return random_vectors
