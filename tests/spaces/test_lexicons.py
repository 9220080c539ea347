"""Retrofitting, attract-repel, counter-fitting and meta-embeddings against their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.errors import DatasetError
from wordvec.spaces.lexicons.lexicon import Lexicon, read_lexicon
from wordvec.spaces.lexicons.retrofit import Retrofit, expand
from wordvec.spaces.lexicons.specialise import AttractRepel, CounterFit
from wordvec.spaces.meta import MetaEmbedding

WORDS = [f"w{i}" for i in range(40)]


def vectors(seed=0, words=WORDS, d=6):
    X = np.random.default_rng(seed).standard_normal((len(words), d)).astype(np.float32)
    return WordVectors(words, X, counts=np.arange(len(words), 0, -1))


def links(n, seed=0):
    rng = np.random.default_rng(seed)
    return [tuple(WORDS[i] for i in rng.choice(40, 2, replace=False)) for _ in range(n)]


def test_retrofitting_solves_the_papers_equations():
    wv, graph = vectors(), links(60)
    made = Retrofit(rounds=60).fit(wv, graph).transform(wv)
    neighbours = {}
    for a, b in graph:
        neighbours.setdefault(a, set()).add(b)
    Q = made.vectors.astype(np.float64)
    for i, word in enumerate(WORDS):
        if word in neighbours:
            mean = np.mean([Q[WORDS.index(n)] for n in neighbours[word]], axis=0)
            np.testing.assert_allclose(Q[i], (wv.vectors[i] + mean) / 2, atol=1e-5)
        else:
            assert made.vectors[i].tobytes() == wv.vectors[i].tobytes()


def test_each_round_halves_what_is_left_to_do():
    wv, graph = vectors(), links(60)
    whole = Retrofit(rounds=60).fit(wv, graph).transform(wv).vectors
    gaps = [
        np.abs(Retrofit(rounds=n).fit(wv, graph).transform(wv).vectors - whole).max()
        for n in (2, 4, 6)
    ]
    assert gaps[1] <= gaps[0] / 4 + 1e-6
    assert gaps[2] <= gaps[1] / 4 + 1e-6


def test_new_words_are_the_means_of_their_neighbours():
    wv = vectors()
    made = expand(wv, [("new", "w0", "w1"), ("far", "new"), ("alone", "other")])
    assert [w for w in made if w not in wv] == ["new", "far"]
    np.testing.assert_allclose(made.vectors[:40], wv.vectors)
    # new = (w0 + w1 + far) / 3 and far = new, so new = (w0 + w1) / 2.
    np.testing.assert_allclose(made["new"], (wv["w0"] + wv["w1"]) / 2, atol=1e-5)
    np.testing.assert_allclose(made["far"], made["new"], atol=1e-5)


def test_the_gradient_of_attract_repel_is_that_of_finite_differences():
    model = AttractRepel(pull=0.1, attract_margin=0.6, repel_margin=0.2)
    X = vectors().vectors.astype(np.float32)
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    for kind in (0, 1):
        ids, gradient, _ = model._gradient(X.copy(), X, pairs, kind)
        for row, column in ((0, 0), (3, 2), (5, 5)):
            step = 1e-3
            losses = []
            for sign in (1, -1):
                moved = X.copy()
                moved[ids[row], column] += sign * step
                losses.append(model._gradient(moved, X, pairs, kind)[2])
            slope = (losses[0] - losses[1]) / (2 * step)
            assert gradient[row, column] == pytest.approx(slope, abs=2e-3)


@pytest.mark.parametrize("kind", [AttractRepel, CounterFit])
def test_synonyms_come_closer_and_antonyms_move_apart(kind):
    wv = vectors(d=20)
    synonyms, antonyms = [("w0", "w1"), ("w2", "w3")], [("w4", "w5"), ("w6", "w7")]
    model = kind().fit(wv, synonyms, antonyms)
    made = model.transform(wv)
    for a, b in synonyms:
        assert made.similarity(a, b) > wv.similarity(a, b)
    for a, b in antonyms:
        assert made.similarity(a, b) < max(wv.similarity(a, b), 0.05)
    assert model.losses_[-1] < model.losses_[0]
    # Words that no lexicon names stay as they are; lengths stay too.
    assert made["w20"].tobytes() == wv["w20"].tobytes()
    assert np.linalg.norm(made["w0"]) == pytest.approx(np.linalg.norm(wv["w0"]), rel=1e-5)


def test_the_same_seed_gives_the_same_bytes():
    wv, pairs = vectors(), links(30)
    one, two = (AttractRepel(seed=3).fit(wv, pairs).transform(wv).vectors for _ in range(2))
    assert one.tobytes() == two.tobytes()


def test_a_lexicon_is_read_by_lines_of_a_head_and_others(tmp_path):
    path = tmp_path / "l.txt"
    path.write_bytes("\ufeffen_a en_b en_c\r\n\r\nd\te\n".encode())
    assert read_lexicon(path, prefix="en_").links == (("a", "b"), ("a", "c"), ("d", "e"))
    path.write_text("a b\nalone\n\nlonely\n")
    read = read_lexicon(path)
    assert read.links == (("a", "b"),)
    assert read.skipped == f"{path}: 2 lines of one word left out, first line 2: 'alone'"
    path.write_text("alone\n")
    with pytest.raises(DatasetError, match="1 line of one word left out, first line 1: 'alone'"):
        read_lexicon(path)


def test_what_was_left_out_of_a_lexicon_is_noted(tmp_path):
    path = tmp_path / "l.txt"
    path.write_text("w0 w1\nalone\n")
    wv = vectors()
    for fitted in (Retrofit().fit(wv, path), AttractRepel().fit(wv, path)):
        assert "1 line of one word left out" in fitted.notes()[0]
    path.write_text("w0 w1\n")
    assert len(Retrofit().fit(wv, path).notes()) == 1


def test_links_are_found_in_lower_case_on_request_and_words_can_be_left_out():
    wv = vectors()
    lexicon = Lexicon((("W0", "W1"), ("w2", "w3"), ("w2", "w3"), ("w4", "w4")))
    assert lexicon.ids(wv).tolist() == [[2, 3]]
    assert lexicon.ids(wv, fold=True).tolist() == [[0, 1], [2, 3]]
    assert lexicon.ids(wv, both_ways=True).tolist() == [[2, 3], [3, 2]]
    assert lexicon.without(["w2"]).links == (("W0", "W1"), ("w4", "w4"))
    with pytest.raises(DatasetError, match="the words of no link"):
        Lexicon((("x", "y"),)).ids(wv)


def sources(seed=1):
    """Two rotated copies of one space, of which each lacks some words."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((40, 6)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0].astype(np.float32)
    return WordVectors(WORDS[:35], X[:35]), WordVectors(WORDS[5:], (X @ turn)[5:])


