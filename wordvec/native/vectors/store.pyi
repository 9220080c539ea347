from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_U8 = NDArray[np.uint8]
_U64 = NDArray[np.uint64]

def hash_key(key: str | bytes) -> int:
    """The 64-bit hash of the word index."""

def measure(words: list[Any], offsets: _U64) -> None:
    """Offsets (n + 1,) of the words' bytes, one after the other."""

def fill(words: list[Any], offsets: _U64, data: _U8) -> None:
    """The words' bytes at the offsets that `measure` gave."""

def build_index(hashes: _U64, ids: _U64, slots: _U8, wide: bool) -> int:
    """Fills slots (zeros) for hashes (n,) of keys with ids (n,); returns the longest probe."""

class Words:
    """Words in order of id, with an index and the order by bytes."""

    def __init__(
        self,
        offsets: _U64,
        data: _U8,
        slots: _U8,
        longest: int,
        order: _U8,
        wide: bool,
        trusted: bool,
        damaged: Callable[[str], Exception],
    ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def trusted(self) -> bool: ...
    def trust(self) -> None: ...
    def find(self, key: str | bytes) -> int: ...
    def pick(self, rows: Any, key: str | bytes) -> Any: ...
    def find_many(self, keys: list[Any], ids: NDArray[np.int64]) -> None: ...
    def word(self, i: int) -> str: ...
    def words(self, start: int, stop: int) -> list[str]: ...
    def lower_bound(self, key: bytes) -> int: ...
    def at(self, place: int) -> int: ...
    def verify(self) -> None: ...
    def index(self, slots: _U8, hashes: _U64) -> int: ...
    def sort(self, order: _U8) -> None: ...
    def candidates(self, hash: int) -> list[int]: ...
