"""A planted corpus: two groups of words that mostly keep to themselves."""

import random

import pytest


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """The path of a text of 4,000 lines: words a0..a19 stand together, and b0..b19, but one in ten
    strays (GloVe learns from pairs that occur, so some must)."""
    rng = random.Random(0)
    path = tmp_path_factory.mktemp("planted") / "text.txt"
    with open(path, "w") as file:
        for _ in range(4000):
            group = rng.choice("ab")
            words = (
                f"{group if rng.random() < 0.9 else rng.choice('ab')}{rng.randrange(20)}"
                for _ in range(10)
            )
            file.write(" ".join(words) + "\n")
    return path


@pytest.fixture(scope="session")
def many_words(tmp_path_factory):
    """The path of a text of 1,500 words in 16 tiles; each stands near others of its rest mod 10."""
    rng = random.Random(1)
    path = tmp_path_factory.mktemp("many") / "text.txt"
    with open(path, "w") as file:
        for _ in range(4000):
            rest = rng.randrange(10)
            words = (f"w{10 * min(int(rng.expovariate(0.02)), 149) + rest}" for _ in range(10))
            file.write(" ".join(words) + "\n")
    return path
