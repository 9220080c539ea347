"""A space with a planted concept: pairs that differ along it, and words that lean to a side."""

import numpy as np
import pytest

from wordvec import WordVectors

PAIRS = [(f"f{i}", f"m{i}") for i in range(6)]
EXEMPT = tuple(w for pair in PAIRS for w in pair)


def planted_space(size=2000, d=16, seed=1, classes=2, unit=True):
    rng = np.random.default_rng(seed)
    D = np.linalg.qr(rng.standard_normal((d, d)))[0][:classes]
    D = D - D.mean(axis=0)
    names = "fmx"[:classes]
    words, rows = [], []
    for i in range(6):
        base = rng.standard_normal(d)
        for c in range(classes):
            words.append(f"{names[c]}{i}")
            rows.append(base + 2 * D[c] + 0.1 * rng.standard_normal(d))
    lean = rng.standard_normal((size, classes))
    X = rng.standard_normal((size, d)) + rng.standard_normal(d) + 1.2 * lean @ D
    X = np.vstack([rows, X])
    if unit:
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    words += [f"n{i}" for i in range(size)]
    return WordVectors(words, X.astype(np.float32), counts=np.arange(len(words), 0, -1) * 7)


@pytest.fixture(scope="session")
def planted():
    return planted_space()


@pytest.fixture(scope="session")
def plant():
    return planted_space


@pytest.fixture(scope="session")
def pairs():
    return PAIRS


@pytest.fixture(scope="session")
def exempt():
    return EXEMPT
