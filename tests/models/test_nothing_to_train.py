"""Texts without a pair of words: refused before training, by every model."""

import math

import numpy as np
import pytest

import wordvec
from wordvec.errors import CorpusError
from wordvec.models import MODELS
from wordvec.native.corpus.text import GAP
from wordvec.text.corpus import check_pairs

LINES = "the\nquick\nbrown\nfox\nthe\nlazy\ndog\n" * 5
OF_TEXT = [each for each in MODELS.values() if each.trains_on != "relations"]


@pytest.fixture(params=OF_TEXT, ids=lambda model: model.name)
def model(request):
    kind = request.param.load()
    known = kind.options()
    options = {"min_count": 1, "vector_size": 2, "threads": 1, "bucket": 50}
    return kind(**{name: value for name, value in options.items() if name in known})


def test_a_word_a_line_is_nothing_to_train_on(model, tmp_path):
    (tmp_path / "text").write_text(LINES)
    for source, name in ((tmp_path / "text", "text"), ([[w] for w in LINES.split()], "the corpus")):
        with pytest.raises(CorpusError) as error:
            model.fit(source)
        said = str(error.value)
        assert said.startswith(str(tmp_path / "text") if name == "text" else name)
        assert "no two words of the vocabulary stand on one line, so" in said
        assert "put a sentence on each line" in said
        assert "subsampl" not in said


def test_counts_without_a_cell_are_nothing_to_train_on(model, tmp_path):
    if isinstance(model, wordvec.SkipGram):
        pytest.skip("trains on texts")
    corpus = wordvec.encode([[w] for w in LINES.split()], min_count=1)
    wordvec.count(corpus, tmp_path / "counts", wordvec.Window(window=2))
    with pytest.raises(CorpusError, match=r"counts: no two words .* line, so .* on each line$"):
        model.fit(tmp_path / "counts")


def test_subsampling_that_leaves_no_pair_is_named(model):
    if "sample" not in type(model).options():
        pytest.skip("does not subsample")
    text = [["the", "fox", "the", "dog"]] * 2
    model.set_params(sample=1e-9)
    with pytest.raises(CorpusError, match=r"the corpus: .*subsampling at 1e-09"):
        model.fit(text)
    model.set_params(sample=0)
    assert np.isfinite(model.fit(text).vectors_.vectors).all()


def test_epochs_without_a_pair_are_noted():
    text = [["the", "fox", "the", "dog"]] * 9
    model = wordvec.SkipGram(min_count=1, vector_size=2, threads=1, sample=5e-3, epochs=20)
    empty = sum(map(math.isnan, model.fit(text).losses_))
    assert 0 < empty < 20
    losses = model.vectors_.meta["training"]["losses"]
    assert losses == [None if math.isnan(loss) else loss for loss in model.losses_]
    assert model.notes() == [
        f"subsampling left no pair to train on in {empty} of 20 epochs: set sample=0 for a small "
        "text"
    ]
    model.set_params(sample=0)
    assert model.fit(text).notes() == []


def test_a_gap_between_two_words_parts_no_pair():
    """A window may reach over it; only the end of a line ends a context."""
    vocab = wordvec.encode([["a", "b"]], min_count=1).vocab
    corpus = wordvec.encode([["a", "x", "b"], ["a", "x"]], vocab=vocab, gaps=True)
    assert corpus.ids.tolist().count(GAP) == 2
    check_pairs(corpus)
    with pytest.raises(CorpusError, match="stand on one line"):
        check_pairs(wordvec.encode([["a", "x"], ["b"]], vocab=vocab, gaps=True))
