"""What a reader should be told about vectors: odd words, lost directions, what a format drops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wordvec.native.corpus.text import utf8_valid
from wordvec.text.lines import bytes_of
from wordvec.vectors.vectors import WordVectors

_SHOWN = 3
_LOOK = 1000  # vectors that are looked at


def about(vectors: WordVectors) -> list[str]:
    """Sentences about what was read: words that came again or end in a number, vectors that have
    no direction."""
    said = []
    repeated = vectors.meta.get("repeated_words")
    if isinstance(repeated, int):
        what = "1 word came again" if repeated == 1 else f"{repeated:,} words came again"
        said.append(f"{what}: the first vector of each word stays")
    numbered = vectors.meta.get("words_ending_in_a_number")
    if isinstance(numbered, int):
        end = "ends" if numbered == 1 else "end"
        said.append(
            f"{_count(numbered)} {end} in a number: a part of the word, or a number too many"
        )
    marked = [word for word in vectors if word.startswith("\ufeff")]
    if marked:
        begin = "begins" if len(marked) == 1 else "begin"
        said.append(
            f"{_count(len(marked))} {begin} with a byte order mark ({named(marked)}): files that "
            "were put together? take it out"
        )
    bad = [word for word in vectors if not (word.isascii() or utf8_valid(bytes_of(word)))]
    if bad:
        are = "is" if len(bad) == 1 else "are"
        said.append(
            f"{_count(len(bad))} {are} not valid UTF-8 and kept as bytes ({named(bad)}); another "
            "encoding? iconv -f LATIN1 -t UTF-8"
        )
    if vectors.vector_size == 1 and len(vectors) > 1:
        first = vectors.rows(0, _LOOK)
        if bool((first == np.rint(first)).all() and (first >= 0).all()):
            said.append("1 dimension of whole numbers: is this a vocabulary with counts?")
        elif all(" " in word or "\t" in word for word in vectors.index_to_key[:_LOOK]):
            said.append("1 dimension, and words of several: are these pairs with scores?")
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(vectors.norms)
        zero = vectors.norms == 0
    said += _directions(vectors, np.flatnonzero(~finite).tolist(), "not finite")
    if vectors.meta.get("manifold") is None:
        said += _directions(vectors, np.flatnonzero(zero).tolist(), "zero")
    return said


def _directions(vectors: WordVectors, ids: Sequence[int], what: str) -> list[str]:
    if not ids:
        return []
    has = "has a vector that is" if len(ids) == 1 else "have vectors that are"
    words = [vectors.index_to_key[i] for i in ids[:_SHOWN]]
    return [f"{_count(len(ids))} {has} {what} ({named(words, len(ids))})"]


def beyond(name: str, numbers: int) -> str:
    """A sentence about numbers of a file that float32 cannot hold."""
    are = "number is" if numbers == 1 else "numbers are"
    return (
        f"{name}: {numbers:,} {are} beyond float32 (3.4e38) and became infinite: their words have "
        "no neighbours"
    )


def dropped(vectors: WordVectors, name: str, *, keeps_meta: bool) -> list[str]:
    """Sentences about what the format of that name does not keep of the vectors."""
    said = []
    manifold = vectors.meta.get("manifold")
    if manifold is not None and not keeps_meta:
        said.append(
            f"{name} does not keep the manifold ({manifold}): neighbours will be by cosine, "
            "not by distance"
        )
    parts = {
        "n-grams": vectors.subwords,
        "the induction matrix": vectors.induction,
        "context vectors": vectors.contexts if name != "safetensors" else None,
    }
    lost = [part for part, value in parts.items() if value is not None]
    if lost:
        said.append(f"{name} does not keep {', '.join(lost)}; a .wv file does")
    return said


def left_out(words: Sequence[str], name: str) -> list[str]:
    """A sentence about words that a format cannot hold."""
    if not words:
        return []
    were = "was" if len(words) == 1 else "were"
    return [f"{_count(len(words))} that {name} cannot hold {were} left out ({named(words)})"]


def not_there(wanted: Sequence[bytes], vectors: WordVectors) -> list[str]:
    """A sentence about words of a list that are not among those that were read.

    Raises
    ------
    ValueError
        When no word of the list is there.
    """
    words = [word.decode("utf-8", "surrogateescape") for word in dict.fromkeys(wanted) if word]
    missing = [word for word in words if word not in vectors]
    if not missing:
        return []
    if len(missing) == len(words):
        raise ValueError(
            f"none of the {_count(len(words))} of the list is there ({named(missing)}); it must "
            "have one word per line, and nothing else"
        )
    are = "is" if len(missing) == 1 else "are"
    return [
        f"{len(missing):,} of {_count(len(words))} of the list {are} not there ({named(missing)})"
    ]


def named(words: Sequence[str], total: int | None = None) -> str:
    """The first few words, for a message."""
    more = ", ..." if (total or len(words)) > _SHOWN else ""
    return (
        ", ".join(word if word.isprintable() and word else repr(word) for word in words[:_SHOWN])
        + more
    )


def _count(n: int) -> str:
    return f"{n:,} word" + "s" * (n != 1)
