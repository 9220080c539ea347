"""Texts without a pair of words: refused before training, by every model."""

import pytest

import wordvec
from wordvec.errors import CorpusError

LINES = [["the"], ["quick"], ["brown"], ["fox"], ["the"], ["lazy"], ["dog"]] * 5
MODELS = [
    wordvec.SkipGram,
    wordvec.CBOW,
    wordvec.FastText,
    wordvec.CountSkipGram,
    wordvec.GloVe,
    wordvec.PPMI,
    wordvec.Swivel,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_word_a_line_is_nothing_to_train_on(model):
    options = {"bucket": 50} if model is wordvec.FastText else {}
    with pytest.raises(CorpusError, match=r"no two words .* stand on one line.*sentence on each"):
        model(min_count=1, vector_size=2, threads=1, **options).fit(LINES)


def test_epochs_without_a_pair_are_noted():
    text = [["the", "fox", "the", "dog"]] * 2
    model = wordvec.SkipGram(min_count=1, vector_size=2, threads=1, sample=1e-9, epochs=3)
    assert model.fit(text).notes() == [
        "subsampling left no pair to train on in 3 of 3 epochs: set sample=0 for a small text"
    ]
    model.set_params(sample=0)
    assert model.fit(text).notes() == []
