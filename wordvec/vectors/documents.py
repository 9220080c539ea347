"""Vectors of documents from those of their words: weighted means, near duplicates, key words."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np
from scipy.sparse import csr_array

from wordvec.errors import CorpusError
from wordvec.estimator import Callback, Option, check, checked, thread_count
from wordvec.text.corpus import Corpus, Source, encode
from wordvec.text.options import TextOptions
from wordvec.text.records.blocks import Texts
from wordvec.text.vocab import Vocabulary
from wordvec.vectors.as_trained import options_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

    Floats: TypeAlias = NDArray[np.float32]

Weights: TypeAlias = Literal["sif", "tfidf", "mean"]

CHUNK = 1 << 20  # words whose vectors are summed at once
PAIRS = 1 << 22  # similarities of documents that are computed at once


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents as vectors.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
        Zero for a document without a known word.
    labels : tuple of str, shape (n,), optional
        The documents' names, where the source has some.
    components : ndarray of float32, shape (r, d)
        The directions that were removed.
    corpus : Corpus
        The documents as ids of the words of `corpus.vocab`: the vectors' words, or, where n-grams
        answer for others, the words of the documents.
    word_weights : ndarray of float64, shape (V,)
        The weight of each word of `corpus.vocab`.
    sizes : ndarray of int64, shape (n,)
        Words of each document that have a vector.
    """

    vectors: Floats
    labels: tuple[str, ...] | None
    components: Floats
    corpus: Corpus
    word_weights: NDArray[np.float64]
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vectors)


