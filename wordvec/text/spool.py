"""Ids that pile up: in memory, or in a temporary file when there are many."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np

from wordvec.files import reserve, scratch_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids: TypeAlias = NDArray[np.int32]

GROWTH = 4 << 20  # ids that are asked for at once while they pile up
SPILL = 1 << 30  # bytes of ids kept in memory; more go to a temporary file
PIECE = 1 << 20  # ids that are read at once from a mapped file


def in_memory(ids: Ids, begin: int, end: int) -> Ids:
    """ids[begin:end] in memory; of ids that lie in a file, nothing stays mapped beside it."""
    mapping = getattr(ids, "_mmap", None)
    if mapping is None:
        return ids[begin:end]
    copy = np.empty(end - begin, np.int32)
    for at in range(begin, end, PIECE):
        stop = min(at + PIECE, end)
        copy[at - begin : stop - begin] = ids[at:stop]
        if hasattr(mmap, "MADV_DONTNEED"):
            mapping.madvise(mmap.MADV_DONTNEED)
    return copy


class Spool:
    """Arrays of ids one after another, in one array that grows in place; from `SPILL` bytes on, or
    an eighth of `memory`, in a temporary file (without a name, so that nothing is left behind)."""

    def __init__(self, memory: int | None = None) -> None:
        self._limit = SPILL if memory is None else min(memory // 8, SPILL)
        self._ids = np.empty(0, np.int32)
        self._used = 0
        self._parts: list[tuple[int, int]] = []
        self._file: BinaryIO | None = None

    def append(self, ids: Ids, owner: int) -> None:
        self._parts.append((len(ids), owner))
        end = self._used + len(ids)
        if self._file is None and 4 * end > self._limit:
            self._file = scratch_file()
            self._file.write(self._ids[: self._used].data)
            self._ids = self._ids[:0]
        if self._file is not None:
            self._file.write(ids.data)
        else:
            if end > len(self._ids):
                # By realloc, which moves pages and copies nothing.
                self._ids.resize(max(end, len(self._ids) + GROWTH), refcheck=False)
            self._ids[self._used : end] = ids
        self._used = end

    def rewrite(self, function: Callable[[Ids, int], Ids]) -> Ids:
        """All arrays through function(ids, owner), which returns what stays of them, as one array:
        in place, or mapped when it lies in a file. The spool is used up."""
        if self._file is None:
            start = out = 0
            for size, owner in self._parts:
                kept = function(self._ids[start : start + size], owner)
                self._ids[out : out + len(kept)] = kept
                start += size
                out += len(kept)
            self._ids.resize(out, refcheck=False)
            return self._ids
        with self._file as source, scratch_file() as target:
            source.seek(0)
            out = 0
            for size, owner in self._parts:
                part = np.frombuffer(bytearray(source.read(4 * size)), np.int32)
                kept = function(part, owner)
                target.write(kept.data)
                out += len(kept)
            target.flush()
            if not out:
                return np.empty(0, np.int32)
            return np.memmap(target, np.int32, "r", shape=(out,))


def empty_ids(n: int, memory: int | None = None) -> Ids:
    """An array for n ids; where it takes more than an eighth of `memory`, in a temporary file."""
    if 4 * n <= (SPILL if memory is None else min(memory // 8, SPILL)):
        return np.empty(n, np.int32)
    with scratch_file() as file:  # the mapping keeps it
        reserve(file, 4 * n)
        return np.memmap(file, np.int32, "r+", shape=(n,))
