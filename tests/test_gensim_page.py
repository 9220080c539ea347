"""The page for users of gensim: every row of its tables is run, here and there, on one matrix."""

import inspect
import re
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from wordvec import CBOW, FastText, KeyedVectors, SkipGram, WordVectors, load
from wordvec.errors import FormatError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.measures import MEASURES

PAGE = (Path(__file__).parents[1] / "docs" / "coming-from" / "gensim.md").read_text()
WORDS = [f"w{i}" for i in range(40)]
X = np.random.default_rng(0).standard_normal((40, 12)).astype(np.float32)
LATER = np.random.default_rng(1).standard_normal((3, 12)).astype(np.float32)
# Of gensim's class, and not promised on the page: what saves pickles, or is its inner working.
NOT_HERE = {
    "expandos",
    "mapfile_path",
    "next_index",
    "allocate_vecattrs",
    "resize_vectors",
    "similarity_unseen_docs",
    "log_accuracy",
    "log_evaluate_word_pairs",
    "add_lifecycle_event",
}


def table(heading):
    """The rows of the table below a heading, as cells."""
    text = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cell):
    """The names in the code of a cell: `wv[word]` is __getitem__, `wv[word] = v` __setitem__."""
    found = []
    for code in re.findall(r"`([^`]*)`", cell):
        if code.startswith("wv["):
            found.append("__setitem__" if "=" in code else "__getitem__")
        else:
            found.append(re.match(r"\w+", code).group())
    return found


def filled(kind):
    kv = kind(12)
    kv.add_vectors(WORDS, X.copy())
    for i, word in enumerate(WORDS):
        kv.set_vecattr(word, "count", (i * 7) % 40 + 1)
    return kv


def after(change, *look):
    """What is seen after a change."""

    def call(kv):
        return (change(kv), [each(kv) for each in look])

    return call


def put(key, value):
    return lambda kv: kv.__setitem__(key, value)


MEANS = [
    {"weights": weights, "pre_normalize": pre, "post_normalize": post, "ignore_missing": True}
    for weights, pre, post in product(
        (None, [1.0, -0.5, 2.0, 3.0], np.array([0.0, 1, 2, -1])), (True, False), (True, False)
    )
]

