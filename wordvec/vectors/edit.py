"""Vectors that change: words added, replaced, chosen; attributes of words; copies and pickles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.errors import StoreError
from wordvec.estimator import Option
from wordvec.text.lines import bytes_of
from wordvec.vectors import file as store
from wordvec.vectors.compare import Comparable
from wordvec.vectors.file import WordList
from wordvec.vectors.keys import accepts, list_of_words
from wordvec.vectors.matrix import (
    Coarse,
    EncodedMatrix,
    Floats,
    Ids,
    Matrix,
    Sketch,
    encode,
)
from wordvec.vectors.oov.unseen import Induction, Subwords
from wordvec.vectors.search import Key

# What is computed from the words and vectors, and goes when they change.
_DERIVED = (
    "index_to_key",
    "key_to_index",
    "norms",
    "_inverse_norms",
    "_undirected",
    "_postings",
    "_folded",
    "variances",
)


class Editable(Comparable):
    """What can be done to WordVectors in memory, and how they travel between processes."""

    counts: NDArray[np.int64] | None = None
    biases: Floats | None = None
    context_biases: Floats | None = None
    subwords: Subwords | None = None
    induction: Induction | None = None
    variances: Floats | None = None  # of each word, as wordvec.inference.stored has them
    _contexts: Matrix | None = None
    _unknown: Sequence[store.Section] = ()
    _attributes: Mapping[str, NDArray[Any]] = {}
    _owned = False  # whether the array of vectors may be written to
    _opened: tuple[Any, ...] = ()

    if TYPE_CHECKING:  # what WordVectors has, which is the one class made of this

        def copy(self) -> Self: ...
        def lookup(self, words: Sequence[Key]) -> tuple[NDArray[Any], list[str]]: ...
        @property
        def _folded(self) -> Any: ...
        def _setup(self, matrix: Matrix) -> None: ...
        def _sections(self) -> list[store.Section]: ...
        @classmethod
        def _from_store(cls, file: store.Store) -> Self: ...
        def _like(self, words: Sequence[Key], vectors: ArrayLike, **others: Any) -> Self: ...

    # Words added and replaced.

    @accepts(word="key", entity="key", weight="vector", weights="vector")
    def add_vector(self, key: Key, vector: ArrayLike) -> int:
        """Adds a word, or replaces its vector (d,) when it is there; returns its id.

        Many words are added faster by one call of `add_vectors`: each call builds the index anew.

        Parameters
        ----------
        key : str
            The word.
        vector : array_like, shape (d,)
            Its vector.
        """
        self.add_vectors([key], np.asarray(vector).reshape(1, -1), replace=True)
        return self.get_index(key)

    @accepts(words="keys", entities="keys", vectors="weights")
    def add_vectors(
        self,
        keys: Key | Sequence[Key],
        weights: ArrayLike,
        extras: Mapping[str, ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Adds words behind those that are there; they get the type of the other vectors.

        Parameters
        ----------
        keys : word or list of words
        weights : array_like, shape (n, d), or (d,) for one word
        extras : dict of array_like (n,), optional
            Attributes of the new words, by name; see `set_vecattr`.
        replace : bool
            Replace the vectors of words that are there; otherwise they stay.

        Raises
        ------
        ValueError
            For other shapes, for vectors that are mapped from a file or encoded (take
            `in_memory()` first), and for a word that cannot be encoded.

        Notes
        -----
        Counts of new words are 0. Context vectors, biases and copies for quicker searches belong to
        the words that were trained: they are dropped when words are added.
        """
        self._check_writable()
        words = [keys] if isinstance(keys, (str, bytes)) else list(keys)
        old = self._matrix.decoded()
        rows = np.asarray(weights, old.dtype)
        rows = rows.reshape(1, -1) if rows.ndim == 1 and len(words) == 1 else rows
        if rows.shape != (len(words), self.vector_size):
            raise ValueError(
                f"weights must have shape ({len(words)}, {self.vector_size}), got {rows.shape}"
            )
        ids = self.get_ids(words, strict=False)
        fresh: dict[bytes, int] = {}
        for place in np.flatnonzero(ids < 0).tolist():
            fresh.setdefault(bytes_of(words[place]), place)
        if replace and (ids >= 0).any():
            array = old if self._owned else old.copy()
            array[ids[ids >= 0]] = rows[ids >= 0]
            self._replace_matrix(Matrix(array))
        if fresh:
            places = list(fresh.values())
            array = np.vstack([self._matrix.decoded(), rows[places]])
            self._list = WordList.pack([*self._all_words(), *(words[i] for i in places)])
            self._replace_matrix(Matrix(array))
            self._extend_columns(places, len(words), extras or {})

    def __setitem__(self, keys: Key | Sequence[Key], weights: ArrayLike) -> None:
        """Adds words or replaces their vectors: `wv[word] = vector`, `wv[words] = matrix`."""
        self.add_vectors(keys, weights, replace=True)

    def _all_words(self) -> list[str]:
        return self._words.words(0, len(self))

    def _check_writable(self) -> None:
        if self._file is not None and self._file.path is not None:
            raise ValueError(
                f"these vectors are mapped from {self._file.path}, which is not changed: "
                "take a copy with wv = wv.in_memory()"
            )
        if isinstance(self._matrix, EncodedMatrix):
            raise ValueError("these vectors are encoded: take wv = wv.astype('f32') first")

    def _replace_matrix(self, matrix: Matrix) -> None:
        self._setup(matrix)
        self._owned = True
        self._coarse = self._sketch = None
        for name in _DERIVED:
            self.__dict__.pop(name, None)

    def _extend_columns(
        self, places: list[int], given: int, extras: Mapping[str, ArrayLike]
    ) -> None:
        self._contexts = self.biases = self.context_biases = None
        self._unknown = ()
        if self.counts is not None:
            more = np.zeros(len(places), np.int64)
            self.counts = np.concatenate([self.counts, more])
        columns = {}
        for name in {*self._attributes, *extras}:
            values = np.asarray(extras[name]) if name in extras else None
            if values is not None and values.shape != (given,):
                raise ValueError(f"extras[{name!r}] must have shape ({given},), got {values.shape}")
            own = self._attributes.get(name)
            like = own if own is not None else values
            assert like is not None
            column = np.zeros(len(self), like.dtype)
            if own is not None:
                column[: len(own)] = own
            if values is not None:
                column[len(self) - len(places) :] = values[places]
            columns[name] = column
        if "count" in columns:
            self.counts = columns.pop("count").astype(np.int64)
        self._attributes = columns

    # Attributes of words.

    @accepts(word="key")
    def get_vecattr(self, key: Key, attr: str) -> Any:
        """An attribute of a word: "count", or one that `set_vecattr` gave.

        Where counts are not known, "count" is V - id, which falls with the rank, as in gensim.

        Parameters
        ----------
        key : str
            The word.
        attr : str
            Name of the attribute.

        Raises
        ------
        KeyError
            For an attribute that no word has.
        """
        i = self.get_index(key)
        if attr == "count":
            return len(self) - i if self.counts is None else int(self.counts[i])
        if attr not in self._attributes:
            raise KeyError(f"no attribute {attr!r}; set it with set_vecattr")
        return self._attributes[attr][i]

    @accepts(word="key", value="val")
    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Gives a word an attribute, 0 or empty for all others. They stay in memory: a .wv file
        keeps counts only.

        Parameters
        ----------
        key : str
            The word.
        attr : str
            Name of the attribute.
        val : object
            Its value: a number or a string.
        """
        i = self.get_index(key)
        if attr == "count":
            counts = np.zeros(len(self), np.int64) if self.counts is None else self.counts.copy()
            counts[i] = val
            self.counts = counts
            return
        column = self._attributes.get(attr)
        if column is None:
            kind = np.asarray(val).dtype
            column = np.zeros(len(self), kind if kind.kind in "biufc" else object)
        column[i] = val
        self._attributes = {**self._attributes, attr: column}

    # Other sets of words.

    @accepts(words="keys")
    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> Self:
        """New vectors of these words, in their order, each word once.

        Parameters
        ----------
        keys : iterable of words
            Words without a vector are left out.
        allow_inference : bool
            Words that are not there get what `lookup` finds (n-grams).
        copy_vecattrs : bool
            Carry counts and attributes along, 0 for words that are not there.
        """
        words = list(dict.fromkeys(list_of_words("keys", keys)))
        ids = self.get_ids(words, strict=False)
        if allow_inference:
            rows, how = self.lookup(words)
            kept = np.array([each != "none" for each in how], bool)
        else:
            kept = ids >= 0
            rows = self._matrix.take(np.maximum(ids, 0)) if len(self) else np.zeros((len(ids), 1))
        rows = rows[kept] if kept.any() else np.empty((0, self.vector_size), np.float32)
        own = ids[kept]
        made = self._like(
            [word for word, keep in zip(words, kept, strict=True) if keep], rows, meta=self.meta
        )
        if copy_vecattrs:
            made.counts = None if self.counts is None else np.where(own < 0, 0, self.counts[own])
            if self.counts is None and (own >= 0).all():
                made.counts = len(self) - own
            made._attributes = {name: column[own] for name, column in self._attributes.items()}
        return made

    def select(self, ids: ArrayLike) -> Self:
        """The words with these ids, in this order, with what came with them.

        Contexts, biases, counts and attributes are those of the words; n-grams, the induction
        matrix and the metadata stay as they are; copies for quicker searches are made anew.

        Parameters
        ----------
        ids : array_like of int, shape (n,)
            Ids of words, each at most once.

        Raises
        ------
        ValueError
            For an id beyond the words, or one that is there twice.
        """
        chosen = np.atleast_1d(np.asarray(ids, np.int64))
        if len(chosen) and not (chosen.min() >= 0 and chosen.max() < len(self)):
            raise ValueError(f"ids must be in [0, {len(self)}), got {chosen.min()}..{chosen.max()}")
        other = self.copy()
        names = self._all_words() if len(chosen) > len(self) // 2 else None
        words = [self._words.word(i) if names is None else names[i] for i in chosen.tolist()]
        other._list = WordList.pack([bytes_of(word) for word in words])
        other._replace_matrix(self._matrix.select(chosen))
        other._contexts = None if self._contexts is None else self._contexts.select(chosen)
        for name in ("counts", "biases", "context_biases"):
            column = getattr(self, name)
            setattr(other, name, None if column is None else column[chosen])
        other._attributes = {name: column[chosen] for name, column in self._attributes.items()}
        other._file, other._unknown = None, ()
        return other._with_copies_of(self)

    def _with_copies_of(self, other: Any) -> Self:
        """With the copies for quicker searches that another object has."""
        made: Any = self
        if other._coarse is not None:
            made = made.with_coarse()
        elif other._sketch is not None:
            made = made.with_sketch()
        return made.with_folding() if "_folded" in other.__dict__ else made  # type: ignore[no-any-return]

    def in_memory(self) -> Self:
        """The same vectors, copied into memory, where they can be changed."""
        return self._from_store(store.Store(None, data=store.dump(self._sections())))._with_state(
            self._state()
        )

    # Between processes.

    def _state(self) -> dict[str, Any]:
        return {
            "strict": self.strict,
            "_attributes": dict(self._attributes),
            "meta": dict(self.meta),
        }

    def _with_state(self, state: dict[str, Any]) -> Self:
        self.__dict__.update(state)
        return self

    def _parts(self) -> tuple[Any, ...]:
        """What a file brought, to see whether it was replaced since."""
        return (
            self._matrix,
            self._contexts,
            self.counts,
            self.biases,
            self.context_biases,
            self.subwords,
            self.induction,
            self._coarse,
            self._sketch,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Vectors that are mapped from a file travel as its path and are mapped again; others as
        the bytes that a file of them would have. What is read goes through the same checks."""
        parts = self._parts()
        same = len(self._opened) == len(parts) and all(
            one is other for one, other in zip(parts, self._opened, strict=True)
        )
        if same and self._file is not None and self._file.path is not None:
            path = os.path.abspath(self._file.path)
            return _reopen, (type(self), path, self._file.header, self._state())
        return _rebuild, (type(self), store.dump(self._sections()), self._state())

    # Other encodings, and what makes searches quicker.

    def astype(
        self,
        dtype: Annotated[
            str,
            Option(
                help="Encoding of the vectors; pq is product-quantised.",
                none="as they are",
                choices=tuple(store.DTYPE_NAMES.values()),
            ),
        ],
        *,
        parts: Annotated[
            int | None,
            Option(
                help="Bytes per vector with dtype pq; must divide the dimensions.",
                none="half the dimensions",
                at_least=1,
            ),
        ] = None,
    ) -> Self:
        """The vectors in another encoding.

        Parameters
        ----------
        dtype : "f32", "f64", "f16", "bf16", "int8", or "pq" (product-quantised)
            n-grams and contexts become int8 with the last two, and the same as vectors otherwise.
        parts : int, optional
            Bytes per vector of "pq"; must divide the dimensions.

        Raises
        ------
        ValueError
            For numbers that the encoding cannot hold.
        """
        code = {name: code for code, name in store.DTYPE_NAMES.items()}.get(dtype)
        if code is None:
            raise ValueError(
                f"no encoding {dtype!r}; one of: {', '.join(store.DTYPE_NAMES.values())}"
            )
        other = self.copy()
        other._setup(encode(self._matrix, code, parts=parts))
        for name in ("norms", "_inverse_norms"):
            other.__dict__.pop(name, None)
        side = store.I8 if code == store.PQ else code
        if self._contexts is not None:
            other._contexts = encode(self._contexts, side)
        if self.subwords is not None and side != store.F64:
            other.subwords = self.subwords.encoded(side)
        return other

    def with_coarse(self) -> Self:
        """With a copy of the directions in int8, a quarter of the size, that searches begin with,
        and with the signs of `with_sketch`.

        Candidates come from the copy and are scored exactly; when the error of the copy cannot rule
        out a better word, all are searched: the answers are those without a copy.
        """
        other = self.with_sketch()
        other._coarse = Coarse.of(self._matrix, self._inverse_norms)
        return other

    def with_sketch(self) -> Self:
        """With the signs of the vectors, a bit a number, in which `most_similar(..., coarse=True)`
        looks for candidates: the quickest search."""
        self._no_sums("directions")
        other = self.copy()
        other._sketch = Sketch.of(self._matrix, self._inverse_norms)
        return other

    def with_folding(self) -> Self:
        """With the index of folded spellings, so that files have it and look-up uses it."""
        other = self.copy()
        other.__dict__["_folded"] = self._folded
        return other


def _reopen(cls: type[Editable], path: str, header: bytes, state: dict[str, Any]) -> Editable:
    file = store.Store(path)
    if file.header != header:
        raise StoreError(f"{path}: not the file that was pickled; it was written again since")
    return cls._from_store(file)._with_state(state)


def _rebuild(cls: type[Editable], data: bytearray, state: dict[str, Any]) -> Editable:
    return cls._from_store(store.Store(None, data=data))._with_state(state)


def ids_of(words: Sequence[Key], vectors: Editable) -> Ids:
    """The ids of the words that are there, in the order of the vectors."""
    ids = vectors.get_ids(list_of_words("words", words), strict=False)
    return np.unique(ids[ids >= 0])
