"""Phrases and the lines of a table's file, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_LINE = 1 << 20  # bytes of a line of a table's file
VERSION = 1
COLUMNS = b"pass\twords\tcount\tscore"
_HEADER = re.compile(rb"# wordvec phrases (\d{1,9}), delimiter (\S+)")


@dataclass(frozen=True)
class Phrase:
    """A phrase of a table.

    Attributes
    ----------
    words : tuple of bytes
        What is joined: the first word, connectors if any, and the last word. In a later pass each
        may be a phrase of the one before.
    count : int
        How often they followed each other. Occurrences may overlap ("a b a b a" has two of "b a"),
        so it can be higher than the number of times that they are joined.
    score : float
        See `wordvec.text.phrases.find.Phrases`.
    """

    words: tuple[bytes, ...]
    count: int
    score: float


def check_delimiter(delimiter: str) -> bytes:
    """The delimiter as bytes.

    Raises
    ------
    ValueError
        When it is empty or holds white space or NUL, so that a phrase would not be one word.
    """
    encoded = bytes_of_token(delimiter)
    if encoded.split() != [encoded] or b"\0" in encoded:
        raise ValueError(f"delimiter must be text without white space, got {delimiter!r}")
    return encoded


def by_pass(rows: Iterable[tuple[int, Phrase]]) -> list[list[Phrase]]:
    """Phrases by pass, checked. Raises ValueError."""
    passes: list[list[Phrase]] = []
    seen: set[tuple[bytes, ...]] = set()
    inside: set[bytes] = set()
    outside: set[bytes] = set()
    for number, phrase in rows:
        if number == len(passes) + 1:
            passes.append([])
            seen, inside, outside = set(), set(), set()
        if number != len(passes):
            raise ValueError(f"pass {number} follows pass {len(passes)}")
        words = phrase.words
        if len(words) < 2 or b"" in words:
            raise ValueError(f"a phrase has two words or more, got {words!r}")
        if words in seen:
            raise ValueError(f"{b' '.join(words)[:80]!r} comes twice in pass {number}")
        seen.add(words)
        inside.update(words[1:-1])
        outside.update((words[0], words[-1]))
        both = next((w for w in words if w in inside and w in outside), None)
        if both is not None:
            raise ValueError(
                f"{both[:80]!r} stands inside a phrase of pass {number} and begins or ends one: a "
                "connector does not (longer phrases are made in a later pass)"
            )
        passes[-1].append(phrase)
    return passes


def whole_line(line: bytes) -> bytes:
    """A line of a table's file without its end. Raises ValueError."""
    if not line.endswith(b"\n"):
        raise ValueError(
            f"the line is longer than {LONGEST_LINE:,} bytes"
            if len(line) >= LONGEST_LINE
            else "the file is cut short: its last line has no end"
        )
    return line.rstrip(b"\r\n")


def parse_header(line: bytes) -> str:
    """The delimiter that the header names. Raises ValueError."""
    header = _HEADER.fullmatch(line.rstrip(b"\r\n"))
    if not header:
        raise ValueError(
            f"not a table of phrases: expected '# wordvec phrases {VERSION}, delimiter _', got "
            f"{line[:60]!r}"
        )
    if int(header[1]) != VERSION:
        raise ValueError(f"a table of version {int(header[1])}, not {VERSION}: see a newer wordvec")
    delimiter = header[2].decode("utf-8", "surrogateescape")
    check_delimiter(delimiter)
    return delimiter


def parse_row(line: bytes) -> tuple[int, Phrase]:
    """Pass and phrase of a line. Raises ValueError."""
    fields = line.split(b"\t")
    if len(fields) != 4:
        raise ValueError(f"expected pass, words, count and score with tabs, got {line[:60]!r}")
    number, text, count, score = fields
    for name, field in (("pass", number), ("count", count)):
        if not field.isdigit() or len(field) > 18 or int(field) < 1:
            raise ValueError(f"{name} must be a whole number >= 1, got {field[:40]!r}")
    words = tuple(text.split(b" "))
    if text.split() != list(words) or b"\0" in text:
        raise ValueError(f"words must have one space between them, got {text[:60]!r}")
    try:
        value = float(score)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"score must be a finite number, got {score[:40]!r}")
    return int(number), Phrase(words, int(count), value)


def bytes_of_token(token: str) -> bytes:
    return token.encode("utf-8", "surrogateescape")
