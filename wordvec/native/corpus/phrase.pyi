import numpy as np
from numpy.typing import NDArray

_I32 = NDArray[np.int32]
_I64 = NDArray[np.int64]
_U64 = NDArray[np.uint64]

AT: int
"""The bit of a follower that says: connectors stand between; the rest is the first word's place."""

def occurrences(ids: _I32, counts: _I64) -> int:
    """Adds how often each word occurs to counts (V,); how many gaps there are."""

class Pairs:
    """Ids whose pairs are counted, and how often each word occurs; connectors (words,) of 0 or 1.
    The ids must not be changed while it lives."""

    words: int
    gaps: int
    def __init__(
        self, ids: _I32, words: int, connectors: NDArray[np.uint8] | None = None
    ) -> None: ...
    def counts(self, out: _I64) -> None:
        """Writes how often each word occurs (words,)."""

class Worker:
    """A thread's buffers, for the followers of `room` words at once."""

    def __init__(self, pairs: Pairs, room: int) -> None: ...
    def count(
        self, first: int, last: int, min_count: int, word: _I32, follower: _U64, count: _I64
    ) -> int:
        """Writes (word, follower, count) of the pairs of words [first, last) that occur min_count
        times; how many. Several words may occur `room` times together, one as often as it likes.
        The arrays hold occurrences // min_count entries. A follower is an id, or AT | position of
        the word that is followed."""

class PhraseSet:
    """Phrases of ids below `words`, each with the id that takes its place."""

    def __init__(self, words: int) -> None: ...
    def add(self, words: _I32, id: int) -> None: ...
    def join(self, ids: _I32, last: bool, out: _I32, starts: _I32 | None = None) -> tuple[int, int]:
        """Joins greedily from the left: (how many ids were written, how many were read). Those that
        may go on in what follows are not read unless `last`. starts is compacted to the entries of
        the first id of each that is written."""

def write(
    text: bytes | memoryview,
    start: int,
    stop: int,
    begins: _I32,
    ends: _I32,
    units: _I32,
    delimiter: bytes,
    out: NDArray[np.uint8],
) -> int:
    """Copies text [start, stop) with the delimiter between the tokens of a unit, which is tokens
    [units[u], units[u + 1]); how many bytes were written."""
