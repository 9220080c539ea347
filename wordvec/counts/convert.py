"""Shards out of other things: merged, imported, built from triples; and out of them, exported.

All of it goes one way: cells of exact integer counts, in any order, are sorted into runs and the
runs are summed into tiles, as a count does it. So the result does not depend on the order of cells.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np

from wordvec.counts.counting.budget import plan_merge
from wordvec.counts.counting.count import Memory
from wordvec.counts.counting.rows import Buffer
from wordvec.counts.counting.runs import FAN_IN, Run, cells_of, write_run
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import SHARDS, Shards
from wordvec.counts.sums import HOW_COUNTED, PARTS, PARTS_OF, details_of, sum_shards
from wordvec.counts.tiles import Built, Rows, tile_count, tile_words
from wordvec.counts.writer import ShardWriter
from wordvec.errors import ShardError
from wordvec.estimator import Option, checked
from wordvec.system.files import check_target, write_atomically
from wordvec.system.folders import check_folder, write_folder
from wordvec.system.parallel import ordered_map
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELL_BYTES = 80  # of memory a cell while it is sorted: keys, order, counts and their copies
RECORD = [("row", "<i4"), ("col", "<i4"), ("x", "<f8")]  # Stanford's; ranks from 1


class Cells(NamedTuple):
    """Cells in any order: ranks of rows and columns (n,), and integer counts (n,)."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    units: NDArray[np.uint64]

    def take(self, which: slice | NDArray[np.bool_]) -> Cells:
        """Some of the cells."""
        return Cells(self.rows[which], self.cols[which], self.units[which])


def cells(shards: Shards) -> Iterator[Cells]:
    """The stored cells, a tile at a time, with their exact counts."""
    for i, j, tile in shards:
        cols = tile.cols.astype(np.int64) * shards.k + j
        yield Cells(tile.rows * shards.k + i, cols, tile.units(shards.unit))


