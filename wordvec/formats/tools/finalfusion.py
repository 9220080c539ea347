"""finalfusion's .fifu files, read: chunks of words, vectors (plain or product-quantised), norms.

Vectors are stored with norm 1 and their norms beside them; they are multiplied here, so that what
is read is what was trained. Hashed n-grams are kept for words that are not there; explicit n-gram
lists are read as far as the words go.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from wordvec.formats.stream import MAX_TOKEN, Stream
from wordvec.vectors.matrix import Floats, Matrix
from wordvec.vectors.oov.unseen import FASTTEXT, FINALFUSION, UNIT_SUM, Subwords
from wordvec.vectors.vectors import WordVectors

_MAGIC = b"FiFu"
_SIMPLE, _NDARRAY, _BUCKETS, _QUANTISED = 1, 2, 3, 4
_METADATA, _NORMS, _FASTTEXT, _EXPLICIT = 5, 6, 7, 8
_U8, _F32 = 1, 10


def matches(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def read(stream: Stream) -> WordVectors:
    """The vectors of a finalfusion file."""
    _, version, count = struct.unpack("<4sII", stream.read(12, "the header"))
    if version != 0:
        stream.fail(f"finalfusion version {version}; 0 is read", 4)
    stream.read(4 * min(count, 1024), "the list of chunks")
    words: list[bytes] | None = None
    grams: dict[str, int] = {}
    rows: Floats | None = None
    norms: Floats | None = None
    meta: dict[str, Any] = {}
    while not stream.ended:
        kind, length = struct.unpack("<IQ", stream.read(12, "a chunk"))
        if stream.size is not None and length > stream.size - stream.offset:
            stream.fail(f"a chunk of {length:,} bytes, {stream.size - stream.offset:,} are left")
        start = stream.offset
        if kind in (_SIMPLE, _BUCKETS, _FASTTEXT, _EXPLICIT):
            words, grams = _vocabulary(stream, kind)
        elif kind == _NDARRAY:
            rows = _array(stream)
        elif kind == _QUANTISED:
            rows = _quantised(stream)
        elif kind == _NORMS:
            (size,) = _numbers(stream, "<Q", "norms")
            norms = _floats(stream, size)
        elif kind == _METADATA:
            text = stream.read(length, "metadata").decode("utf-8", "replace")
            meta["finalfusion"] = text
        rest = length - (stream.offset - start)
        # finalfusion's Python package leaves the places of explicit n-grams out of the length.
        if kind == _EXPLICIT and rest == -8 * grams["explicit"]:
            rest = 0
        if rest < 0:
            stream.fail(
                f"a chunk of type {kind} is longer than the {length:,} bytes it says", start
            )
        stream.read(rest, "a chunk")
    if words is None or rows is None:
        stream.fail("no words or no vectors")
    return _vectors(stream, words, rows, norms, grams, meta)


def _vectors(
    stream: Stream,
    words: list[bytes],
    rows: Floats,
    norms: Floats | None,
    grams: dict[str, int],
    meta: dict[str, Any],
) -> WordVectors:
    buckets = grams.get("buckets", 0)
    expected = len(words) + buckets
    if len(rows) < expected or (norms is not None and len(norms) != len(words)):
        stream.fail(f"{len(rows):,} vectors for {expected:,} words and n-grams")
    own = rows[: len(words)]
    if norms is not None:
        own = own * norms[:, None]
    if len(set(words)) != len(words):
        stream.fail("a word is there twice")
    wv = WordVectors(words, own, meta=meta)
    if buckets:
        wv.subwords = Subwords(
            Matrix(np.ascontiguousarray(rows[len(words) : expected])),
            minn=grams["minn"],
            maxn=grams["maxn"],
            hash=grams["hash"],
            combine=UNIT_SUM,
        )
    return wv


def _numbers(stream: Stream, form: str, what: str) -> tuple[int, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form), what))


def _vocabulary(stream: Stream, kind: int) -> tuple[list[bytes], dict[str, int]]:
    what, grams = "the words", dict[str, int]()
    if kind == _EXPLICIT:
        count, explicit, *_ = _numbers(stream, "<QQII", what)
        grams = {"explicit": explicit}
    elif kind == _SIMPLE:
        (count,) = _numbers(stream, "<Q", what)
    else:
        count, minn, maxn, buckets = _numbers(stream, "<QIII", what)
        if kind == _BUCKETS:
            if not 1 <= buckets <= 40:
                stream.fail(f"2^{buckets} buckets")
            buckets = 1 << buckets
        if not 1 <= minn <= maxn < 256:
            stream.fail(f"n-grams of {minn} to {maxn} characters")
        hash_ = FINALFUSION if kind == _BUCKETS else FASTTEXT
        grams = {"minn": minn, "maxn": maxn, "buckets": buckets, "hash": hash_}
    explicit = grams.get("explicit", 0)
    if stream.size is not None and 4 * count + 12 * explicit > stream.size:
        stream.fail(
            f"{count:,} words and {explicit:,} n-grams promised in a file of {stream.size:,} bytes"
        )
    words = [_word(stream) for _ in range(count)]
    for _ in range(explicit):
        _word(stream)
        _numbers(stream, "<Q", "the place of an n-gram")
    return words, grams


def _word(stream: Stream) -> bytes:
    (length,) = _numbers(stream, "<I", "a word")
    if length > MAX_TOKEN:
        stream.fail(f"a word of {length:,} bytes")
    return stream.read(length, "a word")


def _pad(stream: Stream) -> None:
    """Numbers begin at the next multiple of four, at the fourth byte where it is one already."""
    stream.read(4 - stream.offset % 4, "padding")


def _floats(stream: Stream, count: int | None, cols: int = 1) -> Floats:
    if count is None:
        (count,) = _numbers(stream, "<Q", "numbers")
    (kind,) = _numbers(stream, "<I", "numbers")
    if kind != _F32:
        stream.fail(f"numbers of type {kind}; float32 ({_F32}) is read")
    _pad(stream)
    data = stream.read(4 * count * cols, "numbers")
    return np.frombuffer(data, "<f4")


def _array(stream: Stream) -> Floats:
    rows, cols = _numbers(stream, "<QI", "a matrix")
    if not 0 < cols <= 1 << 20:
        stream.fail(f"a matrix of {cols} columns")
    return _floats(stream, rows, cols).reshape(rows, cols)


def _quantised(stream: Stream) -> Floats:
    projected, with_norms, parts, cols, centroids, rows, codes_kind, kind = _numbers(
        stream, "<IIIIIQII", "a quantised matrix"
    )
    if codes_kind != _U8 or kind != _F32:
        stream.fail(f"codes of type {codes_kind} and numbers of type {kind}")
    if not 0 < parts <= cols <= 1 << 20 or cols % parts or not 0 < centroids <= 256:
        stream.fail(f"{parts} parts of {cols} columns, {centroids} centroids")
    _pad(stream)

    def numbers(count: int, what: str) -> Floats:
        return np.frombuffer(stream.read(4 * count, what), "<f4")

    projection = numbers(cols * cols, "a projection").reshape(cols, cols) if projected else None
    books = numbers(centroids * cols, "centroids").reshape(parts, centroids, cols // parts)
    norms = numbers(rows, "norms") if with_norms else None
    codes = np.frombuffer(stream.read(rows * parts, "codes"), np.uint8).reshape(rows, parts)
    if codes.size and int(codes.max()) >= centroids:
        stream.fail(f"a code of {codes.max()} for {centroids} centroids")
    stream.check_growth(4 * rows * cols)
    decoded = books[np.arange(parts), codes].reshape(rows, cols)
    if projection is not None:
        decoded = decoded @ projection.T
    return decoded if norms is None else decoded * norms[:, None]
