import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_I32 = NDArray[np.int32]

def rows(scores: _F32, first: int, top: _F32, ids: _I32, isa: str | None = None) -> None:
    """Offers row i of scores (n, m), as ids first .. first + m, to list i of top and ids (n, k).

    Lists hold their k best scores, falling, equal ones by rising id; they begin with scores of -inf
    and ids of 2^31 - 1. Without the GIL."""

def columns(
    scores: _F32, first: int, top: _F32, ids: _I32, least: _F32, isa: str | None = None
) -> None:
    """Offers column j of scores (n, m), as ids first .. first + n, to list j of top and ids (m, k).

    `least` (m,) is the last score of each list, in and out. Without the GIL."""

def merge(top: _F32, ids: _I32, other_top: _F32, other_ids: _I32) -> None:
    """Offers the scores of other lists (n, k'), with their ids, to those of top and ids (n, k)."""
