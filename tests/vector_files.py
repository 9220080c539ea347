"""A small file in each format that is read, made from descriptions of the formats or by peers."""

import bz2
import functools
import gzip
import io
import json
import lzma
import sqlite3
import struct
import tarfile
import zipfile

import numpy as np

from wordvec import WordVectors, formats

WORDS = ["cat", "dog", "größe", "new_york"]
X = np.array([[0.5, -1.25, 3], [0.125, 2, -0.75], [1, 0.25, -2], [4, -0.5, 0.0625]], np.float32)


def written(name):
    def make(folder):
        path = folder / f"v.{name}"
        formats.save(WordVectors(WORDS, X), path, format=name)
        return path

    return make


def text(content):
    def make(folder):
        path = folder / "v.txt"
        path.write_bytes(content)
        return path

    return make


def rows(separator, point="."):
    return [
        separator.join([word, *(f"{x:g}".replace(".", point) for x in row)])
        for word, row in zip(WORDS, X, strict=True)
    ]


def csv(header, separator=",", point="."):
    lines = rows(separator, point)
    return text("\n".join(([header] if header else []) + lines + [""]).encode())


def numbered(folder):
    lines = [f"{i},{line}" for i, line in enumerate(rows(","))]
    return text("\n".join([",word,0,1,2", *lines, ""]).encode())(folder)


def magnitude(folder):
    path = folder / "v.magnitude"
    base = sqlite3.connect(path)
    columns = "key TEXT COLLATE NOCASE, dim_0 INTEGER, dim_1 INTEGER, dim_2 INTEGER"
    base.execute(f"CREATE TABLE magnitude ({columns})")
    base.execute("CREATE TABLE magnitude_format (key TEXT COLLATE NOCASE, value INTEGER)")
    for key, value in [("size", 4), ("dim", 3), ("precision", 7), ("entropy", 0)]:
        base.execute("INSERT INTO magnitude_format VALUES (?, ?)", (key, value))
    for word, row in zip(WORDS, X.tolist(), strict=True):
        numbers = [round(x * 10**7) for x in row]
        base.execute("INSERT INTO magnitude VALUES (?, ?, ?, ?)", (word, *numbers))
    base.commit()
    base.close()
    return path


def hdf5(folder):
    import h5py

    with h5py.File(folder / "v.h5", "w") as file:
        group = file.create_group("mat")
        group["axis0"] = np.arange(3)
        group["axis1"] = np.array([word.encode() for word in WORDS])
        group["block0_items"] = np.arange(3)
        group["block0_values"] = X
    return folder / "v.h5"


def spacy(folder):
    """As spaCy 3.8 writes it: the keys are its hashes of the words, seen there."""
    from wordvec.formats.tools.spacy import murmur64

    keys = [murmur64(word.encode()) for word in WORDS]
    place = folder / "vectors"
    place.mkdir()
    packed = b"".join(b"\xcf" + struct.pack(">Q", key) + bytes([i]) for i, key in enumerate(keys))
    (place / "key2row").write_bytes(bytes([0x80 | len(keys)]) + packed)
    array = io.BytesIO()
    np.save(array, X)
    (place / "vectors").write_bytes(array.getvalue())
    (place / "strings.json").write_text(json.dumps(["other", *WORDS]))
    (place / "vectors.cfg").write_text('{"mode": "default"}')
    return place


def finalfusion(folder):
    chunks = b""
    vocabulary = struct.pack("<Q", 4) + b"".join(
        struct.pack("<I", len(word.encode())) + word.encode() for word in WORDS
    )
    chunks += struct.pack("<IQ", 1, len(vocabulary)) + vocabulary
    head = struct.pack("<QII", 4, 3, 10)
    at = 12 + 8 + len(chunks) + 12 + len(head)
    pad = bytes(-at % 4)
    chunks += struct.pack("<IQ", 2, len(head) + len(pad) + X.nbytes) + head + pad + X.tobytes()
    path = folder / "v.fifu"
    path.write_bytes(b"FiFu" + struct.pack("<II", 0, 2) + struct.pack("<II", 1, 2) + chunks)
    return path


