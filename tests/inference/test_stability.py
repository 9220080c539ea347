"""Models trained anew on resampled documents."""

import numpy as np
import pytest

import wordvec
from wordvec.counts.blocks import count_blocks
from wordvec.counts.counting.window import Window
from wordvec.errors import Unanswerable, UnknownWordError
from wordvec.inference.stability import Runs, stability
from wordvec.models.glove import GloVe
from wordvec.models.ppmi import PPMI
from wordvec.models.skipgram import SkipGram
from wordvec.text.corpus import encode


@pytest.fixture(scope="module")
def runs(counted):
    return stability(PPMI(vector_size=6, threads=1), counted.blocks, runs=8, seed=3, threads=1)


def test_a_run_is_a_model_of_its_resampled_shards(runs, counted, tmp_path):
    times = counted.blocks.resamples(8, 3)
    shards = counted.blocks.sum(tmp_path / "s", times[5])
    wv = PPMI(vector_size=6, threads=1, seed=6).fit(shards).vectors_
    assert runs.similarities("w1", "w2")[5] == pytest.approx(wv.similarity("w1", "w2"), abs=1e-4)


def test_a_similarity_over_runs_is_their_mean_and_spread(runs):
    values = runs.similarities("w1", "w11")
    got = runs.similarity("w1", "w11")
    assert got.value == pytest.approx(values.mean())
    assert got.sd == pytest.approx(values.std(ddof=1))
    assert got.low <= got.value <= got.high
    assert (got.method, got.kind) == ("runs", "documents")


def test_the_same_runs_at_any_number_of_threads(counted, runs):
    again = stability(PPMI(vector_size=6, threads=2), counted.blocks, runs=8, seed=3, threads=2)
    assert np.array_equal(runs.similarities("w1", "w2"), again.similarities("w1", "w2"))


def test_the_neighbourhood_of_a_word_is_that_of_its_cosines(runs):
    got = runs.word("w1", topn=5)
    assert len(got.neighbors) == 5
    for each in got.neighbors:
        values = runs.similarities("w1", each.word)
        assert each.similarity == pytest.approx(np.nanmean(values), abs=1e-6)
        assert each.stable == (each.share >= 0.8)
    assert 0 <= got.jaccard <= 1
    assert got.sd == pytest.approx(np.mean([each.sd for each in got.neighbors]))


def made_runs(blocks, units, present):
    units = np.asarray(units, np.float32)
    return Runs(blocks, units, np.asarray(present), "documents", 0.95)


def test_an_absent_word_is_missing_and_not_zero(counted):
    V = len(counted.blocks.vocab)
    rng = np.random.default_rng(1)
    units = rng.normal(size=(4, V, 3))
    units /= np.linalg.norm(units, axis=2, keepdims=True)
    present = np.ones((4, V), bool)
    present[1, 7] = False
    runs = made_runs(counted.blocks, units, present)
    words = list(counted.blocks.vocab)
    values = runs.similarities(words[0], words[7])
    assert np.isnan(values[1])
    assert runs.similarity(words[0], words[7]).value == pytest.approx(np.mean(values[[0, 2, 3]]))
    assert runs.word(words[7]).runs == 3
    present[:3, 7] = False
    with pytest.raises(Unanswerable, match="1 of 4 runs"):
        made_runs(counted.blocks, units, present).similarity(words[0], words[7])


def test_other_seeds_tell_of_the_training_alone(counted):
    glove = GloVe(vector_size=6, epochs=2, threads=1)
    seeds = stability(glove, counted.blocks, runs=3, resample="seeds", threads=1)
    assert seeds.kind == "seeds"
    assert seeds.present.all()
    assert seeds.similarity("w1", "w2").sd > 0
    assert glove.seed == 1


def test_more_documents_make_for_less_spread(tmp_path):
    """SD falls as 1 / sqrt(documents) when they are alike: 4 times as many blocks, half the SD."""
    rng = np.random.default_rng(0)

    def text(n):
        """Lines about a place on a ring of 30 words; words near it are likelier."""
        words = (rng.integers(0, 30, (n, 1)) + np.rint(rng.normal(0, 4, (n, 20)))) % 30
        return [[f"w{x:.0f}" for x in row] for row in words]

    sds = []
    for blocks in (25, 100):
        counted = count_blocks(
            encode(text(20 * blocks), min_count=1),
            tmp_path / f"b{blocks}",
            blocks,
            Window(window=3),
            by="line",
        )
        # The first three singular vectors are the mean and the ring; what follows would be noise.
        runs = stability(PPMI(vector_size=3), counted, runs=40, threads=1)
        pairs = [("w0", f"w{i}") for i in range(1, 30)]
        sds.append(np.mean([runs.similarity(*pair).sd for pair in pairs]))
    # 40 runs give an SD to 11 %, but 29 pairs share the word and its runs.
    assert sds[0] / sds[1] == pytest.approx(2, rel=0.25)


def test_what_cannot_be_run_is_refused(counted, runs):
    with pytest.raises(TypeError, match="SkipGram does not train on counts"):
        stability(SkipGram(), counted.blocks)
    with pytest.raises(ValueError, match="runs"):
        stability(GloVe(), counted.blocks, runs=2)
    with pytest.raises(ValueError, match="resample"):
        stability(GloVe(), counted.blocks, resample="x")
    with pytest.raises(UnknownWordError, match="zzz"):
        runs.word("zzz")
    assert wordvec.stability is stability


def test_a_word_of_few_blocks_has_no_interval(runs, monkeypatch):
    monkeypatch.setattr(type(runs.blocks), "spread", lambda self, rank: 3)
    with pytest.raises(Unanswerable, match="stands in 3 of 16 blocks"):
        runs.similarity("w1", "w2")
