"""Continuous bag of words: the centre of a window is predicted from the mean of its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.estimator import option, same_option
from wordvec.models.skipgram import SkipGram


@dataclass(kw_only=True)
class CBOW(SkipGram):
    """Continuous bag of words [1]_: the centre is predicted from its window's mean.

    Parameters are those of `SkipGram`, and

    Parameters
    ----------
    cbow_mean : bool
        Input is the mean of the window's rows, or their sum.
    cbow_divide : bool
        Whether each row's step has the 1/count that the mean's gradient has (koan: Irsoy, Benton &
        Stratos 2021, "Corrected CBOW performs as well as skip-gram"), or the whole step, as in
        word2vec.c and gensim, which is the default.
    alpha : float
        0.05, word2vec.c's default for CBOW.

    References
    ----------
    .. [1] Mikolov, Chen, Corrado & Dean 2013, "Efficient estimation of word representations in
       vector space".
    """

    papers: ClassVar[tuple[str, ...]] = ("mikolov2013efficient",)

    alpha: float = same_option(SkipGram, "alpha", 0.05)
    cbow_mean: bool = option(True, "Input is the mean of the window's rows; otherwise their sum.")
    cbow_divide: bool = option(
        False, "Divide the mean's gradient by the number of rows; word2vec.c does not."
    )

    def _objective(self) -> dict[str, int]:
        mean = {"mean": self.cbow_mean, "divide": self.cbow_divide}
        return super()._objective() | {"cbow": True} | mean
