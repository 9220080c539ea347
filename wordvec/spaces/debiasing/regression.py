"""Half-sibling regression: subtracting what words about the concept predict of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wordvec.errors import DatasetError
from wordvec.estimator import option
from wordvec.spaces.debiasing.base import Debias
from wordvec.spaces.debiasing.concepts import MIN_SHARE, Lookup
from wordvec.vectors.vectors import WordVectors


@dataclass(kw_only=True)
class HSR(Debias):
    """Half-sibling regression: what a ridge regression on the concept's words predicts is removed.

    With the vectors of words about the concept as columns of D, neutral vectors N become
    N - D (D'D + a I)^-1 D'N, which is one symmetric matrix: x -> a (D D' + a I)^-1 x.

    Parameters
    ----------
    concept, pairs, sets
        See `HardDebias`.
    exempt : sequence of str, optional
        The words about the concept, of which D is made and which keep their vectors.
    a : float
        Ridge; 60 in the paper, for vectors of length 5 or so. The larger, the less changes.

    References
    ----------
    Yang & Feng (2020), "A causal inference method for reducing gender bias in word embedding
    relations", equation 6.
    """

    name: ClassVar[str] = "hsr"
    a: float = option(
        60.0,
        "Ridge; the larger, the less changes.",
        above=0,
        source="Yang & Feng 2020",
    )

    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        words = self.concept_.exempt if self.exempt is None else self.exempt
        ids = lookup.ids(words)
        if not len(ids) or len(ids) < MIN_SHARE * len(set(words)):
            raise DatasetError(
                f"half-sibling regression needs words about the concept (exempt): "
                f"{len(ids)} of {len(set(words))} are known"
            )
        D = np.asarray(vectors.matrix.take(ids), np.float64)
        gram = D.T @ D
        gram[np.diag_indices_from(gram)] += self.a
        made = self.a * np.linalg.inv(gram)
        self.matrix_ = (made + made.T) / 2
        self.offset_ = np.zeros(len(gram))
