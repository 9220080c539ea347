"""What is made of words' counts: which words are kept, how likely a token is kept, how likely a
word is noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import option


@dataclass(frozen=True, kw_only=True)
class FrequencyOptions:
    """Which words and tokens of a text are kept, by how often the words occur."""

    min_count: int = option(5, "Leave out words that occur less often than this.", at_least=1)
    max_vocab: int | None = option(
        None, "Keep at most this many words, the most frequent.", none="all", at_least=1
    )
    sample: float = option(
        0.0, "Subsampling of frequent words: smaller drops more; 0 keeps all.", at_least=0
    )


def keep_probability(counts: NDArray[np.int64], total: int, sample: float) -> NDArray[np.float64]:
    """Probability that subsampling keeps a token of each word (V,); 1 where `sample` is 0.

    A token of a word that is the share f of the text stays with probability
    min(1, sqrt(sample / f) + sample / f), as in word2vec.c; the paper (Mikolov, Sutskever, Chen,
    Corrado & Dean 2013) has sqrt(sample / f).

    Parameters
    ----------
    counts : (V,)
        Tokens of each word.
    total : int
        Tokens of the text.
    sample : float
        Share from which on words are thinned out, >= 0.
    """
    if sample == 0:
        return np.ones(len(counts))
    x = counts / (sample * max(total, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x > 0, np.minimum((np.sqrt(x) + 1) / x, 1.0), 1.0)


def noise_weights(counts: NDArray[np.int64], exponent: float) -> NDArray[np.float64]:
    """Weights count ** exponent (V,) with which words are drawn as noise; 0 for a count of 0."""
    return np.where(counts > 0, np.maximum(counts, 1).astype(np.float64) ** exponent, 0.0)
