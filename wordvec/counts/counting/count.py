"""A corpus -> shards of co-occurrence counts.

The corpus is counted in blocks that fit the memory budget. A block gives rows of exact integer
counts; with one block they go straight into tiles, with several each becomes a run on disk and the
runs are merged row by row. Sums are integers, so the result does not depend on threads, blocks or
order, to the last bit.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

import numpy as np

from wordvec import remote
from wordvec.counts.counting.budget import CELL_BUFFER, plan_blocks, plan_merge, room
from wordvec.counts.counting.partial import Partial, check_shard_folder
from wordvec.counts.shards import Shards, ShardWriter
from wordvec.counts.tiles import Rows, tile_count, tile_words
from wordvec.errors import CorpusError
from wordvec.estimator import (
    Callback,
    Option,
    Progress,
    Seed,
    Stopwatch,
    check_options,
    checked,
    option,
)
from wordvec.files import write_atomically
from wordvec.folders import scratch_folder
from wordvec.native.corpus import cooc
from wordvec.native.vectors.vec import rng_key
from wordvec.parallel import ordered_map
from wordvec.text.corpus import Corpus
from wordvec.text.frequency import keep_probability
from wordvec.text.spool import PIECE, Spool, in_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_UNIT = 1 << 24  # up to here lcm(1..window) is the unit, beyond weights are rounded to it
FAN_IN = 64  # runs merged at once
SAMPLE_BLOCK = 1 << 20  # ids that are subsampled at once

Block: TypeAlias = tuple[int, int]
Result = TypeVar("Result")
RowsOfRun: TypeAlias = "tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64]]"
# Writes rows from row `at` on into the buffers; returns the next row and how many cells it wrote.
Piece: TypeAlias = (
    "Callable[[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64], int], tuple[int, int]]"
)


@dataclass(frozen=True, kw_only=True)
class Window:
    """What counts as a co-occurrence.

    Parameters
    ----------
    window : int
        Words on each side.
    weighting : {"harmonic", "linear", "flat"}
        A pair at distance d counts 1/d (GloVe), (window - d + 1) / window (the expectation of
        word2vec's shrinking window), or 1.
    direction : {"symmetric", "left", "right"}
        Contexts on both sides, before the word only, or after it only.
    """

    window: int = option(10, "Context words on each side of a word.", at_least=1, at_most=1 << 20)
    weighting: Literal["harmonic", "linear", "flat"] = option(
        "harmonic",
        "A pair at distance d counts 1/d, (window - d + 1) / window, or 1.",
        source="Pennington et al. 2014",
    )
    direction: Literal["symmetric", "left", "right"] = option(
        "symmetric", "Contexts on both sides, before the word only, or after it only."
    )

    def __post_init__(self) -> None:
        check_options(Window, vars(self))

    def weights(self) -> tuple[NDArray[np.uint64], int]:
        """Integer weights by distance (window + 1,), and the unit that stands for 1.0.

        Harmonic weights are exact while lcm(1..window) is at most 2^24 (window 22), and rounded to
        1/2^24 beyond.
        """
        d = np.arange(1, self.window + 1, dtype=np.uint64)
        if self.weighting == "flat":
            unit, weight = 1, np.ones_like(d)
        elif self.weighting == "linear":
            unit, weight = self.window, np.uint64(self.window + 1) - d
        else:
            unit = math.lcm(*range(1, min(self.window, 40) + 1))
            unit = unit if unit <= EXACT_UNIT and self.window <= 40 else EXACT_UNIT
            weight = (np.uint64(2 * unit) + d) // (np.uint64(2) * d)
        return np.concatenate([np.zeros(1, np.uint64), weight]), unit


Memory: TypeAlias = Annotated[
    int,
    Option(
        help="Bytes that the process may hold; what does not fit lies in files.",
        at_least=1,
        unit="bytes",
    ),
]


@checked
def count(
    corpus: Corpus | str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    window: Window | None = None,
    *,
    sample: float = 0.0,
    seed: Seed = 1,
    memory: Memory = 4 << 30,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    client: Any = None,
    **reading: Any,
) -> Shards:
    """Counts a corpus into a shard folder and opens it.

    Parameters
    ----------
    corpus : Corpus
        With `client` the paths of the texts, which each worker reads a part of.
    target : path
        The folder to make; a URL (s3://bucket/shards) is counted here first. While it is made
        there is `<target>.partial`; a count that was killed goes on from the blocks in it when it
        is started again. `force` replaces a folder of shards, and nothing else.
    sample : float
        Frequent words are dropped at random before windows are formed, as word2vec does it: a word
        that is the share f of the corpus stays with probability sqrt(sample/f) + sample/f. 0 keeps
        all. Which tokens stay depends only on `seed` and their place in the corpus.
    memory : int
        Bytes that the process may hold, all that it holds already included: the interpreter, the
        libraries, the vocabulary and the ids. What does not fit is counted in blocks, by fewer
        threads, and merged from files beside the target. A warning says when it is too little.
        `encode` keeps ids to it too, when it is told.
    progress : callable, optional
        Gets a `Progress` for each tile counted.
    client : distributed.Client or str, optional
        Count on the workers of a cluster, to the same bytes: a client of Dask, the address of a
        scheduler ("tcp://host:8786"), the path of its file, or "local:4". `memory` and `threads`
        are then the workers' own.
    reading
        With `client`: `vocab`, `min_count`, `max_vocab`, `gaps`, `across_lines` and `options`,
        as `wordvec.encode` has them.

    Raises
    ------
    FileExistsError
        When the folder exists and `force` is not given.
    """
    window = window or Window()
    if remote.is_url(target):
        if client is not None:
            raise ValueError(
                f"{target}: a cluster counts into a folder that all its workers see; copy it to "
                "the store when it is done"
            )
        if not force and remote.exists(f"{target.rstrip('/')}/manifest.json"):
            raise FileExistsError(f"{target}: exists already; name another or give force=True")
        with scratch_folder() as scratch:
            made = count(
                corpus,
                scratch / "shards",
                window,
                sample=sample,
                seed=seed,
                memory=memory,
                threads=threads,
                progress=progress,
                **reading,
            )
            # A store takes whole files and cannot append; the manifest, which makes it a folder of
            # shards, comes last.
            for name in ("tiles.bin", "vocab.txt", "marginals.f64", "manifest.json"):
                remote.put(made.path / name, f"{target.rstrip('/')}/{name}")
        return Shards(target)
    if client is not None:
        from wordvec.counts.counting.spread import count_on  # which stands on this module

        if isinstance(corpus, Corpus):
            raise TypeError("with client, corpus must be the paths of the texts")
        how: dict[str, Any] = {"sample": sample, "seed": seed, "force": force, **reading}
        paths = [corpus] if isinstance(corpus, str | os.PathLike) else list(corpus)
        return count_on(client, paths, target, window, progress=progress, **how)
    if not isinstance(corpus, Corpus):
        raise TypeError(f"corpus must be a Corpus (wordvec.encode), got {type(corpus).__name__}")
    if reading:
        raise TypeError(f"count has no argument {next(iter(reading))!r} without client")
    details = asdict(window)
    if sample:
        corpus = subsample(corpus, sample, seed, memory=memory)
        details |= {"sample": sample, "sample_seed": seed}
    details |= corpus.recorded()
    if corpus.part:
        details |= {"parts": [corpus.part.number], "parts_of": corpus.part.of}
    target = check_shard_folder(target, force=force)
    weight, unit = window.weights()
    check_overflow(window, corpus.known)
    k = tile_count(len(corpus.vocab))
    plan = plan_blocks(corpus, window.window, k, memory, threads)
    with Partial(target) as partial:
        blocks = _blocks(partial, corpus, window, plan.blocks)
        steps = k * (len(blocks) + (len(blocks) > 1))
        done, watch = 0, Stopwatch()

        def tick() -> None:
            nonlocal done
            done += 1
            if progress:
                progress(Progress("counting", done, steps, "tiles", watch.seconds))

        counter = Counter(corpus, window, weight, k, memory, plan.threads)
        writer = ShardWriter(
            partial.made,
            corpus.vocab,
            kind="co-occurrence",
            unit=unit,
            symmetric=window.direction == "symmetric",
            details=details,
        )
        try:
            if len(blocks) == 1:
                rows = counter.count(*blocks[0])
            else:
                rows = counter.merge(_spill(partial.path, counter, blocks, tick))
            for tiles in counter.each(lambda state, tile: writer.build(tile, rows(state, tile))):
                writer.append(tiles)
                tick()
            writer.finish()
            partial.finish(force=force)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                error.strerror = f"{error.strerror}: make room; the same command goes on from there"
            raise
        finally:
            writer.close()
            if not partial.holds_work():
                with contextlib.suppress(OSError):
                    partial.clear()
    return Shards(target)


def check_overflow(window: Window, tokens: int) -> None:
    """Raises CorpusError when counts of so many tokens might not fit 64 bits."""
    if tokens * 2 * int(window.weights()[0].sum()) >= 1 << 63:
        raise CorpusError(
            f"a window of {window.window} over {tokens:,} tokens can overflow 64-bit counts: "
            "use a smaller window or weighting='flat'"
        )


def subsample(corpus: Corpus, sample: float, seed: int, *, memory: int | None = None) -> Corpus:
    """A corpus without the frequent words that word2vec's subsampling drops; see `count`. Of
    `memory` bytes, if given, its ids take an eighth; more lie in a file.

    Raises
    ------
    ValueError
        When `sample` or `seed` is negative.
    CorpusError
        When nothing is left.
    """
    if not sample > 0 or not 0 <= seed < 1 << 64:
        raise ValueError(f"sample must be > 0 and seed in [0, 2^64), got {sample} and {seed}")
    out, known, context = Spool(memory), 0, 0
    for begin, ids, mask in kept_ids(corpus, sample, seed):
        part = ids[mask]
        known += int((part >= 0).sum())
        context += int(mask[: max(corpus.context - begin, 0)].sum())
        out.append(part, 0)
    if not (known or corpus.part):
        raise CorpusError(f"subsampling at {sample} leaves no word: give a larger value")
    return replace(
        corpus, ids=out.rewrite(lambda ids, _: ids, lambda ids: ids), known=known, context=context
    )


def kept_ids(
    corpus: Corpus, sample: float, seed: int
) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.bool_]]]:
    """Pieces of the ids of a corpus, where they begin, and which of them subsampling keeps."""
    keep = keep_probability(corpus.vocab.counts, corpus.vocab.known, sample)
    # A token's number is that of its place among the known tokens of the whole text: line ends and
    # unknown words, which always stay, have none, so a part needs to know one sum of those before.
    key, at = rng_key(seed, 0, 3), corpus.offset
    for begin in range(0, len(corpus.ids), SAMPLE_BLOCK):
        ids = in_memory(corpus.ids, begin, min(begin + SAMPLE_BLOCK, len(corpus.ids)))
        words = ids >= 0
        known = int(words.sum())
        mask = np.ones(len(ids), np.bool_)
        mask[words] = _uniform(key, at, known) < keep[ids[words]]
        at += known
        yield begin, ids, mask


def _uniform(key: int, begin: int, n: int) -> NDArray[np.float64]:
    """Numbers [begin, begin + n) of a key's sequence, as in csrc/wv_rng.h, in [0, 1)."""
    z = np.arange(begin + 1, begin + n + 1, dtype=np.uint64)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(11)
    return z.astype(np.float64) * 2.0**-53


def _spill(
    work: Path, counter: Counter, blocks: list[Block], tick: Callable[[], None]
) -> list[Run]:
    """Counts each block into a run, unless it is there already, and returns what to merge.

    run-L-N.bin holds blocks N FAN_IN^L and the following: when FAN_IN runs of a level are complete
    they become one of the next, so that a merge never has more than FAN_IN inputs a level.
    """

    def path(level: int, number: int) -> Path:
        return work / f"run-{level}-{number:06}.bin"

    def cover(block: int) -> tuple[int, int] | None:
        for level in range(8, -1, -1):
            if path(level, block // FAN_IN**level).exists():
                return level, block // FAN_IN**level
        return None

    for number, block in enumerate(blocks):
        if cover(number) is None:
            write_run(path(0, number), counter.each(counter.count(*block)))
        for _ in range(counter.k):
            tick()
        level, complete = 0, number + 1
        while complete % FAN_IN == 0:
            parts = [path(level, complete - FAN_IN + i) for i in range(FAN_IN)]
            level, complete = level + 1, complete // FAN_IN
            covered = cover(number)
            if covered is None or covered[0] < level:
                merged = counter.merge([Run(part) for part in parts])
                write_run(path(level, complete - 1), counter.each(merged))
            for part in parts:
                part.unlink(missing_ok=True)

    runs, at = [], 0
    while at < len(blocks):
        found = cover(at)
        assert found is not None
        level, number = found
        runs.append(Run(path(level, number)))
        at = (number + 1) * FAN_IN**level
    return runs


def write_run(path: Path, row_tiles: Iterable[Rows], *, force: bool = False) -> None:
    """Writes rows of counts, a row tile after the other, whole or not at all.

    The arrays of each row tile lie one after another; a table of int64 (row tiles, 3) with offset,
    rows and cells ends the file.
    """
    table = []
    with write_atomically(path, force=force) as file:
        for rows in row_tiles:
            table.append((file.tell(), len(rows.nnz), len(rows.cols)))
            for array in rows:
                file.write(array.data)
        file.write(np.array(table, np.int64).tobytes())
        file.write(len(table).to_bytes(8, "little"))


class Run:
    """A file that `write_run` wrote, read a piece at a time; it is open only while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with open(path, "rb") as file:
            file.seek(-8, os.SEEK_END)
            n = int.from_bytes(file.read(8), "little")
            file.seek(-8 - 24 * n, os.SEEK_END)
            self.table = np.frombuffer(file.read(24 * n), np.int64).reshape(n, 3).tolist()

    def nnz(self, tile: int) -> NDArray[np.uint32]:
        """The number of cells in each row of a row tile."""
        offset, rows, _ = self.table[tile]
        return np.fromfile(self.path, np.uint32, rows, offset=offset)

    def cells(
        self, tile: int, begin: int, end: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        """Columns and counts of cells [begin, end) of a row tile."""
        offset, rows, cells = self.table[tile]
        cols = offset + 4 * rows
        units = cols + 4 * cells
        n = end - begin
        return (
            np.fromfile(self.path, np.uint32, n, offset=cols + 4 * begin),
            np.fromfile(self.path, np.uint64, n, offset=units + 8 * begin),
        )


def _blocks(partial: Partial, corpus: Corpus, window: Window, wanted: float) -> list[Block]:
    """The blocks to count, ranges of ids. What a killed count has is taken up when its blocks are
    as many as wanted now, or a tenth larger: memory is not in the same state each time."""
    n, crc = len(corpus.ids), 0
    for begin in range(0, n, PIECE):
        crc = zlib.crc32(in_memory(corpus.ids, begin, min(begin + PIECE, n)).data, crc)
    state = {
        **asdict(window),
        "text": [n, crc, corpus.context],
        "vocabulary": [len(corpus.vocab), zlib.crc32(b"\n".join(corpus.vocab.words))],
    }
    wanted = max(wanted, 1)
    pieces = partial.begin(state, math.ceil(wanted), at_least=math.ceil(0.9 * wanted))
    first, n = corpus.context, n - corpus.context
    return [(first + n * i // pieces, first + n * (i + 1) // pieces) for i in range(pieces)]


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

    def _take(self, threads: int) -> None:
        self.states = self.states[:threads]
        self.states += (Buffer(self.words) for _ in range(threads - len(self.states)))

    def count(self, begin: int, end: int) -> Callable[[Buffer, int], Rows]:
        """A function that gives the rows of a row tile: pairs whose later word is in [begin,
        end)."""
        self._take(self.threads)
        halo = max(begin - self.window.window, 0)
        ids = in_memory(self.corpus.ids, halo, end)
        starts = np.empty(self.words + 1, np.int64)
        positions = np.empty(len(ids), np.uint32)
        cooc.index(ids, starts, positions)
        symmetric = self.window.direction == "symmetric"
        left, right = (symmetric or self.window.direction == side for side in ("left", "right"))

        def task(state: Buffer, tile: int) -> Rows:
            def piece(
                nnz: NDArray[np.uint32],
                cols: NDArray[np.uint32],
                units: NDArray[np.uint64],
                at: int,
            ) -> tuple[int, int]:
                return state.row.count(
                    ids,
                    begin - halo,
                    starts,
                    positions,
                    self.weight,
                    left,
                    right,
                    symmetric,
                    tile,
                    self.k,
                    nnz,
                    cols,
                    units,
                    at,
                )

            return state.collect(tile_words(self.words, self.k, tile), piece)

        return task

    def merge(self, runs: list[Run]) -> Callable[[Buffer, int], Rows]:
        """A function that gives the sum of several runs' rows of a row tile."""
        self.states.clear()
        threads, ahead = plan_merge(cells_of(runs), self.words, room(self.memory), self.threads)
        self._take(threads)

        def task(state: Buffer, tile: int) -> Rows:
            return state.merge(runs, tile, ahead)

        return task


def cells_of(runs: list[Run]) -> list[int]:
    """The cells of each row tile in all runs."""
    return [
        sum(cells) for cells in zip(*([c for _, _, c in run.table] for run in runs), strict=True)
    ]


class _Grown:
    """Arrays that grow in place, by realloc, which moves pages and copies nothing."""

    def __init__(self) -> None:
        self.cols, self.units = np.empty(0, np.uint32), np.empty(0, np.uint64)
        self.used = 0

    def add(self, cols: NDArray[np.uint32], units: NDArray[np.uint64]) -> None:
        end = self.used + len(cols)
        for array, more in ((self.cols, cols), (self.units, units)):
            array.resize(end, refcheck=False)
            array[self.used :] = more
        self.used = end


class Buffer:
    """The accumulator of one thread, and buffers for the rows that it writes."""

    def __init__(self, words: int) -> None:
        self.row = cooc.Row(words)
        self.cols = np.empty(max(words, CELL_BUFFER), np.uint32)
        self.units = np.empty(len(self.cols), np.uint64)

    def collect(self, rows: int, piece: Piece) -> Rows:
        """Calls `piece` until all rows are there, and joins what it wrote."""
        out = _Grown()
        return Rows(self._collect(rows, piece, out), out.cols, out.units)

    def _collect(self, rows: int, piece: Piece, out: _Grown) -> NDArray[np.uint32]:
        nnz = np.zeros(rows, np.uint32)
        at = 0
        while at < rows:
            at, used = piece(nnz, self.cols, self.units, at)
            out.add(self.cols[:used], self.units[:used])
        return nnz

    def merge(self, runs: list[Run], tile: int, ahead: int) -> Rows:
        """One row tile of several runs, read in ranges of rows of about `ahead` cells."""
        nnz = [run.nnz(tile) for run in runs]
        ends = [np.concatenate([[0], np.cumsum(n, dtype=np.int64)]) for n in nnz]
        load = np.sum(ends, axis=0)
        out, rows_nnz = _Grown(), [nnz[0][:0]]
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
        return Rows(np.concatenate(rows_nnz), out.cols, out.units)

    def _merger(self, cells: list[RowsOfRun]) -> Piece:
        """A function that writes rows of the sum of cells, each time where it stopped before."""
        cursor = np.zeros(len(cells), np.int64)

        def piece(
            nnz: NDArray[np.uint32], cols: NDArray[np.uint32], units: NDArray[np.uint64], at: int
        ) -> tuple[int, int]:
            return self.row.merge(cells, cursor, nnz, cols, units, at)

        return piece
