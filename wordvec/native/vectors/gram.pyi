"""Gram matrices of gathered rows, and their inverses, for many systems; see csrc/wv_gram.h."""

import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]
_F64 = NDArray[np.float64]

def grams(
    ptr: NDArray[np.int64],
    ids: NDArray[np.int32],
    X: _F32,
    a: _F64,
    Y: _F32 | None = None,
    b: _F64 | None = None,
    extra: _F64 | None = None,
    single: bool = False,
    upper: bool = False,
    isa: str | None = None,
) -> _F64:
    """sum_j z_j z_j' of each system (systems, d, d), z_j = [a_j X[ids_j] | b_j Y[ids_j] | extra_j].

    Parameters
    ----------
    ptr : int64, shape (systems + 1,)
        System i has the ids ptr[i] to ptr[i + 1].
    ids : int32, shape (n,)
        Rows of X and Y.
    X, Y : float32, shape (V, d_x), (V, d_y)
    a, b : float64, shape (n,)
    extra : float64, shape (n, d_e)
    single : bool
        Products of floats, which are summed in double in blocks of 128 rows: about half the time;
        entry G_rc is off by about 1e-7 sqrt(G_rr G_cc).
    upper : bool
        Leave what stands below the diagonals undefined.

    Raises
    ------
    ValueError
        For shapes that do not fit, or ids outside [0, V).
    """

def inverses(M: _F64, isa: str | None = None) -> tuple[_F64, _F64]:
    """Inverses (systems, n, n) of positive definite matrices of which the upper triangles are read.

    The second array (systems,) has the smallest over the largest squared pivot of each Cholesky
    factorisation, about 1 over the condition number; it is 0 where a matrix is not positive
    definite, and its inverse then has no meaning.
    """

def sandwiches(
    A: _F64, B: _F64, C: _F64 | None = None, single: bool = False, isa: str | None = None
) -> _F64:
    """A B C of matrices (systems, n, n), A and C symmetric; without C, A B A with B symmetric.

    A symmetric product is symmetric to the last bit.

    Parameters
    ----------
    single : bool
        Products of floats, for half the time.

    Raises
    ------
    ValueError
        For shapes that do not fit, or rows that are not contiguous.
    """

def dots(
    ptr: NDArray[np.int64],
    ids: NDArray[np.int32],
    X: _F32,
    W: _F64,
    out: _F64,
    isa: str | None = None,
) -> None:
    """out[j] = X[ids_j] . W[i] for each id of system i; W (systems, d), out (n,)."""
