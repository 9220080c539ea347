"""Every reader: a sample comes back equal; damaged anywhere it is lawful data or one error."""

import re
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vector_files import SAMPLES, WITHOUT_WORDS, WORDS, X, with_ngrams

from wordvec import load
from wordvec.errors import FormatError, StoreError
from wordvec.formats import FORMATS
from wordvec.system.files import WV_MAGIC


@pytest.fixture
def sample(tmp_path, request):
    if request.param == "hdf5":
        pytest.importorskip("h5py")
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return SAMPLES[request.param](tmp_path)


@pytest.mark.parametrize("sample", SAMPLES, indirect=True)
def test_the_sample_comes_back_equal(sample):
    wv = load(sample)
    assert list(wv) == WORDS
    np.testing.assert_array_equal(wv.vectors, X)
    assert list(load(sample, limit=2)) == WORDS[:2]
    assert list(load(sample, words=["dog"])) == ["dog"]


def damages(data, draw):
    """The bytes with one thing done to them."""
    at = draw(st.integers(0, len(data) - 1))
    kind = draw(st.sampled_from(["cut", "byte", "bit", "insert", "remove", "repeat"]))
    if kind == "cut":
        return data[:at]
    if kind == "byte":
        return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    if kind == "bit":
        return data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]
    some = draw(st.binary(min_size=1, max_size=8))
    if kind == "insert":
        return data[:at] + some + data[at:]
    end = min(len(data), at + draw(st.integers(1, 16)))
    return data[:at] + data[end:] if kind == "remove" else data[:end] + data[at:]


# Formats with a checksum, or so small a part of the file that tells words and numbers apart, that
# damage is always seen; in the others a flipped bit of a number is another lawful number.
@pytest.mark.parametrize("sample", SAMPLES, indirect=True)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_is_one_error_or_changes_what_it_touches(tmp_path_factory, sample, data):
    folder = tmp_path_factory.mktemp("d")
    target = folder / sample.name
    if sample.is_dir():
        shutil.copytree(sample, target)
        files = sorted(path.name for path in target.iterdir())
        damaged = target / data.draw(st.sampled_from(files))
    else:
        shutil.copy(sample, target)
        damaged = target
        for beside in sample.parent.glob("*.words.txt"):
            shutil.copy(beside, folder)
    damaged.write_bytes(damages(damaged.read_bytes(), data.draw))
    wv, said = None, ""
    try:
        wv = load(target)
    except FormatError as error:
        said = str(error)
    except StoreError:  # the damage made it a file that begins as a store does
        assert damaged.read_bytes().startswith(WV_MAGIC)
        return
    except IsADirectoryError:  # a static embedding is told by its files, which are all there
        raise AssertionError("the folder was not known any more") from None
    if wv is None:
        assert re.search(r"[:,] (?:byte|line) [0-9]+: ", said), said
        return
    # One change touches a few bytes: most words and their numbers are what they were.
    assert wv.vectors.ndim == 2
    assert len(wv) <= 2 * len(WORDS)
    assert all(len(word.encode("utf-8", "surrogateescape")) < 200 for word in wv)


@pytest.mark.parametrize("name", WITHOUT_WORDS)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_tables_of_ngrams_are_one_error_or_lawful(tmp_path_factory, name, data):
    target = with_ngrams(tmp_path_factory.mktemp("d"), name)
    files = sorted(target.iterdir()) if target.is_dir() else [target]
    damaged = data.draw(st.sampled_from(files))
    damaged.write_bytes(damages(damaged.read_bytes(), data.draw))
    wv, said = None, "byte"
    try:
        wv = load(target)
    except FormatError as error:
        said = str(error)
    except StoreError:
        assert damaged.read_bytes().startswith(WV_MAGIC)
    assert re.search(r"byte [0-9]+|byte$", said)
    if wv is None:
        return
    assert wv.vector_size < 200
    assert wv.subwords is None or 1 <= wv.subwords.matrix.rows <= 32


@pytest.mark.parametrize("word", ["a", "unseen", "größe"])
def test_both_tables_of_ngrams_say_the_same(tmp_path, word):
    one, other = (load(with_ngrams(tmp_path, name)) for name in WITHOUT_WORDS)
    np.testing.assert_array_equal(one.vector(word).vector, other.vector(word).vector)


def test_every_format_that_is_read_has_a_sample():
    """So that damage, archives and fuzzers reach it."""
    known = " ".join([*SAMPLES, *WITHOUT_WORDS])
    assert [name for name, each in FORMATS.items() if name not in known] == []
