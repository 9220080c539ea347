"""GloVe over shards of co-occurrence counts."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from wordvec.counts.schedule import rounds
from wordvec.counts.shards import Shards
from wordvec.engine.cluster import Cluster
from wordvec.errors import ClusterError
from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.models.convergence import Diagnostic
from wordvec.models.prior import Prior
from wordvec.native.models import hyper
from wordvec.native.models.glove import PULLS, GloVeTrainer, GloVeWorker
from wordvec.native.vectors.vec import rng_key, row_stride
from wordvec.training.loop import Plan, Step
from wordvec.training.rows import padded_matrix, uniform_rows
from wordvec.training.tiles import Matrix, Start, TileModel
from wordvec.vectors.vectors import WordVectors

PULL = 0.1  # mu of Mittens
CELL_SECONDS = 0.63e-9  # per cell and dimension, on one thread of an AMD EPYC (Turin)
# An epoch has grid^2 parts, of which each visits all pairs of tiles, so that a word meets the
# contexts of a tile at several times (csrc/wv_glove.h). The grid from so many cells in a pair on:
# with a finer one a visit has few cells for each row that it fetches.
GRIDS = ((1 << 18, 4), (1 << 15, 2), (0, 1))
CLIP = 100.0  # bound of a gradient's component, as in Stanford's code since 2020


@dataclass(kw_only=True)
class GloVe(TileModel):
    """GloVe [1]_, and with `prior` Mittens [2]_.

    Parameters
    ----------
    vector_size : int
        Dimensions.
    window, min_count, max_vocab :
        For a source that is text: it is counted first, on both sides, and a pair at distance d
        counts 1/d. Shards have theirs already.
    epochs : int
        15 to 25 for small corpora, 50 to 100 for published vectors.
    eta : float
        AdaGrad's rate; the accumulators start at 1.
    x_max, weight_exponent : float
        The weight of a cell is min(1, (x / x_max) ** weight_exponent), whose exponent the paper
        calls alpha; x_max 10 suits corpora of some 10 million words, 100 is the paper's.
    bias_rate : float, optional
        The rate of the biases. By default 1, as in Stanford's code since 2019, which is better than
        eta (WordSim-353 .475 against .458 on 17 million words); the paper has eta.
    output_vectors : {"sum", "words", "both"}
        Vectors are w + c, as in Stanford's code, w alone, or w beside c in 2 vector_size
        dimensions. Contexts and biases are kept in any case.
    unk : bool
        Add `<unk>` as the last word: the mean of the 100 rarest words, as in Stanford's code.
    diagnostic : int
        Number of words that are compared, after each epoch, with their weighted least-squares
        solution given the contexts; 0 for none.
    prior : WordVectors or path, optional
        Vectors of a general corpus, of `vector_size` dimensions. Words that they have start from
        there and are drawn back to there, so that a small corpus of a domain moves what it has
        evidence for. Other words are trained as usual.
    pull : float
        mu, the weight of the squared distance between w + c and the prior, for each such word;
        0 trains as if there were no prior.
    super_tile : int
        Tiles on each side of a super-tile, whose tiles are trained together: a cluster then moves
        rows that many times less often. Another number is another order, and other bytes.
    threads : int, optional
        By default all processors; the result does not depend on it.
    seed : int

    Attributes
    ----------
    vectors_ : WordVectors
        With contexts and both biases.
    losses_ : list of float
        Mean of f(X) (error)^2 / 2 per cell of the full matrix, one value per epoch: Stanford's
        "cost".
    convergence_ : list of float
        Mean cosine of the sample's vectors and their least-squares solutions, one value per epoch
        of this run; 1 where the words cannot improve.

    References
    ----------
    .. [1] Pennington, Socher & Manning 2014, "GloVe: Global vectors for word representation".
    .. [2] Dingwall & Potts 2018, "Mittens: an extension of GloVe for learning domain-specialized
       representations", equation 4.
    """

    papers: ClassVar[tuple[str, ...]] = ("pennington2014", "dingwall2018")
    _both: ClassVar[bool] = True

    epochs: int = same_option(TileModel, "epochs", 15)
    eta: float = option(0.05, "Learning rate of AdaGrad.", above=0, source="Pennington et al. 2014")
    x_max: float = option(
        100.0,
        "Count from which a cell has full weight; 10 suits some 10 million words.",
        above=0,
        source="Pennington et al. 2014",
    )
    weight_exponent: float = option(
        0.75,
        "The weight of a cell is (count / x_max) to this power, at most 1.",
        above=0,
        source="Pennington et al. 2014",
        aliases=("alpha",),
    )
    bias_rate: float | None = option(
        None,
        "Learning rate of the biases.",
        none="1",
        above=0,
        source="Stanford's code since 2019",
    )
    diagnostic: int = option(
        64,
        "Words compared after each epoch with their least-squares solutions; 0 is off.",
        at_least=0,
    )

    prior: str | os.PathLike[str] | WordVectors | None = option(
        None,
        "Vectors of a general corpus, to which words are drawn (Mittens).",
        none="none",
        unit="path",
    )
    pull: float = option(
        PULL,
        "Weight with which words are drawn to the prior; 0 is off.",
        at_least=0,
        source="Dingwall & Potts 2018",
    )

    convergence_: list[float] = field(init=False, repr=False, compare=False)
    _prior: Prior | None = field(default=None, init=False, repr=False, compare=False)

    def _check(self) -> None:
        super()._check()
        if self.prior is None and self.pull not in (0, PULL):
            raise ValueError(
                "pull needs prior, the vectors towards which words are drawn: give it too"
            )

    def recorded(self) -> dict[str, Any]:
        options = super().recorded()
        if self._prior is None:  # the same card and checkpoint as of GloVe without these options
            return {k: v for k, v in options.items() if k not in ("prior", "pull")}
        return options | {"prior": self._prior.facts}

    def notes(self) -> list[str]:
        return [*super().notes(), *([] if self._prior is None else self._prior.notes)]

    def _fit(self, shards: Shards, start: Start, progress: Callback | None) -> None:
        if isinstance(start.engine, Cluster) and self.prior is not None and self.pull > 0:
            raise ClusterError("prior cannot be combined with client: train on one machine")
        d = self.vector_size
        words, contexts = (self._parameters(shards.words, side) for side in (0, 1))
        self._prior = None
        if self.prior is not None and self.pull > 0:
            self._prior = Prior.of(self.prior, shards.vocab, d, self.pull)
            for matrix in (words, contexts):
                matrix[:, :d] += self._prior.rows[:, :d] / 2
        if (warm := start.warm(shards, d)) is not None:
            words[warm.ids, :d], contexts[warm.ids, :d] = warm.words, warm.contexts
            if warm.biases is not None:
                words[warm.ids, d], contexts[warm.ids, d + 1] = warm.biases
        trained = self._run(
            shards, [words, contexts], self._plan(shards, words, contexts), start, progress
        )
        self.convergence_ = trained.convergence
        if self._prior is not None:
            self._prior.measure(words[:, :d], contexts[:, :d])
        self.vectors_ = self._store(
            shards,
            trained,
            words[:, :d],
            contexts[:, :d],
            biases=words[:, d],
            context_biases=contexts[:, d + 1],
        )

    def _seconds(self, shards: Shards) -> float:
        return shards.full_cells * self.vector_size * CELL_SECONDS

    def _parameters(self, words: int, side: int) -> Matrix:
        """Rows (values and bias, AdaGrad's sums) as csrc/wv_glove.h has them."""
        dim = self.vector_size
        stride = row_stride(dim + 2)
        matrix = padded_matrix(words, 2 * stride)
        # U(-.5, .5) / dim for the values and the bias, as in Stanford's code.
        values = matrix[:, : dim + 1]
        uniform_rows(values, dim + 1, 0.5 / dim, rng_key(self.seed, side))
        if side:
            matrix[:, dim + 1] = matrix[:, dim]
        matrix[:, dim + (1 - side)] = 1.0
        matrix[:, stride:] = 1.0
        return matrix

    def _rates(self, stride: int, side: int) -> Matrix:
        rate: Matrix = np.zeros(stride, np.float32)
        rate[: self.vector_size] = self.eta
        rate[self.vector_size + side] = 1.0 if self.bias_rate is None else self.bias_rate
        return rate

    def _plan(self, shards: Shards, words: Matrix, contexts: Matrix) -> Plan[GloVeWorker, _Visit]:
        stride = words.shape[1] // 2
        grid = _grid(shards)
        pulled: dict[str, Any] = {}
        if self._prior is not None:
            # A unit of a symmetric model holds both rows of its words, else only one (i, i) does.
            times = PULLS * (shards.k if shards.symmetric else 1)
            rate = self._rates(stride, 0)
            rate[self.vector_size :] = 0
            pulled = {
                "prior": self._prior.rows,
                "pull": self._prior.known * np.float32(2 * self.pull / times),
                "pull_rate": rate,
            }
        trainer = GloVeTrainer(
            words,
            contexts,
            self._rates(stride, 0),
            self._rates(stride, 1),
            k=shards.k,
            x_max=self.x_max,
            alpha=self.weight_exponent,
            clip=CLIP,
            symmetric=shards.symmetric,
            grid=grid,
            **pulled,
        )

        def epoch_rounds(epoch: int) -> Iterator[list[_Visit]]:
            key = rng_key(self.seed, epoch, 1)
            order = np.empty(grid**2, np.int64)
            hyper.order(key, order)
            for part in map(int, order):
                g, both = self.super_tile, shards.symmetric
                for units in rounds(shards.k, symmetric=both, seed=key + part, group=g):
                    yield [_Visit(key, part, i, j) for i, j in units]

        def train(worker: GloVeWorker, visit: _Visit) -> Step:
            key, part, i, j = visit
            pairs = {(i, j), (j, i)} if shards.symmetric else {(i, j)}
            tiles = [(a, b, *shards.tile(a, b)[:3]) for a, b in sorted(pairs)]
            loss, cells = worker.train(tiles, rng_key(key, i, j), part)
            return Step(loss, cells, cells, self.eta)

        return Plan(
            epochs=self.epochs,
            rounds=epoch_rounds,
            train=train,
            states=[trainer.worker() for _ in range(thread_count(self.threads))],
            work=shards.cells,
            unit="cells",
            scale=shards.cells / shards.full_cells,
            lower="eta",
            convergence=self._diagnose(shards, words, contexts),
        )

    def _diagnose(
        self, shards: Shards, words: Matrix, contexts: Matrix
    ) -> Callable[[], float] | None:
        """What measures the mean cosine of words with their least-squares solutions."""
        if not self.diagnostic:
            return None
        d = self.vector_size

        @functools.cache
        def sample() -> Diagnostic:  # not before it is asked for: a cluster's workers never ask
            return Diagnostic(
                shards, d, self.diagnostic, self.x_max, self.weight_exponent, self.seed, self._prior
            )

        return lambda: sample().cosine(
            words[:, :d], words[:, d], contexts[:, :d], contexts[:, d + 1]
        )


class _Visit(NamedTuple):
    """A task: the part of an epoch, and the tile of which it trains a share."""

    key: int
    part: int
    row: int
    col: int


def _grid(shards: Shards) -> int:
    """Sets that the rows of a tile are dealt to, and its columns: of the counts alone."""
    pairs = shards.k * (shards.k + 1) // 2 if shards.symmetric else shards.k**2
    return next(grid for cells, grid in GRIDS if shards.cells >= cells * pairs)