def fasttext(folder):
    out = struct.pack("<ii12id", 793712314, 12, 3, 5, 1, 1, 5, 1, 2, 2, 0, 0, 0, 100, 1e-4)
    out += struct.pack("<iiiqq", 4, 4, 0, 10, -1)
    for i, word in enumerate(WORDS):
        out += word.encode() + b"\0" + struct.pack("<qb", 4 - i, 0)
    out += b"\0" + struct.pack("<qq", 4, 3) + X.tobytes()
    path = folder / "v.fasttext"
    path.write_bytes(out)
    return path


def with_ngrams(folder, name):
    """floret's table of 16 rows in three dimensions, two hashes and n-grams of 2 to 3 characters,
    as floret or as spaCy write it; it has no words."""
    table = np.random.default_rng(5).integers(-64, 64, (16, 3)).astype(np.float32) / 16
    if name == "floret":
        rows = [f"{i} " + " ".join(f"{x:g}" for x in row) for i, row in enumerate(table)]
        path = folder / "v.floret"
        path.write_text("16 3 2 3 2 2166136261 < >\n" + "\n".join(rows) + "\n")
        return path
    place = folder / "floret"
    place.mkdir()
    (place / "key2row").write_bytes(b"\x80")
    with open(place / "vectors", "wb") as file:
        np.save(file, table)
    facts = {"mode": "floret", "minn": 2, "maxn": 3, "hash_count": 2, "hash_seed": 2166136261}
    (place / "vectors.cfg").write_text(json.dumps({**facts, "bow": "<", "eow": ">", "attr": 65}))
    (place / "strings.json").write_text("[]")
    return place


def sense2vec(folder):
    """As spaCy's vectors, with frequencies."""
    from wordvec.formats.tools.spacy import murmur64

    place = spacy(folder)
    facts = [[murmur64(word.encode()), 10 - i] for i, word in enumerate(WORDS)]
    (place / "freqs.json").write_text(json.dumps(facts))
    return place


def glove_v(folder):
    """The vectors of a folder of GloVe-V; the variances are another file."""
    place = folder / "glove-v"
    place.mkdir()
    lines = "".join(f"{word} {9 - i}\n" for i, word in enumerate(WORDS))
    (place / "vocab.txt").write_bytes(lines.encode())
    facts = {"center_vectors": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, X.nbytes]}}
    text = json.dumps(facts).encode()
    (place / "vectors.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + X.tobytes())
    return place


def binary_of_gensim(folder):
    """word2vec's binary format as gensim writes it: no newline follows a vector."""
    rows = zip(WORDS, X, strict=True)
    data = b"".join(word.encode() + b" " + row.tobytes() for word, row in rows)
    (folder / "v.bin").write_bytes(b"4 3\n" + data)
    return folder / "v.bin"


def packed(how):
    """A text packed by a function, or the member of an archive."""

    def make(folder):
        content = "\n".join(["4 3", *rows(" "), ""]).encode()
        path = folder / "v.packed"
        if how == "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("v.txt", content)
        elif how == "tar":
            with tarfile.open(path, "w:gz") as archive:
                member = tarfile.TarInfo("v.txt")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        else:
            path.write_bytes(how(content))
        return path

    return make


SAMPLES = {
    "word2vec": written("word2vec"),
    "word2vec of gensim": binary_of_gensim,
    "word2vec-text": written("word2vec-text"),
    "glove": written("glove"),
    "npy": written("npy"),
    "parquet": written("parquet"),
    "fasttext": fasttext,
    "finalfusion": finalfusion,
    "csv with a header": csv("word,a,b,c"),
    "csv of a data frame": csv("word,0,1,2"),
    "csv of a data frame with row numbers": numbered,
    "csv without a header": csv(None),
    "csv with semicolons": csv("word;a;b;c", ";", ","),
    "tsv with a header": csv("\t0\t1\t2", "\t"),
    "csv with blanks and a header": csv("word a b c", " "),
    "magnitude": magnitude,
    "hdf5": hdf5,
    "safetensors": written("safetensors"),
    "static-embedding": written("static-embedding"),
    "spacy": spacy,
    "sense2vec": sense2vec,
    "glove-v": glove_v,
    "gzip": packed(gzip.compress),
    "bzip2": packed(bz2.compress),
    "xz": packed(lzma.compress),
    "lzma": packed(functools.partial(lzma.compress, format=lzma.FORMAT_ALONE)),
    "zip": packed("zip"),
    "tar": packed("tar"),
}
WITHOUT_WORDS = ("floret", "spacy in floret's mode")
