"""Look-up of words that are not there: how each vector came about, and what is refused."""

import numpy as np
import pytest

from wordvec import WordVectors, load
from wordvec.errors import UnknownWordError
from wordvec.native.vectors.ngram import Ngrams
from wordvec.native.vectors.store import hash_key
from wordvec.vectors.matrix import Matrix
from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords
from wordvec.vectors.oov.unseen import NATIVE, Induction, Subwords, context_tokens

WORDS = ["walk", "walked", "walking", "talk", "talked", "talking", "Berlin", "größe"]


# Threads of one test have the same vectors; who changes them must be alone (make parallel).
changes_vectors = pytest.mark.thread_unsafe


@pytest.fixture(params=["memory", "mapped"])
def wv(request, tmp_path):
    """Words with n-grams, folded spellings and an induction matrix that doubles."""
    X = np.random.default_rng(0).standard_normal((len(WORDS), 6)).astype(np.float32)
    made = fit_subwords(
        WordVectors(WORDS, X), SubwordOptions(dtype="f32", buckets=1 << 16)
    ).with_folding()
    made.induction = Induction(2 * np.eye(6, dtype=np.float32), 2)
    if request.param == "memory":
        return made
    made.save(tmp_path / "v.wv")
    return load(tmp_path / "v.wv")


@changes_vectors
def test_each_way_is_named(wv):
    assert wv.vector("walk")[1:] == ("exact", "walk")
    assert wv.vector("BERLIN")[1:] == ("folded", "Berlin")
    assert wv.vector("GRÖSSE")[1:] == ("folded", "größe")
    assert wv.vector("stalking")[1:] == ("subword", None)
    assert wv.vector("zzz", ["the zzz walk"])[1:] == ("context", None)
    wv.subwords = None
    assert wv.vector("berlni", fold=False)[1:] == ("typo", "Berlin")
    nothing = wv.vector("qqqqq")
    assert nothing[1:] == ("none", None)
    assert not nothing.vector.any()
    assert wv.vector("BERLIN", fold=False, typo=False).how == "none"


def test_a_batch_gives_what_single_look_ups_give(wv):
    words = ["walk", "BERLIN", "stalking", b"talk", "qqqqq"]
    rows, how = wv.lookup(words)
    assert how == ["exact", "folded", "subword", "exact", "none"]
    for row, word in zip(rows, words, strict=True):
        single = wv.vector(word if isinstance(word, str) else word.decode(), typo=False)
        np.testing.assert_allclose(row, single.vector, rtol=1e-6)


@changes_vectors
def test_plain_look_up_is_strict_unless_asked(wv):
    for ask in (lambda: wv["stalking"], lambda: wv[["walk", "stalking"]]):
        with pytest.raises(UnknownWordError, match="stalking"):
            ask()
    wv.strict = False
    np.testing.assert_array_equal(wv["stalking"], wv.vector("stalking").vector)
    assert wv[["walk", "stalking"]].shape == (2, 6)
    wv.subwords = None
    with pytest.raises(UnknownWordError, match="qqqqq"):
        wv["qqqqq"]
    with pytest.raises(UnknownWordError, match="qqqqq"):
        wv[["walk", "qqqqq"]]


def test_the_vector_from_contexts_is_the_matrix_times_their_mean(wv):
    near = (wv["walk"] + wv["talk"]) / 2
    text = "Berlin x walk the new talk y größe"
    got = wv.induce("new", [text], form=False)  # two words on each side: walk, the, talk, y
    np.testing.assert_allclose(got, 2 * near, rtol=1e-5)
    np.testing.assert_allclose(wv.induce("new", [text.split()], form=False), got)
    whole = wv.induce("absent", ["walk talk"], form=False)
    np.testing.assert_allclose(whole, 2 * near, rtol=1e-5)


@changes_vectors
def test_form_and_context_are_mixed_by_their_share(wv):
    induction = wv.induction
    wv.induction = Induction(induction.matrix, 2, odds=0.0, slope=1.0)
    context = wv.induce("stalking", ["walk ___ talk"], form=False)
    form = wv.vector("stalking").vector
    share = wv.induction.form_share(2)
    assert share == pytest.approx(1 / 3)
    mixed = wv.induce("stalking", ["walk ___ talk"])
    np.testing.assert_allclose(mixed, share * form + (1 - share) * context, rtol=1e-5)


