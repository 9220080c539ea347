"""Do two clusters follow the sides of the most biased words?"""

from __future__ import annotations

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias import separation
from wordvec.evaluation.core.bias.lists import GenderLists
from wordvec.evaluation.core.bias.separation import Biased, SeparationResult, most_biased
from wordvec.evaluation.core.clustering import kmeans, v_measure
from wordvec.evaluation.core.measure import Measure
from wordvec.evaluation.core.results import Coverage
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded


@single_threaded()
def clusters(
    vectors: Vectors | Space,
    biased: Biased,
    *,
    seeds: int = 10,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> SeparationResult:
    """Two clusters of the most biased words: how far they agree with the sides.

    The words may come from other vectors (before debiasing), which is the test that matters.
    """
    space, X, labels = separation.rows_of(vectors, biased)
    runs = [kmeans(X, 2, seed=seed + i) for i in range(seeds)]
    agree = [float((run == labels).mean()) for run in runs]
    best = [max(share, 1 - share) for share in agree]
    score = float(np.mean(best))
    return SeparationResult(
        measure="clusters",
        name="gender",
        title=f"{len(labels)} most biased words in two clusters",
        protocol=f"k-means on unit vectors, mean of {seeds} seeds; case: {space.case}",
        coverage=Coverage(len(biased.labels), len(labels), ()),
        score=score,
        interval=statistics.wilson_interval(score * len(labels), len(labels), level),
        chance=statistics.guessing_interval(0.5, len(labels), level),
        v_measure=float(np.mean([v_measure(labels, run) for run in runs])),
        caution=separation.caution_of(space, biased),
        examples=separation.examples_of(biased),
    )


def _of_gender(space: Space, lists: GenderLists, *, level: float, seed: int) -> SeparationResult:
    biased = most_biased(lists.chooser or space, lists.pairs, exclude=lists.specific)
    return clusters(space, biased, level=level, seed=seed)


MEASURE = Measure(
    name="clusters",
    title="Clusters of biased words",
    score="accuracy of two clusters",
    about="Do two clusters follow the side of the most biased words? .5 is no separation.",
    asks=GenderLists,
    run=_of_gender,
    result=SeparationResult,
    columns=separation.COLUMNS,
    range=(0.0, 1.0),
    reference=separation.REFERENCE,
    caution=separation.CAUTION,
    in_all=False,
)
