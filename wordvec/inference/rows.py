"""Rows of counts as weighted regressions: the equations whose solution is a word's vector.

Given the other side's vectors and biases, GloVe's objective is quadratic in a word's vector w [1]_:

    sum over j in K_i of f_ij (y_ij - c_j . w)^2,   y_ij = log X_ij - b_i - b~_j,

so w is the slope of a weighted regression of y on the contexts c_j. PPMI-SVD is one too: row i of
the information matrix on the contexts, all of them, with weight 1.

References
----------
.. [1] Vallebueno, Handan-Nader, Manning & Ho 2024, "Statistical uncertainty in word embeddings:
   GloVe-V".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from wordvec.counts.blocks import Blocks
from wordvec.counts.shards import Shards
from wordvec.counts.tiles import tile_words
from wordvec.errors import Unanswerable
from wordvec.native.corpus.rows import whole_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

    F32 = NDArray[np.float32]
    F64 = NDArray[np.float64]

UNK = "<unk>"
_LOGISTIC = (
    "skip-gram's loss is logistic, and its information matrix, which sums over noise words too, is "
    "not computed: use `stability` with count-skipgram"
)
# Of models without a variance: what is missing, and what to do.
LACKING = {
    **dict.fromkeys(("skipgram", "cbow", "fasttext", "countskipgram"), _LOGISTIC),
    "swivel": "swivel's loss of unseen pairs is logistic, and its curvature is not computed: use "
    "`stability`",
}


class Cells(NamedTuple):
    """Sparse rows one after another: row i has columns ids[ptr[i] : ptr[i + 1]] and their counts
    x, as float64, or as float32 that they are stored in."""

    ptr: NDArray[np.int64]
    ids: NDArray[np.int32]
    x: NDArray[np.floating]

    def part(self, begin: int, end: int) -> Cells:
        """Rows [begin, end)."""
        ptr = self.ptr[begin : end + 1]
        span = slice(int(ptr[0]), int(ptr[-1]))
        return Cells(ptr - ptr[0], self.ids[span], self.x[span])

    def subset(self, rows: NDArray[np.integer]) -> Cells:
        """Some of the rows, rising."""
        if len(rows) == len(self.ptr) - 1:
            return self
        ptr, cells = _among(self.ptr, rows)
        return Cells(ptr, self.ids[cells], self.x[cells])


class Half(NamedTuple):
    """The regressions of one half of the parameters.

    own (V, d) are the vectors to be explained, others (V, d) the regressors; targets (n,) is y of
    each cell.
    """

    own: F32
    others: F32
    targets: F64


class Equations(NamedTuple):
    """Regressions of some words: ptr as in `Cells`, weights f (n,), one half for vectors w, or two
    for w and c, and how many cells of counts each word has (words,)."""

    ptr: NDArray[np.int64]
    ids: NDArray[np.int32]
    weights: F64
    halves: tuple[Half, ...]
    contexts: NDArray[np.int64]

    def subset(self, words: NDArray[np.integer]) -> Equations:
        """Those of some of the words, rising."""
        ptr, cells = _among(self.ptr, words)
        return Equations(
            ptr,
            self.ids[cells],
            self.weights[cells],
            tuple(half._replace(targets=half.targets[cells]) for half in self.halves),
            self.contexts[words],
        )


def _among(
    ptr: NDArray[np.int64], rows: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Row pointers of some rows, rising, and which cells are theirs."""
    sizes = np.diff(ptr)
    wanted = np.zeros(len(sizes), bool)
    wanted[rows] = True
    return np.concatenate([[0], np.cumsum(sizes[rows])]).astype(np.int64), np.repeat(wanted, sizes)


class Counts(Protocol):
    """Where rows of counts come from."""

    words: int
    symmetric: bool

    def cells(self, words: Sequence[int]) -> Cells:
        """Whole rows of some words."""

    def all_cells(self) -> Iterator[tuple[NDArray[np.int64], Cells]]:
        """The rows of all words, many at a time, with the words' ranks."""


