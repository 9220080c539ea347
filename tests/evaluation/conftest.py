"""Vectors for the tests of this room: a stand-in with the names that the measures use."""

from pathlib import Path

import numpy as np
import pytest

from wordvec.inference.change import Changes, Collection, WordChange


class Words:
    """Words with vectors, as the measures see them."""

    def __init__(self, words, vectors, meta=None):
        self.index_to_key = list(words)
        self.key_to_index = {word: row for row, word in enumerate(self.index_to_key)}
        self.vectors = np.asarray(vectors, np.float32)
        self.meta = meta or {}

    def __len__(self):
        return len(self.index_to_key)


@pytest.fixture(scope="session")
def make_vectors():
    return Words


@pytest.fixture(scope="session")
def read_text():
    """Reads vectors from word2vec text whose header says how many numbers a word has."""

    def read(path):
        lines = Path(path).read_text("utf-8").splitlines()
        size = int(lines[0].split()[1])
        rows = [line.split(" ") for line in lines[1:] if line.strip()]
        return Words([row[0] for row in rows], [row[1 : 1 + size] for row in rows])

    return read


@pytest.fixture(scope="session")
def google_news(shared_data, read_text):
    """GoogleNews vectors of the WEAT words that are in lower case."""
    return read_text(shared_data / "bias" / "weat_w2v-GoogleNews.txt")


@pytest.fixture(scope="session")
def glove(shared_data, read_text):
    """GloVe vectors of 4,196 frequent words, 50 dimensions."""
    return read_text(shared_data / "vectors" / "glove50_4k.txt")


@pytest.fixture
def random_vectors():
    """Sixty words, w0 to w59, in 12 random dimensions."""
    matrix = np.random.default_rng(5).standard_normal((60, 12))
    return Words([f"w{i}" for i in range(60)], matrix)


@pytest.fixture(scope="session")
def change_step():
    """change_step(old, new, words) -> changes of words in this order, a quarter of them beyond
    chance; the words of `seldom` are not tested."""

    def made(old, new, words, seldom=("seldom",), uneven=1.0):
        names = [*words, *seldom]
        found = []
        for i, word in enumerate(words):
            z, q = (30.0 - i, 0.001) if i < len(words) // 4 else (1.0 - 0.01 * i, 0.8)
            counts = (20 + 3 * i, 30 + 2 * i)
            found.append(WordChange(word, 0.2 + 0.004 * z, 0.2, z, q / 4, q, *counts))
        counts = np.array([[w.old_count for w in found], [w.new_count for w in found]])
        counts = np.concatenate([counts, np.full((2, len(seldom)), 2)], axis=1)
        rng = np.random.default_rng(len(words))
        units = tuple(rng.standard_normal((len(names), 4)).astype("f4") for _ in range(2))
        between = tuple(
            Collection(f"/counts/{name}", 20, 100, 1000 * i) for i, name in enumerate((old, new), 1)
        )
        return Changes(between, tuple(found), names, counts, units, 20, uneven)

    return made
