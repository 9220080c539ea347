"""What can be asked of several words: cosines, differences, analogies, axes and WEAT."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wordvec.inference import delta
from wordvec.inference.estimates import Difference, Estimate, bounded, two_sided

if TYPE_CHECKING:
    from wordvec.inference.delta import Smooth

    Word = str | bytes


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
        return bounded(self.smooth(delta.cosine, [a, b]), 1)

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
        estimate = bounded(self.smooth(delta.cosine_difference, [*one, *other]), 2)
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
        return self.smooth(delta.analogy, [a, b, c, answer])

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
        return bounded(self.smooth(delta.centroids(len(one)), [*one, *other]), 1)

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
        return bounded(self.smooth(delta.projection, [word, positive, negative]), 1)

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
        return bounded(self.smooth(delta.weat(sizes, effect=effect), words), most)
