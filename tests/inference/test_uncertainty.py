"""Uncertainty as a user asks for it: what it answers, and what it refuses."""

import json

import numpy as np
import pytest
from least_squares_oracle import X_MAX, D

import wordvec
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.errors import Unanswerable, UnknownWordError
from wordvec.inference import delta
from wordvec.inference.estimates import Estimate, bounded, from_draws, holm
from wordvec.models.glove import GloVe
from wordvec.text.corpus import encode
from wordvec.vectors.vectors import WordVectors


@pytest.fixture(scope="module")
def unc(trained, counted):
    return wordvec.Uncertainty(trained("sum"), counted.shards)


def test_a_similarity_is_that_of_the_centre_with_the_delta_method(unc):
    X = np.stack([unc.centre("w1"), unc.centre("w2")])
    value, g = delta.cosine(X)
    sd = np.sqrt(sum(h @ unc.covariance(w) @ h for h, w in zip(g, ("w1", "w2"), strict=True)))
    got = unc.similarity("w1", "w2")
    assert (got.value, got.sd) == pytest.approx((value, sd))
    assert (got.low, got.high) == pytest.approx((value - 1.959964 * sd, value + 1.959964 * sd))
    assert (got.method, got.kind, got.level) == ("delta", "reconstruction", 0.95)


def test_a_comparison_counts_a_shared_word_once(unc):
    got = unc.compare(("w1", "w2"), ("w1", "w3"))
    X = np.stack([unc.centre(w) for w in ("w1", "w2", "w1", "w3")])
    value, g = delta.cosine_difference(X)
    gradients = {"w1": g[0] + g[2], "w2": g[1], "w3": g[3]}
    variance = sum(h @ unc.covariance(w) @ h for w, h in gradients.items())
    assert (got.value, got.sd) == pytest.approx((value, np.sqrt(variance)))
    apart = unc.similarity("w1", "w2").sd ** 2 + unc.similarity("w1", "w3").sd ** 2
    assert variance != pytest.approx(apart)
    assert got.z == pytest.approx(got.value / got.sd)


def test_a_pair_compared_with_itself_does_not_differ(unc):
    got = unc.compare(("w1", "w2"), ("w1", "w2"))
    assert (got.value, got.sd, got.z, got.p) == (0, 0, 0, 1)
    assert unc.compare(("w1", "w2"), ("w2", "w1")).sd == pytest.approx(0, abs=1e-12)


def test_other_figures_are_answered_by_the_same_rules(unc):
    X, Y, A, B = (["w1", "w11"], ["w2", "w12"], ["w21", "w31"], ["w22", "w32"])
    d, difference = unc.weat(X, Y, A, B), unc.weat(X, Y, A, B, effect=False)
    assert d.sd > 0
    assert abs(d.value) > abs(difference.value)
    for got in (
        unc.analogy("w1", "w2", "w3", "w4"),
        unc.centroids(X, Y),
        unc.projection("w5", "w1", "w2"),
    ):
        assert got.low < got.value < got.high


def test_draws_have_the_mean_and_the_covariance(unc):
    drawn = unc.draws(["w1", "w2"], 20000, seed=3)
    assert drawn.shape == (20000, 2, D)
    S = unc.covariance("w1")
    np.testing.assert_allclose(np.cov(drawn[:, 0].T), S, atol=0.05 * np.abs(S).max())
    error = np.sqrt(np.diag(S) / 20000)
    assert np.all(np.abs(drawn[:, 0].mean(axis=0) - unc.centre("w1")) < 5 * error)
    # A word's draws are its own, whatever stands beside it.
    assert np.array_equal(unc.draws(["w9", "w1"], 20000, seed=3)[:, 1], drawn[:, 0])
    twice = unc.draws(["w1", "w1"], 5)
    assert np.array_equal(twice[:, 0], twice[:, 1])


