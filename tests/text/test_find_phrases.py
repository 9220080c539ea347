"""Finding phrases, against an oracle in plain Python and against gensim."""

import random
from unittest import mock

import numpy as np
import phrase_oracle as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordvec
from wordvec.errors import CorpusError
from wordvec.text.phrases import model as joining
from wordvec.text.phrases.find import Phrases

# Words that hold the delimiter, so that phrases are spelled like words and like each other.
WORDS = ["a", "b", "c", "d", "a_b", "b_c", "of", "the"]
LINES = st.lists(st.lists(st.sampled_from(WORDS), max_size=12), min_size=1, max_size=12).filter(any)
SCORES = {"default": oracle.default_score, "npmi": oracle.npmi}


def found(model):
    return [
        {tuple(w.decode() for w in p.words): (p.count, p.score) for p in some}
        for some in model.phrases_.passes
    ]


@given(
    lines=LINES,
    passes=st.integers(1, 3),
    min_count=st.integers(1, 3),
    scoring=st.sampled_from(list(SCORES)),
    connectors=st.sampled_from([(), ("of",), ("of", "the", "not there")]),
    # No score of small counts is one of these, so rounding decides nothing.
    threshold=st.sampled_from([0.00013, 0.2718281, 0.6180339]),
    threads=st.integers(1, 3),
    memory=st.sampled_from([1, 100, 300, 1000, 1 << 20]),
    chunk=st.sampled_from([1, 2, 3, 7, 1000]),
    vocab_count=st.integers(1, 3),
)
def test_phrases_and_joined_ids_are_those_of_the_oracle(
    lines, passes, min_count, scoring, connectors, threshold, threads, memory, chunk, vocab_count
):
    expected, joined = oracle.passes(
        lines,
        passes,
        min_count=min_count,
        thresholds=[threshold] * passes,
        score=SCORES[scoring],
        connectors=connectors,
    )
    model = Phrases(
        min_count=min_count,
        threshold=threshold,
        scoring=scoring,
        passes=passes,
        connector_words=connectors,
        threads=threads,
        memory=memory,
    )
    with mock.patch.object(joining, "CHUNK", chunk):
        one = model.fit_transform(lines, min_count=1)
        two = model.transform(wordvec.encode(lines, min_count=1), min_count=1)
        try:
            cut = model.transform(lines, min_count=vocab_count, gaps=True)
        except CorpusError:
            cut = None
    assert [set(some) for some in found(model)] == [set(some) for some in expected]
    for ours, theirs in zip(found(model), expected, strict=True):
        for words, (count, score) in theirs.items():
            assert ours[words][0] == count
            assert ours[words][1] == pytest.approx(score, rel=1e-12)
    whole = wordvec.encode(joined, min_count=1)
    for corpus in (one, two):
        assert corpus.vocab.words == whole.vocab.words
        assert np.array_equal(corpus.vocab.counts, whole.vocab.counts)
        assert np.array_equal(corpus.ids, whole.ids)
        assert corpus.known == whole.known
        assert corpus.stats.tokens == whole.stats.tokens
        assert corpus.stats.types == whole.stats.types
    assert list(model.transform_lists(lines)) == joined
    if cut is not None:
        same = wordvec.encode(joined, min_count=vocab_count, gaps=True)
        assert np.array_equal(cut.ids, same.ids)
        assert cut.vocab.words == same.vocab.words
        assert cut.vocab.total == same.vocab.total


def text_of(seed, lines=400):
    """Lines of words of falling frequency, some of which like to stand together."""
    rng = random.Random(seed)
    together = [f"x{i} {'of ' * (i % 3 == 0)}{'the ' * (i % 6 == 0)}y{i}" for i in range(20)]
    words = [f"w{i}" for i in range(60)] + together + ["of", "the", "new york"]
    weights = [1 / (i + 3) for i in range(len(words))]
    return [
        " ".join(rng.choices(words, weights, k=rng.randrange(1, 25))).split() for _ in range(lines)
    ]


def scaled(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    """word2phrase.c's score: gensim's own is scaled by the number of its words and bigrams."""
    return (bigram_count - min_count) / worda_count / wordb_count * corpus_word_count


@pytest.mark.parametrize("connectors", [(), ("of", "the")])
@pytest.mark.parametrize(("scoring", "threshold"), [("default", 3.1), ("npmi", 0.31)])
def test_gensim_joins_the_same(scoring, threshold, connectors):
    gensim = pytest.importorskip("gensim.models.phrases")
    lines = text_of(1)
    theirs = gensim.Phrases(
        lines,
        min_count=4,
        threshold=threshold,
        connector_words=frozenset(connectors),
        scoring=scaled if scoring == "default" else "npmi",
    )
    ours = Phrases(
        min_count=4, threshold=threshold, scoring=scoring, connector_words=connectors
    ).fit(lines)
    assert len(ours.phrases_) > 20
    assert any(len(p.words) > 2 for p in ours.phrases_) == bool(connectors)
    assert list(ours.transform_lists(lines)) == [theirs[line] for line in lines]


def test_the_result_does_not_depend_on_threads_and_memory():
    lines = text_of(2)
    options = {"min_count": 2, "threshold": [2, 1], "passes": 2, "connector_words": ["of"]}
    one = Phrases(threads=1, **options).fit(lines).phrases_.passes
    assert len(one) == 2
    for threads, memory in ((1, 1), (3, 5000), (8, 1 << 20)):
        other = Phrases(threads=threads, memory=memory, **options).fit(lines)
        assert other.phrases_.passes == one


def test_models_train_on_joined_ids(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(line) for line in text_of(3)))
    corpus = Phrases(min_count=3, threshold=3).fit_transform(path)
    assert "new_york" in list(corpus.vocab)
    model = wordvec.SkipGram(vector_size=8, epochs=1, threads=1).fit(corpus)
    assert "new_york" in model.vectors_
    shards = wordvec.count(corpus, tmp_path / "shards", wordvec.Window(window=2))
    assert "new_york" in list(shards.vocab)


