"""Solves the regressions of `rows` and finds the covariance of what they solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

from wordvec.errors import Unanswerable
from wordvec.native.vectors.gram import dots, grams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.inference.rows import Equations, Half

    F64 = NDArray[np.float64]

PIVOT = 1e-12  # of the largest: below, the contexts do not span the space to double precision

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


_NONE = np.empty(0)
PENDING = Solution(0, 0.0, _NONE, _NONE, _NONE)  # in a list, until the word's turn comes


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

    Returns
    -------
    list of Solution, or of the Unanswerable that says why there is none
    """
    ptr, halves, f = equations.ptr, equations.halves, equations.weights
    d, H = halves[0].others.shape[1], len(halves)
    G, at, y = _normal_equations(equations, profiled)
    sizes = np.diff(ptr)
    width = d + profiled
    found: list[Solution | Unanswerable] = []
    inverses = np.zeros((len(words), H, width, width))
    beta = np.zeros((len(words), H, width))
    best = np.zeros_like(beta)
    for i, word in enumerate(words):
        if (why := refusal(word, int(sizes[i]), width)) is not None:
            found.append(Unanswerable(why))
            continue
        try:
            for h in range(H):
                inverses[i, h] = _inverse(word, _part(G[i], at[h], at[h]), int(sizes[i]))
                best[i, h] = inverses[i, h] @ G[i][at[h], y[h]]
        except Unanswerable as error:
            found.append(error)
            continue
        for h, half in enumerate(halves):
            beta[i, h, :d] = half.own[ranks[i]]
            if profiled:
                beta[i, h, d] = intercepts[h][i]
        found.append(PENDING)
    centre = best if polished else beta
    free = sizes - width
    residuals: list[F64] = []
    if covariance == "model" and polished:
        # y'Fy - b'Z'Fy, of the products that are there; G has every y'Fy on its diagonal.
        squares = np.stack(
            [
                G[:, y[h], y[h]] - np.einsum("ij,ij->i", best[:, h], G[:, at[h], y[h]])
                for h in range(H)
            ],
            axis=1,
        )
    else:
        residuals = [_residuals(equations, half, centre[:, h], d) for h, half in enumerate(halves)]
        squares = np.stack(
            [np.add.reduceat(np.append(f * r**2, 0.0), ptr[:-1]) for r in residuals], axis=1
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.sqrt(np.maximum(squares, 0) * (sizes > 0)[:, None] / free[:, None])
    sigmas = np.sqrt(np.mean(sigma**2, axis=1))
    trained, exact = (_joined(v[:, :, :d], output) for v in (beta, best))
    convergence = _cosines(trained, exact)
    spread = None
    if covariance == "sandwich":
        scores = [f * r for r in residuals]
        more = np.stack(scores, axis=1) if profiled else None
        spread = _grams(equations, scores[0], scores[-1], more)
        at = _places(d, H, profiled, targets=0)
    for i, solution in enumerate(found):
        if isinstance(solution, Unanswerable):
            continue
        blocks = np.zeros((H * d, H * d))
        for g in range(H):
            for h in range(g, H):
                if spread is not None:
                    middle = _part(spread[i], at[g], at[h]) * (sizes[i] / free[i])
                elif g == h:
                    blocks[g * d : g * d + d, h * d : h * d + d] = (
                        sigma[i, h] ** 2 * inverses[i, h][:d, :d]
                    )
                    continue
                else:
                    middle = _part(G[i], at[g], at[h]) * (sigma[i, g] * sigma[i, h])
                part = inverses[i, g][:d] @ middle @ inverses[i, h][:, :d]
                blocks[g * d : g * d + d, h * d : h * d + d] = part
                if g < h:
                    blocks[h * d : h * d + d, g * d : g * d + d] = part.T
        total = blocks
        if H == 2 and output == "sum":
            total = blocks[:d, :d] + blocks[d:, d:] + blocks[:d, d:] + blocks[d:, :d]
        found[i] = Solution(
            int(sizes[i]),
            float(sigmas[i]),
            trained[i],
            exact[i],
            (total + total.T) / 2,
            contexts=int(equations.contexts[i]),
            convergence=float(convergence[i]),
        )
    return found


def _cosines(a: F64, b: F64) -> F64:
    """Of rows; NaN where one is zero."""
    dots = np.einsum("nd,nd->n", a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(dots / np.sqrt(np.sum(a**2, axis=1) * np.sum(b**2, axis=1)))


def slopes(equations: Equations, *, profiled: bool, output: str) -> F64:
    """The exact solutions alone (n, m); NaN where there are too few observations for one."""
    halves = equations.halves
    d, H = halves[0].others.shape[1], len(halves)
    G, at, y = _normal_equations(equations, profiled)
    out = np.full((len(G), d if output == "sum" else H * d), np.nan)
    for i, cells in enumerate(np.diff(equations.ptr).tolist()):
        if refusal("", cells, d + profiled) is not None:
            continue
        try:
            best = [_solution(_part(G[i], at[h], at[h]), G[i][at[h], y[h]]) for h in range(H)]
        except np.linalg.LinAlgError:
            continue
        out[i] = _joined(np.stack(best)[None, :, :d], output)[0]
    return out


def _normal_equations(
    equations: Equations, profiled: bool
) -> tuple[F64, list[list[int]], list[int]]:
    """For each word, the products of all columns; where the regressors of each half stand in them,
    and where its target."""
    halves, root = equations.halves, np.sqrt(equations.weights)
    d, H = halves[0].others.shape[1], len(halves)
    extra = [root * half.targets for half in halves]
    if profiled:
        extra += [root] * H
    G = _grams(equations, root, root, np.stack(extra, axis=1))
    return G, _places(d, H, profiled), [H * d + h for h in range(H)]


def _solution(M: F64, v: F64) -> F64:
    """x with M x = v, M positive definite; LinAlgError when it is not, to double precision."""
    factor, info = dpotrf(M, lower=1, clean=1)
    pivots = factor.diagonal() ** 2
    if info or not pivots.min() > PIVOT * pivots.max():
        raise np.linalg.LinAlgError("singular")
    return np.asarray(dpotrs(factor, v, lower=1)[0])


def _joined(halves: F64, output: str) -> F64:
    """The vectors (n, m) of the halves (n, H, d) of words."""
    return halves.sum(axis=1) if output == "sum" else halves.reshape(len(halves), -1)


def _places(d: int, H: int, profiled: bool, targets: int | None = None) -> list[list[int]]:
    """Which columns of a Gram matrix are the regressors of each half: its vectors, and its ones.

    The columns are the vectors of the halves, `targets` targets (by default one for each half),
    then the ones of each half."""
    ones = H * d + (H if targets is None else targets)
    return [[*range(h * d, h * d + d), *([ones + h] if profiled else [])] for h in range(H)]


def _part(G: F64, rows: list[int], cols: list[int]) -> F64:
    """Some rows and columns of a matrix; without a copy where they lie together."""
    if rows[-1] - rows[0] == len(rows) - 1 and cols[-1] - cols[0] == len(cols) - 1:
        return G[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return G[np.ix_(rows, cols)]


def _grams(equations: Equations, a: F64, b: F64, extra: F64 | None) -> F64:
    halves = equations.halves
    two = len(halves) == 2
    return grams(
        equations.ptr,
        equations.ids,
        halves[0].others,
        a,
        halves[1].others if two else None,
        b if two else None,
        None if extra is None else np.ascontiguousarray(extra),
    )


def _residuals(equations: Equations, half: Half, beta: F64, d: int) -> F64:
    fitted = np.empty(len(equations.ids))
    dots(equations.ptr, equations.ids, half.others, np.ascontiguousarray(beta[:, :d]), fitted)
    if beta.shape[1] > d:
        fitted += np.repeat(beta[:, d], np.diff(equations.ptr))
    return half.targets - fitted


def _inverse(word: str, M: F64, cells: int) -> F64:
    """The inverse of a positive definite matrix, or a refusal."""
    factor, info = dpotrf(M, lower=1, clean=1)
    pivots = factor.diagonal() ** 2
    if info or not pivots.min() > PIVOT * pivots.max():
        raise Unanswerable(
            f"{word!r}: its {cells:,} contexts do not span the {len(M)} dimensions: nothing is "
            "known in some directions; train fewer dimensions"
        )
    inverse, info = dpotri(factor, lower=1)
    # The upper triangle is zero: dpotrf cleaned it.
    full = inverse + inverse.T
    full.flat[:: len(M) + 1] *= 0.5
    return np.asarray(full)
