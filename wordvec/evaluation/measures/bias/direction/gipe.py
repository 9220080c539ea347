"""GIPE: how many of words' neighbours are near by the direction alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.bias.lists import MIN_SHARE, GenderLists, ListCoverage
from wordvec.evaluation.core.bias.scores import BiasScore, Sampling
from wordvec.evaluation.core.measure import BIAS_COLUMNS, Measure
from wordvec.evaluation.core.results import require
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded

_LEAST = 0.01  # of |w v|: indirect bias divides by it


@single_threaded()
def gipe(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    neighbors: int = 100,
    threshold: float = 0.03,
    restrict_vocab: int = 50_000,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    """Gender-based illicit proximity estimate of words that should be neutral.

    eta_w is the share of the neighbours v of w whose similarity is due to the direction: indirect
    bias beta(w, v) > threshold; gamma_v = 1 + the share of v's own appearances as a neighbour that
    are so. The score is the mean of eta weighted by gamma.

    References
    ----------
    Kumar, Bhotia, Kumar & Chakraborty (2020), section 4. Pairs with |w v| < .01 are left out.
    """
    space = Space.of(vectors)
    g = direction(space, pairs, min_share=min_share)
    used, rows, missing, _ = space.find_once(words)
    require(len(used), len(words), min_share, "gipe", "the words", missing, few=2)
    stop = min(restrict_vocab, len(space))
    W = space.unit[rows].astype(np.float64)
    cosine = space.unit[rows] @ space.unit[:stop].T
    inside = [(i, row) for i, row in enumerate(rows) if row < stop]
    if inside:
        cosine[tuple(zip(*inside, strict=True))] = -2
    k = min(neighbors, stop - 1)
    near = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
    along_w, along_all = W @ g.unit, space.unit[:stop] @ g.unit.astype(np.float32)
    along_v = along_all[near].astype(np.float64)
    both = np.take_along_axis(cosine, near, axis=1).astype(np.float64)
    lengths = np.sqrt(np.maximum((1 - along_w**2)[:, None] * (1 - along_v**2), 1e-12))
    rest = (both - along_w[:, None] * along_v) / lengths
    clear = np.abs(both) >= _LEAST
    beta = np.where(clear, (both - rest) / np.where(clear, both, 1), 0)
    illicit = beta > threshold
    eta = illicit.sum(axis=1) / np.maximum(clear.sum(axis=1), 1)
    met, ill = (np.bincount(near[flag], minlength=stop) for flag in (clear, illicit))
    gamma = np.ones(len(rows))
    for i, row in inside:
        gamma[i] += ill[row] / max(met[row], 1)
    draws = np.random.default_rng(seed).integers(0, len(rows), (resamples, len(rows)))
    replicates = (gamma * eta)[draws].sum(axis=1) / gamma[draws].sum(axis=1)
    return BiasScore(
        measure="gipe",
        name="gender",
        title=f"{len(used)} words and their {k} nearest",
        protocol=f"indirect bias > {threshold:g}; case: {space.case}",
        lists={
            "pairs": g.coverage,
            "words": ListCoverage("words", len(words), tuple(used), tuple(missing)),
        },
        score=float((gamma * eta).sum() / gamma.sum()),
        interval=statistics.percentile_interval(
            replicates, level, f"percentile bootstrap over the words, {resamples} resamples"
        ),
        unbiased=0.0,
        chance=None,
        words=tuple(zip(used, eta.tolist(), strict=True)),
    )


def _of_gender(space: Space, lists: GenderLists, **how: Unpack[Sampling]) -> BiasScore:
    return gipe(space, lists.neutral, lists.pairs, **how)


MEASURE = Measure(
    name="gipe",
    title="Illicit proximity (GIPE)",
    score="share of neighbours that are near by gender alone",
    about="Share of professions' neighbours that are near because of the gender direction.",
    asks=GenderLists,
    run=_of_gender,
    result=BiasScore,
    columns=BIAS_COLUMNS,
    range=(0.0, 1.0),
    reference="""@article{kumar2020nurse,
  author = {Kumar, Vaibhav and Bhotia, Tenzin Singhay and Kumar, Vaibhav and Chakraborty, Tanmoy},
  title = {Nurse is Closer to Woman than Surgeon? Mitigating Gender-Biased Proximities in Word
           Embeddings},
  journal = {Transactions of the Association for Computational Linguistics},
  volume = {8},
  pages = {486--503},
  year = {2020},
}""",
)
