"""Encodings: what they keep, what they refuse, and that searches agree with the dense matrix."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wordvec import WordVectors, load
from wordvec.native.vectors.codec import Codec, pq_assign
from wordvec.vectors import file as store
from wordvec.vectors.matrix import (
    Matrix,
    encode,
    largest,
    largest_of_many,
    quantised_query,
    to_int8,
)
from wordvec.vectors.matrix.rows import SMALL

FLOATS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 20), st.integers(1, 9)),
    elements=st.floats(-65504, 65504, width=32),
)
CODES = {"f16": store.F16, "bf16": store.BF16, "int8": store.I8, "pq": store.PQ}


def draw(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@given(FLOATS)
def test_half_precision_is_numpys(X):
    np.testing.assert_array_equal(
        encode(Matrix(X), store.F16).decoded(), X.astype(np.float16).astype(np.float32)
    )


def test_every_half_is_decoded_as_numpy_does():
    bits = np.arange(65536, dtype=np.uint16)
    codec = Codec(store.F16, 256, 256, 0, bits.view(np.uint8), np.empty(0, np.float32))
    out = np.empty((256, 256), np.float32)
    codec.rows(0, out)
    np.testing.assert_array_equal(out.reshape(-1), bits.view(np.float16).astype(np.float32))


@given(FLOATS)
def test_bf16_is_within_half_a_unit_of_its_eight_bits(X):
    decoded = encode(Matrix(X), store.BF16).decoded()
    assert (np.abs(decoded - X) <= np.abs(X) * 2.0**-8 + 1e-38).all()


def test_bf16_rounds_to_even_and_keeps_nan():
    X = np.array([[1 + 2**-8, 1 + 3 * 2**-8, np.nan, np.inf]], np.float32)
    decoded = encode(Matrix(X), store.BF16).decoded()[0]
    assert decoded[0] == 1
    assert decoded[1] == 1 + 2**-6
    assert np.isnan(decoded[2])
    assert decoded[3] == np.inf


@given(FLOATS)
def test_int8_is_within_half_a_step(X):
    codes, scales = to_int8(X)
    assert np.abs(codes).max() <= 127
    bound = 0.5001 * scales[:, None] + 1e-38
    assert (np.abs(codes * scales[:, None] - X) <= bound + np.abs(X) * 1e-6).all()


@pytest.mark.parametrize(
    ("dtype", "value"), [("f16", 70000), ("int8", np.inf), ("int8", np.nan), ("pq", np.nan)]
)
def test_what_an_encoding_cannot_hold_is_refused(dtype, value):
    X = draw(300, 4)
    X[7, 1] = value
    with pytest.raises(ValueError, match=r"65,504|not finite"):
        WordVectors([str(i) for i in range(300)], X).astype(dtype)


def test_product_quantisation_takes_the_nearest_centroid():
    X, centroids = draw(50, 3), draw(256, 3, seed=1)
    codes = np.empty(50, np.uint8)
    pq_assign(X, np.ascontiguousarray(centroids.T), (centroids**2).sum(1) / 2, codes)
    distances = ((X[:, None].astype(np.float64) - centroids[None]) ** 2).sum(2)
    picked = distances[np.arange(50), codes]
    np.testing.assert_allclose(picked, distances.min(1), rtol=1e-4)


def test_product_quantisation_of_few_rows_loses_little():
    """With no more rows than centroids nearly each row has one of its own."""
    X = draw(200, 6)
    decoded = encode(Matrix(X), store.PQ, parts=3).decoded()
    assert np.mean((decoded - X) ** 2) < 0.01 * np.mean(X**2)
    with pytest.raises(ValueError, match="divide the 6"):
        encode(Matrix(X), store.PQ, parts=4)


def test_product_quantisation_is_the_same_at_any_number_of_threads(monkeypatch):
    made = []
    for threads in ("1", "3"):
        monkeypatch.setenv("WORDVEC_THREADS", threads)
        made.append(encode(Matrix(draw(3000, 8)), store.PQ, parts=4).section(store.VECTORS))
    assert made[0].crc() == made[1].crc()


@pytest.mark.parametrize("dtype", CODES)
def test_rows_blocks_and_searches_of_an_encoding_agree(dtype):
    X = draw(2000, 30)
    matrix = encode(Matrix(X), CODES[dtype])
    dense = Matrix(matrix.decoded())
    ids = np.array([5, 1999, 5, 0])
    np.testing.assert_array_equal(matrix.take(ids), dense.take(ids))
    np.testing.assert_array_equal(matrix.block(7, 19), dense.block(7, 19))
    np.testing.assert_array_equal(matrix.row(1999), dense.row(1999))
    np.testing.assert_allclose(matrix.norms(), np.linalg.norm(dense.decoded(), axis=1), rtol=1e-5)
    scale = (1 / matrix.norms()).astype(np.float32)
    query = X[3]
    for start, stop in ((0, 2000), (100, 1000), (5, 6), (9, 9)):
        got, expected = (largest(m, query, 10, scale, start, stop) for m in (matrix, dense))
        assert got[0].tolist() == expected[0].tolist()
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-5)
    many = largest_of_many(matrix, X[:3], 10, scale, 0, 2000)
    one = [largest(dense, q, 10, scale, 0, 2000) for q in X[:3]]
    assert many[0].tolist() == [ids.tolist() for ids, _ in one]


@pytest.mark.parametrize("dtype", ["f32", "f64", *CODES])
def test_many_rows_are_taken_by_several_threads(monkeypatch, dtype):
    monkeypatch.setenv("WORDVEC_THREADS", "3")
    X = draw(300, 30)
    dense = Matrix(X if dtype != "f64" else X.astype(np.float64))
    matrix = encode(dense, CODES[dtype]) if dtype in CODES else dense
    ids = np.random.default_rng(1).integers(0, 300, 2 * SMALL // 30)
    taken = matrix.take(ids)
    assert taken.dtype == (np.float64 if dtype == "f64" else np.float32)
    np.testing.assert_array_equal(taken, matrix.decoded()[ids])


@pytest.mark.parametrize("dtype", ["f32", "int8"])
@pytest.mark.parametrize("keep", [WordVectors.with_sketch, WordVectors.with_coarse])
def test_the_sketch_finds_what_the_search_of_all_rows_finds(tmp_path, dtype, keep):
    rng = np.random.default_rng(4)
    X = draw(20000, 60) + 1.5 * draw(200, 60, seed=1)[rng.integers(0, 200, 20000)]
    wv = keep(WordVectors([str(i) for i in range(20000)], X)).astype(dtype)
    wv.save(tmp_path / "v.wv")
    wv = load(tmp_path / "v.wv", verify=True)
    found = 0
    for i in range(50):
        exact = wv.most_similar(str(i), clip_start=100)
        sketched = wv.most_similar(str(i), clip_start=100, coarse=True)
        found += len({w for w, _ in exact} & {w for w, _ in sketched})
        assert [score for _, score in sketched] == sorted((s for _, s in sketched), reverse=True)
        assert all(int(w) >= 100 for w, _ in sketched)
    assert found / 500 >= 0.99


def test_a_sketch_of_few_rows_or_of_zeros_leaves_nobody_out():
    wv = WordVectors(list("abc"), [[0, 0], [1, 2], [1, 1]]).with_sketch()
    assert wv.most_similar("b", coarse=True) == wv.most_similar("b")
    assert wv._sketch.candidates(np.ones(2, np.float32), 2, 0, 3).tolist() == [1, 2]


def clustered(n, d):
    """Rows so near to each other that the int8 copy cannot tell the nearest."""
    rng = np.random.default_rng(3)
    return (rng.standard_normal(d) + 1e-3 * rng.standard_normal((n, d))).astype(np.float32)


@pytest.mark.parametrize("make", [draw, clustered])
def test_with_the_copy_the_answer_is_still_that_of_all_rows(make):
    plain = WordVectors([str(i) for i in range(5000)], make(5000, 40))
    with_copy = plain.with_coarse()
    for i in range(40):
        assert with_copy.most_similar(str(i)) == plain.most_similar(str(i))
        assert with_copy.most_similar(str(i), clip_start=100, topn=3) == plain.most_similar(
            str(i), clip_start=100, topn=3
        )


def test_the_error_of_the_copy_is_more_than_any_score_is_off():
    wv = WordVectors([str(i) for i in range(3000)], draw(3000, 25)).with_coarse()
    unit = wv.get_normed_vectors().astype(np.float64)
    copied = wv._coarse.matrix.decoded().astype(np.float64)
    for query in draw(20, 25, seed=5):
        off = np.abs((unit - copied) @ query.astype(np.float64)).max()
        assert off < wv._coarse.error(query)


def test_without_signs_a_coarse_search_is_that_of_all_rows():
    wv = WordVectors(list("abcd"), draw(4, 3))
    assert wv.most_similar("a", coarse=True) == wv.most_similar("a")


@given(
    arrays.arrays(
        np.float32, st.integers(1, 700), elements=st.floats(-(2.0**100), 2.0**100, width=32)
    )
)
@example(np.array([1e-45, -1e-38], np.float32))
def test_a_quantised_query_cannot_overflow_and_is_near(query):
    codes, unit = quantised_query(query)
    assert int(np.abs(codes.astype(np.int64)).max()) * 128 * len(query) < 2**31
    assert np.abs(codes * np.float64(unit) - query).max() <= 0.51 * unit + 1e-38


@pytest.mark.parametrize("dtype", ["f64", "f16", "bf16", "int8", "pq"])
def test_an_encoding_survives_a_file_and_a_second_encoding(tmp_path, dtype):
    wv = WordVectors([str(i) for i in range(400)], draw(400, 10), contexts=draw(400, 10, seed=1))
    made = wv.astype(dtype)
    made.save(tmp_path / "v.wv")
    read = load(tmp_path / "v.wv", verify=True)
    np.testing.assert_array_equal(read.vectors, made.vectors)
    assert read.astype(dtype)._matrix is read._matrix
    np.testing.assert_array_equal(read.astype("f32").vectors, np.float32(made.vectors))
    assert [w for w, _ in read.items()] == list(wv)
    with pytest.raises(ValueError, match="one of: f32"):
        wv.astype("f8")


def test_ids_outside_of_a_matrix_are_refused():
    codec = Codec(store.F32, 2, 1, 0, np.zeros(8, np.uint8), np.empty(0, np.float32))
    out = np.empty((1, 1), np.float32)
    for i in (-1, 2, 2**62):
        with pytest.raises(IndexError):
            codec.take(np.array([i]), out)
        with pytest.raises(IndexError):
            codec.rows(i, out)
    with pytest.raises(ValueError, match="codes must have"):
        Codec(store.I8, 2, 3, 0, np.zeros(5, np.uint8), np.zeros(2, np.float32))
