"""GloVe's text: one word and its numbers per line, no header.

Words may have spaces (the released Common Crawl vectors have some): the dimension is the count of
numbers at the end of most of the first lines, and numbers are counted from the right.
"""

from __future__ import annotations

import os

from wordvec.formats.plain.lines import check_columns, check_line_ends, first_lines, read_lines
from wordvec.formats.plain.numbers import agreed_count, count_numbers, no_words
from wordvec.formats.plain.word2vec import holds_text, write_lines
from wordvec.formats.stream import MAX_DIMENSIONS, Stream, Table
from wordvec.system.files import write_atomically
from wordvec.vectors.vectors import WordVectors

_MAX_LINE = 1 << 24


def matches(head: bytes) -> bool:
    """Whether one of the first lines is a word and at least one number."""
    lines = head.split(b"\n")
    if len(lines) == 1:  # the last number may be cut
        lines = [head.rpartition(b" ")[0] or head]
    return agreed_count(lines) > 0


def read(stream: Stream) -> WordVectors:
    """The vectors of a GloVe file."""
    lines = first_lines(stream)
    check_line_ends(stream, lines[0])
    size = agreed_count(lines)
    if not 0 < size <= MAX_DIMENSIONS:
        stream.fail(f"{size:,} numbers in a line; 1 to {MAX_DIMENSIONS:,} are read", 0)
    _check_words(stream, lines, size)
    check_columns(stream, lines, size)
    table = Table(size, stream.part)
    for some in read_lines(stream, size, " (from most of the first lines)"):
        table.add(some.words, some.rows, some.numbered)
        if table.full:
            break
    return table.vectors()


def _check_words(stream: Stream, lines: list[bytes], size: int) -> None:
    """FormatError for lines of numbers without words."""
    words = [line.rsplit(None, size)[0].strip() for line in lines if count_numbers(line) == size]
    if no_words(words):
        stream.fail(
            "lines of numbers without words; write the numbers with numpy.save('NAME.npy', array) "
            "and the words, one per line, to NAME.words.txt",
            0,
        )


holds = holds_text


def write(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes GloVe text.

    Raises
    ------
    FormatError
        For a word with a newline, or an empty one.
    """
    with write_atomically(path, force=force) as file:
        write_lines(vectors, file, path, "GloVe text")
