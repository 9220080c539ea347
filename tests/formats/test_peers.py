"""Files that other programs wrote come back equal."""

import csv
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_files import WORDS, X
from vector_peers import GIVEN, same, vectors

from wordvec import WordVectors, formats, load
from wordvec.errors import FormatError


def save_by_gensim(path, words, rows, binary):
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    keyed = KeyedVectors(rows.shape[1])
    keyed.add_vectors(words, rows)
    keyed.save_word2vec_format(path, binary=binary)


@GIVEN
@given(made=vectors())
def test_word2vecs_text_of_gensim(tmp_path, made):
    save_by_gensim(tmp_path / "v", *made, binary=False)
    same(tmp_path / "v", *made)


# Beyond them is what letters are that were taken for numbers; gensim writes no newlines, which
# would show the shift.
LAWFUL = st.floats(-1e10, 1e10, width=32)


@GIVEN
@given(made=vectors(LAWFUL))
def test_word2vecs_binary_of_gensim(tmp_path, made):
    save_by_gensim(tmp_path / "v", *made, binary=True)
    same(tmp_path / "v", *made)


@pytest.mark.parametrize("phrase", ["new york", "type a", "in 2010", "a b c d", "u.s. navy", " x"])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_blank_in_a_word_of_gensims_binary_is_seen(tmp_path, phrase, place):
    """The numbers behind it would be those of other words, and one word would be gone."""
    rng = np.random.default_rng(place)
    words = [f"w{i}" for i in range(7)]
    words[place] = phrase
    rows = rng.standard_normal((7, 8)).astype(np.float32)
    save_by_gensim(tmp_path / "v", words, rows, binary=True)
    with pytest.raises(FormatError, match=r"byte [0-9]+: .*"):
        load(tmp_path / "v")


@GIVEN
@given(made=vectors())
def test_arrays_of_numpy_with_words_beside(tmp_path, made):
    words, rows = made
    np.save(tmp_path / "v.npy", rows)
    (tmp_path / "v.words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    same(tmp_path / "v.npy", words, rows)


def test_arrays_of_python_2(tmp_path):
    """Its whole numbers end in L, of which numpy warns."""
    np.save(tmp_path / "v.npy", X)
    data = (tmp_path / "v.npy").read_bytes()
    short, long = (f"({len(X)}{end}, {X.shape[1]}{end})".encode() for end in ("", "L"))
    assert short + b", }  " in data
    (tmp_path / "v.npy").write_bytes(data.replace(short + b", }  ", long + b", }"))
    (tmp_path / "v.words.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    same(tmp_path / "v.npy", WORDS, X)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@GIVEN
@given(made=vectors())
def test_tables_of_the_csv_module(tmp_path, separator, made):
    words, rows = made
    with open(tmp_path / "v.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, delimiter=separator)
        table.writerow(["word", *(f"x{i}" for i in range(rows.shape[1]))])
        table.writerows(
            [word, *map(repr, row.tolist())] for word, row in zip(words, rows, strict=True)
        )
    same(tmp_path / "v.csv", words, rows)


@GIVEN
@given(made=vectors())
def test_data_frames_of_h5py(tmp_path, made):
    h5py = pytest.importorskip("h5py")
    words, rows = made
    with h5py.File(tmp_path / "v.h5", "w") as file:
        group = file.create_group("mat")
        group["axis0"] = np.arange(rows.shape[1])
        group["axis1"] = np.array([word.encode() for word in words])
        group["block0_values"] = rows
    same(tmp_path / "v.h5", words, rows)


@GIVEN
@given(made=vectors())
def test_tables_of_pyarrow(tmp_path, made):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    words, rows = made
    numbers = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
    parquet.write_table(pa.table({"word": words, "vector": numbers}), tmp_path / "v.parquet")
    same(tmp_path / "v.parquet", words, rows)


@GIVEN
@given(made=vectors())
def test_tensors_of_safetensors(tmp_path, made):
    library = pytest.importorskip("safetensors.numpy")
    words, rows = made
    text = [word.encode() for word in words]
    tensors = {
        "words": np.frombuffer(b"".join(text), np.uint8),
        "offsets": np.cumsum([0, *map(len, text)]),
        "vectors": rows,
        "counts": np.arange(len(words), 0, -1),
    }
    library.save_file(tensors, tmp_path / "v.safetensors", metadata={"by": "the library"})
    same(tmp_path / "v.safetensors", words, rows)
    assert load(tmp_path / "v.safetensors").counts.tolist() == tensors["counts"].tolist()


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_numbers_of_other_sizes_in_safetensors(tmp_path, dtype):
    library = pytest.importorskip("safetensors.numpy")
    text = [word.encode() for word in WORDS]
    tensors = {
        "vectors": X.astype(dtype),
        "words": np.frombuffer(b"".join(text), np.uint8),
        "offsets": np.cumsum([0, *map(len, text)]),
    }
    library.save_file(tensors, tmp_path / "v.safetensors")
    same(tmp_path / "v.safetensors", WORDS, X)


def test_bfloat16_in_safetensors(tmp_path):
    rows = (X.view(np.uint32) >> 16).astype("<u2").tobytes()
    words, ends = b"catdog", np.array([0, 3, 6]).tobytes()
    at, header = 0, {}
    for name, dtype, shape, data in (
        ("vectors", "BF16", [2, 6], rows),
        ("words", "U8", [6], words),
        ("offsets", "I64", [3], ends),
    ):
        offsets = [at, at := at + len(data)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
    text = json.dumps(header).encode()
    (tmp_path / "v").write_bytes(struct.pack("<Q", len(text)) + text + rows + words + ends)
    same(tmp_path / "v", ["cat", "dog"], X.reshape(2, 6))


def test_the_library_reads_what_we_write(tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    formats.save(WordVectors(WORDS, X), tmp_path / "v.safetensors")
    np.testing.assert_array_equal(library.load_file(tmp_path / "v.safetensors")["vectors"], X)


def test_tables_of_floret(tmp_path):
    floret = pytest.importorskip("floret")
    rng = np.random.default_rng(0)
    words = [a + b + c for a in "kmrst" for b in "aeiou" for c in "nlrst"]
    lines = [" ".join(rng.choice(words, 9)) for _ in range(200)]
    (tmp_path / "text").write_text("\n".join(lines) + "\n")
    options = {"mode": "floret", "minn": 2, "maxn": 4, "dim": 6, "bucket": 100, "epoch": 2}
    for hashes in (1, 2, 3, 4):
        model = floret.train_unsupervised(
            str(tmp_path / "text"), hashCount=hashes, thread=1, verbose=0, **options
        )
        model.save_floret_vectors(str(tmp_path / "v.floret"))
        wv = load(tmp_path / "v.floret")
        # The file has five digits; floret gives its first word and </s> rows of their own.
        for word in [*model.get_words()[2:40], "unseen", "größe", "x"]:
            expected = model.get_word_vector(word)
            np.testing.assert_allclose(wv.vector(word).vector, expected, rtol=0, atol=2e-4)
