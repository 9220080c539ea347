"""Indirect bias: how much of what makes stereotyped words alike is the direction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.bias.lists import MIN_SHARE, GenderLists
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.results import Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures.bias.direction.direct_bias import BOLUKBASI, direct_bias

_F64 = NDArray[np.float64]


LEAST_COSINE = 0.05  # of a pair: it divides, and near 0 a share of it is any number
LEAST_PAIRS = 10


def indirect_bias(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    most: int = 10,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    """Median `indirect_bias_of` pairs of words of one side: the `most` words that lie farthest
    along either side of the pairs' direction, each with each of its side.

    How much of what makes stereotyped words alike is the direction itself.
    """
    space = Space.of(vectors)
    along = direct_bias(
        space, words, pairs, min_share=min_share, resamples=1, level=level, seed=seed
    )
    ordered = [word for word, _ in along.words]
    most = min(most, len(ordered) // 2)
    if most < 2:
        raise Unanswerable(f"indirect bias needs four known words, got {len(ordered)}")
    g = direction(space, pairs, min_share=min_share).unit
    couples = [c for side in (ordered[:most], ordered[-most:]) for c in combinations(side, 2)]
    values = np.array([_beta(space, g, *couple) for couple in couples])
    kept = np.array([abs(_cosine(space, *couple)) >= LEAST_COSINE for couple in couples])
    kept &= np.isfinite(values)
    left_out = int((~kept).sum())
    if kept.sum() < LEAST_PAIRS:
        raise Unanswerable(
            f"indirect bias: of {len(couples)} pairs only {kept.sum()} have a cosine of "
            f"{LEAST_COSINE:g} or more, by which it is divided; it needs {LEAST_PAIRS}"
        )
    values, couples = values[kept], [c for c, ok in zip(couples, kept, strict=True) if ok]
    draws = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    return replace(
        along,
        measure="indirect_bias",
        title=f"pairs of the {most} professions farthest along either side",
        protocol=f"median; {left_out} of {left_out + len(values)} pairs with a cosine under "
        f"{LEAST_COSINE:g}, by which it is divided, left out; case: {space.case}",
        score=float(np.median(values)),
        interval=statistics.percentile_interval(
            np.median(values[draws], axis=1),
            level,
            f"percentile bootstrap over pairs, {resamples} resamples",
        ),
        chance=None,
        words=tuple(
            (f"{one}/{other}", float(beta))
            for (one, other), beta in zip(couples, values, strict=True)
        ),
    )


def indirect_bias_of(
    vectors: Vectors | Space, pairs: Sequence[tuple[str, str]], first: str, second: str
) -> float:
    """How much of the similarity of two words is due to the pairs' direction g.

    beta(w, v) = (w . v - cos(w', v')) / (w . v), with unit w and v, and w' = w - (w . g) g:
    0 when their similarity is unrelated to g, 1 when it comes from g alone.

    Raises
    ------
    Unanswerable
        A word is unknown, or the two are orthogonal, or one lies along g, or they are one word
        under the case policy.

    References
    ----------
    Bolukbasi et al. (2016), section on indirect bias.
    """
    space = Space.of(vectors)
    missing = space.find([first, second])[2]
    if missing:
        raise Unanswerable(f"indirect bias: unknown: {first_few(missing)}")
    if space.pair(first, second) is None:
        raise Unanswerable(
            f"indirect bias: {first} and {second} are one word under the case policy {space.case!r}"
        )
    beta = _beta(space, direction(space, pairs).unit, first, second)
    if not math.isfinite(beta):
        raise Unanswerable(f"indirect bias of {first} and {second} is not defined")
    return beta


def _cosine(space: Space, first: str, second: str) -> float:
    w, v = space.unit[space.find([first, second])[1]].astype(np.float64)
    return float(w @ v)


def _beta(space: Space, g: _F64, first: str, second: str) -> float:
    w, v = space.unit[space.find([first, second])[1]].astype(np.float64)
    w_rest, v_rest = w - (w @ g) * g, v - (v @ g) * g
    lengths = float(np.linalg.norm(w_rest) * np.linalg.norm(v_rest))
    both = float(w @ v)
    return (both - float(w_rest @ v_rest) / lengths) / both if lengths and both else math.nan


def _of_gender(space: Space, lists: GenderLists, **how: Unpack[Sampling]) -> BiasScore:
    return indirect_bias(space, lists.neutral, lists.pairs, **how)


MEASURE = Measure(
    name="indirect_bias",
    title="Indirect bias",
    score="share of similarity that is the direction's",
    about="Share of the similarity between stereotyped professions that the gender direction "
    "makes.",
    asks=GenderLists,
    run=_of_gender,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    reference=BOLUKBASI,
)
