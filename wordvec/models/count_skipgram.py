"""Skip-gram with negative sampling over shards of co-occurrence counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.models.visits import VisitModel


@dataclass(kw_only=True)
class CountSkipGram(VisitModel):
    """Skip-gram with negative sampling, from counts.

    What word2vec's stream of pairs [1]_ maximises in expectation is a sum over cells [2]_,

        sum_wc X_wc log s(w.c) + negative sum_w X_w. E_{n ~ P} log s(-w.n),

    where P(n) is count(n) ** ns_exponent over its sum, and X_w. are the row sums. Counts with
    linear weights and subsampling before windows (`wordvec count --weighting linear --sample 1e-3
    --window 5`) are the pairs that the stream would draw, on average. SGD visits the cells of a
    tile in random order; inputs of one output come together, like the words of a window in the
    stream.

    Parameters
    ----------
    vector_size : int
        Dimensions.
    window, sample, min_count, max_vocab :
        For a source that is text: it is counted first, with linear weights. Shards have theirs
        already.
    epochs : int
        Passes over the counts. The rate falls over all of them, so a checkpoint cannot be resumed
        with another number.
    negative : int
        Noise words per pair.
    ns_exponent : float
        0.75 in [1]_.
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    cap : float
        A cell of count X is visited ceil(X / cap) times per epoch, with weight X / ceil(X / cap).
        At 1 the steps of a frequent pair are as large as those of the stream.
    output_vectors : {"words", "sum", "both"}
        Vectors are w alone, as in word2vec, w + c, or w beside c. Contexts are kept in any case.
    unk : bool
        Add `<unk>` as the last word: the mean of the 100 rarest words.
    super_tile : int
        Tiles on each side of a super-tile, whose tiles are trained together: a cluster then moves
        rows that many times less often. Another number is another order, and other bytes.
    threads : int, optional
        By default all processors; the result does not depend on it.
    seed : int

    Attributes
    ----------
    vectors_ : WordVectors
        Input vectors, with the output vectors as contexts.
    losses_ : list of float
        Mean loss per positive pair with its noise, one value per epoch, summed while training.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado & Dean 2013, "Distributed representations of words and
       phrases and their compositionality".
    .. [2] Levy & Goldberg 2014, "Neural word embedding as implicit matrix factorization", eq. 4.
    """

    _name: ClassVar[str] = "count-skipgram"
    _once: ClassVar[dict[str, str]] = {"SGNS": "CountSkipGram"}
    papers: ClassVar[tuple[str, ...]] = ("mikolov2013distributed", "levy2014")
    _group: ClassVar[int] = 8  # a window of the stream has 6 words on average
