"""Parquet, by pyarrow: a row a word, some rows at a time both ways.

Columns: `word`, string (binary when a word is not UTF-8); `vector`, fixed size list of float32
(float64 where the vectors are that); `count`, int64, where there are counts. The schema's metadata
has what is known of the vectors under the key `wordvec.meta`, as JSON. Other columns and keys are
passed over; lists of equal length do as vectors too. N-grams, contexts and biases are not kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import MissingExtra
from wordvec.formats.stream import MAX_DIMENSIONS, Rows, Stream
from wordvec.system.files import write_path_atomically
from wordvec.vectors.vectors import WordVectors

_META = b"wordvec.meta"
_MAX_META = 1 << 20
_NUMBERS = 1 << 22  # of a row group that is written: 16 MB
_BATCH = 1 << 20  # numbers read at once
_LEAST_BYTES = 1 / 64  # of a row in a file: words are distinct, and no codec packs them closer


def matches(head: bytes) -> bool:
    return head.startswith(b"PAR1")


def _pyarrow(purpose: str) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet", purpose) from error
    return pyarrow, pyarrow.parquet


def read(stream: Stream) -> WordVectors:
    """The vectors of a Parquet file with the columns above.

    Raises
    ------
    MissingExtra
        Without pyarrow.
    """
    pa, parquet = _pyarrow(f"reading {stream.name}")
    # What pyarrow raises for damaged files; all of it becomes one error.
    damage = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError)
    how = {"pre_buffer": False, "page_checksum_verification": True, "buffer_size": 1 << 20}
    with stream.as_file() as (file, size):
        try:
            table = parquet.ParquetFile(file, **how)
            schema, rows = table.schema_arrow, int(table.metadata.num_rows)
        except damage as error:
            stream.fail(f"not a Parquet file that can be read: {error}", 0)
        if rows < 0 or rows * _LEAST_BYTES > size:
            stream.fail(f"{rows:,} rows promised in a file of {size:,} bytes", 0)
        columns = _columns(stream, pa, schema)
        meta = _meta(stream, schema)
        try:
            # As a dictionary, where a word that is there a million times is one.
            table = parquet.ParquetFile(file, read_dictionary=["word"], **how)
            words, array, counts = _read_columns(stream, pa, table, columns, size)
            if len(words) != rows:
                stream.fail(f"{len(words):,} rows instead of {rows:,}", 0)
            return WordVectors(words, array, counts=counts, meta=meta)
        except damage as error:
            stream.fail(f"damaged: {error}", 0)


def _columns(stream: Stream, pa: Any, schema: Any) -> list[str]:
    """The columns to read; FormatError when those that are needed are not there."""
    names = list(schema.names)
    if names.count("word") != 1 or names.count("vector") != 1 or names.count("count") > 1:
        stream.fail(f"columns {names}; 'word' and 'vector' were expected", 0)
    kind = schema.field("vector").type
    fixed = pa.types.is_fixed_size_list(kind)
    lists = fixed or pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not lists or not pa.types.is_floating(kind.value_type):
        stream.fail(f"the column 'vector' is {kind}; lists of numbers were expected", 0)
    if fixed and not 0 < kind.list_size <= MAX_DIMENSIONS:
        stream.fail(f"{kind.list_size} dimensions; 1 to {MAX_DIMENSIONS:,} were expected", 0)
    return ["word", "vector", *(["count"] if "count" in names else [])]


def _meta(stream: Stream, schema: Any) -> dict[str, Any]:
    text = (schema.metadata or {}).get(_META, b"{}")
    try:
        if len(text) > _MAX_META:
            raise ValueError(f"{len(text):,} bytes")
        meta = json.loads(text.decode("utf-8", "surrogatepass"))
        if not isinstance(meta, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        stream.fail(f"the metadata 'wordvec.meta' is not a JSON object: {error}", 0)
    return meta


def _read_columns(
    stream: Stream, pa: Any, table: Any, columns: list[str], bytes_: int
) -> tuple[list[bytes], NDArray[Any], NDArray[np.int64] | None]:
    kind = table.schema_arrow.field("vector").type
    n_rows = table.metadata.num_rows
    if pa.types.is_fixed_size_list(kind):
        size = kind.list_size
    else:
        first = next(table.iter_batches(batch_size=1, columns=["vector"], use_threads=False), None)
        size = 1 if first is None else len(first.column("vector").flatten())
        if first is not None and not 0 < size <= MAX_DIMENSIONS:
            stream.fail(f"the first vector has {size:,} numbers", 0)
    dtype = np.float64 if pa.types.is_float64(kind.value_type) else np.float32
    words: list[bytes] = []
    counts: list[NDArray[np.int64]] = []
    rows = Rows(size, dtype)
    count = max(1, _BATCH // size)
    stream.check_growth(n_rows * size * np.dtype(dtype).itemsize, bytes_)
    for batch in table.iter_batches(batch_size=count, columns=columns, use_threads=False):
        if any(column.null_count for column in batch.columns):
            stream.fail(f"a row from {len(words):,} on has no value", 0)
        rows.add(_numbers(stream, pa, batch.column("vector"), size, dtype))
        if len(batch.column("word").dictionary) < len(batch):
            stream.fail(f"a word of the rows from {len(words):,} on is there twice", 0)
        words += batch.column("word").cast(pa.large_binary()).to_pylist()
        if "count" in columns:
            counts.append(batch.column("count").cast(pa.int64()).to_numpy(zero_copy_only=False))
    return words, rows.array(), np.concatenate(counts) if counts else None


def _numbers(stream: Stream, pa: Any, column: Any, size: int, dtype: Any) -> NDArray[Any]:
    """The vectors (n, d) of a batch; all have `size` numbers."""
    values = column.flatten()
    fixed = pa.types.is_fixed_size_list(column.type)
    lengths = np.full(len(column), size) if fixed else column.value_lengths().to_numpy()
    if values.null_count or (lengths != size).any():
        stream.fail("the vectors are not of one length, or lack a number", 0)
    numbers: NDArray[Any] = values.to_numpy(zero_copy_only=False).astype(dtype, copy=False)
    return numbers.reshape(len(column), size)


def write(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes the columns `word`, `vector` and, where there are any, `count`.

    Raises
    ------
    MissingExtra
        Without pyarrow.
    """
    pa, parquet = _pyarrow(f"writing {os.fspath(path)}")
    number = pa.float64() if vectors.rows(0, 0).dtype == np.float64 else pa.float32()
    fields = [
        pa.field("word", pa.string() if _all_utf8(vectors) else pa.binary(), nullable=False),
        pa.field("vector", pa.list_(number, vectors.vector_size), nullable=False),
    ]
    if vectors.counts is not None:
        fields.append(pa.field("count", pa.int64(), nullable=False))
    meta = json.dumps(vectors.meta, ensure_ascii=False).encode("utf-8", "surrogatepass")
    schema = pa.schema(fields, metadata={_META: meta})
    with (
        write_path_atomically(path, force=force) as name,
        # Codes of vectors do not shrink, and words are distinct: no dictionaries.
        parquet.ParquetWriter(
            name,
            schema,
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as file,
    ):
        for group in _groups(vectors, pa, schema):
            file.write_batch(group)


def _groups(vectors: WordVectors, pa: Any, schema: Any) -> Iterator[Any]:
    """The rows of each row group."""
    count = max(1, _NUMBERS // vectors.vector_size)
    for start in range(0, len(vectors), count):
        stop = min(start + count, len(vectors))
        words = vectors.index_to_key[start:stop]
        numbers = np.ascontiguousarray(vectors.rows(start, stop)).reshape(-1)
        columns = [
            pa.array([w.encode("utf-8", "surrogateescape") for w in words], pa.binary()),
            pa.FixedSizeListArray.from_arrays(pa.array(numbers), vectors.vector_size),
        ]
        if vectors.counts is not None:
            columns.append(pa.array(vectors.counts[start:stop]))
        yield pa.record_batch(
            [column.cast(field.type) for column, field in zip(columns, schema, strict=True)],
            schema=schema,
        )


def _all_utf8(vectors: WordVectors) -> bool:
    return not any(
        "\ud800" <= c <= "\udfff" for word in vectors if not word.isascii() for c in word
    )
