"""Ids that pile up: in memory, or in a temporary file when there are many."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

import numpy as np

from wordvec.system.files import reserve, scratch_file
from wordvec.system.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids: TypeAlias = NDArray[np.int32]

Changed = TypeVar("Changed")

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

    def rewrite(
        self,
        change: Callable[[Ids, int], Changed],
        kept: Callable[[Changed], Ids],
        threads: int = 1,
    ) -> Ids:
        """All arrays through change(ids, owner), in several threads, and in order through kept(what
        that returned), which returns what stays of each, as one array: in place, or mapped when it
        lies in a file. `change` may write to the ids. The spool is used up."""
        changed = ordered_map(
            lambda _, part: change(*part),
            self._each(),
            [None] * min(threads, len(self._parts) or 1),
        )
        out = 0
        if self._file is None:
            for made in changed:
                ids = kept(made)
                self._ids[out : out + len(ids)] = ids
                out += len(ids)
            self._ids.resize(out, refcheck=False)
            return self._ids
        with self._file, scratch_file() as target:
            for made in changed:
                ids = kept(made)
                target.write(ids.data)
                out += len(ids)
            target.flush()
            if not out:
                return np.empty(0, np.int32)
            return np.memmap(target, np.int32, "r", shape=(out,))

    def joined(self) -> Ids:
        """All arrays as one, which is mapped when it lies in a file. The spool is used up."""
        if self._file is None:
            self._ids.resize(self._used, refcheck=False)
            return self._ids
        with self._file as file:
            file.flush()
            return np.memmap(file, np.int32, "r", shape=(self._used,))

    def _each(self) -> Iterator[tuple[Ids, int]]:
        """The arrays and their owners."""
        start = 0
        if self._file is not None:
            self._file.seek(0)
        for size, owner in self._parts:
            if self._file is None:
                yield self._ids[start : start + size], owner
            else:
                yield np.frombuffer(bytearray(self._file.read(4 * size)), np.int32), owner
            start += size


def empty_ids(n: int, memory: int | None = None) -> Ids:
    """An array for n ids; where it takes more than an eighth of `memory`, in a temporary file."""
    if 4 * n <= (SPILL if memory is None else min(memory // 8, SPILL)):
        return np.empty(n, np.int32)
    with scratch_file() as file:  # the mapping keeps it
        reserve(file, 4 * n)
        return np.memmap(file, np.int32, "r+", shape=(n,))