class WholeCounts:
    """Rows of shards."""

    def __init__(self, shards: Shards) -> None:
        self.shards = shards
        self.words, self.symmetric = shards.words, shards.symmetric

    def cells(self, words: Sequence[int]) -> Cells:
        rows = self.shards.rows(words)
        ptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(cols) for cols, _ in rows], out=ptr[1:])
        empty_ids, empty_x = np.empty(0, np.int64), np.empty(0)
        ids = np.concatenate([empty_ids, *(cols for cols, _ in rows)]).astype(np.int32)
        return Cells(ptr, ids, np.concatenate([empty_x, *(x for _, x in rows)]))

    def all_cells(self) -> Iterator[tuple[NDArray[np.int64], Cells]]:
        """A row tile at a time: the words of one rest mod k."""
        shards, k = self.shards, self.shards.k
        for i in range(k):
            yield np.arange(i, shards.words, k), _row_tile(shards, i)


def _row_tile(shards: Shards, i: int) -> Cells:
    """The whole rows of row tile i: its tiles, and of a symmetric matrix those that mirror them."""
    tiles = []
    for j in range(shards.k):
        words = tile_words(shards.words, shards.k, j)
        for mirrored in (False, True)[: 1 + shards.symmetric]:
            tile = shards.tile(j, i) if mirrored else shards.tile(i, j)
            tiles.append((j, words, mirrored, tile.row_ptr, tile.cols, tile.values))
    return Cells(*whole_rows(tiles, i, shards.k, tile_words(shards.words, shards.k, i)))


class BlockCounts:
    """Rows of the sum of blocks."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.words, self.symmetric = blocks.shards[0].words, blocks.shards[0].symmetric

    def by_block(self, word: int) -> list[tuple[NDArray[np.int64], F64]]:
        """The row of a word in each block: columns and counts, in whole units."""
        unit = self.blocks.shards[0].unit
        rows = (shards.row(word) for shards in self.blocks.shards)
        return [(cols, np.rint(x * unit)) for cols, x in rows]

    def cells(self, words: Sequence[int]) -> Cells:
        unit = self.blocks.shards[0].unit
        ptr, ids, xs = [0], [np.empty(0, np.int64)], [np.empty(0)]
        for word in words:
            rows = self.by_block(word)
            cols, place = np.unique(np.concatenate([c for c, _ in rows]), return_inverse=True)
            units = np.bincount(
                place, weights=np.concatenate([x for _, x in rows]), minlength=len(cols)
            )
            # As a shard of the sum holds it.
            xs.append((units / unit).astype(np.float32).astype(np.float64))
            ids.append(cols)
            ptr.append(ptr[-1] + len(cols))
        return Cells(
            np.array(ptr, np.int64), np.concatenate(ids).astype(np.int32), np.concatenate(xs)
        )

    def all_cells(self) -> Iterator[tuple[NDArray[np.int64], Cells]]:
        """Few words at a time: a word's row is in each block."""
        for begin in range(0, self.words, 64):
            ranks = np.arange(begin, min(begin + 64, self.words))
            yield ranks, self.cells(ranks.tolist())


