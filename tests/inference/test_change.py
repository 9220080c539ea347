"""Change of meaning between two collections: the map, what chance gives, and planted shifts."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.stats import false_discovery_control

from wordvec.counts.blocks import count_blocks
from wordvec.counts.counting.window import Window
from wordvec.errors import ShardError, Unanswerable, UnknownWordError
from wordvec.inference.change import adjusted, change, change_series, pooled_p
from wordvec.inference.distances import neighborhood_distance, procrustes_distance
from wordvec.models.ppmi import PPMI
from wordvec.models.skipgram import SkipGram
from wordvec.text.corpus import encode

TOPICS, WORDS = 6, 12
SELDOM = "seldom seldom t0w0\n"


def texts(rng, topic_of_shift, lines=400):
    """Lines that are mostly of one topic; "moved" occurs among the words of one of the topics."""
    out = []
    for _ in range(lines):
        topic = int(rng.integers(TOPICS))
        own = np.where(rng.random(10) < 0.8, topic, rng.integers(TOPICS, size=10))
        line = [f"t{t}w{i}" for t, i in zip(own, rng.integers(WORDS, size=10), strict=True)]
        if topic == topic_of_shift:
            line.insert(int(rng.integers(10)), "moved")
        out.append(" ".join(line))
    return "\n".join(out) + "\n"


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """counted(name, text) -> blocks of its lines, all of one vocabulary."""
    folder = tmp_path_factory.mktemp("change")
    rng = np.random.default_rng(1)
    (folder / "all.txt").write_text("".join(texts(rng, t) for t in range(TOPICS)) + SELDOM)
    vocab = encode(folder / "all.txt", min_count=1).vocab

    def made(name, text):
        (folder / f"{name}.txt").write_text(text)
        corpus = encode(folder / f"{name}.txt", vocab=vocab)
        return count_blocks(corpus, folder / name, 20, Window(window=4), by="line")

    rng = np.random.default_rng(2)
    return {
        "old": made("old", texts(rng, 0) + SELDOM),
        "new": made("new", texts(rng, 5)),
        "alike": made("alike", texts(rng, 0)),
    }


MODEL = PPMI(vector_size=5, threads=1)


@pytest.fixture(scope="module")
def found(counted):
    return change(MODEL, counted["old"], counted["new"], nulls=20, threads=1)


def test_a_word_that_moved_to_another_topic_is_found(found):
    assert found.words[0].word == "moved"
    moved = found["moved"]
    assert moved.p < 0.002  # the least that 50 words x 20 exchanges can give is .001
    assert moved.distance > 5 * moved.by_chance
    then, now = found.neighbors("moved", 5)
    assert {word[:2] for word in then} == {"t0"}
    assert {word[:2] for word in now} == {"t5"}


def test_words_that_stayed_are_not_found(found, counted):
    stayed = [each for each in found.words if each.word != "moved"]
    assert sum(each.p < 0.002 for each in stayed) <= 2
    assert max(each.z for each in stayed) < found["moved"].z / 2
    alike = change(MODEL, counted["old"], counted["alike"], nulls=20, threads=1)
    assert sum(each.q < 0.05 for each in alike.words) == 0
    # p is about uniform, because the documents of both collections can be exchanged.
    p = np.array([each.p for each in alike.words])
    assert abs(p.mean() - 0.5) < 4 * np.sqrt(1 / 12 / len(p)) + 0.05


def test_the_same_seed_gives_the_same_table(found, counted):
    again = change(MODEL, counted["old"], counted["new"], nulls=20, threads=2)
    assert again.words == found.words


def test_the_distance_is_that_of_an_orthogonal_map_and_has_no_direction():
    rng = np.random.default_rng(3)
    A = rng.standard_normal((60, 5)).astype("f4")
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    B = (A @ turn + 0.3 * rng.standard_normal((60, 5))).astype("f4")
    rows = np.arange(60)

    def centred(X):
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
        X = X - X.mean(axis=0)
        return X / np.linalg.norm(X, axis=1, keepdims=True)

    one, two = centred(A.astype(float)), centred(B.astype(float))
    expected = 1 - np.sum(one @ orthogonal_procrustes(one, two)[0] * two, axis=1)
    np.testing.assert_allclose(procrustes_distance(A, B, rows), expected, atol=1e-6)
    np.testing.assert_allclose(procrustes_distance(B, A, rows), expected, atol=1e-6)
    exact = (A.astype(float) @ turn).astype("f4")
    np.testing.assert_allclose(procrustes_distance(A, exact, rows), 0, atol=1e-5)
    with pytest.raises(Unanswerable, match="does not determine a map"):
        procrustes_distance(A, B, np.arange(4))


def test_the_distance_of_neighbourhoods_needs_no_map():
    rng = np.random.default_rng(8)
    A = rng.standard_normal((90, 6))
    B = A + 0.4 * rng.standard_normal((90, 6))
    rows = np.arange(80)  # the others are no neighbours

    def centred(X):
        X = X[rows] / np.linalg.norm(X[rows], axis=1, keepdims=True)
        X = X - X.mean(axis=0)
        return X / np.linalg.norm(X, axis=1, keepdims=True)

    one, two = centred(A), centred(B)
    found = neighborhood_distance(A, B, rows, 7)
    for w in (0, 40, 79):
        near = set()
        for space in (one, two):
            order = [j for j in np.argsort(-(space @ space[w])) if j != w]
            near |= set(order[:7])
        near = sorted(near)
        s, t = one[near] @ one[w], two[near] @ two[w]
        expected = 1 - s @ t / np.linalg.norm(s) / np.linalg.norm(t)
        assert found[w] == pytest.approx(expected, abs=1e-12)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    np.testing.assert_allclose(neighborhood_distance(A, 3 * B @ turn, rows, 7), found, atol=1e-10)
    np.testing.assert_allclose(neighborhood_distance(A, A @ turn, rows), 0, atol=1e-10)
    with pytest.raises(Unanswerable, match="25 neighbours"):
        neighborhood_distance(A, B, np.arange(25))


def test_a_word_that_moved_is_found_by_its_neighbourhood(counted):
    found = change(MODEL, counted["old"], counted["new"], method="neighbors", nulls=10, threads=1)
    assert found.words[0].word == "moved"
    assert found["moved"].p < 0.005
    with pytest.raises(ValueError, match="method must be"):
        change(MODEL, counted["old"], counted["new"], method="apd")


def test_a_series_is_the_change_of_every_two_neighbours(counted):
    collections = [counted["old"], counted["alike"], counted["new"]]
    seen = []
    first, second = change_series(MODEL, collections, nulls=10, threads=1, progress=seen.append)
    assert first.words == change(MODEL, *collections[:2], nulls=10, threads=1).words
    assert second.words == change(MODEL, *collections[1:], nulls=10, threads=1).words
    assert second.words[0].word == "moved"
    assert first["moved"].p > 0.01
    assert [each.done for each in seen] == list(range(1, 45))
    assert {each.total for each in seen} == {44}
    assert [each.path for each in second.between] == [str(each.path) for each in collections[1:]]
    assert first.between[0].blocks == 20
    assert first.between[0].documents == 401
    with pytest.raises(ValueError, match="at least 2"):
        change_series(MODEL, collections[:1])


def test_p_counts_the_exchanges_of_words_of_like_frequency():
    rng = np.random.default_rng(4)
    null = rng.standard_normal((20, 30))  # fewer words than a pool: all make one
    z = rng.standard_normal(30)
    expected = [(1 + (null >= each).sum()) / (1 + null.size) for each in z]
    np.testing.assert_allclose(pooled_p(z, null, np.arange(30)), expected)
    null[:, :15] += 100  # the first half of 600 words has its own chance
    wide = np.concatenate([rng.standard_normal((20, 300)) + 100, rng.standard_normal((20, 300))], 1)
    p = pooled_p(np.full(600, 50.0), wide, np.arange(600))
    assert p[0] == 1.0
    assert p[-1] == pytest.approx(1 / (1 + 20 * 120))


def test_the_false_discovery_rate_is_that_of_scipy():
    p = np.random.default_rng(5).random(200) ** 2
    np.testing.assert_allclose(adjusted(p), false_discovery_control(p))


def test_what_cannot_be_answered_is_refused_by_name(found, counted, tmp_path):
    with pytest.raises(UnknownWordError, match="nowhere"):
        found["nowhere"]
    with pytest.raises(
        Unanswerable, match="'seldom' occurs 2 times in the older and 0 times in the"
    ):
        found["seldom"]
    with pytest.raises(Unanswerable, match="does not determine a map"):
        change(MODEL, counted["old"], counted["new"], nulls=10, least=1000, threads=1)
    (tmp_path / "other.txt").write_text(texts(np.random.default_rng(6), 1))
    other = encode(tmp_path / "other.txt", min_count=1)
    blocks = count_blocks(other, tmp_path / "other", 20, Window(window=4), by="line")
    with pytest.raises(ShardError, match="one vocabulary"):
        change(MODEL, counted["old"], blocks, nulls=10)
    with pytest.raises(TypeError, match="does not train on counts"):
        change(SkipGram(), counted["old"], counted["new"])
    with pytest.raises(ValueError, match="nulls must be"):
        change(MODEL, counted["old"], counted["new"], nulls=3)
