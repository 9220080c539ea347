"""Comparisons: lost directions, manifolds, given words, Word Mover's Distance, odd arguments."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from wordvec import WordVectors, from_gensim
from wordvec.vectors import manifold
from wordvec.vectors.oov.fit import fit_subwords


def draw(n, d=6, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.fixture
def odd():
    """cat, dog and sky with directions; lunch not finite, nothing zero."""
    X = np.array([[1, 0.2], [np.nan, 1], [1, 0.3], [0, 0], [0.1, 1]], np.float32)
    return WordVectors(["cat", "lunch", "dog", "nothing", "sky"], X)


def test_words_without_direction_are_never_an_answer(odd):
    assert odd.doesnt_match(["cat", "lunch", "dog", "nothing", "sky"]) == "sky"
    assert odd.most_similar_to_given("cat", ["lunch", "dog", "nothing", "sky"]) == "dog"
    assert [w for w, _ in odd.most_similar("cat")] == ["dog", "sky"]
    assert [w for w, _ in odd.most_similar_many(["cat"])[0]] == ["dog", "sky"]
    assert [w for w, _ in odd.most_similar_cosmul("cat")] == ["dog", "sky"]
    assert odd.nearest(odd.vectors[:1], topn=5)[0].tolist() == [[0, 2, 4, -1, -1]]
    assert odd.closer_than("cat", "sky") == ["dog"]
    assert odd.rank("cat", "sky") == 2
    assert np.isnan(odd.similarity("cat", "lunch"))
    for word, what in [("lunch", "not finite"), ("nothing", "zero")]:
        for ask in (odd.most_similar, odd.most_similar_cosmul):
            with pytest.raises(ValueError, match=f"'{word}' is {what}"):
                ask(word)
        with pytest.raises(ValueError, match=f"'{word}' is {what}"):
            odd.most_similar_many([word])
    with pytest.raises(ValueError, match="none of the words can be compared"):
        odd.most_similar_to_given("cat", ["lunch"])


@pytest.fixture
def ball():
    X = np.random.default_rng(1).uniform(-0.6, 0.6, (30, 2))
    X[4] = 0  # the origin is a point like any other
    return WordVectors([f"c{i}" for i in range(30)], X, meta={"manifold": "poincare"})


def test_on_a_manifold_everything_is_by_distance(ball):
    away = manifold.distance(ball.vectors[:, None], ball.vectors[None], "poincare")
    order = np.argsort(away[4], kind="stable")[1:6]
    found = ball.most_similar("c4", topn=5)
    assert [w for w, _ in found] == [f"c{i}" for i in order]
    np.testing.assert_allclose([s for _, s in found], -away[4][order])
    ids, scores = ball.nearest(ball.vectors[7:9], topn=3)
    expected = np.sort(away[7:9], 1)[:, :3]
    np.testing.assert_allclose(-scores, expected, rtol=1e-6, atol=1e-6)
    assert ids[:, 0].tolist() == [7, 8]
    words = ["c1", "c2", "c3", "c4"]
    mean = away[1:5, 1:5].mean(1)
    assert ball.doesnt_match(words) == words[int(mean.argmax())]
    assert ball.wmdistance(["c1"], ["c2"]) == pytest.approx(away[1, 2])


@pytest.mark.parametrize(
    "ask",
    [
        lambda v: v.n_similarity(["c1"], ["c2"]),
        lambda v: v.most_similar_cosmul("c1"),
        lambda v: v.get_mean_vector(["c1", "c2"]),
        lambda v: v.most_similar(["c1", "c2"]),
        lambda v: v.most_similar(negative="c1"),
        lambda v: v.get_normed_vectors(),
        lambda v: v.get_vector("c1", norm=True),
        lambda v: v.with_coarse(),
        lambda v: v.relative_cosine_similarity("c1", "c2"),
    ],
)
def test_on_a_manifold_sums_and_cosines_are_refused(ball, ask):
    with pytest.raises(ValueError, match="manifold"):
        ask(ball)


def test_gensims_poincare_vectors_keep_their_distance():
    poincare = pytest.importorskip("gensim.models.poincare")
    edges = [(f"c{i}", f"c{i // 2}") for i in range(1, 15)]
    model = poincare.PoincareModel(edges, size=2, negative=2, seed=1)
    model.train(epochs=20)
    for source in (model, model.kv):
        wv = from_gensim(source)
        assert wv.meta["manifold"] == "poincare"
        for word in wv:
            # gensim counts the word itself among the neighbours of the first word.
            theirs = [w for w, _ in model.kv.most_similar(word, topn=4) if w != word]
            assert [w for w, _ in wv.most_similar(word, topn=3)] == theirs[:3]
    with pytest.raises(TypeError, match="got list"):
        from_gensim([])


def test_neighbours_among_given_words():
    wv = WordVectors([f"w{i}" for i in range(50)], draw(50))
    all_ = wv.most_similar("w0", topn=None)
    words = ["w9", "w3", "w30", "w0"]
    expected = sorted((w for w in words if w != "w0"), key=lambda w: -all_[wv.get_index(w)])
    assert [w for w, _ in wv.most_similar("w0", restrict_vocab=words)] == expected
    mask = np.array([w in words for w in wv])
    assert wv.most_similar("w0", restrict_vocab=mask) == wv.most_similar("w0", restrict_vocab=words)
    assert wv.most_similar("w0", topn=1, restrict_vocab=mask)[0][0] == expected[0]
    assert len(wv.most_similar("w0", topn=None, restrict_vocab=mask)) == 4
    with pytest.raises(ValueError, match=r"mask must have shape \(50,\)"):
        wv.most_similar("w0", restrict_vocab=mask[:9])
    with pytest.raises(KeyError):
        wv.most_similar("w0", restrict_vocab=["w1", "unknown"])


def test_word_movers_distance_is_the_best_assignment():
    wv = WordVectors([f"w{i}" for i in range(12)], draw(12))
    a, b = [f"w{i}" for i in range(5)], [f"w{i}" for i in range(5, 10)]
    unit = wv.get_normed_vectors().astype(float)
    costs = cdist(unit[:5], unit[5:10])
    places = linear_sum_assignment(costs)  # texts of one length: the optimum is a permutation
    assert wv.wmdistance(a, b) == pytest.approx(costs[places].mean(), rel=1e-6)
    raw = cdist(wv.vectors[:5], wv.vectors[5:10])
    places = linear_sum_assignment(raw)
    assert wv.wmdistance(a, b, norm=False) == pytest.approx(raw[places].mean(), rel=1e-6)
    assert wv.wmdistance(a, a) == 0
    assert wv.wmdistance([*a, "unknown"], b) == wv.wmdistance(a, b)
    assert wv.wmdistance(a, ["unknown"]) == float("inf")
    # A word that occurs twice weighs twice.
    assert wv.wmdistance(["w0", "w0", "w1"], ["w2"]) == pytest.approx(
        (2 * wv.wmdistance(["w0"], ["w2"]) + wv.wmdistance(["w1"], ["w2"])) / 3
    )


def test_word_movers_distance_is_gensims():
    pytest.importorskip("ot")
    keyed = pytest.importorskip("gensim.models").KeyedVectors(6)
    keyed.add_vectors([f"w{i}" for i in range(12)], draw(12))
    wv = from_gensim(keyed)
    for a, b in itertools.combinations([["w0", "w1", "w1"], ["w2"], ["w1", "w5", "w6"]], 2):
        assert wv.wmdistance(a, b) == pytest.approx(keyed.wmdistance(a, b), abs=1e-6)


def test_relative_cosine_similarity_is_gensims():
    keyed = pytest.importorskip("gensim.models").KeyedVectors(6)
    keyed.add_vectors([f"w{i}" for i in range(12)], draw(12))
    assert from_gensim(keyed).relative_cosine_similarity("w1", "w2", 3) == pytest.approx(
        keyed.relative_cosine_similarity("w1", "w2", 3), rel=1e-5
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda v: v.doesnt_match("a b c"),
        lambda v: v.n_similarity("a", ["b"]),
        lambda v: v.get_mean_vector("ab"),
        lambda v: v.distances("a", "bc"),
        lambda v: v.most_similar_to_given("a", "bc"),
        lambda v: v.get_ids("abc"),
        lambda v: v.get_vectors("abc"),
        lambda v: v.lookup("abc"),
        lambda v: v.wmdistance("a", ["b"]),
        lambda v: v.vectors_for_all("abc"),
        lambda v: v.most_similar_many("abc"),
    ],
)
def test_a_string_is_no_list_of_words(ask):
    with pytest.raises(TypeError, match="must be a list of words, not the string"):
        ask(WordVectors(["a", "b", "c"], draw(3)))


@pytest.mark.parametrize("word", ["\ud800", "a\udfffb", "\udc80x"])
def test_surrogates_are_unknown_words_everywhere(word):
    for wv in (WordVectors(["a", "b"], draw(2)), fit_subwords(WordVectors(["a", "b"], draw(2)))):
        assert word not in wv
        assert wv.get(word) is None
        assert wv.prefix(word) == []
        assert wv.find_folded(word) is None
        assert wv.vector(word, fold=True).how in ("none", "subword")
        assert wv.lookup([word])[1][0] in ("none", "subword")
        assert wv.get_mean_vector(["a", word]).shape == (6,)
        for ask in (
            wv.__getitem__,
            wv.get_vector,
            wv.get_index,
            lambda w, wv=wv: wv.most_similar(w, unseen=False),
            lambda w, wv=wv: wv.similarity("a", w, unseen=False),
        ):
            with pytest.raises(KeyError, match="no word"):
                ask(word)


def test_other_names_of_arguments_are_accepted():
    wv = WordVectors(["a", "b", "c"], draw(3))
    assert wv.similarity(w1="a", w2="b") == wv.similarity("a", "b")
    assert wv.distance(w1="a", w2="b") == wv.distance("a", "b")
    assert wv.most_similar_to_given(key1="a", keys_list=["b", "c"]) in ("b", "c")
    assert wv.rank(key1="a", key2="b") == wv.rank("a", "b")
    assert wv.n_similarity(ws1=["a"], ws2=["b"]) == wv.n_similarity(["a"], ["b"])
    np.testing.assert_array_equal(wv.get_vector(key="a", use_norm=True), wv.get_vector("a", True))
    assert wv.similar_by_word(word="a") == wv.similar_by_key(key="a") == wv.most_similar("a")
    assert wv.similar_by_vector(vector=wv["a"])[0][0] == "a"
    with pytest.raises(TypeError, match="'a' twice"):
        wv.similarity(a="a", w1="a", b="b")


def test_means_leave_out_unknown_words_unless_asked():
    wv = WordVectors(["a", "b"], draw(2))
    np.testing.assert_allclose(wv.get_mean_vector(["a", "x"]), wv.get_mean_vector(["a"]))
    with pytest.raises(KeyError, match="'x'"):
        wv.get_mean_vector(["a", "x"], ignore_missing=False)
    with pytest.raises(ValueError, match="none of the words"):
        wv.get_mean_vector(["x", "y"])


def test_unseen_words_are_found_on_request():
    wv = fit_subwords(WordVectors(["alpha", "beta", "gamma"], draw(3)))
    assert wv.most_similar("alphas", unseen=True)[0][0] in ("alpha", "beta", "gamma")
    assert -1 <= wv.similarity("alphas", "beta", unseen=True) <= 1
    assert len(wv.most_similar_many(["alphas"], unseen=True)[0]) == 3
    assert wv.similarity("alphas", "beta") == wv.similarity("alphas", "beta", unseen=True)
    for ask in (wv.most_similar, lambda w, **how: wv.similarity(w, "beta", **how)):
        with pytest.raises(KeyError):
            ask("alphas", unseen=False)
