"""Variances of all words in the file of vectors, for readers who have no counts."""

from __future__ import annotations

import os

import numpy as np

from wordvec.errors import Unanswerable
from wordvec.estimator import Callback, Progress, Stopwatch, check
from wordvec.inference.least_squares import Solution
from wordvec.inference.packed import columns, packed
from wordvec.inference.rows import PPMIRows
from wordvec.inference.uncertainty import Uncertainty
from wordvec.vectors.vectors import WordVectors

RANK = 8
PPMI_WORK = 1 << 44  # multiply-adds; a row of ppmi is a regression on all words


def with_variances(
    unc: Uncertainty,
    *,
    rank: int = RANK,
    memory: int | None = None,
    progress: Callback | None = None,
) -> WordVectors:
    """The vectors that estimates are about, with the variances of all words.

    Words without a covariance keep the vector that they had.

    Parameters
    ----------
    rank : int
        Directions kept beside the diagonal. SDs of cosines are a few per cent off at 8, and up to
        a fifth with the diagonal alone (0).
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
            "variances that can be kept with the vectors are those of reconstruction; documents "
            "need the blocks"
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
            f"{V:,} rows of ppmi are each a regression on {V:,} words: ask for the words you need"
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
    out = WordVectors(
        wv.index_to_key[:], vectors, counts=wv.counts, contexts=wv.contexts, biases=wv.biases,
        context_biases=wv.context_biases,
        meta={
            **wv.meta,
            "uncertainty": unc.options() | {
                "rank": rank,
                "words": known,
                "norm_share": round(float(np.mean(shares)), 4) if shares else None,
            },
        },
    )  # fmt: skip
    out.variances = table
    return out
