"""gensim's KeyedVectors in memory, both ways, and a class with their names.

gensim's own files are pickles and are never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordvec.errors import MissingExtra
from wordvec.formats import load, save
from wordvec.text.lines import bytes_of
from wordvec.text.vocab import Vocabulary
from wordvec.vectors.keys import accepts
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.oov.unseen import FASTTEXT, MEAN, Subwords
from wordvec.vectors.search import Key
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors as GensimVectors


def to_gensim(vectors: WordVectors) -> GensimVectors:
    """A gensim KeyedVectors with the same words, vectors and counts, without n-grams and contexts.

    Parameters
    ----------
    vectors : WordVectors
        Vectors of words; they are copied.

    Returns
    -------
    gensim.models.KeyedVectors

    Raises
    ------
    MissingExtra
        Without gensim.
    """
    try:
        from gensim.models import KeyedVectors as GensimVectors
    except ImportError as error:
        raise MissingExtra("gensim", "gensim", "to_gensim") from error
    keyed = GensimVectors(vectors.vector_size, len(vectors), dtype=vectors.vectors.dtype)
    keyed.index_to_key = list(vectors)
    keyed.key_to_index = {word: i for i, word in enumerate(keyed.index_to_key)}
    keyed.vectors = np.array(vectors.vectors)
    if vectors.counts is not None:
        for word, count in zip(keyed.index_to_key, vectors.counts.tolist(), strict=True):
            keyed.set_vecattr(word, "count", count)
    return keyed


@dataclass(frozen=True)
class Word:
    """What gensim 3 kept of a word: its id, and how often it occurred."""

    index: int
    count: int


class _Words(Mapping[str, Word]):
    """The words of vectors as gensim 3's `vocab` had them."""

    def __init__(self, vectors: WordVectors) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def __iter__(self) -> Iterator[str]:
        return iter(self._vectors)

    def __getitem__(self, word: str) -> Word:
        index = self._vectors.key_to_index[word]
        return Word(index, self._vectors.get_vecattr(word, "count"))


