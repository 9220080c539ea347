import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]

class Top:
    """The k best of the scores that are offered; equal ones by rising id, those that are not finite
    left out."""

    def __init__(self, k: int, isa: str | None = None) -> None: ...
    def offer(self, scores: _F32, scale: _F32 | None, first: int) -> None: ...
    def offer_rows(self, X: _F32, scale: _F32 | None, q: _F32, first: int) -> None: ...
    def offer_i8(
        self,
        X: NDArray[np.int8],
        codes_scale: _F32,
        scale: _F32 | None,
        q: NDArray[np.int16],
        unit: float,
        first: int,
    ) -> None: ...
    def offer_sketch(
        self,
        codes: NDArray[np.uint8],
        factor: _F32,
        lut: NDArray[np.uint8],
        slope: float,
        offset: float,
        start: int,
        stop: int,
    ) -> None: ...
    def best(self, sort: bool = True) -> tuple[NDArray[np.int64], _F32]:
        """Ids and scores (k,) or fewer; without `sort` in no order."""

SKETCH_ROWS: int

def scores(X: _F32, q: _F32, out: _F32, isa: str | None = None) -> None:
    """out[i] = sum_j X[i, j] q[j]."""

def sketch_bytes(rows: int, groups: int) -> int:
    """Bytes of the codes of a sketch."""

def sketch_pack(X: _F32, codes: NDArray[np.uint8], factor: _F32) -> None:
    """The signs of X (n, d) to codes (zeros) and the factors (n,) of their rows."""

def sketch_query(q: _F32, lut: NDArray[np.uint8]) -> tuple[float, float]:
    """Fills the tables (groups, 16) of a query q (d,); returns slope and offset."""
