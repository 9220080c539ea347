"""The measures beside WEAT: definitions by hand, planted bias, and what they refuse."""

import math

import numpy as np
import pytest
import scipy.stats

from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.bias.lists import WeatTest, gender_lists
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.measures.bias.direction import direct_bias, indirect_bias, ripa
from wordvec.evaluation.measures.bias.sets import ect, mac, rnd, rnsb, seat, single_category, weat


@pytest.fixture
def small():
    names = [f"w{i}" for i in range(20)]
    return WeatTest("small", "", *(tuple(names[i : i + 5]) for i in range(0, 20, 5)))


@pytest.fixture
def units(random_vectors, small):
    E = random_vectors.vectors.astype(float)
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    at = random_vectors.key_to_index
    return {side: E[[at[w] for w in getattr(small, side)]] for side in "XYAB"}


@pytest.fixture
def planted(make_vectors):
    """Sixty words of which the first thirty lean to one side of the first axis, and pairs on it."""
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal((60, 10))
    matrix[:30, 0] += 4
    matrix[30:, 0] -= 4
    pairs = rng.standard_normal((8, 10))
    pairs[::2, 0] += 3
    pairs[1::2] = pairs[::2] - [6, *[0] * 9]
    words = [f"w{i}" for i in range(60)] + [f"p{i}" for i in range(8)]
    return make_vectors(words, np.vstack([matrix, pairs]))


OF_LISTS = {"rnd": rnd, "mac": mac, "ect": ect, "rnsb": rnsb}
PAIRS = tuple((f"p{i}", f"p{i + 1}") for i in range(0, 8, 2))


def test_relative_norm_distance_by_hand(random_vectors, small, units):
    found = rnd.rnd(random_vectors, small, "B")
    x, y = units["X"].mean(axis=0), units["Y"].mean(axis=0)
    expected = [np.linalg.norm(m - x) - np.linalg.norm(m - y) for m in units["B"]]
    assert found.score == pytest.approx(np.mean(expected), abs=1e-6)
    assert [w for w, _ in found.words] == list(small.B)
    assert [v for _, v in found.words] == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="attribute must be A or B"):
        rnd.rnd(random_vectors, small, "X")


def test_mean_cosine_distance_by_hand(random_vectors, small, units):
    distances = [
        np.mean([1 - t @ a for a in units[side]])
        for t in np.vstack([units["X"], units["Y"]])
        for side in "AB"
    ]
    found = mac.mac(random_vectors, small)
    assert found.score == pytest.approx(np.mean(distances), abs=1e-6)
    assert found.unbiased == 1


def test_embedding_coherence_by_hand(random_vectors, small, units):
    words = np.vstack([units["A"], units["B"]])
    ranks = [(words @ units[side].mean(axis=0)).argsort().argsort() for side in "XY"]
    expected = 1 - 6 * ((ranks[0] - ranks[1]) ** 2).sum() / (10 * 99)
    assert ect.ect(random_vectors, small).score == pytest.approx(expected)


def test_negative_sentiment_shares_sum_to_one_and_tell_planted_bias(make_vectors):
    rng = np.random.default_rng(3)
    axis = np.repeat([2.0, -2.0], 20)[:, None] * np.eye(1, 8)
    matrix = rng.standard_normal((40, 8)) * 0.5 + axis
    names = [f"w{i}" for i in range(40)]
    vectors = make_vectors(names, matrix)
    # Attributes on both sides of the axis; targets X with the positive, Y with the negative side.
    biased = WeatTest("b", "", *map(tuple, (names[:10], names[20:30], names[10:20], names[30:])))
    mixed = WeatTest(
        "m", "", tuple(names[:10]), tuple(names[10:15]), tuple(names[15:20]), tuple(names[30:])
    )
    found, fair = (rnsb.rnsb(vectors, t, resamples=50) for t in (biased, mixed))
    shares = np.array([v for _, v in found.words])
    assert shares.sum() == pytest.approx(1)
    assert found.score == pytest.approx(scipy.stats.entropy(shares, np.full(20, 1 / 20)))
    assert min(v for w, v in found.words if w in biased.Y) > max(
        v for w, v in found.words if w in biased.X
    )
    assert found.score > 10 * fair.score >= 0
    assert found.score > found.chance.high


def test_the_direction_of_planted_pairs_is_their_axis(planted):
    found = direction(planted, PAIRS)
    assert np.linalg.norm(found.unit) == pytest.approx(1)
    assert found.unit[0] > 0.9
    turned = direction(planted, [(b, a) for a, b in PAIRS])
    np.testing.assert_allclose(turned.unit, -found.unit, atol=1e-9)


def test_direct_bias_is_the_mean_absolute_cosine(planted):
    words = [f"w{i}" for i in range(60)]
    found = direct_bias.direct_bias(planted, words, PAIRS)
    g = direction(planted, PAIRS).unit
    cosines = Space.of(planted).unit[:60] @ g
    assert found.score == pytest.approx(np.abs(cosines).mean(), abs=1e-6)
    assert found.score > found.chance.high
    stricter = direct_bias.direct_bias(planted, words, PAIRS, strictness=2)
    assert stricter.score == pytest.approx((cosines**2).mean(), abs=1e-6)
    assert found.words[0][1] == pytest.approx(cosines.min(), abs=1e-6)


