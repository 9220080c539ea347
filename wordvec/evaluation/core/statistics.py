"""Intervals, permutation tests and comparisons: plain functions over arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, stdtr

from wordvec.evaluation.core import partitions as partitions_of
from wordvec.evaluation.core.results import Interval

_F64 = NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 1000
SAMPLES = 1_000_000
CERTIFIED_MAX = 256  # scores; 100 + 100 take 4 CPU-seconds
_FAR = 1 << 61  # beyond any sum of scores


def normal_quantile(level: float) -> float:
    """z with P(|Z| <= z) = level."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


# --- correlation ----------------------------------------------------------------------------------


def midranks(values: ArrayLike) -> _F64:
    """Ranks from 1; equal values share the mean of theirs."""
    values = np.asarray(values, float)
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[group])


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's r; NaN when either does not vary."""
    dx, dy = (v - v.mean() for v in (np.asarray(x, float), np.asarray(y, float)))
    scale = math.sqrt(float(dx @ dx) * float(dy @ dy))
    return float(np.clip(dx @ dy / scale, -1, 1)) if scale > 0 else math.nan


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rho: Pearson's r of the midranks."""
    return pearson(midranks(x), midranks(y))


def fisher_interval(r: float, n: int, *, rank: bool = False, level: float = LEVEL) -> Interval:
    """Interval of a correlation by Fisher's z.

    The variance of z is 1 / (n - 3) for Pearson's r and (1 + r^2 / 2) / (n - 3) for Spearman's
    rho (Bonett & Wright 2000). Unbounded for n <= 3.
    """
    method = "Fisher z" + (", Bonett-Wright variance" if rank else "")
    if n <= 3 or not math.isfinite(r):
        return Interval(-1.0, 1.0, level, method)
    half = normal_quantile(level) * math.sqrt((1 + r * r / 2 if rank else 1) / (n - 3))
    z = math.atanh(float(np.clip(r, -1 + 1e-15, 1 - 1e-15)))
    return Interval(math.tanh(z - half), math.tanh(z + half), level, method)


