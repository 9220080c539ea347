"""Outlier detection: which word does not belong with the others?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.datasets import OutlierSet
from wordvec.evaluation.core.measure import (
    INTERVAL,
    OF_SETS,
    SCORE,
    Measure,
    answered,
    chance,
    span,
    value,
)
from wordvec.evaluation.core.results import Interval, SetScore, Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors

LEAST = 3  # known words of a group, without the outlier


@dataclass(frozen=True)
class OutlierResult(SetScore):
    """Accuracy, and how near the end of the ranking outliers stand (OPP).

    Attributes
    ----------
    score, interval
        Share of outliers put last, bootstrap over groups.
    opp : float
        Mean of the outlier's position / size of the group: 1 when always last, .5 by chance.
    chance : Interval
        Accuracy of guesses.
    """

    opp: float
    opp_interval: Interval
    missing_as_wrong: float


def evaluate(
    vectors: Vectors | Space,
    dataset: OutlierSet,
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> OutlierResult:
    """Scores `vectors` on groups with outliers.

    Each outlier is a question: among the group and it, words are ranked by their mean cosine to
    the others; the outlier should come last. Missing words of a group are left out; a group with
    fewer than three known words, or a missing outlier, is not answered. Equal means count against
    the outlier.

    References
    ----------
    Camacho-Collados & Navigli (2016); ranking by compactness is ranking by mean cosine.
    """
    space = Space.of(vectors)
    missing: dict[str, None] = {}
    answers: list[tuple[int, float, float, float]] = []  # group, last, position, chance
    asked = 0
    for number, group in enumerate(dataset.groups):
        asked += len(group.outliers)
        _, rows, unknown, _ = space.find_once(group.words)
        missing.update(dict.fromkeys(unknown))
        members = space.unit[rows].astype(np.float64)
        inner = members @ members.T
        for outlier in group.outliers:
            row = space.row(outlier)
            if row is None or row in rows:
                missing[outlier] = None
            elif len(rows) >= LEAST:
                to = members @ space.unit[row].astype(np.float64)
                compact = inner.sum(axis=1) - np.diag(inner) + to
                before = int((compact > to.sum()).sum())
                answers.append(
                    (number, before == len(rows), before / len(rows), 1 / (len(rows) + 1))
                )
    if not answers:
        raise Unanswerable(
            f"{dataset.source.name}: none of {asked} outliers can be judged; "
            f"missing: {first_few(tuple(missing))}"
        )
    table = np.array(answers)
    groups, place = np.unique(table[:, 0], return_inverse=True)
    sums = np.stack(
        [np.bincount(place), *(np.bincount(place, table[:, c]) for c in (1, 2))], axis=1
    )
    counts = statistics.resampled_counts(len(groups), resamples, np.random.default_rng(seed))
    drawn = counts @ sums
    method = f"percentile bootstrap over groups, {resamples} resamples"
    accuracy, opp = (
        statistics.share_interval(
            float(table[:, c].mean()), drawn[:, c] / drawn[:, 0], len(groups), level, method
        )
        for c in (1, 2)
    )
    return OutlierResult(
        measure="outliers",
        dataset=dataset.source,
        protocol=f"mean cosine to the rest of the group; case: {space.case}",
        coverage=space.coverage(
            asked, len(table), (w for g in dataset.groups for w in (*g.words, *g.outliers)), missing
        ),
        score=float(table[:, 1].mean()),
        interval=accuracy,
        chance=statistics.guessing_interval(float(table[:, 3].mean()), len(table), level),
        opp=float(table[:, 2].mean()),
        opp_interval=opp,
        missing_as_wrong=float(table[:, 1].sum() / asked),
    )


MEASURE = Measure(
    name="outliers",
    title="Outlier detection",
    score="share of outliers put last",
    about="Is the word that does not belong put last? OPP: how near the end it comes.",
    asks=OutlierSet,
    run=evaluate,
    result=OutlierResult,
    columns={
        **OF_SETS,
        "accuracy": SCORE,
        "interval": INTERVAL,
        "answered": answered,
        "by chance": chance,
        "OPP": value("opp"),
        "OPP interval": span("opp_interval"),
        "missing as wrong": value("missing_as_wrong"),
    },
    range=(0.0, 1.0),
    main=5,
    reference="""@inproceedings{camacho2016find,
  author = {Camacho-Collados, Jos{\\'e} and Navigli, Roberto},
  title = {Find the word that does not belong: A Framework for an Intrinsic Evaluation of Word
           Vector Representations},
  booktitle = {Proceedings of the 1st Workshop on Evaluating Vector-Space Representations for NLP},
  pages = {43--50},
  year = {2016},
}""",
)
