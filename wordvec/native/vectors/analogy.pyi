import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_I32 = NDArray[np.int32]

SOLVERS: tuple[str, ...]

def scores(solver: str, xa: _F32, xb: _F32, xc: _F32, shift: _F32, out: _F32) -> None:
    """out[i] = score of a candidate whose cosines to a, b, c are xa[i], xb[i], xc[i]."""

def scan(
    solver: str,
    cosines: _F32,
    candidates: int,
    first: int,
    words: _I32,
    skip: _I32,
    shift: _F32,
    answer: _F32,
    best: _F32,
    best_id: _I32,
    above: _I32,
    isa: str | None = None,
) -> None:
    """Scores candidates first, ..., first + candidates - 1 and updates best, best_id, above.

    cosines: (rows, >= candidates), of the question words to these candidates; words: (n, 3) rows
    for a, b, c; skip: (n, 4) ids not counted (-1: none); answer: (n,) scores to be beaten.
    """
