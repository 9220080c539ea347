"""Relative norm distance: is an attribute nearer to one of two groups?"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling, Units, of_lists
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]


RANGE = (-2.0, 2.0)  # of a mean difference of distances between unit vectors


def rnd(
    vectors: Vectors | Space, test: WeatTest, attribute: str = "A", **how: Unpack[Sampling]
) -> BiasScore:
    """Relative norm distance of one attribute list from the two target groups.

    Mean over the attribute words m of |m - mean(X)| - |m - mean(Y)|, with unit vectors: negative
    when the attribute is nearer to X.

    References
    ----------
    Garg, Schiebinger, Jurafsky & Zou (2018), PNAS 115:E3635; the mean in place of the sum, so that
    lists of different length compare.
    """
    if attribute not in ("A", "B"):
        raise ValueError(f"attribute must be A or B, got {attribute!r}")

    def measure(units: Units) -> float:
        return float(values(units).mean())

    def values(units: Units) -> _F64:
        x, y = units["X"].mean(axis=0), units["Y"].mean(axis=0)
        words = units[attribute]
        return np.asarray(np.linalg.norm(words - x, axis=1) - np.linalg.norm(words - y, axis=1))

    return of_lists(
        "rnd",
        vectors,
        test,
        measure,
        unbiased=0.0,
        ends=RANGE,
        values=values,
        valued=attribute,
        exchange=("X", "Y"),
        **how,
    )


MEASURE = Measure(
    name="rnd",
    title="Relative norm distance (RND)",
    score="relative norm distance",
    about="Mean distance of the attribute words A from the first group, less that from the second: "
    "negative when they are nearer to the first.",
    asks=WeatTest,
    run=rnd,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=RANGE,
    reference="""@article{garg2018word,
  author = {Garg, Nikhil and Schiebinger, Londa and Jurafsky, Dan and Zou, James},
  title = {Word embeddings quantify 100 years of gender and ethnic stereotypes},
  journal = {Proceedings of the National Academy of Sciences},
  volume = {115},
  number = {16},
  pages = {E3635--E3644},
  year = {2018},
}""",
)
