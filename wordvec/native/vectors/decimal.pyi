import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]

def parse_float(text: bytes) -> float | None:
    """The nearest float32 of a number in plain decimal notation; None when that is left open."""

def parse_lines(
    text: bytes | memoryview, out: NDArray[np.float32], words: _Ints, open: _Ints
) -> tuple[int, int, int, int]:
    """(lines, bytes, open numbers, numbers) of the lines that were parsed."""