@changes_vectors
def test_induction_without_matrix_or_known_words_is_refused(wv):
    with pytest.raises(ValueError, match="no context"):
        wv.induce("x", ["nothing here"])
    with pytest.raises(TypeError, match="list of texts"):
        wv.induce("x", "walk talk")
    wv.induction = None
    with pytest.raises(ValueError, match="fit_induction"):
        wv.induce("x", ["walk"])
    assert wv.vector("stalking", ["walk"]).how == "subword"


def test_context_tokens_are_those_near_the_word():
    assert context_tokens("x", "a b x c d", 1) == ["b", "c"]
    assert context_tokens("x", "a ___ c x", 1) == ["a", "c"]
    assert context_tokens("x", ["a", "b"], 1) == ["a", "b"]
    assert context_tokens("x", "x x", 3) == []


def test_n_grams_are_those_of_the_definition():
    grams = Ngrams(NATIVE, 2, 3, 2**40)
    for word in ["", "a", "größe", "日本"]:
        marked = f"<{word}>"
        expected = [
            hash_key(marked[i : i + n]) % 2**40
            for i in range(len(marked))
            for n in (2, 3)
            if i + n <= len(marked)
        ]
        assert grams.rows(word.encode()) == expected


def test_bytes_that_are_no_text_and_long_words_have_n_grams():
    grams = Ngrams(NATIVE, 3, 6, 1000)
    assert len(grams.rows(b"\x80\xff\xfe\x80")) > 0
    assert len(grams.rows(b"x" * 100_000)) <= 8192
    for bad in ({"minn": 0}, {"minn": 4, "maxn": 3}, {"buckets": 0}, {"hash": 9}, {"hashes": 2}):
        with pytest.raises(ValueError, match=r"n-gram|buckets|rows"):
            Ngrams(**{"hash": NATIVE, "minn": 3, "maxn": 6, "buckets": 5, **bad})


def test_rows_of_zeros_do_not_count_as_known():
    table = np.zeros((64, 3), np.float32)
    grams = Subwords(Matrix(table), minn=3, maxn=3)
    rows = grams.ngrams.rows(b"word")
    table[rows[0]] = [1, 2, 3]
    vectors, used = Subwords(Matrix(table), minn=3, maxn=3).vectors([b"word", b"zz"])
    assert used.tolist()[0] == rows.count(rows[0])
    np.testing.assert_array_equal(vectors[0], [1, 2, 3])


def test_padded_batches_hold_vectors_and_a_mask(wv):
    sentences = [["walk", "talk", "qqqqq"], ["Berlin"], []]
    batch, mask = wv.pad(sentences)
    assert batch.shape == (3, 3, 6)
    assert mask.tolist() == [[True, True, False], [True, False, False], [False] * 3]
    np.testing.assert_array_equal(batch[0, :2], wv[["walk", "talk"]])
    assert not batch[~mask].any()
    left, mask = wv.pad(sentences, 2, left=True)
    assert mask.tolist() == [[True, True], [False, True], [False, False]]
    np.testing.assert_array_equal(left[1, 1], wv["Berlin"])
    unseen, mask = wv.pad([["stalking", "qqqqq"]], unseen=True)
    assert mask.tolist() == [[True, False]]
    np.testing.assert_allclose(unseen[0, 0], wv.vector("stalking").vector, rtol=1e-6)


def test_prefixes_come_by_id(wv):
    assert wv.prefix("walk") == ["walk", "walked", "walking"]
    assert wv.prefix("t", topn=2) == ["talk", "talked"]
    assert wv.prefix("grö") == ["größe"]
    assert wv.prefix("") == WORDS
    assert wv.prefix("x") == []


def test_a_prefix_of_the_last_byte_has_no_upper_end():
    wv = WordVectors([b"a", b"\xff\xff", b"\xff"], np.ones((3, 1), np.float32))
    assert wv.prefix("\udcff") == ["\udcff\udcff", "\udcff"]
