"""The k nearest of many words in another space or their own, from products made block by block.

Memory is a block of scores and the lists. Edges of blocks depend on sizes alone and lists on no
order, so a result has the same bytes at any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors import best
from wordvec.system.blas import single_threaded
from wordvec.system.parallel import ordered_map, threads

F32: TypeAlias = NDArray[np.float32]
I32: TypeAlias = NDArray[np.int32]
Rows: TypeAlias = Callable[[int, int], F32]  # rows begin .. end of a matrix

State = TypeVar("State")
Task = TypeVar("Task")

ROWS, COLUMNS = 512, 1024  # of a block of scores, 2 MB: the second-level cache and some of the next
NOBODY = np.iinfo(np.int32).max  # an id where a list is not full


def edges(size: int, step: int) -> list[tuple[int, int]]:
    """Begin and end of each block of `step` in `size`."""
    return [(begin, min(begin + step, size)) for begin in range(0, size, step)]


class Block:
    """Room for a block of scores, which a thread uses again and again."""

    def __init__(self, size: int = COLUMNS * COLUMNS) -> None:
        self._room = np.empty(size, np.float32)

    def product(self, A: F32, B: F32) -> F32:
        """(n, m) products of the rows of A and B, valid until the next ones are made."""
        n, m = len(A), len(B)
        return np.matmul(A, B.T, out=self.like(n, m))

    def like(self, n: int, m: int) -> F32:
        """The room as (n, m)."""
        return self._room[: n * m].reshape(n, m)


class Lists:
    """The k best scores of each of n rows, falling, and the ids that they are of.

    Attributes
    ----------
    top : ndarray of float32, shape (n, k)
        -inf where a list is not full.
    ids : ndarray of int32, shape (n, k)
        `NOBODY` there.
    """

    def __init__(self, n: int, k: int) -> None:
        self.top = np.full((n, k), -np.inf, np.float32)
        self.ids = np.full((n, k), NOBODY, np.int32)
        self._least = np.full(n, -np.inf, np.float32)

    def rows(self, scores: F32, begin: int, first: int) -> None:
        """Offers row i of scores (n, m) to list begin + i, as ids first .. first + m."""
        end = begin + len(scores)
        best.rows(scores, first, self.top[begin:end], self.ids[begin:end])
        self._least[begin:end] = self.top[begin:end, -1]

    def columns(self, scores: F32, begin: int, first: int) -> None:
        """Offers column j of scores (n, m) to list begin + j, as ids first .. first + n."""
        end = begin + scores.shape[1]
        best.columns(
            scores, first, self.top[begin:end], self.ids[begin:end], self._least[begin:end]
        )

    def merge(self, other: Lists) -> None:
        """Offers the lists of another thread."""
        best.merge(self.top, self.ids, other.top, other.ids)
        self._least[:] = self.top[:, -1]

    def means(self) -> F32:
        """(n,) mean score of each list, which must be full."""
        # Rising, so that small ones are not lost in the sum.
        return np.asarray(self.top[:, ::-1].mean(axis=1, dtype=np.float64), np.float32)


def largest(A: F32, B: F32, k: int, penalty: F32 | None = None) -> Lists:
    """For each row of A (n, d) the k largest products with rows of B (m, d), k <= m.

    Parameters
    ----------
    penalty : ndarray of float32, shape (m,), optional
        Taken from the products.
    """
    found = Lists(len(A), k)

    def work(room: Block, block: tuple[int, int]) -> None:
        begin, end = block
        for first, last in edges(len(B), COLUMNS):
            scores = room.product(A[begin:end], B[first:last])
            if penalty is not None:
                scores -= penalty[first:last]
            found.rows(scores, begin, first)

    over(work, edges(len(A), ROWS), [Block() for _ in range(threads())])
    return found


def largest_both(A: F32, B: F32, k: int) -> tuple[Lists, Lists]:
    """`largest` of A in B and of B in A, products made once; of all rows where k is more."""
    forward = Lists(len(A), min(k, len(B)))
    parts = [Lists(len(B), min(k, len(A))) for _ in range(min(threads(), -(-len(A) // ROWS)))]

    def work(state: tuple[Lists, Block], block: tuple[int, int]) -> None:
        (back, room), (begin, end) = state, block
        for first, last in edges(len(B), COLUMNS):
            scores = room.product(A[begin:end], B[first:last])
            forward.rows(scores, begin, first)
            back.columns(scores, first, begin)

    over(work, edges(len(A), ROWS), [(lists, Block()) for lists in parts])
    return forward, merged(parts)


def largest_within(rows: Rows, n: int, k: int) -> Lists:
    """For each of n rows the k largest products with the others, k < n; each pair is made once.

    Parameters
    ----------
    rows : callable
        rows(begin, end) gives a block of the matrix, float32.
    """
    parts = [Lists(n, k) for _ in range(min(threads(), -(-n // COLUMNS)))]
    blocks = edges(n, COLUMNS)

    def work(state: tuple[Lists, Block], number: int) -> None:
        lists, room = state
        begin, end = blocks[number]
        own = rows(begin, end)
        for first, last in blocks[number:]:
            scores = room.product(own, own if first == begin else rows(first, last))
            if first == begin:
                np.fill_diagonal(scores, -np.inf)
                # BLAS may round a product and its mirror image differently.
                lower = np.tril_indices(len(scores), -1)
                scores[lower] = scores.T[lower]
            else:
                lists.columns(scores, first, begin)
            lists.rows(scores, begin, first)

    over(work, range(len(blocks)), [(lists, Block()) for lists in parts])
    return merged(parts)


def over(
    work: Callable[[State, Task], None], tasks: Sequence[Task], states: Sequence[State]
) -> None:
    """work(state, task) for all tasks, with a thread for each state, and one for each in BLAS."""
    with single_threaded():
        for _ in ordered_map(work, tasks, states[: max(1, len(tasks))]):
            pass


def merged(parts: list[Lists]) -> Lists:
    """The lists of all threads as one."""
    for other in parts[1:]:
        parts[0].merge(other)
    return parts[0]
