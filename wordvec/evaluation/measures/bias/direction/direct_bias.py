"""Direct bias: how far words that should be neutral lean along a direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core.bias.direction import along
from wordvec.evaluation.core.bias.lists import GenderLists
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]


def direct_bias(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    strictness: float = 1.0,
    **how: Unpack[Sampling],
) -> BiasScore:
    """Direct bias: mean |cos(w, g)|^c over words that should be neutral, g the pairs' direction.

    References
    ----------
    Bolukbasi et al. (2016), with c = `strictness`; they report c = 1 over professions.
    """

    def values(space: Space, rows: list[int], g: _F64) -> _F64:
        return np.asarray(space.unit[rows].astype(np.float64) @ g)

    return along(
        "direct_bias",
        vectors,
        words,
        pairs,
        values,
        lambda v: float((np.abs(v) ** strictness).mean()),
        f"c = {strictness:g}",
        **how,
    )


BOLUKBASI = """@inproceedings{bolukbasi2016man,
  author = {Bolukbasi, Tolga and Chang, Kai-Wei and Zou, James and Saligrama, Venkatesh and
            Kalai, Adam},
  title = {Man is to Computer Programmer as Woman is to Homemaker? Debiasing Word Embeddings},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {29},
  year = {2016},
}"""


def _of_gender(space: Space, lists: GenderLists, **how: Unpack[Sampling]) -> BiasScore:
    return direct_bias(space, lists.neutral, lists.pairs, **how)


MEASURE = Measure(
    name="direct_bias",
    title="Direct bias",
    score="mean absolute cosine to the direction",
    about="Mean absolute cosine of professions to the gender direction.",
    asks=GenderLists,
    run=_of_gender,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(0.0, 1.0),
    reference=BOLUKBASI,
)
