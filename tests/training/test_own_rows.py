"""Rows of threads' own: how they are merged, and which rows they are."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.models.cbow import CBOW
from wordvec.models.skipgram import FastText, SkipGram
from wordvec.native.models import sgns
from wordvec.text.vocab import Vocabulary
from wordvec.training import own_rows
from wordvec.training.ngram_rows import NgramRows
from wordvec.training.own_rows import MOST_ROWS, OwnRows
from wordvec.training.rows import padded_matrix

WORDS, TOKENS, DIM = 40, 4000, 20
PULL = 0.03  # of wv_sgns.c
IDS = np.random.default_rng(1).integers(0, WORDS, TOKENS).astype(np.int32)
NOISE = sgns.alias_table(np.ones(WORDS))


def own_rows_of(kept, subwords, threads, *, contexts=4, negative=5, cbow=False):
    """With noise in proportion to the tokens that are kept."""
    return OwnRows.of(
        kept, kept, subwords, threads, contexts=contexts, negative=negative, cbow=cbow
    )


def model(own=None):
    """Input and output of a small model, and its trainer."""
    input, output = padded_matrix(WORDS, DIM), padded_matrix(WORDS, DIM)
    rng = np.random.default_rng(2)
    for matrix in (input, output):
        matrix[:, :DIM] = rng.normal(0, 0.2, (WORDS, DIM))
    options = {"cbow": False, "mean": True, "divide": False, "window": 2, "negative": 3}
    options |= {"shrink": False, "shared": True}
    keep = np.full(WORDS, 2**32 - 1, np.uint32)
    return input, output, sgns.SkipGramTrainer(input, output, keep, options, dim=DIM, own=own)


def rows_of(count, workers, every):
    """Own rows for the first `count` words of a model."""
    visits = np.full(count, 1 / WORDS, np.float32)
    return OwnRows(visits, visits, None, workers, every)


def trained(begin, end, alpha, own=None, every=1):
    """What training on one part of the text makes of the model; rows in common."""
    input, output, trainer = model(own)
    memory = own.memory(DIM) if own else None
    worker = trainer.worker(TOKENS, memory)
    worker.train(IDS, begin, end, NOISE, 3, alpha, alpha)
    if own:
        worker.settle()
    return input, output


def factor(visits, alpha, workers):
    """(1 - q^T) / (T (1 - q)) with q = exp(-PULL alpha visits), in its sum's form."""
    q = np.exp(-PULL * alpha * visits)
    return sum(q**t for t in range(workers)) / workers


