"""What goes between processes: vectors, estimators, corpora, vocabularies and shards of every kind
through pickle, deepcopy, joblib, spawned and forkserver processes, and scikit-learn."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from questions import seen

import wordvec
from wordvec import KeyedVectors, WordVectors
from wordvec.models import MODELS
from wordvec.relations import from_pairs
from wordvec.text.vocab import Vocabulary
from wordvec.vectors.oov.fit import fit_subwords

TEXT = [["a", "b", "c", "d"], ["b", "c", "a", "e"], ["d", "e", "f", "a"]] * 12
PAIRS = [("dog", "mammal"), ("cat", "mammal"), ("mammal", "animal"), ("bird", "animal")]
SMALL = {"vector_size": 2, "threads": 1, "min_count": 1, "epochs": 1, "bucket": 20, "sample": 0.0}


def estimator(name):
    kind = MODELS[name].load()
    return kind(**{key: value for key, value in SMALL.items() if key in kind.options()})


def fitted(name):
    model = estimator(name)
    if MODELS[name].trains_on == "relations":
        return model.fit(from_pairs(PAIRS))
    return model.fit(TEXT)


def draw(n=12, d=6):
    return np.random.default_rng(n).standard_normal((n, d)).astype(np.float32)


def plain():
    return WordVectors([f"w{i}" for i in range(12)], draw(), counts=np.arange(12, 0, -1))


def mapped(folder):
    fit_subwords(plain()).save(folder / "mapped.wv")
    return wordvec.load(folder / "mapped.wv")


def edited(folder):
    wv = mapped(folder).in_memory()
    wv["new"] = np.ones(6)
    wv.set_vecattr("w1", "colour", "red")
    return wv


def keyed():
    wv = KeyedVectors(3)
    wv["a"] = [1.0, 2.0, 3.0]
    return wv


def shards(folder):
    wordvec.count(wordvec.encode(TEXT, min_count=1), folder / "shards")
    return wordvec.Shards(folder / "shards")


THINGS = {
    "vectors in memory": lambda folder: plain(),
    "float64": lambda folder: WordVectors(["a", "b"], np.eye(2)),
    "int8": lambda folder: plain().astype("int8"),
    "mapped": mapped,
    "with n-grams": lambda folder: fit_subwords(plain()),
    "of a manifold": lambda folder: fitted("poincare").vectors_,
    "edited": edited,
    "KeyedVectors": lambda folder: keyed(),
    "vocabulary": lambda folder: Vocabulary.from_words(["a", "b"], [3, 2]),
    "corpus": lambda folder: wordvec.encode(TEXT, min_count=1),
    "shards": shards,
    **{f"fitted {name}": lambda folder, name=name: fitted(name) for name in MODELS},
    **{f"new {name}": lambda folder, name=name: estimator(name) for name in MODELS},
}


@pytest.mark.parametrize("name", THINGS)
def test_copies_are_the_same(tmp_path, name):
    joblib = pytest.importorskip("joblib")
    thing = THINGS[name](tmp_path)
    expected = seen(thing)
    joblib.dump(thing, tmp_path / "j", compress=3)
    for made in (
        pickle.loads(pickle.dumps(thing)),
        pickle.loads(pickle.dumps(thing, protocol=2)),
        copy.deepcopy(thing),
        copy.copy(thing),
        joblib.load(tmp_path / "j"),
    ):
        assert seen(made) == expected


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_other_processes_see_the_same(tmp_path, start):
    things = []
    for name, make in THINGS.items():
        (tmp_path / name).mkdir()
        things.append(make(tmp_path / name))
    with ProcessPoolExecutor(1, multiprocessing.get_context(start)) as pool:
        assert list(pool.map(seen, things)) == [seen(thing) for thing in things]


def test_joblibs_workers_see_the_same(tmp_path):
    joblib = pytest.importorskip("joblib")
    things = [mapped(tmp_path), plain(), fitted("skipgram"), fitted("glove"), fitted("poincare")]
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(seen)(thing) for thing in things)
    assert found == [seen(thing) for thing in things]


@pytest.mark.parametrize("name", MODELS)
def test_estimators_are_cloned_and_cross_validated(name):
    base = pytest.importorskip("sklearn.base")
    selection = pytest.importorskip("sklearn.model_selection")
    model = estimator(name)
    assert seen(base.clone(fitted(name))) == seen(model)
    data = PAIRS * 3 if MODELS[name].trains_on == "relations" else TEXT
    found = selection.cross_validate(
        model, data, cv=3, return_estimator=True, scoring=lambda model, X: len(model.vectors_)
    )
    assert [len(each.vectors_) for each in found["estimator"]] == found["test_score"].tolist()
    assert all(size >= 3 for size in found["test_score"])
