"""Can a classifier tell the sides of the most biased words apart?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wordvec import logistic
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias import separation
from wordvec.evaluation.core.bias.lists import GenderLists
from wordvec.evaluation.core.bias.separation import Biased, SeparationResult, most_biased
from wordvec.evaluation.core.measure import Measure, Variants
from wordvec.evaluation.core.results import Coverage
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded

_F64 = NDArray[np.float64]


def _linear(X: _F64, y: _F64, asked: _F64) -> _F64:
    return logistic.decide(asked, logistic.linear(X, y, l2=0.1))


def _gaussian(X: _F64, y: _F64, asked: _F64) -> _F64:
    kernel = logistic.rbf_kernel
    return np.asarray(kernel(asked, X) @ logistic.fit(kernel(X, X), y, l2=0.1))


# Decisions on the items that are asked, after training on X and y.
CLASSIFIERS = {"linear": _linear, "non-linear": _gaussian}


@single_threaded()
def probe(
    vectors: Vectors | Space,
    biased: Biased,
    kernel: str = "linear",
    *,
    folds: int = 5,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> SeparationResult:
    """Accuracy of a classifier of the two sides, by cross-validation.

    Logistic regression on unit vectors: "linear", or "non-linear" with a Gaussian kernel.
    """
    if kernel not in CLASSIFIERS:
        raise ValueError(f"kernel must be one of {', '.join(CLASSIFIERS)}, got {kernel!r}")
    space, X, labels = separation.rows_of(vectors, biased)
    place = np.random.default_rng(seed).permutation(len(labels)) % folds
    right = 0
    for fold in range(folds):
        train, test = place != fold, place == fold
        decided = CLASSIFIERS[kernel](X[train], labels[train].astype(float), X[test])
        right += int(((decided > 0) == labels[test]).sum())
    return SeparationResult(
        measure="probe",
        name=f"gender ({kernel})",
        title=f"{len(labels)} most biased words told apart by a {kernel} classifier",
        protocol=f"{kernel} logistic regression, {folds}-fold cross-validation; case: {space.case}",
        coverage=Coverage(len(biased.labels), len(labels), ()),
        score=right / len(labels),
        interval=statistics.wilson_interval(right, len(labels), level),
        chance=statistics.guessing_interval(0.5, len(labels), level),
        v_measure=None,
        caution=separation.caution_of(space, biased),
        examples=separation.examples_of(biased),
    )


def _of_gender(
    space: Space, lists: GenderLists, *, kernel: str, level: float, seed: int
) -> SeparationResult:
    biased = most_biased(lists.chooser or space, lists.pairs, exclude=lists.specific)
    return probe(space, biased, kernel, level=level, seed=seed)


MEASURE = Measure(
    name="probe",
    title="Probes of biased words",
    score="accuracy of a classifier",
    about="Can a classifier tell the sides of the most biased words apart? .5 is no separation.",
    asks=GenderLists,
    run=_of_gender,
    result=SeparationResult,
    columns=separation.COLUMNS,
    range=(0.0, 1.0),
    reference=separation.REFERENCE,
    variants=Variants("kernel", tuple(CLASSIFIERS)),
    caution=separation.CAUTION,
    in_all=False,
)
