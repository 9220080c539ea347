"""WordVectors in memory and mapped: the same answers, and gensim's for the same names."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec import WordVectors, load
from wordvec.errors import StoreError, UnknownWordError
from wordvec.vectors.vectors import CLOSENESS

WORDS = [f"w{i}" for i in range(300)]


def draw(n=300, d=20, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.fixture(params=["memory", "mapped"])
def wv(request, tmp_path):
    """The same vectors, made in memory and mapped from a file."""
    made = WordVectors(
        WORDS,
        draw(),
        counts=np.arange(300)[::-1],
        contexts=draw(seed=1),
        biases=np.ones(300),
        meta={"model": "test", "seed": 1},
    )
    if request.param == "memory":
        return made
    made.save(tmp_path / "v.wv")
    return load(tmp_path / "v.wv")


@pytest.fixture(scope="module")
def kv():
    """gensim's KeyedVectors of the same vectors."""
    keyed = pytest.importorskip("gensim.models").KeyedVectors(20)
    keyed.add_vectors(WORDS, draw())
    return keyed


def assert_same(ours, theirs):
    assert [w for w, _ in ours] == [w for w, _ in theirs]
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in theirs], atol=2e-6)


def test_everything_given_comes_back(wv):
    np.testing.assert_array_equal(wv.vectors, draw())
    np.testing.assert_array_equal(wv.contexts, draw(seed=1))
    np.testing.assert_array_equal(wv.counts, np.arange(300)[::-1])
    np.testing.assert_array_equal(wv.biases, np.ones(300))
    assert wv.context_biases is None
    assert wv.meta == {"model": "test", "seed": 1}
    assert list(wv.index_to_key) == WORDS == list(wv) == list(wv.key_to_index)
    assert dict(wv.key_to_index) == {w: i for i, w in enumerate(WORDS)}
    assert (len(wv), wv.vector_size) == (300, 20)
    assert repr(wv) == "<WordVectors of 300 words, 20 dimensions, test>"
    np.testing.assert_allclose(wv.norms, np.linalg.norm(draw(), axis=1), rtol=1e-6)


