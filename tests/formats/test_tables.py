"""CSV in the shapes people have, Magnitude, HDF5 and spaCy: what is kept, and what is refused."""

import sqlite3

import numpy as np
import pytest
from vector_files import SAMPLES, WORDS

from wordvec import load
from wordvec.errors import FormatError


def write(tmp_path, content):
    (tmp_path / "v").write_bytes(content)
    return tmp_path / "v"


TABLES = {
    "quotes": b'word,x,y\n"new york",.5,1\n"a ""b"" c",.5,2\n",",.5,3\n',
    "CRLF and a mark": b"\xef\xbb\xbfword,x,y\r\nnew york,.5,1\r\nd,.5,2\r\n",
    "unnamed index of words": b",x,y\nnew york,.5,1\nd,.5,2\n",
    "blanks around cells": b"word , x , y\nnew york , .5 , 1\nd, .5, 2\n",
    "semicolons and decimal commas": b"word;x;y\nnew york;0,5;1\nd;0,5;2\n",
    "tabs": b"token\tx\ty\nnew york\t.5\t1\nd\t.5\t2\n",
    "row numbers": b",word,x,y\n0,new york,.5,1\n1,d,.5,2\n",
    "no header": b"new york,.5,1\nd,.5,2\n",
    "blank lines at the end": b"word,x,y\nnew york,.5,1\nd,.5,2\n\n",
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES)
def test_tables_are_read(tmp_path, content):
    wv = load(write(tmp_path, content))
    assert next(iter(wv)) == "new york"
    np.testing.assert_array_equal(wv.vectors, [[0.5, i + 1] for i in range(len(wv))])
    if b'""' in content:
        assert list(wv) == ["new york", 'a "b" c', ","]


def test_a_column_of_counts_is_kept(tmp_path):
    wv = load(write(tmp_path, b"word,count,x,y\nthe,100,.5,1\nfox,7,.5,2\n"))
    assert wv.counts.tolist() == [100, 7]
    np.testing.assert_array_equal(wv.vectors, [[0.5, 1], [0.5, 2]])


@pytest.mark.parametrize("word", ["a;", ",", ";;", "1,5"])
def test_a_comma_in_a_word_of_plain_text_makes_no_table(tmp_path, word):
    assert list(load(write(tmp_path, f"{word} .5 1\n".encode()))) == [word]


def test_words_of_a_table_may_be_numbers(tmp_path):
    assert list(load(write(tmp_path, b"word,x,y\n2010,.5,1\n7,.5,2\n"))) == ["2010", "7"]


BAD = {
    "an empty cell": (b"word,x,y\na,.5,1\nb,,2\n", "byte"),
    "a cell too many": (b"word,x,y\n" + b"a,.5,1\n" * 20 + b"b,.5,1,2\n", "byte 149: .*too many"),
    "a cell too few": (b"word,x,y\n" + b"a,.5,1\n" * 20 + b"b,.5\n", "byte 149: 1 numbers"),
    "a word for a number": (b"word,x,y\n" + b"a,.5,1\n" * 20 + b"b,.5,x\n", "byte 149: not a num"),
    "broken quotes": (b"word,x,y\n" + b"a,.5,1\n" * 20 + b'"b,.5,2\n', "byte 149: .*quotes"),
    "CR alone": (b"word,x,y\ra,.5,1\rb,.5,2\r", "byte"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_other_tables_are_refused_with_the_offset(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        load(write(tmp_path, content))


def test_a_packed_magnitude_file_is_read(tmp_path):
    import gzip

    data = SAMPLES["magnitude"](tmp_path).read_bytes()
    assert list(load(write(tmp_path, gzip.compress(data)))) == WORDS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("DROP TABLE magnitude_format", "without the table 'magnitude'"),
        (
            "UPDATE magnitude_format SET value = 9 WHERE key = 'dim'",
            "lacks columns; dim_0 to dim",
        ),
        ("DELETE FROM magnitude_format WHERE key = 'precision'", "precision None"),
        ("UPDATE magnitude SET dim_1 = 'x' WHERE rowid = 3", "a row from 0 on is not a word"),
        ("INSERT INTO magnitude_format VALUES ('elmo', 1)", "plain vectors are read"),
    ],
)
def test_other_sqlite_files_are_refused(tmp_path, change, message):
    path = SAMPLES["magnitude"](tmp_path)
    base = sqlite3.connect(path)
    base.execute(change)
    base.commit()
    base.close()
    with pytest.raises(FormatError, match=f"byte 0: .*{message}"):
        load(path)


def test_numbers_of_one_byte_in_hdf5_are_read(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "mini.h5", "w") as file:
        group = file.create_group("mat")
        group["axis0"], group["block0_items"] = np.arange(2), np.arange(2)
        group["axis1"] = np.array([b"/c/en/cat", b"/c/de/katze"])
        group.create_dataset(
            "block0_values", data=np.array([[1, -2], [3, 4]], np.int8), compression="gzip"
        )
    wv = load(tmp_path / "mini.h5")
    assert list(wv) == ["/c/en/cat", "/c/de/katze"]
    np.testing.assert_array_equal(wv.vectors, [[1, -2], [3, 4]])


def test_numberbatchs_text_is_word2vecs(tmp_path):
    wv = load(write(tmp_path, b"2 2\n/c/en/cat .5 1\n/c/de/katze .5 2\n"))
    assert list(wv) == ["/c/en/cat", "/c/de/katze"]


def test_spacys_hash_is_spacys():
    from wordvec.formats.tools.spacy import murmur64

    # nlp.vocab.strings["cat"] in spaCy 3.8.
    assert murmur64(b"cat") == 5439657043933447811


def test_models_and_packages_of_spacy_are_searched(tmp_path):
    place = SAMPLES["spacy"](tmp_path)
    (tmp_path / "package" / "en-1.0").mkdir(parents=True)
    place.rename(tmp_path / "package" / "en-1.0" / "vocab")
    assert list(load(tmp_path / "package")) == WORDS
    with pytest.raises(IsADirectoryError, match="neither spaCy's vectors"):
        load(tmp_path)
    (tmp_path / "package" / "en-1.0" / "vocab" / "vectors.cfg").write_text('{"mode": "other"}')
    with pytest.raises(FormatError, match="mode 'other'"):
        load(tmp_path / "package")
