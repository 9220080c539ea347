"""A bootstrap of documents: what vectors would be of another sample, the contexts fixed.

Counts in blocks of documents give the row of a word in any resample as a sum with multiplicities;
the word's vector in that resample is one weighted regression. The other side's vectors stay as they
were trained, so what is found is the word's own share of the uncertainty; training anew on each
resample is `stability`. Models of the same counts with other seeds tell how much of that is the
noise of training, which can be added.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec.errors import Unanswerable
from wordvec.inference.least_squares import Solution, slopes, solve
from wordvec.inference.rows import BlockCounts, Cells, GloVeRows, PPMIRows
from wordvec.system.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

    F64 = NDArray[np.float64]

LEAST_BLOCKS = 5  # with fewer, resamples tell of the blocks that happened to have the word
LEAST_DRAWS = 0.9  # share of resamples in which a word must have a vector
CELLS = 1 << 21  # observations of resamples that are solved at once
HELD = 128 << 20  # bytes of resampled vectors that are kept
LEAST_RETRAINED = 2  # models with other seeds, beside the one in question


class TrainingNoise:
    """How much a figure varies between models of the same counts with other seeds.

    Parameters
    ----------
    vectors : WordVectors
        The model in question.
    others : sequence of WordVectors
        The same model, trained with other seeds.

    Raises
    ------
    Unanswerable
        When they are too few, of another model or other words, or when two are the same.
    """

    def __init__(self, vectors: WordVectors, others: Sequence[WordVectors]) -> None:
        if len(others) < LEAST_RETRAINED:
            raise Unanswerable(
                f"{len(others)} model with another seed does not show how much training varies: "
                f"give {LEAST_RETRAINED} or more"
            )
        self.models = [vectors, *others]
        options = [
            {name: value for name, value in each.meta.get("options", {}).items() if name != "seed"}
            for each in self.models
        ]
        names = list(vectors.index_to_key)
        for number, each in enumerate(others, 1):
            if list(each.index_to_key) != names or each.vector_size != vectors.vector_size:
                raise Unanswerable(f"retrained model {number} has other words or dimensions")
            if options[number] != options[0]:
                raise Unanswerable(
                    f"retrained model {number} was trained with other options; only the seed may "
                    "differ"
                )
            if any(np.array_equal(each.vectors[0], m.vectors[0]) for m in self.models[:number]):
                raise Unanswerable(
                    f"retrained model {number} is another one of the models again: give models of "
                    "other seeds"
                )

    def sd(self, function: Callable[[F64], float], words: Sequence[str | bytes]) -> float:
        """The standard deviation, over models, of a function of the vectors (n, d) of words."""
        values = [
            function(np.stack([np.asarray(model[word], np.float64) for word in words]))
            for model in self.models
        ]
        return float(np.std(values, ddof=1))


class DocumentDraws:
    """Vectors of words in resamples of the documents, the same resamples for all words.

    Parameters
    ----------
    draws, seed : int
        How many resamples: as many blocks as there are, drawn with replacement.
    profiled : bool
        Whether the word's bias is estimated anew in each resample.
    """

    def __init__(
        self,
        counts: BlockCounts,
        rows: GloVeRows | PPMIRows,
        *,
        draws: int,
        seed: int,
        profiled: bool,
        threads: int,
    ) -> None:
        if isinstance(rows, PPMIRows):
            raise Unanswerable(
                "source='documents' is there for glove: a row of ppmi changes with the sums of all "
                "rows; resample with `stability`"
            )
        self.counts, self.rows, self.profiled, self.threads = counts, rows, profiled, threads
        self.times = counts.blocks.resamples(draws, seed)
        self._held: OrderedDict[int, F64] = OrderedDict()

    def draws(self, ranks: Sequence[int]) -> F64:
        """Vectors (draws, n, d); NaN where a resample does not have the word."""
        distinct = list(dict.fromkeys(ranks))
        missing = [rank for rank in distinct if rank not in self._held]
        for rank, vectors in zip(
            missing,
            ordered_map(lambda _, rank: self._resampled(rank), missing, [None] * self.threads),
            strict=True,
        ):
            self._held[rank] = vectors
        out = np.stack([self._held[rank] for rank in ranks], axis=1)
        for rank in distinct:
            self._held.move_to_end(rank)
        each = 8 * out.shape[0] * out.shape[2]
        while len(self._held) > max(HELD // each, len(distinct)):
            self._held.popitem(last=False)
        return out

    def contexts(self, rank: int) -> int:
        """With how many words a word stands."""
        return len(self.counts.cells([rank]).ids)

    def solve(self, ranks: Sequence[int]) -> Iterator[Solution | Unanswerable]:
        """The vectors of the whole text, with the covariances of their resamples."""
        return map(self._solution, ranks)

    def _solution(self, rank: int) -> Solution | Unanswerable:
        word = list(self.counts.blocks.vocab)[rank]
        spread = self.counts.blocks.spread(rank)
        if spread < LEAST_BLOCKS:
            return Unanswerable(
                f"{word!r}: stands in {spread} of {len(self.counts.blocks)} blocks of documents; "
                f"an interval needs {LEAST_BLOCKS}"
            )
        cells = self.counts.cells([rank])
        (whole,) = solve(
            [word],
            self.rows.equations([rank], cells, own_bias=not self.profiled),
            self.rows.intercepts([rank]),
            [rank],
            profiled=self.profiled,
            output=self.rows.parameters.output,
        )
        if isinstance(whole, Unanswerable):
            return whole
        drawn = self.draws([rank])[:, 0]
        there = drawn[np.isfinite(drawn).all(axis=1)]
        if len(there) < max(2, LEAST_DRAWS * len(drawn)):
            return Unanswerable(
                f"{word!r}: has enough contexts in {len(there)} of {len(drawn)} resamples of the "
                "documents only: count more text"
            )
        return replace(whole, covariance=np.atleast_2d(np.cov(there, rowvar=False)))

    def _resampled(self, rank: int) -> F64:
        rows, unit = self.counts.by_block(rank), self.counts.blocks.shards[0].unit
        cols, place = np.unique(np.concatenate([c for c, _ in rows]), return_inverse=True)
        table = np.zeros((len(rows), len(cols)))
        block = np.repeat(np.arange(len(rows)), [len(c) for c, _ in rows])
        table[block, place] = np.concatenate([x for _, x in rows]) / unit
        step = max(1, CELLS // max(len(cols), 1))
        parts = []
        for begin in range(0, len(self.times), step):
            # Sums of whole numbers over a unit: exact to rounding, in whatever order.
            x = self.times[begin : begin + step] @ table
            draw, column = np.nonzero(x > 0.5 / unit)
            ptr = np.searchsorted(draw, np.arange(len(x) + 1)).astype(np.int64)
            cells = Cells(ptr, cols[column].astype(np.int32), x[draw, column])
            words = [rank] * len(x)
            equations = self.rows.equations(words, cells, own_bias=not self.profiled)
            parts.append(
                slopes(
                    equations,
                    profiled=self.profiled,
                    output=self.rows.parameters.output,
                    single=True,
                )
            )
        return np.concatenate(parts)
