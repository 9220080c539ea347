"""Maps between spaces: against closed forms, brute force and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

from wordvec import WordVectors
from wordvec.errors import DatasetError, UnknownWordError
from wordvec.evaluation.translation import translation
from wordvec.spaces.alignment import vecmap
from wordvec.spaces.alignment.dictionaries import Dictionary, identical_words, read_dictionary
from wordvec.spaces.alignment.mapping import Normal, Procrustes, packed, procrustes, unpacked
from wordvec.spaces.alignment.rcsls import RCSLS
from wordvec.spaces.alignment.retrieval import hubness, nearest, penalties
from wordvec.spaces.alignment.translate import Translator, alignment_card, keep_hubness
from wordvec.spaces.alignment.vecmap import VecMap


def rotation(d, rng):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def spaces(words=400, d=12, noise=0.02, seed=0):
    """A space, and its rotated, noisy copy whose words have another name and order."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((words, d)) * np.linspace(1, 3, d) + rng.standard_normal(d)
    Z = X @ rotation(d, rng) + noise * rng.standard_normal((words, d))
    order = rng.permutation(words)
    source = WordVectors([f"s{i}" for i in range(words)], X.astype(np.float32))
    target = WordVectors([f"t{i}" for i in order], Z[order].astype(np.float32))
    return source, target, [(f"s{i}", f"t{i}") for i in range(words)]


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 9))
def test_procrustes_is_scipys(d, n, seed):
    rng = np.random.default_rng(seed)
    X, Z = rng.standard_normal((n + d, d)), rng.standard_normal((n + d, d))
    W, singular = procrustes(X, Z)
    expected, scale = orthogonal_procrustes(X, Z)
    np.testing.assert_allclose(W, expected, atol=1e-9)
    assert singular.sum() == pytest.approx(scale)


def test_procrustes_between_other_dimensions_has_orthonormal_rows():
    rng = np.random.default_rng(0)
    W, _ = procrustes(rng.standard_normal((50, 4)), rng.standard_normal((50, 7)))
    np.testing.assert_allclose(W @ W.T, np.eye(4), atol=1e-12)


def test_normalisation_is_unit_centre_unit_over_all_words():
    source, _, _ = spaces()
    normal, X = Normal.of(source)
    Y = source.vectors / np.linalg.norm(source.vectors, axis=1, keepdims=True)
    Y = Y - Y.mean(0)
    Y /= np.linalg.norm(Y, axis=1, keepdims=True)
    np.testing.assert_allclose(X, Y, atol=1e-6)
    step = source.vectors
    for stage in normal.stages():
        step = stage.rows(step, 0)
    np.testing.assert_allclose(step, X, atol=1e-6)


@pytest.mark.parametrize("kind", [Procrustes, VecMap, RCSLS])
@pytest.mark.parametrize("retrieval", ["nn", "csls", "isf"])
def test_a_rotated_space_is_translated_back(kind, retrieval):
    source, target, pairs = spaces()
    mapping = kind().fit(source, target, pairs[:100])
    translator = Translator(mapping.transform(source), target, retrieval)
    found = translator.translate([a for a, _ in pairs[100:]])
    right = [best[0][0] == b for best, (_, b) in zip(found, pairs[100:], strict=True)]
    assert np.mean(right) > 0.98
    assert len(mapping.cosines_) == 100
    assert mapping.cosines_.min() > 0.9


def test_the_mapped_target_gives_the_same_translations():
    source, target, pairs = spaces(noise=0.3)
    mapping = VecMap().fit(source, target, pairs[:100])
    mapped = mapping.transform(source)
    words = [a for a, _ in pairs]
    one = Translator(mapped, target).translate(words)
    two = Translator(mapped, mapping.target_.transform(target)).translate(words)
    assert [b[0][0] for b in one] == [b[0][0] for b in two]


