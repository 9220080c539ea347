"""Repair of taxonomies: a term in the wrong place is found and moved, a loose one attached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wordvec.hierarchy.models import Poincare
from wordvec.hierarchy.relations import Relations, from_pairs, read_relations
from wordvec.hierarchy.taxonomy import Proposal, apply, refine
from wordvec.vectors.vectors import WordVectors

MAMMALS = Path(__file__).resolve().parents[2] / "data" / "relations" / "mammals.tsv"


@pytest.fixture(scope="module")
def closure() -> Relations:
    return read_relations(MAMMALS)


@pytest.fixture(scope="module")
def vectors(closure: Relations) -> WordVectors:
    return Poincare(vector_size=10, negative=20, epochs=200, threads=1).fit(closure).vectors_


def test_misplaced_leaves_are_found_and_moved_home(
    closure: Relations, vectors: WordVectors
) -> None:
    direct = closure.direct()
    rng = np.random.default_rng(0)
    inner = {b for _, b in direct.pairs()}
    parents: dict[str, list[str]] = {}
    for a, b in direct.pairs():
        parents.setdefault(a, []).append(b)
    leaves = sorted(a for a, above in parents.items() if a not in inner and len(above) == 1)
    moved = {str(name) for name in rng.choice(leaves, 60, replace=False)}
    true = {b for _, b in closure.pairs()}
    wrong = {}
    for name in sorted(moved):
        above = {b for a, b in closure.pairs() if a == name}
        choices = sorted(true - above)
        wrong[name] = str(choices[rng.integers(len(choices))])
    broken = from_pairs([(a, wrong.get(a, b)) for a, b in direct.pairs()])
    proposals = refine(broken, vectors)
    found = {p.term for p in proposals if p.action == "move"}
    assert len(found & moved) >= 0.8 * len(moved)
    assert len(found - moved) <= 0.3 * len(found)
    truth = set(closure.pairs())
    home = sum((p.term, p.new_parent) in truth for p in proposals if p.term in moved)
    assert home >= 0.8 * len(found & moved)
    repaired = set(apply(broken, proposals).pairs())
    right = set(closure.pairs())
    assert len(repaired & right) > len(set(broken.pairs()) & right) + 30


def test_a_loose_term_is_attached_to_an_ancestor(closure: Relations, vectors: WordVectors) -> None:
    direct = from_pairs([p for p in closure.direct().pairs() if p[0] != "lion.n.01"])
    proposals = refine(direct, vectors, terms=["lion.n.01", "mammal.n.01", "unicorn"])
    attached = [p for p in proposals if p.action == "attach"]
    assert [p.term for p in attached] == ["lion.n.01"]
    assert ("lion.n.01", attached[0].new_parent) in set(closure.pairs())


def test_moves_that_would_close_a_cycle_are_left_out() -> None:
    taxonomy = from_pairs([("a", "root"), ("b", "root")])
    moves = [
        Proposal("move", "a", "root", "b", 9, 1.0),
        Proposal("move", "b", "root", "a", 9, 1.0),
    ]
    assert set(apply(taxonomy, moves).pairs()) == {("a", "b"), ("b", "root")}


def test_a_perfect_taxonomy_is_left_alone() -> None:
    points = np.array([[0.0, 0], [0.5, 0], [-0.5, 0], [0.8, 0], [-0.8, 0]])
    names = ["root", "a", "b", "a1", "b1"]
    wv = WordVectors(names, points, meta={"manifold": "poincare"})
    taxonomy = from_pairs([("a", "root"), ("b", "root"), ("a1", "a"), ("b1", "b")])
    assert refine(taxonomy, wv) == []
    assert refine(from_pairs([("x", "y")]), wv) == []
