"""Evaluation on 68,000 x 100: Google's questions beside gensim, permutations, the whole suite."""

import numpy as np
import pytest

import wordvec
from wordvec.evaluation import suite
from wordvec.evaluation.core import datasets, statistics
from wordvec.evaluation.core.bias.lists import weat_tests
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.measures import analogy
from wordvec.evaluation.run import Options, default_measures, run


@pytest.fixture(scope="module")
def google(corpora):
    return corpora / "analogy" / "questions-words.txt"


@pytest.fixture(scope="module")
def vectors(google):
    """Random vectors of 68,000 words, among them all that the questions need: no question is
    spared, and the time does not depend on what vectors know."""
    questions = datasets.load(google)
    words = dict.fromkeys(
        word
        for _, members in questions.categories
        for q in members
        for word in (q.a, q.b, q.c, *q.answers)
    )
    words.update(dict.fromkeys(f"filler{i}" for i in range(68_000 - len(words))))
    matrix = np.random.default_rng(1).standard_normal((68_000, 100)).astype(np.float32)
    return wordvec.WordVectors(list(words), matrix)


def test_google_questions(benchmark, bench, google, vectors):
    models = pytest.importorskip("gensim.models")
    peer = models.KeyedVectors(100)
    peer.add_vectors(list(vectors.index_to_key), vectors.vectors)
    theirs, _, (accuracy, _) = bench.cpu(
        lambda: peer.evaluate_word_analogies(str(google), restrict_vocab=68_000, dummy4unknown=True)
    )
    dataset, ours, wall = datasets.load(google), [], []

    def evaluate():
        cpu, seconds, found = bench.cpu(lambda: analogy.evaluate(vectors, dataset))
        ours.append(cpu)
        wall.append(seconds)
        return found

    found = benchmark.pedantic(evaluate, rounds=bench.rounds)
    assert found.coverage.answered == 19_544
    assert found.score == pytest.approx(accuracy, abs=1e-12)
    bench.note("Google's 19,544 questions, CPU s", ours, most=4, peer=theirs)
    bench.note("  wall s", wall)
    bench.note("  gensim's CPU time over ours", [theirs / cpu for cpu in ours], least=20)
    for solver in analogy.SOLVERS[1:]:
        cpu, _, _ = bench.cpu(lambda s=solver: analogy.evaluate(vectors, dataset, solver=s))
        bench.note(f"  {solver}, CPU s", cpu)
    bench.check()


def test_permutations(benchmark, bench):
    scores = np.random.default_rng(2).standard_normal(50)
    x, y = scores[:25] + 0.5, scores[25:]
    sampled = benchmark.pedantic(
        lambda: bench.cpu(lambda: statistics.permutation_test(x, y, exact=False, samples=10_000))[
            0
        ],
        rounds=bench.rounds,
    )
    bench.note("10,000 sampled partitions of WEAT 1, ms", 1000 * sampled, most=50)
    exact = bench.cpu(lambda: statistics.permutation_test(x[:16], y[:16]))[0]
    bench.note("601,080,390 partitions at 16 and 16, exact, s", exact, most=5)
    exact = bench.cpu(lambda: statistics.permutation_test(x, y))[0]
    bench.note("1.3e14 partitions at 25 and 25, exact, s", exact)
    bench.check()


def test_the_english_suite(benchmark, bench, corpora, vectors, monkeypatch):
    monkeypatch.setenv("WORDVEC_DATA", str(corpora))
    # Real words under the random vectors, so that every set is answered as on a real model.
    chosen = suite.read_suite("english")
    words = dict.fromkeys(vectors.index_to_key[:1000])
    for dataset in chosen.sets:
        match dataset:
            case datasets.SimilaritySet():
                words.update(dict.fromkeys(word for pair in dataset.pairs for word in pair))
            case datasets.CategorySet() | datasets.PropertySet():
                words.update(dict.fromkeys(dataset.words))
            case datasets.OutlierSet():
                words.update(dict.fromkeys(w for g in dataset.groups for w in g.words + g.outliers))
    for test in weat_tests().values():
        words.update(dict.fromkeys(test.X + test.Y + test.A + test.B))
    words.update(dict.fromkeys(f"filler{i}" for i in range(68_000 - len(words))))
    model = wordvec.WordVectors(list(words), vectors.vectors[: len(words)])

    def evaluate():
        options = Options(solvers=chosen.solvers, measures=(*default_measures(), *chosen.measures))
        return bench.cpu(lambda: run({"random": (model, None)}, chosen.sets, chosen.tests, options))

    cpu, seconds, document = benchmark.pedantic(evaluate, rounds=1)
    assert not chosen.absent
    assert len(document["results"]["weat"]) == 10
    bench.note("English suite, 22 sets, 4 solvers, 10 WEATs, CPU s", cpu, most=12)
    bench.note("  wall s", seconds)
    bench.check()


def test_normalising(benchmark, vectors):
    benchmark.pedantic(lambda: Space.of(vectors), rounds=3)
