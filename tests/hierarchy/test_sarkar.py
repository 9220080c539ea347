"""Constructions of trees: edge lengths, distortion, precision, refusals, exact planar distances."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordvec.errors import CorpusError, TrainingError
from wordvec.hierarchy.measures.distortion import distortion, graph_distances, neighbour_map
from wordvec.hierarchy.measures.planar import planar_distances, planar_map
from wordvec.hierarchy.relations import from_pairs, read_relations
from wordvec.hierarchy.sarkar import (
    Sarkar,
    build,
    exact_distance,
    exact_points,
    rooted_tree,
    spanning_tree,
    spherical_code,
    tau_for,
)
from wordvec.vectors import manifold


def random_tree(n: int, seed: int) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    return [(f"{i}", f"{rng.integers(max(0, i - 6), i)}") for i in range(1, n)]


@pytest.mark.parametrize("dim", [2, 3, 5])
@pytest.mark.parametrize("precision", [53, 90])
def test_every_edge_is_tau_long(dim: int, precision: int) -> None:
    pairs = random_tree(60, 1)
    built = Sarkar(vector_size=dim, tau=0.8, precision=precision).fit(pairs)
    wv = built.vectors_
    for child, parent in pairs:
        away = manifold.distance(wv[child], wv[parent], "poincare")
        assert float(away) == pytest.approx(0.8, rel=1e-6)


@pytest.mark.parametrize("epsilon", [0.1, 0.5])
def test_the_wanted_distortion_is_kept(epsilon: float) -> None:
    relations = from_pairs(random_tree(40, 2))
    built = Sarkar(distortion=epsilon, precision=4000).fit(relations)
    graph = graph_distances(relations)
    worst = best = 1.0
    for u in range(0, 40, 7):
        ratio = planar_distances(built.tree_, built.tau_, u) / built.tau_
        others = np.arange(40) != u
        ratio = ratio[others] / graph[u][others]
        worst, best = min(worst, float(ratio.min())), max(best, float(ratio.max()))
    assert best <= 1 + 1e-9
    assert best / worst <= 1 + epsilon


def test_bits_are_reported_and_too_many_refused_with_the_remedy() -> None:
    pairs = [(f"{i}", f"{i - 1}") for i in range(1, 31)] + [(f"leaf{i}", "0") for i in range(5)]
    with pytest.raises(TrainingError, match=r"pass precision=433 .*, or tau=1\.225"):
        Sarkar(tau=10.0).fit(pairs)
    built = Sarkar(tau=10.0, precision=433).fit(pairs)
    assert built.bits_ == 433 >= 30 * 10 / math.log(2)
    assert built.vectors_.meta["construction"]["bits"] == 433
    assert np.linalg.norm(built.vectors_.vectors, axis=1).max() < 1  # what float64 can hold
    held = Sarkar().fit(pairs)
    assert held.tau_ == pytest.approx(53 * math.log(2) / 30)
    assert held.bits_ == 53


def test_precision_holds_distances_that_float64_cannot() -> None:
    pairs = random_tree(40, 3)
    built = Sarkar(tau=12.0, precision=600).fit(pairs)
    assert built.exact_ is not None
    parent = built.tree_.parent
    for u in (5, 20, 39):
        p = int(parent[u])
        assert exact_distance(built.exact_[u], built.exact_[p], 600) == pytest.approx(12.0)


@given(st.integers(2, 40), st.integers(0, 1000), st.floats(0.3, 30))
@settings(max_examples=20)
def test_planar_distances_equal_high_precision(n: int, seed: int, tau: float) -> None:
    built = Sarkar(tau=tau, precision=2500).fit(random_tree(n, seed))
    assert built.exact_ is not None
    source = n // 2
    ours = planar_distances(built.tree_, tau, source)
    for v in range(n):
        exact = exact_distance(built.exact_[source], built.exact_[v], 2500)
        assert ours[v] == pytest.approx(exact, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("tau", [0.9, 1.2, 1.6])
def test_the_planar_map_equals_the_map_of_the_coordinates(tau: float) -> None:
    relations = from_pairs(random_tree(80, 4))
    built = Sarkar(tau=tau, precision=64).fit(relations)
    # The neighbours' distances are equal but for rounding, which orders them without changing MAP.
    by_points = neighbour_map(built.vectors_, relations)
    assert planar_map(built.tree_, tau, reach=1e3) == pytest.approx(by_points, abs=2e-3)


def test_several_roots_hang_around_the_origin() -> None:
    built = Sarkar(tau=2.0).fit([("a", "r"), ("b", "s"), ("c", "t")])
    radii = manifold.radius(built.vectors_.vectors, "poincare")
    roots = [built.vectors_.get_index(name) for name in "rst"]
    np.testing.assert_allclose(radii[roots], 2.0)


def test_a_cycle_and_a_graph_in_parts_are_refused() -> None:
    with pytest.raises(CorpusError, match="a tree is needed"):
        Sarkar().fit([("a", "b"), ("b", "c"), ("c", "a")])
    with pytest.raises(CorpusError, match="2 parts that no edge connects"):
        Sarkar(undirected=True).fit([("a", "b"), ("c", "d")])
    with pytest.raises(CorpusError, match="no node 'z'"):
        Sarkar(undirected=True, root="z").fit([("a", "b")])


def test_a_graph_is_embedded_by_its_breadth_first_tree() -> None:
    ring = [(f"{i}", f"{(i + 1) % 9}") for i in range(9)]
    tree = spanning_tree(from_pairs(ring), root="4")
    assert (tree.parent >= 0).sum() == 8
    assert tree.depth.max() == 4
    path = spanning_tree(from_pairs([(f"{i}", f"{i + 1}") for i in range(10)]))
    assert path.depth.max() == 5  # rooted in the middle


@pytest.mark.parametrize("dim", [2, 3, 4, 8])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 40])
def test_a_spherical_code_keeps_its_directions_apart(count: int, dim: int) -> None:
    code = spherical_code(count, dim)
    np.testing.assert_allclose(np.linalg.norm(code, axis=1), 1)
    np.testing.assert_allclose(code[0], np.eye(dim)[0], atol=1e-12)
    if count == 1:
        return
    cosines = code @ code.T - 2 * np.eye(count)
    nearest = math.acos(min(1.0, float(cosines.max())))
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(count, dim))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    at_random = math.acos(min(1.0, float((draws @ draws.T - 2 * np.eye(count)).max())))
    assert nearest >= 0.99 * at_random
    if count <= dim + 1 and dim > 2:
        assert nearest == pytest.approx(math.acos(-1 / (count - 1)))


@pytest.mark.parametrize("dim", [3, 10])
def test_more_dimensions_hold_a_bushy_tree_with_shorter_edges(dim: int) -> None:
    pairs = [(f"{i}", "root") for i in range(60)] + [
        (f"{i}.{j}", f"{i}") for i in range(60) for j in range(3)
    ]
    relations = from_pairs(pairs)
    tau = 3.0
    plane = neighbour_map(Sarkar(tau=tau).fit(relations).vectors_, relations)
    more = neighbour_map(Sarkar(vector_size=dim, tau=tau).fit(relations).vectors_, relations)
    assert more > plane


def test_small_distortions_need_long_edges() -> None:
    assert tau_for(0.1, 10) == pytest.approx(11 * 2 * math.log(20 / math.pi))
    assert tau_for(0.01, 10) > tau_for(0.1, 10)


def test_a_binary_tree_has_a_perfect_map_and_little_distortion() -> None:
    pairs = [(f"{i}", f"{(i - 1) // 2}") for i in range(1, 63)]
    relations = from_pairs(pairs)
    result = distortion(Sarkar(tau=6.0).fit(relations).vectors_, relations, tau=6.0)
    assert result.map == pytest.approx(1)
    assert result.worst < 1.05
    assert result.average < 0.05


def test_float64_and_mpmath_build_the_same_points() -> None:
    # Where a node's parent lies on the first axis exactly, rounding chooses the side of its
    # children; this tree has no such node.
    tree = rooted_tree(from_pairs(random_tree(60, 4)))
    for dim in (2, 3, 6):
        exact = np.array(exact_points(tree, dim, 0.5, 200), dtype=np.float64)
        np.testing.assert_allclose(build(tree, dim, 0.5), exact, atol=1e-13)


def test_the_message_that_refuses_a_length_names_the_distortion_of_the_option() -> None:
    pairs = [(f"{i}", f"{i - 1}") for i in range(1, 11)]
    with pytest.raises(TrainingError, match="distortion") as refused:
        Sarkar(tau=10.0).fit(pairs)
    found = re.search(r"tau=([\d.]+), which has distortion ([\d.]+)", str(refused.value))
    assert found
    tau, epsilon = float(found[1]), float(found[2])
    assert Sarkar(distortion=epsilon, precision=60).fit(pairs).tau_ == pytest.approx(tau, rel=1e-2)


def test_wordnets_tree_in_the_plane(shared_data: Path) -> None:
    # Sala et al. (2018) report .989; edges of length 12 take 329 bits.
    tree = rooted_tree(read_relations(shared_data / "hierarchy" / "noun_edges.tsv.gz"))
    assert math.ceil(12 * tree.depth.max() / math.log(2)) == 329
    assert planar_map(tree, 12.0) >= 0.98
    assert planar_map(tree, 9.0) < 0.98