def resampled_counts(n: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each of n items is drawn in each resample with replacement: (resamples, n)."""
    draws = rng.integers(0, n, (resamples, n))
    draws += np.arange(resamples)[:, None] * n
    return np.bincount(draws.ravel(), minlength=resamples * n).reshape(resamples, n)


class _Ranked:
    """Values in rising order, so that the midranks of any resample are a cumulative sum."""

    def __init__(self, values: _F64) -> None:
        self.order = np.argsort(values, kind="stable")
        rising = values[self.order]
        first = np.r_[True, rising[1:] != rising[:-1]]
        self.starts = np.flatnonzero(first)
        self.group = np.empty(len(values), np.int64)
        self.group[self.order] = np.cumsum(first) - 1

    def of(self, counts: NDArray[np.int64]) -> _F64:
        """Midranks (resamples, n) of items drawn `counts` times."""
        drawn = np.add.reduceat(counts[:, self.order], self.starts, axis=1)
        ranks = np.cumsum(drawn, axis=1) - (drawn - 1) / 2
        return np.asarray(ranks[:, self.group])


def _weighted_correlation(counts: NDArray[np.int64], x: _F64, y: _F64) -> _F64:
    total = counts.sum(axis=1)
    dx = x - (np.einsum("bi,bi->b", counts, x) / total)[:, None]
    dy = y - (np.einsum("bi,bi->b", counts, y) / total)[:, None]
    cx = counts * dx
    scale = np.einsum("bi,bi->b", cx, dx) * np.einsum("bi,bi,bi->b", counts, dy, dy)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.einsum("bi,bi->b", cx, dy) / np.sqrt(scale))


def bootstrap_correlations(
    x: ArrayLike,
    *others: ArrayLike,
    rank: bool = True,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> _F64:
    """Correlation of x with each of `others` in the same resamples of the items.

    Returns
    -------
    (resamples, len(others)) float64; NaN where a resample does not vary.
    """
    x = np.asarray(x, float)
    columns = [np.asarray(other, float) for other in others]
    rng = np.random.default_rng(seed)
    ranked = [_Ranked(column) for column in [x, *columns]] if rank else []
    out = np.empty((resamples, len(columns)))
    for rows in _chunks(resamples, len(x)):
        counts = resampled_counts(len(x), rows.stop - rows.start, rng)
        if rank:
            values = [r.of(counts) for r in ranked]
        else:
            values = [np.broadcast_to(v, counts.shape) for v in [x, *columns]]
        for j, other in enumerate(values[1:]):
            out[rows, j] = _weighted_correlation(counts, values[0], other)
    return out


def _chunks(resamples: int, n: int, cells: int = 1 << 20) -> Iterator[slice]:
    """Slices of the resamples that keep a (rows, n) block within `cells`."""
    step = max(1, cells // max(n, 1))
    for start in range(0, resamples, step):
        yield slice(start, min(start + step, resamples))


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


# --- shares ---------------------------------------------------------------------------------------


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


# --- permutation tests ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Permutation:
    """A permutation test of mean(x) - mean(y).

    Attributes
    ----------
    statistic : float
        The observed difference.
    p_one_sided, p_two_sided : float
        Share of re-partitions of the same sizes whose difference is >= the observed one, or as
        far from 0.
    method : str
        "exact": over all re-partitions; "certified": the upper of two proven bounds over all of
        them; "sampled": (b + 1) / (m + 1) over m drawn ones.
    partitions : int
        How many there are, or were drawn.
    bounds : (float, float) or None
        The proven bounds of the one-sided p, where it is certified.
    """

    statistic: float
    p_one_sided: float
    p_two_sided: float
    method: str
    partitions: int
    bounds: tuple[float, float] | None = None


def permutation_test(
    x: ArrayLike,
    y: ArrayLike,
    *,
    samples: int = SAMPLES,
    seed: int = 1,
    exact: bool | None = None,
) -> Permutation:
    """Tests whether the scores x exceed the scores y.

    Exact up to 50 scores together (about a second at 25 and 25; milliseconds at 16 and 16),
    certified by bounds up to 256 (`partitions.bounds`; a second at 32 and 32), sampled beyond,
    unless `exact` says whether it is exact or sampled. Scores are rounded to 2^-44 of their largest
    distance from the mean and added as whole numbers; statistics that differ by no more than that
    rounding count as equal.

    Parameters
    ----------
    x, y : (n,), (m,) float
        Each of one score or more. Sizes may differ.
    samples : int
        Partitions drawn when sampled; each is drawn without regard to those before.

    Notes
    -----
    (b + 1) / (m + 1) is a valid p-value for partitions drawn at random (Phipson & Smyth 2010),
    never 0.
    """
    from wordvec.native.models import perm

    x, y = np.asarray(x, float), np.asarray(y, float)
    scores = np.concatenate([x, y])
    if not len(x) or not len(y):
        raise ValueError(f"both sides need a score, got {len(x)} and {len(y)}")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    if samples < 1:
        raise ValueError(f"samples must be >= 1, got {samples}")
    n = len(scores)
    if exact is None and perm.EXACT_MAX < n <= CERTIFIED_MAX:
        found = partitions_of.bounds(x, y)
        difference = float(x.mean() - y.mean())
        one, two = found.one_sided, found.two_sided
        return Permutation(difference, one[1], two[1], "certified", found.partitions, one)
    if exact is None:
        exact = n <= perm.EXACT_MAX
    centred = scores - scores.mean()
    largest = float(np.abs(centred).max())
    bits = min(44, 60 - n.bit_length())
    whole = np.rint(centred * (2.0**bits / largest if largest > 0 else 0)).astype(np.int64)
    # n_x n_y (mean_x - mean_y) = n sum_x - n_x total, in whole numbers; what differs by less than
    # the rounding of n scores counts as equal.
    total, slack = int(whole.sum()), n * n
    whole_difference = n * int(whole[: len(x)].sum()) - len(x) * total

    def count(high: int | None, low: int | None) -> tuple[int, int, int]:
        """(partitions, those with a difference >= high, those with one <= low); None: not asked,
        which spares an exact count the work."""
        base = len(x) * total
        upper = _FAR if high is None else -(-(high + base) // n)
        lower = -_FAR if low is None else (low + base) // n
        if exact:
            return perm.exact(whole, len(x), upper, lower)
        return perm.sampled(whole, len(x), upper, lower, samples, seed)

    far = abs(whole_difference) - slack
    mirrored = exact and len(x) == len(y)  # exchanging the sides turns each difference's sign
    partitions, high, low = count(far, None if mirrored else -far)
    two_sided = partitions if far <= 0 else 2 * high if mirrored else high + low
    if whole_difference < 0:  # all but those that fall below the observed one
        high = partitions - count(None, whole_difference - slack - 1)[2]
    add = 0 if exact else 1
    return Permutation(
        float(x.mean() - y.mean()),
        (high + add) / (partitions + add),
        min(1.0, (two_sided + add) / (partitions + add)),
        "exact" if exact else "sampled",
        partitions,
    )


def holm(p: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values, in the order given: the family-wise error is held."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, running = [1.0] * len(p), 0.0
    for place, i in enumerate(order):
        running = max(running, min(1.0, (len(p) - place) * p[i]))
        adjusted[i] = running
    return adjusted


# --- comparison of dependent correlations ---------------------------------------------------------


def williams_test(r_1: float, r_2: float, r_12: float, n: int) -> tuple[float, float]:
    """(t, two-sided p) of r_1 = r_2, correlations of two predictors with one criterion.

    r_12 is the correlation of the two predictors over the same n items.

    References
    ----------
    Williams (1959); Steiger (1980), "Tests for comparing elements of a correlation matrix",
    equation 7, who recommends it. Applied to Spearman's rho it is an approximation.
    """
    if n <= 3:
        return math.nan, math.nan
    determinant = 1 - r_1**2 - r_2**2 - r_12**2 + 2 * r_1 * r_2 * r_12
    mean = (r_1 + r_2) / 2
    below = 2 * (n - 1) / (n - 3) * max(determinant, 0.0) + mean**2 * (1 - r_12) ** 3
    if below <= 0:
        return (0.0, 1.0) if r_1 == r_2 else (math.copysign(math.inf, r_1 - r_2), 0.0)
    t = (r_1 - r_2) * math.sqrt((n - 1) * (1 + r_12) / below)
    return t, float(2 * stdtr(n - 3, -abs(t)))


# --- statistics that users write ------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Resampled:
    """A user's statistic with its interval (bootstrap) or p-value (permutation).

    `compiled` says whether numba compiled it; the draws, and with them the results, are the same
    without, up to the rounding of sums.
    """

    estimate: float
    interval: Interval | None
    p_one_sided: float | None
    p_two_sided: float | None
    replicates: _F64
    compiled: bool


Statistic = Callable[..., float]


def bootstrap(
    statistic: Statistic,
    *data: ArrayLike,
    resamples: int = RESAMPLES,
    seed: int = 1,
    level: float = LEVEL,
) -> Resampled:
    """Percentile interval of statistic(*data) over resamples of the items.

    The arrays (all of one length) are indexed by the same draws, so pairs stay together.

    Examples
    --------
    >>> import numpy as np
    >>> result = bootstrap(lambda x: x.mean(), np.arange(100.0), resamples=200)
    >>> result.estimate
    49.5
    >>> result.interval.low < 49.5 < result.interval.high
    True
    """
    arrays = _arrays(data)
    n = len(arrays[0])
    draws = np.random.default_rng(seed).integers(0, n, (resamples, n))
    replicates, compiled = _replicate(statistic, arrays, draws)
    return Resampled(
        float(statistic(*arrays)),
        percentile_interval(replicates, level, f"percentile bootstrap, {resamples} resamples"),
        None,
        None,
        replicates,
        compiled,
    )


def permutation(
    statistic: Statistic,
    x: ArrayLike,
    y: ArrayLike,
    *,
    samples: int = 9999,
    seed: int = 1,
) -> Resampled:
    """p-values of statistic(x, y) over random re-partitions of x and y of the same sizes.

    One-sided: (b + 1) / (m + 1) with b the partitions whose statistic is >= the observed one;
    two-sided: by its absolute value.
    """
    (x,), (y,) = _arrays([x]), _arrays([y])
    pooled = np.concatenate([x, y])
    rng = np.random.default_rng(seed)
    draws = rng.permuted(np.tile(np.arange(len(pooled)), (samples, 1)), axis=1)
    replicates, compiled = _replicate(statistic, [pooled], draws, cut=len(x))
    estimate = float(statistic(x, y))
    slack = 1e-12 * max(abs(estimate), float(np.abs(replicates).max(initial=0)))
    high = int((replicates >= estimate - slack).sum())
    far = int((np.abs(replicates) >= abs(estimate) - slack).sum())
    return Resampled(
        estimate, None, (high + 1) / (samples + 1), (far + 1) / (samples + 1), replicates, compiled
    )


def _arrays(data: Sequence[ArrayLike]) -> list[_F64]:
    arrays = [np.ascontiguousarray(values, float) for values in data]
    if not arrays or any(a.ndim != 1 or not len(a) for a in arrays):
        raise ValueError("data must be one-dimensional arrays of one number or more")
    if len({len(a) for a in arrays}) > 1:
        raise ValueError(f"arrays must have one length, got {[len(a) for a in arrays]}")
    return arrays


def _replicate(
    statistic: Statistic, arrays: list[_F64], draws: NDArray[np.int64], cut: int | None = None
) -> tuple[_F64, bool]:
    """The statistic of each draw; with `cut`, of the two parts of each draw of one array."""
    out = np.empty(len(draws))
    loop: Any = _loop_over(statistic, len(arrays), cut)
    try:
        import numba
    except ImportError:
        loop(draws, out, *arrays)
        return out, False
    try:
        inner: Any = numba.njit(statistic)
        numba.njit(_loop_over(inner, len(arrays), cut))(draws, out, *arrays)
        return out, True
    except numba.core.errors.NumbaError:  # it uses what numba cannot compile: run it as it is
        loop(draws, out, *arrays)
        return out, False


def _loop_over(statistic: Statistic, arrays: int, cut: int | None) -> Callable[..., None]:
    def split(draws: Any, out: Any, x: Any) -> None:
        for i in range(len(draws)):
            out[i] = statistic(x[draws[i, :cut]], x[draws[i, cut:]])

    def one(draws: Any, out: Any, x: Any) -> None:
        for i in range(len(draws)):
            out[i] = statistic(x[draws[i]])

    def two(draws: Any, out: Any, x: Any, y: Any) -> None:
        for i in range(len(draws)):
            out[i] = statistic(x[draws[i]], y[draws[i]])

    if cut is not None:
        return split
    if arrays not in (1, 2):
        raise ValueError(f"a statistic takes one or two arrays, got {arrays}")
    return one if arrays == 1 else two
