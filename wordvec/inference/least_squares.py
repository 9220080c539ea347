"""Solves the regressions of `rows` and finds the covariance of what they solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from wordvec.errors import Unanswerable
from wordvec.native.vectors.gram import dots, grams, inverses, sandwiches
from wordvec.system.parallel import over_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.inference.rows import Equations

    F32 = NDArray[np.float32]
    F64 = NDArray[np.float64]

PIVOT = 1e-12  # of the largest: below, the contexts do not span the space to double precision

SINGLE_PIVOT = 1e-4  # below, products of floats are not exact enough, and are computed in double
PIECE = 8192  # observations whose products are summed as one; what a thread takes of a long row

Covariance = Literal["sandwich", "model"]


@dataclass(frozen=True, eq=False)
class Solution:
    """One word's regression.

    Attributes
    ----------
    cells : int
        Observations.
    sigma : float
        Standard deviation of an observation of weight 1, about the centre.
    trained, polished : ndarray, shape (m,)
        The vector as it was trained, and the exact solution given the other side; m is d, or 2 d
        where vectors are w beside c.
    covariance : ndarray, shape (m, m)
    contexts : int
        Cells of its row of counts.
    convergence : float
        Cosine of the trained vector with the exact solution; NaN where one of them is zero.
    """

    cells: int
    sigma: float
    trained: F64
    polished: F64
    covariance: F64
    contexts: int = 0
    convergence: float = float("nan")


def refusal(word: str, cells: int, dim: int) -> str | None:
    """Why a word of so few cells has no covariance, or None.

    Near as many cells as dimensions the regression follows its own noise, and the residuals that
    should tell its size are all but zero.
    """
    least = max(10, -(-dim // 10))
    if cells - dim >= least:
        return None
    return (
        f"{word!r}: {cells:,} contexts, {dim} dimensions: at least {dim + least} contexts are "
        "needed; count more text or train fewer dimensions"
    )


def solve(
    words: Sequence[str],
    equations: Equations,
    intercepts: Sequence[F64],
    ranks: Sequence[int],
    *,
    covariance: Covariance = "sandwich",
    polished: bool = True,
    profiled: bool = False,
    output: str = "words",
    single: bool = False,
    threads: int = 1,
) -> list[Solution | Unanswerable]:
    """Solves the regressions of some words.

    Parameters
    ----------
    words : sequence of str
        For messages.
    intercepts : sequence of ndarray, shape (words,)
        For each half, what stands for the intercept at the trained vectors when it is profiled.
    ranks : sequence of int
        Rows of the words in the halves' `own`.
    covariance : {"sandwich", "model"}
        The model's is s^2 M^-1, M = sum f c c', which holds when an observation's variance is
        s^2 / f. The sandwich is M^-1 (sum f^2 r^2 c c') M^-1 n / (n - d), with each observation's
        own residual r (HC1 of MacKinnon & White 1985).
    polished : bool
        Whether residuals are those of the exact solution or of the trained vector.
    profiled : bool
        Whether the word's own bias is estimated too, and its uncertainty counted.
    output : {"words", "sum", "both"}
        For two halves: both come from the same observations, and their covariances and what they
        share are put together for w + c, or w beside c.
    single : bool
        Products of floats, for half the time: where a matrix is ill-conditioned, in double all the
        same.
    threads : int
        Which the products of long rows are dealt to; the result does not depend on it.

    Returns
    -------
    list of Solution, or of the Unanswerable that says why there is none
    """
    sums = _Sums(equations, profiled, single, threads)
    sizes, width, d, H = np.diff(equations.ptr), sums.width, sums.d, len(equations.halves)
    reasons = [refusal(w, int(n), width) for w, n in zip(words, sizes.tolist(), strict=True)]
    M = sums.normal_equations()
    inverse, pivots = zip(*(inverses(M.part(h, h)) for h in range(H)), strict=True)
    worst = np.min(pivots, axis=0)
    worst[[i for i, why in enumerate(reasons) if why]] = np.nan
    best = np.stack([_times(inverse[h], M.target(h)) for h in range(H)], axis=1)
    beta = np.zeros_like(best)
    for h, half in enumerate(equations.halves):
        beta[:, h, :d] = half.own[ranks]
        if profiled:
            beta[:, h, d] = intercepts[h]
    free = sizes - width

    def between(products: _Products, g: int, h: int) -> F64:
        last = None if g == h else inverse[h]
        return sandwiches(inverse[g], products.part(g, h), last, single=single)

    with np.errstate(divide="ignore", invalid="ignore"):
        scale = sizes / free
        if covariance == "model" and polished:
            # y'Fy - b'Z'Fy, of the products that are there.
            squares = np.stack(
                [M.square(h) - np.sum(best[:, h] * M.target(h), axis=1) for h in range(H)], axis=1
            )
            residuals: list[F64] = []
        else:
            residuals = sums.residuals(best if polished else beta)
            squares = np.stack([sums.weighted_squares(r) for r in residuals], axis=1)
        sigma = np.sqrt(np.maximum(squares, 0) / free[:, None])
        if covariance == "sandwich":
            middle = sums.scores(residuals)
            blocks = [[between(middle, g, h) for h in range(g, H)] for g in range(H)]
            weights = [[scale] * H] * H
        else:
            blocks = [
                [inverse[h] if g == h else between(M, g, h) for h in range(g, H)] for g in range(H)
            ]
            weights = [[sigma[:, g] * sigma[:, h] for h in range(H)] for g in range(H)]
        spread = _assembled(blocks, weights, d, output)
    trained, exact = (_joined(v[:, :, :d], output) for v in (beta, best))
    sigmas, convergence = np.sqrt(np.mean(sigma**2, axis=1)), _cosines(trained, exact)
    found: list[Solution | Unanswerable] = []
    for i, (word, why) in enumerate(zip(words, reasons, strict=True)):
        if why is None and not worst[i] > PIVOT:
            why = (
                f"{word!r}: its {int(sizes[i]):,} contexts do not span the {width} dimensions: "
                "nothing is known in some directions; train fewer dimensions"
            )
        if why is not None:
            found.append(Unanswerable(why))
            continue
        found.append(
            Solution(
                int(sizes[i]),
                float(sigmas[i]),
                trained[i],
                exact[i],
                spread[i],
                contexts=int(equations.contexts[i]),
                convergence=float(convergence[i]),
            )
        )
    if single and len(again := np.flatnonzero(worst < SINGLE_PIVOT)):
        better = solve(
            [words[i] for i in again.tolist()],
            equations.subset(again),
            [each[again] for each in intercepts],
            [ranks[i] for i in again.tolist()],
            covariance=covariance,
            polished=polished,
            profiled=profiled,
            output=output,
            threads=threads,
        )
        for i, solution in zip(again.tolist(), better, strict=True):
            found[i] = solution
    return found


def slopes(equations: Equations, *, profiled: bool, output: str, single: bool = False) -> F64:
    """The exact solutions alone (n, m); NaN where there are too few observations for one."""
    sums = _Sums(equations, profiled, single)
    M = sums.normal_equations()
    halves = range(len(equations.halves))
    inverse, pivots = zip(*(inverses(M.part(h, h)) for h in halves), strict=True)
    best = np.stack([_times(inverse[h], M.target(h)) for h in halves], axis=1)
    out = _joined(best[:, :, : sums.d], output)
    worst = np.min(pivots, axis=0)
    few = [refusal("", n, sums.width) is not None for n in np.diff(equations.ptr).tolist()]
    out[np.array(few, bool) | ~(worst > PIVOT)] = np.nan
    if single and len(again := np.flatnonzero((worst < SINGLE_PIVOT) & ~np.array(few, bool))):
        out[again] = slopes(equations.subset(again), profiled=profiled, output=output)
    return out


class _Products:
    """Sums z z' over each word's observations, and where in them things stand.

    The columns are the vectors of the halves (d each), then the ones of each half where there are
    intercepts, then a target for each half where there are targets. Of normal equations only what
    stands on and above the diagonal may be there.
    """

    def __init__(self, G: F64, d: int, halves: int, ones: bool) -> None:
        self.G, self.d, self.halves, self.ones = G, d, halves, ones

    def _places(self, half: int) -> slice | NDArray[np.intp]:
        begin, end = half * self.d, (half + 1) * self.d
        if not self.ones:
            return slice(begin, end)
        if self.halves == 1:
            return slice(begin, end + 1)
        return np.append(np.arange(begin, end), self.halves * self.d + half)

    def _target(self, half: int) -> int:
        return self.halves * (self.d + self.ones) + half

    def part(self, g: int, h: int) -> F64:
        """Of the regressors of two halves (n, width, width)."""
        rows, cols = self._places(g), self._places(h)
        if isinstance(rows, slice):
            return self.G[:, rows, cols]
        return np.ascontiguousarray(self.G[:, rows[:, None], cols])

    def target(self, h: int) -> F64:
        """Of the regressors of a half with its target (n, width)."""
        return self.G[:, self._places(h), self._target(h)]

    def square(self, h: int) -> F64:
        """Of the target of a half with itself (n,)."""
        return self.G[:, self._target(h), self._target(h)]


class _Sums:
    """Sums over the observations of each word, a piece of a row at a time, in this order for any
    number of threads."""

    def __init__(
        self, equations: Equations, profiled: bool, single: bool, threads: int = 1
    ) -> None:
        self.equations, self.profiled, self.single = equations, profiled, single
        self.d = equations.halves[0].others.shape[1]
        self.width = self.d + profiled
        ptr = equations.ptr
        pieces = np.maximum(1, -(-np.diff(ptr) // PIECE))
        self.first = np.cumsum(pieces) - pieces
        self.owner = np.repeat(np.arange(len(pieces)), pieces)
        within = np.arange(len(self.owner)) - self.first[self.owner]
        self.ptr = np.append(ptr[self.owner] + PIECE * within, ptr[-1])
        self.threads = min(threads, len(self.owner))

    def normal_equations(self) -> _Products:
        """Products of regressors and targets, weighted."""
        halves, root = self.equations.halves, np.sqrt(self.equations.weights)
        extra = [root] * (self.profiled * len(halves)) + [root * half.targets for half in halves]
        # The intercept of the first of two halves stands after the vectors of the second.
        upper = not self.profiled or len(halves) == 1
        G = self._grams([root] * len(halves), extra, upper=upper)
        return _Products(G, self.d, len(halves), self.profiled)

    def scores(self, residuals: Sequence[F64]) -> _Products:
        """Products of regressors, each weighted by f r."""
        scores = [self.equations.weights * r for r in residuals]
        G = self._grams(scores, scores if self.profiled else [])
        return _Products(G, self.d, len(scores), self.profiled)

    def residuals(self, beta: F64) -> list[F64]:
        """y - z . beta of each observation, for the coefficients (words, halves, width)."""
        out = []
        for h, half in enumerate(self.equations.halves):
            r = np.empty(len(self.equations.ids))
            W = np.ascontiguousarray(beta[self.owner, h, : self.d])

            def work(
                begin: int, end: int, W: F64 = W, others: F32 = half.others, r: F64 = r
            ) -> None:
                span, ptr = self._pieces(begin, end)
                dots(ptr, self.equations.ids[span], others, W[begin:end], r[span])

            over_range(work, 0, len(self.owner), self.threads)
            np.subtract(half.targets, r, out=r)
            if self.profiled:
                r -= np.repeat(beta[:, h, self.d], np.diff(self.equations.ptr))
            out.append(r)
        return out

    def weighted_squares(self, residuals: F64) -> F64:
        """Sums of f r^2 (words,)."""
        squares = np.append(self.equations.weights * residuals**2, 0.0)
        return np.add.reduceat(squares, self.equations.ptr[:-1]) * (np.diff(self.equations.ptr) > 0)

    def _pieces(self, begin: int, end: int) -> tuple[slice, NDArray[np.int64]]:
        """The observations of some pieces, and where in them each piece is."""
        ptr = self.ptr[begin : end + 1]
        return slice(int(ptr[0]), int(ptr[-1])), ptr - ptr[0]

    def _grams(self, scales: Sequence[F64], extra: Sequence[F64], *, upper: bool = False) -> F64:
        e = self.equations
        two = len(e.halves) == 2
        columns = np.stack(extra, axis=1) if extra else None

        def work(begin: int, end: int) -> F64:
            span, ptr = self._pieces(begin, end)
            return grams(
                ptr,
                e.ids[span],
                e.halves[0].others,
                scales[0][span],
                e.halves[1].others if two else None,
                scales[1][span] if two else None,
                None if columns is None else columns[span],
                single=self.single,
                upper=upper,
            )

        parts = over_range(work, 0, len(self.owner), self.threads)
        G = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return G if len(G) == len(self.first) else np.add.reduceat(G, self.first, axis=0)


def _times(M: F64, v: F64) -> F64:
    """M v of each word: (n, w, w) and (n, w)."""
    return np.asarray((M @ v[:, :, None])[:, :, 0])


def _assembled(
    blocks: Sequence[Sequence[F64]], weights: Sequence[Sequence[F64]], d: int, output: str
) -> F64:
    """Covariances (n, m, m) of what the halves make, from blocks (g, h >= g) times weights; in the
    place of the blocks."""
    for rows, own in zip(blocks, weights, strict=True):
        for block, weight in zip(rows, own[-len(rows) :], strict=True):
            block *= weight[:, None, None]
    if len(blocks) == 1:
        return blocks[0][0][:, :d, :d]
    (one, cross), (other,) = ([block[:, :d, :d] for block in rows] for rows in blocks)
    if output == "sum":
        one += other
        one += cross + cross.swapaxes(1, 2)
        return one
    return np.block([[one, cross], [cross.swapaxes(1, 2), other]])


def _cosines(a: F64, b: F64) -> F64:
    """Of rows; NaN where one is zero."""
    dots = np.einsum("nd,nd->n", a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(dots / np.sqrt(np.sum(a**2, axis=1) * np.sum(b**2, axis=1)))


def _joined(halves: F64, output: str) -> F64:
    """The vectors (n, m) of the halves (n, H, d) of words."""
    return halves.sum(axis=1) if output == "sum" else halves.reshape(len(halves), -1)
