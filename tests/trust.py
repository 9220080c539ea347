"""What the tests of trust and the fuzzer share: a small file, and everything one can ask of it."""

import struct
import zlib

import numpy as np

from wordvec import WordVectors, load
from wordvec.errors import StoreError, UnknownWordError
from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords
from wordvec.vectors.oov.unseen import Induction

WORDS = ["the", "of", "king", "queen", "größe", "a b", "x" * 40]
DIMENSIONS = 3


def small_file(path, dtype="f32"):
    """Writes a store of seven words with every kind of section."""
    rng = np.random.default_rng(5)
    draw = rng.standard_normal((3, len(WORDS), DIMENSIONS)).astype(np.float32)
    wv = WordVectors(
        WORDS,
        draw[0],
        counts=np.arange(7, 0, -1),
        contexts=draw[1],
        biases=draw[2, :, 0],
        context_biases=draw[2, :, 1],
        meta={"model": "test", "licence": "none"},
    )
    wv = (
        fit_subwords(wv, SubwordOptions(epochs=2, buckets=16))
        .with_coarse()
        .with_sketch()
        .with_folding()
    )
    wv.induction = Induction(np.eye(DIMENSIONS, dtype=np.float32), 2)
    wv.astype(dtype).save(path, force=True)
    return path.read_bytes()


def questions(wv):
    """Calls that together touch every section: name -> function without arguments."""
    return {
        "len": lambda: len(wv),
        "size": lambda: wv.vector_size,
        "words": lambda: list(wv),
        "find": lambda: [wv.get_index(w) for w in WORDS],
        "batch": lambda: wv.get_ids([*WORDS, "nothing"], strict=False),
        "missing": lambda: "nothing" in wv,
        "suggest": lambda: suggestion(wv),
        "typo": lambda: wv._postings.nearest("kingg", 2),
        "prefix": lambda: wv.prefix("q"),
        "folded": lambda: wv.find_folded("KING"),
        "meta": lambda: wv.meta,
        "vector": lambda: wv["king"],
        "vectors": lambda: wv.vectors,
        "contexts": lambda: wv.contexts,
        "counts": lambda: wv.counts,
        "biases": lambda: (wv.biases, wv.context_biases),
        "norms": lambda: wv.norms,
        "neighbours": lambda: wv.most_similar("king", topn=3),
        "coarse": lambda: wv.most_similar("king", topn=3, coarse=True),
        "sketch": lambda: sketched(wv),
        "many": lambda: wv.most_similar_many(["king", "the"], topn=2),
        "subword": lambda: wv.vector("kings", typo=False),
        "lookup": lambda: wv.lookup(["kings", "the", "quëen"]),
        "induce": lambda: wv.induce("kings", ["the king of ___"]),
    }


def sketched(wv):
    """The candidates that the sketch has, which so small a file is not searched by."""
    if wv._sketch is None:
        raise ValueError("no int8 copy")
    return wv._sketch.candidates(np.ones(DIMENSIONS, np.float32), 2, 0, len(wv))


def suggestion(wv):
    try:
        return wv["kingg"]
    except UnknownWordError as error:
        return str(error)


# What a damaged word list may make of a question without verification, beside StoreError: words
# that are not found. Numbers are not judged; ValueError is for a section that is not there, for a
# vector that was made zero, and for a context none of whose words is found.
_ALLOWED = (StoreError, UnknownWordError)
_REASONS = ("int8 copy", "induction matrix", "it has no direction", "no context of")


def ask(path, verify):
    """The answers of a file, or StoreError as a string where that is what came."""
    with np.errstate(all="ignore"):
        try:
            wv = load(path, verify=verify)
        except StoreError:
            return {"open": "StoreError"}
        answers = {"open": "opened"}
        for name, question in questions(wv).items():
            try:
                answers[name] = comparable(question())
            except StoreError:
                answers[name] = "StoreError"
            except UnknownWordError:
                answers[name] = "unknown"
            except ValueError as error:
                if not any(why in str(error) for why in _REASONS):
                    raise
                answers[name] = "no answer"
        return answers


def comparable(answer):
    """Arrays as bytes, so that answers can be compared."""
    if isinstance(answer, np.ndarray):
        return (answer.shape, str(answer.dtype), answer.tobytes())
    if isinstance(answer, (list, tuple)):
        return [comparable(each) for each in answer]
    return answer


def reseal(data):
    """Header and table checksums that fit, so that what they say is believed."""
    data = bytearray(data)
    start, count = struct.unpack_from("<QI", data, 24)
    if start + 64 * count <= len(data):
        struct.pack_into("<I", data, 36, zlib.crc32(data[start : start + 64 * count]))
    struct.pack_into("<I", data, 60, zlib.crc32(data[:60]))
    return bytes(data)


_VALUES = [
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    63,
    64,
    65,
    255,
    256,
    4096,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**61,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 64,
    2**64 - 1,
]
_FIELDS = [
    (0, "I"),
    (4, "I"),
    (8, "Q"),
    (16, "Q"),
    (24, "Q"),
    (32, "Q"),
    (40, "I"),
    (44, "I"),
    (48, "Q"),
    (60, "I"),
]


def hostile(data, rng):
    """The file with a few fields of header and table set to hostile values, checksums made to fit;
    sometimes the sections' checksums too, and some bytes of them."""
    data = bytearray(data)
    start, count = struct.unpack_from("<QI", data, 24)
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.15:
            at, form = [(8, "H"), (12, "I"), (16, "Q"), (24, "Q"), (32, "I")][rng.integers(5)]
        else:
            at, form = _FIELDS[rng.integers(len(_FIELDS))]
            at += start + 64 * int(rng.integers(count))
        value = _VALUES[rng.integers(len(_VALUES))]
        if rng.random() < 0.3:
            old = struct.unpack_from("<" + form, data, at)[0]
            value = old + int(rng.integers(-70, 70))
        value %= 1 << (8 * struct.calcsize(form))
        struct.pack_into("<" + form, data, at, value)
    for _ in range(rng.integers(0, 6)):
        data[rng.integers(start + 64 * count, len(data))] = rng.integers(256)
    if rng.random() < 0.5:
        seal_sections(data, start, count)
    if rng.random() < 0.2:
        del data[rng.integers(64, len(data)) :]
    return reseal(data)


def seal_sections(data, start, count):
    """Makes the checksums of sections that lie within the file fit."""
    for at in range(start, start + 64 * count, 64):
        offset, length = struct.unpack_from("<QQ", data, at + 8)
        if offset + length <= len(data):
            struct.pack_into("<I", data, at + 56, zlib.crc32(data[offset : offset + length]))
