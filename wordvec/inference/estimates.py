"""What an uncertainty says: values with their errors and intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure with its uncertainty.

    Attributes
    ----------
    value, sd : float
        The estimate and its standard error.
    low, high : float
        Ends of the interval; `level` of such intervals cover the true value.
    method : str
        "delta" or "draws".
    kind : str
        Of what the uncertainty is: "reconstruction" (the vectors, given the counts) or "documents"
        (another sample of documents).
    """

    value: float
    sd: float
    low: float
    high: float
    level: float
    method: str
    kind: str


@dataclass(frozen=True)
class Difference(Estimate):
    """A difference with its test: z = value / sd, and the two-sided p of a difference of 0."""

    z: float
    p: float


@dataclass(frozen=True)
class Known:
    """What is known of a word's vector.

    Attributes
    ----------
    contexts : int or None
        Words that it stands with: cells of its row. None, as sigma and convergence, where variances
        are published that do not say.
    sigma : float
        Standard deviation of log counts of full weight about what the vectors say.
    relative : float
        tr(covariance) / |vector|^2: above .1 the delta method is rough.
    convergence : float
        Cosine of the trained vector with the exact solution given the contexts; below .95 training
        should go on.
    blocks : int or None
        Blocks of documents that have the word; None for shards of the whole text.
    design_effect : float or None
        Variance of the word's counts over blocks, divided by their mean.
    note : str
        Why there is no variance, or what to be careful about; empty if nothing.
    """

    word: str
    contexts: int | None
    sigma: float | None
    relative: float | None
    convergence: float | None
    blocks: int | None
    design_effect: float | None
    note: str


@dataclass(frozen=True)
class Neighbor:
    """A neighbour with its uncertainty.

    Attributes
    ----------
    first : float
        Share of draws in which it is the nearest of the candidates.
    p : float
        Two-sided p that it is as near as the candidate of rank k + 1, adjusted by Holm's method
        over the neighbours; NaN where there is none.
    tied : bool
        Whether p > 1 - level: it cannot be told from the candidate of rank k + 1.
    """

    word: str
    similarity: float
    sd: float
    low: float
    high: float
    first: float
    p: float
    tied: bool


def quantile(level: float) -> float:
    """z with P(|Z| <= z) = level.

    Raises
    ------
    ValueError
        When the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


def widened(estimate: Estimate, sd: float) -> Estimate:
    """An estimate with an independent, normal error of this SD besides: half-widths and SDs are
    added by the root of their squares."""
    half, value = quantile(estimate.level) * sd, estimate.value
    return replace(
        estimate,
        sd=math.hypot(estimate.sd, sd),
        low=value - math.hypot(value - estimate.low, half),
        high=value + math.hypot(estimate.high - value, half),
    )


def bounded(estimate: Estimate, most: float) -> Estimate:
    """An estimate of what lies between -most and most, with an interval that does too."""
    low, high = max(estimate.low, -most), min(estimate.high, most)
    return replace(estimate, low=low, high=high)


def two_sided(value: float, sd: float) -> tuple[float, float]:
    """z, and the two-sided p of a normal estimate; two things that are one differ by 0 +- 0."""
    if sd == 0:
        return (0.0, 1.0) if value == 0 else (math.copysign(math.inf, value), 0.0)
    z = value / sd
    return z, math.erfc(abs(z) / math.sqrt(2))


def holm(p: Sequence[float]) -> list[float]:
    """p adjusted by Holm's step-down method: the chance of any false one is kept."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = largest
    return adjusted


def from_draws(value: float, draws: NDArray[np.float64], level: float, kind: str) -> Estimate:
    """An estimate with the standard error of draws, and their percentile interval, which is moved
    so that the draws' mean is the value.

    Noise in vectors shrinks cosines, so draws lie below the estimate: what they tell is the spread.
    """
    finite = draws[np.isfinite(draws)]
    if len(finite) < 2:
        return Estimate(value, math.nan, math.nan, math.nan, level, "draws", kind)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    shift = value - float(finite.mean())
    sd = float(finite.std(ddof=1))
    return Estimate(value, sd, float(low) + shift, float(high) + shift, level, "draws", kind)