def test_propagated_cosines_are_centred_on_the_estimate(unc):
    def cosine(X):
        U = X / np.linalg.norm(X, axis=2, keepdims=True)
        return np.einsum("bd,bd->b", U[:, 0], U[:, 1])

    by_delta, by_draws = unc.similarity("w1", "w2"), unc.propagate(cosine, ["w1", "w2"], 4000)
    assert by_draws.value == pytest.approx(by_delta.value)
    assert by_draws.low < by_draws.value < by_draws.high
    # Delta and draws agree where errors are small: test_coverage.py.
    assert by_draws.sd == pytest.approx(cosine(unc.draws(["w1", "w2"], 4000)).std(ddof=1))
    assert by_draws == unc.propagate(cosine, ["w1", "w2"], 4000)
    assert by_draws != unc.propagate(cosine, ["w1", "w2"], 4000, seed=2)
    with pytest.raises(ValueError, match="one number for each draw"):
        unc.propagate(lambda X: X, ["w1"], 10)


def test_neighbours_tell_what_is_sure_of_their_order(unc):
    near = unc.most_similar("w1", topn=5)
    assert len(near) == 5
    values = [each.similarity for each in near]
    assert values == sorted(values, reverse=True)
    assert 0 < sum(each.first for each in near) <= 1
    assert near[0].p <= near[-1].p
    assert all(each.tied == (each.p > 0.05) for each in near)


def test_the_table_of_a_word_says_when_not_to_believe(unc, trained, counted):
    known = unc.known("w1")
    assert known.contexts == unc.contexts("w1")
    assert 0 < known.relative < 1
    assert known.blocks is None
    by_blocks = wordvec.Uncertainty(trained("sum"), counted.blocks).known("w1")
    assert by_blocks.blocks == 16
    assert by_blocks.design_effect > 0
    word = trained("sum")
    hasty = GloVe(vector_size=D, x_max=10, epochs=1, threads=1).fit(counted.shards).vectors_
    note = wordvec.Uncertainty(hasty, counted.shards).known("w100").note
    assert "not converged" in note
    assert len(word) == len(hasty) + 1


def test_unknown_words_and_the_word_for_the_unknown_are_named(unc):
    with pytest.raises(UnknownWordError, match="zzz"):
        unc.similarity("w1", "zzz")
    with pytest.raises(KeyError):
        unc.known("zzz")
    with pytest.raises(Unanswerable, match="rare words"):
        unc.covariance("<unk>")
    assert "rare words" in unc.known("<unk>").note


def test_a_rare_word_is_refused_with_the_numbers(tmp_path):
    lines = [["a", "b", "c", "d"]] * 20 + [["rare", "a", "b"]] * 2
    shards = count(encode(lines, min_count=1), tmp_path / "s", Window(window=2))
    wv = GloVe(vector_size=2, epochs=1, threads=1).fit(shards).vectors_
    unc = wordvec.Uncertainty(wv, shards)
    with pytest.raises(Unanswerable, match=r"'rare': 2 contexts, 2 dimensions"):
        unc.covariance("rare")
    assert "2 contexts" in unc.known("rare").note


def test_vectors_without_contexts_or_biases_say_what_to_do(trained, counted):
    wv = trained("sum")
    bare = WordVectors(list(wv), wv.vectors, meta=wv.meta)
    with pytest.raises(Unanswerable, match=r"no contexts and no biases .*keep the .wv file"):
        wordvec.Uncertainty(bare, counted.shards)
    for model, match in (
        ("skipgram", "of skipgram.*logistic.*`stability` with count-skipgram"),
        ("count-skipgram", "of count-skipgram.*logistic"),
        ("swivel", "of swivel.*unseen pairs.*`stability`"),
        ("lexvec", r"of lexvec.*\(glove, ppmi\); train one of these"),
    ):
        other = WordVectors(list(wv), wv.vectors, meta={"model": model})
        with pytest.raises(Unanswerable, match=match):
            wordvec.Uncertainty(other, counted.shards)


def test_counts_of_another_text_are_refused(trained, counted, many_words, planted, tmp_path):
    wv = trained("sum")
    other = count(encode(planted, min_count=5), tmp_path / "other", Window(window=4))
    with pytest.raises(Unanswerable, match="differ from rank 0"):
        wordvec.Uncertainty(wv, other)
    wider = count(encode(many_words, min_count=5), tmp_path / "wider", Window(window=5))
    with pytest.raises(Unanswerable, match="window is 5, the vectors were trained with 4"):
        wordvec.Uncertainty(wv, wider)
    manifest = json.loads((counted.shards.path / "manifest.json").read_text())
    assert wv.meta["shards"]["cells"] == manifest["cells"]