def test_a_phrase_does_not_cross_a_line_or_an_unknown_word():
    lines = [["a"], ["b"]] * 9 + [["a", "a", "b"]] * 9
    corpus = wordvec.encode(lines, min_count=1)
    gap = wordvec.encode([["a", "x", "b"]] * 9, vocab=corpus.vocab, gaps=True)
    assert not list(Phrases(min_count=1, threshold=0).fit([["a"], ["b"]] * 9).phrases_)
    assert not list(Phrases(min_count=1, threshold=0).fit(gap).phrases_)


def test_a_corpus_that_was_closed_up_is_refused():
    lines = [["a", "b", "rare"]] * 2 + [["a", "b"]] * 3
    closed = wordvec.encode(lines, min_count=3)
    for call in (Phrases().fit, Phrases(threshold=0).fit(lines).transform):
        with pytest.raises(CorpusError, match=r"2 tokens.*gaps=True"):
            call(closed)
    assert Phrases().fit(wordvec.encode(lines, min_count=3, gaps=True)).phrases_ is not None


def test_a_text_without_phrases_comes_back():
    model = Phrases(passes=3)
    corpus = model.fit_transform([["a", "b"], ["b", "a"]], min_count=1)
    assert len(model.phrases_) == 0
    assert model.phrases_.passes == []
    assert corpus.known == 4
    assert list(model.transform_lists([["a", "b"], []])) == [["a", "b"], []]


def test_a_phrase_scores_more_than_the_threshold_and_occurs_min_count_times():
    lines = [["a", "b"]] * 4  # (4 - 1) / (4 * 4) * 8 = 1.5
    assert found(Phrases(min_count=1, threshold=1.49).fit(lines)) == [{("a", "b"): (4, 1.5)}]
    assert found(Phrases(min_count=1, threshold=1.5).fit(lines)) == []
    assert found(Phrases(min_count=4, threshold=0).fit(lines)) == []  # a score of 0
    npmi = {"scoring": "npmi", "threshold": -1}
    assert len(found(Phrases(min_count=4, **npmi).fit(lines))) == 1
    assert found(Phrases(min_count=5, **npmi).fit(lines)) == []


def test_thresholds_may_fall_from_pass_to_pass():
    lines = text_of(4)
    fallen = Phrases(min_count=2, passes=2, threshold=(8, 1)).fit(lines).phrases_.passes
    first = Phrases(min_count=2, threshold=8).fit(lines)
    second = Phrases(min_count=2, threshold=1).fit(first.transform(lines, min_count=1))
    assert fallen == [*first.phrases_.passes, *second.phrases_.passes]


@pytest.mark.parametrize("source", [[], [[]], iter([])])
def test_an_empty_corpus_is_an_error(source):
    with pytest.raises(CorpusError, match="no token"):
        Phrases().fit(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 0}, "min_count must be >= 1, got 0"),
        ({"threshold": -1}, "threshold must be >= 0"),
        ({"threshold": float("nan")}, "threshold must be >= 0, got nan"),
        ({"scoring": "npmi"}, r"threshold for npmi must be in \[-1, 1\], got 100"),
        ({"scoring": "pmi"}, "scoring must be one of default, npmi"),
        ({"passes": 0}, "passes must be >= 1"),
        ({"passes": 2, "threshold": [1, 2, 3]}, r"one per pass \(2\), got 3"),
        ({"delimiter": ""}, "delimiter"),
        ({"delimiter": "a b"}, "delimiter"),
        ({"connector_words": "of"}, "connector_words must be several values"),
        ({"memory": 0}, "memory"),
        ({"threads": 0}, "threads must be"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Phrases(**options).fit([["a", "b"]])


def test_the_manners_of_an_estimator():
    model = Phrases(min_count=2)
    assert model.get_params()["min_count"] == 2
    assert model.set_params(threshold=3.0).threshold == 3.0
    with pytest.raises(ValueError, match="no option 'window'"):
        model.set_params(window=3)
    seen = []
    assert model.fit(text_of(5), progress=seen.append) is model
    assert [p.stage for p in (seen[0], seen[-1])] == ["reading", "pass 1"]
    assert seen[-1].done == seen[-1].total > 0
