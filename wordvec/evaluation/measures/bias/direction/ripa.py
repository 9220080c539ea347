"""Relational inner product association: direct bias without the lengths taken out."""

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


def ripa(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    **how: Unpack[Sampling],
) -> BiasScore:
    """Relational inner product association: mean |w . b| with vectors of their own length.

    b is the unit first principal component of the pairs' differences; signed values a word are in
    `words` (positive: towards the first of the pairs).

    References
    ----------
    Ethayarajh, Duvenaud & Hirst (2019).
    """

    def values(space: Space, rows: list[int], _: _F64) -> _F64:
        raw = space.unit[rows].astype(np.float64) * space.norms[rows, None]
        return np.asarray(raw @ _relation(space, pairs))

    return along(
        "ripa",
        vectors,
        words,
        pairs,
        values,
        lambda v: float(np.abs(v).mean()),
        "vectors as they are",
        raw=True,
        **how,
    )


def _relation(space: Space, pairs: Sequence[tuple[str, str]]) -> _F64:
    differences = []
    for first, second in pairs:
        one, other = space.row(first), space.row(second)
        if one is not None and other is not None:
            scale = space.norms
            a, b = (space.unit[i].astype(np.float64) * scale[i] for i in (one, other))
            differences.append(a - b)
    table = np.array(differences)
    axis = np.linalg.svd(table, full_matrices=False)[2][0]
    return np.asarray(axis if table.sum(axis=0) @ axis >= 0 else -axis)


def _of_gender(space: Space, lists: GenderLists, **how: Unpack[Sampling]) -> BiasScore:
    return ripa(space, lists.neutral, lists.pairs, **how)


MEASURE = Measure(
    name="ripa",
    title="Relational inner product association (RIPA)",
    score="mean absolute inner product with the relation",
    about="Mean absolute inner product of professions with the gender relation, at the vectors' "
    "own length.",
    asks=GenderLists,
    run=_of_gender,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(0.0, None),
    reference="""@inproceedings{ethayarajh2019understanding,
  author = {Ethayarajh, Kawin and Duvenaud, David and Hirst, Graeme},
  title = {Understanding Undesirable Word Embedding Associations},
  booktitle = {Proceedings of ACL},
  pages = {1696--1705},
  year = {2019},
}""",
)
