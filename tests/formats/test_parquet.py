"""Parquet: round trips, files of others, damage."""

import gzip
import json
import sys

import numpy as np
import pytest

from wordvec import WordVectors, formats, load
from wordvec.errors import FormatError, MissingExtra
from wordvec.formats.arrays import parquet

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def draw(n, d, dtype=np.float32):
    return np.random.default_rng(0).standard_normal((n, d)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("last", [b"plain", b"\xff\xfe"])
def test_round_trips_are_exact(tmp_path, monkeypatch, dtype, last):
    monkeypatch.setattr(parquet, "_NUMBERS", 20)  # several row groups
    monkeypatch.setattr(parquet, "_BATCH", 15)
    words = ["größe", "a b", "", "日本", "x\ny", *map(str, range(20)), last]
    X = draw(len(words), 3, dtype)
    X[0] = [0, -0.0, np.inf]
    meta = {"model": "test", "nested": {"ü": [1, None]}}
    counts = np.arange(len(words)) * 2**40
    wv = WordVectors(words, X, counts=counts, meta=meta)
    formats.save(wv, tmp_path / "v.parquet")
    assert pq.ParquetFile(tmp_path / "v.parquet").num_row_groups > 2
    read = load(tmp_path / "v.parquet")
    assert list(read) == list(wv)
    assert read.vectors.dtype == dtype
    assert read.vectors.tobytes() == X.tobytes()
    assert read.counts.tolist() == counts.tolist()
    assert read.meta == meta


def test_the_columns_are_those_of_the_document(tmp_path):
    formats.save(WordVectors(["a", "b"], draw(2, 4)), tmp_path / "v.parquet")
    table = pq.read_table(tmp_path / "v.parquet")
    kind = table.schema.field("vector").type
    assert str(table.schema.field("word").type) == "string"
    assert (kind.list_size, str(kind.value_type)) == (4, "float")
    assert table.column_names == ["word", "vector"]
    np.testing.assert_array_equal(np.array(table["vector"].to_pylist(), np.float32), draw(2, 4))


@pytest.mark.parametrize("kind", ["list", "large_list", "half", "dictionary"])
def test_files_of_others_are_read(tmp_path, kind):
    X = draw(3, 2).astype(np.float16).astype(np.float32)
    lists = {"large_list": pa.large_list(pa.float32())}
    rows = pa.array(X.tolist(), lists.get(kind, pa.list_(pa.float32())))
    if kind == "half":
        rows = pa.FixedSizeListArray.from_arrays(pa.array(X.astype(np.float16).ravel()), 2)
    words = pa.array(["a", "b", "c"])
    words = words.dictionary_encode() if kind == "dictionary" else words
    table = pa.table({"id": [1, 2, 3], "vector": rows, "word": words})
    pq.write_table(table, tmp_path / "v", compression="zstd")
    wv = load(tmp_path / "v")
    assert list(wv) == ["a", "b", "c"]
    np.testing.assert_array_equal(wv.vectors, X)


def test_packed_files_are_read(tmp_path):
    wv = WordVectors(["a", "b"], draw(2, 3))
    formats.save(wv, tmp_path / "v.parquet")
    (tmp_path / "v.gz").write_bytes(gzip.compress((tmp_path / "v.parquet").read_bytes()))
    np.testing.assert_array_equal(load(tmp_path / "v.gz").vectors, wv.vectors)


def test_no_words_make_a_file_too(tmp_path):
    formats.save(WordVectors([], np.empty((0, 3), np.float32)), tmp_path / "v.parquet")
    wv = load(tmp_path / "v.parquet")
    assert (len(wv), wv.vector_size) == (0, 3)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"token": ["a"], "vector": [[1.0]]}, r"columns \['token', 'vector'\]"),
        ({"word": ["a"], "vector": [1.0]}, "lists of numbers"),
        ({"word": ["a"], "vector": [["x"]]}, "lists of numbers"),
        ({"word": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]}, "one length"),
        ({"word": ["a"], "vector": [[]]}, "lists of numbers|one length"),
        ({"word": ["a", None], "vector": [[1.0], [2.0]]}, "no value"),
        ({"word": ["a", "b"], "vector": [[1.0], None]}, "no value"),
        ({"word": ["a"], "vector": [[None, 1.0]]}, "lack a number"),
        ({"word": ["a", "a"], "vector": [[1.0], [2.0]]}, "twice"),
        ({"word": ["a"], "vector": [[1.0]], "count": ["x"]}, "damaged"),
    ],
)
def test_what_is_no_table_of_vectors_is_said(tmp_path, columns, message):
    pq.write_table(pa.table(columns), tmp_path / "v")
    with pytest.raises(FormatError, match=f"byte 0: .*({message})"):
        load(tmp_path / "v")


def test_metadata_that_is_no_object_is_said(tmp_path):
    table = pa.table({"word": ["a"], "vector": [[1.0]]})
    for text in [b"[1]", b"{", b"\xff", json.dumps("x" * 2**20).encode()]:
        pq.write_table(table.replace_schema_metadata({"wordvec.meta": text}), tmp_path / "v")
        with pytest.raises(FormatError, match="JSON object"):
            load(tmp_path / "v")


def test_damage_is_one_error(tmp_path):
    """Truncations and changed bytes: the same vectors or FormatError, whatever pyarrow says."""
    wv = WordVectors([f"w{i}" for i in range(30)], draw(30, 4), counts=range(30), meta={"a": 1})
    formats.save(wv, tmp_path / "v.parquet")
    data = (tmp_path / "v.parquet").read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for i in range(600):
        bad = bytearray(data)
        if i % 3:
            start = 0 if i % 3 == 1 else len(data) - 700  # the footer decides most
            at = int(rng.integers(start, len(data)))
            bad[at] ^= int(rng.integers(1, 256))
        else:
            del bad[int(rng.integers(4, len(data))) :]
        (tmp_path / "v").write_bytes(bad)
        try:
            read = load(tmp_path / "v")
        except FormatError:
            refused += 1
        else:
            assert read.vectors.shape == (len(read), read.vector_size)
    assert refused > 300


def test_more_rows_than_a_file_can_hold_are_refused(tmp_path, monkeypatch):
    formats.save(WordVectors(["a", "b"], draw(2, 3)), tmp_path / "v.parquet")
    monkeypatch.setattr(parquet, "_LEAST_BYTES", 10_000)
    with pytest.raises(FormatError, match="2 rows promised"):
        load(tmp_path / "v.parquet")


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    formats.save(WordVectors(["a"], draw(1, 3)), tmp_path / "v.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'wordvec\[parquet\]'"):
        load(tmp_path / "v.parquet")
    with pytest.raises(MissingExtra, match=r"writing .*pyarrow"):
        formats.save(WordVectors(["a"], draw(1, 3)), tmp_path / "w.parquet")
