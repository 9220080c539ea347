"""Words added, replaced and chosen; attributes; and the way through pickle, copy and processes."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from questions import neighbours

import wordvec
from wordvec import KeyedVectors, WordVectors, load
from wordvec.errors import StoreError, UnknownWordError
from wordvec.vectors.oov.fit import fit_subwords


def draw(n, d=6, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def everything(n=40, d=8):
    """Vectors with all that can come with them."""
    wv = WordVectors(
        [f"w{i}" for i in range(n)],
        draw(n, d),
        counts=np.arange(n, 0, -1),
        contexts=draw(n, d, 1),
        biases=np.arange(n),
        context_biases=-np.arange(n),
        meta={"model": "test"},
    )
    return fit_subwords(wv).with_coarse().with_folding()


def same(a, b):
    assert type(a) is type(b)
    assert list(a) == list(b)
    np.testing.assert_array_equal(a.vectors, b.vectors)
    for name in ("counts", "contexts", "biases", "context_biases"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)
    assert (a.meta, a.strict) == (b.meta, b.strict)
    assert a.most_similar(next(iter(a))) == b.most_similar(next(iter(a)))
    np.testing.assert_array_equal(a.vector("w7x").vector, b.vector("w7x").vector)


@pytest.mark.parametrize("dtype", [None, "f64", "f16", "bf16", "int8", "pq"])
@pytest.mark.parametrize("how", ["pickle", "deepcopy", "in_memory"])
def test_copies_are_the_same(dtype, how):
    wv = everything()
    wv = wv if dtype is None else wv.astype(dtype)
    wv.strict = False
    made = {
        "pickle": lambda: pickle.loads(pickle.dumps(wv)),
        "deepcopy": lambda: copy.deepcopy(wv),
        "in_memory": wv.in_memory,
    }[how]()
    same(made, wv)


def test_mapped_vectors_travel_as_their_path(tmp_path):
    everything().save(tmp_path / "v.wv")
    wv = load(tmp_path / "v.wv")
    wv.meta["note"] = "mine"
    data = pickle.dumps(wv)
    assert len(data) < 1000
    same(pickle.loads(data), wv)
    other = wv.copy()
    other.counts = other.counts + 1
    assert len(pickle.dumps(other)) > 1000  # changed since it was opened
    same(pickle.loads(pickle.dumps(other)), other)
    WordVectors(["a"], draw(1)).save(tmp_path / "v.wv", force=True)
    with pytest.raises(StoreError, match="written again"):
        pickle.loads(data)


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_vectors_go_to_other_processes(tmp_path, start):
    wv = everything()
    wv.save(tmp_path / "v.wv")
    with ProcessPoolExecutor(1, multiprocessing.get_context(start)) as pool:
        here = neighbours(wv)
        assert list(pool.map(neighbours, [wv, load(tmp_path / "v.wv")])) == [here, here]


def test_corpora_vocabularies_shards_and_estimators_are_pickled(tmp_path):
    text = [["a", "b", "c"]] * 9
    corpus = wordvec.encode(text, min_count=1)
    for f in (lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy):
        assert list(f(corpus.vocab)) == list(corpus.vocab)
        np.testing.assert_array_equal(f(corpus).ids, corpus.ids)
        model = wordvec.SkipGram(min_count=1, vector_size=2, threads=1).fit(f(corpus))
        np.testing.assert_array_equal(f(model).vectors_.vectors, model.vectors_.vectors)
        assert f(model).get_params() == model.get_params()
    wordvec.count(corpus, tmp_path / "shards")
    shards = wordvec.Shards(tmp_path / "shards")
    assert (pickle.loads(pickle.dumps(shards)).sparse() != shards.sparse()).nnz == 0


def test_estimators_are_cloned_by_sklearn():
    sklearn = pytest.importorskip("sklearn.base")
    model = wordvec.GloVe(min_count=1, vector_size=3)
    assert sklearn.clone(model).get_params() == model.get_params()


def test_estimators_are_returned_by_sklearns_cross_validation():
    selection = pytest.importorskip("sklearn.model_selection")
    text = [["a", "b", "c"], ["b", "c", "a"]] * 9
    found = selection.cross_validate(
        wordvec.SkipGram(min_count=1, vector_size=2, threads=1),
        text,
        cv=3,
        return_estimator=True,
        scoring=lambda model, X: -model.losses_[-1],
        n_jobs=2,
    )
    assert [len(model.vectors_) for model in found["estimator"]] == [3, 3, 3]


def test_words_are_added_and_replaced():
    wv = WordVectors(["a", "b"], draw(2), counts=[3, 2])
    before = wv.vectors.copy()
    wv.add_vectors(["b", "c", "d", "c"], np.ones((4, 6)))
    assert list(wv) == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(wv["b"], before[1])
    assert wv.counts.tolist() == [3, 2, 0, 0]
    assert wv.most_similar("c", topn=1) == [("d", pytest.approx(1))]
    wv["b"] = np.zeros(6)
    wv[["a", "e"]] = np.full((2, 6), 2.0)
    assert wv["b"].tolist() == [0] * 6
    assert wv["a"].tolist() == wv["e"].tolist() == [2] * 6
    assert wv.norms.tolist()[1] == 0
    assert wv.add_vector("f", np.ones(6)) == 5


def test_the_array_that_was_given_is_not_written_to():
    X = draw(2)
    wv = WordVectors(["a", "b"], X)
    wv["a"] = np.zeros(6)
    assert X[0].any()
    other = wv.copy()
    other["b"] = np.zeros(6)
    assert wv["b"].any()


def test_what_cannot_be_changed_says_how_to_get_a_copy(tmp_path):
    WordVectors(["a", "b"], draw(2)).save(tmp_path / "v.wv")
    wv = load(tmp_path / "v.wv")
    with pytest.raises(ValueError, match=r"mapped from .*v\.wv.*wv = wv.in_memory"):
        wv["a"] = np.zeros(6)
    wv = wv.in_memory()
    wv["a"] = np.zeros(6)
    with pytest.raises(ValueError, match=r"encoded: take wv = wv.astype\('f32'\)"):
        wv.astype("f16")["a"] = np.zeros(6)
    with pytest.raises(ValueError, match=r"shape \(1, 6\), got \(1, 5\)"):
        wv["x"] = np.zeros(5)
    with pytest.raises(ValueError, match="cannot be encoded"):
        wv["\ud800"] = np.zeros(6)
    wv.save(tmp_path / "w.wv")
    np.testing.assert_array_equal(load(tmp_path / "w.wv").vectors, wv.vectors)


def test_attributes_of_words():
    wv = WordVectors(["a", "b"], draw(2))
    assert [wv.get_vecattr(w, "count") for w in "ab"] == [2, 1]  # the rank, as in gensim
    wv.set_vecattr("a", "count", 7)
    wv.set_vecattr("b", "weight", 0.5)
    assert [wv.get_vecattr(w, "count") for w in "ab"] == [7, 0]
    assert [wv.get_vecattr(w, "weight") for w in "ab"] == [0, 0.5]
    wv.add_vectors(["c"], draw(1), extras={"weight": [2.5], "count": [4]})
    assert (wv.get_vecattr("c", "weight"), wv.get_vecattr("c", "count")) == (2.5, 4)
    assert pickle.loads(pickle.dumps(wv)).get_vecattr("c", "weight") == 2.5
    with pytest.raises(KeyError, match="no attribute 'colour'"):
        wv.get_vecattr("a", "colour")
    with pytest.raises(UnknownWordError):
        wv.set_vecattr("x", "count", 1)


@pytest.mark.parametrize("dtype", ["f32", "f64", "f16", "bf16", "int8", "pq"])
def test_chosen_words_keep_what_came_with_them(dtype):
    wv = everything().astype(dtype)
    ids = np.array([5, 3, 30])
    some = wv.select(ids)
    assert list(some) == ["w5", "w3", "w30"]
    np.testing.assert_array_equal(some.vectors, wv.vectors[ids])
    np.testing.assert_array_equal(some.contexts, wv.contexts[ids])
    np.testing.assert_array_equal(some.counts, wv.counts[ids])
    np.testing.assert_array_equal(some.biases, wv.biases[ids])
    np.testing.assert_array_equal(some.vector("zz").vector, wv.vector("zz").vector)
    same(pickle.loads(pickle.dumps(some)), some)
    with pytest.raises(ValueError, match=r"ids must be in \[0, 40\)"):
        wv.select([40])
    with pytest.raises(ValueError, match="twice"):
        wv.select([1, 1])


def test_vectors_for_all_are_those_of_the_words_and_of_n_grams():
    wv = everything()
    all_ = wv.vectors_for_all(["w3", "unknown", "w1", "w3"])
    assert list(all_) == ["w3", "unknown", "w1"]
    np.testing.assert_array_equal(all_["unknown"], wv.vector("unknown").vector)
    assert list(wv.vectors_for_all(["w3", "unknown"], allow_inference=False)) == ["w3"]
    assert wv.vectors_for_all(["w3"], copy_vecattrs=True).counts.tolist() == [wv.counts[3]]


def test_an_empty_keyed_vectors_of_a_size():
    wv = KeyedVectors(3)
    assert (len(wv), wv.vector_size, wv.vectors.dtype) == (0, 3, np.float32)
    wv["a"] = [1.0, 2.0, 3.0]
    assert wv["a"].tolist() == [1, 2, 3]
    assert isinstance(pickle.loads(pickle.dumps(wv)), KeyedVectors)
    assert KeyedVectors(3, dtype=np.float64).vectors.dtype == np.float64
