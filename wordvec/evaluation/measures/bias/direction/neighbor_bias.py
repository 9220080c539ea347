"""Bias by neighbours: do words that lean to a side still lie among words that lean to it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias import separation
from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.bias.lists import MIN_SHARE, GenderLists, ListCoverage
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.results import Interval, require
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded


@single_threaded()
def neighbor_bias(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    before: Vectors | Space | None = None,
    neighbors: int = 100,
    restrict_vocab: int = 50_000,
    min_share: float = MIN_SHARE,
    level: float = statistics.LEVEL,
) -> BiasScore:
    """Correlation of words' bias with the share of their neighbours that lean to the first side.

    Parameters
    ----------
    words
        Words that should be neutral.
    pairs
        Pairs that define the direction, which is taken from `before`.
    before
        The vectors that say which side a word and its neighbours lean to: those before debiasing.
        By default `vectors` itself.
    neighbors
        Nearest words, among the first `restrict_vocab`.

    References
    ----------
    Gonen & Goldberg (2019), section 4 and figure 3.
    """
    space = Space.of(vectors)
    origin = space if before is None else Space.of(before)
    g = direction(origin, pairs, min_share=min_share)
    stop = min(restrict_vocab, len(space))
    sides = _leaning(space, origin, g.unit.astype(np.float32), stop)
    used, rows, missing, _ = space.find_once(words)
    there = [(w, r, o) for w, r in zip(used, rows, strict=True) if (o := origin.row(w)) is not None]
    require(len(there), len(words), min_share, "neighbor_bias", "the words", missing, few=4)
    names, places, origins = zip(*there, strict=True)
    bias = origin.unit[list(origins)].astype(np.float64) @ g.unit
    k = min(neighbors, stop - 1)
    cosines = space.unit[list(places)] @ space.unit[:stop].T
    inside = [(i, row) for i, row in enumerate(places) if row < stop]
    if inside:
        cosines[tuple(zip(*inside, strict=True))] = -2
    near = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
    share = sides[near].mean(axis=1)
    r = statistics.pearson(bias, share)
    half = statistics.normal_quantile(level) / np.sqrt(max(len(there) - 1, 1))
    return BiasScore(
        measure="neighbor_bias",
        name="gender",
        title=f"{len(there)} words and their {k} nearest",
        protocol=f"Pearson's r; sides by {'the same' if before is None else 'other'} vectors; "
        f"case: {space.case}",
        lists={
            "pairs": g.coverage,
            "words": ListCoverage("words", len(words), tuple(names), tuple(missing)),
        },
        score=r,
        interval=statistics.fisher_interval(r, len(there), level=level),
        unbiased=0.0,
        chance=Interval(-half, half, level, "normal, uncorrelated"),
        words=tuple(zip(names, share.tolist(), strict=True)),
    )


def _leaning(space: Space, origin: Space, g: NDArray[np.float32], stop: int) -> NDArray[np.float64]:
    """1 for each of the first words that leans to the first side in `origin`, 0 for the others."""
    if space is origin:
        return np.asarray((space.unit[:stop] @ g > 0).astype(float))
    rows = [origin.row(space.words[i]) for i in range(stop)]
    known = [row for row in rows if row is not None]
    out = np.full(stop, 0.5)
    out[[row is not None for row in rows]] = origin.unit[known] @ g > 0
    return out


def _of_gender(space: Space, lists: GenderLists, **how: Unpack[Sampling]) -> BiasScore:
    # Fisher's interval needs no draws.
    return neighbor_bias(
        space,
        lists.neutral,
        lists.pairs,
        before=lists.chooser,
        min_share=how.get("min_share", MIN_SHARE),
        level=how.get("level", statistics.LEVEL),
    )


MEASURE = Measure(
    name="neighbor_bias",
    title="Bias by neighbours",
    score="Pearson's r of bias and neighbours",
    about="Do professions that lean to a side lie among words that lean to it? 0 when neighbours "
    "say nothing.",
    asks=GenderLists,
    run=_of_gender,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(-1.0, 1.0),
    reference=separation.REFERENCE,
)
