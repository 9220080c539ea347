"""Tiles of a matrix of counts: how words are dealt to them, their arrays and their bytes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec.native.corpus import cooc

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE_SIDE = 4096  # words; 4096 rows of 100 floats and their gradients are a few MB, an L2 or L3
MIN_TILES = 16  # a symmetric schedule keeps k / 2 threads busy
ALIGNED = 64  # bytes: where a tile begins, in memory and in its file
MAX_TILES = 64  # beyond, tiles grow up to 65,536 words (16-bit columns), then k grows again


class Rows(NamedTuple):
    """Rows of integer counts: cells a row (rows,), columns and counts of all cells, by row."""

    nnz: NDArray[np.uint32]
    cols: NDArray[np.uint32]
    units: NDArray[np.uint64]


class Tile(NamedTuple):
    """One tile: words r k + row tile against c k + column tile.

    row_ptr (rows + 1,) uint32; cols (nnz,) uint16, rising in a row; values (nnz,) float32;
    fix_at, fix_by: the exact count of cell fix_at[i] is round(value unit) + fix_by[i].
    """

    row_ptr: NDArray[np.uint32]
    cols: NDArray[np.uint16]
    values: NDArray[np.float32]
    fix_at: NDArray[np.uint32]
    fix_by: NDArray[np.int32]

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each cell (nnz,)."""
        return np.repeat(np.arange(len(self.row_ptr) - 1), np.diff(self.row_ptr))

    def units(self, unit: int) -> NDArray[np.uint64]:
        """The exact count of each cell (nnz,)."""
        counts = np.rint(self.values.astype(np.float64) * unit).astype(np.int64)
        counts[self.fix_at] += self.fix_by
        return counts.astype(np.uint64)


def tile_count(words: int) -> int:
    """How many row tiles, and column tiles, a vocabulary gets."""
    few = min(MIN_TILES, max(words // 64, 1))
    return max(min(max(-(-words // TILE_SIDE), few), MAX_TILES), -(-words // 65536))


def tile_words(words: int, k: int, tile: int) -> int:
    """How many words tile `tile` of k has."""
    return (words - tile + k - 1) // k


@dataclass(frozen=True)
class Entry:
    """Where a tile lies in tiles.bin, and what it holds."""

    offset: int
    nnz: int
    fixes: int
    sum: float
    crc32: int


def tile_bytes(rows: int, nnz: int, fixes: int) -> int:
    """Bytes of a tile: row pointers, values, corrections, columns."""
    return 4 * (rows + 1) + 4 * nnz + 8 * fixes + 2 * nnz


def split_tile(buffer: memoryview, rows: int, nnz: int, fixes: int) -> Tile:
    """The arrays of a tile in a buffer of `tile_bytes` bytes, without a copy."""
    at = 0
    arrays: list[NDArray[Any]] = []
    for dtype, n in (("<u4", rows + 1), ("<f4", nnz), ("<u4", fixes), ("<i4", fixes), ("<u2", nnz)):
        arrays.append(np.frombuffer(buffer, dtype, n, at))
        at += arrays[-1].nbytes
    row_ptr, values, fix_at, fix_by, cols = arrays
    return Tile(row_ptr, cols, values, fix_at, fix_by)


class Built(NamedTuple):
    """The tiles of one row tile, ready to be written; offsets are not known yet."""

    row_tile: int
    buffers: list[memoryview]
    entries: list[Entry]
    sums: NDArray[np.uint64]


def build_tiles(words: int, row_tile: int, rows: Rows, *, unit: int, symmetric: bool) -> Built:
    """The k tiles of a row tile of a matrix over so many words, as bytes."""
    k = tile_count(words)
    sizes = np.empty((k, 2), np.int64)
    cooc.tile_sizes(*rows, unit, sizes)
    n = len(rows.nnz)
    # One piece of memory: the system gives a large one in large pages, which costs less.
    lengths = [tile_bytes(n, nnz, fixes) for nnz, fixes in sizes.tolist()]
    starts = np.cumsum([0, *(-(-length // ALIGNED) * ALIGNED for length in lengths)])
    memory = np.empty(starts[-1], np.uint8).data
    buffers = [
        memory[start : start + length]
        for start, length in zip(starts[:-1].tolist(), lengths, strict=True)
    ]
    tiles = [
        split_tile(buffer, n, nnz, fixes)
        for buffer, (nnz, fixes) in zip(buffers, sizes.tolist(), strict=True)
    ]
    sums = np.zeros((2, words), np.uint64)
    cooc.tile_fill(*rows, row_tile, unit, symmetric, tiles, sums[0], sums[1])
    entries = [
        Entry(
            0,
            len(tile.cols),
            len(tile.fix_at),
            float(tile.values.sum(dtype=np.float64)),
            zlib.crc32(buffer),
        )
        for buffer, tile in zip(buffers, tiles, strict=True)
    ]
    return Built(row_tile, buffers, entries, sums)
