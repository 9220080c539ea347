"""Hierarchies: relations a CPU-second beside gensim, all nouns ranked, published figures.

gensim trains on a slice of the relations, with the whole hierarchy as its vocabulary: the cost of a
relation does not depend on how many there are.
"""

import logging

import numpy as np
import pytest

from wordvec.hierarchy.measures.planar import planar_map
from wordvec.hierarchy.measures.ranks import reconstruction
from wordvec.hierarchy.models import Lorentz, Poincare
from wordvec.hierarchy.relations import read_relations
from wordvec.hierarchy.sarkar import rooted_tree


@pytest.fixture(scope="module")
def nouns(corpora):
    return read_relations(corpora / "hierarchy" / "noun_closure.tsv.gz")


def gensim_rate(bench, nouns, dim, negative, relations):
    """Relations a CPU-second of gensim's training proper."""
    from gensim.models.poincare import PoincareModel

    logging.getLogger("gensim").setLevel(logging.ERROR)
    model = PoincareModel(list(nouns.pairs()), size=dim, negative=negative, burn_in=0, seed=1)
    order = np.random.default_rng(0).permutation(len(model.all_relations))[:relations]
    model.all_relations = [model.all_relations[i] for i in order]
    cpu, _, _ = bench.cpu(lambda: model.train(epochs=1, print_every=10**9))
    return relations / cpu


def our_rate(bench, nouns, dim, negative, negatives):
    """Of ours, by the difference of two runs: what comes before and after training cancels."""
    # Uniform negatives and a start near the origin, as published.
    options = {"start": "random", "degree_share": 0, "burn_in": 0, "threads": 1}
    options["negatives"] = negatives
    times = []
    for epochs in (1, 4):
        model = Poincare(vector_size=dim, negative=negative, epochs=epochs, **options)
        cpu, _, _ = bench.cpu(lambda model=model: model.fit(nouns))
        times.append(cpu)
    return 3 * len(nouns) / (times[1] - times[0])


@pytest.mark.parametrize(
    ("dim", "negative", "relations", "least"),
    [(10, 10, 40_000, 60), (50, 20, 20_000, 35), (10, 50, 600, 1000)],
)
def test_relations_a_cpu_second(bench, nouns, dim, negative, relations, least):
    pytest.importorskip("gensim")
    ratios, ours, theirs, shared = [], [], [], []
    for _ in range(bench.rounds):
        theirs.append(gensim_rate(bench, nouns, dim, negative, relations))
        ours.append(our_rate(bench, nouns, dim, negative, "independent"))
        shared.append(our_rate(bench, nouns, dim, negative, "shared"))
        ratios.append(ours[-1] / theirs[-1])
    name = f"poincare dim {dim}, {negative} negatives"
    bench.note(f"{name}: relations/s", ours, peer=theirs)
    bench.note(f"{name}: relations/s, negatives shared", shared, peer=theirs)
    bench.note(f"{name}: times gensim", ratios, least=least)
    bench.check()


@pytest.mark.parametrize(
    ("model", "dim", "epochs", "most_rank", "least_map"),
    [
        (Poincare, 10, 100, 4.0, 0.86),
        (Lorentz, 10, 100, 4.0, 0.928),
        (Poincare, 5, 300, None, 0.823),
    ],
)
def test_nouns_reconstruction(bench, nouns, model, dim, epochs, most_rank, least_map):
    options = {"burn_in": 20, "burn_in_factor": 0.1}
    if dim == 5:
        options = {"burn_in": 100, "burn_in_factor": 0.03, "ns_exponent": 0.5, "eps": 1e-9}
    estimator = model(vector_size=dim, negative=50, epochs=epochs, threads=1, **options)
    cpu, wall, _ = bench.cpu(lambda: estimator.fit(nouns))
    ranking, _, result = bench.cpu(lambda: reconstruction(estimator.vectors_, nouns, threads=1))
    name = f"{model.__name__.lower()} nouns dim {dim}"
    bench.note(f"{name}: mean rank", result.mean_rank, most=most_rank)
    bench.note(f"{name}: MAP", result.map, least=least_map)
    bench.note(f"{name}: CPU seconds", cpu, unit=" s")
    bench.note(f"{name}: wall seconds", wall, unit=" s")
    bench.note("all nouns ranked: CPU seconds", ranking, most=6, unit=" s")
    bench.check()


def test_wordnets_tree_without_training(bench, corpora):
    edges = read_relations(corpora / "hierarchy" / "noun_edges.tsv.gz")
    cpu, _, value = bench.cpu(lambda: planar_map(rooted_tree(edges), 12.0))
    bench.note("sarkar, WordNet's tree in the plane, tau 12: MAP", value, least=0.98)
    bench.note("the same: CPU seconds", cpu, unit=" s")
    bench.check()
