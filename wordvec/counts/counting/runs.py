"""Runs: exact counts of a block in a file, which are merged when all blocks are counted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec.counts.tiles import Rows
from wordvec.system.files import write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAN_IN = 64  # runs merged at once


def write_run(
    path: Path, row_tiles: Iterable[Rows], *, force: bool = False, durable: bool = True
) -> None:
    """Writes rows of counts, a row tile after the other, whole or not at all; see
    `write_atomically`.

    The arrays of each row tile lie one after another; a table of int64 (row tiles, 3) with offset,
    rows and cells ends the file.
    """
    table = []
    with write_atomically(path, force=force, durable=durable) as file:
        for rows in row_tiles:
            table.append((file.tell(), len(rows.nnz), len(rows.cols)))
            for array in rows:
                file.write(array.data)
        file.write(np.array(table, np.int64).tobytes())
        file.write(len(table).to_bytes(8, "little"))


class Run:
    """A file that `write_run` wrote, read a piece at a time; it is open only while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with open(path, "rb") as file:
            file.seek(-8, os.SEEK_END)
            n = int.from_bytes(file.read(8), "little")
            file.seek(-8 - 24 * n, os.SEEK_END)
            self.table = np.frombuffer(file.read(24 * n), np.int64).reshape(n, 3).tolist()

    def nnz(self, tile: int) -> NDArray[np.uint32]:
        """The number of cells in each row of a row tile."""
        offset, rows, _ = self.table[tile]
        return np.fromfile(self.path, np.uint32, rows, offset=offset)

    def cells(
        self, tile: int, begin: int, end: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        """Columns and counts of cells [begin, end) of a row tile."""
        offset, rows, cells = self.table[tile]
        cols = offset + 4 * rows
        units = cols + 4 * cells
        n = end - begin
        return (
            np.fromfile(self.path, np.uint32, n, offset=cols + 4 * begin),
            np.fromfile(self.path, np.uint64, n, offset=units + 8 * begin),
        )


def cells_of(runs: list[Run]) -> list[int]:
    """The cells of each row tile in all runs."""
    return [
        sum(cells) for cells in zip(*([c for _, _, c in run.table] for run in runs), strict=True)
    ]
