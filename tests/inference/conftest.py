"""Small models whose counts are exact, and the matrices behind them."""

from types import SimpleNamespace

import pytest
from least_squares_oracle import X_MAX, D

from wordvec.counts.blocks import count_blocks
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.models.glove import GloVe
from wordvec.models.ppmi import PPMI
from wordvec.text.corpus import encode


@pytest.fixture(scope="session")
def counted(many_words, tmp_path_factory):
    """Shards of 1,500 words, and 16 blocks of the same lines."""
    folder = tmp_path_factory.mktemp("counted")
    corpus = encode(many_words, min_count=5)
    window = Window(window=4)
    return SimpleNamespace(
        shards=count(corpus, folder / "shards", window),
        blocks=count_blocks(corpus, folder / "blocks", 16, window, by="line"),
    )


@pytest.fixture(scope="session")
def trained(counted):
    """trained(output) -> GloVe vectors of 8 dimensions."""
    made = {}

    def train(output):
        if output not in made:
            model = GloVe(
                vector_size=D, x_max=X_MAX, epochs=8, output_vectors=output, unk=True, threads=1
            )
            made[output] = model.fit(counted.shards).vectors_
        return made[output]

    return train


@pytest.fixture(scope="session")
def ppmi(counted):
    """ppmi(output) -> PPMI vectors of 8 dimensions."""
    return lambda output: PPMI(vector_size=D, output_vectors=output).fit(counted.shards).vectors_
