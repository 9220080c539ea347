"""Analogies against a question-at-a-time oracle in float64 and against gensim."""

import numpy as np
import pytest
import scipy.stats

from wordvec.evaluation.core import datasets, statistics
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.core.statistics import pigeonhole
from wordvec.evaluation.measures import analogy


def one_by_one(space, question, solver):
    """(rank, predicted word) of one question, from the definitions."""
    E = space.unit.astype(np.float64)
    a, b, c = (E[space.row(word)] for word in (question.a, question.b, question.c))
    if solver == "3CosAdd":
        score = E @ (b - a + c)
    elif solver == "3CosMul":
        score = ((1 + E @ b) / 2) * ((1 + E @ c) / 2) / ((1 + E @ a) / 2 + 0.001)
    else:
        difference = E - c
        length = np.linalg.norm(difference, axis=1)
        score = difference @ (b - a) / np.maximum(length, 1e-6)
    for word in (question.a, question.b, question.c):
        score[space.row(word)] = -np.inf
    rows = [space.row(w) for w in question.answers if space.row(w) is not None]
    answer = max(rows, key=lambda row: score[row])
    return int((score > score[answer]).sum()) + 1, space.words[int(score.argmax())]


@pytest.mark.parametrize("solver", analogy.SOLVERS[:3])
def test_ranks_and_predictions_equal_those_of_one_question_at_a_time(random_vectors, solver):
    rng = np.random.default_rng(3)
    questions = []
    for _ in range(200):
        a, b, c, d, e = (f"w{i}" for i in rng.permutation(60)[:5])
        questions.append(datasets.Question(a, b, c, (d, e)))
    space = Space.of(random_vectors)
    found = analogy.solve(space, questions, solver, 60)
    expected = [one_by_one(space, q, solver) for q in questions]
    assert found.ranks.tolist() == [rank for rank, _ in expected]
    assert [space.words[i] for i in found.predicted] == [word for _, word in expected]


def test_the_number_of_threads_and_blocks_does_not_change_the_answers(random_vectors, monkeypatch):
    questions = [datasets.Question(f"w{i}", f"w{i + 1}", "w50", ("w7",)) for i in range(8, 40)]
    space = Space.of(random_vectors)
    whole = analogy.solve(space, questions, "3CosAdd", 60, threads=1)
    monkeypatch.setattr(analogy, "_BLOCK_BYTES", 1)
    blocks = analogy.solve(space, questions, "3CosAdd", 60, threads=5)
    np.testing.assert_array_equal(whole.ranks, blocks.ranks)
    np.testing.assert_array_equal(whole.predicted, blocks.predicted)


@pytest.mark.parametrize("mode", ["whole", "restricted"])
def test_google_questions_score_as_in_gensim(shared_data, glove, mode):
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    path = shared_data / "analogy" / "questions-words.txt"
    cut = None if mode == "whole" else 1500
    found = analogy.evaluate(glove, datasets.load(path), restrict_vocab=cut)
    peer = KeyedVectors(50)
    peer.add_vectors(list(glove.index_to_key), glove.vectors)
    _, sections = peer.evaluate_word_analogies(str(path), restrict_vocab=cut or 10**6)
    for category, section in zip(found.categories, sections, strict=False):
        assert category.name == section["section"]
        right, wrong = len(section["correct"]), len(section["incorrect"])
        assert (category.correct, category.answered) == (right, right + wrong)


def test_the_words_of_a_question_are_never_its_answer(make_vectors):
    # b itself is nearest to b - a + c; the accepted answer comes next.
    vectors = make_vectors(["a", "b", "c", "d"], [[1, 0, 0], [0, 1, 0], [1, 0.1, 0], [0, 1, 0.4]])
    found = analogy.evaluate(vectors, datasets.loads(": s\na b c d\n"))
    assert found.score == 1


def test_vectors_that_are_all_alike_answer_nothing(make_vectors):
    vectors = make_vectors(list("abcdef"), np.ones((6, 4)))
    for solver in analogy.SOLVERS:
        found = analogy.evaluate(vectors, datasets.loads(": s\na b c d\n"), solver=solver)
        assert found.score == 0