def test_one_word_and_several(wv):
    np.testing.assert_array_equal(wv["w7"], draw()[7])
    np.testing.assert_array_equal(wv[["w7", b"w2"]], draw()[[7, 2]])
    np.testing.assert_array_equal(wv[[]], draw()[:0])
    np.testing.assert_allclose(np.linalg.norm(wv.get_vector("w7", norm=True)), 1, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(wv.get_normed_vectors(), axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(wv), draw())
    assert "w7" in wv
    assert b"w7" in wv
    assert "x" not in wv
    assert 7 not in wv
    assert wv.get("x") is None
    assert wv.get("x", 5) == 5
    assert wv.get_index("w9") == 9
    assert wv.get_index("x", -5) == -5
    assert wv.get_ids(["w1", "x"], strict=False).tolist() == [1, -1]


def test_sequences_behave_like_lists_and_dicts(wv):
    keys = wv.index_to_key
    assert keys[-1] == "w299"
    assert keys[1:3] == ["w1", "w2"]
    assert keys == WORDS
    assert keys != WORDS[1:]
    assert keys.index("w5") == 5
    with pytest.raises(IndexError):
        keys[300]
    with pytest.raises(KeyError):
        wv.key_to_index["x"]
    assert wv.key_to_index.get(3) is None
    assert repr(keys) == "['w0', 'w1', 'w2', 'w3', 'w4', ...]"


def test_an_unknown_word_names_the_nearest_spellings():
    wv = WordVectors(["king", "kings", "queen", "thing", "Paris"], draw(5))
    for word, near in {"kingg": ["king", "kings"], "qeuen": ["queen"], "paris": ["Paris"]}.items():
        with pytest.raises(KeyError) as caught:
            wv[word]
        assert isinstance(caught.value, UnknownWordError)
        assert str(caught.value) == (
            f"no word {word!r}; nearest known spellings: {', '.join(map(repr, near))}"
        )
    with pytest.raises(UnknownWordError, match=r"^no word 'zzzzzz'; `wordvec oov fit` makes n"):
        wv.most_similar("zzzzzz")
    with pytest.raises(UnknownWordError, match="'kingg'"):
        wv[["king", "kingg"]]


@pytest.mark.parametrize(
    "question",
    [
        {"positive": "w3"},
        {"positive": ["w3", "w4"], "negative": ["w5"]},
        {"positive": [("w3", 0.5), ("w4", -2.0)], "topn": 20},
        {"negative": ["w5"], "topn": 3},
        {"positive": ["w3"], "restrict_vocab": 50},
        {"positive": ["w3"], "clip_start": 10, "clip_end": 40},
        {"positive": [np.arange(20, dtype=np.float32), "w1"]},
        {"positive": ["w3"], "topn": 1000},
    ],
)
def test_most_similar_is_gensims(wv, kv, question):
    assert_same(wv.most_similar(**question), kv.most_similar(**question))


def test_most_similar_of_a_bare_vector_and_of_all(wv, kv):
    query = draw(1, seed=9)[0]
    assert_same(wv.similar_by_vector(query), kv.similar_by_vector(query))
    np.testing.assert_allclose(
        wv.most_similar("w3", topn=None), kv.most_similar("w3", topn=None), atol=1e-6
    )


def test_many_questions_at_once_are_those_one_by_one(wv):
    queries = ["w3", "w3", draw(1, seed=9)[0], "w250"]
    many = wv.most_similar_many(queries, topn=7, restrict_vocab=200)
    for query, answer in zip(queries, many, strict=True):
        assert_same(answer, wv.most_similar(query, topn=7, restrict_vocab=200))
    assert wv.most_similar_many([]) == []


def test_comparisons_are_gensims(wv, kv):
    assert wv.similarity("w1", "w2") == pytest.approx(float(kv.similarity("w1", "w2")), abs=1e-6)
    assert wv.distance("w1", "w2") == pytest.approx(float(kv.distance("w1", "w2")), abs=1e-6)
    a, b = ["w1", "w2", "w3"], ["w4", "w5"]
    assert wv.n_similarity(a, b) == pytest.approx(float(kv.n_similarity(a, b)), abs=1e-6)
    np.testing.assert_allclose(wv.distances("w1"), kv.distances("w1"), atol=1e-6)
    np.testing.assert_allclose(wv.distances("w1", b), kv.distances("w1", b), atol=1e-6)
    assert wv.doesnt_match([*a, *b]) == kv.doesnt_match([*a, *b])
    assert wv.rank("w1", "w2") == kv.rank("w1", "w2")
    assert wv.closer_than("w1", "w2") == kv.closer_than("w1", "w2")
    assert wv.most_similar_to_given("w1", b) == kv.most_similar_to_given("w1", b)
    np.testing.assert_allclose(
        wv.get_mean_vector(["w1", "w2"], [1, -3]),
        kv.get_mean_vector(["w1", "w2"], [1, -3]),
        atol=1e-6,
    )


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")  # in gensim itself
def test_cosmul_is_gensims(wv, kv):
    question = {"positive": ["w3", "w4"], "negative": ["w5"]}
    assert_same(wv.most_similar_cosmul(**question), kv.most_similar_cosmul(**question))


def test_a_zero_vector_is_near_nothing_and_breaks_nothing():
    X = draw(5)
    X[2] = 0
    wv = WordVectors(list("abcde"), X)
    assert wv.similarity("a", "c") == 0
    assert sorted(word for word, _ in wv.most_similar("a", topn=5)) == ["b", "d", "e"]
    with pytest.raises(ValueError, match=r"vector of 'c' is zero: it has no direction"):
        wv.most_similar("c")


def test_a_nan_in_the_vectors_leaves_the_word_out():
    X = draw(5)
    X[2, 1] = np.nan
    wv = WordVectors(list("abcde"), X)
    assert sorted(w for w, _ in wv.most_similar("a")) == ["b", "d", "e"]


def test_threads_do_not_change_the_answer(monkeypatch):
    wv = WordVectors([f"w{i}" for i in range(60000)], draw(60000, 30))
    answers = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("WORDVEC_THREADS", threads)
        answers.append(wv.most_similar("w1", topn=50))
    assert answers[0] == answers[1] == answers[2]


@given(st.lists(st.text(max_size=8), unique=True, min_size=1, max_size=20))
def test_any_words_that_utf8_can_hold_are_kept(words):
    words = [w for w in words if not any("\ud800" <= c <= "\udfff" for c in w)] or ["x"]
    wv = WordVectors(words, draw(len(words), 3))
    assert list(wv.index_to_key) == words
    assert [wv.get_index(w) for w in words] == list(range(len(words)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": ["a", "a"]}, "'a' is there twice"),
        ({"vectors": draw(3)}, "2 rows"),
        ({"vectors": np.ones(2)}, r"\(V, d\)"),
        ({"vectors": np.ones((2, 0))}, "d >= 1"),
        ({"counts": [1]}, "counts must have shape"),
        ({"contexts": draw(2, 3)}, "contexts must have the shape"),
        ({"meta": {"x": object()}}, "JSON"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        WordVectors(**{"words": ["a", "b"], "vectors": draw(2), **change})


@pytest.mark.parametrize("question", [{}, {"positive": []}, {"positive": np.ones(3)}])
def test_questions_without_an_answer_are_value_errors(wv, question):
    with pytest.raises(ValueError, match=r"needs a|must have shape"):
        wv.most_similar(**question)


def test_float64_stays_float64_through_a_file(tmp_path):
    X = np.random.default_rng(0).standard_normal((3, 4))
    WordVectors(list("abc"), X).save(tmp_path / "v.wv")
    wv = load(tmp_path / "v.wv")
    assert wv.vectors.dtype == np.float64
    np.testing.assert_array_equal(wv.vectors, X)
    assert wv.most_similar("a", topn=2)


def test_a_manifold_measures_with_its_own_closeness(monkeypatch, tmp_path):
    monkeypatch.setitem(CLOSENESS, "taxicab", lambda rows, q: -np.abs(rows - q).sum(1))
    X = np.array([[0.0, 0], [3, 0], [0, 1]])
    WordVectors(list("abc"), X, meta={"manifold": "taxicab"}).save(tmp_path / "v.wv")
    wv = load(tmp_path / "v.wv")
    assert wv.most_similar("a") == [("c", -1), ("b", -3)]
    assert wv.most_similar_many(["a"], topn=1) == [[("c", -1)]]
    assert wv.distance("b", "c") == 4
    assert wv.rank("b", "c") == 2
    with pytest.raises(ValueError, match="manifold"):
        wv.most_similar(["a", "b"])
    monkeypatch.delitem(CLOSENESS, "taxicab")
    with pytest.raises(StoreError, match="taxicab"):
        load(tmp_path / "v.wv").most_similar("a")


def test_an_empty_store_is_a_store(tmp_path):
    WordVectors([], np.empty((0, 5), np.float32)).save(tmp_path / "v.wv")
    wv = load(tmp_path / "v.wv", verify=True)
    assert (len(wv), wv.vector_size, list(wv)) == (0, 5, [])
    assert wv.similar_by_vector(np.ones(5)) == []
    with pytest.raises(UnknownWordError):
        wv["a"]


def test_meta_must_be_json_when_saved_too(tmp_path):
    wv = WordVectors(["a"], draw(1))
    wv.meta["x"] = {1, 2}
    with pytest.raises(ValueError, match="JSON"):
        wv.save(tmp_path / "v.wv")
    assert json.dumps(wv.meta.get("y")) == "null"
    assert list(tmp_path.iterdir()) == []
