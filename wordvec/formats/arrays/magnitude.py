"""Magnitude's files, read: a SQLite database with a row of whole numbers for each word.

The table `magnitude` has the columns key, dim_0, dim_1, ...; `magnitude_format` says by which power
of ten the numbers were multiplied (precision). Vectors have norm 1 where a column `magnitude` has
their norms; they are multiplied here, so that what is read is what was converted. Files of
contextual models are refused.
"""

from __future__ import annotations

import os
import pathlib
import sqlite3
from typing import Any

import numpy as np

from wordvec.formats.stream import MAX_DIMENSIONS, Stream, Table
from wordvec.vectors.vectors import WordVectors

_MAGIC = b"SQLite format 3\0"
_BATCH = 1024


def matches(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def read(stream: Stream) -> WordVectors:
    """The vectors of a Magnitude file."""
    try:
        base = _open(stream)
    except (sqlite3.Error, OverflowError, ValueError) as error:
        stream.fail(f"not a SQLite file that can be read: {error}", 0)
    try:
        return _read(stream, base)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        stream.fail(f"damaged: {error}", 0)
    finally:
        base.close()


def _open(stream: Stream) -> sqlite3.Connection:
    if stream.size is not None and os.path.isfile(stream.name):
        uri = pathlib.Path(stream.name).absolute().as_uri()
        base = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
    else:
        base = sqlite3.connect(":memory:")
        with stream.as_file() as (file, _):
            base.deserialize(file.read())
    base.text_factory = bytes
    base.execute("PRAGMA trusted_schema = OFF")
    base.execute("PRAGMA cell_size_check = ON")
    return base


def _read(stream: Stream, base: sqlite3.Connection) -> WordVectors:
    tables = dict(base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    if b"magnitude" not in tables or b"magnitude_format" not in tables:
        known = ", ".join(name.decode("utf-8", "replace") for name in list(tables)[:5])
        stream.fail(f"a SQLite file without the table 'magnitude'; it has: {known}", 0)
    if any(b"VIRTUAL" in (tables[name] or b"").upper() for name in (b"magnitude",)):
        stream.fail("the table 'magnitude' is a virtual one", 0)
    facts = dict(base.execute("SELECT key, value FROM magnitude_format"))
    size, precision = facts.get(b"dim"), facts.get(b"precision")
    if facts.get(b"elmo") or not _whole(size, 1, MAX_DIMENSIONS) or not _whole(precision, 0, 18):
        stream.fail(f"dimensions {size!r}, precision {precision!r}; plain vectors are read", 0)
    assert isinstance(size, int)
    assert isinstance(precision, int)
    names = [
        row[1].decode("utf-8", "replace") for row in base.execute("PRAGMA table_info(magnitude)")
    ]
    columns = [f"dim_{i}" for i in range(size)]
    if "key" not in names or not set(columns) <= set(names):
        stream.fail(f"the table 'magnitude' lacks columns; dim_0 to dim_{size - 1} expected", 0)
    table = Table(size, stream.part)
    bytes_ = _pages(base)
    columns.append("magnitude" if "magnitude" in names else "1")
    rows = base.execute(f"SELECT key, {', '.join(columns)} FROM magnitude ORDER BY rowid")
    while some := rows.fetchmany(_BATCH):
        if not all(_is_row(row) for row in some):
            stream.fail(f"a row from {table.seen:,} on is not a word and whole numbers", 0)
        numbers = np.array([row[1:] for row in some], np.float64)
        made = numbers[:, :-1] / 10.0**precision * numbers[:, -1:]
        table.add([row[0] for row in some], made.astype(np.float32))
        # A column with a default takes no space in the file.
        stream.check_growth(4 * size * table.seen, bytes_)
        if table.full:
            break
    return table.vectors()


def _pages(base: sqlite3.Connection) -> int:
    """The size of the database in bytes."""
    count, size = (base.execute(f"PRAGMA page_{what}").fetchone()[0] for what in ("count", "size"))
    return int(count) * int(size)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and low <= value <= high


def _is_row(row: tuple[Any, ...]) -> bool:
    return isinstance(row[0], bytes) and all(isinstance(each, (int, float)) for each in row[1:])
