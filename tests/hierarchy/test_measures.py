"""Ranks, MAP and entailment by their definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.errors import DatasetError
from wordvec.hierarchy.measures.entailment import (
    entailment,
    hyperlex,
    pair_scores,
    senses_by_word,
    wbless,
)
from wordvec.hierarchy.measures.ranks import link_prediction, ranks_of, reconstruction
from wordvec.hierarchy.relations import from_pairs
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors


def on_a_line(**places: float) -> WordVectors:
    return WordVectors(list(places), np.array([[x] for x in places.values()]))


def test_a_perfect_embedding_scores_one_and_one() -> None:
    # Each node is nearer to all its ancestors than to any other node; the node itself, which is
    # nearest of all, must not count.
    wv = on_a_line(root=0.0, a=1.0, b=-1.0, a1=3.0, b1=-3.0)
    relations = from_pairs([("a1", "a"), ("b1", "b"), ("a", "root"), ("b", "root")]).closure()
    result = reconstruction(wv, relations)
    assert (result.mean_rank, result.map) == (1.0, 1.0)
    assert (result.nodes, result.pairs, result.missing) == (4, 6, 0)


def test_ranks_count_only_nodes_that_are_no_ancestors() -> None:
    wv = on_a_line(u=0.0, other=1.0, v=2.0, w=3.0, far=9.0)
    result = reconstruction(wv, from_pairs([("u", "v"), ("u", "w"), ("far", "other")]))
    # u: other is nearer than v and w, v does not count against w; far: w, v are nearer than other.
    assert sorted(result.ranks.tolist()) == [2, 2, 3]
    assert result.mean_rank == pytest.approx(7 / 3)
    assert result.map == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 3) / 2)


def test_ties_take_the_mean_rank() -> None:
    wv = on_a_line(u=0.0, v=1.0, tie=-1.0, near=0.5)
    result = reconstruction(wv, from_pairs([("u", "v"), ("tie", "near")]))
    assert result.ranks[0] == 2.5


def test_the_direction_matters() -> None:
    wv = on_a_line(root=0.0, a=1.0, b=-1.0, a1=3.0, b1=-3.0)
    down = from_pairs([("a", "a1"), ("b", "b1"), ("root", "a"), ("root", "b")]).closure()
    assert reconstruction(wv, down).mean_rank > 1


def test_link_prediction_hides_what_is_known() -> None:
    wv = on_a_line(u=0.0, known=1.0, held=2.0, other=3.0)
    held, known = from_pairs([("u", "held")]), from_pairs([("u", "known"), ("other", "known")])
    assert link_prediction(wv, held, known).mean_rank == 1
    assert link_prediction(wv, held, held).mean_rank == 2


def test_terms_without_vectors_are_counted_as_missing() -> None:
    wv = on_a_line(a=0.0, b=1.0, c=2.0)
    result = reconstruction(wv, from_pairs([("a", "b"), ("a", "x"), ("y", "z")]))
    assert (result.pairs, result.missing) == (1, 2)
    with pytest.raises(DatasetError, match="no pair"):
        reconstruction(wv, from_pairs([("x", "y")]))


@given(
    st.integers(0, 10**6),
    st.integers(4, 300),
    st.sampled_from(manifold.MANIFOLDS),
    st.sampled_from([0.5, 0.001]),
)
def test_ranks_equal_sorting_by_distance(seed: int, n: int, kind: str, width: float) -> None:
    rng = np.random.default_rng(seed)
    # Clusters of some ten nodes: far from each other beside their width, so that leaves are passed.
    points = rng.uniform(-0.5, 0.5, size=(n // 10 + 1, 3))[rng.integers(0, n // 10 + 1, size=n)]
    points += rng.uniform(-width / 10, width / 10, size=(n, 3))
    pairs = [(f"{a}", f"{b}") for a, b in rng.integers(0, n, size=(2 * n, 2)) if a != b]
    wv = WordVectors([f"{i}" for i in range(n)], points, meta={"manifold": kind})
    relations = from_pairs(pairs or [("0", "1")])
    above: dict[int, set[int]] = {}
    for a, b in relations.pairs():
        above.setdefault(int(a), set()).add(int(b))
    ranks, precisions = [], []
    for u, true in above.items():
        away = manifold.distance(points[u], points, kind)
        others = np.delete(away, [u, *true])
        own = sorted(1 + int((others < away[v]).sum()) for v in true)
        ranks += own
        precisions.append(np.mean([(i + 1) / (r + i) for i, r in enumerate(own)]))
    result = reconstruction(wv, relations)
    assert result.mean_rank == pytest.approx(np.mean(ranks))
    assert result.map == pytest.approx(np.mean(precisions))


def test_ranks_among_nodes_that_are_no_numbers(isa: str) -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(500, 2))
    points[rng.integers(100, 500, size=60)] = np.nan
    points[rng.integers(100, 500, size=60)] = np.inf
    wv = WordVectors([f"{i}" for i in range(500)], points)
    asking = np.arange(50)
    pairs = np.stack([asking, np.argsort(((points[:50, None] - points) ** 2).sum(-1))[:, 20]], 1)
    ranks, _ = ranks_of(wv, asking, pairs, pairs, isa=isa)
    assert (ranks == 20).all()  # the node itself is the nearest, and is not counted


def test_a_translation_is_added_to_the_node_that_asks() -> None:
    points = np.array([[0.0], [1.0], [-0.5]])
    relations = from_pairs([("u", "v")])
    plain = WordVectors(["u", "v", "w"], points)
    moved = WordVectors(["u", "v", "w"], points, meta={"translation": [1.0]})
    assert reconstruction(plain, relations).mean_rank == 2
    assert reconstruction(moved, relations).mean_rank == 1


def test_a_term_is_entailed_by_more_specific_ones() -> None:
    wv = WordVectors(
        ["animal.n.01", "dog.n.01", "dog.n.02"],
        np.array([[0.1, 0.0], [0.6, 0.0], [0.0, 0.9]]),
        meta={"manifold": "poincare"},
    )
    up, down = pair_scores(wv, [("dog", "animal"), ("animal", "dog")])
    assert up > down
    first = pair_scores(wv, [("dog", "animal")], senses="first")[0]
    assert first == pytest.approx(float(entailment(wv["dog.n.01"], wv["animal.n.01"], "poincare")))
    assert np.isnan(pair_scores(wv, [("dog", "unicorn")])[0])
    sheet = manifold.convert(wv.vectors, "poincare", "lorentz")
    np.testing.assert_allclose(
        entailment(sheet[1], sheet[0], "lorentz"),
        entailment(wv.vectors[1], wv.vectors[0], "poincare"),
    )


def test_senses_come_in_their_order() -> None:
    assert senses_by_word(["dog.n.02", "cat", "dog.n.01", "St._Paul.n.10"]) == {
        "dog": [2, 0],
        "cat": [1],
        "st._paul": [3],
    }


def chain() -> WordVectors:
    names = [f"w{i}.n.01" for i in range(30)]
    points = np.array([[0.03 * i, 0.0] for i in range(30)])
    return WordVectors(names, points, meta={"manifold": "poincare"})


def test_hyperlex_correlates_with_graded_scores(tmp_path: Path) -> None:
    wv = chain()
    pairs = [(f"w{i}", f"w{j}") for i in range(4, 20, 3) for j in range(1, 20, 4) if i != j]
    scores = pair_scores(wv, pairs)
    rows = [f"{a} {b} {s:.6f}" for (a, b), s in zip(pairs, scores, strict=True)]
    (tmp_path / "set").write_text("\n".join(["word1 word2 Score", *rows, "no such 3"]))
    result = hyperlex(wv, tmp_path / "set")
    assert result.value == pytest.approx(1)
    assert (result.pairs, result.known) == (len(pairs) + 1, len(pairs))


def test_wbless_learns_a_threshold(tmp_path: Path) -> None:
    wv = chain()
    rows = [f"w{i}\tw{i - 3}\tTrue\thyper\tval" for i in range(5, 30)]
    rows += [f"w{i - 3}\tw{i}\tFalse\tother\tval" for i in range(5, 30)]
    (tmp_path / "set").write_text("\n".join(["word1\tword2\tlabel\trelation\tfold", *rows]))
    result = wbless(wv, tmp_path / "set", folds=50, share=0.2)
    assert result.value > 0.85
    assert result.known == 50


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file"),
        ("a b c\n", "columns word1, word2, score expected"),
        ("word1 word2 score\nx y\n", "line 2: 2 fields"),
        ("word1 word2 score\nw1 w2 much\nw2 w3 1\n", "not a score: 'much'"),
        ("word1 word2 score\nnever heard 1\n", "fewer than two"),
    ],
)
def test_malformed_sets_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "set").write_text(text)
    with pytest.raises(DatasetError, match=message):
        hyperlex(chain(), tmp_path / "set")
