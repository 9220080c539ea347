"""Rows of counts, one row tile at a time: counted from a block of a corpus, or summed from runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import numpy as np

from wordvec.counts.counting.budget import CELL_BUFFER, plan_merge, room
from wordvec.counts.counting.runs import Run, cells_of
from wordvec.counts.counting.window import Window
from wordvec.counts.tiles import Rows, tile_words
from wordvec.native.corpus import cooc
from wordvec.system.parallel import ordered_map
from wordvec.text.corpus import Corpus
from wordvec.text.spool import in_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray


Result = TypeVar("Result")
RowsOfRun: TypeAlias = "tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64]]"
# Writes rows from row `at` on into the buffers; returns the next row and how many cells it wrote.
Piece: TypeAlias = (
    "Callable[[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64], int], tuple[int, int]]"
)


class Indexed(NamedTuple):
    """A stretch of text: its ids (N,), the place of the first that is its own (those before it are
    only context), and where each word stands: word w at positions[starts[w] : starts[w + 1]];
    starts (V + 1,), positions (N,)."""

    ids: NDArray[np.int32]
    first: int
    starts: NDArray[np.int64]
    positions: NDArray[np.uint32]


def indexed(ids: NDArray[np.int32], first: int, words: int) -> Indexed:
    """Ids with their index, for `rows_of`."""
    starts = np.empty(words + 1, np.int64)
    positions = np.empty(len(ids), np.uint32)
    cooc.index(ids, starts, positions)
    return Indexed(ids, first, starts, positions)


def rows_of(
    texts: Sequence[Indexed], words: int, window: Window, weight: NDArray[np.uint64], k: int
) -> Callable[[Buffer, int], Rows]:
    """A function that gives the rows of a row tile, of all stretches of text together: pairs whose
    later word is the stretch's own."""
    symmetric = window.direction == "symmetric"
    left, right = (symmetric or window.direction == side for side in ("left", "right"))
    given: list[tuple[NDArray[np.int32], int, NDArray[np.int64], NDArray[np.uint32]]] = [*texts]

    def task(state: Buffer, tile: int) -> Rows:
        def piece(
            nnz: NDArray[np.uint32], cols: NDArray[np.uint32], units: NDArray[np.uint64], at: int
        ) -> tuple[int, int]:
            return state.row.count(
                given, weight, left, right, symmetric, tile, k, nnz, cols, units, at
            )

        return state.collect(tile_words(words, k, tile), piece)

    return task


class Counter:
    """Makes rows, one row tile at a time, from a block of the corpus or from runs; one thread per
    tile, and as many as `memory` allows.
    """

    def __init__(
        self,
        corpus: Corpus,
        window: Window,
        weight: NDArray[np.uint64],
        k: int,
        memory: int,
        threads: int,
    ) -> None:
        self.corpus, self.window, self.weight, self.k = corpus, window, weight, k
        self.memory, self.threads = memory, threads
        self.words = len(corpus.vocab)
        self.states: list[Buffer] = []

    def each(self, function: Callable[[Buffer, int], Result]) -> Iterator[Result]:
        """function(state, tile) of every row tile, in order, in the threads that the last call of
        `count` or `merge` asked for."""
        return ordered_map(function, range(self.k), self.states)

    def _prepare(self, threads: int) -> None:
        """Has one buffer per thread, and no more."""
        self.states = self.states[:threads]
        self.states += (Buffer(self.words) for _ in range(threads - len(self.states)))

    def count(self, begin: int, end: int) -> Callable[[Buffer, int], Rows]:
        """A function that gives the rows of a row tile: pairs whose later word is in [begin,
        end)."""
        self._prepare(self.threads)
        halo = max(begin - self.window.window, 0)
        block = indexed(in_memory(self.corpus.ids, halo, end), begin - halo, self.words)
        return rows_of([block], self.words, self.window, self.weight, self.k)

    def merge(self, runs: list[Run]) -> Callable[[Buffer, int], Rows]:
        """A function that gives the sum of several runs' rows of a row tile."""
        self.states.clear()
        threads, ahead = plan_merge(cells_of(runs), self.words, room(self.memory), self.threads)
        self._prepare(threads)

        def task(state: Buffer, tile: int) -> Rows:
            return state.merge(runs, tile, ahead)

        return task


class _Grown:
    """Arrays of cells that grow in place, by realloc, which moves pages and copies nothing."""

    def __init__(self) -> None:
        self.cols, self.units = np.empty(0, np.uint32), np.empty(0, np.uint64)
        self.used = 0

    def reserve(self, cells: int) -> None:
        """Has room for so many more cells."""
        need = self.used + cells
        if need <= len(self.cols):
            return
        if not self.used:  # `resize` would fill them with zeros
            self.cols, self.units = np.empty(need, np.uint32), np.empty(need, np.uint64)
            return
        for array in (self.cols, self.units):
            array.resize(need, refcheck=False)

    def rows(self, nnz: NDArray[np.uint32]) -> Rows:
        """What was written, without a copy."""
        return Rows(nnz, self.cols[: self.used], self.units[: self.used])


class Buffer:
    """The accumulator of one thread, and the memory that it writes rows to."""

    def __init__(self, words: int) -> None:
        self.row = cooc.Row(words)
        self._room = max(words, CELL_BUFFER)  # cells that a piece must have room for
        self._out = _Grown()
        self._spare: _Grown | None = None

    def collect(self, rows: int, piece: Piece) -> Rows:
        """Calls `piece` until all rows are there."""
        out = self._begin()
        return out.rows(self._collect(rows, piece, out))

    def reuse(self) -> None:
        """Writes the next rows over the last ones, which the caller does not use any more. New
        memory costs more than writing to it: the system clears it, a page at a time."""
        self._spare = self._out

    def _begin(self) -> _Grown:
        self._out, self._spare = self._spare or _Grown(), None
        self._out.used = 0
        return self._out

    def _collect(self, rows: int, piece: Piece, out: _Grown) -> NDArray[np.uint32]:
        nnz = np.zeros(rows, np.uint32)
        at = 0
        while at < rows:
            out.reserve(self._room)
            at, used = piece(nnz, out.cols[out.used :], out.units[out.used :], at)
            out.used += used
        return nnz

    def merge(self, runs: list[Run], tile: int, ahead: int) -> Rows:
        """One row tile of several runs, read in ranges of rows of about `ahead` cells."""
        nnz = [run.nnz(tile) for run in runs]
        ends = [np.concatenate([[0], np.cumsum(n, dtype=np.int64)]) for n in nnz]
        load = np.sum(ends, axis=0)
        out, rows_nnz = self._begin(), [nnz[0][:0]]
        begin, rows = 0, len(nnz[0])
        while begin < rows:
            end = int(np.searchsorted(load, load[begin] + ahead, side="right")) - 1
            end = min(max(end, begin + 1), rows)
            cells = [
                (n[begin:end], *run.cells(tile, int(e[begin]), int(e[end])))
                for run, n, e in zip(runs, nnz, ends, strict=True)
            ]
            rows_nnz.append(self._collect(end - begin, self._merger(cells), out))
            begin = end
        return out.rows(np.concatenate(rows_nnz))

    def _merger(self, cells: list[RowsOfRun]) -> Piece:
        """A function that writes rows of the sum of cells, each time where it stopped before."""
        cursor = np.zeros(len(cells), np.int64)

        def piece(
            nnz: NDArray[np.uint32], cols: NDArray[np.uint32], units: NDArray[np.uint64], at: int
        ) -> tuple[int, int]:
            return self.row.merge(cells, cursor, nnz, cols, units, at)

        return piece
