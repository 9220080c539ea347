"""Models trained anew, again and again: on resampled documents, or with other seeds.

What it shows is all that changes between runs: with other documents their sample and the training's
own noise, with other seeds that noise alone (Antoniak & Mimno 2018 [1]_ call them BOOTSTRAP and
FIXED).

References
----------
.. [1] Antoniak & Mimno 2018, "Evaluating the stability of embedding-based word similarities".
"""

from __future__ import annotations

import copy
import itertools
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from wordvec.counts.blocks import Blocks
from wordvec.errors import Unanswerable, UnknownWordError
from wordvec.estimator import (
    Callback,
    Option,
    Progress,
    Stopwatch,
    check,
    checked,
    thread_count,
)
from wordvec.inference.documents import LEAST_BLOCKS
from wordvec.inference.estimates import LEVEL, Estimate, quantile
from wordvec.system.files import reserve, scratch_file
from wordvec.system.folders import scratch_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F32 = NDArray[np.float32]
    F64 = NDArray[np.float64]

STABLE = 0.8  # share of runs in which a stable neighbour is among the nearest
LEAST_RUNS = 3  # runs that have a word, of which a spread can be told
ROWS = 4096  # vectors whose similarity to a word is computed at once


@dataclass(frozen=True)
class StableNeighbor:
    """A neighbour over runs: its mean similarity and SD, and the share of runs, of those that have
    both words, in which it is among the nearest."""

    word: str
    similarity: float
    sd: float
    share: float
    stable: bool


@dataclass(frozen=True)
class WordStability:
    """How much a word's neighbourhood changes from run to run.

    Attributes
    ----------
    count : int
        Occurrences in the whole text.
    blocks : int
        Blocks of documents that have it.
    design_effect : float
        Variance of its counts over blocks, divided by their mean; 1 for a word that falls at
        random.
    runs : int
        Runs that have it.
    sd : float
        Mean SD of its similarity with its nearest words.
    jaccard : float
        Mean overlap of its nearest words in two runs: words in both, over words in either.
    rank_sd : float
        Mean SD of the ranks of its nearest words.
    neighbors : tuple of StableNeighbor
        The nearest by mean similarity.
    """

    word: str
    count: int
    blocks: int
    design_effect: float
    runs: int
    sd: float
    jaccard: float
    rank_sd: float
    neighbors: tuple[StableNeighbor, ...]


class Runs:
    """The vectors of several runs of one model over one vocabulary.

    `stability` makes it. Vectors lie in a temporary file without a name, which goes when this does.

    Attributes
    ----------
    blocks : Blocks
    present : ndarray of bool, shape (runs, V)
        Whether a run's documents have the word; one that is absent is missing, never 0.
    kind : str
        "documents" or "seeds".
    """

    def __init__(
        self, blocks: Blocks, units: F32, present: NDArray[np.bool_], kind: str, level: float
    ) -> None:
        self.blocks, self.present, self.kind, self.level = blocks, present, kind, level
        self._units = units
        self._words = list(blocks.vocab)
        self._ranks = {word: rank for rank, word in enumerate(self._words)}

    def __len__(self) -> int:
        return len(self._units)

    def __repr__(self) -> str:
        return f"<Runs: {len(self)} runs over {self.kind}, {len(self._words):,} words>"

    def similarities(self, a: str, b: str) -> F64:
        """The cosine of two words in each run (runs,); NaN where a run lacks one of them."""
        one, other = self._rank(a), self._rank(b)
        cos = np.einsum("rd,rd->r", *(self._units[:, r].astype(np.float64) for r in (one, other)))
        return np.where(self.present[:, one] & self.present[:, other], cos, np.nan)

    def similarity(self, a: str, b: str) -> Estimate:
        """Mean, SD and percentile interval of a cosine over runs.

        Raises
        ------
        Unanswerable
            For a word that stands in fewer than 5 blocks of documents, or in too few runs.
        """
        for word in (a, b):
            self._check_spread(word)
        values = self.similarities(a, b)
        values = values[np.isfinite(values)]
        if len(values) < LEAST_RUNS:
            raise Unanswerable(f"{a!r} and {b!r} are both in {len(values)} of {len(self)} runs")
        low, high = np.quantile(values, [(1 - self.level) / 2, (1 + self.level) / 2]).tolist()
        mean, sd = float(values.mean()), float(values.std(ddof=1))
        return Estimate(mean, sd, low, high, self.level, "runs", self.kind)

    def word(self, word: str, topn: int = 10) -> WordStability:
        """How stable a word's neighbourhood is.

        Raises
        ------
        UnknownWordError
            A KeyError.
        Unanswerable
            For a word that stands in fewer than 5 blocks of documents, or in too few runs.
        """
        check("topn", topn, 1)
        rank = self._rank(word)
        self._check_spread(word)
        runs = np.flatnonzero(self.present[:, rank])
        if len(runs) < LEAST_RUNS:
            raise Unanswerable(f"{word!r} is in {len(runs)} of {len(self)} runs")
        cosines = self._to_all(rank, runs)
        there = self.present[runs]
        cosines[~there] = np.nan
        cosines[:, rank] = np.nan
        # Words of most runs: one that few runs have has no mean to speak of.
        often = there.sum(axis=0) >= max(LEAST_RUNS, len(runs) / 2)
        often[rank] = False
        mean = np.full(cosines.shape[1], -np.inf)
        mean[often] = np.nanmean(cosines[:, often], axis=0)
        nearest = np.argsort(-mean, kind="stable")[:topn]
        nearest = nearest[np.isfinite(mean[nearest])]
        ranked = np.argsort(np.argsort(-np.nan_to_num(cosines, nan=-2.0), kind="stable"), axis=1)
        places = np.where(there, ranked, np.nan)[:, nearest]
        tops = [set(np.flatnonzero(row < topn).tolist()) for row in ranked]
        pairs = itertools.combinations(tops, 2)
        jaccard = float(np.mean([len(a & b) / len(a | b) for a, b in pairs]))
        own = cosines[:, nearest]
        sds = np.nanstd(own, axis=0, ddof=1)
        share = np.nanmean(np.where(np.isnan(places), np.nan, places < topn), axis=0)
        return WordStability(
            word=word,
            count=int(self.blocks.vocab.counts[rank]),
            blocks=self.blocks.spread(rank),
            design_effect=self.blocks.design_effect(rank),
            runs=len(runs),
            sd=float(sds.mean()),
            jaccard=jaccard,
            rank_sd=float(np.nanstd(places, axis=0, ddof=1).mean()),
            neighbors=tuple(
                StableNeighbor(
                    self._words[r], float(mean[r]), float(sd), float(each), bool(each >= STABLE)
                )
                for r, sd, each in zip(nearest.tolist(), sds, share, strict=True)
            ),
        )

    def _to_all(self, rank: int, runs: NDArray[np.int64]) -> F32:
        """Cosines of a word with all words (runs, V)."""
        V = self._units.shape[1]
        out = np.empty((len(runs), V), np.float32)
        for i, run in enumerate(runs.tolist()):
            query = self._units[run, rank]
            for begin in range(0, V, ROWS):
                out[i, begin : begin + ROWS] = self._units[run, begin : begin + ROWS] @ query
        return out

    def _rank(self, word: str) -> int:
        if word not in self._ranks:
            raise UnknownWordError(f"no word {word!r} in the vocabulary of the runs")
        return self._ranks[word]

    def _check_spread(self, word: str) -> None:
        spread = self.blocks.spread(self._rank(word))
        if self.kind == "documents" and spread < LEAST_BLOCKS:
            raise Unanswerable(
                f"{word!r}: stands in {spread} of {len(self.blocks)} blocks of documents; an "
                f"interval needs {LEAST_BLOCKS}"
            )


