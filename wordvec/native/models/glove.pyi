import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_Tile = tuple[int, int, NDArray[np.uint32], NDArray[np.uint16], _F32]

PULLS: int
"""Times that a unit of tiles pulls a word to its prior in an epoch, and the finest grid."""

BLOCK: int
"""Bytes of the rows that are visited together."""

class GloVeTrainer:
    def __init__(
        self,
        words: _F32,
        contexts: _F32,
        word_rate: _F32,
        context_rate: _F32,
        *,
        k: int,
        x_max: float,
        alpha: float,
        clip: float,
        symmetric: bool,
        grid: int,
        prior: _F32 | None = None,
        pull: _F32 | None = None,
        pull_rate: _F32 | None = None,
        isa: str | None = None,
    ) -> None:
        """words, contexts (V, 2 stride) as csrc/wv_glove.h has them; rates (stride,); the words are
        dealt to `k` tiles, an epoch has grid^2 parts. With a prior (V, stride): pull (V,), 2 mu
        for one of its times, and the rates of its step (stride,), 0 behind the values."""

    def worker(self) -> GloVeWorker: ...

class GloVeWorker:
    """What one thread needs."""

    def train(self, tiles: list[_Tile], key: int, part: int) -> tuple[float, int]:
        """Trains a part, in [0, grid^2), of the cells of one tile or two (row tile, column tile,
        row_ptr, cols, values), in an order given by `key`, which is the same for all parts of an
        epoch, without the GIL: (sum of losses, cells)."""
