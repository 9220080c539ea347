"""Embedding coherence test: do two groups order the attributes alike?"""

from __future__ import annotations

from typing import Unpack

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling, Units, of_lists
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.space import Space, Vectors


def ect(vectors: Vectors | Space, test: WeatTest, **how: Unpack[Sampling]) -> BiasScore:
    """Embedding coherence test: Spearman's rho of the attributes' similarities to the two groups.

    Correlates cos(mean(X), m) with cos(mean(Y), m) over the attribute words m of A and B: 1 when
    both groups order the attributes alike.

    References
    ----------
    Dev & Phillips (2019).
    """

    def measure(units: Units) -> float:
        words = np.concatenate([units["A"], units["B"]])
        # Scaling a mean vector to unit length does not change the order of its similarities.
        return statistics.spearman(words @ units["X"].mean(axis=0), words @ units["Y"].mean(axis=0))

    return of_lists(
        "ect",
        vectors,
        test,
        measure,
        unbiased=1.0,
        ends=(-1.0, 1.0),
        exchange=("X", "Y"),
        **how,
    )


MEASURE = Measure(
    name="ect",
    title="Embedding coherence test (ECT)",
    score="Spearman's rho of the groups' similarities",
    about="Rank correlation of the attributes' similarities to the two groups; 1 without bias.",
    asks=WeatTest,
    run=ect,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(-1.0, 1.0),
    reference="""@inproceedings{dev2019attenuating,
  author = {Dev, Sunipa and Phillips, Jeff},
  title = {Attenuating Bias in Word Vectors},
  booktitle = {Proceedings of AISTATS},
  series = {Proceedings of Machine Learning Research},
  volume = {89},
  pages = {879--887},
  year = {2019},
}""",
)