def test_the_aligned_mean_of_rotated_copies_is_the_first():
    a, b = sources()
    made = MetaEmbedding(missing="zero").fit([a, b]).vectors_
    assert list(made) == WORDS
    unit = a.vectors / np.linalg.norm(a.vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(made.vectors[:35], unit, atol=1e-5)


def test_svd_of_all_dimensions_keeps_the_cosines_of_the_concatenation():
    a, b = sources()
    whole = MetaEmbedding(method="concat", weights=(1, 2)).fit([a, b]).vectors_
    made = MetaEmbedding(method="svd", weights=(1, 2), vector_size=12).fit([a, b]).vectors_
    np.testing.assert_allclose(
        made.vectors @ made.vectors.T, whole.vectors @ whole.vectors.T, atol=1e-4
    )
    assert len(whole) == 30


def test_gcca_of_rotated_copies_is_the_whitened_space():
    a, b = sources()
    made = MetaEmbedding(method="gcca", vector_size=6).fit([a, b]).vectors_.vectors
    unit = a.vectors[5:] / np.linalg.norm(a.vectors[5:], axis=1, keepdims=True)
    # The same subspace: each explains the other.
    coefficients, *_ = np.linalg.lstsq(unit.astype("f8"), made.astype("f8"), rcond=None)
    assert np.abs(unit @ coefficients - made).max() < 0.05


def test_missing_words_are_filled_from_neighbours():
    a, b = sources()
    filled = MetaEmbedding(method="concat", missing="neighbours").fit([a, b]).vectors_
    assert len(filled) == 40
    assert np.allclose(np.linalg.norm(filled.vectors[:, :6], axis=1), 1, atol=1e-5)
    zero = MetaEmbedding(method="concat", missing="zero").fit([a, b]).vectors_
    assert not zero["w39"][:6].any()


def test_what_cannot_be_combined_is_refused():
    a, _ = sources()
    other = WordVectors(["x", "y"], np.eye(2, 6, dtype=np.float32))
    with pytest.raises(ValueError, match="words in common"):
        MetaEmbedding().fit([a, other])
    with pytest.raises(ValueError, match="two sources or more"):
        MetaEmbedding().fit([a])
    with pytest.raises(ValueError, match="vector_size must be <= 12"):
        MetaEmbedding(method="svd", vector_size=13).fit(list(sources()))
