"""fastText's own models, made by fastText: supervised, quantised, pruned; and damaged ones."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordvec import load
from wordvec.errors import FormatError, StoreError
from wordvec.system.files import WV_MAGIC

WORDS = [a + b + c for a in "kmrst" for b in "aeiou" for c in "nlrst"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Supervised models of 300 lines: plain, quantised, and quantised with pruned n-grams;
    the last with a quantised output, too."""
    fasttext = pytest.importorskip("fasttext")
    folder = tmp_path_factory.mktemp("fasttext")
    rng = np.random.default_rng(0)
    lines = [
        f"__label__{'abc'[i % 3]} {' '.join(rng.choice(WORDS[i % 3 * 40 :][:45], 8))}\n"
        for i in range(300)
    ]
    (folder / "text").write_text("".join(lines))
    options = {"dim": 10, "epoch": 3, "thread": 1, "verbose": 0}
    text = str(folder / "text")
    model = fasttext.train_supervised(text, bucket=2000, minn=0, maxn=3, **options)
    model.save_model(str(folder / "plain.bin"))
    model.quantize(qnorm=True)
    model.save_model(str(folder / "quantised.ftz"))
    model = fasttext.train_supervised(text, bucket=2000, minn=2, maxn=4, wordNgrams=2, **options)
    model.quantize(input=text, cutoff=300, dsub=3)
    model.save_model(str(folder / "pruned.ftz"))
    # The output can be quantised from 256 labels on.
    many = [line.replace("__label__", f"__label__{i}", 1) for i, line in enumerate(lines)]
    (folder / "many").write_text("".join(many))
    many_labels = str(folder / "many")
    model = fasttext.train_supervised(many_labels, bucket=2000, minn=2, maxn=3, **options)
    model.quantize(input=many_labels, qout=True, qnorm=True, cutoff=400, retrain=True)
    model.save_model(str(folder / "both.ftz"))
    return folder


@pytest.mark.parametrize("name", ["plain.bin", "quantised.ftz", "pruned.ftz", "both.ftz"])
def test_vectors_are_fasttexts_own(models, name):
    import fasttext

    theirs, wv = fasttext.load_model(str(models / name)), load(models / name)
    assert list(wv) == theirs.words
    # Sums of up to a dozen float32 numbers below 1, in another order.
    expected = np.array([theirs.get_word_vector(word) for word in wv])
    np.testing.assert_allclose(wv.vectors, expected, rtol=0, atol=1e-6)
    assert wv.contexts is None  # the output rows belong to labels
    if name in ("pruned.ftz", "both.ftz"):
        assert wv.subwords is None
        assert wv.meta["pruned_ngrams"] > 0
    else:
        for word in ["zzz", "kano", "q"]:
            np.testing.assert_allclose(
                wv.vector(word).vector, theirs.get_word_vector(word), rtol=0, atol=1e-6
            )


@pytest.mark.parametrize("name", ["plain.bin", "quantised.ftz", "pruned.ftz"])
def test_a_cut_model_is_named_with_the_offset(models, tmp_path, name):
    data = (models / name).read_bytes()
    # The output matrix may be missing: fastText's own older files end before it.
    for end in np.linspace(4, len(data) * 0.8, 60).astype(int).tolist():
        (tmp_path / "cut").write_bytes(data[:end])
        with pytest.raises(FormatError, match="byte"):
            load(tmp_path / "cut")


def tiny(minn, maxn, *, model=2, version=12, labels=0):
    """A model of </s>, cat, dog and 20 buckets in three dimensions, written from the format."""
    rng = np.random.default_rng(1)
    out = struct.pack("<ii", 793712314, version)
    out += struct.pack("<12id", 3, 5, 1, 1, 5, 1, 2, model, 20, minn, maxn, 100, 1e-4)
    entries = [(b"</s>", 9, 0), (b"cat", 5, 0), (b"dog", 3, 0)]
    entries += [(b"__label__%d" % i, 1, 1) for i in range(labels)]
    out += struct.pack("<iiiqq", len(entries), 3, labels, 17, -1)
    for word, count, kind in entries:
        out += word + b"\0" + struct.pack("<qb", count, kind)
    rows = rng.standard_normal((23, 3)).astype("<f4")
    out += b"\0" + struct.pack("<qq", *rows.shape) + rows.tobytes()
    output = rng.standard_normal((labels or 3, 3)).astype("<f4")
    return out + b"\0" + struct.pack("<qq", *output.shape) + output.tobytes()


def test_lengths_count_from_one_so_minn_0_and_1_are_the_same(tmp_path):
    (tmp_path / "0.bin").write_bytes(tiny(0, 3))
    (tmp_path / "1.bin").write_bytes(tiny(1, 3))
    zero, one = load(tmp_path / "0.bin"), load(tmp_path / "1.bin")
    np.testing.assert_array_equal(zero.vectors, one.vectors)
    np.testing.assert_array_equal(zero.vector("bird").vector, one.vector("bird").vector)


def test_a_range_without_a_length_has_no_ngrams(tmp_path):
    (tmp_path / "m.bin").write_bytes(tiny(5, 3))
    assert load(tmp_path / "m.bin").subwords is None


def test_labels_are_neither_words_nor_contexts(tmp_path):
    (tmp_path / "m.bin").write_bytes(tiny(0, 0, model=3, labels=3))
    wv = load(tmp_path / "m.bin")
    assert (list(wv), wv.contexts) == (["</s>", "cat", "dog"], None)


def test_supervised_models_of_version_11_have_no_ngrams(tmp_path):
    (tmp_path / "m.bin").write_bytes(tiny(2, 3, model=3, version=11, labels=2))
    assert load(tmp_path / "m.bin").subwords is None


@pytest.mark.parametrize("version", [1, 10, 13])
def test_other_versions_are_refused_by_name(tmp_path, version):
    (tmp_path / "m.bin").write_bytes(tiny(2, 3, version=version))
    with pytest.raises(FormatError, match=f"byte 4: fastText version {version}; 11 and 12"):
        load(tmp_path / "m.bin")


@pytest.mark.parametrize("name", ["plain.bin", "quantised.ftz", "pruned.ftz", "both.ftz"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_model_that_is_damaged_anywhere_is_lawful_or_one_error(models, tmp_path, name, data):
    whole = (models / name).read_bytes()
    # Most bytes are numbers, so half of the damage goes to the facts at the beginning.
    at = data.draw(st.one_of(st.integers(0, 1500), st.integers(0, len(whole) - 1)))
    some = data.draw(st.binary(min_size=1, max_size=8))
    skipped = data.draw(st.sampled_from([0, len(some), 12]))
    (tmp_path / "m").write_bytes(whole[:at] + some + whole[at + skipped :])
    wv, said = None, "byte"
    try:
        with np.errstate(all="ignore"):
            wv = load(tmp_path / "m")
    except FormatError as error:
        said = str(error)
    except StoreError:  # the damage made it a file that begins as a store does
        assert (tmp_path / "m").read_bytes().startswith(WV_MAGIC)
    assert "byte" in said
    assert wv is None or (len(wv) <= 200 and wv.vectors.shape == (len(wv), wv.vector_size))