def test_x_max_comes_from_the_vectors_and_can_be_given(trained, counted):
    wv = trained("sum")
    default = wordvec.Uncertainty(wv, counted.shards)
    given = wordvec.Uncertainty(wv, counted.shards, x_max=10.0)
    other = wordvec.Uncertainty(wv, counted.shards, x_max=100.0)
    assert np.array_equal(default.covariance("w1"), given.covariance("w1"))
    assert not np.array_equal(default.covariance("w1"), other.covariance("w1"))
    silent = WordVectors(
        list(wv),
        wv.vectors,
        contexts=wv.contexts,
        biases=wv.biases,
        context_biases=wv.context_biases,
        meta={"model": "glove", "options": {"output_vectors": "sum"}},
    )
    with pytest.raises(Unanswerable, match="x_max and weight_exponent"):
        wordvec.Uncertainty(silent, counted.shards)
    wordvec.Uncertainty(silent, counted.shards, x_max=10, weight_exponent=0.75)


@pytest.mark.parametrize(
    "options",
    [
        {"covariance": "x"},
        {"centre": "x"},
        {"biases": "x"},
        {"source": "x"},
        {"level": 1},
        {"draws": 1},
        {"x_max": 0},
        {"threads": 0},
    ],
)
def test_options_that_are_none_are_refused(trained, counted, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        wordvec.Uncertainty(trained("sum"), counted.shards, **options)


def test_documents_need_blocks(trained, counted):
    with pytest.raises(Unanswerable, match="--blocks"):
        wordvec.Uncertainty(trained("sum"), counted.shards, source="documents")


def test_a_resample_of_documents_is_solved_as_its_shards_would_be(trained, counted, tmp_path):
    wv = trained("sum")
    unc = wordvec.Uncertainty(wv, counted.blocks, source="documents", draws=30, seed=4)
    drawn = unc.draws(["w1", "w60"], 30)
    times = counted.blocks.resamples(30, 4)
    resampled = counted.blocks.sum(tmp_path / "resampled", times[7])
    meta = {**wv.meta, "shards": {}}
    copy = WordVectors(
        list(wv),
        wv.vectors,
        contexts=wv.contexts,
        biases=wv.biases,
        context_biases=wv.context_biases,
        meta=meta,
    )
    other = wordvec.Uncertainty(copy, resampled, biases="profiled")
    for i, word in enumerate(("w1", "w60")):
        np.testing.assert_allclose(drawn[7, i], other.polished(word), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            unc.covariance(word), np.cov(drawn[:, i], rowvar=False), rtol=1e-12
        )
    got = unc.similarity("w1", "w60")
    assert (got.method, got.kind) == ("draws", "documents")
    U = drawn / np.linalg.norm(drawn, axis=2, keepdims=True)
    assert got.sd == pytest.approx(np.einsum("bd,bd->b", U[:, 0], U[:, 1]).std(ddof=1))


@pytest.fixture(scope="session")
def retrained(counted):
    """The model of `trained` with three other seeds."""
    how = {"vector_size": D, "x_max": X_MAX, "epochs": 8, "output_vectors": "sum", "unk": True}
    return [GloVe(**how, threads=1, seed=s).fit(counted.shards).vectors_ for s in (2, 3, 4)]


def test_the_noise_of_training_is_added_to_that_of_documents(trained, counted, retrained):
    wv, asked = trained("sum"), {"source": "documents", "draws": 40}
    fixed = wordvec.Uncertainty(wv, counted.blocks, **asked).similarity("w1", "w60")
    both = wordvec.Uncertainty(wv, counted.blocks, retrained=retrained, **asked)
    noise = np.std([v.similarity("w1", "w60") for v in [wv, *retrained]], ddof=1)
    found = both.similarity("w1", "w60")
    assert found.value == fixed.value
    assert found.sd == pytest.approx(np.hypot(fixed.sd, noise), rel=1e-6)
    assert found.value - found.low == pytest.approx(
        np.hypot(fixed.value - fixed.low, 1.959964 * noise), rel=1e-6
    )

    def cosines(vectors):
        U = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
        return np.einsum("nd,nd->n", U[:, 0], U[:, 1])

    again = both.propagate(cosines, ["w1", "w60"])
    assert (again.sd, again.low) == pytest.approx((found.sd, found.low), rel=1e-6)
    assert both.options()["retrained"] == 3


def test_only_other_seeds_show_the_noise_of_training(trained, counted, retrained):
    wv, asked = trained("sum"), {"source": "documents", "draws": 5}
    for others, message in (
        (retrained[:1], "give 2 or more"),
        ([retrained[0], wv], "again: give models of other seeds"),
        ([retrained[0], trained("words")], "only the seed may differ"),
        ([retrained[0], WordVectors(["w1"], np.ones((1, D), np.float32))], "other words"),
    ):
        with pytest.raises(Unanswerable, match=message):
            wordvec.Uncertainty(wv, counted.blocks, retrained=others, **asked)
    with pytest.raises(ValueError, match="source='documents'"):
        wordvec.Uncertainty(wv, counted.shards, retrained=retrained)


def test_a_word_of_few_blocks_has_no_interval(trained, counted, monkeypatch):
    unc = wordvec.Uncertainty(trained("sum"), counted.blocks, source="documents", draws=5)
    monkeypatch.setattr(counted.blocks, "spread", lambda rank: 3)
    with pytest.raises(Unanswerable, match="stands in 3 of 16 blocks"):
        unc.covariance("w1")


def test_intervals_of_cosines_end_where_cosines_do():
    near = Estimate(0.95, 0.04, 0.87, 1.03, 0.95, "delta", "reconstruction")
    assert (bounded(near, 1).low, bounded(near, 1).high) == (0.87, 1.0)
    assert bounded(near, 2) == near


def test_a_resample_that_lacks_a_word_is_left_out(trained, counted, monkeypatch):
    unc = wordvec.Uncertainty(trained("sum"), counted.blocks, source="documents", draws=20)
    drawn = unc.draws(["w1", "w2"], 20)
    kept = drawn[1:]
    drawn[0, 1] = np.nan
    monkeypatch.setattr(unc._documents, "draws", lambda ranks: drawn)
    U = kept / np.linalg.norm(kept, axis=2, keepdims=True)
    expected = np.einsum("bd,bd->b", U[:, 0], U[:, 1]).std(ddof=1)
    assert unc.similarity("w1", "w2").sd == pytest.approx(expected)


def test_holm_is_step_down():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_an_interval_of_draws_lies_around_the_value():
    draws = np.r_[np.nan, np.arange(101.0)]  # of mean 50, and one that is no number
    found = from_draws(70.0, draws, 0.9, "documents")
    assert found.sd == pytest.approx(np.arange(101).std(ddof=1))
    assert (found.low, found.high) == pytest.approx((25.0, 115.0))  # 5 to 95, moved by 20
    one = from_draws(1.0, np.array([2.0]), 0.9, "documents")
    assert np.isnan([one.sd, one.low, one.high]).all()


def test_words_without_a_variance_can_be_taken_as_they_are(unc, trained):
    words = ["w1", "<unk>", "w2"]
    assert unc.fixed(words) == ("<unk>",)
    drawn = unc.draws(words, 5, unknown="fixed")
    assert np.array_equal(drawn[:, [0, 2]], unc.draws(["w1", "w2"], 5))
    assert np.array_equal(drawn[:, 1], np.tile(trained("sum")["<unk>"], (5, 1)))
    with pytest.raises(Unanswerable):
        unc.draws(words, 5)
    got = unc.propagate(lambda X: X[:, 1, 0], words, 5, unknown="fixed")
    assert got.sd == 0


def test_the_effect_size_of_the_report_is_that_of_weat(unc, trained):
    from wordvec.evaluation.core.bias.lists import WeatTest
    from wordvec.evaluation.core.space import Space
    from wordvec.evaluation.measures.bias.sets.weat import of_vectors, weat

    lists = (("w1", "w11", "w21"), ("w2", "w12", "w22"), ("w31", "w41"), ("w32", "w42"))
    test = WeatTest("t", "t", *lists)
    space = Space.of(trained("sum"))
    result = weat(space, test)
    words, function = of_vectors(space, test, result)
    assert function(trained("sum")[words][None].astype(float))[0] == pytest.approx(
        result.score, rel=1e-5
    )
    assert unc.propagate(function, words, 20).value == pytest.approx(unc.weat(*lists).value)