# Each name, called alike on both; the keywords are gensim's.
CALLS = {
    "KeyedVectors": [
        lambda kv: len(type(kv)(vector_size=7)),
        lambda kv: type(kv)(7, count=3, dtype=np.float64).vectors.dtype,
        lambda kv: type(kv)(7).vector_size,
        lambda kv: "w" in type(kv)(7),
    ],
    "key_to_index": [lambda kv: dict(kv.key_to_index), lambda kv: "w3" in kv.key_to_index],
    "index_to_key": [lambda kv: list(kv.index_to_key), lambda kv: kv.index_to_key[2:4]],
    "vectors": [lambda kv: kv.vectors],
    "vector_size": [lambda kv: kv.vector_size],
    "norms": [lambda kv: (kv.fill_norms(), kv.norms)],
    "fill_norms": [lambda kv: (kv.fill_norms(force=True), kv.norms)],
    "__getitem__": [
        lambda kv: kv["w3"],
        lambda kv: kv[["w3", "w1"]],
        lambda kv: kv[3],
        lambda kv: kv[[3, "w1"]],
    ],
    "__setitem__": [
        after(put("w3", LATER[0]), lambda kv: kv["w3"], len, lambda kv: kv.most_similar("w3")),
        after(put("new", LATER[0]), lambda kv: kv["new"], lambda kv: kv.index_to_key[-1]),
        after(put(["w3", "new"], LATER[:2]), lambda kv: kv[["w3", "new"]], len),
    ],
    "get_vector": [
        lambda kv: kv.get_vector(key="w3"),
        lambda kv: kv.get_vector("w3", norm=True),
        lambda kv: kv.get_vector(3),
    ],
    "get_index": [
        lambda kv: kv.get_index(key="w3"),
        lambda kv: kv.get_index("x", default=-5),
        lambda kv: kv.get_index(7),
    ],
    "has_index_for": [
        lambda kv: kv.has_index_for(key="w3"),
        lambda kv: kv.has_index_for("x"),
        lambda kv: (kv.has_index_for(3), kv.has_index_for(40)),
    ],
    "__contains__": [lambda kv: "w3" in kv, lambda kv: "x" in kv],
    "__len__": [len],
    "get_mean_vector": [
        *(
            lambda kv, how=how: kv.get_mean_vector(keys=["w1", "x", "w2", "w3"], **how)
            for how in MEANS
        ),
        lambda kv: kv.get_mean_vector(["w1", "w2", X[5]], ignore_missing=False),
        lambda kv: kv.get_mean_vector([0, "w2"], weights=[1, 2]),
    ],
    "get_normed_vectors": [lambda kv: kv.get_normed_vectors()],
    "add_vector": [
        after(lambda kv: kv.add_vector(key="new", vector=LATER[0]), lambda kv: kv["new"], len)
    ],
    "add_vectors": [
        after(
            lambda kv: kv.add_vectors(keys=["w3", "new"], weights=LATER[:2]),
            lambda kv: kv[["w3", "new"]],
        ),
        after(
            lambda kv: kv.add_vectors(["new", "w3"], LATER[:2], replace=True),
            lambda kv: kv[["w3", "new"]],
        ),
        after(lambda kv: kv.add_vectors("new", LATER[0]), lambda kv: kv["new"]),
    ],
    "get_vecattr": [lambda kv: kv.get_vecattr(key="w3", attr="count")],
    "set_vecattr": [
        after(
            lambda kv: kv.set_vecattr(key="w3", attr="weight", val=0.5),
            lambda kv: kv.get_vecattr("w3", "weight"),
            lambda kv: kv.get_vecattr("w4", "weight"),
        )
    ],
    "vectors_for_all": [
        lambda kv: list(kv.vectors_for_all(keys=["w5", "x", "w1", "w5"]).index_to_key),
        lambda kv: kv.vectors_for_all(["w5", "x", "w1"], allow_inference=False).vectors,
        lambda kv: kv.vectors_for_all(["w5"], copy_vecattrs=True).get_vecattr("w5", "count"),
    ],
    "most_similar": [
        lambda kv: kv.most_similar("w3"),
        lambda kv: kv.most_similar(positive=["w3", "w4"], negative=["w5"], topn=3),
        lambda kv: kv.most_similar(positive=[("w3", 0.5), "w4"], negative=[("w5", -0.25)]),
        lambda kv: kv.most_similar(positive=[("w3", 0.5)], negative=[("w5", 0.25), "w6"]),
        lambda kv: kv.most_similar(negative="w3", topn=2),
        lambda kv: kv.most_similar(positive=X[3] + X[4], topn=5),
        lambda kv: kv.most_similar(["w3", X[7]], topn=5),
        lambda kv: kv.most_similar([3, "w4"], topn=5),
        lambda kv: kv.most_similar("w3", topn=None),
        lambda kv: kv.most_similar("w3", topn=0),
        lambda kv: kv.most_similar("w3", restrict_vocab=9),
        lambda kv: kv.most_similar("w3", clip_start=5, clip_end=15, topn=4),
        lambda kv: kv.most_similar("w3", clip_start=5, clip_end=15, restrict_vocab=7),
        lambda kv: kv.most_similar("w3", topn=None, clip_start=5, clip_end=15),
    ],
    "similar_by_word": [lambda kv: kv.similar_by_word(word="w3", topn=4, restrict_vocab=20)],
    "similar_by_key": [lambda kv: kv.similar_by_key(key="w3", topn=4, restrict_vocab=20)],
    "similar_by_vector": [
        lambda kv: kv.similar_by_vector(vector=X[3] + 1, topn=4, restrict_vocab=20)
    ],
    "most_similar_cosmul": [
        lambda kv: kv.most_similar_cosmul(positive=["w3", "w4"], negative=["w5"], topn=3),
        lambda kv: kv.most_similar_cosmul("w3", ["w4", "w5"]),
        lambda kv: kv.most_similar_cosmul("w3", "w4", topn=None),
    ],
    "most_similar_to_given": [
        lambda kv: kv.most_similar_to_given(key1="w3", keys_list=["w4", "w5", "w6"])
    ],
    "similarity": [lambda kv: kv.similarity(w1="w3", w2="w4")],
    "distance": [lambda kv: kv.distance(w1="w3", w2="w4")],
    "distances": [
        lambda kv: kv.distances(word_or_vector="w3", other_words=["w4", "w5"]),
        lambda kv: kv.distances("w3"),
        lambda kv: kv.distances(X[3] * 2, ["w4"]),
    ],
    "n_similarity": [
        lambda kv: kv.n_similarity(ws1=["w3", "w4"], ws2=["w5", "w6", "w7"]),
        lambda kv: kv.n_similarity(["w3", "x"], ["w5", "y", "w7"]),
    ],
    "cosine_similarities": [
        lambda kv: kv.cosine_similarities(vector_1=X[0], vectors_all=X[1:5]),
        lambda kv: type(kv).cosine_similarities(X[0], X),
    ],
    "rank": [lambda kv: kv.rank(key1="w3", key2="w4")],
    "closer_than": [lambda kv: kv.closer_than(key1="w3", key2="w4")],
    "words_closer_than": [lambda kv: kv.words_closer_than(word1="w3", word2="w4")],
    "doesnt_match": [lambda kv: kv.doesnt_match(words=["w3", "w4", "w5", "x"])],
    "rank_by_centrality": [
        lambda kv: kv.rank_by_centrality(words=["w3", "w4", "x", "w5"]),
        lambda kv: kv.rank_by_centrality(["w3", "w4", "w5"], use_norm=False),
    ],
    "relative_cosine_similarity": [
        lambda kv: kv.relative_cosine_similarity(wa="w3", wb="w4", topn=5)
    ],
    "wmdistance": [
        lambda kv: kv.wmdistance(document1=["w3", "w4", "w4"], document2=["w5", "x"]),
        lambda kv: kv.wmdistance(["w3", "w4"], ["w5", "w6", "w3"], norm=False),
        lambda kv: kv.wmdistance(["x"], ["w5"]),
    ],
    "sort_by_descending_frequency": [
        after(
            lambda kv: kv.sort_by_descending_frequency(),
            lambda kv: list(kv.index_to_key),
            lambda kv: kv["w3"],
            lambda kv: kv.get_vecattr("w3", "count"),
        )
    ],
    "unit_normalize_all": [after(lambda kv: kv.unit_normalize_all(), lambda kv: kv.vectors)],
    "init_sims": [after(lambda kv: kv.init_sims(replace=True), lambda kv: kv.vectors)],
}
FILES = {"load_word2vec_format", "save_word2vec_format", "intersect_word2vec_format"}
OWN_TESTS = {"load", "save", "evaluate_word_pairs", "evaluate_word_analogies"}


