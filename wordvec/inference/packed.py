"""Covariances of words as rows of numbers, in the file of vectors.

A covariance of d x d numbers is kept as r directions and a diagonal: S is about F F' + diag(v), F
(d, r) the leading eigenvectors times the roots of their eigenvalues, v what is then left of the
diagonal. It is positive definite, and its diagonal is that of S.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh

from wordvec.errors import Unanswerable
from wordvec.inference.least_squares import Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

    F64 = NDArray[np.float64]


def columns(d: int, rank: int) -> int:
    """contexts, sigma, convergence, diagonal (d), factors (rank, d)."""
    return 3 + d * (1 + rank)


def packed(solution: Solution, rank: int) -> tuple[NDArray[np.float32], float]:
    """A row of the table, and which share of the covariance's Frobenius norm it has."""
    S, d = solution.covariance, len(solution.covariance)
    row = np.zeros(columns(d, rank), np.float32)
    row[:3] = solution.contexts, solution.sigma, solution.convergence
    F: F64 = np.zeros((0, d))
    if rank:
        values, vectors = eigh(S, subset_by_index=(d - rank, d - 1))
        F = (vectors * np.sqrt(np.maximum(values, 0))).T[::-1]
        # The sign of an eigenvector is the library's whim: the largest component is positive.
        F *= np.sign(F[np.arange(rank), np.abs(F).argmax(axis=1)])[:, None]
        row[3 + d :] = F.ravel()
    row[3 : 3 + d] = np.maximum(np.diag(S) - np.einsum("rd,rd->d", F, F), 0)
    kept = F.T @ F + np.diag(row[3 : 3 + d].astype(np.float64))
    return row, float(1 - np.linalg.norm(S - kept) / np.linalg.norm(S))


class StoredSolutions:
    """Solutions out of a file that `with_variances` made.

    Raises
    ------
    Unanswerable
        When the vectors have no variances with them.
    """

    def __init__(self, wv: WordVectors) -> None:
        if wv.variances is None:
            raise Unanswerable(
                "the vectors have no variances with them: give the counts that they were trained "
                "on, or make a file that has them (wordvec uncertainty --all)"
            )
        self.wv, self.table, self.d = wv, wv.variances, wv.vector_size
        self.rank = (self.table.shape[1] - 3) // self.d - 1
        if self.table.shape[1] != columns(self.d, self.rank):
            raise Unanswerable(f"the variances have {self.table.shape[1]} columns: damaged")

    def solve(self, rank: int) -> Solution | Unanswerable:
        """The solution of a word."""
        row, d = self.table[rank].astype(np.float64), self.d
        if not np.isfinite(row).all() or row[3 : 3 + d].min() < 0:
            return Unanswerable(
                f"{self.wv.index_to_key[rank]!r}: has no variance in this file: it had too few "
                "contexts"
            )
        F = row[3 + d :].reshape(self.rank, d)
        vector = self.wv.vectors[rank].astype(np.float64)
        return Solution(
            int(row[0]), float(row[1]), vector, vector, F.T @ F + np.diag(row[3 : 3 + d]),
            contexts=int(row[0]), convergence=float(row[2]),
        )  # fmt: skip
