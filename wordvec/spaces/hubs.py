"""Hubs: words that are among the nearest of many others, and words that are nobody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import Option, Seed, checked
from wordvec.spaces.best import COLUMNS, Lists, edges, largest_within, over
from wordvec.spaces.moments import check_flat
from wordvec.system.parallel import threads
from wordvec.vectors.vectors import WordVectors

F32: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]

HUB_SAMPLE = 10_000  # queries where all words against all would be too many
HUB_EXACT = 100_000  # words up to which all are asked
QUERIES = 2048  # of a block of a sample, for which all words are read and made unit once


@dataclass(frozen=True, eq=False)
class Hubs:
    """How often each word is among the k nearest of others.

    Attributes
    ----------
    k, words, queries : int
        Neighbours of each query; words that have a vector; words that were asked.
    sampled : bool
        Whether only some words were asked: counts are then of those, and the skewness is biased
        towards that of a binomial.
    ids : ndarray of int64
        Ids of the words, those with a vector.
    counts : ndarray of int64
        N: of how many queries each was among the k nearest; the mean is queries k / words.
    skewness : float
        Third standardised moment of N; 0 when all N are the same.
    robin_hood : float
        Share of all appearances that would have to move for all N to be the same.
    gini : float
    antihubs : float
        Share of words that are nobody's neighbour.
    hub_share : float
        Share of all appearances that are of words with twice the mean or more.
    """

    k: int
    words: int
    queries: int
    sampled: bool
    ids: Ids
    counts: Ids
    skewness: float
    robin_hood: float
    gini: float
    antihubs: float
    hub_share: float
    vectors: WordVectors = field(repr=False)

    @property
    def maximum(self) -> int:
        """The largest N."""
        return int(self.counts.max())

    def top(self, n: int = 20) -> list[tuple[str, int]]:
        """The n words that are most often a neighbour, with N; ties by id."""
        order = np.argsort(-self.counts, kind="stable")[:n]
        return [(self.vectors.index_to_key[int(self.ids[i])], int(self.counts[i])) for i in order]

    def bottom(self, n: int = 20) -> list[tuple[str, int]]:
        """The n most frequent words that are least often a neighbour."""
        order = np.argsort(self.counts, kind="stable")[:n]
        return [(self.vectors.index_to_key[int(self.ids[i])], int(self.counts[i])) for i in order]


@checked
def hubs(
    vectors: WordVectors,
    k: Annotated[int, Option(help="Neighbours of each word.", at_least=1)] = 10,
    *,
    restrict_vocab: Annotated[
        int | None, Option(help="Only the first so many words.", none="all", at_least=2)
    ] = None,
    sample: Annotated[
        int | None,
        Option(
            help="Words whose neighbours are counted.",
            none=f"all up to {HUB_EXACT:,}, {HUB_SAMPLE:,} of more",
            at_least=1,
        ),
    ] = None,
    seed: Seed = 1,
) -> Hubs:
    """Counts of the k nearest by cosine, a word itself left out.

    Parameters
    ----------
    k : int
    restrict_vocab : int, optional
        Only the first words.
    sample : int, optional
        Words that are asked; by default all up to 100,000 and 10,000 of more.
    seed : int
        Of the sample.

    Raises
    ------
    ValueError
        When there are not more than k words, or the vectors are of a manifold.

    References
    ----------
    Radovanovic, Nanopoulos & Ivanovic (2010), "Hubs in space".
    """
    check_flat(vectors)
    stop = len(vectors) if restrict_vocab is None else min(restrict_vocab, len(vectors))
    there = np.flatnonzero(vectors.norms[:stop] > 0)
    n = len(there)
    if not 1 <= k < n:
        raise ValueError(f"k must be >= 1 and less than the {n} words with a vector, got {k}")
    wanted = (n if n <= HUB_EXACT else HUB_SAMPLE) if sample is None else min(sample, n)

    def unit(ids: Ids) -> F32:
        rows = vectors.matrix.take(ids) / vectors.norms[ids, None]
        return np.ascontiguousarray(rows, np.float32)

    if wanted == n:
        near = largest_within(lambda begin, end: unit(there[begin:end]), n, k).ids
    else:
        asked = np.sort(np.random.default_rng(seed).choice(n, wanted, replace=False))
        near = _near_sample(unit, there, asked, k)
    counts = np.bincount(near.ravel(), minlength=n).astype(np.int64)
    return _hubs(counts, k, wanted, there, vectors)


def _near_sample(unit: Callable[[Ids], F32], there: Ids, asked: Ids, k: int) -> NDArray[np.int32]:
    """The places among `there` of the k nearest of the words `asked`, places too."""
    queries, lists = unit(there[asked]), Lists(len(asked), k)

    def work(_: None, block: tuple[int, int]) -> None:
        # All words pass by a block of queries, whose lists only this thread writes.
        begin, end = block
        for first, last in edges(len(there), COLUMNS):
            scores = queries[begin:end] @ unit(there[first:last]).T
            own = np.flatnonzero((asked[begin:end] >= first) & (asked[begin:end] < last))
            scores[own, asked[begin:end][own] - first] = -np.inf
            lists.rows(scores, begin, first)

    over(work, edges(len(asked), QUERIES), [None] * threads())
    return lists.ids


def _hubs(counts: Ids, k: int, queries: int, ids: Ids, vectors: WordVectors) -> Hubs:
    n = len(counts)
    total = int(counts.sum())
    mean = total / n
    sd = float(counts.std())
    rising = np.sort(counts)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return Hubs(
        k=k,
        words=n,
        queries=queries,
        sampled=queries < n,
        ids=ids,
        counts=counts,
        skewness=float(((counts - mean) ** 3).mean() / sd**3) if sd > 0 else 0.0,
        robin_hood=float(np.abs(counts - mean).sum() / (2 * total)),
        gini=float((weights * rising).sum() / (n * total)),
        antihubs=float((counts == 0).mean()),
        hub_share=float(counts[counts >= 2 * mean].sum() / total),
        vectors=vectors,
    )
