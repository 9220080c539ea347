"""The estimators of hierarchies: figures, manners, threads, checkpoints, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wordvec.errors import CorpusError, TrainingError
from wordvec.hierarchy import train as hierarchy
from wordvec.hierarchy.measures.ranks import reconstruction
from wordvec.hierarchy.models import Euclidean, Lorentz, Poincare, Translation
from wordvec.hierarchy.relations import Relations, from_pairs, read_relations, write_shards
from wordvec.hierarchy.train import HierarchyModel
from wordvec.vectors import manifold

MODELS = [Poincare, Lorentz, Euclidean, Translation]
MAMMALS = Path(__file__).resolve().parents[2] / "data" / "relations" / "mammals.tsv"


@pytest.fixture(scope="module")
def mammals() -> Relations:
    return read_relations(MAMMALS)


def tree(depth: int, fan: int) -> list[tuple[str, str]]:
    """Pairs of a complete tree; names are paths."""
    level, pairs = [""], []
    for _ in range(depth):
        below = [f"{node}/{i}" for node in level for i in range(fan)]
        pairs += [(node, node.rsplit("/", 1)[0] or "root") for node in below]
        level = below
    return [(a.lstrip("/"), b.lstrip("/") or "root") for a, b in pairs]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("model", [Poincare, Lorentz])
def test_mammals_are_learnt_in_five_dimensions(
    mammals: Relations, model: type[HierarchyModel], seed: int
) -> None:
    # Nickel & Kiela (2017): 1.26 and .927. About .4 s.
    options: dict[str, Any] = {"negative": 20, "epochs": 400, "burn_in": 50, "degree_share": 0.5}
    trained = model(vector_size=5, threads=1, seed=seed, **options).fit(mammals)
    result = reconstruction(trained.vectors_, mammals, threads=1)
    assert result.mean_rank <= 1.2
    assert result.map >= 0.95
    assert trained.losses_[-1] < trained.losses_[50] / 3


def test_the_published_recipe_is_there(mammals: Relations) -> None:
    paper = Poincare(
        vector_size=5,
        negatives="independent",
        degree_share=0,
        start="random",
        eps=1e-5,
        min_alpha=0.1,
        alpha=0.1,
        epochs=200,
        threads=1,
    ).fit(mammals)
    result = reconstruction(paper.vectors_, mammals, threads=1)
    assert result.map > 0.8
    assert result.mean_rank < 5


def test_defaults_learn_a_small_tree_from_its_direct_relations() -> None:
    direct = from_pairs(tree(4, 3))
    trained = Poincare(vector_size=5, closure=True, epochs=200, negative=20, threads=1).fit(direct)
    assert reconstruction(trained.vectors_, direct.closure(), threads=1).map > 0.97


@pytest.mark.parametrize("model", MODELS)
def test_a_fit_with_one_thread_gives_the_same_bytes_again(model: type[HierarchyModel]) -> None:
    pairs = tree(4, 3)
    one, two = (model(epochs=5, threads=1, alpha=0.1).fit(pairs).vectors_ for _ in range(2))
    assert one.vectors.tobytes() == two.vectors.tobytes()
    other = model(epochs=5, threads=1, alpha=0.1, seed=2).fit(pairs).vectors_
    assert one.vectors.tobytes() != other.vectors.tobytes()


@pytest.mark.parametrize("model", MODELS)
def test_the_vectors_say_what_they_are(model: type[HierarchyModel]) -> None:
    trained = model(vector_size=3, epochs=2, threads=1, alpha=0.1).fit(tree(3, 2))
    wv = trained.vectors_
    assert wv.vectors.dtype == np.float64
    assert wv.vectors.shape == (15, 3)
    assert wv.meta["model"] == model.geometry
    assert wv.meta["manifold"] in manifold.MANIFOLDS
    assert wv.meta["relations"] == {"pairs": 14, "nodes": 15, "source": "pairs"}
    json.dumps(wv.meta)
    if model.geometry == "poincare":
        assert np.linalg.norm(wv.vectors, axis=1).max() < 1
    # On a manifold neighbours are those of its own distance.
    near, score = wv.most_similar("root", topn=1)[0]
    away = manifold.distance(wv["root"], wv.vectors, str(wv.meta["manifold"]))
    away[wv.get_index("root")] = np.inf
    assert near == wv.index_to_key[int(np.argmin(away))]
    assert score == pytest.approx(-away.min())


def test_options_follow_scikit_learns_manners() -> None:
    model = Poincare(vector_size=7)
    assert model.get_params()["vector_size"] == 7
    assert Poincare(**model.get_params()) == model
    assert model.set_params(alpha=0.1).alpha == 0.1
    with pytest.raises(ValueError, match="no option 'alhpa'"):
        model.set_params(alhpa=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"vector_size": 0},
        {"negative": 0},
        {"epochs": 0},
        {"alpha": -1.0},
        {"min_alpha": 1.0},
        {"degree_share": 1.5},
        {"eps": 0.0},
        {"negatives": "some"},
        {"start": "here"},
        {"threads": 0},
        {"direction": "up"},
    ],
)
def test_wrong_options_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Poincare(**wrong).fit(tree(2, 2))


@pytest.mark.parametrize("dim", [5, 10])  # the cached value beyond the last vector, and in it
@pytest.mark.parametrize("model", [Poincare, Lorentz])
def test_threads_share_the_work_and_reach_the_same_quality(
    model: type[HierarchyModel], dim: int, mammals: Relations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        hierarchy, "GROUPS_BETWEEN_MERGES", 128
    )  # so that a small list is worth several threads
    trained = model(vector_size=dim, negative=20, epochs=150, threads=4).fit(mammals)
    result = reconstruction(trained.vectors_, mammals)
    assert result.map > 0.93
    assert result.mean_rank < 1.6


def test_threads_train_a_translation_too(
    mammals: Relations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchy, "GROUPS_BETWEEN_MERGES", 128)
    options: dict[str, Any] = {"vector_size": 10, "alpha": 0.05, "min_alpha": 0.005, "negative": 20}
    for threads in (1, 2):
        trained = Translation(epochs=100, threads=threads, **options).fit(mammals)
        assert reconstruction(trained.vectors_, mammals).map > 0.6
        assert len(trained.vectors_.meta["translation"]) == 10


def test_a_rate_that_throws_points_out_is_held_and_counted() -> None:
    pairs = tree(3, 3)
    for model in (Poincare, Lorentz):
        trained = model(alpha=1e4, epochs=5, burn_in=0, threads=1, eps=1e-5).fit(pairs)
        assert trained.held_ > 0
        norms = np.linalg.norm(trained.vectors_.vectors, axis=1)
        assert np.isfinite(norms).all()
        assert norms.max() <= trained.max_norm() * (1 + 1e-12)


def test_a_loss_that_is_no_number_names_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = lambda self, relations: np.full((relations.n_nodes, 10), np.nan)  # noqa: E731
    monkeypatch.setattr(HierarchyModel, "_start", broken)
    with pytest.raises(TrainingError, match=r"epoch 1 at a rate of 0\.03: lower alpha"):
        Poincare(threads=1).fit(tree(2, 2))


def test_a_node_without_relations_is_left_out_with_its_name() -> None:
    trained = Poincare(epochs=1, threads=1).fit([*tree(2, 2), ("alone", "alone")])
    assert "alone" not in trained.vectors_


def test_empty_and_cyclic_lists() -> None:
    with pytest.raises(CorpusError, match="no relations"):
        Poincare().fit([])
    around = Poincare(epochs=3, threads=1).fit([("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")])
    assert np.isfinite(around.vectors_.vectors).all()


def test_weights_count(mammals: Relations) -> None:
    pairs = tree(3, 3)
    plain = Poincare(epochs=3, threads=1).fit(pairs).vectors_
    ones = Poincare(epochs=3, threads=1).fit([(*p, 1.0) for p in pairs]).vectors_
    heavy = Poincare(epochs=3, threads=1).fit([(*p, 2.0) for p in pairs]).vectors_
    np.testing.assert_array_equal(plain.vectors, ones.vectors)
    assert (plain.vectors != heavy.vectors).any()


def test_a_list_its_file_and_its_shards_train_alike(tmp_path: Path) -> None:
    pairs = tree(3, 3)
    (tmp_path / "list.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs))
    write_shards(from_pairs(pairs), tmp_path / "shards")
    first, *others = (
        Poincare(epochs=2, threads=1).fit(source).vectors_.vectors
        for source in (pairs, tmp_path / "list.tsv", str(tmp_path / "shards"))
    )
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_a_child_of_many_parents_is_trained_in_pieces() -> None:
    pairs = [("all", f"p{i}") for i in range(200)] + [(f"c{i}", "p0") for i in range(300)]
    trained = Poincare(epochs=3, threads=1).fit(pairs)
    assert np.isfinite(trained.vectors_.vectors).all()


def test_the_pool_draws_by_degree_and_uniformly() -> None:
    relations = from_pairs(tree(3, 3))
    assert hierarchy.negative_pool(relations, 0.75, 0) is None
    pool = hierarchy.negative_pool(relations, 1.0, 1.0)
    assert pool is not None
    drawn = np.bincount(pool) / len(pool)
    degree = np.bincount(np.concatenate([relations.child, relations.parent]))
    np.testing.assert_allclose(drawn, degree / degree.sum(), rtol=1e-3)
