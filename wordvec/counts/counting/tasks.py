"""Tasks of workers that count a text for an engine: pure, and they leave files for each other.

A part is read once; its ids, numbered by its own words, stay with the worker. When the vocabulary
is known they are renumbered, indexed and written to a file. Row tiles are counted from the files of
several parts together, which the workers map.

No file has to last longer than the count, so none is synchronised.
"""

from __future__ import annotations

import functools
import mmap
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from wordvec.counts.counting.rows import Buffer, Indexed, indexed, rows_of
from wordvec.counts.counting.runs import Run, write_run
from wordvec.counts.counting.sampling import subsample
from wordvec.counts.counting.window import Window
from wordvec.counts.parts.corpus import add_context
from wordvec.counts.parts.spans import opened, spans
from wordvec.counts.tiles import Entry, Rows, build_tiles, tile_count
from wordvec.counts.writer import write_tiles
from wordvec.engine.tasks import naming_task
from wordvec.errors import CorpusError
from wordvec.native.corpus.text import GAP, WordTable
from wordvec.system.files import write_atomically
from wordvec.text.corpus import Corpus, Part, renumber, settled
from wordvec.text.numbering import CorpusStats, numbered
from wordvec.text.options import TextOptions
from wordvec.text.spool import PIECE, Spool
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

AHEAD = 1 << 20  # cells that are read at once while runs are merged
# Numbers that are written at once. For 4 MB and more Linux takes huge pages to keep a file in, and
# where a virtual machine has given its free ones back, each has to be asked for again: ten times
# the processor time.
WRITTEN = 1 << 17


def _left(path: str) -> AbstractContextManager[BinaryIO]:
    """A file that a task leaves for others; another worker may have written it already."""
    return write_atomically(path, force=True, durable=False)


class Words(NamedTuple):
    """Words with an LF after each, their counts, and the tokens of the text they are of. Dask would
    send each word of a list as a message of its own, which took ten times as long as reading."""

    lines: bytes
    counts: NDArray[np.int64]
    tokens: int

    def table(self) -> WordTable:
        """The words as a native table, in their order."""
        table = WordTable()
        table.add_lines(self.lines, self.counts)
        return table


class ReadPart(NamedTuple):
    """A part that was read: its words, its ids as they were given while it was read, and the ids of
    its words for these (GAP for stop words)."""

    words: Words
    ids: NDArray[np.int32]
    places: NDArray[np.int32]


class IndexedFile(NamedTuple):
    """A file with the ids of a part and their index, as `number` writes it: how many ids there are,
    how many of them are words of the vocabulary, and how many stand before the part."""

    path: str
    size: int
    known: int
    context: int


@dataclass(frozen=True)
class Reading:
    """How all parts are read and counted."""

    paths: tuple[str, ...]
    of: int
    options: TextOptions
    window: Window
    gaps: bool
    across_lines: bool
    sample: float
    seed: int

    def label(self, number: int) -> str:
        """A part, for messages."""
        return f"part {number} of {self.of} of the text"


def read(how: Reading, number: int) -> ReadPart:
    """Reads a part."""
    with naming_task(how.label(number), CorpusError):
        part = spans(how.paths, Part(number, how.of), how.options)
        stats, spool = CorpusStats(), Spool()
        tables: list[WordTable] = []
        for _, ids, _ in numbered(opened(part), 1, stats, tables, how.options):
            spool.append(ids, 0)
        table, (places,), stopped = settled(tables, how.options, stats)
        places[np.isin(places, stopped)] = GAP
        counts = np.empty(len(table), np.int64)
        table.counts(counts)
        words = Words(table.lines(), counts, stats.tokens)
        return ReadPart(words, spool.joined(), places)


def words_of(part: ReadPart) -> Words:
    """The words of a part, which are sent; its ids are not."""
    return part.words


def added(*parts: Words) -> Words:
    """Words of several parts, each with the sum of its counts, in any order."""
    table = WordTable()
    for part in parts:
        table.add_lines(part.lines, part.counts)
    sums = np.empty(len(table), np.int64)
    table.counts(sums)
    return Words(table.lines(), sums, sum(part.tokens for part in parts))


def write_words(path: str, vocab: Vocabulary) -> None:
    """Writes a vocabulary for `_vocabulary`, which reads it faster than a file of text."""
    with _left(path) as file:
        file.write(np.array([len(vocab), vocab.total], np.int64).tobytes())
        file.write(vocab.counts.astype(np.int64).tobytes())
        file.write(vocab.table.lines())


@functools.lru_cache(maxsize=2)
def _vocabulary(path: str) -> Vocabulary:
    data = Path(path).read_bytes()
    n, total = np.frombuffer(data, np.int64, 2).tolist()
    counts = np.frombuffer(data, np.int64, n, offset=16)
    lines = data[16 + 8 * n :]
    vocab = Vocabulary(lines.split(b"\n")[:-1], counts, total)
    vocab.__dict__["table"] = Words(lines, np.zeros(n, np.int64), 0).table()
    return vocab


def known(words: Words, vocab: str) -> int:
    """How many tokens of a part are in the vocabulary."""
    places = np.empty(len(words.counts), np.int32)
    _vocabulary(vocab).table.lookup(words.table(), places)
    return int(words.counts[places >= 0].sum())


