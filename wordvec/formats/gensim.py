"""gensim's KeyedVectors in memory, both ways. gensim's files are pickles and are never read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.errors import MissingExtra
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.unseen import FASTTEXT, MEAN, Subwords
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def to_gensim(vectors: WordVectors) -> KeyedVectors:
    """A gensim KeyedVectors with the same words, vectors and counts, without n-grams and contexts.

    Raises
    ------
    MissingExtra
        Without gensim.
    """
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise MissingExtra("gensim", "gensim", "to_gensim") from error
    keyed = KeyedVectors(vectors.vector_size, len(vectors), dtype=vectors.vectors.dtype)
    keyed.index_to_key = list(vectors)
    keyed.key_to_index = {word: i for i, word in enumerate(keyed.index_to_key)}
    keyed.vectors = np.array(vectors.vectors)
    if vectors.counts is not None:
        for word, count in zip(keyed.index_to_key, vectors.counts.tolist(), strict=True):
            keyed.set_vecattr(word, "count", count)
    return keyed


def from_gensim(model: Any) -> WordVectors:
    """The vectors of a gensim model or KeyedVectors, in memory.

    Counts are kept where gensim has them, the context vectors of a model trained with negative
    sampling, and the n-grams of FastText.
    """
    keyed = getattr(model, "wv", model)
    words = [str(word) for word in keyed.index_to_key]
    counts = None
    if "count" in getattr(keyed, "expandos", {}):
        counts = [int(keyed.get_vecattr(word, "count")) for word in keyed.index_to_key]
    contexts = getattr(model, "syn1neg", None)
    if contexts is not None and np.shape(contexts) != np.shape(keyed.vectors):
        contexts = None
    vectors = WordVectors(
        words, np.array(keyed.vectors), counts=counts,
        contexts=None if contexts is None else np.array(contexts),
        meta={"model": f"gensim {type(model).__name__}"},
    )  # fmt: skip
    grams = getattr(keyed, "vectors_ngrams", None)
    if grams is not None and keyed.max_n > 0 and getattr(keyed, "compatible_hash", True):
        vectors.subwords = Subwords(
            Matrix(np.array(grams, np.float32)), minn=max(1, keyed.min_n), maxn=keyed.max_n,
            hash=FASTTEXT, combine=MEAN,
        )  # fmt: skip
    return vectors
