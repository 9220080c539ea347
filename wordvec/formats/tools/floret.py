"""floret's vector tables, read: n-grams and words in one hashed table, no word list.

A header "rows dimensions minn maxn hashes seed < >", then a line a row: its number and its values.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.formats.plain.lines import read_lines
from wordvec.formats.stream import Rows, Stream
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.oov.unseen import FLORET, MEAN, Subwords
from wordvec.vectors.vectors import WordVectors

_HEADER = re.compile(rb"(\d{1,12}) (\d{1,7}) (\d{1,3}) (\d{1,3}) (\d) (\d{1,10}) (\S+) (\S+)\s*\n")


def matches(head: bytes) -> bool:
    return _HEADER.match(head) is not None


def read(stream: Stream) -> WordVectors:
    """The table as vectors without words: every vector comes from n-grams."""
    line = stream.until(b"\n", 256, "the header")
    match = _HEADER.match(line + b"\n")
    assert match is not None
    rows, size, minn, maxn, hashes, seed = (int(match.group(i)) for i in range(1, 7))
    if match.group(7) != b"<" or match.group(8) != b">":
        stream.fail(f"marks {match.group(7)!r} and {match.group(8)!r}; only < and > are read", 0)
    if not 1 <= minn <= maxn < 256 or not 1 <= hashes <= 4 or size == 0 or rows == 0:
        stream.fail(f"a table of {rows} x {size}, n-grams of {minn} to {maxn}, {hashes} hashes", 0)
    if stream.size is not None and rows * (2 * size + 2) > stream.size:
        stream.fail(f"{rows:,} rows promised in a file of {stream.size:,} bytes", 0)
    table = Rows(size)
    for some in read_lines(stream, size):
        for i, (word, offset) in enumerate(zip(some.words, some.offsets, strict=True), len(table)):
            if word != b"%d" % i or i >= rows:
                stream.fail(f"row {i} expected" if i < rows else f"more than {rows:,} rows", offset)
        table.add(some.rows)
    if len(table) < rows:
        stream.fail(f"the file ends after {len(table):,} of {rows:,} rows")
    return vectors_of(table.array(), minn, maxn, hashes, seed & 0xFFFFFFFF)


def vectors_of(rows: NDArray[Any], minn: int, maxn: int, hashes: int, seed: int) -> WordVectors:
    """Vectors without words over a table (buckets, d): the vector of a word is the mean of the rows
    of all hashes of its n-grams. (Subwords take a sum over the hashes, so rows are divided.)"""
    wv = WordVectors([], np.empty((0, rows.shape[1]), np.float32), meta={"model": "floret"})
    wv.subwords = Subwords(
        Matrix(np.asarray(rows, np.float32) / np.float32(hashes)),
        minn=minn,
        maxn=maxn,
        hash=FLORET,
        combine=MEAN,
        hashes=hashes,
        seed=seed,
    )
    return wv