def test_a_damaged_card_of_an_alignment_is_one_error_or_none():
    source, target = (
        WordVectors(list("abcdefghijkl"), rows)
        for rows in np.random.default_rng(0).standard_normal((2, 12, 3))
    )
    mapped = Procrustes().fit(source, target, pairs=[(w, w) for w in "abcdefgh"]).transform(source)
    keep_hubness(mapped, target)
    whole = Translator(mapped, target).translate(["a"], 3)
    card = alignment_card(mapped)
    kept = card["hubness"]
    for damaged in ({k: v for k, v in kept.items() if k != "r"}, kept | {"r": 1}, kept | {"r": {}}):
        card["hubness"] = damaged
        with pytest.raises(ValueError, match="an array of the card is damaged"):
            Translator(mapped, target)
    card["hubness"] = kept | {"r": packed(np.full(12, 1e300))}
    with pytest.raises(ValueError, match="its hubness is outside"):
        Translator(mapped, target)
    side = card["target"]
    for wrong in (
        {"normalize": ["unit", "whiten"]},
        {"normalize": ["unit"]},
        {"means": []},
        {"means": [packed(np.ones((2, 2)))]},
        {"matrix": packed(np.ones(3))},
        {"matrix": 1},
    ):
        card["target"] = side | wrong
        with pytest.raises(ValueError, match="the card of the alignment is damaged"):
            Translator(mapped, target)
    card["target"] = side | {"normalize": ["center"], "means": [packed(np.full(3, 1e300))]}
    with pytest.raises(ValueError, match="vectors must be finite"):
        Translator(mapped, target)
    card["target"] = side
    for other in ([1], "x", 7, {}):  # no hubness for this target: it is found again
        card["hubness"] = other
        assert Translator(mapped, target).translate(["a"], 3) == whole
    for foreign in (None, 3, [None, 4]):
        mapped.meta["transforms"] = foreign
        assert alignment_card(mapped) is None


def test_hubness_kept_in_the_file_gives_the_same_translations(tmp_path):
    import wordvec

    source, target, pairs = spaces(noise=0.5)
    mapped = Procrustes().fit(source, target, pairs[:100]).transform(source)
    words = [a for a, _ in pairs]
    fresh = Translator(mapped, target).translate(words, 3)
    keep_hubness(mapped, target)
    mapped.save(tmp_path / "m.wv")
    loaded = wordvec.load(tmp_path / "m.wv")
    assert "hubness" in alignment_card(loaded)
    assert Translator(loaded, target).translate(words, 3) == fresh


def test_csls_is_brute_force():
    rng = np.random.default_rng(1)
    A, B = (rng.standard_normal((n, 6)).astype(np.float32) for n in (60, 80))
    A /= np.linalg.norm(A, axis=1, keepdims=True)
    B /= np.linalg.norm(B, axis=1, keepdims=True)
    cosine = A.astype(np.float64) @ B.T.astype(np.float64)
    r_source = np.sort(cosine, axis=0)[-10:].mean(axis=0)
    r_target = np.sort(cosine, axis=1)[:, -10:].mean(axis=1)
    csls = 2 * cosine - r_target[:, None] - r_source[None]
    ids, _ = nearest(A, B, 5, penalties(A, B, "csls"))
    np.testing.assert_array_equal(ids, np.argsort(-csls, axis=1)[:, :5])
    np.testing.assert_allclose(hubness(B, A), r_source, atol=1e-6)
    source, target = (
        WordVectors([f"{name}{i}" for i in range(len(X))], X) for name, X in (("a", A), ("b", B))
    )
    for best, row in zip(Translator(source, target).ranked(["a0", "a7"], 5), (0, 7), strict=True):
        order = np.argsort(-csls[row])[:5]
        assert [each.word for each in best] == [f"b{i}" for i in order]
        np.testing.assert_allclose([each.score for each in best], csls[row, order], atol=1e-5)
        np.testing.assert_allclose([each.cosine for each in best], cosine[row, order], atol=1e-6)


def test_equal_scores_come_by_rising_id():
    B = np.ones((50, 2), np.float32)
    assert nearest(np.ones((2, 2), np.float32), B, 3)[0].tolist() == [[0, 1, 2]] * 2


def test_the_inverted_softmax_is_that_of_the_paper():
    rng = np.random.default_rng(2)
    A, B = (rng.standard_normal((n, 4)).astype(np.float32) for n in (30, 20))
    A /= np.linalg.norm(A, axis=1, keepdims=True)
    B /= np.linalg.norm(B, axis=1, keepdims=True)
    weights = np.exp(30 * (A.astype(np.float64) @ B.T))
    expected = (weights / weights.sum(axis=0)).argmax(axis=1)
    np.testing.assert_array_equal(nearest(A, B, 1, penalties(A, B, "isf"))[0][:, 0], expected)


