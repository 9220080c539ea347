"""INLP: projecting out one linear classifier after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wordvec import logistic
from wordvec.estimator import option
from wordvec.spaces.debiasing.base import (
    F64,
    Labelled,
    LearnsFromLabels,
    check_classes,
    unit_rows,
    without,
)
from wordvec.system.blas import single_threaded
from wordvec.vectors.vectors import WordVectors

_STOP = 5  # every fifth word learned from tells when to stop


@dataclass(kw_only=True)
class INLP(LearnsFromLabels):
    """Iterative nullspace projection, which stops when a classifier no longer finds the concept.

    Each round fits linear classifiers of the classes to what is left and projects their directions
    out. It stops when their accuracy on words that they were not fitted to is at most the share of
    the largest class and one standard error.

    Parameters
    ----------
    concept, pairs, sets, exempt
        See `HardDebias`.
    words, restrict_vocab : int
        Most biased words of each class to choose from, among the most frequent words.
    rounds : int
        Rounds at most; the reference runs a fixed 35.
    l2 : float
        Regularisation of the classifiers, which are logistic and fitted to convergence.

    Attributes
    ----------
    rounds_ : int
        Rounds that were run.
    accuracy_ : list of float
        On the words that tell when to stop: before each round, and at the end.

    References
    ----------
    Ravfogel, Elazar, Gonen, Twiton & Goldberg (2020), "Null it out: guarding protected attributes
    by iterative nullspace projection".
    """

    name: ClassVar[str] = "inlp"
    rounds: int = option(
        35, "Rounds at most; it stops by itself.", at_least=1, source="Ravfogel et al. 2020"
    )
    l2: float = option(0.1, "Regularisation of the classifiers.", above=0)

    @single_threaded()
    def _learn_from(self, vectors: WordVectors, chosen: Labelled) -> None:
        classes = check_classes(chosen)
        X, y = unit_rows(vectors, chosen.ids), chosen.labels
        stop = np.arange(len(y)) % _STOP == _STOP - 1
        share = float(np.bincount(y[stop], minlength=classes).max() / stop.sum())
        enough = share + np.sqrt(share * (1 - share) / stop.sum())
        B = np.zeros((0, X.shape[1]))
        self.accuracy_: list[float] = []
        self.rounds_ = 0
        while True:
            Z = X - (X @ B.T) @ B
            W = self._classifiers(Z[~stop], y[~stop], classes)
            self.accuracy_.append(_accuracy(W, Z[stop], y[stop]))
            if self.accuracy_[-1] <= enough or self.rounds_ == self.rounds:
                break
            grown = _grown(B, W[:, :-1])
            if len(grown) == len(B) or len(grown) == X.shape[1]:
                break
            B = grown
            self.rounds_ += 1
        self.matrix_ = without(B)
        self.offset_ = np.zeros(len(self.matrix_))

    def _classifiers(self, X: F64, y: F64, classes: int) -> F64:
        """Weights (m, d + 1) of the classifier of two classes, or of one for each of more."""
        which = [1] if classes == 2 else range(classes)
        return np.array([logistic.linear(X, (y == c).astype(float), l2=self.l2) for c in which])


def _accuracy(W: F64, X: F64, y: F64) -> float:
    f = X @ W[:, :-1].T + W[:, -1]
    said = (f[:, 0] > 0).astype(int) if len(W) == 1 else f.argmax(axis=1)
    return float((said == y).mean())


def _grown(B: F64, W: F64) -> F64:
    """B with the directions of W, orthonormal: made so twice, which keeps rounding out."""
    for w in W:
        size = np.linalg.norm(w)
        for _ in range(2):
            w = w - (w @ B.T) @ B
        left = np.linalg.norm(w)
        if left > 1e-8 * size:
            B = np.vstack([B, w / left])
    return B
