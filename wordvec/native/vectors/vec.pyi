import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]

def dot(x: _F32, y: _F32, isa: str | None = None) -> float:
    """Sum of x[i] y[i]; x and y (n,)."""

def axpy(a: float, x: _F32, y: _F32, isa: str | None = None) -> None:
    """y += a x, in place."""

def sigmoid(x: _F32, out: _F32, isa: str | None = None) -> None:
    """out[i] = 1 / (1 + exp(-x[i]))."""

def log(x: _F32, out: _F32, isa: str | None = None) -> None:
    """out[i] = log x[i], for x[i] > 0 that is not subnormal."""

def norms(X: _F32, out: _F32, isa: str | None = None) -> None:
    """out[i] = Euclidean norm of row i of X (n, d); rows contiguous, any row stride."""

def rng_key(a: int, b: int = 0, c: int = 0) -> int:
    """One 64-bit key of the counter-based generator out of (seed, epoch, ...)."""

def row_stride(n: int) -> int:
    """Floats from one row of n values to the next: rows start on cache lines (csrc/wv_common.h)."""
