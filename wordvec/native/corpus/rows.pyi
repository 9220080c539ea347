"""Whole rows of the words of one row tile; see csrc/wv_rows.h."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Tile = tuple[int, int, bool, NDArray[np.uint32], NDArray[np.uint16], NDArray[np.float32]]
"""j, the number of words of tile j, mirrored; row_ptr, cols, values."""

def whole_rows(
    tiles: Sequence[_Tile], i: int, k: int, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Row pointers (rows + 1,), ranks of the columns and values of the words of row tile i of k.

    Parameters
    ----------
    tiles : list
        Tiles (i, j), and for a symmetric matrix also tiles (j, i) with `mirrored`, whose columns
        are the rows asked for.

    Raises
    ------
    ValueError
        For tiles whose arrays do not fit.
    """
