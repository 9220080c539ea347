"""Exact sums of shards of one vocabulary, row tile by row tile."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from wordvec.counts.counting.rows import Buffer
from wordvec.counts.shards import SHARDS, Shards
from wordvec.counts.tiles import Built, Rows, tile_words
from wordvec.counts.writer import ShardWriter
from wordvec.errors import ShardError
from wordvec.system.folders import write_folder
from wordvec.system.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOW_COUNTED = (
    "window",
    "weighting",
    "direction",
    "sample",
    "sample_seed",
    "text",
    "gaps",
    "across_lines",
)
PARTS, PARTS_OF = "parts", "parts_of"  # in a manifest: which parts of a text were counted
PIECES = 8 << 20  # cells of all shards that are summed at once by a thread

_Run: TypeAlias = "tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64]]"


def details_of(shards: Sequence[Shards]) -> dict[str, Any]:
    """What the manifest of a sum says of how its shards were counted, and of which parts of a text
    it is; that is left out when they are all parts.

    Raises
    ------
    ShardError
        When a part comes twice, or parts of different numbers of parts come together.
    """
    first = shards[0].manifest
    details = {name: first[name] for name in HOW_COUNTED if name in first}
    if not any(PARTS in each.manifest for each in shards):
        return details
    seen: dict[int, Shards] = {}
    of = {int(each.manifest.get(PARTS_OF, 0)) for each in shards}
    if len(of) > 1:
        raise ShardError(
            f"{shards[0].path} and others: are of different numbers of parts "
            f"({', '.join(map(str, of))}): add the parts of one cut, and nothing else"
        )
    for each in shards:
        for part in each.manifest[PARTS]:
            if part in seen:
                raise ShardError(
                    f"{each.path}: has part {part}, and so has {seen[part].path}: leave one out"
                )
            seen[part] = each
    n = of.pop()
    if len(seen) < n:
        details |= {PARTS: sorted(seen), PARTS_OF: n}
    return details


def sum_shards(
    shards: Sequence[Shards],
    target: str | os.PathLike[str],
    times: NDArray[np.int64],
    *,
    threads: int = 1,
    force: bool = False,
) -> Shards:
    """Shards of a weighted sum of shards that have one vocabulary and were counted the same way.

    Parameters
    ----------
    times : ndarray of int64, shape (shards,)
        How often each is taken, >= 0.
    threads : int
        The result does not depend on it.
    """
    first = shards[0]
    vocab = first.vocab
    total = int(first.manifest.get("corpus_tokens", vocab.known))
    details = details_of(shards)
    with write_folder(target, SHARDS, force=force) as folder:
        writer = ShardWriter(
            folder,
            type(vocab)(vocab.words, vocab.counts, total),
            kind=first.kind,
            unit=first.unit,
            symmetric=first.symmetric,
            details=details,
        )
        taken = [(s, int(m)) for s, m in zip(shards, times.tolist(), strict=True) if m]

        def tiles(buffer: Buffer, tile: int) -> Built:
            return writer.build(tile, _rows(taken, buffer, tile))

        try:
            buffers = [Buffer(first.words) for _ in range(threads)]
            for built in ordered_map(tiles, range(first.k), buffers):
                writer.append(built)
            writer.finish()
        finally:
            writer.close()
    return Shards(target)


def _rows(taken: Sequence[tuple[Shards, int]], buffer: Buffer, i: int) -> Rows:
    """Row tile i of the sum. The tiles of a row tile are runs whose columns lie apart."""
    first = taken[0][0]
    load = np.zeros(tile_words(first.words, first.k, i) + 1, np.int64)
    for shards, _ in taken:
        for j in range(first.k):
            load += shards.tile(i, j).row_ptr
    none = np.zeros(0, np.uint32)
    parts = [Rows(none, none, none.astype(np.uint64))]
    begin, n = 0, len(load) - 1
    while begin < n:
        end = int(np.searchsorted(load, load[begin] + PIECES, side="right")) - 1
        end = min(max(end, begin + 1), n)
        runs = [_run(shards, i, j, begin, end, m) for shards, m in taken for j in range(first.k)]
        cursor = np.zeros(len(runs), np.int64)
        parts.append(buffer.collect(end - begin, _merger(buffer, runs, cursor)))
        begin = end
    return Rows(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _run(shards: Shards, i: int, j: int, begin: int, end: int, times: int) -> _Run:
    """Rows [begin, end) of a tile as a run of whole columns and exact counts, times a number."""
    tile = shards.tile(i, j)
    span = slice(int(tile.row_ptr[begin]), int(tile.row_ptr[end]))
    low, high = np.searchsorted(tile.fix_at, (span.start, span.stop))
    counts = np.rint(tile.values[span].astype(np.float64) * shards.unit).astype(np.int64)
    counts[tile.fix_at[low:high] - np.uint32(span.start)] += tile.fix_by[low:high]
    return (
        np.diff(tile.row_ptr[begin : end + 1]),
        tile.cols[span].astype(np.uint32) * np.uint32(shards.k) + np.uint32(j),
        counts.astype(np.uint64) * np.uint64(times),
    )


def _merger(
    buffer: Buffer, runs: list[_Run], cursor: NDArray[np.int64]
) -> Callable[..., tuple[int, int]]:
    def piece(
        nnz: NDArray[np.uint32], cols: NDArray[np.uint32], units: NDArray[np.uint64], at: int
    ) -> tuple[int, int]:
        return buffer.row.merge(runs, cursor, nnz, cols, units, at)

    return piece
