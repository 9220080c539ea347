"""Parents, children, new terms, the other model, text with all digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wordvec
from wordvec.hierarchy.lookup import (
    add_node,
    ancestors,
    children,
    convert_model,
    parents,
    write_text,
)
from wordvec.hierarchy.models import Poincare
from wordvec.hierarchy.relations import Relations, from_pairs, read_relations
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors

MAMMALS = Path(__file__).resolve().parents[2] / "data" / "relations" / "mammals.tsv"


@pytest.fixture(scope="module")
def relations() -> Relations:
    return read_relations(MAMMALS)


@pytest.fixture(scope="module")
def mammals(relations: Relations) -> WordVectors:
    model = Poincare(vector_size=10, negative=20, epochs=200, threads=1)
    return model.fit(relations).vectors_


def line() -> WordVectors:
    points = np.array([[0.0, 0], [0.3, 0], [0.6, 0], [0.65, 0.1], [-0.5, 0]])
    names = ["root", "mid", "leaf", "other leaf", "far"]
    return WordVectors(names, points, meta={"manifold": "poincare"})


def test_parents_are_nearer_to_the_origin_and_children_farther() -> None:
    assert [name for name, _ in parents(line(), "leaf")] == ["mid", "root", "far"]
    assert [name for name, _ in children(line(), "mid")] == ["leaf", "other leaf", "far"]
    assert [name for name, _ in ancestors(line(), "leaf", 2)] == ["mid", "root"]
    assert parents(line(), "root") == []
    name, distance = parents(line(), "leaf", 1)[0]
    expected = manifold.distance([0.6, 0], [0.3, 0], "poincare")
    assert (name, distance) == ("mid", pytest.approx(float(expected)))


def test_trained_mammals_have_their_ancestors(mammals: WordVectors, relations: Relations) -> None:
    true = {b for a, b in relations.pairs() if a == "lion.n.01"}
    found = [name for name, _ in ancestors(mammals, "lion.n.01", len(true))]
    assert set(found) == true
    assert found[-1] in ("mammal.n.01", "placental.n.01")


def test_a_new_node_lands_below_its_parents_and_moves_nothing(
    mammals: WordVectors, relations: Relations
) -> None:
    above = [b for a, b in relations.pairs() if a == "lion.n.01"]
    for wv in (mammals, convert_model(mammals, "lorentz")):
        grown = add_node(wv, "liger", parents=above)
        np.testing.assert_array_equal(grown.vectors[:-1], wv.vectors)
        assert len(grown) == len(wv) + 1
        found = {name for name, _ in parents(grown, "liger", len(above))}
        assert len(found & set(above)) >= len(above) - 1


def test_new_nodes_find_their_parents_as_well_as_trained_ones(relations: Relations) -> None:
    above: dict[str, list[str]] = {}
    for a, b in relations.pairs():
        above.setdefault(a, []).append(b)
    leaves = sorted(set(above) - {b for _, b in relations.pairs()})
    new = [str(name) for name in np.random.default_rng(0).choice(leaves, 12, replace=False)]
    kept = from_pairs([p for p in relations.pairs() if p[0] not in new])
    wv = Poincare(vector_size=5, negative=20, epochs=300, burn_in=30, threads=1).fit(kept).vectors_
    found = [
        len(set(above[name]) & {b for b, _ in parents(grown, name, len(above[name]))})
        / len(above[name])
        for name in new
        for grown in [add_node(wv, name, parents=above[name])]
    ]
    assert np.mean(found) > 0.9  # .98 over forty; .60 if a term may lie nearer the origin


def test_a_new_node_above_children_is_their_parent(mammals: WordVectors) -> None:
    cats = ["lion.n.01", "tiger.n.02", "leopard.n.02", "jaguar.n.01"]
    grown = add_node(mammals, "roarer", parents=["feline.n.01", "carnivore.n.01"], children=cats)
    radius = manifold.radius(grown.vectors, "poincare")
    own = radius[grown.get_index("roarer")]
    assert all(own < radius[grown.get_index(cat)] for cat in cats)


def test_a_new_node_needs_a_name_and_a_place(mammals: WordVectors) -> None:
    with pytest.raises(ValueError, match="is there already"):
        add_node(mammals, "lion.n.01", parents=["mammal.n.01"])
    with pytest.raises(ValueError, match="needs a parent or a child"):
        add_node(mammals, "liger")
    with pytest.raises(KeyError):
        add_node(mammals, "liger", parents=["tigger"])
    plain = WordVectors(["a"], [[1.0]])
    with pytest.raises(ValueError, match="not those of a hierarchy"):
        add_node(plain, "b", parents=["a"])


def test_the_other_model_has_the_same_distances(mammals: WordVectors, tmp_path: Path) -> None:
    sheet = convert_model(mammals, "lorentz")
    assert sheet.meta["manifold"] == "lorentz"
    assert sheet.distance("lion.n.01", "dog.n.01") == pytest.approx(
        mammals.distance("lion.n.01", "dog.n.01"), rel=1e-6
    )
    back = convert_model(sheet, "poincare")
    np.testing.assert_allclose(back.vectors, mammals.vectors, rtol=1e-9, atol=1e-12)


def test_a_store_keeps_float64_and_the_manifold(mammals: WordVectors, tmp_path: Path) -> None:
    mammals.save(tmp_path / "m.wv")
    wv = wordvec.load(tmp_path / "m.wv")
    assert wv.vectors.dtype == np.float64
    np.testing.assert_array_equal(wv.vectors, mammals.vectors)
    assert wv.meta["manifold"] == "poincare"
    assert wv.most_similar("lion.n.01", topn=3) == mammals.most_similar("lion.n.01", topn=3)


def test_text_keeps_every_digit(mammals: WordVectors, tmp_path: Path) -> None:
    write_text(mammals, tmp_path / "ball.tsv")
    rows = (tmp_path / "ball.tsv").read_text().splitlines()
    assert rows[0].split("\t") == ["name", *(f"x{i}" for i in range(1, 11))]
    parsed = np.array([[float(x) for x in row.split("\t")[1:]] for row in rows[1:]])
    np.testing.assert_array_equal(parsed, mammals.vectors)
    write_text(convert_model(mammals, "lorentz"), tmp_path / "sheet.tsv")
    rows = (tmp_path / "sheet.tsv").read_text().splitlines()
    assert rows[0].startswith("name\tx0\tx1")
    point = np.array([float(x) for x in rows[1].split("\t")[1:]])
    assert -(point[0] ** 2) + (point[1:] ** 2).sum() == pytest.approx(-1)
    with pytest.raises(FileExistsError):
        write_text(mammals, tmp_path / "ball.tsv")
