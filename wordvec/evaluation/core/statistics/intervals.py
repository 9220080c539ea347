"""Intervals: of correlations, of shares, from bootstrap replicates, kept within bounds."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from wordvec.evaluation.core.results import Interval

_F64 = NDArray[np.float64]
LEVEL = 0.95
RESAMPLES = 1000


def normal_quantile(level: float) -> float:
    """z with P(|Z| <= z) = level."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


def resampled_counts(n: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each of n items is drawn in each resample with replacement: (resamples, n)."""
    draws = rng.integers(0, n, (resamples, n))
    draws += np.arange(resamples)[:, None] * n
    return np.bincount(draws.ravel(), minlength=resamples * n).reshape(resamples, n)


def percentile_interval(replicates: _F64, level: float, method: str) -> Interval:
    """The middle `level` of the replicates that are finite; NaN when none is."""
    finite = replicates[np.isfinite(replicates)]
    if not len(finite):
        return Interval(math.nan, math.nan, level, method)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, method)


def bounded_interval(
    replicates: _F64,
    estimate: float,
    ends: tuple[float | None, float | None],
    level: float,
    method: str,
) -> Interval:
    """The percentile interval moved so that the replicates' median is the estimate, within `ends`.

    For statistics that resampling itself raises or lowers, because resamples hold items twice:
    what a bootstrap tells of them is the spread. Moving is done on a scale without ends (log of the
    distance from one end, logit between two), so that no interval passes the end of the measure;
    where the estimate or most replicates stand at an end nothing can be moved: replicates are then
    taken as they are.
    """
    finite = replicates[np.isfinite(replicates)]
    low, high = ends
    if not len(finite):
        return Interval(math.nan, math.nan, level, method)
    middle = float(np.median(finite))
    inside = all(
        (low is None or at > low) and (high is None or at < high) for at in (estimate, middle)
    )
    if not inside:
        found = percentile_interval(finite, level, method)
        return Interval(min(found.low, estimate), max(found.high, estimate), level, method)
    free = freed(finite, low, high)
    free += freed(np.array([estimate]), low, high)[0] - np.median(free)
    found = percentile_interval(free, level, "")
    ends_ = bounded(np.array([found.low, found.high]), low, high)
    scale = {(True, True): "", (False, False): " on the logit scale"}.get(
        (low is None, high is None), " on the log scale"
    )
    below, above = min(float(ends_[0]), estimate), max(float(ends_[1]), estimate)
    return Interval(below, above, level, f"{method}, moved by its bias{scale}")


def around(
    mean: float, half: float, ends: tuple[float | None, float | None], level: float, method: str
) -> Interval:
    """mean -+ half within `ends`: on the scale of `freed`, where half is as many standard errors
    of it as on the scale of the mean (delta method)."""
    low, high = ends
    if not half > 0 or not (low is None or mean > low) or not (high is None or mean < high):
        return Interval(
            mean - half if low is None else max(low, mean - half),
            mean + half if high is None else min(high, mean + half),
            level,
            method,
        )
    if low is not None and high is not None:
        slope = (high - low) / ((mean - low) * (high - mean))
    elif low is not None or high is not None:
        slope = 1 / abs(mean - (low if low is not None else high or 0.0))
    else:
        slope = 1.0
    middle = freed(np.array([mean]), low, high)[0]
    below, above = bounded(np.array([middle - slope * half, middle + slope * half]), low, high)
    return Interval(float(below), float(above), level, method)


_NEAREST = 1e-9  # of the way to an end: what stands at the end itself counts as so near


def freed(x: _F64, low: float | None, high: float | None) -> _F64:
    """x on a scale without ends."""
    if low is None and high is None:
        return x.copy()
    if low is not None and high is not None:
        share = np.clip((x - low) / (high - low), _NEAREST, 1 - _NEAREST)
        return np.asarray(np.log(share / (1 - share)))
    distance = x - low if low is not None else (high or 0.0) - x
    return np.asarray(np.log(np.maximum(distance, _NEAREST)) * (1 if low is not None else -1))


def bounded(y: _F64, low: float | None, high: float | None) -> _F64:
    """The inverse of `freed`."""
    if low is None and high is None:
        return y
    if low is not None and high is not None:
        return np.asarray(low + (high - low) / (1 + np.exp(-y)))
    return np.asarray(low + np.exp(y) if low is not None else (high or 0.0) - np.exp(-y))


def wilson_interval(successes: float, n: int, level: float = LEVEL) -> Interval:
    """Interval of a share (Wilson 1927); [0, 1] for n = 0."""
    if n == 0:
        return Interval(0.0, 1.0, level, "Wilson")
    z2 = normal_quantile(level) ** 2
    share = successes / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Interval(max(0.0, middle - half), min(1.0, middle + half), level, "Wilson")


def share_interval(
    share: float, replicates: _F64, units: int, level: float, method: str
) -> Interval:
    """The percentile interval of a share; Wilson's over the resampled units where the share is 0
    or 1, since resamples of nothing but failures say nothing."""
    if 0 < share < 1:
        return percentile_interval(replicates, level, method)
    wilson = wilson_interval(share * units, units, level)
    return Interval(wilson.low, wilson.high, level, f"Wilson over {units} resampled units")


def guessing_interval(p: float, n: int, level: float = LEVEL) -> Interval:
    """Where the share of n answers falls that are right with probability p each: quantiles of the
    binomial distribution."""
    below = bdtr(np.arange(n + 1), n, p)
    low, high = (
        int(np.searchsorted(below, q, side="left")) for q in ((1 - level) / 2, (1 + level) / 2)
    )
    return Interval(low / n, min(high, n) / n, level, "binomial, answers guessed")
