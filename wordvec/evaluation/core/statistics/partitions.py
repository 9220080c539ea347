"""The permutation distribution of a sum by dynamic programming: p-values with proven bounds.

All subsets of a size cannot be listed for long lists (1.8e18 for 32 + 32 words), but how many of
them have which sum can be counted on a grid: the number of subsets of c words with a grid sum F
obeys N(c, F) += N(c - 1, F - f) for each word's grid score f. A score differs from its grid score
by a known rounding e, so a subset's sum lies between F + (sum of the smallest e) and F + (sum of
the largest e), which bounds the number of subsets at or beyond any sum from below and above.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_F64 = NDArray[np.float64]

CELLS = 1 << 20  # of the grid: .3 % of p at the end of a tail of 1e-8, .01 % of p = .05
_BYTES = 256 << 20  # of the counts of half of the words


@dataclass(frozen=True)
class Bounds:
    """Proven bounds of p-values over all partitions of the scores.

    Attributes
    ----------
    one_sided, two_sided : (float, float)
        Lower and upper bound of the share of partitions whose difference of means is >= the
        observed one, or as far from 0.
    partitions : int
        How many there are.
    """

    one_sided: tuple[float, float]
    two_sided: tuple[float, float]
    partitions: int


def bounds(x: _F64, y: _F64, *, cells: int = CELLS) -> Bounds:
    """Bounds of the permutation p-values of mean(x) - mean(y), for lists of any length.

    Parameters
    ----------
    x, y : (n,), (m,) float64
        Finite scores.
    cells : int
        Cells of the grid of sums; twice as many halve the distance of the bounds and take twice the
        time and memory. Fewer are taken where the lists are so long that counts would not fit.

    Notes
    -----
    The words are counted in two halves, whose counts are joined at the threshold: a quarter of the
    work and half of the memory of one table. Counts are sums of positive float64 numbers, exact to
    n roundings of 1e-16, which the bounds include. Sums that differ from the observed one by no
    more than 2^-44 of the largest score count as equal to it.
    """
    flip = len(x) > len(y)  # the smaller side is chosen: fewer rows
    chosen, rest = (y, x) if flip else (x, y)
    scores = np.concatenate([chosen, rest])
    k, n = len(chosen), len(scores)
    scores = scores - scores.min()
    total = float(scores.sum())
    observed = float(scores[:k].sum())
    largest = float(np.sort(scores)[n - k :].sum())
    partitions = math.comb(n, k)
    if largest <= 0:
        return Bounds((1.0, 1.0), (1.0, 1.0), partitions)
    rows = min(k, -(-n // 2)) + 1
    cells = max(1024, min(cells, _BYTES // (8 * rows)))
    unit = largest / cells
    grid = np.rint(scores / unit).astype(np.int64)
    error = np.sort(scores / unit - grid)
    low, high = float(error[:k].sum()), float(error[n - k :].sum())
    slack = n * 2.0**-44 * float(scores.max()) / unit + 1e-9
    table = _Halves(grid, k)

    def at_least(threshold: float) -> tuple[float, float]:
        """Bounds of the share of subsets with a sum (in units) >= threshold, or equal to it."""
        sure = math.ceil(threshold - low + slack)
        possible = math.floor(threshold - high - slack)
        return table.share(sure, n, up=False), table.share(possible, n, up=True)

    def at_most(threshold: float) -> tuple[float, float]:
        sure = math.floor(threshold - high - slack)
        possible = math.ceil(threshold - low + slack)
        a, b = table.share(sure + 1, n, up=True), table.share(possible + 1, n, up=False)
        return max(0.0, 1 - a), min(1.0, 1 - b)

    # sum = total k / n + (difference of means) k (n - k) / n: the middle is no difference.
    middle, place = total * k / n / unit, observed / unit
    away = abs(place - middle)
    one = at_most(place) if flip else at_least(place)
    upper, lower = at_least(middle + away), at_most(middle - away)
    two = (upper[0] + lower[0], upper[1] + lower[1])
    if away <= slack:
        two = (1.0, 1.0)
    least = 1 / partitions  # the observed partition itself
    return Bounds(_inside(one, least), _inside(two, least), partitions)


def _inside(pair: tuple[float, float], least: float) -> tuple[float, float]:
    low, high = max(pair[0], least), min(1.0, max(pair[1], least))
    return min(low, high), high


class _Halves:
    """Counts of subsets of k by grid sum, kept for two halves of the words."""

    def __init__(self, grid: NDArray[np.int64], k: int) -> None:
        # Every other score, so that both halves have the same range.
        order = np.argsort(grid, kind="stable")
        self._k, self._n = k, len(grid)
        self._first, self._other = (_counts(grid[order[i::2]], k) for i in (0, 1))
        # How many of the other half have a sum of at least F, behind one more column of zeros.
        self._tails = [np.r_[np.cumsum(row[::-1])[::-1], 0.0] for row in self._other]

    def share(self, threshold: int, n: int, *, up: bool) -> float:
        """Share of the subsets with a grid sum >= threshold, rounded up or down."""
        found = 0.0
        for c, row in enumerate(self._first):
            other = self._k - c
            if not 0 <= other < len(self._tails):
                continue
            tail = self._tails[other]
            # Cell i goes with the tail from threshold - i: nothing before `low`, all behind `high`.
            low = min(max(threshold - len(tail) + 1, 0), len(row))
            high = min(max(threshold + 1, low), len(row))
            partners = tail[threshold - high + 1 : threshold - low + 1][::-1]
            found += float(row[low:high] @ partners) + float(row[high:].sum() * tail[0])
        # Each count is made of n sums at most, all positive; so is the product.
        wide = (4 * n + len(self._first)) * 2.0**-52
        share = found / math.comb(self._n, self._k)
        return min(1.0, share * (1 + wide)) if up else min(1.0, share * (1 - wide))


def _counts(grid: NDArray[np.int64], k: int) -> list[_F64]:
    """Row c: how many subsets of c scores have each grid sum, 0 up to the largest."""
    sizes = min(k, len(grid))
    largest = np.cumsum(np.sort(grid)[::-1])[:sizes].tolist()
    rows = [np.ones(1), *(np.zeros(top + 1) for top in largest)]
    filled = [1] + [0] * sizes  # cells of each row that can be above 0 so far
    for f in np.sort(grid).tolist():
        for c in range(sizes, 0, -1):  # downwards, so that c - 1 is still without this score
            size = filled[c - 1]
            rows[c][f : f + size] += rows[c - 1][:size]
            filled[c] = max(filled[c], f + size) if size else filled[c]
    return rows
