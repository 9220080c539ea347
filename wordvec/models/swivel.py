"""Swivel over shards of co-occurrence counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from wordvec.counts.schedule import rounds
from wordvec.counts.shards import Shards
from wordvec.counts.tiles import tile_words
from wordvec.estimator import Callback, option, thread_count
from wordvec.native.models.swivel import SwivelTrainer, Workspace, join
from wordvec.native.vectors.vec import rng_key, row_stride
from wordvec.text.frequency import keep_probability
from wordvec.training.loop import Plan, Step
from wordvec.training.rows import padded_matrix
from wordvec.training.tiles import Matrix, Start, TileModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOPS = 2e11  # of the kernels per second, on one thread of an AMD EPYC (Turin)
START = 1e-8  # AdaGrad's sums at the start: small beside any step, so the rate has no scale


@dataclass(kw_only=True)
class Swivel(TileModel):
    """Swivel [1]_: pointwise mutual information, of pairs that were never seen together too.

    Every cell of the matrix is trained, so an epoch takes about 6 V^2 d operations, whatever the
    corpus. In the reference each word occurs with itself: its count is added to its own cell and
    to both marginals; see `diagonal`.

    Parameters
    ----------
    vector_size : int
        Dimensions; the paper has 300.
    window, min_count, max_vocab :
        For a source that is text: it is counted first, on both sides, and a pair at distance d
        counts 1/d. Shards have theirs already.
    epochs : int
        Passes over the matrix.
    eta : float
        AdaGrad's rate. The reference has 1, with sums from .1: there the vectors of a vocabulary of
        70,000 words hardly move. .1 with sums from 1e-8 has no scale, and so needs no tuning.
    base_weight, cell_weight, weight_exponent : float
        The weight of an observed cell is base_weight + cell_weight x ** weight_exponent; the
        reference's.
    diagonal : bool
        Whether words occur with themselves, as in the reference. Without, similarity of rare words
        is not pulled towards their own information, which is the largest of all:
        docs/measurements/models.md.
    output_vectors : {"sum", "words", "both"}
        Vectors are w + c, as in the reference, w alone, or w beside c in 2 vector_size dimensions.
        Contexts are kept in any case.
    unk : bool
        Add `<unk>` as the last word: the mean of the 100 rarest words.
    super_tile : int
        Tiles on each side of a super-tile, whose tiles are trained together: a cluster then moves
        rows that many times less often. Another number is another order, and other bytes.
    threads : int, optional
        By default all processors; the result does not depend on it.
    seed : int

    Attributes
    ----------
    vectors_ : WordVectors
        With contexts.
    losses_ : list of float
        Mean loss per cell of the V x V matrix, one value per epoch.

    References
    ----------
    .. [1] Shazeer, Doherty, Evans & Waterson 2016, "Swivel: Improving embeddings by noticing what's
       missing".
    """

    papers: ClassVar[tuple[str, ...]] = ("shazeer2016",)

    eta: float = option(0.1, "Learning rate of AdaGrad.", above=0)
    base_weight: float = option(
        0.1, "Weight of a cell, whatever its count.", at_least=0, source="Shazeer et al. 2016"
    )
    cell_weight: float = option(
        0.25,
        "Times count to the power weight_exponent, added to base_weight.",
        at_least=0,
        source="Shazeer et al. 2016",
        aliases=("weight",),
    )
    weight_exponent: float = option(
        0.5,
        "The power of a count in the weight of its cell.",
        above=0,
        source="Shazeer et al. 2016",
    )
    diagonal: bool = option(True, "Words occur with themselves, as in the reference.")

    def _fit(self, shards: Shards, start: Start, progress: Callback | None) -> None:
        d = self.vector_size
        words, contexts = (self._parameters(shards.words, side) for side in (0, 1))
        if (warm := start.warm(shards, d)) is not None:
            words[warm.ids, :d], contexts[warm.ids, :d] = warm.words, warm.contexts
        plan = self._plan(shards, words, contexts)
        trained = self._run(shards, [words, contexts], plan, start, progress)
        self.vectors_ = self._store(shards, trained, words[:, :d], contexts[:, :d])

    def _plan(
        self, shards: Shards, words: Matrix, contexts: Matrix
    ) -> Plan[TileBuffer, tuple[int, int]]:
        d = self.vector_size
        tiles = Tiles(shards, diagonal=self.diagonal)
        trainer = SwivelTrainer(
            words,
            contexts,
            *tiles.biases(),
            d,
            rate=self.eta,
            b0=self.base_weight,
            b1=self.cell_weight,
            alpha=self.weight_exponent,
        )

        def epoch_rounds(epoch: int) -> list[list[tuple[int, int]]]:
            key = rng_key(self.seed, epoch, 1)
            return rounds(shards.k, symmetric=False, seed=key, group=self.super_tile)

        def train(buffer: TileBuffer, at: tuple[int, int]) -> Step:
            n_rows, n_cols = (tile_words(shards.words, shards.k, t) for t in at)
            if not n_rows or not n_cols:
                return Step(0.0, 0, 0, self.eta)
            cells = tiles.read(buffer, *at)
            scale = 1 / math.sqrt(n_rows * n_cols)
            loss = trainer.train(buffer.work, *at, shards.k, n_cols, cells, scale)
            return Step(loss, n_rows * n_cols, n_rows * n_cols, self.eta)

        return Plan(
            epochs=self.epochs,
            rounds=epoch_rounds,
            train=train,
            states=[tiles.buffer(d) for _ in range(thread_count(self.threads))],
            work=shards.words**2,
            unit="cells",
            lower="eta",
        )

    def _seconds(self, shards: Shards) -> float:
        return 6 * shards.words**2 * self.vector_size / FLOPS

    def _parameters(self, words: int, side: int) -> Matrix:
        """Rows (values, AdaGrad's sums) as csrc/wv_swivel.h has them; values from N(0, 1/d)."""
        d = self.vector_size
        stride = row_stride(d)
        matrix = padded_matrix(words, 2 * stride)
        rng = np.random.Generator(np.random.Philox(key=rng_key(self.seed, side, 2)))
        for start in range(0, words, 65536):
            part = matrix[start : start + 65536, :d]
            part[:] = rng.standard_normal(part.shape, np.float32) / np.float32(math.sqrt(d))
        matrix[:, stride:] = START
        return matrix


class TileBuffer:
    """The memory of one thread: a whole tile, and the scratch space of its kernel."""

    def __init__(self, side: int, d: int, cells: int) -> None:
        self.work = Workspace(side, side, d, cells)
        self.row_ptr = np.empty(side + 1, np.uint32)
        self.cols = np.empty(cells, np.uint16)
        self.x = np.empty(cells, np.float32)


class Tiles:
    """Whole tiles of shards: both triangles, and each word with itself if that is wanted."""

    def __init__(self, shards: Shards, *, diagonal: bool = True) -> None:
        self.shards = shards
        self.own: NDArray[np.float32] | None = None
        if diagonal and shards.kind == "co-occurrence":
            own = shards.vocab.counts.astype(np.float32)
            if sample := float(shards.manifest.get("sample", 0)):
                # What was counted, on average.
                own *= keep_probability(shards.vocab.counts, shards.vocab.known, sample)
            self.own = own

    def biases(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """a and b (V,), such that log x + a + b is a cell's information."""
        own = 0 if self.own is None else self.own.astype(np.float64)
        rows, cols = (marginal + own for marginal in self.shards.marginals)
        half = 0.5 * math.log(float(rows.sum()) + 1)
        a, b = (half - np.log(marginal + 1) for marginal in (rows, cols))
        return a.astype(np.float32), b.astype(np.float32)

    def buffer(self, d: int) -> TileBuffer:
        """A buffer that is large enough for every tile."""
        shards = self.shards
        side = tile_words(shards.words, shards.k, 0)
        cells = max(
            shards.entry(i, j).nnz + (shards.entry(j, i).nnz if shards.symmetric else 0)
            for i in range(shards.k)
            for j in range(shards.k)
        )
        return TileBuffer(side, d, cells + side)

    def read(
        self, buffer: TileBuffer, i: int, j: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.float32]]:
        """row_ptr, cols and x of the whole tile (i, j), in the buffer."""
        shards = self.shards
        mirror = shards.tile(j, i)[:3] if shards.symmetric else None
        own = None
        if self.own is not None and i == j:
            own = self.own[i :: shards.k].copy()
        row_ptr = buffer.row_ptr[: tile_words(shards.words, shards.k, i) + 1]
        n = join(shards.tile(i, j)[:3], mirror, i == j, own, row_ptr, buffer.cols, buffer.x)
        return row_ptr, buffer.cols[:n], buffer.x[:n]