@checked
def document_vectors(
    wv: WordVectors,
    source: Source | Iterable[str],
    *,
    weights: Annotated[
        Weights,
        Option(
            help="Weight of a word: smooth inverse frequency (Arora et al. 2017), tf-idf, or 1."
        ),
    ] = "sif",
    a: float = 1e-3,
    remove: Annotated[
        int, Option(help="Directions to remove that all documents share.", at_least=0)
    ] = 1,
    components: Floats | None = None,
    unseen: bool | None = None,
    threads: int | None = None,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Documents:
    """The vectors of documents: weighted means of their words' vectors without the directions that
    all documents share.

    Parameters
    ----------
    wv : WordVectors
    source : Texts, iterable of str, or paths as ``pathlib.Path`` or in a list of them
        Strings are documents. Files are read as `wordvec.encode` reads them.
    weights : {"sif", "tfidf", "mean"}
        Smooth inverse frequency [1]_, a / (a + p(w)) with p(w) the word's share of the text that
        `wv` was trained on; tf-idf, log((1 + n) / (1 + df)) + 1 with df the documents that have the
        word; or 1.
    a : float
        Of smooth inverse frequency.
    remove : int
        Directions to remove: the first right singular vectors of the documents' vectors, which are
        not centred [1]_.
    components : ndarray, shape (r, d), optional
        Remove these instead: those of other documents (`Documents.components`).
    unseen : bool, optional
        Whether words without a vector are answered by their n-grams or folded spelling; by default
        where the vectors have them. Such a word counts as one that the training never saw.
    threads : int, optional
        For reading; by default all processors.
    options, more
        How the documents are split into words; by default as the text that `wv` was trained on. A
        program, function or model that made the words then is not run unless `tokenize` names it.

    Raises
    ------
    ValueError
        For "sif" when `wv` has no counts; for `remove` when there are too few documents; when
        `tokenize` has to be given.
    CorpusError
        When no document has a known word.

    References
    ----------
    .. [1] Arora, Liang & Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings",
       algorithm 1.
    """
    if not a > 0:
        raise ValueError(f"a must be > 0, got {a}")
    check("remove", remove, 0, wv.vector_size)
    if weights == "sif" and wv.counts is None:
        raise ValueError("the vectors have no counts, which weights='sif' needs: tfidf or mean")
    with_others = wv.answers_unseen() if unseen is None else unseen
    corpus = _read(wv, source, thread_count(threads), progress, options, more, with_others)
    words = _Words.others(wv, corpus) if with_others else _Words.own(wv)
    rows, columns, times = _counted(corpus, words.known)
    n = len(corpus.documents) - 1
    word_weights = np.ones(len(corpus.vocab))
    if weights == "sif":
        counts = words.counts.astype(np.float64)
        word_weights = a / (a + counts / np.asarray(wv.counts, np.float64).sum())
    elif weights == "tfidf":
        df = np.bincount(columns, minlength=len(corpus.vocab))
        word_weights = np.log((1 + n) / (1 + df)) + 1
    vectors = _weighted_means(
        words, rows, columns, times, word_weights, n, tfidf=weights == "tfidf"
    )
    sizes = np.bincount(rows, times, minlength=n).astype(np.int64)
    if components is None:
        components = _shared_directions(vectors, remove)
    vectors -= (vectors @ components.T) @ components
    return Documents(vectors, corpus.labels, components, corpus, word_weights, sizes)


class _Words(NamedTuple):
    """The words of documents: their vectors, how often each occurred in the training, and which
    have a vector (None: all)."""

    take: Callable[[NDArray[np.int64]], NDArray[Any]]
    counts: NDArray[np.int64]
    known: NDArray[np.bool_] | None

    @classmethod
    def own(cls, wv: WordVectors) -> _Words:
        counts = np.zeros(len(wv), np.int64) if wv.counts is None else np.asarray(wv.counts)
        return cls(wv.matrix.take, counts, None)

    @classmethod
    def others(cls, wv: WordVectors, corpus: Corpus) -> _Words:
        """Those of the documents' vocabulary, also words that `wv` composes."""
        names = list(corpus.vocab)
        vectors, how = wv.lookup(names)
        ids = wv.get_ids(names, strict=False)
        own = np.zeros(len(names), np.int64)
        if wv.counts is not None:
            own[ids >= 0] = np.asarray(wv.counts)[ids[ids >= 0]]
        known = np.array([each != "none" for each in how], bool)
        if not known.any():
            raise CorpusError("no document has a word with a vector")
        return cls(lambda chosen: vectors[chosen], own, known)


def _read(
    wv: WordVectors,
    source: Source | Iterable[str],
    threads: int,
    progress: Callback | None,
    options: TextOptions | None,
    more: dict[str, Any],
    with_others: bool,
) -> Corpus:
    how = options_for(wv.meta, more) if options is None else replace(options, **more)
    if isinstance(source, str):
        raise TypeError("documents must be several strings, or a path as pathlib.Path")
    if not isinstance(source, Texts | os.PathLike) and not hasattr(source, "read"):
        given = source if isinstance(source, list | tuple) else list(cast("Iterable[str]", source))
        files = all(isinstance(each, os.PathLike) for each in given)
        source = given if files and given else Texts(cast("Iterable[str]", given))
    vocab = None
    if not with_others:
        ones = np.ones(len(wv), np.int64)
        counts = ones if wv.counts is None else np.asarray(wv.counts, np.int64)
        vocab = Vocabulary.from_words(wv.index_to_key, counts.tolist())
    return encode(
        source,
        vocab=vocab,
        min_count=1,
        across_lines=True,
        keep_empty=True,
        threads=threads,
        progress=progress,
        options=how,
    )


def _counted(
    corpus: Corpus, known: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Document, word and how often it stands in it, for each pair that occurs; by document. Only
    words that are `known`."""
    found: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    offsets = corpus.documents
    first = 0
    while first < len(offsets) - 1:
        # Whole documents of about CHUNK words.
        last = int(np.searchsorted(offsets, offsets[first] + CHUNK, "right")) - 1
        last = max(min(last, len(offsets) - 1), first + 1)
        ids = np.asarray(corpus.ids[offsets[first] : offsets[last]], np.int64)
        lengths = np.diff(offsets[first : last + 1])
        owner = np.repeat(np.arange(first, last), lengths)
        keys, times = np.unique(owner * len(corpus.vocab) + ids, return_counts=True)
        found.append((keys // len(corpus.vocab), keys % len(corpus.vocab), times))
        first = last
    rows, columns, times = (np.concatenate(each) for each in zip(*found, strict=True))
    if known is not None:
        there = known[columns]
        rows, columns, times = rows[there], columns[there], times[there]
    return rows, columns, times.astype(np.float64)


def _weighted_means(
    words: _Words,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    times: NDArray[np.float64],
    weights: NDArray[np.float64],
    n: int,
    *,
    tfidf: bool,
) -> Floats:
    used, places = np.unique(columns, return_inverse=True)
    vectors = np.asarray(words.take(used), np.float64)
    weighted = times * weights[columns]
    # Means of SIF are over the words of the document, those of tf-idf over their weights.
    total = np.bincount(rows, weighted if tfidf else times, minlength=n)
    weighted /= total[rows]
    starts = np.searchsorted(rows, np.arange(n + 1))
    matrix = csr_array((weighted, places, starts), shape=(n, len(used)))
    out = np.empty((n, vectors.shape[1]), np.float32)
    step = max(CHUNK // max(vectors.shape[1], 1), 1)
    for begin in range(0, n, step):
        out[begin : begin + step] = np.asarray(matrix[begin : begin + step] @ vectors)
    return out


def _shared_directions(vectors: Floats, remove: int) -> Floats:
    """The first right singular vectors (remove, d) of vectors (n, d), by their Gram matrix."""
    dim = vectors.shape[1]
    if not remove:
        return np.zeros((0, dim), np.float32)
    there = int(np.count_nonzero(np.any(vectors, axis=1)))
    if there <= remove:
        raise ValueError(
            f"remove={remove} directions of {there} documents with known words would leave "
            "nothing: give more documents, components of others, or remove=0"
        )
    gram = np.zeros((dim, dim))
    for begin in range(0, len(vectors), CHUNK // dim + 1):
        part = vectors[begin : begin + CHUNK // dim + 1].astype(np.float64)
        gram += part.T @ part
    _, directions = np.linalg.eigh(gram)
    return np.ascontiguousarray(directions[:, : -remove - 1 : -1].T, np.float32)


def near_duplicates(
    vectors: NDArray[Any],
    *,
    threshold: Annotated[
        float,
        Option(
            help="Print pairs of documents whose cosine is at least this.",
            none="none",
            at_least=0,
            at_most=1,
        ),
    ] = 0.95,
) -> Iterator[tuple[int, int, float]]:
    """Pairs i < j of rows whose cosine is at least `threshold`, with it, by i and then j. Rows of
    zeros are near nothing."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros(vectors.shape, np.float32), where=norms > 0)
    step = max(PAIRS // max(len(unit), 1), 1)
    for begin in range(0, len(unit), step):
        near = unit[begin : begin + step] @ unit[begin:].T
        rows, columns = np.nonzero(np.triu(near >= threshold, 1))
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
            yield begin + i, begin + j, float(near[i, j])


def document_labels(
    wv: WordVectors,
    documents: Documents,
    n: Annotated[int, Option(help="Key words of each document.", at_least=1)] = 5,
) -> list[list[str]]:
    """The n words that label each document: those whose vectors are nearest to the document's,
    times their weight and the logarithm of how often they stand in it.

    `wordvec.keywords` finds the key words of one text without vectors.
    """
    names = list(documents.corpus.vocab)
    own = len(names) == len(wv) and names == wv.index_to_key
    known = _Words.own(wv) if own else _Words.others(wv, documents.corpus)
    rows, columns, times = _counted(documents.corpus, known.known)
    edges = np.searchsorted(rows, np.arange(len(documents) + 1))
    labels: list[list[str]] = []
    for d in range(len(documents)):
        at = slice(edges[d], edges[d + 1])
        words, vector = columns[at], documents.vectors[d]
        made = np.asarray(known.take(words), np.float32)
        lengths = np.linalg.norm(made, axis=1) * np.linalg.norm(vector)
        cosines = np.divide(made @ vector, lengths, out=np.zeros(len(words)), where=lengths > 0)
        scores = cosines * documents.word_weights[words] * np.log1p(times[at])
        best = np.argsort(-scores, kind="stable")[:n]
        labels.append([names[int(words[i])] for i in best])
    return labels