def same(ours, theirs):
    """Values that are equal within float32."""
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs), (ours, theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    elif isinstance(theirs, np.ndarray) or (np.isscalar(theirs) and not isinstance(theirs, str)):
        # Sums of 12 products of float32: a few units in the last place.
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=2e-6)
    else:
        assert ours == theirs


@pytest.fixture
def theirs():
    return pytest.importorskip("gensim.models").KeyedVectors


def quietly(call, kv):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gensim's, of what is slow or older
        return call(kv)


@pytest.mark.parametrize("name", CALLS)
def test_the_answers_are_gensims(theirs, name):
    for call in CALLS[name]:
        if name == "wmdistance":
            pytest.importorskip("ot")
        same(call(filled(KeyedVectors)), quietly(call, filled(theirs)))


# gensim leaves a file without a header open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("prefix", ["", "p_"])
def test_files_go_both_ways(theirs, tmp_path, binary, header, prefix):
    if binary and not header:
        with pytest.raises(ValueError, match="binary=True needs write_header=True"):
            filled(KeyedVectors).save_word2vec_format(
                tmp_path / "v", binary=True, write_header=False
            )
        return
    how = {"fname": tmp_path / "v", "binary": binary, "write_header": header, "prefix": prefix}
    read = {"fname": tmp_path / "v", "binary": binary, "no_header": not header}
    read |= {"fvocab": tmp_path / "counts", "encoding": "utf8", "unicode_errors": "strict"}
    for writer, reader in ((theirs, KeyedVectors), (KeyedVectors, theirs)):
        kv = filled(writer)
        kv.save_word2vec_format(fvocab=tmp_path / "counts", sort_attr="count", **how)
        found = reader.load_word2vec_format(**read)
        order = sorted(range(40), key=lambda i: -((i * 7) % 40 + 1))
        assert list(found.index_to_key) == [f"{prefix}w{i}" for i in order]
        np.testing.assert_array_equal(found.vectors, X[order])
        assert found.get_vecattr(f"{prefix}w3", "count") == 22
        part = reader.load_word2vec_format(**read, limit=5, datatype=np.float32)
        assert list(part.index_to_key) == list(found.index_to_key[:5])


