"""Functions of vectors with their gradients, which the delta method needs, and what can be asked of
several words with them: cosines, differences, analogies, axes and WEAT.

Each function takes the vectors of its words (n, d) and returns its value and the gradient (n, d)
with respect to them. All are smooth functions of unit vectors u = x / |x|, whose derivative is
J = (I - u u') / |x|: a gradient g with respect to u becomes J g with respect to x.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from wordvec.inference.estimates import Difference, Estimate, bounded, two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F64: TypeAlias = NDArray[np.float64]
    Smooth: TypeAlias = Callable[[F64], tuple[float, F64]]
    Word: TypeAlias = str | bytes


def units(X: F64) -> tuple[F64, F64]:
    """Rows divided by their norms (n, d), and the norms (n,)."""
    norms = np.linalg.norm(X, axis=1)
    if not np.all(norms > 0):
        raise ValueError("a vector is zero: it has no direction")
    return X / norms[:, None], norms


def pull_back(g: F64, U: F64, norms: F64) -> F64:
    """Gradients with respect to vectors, of gradients g with respect to their units U."""
    return np.asarray((g - np.sum(g * U, axis=1, keepdims=True) * U) / norms[:, None])


def cosine(X: F64) -> tuple[float, F64]:
    """cos(x_0, x_1)."""
    U, norms = units(X)
    return float(U[0] @ U[1]), pull_back(U[::-1].copy(), U, norms)


def cosine_difference(X: F64) -> tuple[float, F64]:
    """cos(x_0, x_1) - cos(x_2, x_3)."""
    one, g = cosine(X[:2])
    other, h = cosine(X[2:])
    return one - other, np.concatenate([g, -h])


def analogy(X: F64) -> tuple[float, F64]:
    """3CosAdd's score of x_3 as what is to x_2 as x_1 is to x_0: its cosine with
    u_1 - u_0 + u_2, sums of unit vectors."""
    U, norms = units(X)
    signs = np.array([-1.0, 1.0, 1.0])
    value, g = cosine(np.stack([signs @ U[:3], U[3]]))
    inner = np.concatenate([signs[:, None] * g[0], np.zeros((1, X.shape[1]))])
    out = pull_back(inner, U, norms)
    # The answer enters through its unit; the cosine's gradient there is orthogonal to it.
    out[3] = g[1] / norms[3]
    return value, out


def centroids(first: int) -> Smooth:
    """The cosine of the mean unit vector of the first words with that of the others."""

    def function(X: F64) -> tuple[float, F64]:
        U, norms = units(X)
        value, g = cosine(np.stack([U[:first].mean(axis=0), U[first:].mean(axis=0)]))
        sizes = np.array([first, len(X) - first])
        spread = np.repeat(g / sizes[:, None], sizes, axis=0)
        return value, pull_back(spread, U, norms)

    return function


def projection(X: F64) -> tuple[float, F64]:
    """The cosine of x_0 with the axis from x_2 to x_1: u_1 - u_2."""
    U, norms = units(X)
    value, g = cosine(np.stack([U[0], U[1] - U[2]]))
    inner = np.stack([g[0], g[1], -g[1]])
    return value, pull_back(inner, U, norms)


def weat(sizes: tuple[int, int, int, int], *, effect: bool) -> Smooth:
    """WEAT's mean difference, or its effect size d, of lists X, Y, A, B one after another.

    s(w) = mean cos(w, a) - mean cos(w, b); the difference is mean_X s - mean_Y s, and d divides it
    by the standard deviation of s over X and Y (ddof 1).
    """
    n_x, n_y, n_a, n_b = sizes
    n = n_x + n_y
    k_t = np.concatenate([np.full(n_x, 1 / n_x), np.full(n_y, -1 / n_y)])
    k_a = np.concatenate([np.full(n_a, 1 / n_a), np.full(n_b, -1 / n_b)])

    def function(vectors: F64) -> tuple[float, F64]:
        U, norms = units(vectors)
        T, A = U[:n], U[n:]
        axis = k_a @ A
        s = T @ axis
        value, weight = float(k_t @ s), k_t
        if effect:
            spread = float(s.std(ddof=1))
            if not spread > 0:
                raise ValueError("the associations of X and Y do not vary")
            # dd = dS / D - S / (D^3 (n - 1)) sum_w (s_w - mean) ds_w
            weight = k_t / spread - value / (spread**3 * (n - 1)) * (s - s.mean())
            value /= spread
        g = np.concatenate([weight[:, None] * axis, k_a[:, None] * (weight @ T)])
        return value, pull_back(g, U, norms)

    return function


class Questions(abc.ABC):
    """Questions that are smooth functions of the vectors of some words."""

    @abc.abstractmethod
    def smooth(self, function: Smooth, words: Sequence[Word]) -> Estimate:
        """A smooth function of vectors, with its uncertainty."""

    def similarity(self, a: Word, b: Word) -> Estimate:
        """The cosine of two words.

        Parameters
        ----------
        a, b : str or bytes
            Words that have a covariance.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        Unanswerable
            When a word has no covariance.
        """
        return bounded(self.smooth(cosine, [a, b]), 1)

    def compare(self, one: tuple[Word, Word], other: tuple[Word, Word]) -> Difference:
        """The difference of two cosines; a word that stands in both enters once.

        Parameters
        ----------
        one, other : (str, str)
            The words of the first cosine, and of the one that is subtracted from it.

        Raises
        ------
        Unanswerable
            When a word has no covariance.
        """
        estimate = bounded(self.smooth(cosine_difference, [*one, *other]), 2)
        return self._tested(estimate)

    def _tested(self, estimate: Estimate) -> Difference:
        z, p = two_sided(estimate.value, estimate.sd)
        return Difference(**estimate.__dict__, z=z, p=p)

    def analogy(self, a: Word, b: Word, c: Word, answer: Word) -> Estimate:
        """3CosAdd's score of an answer to: what is to c as b is to a?

        Parameters
        ----------
        a, b, c, answer : str or bytes
            Words that have a covariance.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        Unanswerable
            When a word has no covariance.
        """
        return self.smooth(analogy, [a, b, c, answer])

    def centroids(self, one: Sequence[Word], other: Sequence[Word]) -> Estimate:
        """The cosine of the mean unit vectors of two lists of words.

        Parameters
        ----------
        one, other : sequence of str
            The two lists; each word must have a covariance.

        Raises
        ------
        ValueError
            When a list is empty.
        Unanswerable
            When a word has no covariance.
        """
        if not one or not other:
            raise ValueError("a list of words is empty")
        return bounded(self.smooth(centroids(len(one)), [*one, *other]), 1)

    def projection(self, word: Word, positive: Word, negative: Word) -> Estimate:
        """The cosine of a word with the axis from `negative` to `positive`.

        Parameters
        ----------
        word : str or bytes
            The word that is placed.
        positive, negative : str or bytes
            The ends of the axis.

        Raises
        ------
        Unanswerable
            When a word has no covariance.
        """
        return bounded(self.smooth(projection, [word, positive, negative]), 1)

    def weat(
        self,
        X: Sequence[Word],
        Y: Sequence[Word],
        A: Sequence[Word],
        B: Sequence[Word],
        *,
        effect: bool = True,
    ) -> Estimate:
        """WEAT's effect size d, or its mean difference without `effect`.

        Parameters
        ----------
        X, Y : sequence of str
            The target words.
        A, B : sequence of str
            The attribute words.
        effect : bool
            Whether the mean difference is divided by the standard deviation, which gives d.

        Raises
        ------
        Unanswerable
            When any word has no covariance.
        """
        lists = (X, Y, A, B)
        if not all(lists):
            raise ValueError("a list of words is empty")
        sizes = (len(X), len(Y), len(A), len(B))
        words = [word for each in lists for word in each]
        most = sum(sizes[:2]) / math.sqrt(sizes[0] * sizes[1]) if effect else 4
        return bounded(self.smooth(weat(sizes, effect=effect), words), most)
