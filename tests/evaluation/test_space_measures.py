"""Geometry and hubs as measures of a run: against brute force, and what they refuse."""

import json

import numpy as np
import pytest
import scipy.stats

from wordvec import WordVectors
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.measures.geometry import geometry
from wordvec.evaluation.measures.hubs import hubs
from wordvec.evaluation.report import document as report
from wordvec.evaluation.run import Options, run
from wordvec.spaces.geometry import geometry as shape_of_space
from wordvec.spaces.geometry import isoscore
from wordvec.spaces.hubs import hubs as count


@pytest.fixture
def wv():
    rng = np.random.default_rng(5)
    X = rng.standard_t(8, (600, 6)) * np.linspace(0.5, 2, 6) + 0.3
    counts = np.sort(rng.integers(1, 2000, 600))[::-1]
    return WordVectors([f"w{i}" for i in range(600)], X.astype(np.float32), counts=counts)


def of(X, w):
    C = np.cov(X.T, aweights=w, ddof=0)
    return isoscore(np.trace(C), (C**2).sum(), len(C))


@pytest.mark.parametrize("weights", ["types", "tokens"])
def test_the_interval_is_that_of_a_bootstrap_over_words(wv, weights):
    X = wv.vectors.astype(float)
    w = np.ones(600) if weights == "types" else wv.counts.astype(float)
    found = geometry(wv, weights=weights)
    assert found.score == pytest.approx(of(X, w), abs=1e-6)
    rng = np.random.default_rng(1)
    drawn = [of(X, w * rng.multinomial(600, np.full(600, 1 / 600))) for _ in range(2000)]
    half = (found.interval.high - found.interval.low) / 2
    # The SD of 2,000 draws is known to 1.6 %; resampling moves second-order terms of 1 / 600.
    assert half / 1.959964 == pytest.approx(np.std(drawn), rel=0.08)
    assert geometry(wv, weights=weights, level=0.5).interval.low > found.interval.low


def test_it_says_what_the_command_geometry_says(wv):
    wanted = shape_of_space(wv)
    types, tokens = (geometry(wv, weights=w) for w in ("types", "tokens"))
    for found, shape in ((types, wanted.types), (tokens, wanted.tokens)):
        for name in ("norm", "centre", "symmetry1", "symmetry2", "effective_dimensions", "top3"):
            assert getattr(found, name) == pytest.approx(getattr(shape, name), rel=1e-5), name
    assert types.mean_cosine == pytest.approx(wanted.mean_cosine, rel=1e-5)
    assert types.partition == pytest.approx(wanted.partition, rel=1e-5)
    assert tokens.mean_cosine is tokens.partition is None


def test_normal_vectors_score_what_is_expected_of_them():
    rng = np.random.default_rng(2)
    counts = np.arange(80, 0, -1)
    words = [f"w{i}" for i in range(80)]
    for weights in ("types", "tokens"):
        found = [
            geometry(
                WordVectors(words, rng.standard_normal((80, 8)), counts=counts), weights=weights
            )
            for _ in range(200)
        ]
        scores = [f.score for f in found]
        room = 4 * np.std(scores) / 200**0.5 + 0.01  # the mean of a ratio is not the ratio of means
        assert np.mean(scores) == pytest.approx(found[0].chance, abs=room)
    assert np.mean(scores) < 0.9


def test_hubs_are_those_of_the_library_with_interval_and_chance(wv):
    found, wanted = hubs(wv), count(wv, 10)
    for name in ("robin_hood", "gini", "antihubs", "hub_share", "maximum", "queries"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name)), name
    assert found.score == pytest.approx(scipy.stats.skew(wanted.counts), rel=1e-6)
    assert found.largest == tuple(wanted.top(5))
    rng = np.random.default_rng(3)
    drawn = [scipy.stats.skew(rng.choice(wanted.counts, len(wanted.counts))) for _ in range(1000)]
    assert found.interval.low == pytest.approx(np.quantile(drawn, 0.025), abs=0.03)
    assert found.interval.high == pytest.approx(np.quantile(drawn, 0.975), abs=0.03)
    assert found.chance == pytest.approx(scipy.stats.binom(600, 10 / 600).stats("s"), rel=1e-9)


def test_a_run_has_both_weightings_and_lists_what_it_lacks(wv, tmp_path):
    bare = WordVectors([*wv], wv.vectors)
    document = run(
        {"counted": (wv, None), "bare": (bare, None)},
        options=Options(measures=("geometry", "hubs"), resamples=50),
    )
    found = {(e["model"], e["name"]): e["score"] for e in document["results"]["geometry"]}
    assert set(found) == {
        ("counted", "geometry (types)"),
        ("counted", "geometry (tokens)"),
        ("bare", "geometry (types)"),
    }
    assert found["counted", "geometry (types)"] == found["bare", "geometry (types)"]
    (refused,) = document["refused"]
    assert refused["model"] == "bare"
    assert "no counts" in refused["reason"]
    text = report.markdown(document)
    assert "## Geometry" in text
    assert "## Hubs" in text
    assert "- 1 question could not be answered; see Not answered." in text
    assert "geometry (tokens), geometry, bare: these vectors have no counts" in text
    json.dumps(document, allow_nan=False)


def test_words_without_a_vector_have_no_part(wv):
    X = np.vstack([wv.vectors, np.zeros((2, 6)), np.full((1, 6), np.nan)]).astype(np.float32)
    more = WordVectors([*wv, "a", "b", "c"], X, counts=[*wv.counts, 9, 9, 9])
    for weights in ("types", "tokens"):
        one, other = (geometry(v, weights=weights) for v in (wv, more))
        assert other.score == pytest.approx(one.score, abs=1e-9)
        assert (other.coverage.asked, other.coverage.answered) == (603, 600)
    assert hubs(more).score == hubs(wv).score
    few = WordVectors(["a", "b"], [[1.0, 0], [0, 1.0]])
    with pytest.raises(Unanswerable, match="2 usable words are too few"):
        hubs(few)
    with pytest.raises(Unanswerable, match="no usable vectors"):
        geometry(WordVectors(["a"], [[0.0, 0.0]]))