def test_counts_of_a_file_without_them_fall_with_the_rank(theirs, tmp_path):
    filled(theirs).save_word2vec_format(tmp_path / "v")
    one, other = (kind.load_word2vec_format(tmp_path / "v") for kind in (KeyedVectors, theirs))
    for word in WORDS:
        assert one.get_vecattr(word, "count") == other.get_vecattr(word, "count")


def test_vectors_of_a_file_take_the_place_of_those_of_the_same_words(theirs, tmp_path):
    kv = theirs(12)
    kv.add_vectors(["w3", "other"], LATER[:2])
    kv.save_word2vec_format(tmp_path / "v", binary=True)
    wv = filled(KeyedVectors)
    wv.intersect_word2vec_format(fname=tmp_path / "v", binary=True, lockf=1.0)
    assert len(wv) == 40
    np.testing.assert_array_equal(wv["w3"], LATER[0])
    np.testing.assert_array_equal(wv["w4"], X[4])


def test_load_and_save_are_those_of_wv_files(tmp_path):
    filled(KeyedVectors).save(tmp_path / "v.wv")
    wv = KeyedVectors.load(tmp_path / "v.wv", mmap="r")
    assert isinstance(wv, KeyedVectors)
    np.testing.assert_array_equal(wv.vectors, X)
    assert type(load(tmp_path / "v.wv")) is WordVectors


def test_a_pickle_is_named(theirs, tmp_path):
    filled(theirs).save(str(tmp_path / "v.kv"))
    with pytest.raises(FormatError, match=r"a pickle.*from_gensim"):
        KeyedVectors.load(tmp_path / "v.kv")


def test_sets_are_judged_alike(theirs, tmp_path):
    rng = np.random.default_rng(3)
    pairs = [(*rng.choice(WORDS, 2, replace=False), round(s, 2)) for s in rng.uniform(0, 10, 60)]
    (tmp_path / "pairs").write_text("".join(f"{a}\t{b}\t{s}\n" for a, b, s in pairs))
    words = [rng.choice(WORDS, 4, replace=False) for _ in range(30)]
    (tmp_path / "a").write_text(": one\n" + "".join(" ".join(w) + "\n" for w in words))
    wv, kv = filled(KeyedVectors), filled(theirs)
    pearson, spearman, oov = kv.evaluate_word_pairs(tmp_path / "pairs")
    found = MEASURES["similarity"].run(wv, datasets.load(tmp_path / "pairs"))
    assert (found.pearson, found.spearman) == pytest.approx((pearson[0], spearman[0]), abs=1e-6)
    assert oov == 0 == found.coverage.asked - found.coverage.answered
    score, _ = kv.evaluate_word_analogies(str(tmp_path / "a"))
    assert MEASURES["analogy"].run(wv, datasets.load(tmp_path / "a")).score == pytest.approx(score)


OLDER = {
    "index2word": lambda kv: (list(kv.index2word), WORDS),
    "index2entity": lambda kv: (list(kv.index2entity), WORDS),
    "vocab": lambda kv: (
        [(word, kv.vocab[word].index, kv.vocab[word].count) for word in ("w0", "w3")],
        [("w0", 0, 1), ("w3", 3, 22)],
    ),
    "word_vec": lambda kv: (kv.word_vec("w3", use_norm=True), kv.get_vector("w3", norm=True)),
    "add": lambda kv: (kv.add(entities=["new"], weights=[LATER[0]], replace=True), None),
    "vectors_norm": lambda kv: (kv.vectors_norm, kv.get_normed_vectors()),
    "syn0": lambda kv: (kv.syn0, X),
    "syn0norm": lambda kv: (kv.syn0norm, kv.get_normed_vectors()),
    "entity1": lambda kv: (kv.rank(entity1="w3", entity2="w4"), kv.rank("w3", "w4")),
    "entities_list": lambda kv: (
        kv.most_similar_to_given(entity1="w3", entities_list=["w4", "w5"]),
        kv.most_similar_to_given("w3", ["w4", "w5"]),
    ),
}


@pytest.mark.parametrize("name", OLDER)
def test_names_of_gensim_3_are_accepted(name):
    ours, expected = OLDER[name](filled(KeyedVectors))
    np.testing.assert_array_equal(ours, expected)


def test_the_words_of_gensim_3_are_a_mapping():
    vocab = filled(KeyedVectors).vocab
    assert (len(vocab), list(vocab)[:2], "w3" in vocab, "x" in vocab) == (
        40,
        ["w0", "w1"],
        True,
        False,
    )
    with pytest.raises(KeyError):
        vocab["x"]


