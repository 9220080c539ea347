"""Tasks of workers that count a text for an engine: pure, and they leave files for each other.

A part is read once; its ids, numbered by its own words, stay with the worker. When the vocabulary
is known they are renumbered and written. Parts that follow each other make a block: its ids are
indexed once, and its row tiles are counted from them.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from wordvec.counts.counting.rows import Buffer, Indexed, indexed, rows_of
from wordvec.counts.counting.runs import Run, write_run
from wordvec.counts.counting.sampling import subsample
from wordvec.counts.counting.window import Window
from wordvec.counts.parts.corpus import add_context
from wordvec.counts.parts.spans import opened, spans
from wordvec.counts.tiles import Built, Entry, Rows, build_tiles, tile_bytes, tile_count, tile_words
from wordvec.engine.tasks import naming_task
from wordvec.errors import CorpusError
from wordvec.native.corpus.text import BREAK, GAP, WordTable
from wordvec.system.files import write_atomically
from wordvec.text.corpus import Corpus, Part, renumber, settled
from wordvec.text.numbering import CorpusStats, numbered
from wordvec.text.options import TextOptions
from wordvec.text.spool import PIECE, Spool
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

AHEAD = 1 << 20  # cells that are read at once while runs are merged
COPY = 1 << 20  # bytes that are copied at once


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
    """A part that was read: its words, its ids as they were given while it was read, the ids of its
    words for these (GAP for stop words), and whether it begins within a line."""

    words: Words
    ids: NDArray[np.int32]
    places: NDArray[np.int32]
    goes_on: bool


class Numbered(NamedTuple):
    """A file with the ids of a part: how many, and how many of them stand before the part."""

    path: str
    size: int
    context: int


class IndexedFile(NamedTuple):
    """A file with the ids of a block and their index, as `index` writes it."""

    path: str
    words: int
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
        goes_on = bool(part) and not part[0].at_line
        return ReadPart(words, spool.rewrite(lambda ids, _: ids, lambda ids: ids), places, goes_on)


def words_of(part: ReadPart) -> Words:
    """The words of a part, which are sent; its ids are not."""
    return part.words


def outline(part: ReadPart) -> tuple[int, bool]:
    """How many ids a part has, and whether it begins within a line."""
    return len(part.ids), part.goes_on


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
    with write_atomically(path) as file:
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
    how: Reading, number: int, part: ReadPart, vocab: str, offset: int, first: bool, out: str
) -> Numbered:
    """Writes the ids of a part, numbered by the vocabulary and subsampled. The first part of a
    block begins with the words before it that its first windows reach."""
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
        if first:
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
        with write_atomically(out, force=True) as file:
            file.write(np.ascontiguousarray(corpus.ids).data)
        return Numbered(out, len(corpus.ids), corpus.context)


def _join(file: BinaryIO, parts: Sequence[Numbered], across_lines: bool) -> int:
    """Writes the ids of parts that follow each other to a file; how many they are."""
    n = 0
    for part in parts:
        if not part.size:
            continue
        with open(part.path, "rb") as ids:
            shutil.copyfileobj(ids, file, COPY)
            ids.seek(-4, os.SEEK_END)
            last = np.frombuffer(ids.read(4), np.int32)[0]
        n += part.size
        if not across_lines and last != BREAK:
            file.write(np.int32(BREAK).tobytes())
            n += 1
    return n


def index(how: Reading, words: int, out: str, *parts: Numbered) -> IndexedFile:
    """Writes the ids of a block and their index, for the tasks that count it: an array after the
    other, ids, starts and positions."""
    with (
        naming_task("indexing a block of the text", CorpusError),
        write_atomically(out, force=True) as file,
    ):
        size = _join(file, parts, how.across_lines)
        file.flush()
        ids = np.memmap(file.name, np.int32, "r", shape=(size,)) if size else np.empty(0, np.int32)
        block = indexed(ids, words)
        known = int(block.starts[-1])
        for array in (block.starts, block.positions[:known]):
            file.write(array.data)
        return IndexedFile(out, words, size, known, parts[0].context)


def _mapped(file: IndexedFile) -> Indexed:
    def array(kind: type[np.generic], offset: int, size: int) -> NDArray[Any]:
        return np.memmap(file.path, kind, "r", offset, (size,)) if size else np.empty(0, kind)

    at = 4 * file.size
    starts = np.fromfile(file.path, np.int64, file.words + 1, offset=at)
    ids = array(np.int32, 0, file.size)
    return Indexed(ids, starts, array(np.uint32, at + 8 * (file.words + 1), file.known))


def count_into_run(
    how: Reading, words: int, tiles: Sequence[int], out: str, given: IndexedFile
) -> str:
    """Counts row tiles of a block into a run."""
    with naming_task("counting a block of the text", CorpusError):
        weight, _ = how.window.weights()
        rows = rows_of(_mapped(given), given.context, how.window, weight, tile_count(words))
        buffer = Buffer(words)
        write_run(Path(out), (rows(buffer, tile) for tile in tiles), force=True)
        return out


def merge(words: int, tiles: int, out: str, *runs: str) -> str:
    """Adds runs to one; the runs stay until all is done, for a worker may die after this."""
    with naming_task("merging runs", CorpusError):
        buffer, given = Buffer(words), [Run(Path(run)) for run in runs]
        merged = (buffer.merge(given, tile, AHEAD) for tile in range(tiles))
        write_run(Path(out), merged, force=True)
        return out


class RowTile(NamedTuple):
    """A row tile in a file: its path, the table of its tiles, and its sums."""

    path: str
    entries: list[Entry]
    sums: NDArray[np.uint64]


def _write_row_tile(how: Reading, words: int, tile: int, rows: Rows, out: str) -> RowTile:
    symmetric = how.window.direction == "symmetric"
    built = build_tiles(words, tile, rows, unit=how.window.weights()[1], symmetric=symmetric)
    with write_atomically(out, force=True) as file:
        for buffer in built.buffers:
            file.write(buffer)
    return RowTile(out, built.entries, built.sums)


def merge_row_tile(
    how: Reading, words: int, tile: int, place: int, out: str, *runs: str
) -> RowTile:
    """Merges a row tile, which has a place in each run, and writes its tiles one after another."""
    with naming_task(f"row tile {tile}", CorpusError):
        rows = Buffer(words).merge([Run(Path(run)) for run in runs], place, AHEAD)
        return _write_row_tile(how, words, tile, rows, out)


def count_row_tile(how: Reading, words: int, tile: int, out: str, block: IndexedFile) -> RowTile:
    """Counts a row tile of a text that is one block, and writes its tiles one after another."""
    with naming_task(f"row tile {tile}", CorpusError):
        weight, _ = how.window.weights()
        rows = rows_of(_mapped(block), block.context, how.window, weight, tile_count(words))
        return _write_row_tile(how, words, tile, rows(Buffer(words), tile), out)


def built(words: int, tile: int, made: RowTile) -> Built:
    """What a file holds, as `ShardWriter.append` takes it; the file is removed."""
    rows = tile_words(words, tile_count(words), tile)
    with open(made.path, "rb") as file:
        buffers = [
            bytearray(file.read(tile_bytes(rows, entry.nnz, entry.fixes))) for entry in made.entries
        ]
    os.unlink(made.path)
    return Built(tile, buffers, made.entries, made.sums)