def test_coverage_missing_and_impossible_questions(random_vectors):
    text = (
        ": one\nw1 w2 w3 w4\nw1 w2 w3 nowhere\nw1 w2 w3 w2\n: two\nx y z u\n: three\nw5 w6 w7 w8\n"
    )
    found = analogy.evaluate(random_vectors, datasets.loads(text))
    assert (found.coverage.asked, found.coverage.answered) == (5, 2)
    assert found.impossible == 1
    assert found.coverage.missing == ("nowhere", "x", "y", "z", "u")
    scores = {c.name: c.score for c in found.categories}
    assert scores["two"] is None
    assert found.macro == pytest.approx((scores["one"] + scores["three"]) / 2)
    assert found.missing_as_wrong == pytest.approx(found.score * 2 / 5)
    assert (found.chance.low, found.chance.high) == tuple(
        q / found.coverage.answered
        for q in scipy.stats.binom.interval(0.95, found.coverage.answered, 1 / 57)
    )


def test_top_k_and_misses_follow_the_ranks(random_vectors):
    questions = "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(0, 50))
    found = analogy.evaluate(random_vectors, datasets.loads(f": s\n{questions}\n"))
    for k in (1, 5, 10):
        assert found.top[str(k)] == pytest.approx((found.ranks <= k).mean())
    worst = found.categories[0].misses
    assert worst[0].rank == found.ranks.max()
    assert [m.rank for m in worst] == sorted((m.rank for m in worst), reverse=True)


def test_a_second_accepted_answer_counts(make_vectors):
    vectors = make_vectors(
        ["a", "b", "c", "far", "near"], [[1, 0], [0, 1], [1, 0.1], [-1, -1], [0.1, 1]]
    )
    one = analogy.evaluate(vectors, datasets.loads(": s\na b c far\n"))
    both = analogy.evaluate(vectors, datasets.loads(": s\na b c far/near\n"))
    assert (one.score, both.score) == (0, 1)


def test_micro_and_macro_intervals_hold_the_score(shared_data, glove):
    found = analogy.evaluate(
        glove, datasets.load(shared_data / "analogy" / "questions-words.txt"), resamples=200
    )
    assert found.interval.low < found.score < found.interval.high
    assert found.macro_interval.low < found.macro < found.macro_interval.high


def test_resampled_accuracy_equals_a_loop_over_questions():
    # Category s has a question whose two pairs are one, as LRCos asks them; t misses one question.
    data = datasets.loads(
        ": s\na b c d\nc d e f\na b e f\na b a b\n: t\na b e f\nc d a b\ne f c d\n"
    )
    right = np.array([[1, 0, 1, 1, 0, 1, 1], [0, 0, 1, 0, 1, 1, 0]], bool)
    asked = np.array([1, 1, 1, 1, 1, 1, 0], bool)
    rng = np.random.default_rng(7)
    hits, drawn = np.zeros((2, 20)), np.zeros(20)
    shares = []
    start = 0
    for _, members in data.categories:
        used = [i for i in range(len(members)) if asked[start + i]]
        pairs = list(
            dict.fromkeys(
                p for i in used for q in [members[i]] for p in [(q.a, q.b), (q.c, q.answers[0])]
            )
        )
        counts = statistics.resampled_counts(len(pairs), 20, rng)
        own_hits, own_drawn = np.zeros((2, 20)), np.zeros(20)
        for r in range(20):
            for i in used:
                q = members[i]
                one, other = pairs.index((q.a, q.b)), pairs.index((q.c, q.answers[0]))
                times = counts[r, one] * (1 if one == other else counts[r, other])
                own_hits[:, r] += times * right[:, start + i]
                own_drawn[r] += times
        hits, drawn = hits + own_hits, drawn + own_drawn
        with np.errstate(invalid="ignore"):
            shares.append(own_hits / own_drawn)
        start += len(members)
    with np.errstate(invalid="ignore"):
        micro = hits / drawn
        macro = np.nansum(shares, axis=0) / np.isfinite(shares).sum(axis=0)
    found = pigeonhole.replicates(data, right, asked, 20, 7)
    np.testing.assert_array_equal(found[0], micro)
    np.testing.assert_allclose(found[1], macro, rtol=1e-15)


def test_no_answerable_question_is_refused_with_the_words(random_vectors):
    with pytest.raises(Unanswerable, match=r"none of 1 questions.*cat"):
        analogy.evaluate(random_vectors, datasets.loads(": s\ncat cats dog dogs\n"))


def test_unknown_solver_and_empty_vocabulary_are_refused(random_vectors):
    questions = datasets.loads(": s\nw1 w2 w3 w4\n")
    with pytest.raises(ValueError, match="solver must be one of"):
        analogy.evaluate(random_vectors, questions, solver="cosine")
    with pytest.raises(ValueError, match="restrict_vocab must be >= 1"):
        analogy.evaluate(random_vectors, questions, restrict_vocab=0)
