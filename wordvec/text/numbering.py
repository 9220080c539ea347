"""The tokens of a text as numbers: each thread numbers words by a table of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

import numpy as np

from wordvec.estimator import Progress
from wordvec.native.corpus import text as native
from wordvec.system import remote
from wordvec.system.parallel import ordered_map
from wordvec.text import reader, tokenise
from wordvec.text.options import TextOptions
from wordvec.text.reader import Block, refuse_nul
from wordvec.text.records.blocks import RecordStats, Texts, blocks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.text.spool import Ids

    Offsets: TypeAlias = NDArray[np.int64]
    # Table, room and how many ids are in it, the block, tokens, lines, tokens that were too long.
    _Numbered: TypeAlias = tuple[native.WordTable, Ids, int, Block, int, int, int]

Tokens: TypeAlias = Sequence[str | bytes]
Source: TypeAlias = (
    str | os.PathLike[str] | BinaryIO | Iterable[str | os.PathLike[str]] | Iterable[Tokens] | Texts
)
MAX_TOKEN = 1000  # bytes; word2vec cuts at 100, but URLs are longer and cutting makes new words
TOKEN_BATCH = 1 << 16  # tokens of an iterable that are numbered at once


@dataclass
class CorpusStats:
    """What was read.

    Attributes
    ----------
    source : str
        The files, or what they are called in messages.
    bytes : int
        Bytes of text after decompression; 0 for an iterable of token lists.
    tokens, lines : int
        Tokens, and lines (or token lists) that held one.
    types : int
        Distinct tokens before the vocabulary was cut.
    too_long : int
        Tokens of more than `MAX_TOKEN` bytes: counted, never in the vocabulary.
    not_utf8 : int
        Words of the vocabulary that are not UTF-8, or of the text where it is written as words;
        kept as the bytes they are.
    seconds : float
        Wall time of reading and numbering.
    records : RecordStats
        What was read of tables and archives.
    split : dict of str to int
        What the tokeniser counted: numbers, emoji, unspaced (words of one letter of a script
        without spaces), turkic and letters (see `wordvec.native.corpus.unicode.Splitter`).
    head : str
        The first words, where the text was written as words.
    """

    source: str = "the corpus"
    bytes: int = 0
    tokens: int = 0
    lines: int = 0
    types: int = 0
    too_long: int = 0
    not_utf8: int = 0
    seconds: float = 0.0
    records: RecordStats = field(default_factory=RecordStats)
    split: dict[str, int] = field(default_factory=dict)
    head: str = ""


def numbered(
    source: Source,
    threads: int,
    stats: CorpusStats,
    tables: list[native.WordTable],
    how: TextOptions,
    keep_empty: bool = False,
) -> Iterator[tuple[native.WordTable, Ids, Block | None]]:
    """The source as blocks of provisional ids, in order, each with the table that numbered it.

    The ids of a block hold until the next is asked for.
    """
    given = source if isinstance(source, Texts) else files_of(source)
    if given is None:
        if how != TextOptions():
            raise TypeError(
                f"token lists are split already; {', '.join(how.recorded())} is for texts"
            )
        yield from _number_lists(cast("Iterable[Tokens]", source), stats, tables)
        return
    blocks, records = blocks_of(given, how, stats.records, keep_empty=keep_empty)
    yield from _number_text(blocks, threads, stats, tables, how, records)


def _number_text(
    blocks: Iterable[Block],
    threads: int,
    stats: CorpusStats,
    tables: list[native.WordTable],
    how: TextOptions,
    records: bool,
) -> Iterator[tuple[native.WordTable, Ids, Block | None]]:
    """Tokenises blocks in parallel, a table for each thread."""
    tables += (native.WordTable() for _ in range(threads))
    make: Callable[[], tokenise.Tokeniser | None]
    make = tokenise.factory(how, records=records) or (lambda: None)
    states = [(table, make()) for table in tables]
    rooms = _Rooms()

    def number(
        state: tuple[native.WordTable, tokenise.Tokeniser | None], block: Block
    ) -> _Numbered:
        table, tokeniser = state
        text = block.text if tokeniser is None else tokeniser.words(block)
        room = rooms.take(len(text) + 1)
        n, tokens, lines, too_long, nul_at = table.encode(text, room, MAX_TOKEN, records)
        refuse_nul(block.name, block.offset, nul_at)
        return table, room, n, block, tokens, lines, too_long

    marks = (native.BREAK,) if records else (native.BREAK, native.DOC)
    line_open = False
    for table, room, n, block, tokens, lines, too_long in ordered_map(number, blocks, states):
        ids = room[:n]
        if not line_open:
            # Line ends before the first word, or after those at the end of the file before.
            while len(ids) and ids[0] in marks:
                lines -= bool(ids[0] == native.BREAK)
                ids = ids[1:]
        line_open = bool(ids[-1] not in (native.BREAK, native.DOC)) if len(ids) else line_open
        stats.bytes += len(block.text)
        stats.tokens += tokens
        stats.lines += lines
        stats.too_long += too_long
        yield table, ids, block
        rooms.give_back(room)
    stats.split = tokenise.total(each for _, each in states if each is not None)


class _Rooms:
    """Room for the ids of blocks, which goes round: new room would be 16 MB for each block, with a
    page fault for every 4 KB that are written."""

    def __init__(self) -> None:
        self._free: list[Ids] = []

    def take(self, n: int) -> Ids:
        """Room for n ids."""
        try:
            room = self._free.pop()
        except IndexError:
            room = np.empty(reader.BLOCK + (1 << 16), np.int32)
        return room if len(room) >= n else np.empty(n, np.int32)

    def give_back(self, room: Ids) -> None:
        """Says that nobody reads what is in the room any more."""
        self._free.append(room)


def _number_lists(
    lists: Iterable[Tokens], stats: CorpusStats, tables: list[native.WordTable]
) -> Iterator[tuple[native.WordTable, Ids, Block | None]]:
    """Numbers token lists, a batch at a time."""
    table = native.WordTable()
    tables.append(table)
    ids = np.empty(TOKEN_BATCH, np.int32)
    used = 0
    for tokens in lists:
        if isinstance(tokens, str | bytes):
            raise TypeError(
                f"a corpus of token lists has a {type(tokens).__name__} where a list of tokens "
                f"should be ({tokens[:40]!r}): split it, or give a path"
            )
        tokens = tokens if isinstance(tokens, list | tuple) else list(tokens)
        if used and used + len(tokens) + 1 > len(ids):
            yield table, ids[:used].copy(), None
            used = 0
        if len(tokens) + 1 > len(ids):
            ids = np.empty(len(tokens) + 1, np.int32)
        if not tokens:
            continue
        used += table.add_tokens(tokens, ids[used:])
        ids[used] = native.BREAK
        used += 1
        stats.tokens += len(tokens)
        stats.lines += 1
    if used:
        yield table, ids[:used].copy(), None


def files_of(source: Source) -> list[str | BinaryIO] | None:
    """The files of a source, or None when it is an iterable of token lists."""
    if isinstance(source, str | os.PathLike):
        return [*remote.expanded([os.fspath(source)])]
    if hasattr(source, "read"):
        return [cast(BinaryIO, source)]
    if isinstance(source, bytes):
        raise TypeError("a corpus must be a path, paths, a file or token lists, got bytes")
    if isinstance(source, list | tuple) and source:
        items: Sequence[Any] = source
        if all(isinstance(item, str | os.PathLike) or hasattr(item, "read") for item in items):
            if not any(remote.is_url(item) for item in items):
                return [item if hasattr(item, "read") else os.fspath(item) for item in items]
            return [*remote.expanded(map(os.fspath, items))]
    return None


def describe(source: Source) -> str:
    """A source's files, for messages."""
    paths = None if isinstance(source, Texts) else files_of(source)
    if paths is None:
        return "the corpus"
    names = [p if isinstance(p, str) else str(getattr(p, "name", "the file")) for p in paths[:3]]
    return ", ".join(names) + (", ..." if len(paths) > 3 else "")


def reading(stats: CorpusStats) -> Progress:
    """Progress of reading a text, whose length in words is not known before its end."""
    return Progress("reading", stats.tokens, 0, "words", stats.seconds)
