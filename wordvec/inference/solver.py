"""Solutions of words from counts, a batch at a time, in threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec.errors import Unanswerable
from wordvec.inference.least_squares import Covariance, Solution, refusal, solve
from wordvec.inference.rows import BlockCounts, Cells, GloVeRows, PPMIRows, WholeCounts
from wordvec.system.blas import single_threaded
from wordvec.system.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Found = Solution | Unanswerable

LONG = 8192  # contexts from which products are of floats: covariances to 1e-6, in half the time
BATCH_CELLS = 1 << 20  # observations that a thread solves at once
BATCH_BYTES = 2 << 20  # of Gram matrices of a batch; inverses and covariances take as much each


class How(NamedTuple):
    """How variances are found; see `wordvec.Uncertainty`."""

    covariance: Covariance
    polished: bool
    profiled: bool
    threads: int


class CountSolutions:
    """The regressions of words on their rows of counts."""

    def __init__(
        self,
        words: Sequence[str],
        counts: WholeCounts | BlockCounts,
        rows: GloVeRows | PPMIRows,
        how: How,
    ) -> None:
        self.words, self.counts, self.rows, self.how = words, counts, rows, how

    def contexts(self, rank: int) -> int:
        """With how many words a word stands."""
        return len(self.counts.cells([rank]).ids)

    def solve(self, ranks: Sequence[int]) -> Iterator[Found]:
        """Solutions of some words, in order."""
        size = self._batch_size()
        batches = [ranks[i : i + size] for i in range(0, len(ranks), size)]
        # One batch is shared by all threads; of several, each thread has its own.
        inside = self.how.threads if len(batches) == 1 else 1

        def batch(_: None, some: Sequence[int]) -> list[Found]:
            return self._solve_each(some, self.counts.cells(some), inside)

        with single_threaded():
            states = [None] * (1 if inside > 1 else self.how.threads)
            for part in ordered_map(batch, batches, states):
                yield from part

    def all(self) -> Iterator[tuple[int, Found]]:
        """The rank and the solution of each word, in an order that the counts decide.

        Products are those of floats, for half the time: covariances differ from those of `solve` by
        about 1e-6 of their size.
        """
        size = self._batch_size()

        def batches() -> Iterator[tuple[NDArray[np.int64], Cells]]:
            for ranks, cells in self.counts.all_cells():
                for begin in range(0, len(ranks), size):
                    end = min(begin + size, len(ranks))
                    yield ranks[begin:end], cells.part(begin, end)

        def batch(_: None, task: tuple[NDArray[np.int64], Cells]) -> tuple[list[int], list[Found]]:
            ranks = task[0].tolist()
            return ranks, self._solve(ranks, task[1], single=True)

        with single_threaded():
            for ranks, found in ordered_map(batch, batches(), [None] * self.how.threads):
                yield from zip(ranks, found, strict=True)

    def _batch_size(self) -> int:
        """Words that a thread solves at once."""
        dim = self.rows.parameters.dim
        width = (1 if self.rows.parameters.output == "words" else 2) * (dim + 2)
        size = max(1, BATCH_BYTES // (8 * width**2))
        return max(1, min(size, BATCH_CELLS // self.counts.words)) if self.rows.dense else size

    def _solve_each(self, ranks: Sequence[int], cells: Cells, threads: int) -> list[Found]:
        """Rounding errors of products of floats average out over a long row: of short rows products
        are of doubles. Which they are does not depend on the words that are asked for together."""
        long = np.zeros(len(ranks), bool) if self.rows.dense else np.diff(cells.ptr) >= LONG
        found: list[Found] = [Unanswerable("")] * len(ranks)
        for single in (False, True):
            kept = np.flatnonzero(long == single)
            if len(kept):
                kept_ranks = [ranks[i] for i in kept.tolist()]
                solved = self._solve(kept_ranks, cells.subset(kept), single=single, threads=threads)
                for i, solution in zip(kept.tolist(), solved, strict=True):
                    found[i] = solution
        return found

    def _solve(
        self, ranks: Sequence[int], cells: Cells, *, single: bool = False, threads: int = 1
    ) -> list[Found]:
        names = [self.words[rank] for rank in ranks]
        why: list[str | None] = [None] * len(ranks)
        if not self.rows.dense:
            width = self.rows.parameters.dim + self.how.profiled
            sizes = np.diff(cells.ptr).tolist()
            why = [refusal(word, n, width) for word, n in zip(names, sizes, strict=True)]
        # The products of a word that has no answer are not computed.
        kept = [i for i, reason in enumerate(why) if reason is None]
        if len(kept) < len(ranks):
            cells = cells.subset(np.array(kept, np.int64))
        ranks = [ranks[i] for i in kept]
        found: list[Found] = [Unanswerable(reason or "") for reason in why]
        if not kept:
            return found
        solved = solve(
            [names[i] for i in kept],
            self.rows.equations(ranks, cells, own_bias=not self.how.profiled),
            self.rows.intercepts(ranks),
            ranks,
            covariance=self.how.covariance,
            polished=self.how.polished,
            profiled=self.how.profiled,
            output=self.rows.parameters.output,
            single=single,
            threads=threads,
        )
        for i, solution in zip(kept, solved, strict=True):
            found[i] = solution
        return found
