"""HDF5 as pandas writes a data frame, read by h5py: ConceptNet Numberbatch's `mini.h5`.

A group with `axis1` (the words), `axis0` (the dimensions) and `block0_values` (V, d). Numberbatch
has numbers of one byte there, and words as `/c/en/word`, which stay as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wordvec.errors import MissingExtra
from wordvec.formats.stream import MAX_DIMENSIONS, MAX_TOKEN, Stream, Table
from wordvec.vectors.vectors import WordVectors

_MAGIC = b"\x89HDF\r\n\x1a\n"
_BATCH = 1 << 20  # numbers read at once


def matches(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def read(stream: Stream) -> WordVectors:
    """The vectors of a data frame in a HDF5 file.

    Raises
    ------
    MissingExtra
        Without h5py.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("h5py", "hdf5", f"reading {stream.name}") from error
    # What h5py raises for damaged files; all of it becomes one error.
    damage = (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
        MemoryError,
        UnicodeDecodeError,
        NotImplementedError,
        AttributeError,
    )
    with stream.as_file() as (file, size):
        try:
            with h5py.File(file, "r") as opened:
                return _read(stream, opened, size)
        except damage as error:
            stream.fail(f"damaged: {error}", 0)


def _read(stream: Stream, opened: Any, bytes_: int) -> WordVectors:
    groups = [group for group in opened.values() if hasattr(group, "keys")]
    frames = [group for group in groups if {"axis0", "axis1", "block0_values"} <= set(group)]
    if len(frames) != 1 or "block1_values" in frames[0]:
        stream.fail(f"{len(frames)} data frames of one type of numbers; one was expected", 0)
    words, values = frames[0]["axis1"], frames[0]["block0_values"]
    if values.ndim != 2 or values.dtype.kind not in "iuf" or words.shape != values.shape[:1]:
        stream.fail(f"{words.shape} words and numbers {values.dtype} {values.shape}", 0)
    rows, cols = values.shape
    if not 1 <= cols <= MAX_DIMENSIONS or words.dtype.itemsize > MAX_TOKEN:
        stream.fail(f"{cols} dimensions and words of {words.dtype.itemsize} bytes", 0)
    stream.check_growth(rows * (4 * cols + words.dtype.itemsize), bytes_)
    if words.dtype.kind not in "SO":
        stream.fail(f"words of type {words.dtype}; strings were expected", 0)
    table = Table(cols, stream.part)
    count = max(1, _BATCH // cols)
    for start in range(0, rows, count):
        names = [_bytes(name) for name in words[start : start + count].tolist()]
        wide = values[start : start + count]
        rows = wide.astype(np.float32)
        stream.beyond += int((np.isinf(rows) & np.isfinite(wide)).sum())
        table.add(names, rows)
        if table.full:
            break
    return table.vectors()


def _bytes(name: object) -> bytes:
    if isinstance(name, str):
        return name.encode("utf-8", "surrogateescape")
    if not isinstance(name, bytes):
        raise TypeError(f"a word of type {type(name).__name__}")
    return name
