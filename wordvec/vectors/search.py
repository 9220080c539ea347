"""Nearest words and comparisons: gensim's names over the kernels of `wordvec.vectors.matrix`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.errors import StoreError, UnknownWordError
from wordvec.native.store import Words
from wordvec.vectors import manifold
from wordvec.vectors.file import Store, WordList
from wordvec.vectors.keys import UnknownWord, text_of
from wordvec.vectors.matrix import (
    Coarse,
    Floats,
    Ids,
    Matrix,
    Sketch,
    largest,
    largest_of_many,
    scores_of_all,
)

Key: TypeAlias = str | bytes
Query: TypeAlias = Key | ArrayLike
Neighbors: TypeAlias = list[tuple[str, float]]

# Manifold (meta["manifold"]) -> function(rows (n, d), query (d,)) -> (n,) closeness, larger is
# nearer. Vectors without a manifold are compared by cosine.
Closeness: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
CLOSENESS: dict[str, Closeness] = {
    name: partial(manifold.closeness, manifold=name) for name in manifold.MANIFOLDS
}

_COSMUL_EPSILON = 1e-6  # Levy & Goldberg (2014) use 1e-3 on [0, 1] cosines; gensim 1e-6


class Comparable:
    """What WordVectors can be asked about nearness; it brings words, matrix and norms itself."""

    _list: WordList
    _words: Words
    _matrix: Matrix
    _coarse: Coarse | None = None
    _sketch: Sketch | None = None
    _file: Store | None = None

    def __len__(self) -> int:
        return len(self._words)

    @cached_property
    def meta(self) -> dict[str, Any]:
        """What is known of the vectors: model, options, corpus, licence, language."""
        return self._file.meta() if self._file is not None else {}

    def __contains__(self, word: object) -> bool:
        return isinstance(word, (str, bytes)) and self._words.find(word) >= 0

    has_index_for = __contains__

    def get_index(self, word: Key, default: int | None = None) -> int:
        """Id of a word; `default` or UnknownWordError when it is not there."""
        i: int = self._words.find(word)
        if i >= 0:
            return i
        if default is None:
            raise self._no_word(word)
        return default

    def _no_word(self, word: Key) -> UnknownWordError:
        return UnknownWordError(UnknownWord(self._list, word))

    def get_vector(self, word: Key, norm: bool = False) -> NDArray[Any]:
        """The vector (d,) of a word, divided by its norm on request."""
        i = self.get_index(word)
        row = self._matrix.row(i)
        return row * self._inverse_norms[i] if norm else row

    def get_vectors(self, words: Sequence[Key], norm: bool = False) -> NDArray[Any]:
        """The vectors (n, d) of several words; see `get_ids` for words that may be missing."""
        ids = self.get_ids(words)
        rows = self._matrix.take(ids)
        return rows * self._inverse_norms[ids, None] if norm else rows

    def get_ids(self, words: Sequence[Key], *, strict: bool = True) -> Ids:
        """Ids (n,) of several words; a missing one is an error, or -1 when not `strict`."""
        keys = words if isinstance(words, list) else list(words)
        ids = np.empty(len(keys), np.int64)
        self._words.find_many(keys, ids)
        if strict and len(ids) and ids.min() < 0:
            raise self._no_word(keys[int(ids.argmin())])
        return ids

    @property
    def vectors(self) -> NDArray[Any]:
        """All vectors (V, d); read-only when mapped from a file."""
        return self._matrix.decoded()

    @property
    def vector_size(self) -> int:
        """Dimensions d."""
        return self._matrix.cols

    @cached_property
    def norms(self) -> Floats:
        """Euclidean norm of each vector (V,)."""
        return self._matrix.norms()

    @cached_property
    def _inverse_norms(self) -> Floats:
        """What makes dot products cosines; 0 for a zero vector, so that its cosines are 0."""
        with np.errstate(all="ignore"):
            return np.where(self.norms > 0, 1 / self.norms, 0).astype(np.float32)

    def get_mean_vector(
        self,
        words: Sequence[Query],
        weights: Sequence[float] | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
    ) -> Floats:
        """The weighted mean (d,) of vectors or of the vectors of words.

        As in gensim the divisor is the sum of the absolute weights, and `pre_normalize` is for the
        vectors of words; those given as vectors are taken as they are.
        """
        if len(words) == 0:
            raise ValueError("cannot take the mean of no words")
        factors = np.ones(len(words)) if weights is None else np.asarray(weights, np.float64)
        if len(factors) != len(words):
            raise ValueError(f"weights must have {len(words)} entries, got {len(factors)}")
        total = np.zeros(self.vector_size)
        for query, factor in zip(words, factors, strict=True):
            total += factor * self._vector_of(query, norm=pre_normalize)
        mean = total / max(np.abs(factors).sum(), np.finfo(np.float64).tiny)
        return (_unit(mean) if post_normalize else mean).astype(np.float32)

    def _vector_of(self, query: Query, norm: bool = False) -> NDArray[np.float64]:
        """The vector of a word (normalised on request), or the vector itself."""
        if isinstance(query, (str, bytes)):
            vector = self.get_vector(query).astype(np.float64)
            return _unit(vector) if norm else vector
        vector = np.asarray(query, np.float64)
        if vector.shape != (self.vector_size,):
            raise ValueError(f"a vector must have shape ({self.vector_size},), got {vector.shape}")
        return vector

    def most_similar(
        self,
        positive: Query | Sequence[Any] | None = None,
        negative: Query | Sequence[Any] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        coarse: bool = False,
    ) -> Any:
        """The words nearest to the mean of `positive` less `negative`, by cosine.

        Parameters
        ----------
        positive, negative : word, vector, or list of words, vectors and (word, weight) pairs
            Words among them are left out of the answer.
        topn : int or None
            None gives the similarity to every word: an array (V,).
        clip_start, clip_end, restrict_vocab : int, optional
            Only words with ids in [clip_start, clip_end); restrict_vocab is clip_end.
        coarse : bool
            Be content with the candidates of the signs that `with_sketch` and `with_coarse` keep,
            where they are there, scored exactly: now and then a neighbour less. Without it the int8
            copy of `with_coarse` is used where the answer is proven.

        Returns
        -------
        list of (str, float)
            Best first, equal ones by rising id. For vectors of a manifold (meta["manifold"]) the
            numbers are its closeness, minus the distance.

        Raises
        ------
        UnknownWordError, ValueError
        """
        query, known = self._target(positive, negative)
        if topn is None:
            return self._closeness_of_all(query)[clip_start : restrict_vocab or clip_end]
        stop = len(self) if restrict_vocab is None else restrict_vocab
        stop = min(len(self), stop if clip_end is None else clip_end)
        start = max(0, clip_start)
        ids, scores = self._nearest(query, topn + len(known), start, stop, coarse)
        return self._named(ids, scores, known, topn)

    similar_by_key = similar_by_word = similar_by_vector = most_similar

    def most_similar_many(
        self, words: Sequence[Query], topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbors]:
        """The neighbours of each of several words or vectors, at the speed of a matrix product.

        Each word is left out of its own answer.
        """
        if self.meta.get("manifold") is not None:
            return [self.most_similar(w, topn=topn, restrict_vocab=restrict_vocab) for w in words]
        queries = np.empty((len(words), self.vector_size), np.float32)
        known: list[set[int]] = []
        for i, word in enumerate(words):
            queries[i] = _unit(self._vector_of(word))
            known.append({self.get_index(word)} if isinstance(word, (str, bytes)) else set())
        ids, scores = self.nearest(queries, topn + 1, restrict_vocab=restrict_vocab)
        return [self._named(ids[i], scores[i], known[i], topn) for i in range(len(words))]

    def nearest(
        self, queries: Floats, topn: int = 10, restrict_vocab: int | None = None
    ) -> tuple[Ids, Floats]:
        """Ids and scores (n, topn) of the rows with the largest cosine to each query (n, d).

        The scores are cosines when the queries have norm 1. Places without a row hold -1 and NaN.
        """
        rows = np.ascontiguousarray(queries, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.vector_size:
            raise ValueError(f"queries must be (n, {self.vector_size}), got {rows.shape}")
        stop = len(self) if restrict_vocab is None else min(len(self), restrict_vocab)
        return largest_of_many(self._matrix, rows, topn, self._inverse_norms, 0, stop)

    def _target(self, positive: Any, negative: Any) -> tuple[NDArray[np.float64], set[int]]:
        """The vector that most_similar looks for, and the ids of the words in the question."""
        pairs = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        if not pairs:
            raise ValueError("most_similar needs a positive or negative word or vector")
        known = {self.get_index(q) for q, _ in pairs if isinstance(q, (str, bytes))}
        if self.meta.get("manifold") is not None:
            if len(pairs) > 1 or pairs[0][1] <= 0:
                raise ValueError("on a manifold words have no sums: ask for one positive word")
            return self._vector_of(pairs[0][0]), known
        total = np.zeros(self.vector_size)
        for query, weight in pairs:
            total += weight * self._vector_of(query, norm=True)
        return _unit(total), known

    def _nearest(
        self, query: NDArray[np.float64], k: int, start: int, stop: int, coarse: bool
    ) -> tuple[Ids, Floats]:
        if self._manifold is None:
            target, scale = query.astype(np.float32), self._inverse_norms
            sketch = self._sketch if coarse else None
            return largest(
                self._matrix, target, k, scale, start, stop, coarse=self._coarse, sketch=sketch
            )
        scores = self._closeness_of_all(query)[start:stop]
        order = np.lexsort((np.arange(len(scores)), -scores))[: max(0, k)]
        return order + start, scores[order]

    @cached_property
    def _manifold(self) -> Closeness | None:
        """How nearness is measured: the manifold's own, or None for cosine."""
        name = self.meta.get("manifold")
        if name is None:
            return None
        if name not in CLOSENESS:
            raise StoreError(f"vectors of the manifold {name!r}, which this program does not know")
        return CLOSENESS[name]

    def _closeness_of_all(self, query: NDArray[np.float64]) -> NDArray[Any]:
        if self._manifold is not None:
            return self._manifold(self.vectors, query)
        return scores_of_all(self._matrix, query.astype(np.float32), self._inverse_norms)

    def _named(self, ids: Ids, scores: Floats, known: set[int], topn: int) -> Neighbors:
        pairs = zip(ids.tolist(), scores.tolist(), strict=True)
        found = [(i, score) for i, score in pairs if i >= 0 and i not in known]
        return [(self._words.word(i), score) for i, score in found[:topn]]

    # Comparisons.

    def similarity(self, a: Key, b: Key) -> float:
        """Cosine of the vectors of two words (closeness on a manifold)."""
        x, y = self._vector_of(a), self._vector_of(b)
        if self._manifold is not None:
            return float(self._manifold(x[None], y)[0])
        return float(_unit(x) @ _unit(y))

    def distance(self, a: Key, b: Key) -> float:
        """1 - similarity; the distance itself on a manifold."""
        similarity = self.similarity(a, b)
        return -similarity if self._manifold is not None else 1 - similarity

    def distances(self, word: Query, others: Sequence[Key] = ()) -> NDArray[Any]:
        """The distance of a word or vector to each of `others`, or to all words."""
        query = self._vector_of(word)
        near = self._closeness_of_all(query if self._manifold else _unit(query))
        away = -near if self._manifold else 1 - near
        return away[self.get_ids(list(others))] if len(others) else away

    def n_similarity(self, words: Sequence[Key], others: Sequence[Key]) -> float:
        """Cosine of the mean vectors of two lists of words."""
        if not len(words) or not len(others):
            raise ZeroDivisionError("n_similarity needs a word in each list")
        a, b = (self.get_vectors(each).mean(0, dtype=np.float64) for each in (words, others))
        return float(_unit(a) @ _unit(b))

    def doesnt_match(self, words: Sequence[Key]) -> str:
        """The word whose vector is farthest from the mean of all; unknown words are left out."""
        known = [word for word in words if word in self]
        if not known:
            raise ValueError("none of the words has a vector")
        units = self.get_vectors(known, norm=True)
        near = units @ _unit(units.mean(0, dtype=np.float64)).astype(units.dtype)
        return text_of(known[int(near.argmin())])

    def rank(self, a: Key, b: Key) -> int:
        """Place of `b` among the neighbours of `a`, 1 for the nearest."""
        return len(self._closer(a, b)) + 1

    def closer_than(self, a: Key, b: Key) -> list[str]:
        """The words that are nearer to `a` than `b` is, by rising id."""
        return [self._words.word(i) for i in self._closer(a, b)]

    def _closer(self, a: Key, b: Key) -> list[int]:
        near = -self.distances(a)
        one, other = self.get_index(a), self.get_index(b)
        return [i for i in np.flatnonzero(near > near[other]).tolist() if i != one]

    def most_similar_to_given(self, word: Key, words: Sequence[Key]) -> Key:
        """The one of `words` nearest to `word`."""
        return words[int(np.argmin(self.distances(word, words)))]

    def most_similar_cosmul(
        self,
        positive: Key | Sequence[Key] | None = None,
        negative: Key | Sequence[Key] | None = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors:
        """3CosMul: the product of the positive similarities over that of the negative ones.

        Similarities are shifted to [0, 1]. Levy & Goldberg (2014), "Linguistic regularities in
        sparse and explicit word representations".
        """
        pairs = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        if not pairs:
            raise ValueError("most_similar_cosmul needs a positive or negative word or vector")
        known = {self.get_index(q) for q, _ in pairs if isinstance(q, (str, bytes))}
        product: NDArray[Any] = np.ones(len(self), np.float32)
        for query, weight in pairs:
            unit = _unit(self._vector_of(query)).astype(np.float32)
            shifted = (1 + scores_of_all(self._matrix, unit, self._inverse_norms)) / 2
            product = product * shifted if weight > 0 else product / (shifted + _COSMUL_EPSILON)
        stop = len(self) if restrict_vocab is None else min(len(self), restrict_vocab)
        order = np.lexsort((np.arange(stop), -product[:stop]))[: topn + len(known)]
        return self._named(order, product[order], known, topn)


def _unit(vector: NDArray[Any]) -> NDArray[np.float64]:
    wide = np.asarray(vector, np.float64)
    norm = float(np.sqrt(wide @ wide))
    return wide / norm if norm > 0 else wide


def _weighted(queries: Any, sign: float) -> list[tuple[Any, float]]:
    """The (word or vector, weight) pairs of a positive or negative argument."""
    if queries is None:
        return []
    single = isinstance(queries, (str, bytes)) or (
        isinstance(queries, np.ndarray) and queries.ndim == 1
    )
    pairs = []
    for query in [queries] if single else queries:
        if isinstance(query, tuple) and len(query) == 2:
            pairs.append((query[0], sign * float(query[1])))
        else:
            pairs.append((query, sign))
    return pairs
