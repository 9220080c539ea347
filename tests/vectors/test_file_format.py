"""Files against a second reader that shares no code with the library."""

import unicodedata

import numpy as np
import pytest
from second_reader import Reader

from wordvec import WordVectors, load
from wordvec.vectors import file as store
from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords
from wordvec.vectors.oov.unseen import Induction


@pytest.fixture(scope="module")
def made():
    """Vectors with everything that a file can hold."""
    rng = np.random.default_rng(0)
    words = ["the", "The", "größe", "GRÖSSE", "ﬁne", "fine", "naïve", "", "a b", "x" * 300]
    words += [f"word{i}" for i in range(300)]
    n, d = len(words), 12
    wv = WordVectors(
        words,
        rng.standard_normal((n, d)).astype(np.float32),
        counts=rng.integers(0, 2**40, n),
        contexts=rng.standard_normal((n, d)).astype(np.float32),
        biases=rng.standard_normal(n),
        context_biases=rng.standard_normal(n),
        meta={"model": "test", "language": "en", "nested": {"a": [1, None, "ü"]}},
    )
    wv = (
        fit_subwords(wv, SubwordOptions(epochs=2, buckets=512))
        .with_coarse()
        .with_sketch()
        .with_folding()
    )
    wv.induction = Induction(rng.standard_normal((d, d)).astype(np.float32), 7, 0.25, 3.5)
    return wv


@pytest.mark.parametrize("dtype", ["f32", "f64", "f16", "bf16", "int8", "pq"])
def test_both_readers_read_the_same(made, tmp_path, dtype):
    made.astype(dtype).save(tmp_path / "v.wv")
    ours, plain = load(tmp_path / "v.wv", verify=True), Reader(tmp_path / "v.wv")
    words = list(ours)
    assert [w.decode() for w in plain.words] == words == list(made)
    assert [plain.find(w) for w in plain.words] == list(range(len(words)))
    assert plain.find(b"nothing") is None
    for i, word in enumerate(words):
        np.testing.assert_allclose(plain.vector(word), ours[word], rtol=1e-6)
        np.testing.assert_allclose(plain.sections[20].row(i), ours.contexts[i], rtol=1e-6)
    np.testing.assert_array_equal(plain.sections[17].numbers(), ours.norms)
    assert plain.sections[18].numbers() == made.counts.tolist()
    np.testing.assert_array_equal(plain.sections[19].numbers(), made.biases)
    np.testing.assert_array_equal(plain.sections[21].numbers(), made.context_biases)
    assert plain.meta == ours.meta == made.meta


def test_the_coarse_copy_is_the_unit_vectors(made, tmp_path):
    made.save(tmp_path / "v.wv")
    plain = Reader(tmp_path / "v.wv")
    unit = made.get_normed_vectors()
    for i in range(0, len(unit), 37):
        np.testing.assert_allclose(plain.sections[22].row(i), unit[i], atol=1 / 127)


def test_the_sketch_is_the_signs(made, tmp_path):
    made.save(tmp_path / "v.wv")
    plain = Reader(tmp_path / "v.wv")
    unit = made.get_normed_vectors()
    for i in range(0, len(unit), 7):
        signs, factor = plain.sections[23].signs(i)
        assert signs == (unit[i] > 0).astype(int).tolist()
        np.testing.assert_allclose(factor, (unit[i] ** 2).sum() / np.abs(unit[i]).sum(), rtol=1e-5)


def test_folded_words_are_found_by_both(made, tmp_path):
    made.save(tmp_path / "v.wv")
    ours, plain = load(tmp_path / "v.wv"), Reader(tmp_path / "v.wv")
    assert store.CASEFOLD in {each.type for each in ours._sections()}

    def fold(word):
        nfkc = unicodedata.normalize("NFKC", word).casefold()
        return unicodedata.normalize("NFKC", nfkc)

    for key, known in {
        "THE": "the",
        "Grösse": "größe",
        "FINE": "ﬁne",
        "NAI\u0308VE": "naïve",
        "WORD7": "word7",
        "nothing": None,
    }.items():
        found = [
            plain.words[i].decode()
            for i in plain.candidates(4, fold(key).encode())
            if fold(plain.words[i].decode()) == fold(key)
        ]
        assert ours.find_folded(key) == known
        assert found == ([known] if known else [])


def test_vectors_from_n_grams_are_those_of_the_document(made, tmp_path):
    made.save(tmp_path / "v.wv")
    ours, plain = load(tmp_path / "v.wv"), Reader(tmp_path / "v.wv")
    for word in ["word1234", "größer", "thee"]:
        found = ours.vector(word)
        assert found.how == "subword"
        np.testing.assert_allclose(found.vector, plain.ngram_vector(word), rtol=1e-4, atol=1e-6)


def test_everything_survives_a_second_save(made, tmp_path):
    made.save(tmp_path / "a.wv")
    load(tmp_path / "a.wv").save(tmp_path / "b.wv")
    assert (tmp_path / "a.wv").read_bytes() == (tmp_path / "b.wv").read_bytes()
    read = load(tmp_path / "b.wv")
    assert (read.induction.window, read.induction.odds, read.induction.slope) == (7, 0.25, 3.5)
    np.testing.assert_array_equal(read.induction.matrix, made.induction.matrix)
    assert (read.subwords.minn, read.subwords.maxn) == (3, 6)
