"""Relative negative sentiment bias: unequal shares of negative sentiment."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from wordvec import logistic
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.bias.scores import NULL_DRAWS, BiasScore, Sampling, Units, of_lists
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]


def rnsb(vectors: Vectors | Space, test: WeatTest, **how: Unpack[Sampling]) -> BiasScore:
    """Relative negative sentiment bias: do the targets get unequal shares of negative sentiment?

    A logistic classifier learns B (negative) against A (positive); the targets' probabilities of
    being negative are scaled to sum 1, and the score is the Kullback-Leibler divergence of these
    shares from equal ones: 0 when no target is more negative than another.

    References
    ----------
    Sweeney & Najafian (2019).
    """

    def shares(units: Units) -> _F64:
        train = np.concatenate([units["A"], units["B"]])
        y = np.r_[np.zeros(len(units["A"])), np.ones(len(units["B"]))]
        targets = np.concatenate([units["X"], units["Y"]])
        p = logistic.probabilities(logistic.decide(targets, logistic.linear(train, y)))
        return np.asarray(p / p.sum())

    def measure(units: Units) -> float:
        p = shares(units)
        return float((p * np.log(p * len(p))).sum())

    return of_lists(
        "rnsb",
        vectors,
        test,
        measure,
        unbiased=0.0,
        ends=(0.0, None),
        values=shares,
        valued="XY",
        exchange=("A", "B"),
        most=NULL_DRAWS,
        **how,
    )


MEASURE = Measure(
    name="rnsb",
    title="Relative negative sentiment bias (RNSB)",
    score="divergence from equal shares",
    about="Kullback-Leibler divergence of the targets' shares of negative sentiment from equal "
    "shares; 0 when no target is more negative than another.",
    asks=WeatTest,
    run=rnsb,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(0.0, None),
    reference="""@inproceedings{sweeney2019transparent,
  author = {Sweeney, Chris and Najafian, Maryam},
  title = {A Transparent Framework for Evaluating Unintended Demographic Bias in Word Embeddings},
  booktitle = {Proceedings of ACL},
  pages = {1662--1667},
  year = {2019},
}""",
)
