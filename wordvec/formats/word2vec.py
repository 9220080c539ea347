"""word2vec's two formats: a header "words dimensions", then a word and its numbers, word by word.

Binary: the word, a space, float32 numbers, and (as word2vec writes it) a newline. Text: one line a
word; fastText's .vec is the same. Words may have spaces in text, because the numbers are counted
from the right; in binary a space ends the word.
"""

from __future__ import annotations

import os
import re
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.files import write_atomically
from wordvec.formats.lines import read_lines
from wordvec.formats.stream import MAX_DIMENSIONS, MAX_TOKEN, Rows, Stream, unique
from wordvec.vectors.vectors import WordVectors

_HEADER = re.compile(rb"[ \t]*(\d{1,20})[ \t]+(\d{1,20})[ \t\r]*\n")
_MAX_NUMBER = 64  # bytes of a number in text, with the space before it
_BATCH = 1024


def matches(head: bytes) -> bool:
    return _HEADER.match(head) is not None


def read(stream: Stream) -> WordVectors:
    """The vectors of a word2vec file, text or binary."""
    words, size = (int(number) for number in stream.until(b"\n", 64, "the header").split())
    if size == 0 or size > MAX_DIMENSIONS:
        stream.fail(f"{size} dimensions; between 1 and {MAX_DIMENSIONS:,} were expected", 0)
    text = _is_text(stream, size)
    least = words * (2 * size + 2 if text else 4 * size + 2) - 1
    if stream.size is not None and least > stream.size:
        stream.fail(
            f"the header promises {words:,} words of {size} dimensions, at least {least:,} bytes; "
            f"the file has {stream.size:,}",
            0,
        )
    names: list[bytes] = []
    rows = Rows(size)
    (_read_text if text else _read_binary)(stream, words, size, names, rows)
    names, array, meta = unique(names, rows.array())
    return WordVectors(names, array, meta=meta)


def _is_text(stream: Stream, size: int) -> bool:
    """Whether the first word is followed by numbers in text. In binary what follows is float32:
    to look like the first number and a space by chance is possible, all of a line is not."""
    head = stream.peek(MAX_TOKEN + _MAX_NUMBER * min(size, 1024))
    line = head.split(b"\n", 1)[0]
    fields = line.split()[1:]
    if not fields or not re.fullmatch(rb"[-+.0-9a-zA-Z]+", fields[-1]):
        return False
    try:
        [float(field) for field in fields[-min(size, len(fields)) :]]
    except ValueError:
        return False
    return len(fields) >= size or b"\n" not in head


def _read_binary(stream: Stream, words: int, size: int, names: list[bytes], rows: Rows) -> None:
    width = 4 * size
    for start in range(0, words, _BATCH):
        block = []
        for _ in range(start, min(words, start + _BATCH)):
            stream.skip(b"\n")
            names.append(stream.until(b" ", MAX_TOKEN, "a word"))
            block.append(stream.read(width, "a vector"))
        rows.add(np.frombuffer(b"".join(block), "<f4").reshape(len(block), size))
    stream.skip(b"\n")
    if not stream.ended:
        stream.fail(f"more data after the {words:,} words that the header promises")


def _read_text(stream: Stream, words: int, size: int, names: list[bytes], rows: Rows) -> None:
    # Released files have headers that count too few; too many is a truncated file.
    for some in read_lines(stream, size):
        names += some.words
        rows.add(some.rows)
    if len(names) < words:
        stream.fail(f"the file ends after {len(names):,} of {words:,} words")


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
                _check_word(word, path, "word2vec binary", b" \n")
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
    pattern = b"%s" + b" %.9g" * vectors.vector_size + b"\n"
    if np.asarray(vectors.vectors).dtype == np.float64:
        pattern = pattern.replace(b"%.9g", b"%.17g")
    for start in range(0, len(vectors), _BATCH):
        words, rows = batch(vectors, start)
        for word, row in zip(words, rows.tolist(), strict=True):
            _check_word(word, path, name, b"\n\r")
            file.write(pattern % (word, *row))


def batch(vectors: WordVectors, start: int) -> tuple[list[bytes], NDArray[Any]]:
    """Words as bytes and rows of one batch that begins at id `start`."""
    words = vectors.index_to_key[start : start + _BATCH]
    rows = vectors.rows(start, start + len(words))
    return [word.encode("utf-8", "surrogateescape") for word in words], rows


def _write_header(vectors: WordVectors, file: IO[bytes]) -> None:
    file.write(b"%d %d\n" % (len(vectors), vectors.vector_size))


def _check_word(word: bytes, path: str | os.PathLike[str], name: str, never: bytes) -> None:
    if not word or any(byte in never for byte in word) or word != word.strip():
        raise FormatError(
            f"{os.fspath(path)}: {name} cannot hold the word "
            f"{word.decode('utf-8', 'surrogateescape')!r}; choose another format"
        )