def test_every_accepted_step_of_rcsls_lowers_the_loss():
    source, target, pairs = spaces(noise=0.8)
    mapping = RCSLS(epochs=15, alpha=30).fit(source, target, pairs[:150])
    assert len(mapping.losses_) > 1
    assert all(b < a for a, b in zip(mapping.losses_, mapping.losses_[1:], strict=False))


def test_the_gradient_of_rcsls_is_that_of_finite_differences():
    source, target, pairs = spaces(words=60, d=4, noise=0.5)
    model = RCSLS(neighbors=3)
    ids = Dictionary(tuple(pairs[:20])).ids(source, target)
    X, Z = Normal.of(source)[1], Normal.of(target)[1]
    A, B = X[ids[:, 0]], Z[ids[:, 1]]
    W = procrustes(A, B)[0]
    _, gradient = model._loss(A, B, X, Z, W)
    step = 1e-4
    for i, j in ((0, 0), (1, 3), (2, 1)):
        E = np.zeros_like(W)
        E[i, j] = step
        up, down = (model._loss(A, B, X, Z, W + s * E)[0] for s in (1, -1))
        assert gradient[i, j] == pytest.approx((up - down) / (2 * step), abs=1e-4)


def test_the_pipeline_whitens_rotates_weights_and_dewhitens():
    source, target, pairs = spaces(noise=0.4)
    plain = VecMap(dewhiten=False, reweight=0).fit(source, target, pairs)
    ids = plain.pairs_
    X, Z = Normal.of(source)[1], Normal.of(target)[1]
    Y = X[ids[:, 0]] @ plain.matrix_.T
    V = Z[ids[:, 1]] @ plain.target_.matrix_.T
    # Both sides are white, and their correlations are the canonical ones, in order.
    np.testing.assert_allclose(Y.T @ Y, np.eye(12), atol=1e-5)
    np.testing.assert_allclose(V.T @ V, np.eye(12), atol=1e-5)
    np.testing.assert_allclose(Y.T @ V, np.diag(plain.correlations_), atol=1e-5)
    assert (np.diff(plain.correlations_) <= 1e-12).all()
    whole = VecMap().fit(source, target, pairs)
    U, W1 = plain.matrix_, vecmap._whitening(X[ids[:, 0]].astype(np.float64))
    rotation = np.linalg.inv(W1) @ U.T
    expected = U.T * whole.correlations_**0.5 @ (rotation.T @ np.linalg.inv(W1) @ rotation)
    np.testing.assert_allclose(whole.matrix_, expected.T, atol=1e-6)


def test_too_few_pairs_to_whiten_give_an_orthogonal_map_and_say_so():
    source, target, pairs = spaces()
    mapping = VecMap().fit(source, target, pairs[:8])
    np.testing.assert_allclose(mapping.matrix_ @ mapping.matrix_.T, np.eye(12), atol=1e-9)
    assert any("too few to whiten" in note for note in mapping.notes())
    assert any("do not determine" in n for n in Procrustes().fit(source, target, pairs[:8]).notes())


@pytest.mark.parametrize("start", ["dictionary", "unsupervised"])
def test_self_learning_finds_the_dictionary(start):
    source, target, pairs = spaces(words=300, noise=0.01)
    mapping = VecMap(start=start, self_learning=True, patience=5, whiten=False)
    mapping.fit(source, target, pairs[:15] if start == "dictionary" else None)
    found = Translator(mapping.transform(source), target).translate([a for a, _ in pairs])
    assert np.mean([f[0][0] == b for f, (_, b) in zip(found, pairs, strict=True)]) > 0.95
    assert mapping.mutual_ > 0.9
    assert any("each other's nearest" in note for note in mapping.notes())


def test_self_learning_gives_the_same_bytes_at_any_number_of_threads(monkeypatch):
    source, target, pairs = spaces(words=300, noise=0.3)
    made = []
    for n in ("1", "3"):
        monkeypatch.setenv("WORDVEC_THREADS", n)
        mapping = VecMap(self_learning=True, patience=3, max_iterations=20)
        made.append(mapping.fit(source, target, pairs[:30]).transform(source).vectors.tobytes())
    assert made[0] == made[1]


