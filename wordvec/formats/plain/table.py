"""Tables of vectors as spreadsheets and data frames write them: CSV with any separator.

A word, then its numbers, in each line; separated by commas, semicolons (then a comma may be the
decimal point) or tabs, or by bars, other signs or blanks where there is a header. A header is
passed over; a first column of row numbers without a name too, and a column `count` right after the
word is kept.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from wordvec.formats.plain.lines import check_line_ends, first_lines, read_lines
from wordvec.formats.plain.numbers import count_numbers, is_number, no_number, no_words
from wordvec.formats.stream import MAX_DIMENSIONS, Stream, Table
from wordvec.vectors.vectors import WordVectors

_WORDS = {"", "word", "words", "token", "tokens", "term", "terms", "key", "name", "vocab", "text"}
_INDEX = {"", "index", "id", "unnamed: 0"}
_COUNTS = {"count", "counts", "freq", "frequency"}
_SEPARATORS = (";", ",", "\t", "|", ":", "^", "~", " ")
_HEADLESS = (";", ",")  # where a table is told without a header too
_NO_NUMBERS = _COUNTS | _INDEX - {""} | {"rank", "label", "class", "cluster", "norm"}
_QUOTED = re.compile(rb'"(?:[^"]|"")+"[ \t]')


@dataclass(frozen=True)
class _Shape:
    """How the lines of a table are read: the separator, whether a header comes first, columns
    before the word, whether a count follows it, and how many numbers a vector has."""

    separator: str
    header: bool
    before: int
    count: bool
    size: int


def matches(head: bytes) -> bool:
    """Whether the first lines are a table with a header, or with commas or semicolons."""
    lines = [line for line in head.split(b"\n")[:8] if line.strip()]
    if len(lines) > 1 and not head.endswith(b"\n"):
        lines.pop()
    if not lines:
        return False
    # What has the header of a table is one, however broken: it is refused with the reason.
    return _shape(lines) is not None or _headed(lines[0].split(b"\r")[0]) is not None


def _headed(line: bytes) -> str | None:
    """The separator of a header that names a column of words; None for any other line."""
    if count_numbers(line):
        return None
    for separator in _SEPARATORS[:-1]:
        names = [cell.casefold() for cell in _cells(line, separator)]
        if len(names) > 1 and (_WORDS - {""}) & set(names):
            return separator
    return None


def _refuse(stream: Stream, lines: list[bytes]) -> NoReturn:
    """Raises FormatError that says what is wrong with the first lines of a table."""
    separator = _headed(lines[0])
    if separator is None:
        stream.fail("the first lines of the table do not all have the same number of columns", 0)
    names = [cell.casefold() for cell in _cells(lines[0], separator)]
    start = offset = stream.offset
    for line in lines:
        cells = _cells(line, separator)
        if len(cells) != len(names):
            stream.fail(f"{len(cells)} cells, the header has {len(names)}", offset)
        if "" in cells[1:]:
            stream.fail("an empty cell", offset)
        offset += len(line) + 1
    at = next(i for i, name in enumerate(names) if name in _WORDS - {""})
    if at > 1:
        stream.fail(f"the words are in column {at + 1}; they must be in the first", start)
    offset = start + len(lines[0]) + 1
    for line in lines[1:]:
        for cell in _cells(line, separator)[at + 1 :]:
            if not _is_value(cell, separator):
                stream.fail(no_number(cell), offset)
        offset += len(line) + 1
    stream.fail("a table with a header and no row", 0)


def _cells(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8", "surrogateescape").rstrip("\r")
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator), [])]
    except csv.Error:
        return []


def _is_value(cell: str, separator: str) -> bool:
    text = cell.replace(",", ".") if separator == ";" else cell
    return text.isascii() and is_number(text.encode())


def _shape(lines: list[bytes]) -> _Shape | None:
    """The shape of the table that the lines are, None when they are none."""
    # Where all but the first word of a line are numbers, the comma in it is a part of the word.
    plain = sum(count_numbers(line) == len(line.split()) - 1 > 0 for line in lines)
    for separator in _SEPARATORS:
        rows = [_cells(line, separator) for line in lines]
        # R writes no name above the words.
        named = bool(rows[0]) and rows[0][0].casefold() in _WORDS
        if len(rows) > 1 and 2 <= len(rows[0]) == len(rows[1]) - 1 and not named:
            rows[0].insert(0, "")
        width = len(rows[0])
        if width < 2 or any(len(row) != width for row in rows):
            continue
        first, data = rows[0], rows[1:]
        header = not any(_is_value(cell, separator) for cell in first[1:])
        names = [cell.casefold() for cell in first]
        # A data frame numbers its columns: 0, 1, 2, ... in the header.
        if not header and data and names[0] in _WORDS | _INDEX:
            numbers = [cell for cell in names if cell.isdigit()]
            steps = [str(i) for i in range(len(numbers))]
            header = len(numbers) >= 2 and numbers == steps and names[-len(numbers) :] == numbers
        alone = separator in _HEADLESS and 2 * plain <= len(lines)
        quoted = len(rows) > 1 and all(map(_QUOTED.match, lines))  # R without names of columns
        if not (header or alone or quoted):
            continue
        if header and not data:
            continue
        body = data if header else rows
        if not all(_is_value(cell, separator) for row in body for cell in row[-1:]):
            continue
        before = _word_column(names, body, separator) if header else 0
        count = header and before + 1 < width and names[before + 1] in _COUNTS
        size = width - before - 1 - count
        values = [cell for row in body for cell in row[before + 1 :]]
        if size >= 1 and all(_is_value(cell, separator) for cell in values[:size]):
            return _Shape(separator, header, before, bool(count), size)
    return None


def _word_column(names: list[str], body: list[list[str]], separator: str) -> int:
    """The column of the words: the first, or the second behind row numbers without a name."""
    numbered = all(row[0].isdigit() for row in body)
    if numbered and names[0] in _INDEX and not _is_value(body[0][1], separator):
        return 1
    return 0


def read(stream: Stream) -> WordVectors:
    """The vectors of a table."""
    lines = first_lines(stream)
    check_line_ends(stream, lines[0])
    shape = _shape(lines)
    if shape is None:
        _refuse(stream, lines)
    if shape.header:
        stream.read(len(stream.lines(1 << 24).split(b"\n", 1)[0]) + 1, "the header")
    if shape.size > MAX_DIMENSIONS:
        stream.fail(f"{shape.size:,} columns; at most {MAX_DIMENSIONS:,} are read", 0)
    if shape.header:
        _check_names(stream, _cells(lines[0], shape.separator), shape)
    width = shape.size + shape.count
    table = Table(width, stream.part)
    separator = shape.separator.encode()
    cells = [line.split(separator)[shape.before] for line in lines[shape.header :]]
    cells = [cell.strip(b' "\t\r') for cell in cells]
    if shape.header and _are_row_numbers(lines[0], cells, shape):
        stream.fail(
            "the first column has row numbers, and no other has words; put the words first (a "
            "table with one column per word must be transposed)"
        )
    if no_words(cells):
        stream.fail("a table of numbers without a column of words; put the words first", 0)
    for some in read_lines(stream, width, " (from the first lines)", separator=separator):
        words = [
            _word(stream, w, shape, at) for w, at in zip(some.words, some.offsets, strict=True)
        ]
        table.add(words, some.rows)
        if table.full:
            break
    wv = table.vectors()
    if not shape.count:
        return wv
    rows = wv.vectors
    counts = np.rint(np.nan_to_num(rows[:, 0])).astype(np.int64)
    return WordVectors(list(wv.index_to_key), rows[:, 1:].copy(), counts=counts, meta=wv.meta)


def _check_names(stream: Stream, names: list[str], shape: _Shape) -> None:
    """FormatError for a column that is no number of the vector, as its name says."""
    own = names[len(names) - shape.size :]
    bad = next((name for name in own if name.casefold() in _NO_NUMBERS), None)
    if bad is not None:
        stream.fail(
            f"a column {bad!r} among the numbers of the vectors; leave it out (a column `count` "
            "may stand right behind the words)",
            0,
        )


def _are_row_numbers(header: bytes, cells: list[bytes], shape: _Shape) -> bool:
    """Whether the column of the words has no name, and counts the rows."""
    name = _cells(header, shape.separator)[:1]
    return (
        shape.before == 0
        and len(cells) > 2
        and (name[:1] in ([""], ["index"], ["Unnamed: 0"]))
        and all(cell == b"%d" % i for i, cell in enumerate(cells, int(cells[0] == b"1")))
    )


def _word(stream: Stream, cell: bytes, shape: _Shape, offset: int) -> bytes:
    """The word in the cells before the numbers, without its quotes and row number."""
    separator = shape.separator.encode()
    for _ in range(shape.before):
        number, found, cell = cell.partition(separator)
        if not found or not number.strip(b' "').isdigit():
            stream.fail(f"{number[:40]!r} where a row number was expected", offset)
    word = cell.strip(b" \t").removesuffix(separator).strip(b" \t")
    if word[:1] == b'"':
        if not re.fullmatch(rb'"(?:[^"]|"")*"', word):
            stream.fail(f"a word with broken quotes: {word[:40]!r}", offset)
        return word[1:-1].replace(b'""', b'"')
    if separator != b" " and separator in word:
        stream.fail(f"one cell too many after {word.partition(separator)[0][:40]!r}", offset)
    return word
