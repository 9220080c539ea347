"""Skip-gram from shards: its objective, its start, what it refuses."""

import json
import shutil
import zlib

import numpy as np
import pytest

from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.noise import Noise
from wordvec.errors import TrainingError
from wordvec.models.cbow import CBOW
from wordvec.models.count_skipgram import CountSkipGram
from wordvec.models.skipgram import SkipGram
from wordvec.text.corpus import encode
from wordvec.vectors.vectors import WordVectors

QUICK = {"vector_size": 12, "threads": 1, "epochs": 4, "min_count": 1}
STILL = {"epochs": 1, "alpha": 1e-12, "min_alpha": 0.0}


@pytest.fixture(scope="module")
def shards(planted, tmp_path_factory):
    window = Window(window=4, weighting="linear")
    return count(encode(planted), tmp_path_factory.mktemp("s") / "s", window)


def test_vectors_alone_are_inputs_to_skip_gram(shards):
    full = CountSkipGram(**QUICK).fit(shards).vectors_
    alone = WordVectors(list(full.index_to_key), full.vectors)
    new = CountSkipGram(**QUICK | STILL).fit(shards, init=alone).vectors_
    np.testing.assert_allclose(new.vectors, full.vectors, atol=1e-6)
    assert np.abs(new.contexts).max() < 1e-6


def test_skip_gram_goes_on_from_the_streams_vectors(shards, planted):
    old = SkipGram(vector_size=12, threads=1, min_count=1, window=4).fit(planted)
    new = CountSkipGram(**QUICK | {"epochs": 1}).fit(shards, init=old.vectors_)
    fresh = CountSkipGram(**QUICK | {"epochs": 1}).fit(shards)
    assert new.losses_[0] < fresh.losses_[0]


def test_skip_grams_loss_is_that_of_its_objective(shards):
    model = CountSkipGram(**QUICK | STILL)
    old = CountSkipGram(**QUICK | {"alpha": 0.2}).fit(shards).vectors_
    model.fit(shards, init=old)
    v, X = model.vectors_, shards.sparse().toarray()
    z = v.vectors.astype(float) @ v.contexts.astype(float).T
    noise = v.counts**0.75 / (v.counts**0.75).sum()
    loss = np.sum(X * np.logaddexp(0, -z) + 5 * np.outer(X.sum(1), noise) * np.logaddexp(0, z))
    assert model.losses_[0] == pytest.approx(loss / X.sum(), rel=0.01)


def test_skip_gram_counts_a_text_as_the_stream_reads_it(planted, tmp_path):
    options = {"sample": 0.01, "window": 3}
    text = CountSkipGram(**QUICK | options).fit(planted).vectors_
    window = Window(window=3, weighting="linear")
    counted = count(encode(planted, min_count=1), tmp_path / "s", window, sample=0.01)
    assert np.array_equal(
        text.vectors, CountSkipGram(**QUICK | options).fit(counted).vectors_.vectors
    )


def test_skip_grams_noise_is_that_of_the_whole_vocabulary(many_words, tmp_path):
    shards = count(encode(many_words, min_count=1), tmp_path / "s")
    tables, starts, share = Noise.of(shards, 0.75)
    counts = shards.vocab.counts.astype(float)
    for t in range(shards.k):
        table = tables[starts[t] : starts[t + 1]].astype(float)
        keep = table[:, 0] / 2**32
        drawn = np.bincount(table[:, 1].astype(int), 1 - keep, len(table)) + keep
        expected = counts[t :: shards.k] ** 0.75 / (counts**0.75).sum()
        np.testing.assert_allclose(share[t] * drawn / len(table), expected, rtol=1e-5)
    assert share.sum() == pytest.approx(1)


def test_a_cap_that_asks_for_more_visits_than_can_be_is_refused(shards):
    with pytest.raises(ValueError, match="too large for the cap"):
        CountSkipGram(**QUICK | {"cap": 1e-9}).fit(shards)


def test_words_that_have_no_counts_have_no_noise(shards, tmp_path):
    shutil.copytree(shards.path, tmp_path / "s")
    words = (shards.path / "vocab.txt").read_text().split()[::2]
    text = "".join(f"{w} 0\n" for w in words).encode()
    (tmp_path / "s" / "vocab.txt").write_bytes(text)
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_bytes())
    manifest["vocab_crc32"] = zlib.crc32(text)
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(TrainingError, match="no noise to draw"):
        CountSkipGram(**QUICK).fit(tmp_path / "s")


def test_one_sided_counts_do_not_depend_on_threads_either(many_words, tmp_path):
    window = Window(window=5, weighting="linear", direction="right")
    shards = count(encode(many_words, min_count=1), tmp_path / "s", window)
    assert shards.k > 3
    one, two, three = (CountSkipGram(**QUICK | {"threads": n}).fit(shards) for n in (1, 2, 3))
    for other in (two, three):
        assert np.array_equal(one.vectors_.vectors, other.vectors_.vectors)
        assert np.array_equal(one.vectors_.contexts, other.vectors_.contexts)
        assert one.losses_ == other.losses_
    other = CountSkipGram(**QUICK | {"seed": 2}).fit(shards)
    assert not np.array_equal(one.vectors_.vectors, other.vectors_.vectors)


def test_one_word_alone_is_trained():
    model = CountSkipGram(**QUICK | {"sample": 0}).fit([["a"] * 9])
    assert model.vectors_.vectors.shape == (1, 12)
    assert np.isfinite(model.losses_).all()


def test_words_without_cells_stay_where_they_start(tmp_path):
    text = [["a", "b", "c"] * 5, ["alone"], ["alone"]]
    shards = count(encode(text, min_count=1), tmp_path / "s")
    model = CountSkipGram(**QUICK).fit(shards)
    still = CountSkipGram(**QUICK | STILL).fit(shards)
    assert np.array_equal(model.vectors_["alone"], still.vectors_["alone"])
    assert not np.array_equal(model.vectors_["a"], still.vectors_["a"])


@pytest.mark.parametrize("model", [SkipGram, CBOW])
def test_a_model_of_texts_does_not_train_on_counts_in_silence(model, shards):
    for source in (shards, shards.path, str(shards.path)):
        with pytest.raises(ValueError, match=f"{model.__name__} trains on texts.* CountSkipGram"):
            model().fit(source)
