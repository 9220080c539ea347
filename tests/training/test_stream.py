"""Streams: the plan of chunks, what is held out, early stop, older vectors, frozen rows."""

import itertools

import numpy as np
import pytest

from wordvec.errors import TrainingError
from wordvec.models.cbow import CBOW
from wordvec.models.skipgram import FastText, SkipGram
from wordvec.training.stream import Chunks
from wordvec.vectors.vectors import WordVectors

QUICK = {"vector_size": 16, "epochs": 3, "window": 3, "sample": 0, "alpha": 0.05, "threads": 1}
SUBWORD = {**QUICK, "bucket": 500, "minn": 2, "maxn": 3}


@pytest.mark.parametrize("total", [1, 1023, 1024, 1025, 5000, 300_000, 20_000_000])
def test_a_plan_trains_every_position_once(total):
    plan = Chunks.of(total, 0.0)
    assert plan.held_out == []
    assert sum(plan.end(begin) - begin for begin in plan.train) == total == plan.trained
    ends = [plan.end(begin) for begin in plan.train]
    assert plan.train == [0, *ends[:-1]]
    assert [plan.done(0), plan.done(len(plan.train))] == [0, 1]


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("total", [1025, 5000, 300_000, 20_000_000])
def test_a_plan_holds_out_about_its_share_evenly(total, share):
    plan = Chunks.of(total, share)
    held = sum(plan.end(begin) - begin for begin in plan.held_out)
    assert set(plan.held_out).isdisjoint(plan.train)
    assert held + plan.trained == total
    assert held > 0
    assert abs(held - share * total) <= plan.size
    gaps = [b - a for a, b in itertools.pairwise(plan.held_out)]
    assert not gaps or max(gaps) <= 2 * min(gaps)
    done = [plan.done(i) for i in range(len(plan.train) + 1)]
    assert done[0] == 0
    assert done[-1] == 1
    assert all(a < b for a, b in itertools.pairwise(done))


@pytest.mark.parametrize("seed", range(5))
def test_whole_documents_are_held_out_where_they_are_not_too_long(seed):
    rng = np.random.default_rng(seed)
    documents = np.concatenate([[0], np.cumsum(rng.integers(0, 900, 2000))])
    total = int(documents[-1])
    plan = Chunks.of(total, 0.1, documents)
    assert set(plan.held_out + plan.train) <= set(documents.tolist())
    assert {plan.end(begin) for begin in plan.held_out} <= set(documents.tolist())
    held = sum(plan.end(begin) - begin for begin in plan.held_out)
    assert held + plan.trained == total
    assert abs(held - 0.1 * total) < 0.02 * total
    assert max(plan.end(b) - b for b in plan.train + plan.held_out) <= plan.size
    # One long document among short ones: chunks of positions, as without documents.
    long = np.array([0, 10, total])
    assert Chunks.of(total, 0.1, long) == Chunks.of(total, 0.1)


def test_too_few_words_to_hold_some_out():
    with pytest.raises(TrainingError, match="1,024 words are too few to hold some out"):
        Chunks.of(1024, 0.1)


@pytest.mark.parametrize("model", [SkipGram, CBOW])
def test_what_is_held_out_is_judged_after_each_epoch(model, planted):
    seen = []
    estimator = model(**QUICK, held_out=0.1).fit(planted, progress=seen.append)
    losses = estimator.held_out_losses_
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    # Text of the same kind that was not trained: near the loss of what was.
    assert losses[-1] == pytest.approx(estimator.losses_[-1], rel=0.1)
    assert seen[-1].held_out == losses[-1]
    assert estimator.vectors_.meta["training"]["held_out"] == losses
    assert model(**QUICK).fit(planted).held_out_losses_ == []


def test_holding_out_moves_nothing(planted):
    """Judging twice as often changes no vector: a step at rate 0 is none."""
    one = SkipGram(**QUICK, held_out=0.1).fit(planted)
    two = SkipGram(**QUICK, held_out=0.1, patience=3).fit(planted)
    assert np.array_equal(one.vectors_.vectors, two.vectors_.vectors)
    assert one.held_out_losses_ == two.held_out_losses_


def test_training_stops_when_the_held_out_loss_rises(planted):
    # 64 dimensions soon know all that 40 words have to tell; then the loss goes up and down.
    options = {**QUICK, "epochs": 40, "vector_size": 64, "alpha": 0.1}
    estimator = SkipGram(**options, held_out=0.3, patience=2).fit(planted)
    losses = estimator.held_out_losses_
    assert len(losses) < 40
    assert len(losses) == len(estimator.losses_)
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"held_out": 0.6}, "held_out must be >= 0"),
        ({"held_out": -0.1}, "held_out must be >= 0"),
        ({"patience": 2}, "patience needs held_out"),
        ({"held_out": 0.1, "patience": 0}, "patience must be >= 1"),
    ],
)
def test_options_of_holding_out_are_checked(options, message, planted):
    with pytest.raises(ValueError, match=message):
        SkipGram(**QUICK | options).fit(planted)


@pytest.fixture(scope="module")
def old(planted):
    """Vectors of half of the words, the others' rows left out."""
    whole = SkipGram(**QUICK, seed=5).fit(planted).vectors_
    some = [i for i, word in enumerate(whole.index_to_key) if int(word[1:]) % 2]
    words = [whole.index_to_key[i] for i in some]
    return WordVectors(words, whole.vectors[some], contexts=whole.contexts[some])


