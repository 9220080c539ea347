"""Numbers in text: what counts as one, and the float32 nearest to it."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import numpy as np

_NUMBER = re.compile(
    rb"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE
)
_COMMA = re.compile(rb"[-+]?[0-9]*,[0-9]+(?:[eE][-+]?[0-9]+)?")
_FLOAT_LIMIT = 2.0**128  # where float32 ends


def is_number(field: bytes) -> bool:
    """Whether a field is a number in decimal notation, infinite, or "nan"; `1_5` and `0,5` are
    none."""
    return _NUMBER.fullmatch(field) is not None


def no_number(field: bytes | str) -> str:
    """What is wrong with a field that should be a number; a comma is named."""
    raw = field.encode("utf-8", "surrogateescape") if isinstance(field, str) else field
    comma = ", which has a comma; write numbers with a point, and thousands without a separator"
    return f"not a number: {field[:40]!r}{comma if _COMMA.fullmatch(raw) else ''}"


def has_commas(lines: list[bytes]) -> bytes | None:
    """The first of the numbers with a decimal comma that end most of the lines; None where they do
    not."""
    last = [fields[-1] for line in lines if len(fields := line.split()) > 1]
    found = [field for field in last if _COMMA.fullmatch(field)]
    return found[0] if 2 * len(found) > len(last) else None


def count_numbers(line: bytes) -> int:
    """How many fields at the end of a line are numbers. The first field is a word, unless the line
    begins with a blank: then the word is empty."""
    fields = line.split()
    least = 0 if line[:1] in (b" ", b"\t") else 1
    count = 0
    for field in reversed(fields[least:]):
        if not is_number(field):
            break
        count += 1
    return count


def agreed_count(lines: list[bytes]) -> int:
    """How many numbers most of the lines have; the smaller count when as many lines have either
    (a word may end in a number), 0 when no line has one."""
    counts = Counter(count for line in lines if (count := count_numbers(line)))
    return min(counts, key=lambda count: (-counts[count], count), default=0)


def no_words(words: list[bytes]) -> bool:
    """Whether the words of the first lines are numbers of a table that has no words: all are
    numbers, and many are not whole (years and the ids of nodes are words)."""
    fractions = sum(not word.isdigit() for word in words)
    return len(words) > 2 and 2 * fractions >= len(words) and all(map(is_number, words))


def nearest_float(text: bytes) -> np.float32:
    """The float32 nearest to a number in decimal notation, ties to even; ValueError for none.

    float() gives the nearest double, and rounding that again errs where it lies exactly in the
    middle of two floats though the number does not.
    """
    if not is_number(text):
        raise ValueError(f"not a number: {text!r}")
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