class _Older(WordVectors):
    """Names of gensim 3, and of gensim 4 for what needs no call here."""

    @property
    def index2word(self) -> Sequence[str]:
        """`index_to_key` of gensim 3."""
        return self.index_to_key

    index2entity = index2word

    @property
    def vocab(self) -> Mapping[str, Word]:
        """Words with their `index` and `count`, as in gensim 3."""
        return _Words(self)

    @property
    def syn0(self) -> NDArray[Any]:
        """`vectors` of gensim before 3.3."""
        return self.vectors

    @property
    def vectors_norm(self) -> NDArray[Any]:
        """`get_normed_vectors()`, made anew at each use."""
        return self.get_normed_vectors()

    syn0norm = vectors_norm

    @accepts(key="word", entity="word", use_norm="norm")
    def word_vec(self, word: Key, norm: bool = False) -> NDArray[Any]:
        """`get_vector` of gensim 3.

        Parameters
        ----------
        word : str
            The word.
        norm : bool
            Whether the vector is divided by its norm.
        """
        return self.get_vector(word, norm)

    @accepts(entities="keys")
    def add(self, keys: Sequence[Key], weights: ArrayLike, replace: bool = False) -> None:
        """`add_vectors` of gensim 3.

        Parameters
        ----------
        keys : sequence of str
            The words.
        weights : array_like, shape (n, d)
            Their vectors.
        replace : bool
            Whether words that are there get the new vectors.
        """
        self.add_vectors(keys, weights, replace=replace)

    def fill_norms(self, force: bool = False) -> None:
        """Nothing is needed: norms are computed when they are first used.

        Parameters
        ----------
        force : bool
            Not used.
        """

    def init_sims(self, replace: bool = False) -> None:
        """Divides the vectors by their norms with `replace`; otherwise nothing is needed.

        Parameters
        ----------
        replace : bool
            Whether the vectors are divided by their norms.
        """
        if replace:
            self.unit_normalize_all()

    def unit_normalize_all(self) -> None:
        """Divides the vectors by their norms; those of norm 0 stay."""
        self._check_writable()
        self._no_sums("norms")
        rows = self.vectors / np.where(self.norms > 0, self.norms, 1)[:, None]
        self._replace_matrix(Matrix(np.ascontiguousarray(rows, self.vectors.dtype)))

    def sort_by_descending_frequency(self) -> None:
        """Renumbers the words by falling count; of equal counts the larger id comes first, as in
        gensim."""
        self._check_writable()
        counts = [self.get_vecattr(word, "count") for word in self]
        order = np.lexsort((-np.arange(len(self)), -np.array(counts, np.int64)))
        sorted_ = self.select(order)
        self.__dict__.clear()
        self.__dict__.update(sorted_.__dict__)

    def intersect_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Replaces the vectors of the words that a file has too; no word is added.

        Parameters
        ----------
        fname : path
            In any format that `wordvec.load` knows.
        lockf, binary, encoding, unicode_errors
            Not used.
        """
        found = load(fname, words=list(self))
        self[list(found)] = found.vectors


class KeyedVectors(_Older):
    """WordVectors that are constructed, loaded and saved as gensim's KeyedVectors are.

    Parameters
    ----------
    vector_size : int
        Dimensions.
    count : int
        Not used: rows are made when words are added.
    dtype : data type
        float32 or float64.
    mapfile_path : None
        Not used: a .wv file is mapped when it is loaded.

    Examples
    --------
    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(["cat", "dog"], [[1, 0], [0, 1]])
    >>> wv.most_similar("cat")
    [('dog', 0.0)]
    """

    @accepts(size="vector_size")
    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: Any = np.float32,
        mapfile_path: None = None,
    ) -> None:
        kind = np.float64 if np.dtype(dtype) == np.float64 else np.float32
        super().__init__([], np.empty((0, vector_size), kind))

    @classmethod
    def _of(cls, vectors: WordVectors) -> Self:
        """The same vectors as this class."""
        self = cls.__new__(cls)
        self.__dict__.update(vectors.__dict__)
        return self

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
    ) -> Self:
        """The vectors of a file in any format that `wordvec.load` knows.

        Parameters
        ----------
        fname : path
        fvocab : path, optional
            word2vec's vocabulary file: a word and its count per line.
        binary, no_header : bool
            Not used: the content decides.
        encoding, unicode_errors : str
            How words become str: "strict" raises for bytes that are not `encoding`, "ignore" and
            "replace" are those of `bytes.decode`; "surrogateescape" keeps them, as `load` does.
        limit : int, optional
            Only the first so many words.
        datatype : data type
            float32, or float64 to have vectors converted.

        Raises
        ------
        FormatError, UnicodeDecodeError, OSError
        """
        wv = load(fname, limit=limit)
        counts = None if fvocab is None else Vocabulary.load(fvocab, sort=False)
        words = [bytes_of(word).decode(encoding, unicode_errors) for word in wv.index_to_key]
        if words != wv.index_to_key or np.dtype(datatype) == np.float64:
            rows = np.asarray(wv.vectors, np.float64 if np.dtype(datatype) == np.float64 else None)
            wv = wv._like(words, rows, counts=wv.counts, meta=wv.meta)
        if counts is not None:
            known = dict(zip(counts.words, counts.counts.tolist(), strict=True))
            by_text = {word.decode(encoding, unicode_errors): n for word, n in known.items()}
            wv.counts = np.array([by_text.get(word, 0) for word in words], np.int64)
        return cls._of(wv)

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Writes word2vec's text or binary format, over a file that is there, as gensim does.

        Parameters
        ----------
        fname : path
        fvocab : path, optional
            Write the words' counts there, a word and its count per line.
        binary : bool
        total_vec : int, optional
            Not used: the header has the number of words.
        write_header : bool
            False writes GloVe's text.
        prefix : str
            What is put before each word.
        append : bool
            Must be False.
        sort_attr : str
            Words are written by falling values of this attribute where they have it, otherwise by
            id.

        Raises
        ------
        FormatError
            For a word that the format cannot hold.
        ValueError
            For `append`, and for binary without a header.
        """
        if append or (binary and not write_header):
            raise ValueError("append is not supported, and binary=True needs write_header=True")
        wv: WordVectors = self
        column = self.counts if sort_attr == "count" else self._attributes.get(sort_attr)
        if column is not None:
            wv = self.select(np.argsort(-np.asarray(column), kind="stable"))
        if prefix:
            counts = [wv.get_vecattr(word, "count") for word in wv]
            wv = wv._like([prefix + word for word in wv], wv.vectors, counts=counts)
        if fvocab is not None:
            pairs = [(word, wv.get_vecattr(word, "count")) for word in wv]
            Vocabulary.from_words(*zip(*pairs, strict=True)).save(fvocab, force=True)
        text = "word2vec-text" if write_header else "glove"
        save(wv, fname, format="word2vec" if binary else text, force=True)

    @classmethod
    def load(cls, fname: str | os.PathLike[str], mmap: str | None = None) -> Self:
        """Opens a .wv file, mapped into memory as all are (`mmap` is not used), or a file of
        another format. gensim's own files are pickles and are refused.

        Parameters
        ----------
        fname : path
            The file.
        mmap : str, optional
            Not used.

        Raises
        ------
        FormatError
            For a file of no known format, or a damaged one.
        """
        return cls._of(load(fname))


def from_gensim(model: Any) -> WordVectors:
    """The vectors of a gensim model or KeyedVectors, in memory.

    Counts are kept where gensim has them, the context vectors of a model trained with negative
    sampling, and the n-grams of FastText. The vectors of a PoincareModel are points of the Poincare
    ball and are compared by its distance.

    Parameters
    ----------
    model : gensim model or KeyedVectors
        Word2Vec, FastText, PoincareModel, or what has its `wv` or `kv`.

    Returns
    -------
    WordVectors

    Raises
    ------
    TypeError
        For something else.
    """
    keyed = getattr(model, "wv", getattr(model, "kv", model))
    if not hasattr(keyed, "index_to_key") or not hasattr(keyed, "vectors"):
        raise TypeError(f"a gensim model or KeyedVectors was expected, got {type(model).__name__}")
    words = [str(word) for word in keyed.index_to_key]
    counts = None
    if "count" in getattr(keyed, "expandos", {}):
        counts = [int(keyed.get_vecattr(word, "count")) for word in keyed.index_to_key]
    contexts = getattr(model, "syn1neg", None)
    if contexts is not None and np.shape(contexts) != np.shape(keyed.vectors):
        contexts = None
    meta = {"model": f"gensim {type(model).__name__}"}
    if type(keyed).__name__ == "PoincareKeyedVectors":
        meta["manifold"] = "poincare"
    vectors = WordVectors(
        words,
        np.array(keyed.vectors),
        counts=counts,
        contexts=None if contexts is None else np.array(contexts),
        meta=meta,
    )
    grams = getattr(keyed, "vectors_ngrams", None)
    if grams is not None and keyed.max_n > 0 and getattr(keyed, "compatible_hash", True):
        vectors.subwords = Subwords(
            Matrix(np.array(grams, np.float32)),
            minn=max(1, keyed.min_n),
            maxn=keyed.max_n,
            hash=FASTTEXT,
            combine=MEAN,
        )
    return vectors
