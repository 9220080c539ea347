import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_F64 = NDArray[np.float64]
_Cells = tuple[NDArray[np.uint32], NDArray[np.uint16], _F32]

class VisitTrainer:
    def __init__(
        self,
        input: _F32,
        output: _F32,
        noise: NDArray[np.uint32],
        starts: NDArray[np.int64],
        share: _F64,
        mass: _F64,
        *,
        negative: int,
        group: int,
        bits: int,
        cap: float,
        out_share: _F64 | None = None,
        isa: str | None = None,
    ) -> None:
        """input, output (V, stride), stride a multiple of 16; noise (V, 2): an alias table for each
        tile, from starts[tile] on; starts (k + 1,); share (k,): the noise's probability of each
        tile; mass (V,): row sums of the matrix; out_share (V,): the distribution of contexts of the
        information that products are fitted to, None: pairs are told from noise. See
        csrc/wv_visits.h."""

    def worker(self) -> VisitWorker:
        """What one thread needs."""

class VisitWorker:
    def train(
        self,
        in_tile: int,
        out_tile: int,
        cells: _Cells,
        mirror: _Cells | None,
        key: int,
        part: int,
        alpha: float,
    ) -> tuple[float, float, int, int]:
        """Trains part `part` of 2^bits of a tile of inputs against one of outputs, without the GIL.

        cells (row_ptr, cols, values) has inputs as rows, `mirror`, of a symmetric matrix, outputs;
        `key` is the same for all parts. Returns (loss, weight of cells, visits of cells, visits for
        noise alone).
        """
