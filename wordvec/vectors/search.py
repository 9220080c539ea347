"""Words, vectors and nearest words: gensim's names over the kernels of `wordvec.vectors.matrix`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from numbers import Integral
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.errors import StoreError, UnknownWordError
from wordvec.estimator import Option
from wordvec.native.vectors.store import Words
from wordvec.vectors import manifold
from wordvec.vectors.file import Store, WordList
from wordvec.vectors.keys import UnknownWord, accepts, list_of_words, text_of
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
# What names a word in a question: itself, or (as in gensim) its id.
NAMES = (str, bytes, Integral)

# Manifold (meta["manifold"]) -> function(rows (n, d), query (d,)) -> (n,) closeness, larger is
# nearer. Vectors without a manifold are compared by cosine.
Closeness: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
CLOSENESS: dict[str, Closeness] = {
    name: partial(manifold.closeness, manifold=name) for name in manifold.MANIFOLDS
}


class Searchable:
    """Words, their vectors and their neighbours; what brings them sets words, matrix and norms."""

    _list: WordList
    _words: Words
    _matrix: Matrix
    _coarse: Coarse | None = None
    _sketch: Sketch | None = None
    _file: Store | None = None
    strict: bool = True

    def __len__(self) -> int:
        return len(self._words)

    @cached_property
    def meta(self) -> dict[str, Any]:
        """What is known of the vectors: model, options, corpus, licence, language."""
        return self._file.meta() if self._file is not None else {}

    def __contains__(self, word: object) -> bool:
        return isinstance(word, (str, bytes)) and self._words.find(word) >= 0

    @accepts(key="word")
    def has_index_for(self, word: object) -> bool:
        """Whether a word is there, or an id is one.

        Parameters
        ----------
        word : str, bytes or int
            A word or an id.
        """
        return isinstance(word, NAMES) and self.get_index(word, -1) >= 0  # type: ignore[arg-type]

    @accepts(key="word")
    def get_index(self, word: Key | int, default: int | None = None) -> int:
        """Id of a word; `default` or UnknownWordError when it is not there. An id stands for
        itself.

        Parameters
        ----------
        word : str, bytes or int
            A word or an id.
        default : int, optional
            What is returned for a word that is not there.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have, without `default`.
        IndexError
            For an id that no word has.
        """
        if isinstance(word, (str, bytes)):
            i: int = self._words.find(word)
        else:
            i = int(word) if 0 <= word < len(self) else -1
        if i >= 0:
            return i
        if default is None:
            raise self._no_word(word)
        return default

    def _no_word(self, word: Key | int) -> UnknownWordError:
        if isinstance(word, (str, bytes)):
            return UnknownWordError(UnknownWord(self._list, word))
        return UnknownWordError(f"no word with id {word}; there are {len(self):,} words")

    @accepts(key="word", entity="word", use_norm="norm")
    def get_vector(self, word: Key | int, norm: bool = False) -> NDArray[Any]:
        """The vector (d,) of a word (or of an id), divided by its norm on request.

        A word that is not there is an error, unless `strict` was set to False.

        Parameters
        ----------
        word : str, bytes or int
            A word or an id.
        norm : bool
            Whether the vector is divided by its norm.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have, while `strict` is not False.
        """
        i = self.get_index(word, -1)
        if i < 0:
            if self.strict or not isinstance(word, (str, bytes)):
                raise self._no_word(word)
            row = self._unseen(word, True)
            return unit(row).astype(row.dtype) if norm else row
        row = self._matrix.row(i)
        if norm:
            self._no_sums("norms")
        return row * self._inverse_norms[i] if norm else row

    def get_vectors(self, words: Sequence[Key], norm: bool = False) -> NDArray[Any]:
        """The vectors (n, d) of several words; see `get_ids` for words that may be missing.

        Parameters
        ----------
        words : sequence of str
            The words.
        norm : bool
            Whether each vector is divided by its norm.
        """
        ids = self.get_ids(words)
        if norm:
            self._no_sums("norms")
        rows = self._matrix.take(ids)
        return rows * self._inverse_norms[ids, None] if norm else rows

    def get_ids(self, words: Sequence[Key], *, strict: bool = True) -> Ids:
        """Ids (n,) of several words; a missing one is an error, or -1 when not `strict`.

        Parameters
        ----------
        words : sequence of str
            The words.
        strict : bool
            Whether a word that is not there is an error.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have, when `strict`.
        """
        keys = list_of_words("words", words)
        ids = np.empty(len(keys), np.int64)
        try:
            self._words.find_many(keys, ids)
        except TypeError:  # some are ids
            ids[:] = [self.get_index(key, -1) for key in keys]
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

    @cached_property
    def _undirected(self) -> Ids:
        """Ids of the words that are never an answer: their vector is not finite, or zero (which is
        a point like any other on a manifold)."""
        with np.errstate(invalid="ignore"):
            usable = np.isfinite(self.norms)
            if self._manifold is None:
                usable &= self.norms > 0
        return np.flatnonzero(~usable)

    def _no_sums(self, what: str) -> None:
        """Raises ValueError where vectors are points of a manifold, which have none of that."""
        if self._manifold is not None:
            raise ValueError(
                f"these are points of a manifold ({self.meta['manifold']}), which have no {what}: "
                "ask for distances between words"
            )

    @accepts(keys="words")
    def get_mean_vector(
        self,
        words: Sequence[Query],
        weights: Sequence[float] | NDArray[Any] | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Floats:
        """The weighted mean (d,) of vectors or of the vectors of words.

        As in gensim the divisor is the sum of the absolute weights, and `pre_normalize` is for the
        vectors of words; those given as vectors are taken as they are.

        Parameters
        ----------
        words : list of words or vectors
        weights : list of float, optional
            One for each of `words`.
        pre_normalize, post_normalize : bool
            Divide the words' vectors, or the mean, by their norm.
        ignore_missing : bool
            Leave out words that are not there; otherwise they are errors.

        Raises
        ------
        ValueError
            Without a word, when none of them is there, for other than one weight per word, and on a
            manifold.
        UnknownWordError
            For an unknown word when `ignore_missing` is false.
        """
        words = list_of_words("words", words)
        self._no_sums("means")
        if len(words) == 0:
            raise ValueError("cannot take the mean of no words")
        factors = np.ones(len(words)) if weights is None else np.asarray(weights, np.float64)
        if len(factors) != len(words):
            raise ValueError(f"weights must have {len(words)} entries, got {len(factors)}")
        total, divisor = np.zeros(self.vector_size), 0.0
        for query, factor in zip(words, factors, strict=True):
            if ignore_missing and isinstance(query, NAMES) and not self.has_index_for(query):
                continue
            total += factor * self._vector_of(query, norm=pre_normalize)
            divisor += abs(factor)
        if ignore_missing and not any(
            not isinstance(query, NAMES) or self.has_index_for(query) for query in words
        ):
            raise ValueError("none of the words has a vector")
        mean = total / max(divisor, np.finfo(np.float64).tiny)
        dtype = np.float64 if self._matrix.block(0, 0).dtype == np.float64 else np.float32
        return (unit(mean) if post_normalize else mean).astype(dtype)

    def _vector_of(
        self, query: Query, norm: bool = False, unseen: bool | None = None
    ) -> NDArray[np.float64]:
        """The vector of a word (normalised on request), or the vector itself. Words that are not
        there get what `unseen` allows; see `most_similar`."""
        if isinstance(query, NAMES):
            i = self.get_index(query, -1)
            row = self._matrix.row(i) if i >= 0 else self._unseen(query, unseen)
            vector = row.astype(np.float64)
            return unit(vector) if norm else vector
        vector = np.asarray(query, np.float64)
        if vector.shape != (self.vector_size,):
            raise ValueError(f"a vector must have shape ({self.vector_size},), got {vector.shape}")
        return vector

    def _split(self, text: str) -> list[str]:
        """A text's words, as the text of the training was split."""
        return [text]

    def _unseen(self, word: Key, allowed: bool | None) -> NDArray[Any]:
        """The vector of a word that is not there, where that is allowed."""
        raise self._no_word(word)

    @accepts(word="positive", key="positive", vector="positive")
    def most_similar(
        self,
        positive: Query | Sequence[Any] | None = None,
        negative: Query | Sequence[Any] | None = None,
        topn: Annotated[int | None, Option(help="How many answers.", at_least=1)] = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | Sequence[Key] | NDArray[np.bool_] | None = None,
        indexer: Any = None,
        *,
        coarse: bool = False,
        unseen: bool | None = None,
    ) -> Any:
        """The words nearest to the mean of `positive` less `negative`, by cosine.

        Parameters
        ----------
        positive, negative : word, vector, or list of words, vectors and (word, weight) pairs
            Words among them are left out of the answer. Those without a weight have 1 in `positive`
            and -1 in `negative`; a weight that is given counts as it stands, as in gensim, so
            `negative=[("man", -0.5)]` takes away half.
        topn : int or None
            None gives the similarity to every word: an array (V,).
        clip_start, clip_end : int, optional
            Only words with ids in [clip_start, clip_end).
        restrict_vocab : int, list of words, or mask (V,), optional
            Only the first N words; only these words; only the words where the mask is true. It
            takes the place of clip_start and clip_end.
        indexer : object with `most_similar(vector, topn)`, optional
            Answers instead, with (word, similarity) pairs, as gensim's Annoy indexes do.
        coarse : bool
            Be content with the candidates of the signs that `with_sketch` and `with_coarse` keep,
            where they are there, scored exactly: now and then a neighbour less. Without it the int8
            copy of `with_coarse` is used where the answer is proven.
        unseen : bool, optional
            Words that are not there: by default they are answered by their n-grams or folded
            spelling where the vectors have them (`vector` says how one came about), and are errors
            elsewhere. True also takes the nearest spelling; False answers none.

        Returns
        -------
        list of (str, float)
            Best first, equal ones by rising id. For vectors of a manifold (meta["manifold"]) the
            numbers are its closeness, minus the distance.

        Raises
        ------
        UnknownWordError
        ValueError
            Without a word, for a vector without a direction (zero or not finite; words with such
            vectors are never an answer), and for sums on a manifold.
        """
        query, known = self._target(positive, negative, unseen)
        if indexer is not None and topn is not None:
            return indexer.most_similar(query.astype(np.float32), topn)
        if restrict_vocab is not None and np.ndim(restrict_vocab):
            ids = self._restricted(restrict_vocab)
            scores = self._closeness_of_all(query)[ids]
            if topn is None:
                return scores
            return self._named(*self._best(ids, scores), known, int(topn))
        if restrict_vocab is not None:
            clip_start, clip_end = 0, int(restrict_vocab)  # type: ignore[arg-type]
        start, stop, _ = slice(clip_start, clip_end).indices(len(self))
        if topn is None:
            return self._closeness_of_all(query)[start:stop]
        wanted = topn + len(known)
        ids, scores = self._nearest(query, wanted, start, stop, coarse)
        return self._named(ids, scores, known, topn)

    def _restricted(self, allowed: Any) -> Ids:
        """The ids of given words, or those where a mask is true."""
        mask = np.asarray(allowed)
        if mask.dtype == bool:
            if mask.shape != (len(self),):
                raise ValueError(f"the mask must have shape ({len(self)},), got {mask.shape}")
            return np.flatnonzero(mask)
        return np.unique(self.get_ids(list(allowed)))

    def _best(self, ids: Ids, scores: NDArray[Any]) -> tuple[Ids, NDArray[Any]]:
        """The ids that may be answers, and their scores, best first."""
        usable = ~np.isin(ids, self._undirected)
        ids, scores = ids[usable], scores[usable]
        order = np.lexsort((ids, -scores))
        return ids[order], scores[order]

    similar_by_key = similar_by_word = similar_by_vector = most_similar

    def most_similar_many(
        self,
        words: Sequence[Query],
        topn: Annotated[int, Option(help="Neighbours per word.", at_least=1)] = 10,
        restrict_vocab: int | None = None,
        *,
        unseen: Annotated[
            bool | None,
            Option(
                help="Words without a vector also get that of the nearest spelling; or none at "
                "all. By default they are answered by n-grams or folded spellings where VECTORS "
                "has them."
            ),
        ] = None,
    ) -> list[Neighbors]:
        """The neighbours of each of several words or vectors, at the speed of a matrix product.

        Each word is left out of its own answer. For `unseen` see `most_similar`.

        Parameters
        ----------
        words : sequence of str or array_like, shape (d,)
            Words or vectors.
        topn : int
            Largest number of neighbours per word.
        restrict_vocab : int, optional
            Only the first so many words are answers; by default all.
        unseen : bool, optional
            As in `most_similar`.

        Raises
        ------
        UnknownWordError
            For a word without an answer.
        """
        words = list_of_words("words", words)
        if self._manifold is not None or len(self._undirected):
            return [
                self.most_similar(w, topn=topn, restrict_vocab=restrict_vocab, unseen=unseen)
                for w in words
            ]
        queries = np.empty((len(words), self.vector_size), np.float32)
        known: list[set[int]] = []
        for i, word in enumerate(words):
            queries[i] = self._directed(unit(self._vector_of(word, unseen=unseen)), word)
            known.append(self._ids_among([word]))
        ids, scores = self.nearest(queries, topn + 1, restrict_vocab=restrict_vocab)
        return [self._named(ids[i], scores[i], known[i], topn) for i in range(len(words))]

    def nearest(
        self, queries: Floats, topn: int = 10, restrict_vocab: int | None = None
    ) -> tuple[Ids, Floats]:
        """Ids and scores (n, topn) of the rows with the largest cosine to each query (n, d).

        The scores are cosines when the queries have norm 1, and minus the distance on a manifold.
        Places without a row hold -1 and NaN.

        Parameters
        ----------
        queries : array_like of float, shape (n, d)
            The vectors whose neighbours are found.
        topn : int
            Number of neighbours per query.
        restrict_vocab : int, optional
            Only the first so many words are answers; by default all.

        Raises
        ------
        ValueError
            For queries of another shape.
        """
        rows = np.ascontiguousarray(queries, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.vector_size:
            raise ValueError(f"queries must be (n, {self.vector_size}), got {rows.shape}")
        stop = len(self) if restrict_vocab is None else min(len(self), restrict_vocab)
        if self._manifold is not None or len(self._undirected):
            ids = np.full((len(rows), topn), -1, np.int64)
            scores = np.full((len(rows), topn), np.nan, np.float32)
            for i, query in enumerate(np.asarray(queries, np.float64)):
                found, near = self._nearest(query, topn, 0, stop, False)
                ids[i, : len(found)], scores[i, : len(found)] = found, near
            return ids, scores
        return largest_of_many(self._matrix, rows, topn, self._inverse_norms, 0, stop)

    def _target(
        self, positive: Any, negative: Any, unseen: bool | None = None
    ) -> tuple[NDArray[np.float64], set[int]]:
        """The vector that most_similar looks for, and the ids of the words in the question."""
        pairs = [*weighted(positive, 1.0), *weighted(negative, -1.0)]
        if not pairs:
            raise ValueError("most_similar needs a positive or negative word or vector")
        vectors = [self._vector_of(q, norm=False, unseen=unseen) for q, _ in pairs]
        known = self._ids_among([query for query, _ in pairs])
        if self._manifold is not None:
            if len(pairs) > 1 or pairs[0][1] <= 0:
                raise ValueError("on a manifold words have no sums: ask for one positive word")
            return self._directed(vectors[0], pairs[0][0], zero=True), known
        total = np.zeros(self.vector_size)
        for (query, weight), vector in zip(pairs, vectors, strict=True):
            word = isinstance(query, NAMES)
            total += weight * (unit(self._directed(vector, query, zero=True)) if word else vector)
        return self._directed(unit(total), pairs[0][0]), known

    def _ids_among(self, queries: Sequence[Any]) -> set[int]:
        """The ids of the words among them that are there, as they stand or as the text of the
        training was tokenized."""
        words = [q for q in queries if isinstance(q, NAMES)]
        ids = {self.get_index(q, -1) for q in words}  # type: ignore[arg-type]
        if -1 in ids:
            made = [
                self._split(text_of(q))
                for q in words
                if isinstance(q, (str, bytes)) and self.get_index(q, -1) < 0
            ]
            ids |= {self.get_index(each[0], -1) for each in made if len(each) == 1}
        return ids - {-1}

    def _directed(
        self, vector: NDArray[np.float64], query: Query, *, zero: bool = False
    ) -> NDArray[np.float64]:
        """The vector; ValueError when it is not finite or (unless `zero` is allowed) zero."""
        whose = f"of {text_of(query)!r} " if isinstance(query, (str, bytes)) else ""
        if not np.isfinite(vector).all():
            raise ValueError(f"the vector {whose}is not finite, so it has no neighbours")
        if not zero and not vector.any():
            raise ValueError(f"the vector {whose}is zero: it has no direction and no neighbours")
        return vector

    def _nearest(
        self, query: NDArray[np.float64], k: int, start: int, stop: int, coarse: bool
    ) -> tuple[Ids, Floats]:
        """The k best of the ids start .. stop that may be answers, and their scores."""
        k = max(0, int(k))
        if self._manifold is not None or len(self._undirected):
            scores = self._closeness_of_all(query)[start:stop]
            ids, scores = self._best(np.arange(start, start + len(scores)), scores)
            return ids[:k], scores[:k]
        target, scale = query.astype(np.float32), self._inverse_norms
        sketch = self._sketch if coarse else None
        return largest(
            self._matrix, target, k, scale, start, stop, coarse=self._coarse, sketch=sketch
        )

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


def unit(vector: NDArray[Any]) -> NDArray[np.float64]:
    wide = np.asarray(vector, np.float64)
    norm = float(np.sqrt(wide @ wide))
    return wide / norm if norm > 0 else wide


def weighted(queries: Any, sign: float) -> list[tuple[Any, float]]:
    """The (word or vector, weight) pairs of a positive or negative argument; a weight that is
    given counts as it stands."""
    if queries is None:
        return []
    single = isinstance(queries, NAMES) or (isinstance(queries, np.ndarray) and queries.ndim == 1)
    pairs = []
    for query in [queries] if single else queries:
        if isinstance(query, tuple) and len(query) == 2:
            pairs.append((query[0], float(query[1])))
        else:
            pairs.append((query, sign))
    return pairs
