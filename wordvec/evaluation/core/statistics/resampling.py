"""Bootstrap and permutation of any statistic, compiled by numba where it can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.evaluation.core.results import Interval
from wordvec.evaluation.core.statistics.intervals import LEVEL, RESAMPLES, percentile_interval

_F64 = NDArray[np.float64]


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
