"""fastText's .bin and .ftz models, read: words with their n-grams, of versions 11, 12 and before.

The vector of a word is the mean of its own row and those of its n-grams (Bojanowski et al. 2017);
the n-grams stay, for words that are not there. Of a quantised model the rows are decoded; where
its n-grams were pruned, they count for the words that there are and are not kept.
"""

from __future__ import annotations

import struct

import numpy as np

from wordvec.formats.stream import MAX_DIMENSIONS, MAX_TOKEN, Stream
from wordvec.native.vectors.ngram import Ngrams
from wordvec.vectors.matrix import Floats, Matrix
from wordvec.vectors.oov.unseen import FASTTEXT, MEAN, Subwords
from wordvec.vectors.vectors import WordVectors

_MAGIC = 793712314
_ARGS = (
    "dim",
    "ws",
    "epoch",
    "min_count",
    "neg",
    "word_ngrams",
    "loss",
    "model",
    "bucket",
    "minn",
    "maxn",
    "lr_update_rate",
)
_MODELS, _LOSSES = {1: "cbow", 2: "skipgram", 3: "supervised"}, {1: "hs", 2: "ns", 3: "softmax"}
_NEW = struct.pack("<i", _MAGIC)
_WORD = 0  # type of an entry; 1 is a label
_CENTROIDS = 256  # of each part of a quantised row


def matches(head: bytes) -> bool:
    """Whether it begins with the magic number, or, before there was one, with credible options."""
    if head.startswith(_NEW):
        return True
    if len(head) < 56:
        return False
    dim, ws, epoch, _, _, grams, loss, model, _, minn, maxn, _ = struct.unpack_from("<12i", head)
    return (
        0 < dim < 1 << 16
        and 0 < ws < 1000
        and 0 <= epoch < 100000
        and 0 < grams < 20
        and loss in _LOSSES
        and model in _MODELS
        and 0 <= minn <= maxn < 256
    )


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
    if not 0 < args["dim"] <= MAX_DIMENSIONS:
        stream.fail(f"{args['dim']} dimensions")
    supervised = _MODELS.get(args["model"]) == "supervised"
    if supervised and version < 12:
        args["maxn"] = 0  # such models had none, whatever they say
    words, counts, pruned = _dictionary(stream, new)
    if len(set(words)) != len(words):
        stream.fail("a word is there twice")
    quantised = new and stream.read(1, "a matrix") != b"\0"
    if pruned is not None and not quantised:
        stream.fail("a pruned dictionary in a model that is not quantised")
    rows = _quantised(stream, args["dim"]) if quantised else _dense(stream, args["dim"])
    if len(rows) < len(words):
        stream.fail(f"{len(rows)} rows for {len(words)} words")
    own, grams = rows[: len(words)], rows[len(words) :]
    meta = {
        "model": "fasttext " + _MODELS.get(args["model"], "?"),
        "loss": _LOSSES.get(args["loss"], "?"),
        "window": args["ws"],
        "epochs": args["epoch"],
        "negative": args["neg"],
        "min_count": args["min_count"],
    }
    if quantised:
        meta["quantised"] = True
    subwords = None
    # fastText counts lengths from 1, so 0 and 1 are the same, and none fits between 4 and 3.
    minn, maxn = max(args["minn"], 1), args["maxn"]
    if args["minn"] < 0 or maxn >= 256:
        stream.fail(f"n-grams of {args['minn']} to {maxn} characters")
    if maxn >= minn and len(grams):
        if pruned is None:
            subwords = Subwords(Matrix(grams), minn=minn, maxn=maxn, hash=FASTTEXT, combine=MEAN)
            own = _composed(words, own, subwords, version)
        else:
            own = _pruned(
                stream,
                words,
                own,
                grams,
                pruned,
                Ngrams(FASTTEXT, minn, maxn, _buckets(stream, args["bucket"])),
            )
            meta["pruned_ngrams"] = len(pruned)
    contexts = None if supervised else _contexts(stream, new, args, len(words))
    wv = WordVectors(words, own, counts=counts, contexts=contexts, meta=meta)
    wv.subwords = subwords
    return wv


def _dictionary(stream: Stream, new: bool) -> tuple[list[bytes], np.ndarray, dict[int, int] | None]:
    """Words, their counts, and n-gram -> row where the dictionary was pruned."""
    size, n_words, n_labels, _ = struct.unpack("<iiiq", stream.read(20, "the dictionary"))
    pruned = struct.unpack("<q", stream.read(8, "the dictionary"))[0] if new else -1
    least = 10 * size + 8 * max(pruned, 0)  # an entry has a zero byte, a count of eight and a type
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
    kept = None
    if pruned >= 0:
        pairs = np.frombuffer(stream.read(8 * pruned, "the n-grams that are kept"), "<i4")
        kept = dict(zip(pairs[::2].tolist(), pairs[1::2].tolist(), strict=True))
    return words, np.array(counts, np.int64), kept


