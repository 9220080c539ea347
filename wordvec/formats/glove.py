"""GloVe's text: a word and its numbers a line, no header.

Words may have spaces (the released Common Crawl vectors have some): the dimension is that of the
first line whose fields after the first are all numbers, and numbers are counted from the right.
"""

from __future__ import annotations

import os

from wordvec.files import write_atomically
from wordvec.formats.lines import read_lines
from wordvec.formats.stream import Rows, Stream, unique
from wordvec.formats.word2vec import write_lines
from wordvec.vectors.vectors import WordVectors

_MAX_LINE = 1 << 24


def matches(head: bytes) -> bool:
    """Whether the first line is a word and at least one number, or a number too long for `head`."""
    return _dimensions(head.split(b"\n", 1)[0]) > 0


def _dimensions(line: bytes) -> int:
    """How many of the fields at the line's end are numbers."""
    count = 0
    for field in reversed(line.rstrip(b" \t\r").split()[1:]):
        try:
            float(field)
        except ValueError:
            break
        count += 1
    return count


def read(stream: Stream) -> WordVectors:
    """The vectors of a GloVe file."""
    size = _dimensions(stream.peek(_MAX_LINE).split(b"\n", 1)[0])
    names: list[bytes] = []
    rows = Rows(size)
    for some in read_lines(stream, size):
        names += some.words
        rows.add(some.rows)
    names, array, meta = unique(names, rows.array())
    return WordVectors(names, array, meta=meta)


def write(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes GloVe text.

    Raises
    ------
    FormatError
        For a word with a newline, or an empty one.
    """
    with write_atomically(path, force=force) as file:
        write_lines(vectors, file, path, "GloVe text")
