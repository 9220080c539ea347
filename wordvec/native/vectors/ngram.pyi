import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors.codec import Codec

_F32 = NDArray[np.float32]
_I64 = NDArray[np.int64]

class Ngrams:
    """Which n-grams a word has, as rows of a matrix of `buckets` rows."""

    def __init__(
        self, hash: int, minn: int, maxn: int, buckets: int, hashes: int = 1, seed: int = 0
    ) -> None: ...
    def rows(self, word: bytes) -> list[int]: ...
    def count(self, words: list[bytes], starts: _I64) -> None: ...
    def fill(self, words: list[bytes], starts: _I64, out: NDArray[np.int32]) -> None: ...
    def means(
        self, words: list[bytes], matrix: Codec, out: _F32, used: _I64, only_known: bool = True
    ) -> None: ...

def sort_rows(starts: _I64, rows: NDArray[np.int32], steps: _F32) -> None:
    """Sorts the rows of each word's n-grams and gives its step (V,): 1 when none occurs twice."""

def fit(
    X: _F32,
    G: _F32,
    starts: _I64,
    rows: NDArray[np.int32],
    steps: _F32,
    order: _I64,
    first: int,
    last: int,
    rate: float,
    scratch: _F32,
) -> float:
    """One pass over the words `order`, for the columns first .. last; sum of squared residuals."""
