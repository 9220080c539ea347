import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_Cells = tuple[NDArray[np.uint32], NDArray[np.uint16], _F32]

def join(
    upper: _Cells,
    mirror: _Cells | None,
    same_tile: bool,
    diagonal: _F32 | None,
    row_ptr: NDArray[np.uint32],
    cols: NDArray[np.uint16],
    x: _F32,
) -> int:
    """Writes the whole tile out of a stored one (row_ptr, cols, values) and, of a symmetric matrix,
    its mirror, with `diagonal` added to cells (r, r); cols and x need room for all cells and a row
    of them more. Returns the number of cells."""

class Workspace:
    def __init__(self, rows: int, cols: int, d: int, cells: int) -> None:
        """A thread's room for tiles of up to rows x cols words of d values, and `cells` cells."""

    def gradients(self, rows: _F32, cols: _F32) -> None:
        """Copies the gradients of the last tile, (rows, d) and (cols, d)."""

class SwivelTrainer:
    def __init__(
        self,
        words: _F32,
        contexts: _F32,
        a: _F32,
        b: _F32,
        d: int,
        *,
        rate: float,
        b0: float,
        b1: float,
        alpha: float,
        isa: str | None = None,
    ) -> None:
        """words, contexts (V, 2 stride), a and b (V,) as csrc/wv_swivel.h has them."""

    def train(
        self,
        work: Workspace,
        row_tile: int,
        col_tile: int,
        k: int,
        n_cols: int,
        cells: _Cells,
        scale: float,
        update: bool = True,
    ) -> float:
        """One AdaGrad step on a tile, without the GIL; returns the sum of its losses."""
