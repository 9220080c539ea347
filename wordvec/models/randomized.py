"""A randomised singular value decomposition over row tiles of counts, by an engine.

Halko, Martinsson & Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.1: the
matrix is multiplied with a few random vectors and, for better accuracy, with what comes out twice
more; a small decomposition then gives the singular vectors. A product is one task per row tile, and
no two tasks add to the same number, so the result does not depend on where they ran.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from wordvec.counts.shards import Shards
from wordvec.counts.tiles import tile_words
from wordvec.engine.tasks import naming_task
from wordvec.errors import TrainingError
from wordvec.system.files import naming

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.engine.local import Engine

    Dense = NDArray[np.float64]

MORE = 10  # random vectors beyond the dimensions that are wanted
EPOCHS = 2  # steps of the power iteration
KEPT = 128  # row tiles whose information a worker keeps


def _save(path: Path, array: Dense) -> None:
    """Writes an array as np.save does, whose own error for a full disk ("100 requested and 10
    written") has neither the cause nor the file."""
    array = np.ascontiguousarray(array)
    header = np.lib.format.header_data_from_array_1_0(array)
    with naming(path), open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.write(array.data)


def information_rows(
    shards: Shards, tile: int, smoothing: float, *, transposed: bool = False
) -> csr_array:
    """Rows of a row tile of positive pointwise mutual information, (rows, V); or of its transpose,
    the columns of a column tile."""
    k, rows, cols, values = shards.k, [], [], []
    for other in range(k):
        if not transposed or shards.symmetric:
            part = shards.tile(tile, other)
            rows.append(part.rows)
            cols.append(part.cols.astype(np.int64) * k + other)
            values.append(part.values)
        if transposed or shards.symmetric:
            part = shards.tile(other, tile)
            keep: Any = slice(None)
            if shards.symmetric and other == tile:
                keep = part.rows != part.cols  # the diagonal is there already
            rows.append(part.cols.astype(np.int64)[keep])
            cols.append((part.rows * k + other)[keep])
            values.append(part.values[keep])
    n = tile_words(shards.words, k, tile)
    r, c = np.concatenate(rows), np.concatenate(cols)
    x = np.concatenate(values).astype(np.float64)
    sums, contexts = shards.marginals
    context = np.maximum(contexts, 1e-300) ** smoothing
    word, of = (r * k + tile, c) if not transposed else (c, r * k + tile)
    x /= np.maximum(sums, 1e-300)[word]
    x /= (context / context.sum())[of]
    x = np.maximum(np.log(x), 0)
    found = csr_array((x, (r, c)), shape=(n, shards.words))
    found.eliminate_zeros()
    found.sort_indices()
    return found


@functools.lru_cache(maxsize=1)
def _opened(source: str) -> Shards:
    return Shards(source)


@functools.lru_cache(maxsize=KEPT)
def _rows(source: str, tile: int, smoothing: float, transposed: bool) -> csr_array:
    return information_rows(_opened(source), tile, smoothing, transposed=transposed)


def product(source: str, tile: int, smoothing: float, transposed: bool, file: str) -> Dense:
    """A row tile of the matrix, or of its transpose, times the matrix in a file: a task."""
    with naming_task(f"row tile {tile}", TrainingError):
        right = np.load(file, mmap_mode="r", allow_pickle=False)
        return np.asarray(_rows(source, tile, smoothing, transposed) @ right)


def squares(source: str, tile: int, smoothing: float) -> float:
    """The sum of squares of a row tile: a task."""
    with naming_task(f"row tile {tile}", TrainingError):
        return float((_rows(source, tile, smoothing, False).data ** 2).sum())


def decompose(
    engine: Engine,
    shards: Shards,
    folder: Path,
    d: int,
    smoothing: float,
    seed: int,
    epochs: int = EPOCHS,
) -> tuple[Dense, Dense, Dense, float]:
    """The d largest singular values S (d,), falling, with U (V, d) and V' (d, V), and the sum of
    squares of the matrix.

    Parameters
    ----------
    folder : path
        Seen by all workers: the dense matrices go through files in it.
    epochs : int
        Steps of the power iteration; each passes over the counts twice.
    """
    k, words = shards.k, shards.words
    width = min(d + MORE, words)
    steps = 0

    def times(right: Dense, *, transposed: bool) -> Dense:
        nonlocal steps
        steps += 1
        file = folder / f"right-{steps}.npy"
        _save(file, right)
        out = np.empty((words, right.shape[1]))
        handles = [
            engine.submit(
                product,
                shards.source,
                tile,
                smoothing,
                transposed,
                os.fspath(file),
                near=tile,
                label=f"product {steps}, row tile {tile}",
            )
            for tile in range(k)
        ]
        for tile, part in enumerate(engine.gather(handles)):
            out[tile::k] = part
        engine.release(handles)
        file.unlink()
        return out

    rng = np.random.Generator(np.random.Philox(key=seed))
    basis = times(rng.standard_normal((words, width)), transposed=False)
    for _ in range(epochs):
        basis = np.linalg.qr(basis)[0]
        basis = np.linalg.qr(times(basis, transposed=True))[0]
        basis = times(basis, transposed=False)
    basis = np.linalg.qr(basis)[0]
    small = times(basis, transposed=True)  # (V, width): the transpose of basis' M
    right, values, left = np.linalg.svd(small, full_matrices=False)
    handles = [engine.submit(squares, shards.source, t, smoothing, near=t) for t in range(k)]
    total = float(sum(engine.gather(handles)))
    engine.release(handles)
    return basis @ left.T[:, :d], values[:d], right.T[:d], total
