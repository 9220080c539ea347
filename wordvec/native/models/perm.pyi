import numpy as np
from numpy.typing import NDArray

EXACT_MAX: int

def exact(x: NDArray[np.int64], k: int, upper: int, lower: int) -> tuple[int, int, int]:
    """(subsets of k of x, those with a sum >= upper, those with a sum <= lower), all of them.

    ValueError for more than EXACT_MAX scores or sums beyond 2^62.
    """

def sampled(
    x: NDArray[np.int64], k: int, upper: int, lower: int, samples: int, seed: int, first: int = 0
) -> tuple[int, int, int]:
    """The same counts over the random subsets first, ..., first + samples - 1 of `seed`."""
