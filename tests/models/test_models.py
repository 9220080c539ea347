"""What every model owes its user: options, determinism, progress, errors, and vectors that mean."""

import dataclasses
import gzip
import io
import re
import types

import numpy as np
import pytest

import wordvec
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.errors import CorpusError, TrainingError
from wordvec.models import MODELS as REGISTRY
from wordvec.models import glove, skipgram
from wordvec.models.cbow import CBOW
from wordvec.models.count_skipgram import CountSkipGram
from wordvec.models.glove import GloVe
from wordvec.models.lexvec import LexVec
from wordvec.models.ppmi import PPMI
from wordvec.models.skipgram import FastText, SkipGram
from wordvec.models.swivel import Swivel
from wordvec.text.corpus import encode

STREAM = {"vector_size": 16, "epochs": 3, "window": 3, "sample": 0, "alpha": 0.05}
# Every model of the registry that trains on words in epochs; PPMI is factorised, its epochs are
# steps of a solver.
KINDS = {
    model.load(): model.trains_on
    for model in REGISTRY.values()
    if model.trains_on != "relations" and model.name != "ppmi"
}
COUNTED = {"vector_size": 16, "epochs": 5, "window": 4, "sample": 0, "alpha": 0.1}
QUICK = {kind: STREAM if on == "text" else COUNTED for kind, on in KINDS.items()} | {
    CBOW: {**STREAM, "alpha": 0.1},
    FastText: {**STREAM, "bucket": 500, "minn": 2, "maxn": 3},
    GloVe: {"vector_size": 16, "epochs": 10, "window": 4, "x_max": 10.0},
    Swivel: {"vector_size": 16, "epochs": 60, "window": 4},
}
MODELS = list(QUICK)
TILE_MODELS = [kind for kind, on in KINDS.items() if on == "counts"]
# Of a text that a tile model counts; the others' is harmonic.
WEIGHTING = {CountSkipGram: "linear", LexVec: "linear"}


def fitted(model, source, **options):
    return model(**{**QUICK[model], "threads": 1, **options}).fit(source)


def ngrams(word, shortest, longest):
    """The character n-grams of fastText: of <word>, without the brackets alone."""
    text = f"<{word}>"
    return [text[i : i + n] for n in range(shortest, longest + 1) for i in range(len(text) - n + 1)]


