"""Correlations, their intervals and their bootstrap."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from wordvec.evaluation.core.results import Interval
from wordvec.evaluation.core.statistics.intervals import (
    LEVEL,
    RESAMPLES,
    normal_quantile,
    resampled_counts,
)

_F64 = NDArray[np.float64]


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
