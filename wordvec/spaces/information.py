"""How much a word says of its contexts: Kullback-Leibler divergence, and what chance makes of it.

KL(w) = sum over contexts c of p(c|w) log(p(c|w) / p(c)) (Oyama, Yokoi & Shimodaira 2023, section
3.2), in nats. It is above 0 for rare words without any association; what chance alone gives depends
on the number of context tokens only, and is known in closed form where windows are flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from wordvec.counts.shards import Shards
from wordvec.spaces.moments import moments
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.vectors import WordVectors

F64: TypeAlias = NDArray[np.float64]

_KNOTS = 60  # sizes at which the expected value is computed; between them it is interpolated
_FAR = 50.0  # from here on E[N log N] is its asymptotic series to 1e-6
_BINS, _BIN_WORDS = 200, 50
_LOW = 3.0  # percentile that stands for "no association" among words of one frequency


@dataclass(frozen=True, eq=False)
class Information:
    """Information of words.

    Attributes
    ----------
    words : sequence of str
    counts : ndarray of int64, shape (V,)
        How often each word occurs.
    contexts : ndarray of float64, shape (V,)
        Context tokens of each word (row sum).
    kl : ndarray of float64, shape (V,)
        KL(w) in nats; NaN for words without contexts.
    expected : ndarray of float64, shape (V,)
        What chance alone gives a word with so many contexts.
    method : str
        How it was found: "closed form", or "percentile" where windows are not flat.
    mutual_information : float
        sum of p(w) KL(w).
    """

    words: list[str]
    counts: NDArray[np.int64]
    contexts: F64
    kl: F64
    expected: F64
    method: str
    mutual_information: float

    @property
    def excess(self) -> F64:
        """KL(w) beyond chance (V,)."""
        return self.kl - self.expected

    @property
    def g2(self) -> F64:
        """The likelihood ratio statistic 2 n KL(w) (V,)."""
        return 2 * self.contexts * self.kl


def information(shards: Shards) -> Information:
    """KL divergence of each word's contexts from the marginal, with what chance gives.

    Parameters
    ----------
    shards : Shards
        Counts of co-occurrence, not subsampled. With `weighting="flat"` they are numbers of tokens
        and the expected value is exact; otherwise the lower 3 % of words of a frequency stand for
        words without association.

    Raises
    ------
    ValueError
        For counts of a subsampled text, whose rows are not tokens.

    References
    ----------
    Oyama, Yokoi & Shimodaira (2023), "Norm of word embedding encodes information gain".
    """
    if shards.manifest.get("sample"):
        raise ValueError(
            f"{shards.path}: counts of a subsampled text are no tokens: count again without "
            "subsampling"
        )
    rows, columns = shards.marginals
    total = float(columns.sum())
    if not total > 0:
        raise ValueError(f"{shards.path}: holds no co-occurrence")
    p = columns / total
    with np.errstate(divide="ignore"):
        log_p = np.where(p > 0, np.log(np.where(p > 0, p, 1)), 0.0)
    own = np.zeros(len(rows))
    for i, j, tile in shards:
        x = tile.values.astype(np.float64)
        w, c = tile.rows * shards.k + i, tile.cols.astype(np.int64) * shards.k + j
        xlogx = x * np.log(x)
        own += np.bincount(w, xlogx - x * log_p[c], len(rows))
        if shards.symmetric:
            other = w != c
            value = xlogx[other] - x[other] * log_p[w[other]]
            own += np.bincount(c[other], value, len(rows))
    with np.errstate(divide="ignore", invalid="ignore"):
        kl = np.where(rows > 0, own / rows - np.log(rows), np.nan)
    kl = np.maximum(kl, 0)  # NaN stays NaN
    flat = shards.manifest.get("weighting", "flat") == "flat"
    expected = expected_kl(rows, p) if flat else _percentile(rows, kl)
    vocab = shards.vocab
    return Information(
        words=[*vocab] if vocab is not None else [str(i) for i in range(len(rows))],
        counts=vocab.counts if vocab is not None else np.zeros(len(rows), np.int64),
        contexts=rows,
        kl=kl,
        expected=expected,
        method="closed form" if flat else "percentile",
        mutual_information=float(np.nansum(rows * kl) / rows.sum()),
    )


def expected_kl(n: F64, p: F64) -> F64:
    """E KL of n tokens drawn from p itself, for each n: (len(n),).

    (1/n) sum_c E[N_c log N_c] - log n - sum_c p_c log p_c with N_c Poisson of mean n p_c: it
    depends on n alone, so 60 values are computed and the others interpolated in log n. NaN for
    n <= 0.
    """
    n = np.asarray(n, np.float64)
    out = np.full(n.shape, np.nan)
    there = n > 0
    if not there.any():
        return out
    inside = p[p > 0]
    entropy = float((inside * np.log(inside)).sum())
    low, high = np.log(n[there].min()), np.log(n[there].max())
    knots = np.unique(np.exp(np.linspace(low, high, _KNOTS if high > low else 1)))
    values = np.array([expected_n_log_n(k * inside).sum() / k - np.log(k) - entropy for k in knots])
    if len(knots) == 1:
        out[there] = values[0]
    else:
        out[there] = CubicSpline(np.log(knots), values)(np.log(n[there]))
    out[there] = np.maximum(out[there], 0)
    return out


def expected_n_log_n(mean: F64) -> F64:
    """E[N log N] for N Poisson of these means >= 0: from a table, and its series for large ones."""
    mean = np.asarray(mean, np.float64)
    small = np.minimum(mean, _FAR)
    tiny = small < 1e-6
    inside = np.exp(_table()(np.log(np.where(tiny, 1e-6, small))))
    # N = 2 is the first that counts: 2 log 2 mean^2 / 2.
    inside = np.where(tiny, np.log(2) * small**2, inside)
    big = np.maximum(mean, _FAR)
    far = big * np.log(big) + 0.5 + 1 / (12 * big)
    return np.asarray(np.where(mean > _FAR, far, inside))


@cache
def _table() -> CubicSpline:
    """log E[N log N] against log mean, 1e-6 to 50."""
    means = np.exp(np.linspace(np.log(1e-6), np.log(_FAR), 600))
    N = np.arange(2, 200)
    logs = np.cumsum(np.log(np.arange(1, 200)))[1:]  # log N!
    weights = np.exp(N * np.log(means)[:, None] - means[:, None] - logs)
    return CubicSpline(np.log(means), np.log(weights @ (N * np.log(N))))


def _percentile(size: F64, values: F64) -> F64:
    """The value of words without association: the 3rd percentile among words of about that size.

    200 bins of equal width in log size, merged until each has 50 words; interpolated between.
    """
    known = (size > 0) & np.isfinite(values)
    out = np.full(size.shape, np.nan)
    if known.sum() < _BIN_WORDS:
        return out
    logs = np.log(size[known])
    order = np.argsort(logs, kind="stable")
    edges = np.linspace(logs.min(), logs.max(), _BINS + 1)[1:-1]
    cuts = np.searchsorted(logs[order], edges)
    places, levels, start = [], [], 0
    for cut in [*cuts.tolist(), len(order)]:
        if cut - start >= _BIN_WORDS and (len(order) - cut >= _BIN_WORDS or cut == len(order)):
            part = order[start:cut]
            places.append(float(logs[part].mean()))
            levels.append(float(np.percentile(values[known][part], _LOW)))
            start = cut
    out[known] = np.interp(logs, places, levels) if places else np.nan
    return out


@dataclass(frozen=True, eq=False)
class Norms:
    """Lengths of vectors as information.

    Attributes
    ----------
    squared : ndarray of float64, shape (V,)
        (u - mean)' G (u - mean) where the vectors have contexts, G the covariance of the context
        vectors under the text: about 2 KL(w) for skip-gram near its optimum. |u|^2 without.
    excess : ndarray of float64, shape (V,)
        Beyond words of the same frequency without association (3rd percentile).
    whitened : bool
        Whether contexts were there.
    """

    squared: F64
    excess: F64
    whitened: bool


def norms(vectors: WordVectors, counts: NDArray[np.int64] | None = None) -> Norms:
    """Squared lengths of vectors, as information (equations 12 to 14 of the paper).

    Raises
    ------
    ValueError
        Without counts.
    """
    known = vectors.counts if counts is None else np.asarray(counts)
    if known is None or not known.sum() > 0:
        raise ValueError("the vectors have no counts: give them as counts")
    p = known / known.sum()
    contexts = vectors.context_matrix
    if contexts is None:
        squared = vectors.norms.astype(np.float64) ** 2
    else:
        G = moments(contexts, p).covariance
        mean = moments(vectors.matrix, p).mean
        squared = _quadratic(vectors.matrix, mean, G)
    return Norms(squared, squared - _percentile(known.astype(float), squared), contexts is not None)


def _quadratic(matrix: Matrix, mean: F64, G: F64) -> F64:
    out = np.empty(matrix.rows)
    for start in range(0, matrix.rows, 8192):
        stop = min(start + 8192, matrix.rows)
        X = np.asarray(matrix.block(start, stop), np.float64) - mean
        out[start:stop] = np.einsum("ij,ij->i", X @ G, X)
    return out
