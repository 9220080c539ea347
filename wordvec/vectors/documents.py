"""Vectors of documents from those of their words: weighted means, near duplicates, key words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from wordvec.estimator import Callback, check, thread_count
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
        The documents as ids of the vectors' words.
    word_weights : ndarray of float64, shape (V,)
        The weight of each word.
    """

    vectors: Floats
    labels: tuple[str, ...] | None
    components: Floats
    corpus: Corpus
    word_weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.vectors)


def document_vectors(
    wv: WordVectors,
    source: Source | Iterable[str],
    *,
    weights: Weights = "sif",
    a: float = 1e-3,
    remove: int = 1,
    components: Floats | None = None,
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
    if weights not in ("sif", "tfidf", "mean"):
        raise ValueError(f"weights must be sif, tfidf or mean, got {weights!r}")
    if not a > 0:
        raise ValueError(f"a must be > 0, got {a}")
    check("remove", remove, 0, wv.vector_size)
    if weights == "sif" and wv.counts is None:
        raise ValueError("the vectors have no counts, which weights='sif' needs: tfidf or mean")
    corpus = _read(wv, source, thread_count(threads), progress, options, more)
    rows, columns, times = _counted(corpus)
    n = len(corpus.documents) - 1
    word_weights = np.ones(len(wv))
    if weights == "sif":
        counts = np.asarray(wv.counts, np.float64)
        word_weights = a / (a + counts / counts.sum())
    elif weights == "tfidf":
        df = np.bincount(columns, minlength=len(wv))
        word_weights = np.log((1 + n) / (1 + df)) + 1
    vectors = _weighted_means(wv, rows, columns, times, word_weights, n, tfidf=weights == "tfidf")
    if components is None:
        components = _shared_directions(vectors, remove)
    vectors -= (vectors @ components.T) @ components
    return Documents(vectors, corpus.labels, components, corpus, word_weights)


def _read(
    wv: WordVectors,
    source: Source | Iterable[str],
    threads: int,
    progress: Callback | None,
    options: TextOptions | None,
    more: dict[str, Any],
) -> Corpus:
    how = options_for(wv.meta, more) if options is None else replace(options, **more)
    if isinstance(source, str):
        raise TypeError("documents must be several strings, or a path as pathlib.Path")
    if not isinstance(source, Texts | os.PathLike) and not hasattr(source, "read"):
        given = source if isinstance(source, list | tuple) else list(cast("Iterable[str]", source))
        files = all(isinstance(each, os.PathLike) for each in given)
        source = given if files and given else Texts(cast("Iterable[str]", given))
    counts = np.ones(len(wv), np.int64) if wv.counts is None else np.asarray(wv.counts, np.int64)
    return encode(
        source,
        vocab=Vocabulary.from_words(wv.index_to_key, counts.tolist()),
        keep_lines=False,
        keep_empty=True,
        threads=threads,
        progress=progress,
        options=how,
    )


def _counted(
    corpus: Corpus,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Document, word and how often it stands in it, for each pair that occurs; by document."""
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
    return rows, columns, times.astype(np.float64)


def _weighted_means(
    wv: WordVectors,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    times: NDArray[np.float64],
    weights: NDArray[np.float64],
    n: int,
    *,
    tfidf: bool,
) -> Floats:
    from scipy.sparse import csr_array

    used, places = np.unique(columns, return_inverse=True)
    words = np.asarray(wv.matrix.take(used), np.float64)
    weighted = times * weights[columns]
    # Means of SIF are over the words of the document, those of tf-idf over their weights.
    total = np.bincount(rows, weighted if tfidf else times, minlength=n)
    weighted /= total[rows]
    starts = np.searchsorted(rows, np.arange(n + 1))
    matrix = csr_array((weighted, places, starts), shape=(n, len(used)))
    out = np.empty((n, wv.vector_size), np.float32)
    step = max(CHUNK // max(wv.vector_size, 1), 1)
    for begin in range(0, n, step):
        out[begin : begin + step] = np.asarray(matrix[begin : begin + step] @ words)
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
    vectors: NDArray[Any], *, threshold: float = 0.95
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


def keywords(wv: WordVectors, documents: Documents, n: int = 5) -> list[list[str]]:
    """The n words of each document that say most of it: those whose vectors are nearest to the
    document's, times their weight and the logarithm of how often they stand in it."""
    rows, columns, times = _counted(documents.corpus)
    edges = np.searchsorted(rows, np.arange(len(documents) + 1))
    labels: list[list[str]] = []
    for d in range(len(documents)):
        at = slice(edges[d], edges[d + 1])
        words, vector = columns[at], documents.vectors[d]
        made = np.asarray(wv.matrix.take(words), np.float32)
        lengths = np.linalg.norm(made, axis=1) * np.linalg.norm(vector)
        cosines = np.divide(made @ vector, lengths, out=np.zeros(len(words)), where=lengths > 0)
        scores = cosines * documents.word_weights[words] * np.log1p(times[at])
        best = np.argsort(-scores, kind="stable")[:n]
        labels.append([wv.index_to_key[int(words[i])] for i in best])
    return labels