def build(
    parts: Iterable[Cells],
    vocab: Vocabulary,
    target: str | os.PathLike[str],
    *,
    kind: str,
    unit: int,
    symmetric: bool,
    details: dict[str, Any] | None = None,
    memory: int = 1 << 30,
    threads: int = 1,
    force: bool = False,
) -> Shards:
    """Shards of the sum of cells.

    Parameters
    ----------
    parts : iterable of Cells
        A cell may come more than once. Of a symmetric matrix, each pair once, either way round.
    unit : int
        What a value of 1.0 counts in integers.
    memory : int
        Bytes to use beside the parts themselves; what does not fit goes to files beside the target.
    threads : int
        Of the last step, from runs to tiles; the result does not depend on it.

    Raises
    ------
    FileExistsError
        When the target exists and `force` is not given.
    ValueError
        For a rank outside the vocabulary.
    """
    with write_folder(target, SHARDS, force=force) as folder:
        runs = _runs(folder, parts, len(vocab), symmetric, max(memory // CELL_BYTES, 1))
        writer = ShardWriter(
            folder, vocab, kind=kind, unit=unit, symmetric=symmetric, details=details or {}
        )
        try:
            threads, ahead = plan_merge(cells_of(runs), len(vocab), memory, threads)

            def tiles(buffer: Buffer, tile: int) -> Built:
                built = writer.build(tile, buffer.merge(runs, tile, ahead))
                buffer.reuse()
                return built

            buffers = [Buffer(len(vocab)) for _ in range(threads)]
            for built in ordered_map(tiles, range(writer.k), buffers):
                writer.append(built)
            for run in runs:
                run.path.unlink()
            writer.finish()
        finally:
            writer.close()
    return Shards(target)


def _runs(work: Path, parts: Iterable[Cells], words: int, symmetric: bool, limit: int) -> list[Run]:
    """Sorts cells, `limit` at a time, into runs; at most FAN_IN are left to be merged."""
    k = tile_count(words)
    runs: list[Run] = []
    number = 0

    def write(rows: Iterable[Rows]) -> None:
        nonlocal number
        path = work / f"run-{number:06}.bin"
        write_run(path, rows)
        number += 1
        runs.append(Run(path))

    def reduce() -> None:
        old = runs[:FAN_IN]
        del runs[:FAN_IN]
        buffer = Buffer(words)
        write(buffer.merge(old, tile, limit) for tile in range(k))
        for run in old:
            run.path.unlink()

    waiting: list[Cells] = []
    count = 0
    for part in parts:
        for begin in range(0, len(part.units), limit):
            piece = part.take(slice(begin, begin + limit))
            if count + len(piece.units) > limit:
                write(_sorted(waiting, words, k, symmetric))
                waiting, count = [], 0
                if len(runs) > FAN_IN:
                    reduce()
            waiting.append(piece)
            count += len(piece.units)
    empty = Cells(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint64))
    write(_sorted([*waiting, empty], words, k, symmetric))
    while len(runs) > FAN_IN:
        reduce()
    return runs


def _sorted(parts: Sequence[Cells], words: int, k: int, symmetric: bool) -> Iterator[Rows]:
    """Rows of a few cells, a row tile after the other."""
    rows, cols, units = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    for name, ranks in (("row", rows), ("column", cols)):
        if len(ranks) and not (ranks.min() >= 0 and ranks.max() < words):
            raise ValueError(f"a {name} lies outside [0, {words})")
    if symmetric:
        rows, cols = np.minimum(rows, cols), np.maximum(rows, cols)
    side = -(-words // k)
    key = (rows % k) * side + rows // k
    order = np.lexsort((cols, key))
    key, cols, units = key[order], cols[order].astype(np.uint32), units[order]
    for tile in range(k):
        n = tile_words(words, k, tile)
        begin, end = np.searchsorted(key, (tile * side, tile * side + n))
        nnz = np.bincount(key[begin:end] - tile * side, minlength=n).astype(np.uint32)
        yield Rows(nnz, cols[begin:end], units[begin:end])


def from_triples(
    words: Sequence[str],
    rows: NDArray[np.integer],
    cols: NDArray[np.integer],
    weights: NDArray[np.floating] | None,
    target: str | os.PathLike[str],
    *,
    counts: Sequence[int] | None = None,
    kind: str = "relations",
    unit: int | None = None,
    force: bool = False,
) -> Shards:
    """Shards of (row, column, weight) triples, not symmetric.

    Parameters
    ----------
    words : sequence of str
        In order of rank.
    rows, cols : ndarray of int, shape (n,)
        Ranks.
    weights : ndarray of float, shape (n,), optional
        Positive and finite; by default 1 each. Triples of the same cell are added.
    counts : sequence of int, optional
        Of the words; by default how often each stands in a triple.
    unit : int, optional
        Weights are kept as whole numbers of 1/unit. By default 1 when all are whole, else 2^24.

    Raises
    ------
    ValueError
        For arrays of different lengths, ranks outside the words, or weights that are not positive
        or less than half of 1/unit.
    """
    x = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
    if not len(rows) == len(cols) == len(x):
        raise ValueError(f"{len(rows)} rows, {len(cols)} columns and {len(x)} weights")
    if unit is None:
        unit = 1 if not np.any(x != np.rint(x)) else 1 << 24
    if counts is None:
        ends = np.concatenate([rows, cols])
        if len(ends) and not (ends.min() >= 0 and ends.max() < len(words)):
            raise ValueError(f"a row or column lies outside [0, {len(words)})")
        counts = np.bincount(ends, minlength=len(words)).tolist()
    part = Cells(
        np.asarray(rows, np.int64), np.asarray(cols, np.int64), _units(x, unit, "the weights")
    )
    vocab = Vocabulary.from_words(words, counts)
    return build([part], vocab, target, kind=kind, unit=unit, symmetric=False, force=force)


def _units(x: NDArray[np.float64], unit: int, where: str) -> NDArray[np.uint64]:
    """Counts of values, rounded to whole units."""
    scaled = np.rint(x * unit)
    bad = np.flatnonzero(~((scaled >= 1) & (scaled < 2.0**62)))
    if len(bad):
        raise ValueError(
            f"{where}: value {x[bad[0]]} of cell {bad[0]:,} is not positive and finite, or less "
            f"than half of 1/{unit}"
        )
    return scaled.astype(np.uint64)


@checked
def merge(
    sources: Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    memory: Memory = 1 << 30,
    threads: int = 1,
    force: bool = False,
) -> Shards:
    """The exact sum of shards that were counted the same way.

    Shards of one vocabulary (same words, same counts: `wordvec count --vocab`) keep it, and the
    result is that of counting their texts at once, byte for byte. Otherwise words are united by
    their bytes and their counts added.

    Raises
    ------
    ShardError
        When they were not counted the same way, naming the difference; damaged shards.
    """
    if len(sources) < 2:
        raise ValueError(f"a merge has at least two sources, got {len(sources)}")
    check_folder(target, SHARDS, force=force, inputs=sources)
    opened = [Shards(source) for source in sources]
    first = opened[0]
    names = ("kind", "unit", "symmetric", *HOW_COUNTED)
    for other in opened[1:]:
        for name in names:
            a, b = first.manifest.get(name), other.manifest.get(name)
            if a != b:
                raise ShardError(
                    f"{other.path}: {name} is {b!r}, in {first.path} it is {a!r}: only shards that "
                    "were counted the same way can be added"
                )
    shared = all(
        s.vocab.words == first.vocab.words and np.array_equal(s.vocab.counts, first.vocab.counts)
        for s in opened
    )
    if shared:
        times = np.ones(len(opened), np.int64)
        return sum_shards(opened, target, times, threads=threads, force=force)
    if any(PARTS in each.manifest for each in opened):
        raise ShardError(
            f"{first.path} and others: parts of a text were counted with different vocabularies: "
            "count each with that of the whole text"
        )
    vocab = _united(opened)
    ranks = {word: rank for rank, word in enumerate(vocab.words)}

    def parts() -> Iterator[Cells]:
        for shards in opened:
            new = np.array([ranks[word] for word in shards.vocab.words], np.int64)
            for part in cells(shards):
                yield Cells(new[part.rows], new[part.cols], part.units)

    return build(
        parts(),
        vocab,
        target,
        kind=first.kind,
        unit=first.unit,
        symmetric=first.symmetric,
        details=details_of(opened),
        memory=memory,
        threads=threads,
        force=force,
    )


def _united(all_shards: Sequence[Shards]) -> Vocabulary:
    """All words, by falling sum of counts, ties by bytes."""
    sums: dict[bytes, int] = {}
    for shards in all_shards:
        for word, count in zip(shards.vocab.words, shards.vocab.counts.tolist(), strict=True):
            sums[word] = sums.get(word, 0) + count
    words = sorted(sums, key=lambda word: (-sums[word], word))
    counts = np.array([sums[word] for word in words], np.int64)
    total = sum(int(s.manifest.get("corpus_tokens", s.vocab.known)) for s in all_shards)
    return Vocabulary(words, counts, total)


@checked
def import_glove(
    vocab: str | os.PathLike[str],
    records: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    window: Annotated[
        int, Option(help="Context words on each side, as the counts were made.", at_least=1)
    ] = 15,
    flat: Annotated[bool, Option(help="The counts are not weighted by distance.")] = False,
    direction: Annotated[
        Literal["symmetric", "left"],
        Option(help="Contexts on both sides, or before the word only."),
    ] = "symmetric",
    memory: Memory = 1 << 30,
    threads: int = 1,
    force: bool = False,
) -> Shards:
    """Shards of the files that Stanford's `vocab_count` and `cooccur` write, shuffled or not.

    Parameters
    ----------
    vocab, records : path
        vocab.txt (word, space, count) and cooccur.bin (int32, int32, float64; ranks from 1).
    window, flat, direction
        As the counts were made, with contexts on both sides or before the word only. Counts are
        sums of 1/d up to the window, or whole numbers where distance was not weighted. The unit is
        found from it, so that counts are exact again.

    Raises
    ------
    ShardError
        A file that is no whole number of records, a rank outside the vocabulary, a count that is
        not positive, a matrix that is not symmetric though it should be.
    """
    check_folder(target, SHARDS, force=force, inputs=[vocab, records])
    words = Vocabulary.load(vocab, sort=False)
    symmetric = direction == "symmetric"
    how = Window(
        window=window,
        weighting="flat" if flat else "harmonic",
        direction=direction,
    )
    unit = how.weights()[1]
    size = os.path.getsize(records)
    if size % 16:
        raise ShardError(f"{records}: {size:,} bytes are no whole number of 16-byte records")
    # An order-free sum over either triangle: the same when the matrix is symmetric.
    balance = 0

    def parts() -> Iterator[Cells]:
        nonlocal balance
        step = max(min(memory // CELL_BYTES, 1 << 22), 1)
        with open(records, "rb") as file:
            for start in range(0, size // 16, step):
                data = np.fromfile(file, np.dtype(RECORD), step)
                rows, cols = (data[name].astype(np.int64) - 1 for name in ("row", "col"))
                low, high = np.minimum(rows, cols), np.maximum(rows, cols)
                if low.min() < 0 or high.max() >= len(words):
                    raise ShardError(
                        f"{records}: after record {start:,}: a rank outside [1, {len(words)}]; is "
                        f"{vocab} its vocabulary?"
                    )
                try:
                    part = Cells(rows, cols, _units(data["x"], unit, f"{records}: from {start:,}"))
                except ValueError as error:
                    raise ShardError(str(error)) from error
                if not symmetric:
                    yield part
                    continue
                hashed = (
                    low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64)
                ) * part.units
                hashed *= np.uint64(0x9E3779B97F4A7C15)
                sums = hashed[rows < cols].sum(), hashed[rows > cols].sum()
                balance = (balance + int(sums[0]) - int(sums[1])) % (1 << 64)
                yield part.take(rows <= cols)
        if balance:
            raise ShardError(
                f"{records}: the matrix is not symmetric; import it with direction='left'"
            )

    return build(
        parts(),
        words,
        target,
        kind="co-occurrence",
        unit=unit,
        symmetric=symmetric,
        details={"window": window, "weighting": how.weighting, "direction": how.direction},
        memory=memory,
        threads=threads,
        force=force,
    )


def export_glove(
    source: str | os.PathLike[str] | Shards,
    vocab: str | os.PathLike[str],
    records: str | os.PathLike[str],
    *,
    force: bool = False,
) -> int:
    """Writes vocab.txt and cooccur.bin as Stanford's tools do; returns the number of records.

    Both triangles of a symmetric matrix are written, tile by tile: Stanford's `glove` wants them
    shuffled (`shuffle`), as those of its own `cooccur`.

    Raises
    ------
    FileExistsError
        When either file exists and `force` is not given.
    """
    shards = source if isinstance(source, Shards) else Shards(source)
    files = [shards.path / name for name in os.listdir(shards.path)]
    for path in (vocab, records):
        check_target(path, force=force, inputs=files)
    n = 0
    with write_atomically(records, force=force) as file:
        for part in cells(shards):
            off = part.rows != part.cols
            sides = [part.rows, part.cols], [part.cols[off], part.rows[off]]
            values = part.units / shards.unit
            for (rows, cols), x in zip(sides, (values, values[off]), strict=True):
                data = np.empty(len(rows), np.dtype(RECORD))
                data["row"], data["col"], data["x"] = rows + 1, cols + 1, x
                file.write(data.tobytes())
                n += len(data)
                if not shards.symmetric:
                    break
    shards.vocab.save(vocab, force=force)
    return n


def describe(shards: Shards) -> dict[str, Any]:
    """What a shard folder holds, for people."""
    manifest = shards.manifest
    size = sum(file.stat().st_size for file in shards.path.iterdir())
    return {
        "kind": shards.kind,
        "words": shards.words,
        "tiles": f"{shards.k} x {shards.k}",
        "cells": shards.cells,
        "symmetric": shards.symmetric,
        "unit": shards.unit,
        **{n: manifest[n] for n in (*HOW_COUNTED, PARTS, PARTS_OF) if n in manifest},
        "corpus_tokens": manifest.get("corpus_tokens"),
        "sum": manifest.get("sum", math.nan),
        "bytes": size,
    }