@dataclass(frozen=True, eq=False)
class Parameters:
    """What a model left of its training, by rank: words w and contexts c (V, d), biases (V,)."""

    words: F32
    contexts: F32
    biases: F64 | None
    context_biases: F64 | None
    output: str

    @property
    def dim(self) -> int:
        """Dimensions of one half."""
        return int(self.words.shape[1])

    @classmethod
    def of(cls, wv: WordVectors, *, biases: bool) -> Parameters:
        """Takes vectors apart.

        Raises
        ------
        Unanswerable
            When contexts or biases are missing.
        """
        options = wv.meta.get("options", {})
        output = str(options.get("output_vectors", options.get("output", "words")))
        n = len(wv) - (UNK in wv and wv.get_index(UNK) == len(wv) - 1)
        both = np.asarray(wv.vectors, np.float32)[:n]
        lacking = [
            name
            for name, there in (
                ("contexts", output == "both" or wv.contexts is not None),
                ("biases", not biases or wv.biases is not None),
                ("context biases", not biases or wv.context_biases is not None),
            )
            if not there
        ]
        if lacking:
            raise Unanswerable(
                f"the vectors have no {' and no '.join(lacking)}, without which their variance "
                "cannot be computed: train glove or ppmi from counts and keep the .wv file as it is"
            )
        if output == "both":
            words, contexts = np.split(both, 2, axis=1)
        else:
            contexts = np.asarray(wv.contexts, np.float32)[:n]
            words = both - contexts if output == "sum" else both
        own, other = (
            None if column is None else np.asarray(column[:n], np.float64)
            for column in (wv.biases, wv.context_biases)
        )
        return cls(np.ascontiguousarray(words), np.ascontiguousarray(contexts), own, other, output)


class GloVeRows:
    """The regressions of GloVe."""

    def __init__(self, parameters: Parameters, x_max: float, exponent: float) -> None:
        self.parameters, self.x_max, self.exponent = parameters, x_max, exponent
        self.dense = False

    def equations(self, words: Sequence[int], cells: Cells, *, own_bias: bool) -> Equations:
        """Regressions of some words from their rows. Without `own_bias` the word's own bias stays
        in the target, for an intercept to find."""
        p = self.parameters
        assert p.biases is not None
        assert p.context_biases is not None
        log_x, sizes = np.log(cells.x, dtype=np.float64), np.diff(cells.ptr)
        halves = [Half(p.words, p.contexts, log_x - p.context_biases[cells.ids])]
        if p.output != "words":
            halves.append(Half(p.contexts, p.words, log_x - p.biases[cells.ids]))
        if own_bias:
            for half, bias in zip(halves, (p.biases, p.context_biases), strict=False):
                half.targets[:] -= np.repeat(bias[words], sizes)
        # min(1, (x / x_max)^exponent), from the logarithm that is there
        log_x -= np.log(self.x_max)
        log_x *= self.exponent
        weights = np.exp(np.minimum(log_x, 0, out=log_x), out=log_x)
        return Equations(cells.ptr, cells.ids, weights, tuple(halves), sizes)

    def intercepts(self, words: Sequence[int]) -> list[F64]:
        """The words' biases, one array (n,) for each half."""
        p = self.parameters
        assert p.biases is not None
        assert p.context_biases is not None
        both = [p.biases[words], p.context_biases[words]]
        return both[: 1 if p.output == "words" else 2]


class PPMIRows:
    """The regressions of PPMI-SVD: a row of the information matrix on all contexts."""

    def __init__(
        self, parameters: Parameters, marginals: tuple[F64, F64], smoothing: float
    ) -> None:
        self.parameters = parameters
        rows, cols = marginals
        share = np.maximum(cols, 1e-300) ** smoothing
        self.log_row = np.log(np.maximum(rows, 1e-300))
        self.log_col = np.log(share / share.sum())
        self.dense = True

    def equations(self, words: Sequence[int], cells: Cells, *, own_bias: bool) -> Equations:
        """As for GloVe; every column is a cell, and most have the target 0."""
        p, V = self.parameters, len(self.log_row)
        place = cells.ids + np.repeat(np.arange(len(words)), np.diff(cells.ptr)) * V
        word = np.repeat(np.asarray(words), np.diff(cells.ptr))
        log_x = np.log(cells.x, dtype=np.float64)
        halves = []
        for own, others, row, col in (
            (p.words, p.contexts, word, cells.ids),
            (p.contexts, p.words, cells.ids, word),
        ):
            targets = np.zeros(len(words) * V)
            targets[place] = np.maximum(log_x - self.log_row[row] - self.log_col[col], 0)
            halves.append(Half(own, others, targets))
        n = len(words)
        return Equations(
            np.arange(n + 1, dtype=np.int64) * V,
            np.tile(np.arange(V, dtype=np.int32), n),
            np.ones(n * V),
            tuple(halves[: 1 if p.output == "words" else 2]),
            np.diff(cells.ptr),
        )

    def intercepts(self, words: Sequence[int]) -> list[F64]:
        """Zeros: the model has no biases."""
        return [np.zeros(len(words))] * (1 if self.parameters.output == "words" else 2)


