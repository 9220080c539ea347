"""word2vec's two formats: a header "words dimensions", then a word and its numbers, word by word.

Binary: the word, a space, float32 numbers, and (as word2vec writes it) a newline. Text: one line a
word; fastText's .vec is the same. Words may have spaces in text, because the numbers are counted
from the right; in binary a space ends the word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.formats.plain.lines import check_columns, first_lines, read_lines
from wordvec.formats.plain.numbers import count_numbers
from wordvec.formats.stream import MAX_DIMENSIONS, MAX_TOKEN, Stream, Table
from wordvec.system.files import write_atomically
from wordvec.vectors.vectors import WordVectors

_HEADER = re.compile(rb"[ \t]*(\d{1,20})[ \t]+(\d{1,20})[ \t\r]*\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LARGEST = 1e10  # that a vector may have where nothing else shows that words and vectors are apart
_BATCH = 1024
_NEWLINE = ord("\n")


def matches(head: bytes) -> bool:
    return _HEADER.match(head) is not None


def read(stream: Stream) -> WordVectors:
    """The vectors of a word2vec file, text or binary."""
    words, size = (int(number) for number in stream.until(b"\n", 64, "the header").split())
    if size == 0 or size > MAX_DIMENSIONS:
        stream.fail(f"{size} dimensions; between 1 and {MAX_DIMENSIONS:,} were expected", 0)
    text = words > 0 and _is_text(stream, size)
    least = words * (2 * size + 1 if text else 4 * size + 1) - 1
    if stream.size is not None and least > stream.size:
        stream.fail(
            f"the header promises {words:,} words of {size} dimensions, at least {least:,} bytes; "
            f"the file has {stream.size:,}",
            0,
        )
    table = Table(size, stream.part)
    (_read_text if text else _read_binary)(stream, words, size, table)
    return table.vectors()


def _is_text(stream: Stream, size: int) -> bool:
    """Whether numbers are written in digits, decided on several lines.

    A line that ends in as many numbers as the header says is text. So are lines of UTF-8 without
    control characters in which most of what follows the words looks like numbers, even where they
    are none (`0,5`, `n/a`) or too few: they are then refused with the reason, and never taken for
    the bytes of float32.
    """
    lines = first_lines(stream)
    if any(count_numbers(line) >= size for line in lines):
        return True
    fields = b"".join(field for line in lines for field in line.split()[1:])
    if not _is_utf8(fields) or _CONTROL.search(b"\n".join(lines)):
        return False
    return 2 * len(fields.translate(None, b"0123456789+-.,eE")) <= len(fields) > 0


def _read_binary(stream: Stream, words: int, size: int, table: Table) -> None:
    """word2vec writes a newline after each vector, gensim none: one or the other holds for all of a
    file, which shows where a word with a blank in it has shifted what follows."""
    width = 4 * size
    end = width  # bytes of a vector, with the newline behind it
    done = 0
    while done < words and not table.full:
        start = stream.offset
        # The first and the last by themselves: the one shows whether newlines come, the other may
        # lack its own.
        some = min(_BATCH, words - 1 - done) if done else 0
        names, data = stream.entries(some, end)
        if not names:
            if done and stream.ended:
                stream.fail(f"the file ends after {done:,} of {words:,} words")
            names = [stream.until(b" ", MAX_TOKEN, "a word")]
            last = done + 1 == words
            data = stream.read(width if last else end, "a vector")
            if not done and not last and stream.skip(b"\n"):
                end = width + 1
            data += b"\n" * (end - len(data))
        codes = np.frombuffer(data, np.uint8).reshape(len(names), end)
        _check_entries(stream, names, codes[:, width:], start, end)
        rows = np.ascontiguousarray(codes[:, :width]).view("<f4")
        if done < _BATCH and _swapped(rows):
            stream.fail("numbers of the other byte order (big-endian); write them again", start)
        if end == width and words > 1:
            _check_shift(stream, names, rows, start)
        table.add(names, rows)
        done += len(names)
    if table.full:
        return
    stream.skip(b"\n")
    if not stream.ended:
        stream.fail(f"more data after the {words:,} words that the header promises")


def _swapped(rows: NDArray[np.float32]) -> bool:
    """Whether numbers make sense only with their bytes in the other order: their exponents are
    scattered or far from 0, and nearly all are usual the other way round."""
    own, other = rows[rows != 0], rows.byteswap()[rows != 0]
    if len(np.unique(own)) < 8:
        return False
    with np.errstate(invalid="ignore"):
        usual = (np.abs(other) > 1e-7) & (np.abs(other) < 1e5)
    exponents = (own.view(np.uint32) >> 23 & 255).astype(np.int64) - 127
    return bool(usual.mean() > 0.9 and np.abs(exponents).mean() > 30)


def _check_entries(
    stream: Stream, names: list[bytes], newlines: NDArray[np.uint8], offset: int, end: int
) -> None:
    """FormatError for a word that cannot be, or a vector without the newline behind it."""
    if (newlines == _NEWLINE).all() and not any(b"\n" in n or b"\0" in n for n in names):
        return
    for name, newline in zip(names, newlines.tolist(), strict=True):
        if b"\n" in name or b"\0" in name:
            stream.fail(f"a word that holds a newline or a NUL byte: {name[:40]!r}", offset)
        offset += len(name) + 1 + end
        if newline and newline[0] != _NEWLINE:
            stream.fail(
                f"no newline after the vector of {name[:40]!r}, as there is after the first: "
                "a word with a blank in it?",
                offset - 1,
            )


def _check_shift(
    stream: Stream, names: list[bytes], rows: NDArray[np.float32], offset: int
) -> None:
    """FormatError for words or numbers that only a shift explains, in a file without newlines: a
    blank in a word ends it, letters become numbers, and the rest of the vector begins the next
    word."""
    size = np.abs(rows)
    wild = np.flatnonzero(((size > _LARGEST) & np.isfinite(rows)).any(axis=1))
    bad = next((i for i, name in enumerate(names) if _CONTROL.search(name)), len(names))
    if not len(wild) and bad == len(names):
        return
    i = min([bad, *wild[:1].tolist()])
    at = offset + sum(len(name) + 1 + rows[0].nbytes for name in names[:i])
    what = f"the word {names[i][:40]!r}"
    if i < bad:
        what = f"{size[i][np.isfinite(size[i])].max():.2g} in the vector of {names[i][:40]!r}"
    stream.fail(f"{what}: has it, or one before it, a blank in it, or is the file damaged?", at)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_text(stream: Stream, words: int, size: int, table: Table) -> None:
    check_columns(stream, first_lines(stream), size)
    # Released files have headers that count too few; too many is a truncated file.
    for some in read_lines(stream, size, " (from the header)"):
        table.add(some.words, some.rows, some.numbered)
        if table.full:
            return
    if table.seen < words:
        stream.fail(f"the file ends after {table.seen:,} of {words:,} words")


def write_binary(
    vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Writes word2vec binary, with word2vec's newline after each vector.

    Raises
    ------
    FormatError
        For a word with a space or newline, or an empty one, which the format cannot hold.
    """
    with write_atomically(path, force=force) as file:
        _write_header(vectors, file)
        for start in range(0, len(vectors), _BATCH):
            words, rows = batch(vectors, start)
            for word, row in zip(words, rows.astype("<f4"), strict=True):
                _check_word(word, path, "word2vec binary", holds_binary)
                file.write(word + b" " + row.tobytes() + b"\n")


