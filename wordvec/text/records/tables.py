"""Tables with a column of text: CSV, TSV, JSON Lines, Parquet -> the texts, row by row."""

from __future__ import annotations

import contextlib
import csv
import difflib
import importlib
import io
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from wordvec.errors import CorpusError, MissingExtra
from wordvec.text.options import TextOptions
from wordvec.text.reader import open_text
from wordvec.text.records.where import Condition

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
LONGEST_FIELD = 1 << 26  # bytes of a CSV field; a quote that never closes makes one of the rest
PARQUET_ROWS = 4096  # rows that are read at once


class Row(NamedTuple):
    """A row of a table: its text, "" where there is none, and the name of its document."""

    text: str
    label: str | None


def suffix_of(name: str) -> str:
    """The end of a file's name, in lower case, without that of a compression."""
    for ending in (".gz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(ending)
    return os.path.splitext(name)[1].lower()


def kind_of(path: str | BinaryIO, options: TextOptions) -> str:
    """What kind of file a text is in: one of the values of `TextOptions.text` but "auto"."""
    if options.text != "auto":
        return options.text
    name = path if isinstance(path, str) else str(getattr(path, "name", ""))
    suffix = suffix_of(name)
    if options.kind == "kmers" and suffix in (".fasta", ".fa", ".fna", ".faa", ".ffn"):
        return "fasta"
    if options.text_column is None:
        return "plain"
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    raise CorpusError(
        f"{name or 'the text'}: which kind of table is this? Name it .csv, .tsv, .jsonl or "
        ".parquet, or say it: text='csv'"
    )


def rows(path: str | BinaryIO, kind: str, options: TextOptions) -> Iterator[Row | None]:
    """The rows of a table; None for one that `where` leaves out.

    Raises
    ------
    CorpusError
        For a file that is no such table (line or row named), or a column that does not exist.
    """
    condition = Condition(options.where) if options.where else None
    if kind == "parquet":
        yield from _parquet(path, options, condition)
        return
    with open_text(path) as (name, file):
        if kind == "lines":
            for line in file:
                yield Row(line.decode("utf-8", "surrogateescape"), None)
        elif kind == "jsonl":
            yield from _json_lines(name, file, options, condition)
        else:
            yield from _csv(name, file, kind, options, condition)


def _wanted(options: TextOptions, condition: Condition | None) -> list[str]:
    wanted = [options.text_column or "", *(condition.columns if condition else ())]
    if options.document_column is not None:
        wanted.append(options.document_column)
    return list(dict.fromkeys(wanted))


def check_columns(name: str, columns: Sequence[str], wanted: Iterable[str]) -> None:
    """Raises CorpusError, with the nearest name, when a table lacks a column."""
    for column in wanted:
        if column not in columns:
            folded = {each.lower(): each for each in reversed(columns)}
            close = difflib.get_close_matches(column.lower(), folded, n=1, cutoff=0.5)
            hint = f" (did you mean {folded[close[0]]!r}?)" if close else ""
            shown = ", ".join(map(repr, columns[:12])) + (" ..." if len(columns) > 12 else "")
            raise CorpusError(f"{name}: there is no column {column!r}{hint}; it has {shown}")


def _csv(
    name: str, file: BinaryIO, kind: str, options: TextOptions, condition: Condition | None
) -> Iterator[Row | None]:
    text = io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="")
    head = text.readline()
    if not head.strip():
        raise CorpusError(f"{name}: the first line, which should name the columns, is empty")
    delimiter, quoting = _dialect(head, kind)
    before = csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(
        itertools.chain([head], text),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
        strict=quoting,
    )
    begin = 1
    try:
        columns = next(reader)
        wanted = _wanted(options, condition)
        check_columns(name, columns, wanted)
        at = columns.index(options.text_column or "")
        label_at = columns.index(options.document_column) if options.document_column else None
        places = {column: columns.index(column) for column in wanted}
        begin = reader.line_num + 1
        for row in reader:
            if len(row) != len(columns):
                if not row:
                    begin = reader.line_num + 1
                    continue
                raise CorpusError(
                    f"{name}:{begin}: {len(row)} fields where the first line has {len(columns)}"
                    + ("" if quoting else " (a tab within a field?)")
                )
            if condition and not condition({c: row[i] for c, i in places.items()}):
                yield None
            else:
                yield Row(row[at], None if label_at is None else row[label_at])
            begin = reader.line_num + 1
    except csv.Error as error:
        reason = str(error)
        if "unexpected end" in reason or "larger than" in reason:
            reason = "a quote is opened in this record and never closed"
        elif "expected after" in reason:
            reason = "a quote within a quoted field must be doubled"
        raise CorpusError(f"{name}:{begin}: {reason}") from None
    finally:
        csv.field_size_limit(before)
        text.detach()


