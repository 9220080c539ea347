"""Mean average cosine distance of targets from attributes."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling, Units, of_lists
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.space import Space, Vectors


def mac(vectors: Vectors | Space, test: WeatTest, **how: Unpack[Sampling]) -> BiasScore:
    """Mean cosine distance (MAC) of the targets X and Y from the attribute lists A and B.

    The mean over targets t and attribute lists of 1 - mean cos(t, a): 1 when targets have no
    association with the attributes.

    References
    ----------
    Manzini, Lim, Tsvetkov & Black (2019).
    """

    def measure(units: Units) -> float:
        targets = np.concatenate([units["X"], units["Y"]])
        return 1 - float(np.mean([targets @ units[side].mean(axis=0) for side in "AB"]))

    return of_lists("mac", vectors, test, measure, unbiased=1.0, ends=(0.0, 2.0), **how)


MEASURE = Measure(
    name="mac",
    title="Mean average cosine distance (MAC)",
    score="mean cosine distance",
    about="Mean cosine distance of the targets from the attributes; 1 without any association.",
    asks=WeatTest,
    run=mac,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(0.0, 2.0),
    reference="""@inproceedings{manzini2019black,
  author = {Manzini, Thomas and Lim, Yao Chong and Tsvetkov, Yulia and Black, Alan W.},
  title = {Black is to Criminal as Caucasian is to Police: Detecting and Removing Multiclass Bias
           in Word Embeddings},
  booktitle = {Proceedings of NAACL-HLT},
  pages = {615--621},
  year = {2019},
}""",
)
