import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_Cells = tuple[NDArray[np.uint32], NDArray[np.uint16], _F32]

class LexVecTrainer:
    def __init__(
        self,
        words: _F32,
        contexts: _F32,
        noise: NDArray[np.uint32],
        starts: NDArray[np.int64],
        share: NDArray[np.float64],
        mass: NDArray[np.float64],
        word_log: _F32,
        context_log: _F32,
        *,
        negative: int,
        bits: int,
        cap: float,
        isa: str | None = None,
    ) -> None:
        """words, contexts (V, stride), trained in place; noise (V, 2), starts (k + 1,) and share
        (k,) as `wordvec.counts.noise.Noise` has them; mass, word_log and context_log (V,) as
        csrc/wv_lexvec.h has them. An epoch has 2 ** bits parts."""

    def worker(self) -> LexVecWorker: ...

class LexVecWorker:
    """What one thread needs."""

    def train(
        self,
        in_tile: int,
        out_tile: int,
        cells: _Cells,
        mirror: _Cells | None,
        key: int,
        part: int,
        alpha: float,
    ) -> tuple[float, int]:
        """Trains a part of the cells (row_ptr, cols, values) of tile (in_tile, out_tile) and, of a
        symmetric matrix, of its mirror image, without the GIL: (sum of losses, visits). The loss is
        NaN when it is no longer a number."""
