"""Categorisation: do clusters of the vectors follow the classes of the words?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.clustering import contingency, kmeans, purity, v_of
from wordvec.evaluation.core.datasets import CategorySet
from wordvec.evaluation.core.measure import (
    INTERVAL,
    OF_SETS,
    SCORE,
    Measure,
    answered,
    chance,
    span,
    text,
    value,
)
from wordvec.evaluation.core.results import Interval, SetScore, Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded

SEEDS = 10
_NULL_DRAWS = 100


@dataclass(frozen=True)
class CategorizationResult(SetScore):
    """Agreement of k-means clusters (as many as classes) with the classes, mean over seeds.

    Attributes
    ----------
    score, interval
        Purity, with a bootstrap over words of the clusterings as they are.
    seeds_sd : float
        Standard deviation of purity over the seeds of k-means.
    chance : Interval
        Purity of the same clusters when classes are exchanged between words at random.
    """

    purity: float
    v_measure: float
    v_measure_interval: Interval
    seeds_sd: float
    classes: int


@single_threaded()
def evaluate(
    vectors: Vectors | Space,
    dataset: CategorySet,
    *,
    seeds: int = SEEDS,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> CategorizationResult:
    """Scores `vectors` on a set of classes by k-means on unit vectors.

    Raises
    ------
    Unanswerable
        The known words have fewer than two classes, or are no more than their classes.
    """
    space = Space.of(vectors)
    rows = space.rows_once(dataset.words)
    missing = tuple(w for w, row in zip(dataset.words, rows, strict=True) if row is None)
    known = [row for row in rows if row is not None]
    names = [c for c, row in zip(dataset.classes, rows, strict=True) if row is not None]
    kinds, labels = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    k = len(kinds)
    if k < 2 or len(known) <= k:
        raise Unanswerable(
            f"{dataset.source.name}: {len(known)} known words in {k} classes cannot be clustered; "
            f"missing: {first_few(missing)}"
        )
    X = space.unit[known].astype(np.float64)
    runs = [kmeans(X, k, seed=seed + i) for i in range(seeds)]
    tables = [contingency(labels, run) for run in runs]
    pure = [purity(table) for table in tables]
    v = [v_of(table) for table in tables]
    # Whether a word has the class of its cluster, as a mean over the seeds.
    fits = np.mean(
        [t.argmax(axis=0)[run] == labels for t, run in zip(tables, runs, strict=True)], 0
    )
    rng = np.random.default_rng(seed)
    counts = statistics.resampled_counts(len(known), resamples, rng)
    again = [
        np.mean([v_of(contingency(labels, run, drawn)) for run in runs])
        for drawn in counts[: max(20, resamples // 10)]
    ]
    null = [purity(contingency(rng.permutation(labels), runs[0])) for _ in range(_NULL_DRAWS)]
    method = "percentile bootstrap over words of the clusterings as they are, {} resamples"
    return CategorizationResult(
        measure="categorization",
        dataset=dataset.source,
        protocol=f"k-means++ on unit vectors, k = {k}, mean of {seeds} seeds; case: {space.case}",
        coverage=space.coverage(len(dataset.words), len(known), dataset.words, missing),
        score=float(np.mean(pure)),
        interval=statistics.share_interval(
            float(np.mean(pure)),
            counts @ fits / len(known),
            len(known),
            level,
            method.format(resamples),
        ),
        chance=statistics.percentile_interval(
            np.array(null), level, f"{_NULL_DRAWS} random exchanges of the classes"
        ),
        purity=float(np.mean(pure)),
        v_measure=float(np.mean(v)),
        v_measure_interval=statistics.bounded_interval(
            np.array(again), float(np.mean(v)), (0.0, 1.0), level, method.format(len(again))
        ),
        seeds_sd=float(np.std(pure, ddof=1)) if seeds > 1 else 0.0,
        classes=k,
    )


MEASURE = Measure(
    name="categorization",
    title="Categorisation",
    score="purity",
    about="Do k-means clusters follow the classes of the words?",
    asks=CategorySet,
    run=evaluate,
    result=CategorizationResult,
    columns={
        **OF_SETS,
        "purity": SCORE,
        "interval": INTERVAL,
        "answered": answered,
        "by chance": chance,
        "V-measure": value("v_measure"),
        "V interval": span("v_measure_interval"),
        "SD over seeds": value("seeds_sd"),
        "classes": text("classes"),
    },
    range=(0.0, 1.0),
    main=5,
    reference="""@inproceedings{baroni2014dont,
  author = {Baroni, Marco and Dinu, Georgiana and Kruszewski, Germ{\\'a}n},
  title = {Don't count, predict! A systematic comparison of context-counting vs.
           context-predicting semantic vectors},
  booktitle = {Proceedings of ACL},
  pages = {238--247},
  year = {2014},
}
@inproceedings{rosenberg2007vmeasure,
  author = {Rosenberg, Andrew and Hirschberg, Julia},
  title = {V-Measure: A Conditional Entropy-Based External Cluster Evaluation Measure},
  booktitle = {Proceedings of EMNLP-CoNLL},
  pages = {410--420},
  year = {2007},
}""",
)
