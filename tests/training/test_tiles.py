"""What tile models add to a model's manners: going on, starting from older vectors, <unk>."""

import numpy as np
import pytest

from wordvec.counts.counting.count import count
from wordvec.counts.counting.sampling import subsample
from wordvec.counts.counting.window import Window
from wordvec.errors import TrainingError
from wordvec.models.count_skipgram import CountSkipGram
from wordvec.models.glove import GloVe
from wordvec.models.lexvec import LexVec
from wordvec.models.ppmi import PPMI
from wordvec.models.swivel import Swivel, Tiles
from wordvec.text.corpus import encode
from wordvec.vectors.vectors import WordVectors

QUICK = {"vector_size": 12, "threads": 1, "epochs": 4, "min_count": 1}
MODELS = [GloVe, CountSkipGram, LexVec, Swivel]
# Rates so small that nothing moves: what comes out is what went in.
STILL = {
    GloVe: {"eta": 1e-12, "bias_rate": 1e-12},
    CountSkipGram: {"alpha": 1e-12, "min_alpha": 0.0},
    LexVec: {"alpha": 1e-12, "min_alpha": 0.0},
    Swivel: {"eta": 1e-12},
}


@pytest.fixture(scope="module")
def shards(planted, tmp_path_factory):
    return count(encode(planted), tmp_path_factory.mktemp("s") / "s", Window(window=4))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("output", ["sum", "words", "both"])
def test_a_warm_start_is_where_the_older_vectors_are(model, output, shards):
    old = model(**QUICK | {"output_vectors": output}).fit(shards).vectors_
    new = model(**QUICK | {"epochs": 1, "output_vectors": output} | STILL[model])
    new.fit(shards, init=old)
    np.testing.assert_allclose(new.vectors_.vectors, old.vectors, atol=1e-5)
    if output != "both":
        np.testing.assert_allclose(new.vectors_.contexts, old.contexts, atol=1e-5)
    if model is GloVe:
        np.testing.assert_allclose(new.vectors_.biases, old.biases, atol=1e-5)
        np.testing.assert_allclose(new.vectors_.context_biases, old.context_biases, atol=1e-5)


@pytest.mark.parametrize("model", [*MODELS, PPMI])
def test_words_and_contexts_come_out_added_alone_or_beside_each_other(model, shards):
    options = {name: QUICK[name] for name in ("vector_size", "threads", "epochs")}
    if model is PPMI:
        del options["epochs"]
    added, alone, beside = (
        model(**options, output_vectors=output).fit(shards).vectors_
        for output in ("sum", "words", "both")
    )
    np.testing.assert_allclose(added.vectors, alone.vectors + alone.contexts, atol=1e-6)
    assert np.array_equal(beside.vectors, np.concatenate([alone.vectors, alone.contexts], axis=1))
    for name in ("biases", "context_biases"):
        x, y = getattr(alone, name), getattr(beside, name)
        assert (x is None) == (y is None) == (model is not GloVe)
        assert x is None or np.array_equal(x, y)
    with pytest.raises(ValueError, match="one of sum, words, both"):
        model(**options, output_vectors="all").fit(shards)


@pytest.mark.parametrize("model", MODELS)
def test_new_words_start_anew_beside_the_old_ones(model, shards):
    full = model(**QUICK).fit(shards).vectors_
    names = list(full.index_to_key)
    part = WordVectors(names[::2], np.ascontiguousarray(full.vectors[::2]))
    still = model(**QUICK | {"epochs": 1} | STILL[model])
    new = still.fit(shards, init=part).vectors_
    fresh = still.fit(shards).vectors_
    np.testing.assert_allclose(new.vectors[::2], full.vectors[::2], atol=1e-5)
    np.testing.assert_allclose(new.vectors[1::2], fresh.vectors[1::2], atol=1e-6)


def test_a_warm_start_that_cannot_be_is_refused(shards):
    with pytest.raises(ValueError, match="init has 3 dimensions, vector_size is 12"):
        GloVe(**QUICK).fit(shards, init=WordVectors(["a0"], np.ones((1, 3), np.float32)))
    with pytest.raises(ValueError, match="none of the words"):
        GloVe(**QUICK).fit(shards, init=WordVectors(["zz"], np.ones((1, 12), np.float32)))


def test_a_warm_start_begins_with_a_lower_loss(shards):
    cold = GloVe(**QUICK).fit(shards)
    warm = GloVe(**QUICK).fit(shards, init=cold.vectors_)
    assert warm.losses_[0] < cold.losses_[0]


