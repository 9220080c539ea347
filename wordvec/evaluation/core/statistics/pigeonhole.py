"""Pigeonhole bootstrap of analogies: word pairs are drawn, and questions follow theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.datasets import AnalogySet, Question
from wordvec.evaluation.core.results import Interval


class _Draws:
    """Pigeonhole bootstrap of one category: a question counts as often as the product of the draws
    of its two word pairs."""

    def __init__(
        self,
        members: Sequence[Question],
        asked: NDArray[np.bool_],
        resamples: int,
        rng: np.random.Generator,
    ) -> None:
        self.kept = np.flatnonzero(asked)
        numbers: dict[tuple[str, str], int] = {}
        ends = [
            numbers.setdefault(pair, len(numbers))
            for q in (members[i] for i in self.kept.tolist())
            for pair in ((q.a, q.b), (q.c, q.answers[0]))
        ]
        self.left, self.right = np.array(ends, np.int64).reshape(-1, 2).T
        self.pairs = len(numbers)
        # (pairs, resamples)
        self.counts = statistics.resampled_counts(self.pairs, resamples, rng).T.astype(float)

    def total(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum of the questions' values, each as often as it is drawn: (questions,), all of the
        category -> (resamples,)."""
        values = values[self.kept].astype(float)
        own = self.left == self.right  # of LRCos: a question of one pair
        places = (values[~own], (self.left[~own], self.right[~own]))
        # c' M c with c the draws and M the values at (left, right).
        both = csr_array(places, shape=(self.pairs, self.pairs)) @ self.counts
        both *= self.counts
        return np.asarray(both.sum(axis=0) + values[own] @ self.counts[self.left[own]])


def micro_replicates(
    dataset: AnalogySet,
    right: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Micro accuracy in the same resamples for each row of `right` (models, questions):
    (models, resamples); NaN where nothing was drawn."""
    return replicates(dataset, right, asked, resamples, seed)[0]


def replicates(
    dataset: AnalogySet,
    right: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    resamples: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Micro and macro accuracy in the same resamples: (models, resamples) each."""
    rng = np.random.default_rng(seed)
    correct, total = np.zeros((len(right), resamples)), np.zeros(resamples)
    shares = []
    for part, members in parts(dataset):
        if asked[part].any():
            draws = _Draws(members, asked[part], resamples, rng)
            of_part = np.array([draws.total(row[part]) for row in right])
            drawn = draws.total(asked[part])
            correct, total = correct + of_part, total + drawn
            shares.append(_divide(of_part, drawn))
    macro = _divide(np.nansum(shares, axis=0), np.isfinite(shares).sum(axis=0))
    return _divide(correct, total), macro


def _divide(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(b > 0, a / b, np.nan)


def intervals(
    dataset: AnalogySet, ranks: NDArray[np.int32], resamples: int, level: float, seed: int
) -> tuple[Interval, Interval]:
    """The intervals of micro and macro accuracy, of ranks (questions,): 0 where not asked."""
    asked, right = ranks > 0, ranks == 1
    (micro,), (macro,) = replicates(dataset, right[None], asked, resamples, seed)
    method = f"pigeonhole bootstrap over word pairs, {resamples} resamples"
    share = float(right.sum() / asked.sum())
    pairs = sum(
        len({(q.a, q.b) for q, ok in zip(members, asked[part], strict=True) if ok})
        for part, members in parts(dataset)
    )
    return (
        statistics.share_interval(share, micro, pairs, level, method),
        statistics.share_interval(share, macro, pairs, level, method),
    )


def parts(dataset: AnalogySet) -> Iterator[tuple[slice, tuple[Question, ...]]]:
    """Each category's place among the questions, and its questions."""
    start = 0
    for _, members in dataset.categories:
        yield slice(start, start + len(members)), members
        start += len(members)
