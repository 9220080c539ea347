"""Files in the layouts that other tools document, of any words and numbers: they come back equal.

For peers that are not installed where the tests run; their layouts are written out here.
"""

import io
import json
import sqlite3
import struct

import numpy as np
import pytest
from hypothesis import given
from vector_peers import GIVEN, same, vectors

from wordvec import load
from wordvec.formats.tools.spacy import murmur64


# gensim leaves such a file open when it reads one; here it writes.
@GIVEN
@given(made=vectors())
def test_gloves_text_of_gensim(tmp_path, made):
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    words, rows = made
    keyed = KeyedVectors(rows.shape[1])
    keyed.add_vectors(words, rows)
    keyed.save_word2vec_format(tmp_path / "v", write_header=False)
    same(tmp_path / "v", words, rows)


@GIVEN
@given(made=vectors())
def test_numberbatchs_text(tmp_path, made):
    """A header, and URIs of terms in place of words."""
    words, rows = made
    terms = [f"/c/en/{word}" for word in words]
    lines = [
        " ".join([term, *map(repr, row)]) for term, row in zip(terms, rows.tolist(), strict=True)
    ]
    text = "\n".join([f"{len(words)} {rows.shape[1]}", *lines, ""])
    (tmp_path / "v").write_text(text, encoding="utf-8")
    same(tmp_path / "v", terms, rows)


@GIVEN
@given(made=vectors())
def test_magnitudes_database(tmp_path, made):
    """Columns of whole numbers, 10 ** precision times the values, a column of norms, and a table of
    facts, as its converter writes them (release 0.1.147, whose files were compared)."""
    words, rows = made
    numbers = np.clip(rows.astype(float), -100, 100)
    size = numbers.shape[1]
    (tmp_path / "v").unlink(missing_ok=True)
    base = sqlite3.connect(tmp_path / "v")
    columns = ", ".join(f"dim_{i} INTEGER" for i in range(size))
    base.execute(f"CREATE TABLE magnitude (key TEXT COLLATE NOCASE, {columns}, magnitude REAL)")
    base.execute("CREATE TABLE magnitude_format (key TEXT COLLATE NOCASE, value INTEGER)")
    facts = {"version": 2, "elmo": 0, "size": len(words), "dim": size, "precision": 7}
    base.executemany("INSERT INTO magnitude_format VALUES (?, ?)", facts.items())
    entropies = [("entropy", i) for i in range(size)]
    base.executemany("INSERT INTO magnitude_format VALUES (?, ?)", entropies)
    whole = [[round(x * 10**7) for x in row] for row in numbers.tolist()]
    holes = ", ".join("?" * (size + 2))
    for word, row in zip(words, whole, strict=True):
        base.execute(f"INSERT INTO magnitude VALUES ({holes})", (word, *row, 2.0))
    base.execute("CREATE INDEX magnitude_key_idx ON magnitude (key)")
    base.commit()
    base.close()
    same(tmp_path / "v", words, (2 * np.array(whole) / 10**7).astype(np.float32))


@GIVEN
@given(made=vectors())
@pytest.mark.parametrize("own_length", [True, False])
def test_finalfusions_explicit_n_grams(tmp_path, own_length, made):
    """finalfusion's Python package (0.7.1) writes a length of the vocabulary that is 8 bytes too
    short per n-gram; its Rust library writes the length that it has."""
    words, rows = made
    grams = [b"<ca", b"cat", b"at>"]
    listed = b"".join(struct.pack("<I", len(w)) + w for w in (each.encode() for each in words))
    listed += b"".join(
        struct.pack("<I", 3) + gram + struct.pack("<Q", i) for i, gram in enumerate(grams)
    )
    head = struct.pack("<QQII", len(words), len(grams), 3, 3)
    length = len(head) + len(listed) - (0 if own_length else 8 * len(grams))
    out = b"FiFu" + struct.pack("<4I", 0, 2, 8, 2)
    out += struct.pack("<IQ", 8, length) + head + listed
    all_rows = np.concatenate([rows, np.ones((len(grams), rows.shape[1]), np.float32)])
    matrix = struct.pack("<QII", *all_rows.shape, 10)
    pad = bytes(4 - (len(out) + 12 + len(matrix)) % 4)
    data = matrix + pad + all_rows.tobytes()
    (tmp_path / "v").write_bytes(out + struct.pack("<IQ", 2, len(data)) + data)
    same(tmp_path / "v", words, rows)


