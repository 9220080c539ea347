"""fastText's .bin models, read: words with their n-grams, of versions 11 and 12 and before.

The vector of a word is the mean of its own row and those of its n-grams (Bojanowski et al. 2017);
the n-grams stay, for words that are not there.
"""

from __future__ import annotations

import struct

import numpy as np

from wordvec.formats.stream import MAX_TOKEN, Stream
from wordvec.vectors.matrix import Floats, Matrix
from wordvec.vectors.unseen import FASTTEXT, MEAN, Subwords
from wordvec.vectors.vectors import WordVectors

_MAGIC = 793712314
_ARGS = ("dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket",
         "minn", "maxn", "lr_update_rate")  # fmt: skip
_MODELS, _LOSSES = {1: "cbow", 2: "skipgram", 3: "supervised"}, {1: "hs", 2: "ns", 3: "softmax"}
_NEW = struct.pack("<i", _MAGIC)
_WORD = 0  # type of an entry; 1 is a label


def matches(head: bytes) -> bool:
    """Whether it begins with the magic number, or, before there was one, with credible options."""
    if head.startswith(_NEW):
        return True
    if len(head) < 56:
        return False
    dim, ws, epoch, _, _, grams, loss, model, _, minn, maxn, _ = struct.unpack_from("<12i", head)
    return (
        0 < dim < 1 << 16 and 0 < ws < 1000 and 0 <= epoch < 100000 and 0 < grams < 20
        and loss in _LOSSES and model in _MODELS and 0 <= minn <= maxn < 256
    )  # fmt: skip


def read(stream: Stream) -> WordVectors:
    """The vectors of a fastText model, with its n-grams."""
    new, version = stream.peek(4) == _NEW, 0
    if new:
        _, version = struct.unpack("<ii", stream.read(8, "the header"))
        if version not in (11, 12):
            stream.fail(f"fastText version {version}; 11 and 12 are read", 4)
    args = dict(
        zip(_ARGS, struct.unpack("<12id", stream.read(56, "the options"))[:12], strict=True)
    )
    if not 0 < args["dim"] <= 1 << 20:
        stream.fail(f"{args['dim']} dimensions")
    words, counts = _dictionary(stream, new)
    rows = _matrix(stream, new, args["dim"])
    if len(rows) < len(words):
        stream.fail(f"{len(rows)} rows for {len(words)} words")
    own, grams = rows[: len(words)], rows[len(words) :]
    subwords = None
    if args["maxn"] > 0 and len(grams):
        if not 0 < args["minn"] <= args["maxn"] < 256:
            stream.fail(f"n-grams of {args['minn']} to {args['maxn']} characters")
        subwords = Subwords(
            Matrix(grams), minn=args["minn"], maxn=args["maxn"], hash=FASTTEXT, combine=MEAN
        )
        own = _composed(words, own, subwords, version)
    contexts = _contexts(stream, new, args, len(words))
    if len(set(words)) != len(words):
        stream.fail("a word is there twice")
    meta = {
        "model": "fasttext " + _MODELS.get(args["model"], "?"),
        "loss": _LOSSES.get(args["loss"], "?"),
        "window": args["ws"],
        "epochs": args["epoch"],
        "negative": args["neg"],
        "min_count": args["min_count"],
    }
    wv = WordVectors(words, own, counts=counts, contexts=contexts, meta=meta)
    wv.subwords = subwords
    return wv


def _dictionary(stream: Stream, new: bool) -> tuple[list[bytes], np.ndarray]:
    size, n_words, n_labels, _ = struct.unpack("<iiiq", stream.read(20, "the dictionary"))
    pruned = struct.unpack("<q", stream.read(8, "the dictionary"))[0] if new else -1
    least = 10 * size  # an entry has a zero byte, a count of eight and a type
    if size < 0 or n_words < 0 or n_labels < 0 or n_words + n_labels != size:
        stream.fail(f"{size} entries, {n_words} words and {n_labels} labels")
    if stream.size is not None and least > stream.size:
        stream.fail(f"{size:,} entries promised in a file of {stream.size:,} bytes")
    words, counts = [], []
    for _ in range(size):
        word = stream.until(b"\0", MAX_TOKEN, "a word")
        count, kind = struct.unpack("<qb", stream.read(9, "an entry"))
        if kind == _WORD:
            words.append(word)
            counts.append(count)
    if len(words) != n_words:
        stream.fail(f"{len(words)} words where {n_words} were promised")
    if pruned > 0:
        stream.fail("a pruned dictionary (quantised model); use the .bin it was made from")
    return words, np.array(counts, np.int64)


def _matrix(stream: Stream, new: bool, cols: int) -> Floats:
    if new and stream.read(1, "a matrix") != b"\0":
        stream.fail("a quantised model (.ftz); use the .bin it was made from")
    rows, found = struct.unpack("<qq", stream.read(16, "a matrix"))
    if rows < 0 or found != cols:
        stream.fail(f"a matrix of {rows} x {found} where {cols} columns were expected")
    data = stream.read(4 * rows * cols, "a matrix")
    return np.frombuffer(data, "<f4").reshape(rows, cols)


def _composed(words: list[bytes], own: Floats, subwords: Subwords, version: int) -> Floats:
    """Mean of a word's own row and its n-grams'; the end of sentence has none since version 12."""
    means, _ = subwords.vectors(words)
    starts = np.empty(len(words) + 1, np.int64)
    subwords.ngrams.count(words, starts)
    grams = np.diff(starts)[:, None].astype(np.float32)
    if version >= 12 and b"</s>" in words:
        grams[words.index(b"</s>")] = 0
    return ((own + means * grams) / (grams + 1)).astype(np.float32)


def _contexts(stream: Stream, new: bool, args: dict[str, int], words: int) -> Floats | None:
    """The output matrix, where it has a row for each word (negative sampling, softmax)."""
    if stream.ended:
        return None
    rows = _matrix(stream, new, args["dim"])
    return rows if len(rows) == words and _LOSSES.get(args["loss"]) != "hs" else None