def number(
    how: Reading, number: int, part: ReadPart, vocab: str, offset: int, out: str
) -> IndexedFile:
    """Writes the ids of a part, numbered by the vocabulary and subsampled, and their index: starts,
    ids and positions, one array after another. The words before it that its first windows reach
    come first."""
    with naming_task(how.label(number), CorpusError):
        words = _vocabulary(vocab)
        own = part.words.table()
        spool = Spool()
        # Pieces stay in the processor's cache; each is copied, since what comes in stays as it is.
        for begin in range(0, len(part.ids), PIECE):
            spool.append(part.ids[begin : begin + PIECE], 0)
        ids, known, _ = renumber(
            spool, own, [part.places], words, gaps=how.gaps, across_lines=how.across_lines
        )
        place = Part(number, how.of)
        corpus = Corpus(
            words,
            ids,
            known,
            CorpusStats(),
            part=place,
            offset=offset,
            gaps=how.gaps,
            across_lines=how.across_lines,
        )
        reading = {
            "vocab": words,
            "gaps": how.gaps,
            "across_lines": how.across_lines,
            "may_be_empty": True,
            "options": how.options,
        }
        corpus = add_context(
            corpus,
            how.paths,
            spans(how.paths, place, how.options),
            reading,
            window=how.window.window,
            sample=how.sample,
            seed=how.seed,
        )
        if how.sample:
            corpus = subsample(corpus, how.sample, how.seed)
        text = indexed(np.ascontiguousarray(corpus.ids), corpus.context, len(words))
        known = int(text.starts[-1])
        with _left(out) as file:
            for array in (text.starts, text.ids, text.positions[:known]):
                for at in range(0, len(array), WRITTEN):
                    file.write(array[at : at + WRITTEN].data)
        return IndexedFile(out, len(text.ids), known, text.first)


class Block:
    """Parts that are counted together. It travels as the names of their files: each worker maps
    them once, and until nobody needs the block any more."""

    def __init__(self, words: int, files: Sequence[IndexedFile]) -> None:
        self.words, self.files = words, files

    def __reduce__(self) -> tuple[type[Block], tuple[int, Sequence[IndexedFile]]]:
        return Block, (self.words, self.files)

    @functools.cached_property
    def texts(self) -> list[Indexed]:
        """The parts, as `rows_of` takes them."""
        return [_mapped(file, self.words) for file in self.files]

    def rows(self, how: Reading) -> Callable[[int], Rows]:
        """A function that gives the rows of a row tile."""
        weight, _ = how.window.weights()
        rows = rows_of(self.texts, self.words, how.window, weight, tile_count(self.words))
        buffer = Buffer(self.words)
        return lambda tile: rows(buffer, tile)


def _mapped(file: IndexedFile, words: int) -> Indexed:
    with open(file.path, "rb") as data:
        memory = mmap.mmap(data.fileno(), 0, access=mmap.ACCESS_READ)
    ids = 8 * (words + 1)
    return Indexed(
        np.frombuffer(memory, np.int32, file.size, ids),
        file.context,
        np.frombuffer(memory, np.int64, words + 1),
        np.frombuffer(memory, np.uint32, file.known, ids + 4 * file.size),
    )


def count_into_run(how: Reading, tiles: Sequence[int], out: str, block: Block) -> str:
    """Counts row tiles of some parts of the text into a run."""
    with naming_task("counting a block of the text", CorpusError):
        write_run(Path(out), map(block.rows(how), tiles), force=True, durable=False)
        return out


def merge(words: int, tiles: int, out: str, *runs: str) -> str:
    """Adds runs to one; the runs stay until all is done, for a worker may die after this."""
    with naming_task("merging runs", CorpusError):
        buffer, given = Buffer(words), [Run(Path(run)) for run in runs]
        merged = (buffer.merge(given, tile, AHEAD) for tile in range(tiles))
        write_run(Path(out), merged, force=True, durable=False)
        return out


class RowTile(NamedTuple):
    """A row tile in a file: its path, and where its tiles lie in it. Its sums follow them, since
    they would be sent through Dask otherwise, two numbers for each word of the vocabulary."""

    path: str
    entries: list[Entry]


def _write_row_tile(how: Reading, words: int, tile: int, rows: Rows, out: str) -> RowTile:
    symmetric = how.window.direction == "symmetric"
    built = build_tiles(words, tile, rows, unit=how.window.weights()[1], symmetric=symmetric)
    with _left(out) as file:
        entries = write_tiles(file, built)
        for sums in built.sums:
            file.write(sums.data)
    return RowTile(out, entries)


def merge_row_tile(
    how: Reading, words: int, tile: int, place: int, out: str, *runs: str
) -> RowTile:
    """Merges a row tile, which has a place in each run, and writes its tiles one after another."""
    with naming_task(f"row tile {tile}", CorpusError):
        rows = Buffer(words).merge([Run(Path(run)) for run in runs], place, AHEAD)
        return _write_row_tile(how, words, tile, rows, out)


def count_row_tile(how: Reading, tile: int, out: str, block: Block) -> RowTile:
    """Counts a row tile of a text that is one block, and writes its tiles one after another."""
    with naming_task(f"row tile {tile}", CorpusError):
        return _write_row_tile(how, block.words, tile, block.rows(how)(tile), out)
