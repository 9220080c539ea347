"""Variances of all words in the file of vectors, for readers who have no counts.

A covariance of d x d numbers is kept as r directions and a diagonal: S is about F F' + diag(v), F
(d, r) the leading eigenvectors times the roots of their eigenvalues, v what is then left of the
diagonal. It is positive definite, and its diagonal is that of S.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np

from wordvec.errors import Unanswerable
from wordvec.estimator import Callback, Option, Progress, Stopwatch, check, checked
from wordvec.inference.least_squares import Solution
from wordvec.inference.rows import PPMIRows
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.inference.uncertainty import Uncertainty

    F64 = NDArray[np.float64]

RANK = 8
PPMI_WORK = 1 << 44  # multiply-adds; a row of ppmi is a regression on all words


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
        # Loading it takes .09 s, for which no other use of uncertainty should wait.
        from scipy.linalg import eigh

        # In single precision, as they are kept: .28 ms for .48 at 100 dimensions.
        values, vectors = eigh(S.astype(np.float32), subset_by_index=(d - rank, d - 1))
        F = (vectors * np.sqrt(np.maximum(values, 0))).T[::-1].astype(np.float64)
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

    def contexts(self, rank: int) -> int:
        """With how many words a word stands."""
        return int(self.table[rank, 0])

    def solve(self, ranks: Sequence[int]) -> Iterator[Solution | Unanswerable]:
        """Solutions of some words, in order."""
        return map(self._solution, ranks)

    def _solution(self, rank: int) -> Solution | Unanswerable:
        row, d = self.table[rank].astype(np.float64), self.d
        if not np.isfinite(row).all() or row[3 : 3 + d].min() < 0:
            return Unanswerable(
                f"{self.wv.index_to_key[rank]!r}: has no variance in this file: it had too few "
                "contexts"
            )
        F = row[3 + d :].reshape(self.rank, d)
        vector = self.wv.vectors[rank].astype(np.float64)
        return Solution(
            int(row[0]),
            float(row[1]),
            vector,
            vector,
            F.T @ F + np.diag(row[3 : 3 + d]),
            contexts=int(row[0]),
            convergence=float(row[2]),
        )


@checked
def with_variances(
    unc: Uncertainty,
    *,
    rank: Annotated[
        int,
        Option(help="Directions of each covariance that are kept beside its diagonal.", at_least=0),
    ] = RANK,
    memory: Annotated[
        int | None,
        Option(
            help="Refuse to start when the result takes more bytes than this.",
            none="what the machine has",
            unit="bytes",
            at_least=1,
        ),
    ] = None,
    progress: Callback | None = None,
) -> WordVectors:
    """The vectors that estimates are about, with the variances of all words.

    Words without a covariance keep the vector that they had.

    Parameters
    ----------
    rank : int
        Directions kept beside the diagonal. Of three SDs of cosines on 17 million words those at 8
        were 4, 9 and 18 % too large, at 32 1 to 4 %, with the diagonal alone (0) 1 to 22 %.
    memory : int, optional
        Bytes that the result may take; by default those of the machine.
    progress : callable, optional

    Raises
    ------
    Unanswerable
        For uncertainty of documents, which is the same resamples for all words and no covariance.
    MemoryError
        When the variances do not fit.
    """
    if unc.kind != "reconstruction":
        raise Unanswerable(
            "only variances of source='reconstruction' can be stored with the vectors; those of "
            "documents are computed from the blocks of counts each time"
        )
    wv = unc.vectors
    V, d = len(wv), wv.vector_size
    check("rank", rank, 0, d)
    need = 4 * V * (columns(d, rank) + d)
    room = memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > room:
        raise MemoryError(
            f"variances of {V:,} words x {d} at rank {rank} take {need >> 20:,} MB, there are "
            f"{room >> 20:,} MB: keep a lower rank"
        )
    if isinstance(unc.rows, PPMIRows) and V**2 * d**2 > PPMI_WORK:
        raise Unanswerable(
            f"each of {V:,} rows of ppmi is a regression on {V:,} words, which takes too long: ask "
            "only for the words you need"
        )
    table = np.zeros((V, columns(d, rank)), np.float32)
    table[:, 1:] = np.nan
    vectors = np.array(wv.vectors, np.float32)
    shares, known, watch = [], 0, Stopwatch()
    for done, (word, solution) in enumerate(unc.all_solutions(), 1):
        if isinstance(solution, Solution):
            centre = unc.centre_of(solution)
            vectors[word] = centre
            row, share = packed(solution, rank)
            table[word] = row
            shares.append(share)
            known += 1
        if progress and (done % 256 == 0 or done == V):
            progress(Progress("solving", done, V, "words", watch.seconds))
    made = {
        "rank": rank,
        "words": known,
        "norm_share": round(float(np.mean(shares)), 4) if shares else None,
    }
    out = WordVectors(
        wv.index_to_key[:],
        vectors,
        counts=wv.counts,
        contexts=wv.contexts,
        biases=wv.biases,
        context_biases=wv.context_biases,
        meta={**wv.meta, "uncertainty": unc.options() | made},
    )
    out.variances = table
    return out
