"""Rows of parameters: their memory, their start values, and rows of older vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors.vec import row_stride
from wordvec.vectors.vectors import WordVectors

Real = TypeVar("Real", np.float32, np.float64)


def check_init(init: WordVectors | None) -> None:
    """Raises TypeError when the argument `init` of a `fit` is anything but vectors."""
    if init is not None and not isinstance(init, WordVectors):
        kind = type(init).__name__
        raise TypeError(f"init must be WordVectors, as wordvec.load(path) gives them, got {kind}")


def rows_in_common(
    old: WordVectors, words: Iterable[str], dim: int, name: str = "init"
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The words that older vectors have too: their ids here, and their rows in `old`.

    `name` is that of the argument that the vectors came by, for messages.

    Raises
    ------
    ValueError
        When there are none, the older vectors have other dimensions, or one of them is not finite.
    """
    if old.vector_size != dim:
        raise ValueError(f"{name} has {old.vector_size} dimensions, vector_size is {dim}")
    place = old.key_to_index
    found = [(i, place[word]) for i, word in enumerate(words) if word in place]
    if not found:
        raise ValueError(f"{name} has none of the words")
    ids, rows = np.array(found, np.int64).T
    bad = rows[~np.isfinite(old.norms[rows])]
    if len(bad):
        some = ", ".join(old.index_to_key[i] for i in bad[:3].tolist())
        have = "1 vector that is" if len(bad) == 1 else f"{len(bad):,} vectors that are"
        more = ", ..." if len(bad) > 3 else ""
        raise ValueError(f"{name} has {have} not finite: {some}{more}")
    return ids, rows


def with_old_words(new: WordVectors, old: WordVectors) -> WordVectors:
    """The new vectors with the words behind them that only the older ones have.

    Their vectors are those of `old`, and so are their counts (0 where it has none) and contexts,
    where both have contexts; biases, which belong to one training, are dropped when words come in.

    Raises
    ------
    ValueError
        For older vectors of other dimensions.
    """
    if old.vector_size != new.vector_size:
        raise ValueError(
            f"init has {old.vector_size} dimensions, the trained vectors {new.vector_size}"
        )
    more = np.flatnonzero(new.get_ids(list(old.index_to_key), strict=False) < 0)
    if not len(more):
        return new
    contexts = counts = None
    if new.contexts is not None and old.contexts is not None:
        contexts = np.vstack([new.contexts, old.contexts[more]])
    if new.counts is not None:
        known = np.zeros(len(more), np.int64) if old.counts is None else old.counts[more]
        counts = np.concatenate([new.counts, known])
    names = [old.index_to_key[i] for i in more.tolist()]
    both = WordVectors(
        [*new.index_to_key, *names],
        np.vstack([new.vectors, np.asarray(old.vectors, new.vectors.dtype)[more]]),
        counts=counts,
        contexts=contexts,
        meta={**new.meta, "kept_words": len(more)},
    )
    both.subwords, both.induction = new.subwords, new.induction
    return both


@overload
def padded_matrix(rows: int, dim: int) -> NDArray[np.float32]: ...
@overload
def padded_matrix(rows: int, dim: int, dtype: type[Real]) -> NDArray[Real]: ...
def padded_matrix(rows: int, dim: int, dtype: Any = np.float32) -> NDArray[Any]:
    """Zeros (rows, stride): rows start on cache lines, stride is `dim` up to a whole number of
    lines, which hold 16 floats or 8 doubles.

    Allocated at once and in full, so that memory that is not there is missed now; numpy asks for
    huge pages, which spare the random rows their page walks.
    """
    size = np.dtype(dtype).itemsize
    stride = row_stride(dim * size // 4) * 4 // size
    flat = np.empty(rows * stride + 64 // size, dtype)
    start = (-flat.ctypes.data % 64) // size
    matrix = flat[start : start + rows * stride].reshape(rows, stride)
    matrix.fill(0)
    return matrix


def uniform_rows(matrix: NDArray[np.float32], dim: int, half_width: float, seed: int) -> None:
    """Fills the first `dim` columns with draws from U(-half_width, half_width)."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    for start in range(0, len(matrix), 4096):  # the draws are copied: no more than a few MB
        part = matrix[start : start + 4096, :dim]
        part[:] = (2 * rng.random(part.shape, np.float32) - 1) * np.float32(half_width)