def test_ripa_uses_vectors_at_their_own_length(make_vectors, planted):
    words = [f"w{i}" for i in range(60)]
    found = ripa.ripa(planted, words, PAIRS)
    doubled = ripa.ripa(make_vectors(planted.index_to_key, 2 * planted.vectors), words, PAIRS)
    assert doubled.score == pytest.approx(2 * found.score, rel=1e-5)
    # All differences are (6, 0, ..., 0): the relation is the first axis.
    expected = np.abs(planted.vectors[:60, 0]).mean()
    assert found.score == pytest.approx(expected, rel=1e-5)


def test_indirect_bias_of_words_that_share_only_the_direction_is_one(make_vectors):
    vectors = make_vectors(
        ["f", "m", "a", "b", "c"], [[1, 0, 0], [-1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]
    )
    pairs = [("f", "m")]
    assert indirect_bias.indirect_bias_of(vectors, pairs, "a", "b") == pytest.approx(1)
    with pytest.raises(Unanswerable, match="unknown: x"):
        indirect_bias.indirect_bias_of(vectors, pairs, "a", "x")
    with pytest.raises(Unanswerable, match="not defined"):
        indirect_bias.indirect_bias_of(vectors, pairs, "f", "c")


def test_indirect_bias_of_planted_sides_is_high(planted):
    words = [f"w{i}" for i in range(60)]
    found = indirect_bias.indirect_bias(planted, words, PAIRS)
    assert len(found.words) == 90
    assert 0.5 < found.interval.low <= found.score <= found.interval.high


def test_pairs_and_words_that_are_mostly_missing_are_refused(planted):
    with pytest.raises(Unanswerable, match=r"1 of 4.*x/y"):
        direction(planted, [PAIRS[0], ("x", "y"), ("u", "v"), ("s", "t")])
    with pytest.raises(Unanswerable, match=r"1 of 3.*chair"):
        direct_bias.direct_bias(planted, ["w1", "chair", "table"], PAIRS)
    with pytest.raises(Unanswerable, match="same vectors"):
        direction(planted, [("p0", "p0")])


def test_lists_that_ship_are_those_of_the_paper():
    lists = gender_lists()
    assert len(lists.pairs) == 10
    assert len(lists.specific) == 218
    assert len(lists.professions) == 320
    assert "actress" not in lists.neutral
    assert dict(lists.female_share)["nurse"] == 90


@pytest.mark.parametrize("name", ["rnd", "mac", "ect", "rnsb"])
def test_measures_of_lists_refuse_what_weat_refuses(random_vectors, name):
    test = WeatTest("t", "", ("x", "y"), ("w1",), ("w2",), ("w3",))
    with pytest.raises(Unanswerable, match=r"refused.*x, y"):
        getattr(OF_LISTS[name], name)(random_vectors, test)


@pytest.mark.parametrize("name", ["rnd", "mac", "ect"])
def test_intervals_hold_the_score(random_vectors, small, name):
    found = getattr(OF_LISTS[name], name)(random_vectors, small)
    assert found.interval.low <= found.score <= found.interval.high
    assert found == getattr(OF_LISTS[name], name)(random_vectors, small)


def test_single_category_by_hand(random_vectors, small, units):
    found = single_category.single_category(
        random_vectors,
        [*small.X, "unknown"],
        small.A,
        small.B,
        facts={w: i for i, w in enumerate(small.X)},
    )
    assert found.lists["words"].missing == ("unknown",)
    to_a, to_b = units["X"] @ units["A"].T, units["X"] @ units["B"].T
    expected = [
        (a.mean() - b.mean()) / np.r_[a, b].std(ddof=1) for a, b in zip(to_a, to_b, strict=True)
    ]
    assert [w.score for w in found.words] == pytest.approx(expected, rel=1e-5)
    assert found.correlation == pytest.approx(np.corrcoef(expected, range(5))[0, 1], rel=1e-5)
    assert found.p_method == "exact"
    assert all(w.p_holm >= w.p_one_sided for w in found.words)


def test_sentences_of_bare_words_are_weat(random_vectors, small):
    plain = weat.weat(random_vectors, small)
    bare = seat.seat(random_vectors, small, templates=["{}"])
    assert bare.score == pytest.approx(plain.score, rel=1e-5)
    assert bare.p_one_sided == plain.p_one_sided


def test_sentences_keep_the_words_together(random_vectors, small):
    found = seat.seat(random_vectors, small, templates=["w30 {}", "{} w31 w32", "nowhere {}"])
    assert found.partitions == math.comb(10, 5)
    assert "3 templates" in found.protocol
    with pytest.raises(ValueError, match="template needs one"):
        seat.seat(random_vectors, small, templates=["no place"])


def test_a_sentence_is_the_mean_of_its_words(random_vectors):
    space = Space.of(random_vectors)
    (sentence,) = seat._sentences(space, [3], [[7, 8]])
    mean = random_vectors.vectors[[3, 7, 8]].astype(float).mean(axis=0)
    np.testing.assert_allclose(sentence, mean / np.linalg.norm(mean), atol=1e-6)