def rows_of(
    wv: WordVectors, counts: Shards | Blocks, *, x_max: float | None, weight_exponent: float | None
) -> GloVeRows | PPMIRows:
    """The regressions that a model solved.

    Raises
    ------
    Unanswerable
        When the vectors are not of a model of this kind, lack what is needed, or were not trained
        on these counts.
    """
    model = str(wv.meta.get("model", "")).lower()
    options: dict[str, Any] = dict(wv.meta.get("options", {}))
    shards = counts.shards[0] if isinstance(counts, Blocks) else counts
    if model == "ppmi":
        parameters = Parameters.of(wv, biases=False)
        _check_counts(wv, parameters, counts, shards)
        if isinstance(counts, Blocks):
            both = [s.marginals for s in counts.shards]
            rows, cols = (np.sum([each[side] for each in both], axis=0) for side in (0, 1))
        else:
            rows, cols = counts.marginals
        return PPMIRows(parameters, (rows, cols), float(options.get("smoothing", 0.75)))
    if model and model != "glove":
        raise Unanswerable(
            f"the vectors are of {model}: variances are known for models that solve least squares "
            f"(glove, ppmi); {LACKING.get(model.replace('-', ''), 'train one of these')}"
        )
    parameters = Parameters.of(wv, biases=True)
    x_max = x_max if x_max is not None else options.get("x_max")
    if weight_exponent is None:
        weight_exponent = options.get("weight_exponent", options.get("alpha"))
    if x_max is None or weight_exponent is None:
        raise Unanswerable(
            "the vectors do not say with which x_max and weight_exponent they were trained: give "
            "both"
        )
    if not (x_max > 0 and weight_exponent > 0):
        raise ValueError(
            f"x_max and weight_exponent must be > 0, got {x_max} and {weight_exponent}"
        )
    _check_counts(wv, parameters, counts, shards)
    return GloVeRows(parameters, float(x_max), float(weight_exponent))


def _check_counts(
    wv: WordVectors, parameters: Parameters, counts: Shards | Blocks, shards: Shards
) -> None:
    n = len(parameters.words)
    words = list(shards.vocab)
    if words != list(wv.index_to_key[:n]):
        at = next(
            (i for i, (a, b) in enumerate(zip(words, wv.index_to_key[:n], strict=False)) if a != b),
            min(len(words), n),
        )
        raise Unanswerable(
            f"{counts.path}: has {len(words):,} words and the vectors {n:,}, and they differ from "
            f"rank {at:,} on: give the counts that these vectors were trained on"
        )
    trained = wv.meta.get("shards") or {}
    names = ["window", "weighting", "direction"]
    if isinstance(counts, Shards):
        names += ["corpus_tokens", "cells"]
    there = shards.manifest | ({"cells": shards.cells})
    for name in names:
        if trained.get(name) is not None and trained[name] != there.get(name):
            raise Unanswerable(
                f"{counts.path}: {name} is {there.get(name)!r}, the vectors were trained with "
                f"{trained[name]!r}: give the counts that these vectors were trained on"
            )
    if parameters.output != "words" and not shards.symmetric:
        raise Unanswerable(
            f"{counts.path}: the counts are not symmetric, so rows and columns are different data: "
            "train with output_vectors='words'"
        )