def fnv1a(text):
    """The 32-bit hash of fastText (Fowler, Noll & Vo), for ASCII."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % (1 << 32)
    return value


def separation(vectors):
    """Mean cosine within the planted groups, less that between them."""
    unit = vectors.get_normed_vectors()
    a, b = ([i for i, w in enumerate(vectors.index_to_key) if w[0] == g] for g in "ab")
    cosine = unit @ unit.T
    within = (cosine[np.ix_(a, a)].mean() + cosine[np.ix_(b, b)].mean()) / 2
    return within - cosine[np.ix_(a, b)].mean()


@pytest.mark.parametrize("model", MODELS)
def test_words_of_one_kind_come_together(model, planted):
    estimator = fitted(model, planted)
    assert len(estimator.vectors_) == 40
    assert estimator.vectors_.vector_size == 16
    assert separation(estimator.vectors_) > 0.5
    assert estimator.losses_[-1] < estimator.losses_[0]
    assert len(estimator.losses_) == estimator.epochs


@pytest.mark.parametrize("negatives", ["shared", "independent"])
@pytest.mark.parametrize("negative", [1, 5, 13])
def test_skipgram_with_any_noise(planted, negatives, negative):
    estimator = fitted(SkipGram, planted, negatives=negatives, negative=negative)
    assert separation(estimator.vectors_) > 0.4


@pytest.mark.parametrize(
    "options",
    [
        {"cbow_mean": False, "alpha": 0.02},
        {"cbow_divide": True, "alpha": 0.3},
        {"subword": True, "bucket": 300},
        {"shrink": False},
    ],
)
def test_cbow_in_all_its_forms(planted, options):
    assert separation(fitted(CBOW, planted, **options).vectors_) > 0.3


@pytest.mark.parametrize("negatives", ["shared", "independent"])
def test_subword_vectors_are_the_means_of_their_rows(planted, negatives, tmp_path):
    vectors = fitted(FastText, planted, negatives=negatives).vectors_
    assert separation(vectors) > 0.3
    vectors.save(tmp_path / "v.wv")
    again = wordvec.load(tmp_path / "v.wv")
    unseen = again.vector("a7x")
    assert unseen.how == "subword"
    rows = vectors.subwords.matrix.decoded()[[fnv1a(gram) % 500 for gram in ngrams("a7x", 2, 3)]]
    np.testing.assert_allclose(unseen.vector, rows.mean(axis=0), rtol=1e-5)
    assert np.abs(rows).max() > 1 / 16  # they have moved from where they started


def test_a_subword_model_starts_with_the_mean_of_a_word_and_its_ngrams(planted):
    """At a rate of almost nothing each row stays where Philox put it."""
    still = {"alpha": 1e-12, "min_alpha": 0.0, "epochs": 1, "seed": 5}
    vectors = fitted(FastText, planted, **still).vectors_
    rng = np.random.Generator(np.random.Philox(key=5))
    start = (2 * rng.random((540, 16), np.float32) - 1) / 16
    for i, word in enumerate(vectors.index_to_key):
        grams = [40 + fnv1a(gram) % 500 for gram in ngrams(word, 2, 3)]
        np.testing.assert_allclose(vectors[word], start[[i, *grams]].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(model, planted):
    one, two, other = (fitted(model, planted, seed=s).vectors_.vectors for s in (3, 3, 4))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("model", TILE_MODELS)
def test_tile_models_give_the_same_bytes_at_any_number_of_threads(model, many_words):
    one, many = (fitted(model, many_words, threads=t, epochs=2) for t in (1, 5))
    assert np.array_equal(one.vectors_.vectors, many.vectors_.vectors)
    assert one.losses_ == many.losses_


@pytest.mark.parametrize("model", [SkipGram, CBOW, FastText])
def test_a_stream_model_with_threads_is_as_good(model, planted):
    one, several = (fitted(model, planted, threads=t) for t in (1, 4))
    assert separation(several.vectors_) > separation(one.vectors_) - 0.1
    assert several.losses_[-1] == pytest.approx(one.losses_[-1], rel=0.05)


@pytest.mark.parametrize("model", MODELS)
def test_sources_of_all_kinds_give_the_same_model(model, planted, tmp_path):
    reference = fitted(model, planted).vectors_
    lines = planted.read_text().splitlines()
    packed = tmp_path / "t.gz"
    packed.write_bytes(gzip.compress(planted.read_bytes()))
    (tmp_path / "1").write_text("\n".join(lines[:2000]) + "\n")
    (tmp_path / "2").write_text("\n".join(lines[2000:]) + "\n")
    for source in (
        packed,
        [tmp_path / "1", tmp_path / "2"],
        io.BytesIO(planted.read_bytes()),
        [line.split() for line in lines],
        (line.split() for line in lines),
        encode(planted),
    ):
        result = fitted(model, source).vectors_
        assert list(result.index_to_key) == list(reference.index_to_key)
        assert np.array_equal(result.vectors, reference.vectors)


@pytest.mark.parametrize("model", MODELS)
def test_a_spent_iterator_is_an_error(model, planted):
    lines = iter([["a", "b"]] * 10)
    fitted(model, lines, epochs=1)
    with pytest.raises(CorpusError, match="already consumed"):
        fitted(model, lines, epochs=1)


@pytest.mark.parametrize("model", TILE_MODELS)
def test_tile_models_train_from_shards_and_their_folder(model, planted, tmp_path):
    window = Window(window=4, weighting=WEIGHTING.get(model, "harmonic"))
    shards = count(encode(planted), tmp_path / "s", window)
    one = fitted(model, shards).vectors_
    two = fitted(model, tmp_path / "s").vectors_
    three = fitted(model, planted).vectors_
    assert np.array_equal(one.vectors, two.vectors)
    assert np.array_equal(one.vectors, three.vectors)


@pytest.mark.parametrize("model", TILE_MODELS)
def test_tile_models_train_from_one_sided_shards(model, planted, tmp_path):
    shards = count(encode(planted), tmp_path / "s", Window(window=4, direction="right"))
    assert separation(fitted(model, shards).vectors_) > 0.5


def test_glove_keeps_what_its_cost_is_made_of(planted, tmp_path):
    shards = count(encode(planted), tmp_path / "s", Window(window=4))
    estimator = fitted(GloVe, shards, output_vectors="words", epochs=30)
    v = estimator.vectors_
    X = shards.sparse().toarray()
    words, contexts = v.vectors.astype(float), v.contexts.astype(float)
    error = (
        words @ contexts.T + v.biases[:, None] + v.context_biases - np.log(np.where(X > 0, X, 1))
    )
    cost = (np.minimum(1, (X / 10) ** 0.75) * (X > 0) * error**2 / 2).sum() / (X > 0).sum()
    # The loss of an epoch is taken while it goes on, so it lies a little above the cost at its end.
    assert 0.7 * estimator.losses_[-1] < cost < 1.05 * estimator.losses_[-1]
    both = fitted(GloVe, shards, epochs=30).vectors_
    np.testing.assert_allclose(both.vectors, words + contexts, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_manners_of_an_estimator(model):
    estimator = model(**QUICK[model])
    params = estimator.get_params()
    assert params["vector_size"] == 16
    assert "vectors_" not in params
    assert model(**params) == estimator
    assert estimator.set_params(vector_size=7).vector_size == 7
    with pytest.raises(ValueError, match="no option 'breadth'"):
        estimator.set_params(breadth=3)
    names = {f.name for f in dataclasses.fields(model)}
    assert {"seed", "threads", "vectors_"} <= names


@pytest.mark.parametrize("model", MODELS)
def test_clone_of_scikit_learn_takes_it(model):
    base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")
    estimator = model(**QUICK[model])
    assert base.clone(estimator).get_params() == estimator.get_params()


WORD2VEC = {"vector_size": 100, "window": 5, "min_count": 5, "negative": 5, "epochs": 5}


@pytest.mark.parametrize(
    ("model", "published"),
    [
        # word2vec.c: its variables; the power of the noise is that of Mikolov et al. (2013).
        (SkipGram, {**WORD2VEC, "sample": 1e-3, "alpha": 0.025, "ns_exponent": 0.75}),
        (CBOW, {**WORD2VEC, "sample": 1e-3, "alpha": 0.05, "ns_exponent": 0.75}),
        # fastText's args.cc.
        (
            FastText,
            {**WORD2VEC, "sample": 1e-4, "alpha": 0.05, "minn": 3, "maxn": 6, "bucket": 2_000_000},
        ),
        # Pennington et al. (2014), sections 4.2 and 3.
        (GloVe, {"window": 10, "eta": 0.05, "x_max": 100.0, "weight_exponent": 0.75}),
        # Levy, Goldberg & Dagan (2015): cds .75 and eig .5.
        (PPMI, {"smoothing": 0.75, "power": 0.5}),
        # Shazeer et al. (2016), section 4: .1 + .25 x^.5.
        (Swivel, {"base_weight": 0.1, "cell_weight": 0.25, "weight_exponent": 0.5}),
        (CountSkipGram, {"negative": 5, "ns_exponent": 0.75, "sample": 1e-3, "alpha": 0.025}),
        # Salle et al. (2016): smoothing of contexts and noise, as in the two above.
        (LexVec, {"negative": 5, "ns_exponent": 0.75, "smoothing": 0.75}),
    ],
)
def test_defaults_are_those_of_the_papers_and_programs(model, published):
    assert {name: getattr(model(), name) for name in published} == published


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (SkipGram, {"vector_size": 0}, "vector_size must be >= 1"),
        (SkipGram, {"window": 0}, "window must be >= 1"),
        (SkipGram, {"negative": 0}, "negative"),
        (SkipGram, {"sample": -1}, "sample must be >= 0"),
        (SkipGram, {"alpha": 1e-5}, "min_alpha"),
        (SkipGram, {"epochs": 0}, "epochs"),
        (SkipGram, {"threads": 0}, "threads"),
        (SkipGram, {"negatives": "none"}, "negatives"),
        (SkipGram, {"seed": -1}, "seed"),
        (GloVe, {"x_max": 0}, "x_max must be > 0"),
        (GloVe, {"eta": float("nan")}, "eta"),
        (GloVe, {"output_vectors": "all"}, "output_vectors"),
        (GloVe, {"diagnostic": -1}, "diagnostic"),
        (CountSkipGram, {"negative": 0}, "negative must be >= 1"),
        (CountSkipGram, {"alpha": 0}, "alpha must be > 0"),
        (CountSkipGram, {"min_alpha": 1}, "min_alpha must be <= alpha"),
        (CountSkipGram, {"cap": float("nan")}, "cap must be > 0"),
        (CountSkipGram, {"sample": -1}, "sample must be >= 0"),
        (CountSkipGram, {"ns_exponent": 11}, "ns_exponent must be >= -10"),
        (Swivel, {"eta": 0}, "eta must be > 0"),
        (Swivel, {"base_weight": -0.1}, "base_weight must be >= 0"),
    ],
)
def test_options_out_of_range_are_named(model, options, message, planted):
    with pytest.raises(ValueError, match=message):
        model(**options).fit(planted)


@pytest.mark.parametrize(
    ("model", "rate", "options"),
    [
        # A stream's rate has fallen a little when the loss diverges.
        (SkipGram, "alpha", {}),
        (CBOW, "alpha", {}),
        (FastText, "alpha", {}),
        (GloVe, "eta", {"bias_rate": 1e30}),
        (CountSkipGram, "alpha", {}),
        (Swivel, "eta", {}),
    ],
)
def test_divergence_stops_the_run_and_names_the_rate(model, rate, options, planted):
    message = (
        rf"the loss became (nan|inf) in epoch [12] at a rate of [\d.]+e\+(29|30): lower {rate}$"
    )
    with pytest.raises(TrainingError, match=message):
        fitted(model, planted, **{rate: 1e30}, **options)


@pytest.mark.parametrize("model", MODELS)
def test_progress_rises_to_its_total(model, planted):
    seen = []
    estimator = model(**{**QUICK[model], "threads": 2})
    estimator.fit(planted, progress=seen.append)
    training = [p for p in seen if p.stage == "training"]
    assert {p.stage for p in seen} >= {"reading", "training"}
    assert [p.done for p in training] == sorted(p.done for p in training)
    last = training[-1]
    assert last.done == last.total
    assert last.epoch == last.epochs == estimator.epochs
    assert last.left == 0
    assert last.loss == pytest.approx(estimator.losses_[-1], rel=0.05)
    assert last.rate > 0
    assert last.memory > 0


@pytest.mark.parametrize("model", [SkipGram, CBOW, FastText, CountSkipGram, LexVec])
def test_the_rate_falls_in_a_line_to_its_least(model, planted):
    rates = {"alpha": 0.04, "min_alpha": 0.01}
    seen = []
    model(**{**QUICK[model], **rates, "epochs": 10}).fit(planted, progress=seen.append)
    training = [p for p in seen if p.stage == "training" and p.alpha]
    assert len({p.epoch for p in training}) > 5
    for p in training:
        # Tiles have the rate of their round's beginning.
        assert p.alpha == pytest.approx(0.04 - 0.03 * p.done / p.total, abs=0.003)


def test_an_exception_in_a_callback_stops_the_run(planted):
    def stop(progress):
        if progress.stage == "training":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SkipGram(threads=2).fit(planted, progress=stop)


@pytest.fixture
def held(monkeypatch):
    """A process that holds 34 MB before it trains, as `wordvec train` does."""
    monkeypatch.setattr(skipgram, "resident_memory", lambda: 34 << 20)


def test_the_vocabulary_that_is_said_to_fit_does(held, tmp_path):
    words = " ".join(f"word{i}" for i in range(20_000))
    (tmp_path / "t.txt").write_text(f"{words}\n" * 5)
    model = SkipGram(vector_size=100, memory=50 << 20, epochs=1)
    with pytest.raises(TrainingError, match=r"about [\d,]+ words fit") as refused:
        model.fit(tmp_path / "t.txt")
    fits = int(re.search(r"about ([\d,]+) words", str(refused.value))[1].replace(",", ""))
    corpus = encode(tmp_path / "t.txt", max_vocab=fits)
    assert 0.99 * model.memory < model.predict_memory(corpus) <= model.memory


def test_memory_that_no_vocabulary_is_small_enough_for(held, tmp_path):
    (tmp_path / "t.txt").write_text("a b c d " * 50)
    with pytest.raises(TrainingError, match=r"allow more \(no vocabulary is small enough\)"):
        SkipGram(memory=1 << 20, epochs=1).fit(tmp_path / "t.txt")
    with pytest.raises(TrainingError, match="lower bucket or allow more"):
        FastText(memory=80 << 20, epochs=1).fit(tmp_path / "t.txt")


@pytest.mark.parametrize(
    ("cells", "k", "symmetric", "grid"),
    [(0, 1, True, 1), (29_893_650, 17, True, 2), (1_157_946, 16, True, 1), (1 << 18, 1, False, 4)],
)
def test_glove_visits_tiles_of_few_cells_less_often(cells, k, symmetric, grid):
    counts = types.SimpleNamespace(cells=cells, k=k, symmetric=symmetric)
    assert glove._grid(counts) == grid
