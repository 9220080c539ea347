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
"""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from wordvec.counts.blocks import Blocks
from wordvec.counts.sums import HOW_COUNTED, sum_shards
from wordvec.errors import ShardError, Unanswerable, UnknownWordError
from wordvec.estimator import Callback, Option, Progress, Stopwatch, checked, thread_count
from wordvec.folders import scratch_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F64 = NDArray[np.float64]
    F32 = NDArray[np.float32]

LEAST_NULLS = 10  # exchanges of documents, of which a mean and an SD can be told
POOL = 0.2  # share of the words, nearest in frequency, whose exchanges make one null distribution
LEAST_POOL = 50
UNEVEN = 1.5  # times as many words in the blocks of one collection: said in a note
SINGULAR = 1e-8  # smallest over largest singular value below which a rotation is not determined


@dataclass(frozen=True)
class WordChange:
    """How far a word moved, and how far chance moves a word like it.

    Attributes
    ----------
    distance : float
        1 - cosine of its two vectors, in [0, 2].
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
    """

    def __init__(
        self,
        words: tuple[WordChange, ...],
        names: list[str],
        counts: NDArray[np.int64],
        units: tuple[F32, F32],
        least: int,
        uneven: float = 1.0,
    ) -> None:
        self.words, self.least, self._uneven = words, least, uneven
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
        for side, unit in enumerate(self._units):
            scores = unit @ unit[rank]
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
    nulls: Annotated[
        int,
        Option(
            help="How often the documents are exchanged at random; two trainings each.",
            at_least=LEAST_NULLS,
            at_most=10_000,
        ),
    ] = 20,
    least: Annotated[
        int, Option(help="Occurrences that a word needs in both collections.", at_least=1)
    ] = 20,
    seed: int = 1,
    threads: int | None = None,
    progress: Callback | None = None,
) -> Changes:
    """Finds the words whose contexts differ between two collections more than chance makes them.

    A model is trained on each collection; an orthogonal map (of centred unit vectors) brings the
    older space onto the newer one, and a word's distance is 1 - cosine. Then the blocks of
    documents are exchanged between the collections at random, `nulls` times, and everything is
    done again.

    Parameters
    ----------
    model : estimator
        One that trains on counts: `CountSkipGram(...)`, `PPMI(...)`, `GloVe(...)`, `Swivel(...)`.
        It is copied; each training has its own seed, from the model's on.
    old, new : Blocks or path
        Counts in blocks of documents (`count_blocks`), of one vocabulary. Blocks should have about
        as many words in both.
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
            moved[there] = distance(pair[0], pair[1], there)
            distances[run] = moved[tested]
            if run == 0:
                units = [_unit(each.astype(np.float64)).astype(np.float32) for each in pair]
    words = _tested_words(list(old.vocab), tested, both, distances)
    sizes = [counts[sides[0] == side].sum() / (sides[0] == side).sum() for side in (0, 1)]
    uneven = float(max(sizes) / max(min(sizes), 1))
    return Changes(words, list(old.vocab), both, (units[0], units[1]), least, uneven)


def distance(a: F32, b: F32, anchors: NDArray[np.int64]) -> F64:
    """1 - cosine of the rows `anchors` of two spaces after an orthogonal map, (anchors,).

    Rows are made unit and centred; the map is Q = U V' of A'B = U S V' (Schönemann 1966). The
    distance is the same with the spaces exchanged.

    Raises
    ------
    Unanswerable
        When the anchors do not determine a map.
    """
    undetermined = Unanswerable(
        f"{len(anchors)} words are frequent enough in both texts, which does not determine a map "
        f"of {a.shape[1]} dimensions: take more text, a smaller least or vector_size"
    )
    if len(anchors) < a.shape[1]:
        raise undetermined
    A, B = (_centred(each[anchors].astype(np.float64)) for each in (a, b))
    U, S, Vt = np.linalg.svd(A.T @ B)
    if S[-1] < SINGULAR * S[0]:
        raise undetermined
    return np.asarray(1 - np.einsum("nd,nd->n", A @ (U @ Vt), B))


def _unit(rows: F64) -> F64:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, np.finfo(np.float64).tiny))


def _centred(rows: F64) -> F64:
    unit = _unit(rows)
    return _unit(unit - unit.mean(axis=0))


def _tested_words(
    names: list[str], tested: NDArray[np.int64], counts: NDArray[np.int64], distances: F64
) -> tuple[WordChange, ...]:
    """The words with what chance says of them, by z."""
    observed, null = distances[0], distances[1:]
    enough = np.isfinite(null).sum(axis=0) >= LEAST_NULLS
    tested, observed, null = tested[enough], observed[enough], null[:, enough]
    by_chance = np.nanmean(null, axis=0)
    z = (observed - by_chance) / np.nanstd(null, axis=0, ddof=1)
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
    return np.asarray((null - mean) / np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny)))


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
