"""Soft debiasing as a convex problem: less of the concept, at the least change of all products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wordvec.estimator import option
from wordvec.spaces.debiasing.base import F64, Debias, subspace
from wordvec.spaces.debiasing.concepts import Lookup
from wordvec.spaces.moments import moments, word_weights
from wordvec.vectors.vectors import WordVectors


@dataclass(kw_only=True)
class SoftDebias(Debias):
    """A linear map T that keeps inner products but those of neutral words with the concept.

    min over X = T'T of mean (x'(X - I) y)^2 over all pairs of words x, y, plus strength times the
    mean over neutral words n of `|B X n|^2`. It is convex in X and is solved as such.

    Parameters
    ----------
    concept, pairs, sets, exempt
        See `HardDebias`.
    strength : float
        0 changes nothing; very large values are hard debiasing. The paper has sums in place of
        the means: its lambda (.2) is strength V^2 / n for V words, n of them neutral, and hardly
        moves anything in a large vocabulary.
    components : int
        Dimensions of the concept's subspace.
    tolerance : float
        Norm of the projected gradient at which the solver stops, relative to the problem's scale.

    Attributes
    ----------
    objective_, steps_ : float, int
        The value reached, and the steps that it took.

    References
    ----------
    Bolukbasi et al. (2016), section 6; Manzini et al. (2019). FISTA: Beck & Teboulle (2009).
    """

    name: ClassVar[str] = "soft"
    strength: float = option(
        0.2, "Weight of taking the concept out against keeping all products.", at_least=0
    )
    components: int = option(1, "Dimensions of the concept's subspace.", at_least=1)
    tolerance: float = option(1e-9, "Relative size of the last step of the solver.", above=0)

    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        B = subspace(vectors, lookup.sets(self.concept_.sets, "defining sets"), self.components)
        everyone = word_weights(vectors, "types")
        neutral = everyone.copy()
        neutral[lookup.ids(sorted(self.concept_.defining))] = 0
        C, M = (_second_moment(vectors, w) for w in (everyone, neutral))
        problem = Problem(C, M, B, self.strength)
        X, self.steps_ = problem.solve(self.tolerance)
        self.objective_ = problem.objective(X)
        values, axes = np.linalg.eigh(X)
        self.matrix_ = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
        self.offset_ = np.zeros(len(C))


def _second_moment(vectors: WordVectors, weights: F64) -> F64:
    found = moments(vectors.matrix, weights)
    return np.asarray(found.covariance + np.outer(found.mean, found.mean))


class Problem:
    """f(X) = tr((X - I) C (X - I) C) + strength tr(X M X B'B) over positive semidefinite X.

    C, M: second moments (d, d) of all and of neutral words. In Y = C^1/2 X C^1/2, which is positive
    semidefinite exactly when X is, the first term is |Y - C|^2: well conditioned whatever C is.
    """

    def __init__(self, C: F64, M: F64, B: F64, strength: float) -> None:
        self._C, self._M, self._K, self._strength = C, M, B.T @ B, strength
        values, axes = np.linalg.eigh(C)
        values = np.maximum(values, 1e-12 * values[-1])
        self._root = (axes * np.sqrt(values)) @ axes.T
        self._inverse = (axes / np.sqrt(values)) @ axes.T
        self._m = self._inverse @ M @ self._inverse
        self._k = self._inverse @ self._K @ self._inverse

    def objective(self, X: F64) -> float:
        """f(X)."""
        E = (X - np.eye(len(X))) @ self._C
        first = float((E * E.T).sum())
        return first + self._strength * float(np.einsum("ij,ij", X @ self._M, self._K @ X))

    def gradient(self, X: F64) -> F64:
        """df / dX, for symmetric X."""
        E = X - np.eye(len(X))
        second = self._M @ X @ self._K
        return np.asarray(2 * self._C @ E @ self._C + self._strength * (second + second.T))

    def _slope(self, Y: F64) -> F64:
        second = self._m @ Y @ self._k
        return np.asarray(2 * (Y - self._C) + self._strength * (second + second.T))

    def solve(self, tolerance: float, most: int = 20_000) -> tuple[F64, int]:
        """The best X, by FISTA with restarts, and the steps taken."""
        spectral = [float(np.linalg.norm(each, 2)) for each in (self._m, self._k)]
        step = 1 / (2 + 2 * self._strength * spectral[0] * spectral[1])
        Y = Z = self._C.copy()
        t, done = 1.0, 0
        scale = float(np.linalg.norm(self._C))
        while done < most:
            new = _positive(Z - step * self._slope(Z))
            done += 1
            if np.vdot(Z - new, new - Y) > 0:  # the momentum points uphill: start it again
                t = 1.0
            after = (1 + np.sqrt(1 + 4 * t * t)) / 2
            Z = new + (t - 1) / after * (new - Y)
            moved, Y, t = float(np.linalg.norm(new - Y)), new, after
            if moved <= step * tolerance * scale:
                break
        X = self._inverse @ Y @ self._inverse
        return (X + X.T) / 2, done


def _positive(Y: F64) -> F64:
    values, axes = np.linalg.eigh((Y + Y.T) / 2)
    return np.asarray((axes * np.maximum(values, 0)) @ axes.T)
