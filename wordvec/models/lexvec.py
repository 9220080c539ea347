"""LexVec: information factorised over windows and noise, from shards of co-occurrence counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from wordvec.counts.shards import Shards
from wordvec.estimator import same_option
from wordvec.models.ppmi import PPMI
from wordvec.models.visits import VisitModel


@dataclass(kw_only=True)
class LexVec(VisitModel):
    """LexVec [1]_: positive pointwise mutual information, factorised by weighted reconstruction.

    Like skip-gram it sees a pair as often as it stands in a window, and noise words beside it; like
    GloVe it fits a number that the counts give. The loss is

        sum_wc X_wc 1/2 (w.c - M_wc)^2 + negative sum_w X_w. E_{n ~ P} 1/2 (w.n - M_wn)^2,

    with `M_wc = max(0, log(X_wc X.. / (X_w. X_.c)))`, the context's share of counts smoothed, and
    P(n) in proportion to count(n) ** ns_exponent. SGD visits the cells of a tile in random order.

    Parameters
    ----------
    vector_size : int
        Dimensions.
    window, sample, min_count, max_vocab :
        For a source that is text: it is counted first, with linear weights, as word2vec's windows
        are on average. Shards have theirs already. The paper has window 2 and sample 1e-5 for 3.8
        billion words; on 17 million they give 24.1 % of Google's analogies, the defaults 37.2 %.
    epochs : int
        Passes over the counts. The rate falls over all of them.
    negative : int
        Noise words for each pair.
    ns_exponent : float
        0.75 in [1]_.
    smoothing : float
        The share of a context is count ** smoothing over its sum; 0.75 in [1]_ and [2]_, 1 is off.
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    cap : float
        Largest weight of one visit: a cell is visited ceil(X / cap) times per epoch, with weight
        X / ceil(X / cap).
    output_vectors : {"words", "sum", "both"}
        Vectors are w alone, w + c, or w and then c. The store carries contexts either way.
    unk : bool
        Whether `<unk>` comes last, the mean of the 100 rarest words.
    super_tile : int
        Tiles on each side of a super-tile, whose tiles are trained together: a cluster then moves
        rows that many times less often. Another number is another order, and other bytes.
    threads : int, optional
        By default all processors; the result does not depend on it.
    seed : int

    Attributes
    ----------
    vectors_ : WordVectors
        With contexts.
    losses_ : list of float
        Mean loss of a pair with its noise, one value per epoch, taken while it goes on.

    References
    ----------
    .. [1] Salle, Idiart & Villavicencio 2016, "Matrix factorization using window sampling and
       negative sampling for improved word representations".
    .. [2] Levy, Goldberg & Dagan 2015, "Improving distributional similarity with lessons learned
       from word embeddings".
    """

    papers: ClassVar[tuple[str, ...]] = ("salle2016", "levy2015")
    # Steps of a squared error on one output add up: of 2 inputs it still trains at alpha .05, of 4
    # it becomes infinite there, of 8 at .025. 4 would save a tenth of the time.
    _group: ClassVar[int] = 2

    smoothing: float = same_option(PPMI, "smoothing", 0.75)

    def _context_share(self, shards: Shards) -> NDArray[np.float64]:
        smoothed = np.maximum(shards.marginals[1], 1e-300) ** self.smoothing
        share: NDArray[np.float64] = smoothed / smoothed.sum()
        return share
