"""Lines of a word and its numbers: what the text formats have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from wordvec.formats.plain.numbers import count_numbers, is_number, nearest_float, no_number
from wordvec.formats.stream import MAX_TOKEN, Stream
from wordvec.native.vectors import decimal
from wordvec.vectors.matrix import Floats

_MAX_NUMBER = 64  # bytes of a number, with the space before it, that a line may have in the mean
_NUMBERS = 1 << 19  # parsed at once: what a megabyte of text may have
_SAMPLE = 16  # lines at the start of a file that decide how it is read
_MAX_LINE = 1 << 24
_BLANKS = re.compile(rb"[ \t\r]")


class Lines(NamedTuple):
    """Some lines: their words, their numbers (n, d), which stay until the next lines are read, the
    offset of each in the file, and how many of the words end in a number."""

    words: list[bytes]
    rows: Floats
    offsets: list[int]
    numbered: int


def first_lines(stream: Stream, skip: int = 0) -> list[bytes]:
    """Up to 16 of the lines that come next and are not blank, the first `skip` left out; the last
    may be cut where no line ends."""
    text = stream.peek(1 << 16)
    if text.count(b"\n") < _SAMPLE + skip:
        text = stream.peek(1 << 20)
    if b"\n" not in text:
        text = stream.peek(_MAX_LINE)
    lines = text.split(b"\n")
    if len(lines) > 1 and not text.endswith(b"\n") and not stream.all_peeked(len(text)):
        lines.pop()
    return [line for line in lines[skip:] if line.strip()][:_SAMPLE]


def check_line_ends(stream: Stream, head: bytes) -> None:
    """FormatError for text whose lines end in CR alone, which would be one long line."""
    if b"\n" not in head and b"\r" in head.rstrip():
        stream.fail(
            "the lines end in CR alone (old Mac); change them to LF, for example with "
            "tr '\\r' '\\n'",
            stream.offset + head.index(b"\r"),
        )


def check_columns(stream: Stream, lines: list[bytes], size: int) -> None:
    """FormatError for lines with a column beside words and vectors: row numbers before the words, a
    count or rank behind them. Three lines must show it, so that words such as "in 2010" are
    words."""
    split = [line.rsplit(None, size) for line in lines if count_numbers(line) >= size]
    words = [fields[0].split() for fields in split if len(fields) == size + 1]
    if len(words) < 3:
        return
    if all(len(word) > 1 and word[0].isdigit() for word in words):
        first = int(words[0][0])
        if all(int(word[0]) == i for i, word in enumerate(words, first)):
            stream.fail(f"the lines are numbered ({first}, ...); cut off the first column")
    behind = [word[-1] for word in words if len(word) > 1 and word[-1].isdigit()]
    if len(behind) == len(words) == len({b" ".join(word[:-1]) for word in words}):
        stream.fail(
            f"a whole number behind each word ({behind[0].decode()}, ...), which is none of the "
            f"{size} of its vector; cut off that column, or name it `count` in the header of a CSV"
        )
    numbers = [fields[1:] for fields in split if len(fields) == size + 1]
    firsts = {row[0] for row in numbers}
    others = [number for row in numbers for number in row[1:]]
    whole = sum(number.lstrip(b"-").isdigit() for number in others)
    counted = all(map(bytes.isdigit, firsts)) and not firsts <= {b"0", b"1"}
    if size > 2 and counted and 4 * whole < len(others):
        stream.fail(
            f"the first number behind each word is whole ({numbers[0][0].decode()}, ...) and the "
            "others are not: a count or a rank? cut off that column, or name it `count` in the "
            "header of a CSV"
        )


def read_lines(
    stream: Stream, size: int, why: str = "", *, separator: bytes = b" "
) -> Iterator[Lines]:
    """The lines up to the end of the stream, with `size` numbers each, some at a time.

    Numbers are counted from the right, so words may have blanks. They are rounded once, from the
    decimal notation to float32. Blank lines at the end are passed over. A word may end in a number
    ("in 2010") only where it is a whole number and those of the vector are not.

    Parameters
    ----------
    stream : Stream
    size : int
        Numbers per line.
    why : str
        Where `size` comes from, for messages.
    separator : bytes
        Other than a blank: what stands between a word and its numbers too, and stays with the word;
        with a semicolon a comma is a decimal point.

    Raises
    ------
    FormatError
        With the offset of a line that has fewer numbers, more or none, or is too long.
    """
    most = MAX_TOKEN + _MAX_NUMBER * size
    count = max(1, _NUMBERS // size)
    rows = np.empty((count, size), np.float32)
    words = np.empty((count, 2), np.int64)
    waiting = np.empty((size + 1024, 3), np.int64)
    points = {b" ": b" ", b";": b" ."}.get(separator, b" ")
    no_cell = re.compile(re.escape(separator) + b"[ \t]*(?:" + re.escape(separator) + b"|\r?\n)")
    as_blanks = bytes.maketrans((separator + b",")[: len(points)], points)
    while text := stream.lines(most):
        blanks = text
        if separator != b" ":
            blanks = text.translate(as_blanks)
            if (empty := no_cell.search(text)) is not None:
                start = text.rfind(b"\n", 0, empty.start() + 1) + 1
                stream.fail("an empty cell", stream.offset + start)
        n_lines, used, n_open, found = decimal.parse_lines(blanks, rows, words, waiting)
        ends = words[:n_lines].tolist()
        lines = [0, *(text.index(b"\n", end) + 1 for _, end in ends[:-1])] if ends else []
        start = stream.offset
        offsets = [start + line for line in lines]
        for place, at, length in waiting[:n_open].tolist():
            number = blanks[at : at + length]
            try:
                rows[divmod(place, size)] = value = nearest_float(number)
            except ValueError:
                stream.fail(no_number(number), offsets[place // size])
            stream.beyond += bool(np.isinf(value)) and number[-1:].isdigit()
        some = [text[a:b] for a, b in ends]
        numbered = 0
        if max(map(len, some), default=0) > MAX_TOKEN:
            i = next(i for i, word in enumerate(some) if len(word) > MAX_TOKEN)
            stream.fail(f"a word of {len(some[i]):,} bytes", offsets[i])
        if separator == b" " and _BLANKS.search(b"\n".join(some)):
            for i, word in enumerate(some):
                if _BLANKS.search(word):
                    numbered += _ends_in_number(stream, text, word, ends[i], offsets[i], size, why)
        if n_lines:
            yield Lines(some, rows[:n_lines], offsets, numbered)
        stream.read(used)
        if found >= 0:
            _pass_blank_lines(stream, size, found, why)


def _ends_in_number(
    stream: Stream, text: bytes, word: bytes, where: list[int], offset: int, size: int, why: str
) -> bool:
    """Whether a word with blanks ends in a number; FormatError when that is one of the vector."""
    if b"\r" in word:
        stream.fail(f"a CR inside the word {word[:40]!r}; lines should end in LF", offset)
    more = word.split(None, 1)[1:]
    inside = [field for field in more[0].split() if is_number(field)] if more else []
    if len(inside) >= size and sum(not field.isdigit() for field in inside) >= 2:
        stream.fail(f"{size + len(inside)} numbers on a line, {size} expected{why}", offset)
    last = more[0].split()[-1] if more else b""
    if not is_number(last) or last.strip(b"+-").isalpha():
        return False
    extra = count_numbers(b"w " + more[0])
    numbers = text[where[1] :].split(b"\n", 1)[0].split()
    whole = sum(number.lstrip(b"-").isdigit() for number in numbers)
    if extra > 1 or not last.isdigit() or 2 * whole > len(numbers):
        stream.fail(f"{size + extra} numbers after a word, {size} expected{why}", offset)
    return True


def _pass_blank_lines(stream: Stream, size: int, found: int, why: str) -> None:
    """Passes over the blank lines that end a file; anything else is an error."""
    start = stream.offset
    if stream.peek(_MAX_LINE).split(b"\n", 1)[0].strip():
        stream.fail(f"{found} numbers after a word, {size} expected{why}", start)
    while text := stream.peek(1 << 16):
        if text.strip():
            stream.fail("an empty line", start)
        stream.read(len(text))
