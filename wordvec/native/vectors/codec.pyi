from typing import Any

import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]

class Codec:
    """A matrix (rows, cols) of one encoding over buffers that must not change."""

    def __init__(
        self,
        encoding: int,
        rows: int,
        cols: int,
        parts: int,
        codes: NDArray[np.uint8],
        side: NDArray[Any],
    ) -> None: ...
    def rows(self, start: int, out: _F32) -> None: ...
    def take(self, ids: NDArray[np.int64], out: _F32) -> None: ...

def pq_assign(X: _F32, centroids: _F32, half_norms: _F32, out: NDArray[np.uint8]) -> None:
    """The nearest centroid of each row of X (n, d) to out (n,); centroids: (d, 256)."""