def _dialect(head: str, kind: str) -> tuple[str, bool]:
    """The delimiter, and whether fields may be quoted. CSV has a comma, or a semicolon where the
    header has more of them; TSV is quoted only where all names of its header are."""
    if kind == "csv":
        marks = {mark: head.count(mark) for mark in ",;\t"}
        return max(marks, key=lambda mark: marks[mark]), True
    names = head.rstrip("\r\n").split("\t")
    return "\t", all(len(each) > 1 and each[0] == each[-1] == '"' for each in names)


def _json_lines(
    name: str, file: BinaryIO, options: TextOptions, condition: Condition | None
) -> Iterator[Row | None]:
    loads: Callable[[bytes], Any] = json.loads
    with contextlib.suppress(ImportError):
        loads = importlib.import_module("orjson").loads
    column = options.text_column or ""
    found, first = False, None
    for number, line in enumerate(file, 1):
        if line.isspace():
            continue
        try:
            record = loads(line.removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise CorpusError(
                f"{name}:{number}: this is no JSON ({error}); each line is to be one object"
            ) from None
        if not isinstance(record, dict):
            raise CorpusError(
                f"{name}:{number}: a {type(record).__name__} where an object with columns should be"
            )
        first = record if first is None else first
        if condition and not condition({c: _field(record, c) for c in condition.columns}):
            found = found or column in record
            yield None
            continue
        value = _field(record, column)
        found = found or value is not None
        if not found and number >= 1000:
            break
        label = _field(record, options.document_column) if options.document_column else None
        yield Row(as_text(name, number, column, value), None if label is None else str(label))
    if not found and first is not None:
        check_columns(name, list(first), [column])


def _field(record: dict[str, Any], column: str) -> Any:
    """record["a.b"], or record["a"]["b"]."""
    value: Any = record.get(column)
    if value is None and "." in column:
        value = record
        for part in column.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return value


def as_text(name: str, row: int, column: str, value: Any) -> str:
    """A value of a text column as text: a string, or a list of words; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    if isinstance(value, bytes):
        raise CorpusError(f"{name}, row {row}: column {column!r} is binary, not text")
    if isinstance(value, int | float):
        return str(value)
    raise CorpusError(
        f"{name}, row {row}: column {column!r} has a {type(value).__name__} where text should be"
    )


def _parquet(
    path: str | BinaryIO, options: TextOptions, condition: Condition | None
) -> Iterator[Row | None]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet", "reading Parquet") from error
    name = path if isinstance(path, str) else str(getattr(path, "name", "the file"))
    column, label = options.text_column or "", options.document_column
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            wanted = _wanted(options, condition)
            check_columns(name, file.schema_arrow.names, wanted)
            number = 0
            for batch in file.iter_batches(PARQUET_ROWS, columns=wanted):
                for record in batch.to_pylist():
                    number += 1
                    if condition and not condition(record):
                        yield None
                        continue
                    text = as_text(name, number, column, record[column])
                    yield Row(text, str(record[label]) if label is not None else None)
    except pyarrow.ArrowException as error:
        raise CorpusError(f"{name}: this is no Parquet file, or a damaged one ({error})") from None
