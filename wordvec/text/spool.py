"""Ids that pile up: in memory, or in a temporary file when there are many."""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

import numpy as np

from wordvec.system.files import reserve, scratch_file
from wordvec.system.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids: TypeAlias = NDArray[np.int32]

Changed = TypeVar("Changed")

GROWTH = 4 << 20  # ids that memory is asked for at once while they pile up
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
    """Arrays of ids one after another, in memory; from `SPILL` bytes on, or an eighth of `memory`,
    in a temporary file (without a name, so that nothing is left behind)."""

    def __init__(self, memory: int | None = None) -> None:
        self._limit = SPILL if memory is None else min(memory // 8, SPILL)
        self._room = np.empty(0, np.int32)
        self._held: deque[Ids] = deque()
        self._file: BinaryIO | None = None
        self._parts: list[tuple[int, int]] = []  # how many ids, and their owner
        self._total = 0

    def append(self, ids: Ids, owner: int) -> None:
        self._parts.append((len(ids), owner))
        self._total += len(ids)
        if self._file is None and 4 * self._total > self._limit:
            self._file = scratch_file()
            for held in self._taken():
                self._file.write(held.data)
        if self._file is None:
            self._held.append(self._kept(ids))
        else:
            self._file.write(ids.data)

    def _kept(self, ids: Ids) -> Ids:
        """A copy in an array that is large, so that its memory comes in large pages: 4 KB at a time
        takes four times as long."""
        if len(ids) > len(self._room):
            self._room = np.empty(max(len(ids), GROWTH), np.int32)
        kept, self._room = self._room[: len(ids)], self._room[len(ids) :]
        kept[:] = ids
        return kept

    def _taken(self) -> Iterator[Ids]:
        """The arrays in memory, which are let go one after another."""
        self._room = np.empty(0, np.int32)  # a part of it would hold all of it
        while self._held:
            yield self._held.popleft()

    def rewrite(
        self,
        change: Callable[[Ids, int], Changed],
        kept: Callable[[Changed], Ids],
        threads: int = 1,
    ) -> Ids:
        """All arrays through change(ids, owner), in several threads, and in order through kept(what
        that returned), which returns what stays of each, as one array; it is mapped when it lies in
        a file. `change` may write to the ids. The spool is used up."""
        changed = ordered_map(
            lambda _, part: change(*part),
            self._each(),
            [None] * min(threads, len(self._parts) or 1),
        )
        out = 0
        if self._file is None:
            joined = np.empty(self._total, np.int32)
            for made in changed:
                ids = kept(made)
                joined[out : out + len(ids)] = ids
                out += len(ids)
            joined.resize(out, refcheck=False)
            return joined
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
            return self.rewrite(lambda ids, _: ids, lambda ids: ids)
        with self._file as file:
            file.flush()
            return np.memmap(file, np.int32, "r", shape=(self._total,))

    def _each(self) -> Iterator[tuple[Ids, int]]:
        """The arrays and their owners."""
        if self._file is None:
            for ids, (_, owner) in zip(self._taken(), self._parts, strict=True):
                yield ids, owner
            return
        self._file.seek(0)
        for size, owner in self._parts:
            yield np.frombuffer(bytearray(self._file.read(4 * size)), np.int32), owner


def empty_ids(n: int, memory: int | None = None) -> Ids:
    """An array for n ids; where it takes more than an eighth of `memory`, in a temporary file."""
    if 4 * n <= (SPILL if memory is None else min(memory // 8, SPILL)):
        return np.empty(n, np.int32)
    with scratch_file() as file:  # the mapping keeps it
        reserve(file, 4 * n)
        return np.memmap(file, np.int32, "r+", shape=(n,))
