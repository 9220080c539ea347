"""Groups of rows of a matrix: cut out, put back, and kept in files.

A group is the rows of some neighbouring tiles: those whose rank modulo k is in [first, last).
"""

from __future__ import annotations

import contextlib
import mmap
import os
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.errors import TrainingError
from wordvec.system import remote
from wordvec.system.files import naming, write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[Any]

NORESERVE = 0x4000  # mmap: memory that is never touched is never taken


@dataclass(frozen=True)
class Group:
    """Tiles [first, last) of k, of a matrix with `words` rows."""

    words: int
    k: int
    first: int
    last: int

    @property
    def rows(self) -> int:
        """Rows of the group."""
        whole, rest = divmod(self.words, self.k)
        return whole * (self.last - self.first) + len(range(self.first, min(rest, self.last)))

    def take(self, matrix: Matrix) -> Matrix:
        """A copy of the group's rows (rows, width), by rank."""
        block = np.empty((self.rows, matrix.shape[1]), matrix.dtype)
        for part, there in self._parts(matrix, block):
            part[...] = there
        return block

    def put(self, matrix: Matrix, block: Matrix) -> None:
        """Writes the group's rows back."""
        for part, there in self._parts(matrix, block):
            there[...] = part

    def _parts(self, matrix: Matrix, block: Matrix) -> list[tuple[Matrix, Matrix]]:
        """Views of the block, and of the same rows in the matrix."""
        whole, width = self.words // self.k, matrix.shape[1]
        tiles = self.last - self.first
        grid = matrix[: whole * self.k].reshape(whole, self.k, width)
        rest = matrix[whole * self.k :][self.first : self.last]
        return [
            (block[: whole * tiles].reshape(whole, tiles, width), grid[:, self.first : self.last]),
            (block[whole * tiles :], rest),
        ]


def groups(words: int, k: int, size: int) -> list[Group]:
    """All groups of `size` tiles; the last one may have fewer."""
    return [Group(words, k, first, min(first + size, k)) for first in range(0, k, size)]


def sparse_matrix(rows: int, width: int) -> Matrix:
    """A matrix of zeros (rows, width) that takes memory only where it is written to."""
    size = max(rows * width * 4, 1)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | (NORESERVE if os.name == "posix" else 0)
    memory = mmap.mmap(-1, size, flags=flags)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_NOHUGEPAGE)  # a huge page would hold other groups' rows too
    return np.frombuffer(memory, np.float32, rows * width).reshape(rows, width)


@dataclass(frozen=True)
class Saved:
    """A file that holds a group of one of the arrays of a run."""

    name: str
    array: int
    group: Group
    width: int
    crc32: int

    def as_json(self) -> dict[str, Any]:
        """For the header of a checkpoint."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Saved:
        """What `as_json` gave; ValueError when it is damaged."""
        try:
            found = cls(**{**data, "group": Group(**data["group"])})
            numbers = [*asdict(found.group).values(), found.array, found.width, found.crc32]
        except (TypeError, KeyError) as error:
            raise ValueError(f"a block of it is damaged: {error}") from error
        if any(type(n) is not int or n < 0 for n in numbers) or Path(found.name).name != found.name:
            raise ValueError("a block of it is damaged")
        return found


def write_block(folder: str, name: str, array: int, group: Group, block: Matrix) -> Saved:
    """Writes a group's rows as a file of a folder, or of a store, whole or not at all."""
    block = np.ascontiguousarray(block)
    if remote.is_url(folder):
        remote.put_bytes(block.data, f"{folder}/{name}")
    else:
        with write_atomically(Path(folder) / name, force=True) as file:
            file.write(block.data)
    return Saved(name, array, group, block.shape[1], zlib.crc32(block.data))


def read_block(folder: str, saved: Saved) -> Matrix:
    """The rows that a file holds, (rows, width).

    Raises
    ------
    TrainingError
        When the file is missing, cut short or damaged; the message names it.
    """
    path = f"{folder}/{saved.name}"
    block = np.empty((saved.group.rows, saved.width), np.float32)
    try:
        if remote.is_url(folder):
            data = remote.read(path, block.nbytes)
            if whole := data is not None:
                block = np.frombuffer(data or b"", np.float32).reshape(block.shape)
        else:
            with naming(path), open(path, "rb") as file:
                whole = file.readinto(block.data.cast("B")) == block.nbytes and not file.read(1)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: a block of the checkpoint is missing") from error
    if not whole or zlib.crc32(block.data) != saved.crc32:
        raise TrainingError(
            f"{path}: a block of the checkpoint is damaged (its checksum does not match): remove "
            "the checkpoint to start again"
        )
    return block
