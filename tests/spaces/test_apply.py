"""A map applied to everything that came with vectors, against float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec import WordVectors
from wordvec.native import cpu
from wordvec.spaces import apply
from wordvec.spaces.apply import AffineStage, ReplaceStage, UnitStage
from wordvec.spaces.registry import TRANSFORMS, transform_class
from wordvec.transform import Affine, Center, Pipeline, Unit

EPS = np.finfo(np.float32).eps


def affine(d=8, out=None, seed=1, offset=True):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((out or d, d))
    return Affine(matrix=A, offset=rng.standard_normal(out or d) if offset else None)


def bound(A, X):
    """A product of d terms in float32 is off by at most d roundings of the sum of their sizes."""
    return A.shape[1] * EPS * (np.abs(X) @ np.abs(A.T)).max() + 8 * EPS


def test_words_and_contexts_are_mapped_as_in_float64(full):
    t = affine(out=5)
    new = t.transform(full)
    A, b = t.matrix_, t.offset_
    for old, made in ((full.vectors, new.vectors), (full.contexts, new.contexts)):
        X = old.astype(np.float64)
        np.testing.assert_allclose(made, X @ A.T + b, rtol=0, atol=bound(A, X))
    assert new.vector_size == 5
    assert [*new] == [*full]
    np.testing.assert_array_equal(new.counts, full.counts)


def test_the_input_does_not_change(full):
    before = full.vectors.copy(), dict(full.meta), full.contexts.copy()
    affine().transform(full)
    np.testing.assert_array_equal(full.vectors, before[0])
    np.testing.assert_array_equal(full.contexts, before[2])
    assert full.meta == before[1]


def test_unseen_words_follow_the_map_because_n_grams_do(full):
    t = affine()
    words = ["w1w2", "zebra", "w12x"]
    old, used = full._from_form(words)
    made, again = t.transform(full)._from_form(words)
    assert used.tolist() == again.tolist()
    X = old.astype(np.float64)
    wanted = np.where(used[:, None] > 0, X @ t.matrix_.T + t.offset_, 0)
    np.testing.assert_allclose(made, wanted, rtol=0, atol=4 * bound(t.matrix_, X))


def test_n_grams_of_unit_length_point_where_the_map_of_their_mean_points(full):
    made, used = Unit().transform(full)._from_form(["w1w2"])
    old, _ = full._from_form(["w1w2"])
    assert used[0]
    np.testing.assert_allclose(made[0], old[0] / np.linalg.norm(old[0]), atol=1e-6)


def test_an_offset_cannot_move_sums_of_unit_length_and_the_card_says_so(full):
    new = Pipeline([Unit(), affine()]).transform(full)
    assert new.subwords is None
    assert "n-grams were left out" in new.meta["transforms"][-1]["notices"][0]


def test_induction_follows_a_linear_map(full):
    t = affine(offset=False)
    contexts = [["w1", "w5", "w9"]]
    wanted = t.matrix_ @ full.induce("new", contexts, form=False).astype(np.float64)
    made = t.transform(full).induce("new", contexts, form=False)
    np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-4)  # the inverse of A enters


def test_induction_is_left_out_with_a_word_where_the_map_has_an_offset(full):
    new = affine().transform(full)
    assert new.induction is None
    assert any("induction" in each for each in new.meta["transforms"][-1]["notices"])


def test_copies_for_search_are_made_again(full):
    new = affine(offset=False).transform(full)
    fresh = WordVectors([*new], new.vectors)
    for word in ("w0", "w77"):
        wanted = [w for w, _ in fresh.most_similar(word)]
        assert [w for w, _ in new.most_similar(word)] == wanted
        assert [w for w, _ in new.most_similar(word, coarse=True)] == wanted


@pytest.mark.parametrize("dtype", ["f32", "f64", "f16", "bf16", "int8", "pq"])
def test_every_encoding_is_decoded_and_encoded_again(wv, dtype):
    t = affine()
    old = wv.astype(dtype)
    new = t.transform(old)
    assert new.sections()["vectors"].startswith(dtype)
    wanted = old.vectors.astype(np.float64) @ t.matrix_.T + t.offset_
    again = WordVectors([*wv], wanted).astype(dtype)
    size = np.abs(wanted).max()
    # A number may fall on the other side of a step of the encoding.
    step = {"f32": 1e-6, "f64": 1e-12, "f16": 2e-3, "bf16": 2e-2, "int8": 2 / 127, "pq": 0.8}
    assert np.abs(new.vectors - again.vectors).max() <= step[dtype] * size
    assert t.transform(wv, dtype=dtype).sections()["vectors"].startswith(dtype)


@pytest.mark.parametrize("dtype", ["f32", "f64", "f16", "bf16", "int8"])
def test_exempt_rows_stay_the_same_to_the_byte(wv, dtype):
    t = affine()
    t.exempt_ = frozenset({"w3", "w250", "unknown"})
    old = wv.astype(dtype)
    new = t.transform(old)
    for word in ("w3", "w250"):
        assert new[word].tobytes() == old[word].tobytes()
    assert not np.array_equal(new["w4"], old["w4"])
    i, width = 250, old.matrix.cols
    if dtype == "int8":
        assert (
            new.matrix.buffer[i * width : (i + 1) * width].tobytes()
            == old.matrix.buffer[i * width : (i + 1) * width].tobytes()
        )


def test_words_without_a_vector_stay_without(wv):
    X = wv.vectors.copy()
    X[5] = 0
    new = Center().fit_transform(WordVectors([*wv], X))
    assert not new["w5"].any()


def test_a_file_is_written_block_by_block_and_equals_what_memory_has(full, tmp_path):
    t = affine(offset=False)
    full.save(tmp_path / "v.wv")
    mapped = WordVectors.open(tmp_path / "v.wv")
    for dtype in (None, "int8"):
        saved = t.save(mapped, tmp_path / f"{dtype}.wv", dtype=dtype)
        t.transform(full, dtype=dtype).save(tmp_path / "memory.wv", force=True)
        assert (tmp_path / f"{dtype}.wv").read_bytes() == (tmp_path / "memory.wv").read_bytes()
        assert saved.meta["transforms"][0]["transform"] == "affine"
        WordVectors.open(tmp_path / f"{dtype}.wv", verify=True)
    assert {p.name for p in tmp_path.iterdir()} == {"v.wv", "None.wv", "int8.wv", "memory.wv"}
    with pytest.raises(FileExistsError):
        t.save(mapped, tmp_path / "None.wv")


def test_the_bytes_do_not_depend_on_the_threads(make, monkeypatch):
    wv = make(10_000, 20)
    t = Pipeline([Center(weights="tokens"), affine(20), Unit()])
    one, more = [], []
    for out, threads in ((one, "1"), (more, "5")):
        monkeypatch.setenv("WORDVEC_THREADS", threads)
        monkeypatch.setattr("wordvec.system.parallel._pool", None)
        out.append(t.fit_transform(wv).vectors.tobytes())
    assert one == more
    assert cpu.available()


def test_affine_steps_fold_into_one_and_give_what_single_steps_give(full):
    a, b = affine(seed=1), affine(seed=2)
    both = Pipeline([a, b])
    assert len(both.stages(full)) == 1
    np.testing.assert_allclose(both.matrix_, b.matrix_ @ a.matrix_)
    np.testing.assert_allclose(both.offset_, b.matrix_ @ a.offset_ + b.offset_)
    wanted = b.transform(a.transform(full)).vectors
    np.testing.assert_allclose(both.transform(full).vectors, wanted, rtol=1e-4, atol=1e-4)
    assert [c["transform"] for c in both.transform(full).meta["transforms"]] == ["affine"] * 2
    mixed = Pipeline([a, Unit(), b])
    assert [type(s) for s in mixed.stages(full)] == [AffineStage, UnitStage, AffineStage]
    with pytest.raises(AttributeError):
        mixed.matrix_  # noqa: B018


@given(st.lists(st.sampled_from(["affine", "unit", "replace"]), min_size=1, max_size=5), st.data())
def test_folding_never_changes_what_a_map_does(kinds, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    X = rng.standard_normal((9, 3))
    stages = []
    for kind in kinds:
        keep = np.flatnonzero(rng.random(9) < data.draw(st.sampled_from([0, 0.3])))
        if kind == "affine":
            stages.append(AffineStage(rng.standard_normal((3, 3)), rng.standard_normal(3), keep))
        elif kind == "unit":
            stages.append(UnitStage(keep))
        else:
            ids = np.array([1, 4])
            stages.append(ReplaceStage(ids, rng.standard_normal((2, 3))))
    one, other = X, X
    for stage in stages:
        one = stage.rows(one, 0)
    for stage in apply.fold(stages):
        other = stage.rows(other, 0)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_what_was_done_is_said_in_the_order_in_which_it_was_done(wv):
    new = Unit().transform(Center(weights="tokens").fit_transform(wv))
    assert new.meta["transforms"] == [
        {"transform": "center", "weights": "tokens"},
        {"transform": "unit"},
    ]


def test_manifold_vectors_are_refused():
    points = WordVectors(
        ["a", "b"], np.array([[0.1, 0.2], [0.3, 0.1]]), meta={"manifold": "poincare"}
    )
    with pytest.raises(ValueError, match="manifold 'poincare'"):
        Unit().transform(points)


def test_other_dimensions_and_vectors_that_are_not_finite_are_refused(wv, make):
    t = affine()
    with pytest.raises(ValueError, match="fitted to vectors of 8 dimensions, these have 4"):
        t.transform(make(10, 4))
    X = wv.vectors.copy()
    X[7, 2] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        t.transform(WordVectors([*wv], X))
    with pytest.raises(ValueError, match="must be fitted first"):
        Center().transform(wv)
    with pytest.raises(ValueError, match="dtype must be one of"):
        t.transform(wv, dtype="f8")
    with pytest.raises(ValueError, match="matrix and offset must be finite"):
        Affine(matrix=[[np.inf]])
    with pytest.raises(ValueError, match="needs a transform"):
        Pipeline([])


def test_the_registry_names_each_class_as_the_class_names_itself():
    for name in TRANSFORMS:
        assert transform_class(name).name == name
    with pytest.raises(ValueError, match="no transform 'spin'"):
        transform_class("spin")
