"""Change of meaning between two collections of texts, beside what chance gives.

The vectors of a word in two trainings never lie in the same place, even when the texts say the same
of it, and rare words lie farther apart than frequent ones. So each distance is compared with those
of texts in which the documents were exchanged at random between the two collections: what is beyond
them is change (Dubossarsky et al. 2017 [1]_).

References
----------
.. [1] Dubossarsky, Weinshall & Grossman 2017, "Outta Control: Laws of Semantic Change and Inherent
   Biases in Word Representation Models".
.. [2] Hamilton, Leskovec & Jurafsky 2016, "Diachronic Word Embeddings Reveal Statistical Laws of
   Semantic Change": the orthogonal map and the cosine distance.
.. [3] Benjamini & Hochberg 1995, "Controlling the False Discovery Rate".
.. [4] Hamilton, Leskovec & Jurafsky 2016, "Cultural Shift or Linguistic Drift? Comparing Two
   Computational Measures of Semantic Change": the distance of neighbourhoods.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from wordvec.counts.blocks import Blocks
from wordvec.counts.sums import HOW_COUNTED, sum_shards
from wordvec.errors import ShardError, Unanswerable, UnknownWordError
from wordvec.estimator import Callback, Option, Progress, Stopwatch, checked, thread_count
from wordvec.inference.distances import DISTANCES, unit
from wordvec.system.folders import scratch_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F64 = NDArray[np.float64]
    F32 = NDArray[np.float32]

LEAST_NULLS = 10  # exchanges of documents, of which a mean and an SD can be told
POOL = 0.2  # share of the words, nearest in frequency, whose exchanges make one null distribution
LEAST_POOL = 50
ROUNDING = 1e-12  # below, distances differ by rounding alone
UNEVEN = 1.5  # times as many words in the blocks of one collection: said in a note

Method = Annotated[
    Literal["procrustes", "neighbors"],
    Option(
        help="Distance of a word's vectors after an orthogonal map of the spaces, or of its "
        "cosines with its nearest words in both, which needs no map."
    ),
]
Nulls = Annotated[
    int,
    Option(
        help="How often the documents are exchanged at random; two trainings each.",
        at_least=LEAST_NULLS,
        at_most=10_000,
    ),
]
Least = Annotated[
    int, Option(help="Occurrences that a word needs in both collections.", at_least=1)
]


@dataclass(frozen=True)
class Collection:
    """A collection of texts that was compared: its folder, blocks, documents, and occurrences of
    words of the vocabulary."""

    path: str
    blocks: int
    documents: int
    words: int


@dataclass(frozen=True)
class WordChange:
    """How far a word moved, and how far chance moves a word like it.

    Attributes
    ----------
    distance : float
        1 - cosine, in [0, 2]: of its two vectors, or of its cosines with its neighbours.
    by_chance : float
        Mean distance when documents are exchanged.
    z : float
        (distance - by_chance) / SD of the distances by chance.
    p : float
        Share of words of like frequency that chance moves as far beyond their mean, one-sided.
    q : float
        p adjusted for the number of words that were tested (Benjamini & Hochberg).
    old_count, new_count : int
    """

    word: str
    distance: float
    by_chance: float
    z: float
    p: float
    q: float
    old_count: int
    new_count: int


class Changes:
    """The words of two collections with their change. `change` makes it.

    Attributes
    ----------
    words : tuple of WordChange
        Those that occur often enough in both, by z, the largest first.
    between : (Collection, Collection)
        The older and the newer one.
    """

    def __init__(
        self,
        between: tuple[Collection, Collection],
        words: tuple[WordChange, ...],
        names: list[str],
        counts: NDArray[np.int64],
        units: tuple[F32, F32],
        least: int,
        uneven: float = 1.0,
    ) -> None:
        self.between, self.words = between, words
        self.least, self._uneven = least, uneven
        self._names, self._counts, self._units = names, counts, units
        self._by_name = {each.word: each for each in words}
        self._ranks = {name: rank for rank, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return f"<Changes: {len(self):,} words>"

    def __getitem__(self, word: str) -> WordChange:
        """The change of a word.

        Raises
        ------
        UnknownWordError
            A KeyError.
        Unanswerable
            For a word that one of the collections has too seldom.
        """
        self._tested(word)
        return self._by_name[word]

    def notes(self) -> list[str]:
        """What to know of the result, in sentences."""
        if self._uneven <= UNEVEN:
            return []
        return [
            f"a block has {self._uneven:.1f} times as many words in one collection as in the "
            "other, so that exchanges change their sizes: take blocks in proportion to the texts"
        ]

    @checked
    def neighbors(
        self,
        word: str,
        topn: Annotated[int, Option(help="Neighbours of each word.", at_least=1)] = 5,
    ) -> tuple[list[str], list[str]]:
        """The nearest words in the older and in the newer collection, the nearest first."""
        rank = self._tested(word)
        found = []
        for side, rows in enumerate(self._units):
            scores = rows @ rows[rank]
            scores[self._counts[side] < self.least] = -np.inf
            scores[rank] = -np.inf
            best = np.argsort(-scores, kind="stable")[:topn]
            found.append([self._names[i] for i in best.tolist() if np.isfinite(scores[i])])
        return found[0], found[1]

    def _tested(self, word: str) -> int:
        if word not in self._ranks:
            raise UnknownWordError(f"no word {word!r} in the vocabulary of the counts")
        rank = self._ranks[word]
        if word not in self._by_name:
            old, new = self._counts[:, rank].tolist()
            raise Unanswerable(
                f"{word!r} occurs {old:,} times in the older and {new:,} times in the newer texts; "
                f"a distance needs {self.least} in both (least)"
            )
        return rank


@checked
def change(
    model: Any,
    old: Blocks | str | os.PathLike[str],
    new: Blocks | str | os.PathLike[str],
    *,
    method: Method = "procrustes",
    nulls: Nulls = 20,
    least: Least = 20,
    seed: int = 1,
    threads: int | None = None,
    progress: Callback | None = None,
) -> Changes:
    """Finds the words whose contexts differ between two collections more than chance makes them.

    A model is trained on each collection, and the distance of each word's two vectors is measured.
    Then the blocks of documents are exchanged between the collections at random, `nulls` times, and
    everything is done again.

    Parameters
    ----------
    model : estimator
        One that trains on counts: `CountSkipGram(...)`, `PPMI(...)`, `GloVe(...)`, `Swivel(...)`.
        It is copied; each training has its own seed, from the model's on.
    old, new : Blocks or path
        Counts in blocks of documents (`count_blocks`), of one vocabulary. Blocks should have about
        as many words in both.
    method : {"procrustes", "neighbors"}
        "procrustes": an orthogonal map (of centred unit vectors) brings the older space onto the
        newer one; 1 - cosine of the word's vectors. "neighbors": the word's cosines with the 25
        nearest words of either space are made a vector in each space; 1 - cosine of the two. It
        needs no map and reacts more to changes of few neighbours.
    nulls : int
        How often documents are exchanged, at least 10. The time is that of 2 nulls + 2 trainings.
    least : int
        Occurrences that a word needs in both.
    seed : int
        Seed of the exchanges.
    threads : int, optional
        Threads that add the counts, by default all processors; the model trains with its own.
    progress : callable, optional
        Gets a `Progress` after each training.

    Returns
    -------
    Changes

    Raises
    ------
    ShardError
        For blocks of two vocabularies, or that were counted in two ways.
    Unanswerable
        When too few words are in both for a map.

    Notes
    -----
    z* of an exchange is measured by the mean and SD of the other exchanges of that word. p is the
    share of z* >= z among the fifth of the words that is nearest in frequency (50 at least), with
    the observed value counted: (1 + b) / (1 + m).
    """
    if not hasattr(model, "_shards"):
        raise TypeError(
            f"{type(model).__name__} does not train on counts: take CountSkipGram, PPMI, GloVe or "
            "Swivel"
        )
    old, new = (each if isinstance(each, Blocks) else Blocks(each) for each in (old, new))
    _check_alike(old, new)
    workers, watch = thread_count(threads), Stopwatch()
    shards = (*old.shards, *new.shards)
    counts = np.concatenate([old.counts, new.counts])
    rng = np.random.Generator(np.random.Philox(key=seed))
    sides = np.zeros((nulls + 1, len(shards)), np.int64)
    sides[0, len(old) :] = 1
    for run in range(1, nulls + 1):
        sides[run] = rng.permutation(sides[0])
    both = np.stack([counts[sides[0] == side].sum(axis=0) for side in (0, 1)])
    tested = np.flatnonzero((both >= least).all(axis=0))
    distances = np.full((nulls + 1, len(tested)), np.nan)
    units: list[F32] = []
    with scratch_folder() as folder:
        for run, side_of in enumerate(sides):
            pair = []
            for side in (0, 1):
                times = (side_of == side).astype(np.int64)
                target = Path(folder) / "shards"
                summed = sum_shards(shards, target, times, threads=workers, force=True)
                own = copy.copy(model).set_params(seed=model.seed + 2 * run + side)
                vectors = own.fit(summed).vectors_.vectors[: counts.shape[1]]
                pair.append(np.asarray(vectors, np.float32))
                if progress:
                    done = 2 * run + side + 1
                    total = 2 * len(sides)
                    progress(Progress("training", done, total, "models", watch.seconds))
            now = np.stack([counts[side_of == side].sum(axis=0) for side in (0, 1)])
            there = np.flatnonzero((now >= least).all(axis=0))
            moved = np.full(counts.shape[1], np.nan)
            moved[there] = DISTANCES[method](pair[0], pair[1], there)
            distances[run] = moved[tested]
            if run == 0:
                units = [unit(each.astype(np.float64)).astype(np.float32) for each in pair]
    words = _tested_words(list(old.vocab), tested, both, distances)
    sizes = [counts[sides[0] == side].sum() / (sides[0] == side).sum() for side in (0, 1)]
    uneven = float(max(sizes) / max(min(sizes), 1))
    between = (_collection(old, both[0]), _collection(new, both[1]))
    return Changes(between, words, list(old.vocab), both, (units[0], units[1]), least, uneven)


@checked
def change_series(
    model: Any,
    collections: Sequence[Blocks | str | os.PathLike[str]],
    *,
    method: Method = "procrustes",
    nulls: Nulls = 20,
    least: Least = 20,
    seed: int = 1,
    threads: int | None = None,
    progress: Callback | None = None,
) -> tuple[Changes, ...]:
    """Finds the words that changed from each of several collections to the next: `change` of every
    two neighbours.

    Parameters
    ----------
    model : estimator
        As in `change`.
    collections : sequence of Blocks or paths
        Two or more, the oldest first, all of one vocabulary.
    method, nulls, least, seed, threads, progress
        Those of `change`.

    Returns
    -------
    tuple of Changes
        One fewer than there are collections. q adjusts for the words of a step, not for the number
        of steps.
    """
    if len(collections) < 2:
        raise ValueError(f"collections must be at least 2, got {len(collections)}")
    opened = [each if isinstance(each, Blocks) else Blocks(each) for each in collections]
    for old, new in pairwise(opened):
        _check_alike(old, new)
    steps, watch = len(opened) - 1, Stopwatch()

    def of_all(own: Progress) -> None:
        if progress:
            done = own.done + len(found) * own.total
            progress(Progress(own.stage, done, steps * own.total, own.unit, watch.seconds))

    found: list[Changes] = []
    for old, new in pairwise(opened):
        found.append(
            change(
                model,
                old,
                new,
                method=method,
                nulls=nulls,
                least=least,
                seed=seed,
                threads=threads,
                progress=of_all,
            )
        )
    return tuple(found)


def _collection(blocks: Blocks, counts: NDArray[np.int64]) -> Collection:
    documents = sum(block.documents for block in blocks.table)
    return Collection(str(blocks.path), len(blocks), documents, int(counts.sum()))


def _tested_words(
    names: list[str], tested: NDArray[np.int64], counts: NDArray[np.int64], distances: F64
) -> tuple[WordChange, ...]:
    """The words with what chance says of them, by z."""
    observed, null = distances[0], distances[1:]
    enough = np.isfinite(null).sum(axis=0) >= LEAST_NULLS
    tested, observed, null = tested[enough], observed[enough], null[:, enough]
    by_chance = np.nanmean(null, axis=0)
    z = (observed - by_chance) / np.maximum(np.nanstd(null, axis=0, ddof=1), ROUNDING)
    p = pooled_p(z, _left_out(null), counts[:, tested].min(axis=0))
    q = adjusted(p)
    order = np.argsort(-z, kind="stable")
    return tuple(
        WordChange(
            names[tested[i]],
            float(observed[i]),
            float(by_chance[i]),
            float(z[i]),
            float(p[i]),
            float(q[i]),
            *counts[:, tested[i]].tolist(),
        )
        for i in order.tolist()
    )


def _left_out(null: F64) -> F64:
    """z of each exchange by the mean and SD of the others of its word (m, n)."""
    n = np.isfinite(null).sum(axis=0)
    total, squares = np.nansum(null, axis=0), np.nansum(null**2, axis=0)
    mean = (total - null) / (n - 1)
    variance = (squares - null**2 - (n - 1) * mean**2) / (n - 2)
    return np.asarray((null - mean) / np.maximum(np.sqrt(np.maximum(variance, 0)), ROUNDING))


def pooled_p(z: F64, null: F64, frequency: NDArray[np.int64]) -> F64:
    """(1 + b) / (1 + m) of each word, b of the m values of null that are >= z: those of the words
    nearest in frequency."""
    n = len(z)
    size = min(n, max(LEAST_POOL, round(POOL * n)))
    step = max(1, size // 20)  # words beside each other share their pool
    order = np.argsort(frequency, kind="stable")
    out = np.empty(n)
    for place in range(0, n, step):
        begin = min(max(place + step // 2 - size // 2, 0), n - size)
        values = null[:, order[begin : begin + size]]
        known = np.sort(values[np.isfinite(values)])
        own = order[place : place + step]
        above = len(known) - np.searchsorted(known, z[own], side="left")
        out[own] = (1 + above) / (1 + len(known))
    return out


def adjusted(p: F64) -> F64:
    """p-values adjusted for the false discovery rate (Benjamini & Hochberg 1995)."""
    n = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * n / np.arange(1, n + 1)
    out = np.empty(n)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


def _check_alike(old: Blocks, new: Blocks) -> None:
    first, second = old.shards[0].manifest, new.shards[0].manifest
    for name in ("kind", "unit", "symmetric", "words", "vocab_crc32", *HOW_COUNTED):
        if first.get(name) != second.get(name):
            raise ShardError(
                f"{new.path}: {name} is {second.get(name)!r}, in {old.path} it is "
                f"{first.get(name)!r}: count both with one vocabulary and in the same way"
            )
