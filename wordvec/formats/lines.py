"""Lines of a word and its numbers: what the text formats have in common."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from wordvec.formats.stream import MAX_TOKEN, Stream
from wordvec.native import decimal
from wordvec.vectors.matrix import Floats

_MAX_NUMBER = 64  # bytes of a number, with the space before it, that a line may have in the mean
_NUMBERS = 1 << 19  # parsed at once: what a megabyte of text may have
_FLOAT_LIMIT = 2.0**128  # where float32 ends


class Lines(NamedTuple):
    """Some lines: their words, their numbers (n, d), which stay until the next lines are read, and
    the offset of each in the file."""

    words: list[bytes]
    rows: Floats
    offsets: list[int]


def read_lines(stream: Stream, size: int) -> Iterator[Lines]:
    """The lines up to the end of the stream, with `size` numbers each, some at a time.

    Numbers are counted from the right, so words may have blanks. They are rounded once, from the
    decimal notation to float32.

    Raises
    ------
    FormatError
        With the offset of a line that has fewer numbers or none, or is too long.
    """
    most = MAX_TOKEN + _MAX_NUMBER * size
    count = max(1, _NUMBERS // size)
    rows = np.empty((count, size), np.float32)
    words = np.empty((count, 2), np.int64)
    waiting = np.empty((size + 1024, 3), np.int64)
    while text := stream.lines(most):
        n_lines, used, n_open, found = decimal.parse_lines(text, rows, words, waiting)
        ends = words[:n_lines].tolist()
        lines = [0, *(text.index(b"\n", end) + 1 for _, end in ends[:-1])] if ends else []
        offsets = [stream.offset + line for line in lines]
        for place, at, length in waiting[:n_open].tolist():
            number = text[at : at + length]
            try:
                rows[divmod(place, size)] = nearest_float(number)
            except ValueError:
                stream.fail(f"not a number: {number[:40]!r}", offsets[place // size])
        for (first, last), offset in zip(ends, offsets, strict=True):
            if last - first > MAX_TOKEN:
                stream.fail(f"a word of {last - first:,} bytes", offset)
        if n_lines:
            yield Lines([text[a:b] for a, b in ends], rows[:n_lines], offsets)
        stream.read(used)
        if found >= 0:
            stream.fail(f"{found} numbers after a word, {size} expected")


def nearest_float(text: bytes) -> np.float32:
    """The float32 nearest to a number in decimal notation, ties to even; ValueError for none.

    float() gives the nearest double, and rounding that again errs where it lies exactly in the
    middle of two floats though the number does not.
    """
    wide = float(text)
    with np.errstate(over="ignore", under="ignore"):
        near = np.float64(wide).astype(np.float32)
    if not np.isfinite(wide) or float(near) == wide:
        return np.float32(near)
    one = float(near) if np.isfinite(near) else np.copysign(_FLOAT_LIMIT, wide)
    away = np.inf if wide > one else -np.inf
    with np.errstate(over="ignore"):
        other = float(np.nextafter(near, np.float32(away)))
    if one + other != 2 * wide:
        return np.float32(near)
    exact, middle = Decimal(text.decode("ascii")), Decimal(wide)
    if exact == middle:
        return np.float32(near)
    with np.errstate(over="ignore"):
        return np.float32(max(one, other) if exact > middle else min(one, other))
