"""The permutation test of two samples, exact, certified or sampled; Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.evaluation.core.statistics import partitions as partitions_of
from wordvec.native.models import perm

_F64 = NDArray[np.float64]
SAMPLES = 1_000_000
CERTIFIED_MAX = 256  # scores; 100 + 100 take 4 CPU-seconds
_FAR = 1 << 61  # beyond any sum of scores


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