@pytest.mark.parametrize("count", [1, 7, WORDS])
@pytest.mark.parametrize("every", [1, 100, 10**6])
def test_one_worker_with_rows_of_its_own_trains_as_without(count, every):
    plain = trained(0, TOKENS, 0.05)
    own = trained(0, TOKENS, 0.05, rows_of(count, 1, every))
    for a, b in zip(plain, own, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    assert np.abs(plain[0] - model()[0]).max() > 0.1


@pytest.mark.parametrize(
    ("workers", "alpha", "every"), [(2, 0.01, 10**4), (2, 0.05, 10**6), (3, 0.02, 10**5)]
)
def test_each_worker_adds_a_share_of_what_it_has_done(workers, alpha, every):
    """Workers that start from the same rows and merge once, at the end."""
    cuts = np.linspace(0, TOKENS, workers + 1).astype(int)
    every = max(every, TOKENS)  # no merge before the end
    own = rows_of(WORDS, workers, every)
    input, output, trainer = model(own)
    team = [trainer.worker(TOKENS, own.memory(DIM), index) for index in range(workers)]
    for worker in team:  # all take over the rows as they are
        worker.train(IDS, 0, 0, NOISE, 3, alpha, alpha)
    start = input.copy(), output.copy()
    for worker, begin, end in zip(team, cuts[:-1], cuts[1:], strict=True):
        worker.train(IDS, begin, end, NOISE, 3, alpha, alpha)
    assert input.tobytes() == start[0].tobytes()  # nothing was merged yet
    for worker in team:
        worker.settle()
    share = factor(every / WORDS, alpha, workers)
    parts = [trained(begin, end, alpha) for begin, end in itertools.pairwise(cuts)]
    for side, found in enumerate((input, output)):
        moved = sum(part[side] - start[side] for part in parts)
        np.testing.assert_allclose(found, start[side] + share * moved, atol=1e-5)


def test_a_worker_takes_over_what_others_have_added():
    own = rows_of(WORDS, 2, 10**6)
    input, output, trainer = model(own)
    first, second = (trainer.worker(TOKENS, own.memory(DIM), index) for index in range(2))
    for worker in (first, second):
        worker.train(IDS, 0, 0, NOISE, 3, 1e-9, 1e-9)
    first.train(IDS, 0, 2000, NOISE, 3, 0.05, 0.05)
    first.settle()
    second.settle()
    # At rate 0 the loss is that of the rows that a worker sees.
    seen, _, _ = second.train(IDS, 0, TOKENS, NOISE, 3, 0.0, 0.0)
    plain = model()
    plain[0][:], plain[1][:] = input, output
    expected, _, _ = plain[2].worker(TOKENS).train(IDS, 0, TOKENS, NOISE, 3, 0.0, 0.0)
    assert seen == pytest.approx(expected, rel=1e-6)


@given(
    counts=st.lists(st.integers(1, 1000), min_size=1, max_size=60),
    bucket=st.integers(50, 300),
)
def test_rows_of_subwords_are_renamed_and_no_more(counts, bucket):
    words = [f"w{i}ab{i % 7}".encode() for i in range(len(counts))]
    vocab = Vocabulary(words, np.array(counts, np.int64), sum(counts))
    subwords = NgramRows(vocab, minn=3, maxn=4, bucket=bucket)
    own = own_rows_of(np.array(counts, float) * 1e6, subwords, 2)
    renamed = own.sub_rows
    back = np.where(renamed < 0, own.rows[np.minimum(~renamed, len(own.rows) - 1)], renamed)
    assert np.array_equal(back, subwords.rows)
    assert (np.diff(own.of_input) <= 0).all()
    assert len(np.unique(own.rows)) == len(own.rows) <= MOST_ROWS


@pytest.mark.parametrize("kind", [SkipGram, CBOW, FastText])
def test_threads_bring_what_they_have_trained_into_the_model(kind, monkeypatch):
    """A text of fewer words than a thread has rows of its own: all that is learned is in them."""
    rng = np.random.default_rng(0)
    groups = [[f"{group}{i}" for i in range(8)] for group in "abcd"]
    text = [list(rng.choice(groups[i % 4], 12)) for i in range(2000)]
    monkeypatch.setattr(own_rows, "LEAST_MERGES", 4)
    monkeypatch.setattr(own_rows, "LEAST_BETWEEN", 16)
    options = {"vector_size": 16, "epochs": 5, "min_count": 1, "sample": 0, "seed": 3}
    if kind is FastText:
        options["bucket"] = 500
    losses = []
    for threads in (1, 2):
        fitted = kind(**options, threads=threads).fit(text)
        losses.append(fitted.losses_[-1])
        near = [fitted.vectors_.most_similar(f"{g}0", topn=7) for g in "abcd"]
        found = sum(
            word[0] == g for g, list_ in zip("abcd", near, strict=True) for word, _ in list_
        )
        assert found >= 26  # of 28; at random 7
    assert max(losses) < 1.1 * min(losses)


@pytest.mark.parametrize("kind", [SkipGram, FastText])
def test_a_checkpoint_has_what_threads_have_trained(kind, tmp_path, monkeypatch):
    """It is resumed when there is nothing left to train, and gives the same bytes."""
    monkeypatch.setattr(own_rows, "LEAST_MERGES", 4)
    monkeypatch.setattr(own_rows, "LEAST_BETWEEN", 16)
    rng = np.random.default_rng(0)
    text = [[f"w{i}" for i in rng.integers(0, 30, 12)] for _ in range(2000)]
    options = {"vector_size": 16, "epochs": 2, "min_count": 1, "sample": 0, "threads": 2}
    if kind is FastText:
        options["bucket"] = 500
    whole = kind(**options).fit(text, checkpoint=tmp_path / "c").vectors_
    again = kind(**options).fit(text, checkpoint=tmp_path / "c", resume=True).vectors_
    assert again.vectors.tobytes() == whole.vectors.tobytes()
    assert again.contexts.tobytes() == whole.contexts.tobytes()

    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kind(**options).fit(text, checkpoint=tmp_path / "stopped", progress=stop)
    model = kind(**options).fit(text, checkpoint=tmp_path / "stopped", resume=True)
    assert model.losses_[1] < model.losses_[0]


@pytest.mark.parametrize(
    ("tokens", "threads", "every"),
    [
        (10**9, 2, 4096),
        (10**6, 2, 1953),
        (10**6, 4, 976),
        (10**9, 5, None),
        (10**5, 2, None),
        (10**9, 1, None),
    ],
)
def test_one_or_many_threads_and_small_texts_have_no_own_rows(tokens, threads, every):
    own = own_rows_of(np.array([0.75, 0.25]) * tokens, None, threads)
    assert (own and own.every) == every


@pytest.mark.parametrize("cbow", [False, True])
def test_visits_are_the_pairs_that_move_a_row(cbow):
    """Counted while a text is gone through in windows of two words on each side."""
    rng = np.random.default_rng(5)
    weights = np.array([5.0, 3, 2, 1])
    ids = rng.choice(4, 20_000, p=weights / weights.sum())
    negative, window = 3, 2
    moved = np.zeros((2, 4))
    for at in range(window, len(ids) - window):
        around = [ids[at + k] for k in (-2, -1, 1, 2)]
        outputs = [ids[at], *rng.choice(4, negative, p=weights / weights.sum())]
        np.add.at(moved[0], around, len(outputs))
        np.add.at(moved[1], outputs, 1 if cbow else len(around))
    own = own_rows_of(weights * 1e7, None, 2, contexts=4, negative=negative, cbow=cbow)
    np.testing.assert_allclose(own.of_input, moved[0] / len(ids), rtol=0.05)
    np.testing.assert_allclose(own.of_output, moved[1] / len(ids), rtol=0.05)


def test_bad_own_rows_are_refused():
    visits = np.ones(WORDS + 1, np.float32)
    with pytest.raises(ValueError, match="more rows"):
        model(OwnRows(visits, visits[:2], None, 2, 10))
    with pytest.raises(ValueError, match="workers"):
        model(OwnRows(visits[:2], visits[:2], None, 0, 10))
    with pytest.raises(ValueError, match="token"):
        model(OwnRows(visits[:2], visits[:2], None, 2, 0))
    with pytest.raises(ValueError, match="subwords"):
        model(OwnRows(visits[:2], visits[:2], np.zeros(2, np.int32), 2, 10))
    own = rows_of(4, 2, 10)
    trainer = model(own)[2]
    with pytest.raises(ValueError, match="floats"):
        trainer.worker(10, padded_matrix(3, DIM))
    with pytest.raises(ValueError, match="index"):
        trainer.worker(10, own.memory(DIM), 2)
