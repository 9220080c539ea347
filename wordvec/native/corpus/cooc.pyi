from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_I32 = NDArray[np.int32]
_I64 = NDArray[np.int64]
_U32 = NDArray[np.uint32]
_U64 = NDArray[np.uint64]

_Rows = tuple[_U32, _U32, _U64]
"""Rows of counts: cells a row (rows,), then columns and integer counts of all cells by row."""

_Text = tuple[_I32, int, _I64, _U32]
"""ids (N,), the first place of a later word, starts (V + 1,), positions (N,) as of `index`."""

_Tile = tuple[_U32, NDArray[np.uint16], NDArray[np.float32], _U32, _I32]
"""row_ptr (rows + 1,), cols, values (nnz,), fix_at, fix_by (fixes,); see csrc/wv_cooc.h."""

def index(ids: _I32, starts: _I64, positions: _U32) -> None:
    """Positions of each word: positions[starts[w] : starts[w + 1]]; starts (V + 1,)."""

class Row:
    """A thread's accumulator of one row."""

    def __init__(self, columns: int) -> None: ...
    def count(
        self,
        texts: list[_Text],
        weight: _U64,
        left: bool,
        right: bool,
        upper: bool,
        first: int,
        step: int,
        nnz: _U32,
        cols: _U32,
        units: _U64,
        at: int,
    ) -> tuple[int, int]:
        """Counts rows of all texts from row `at` on while cols has room: (the next row, cells
        written)."""

    def merge(
        self, runs: list[_Rows], cursor: _I64, nnz: _U32, cols: _U32, units: _U64, at: int
    ) -> tuple[int, int]:
        """Adds up runs of the same rows, in the manner of `count`; cursor (runs,), 0 at first."""

def tile_sizes(nnz: _U32, cols: _U32, units: _U64, unit: float, sizes: _I64) -> None:
    """sizes (k, 2): cells and corrections that each column tile of these rows will have."""

def tile_fill(
    nnz: _U32,
    cols: _U32,
    units: _U64,
    first: int,
    unit: float,
    symmetric: bool,
    tiles: Sequence[_Tile],
    row_sums: _U64,
    col_sums: _U64,
) -> None:
    """Fills the k column tiles of row tile `first` and adds to the exact sums (V,)."""

def tile_check(parts: _Tile, n_rows: int, n_cols: int) -> bool:
    """Whether a tile read from a file holds together."""