def write_text(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes word2vec text (fastText's .vec): nine digits, which float32 survives unchanged.

    Raises
    ------
    FormatError
        For a word with a newline, or an empty one.
    """
    with write_atomically(path, force=force) as file:
        _write_header(vectors, file)
        write_lines(vectors, file, path, "word2vec text")


def write_lines(
    vectors: WordVectors, file: IO[bytes], path: str | os.PathLike[str], name: str
) -> None:
    """A line for each word: the word and its numbers."""
    digits = b" %.17g" if vectors.rows(0, 0).dtype == np.float64 else b" %.9g"
    pattern = b"%s" + digits * vectors.vector_size + b"\n"
    # With a point in all of them, where the word ends in a number that could be one of them.
    pointed = pattern.replace(b" %.", b" %#.")
    for start in range(0, len(vectors), _BATCH):
        words, rows = batch(vectors, start)
        for word, row in zip(words, rows.tolist(), strict=True):
            _check_word(word, path, name, holds_text)
            numbered = b" " in word and word[-1:].isdigit()
            file.write((pointed if numbered else pattern) % (word, *row))


def batch(vectors: WordVectors, start: int) -> tuple[list[bytes], NDArray[Any]]:
    """Words as bytes and rows of one batch that begins at id `start`."""
    words = vectors.index_to_key[start : start + _BATCH]
    rows = vectors.rows(start, start + len(words))
    return [word.encode("utf-8", "surrogateescape") for word in words], rows


def _write_header(vectors: WordVectors, file: IO[bytes]) -> None:
    file.write(b"%d %d\n" % (len(vectors), vectors.vector_size))


def holds_binary(word: bytes) -> bool:
    """Whether word2vec's binary format can hold a word: it has no blank at all."""
    return bool(word) and word.split() == [word] and b"\0" not in word


def holds_text(word: bytes) -> bool:
    """Whether a line of text can hold a word: it has no line end, and none at its ends is blank."""
    return bool(word) and word == word.strip() and b"\n" not in word and b"\r" not in word


def _check_word(
    word: bytes, path: str | os.PathLike[str], name: str, holds: Callable[[bytes], bool]
) -> None:
    if not holds(word):
        raise FormatError(
            f"{os.fspath(path)}: {name} cannot hold the word "
            f"{word.decode('utf-8', 'surrogateescape')!r}; choose another format"
        )