def test_words_that_both_have_are_a_start():
    words = [f"w{i}" for i in range(100)]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 5)).astype(np.float32)
    source, target = WordVectors(words, X), WordVectors(words, X @ rotation(5, rng).astype("f4"))
    mapping = VecMap(start="identical", patience=3).fit(source, target)
    found = Translator(mapping.transform(source), target).translate(words)
    assert [f[0][0] for f in found] == words
    assert identical_words(source, target, numerals=True).pairs == ()


def test_precision_has_both_denominators_and_takes_any_translation():
    rng = np.random.default_rng(0)
    X = np.eye(4, dtype=np.float32)
    source = WordVectors(["a", "b", "c", "d"], X)
    target = WordVectors(["A", "B", "D", "c"], X[[0, 1, 2, 3]])
    gold = [("a", "x"), ("a", "A"), ("b", "A"), ("c", "c"), ("d", "nowhere"), ("e", "A")]
    result = translation(Translator(source, target, "nn"), gold)
    assert (result.asked, result.covered) == (5, 3)
    assert result.precision["P@1"].score == pytest.approx(1 / 3)
    assert result.precision_all["P@1"].score == pytest.approx(1 / 5)
    assert result.precision["P@10"].score == 1
    assert result.not_identical.words == 2
    assert 0 < result.mrr < 1
    assert rng is not None
    low, high = result.precision["P@1"].interval.low, result.precision["P@1"].interval.high
    assert low < 1 / 3 < high


def test_a_test_dictionary_of_the_other_direction_is_noticed():
    source, target, pairs = spaces()
    translator = Translator(Procrustes().fit(source, target, pairs).transform(source), target)
    assert translator.mapped
    assert not Translator(source, target).mapped
    with pytest.raises(DatasetError, match="400 the other way round"):
        translation(translator, [(b, a) for a, b in pairs])


def test_dictionaries_of_both_kinds_are_read(tmp_path):
    for name, text in (("a", "one uno\ntwo dos\n"), ("b", "uno @ one\ndos @ two\n")):
        (tmp_path / name).write_text(text)
        assert read_dictionary(tmp_path / name).pairs == (("one", "uno"), ("two", "dos"))
    (tmp_path / "c").write_text("\ufeffNew York\tNueva York\r\n", encoding="utf-8")
    assert read_dictionary(tmp_path / "c").pairs == (("New York", "Nueva York"),)


@pytest.mark.parametrize("text", ["one uno\ntwo\n", "a b c\n", "", "a\t\n"])
def test_a_malformed_dictionary_is_an_error_with_its_line(tmp_path, text):
    (tmp_path / "d").write_text(text)
    with pytest.raises(DatasetError, match=r"line \d|no pair"):
        read_dictionary(tmp_path / "d")


def test_a_dictionary_of_the_other_direction_is_noticed():
    source, target, pairs = spaces(words=30, d=3)
    with pytest.raises(DatasetError, match="other direction"):
        Procrustes().fit(source, target, [(b, a) for a, b in pairs])
    with pytest.raises(DatasetError, match="no pair"):
        Procrustes().fit(source, target, [("x", "y")])


def test_the_split_counts_distinct_source_words():
    pairs = [("a", "1"), ("a", "2"), ("b", "3"), ("c", "4"), ("a", "5"), ("d", "6")]
    train, test = Dictionary(tuple(pairs)).split(2, 1)
    assert train.pairs == (("a", "1"), ("a", "2"), ("b", "3"), ("a", "5"))
    assert test.pairs == (("c", "4"),)


def test_what_cannot_be_mapped_is_refused():
    source, target, pairs = spaces(words=30, d=3)
    ball = WordVectors(["s0"], np.zeros((1, 3), np.float32), meta={"manifold": "poincare"})
    with pytest.raises(ValueError, match="no linear map"):
        Procrustes().fit(ball, target, pairs)
    with pytest.raises(ValueError, match="needs source, target and pairs"):
        Procrustes().fit(source)
    mapped = Procrustes().fit(source, target, pairs).transform(source)
    with pytest.raises(UnknownWordError, match="nowhere"):
        Translator(mapped, target).translate(["nowhere"])
    with pytest.raises(ValueError, match="retrieval must be one of"):
        Translator(mapped, target, "best")


@given(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=9))
def test_arrays_on_a_card_come_back_to_the_bit(values):
    array = np.array(values)
    assert unpacked(packed(array)).tobytes() == array.tobytes()