@checked
def stability(
    model: Any,
    blocks: Blocks | str | os.PathLike[str],
    *,
    runs: Annotated[int, Option(help="Models to train.", at_least=LEAST_RUNS, at_most=10_000)] = 50,
    resample: Annotated[
        Literal["documents", "seeds"],
        Option(
            help="Each run on documents drawn with replacement, or on the same text with another "
            "seed."
        ),
    ] = "documents",
    seed: int = 1,
    level: float = LEVEL,
    threads: int | None = None,
    progress: Callback | None = None,
) -> Runs:
    """Trains a model several times and keeps the vectors.

    Parameters
    ----------
    model : estimator
        One that trains on counts: `GloVe(...)`, `PPMI(...)`, `Swivel(...)`, `CountSkipGram(...)`.
        It is copied; each run has its own seed, from the model's on.
    blocks : Blocks or path
        Counts in blocks of documents (`count_blocks`): the text is not read again.
    runs : int
        Models to train, at least 3.
    resample : {"documents", "seeds"}
        Each run on as many blocks drawn with replacement, or on the whole text.
    seed : int
        Seed of the resamples.
    level : float
        Level of the intervals over the runs, between 0 and 1.
    threads : int, optional
        Threads that add the counts, by default all processors; the model trains with its own.
    progress : callable, optional
        Gets a `Progress` after each run.

    Returns
    -------
    Runs

    Raises
    ------
    TypeError
        For a model that does not train on counts.
    """
    quantile(level)
    if not hasattr(model, "_shards"):
        raise TypeError(
            f"{type(model).__name__} does not train on counts: take GloVe, PPMI, Swivel or "
            "CountSkipGram"
        )
    blocks = blocks if isinstance(blocks, Blocks) else Blocks(blocks)
    words, workers, watch = len(blocks.vocab), thread_count(threads), Stopwatch()
    times = blocks.resamples(runs, seed)
    if resample == "seeds":
        times = np.ones_like(times)
    units: F32 | None = None
    with scratch_folder() as folder:
        shards = None
        for run in range(runs):
            if shards is None or resample == "documents":
                shards = blocks.sum(
                    Path(folder) / "shards", times[run], threads=workers, force=run > 0
                )
            own = copy.copy(model).set_params(seed=model.seed + run)
            if hasattr(own, "diagnostic"):
                own.set_params(diagnostic=0)  # nobody reads how far each run converged
            vectors = np.asarray(own.fit(shards).vectors_.vectors[:words], np.float32)
            if units is None:
                shape = (runs, words, vectors.shape[1])
                with scratch_file() as file:  # the mapping keeps it
                    reserve(file, 4 * math.prod(shape))
                    units = np.memmap(file, np.float32, "r+", shape=shape)
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
            units[run] = vectors / np.maximum(norms, np.finfo(np.float32).tiny)
            if progress:
                progress(Progress("training", run + 1, runs, "runs", watch.seconds))
    assert units is not None
    present = (times > 0).astype(np.int64) @ blocks.counts > 0
    return Runs(blocks, units, present, resample, level)