@pytest.mark.parametrize("model", MODELS)
def test_unk_is_the_mean_of_the_rarest_hundred(model, many_words):
    with_unk, without = (
        model(**QUICK | {"unk": unk}).fit(many_words).vectors_ for unk in (True, False)
    )
    assert list(with_unk.index_to_key) == [*without.index_to_key, "<unk>"]
    np.testing.assert_allclose(with_unk["<unk>"], without.vectors[-100:].mean(axis=0), atol=1e-6)
    assert np.array_equal(with_unk.vectors[:-1], without.vectors)
    assert len(with_unk.contexts) == len(with_unk)


def test_unk_that_is_a_word_already_is_refused():
    text = [["<unk>", "a", "b"]] * 9
    with pytest.raises(TrainingError, match="already"):
        GloVe(**QUICK | {"unk": True}).fit(text)


def test_convergence_rises_to_one_and_is_shown(shards):
    seen = []
    model = GloVe(**QUICK | {"epochs": 60, "eta": 0.2, "x_max": 10.0})
    model.fit(shards, progress=seen.append)
    assert len(model.convergence_) == 60
    assert model.convergence_[0] < model.convergence_[-1] <= 1
    assert model.convergence_[-1] > 0.9
    assert seen[-1].convergence == model.convergence_[-1]
    silent = GloVe(**QUICK | {"diagnostic": 0}).fit(shards)
    assert silent.convergence_ == []


def test_the_diagnostic_solves_weighted_least_squares(shards):
    model = GloVe(**QUICK | {"x_max": 10.0, "output_vectors": "words", "diagnostic": 1000}).fit(
        shards
    )
    v, X = model.vectors_, shards.sparse().toarray()
    cosines = []
    for i in range(len(v)):
        K = np.flatnonzero(X[i])
        root = np.sqrt(np.minimum(1, (X[i, K] / 10) ** 0.75))
        C = v.contexts[K].astype(float)
        y = np.log(X[i, K]) - v.biases[i] - v.context_biases[K]
        best = np.linalg.lstsq(root[:, None] * C, root * y)[0]
        w = v.vectors[i].astype(float)
        cosines.append(w @ best / np.linalg.norm(w) / np.linalg.norm(best))
    assert model.convergence_[-1] == pytest.approx(np.mean(cosines), abs=1e-5)


@pytest.mark.parametrize("diagonal", [True, False])
def test_swivels_loss_is_the_papers(shards, diagonal):
    """Loss of an epoch with one tile: before the step, so that of the parameters at the start."""
    options = {"eta": 1e-12, "epochs": 1, "diagonal": diagonal}
    model = Swivel(**QUICK | options).fit(shards)
    v = model.vectors_
    words = (v.vectors - v.contexts).astype(float)
    x = shards.sparse().toarray() + diagonal * np.diag(v.counts)
    rows, cols = np.log(x.sum(1) + 1), np.log(x.sum(0) + 1)
    z = words @ v.contexts.astype(float).T - (np.log(x.sum() + 1) - rows[:, None] - cols)
    seen = x > 0
    error = z - np.log(np.where(seen, x, 1))
    loss = np.where(seen, 0.5 * (0.1 + 0.25 * np.sqrt(x)) * error**2, np.logaddexp(0, z))
    assert shards.k == 1
    assert model.losses_ == [pytest.approx(loss.mean(), rel=1e-5)]


def test_swivel_adds_the_words_that_subsampling_left(planted, tmp_path):
    corpus = encode(planted)
    sampled = count(corpus, tmp_path / "s", Window(window=4), sample=1e-3)
    own = Tiles(sampled).own
    kept = np.bincount(subsample(corpus, 1e-3, 1).ids.clip(-1) + 1)[1:]
    assert own.sum() == pytest.approx(kept.sum(), rel=0.05)
    assert own.sum() < 0.5 * corpus.known


def test_swivel_takes_words_that_fill_no_tile(many_words):
    model = Swivel(**QUICK | {"epochs": 40}).fit(many_words)
    assert len(model.vectors_) % 16
    unit = model.vectors_.get_normed_vectors()
    rest = np.array([int(w[1:]) % 10 for w in model.vectors_.index_to_key])
    cosine = unit @ unit.T
    alike = rest[:, None] == rest
    assert cosine[alike].mean() - cosine[~alike].mean() > 0.2
