"""Vocabulary: word <-> id by falling count, ties by bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.errors import CorpusError
from wordvec.native.corpus.text import WordTable, utf8_valid
from wordvec.system.files import write_atomically
from wordvec.text.lines import without_mark

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words with their counts.

    Parameters
    ----------
    words : list of bytes
        Distinct words; the place of a word is its id. Bytes, because a corpus need not be UTF-8.
    counts : ndarray of int64, shape (V,)
        How often each word occurs in the corpus.
    total : int
        Tokens of the corpus, those outside the vocabulary included.
    """

    words: list[bytes]
    counts: NDArray[np.int64]
    total: int

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return (word.decode("utf-8", "surrogateescape") for word in self.words)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self):,} words, {self.known:,} of {self.total:,} tokens>"

    def __getstate__(self) -> dict[str, Any]:
        """What travels between processes; the native table is made anew."""
        return {"words": self.words, "counts": self.counts, "total": self.total}

    @property
    def not_utf8(self) -> int:
        """How many words are not UTF-8."""
        if utf8_valid(b" ".join(self.words)):
            return 0
        return sum(not utf8_valid(word) for word in self.words)

    @property
    def known(self) -> int:
        """Tokens of the corpus that are in the vocabulary."""
        return int(self.counts.sum())

    @cached_property
    def table(self) -> WordTable:
        """The words as a native table: `table.find(word)` is the id or -1."""
        table = WordTable()
        for word in self.words:
            table.add(word, 0)
        if len(table) != len(self.words):
            raise CorpusError("a vocabulary has a word twice")
        return table

    @classmethod
    def from_table(
        cls, table: WordTable, *, min_count: int = 1, max_vocab: int | None = None
    ) -> Vocabulary:
        """The words of a table that occur `min_count` times, the `max_vocab` most frequent.

        Parameters
        ----------
        table : WordTable
            Words and their counts.
        min_count : int
            Smallest count of a word that is kept.
        max_vocab : int, optional
            Largest number of words; by default all.

        Raises
        ------
        CorpusError
            When no word is left.
        """
        return cls.cut(table, min_count=min_count, max_vocab=max_vocab)[0]

    @classmethod
    def cut(
        cls, table: WordTable, *, min_count: int, max_vocab: int | None
    ) -> tuple[Vocabulary, NDArray[np.int32]]:
        """What `from_table` gives, and the ids that its words have in the table (V,).

        Parameters
        ----------
        table : WordTable
            Words and their counts.
        min_count : int
            Smallest count of a word that is kept.
        max_vocab : int, optional
            Largest number of words; None for all.
        """
        if min_count < 1:
            raise ValueError(f"min_count must be >= 1, got {min_count}")
        if max_vocab is not None and max_vocab < 1:
            raise ValueError(f"max_vocab must be >= 1, got {max_vocab}")
        counts = np.empty(len(table), np.int64)
        table.counts(counts)
        order = np.empty(len(table), np.int32)
        order = order[: table.order(counts, min_count, order)][:max_vocab]
        if not len(order):
            most = f"; the most frequent occurs {counts.max():,} times" if len(counts) else ""
            raise CorpusError(
                f"no word of {len(counts):,} occurs min_count={min_count} times{most}: "
                "lower min_count or give more text"
            )
        return cls(table.words(order), counts[order], int(counts.sum())), order

    @classmethod
    def from_words(cls, words: Iterable[str], counts: Iterable[int]) -> Vocabulary:
        """A vocabulary of given words, in the order given.

        Parameters
        ----------
        words : iterable of str
            The words, each once.
        counts : iterable of int
            How often each occurs.

        Raises
        ------
        CorpusError
            When a word is there twice.
        """
        array = np.fromiter(counts, np.int64)
        return cls(
            [word.encode("utf-8", "surrogateescape") for word in words], array, int(array.sum())
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, sort: bool = True) -> Vocabulary:
        """Reads a vocabulary file: each line has a word, a space or tab, and its count, as those of
        Stanford's GloVe and word2vec. Words get their ids by falling count, or unsorted by line.

        Parameters
        ----------
        path : path
            The file.
        sort : bool
            Whether words get their ids by falling count; otherwise by line.

        Raises
        ------
        CorpusError
            Naming file and line, for a line without a count, a word twice, an empty file.
        """
        with open(path, "rb") as file:
            data = file.read()
        table, lines = _plain(data), io.BytesIO(data)
        if table is None:
            table = WordTable()
            for number, line in enumerate(lines, 1):
                line = (without_mark(line) if number == 1 else line).rstrip(b"\r\n")
                if b"\r" in line:
                    raise CorpusError(
                        f"{os.fspath(path)}:{number}: a CR in {line[:40]!r}; lines should end in LF"
                    )
                word, separator, count = line.rpartition(b"\t" if b"\t" in line else b" ")
                if not separator or not word or not count.isdigit() or int(count) >= 2**62:
                    raise CorpusError(
                        f"{os.fspath(path)}:{number}: expected 'word count', got {line[:60]!r}"
                    )
                before = len(table)
                table.add(word, int(count))
                if len(table) == before:
                    raise CorpusError(f"{os.fspath(path)}:{number}: {word[:60]!r} comes twice")
        if not len(table):
            raise CorpusError(f"{os.fspath(path)}: the vocabulary file is empty")
        if sort:
            return cls.from_table(table)
        counts = np.empty(len(table), np.int64)
        table.counts(counts)
        every = np.arange(len(table), dtype=np.int32)
        return cls(table.words(every), counts, int(counts.sum()))

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes `word count` lines, most frequent first.

        Parameters
        ----------
        path : path
            The file to write.
        force : bool
            Replace a file that exists.

        Raises
        ------
        CorpusError
            When a word holds a line end, which the file could not hold.
        """
        if b"\n" in (every := b" ".join(self.words)) or b"\r" in every:
            word = next(word for word in self.words if b"\n" in word or b"\r" in word)
            raise CorpusError(f"a vocabulary file cannot hold the word {word!r} (line end)")
        with write_atomically(path, force=force) as file:
            file.writelines(
                b"%s %d\n" % row for row in zip(self.words, self.counts.tolist(), strict=True)
            )


def _plain(data: bytes) -> WordTable | None:
    """The table of a vocabulary file in which each line is a word, a space and a count, and no word
    comes twice. None for any other file, which is read line by line, so that an error names its
    line: that takes three times as long."""
    if b"\t" in data or b"\r" in data or without_mark(data[:8]) != data[:8]:
        return None
    data = data.removesuffix(b"\n")
    letters = np.frombuffer(data, np.uint8)
    ends = letters[(letters == ord(" ")) | (letters == ord("\n"))]
    if len(ends) % 2 == 0 or (ends[::2] != ord(" ")).any() or (ends[1::2] != ord("\n")).any():
        return None  # a line with no space, or with more than one
    fields = data.replace(b"\n", b" ").split(b" ")
    words, counts = fields[::2], fields[1::2]
    if not (all(words) and all(map(bytes.isdigit, counts)) and max(map(len, counts)) <= 18):
        return None
    table = WordTable()
    table.add_lines(b"\n".join(words) + b"\n", np.array([*map(int, counts)], np.int64))
    return table if len(table) == len(words) else None
