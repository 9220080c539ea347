from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

BREAK: int
"""The id that ends a line."""
GAP: int
"""The id of a token that the vocabulary does not have."""
DOC: int
"""The id that ends a document, after the break of its last line."""
RECORD_END: bytes
"""The byte that ends a record in a text that was made of records."""

class WordTable:
    """Word -> id in order of first appearance, with counts. One writer at a time."""

    def __len__(self) -> int: ...
    def __getitem__(self, id: int) -> bytes: ...
    def words(self, ids: NDArray[np.int32]) -> list[bytes]:
        """The words of ids (n,)."""

    def find(self, word: bytes) -> int:
        """Id of a word, or -1."""

    def add(self, word: bytes, count: int = 1) -> int:
        """Id of a word, added when new; its count rises by `count`."""

    def add_tokens(self, tokens: Iterable[str | bytes], ids: NDArray[np.int32]) -> int:
        """Adds tokens as they are, writes their ids, returns how many there were."""

    def add_lines(self, words: bytes | memoryview, counts: NDArray[np.int64]) -> None:
        """Adds words that each end in LF, with their counts (words,), without the GIL.

        Raises
        ------
        ValueError
            When there are more words or fewer than counts, or the last one has no LF.
        """

    def lines(self) -> bytes:
        """All words in order of id, each with LF after it, as `add_lines` takes them."""

    def encode(
        self, text: bytes | memoryview, ids: NDArray[np.int32], max_token: int, records: bool = ...
    ) -> tuple[int, int, int, int, int]:
        """Tokenises and numbers a text without the GIL: (ids written, tokens, breaks, tokens that
        were too long, offset of a NUL byte where it stopped or -1). A blank line ends a document,
        or with `records` each RECORD_END. ids holds len(text) + 1."""

    def locate(
        self,
        text: bytes | memoryview,
        ids: NDArray[np.int32],
        begins: NDArray[np.int32],
        ends: NDArray[np.int32],
        max_token: int,
    ) -> tuple[int, int, int]:
        """Tokenises a text without adding words: (ids written, tokens, offset of a NUL byte where
        it stopped or -1). A token is text[begins[i] : ends[i]]; the arrays hold len(text) + 1."""

    def merge(self, other: WordTable, map: NDArray[np.int32]) -> None:
        """Adds another table's words and counts; map[i] becomes this table's id of its word i."""

    def lookup(self, words: WordTable, map: NDArray[np.int32]) -> None:
        """map[i] becomes this table's id of the other's word i, or GAP."""

    def counts(self, out: NDArray[np.int64]) -> None:
        """Writes the counts, in order of id."""

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        """Replaces the counts, in order of id."""

    def order(self, counts: NDArray[np.int64], min_count: int, out: NDArray[np.int32]) -> int:
        """Writes the ids of counts[id] >= min_count by falling count, ties by bytes; how many."""

def remap(
    ids: NDArray[np.int32],
    map: NDArray[np.int32],
    keep_gaps: bool,
    out: NDArray[np.int32],
    starts: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Ids through map into out (may be ids itself), without DOC. Where the documents after each DOC
    start goes to starts: (how many written, how many are words, how many starts)."""

def utf8_valid(word: bytes) -> bool:
    """Whether word is well-formed UTF-8."""
