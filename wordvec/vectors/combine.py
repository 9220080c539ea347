"""Several sets of vectors as one, and approximate neighbours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from wordvec.errors import MissingExtra, StoreError
from wordvec.system.files import write_path_atomically
from wordvec.vectors.search import Neighbors, Query
from wordvec.vectors.vectors import WordVectors


def concatenate(stores: Sequence[WordVectors], *, missing: str = "drop") -> WordVectors:
    """One set of vectors whose dimensions are those of all, one behind the other.

    Parameters
    ----------
    stores : list of WordVectors
    missing : "drop", "zeros" or "unseen"
        What becomes of a word that not all of them have: it is left out, or the dimensions of those
        without it are zeros, or what their `lookup` finds (n-grams).

    Returns
    -------
    WordVectors
        Words in the order of the first, then those of the second that the first does not have, ...
    """
    if not stores:
        raise ValueError("concatenate needs at least one set of vectors")
    if missing not in ("drop", "zeros", "unseen"):
        raise ValueError(f"missing must be 'drop', 'zeros' or 'unseen', got {missing!r}")
    for each in stores:
        each._no_sums("common space with others")
    words = list(dict.fromkeys(word for each in stores for word in each))
    if missing == "drop":
        words = [word for word in words if all(word in each for each in stores)]
    total = sum(each.vector_size for each in stores)
    rows = np.zeros((len(words), total), np.float32)
    first = 0
    for each in stores:
        part = rows[:, first : first + each.vector_size]
        if missing == "unseen":
            part[:] = each.lookup(words)[0]
        else:
            ids = each.get_ids(words, strict=False)
            known = np.flatnonzero(ids >= 0)
            part[known] = each.get_vectors([words[i] for i in known.tolist()])
        first += each.vector_size
    return WordVectors(words, rows, meta={"concatenated": [each.vector_size for each in stores]})


class ApproximateIndex:
    """Neighbours from a graph (HNSW, by usearch): far less work than a scan, now and then one less.

    Parameters
    ----------
    vectors : WordVectors
    connectivity, expansion : int
        Edges a node, and candidates kept while searching: more find more and take longer. usearch's
        defaults are 16 and 64.

    Notes
    -----
    A saved graph is opened only by `ApproximateIndex.open(..., trusted=True)`: usearch does not
    check what it reads, so a hostile file can do anything. Nothing else in wordvec opens one.
    """

    def __init__(
        self, vectors: WordVectors, *, connectivity: int = 16, expansion: int = 64
    ) -> None:
        self._vectors = vectors
        self._index = _index(vectors.vector_size, connectivity, expansion)
        rows = np.asarray(vectors.get_normed_vectors(), np.float32)
        self._index.add(np.arange(len(rows), dtype=np.uint64), rows)

    def __len__(self) -> int:
        return len(self._index)

    def most_similar(self, query: Query, topn: int = 10) -> Neighbors:
        """The words that the graph finds nearest to a word or vector, by cosine.

        Parameters
        ----------
        query : str, int or array_like, shape (d,)
            A word, an id, or a vector.
        topn : int
            Largest number of answers.

        Raises
        ------
        UnknownWordError
            For a word that the vectors do not have.
        """
        target, known = self._vectors._target(query, None)
        found = self._index.search(target.astype(np.float32), topn + len(known))
        ids = np.asarray(found.keys, np.int64)
        if len(ids) and (ids.min() < 0 or ids.max() >= len(self._vectors)):
            raise StoreError("the index has ids that the vectors do not have: build it again")
        scores = 1 - np.asarray(found.distances, np.float32)
        return self._vectors._named(ids, scores, known, topn)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the graph, whole or not at all; the vectors stay where they are.

        Parameters
        ----------
        path : path
            The file to write.
        force : bool
            Replace a file that exists.

        Raises
        ------
        FileExistsError
            When the file exists and `force` is false.
        """
        with write_path_atomically(path, force=force) as name:
            self._index.save(name)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], vectors: WordVectors, *, trusted: bool = False
    ) -> ApproximateIndex:
        """The graph of a file that you made yourself, for the same vectors.

        Parameters
        ----------
        path : path
            The file that `save` wrote.
        vectors : WordVectors
            Those that the graph was built from.
        trusted : bool
            Whether you made the file yourself: the library that reads it does not check it.

        Raises
        ------
        ValueError
            Unless `trusted` is true.
        StoreError
            When the graph is not of as many words and dimensions as the vectors.
        """
        if not trusted:
            raise ValueError(
                "an index is not checked when it is opened: pass trusted=True for one that you made"
            )
        self = cls.__new__(cls)
        self._vectors = vectors
        self._index = _index(vectors.vector_size, 16, 64)
        self._index.load(os.fspath(path))
        if len(self._index) != len(vectors) or self._index.ndim != vectors.vector_size:
            raise StoreError(f"{os.fspath(path)}: an index of other vectors: build it again")
        return self


def _index(dimensions: int, connectivity: int, expansion: int) -> Any:
    try:
        from usearch.index import Index
    except ImportError as error:
        raise MissingExtra("usearch", "ann", "approximate search") from error
    return Index(
        ndim=dimensions,
        metric="cos",
        dtype="f32",
        connectivity=connectivity,
        expansion_add=2 * expansion,
        expansion_search=expansion,
    )
