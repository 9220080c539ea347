"""NumPy: NAME.npy with the vectors and NAME.words.txt with a word a line."""

from __future__ import annotations

import io
import os
import re
import tokenize
import warnings
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.formats.stream import MAX_DIMENSIONS, Stream
from wordvec.system.files import NPY_MAGIC, check_target, words_path, write_atomically
from wordvec.text.lines import read_words
from wordvec.vectors.vectors import WordVectors

# Behind the array: the checksum of the list of words that was written with it.
_BOUND = re.compile(rb"wordvec words crc32 ([0-9a-f]{8})\n")
_BOUND_BYTES = 29
_MAX_HEADER = 4096


def matches(head: bytes) -> bool:
    return head.startswith(NPY_MAGIC)


def read_array(stream: Stream) -> NDArray[Any]:
    """The array (V, d) of numbers in a .npy file; arrays of objects are refused."""
    head = io.BytesIO(stream.peek(_MAX_HEADER))
    try:
        version = np.lib.format.read_magic(head)
        reader = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        with warnings.catch_warnings():
            # Of a header that Python 2 wrote, (4L, 3L): it means the same.
            warnings.simplefilter("ignore", UserWarning)
            shape, fortran, dtype = reader(head)
    except (ValueError, KeyError, TypeError, EOFError, SyntaxError, tokenize.TokenError) as error:
        stream.fail(f"the header of the array cannot be read: {error}", 0)
    if dtype.kind not in "fiu" or dtype.hasobject or not _lawful(shape):
        stream.fail(f"an array of {dtype} with shape {shape}; numbers (V, d) were expected", 0)
    stream.read(head.tell(), "the header")
    data = stream.read(shape[0] * shape[1] * dtype.itemsize, "the array")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def read(stream: Stream) -> WordVectors:
    """The vectors of a .npy file and the words beside it."""
    rows = read_array(stream)
    path = words_path(stream.name)
    try:
        words = read_words(path)
    except FileNotFoundError as error:
        raise FormatError(
            f"{stream.name}: byte 0: the words should be in {path}, one per line"
        ) from error
    while len(words) > len(rows) and not words[-1]:
        words.pop()
    if len(words) != len(rows):
        last = min(len(words), len(rows))
        raise FormatError(f"{path}: line {last}: {len(words):,} words for {len(rows):,} vectors")
    bound = _BOUND.fullmatch(stream.peek(_BOUND_BYTES))
    if bound and int(bound[1], 16) != zlib.crc32(b"\n".join(words)):
        raise FormatError(
            f"{path}: line 1: these are not the words of {stream.name}: one of the two files was "
            "written again, or changed; write both again"
        )
    if len(set(words)) != len(words):
        first: dict[bytes, int] = {}
        line = next(i for i, word in enumerate(words, 1) if first.setdefault(word, i) != i)
        raise FormatError(f"{path}: line {line}: a word is there twice: {words[line - 1][:40]!r}")
    dense = rows if rows.dtype == np.float64 else np.asarray(rows, np.float32)
    return WordVectors(words, dense)


def _lawful(shape: tuple[object, ...]) -> bool:
    """Whether an array of that shape can exist; Python's tuple may hold anything."""
    return (
        len(shape) == 2
        and all(type(size) is int for size in shape)
        and shape[0] >= 0  # type: ignore[operator]
        and 1 <= shape[1] <= MAX_DIMENSIONS  # type: ignore[operator]
    )


def holds(word: bytes) -> bool:
    """Whether a list with a word per line can hold it."""
    return b"\n" not in word and b"\r" not in word


def write(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes the two files.

    Raises
    ------
    FormatError
        For a word with a line end.
    """
    beside = words_path(path)
    for each in (path, beside):
        check_target(each, force=force)
    words = [word.encode("utf-8", "surrogateescape") for word in vectors]
    bad = next((word for word in words if not holds(word)), None)
    if bad is not None:
        raise FormatError(f"{beside}: a list of words cannot hold {bad!r}, which has a line end")
    rows = np.ascontiguousarray(vectors.vectors)
    # Both are complete before either has its name, so that a kill hardly ever comes between.
    with (
        write_atomically(beside, force=force) as list_file,
        write_atomically(path, force=force) as file,
    ):
        list_file.write(b"".join(word + b"\n" for word in words))
        list_file.flush()
        write_array(file, rows)
        # Other readers pass over what comes after the array.
        file.write(b"wordvec words crc32 %08x\n" % zlib.crc32(b"\n".join(words)))


def write_array(file: BinaryIO, rows: NDArray[Any]) -> None:
    """Writes an array as `numpy.save` does, whose writing to a full disk raises an error that names
    nothing."""
    rows = np.ascontiguousarray(rows)
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(rows))
    file.write(rows.data)