def _dense(stream: Stream, cols: int) -> Floats:
    rows, found = struct.unpack("<qq", stream.read(16, "a matrix"))
    if rows < 0 or found != cols:
        stream.fail(f"a matrix of {rows} x {found} where {cols} columns were expected")
    data = stream.read(4 * rows * cols, "a matrix")
    return np.frombuffer(data, "<f4").reshape(rows, cols)


def _quantised(stream: Stream, cols: int) -> Floats:
    """A product-quantised matrix (Joulin et al. 2016, "FastText.zip"), decoded: a code for each
    part of a row, and one for its norm where norms were quantised apart."""
    start = stream.offset
    normed = stream.read(1, "a quantised matrix") != b"\0"
    rows, found, n_codes = struct.unpack("<qqi", stream.read(20, "a quantised matrix"))
    if rows < 0 or found != cols or n_codes < 0:
        stream.fail(f"a matrix of {rows} x {found} where {cols} columns were expected", start)
    codes = np.frombuffer(stream.read(n_codes, "codes"), np.uint8)
    centroids, width, last, parts = _centroids(stream, cols)
    if n_codes != rows * parts:
        stream.fail(f"{n_codes:,} codes for {rows:,} rows of {parts} parts", start)
    by_row = codes.reshape(rows, parts)
    stream.check_growth(4 * rows * cols)
    out = np.empty((rows, cols), np.float32)
    for part in range(parts):
        own = last if part == parts - 1 else width
        # The parts stand one behind the other, 256 centroids each.
        first = part * _CENTROIDS * width
        table = centroids[first : first + _CENTROIDS * own].reshape(_CENTROIDS, own)
        out[:, part * width : part * width + own] = table[by_row[:, part]]
    if normed:
        norms = np.frombuffer(stream.read(rows, "codes of norms"), np.uint8)
        table, *_ = _centroids(stream, 1)
        out *= table[norms][:, None]
    return out


def _centroids(stream: Stream, cols: int) -> tuple[Floats, int, int, int]:
    """The centroids of a product quantiser, the width of its parts and of the last, and how many
    parts there are."""
    dim, parts, width, last = struct.unpack("<4i", stream.read(16, "a quantiser"))
    if (
        dim != cols
        or not (0 < parts <= dim and 0 < last <= width)
        or ((parts - 1) * width + last != dim)
    ):
        stream.fail(f"a quantiser of {dim} dimensions in {parts} parts of {width}, {cols} expected")
    data = stream.read(4 * dim * _CENTROIDS, "centroids")
    return np.frombuffer(data, "<f4"), width, last, parts


def _composed(words: list[bytes], own: Floats, subwords: Subwords, version: int) -> Floats:
    """Mean of a word's own row and its n-grams'; the end of sentence has none since version 12."""
    means, _ = subwords.vectors(words)
    starts = np.empty(len(words) + 1, np.int64)
    subwords.ngrams.count(words, starts)
    grams = np.diff(starts)[:, None].astype(np.float32)
    if version >= 12 and b"</s>" in words:
        grams[words.index(b"</s>")] = 0
    return ((own + means * grams) / (grams + 1)).astype(np.float32)


def _buckets(stream: Stream, buckets: int) -> int:
    if not buckets > 0:
        stream.fail(f"{buckets} buckets for n-grams")
    return buckets


def _pruned(
    stream: Stream,
    words: list[bytes],
    own: Floats,
    grams: Floats,
    kept: dict[int, int],
    ngrams: Ngrams,
) -> Floats:
    """The mean of a word's own row and those of its n-grams that were kept."""
    if kept and not all(0 <= row < len(grams) for row in kept.values()):
        stream.fail(f"n-grams beyond the {len(grams):,} rows that there are")
    out = own.copy()
    for i, word in enumerate(words):
        rows = [] if word == b"</s>" else [kept[g] for g in ngrams.rows(word) if g in kept]
        if rows:
            out[i] = (own[i] + grams[rows].sum(0)) / (len(rows) + 1)
    return out


def _contexts(stream: Stream, new: bool, args: dict[str, int], words: int) -> Floats | None:
    """The output matrix, where it has a row for each word (negative sampling, softmax)."""
    if stream.ended:
        return None
    dense = not new or stream.read(1, "a matrix") == b"\0"
    rows = _dense(stream, args["dim"]) if dense else _quantised(stream, args["dim"])
    return rows if len(rows) == words and _LOSSES.get(args["loss"]) != "hs" else None
