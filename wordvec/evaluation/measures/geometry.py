"""The shape of the space as a whole: isotropy by types and by tokens."""

from __future__ import annotations

from dataclasses import dataclass

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.measure import INTERVAL, SCORE, Measure, Variants, text, value
from wordvec.evaluation.core.results import Coverage, Interval, SpaceScore, Unanswerable
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.spaces.geometry import (
    isoscore_error,
    mean_cosine,
    partition_function,
    shape_of,
)
from wordvec.spaces.moments import WEIGHTS, moments, word_weights


@dataclass(frozen=True)
class GeometryResult(SpaceScore):
    """The shape under one weighting; `score` is the IsoScore.

    Attributes
    ----------
    chance : float
        The expected IsoScore of as many normal vectors without a preferred direction; of tokens,
        of as many as the weights are worth, 1 / sum w^2.
    norm, centre, symmetry1, symmetry2, effective_dimensions, top3 : float
        See `wordvec.spaces.geometry.Shape`.
    mean_cosine, partition : float or None
        Of the vocabulary; None for tokens.
    """

    chance: float
    norm: float
    centre: float
    symmetry1: float
    symmetry2: float
    effective_dimensions: float
    top3: float
    mean_cosine: float | None
    partition: float | None


def geometry(
    vectors: Vectors | Space, *, weights: str = "types", level: float = statistics.LEVEL
) -> GeometryResult:
    """The shape of the space: each word once ("types"), or as often as it occurs ("tokens").

    The interval tells how much the IsoScore depends on which words there are (infinitesimal
    jackknife).

    Raises
    ------
    Unanswerable
        Tokens of vectors that have no counts, or no usable vector.
    """
    space = Space.of(vectors)
    wv = space.raw
    if weights == "tokens" and (wv.counts is None or not wv.counts.sum() > 0):
        raise Unanswerable(
            "geometry (tokens): these vectors have no counts; `wordvec geometry --counts` takes "
            "them from a vocabulary file"
        )
    if not len(wv):
        raise Unanswerable(f"geometry ({weights}): there are no usable vectors")
    own = word_weights(wv, weights)
    try:
        found = moments(wv.matrix, own)
    except ValueError as error:  # vectors so long that their squares overflow
        raise Unanswerable(f"geometry ({weights}): {error}") from error
    shape = shape_of(found, wv.vector_size)
    half = statistics.normal_quantile(level) * isoscore_error(wv.matrix, own, found)
    low, high = max(0.0, shape.isoscore - half), min(1.0, shape.isoscore + half)
    types = weights == "types"
    return GeometryResult(
        measure="geometry",
        name=f"geometry ({weights})",
        title=f"shape of the space by {weights}",
        protocol=f"vectors at their lengths, weighted by {weights}",
        coverage=Coverage(len(wv) + len(space.unusable), len(wv), space.unusable),
        score=shape.isoscore,
        interval=Interval(low, high, level, "normal, by the infinitesimal jackknife over words"),
        chance=_of_normal(1 / float((own**2).sum()), wv.vector_size),
        norm=shape.norm,
        centre=shape.centre,
        symmetry1=shape.symmetry1,
        symmetry2=shape.symmetry2,
        effective_dimensions=shape.effective_dimensions,
        top3=shape.top3,
        mean_cosine=mean_cosine(wv.matrix, len(wv)) if types else None,
        partition=partition_function(wv.matrix, found)[0] if types else None,
    )


def _of_normal(n: float, d: int) -> float:
    """Expected IsoScore of n standard normal vectors: E tr S^2 = d + (d + d^2) / n."""
    return (d / (1 + (d + 1) / n) - 1) / (d - 1) if d > 1 else 1.0


MEASURE = Measure(
    name="geometry",
    title="Geometry",
    score="IsoScore",
    about="Does the variance spread evenly over all directions? 1: as in a ball; 0: along one "
    "line. By types each word counts once, by tokens as often as it occurs in the text.",
    asks=None,
    run=geometry,
    result=GeometryResult,
    variants=Variants("weights", WEIGHTS),
    columns={
        "weights": text("name"),
        "IsoScore": SCORE,
        "interval": INTERVAL,
        "of normal vectors": value("chance"),
        "effective dimensions": value("effective_dimensions", 1),
        "symmetry 1": value("symmetry1"),
        "symmetry 2": value("symmetry2"),
        "centre": value("centre"),
        "mean norm": value("norm"),
        "first three components": value("top3"),
        "mean cosine": value("mean_cosine"),
        "partition function": value("partition"),
    },
    main=5,
    range=(0.0, 1.0),
    caution="Types and tokens are different claims; neither says alone whether a space is "
    "isotropic, and neither says how good it is.",
    reference="""@inproceedings{rudman2022isoscore,
  author = {Rudman, William and Gillman, Nate and Rayne, Taylor and Eickhoff, Carsten},
  title = {{IsoScore}: Measuring the Uniformity of Embedding Space Utilization},
  booktitle = {Findings of ACL},
  pages = {3325--3339},
  year = {2022},
}
@inproceedings{yokoi2024zipfian,
  author = {Yokoi, Sho and Bao, Han and Kurita, Hiroto and Shimodaira, Hidetoshi},
  title = {Zipfian Whitening},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {37},
  year = {2024},
}
@inproceedings{mu2018all,
  author = {Mu, Jiaqi and Viswanath, Pramod},
  title = {All-but-the-Top: Simple and Effective Postprocessing for Word Representations},
  booktitle = {Proceedings of ICLR},
  year = {2018},
}""",
)
