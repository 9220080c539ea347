import numpy as np
from numpy.typing import NDArray

NUMBERS: dict[str, int]
"""What can happen to a word of digits."""
VERSION: str
"""Version of Unicode's data that the tables were made from."""

def room(n: int) -> int:
    """Bytes that `Splitter.split` may write for n bytes of text."""

class Splitter:
    """Splits texts into words; see csrc/wv_unicode.h. One thread at a time.

    Parameters
    ----------
    words : bool
        By Unicode's word boundaries (UAX #29); otherwise by ASCII white space.
    lower, turkic : bool
        Lower case as str.lower of each word; with dotless i.
    numbers : {"keep", "zero", "drop"}
    emoji : bool
        Keep sequences of emoji as words.
    straight : bool
        Write a typographic apostrophe (U+2019, U+2018, U+FF07) in a word as '.
    records : bool
        RECORD_END ends a document, and a blank line does not.
    min_length : int
        Code points of the shortest word that is kept.
    """

    def __init__(
        self,
        *,
        words: bool,
        lower: bool = ...,
        turkic: bool = ...,
        numbers: str = ...,
        emoji: bool = ...,
        straight: bool = ...,
        records: bool = ...,
        min_length: int = ...,
    ) -> None: ...
    def split(self, text: bytes | memoryview, out: NDArray[np.uint8]) -> tuple[int, int]:
        """Writes the words of a text to out, which holds room(len(text)), with a space between;
        line ends and ends of documents stay. Returns the bytes written, and the offset of a NUL
        byte where it stopped, or -1."""

    @property
    def stats(self) -> dict[str, int]:
        """Counts of all texts so far: see wv_unicode_stats."""

def boundaries(text: bytes | memoryview, ends: NDArray[np.int64]) -> int:
    """Writes where the segments of UAX #29 end in a text to ends, of len(text); how many."""
