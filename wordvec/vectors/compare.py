"""Comparisons of words and of lists of words, by cosine or by the distance of a manifold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.vectors.keys import accepts, list_of_words, text_of
from wordvec.vectors.matrix import Ids, scores_of_all
from wordvec.vectors.search import Key, Query, Searchable, unit, weighted

_COSMUL_EPSILON = 1e-6  # Levy & Goldberg (2014) use 1e-3 on [0, 1] cosines; gensim 1e-6


class Comparable(Searchable):
    """What WordVectors can be asked about words that are given."""

    @accepts(w1="a", w2="b", key1="a", key2="b", word1="a", word2="b", entity1="a", entity2="b")
    def similarity(self, a: Key, b: Key, *, unseen: bool | None = None) -> float:
        """Cosine of the vectors of two words (closeness on a manifold).

        It is NaN where a vector is not finite, and 0 where one is zero. With `unseen`, words that
        are not there get what `vector` finds.

        Parameters
        ----------
        a, b : str or bytes
            Two words.
        unseen : bool, optional
            Whether the nearest spelling may answer for a word that is not there; by default
            only when `strict` is False.

        Raises
        ------
        UnknownWordError
            For a word without an answer.
        """
        x, y = (self._vector_of(word, unseen=unseen) for word in (a, b))
        if self._manifold is not None:
            return float(self._manifold(x[None], y)[0])
        with np.errstate(invalid="ignore"):
            return float(unit(x) @ unit(y))

    @accepts(w1="a", w2="b", key1="a", key2="b", word1="a", word2="b", entity1="a", entity2="b")
    def distance(self, a: Key, b: Key) -> float:
        """1 - similarity; the distance itself on a manifold.

        Parameters
        ----------
        a, b : str or bytes
            Two words.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        """
        similarity = self.similarity(a, b)
        return -similarity if self._manifold is not None else 1 - similarity

    @accepts(word_or_vector="word", other_words="others")
    def distances(self, word: Query, others: Sequence[Key] = ()) -> NDArray[Any]:
        """The distance of a word or vector to each of `others`, or to all words.

        Parameters
        ----------
        word : str or array_like, shape (d,)
            A word, or a vector.
        others : sequence of str
            The words to which distances are taken; by default all.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        """
        names = list_of_words("others", others)
        query = self._vector_of(word)
        with np.errstate(invalid="ignore"):
            near = self._closeness_of_all(query if self._manifold else unit(query))
        away = -near if self._manifold else 1 - near
        return away[self.get_ids(names)] if names else away

    @accepts(ws1="words", ws2="others")
    def n_similarity(self, words: Sequence[Key], others: Sequence[Key]) -> float:
        """Cosine of the mean vectors of two lists of words; unknown words are left out.

        Parameters
        ----------
        words, others : sequence of str
            The two lists.

        Raises
        ------
        ZeroDivisionError
            When a list is empty.
        ValueError
            When no word of a list is known.
        """
        self._no_sums("means")
        lists = list_of_words("words", words), list_of_words("others", others)
        if not all(lists):
            raise ZeroDivisionError("n_similarity needs a word in each list")
        a, b = (self.get_mean_vector(each, pre_normalize=False) for each in lists)
        return float(unit(a) @ unit(b))

    def doesnt_match(self, words: Sequence[Key]) -> str:
        """The word whose vector is farthest from the mean of all; on a manifold, the one with the
        largest mean distance from the others. Unknown words, and those whose vector is not finite
        or zero, are left out.

        Parameters
        ----------
        words : sequence of str
            One word or more.

        Raises
        ------
        ValueError
            When the list is empty, or none of its words has a vector.
        """
        known = self._comparable(words)
        if self._manifold is not None:
            away = [self.distances(word, known).mean() for word in known]
            return text_of(known[int(np.argmax(away))])
        units = self.get_vectors(known, norm=True)
        near = units @ unit(units.mean(0, dtype=np.float64)).astype(units.dtype)
        return text_of(known[int(near.argmin())])

    @staticmethod
    def cosine_similarities(vector_1: ArrayLike, vectors_all: ArrayLike) -> NDArray[Any]:
        """Cosine of a vector (d,) to each of others (n, d), as float64: (n,).

        Parameters
        ----------
        vector_1 : array_like, shape (d,)
            One vector.
        vectors_all : array_like, shape (n, d)
            The others.
        """
        one, others = np.asarray(vector_1, np.float64), np.asarray(vectors_all, np.float64)
        return others @ one / (np.linalg.norm(others, axis=1) * np.linalg.norm(one))  # type: ignore[no-any-return]

    def rank_by_centrality(
        self, words: Sequence[Key], use_norm: bool = True
    ) -> list[tuple[float, str]]:
        """(closeness, word) of each word to the mean of all, closest first.

        Parameters
        ----------
        words : list of words
            Unknown words, and those whose vector is not finite or zero, are left out.
        use_norm : bool
            Whether vectors are divided by their norms first; without it the number is the product
            of each vector and the direction of the mean, not a cosine.

        Raises
        ------
        ValueError
            When no word is left, and on a manifold.
        """
        self._no_sums("means")
        known = self._comparable(words)
        rows = self.get_vectors(known, norm=use_norm)
        near = rows @ unit(rows.mean(0, dtype=np.float64)).astype(rows.dtype)
        pairs = zip(near.tolist(), map(text_of, known), strict=True)
        return sorted(pairs, reverse=True)

    def _comparable(self, words: Sequence[Key]) -> list[Key]:
        """The words that are known and have a direction; ValueError when there is none."""
        lost = self._undirected
        known = [
            word
            for word in list_of_words("words", words)
            if (i := self.get_index(word, -1)) >= 0 and i not in lost
        ]
        if not known:
            raise ValueError("none of the words has a vector")
        return known

    @accepts(key1="a", key2="b", w1="a", w2="b", entity1="a", entity2="b")
    def rank(self, a: Key, b: Key) -> int:
        """Place of `b` among the neighbours of `a`, 1 for the nearest.

        Parameters
        ----------
        a, b : str or bytes
            Two words.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        """
        return len(self._closer(a, b)) + 1

    @accepts(key1="a", key2="b", w1="a", w2="b", word1="a", word2="b", entity1="a", entity2="b")
    def closer_than(self, a: Key, b: Key) -> list[str]:
        """The words that are nearer to `a` than `b` is, by rising id.

        Parameters
        ----------
        a, b : str or bytes
            Two words.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        """
        return [self._words.word(i) for i in self._closer(a, b)]

    words_closer_than = closer_than

    def _closer(self, a: Key, b: Key) -> list[int]:
        near = -self.distances(a)
        near[self._undirected] = np.nan
        one, other = self.get_index(a), self.get_index(b)
        return [i for i in np.flatnonzero(near > near[other]).tolist() if i != one]

    @accepts(
        key1="word",
        w1="word",
        entity1="word",
        keys_list="words",
        word_list="words",
        entities_list="words",
    )
    def most_similar_to_given(self, word: Key, words: Sequence[Key]) -> Key:
        """The one of `words` nearest to `word`; never one whose vector is not finite or zero.

        Parameters
        ----------
        word : str or bytes
            The word that the others are compared with.
        words : sequence of str
            One word or more.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        ValueError
            When `words` is empty, or none of them can be compared.
        """
        given = list_of_words("words", words)
        if not given:
            raise ValueError("words must have at least one word")
        away = self.distances(word, given).astype(np.float64)
        away[np.isin(self.get_ids(given), self._undirected)] = np.nan
        if np.isnan(away).all():
            raise ValueError(f"none of the words can be compared with {text_of(word)!r}")
        return given[int(np.nanargmin(away))]  # type: ignore[no-any-return]

    def most_similar_cosmul(
        self,
        positive: Query | Sequence[Query] | None = None,
        negative: Query | Sequence[Query] | None = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """3CosMul: the product of the positive similarities over that of the negative ones.

        Similarities are shifted to [0, 1]. With topn None all products (V,) are returned. Levy &
        Goldberg (2014), "Linguistic regularities in sparse and explicit word representations".

        Parameters
        ----------
        positive, negative : str, array_like, or sequence of them, optional
            Words or vectors (d,) that answers should be like, and unlike.
        topn : int, optional
            Largest number of answers; None for the products of all words.
        restrict_vocab : int, optional
            Only the first so many words are answers; by default all.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        ValueError
            Without any word, or for weighted words.
        """
        self._no_sums("products of cosines")
        pairs = [*weighted(positive, 1.0), *weighted(negative, -1.0)]
        if not pairs:
            raise ValueError("most_similar_cosmul needs a positive or negative word or vector")
        if any(abs(weight) != 1 for _, weight in pairs):
            raise ValueError("most_similar_cosmul takes words and vectors without weights")
        products: list[NDArray[Any]] = [np.ones(len(self), np.float32) for _ in range(2)]
        for query, weight in pairs:
            vector = self._directed(unit(self._vector_of(query)), query).astype(np.float32)
            shifted = (1 + scores_of_all(self._matrix, vector, self._inverse_norms)) / 2
            products[weight < 0] *= shifted
        product = products[0] / (products[1] + np.float32(_COSMUL_EPSILON))
        stop = len(self) if restrict_vocab is None else min(len(self), restrict_vocab)
        if topn is None:
            return product[:stop]
        known = self._ids_among([query for query, _ in pairs])
        ids, scores = self._best(np.arange(stop), product[:stop])
        return self._named(ids[: topn + len(known)], scores[: topn + len(known)], known, topn)

    @accepts(wa="a", wb="b")
    def relative_cosine_similarity(self, a: Key, b: Key, topn: int = 10) -> float:
        """The similarity of two words over the sum of those of the `topn` nearest to the first:
        above 1 / topn for words that may be synonyms.

        Leeuwenberg, Vela, Dehdari & van Genabith (2016), "A minimally supervised approach for
        synonym extraction with word embeddings", equation 1.

        Parameters
        ----------
        a, b : str or bytes
            Two words.
        topn : int
            Number of neighbours of `a` in the sum.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        ValueError
            When `a` has no neighbours.
        """
        self._no_sums("cosines")
        total = sum(score for _, score in self.most_similar(a, topn=topn))
        if not total:
            raise ValueError(f"{text_of(a)!r} has no neighbours")
        return self.similarity(a, b) / float(total)

    @accepts(document1="a", document2="b")
    def wmdistance(self, a: Sequence[Key], b: Sequence[Key], norm: bool = True) -> float:
        """Word Mover's Distance of two token lists: the least work that turns one into the other.

        Parameters
        ----------
        a, b : list of words
            A word that occurs n times weighs n; unknown words, and those whose vector is not finite
            (or zero, with `norm`), are left out.
        norm : bool
            Divide vectors by their norm first, as gensim does.

        Returns
        -------
        float
            Infinite when one of the lists has no known word. Distances between words are Euclidean,
            or those of the manifold.

        Notes
        -----
        Kusner, Sun, Kolkin & Weinberger (2015), "From word embeddings to document distances". The
        linear program is solved exactly (HiGHS): about .1 s for two texts of 100 distinct words.
        """
        (ids, mass), (others, other_mass) = (
            self._bag(list_of_words(name, words)) for name, words in (("a", a), ("b", b))
        )
        if not len(ids) or not len(others):
            return float("inf")
        if self._manifold is not None:
            rows = self._matrix.take(others)
            costs = np.array([-self._manifold(rows, row) for row in self._matrix.take(ids)])
        else:
            x, y = (self._matrix.take(each).astype(np.float64) for each in (ids, others))
            if norm:
                x, y = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (x, y))
            costs = np.array([np.linalg.norm(y - row, axis=1) for row in x])
        return _transport(costs, mass, other_mass)

    def _bag(self, words: list[Key]) -> tuple[Ids, NDArray[np.float64]]:
        """The distinct ids of words that can be compared, and the share of each."""
        ids = self.get_ids(words, strict=False)
        ids, counts = np.unique(
            ids[(ids >= 0) & ~np.isin(ids, self._undirected)], return_counts=True
        )
        return ids, counts / max(1, counts.sum())


def _transport(
    costs: NDArray[np.float64], mass: NDArray[np.float64], other: NDArray[np.float64]
) -> float:
    """The least cost of moving `mass` (n,) to `other` (m,) at costs (n, m)."""
    # Here, because it takes longer to import than a file of vectors to open.
    from scipy import sparse
    from scipy.optimize import linprog

    n, m = costs.shape
    if n == 1 or m == 1:
        return float(mass @ costs @ other)
    sums = sparse.vstack(
        [sparse.kron(sparse.eye(n), np.ones((1, m))), sparse.kron(np.ones((1, n)), sparse.eye(m))],
        format="csr",
    )
    # Both sides sum to 1, so the last constraint follows from the others.
    found = linprog(
        costs.ravel(), A_eq=sums[:-1], b_eq=np.concatenate([mass, other])[:-1], method="highs"
    )
    if found.status != 0:
        raise ArithmeticError(f"the transport problem was not solved: {found.message}")
    return float(costs.ravel() @ np.asarray(found.x))