@pytest.mark.parametrize("model", [SkipGram, CBOW])
def test_training_goes_on_from_older_vectors(model, planted, old):
    # At a rate of almost nothing they stay where they were put.
    still = {**QUICK, "epochs": 1, "alpha": 1e-9, "min_alpha": 0}
    new = model(**still).fit(planted, init=old).vectors_
    for word in new.index_to_key:
        if word in old:
            assert np.allclose(new[word], old[word], atol=1e-5)
            at, there = new.key_to_index[word], old.key_to_index[word]
            assert np.allclose(new.contexts[at], old.contexts[there], atol=1e-5)
        else:
            assert np.abs(new[word]).max() <= 1 / 16
    assert model(**QUICK).fit(planted, init=old).losses_[0] < model(**QUICK).fit(planted).losses_[0]


@pytest.mark.parametrize("negatives", ["shared", "independent"])
@pytest.mark.parametrize("model", [SkipGram, CBOW])
def test_frozen_rows_never_move_and_the_others_do(model, negatives, planted, old):
    options = {**QUICK, "negatives": negatives, "threads": 2}
    new = model(**options).fit(planted, init=old, frozen=True).vectors_
    moved = model(**options).fit(planted, init=old).vectors_
    for i, word in enumerate(new.index_to_key):
        if word in old:
            assert np.array_equal(new[word], old[word])
            assert np.array_equal(new.contexts[i], old.contexts[old.key_to_index[word]])
            assert not np.array_equal(moved[word], old[word])
        else:
            assert np.linalg.norm(new[word]) > 0.3


def test_new_words_learn_beside_frozen_ones(planted, old):
    new = SkipGram(**QUICK).fit(planted, init=old, frozen=True).vectors_
    for word in ("a2", "b2"):
        near = [key for key, _ in new.most_similar(word, topn=10)]
        assert sum(key[0] == word[0] for key in near) >= 8


def test_contexts_of_frozen_words_move_when_they_are_new(planted, old):
    bare = WordVectors(list(old.index_to_key), old.vectors.copy())
    new = SkipGram(**QUICK).fit(planted, init=bare, frozen=True).vectors_
    for i, word in enumerate(new.index_to_key):
        if word in bare:
            assert np.array_equal(new[word], bare[word])
            assert np.abs(new.contexts[i]).max() > 0.05


def test_some_words_can_be_frozen(planted, old):
    new = SkipGram(**QUICK).fit(planted, init=old, frozen=["a1", "b3"]).vectors_
    kept = {word for word in old.index_to_key if np.array_equal(new[word], old[word])}
    assert kept == {"a1", "b3"}


def test_subword_models_go_on_from_their_words_and_ngrams(planted):
    first = FastText(**SUBWORD).fit(planted).vectors_
    still = {**SUBWORD, "epochs": 1, "alpha": 1e-9, "min_alpha": 0}
    new = FastText(**still).fit(planted, init=first).vectors_
    assert np.allclose(new.vectors, first.vectors, atol=1e-5)
    for word in ("a99", "b77"):  # never seen: their n-grams say what they are
        assert np.allclose(new.vector(word).vector, first.vector(word).vector, atol=1e-5)
    # Vectors without n-grams, or with others: the words start where they were all the same.
    for other in (
        WordVectors(list(first.index_to_key), first.vectors.copy()),
        FastText(**SUBWORD | {"bucket": 600}).fit(planted).vectors_,
    ):
        new = FastText(**still).fit(planted, init=other).vectors_
        assert np.allclose(new.vectors, other.vectors, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (SkipGram, {"frozen": True}, "frozen needs init"),
        (SkipGram, {"init": "old", "frozen": ["a1", "a2"]}, r"that init or the text lacks.*a2"),
        (FastText, {"init": "old", "frozen": True}, "frozen cannot be combined with subwords"),
    ],
)
def test_what_cannot_be_frozen_is_said(model, given, message, planted, old):
    if "init" in given:
        given = {**given, "init": old}
    options = SUBWORD if model is FastText else QUICK
    with pytest.raises(ValueError, match=message):
        model(**options).fit(planted, **given)


def test_older_vectors_that_do_not_fit_are_refused(planted, old):
    with pytest.raises(ValueError, match="init has 16 dimensions, vector_size is 8"):
        SkipGram(**QUICK | {"vector_size": 8}).fit(planted, init=old)
    other = WordVectors(["x"], np.ones((1, 16), np.float32))
    with pytest.raises(ValueError, match="init has none of the words"):
        SkipGram(**QUICK).fit(planted, init=other)


def test_the_training_loss_rises_at_the_end_where_passages_repeat_and_only_there():
    # The loss of a pair is taken before its update. With a high rate a passage that comes again at
    # once was learned a moment ago; that gain goes as the rate falls to 0 (docs/measurements).
    rng = np.random.default_rng(1)
    lines = []
    for _ in range(1500):
        topic = rng.permutation(300)[:30]
        lines += [[f"w{i}" for i in rng.choice(topic, 20)]] * 4

    def losses(text):
        options = {"epochs": 5, "threads": 1, "seed": 1, "min_count": 1, "sample": 0, "alpha": 0.05}
        return SkipGram(vector_size=30, **options).fit(text).losses_

    burst = losses(lines)
    assert burst[-1] > burst[0]
    order = rng.permutation(len(lines))
    shuffled = losses([lines[i] for i in order])
    assert all(a > b for a, b in itertools.pairwise(shuffled))