TEXT = [["a", "b", "c", "d"], ["b", "c", "a"]] * 20
TRAINING = {
    "vector_size": 4,
    "size": 4,
    "window": 2,
    "min_count": 1,
    "max_final_vocab": 3,
    "negative": 3,
    "ns_exponent": 0.5,
    "sample": 0.0,
    "alpha": 0.03,
    "min_alpha": 0.001,
    "epochs": 2,
    "iter": 2,
    "workers": 1,
    "seed": 3,
    "shrink_windows": False,
    "min_n": 2,
    "max_n": 3,
    "bucket": 50,
}


@pytest.mark.parametrize("name", TRAINING)
def test_names_of_training_are_accepted(name):
    row = next(row for row in table("Training") if name in names(row[0]))
    own = (
        name
        if row[1] == "the same"
        else names(row[1])[names(row[0]).index(name) % len(names(row[1]))]
    )
    kind = FastText if name in ("min_n", "max_n", "bucket") else SkipGram
    model = kind(**{name: TRAINING[name]})
    assert model.get_params()[own] == TRAINING[name]
    assert kind().set_params(**{name: TRAINING[name]}).get_params() == model.get_params()
    small = {"min_count": 1, "vector_size": 4, "threads": 1, "sample": 0.0, "epochs": 1}
    small |= {"bucket": 50} if kind is FastText else {}
    small.pop(own, None)
    assert len(kind(**small, **{name: TRAINING[name]}).fit(TEXT).vectors_) >= 3
    if own != name:
        with pytest.raises(TypeError, match=f"'{own}' twice: one of them as"):
            kind(**{name: TRAINING[name], own: TRAINING[name]})


def test_the_pages_training_runs(tmp_path, monkeypatch):
    pytest.importorskip("gensim")
    monkeypatch.chdir(tmp_path)
    lines = [" ".join(np.random.default_rng(i).choice(WORDS[:9], 6)) for i in range(200)]
    Path("corpus.txt").write_text("\n".join(lines) + "\n")
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    shown = next(block for block in blocks if "SkipGram" in block)
    made = {}
    exec(shown, made)
    assert isinstance(made["wv"], WordVectors)
    assert len(made["wv"]) == 9
    assert CBOW(window=2).window == 2


def test_every_name_of_the_page_is_run_here():
    shown = {name for row in table("Names") for name in names(row[0])}
    assert shown == {*CALLS, *FILES, *OWN_TESTS} - {"__contains__", "__len__"}
    older = {name for row in table("Names of gensim 3") for name in names(row[0])}
    assert older == {*OLDER, "entity2"}
    assert {*TRAINING} <= {name for row in table("Training") for name in names(row[0])}


def test_every_public_name_of_gensims_class_is_on_the_page(theirs):
    public = {name for name in dir(theirs(2)) if not name.startswith("_")}
    shown = {
        name for t in ("Names", "Names of gensim 3") for row in table(t) for name in names(row[0])
    }
    assert public - shown == NOT_HERE
    for name in shown & public:
        if name.startswith("evaluate"):
            continue
        assert hasattr(KeyedVectors(2), name), name
        if not callable(getattr(theirs, name, None)):
            continue
        # Every keyword of gensim's is accepted.
        given = set(inspect.signature(getattr(theirs, name)).parameters) - {
            "self",
            "args",
            "kwargs",
        }
        own = getattr(KeyedVectors, name)
        known = {*inspect.signature(own).parameters, *getattr(own, "other_names", ())}
        assert given <= known, (name, given - known)


def test_the_deliberate_differences_hold():
    wv = KeyedVectors(2)
    wv.add_vectors(["a", "b", "zero"], [[1, 0], [0, 1], [0, 0]])
    assert [w for w, _ in wv.most_similar("a")] == ["b"]
    with pytest.raises(ValueError, match="zero"):
        wv.most_similar("zero")
    with pytest.raises(TypeError, match="list of words"):
        wv.doesnt_match("a b")
    with pytest.raises(ValueError, match="none of the words"):
        wv.get_mean_vector(["x"])
    half = wv.most_similar(positive=["b"], negative=[("a", 0.5)], topn=None)
    # gensim adds what has a weight of its own, with the weight as it stands.
    assert half[0] == pytest.approx(0.5 / 1.25**0.5)