def spacys_folder(place, words, rows, row_of):
    """`vectors`, `key2row`, `strings.json` and `vectors.cfg` as spaCy 3 writes them."""
    place.mkdir(parents=True, exist_ok=True)
    packed = bytearray(b"\xdf" + struct.pack(">I", len(words)))
    for word, row in zip(words, row_of, strict=True):
        packed += b"\xcf" + struct.pack(">Q", murmur64(word.encode()))
        packed += bytes([row]) if row < 128 else b"\xcc" + bytes([row])
    (place / "key2row").write_bytes(packed)
    array = io.BytesIO()
    np.save(array, rows, allow_pickle=False)
    (place / "vectors").write_bytes(array.getvalue())
    (place / "strings.json").write_text(json.dumps(["", "other", *words]), encoding="utf-8")
    (place / "vectors.cfg").write_text(json.dumps({"mode": "default", "name": "v", "attr": 65}))


@pytest.mark.parametrize("inside", ["", "vocab", "en_model-3.0.0/vocab"])
@GIVEN
@given(made=vectors())
def test_spacys_vectors_in_a_folder_a_model_or_a_package(tmp_path, inside, made):
    words, rows = made
    spacys_folder(tmp_path / "m" / inside, words, rows, range(len(words)))
    same(tmp_path / "m", words, rows)


@GIVEN
@given(made=vectors())
def test_spacys_pruned_vectors_share_rows(tmp_path, made):
    words, rows = made
    row_of = [i // 2 for i in range(len(words))]
    spacys_folder(tmp_path / "m", words, rows, row_of)
    same(tmp_path / "m", words, rows[row_of])


@GIVEN
@given(made=vectors())
def test_sense2vecs_folder_has_frequencies(tmp_path, made):
    words, rows = made
    senses = [f"{word}|NOUN" for word in words]
    spacys_folder(tmp_path / "s", senses, rows, range(len(words)))
    (tmp_path / "s" / "cfg").write_text(json.dumps({"senses": ["NOUN"]}))
    freqs = [[murmur64(sense.encode()), 100 - i] for i, sense in enumerate(senses)]
    (tmp_path / "s" / "freqs.json").write_text(json.dumps(freqs))
    same(tmp_path / "s", senses, rows)
    assert load(tmp_path / "s").counts.tolist() == [100 - i for i in range(len(words))]


@pytest.mark.parametrize("normed", [True, False])
@GIVEN
@given(made=vectors())
def test_finalfusions_chunks(tmp_path, normed, made):
    """Words, a matrix of float32 and, where rows have norm 1, the norms."""
    words, rows = made
    chunks = []
    text = [word.encode() for word in words]
    vocabulary = struct.pack("<Q", len(words)) + b"".join(
        struct.pack("<I", len(word)) + word for word in text
    )
    chunks.append((1, lambda at: vocabulary))

    def array(head, numbers):
        # Padding to a multiple of four: four bytes where it is one already.
        return lambda at: head + bytes(4 - (at + len(head)) % 4) + numbers.astype("<f4").tobytes()

    chunks.append((2, array(struct.pack("<QII", len(rows), rows.shape[1], 10), rows)))
    norms = np.arange(1, len(rows) + 1, dtype=np.float32)
    if normed:
        chunks.append((6, array(struct.pack("<QI", len(rows), 10), norms)))
    out = b"FiFu" + struct.pack("<II", 0, len(chunks))
    out += b"".join(struct.pack("<I", kind) for kind, _ in chunks)
    for kind, content in chunks:
        body = content(len(out) + 12)
        out += struct.pack("<IQ", kind, len(body)) + body
    (tmp_path / "v").write_bytes(out)
    with np.errstate(over="ignore"):
        same(tmp_path / "v", words, rows * norms[:, None] if normed else rows)
