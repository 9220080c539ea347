"""WordVectors: words, their vectors, and what came with them.

In memory or mapped from a .wv file it is the same object over the same buffers: the names are those
that users know from gensim's KeyedVectors.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.native.vectors.store import Words
from wordvec.system.files import PathLike, check_target
from wordvec.text.lines import bytes_of
from wordvec.vectors import file as store
from wordvec.vectors.keys import (
    Folded,
    IndexToKey,
    KeyToIndex,
    text_of,
)
from wordvec.vectors.matrix import (
    Coarse,
    Matrix,
    Sketch,
    matrix_of,
)
from wordvec.vectors.oov.answers import Answering
from wordvec.vectors.oov.answers import Lookup as Lookup
from wordvec.vectors.oov.unseen import Induction, Subwords
from wordvec.vectors.search import CLOSENESS as CLOSENESS
from wordvec.vectors.search import Key

if TYPE_CHECKING:
    from wordvec.text.corpus import Source

_BLOCK = 1024  # rows decoded at once by iteration


# Names that promise another format than .wv.
OTHER_SUFFIXES = frozenset(
    (
        *(".txt", ".vec", ".bin", ".csv", ".tsv", ".json", ".npy", ".npz", ".kv", ".pkl"),
        *(".gz", ".bz2", ".xz", ".zst", ".zip", ".safetensors", ".parquet", ".fifu", ".floret"),
    )
)


def check_store(
    path: PathLike, *, force: bool = False, inputs: Iterable[PathLike | None] = ()
) -> None:
    """Raises what `WordVectors.save` would raise for this path, before any work is done.

    Parameters
    ----------
    force, inputs
        As `wordvec.system.files.check_target` takes them.
    """
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in OTHER_SUFFIXES:
        raise ValueError(
            f"{os.fspath(path)}: a .wv file is written here, and the name says {suffix}: name it "
            ".wv, and convert it with `wordvec convert` or wordvec.formats.save"
        )
    check_target(path, force=force, inputs=inputs)


class WordVectors(Answering):
    """Vectors by word.

    Parameters
    ----------
    words : sequence of str or bytes
        Distinct words in order of id. Bytes that are not UTF-8 appear in str by surrogateescape.
    vectors : array_like, shape (V, d)
        float32, or float64 for models that need it (hyperbolic ones); others become float32.
        Kept without a copy when it is C-contiguous.
    counts : array_like of int64, shape (V,), optional
        How often each word occurred in training.
    contexts : array_like, shape (V, d), optional
        Context vectors, in the same order.
    biases, context_biases : array_like of float32, shape (V,), optional
    meta : dict, optional
        What JSON can hold: model, options, corpus, licence, language.

    Raises
    ------
    ValueError
        For shapes that do not fit, or a word that is there twice.

    Examples
    --------
    >>> wv = WordVectors(["cat", "dog", "sky"], [[1, 0.1], [1, 0.3], [0, 1]])
    >>> wv.most_similar("cat", topn=1)[0][0]
    'dog'
    """

    def __init__(
        self,
        words: Sequence[Key],
        vectors: ArrayLike,
        *,
        counts: ArrayLike | None = None,
        contexts: ArrayLike | None = None,
        biases: ArrayLike | None = None,
        context_biases: ArrayLike | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        dense = _dense("vectors", vectors)
        self._list = store.WordList.pack(words)
        size = len(self._list)
        if len(dense) != size:
            raise ValueError(f"vectors must have {size} rows, one per word, got {len(dense)}")
        self._setup(Matrix(dense))
        if contexts is not None:
            others = _dense("contexts", contexts)
            if others.shape != dense.shape:
                raise ValueError(
                    f"contexts must have the shape of vectors {dense.shape}, got {others.shape}"
                )
            self._contexts = Matrix(others)
        self.counts = _column("counts", counts, size, np.int64)
        self.biases = _column("biases", biases, size, np.float32)
        self.context_biases = _column("context_biases", context_biases, size, np.float32)
        self.meta = dict(meta or {})
        store.meta_section(self.meta)

    def _setup(self, matrix: Matrix) -> None:
        """Sets the matrix, and what look-ups keep of it and of the words."""
        self._words: Words = self._list.native
        self._matrix = matrix
        self._by_id = matrix.by_id

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, verify: bool = False, mmap: bool = True) -> Self:
        """The vectors of a .wv file, mapped into memory: opened in well under a millisecond.

        Parameters
        ----------
        path : path
        verify : bool
            Check all of the file first (it is read once). Without it structure is checked where it
            is used, and numbers are taken as they are.
        mmap : bool
            False reads the file into memory. Use it for a file that somebody may cut short while it
            is open: a program that reads a mapped page that is gone is killed (SIGBUS).

        Raises
        ------
        StoreError
            When the file is damaged, foreign, truncated or of a newer version: here or, without
            `verify`, at the look-up that meets the damage.
        """
        return cls._from_store(store.Store(path, verify=verify, mapped=mmap))

    @classmethod
    def _from_store(cls, file: store.Store) -> Self:
        self = cls.__new__(cls)
        self._list = file.words
        vectors = file.sections[store.VECTORS]
        self._setup(matrix_of(vectors))
        self._file = file
        self._unknown = file.unknown
        size, cols = vectors.rows, vectors.cols
        context = file.rows(store.CONTEXT, size, cols, *store.ENCODINGS)
        self._contexts = None if context is None else matrix_of(context)

        def column(type: int, dtype: int) -> NDArray[Any] | None:
            each = file.rows(type, size, 1, dtype)
            return None if each is None else each.array()[:, 0]

        self.counts = column(store.COUNTS, store.I64)
        self.biases = column(store.BIAS, store.F32)
        self.context_biases = column(store.CONTEXT_BIAS, store.F32)
        variance = file.rows(store.VARIANCE, size, None, store.F32)
        self.variances = None if variance is None else variance.array()
        norms = column(store.NORMS, store.F32)
        if norms is not None:
            self.__dict__["norms"] = norms
        self._open_unseen(file)
        self._opened = self._parts()
        return self

    def _like(self, words: Sequence[Key], vectors: ArrayLike, **others: Any) -> Self:
        """Other words and vectors of the same class."""
        other = type(self).__new__(type(self))
        WordVectors.__init__(other, words, vectors, **others)
        other.strict = self.strict
        return other

    def _open_unseen(self, file: store.Store) -> None:
        """What answers for words that are not there, and quicker for those that are."""
        coarse = file.rows(store.COARSE, len(self), self.vector_size, store.I8)
        self._coarse = None if coarse is None else Coarse(coarse)
        sketch = file.rows(store.SKETCH, len(self), self.vector_size, store.BITS)
        self._sketch = None if sketch is None else Sketch(sketch)
        folded = file.sections.get(store.CASEFOLD)
        try:
            if folded is not None:
                self.__dict__["_folded"] = Folded(self._list, folded)
            grams = file.sections.get(store.NGRAM)
            if grams is not None:
                grams = file.rows(store.NGRAM, grams.rows, self.vector_size, *store.ENCODINGS)
                assert grams is not None
                self.subwords = Subwords.from_section(grams)
            matrix = file.rows(store.INDUCTION, self.vector_size, self.vector_size, store.F32)
            if matrix is not None:
                self.induction = Induction.from_section(matrix)
        except ValueError as error:
            raise file.damaged(str(error)) from error

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the vectors to a .wv file, whole or not at all.

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
        ValueError
            When the name has the suffix of another format; `wordvec.formats.save` writes those.
        """
        check_store(path, force=force)
        self.write(path, force=force)

    def write(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes a .wv file whatever its name; see `save`.

        Parameters
        ----------
        path : path
            The file to write.
        force : bool
            Replace a file that exists.
        """
        store.write(path, self._sections(), force=force)

    def _sections(self) -> list[store.Section]:
        sections = [*self._list.sections(), self._matrix.section(store.VECTORS)]
        sections.append(store.section(store.NORMS, self._matrix.norms()))
        if self._contexts is not None:
            sections.append(self._contexts.section(store.CONTEXT))
        for type_, column in (
            (store.COUNTS, self.counts),
            (store.BIAS, self.biases),
            (store.CONTEXT_BIAS, self.context_biases),
        ):
            if column is not None:
                sections.append(store.section(type_, column))
        if self._coarse is not None:
            sections.append(self._coarse.section)
        if self._sketch is not None:
            sections.append(self._sketch.section)
        if self.variances is not None:
            sections.append(store.section(store.VARIANCE, self.variances))
        if "_folded" in self.__dict__:
            sections.append(self._folded.section)
        if self.subwords is not None:
            sections.append(self.subwords.section())
        if self.induction is not None:
            sections.append(self.induction.section())
        if self.meta:
            sections.append(store.meta_section(self.meta))
        return [*sections, *self._unknown]

    # What there is.

    def sections(self) -> dict[str, str]:
        """Name of each section that a file of these vectors has -> its type and size in bytes."""
        return {
            each.name: f"{store.DTYPE_NAMES.get(each.dtype, 'bytes')}, {each.length:,} bytes"
            for each in self._sections()
        }

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """The vectors of the ids start .. stop, without the others.

        Parameters
        ----------
        start, stop : int
            The first id, and the one after the last.
        """
        return self._matrix.block(start, stop)

    @property
    def contexts(self) -> NDArray[Any] | None:
        """Context vectors (V, d), or None."""
        return None if self._contexts is None else self._contexts.decoded()

    @cached_property
    def index_to_key(self) -> Sequence[str]:
        """Words by id."""
        return IndexToKey(self._list)

    @cached_property
    def key_to_index(self) -> Mapping[str, int]:
        """Ids by word."""
        return KeyToIndex(self._list)

    def __iter__(self) -> Iterator[str]:
        return iter(self.index_to_key)

    def __repr__(self) -> str:
        model = self.meta.get("model")
        kind = f", {model}" if isinstance(model, str) else ""
        return f"<WordVectors of {len(self):,} words, {self.vector_size} dimensions{kind}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is None:  # before numpy 2 `array` does not know it
            return np.asarray(self.vectors, dtype=dtype)
        return np.array(self.vectors, dtype=dtype, copy=copy)

    # One vector.

    @overload
    def __getitem__(self, words: Key | int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, words: Sequence[Key | int]) -> NDArray[Any]: ...
    def __getitem__(self, words: Key | int | Sequence[Key | int]) -> NDArray[Any]:
        """The vector (d,) of a word, or those (n, d) of a list of words. Ids stand for words, as in
        gensim.

        Words that are not there are errors, unless `strict` was set to False: then they get what
        `vector` finds.

        Raises
        ------
        UnknownWordError
            A KeyError whose message names the nearest known spellings.
        """
        if isinstance(words, str):
            row: NDArray[Any] | None = self._words.pick(self._by_id, words)
            if row is not None:
                return row
            if self.strict:  # asked for by its name alone, a word is there or an error
                raise self._no_word(words)
            return self._unseen(words, True)
        if isinstance(words, bytes):
            return self[text_of(words)]
        if isinstance(words, Integral):
            return self.get_vector(int(words))
        several: Any = words
        if self.strict:
            return self.get_vectors(several)
        rows, how = self.lookup(several)
        if "none" in how:
            raise self._no_word(several[how.index("none")])
        return rows

    def get(self, word: Key, default: Any = None) -> Any:
        """The vector of a word, or `default`.

        Parameters
        ----------
        word : str or bytes
            Any word.
        default : object
            What is returned for a word that the vectors do not have.
        """
        row = self._words.pick(self._by_id, word)
        return default if row is None else row

    def get_normed_vectors(self) -> NDArray[Any]:
        """All vectors divided by their norms: a new array (V, d)."""
        self._no_sums("norms")
        return self.vectors * self._inverse_norms[:, None]

    def items(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Words and their vectors, by id; decoded a block at a time."""
        for start in range(0, len(self), _BLOCK):
            block = self.rows(start, min(start + _BLOCK, len(self)))
            yield from zip(self.index_to_key[start : start + len(block)], block, strict=True)

    def prefix(self, beginning: str, topn: int | None = None) -> list[str]:
        """The words that begin so, by rising id (the most frequent first).

        Parameters
        ----------
        beginning : str
            First characters of the words; all words begin with "".
        topn : int, optional
            Largest number of results; by default all.
        """
        key = bytes_of(beginning)
        first = self._words.lower_bound(key)
        # The least bytes above all that begin so: those of the beginning, counted one up.
        above = key.rstrip(b"\xff")
        last = len(self)
        if above:
            last = self._words.lower_bound(above[:-1] + bytes([above[-1] + 1]))
        ids = [self._words.at(place) for place in range(first, last)]
        if not self._words.trusted:
            found = [self._words.word(i).encode("utf-8", "surrogateescape") for i in ids]
            if found != sorted(set(found)) or not all(word.startswith(key) for word in found):
                raise self._list.damaged("the order of the words is damaged")
        return [self._words.word(i) for i in sorted(ids)[:topn]]

    def pad(
        self,
        sentences: Sequence[Sequence[Key]],
        length: int | None = None,
        *,
        left: bool = False,
        unseen: bool = False,
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Sentences as one array for a neural network.

        Parameters
        ----------
        sentences : list of lists of words
        length : int, optional
            Words a sentence: longer ones are cut at the end, shorter ones padded with zeros. The
            length of the longest without it.
        left : bool
            Pad before the words instead of after them.
        unseen : bool
            Words without a vector get what `lookup` finds, instead of zeros.

        Returns
        -------
        array, shape (n, length, d); mask, shape (n, length)
            The mask is true where there is a vector.
        """
        size = max(map(len, sentences), default=0) if length is None else length
        out = np.zeros((len(sentences), size, self.vector_size), np.float32)
        mask = np.zeros((len(sentences), size), bool)
        for i, sentence in enumerate(sentences):
            words = list(sentence[:size])
            where = slice(size - len(words), size) if left else slice(0, len(words))
            if unseen:
                out[i, where], how = self.lookup(words)
                mask[i, where] = [each != "none" for each in how]
            else:
                ids = self.get_ids(words, strict=False)
                mask[i, where] = ids >= 0
                out[i, where][ids >= 0] = self._matrix.take(ids[ids >= 0])
        return out, mask

    # The same vectors in another form.

    def documents(
        self,
        texts: Source | Iterable[str],
        *,
        weights: Literal["sif", "tfidf", "mean"] = "sif",
        remove: int = 1,
        **more: Any,
    ) -> NDArray[np.float32]:
        """The vectors (n, d) of documents; see `wordvec.vectors.documents.document_vectors`.

        Parameters
        ----------
        texts : iterable of str, Texts, or paths
            Strings are documents; they are split into words as the text of the training was.
        weights : {"sif", "tfidf", "mean"}
            How much each word counts.
        remove : int
            Directions to remove that the documents share.
        """
        from wordvec.vectors.documents import document_vectors

        return document_vectors(self, texts, weights=weights, remove=remove, **more).vectors

    def copy(self) -> Self:
        """Another object over the same buffers, with metadata of its own."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.meta = dict(self.meta)
        other._owned = False
        return other

    __copy__ = copy

    def with_matrices(
        self,
        matrix: Matrix,
        *,
        contexts: Matrix | None = None,
        subwords: Subwords | None = None,
        induction: Induction | None = None,
    ) -> WordVectors:
        """The same words over other vectors, with what belongs to these.

        Norms are taken anew, copies for quicker search (`with_coarse`, `with_sketch`) are made
        again, and sections that this version does not know are left out.

        Parameters
        ----------
        matrix : Matrix
            The vectors, a row per word.
        contexts : Matrix, optional
            The context vectors, a row per word.
        subwords : Subwords, optional
            Vectors of n-grams, of the same dimensions.
        induction : Induction, optional
            The matrix that makes a vector from contexts.

        Raises
        ------
        ValueError
            When a matrix does not have a row per word.
        """
        if matrix.rows != len(self):
            raise ValueError(f"matrix must have {len(self)} rows, got {matrix.rows}")
        other = self.copy()
        other._setup(matrix)
        other._contexts = contexts
        other.subwords, other.induction, other._unknown = subwords, induction, ()
        for name in ("norms", "_inverse_norms", "_undirected"):
            other.__dict__.pop(name, None)
        if self._sketch is not None:
            other._sketch = Sketch.of(matrix, other._inverse_norms)
        if self._coarse is not None:
            other._coarse = Coarse.of(matrix, other._inverse_norms)
        return other

    @property
    def matrix(self) -> Matrix:
        """The vectors in the encoding that they are kept in; rows are decoded when read."""
        return self._matrix

    @property
    def context_matrix(self) -> Matrix | None:
        """The context vectors likewise, or None."""
        return self._contexts

    def has_unknown_sections(self) -> bool:
        """Whether the file has sections of a newer version, kept as they are when it is saved."""
        return bool(self._unknown)


def _dense(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    dtype = (
        np.float64 if array.dtype == np.float64 and isinstance(values, np.ndarray) else np.float32
    )
    array = np.ascontiguousarray(array, dtype)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{name} must be (V, d) with d >= 1, got shape {array.shape}")
    return array


def _column(name: str, values: ArrayLike | None, size: int, dtype: Any) -> NDArray[Any] | None:
    if values is None:
        return None
    column = np.ascontiguousarray(values, dtype)
    if column.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), got {column.shape}")
    return column
