"""Word analogies: a is to b as c is to what?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import lrcos, statistics
from wordvec.evaluation.core.comparison import Comparison, comparison, with_holm
from wordvec.evaluation.core.datasets import AnalogySet, Question
from wordvec.evaluation.core.measure import (
    INTERVAL,
    OF_SETS,
    SCORE,
    Entry,
    Measure,
    Table,
    Variants,
    answered,
    between,
    chance,
    number,
    span,
    title,
    value,
)
from wordvec.evaluation.core.results import Coverage, Interval, Source, Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.core.statistics import pigeonhole
from wordvec.native.vectors import analogy
from wordvec.system.blas import single_threaded
from wordvec.system.parallel import default_threads

SOLVERS = ("3CosAdd", "3CosMul", "PairDistance", "LRCos")
TOP = (1, 5, 10)

# Cosines of the question words to a block of candidates are kept within this many bytes, which is
# what second-level caches hold. The questions of three sets to 68,000 words, each by three solvers,
# take .90 of the time that they take with 16 MB (Intel Xeon, family 6, model 85; 1 MB).
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Miss:
    """A question that was answered wrongly; rank 1 would have been right."""

    question: str
    expected: str
    answer: str
    rank: int


@dataclass(frozen=True)
class CategoryScore:
    """Accuracy of one category: `score` over the answered questions, with Wilson's interval.

    `top`: share of questions whose accepted answer is among the first k, for each k of `TOP`.
    """

    name: str
    asked: int
    answered: int
    correct: int
    score: float | None
    interval: Interval
    top: dict[str, float | None]
    misses: tuple[Miss, ...]


@dataclass(frozen=True, eq=False)
class AnalogyResult:
    """Accuracy over questions.

    Attributes
    ----------
    score, interval
        Micro accuracy: over all answered questions.
    macro, macro_interval
        Mean over the categories that have an answered question.
    missing_as_wrong : float
        Micro accuracy when questions that cannot be answered count as wrong.
    chance : Interval
        Micro accuracy when answers are guessed among the candidates.
    impossible : int
        Questions among the unanswered whose accepted answers are all words of the question.
    ranks : (asked,) int32
        Place of the accepted answer from 1, 0 where unanswered; not part of the JSON.
    """

    measure: str
    dataset: Source
    protocol: str
    solver: str
    candidates: int
    coverage: Coverage
    score: float
    interval: Interval
    chance: Interval
    macro: float
    macro_interval: Interval
    missing_as_wrong: float
    top: dict[str, float]
    impossible: int
    categories: tuple[CategoryScore, ...]
    ranks: NDArray[np.int32] = field(repr=False, metadata={"json": False})


@dataclass(frozen=True, eq=False)
class Answers:
    """What a solver said to a list of questions.

    ranks : (n,) int32, place of the best accepted answer from 1; 0 where it could not be asked.
    predicted : (n,) int32, row of the word put first; -1 where it could not be asked.
    """

    ranks: NDArray[np.int32]
    predicted: NDArray[np.int32]
    impossible: int


def solve(
    space: Space, questions: Sequence[Question], solver: str, candidates: int, threads: int = 0
) -> Answers:
    """Answers questions by one of the solvers that score a candidate by three cosines.

    Candidates are the first `candidates` rows without the three words of the question. Equal
    scores count against the accepted answer.
    """
    ranks, predicted = np.zeros(len(questions), np.int32), np.full(len(questions), -1, np.int32)
    row = _lookup(space, candidates)
    triples: list[tuple[int, int, int]] = []
    accepted: list[list[int]] = []
    at: list[int] = []
    impossible = 0
    for i, q in enumerate(questions):
        a, b, c = row(q.a), row(q.b), row(q.c)
        if a is None or b is None or c is None:
            continue
        answers = [found for word in q.answers if (found := row(word)) is not None]
        allowed = [found for found in answers if found not in (a, b, c)]
        if allowed:
            triples.append((a, b, c))
            accepted.append(allowed)
            at.append(i)
        elif answers:
            impossible += 1
    if not at:
        return Answers(ranks, predicted, impossible)

    abc = np.array(triples, np.int32)
    used, place = np.unique(abc, return_inverse=True)
    words = np.ascontiguousarray(place.reshape(abc.shape), np.int32)
    heads = space.unit[used]
    cos_bc = _cosine(space, abc[:, 1], abc[:, 2])
    shift = np.ascontiguousarray(cos_bc - _cosine(space, abc[:, 0], abc[:, 2]), np.float32)

    # The accepted answer that scores best is the one whose place counts.
    owner = np.repeat(np.arange(len(at)), [len(a) for a in accepted])
    rows_of = np.array([row for a in accepted for row in a], np.int32)
    value = np.empty(len(owner), np.float32)
    to_a, to_b, to_c = (_cosine(space, abc[owner, side], rows_of) for side in range(3))
    analogy.scores(solver, to_a, to_b, to_c, np.ascontiguousarray(shift[owner]), value)
    order = np.lexsort((rows_of, -value, owner))
    first = order[np.r_[True, owner[order][1:] != owner[order][:-1]]]
    answer, answer_row = np.ascontiguousarray(value[first]), rows_of[first]

    skip = np.ascontiguousarray(np.c_[abc, answer_row], np.int32)
    step = max(64, _BLOCK_BYTES // (4 * len(used)) // 64 * 64)

    def scan(worker: int) -> tuple[NDArray[Any], ...]:
        """Best other candidate and number above over every `threads`-th block."""
        best = np.full(len(at), -np.inf, np.float32)
        best_row, above = np.full(len(at), -1, np.int32), np.zeros(len(at), np.int32)
        block = np.empty((len(used), step), np.float32)
        for start in range(worker * step, candidates, threads * step):
            size = min(step, candidates - start)
            np.matmul(heads, space.unit[start : start + size].T, out=block[:, :size])
            analogy.scan(
                solver, block, size, start, words, skip, shift, answer, best, best_row, above
            )
        return best, best_row, above

    threads = threads or default_threads()
    with single_threaded(), ThreadPoolExecutor(threads) as pool:
        best, best_row, above = map(np.stack, zip(*pool.map(scan, range(threads)), strict=True))
    above = above.sum(axis=0)
    # Of equal scores the lower row, as one worker alone would have it.
    tied = np.where(best == best.max(axis=0), best_row, np.iinfo(np.int32).max)
    best_row = tied.min(axis=0)
    ranks[at] = above + 1
    predicted[at] = np.where(above == 0, answer_row, best_row)
    return Answers(ranks, predicted, impossible)


def _solve_pairs(space: Space, dataset: AnalogySet, candidates: int, seed: int) -> Answers:
    parts = [
        lrcos.rank_pairs(space, [(q.a, q.answers) for q in members], candidates, seed)
        for _, members in dataset.categories
    ]
    ranks, predicted = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return Answers(ranks, predicted, 0)


def _lookup(space: Space, candidates: int) -> Callable[[str], int | None]:
    """Word -> its row, or None when it is unknown or beyond the candidates; remembered."""

    @cache
    def row(word: str) -> int | None:
        found = space.row(word)
        return found if found is not None and found < candidates else None

    return row


def _cosine(space: Space, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ij,ij->i", space.unit[left], space.unit[right]))


def evaluate(
    vectors: Vectors | Space,
    dataset: AnalogySet,
    *,
    solver: str = "3CosAdd",
    restrict_vocab: int | None = None,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
    misses: int = 3,
    threads: int = 0,
) -> AnalogyResult:
    """Scores `vectors` on analogy questions.

    The three words of a question are never its answer. A question with a missing word, or without
    an accepted answer among the candidates, is left out and its words are listed.

    Parameters
    ----------
    solver : {"3CosAdd", "3CosMul", "PairDistance", "LRCos"}
        LRCos asks each word pair of a category once, by a classifier trained on the others.
    restrict_vocab : int, optional
        Only the first so many words exist: a question that needs another is left out, as in
        word2vec and gensim. All words by default.
    misses : int
        How many wrong answers to keep by category: those whose accepted answer ranks lowest.
    threads : int
        0: one a processor. The result does not depend on it.

    Raises
    ------
    Unanswerable
        No question can be answered.

    Notes
    -----
    Questions share word pairs, so they are not independent. The intervals of micro and macro
    accuracy resample the pairs (a, b) and (c, d) of each category, not the questions: a question
    counts as often as the product of its two pairs' draws ("pigeonhole bootstrap", Owen 2007).
    """
    if solver not in SOLVERS:
        raise ValueError(f"solver must be one of {', '.join(SOLVERS)}, got {solver!r}")
    if restrict_vocab is not None and restrict_vocab < 1:
        raise ValueError(f"restrict_vocab must be >= 1, got {restrict_vocab}")
    space = Space.of(vectors)
    candidates = min(len(space), restrict_vocab or len(space))
    if solver == "LRCos":
        dataset = replace(dataset, categories=lrcos.as_questions(dataset))
        answers = _solve_pairs(space, dataset, candidates, seed)
        questions = [q for _, category in dataset.categories for q in category]
    else:
        questions = [q for _, category in dataset.categories for q in category]
        answers = solve(space, questions, solver, candidates, threads)
    ranks = answers.ranks
    answered = int((ranks > 0).sum())
    unanswered = [q for q, rank in zip(questions, ranks.tolist(), strict=True) if not rank]
    missing = _missing(space, unanswered, candidates)
    if not answered:
        raise Unanswerable(
            f"{dataset.source.name}: none of {len(questions)} questions can be answered; "
            f"missing: {first_few(missing)}"
        )
    categories = []
    for (name, members), (part, _) in zip(
        dataset.categories, pigeonhole.parts(dataset), strict=True
    ):
        worst = _worst(space, members, answers, part, misses)
        categories.append(_category(name, ranks[part], level, worst))
    scored = [c.score for c in categories if c.score is not None]
    micro, macro = pigeonhole.intervals(dataset, ranks, resamples, level, seed)
    accepted = np.array([len(q.answers) for q in questions])[ranks > 0]
    return AnalogyResult(
        measure="analogy",
        dataset=dataset.source,
        protocol=(
            f"{solver}; the words of the question are no answers; candidates: "
            f"{'all' if restrict_vocab is None else 'the first'} {candidates:,} words; "
            f"case: {space.case}; questions with a missing word left out"
        ),
        solver=solver,
        candidates=candidates,
        coverage=space.coverage(
            len(questions), answered, (w for q in questions for w in (q.a, q.b, q.c)), missing
        ),
        score=float((ranks == 1).sum() / answered),
        interval=micro,
        chance=statistics.guessing_interval(
            min(1.0, float(accepted.mean()) / max(1, candidates - 3)), answered, level
        ),
        macro=float(np.mean(scored)),
        macro_interval=macro,
        missing_as_wrong=float((ranks == 1).mean()),
        top={str(k): float(((ranks > 0) & (ranks <= k)).sum() / answered) for k in TOP},
        impossible=answers.impossible,
        categories=tuple(categories),
        ranks=ranks,
    )


def _category(
    name: str, ranks: NDArray[np.int32], level: float, misses: tuple[Miss, ...]
) -> CategoryScore:
    answered, correct = int((ranks > 0).sum()), int((ranks == 1).sum())
    return CategoryScore(
        name=name,
        asked=len(ranks),
        answered=answered,
        correct=correct,
        score=correct / answered if answered else None,
        interval=statistics.wilson_interval(correct, answered, level),
        top={
            str(k): float(((ranks > 0) & (ranks <= k)).sum() / answered) if answered else None
            for k in TOP
        },
        misses=misses,
    )


def _worst(
    space: Space, members: Sequence[Question], answers: Answers, part: slice, most: int
) -> tuple[Miss, ...]:
    ranks, predicted = answers.ranks[part], answers.predicted[part]
    order = sorted(np.flatnonzero(ranks > 1).tolist(), key=lambda i: -ranks[i])[:most]
    return tuple(
        Miss(
            _asked(members[i]),
            "/".join(members[i].answers),
            space.words[predicted[i]],
            int(ranks[i]),
        )
        for i in order
    )


def _asked(q: Question) -> str:
    return f"{q.a} : ?" if q.a == q.c else f"{q.a} : {q.b} :: {q.c} : ?"


def _missing(space: Space, unanswered: Sequence[Question], candidates: int) -> tuple[str, ...]:
    """Words that no question could use; of several accepted answers only when none is known."""
    out: dict[str, None] = {}
    row = _lookup(space, candidates)
    for q in unanswered:
        for word in (q.a, q.b, q.c):
            if row(word) is None:
                out[word] = None
        if all(row(word) is None for word in q.answers):
            out.update(dict.fromkeys(q.answers))
    return tuple(out)


def compare(
    dataset: AnalogySet,
    results: Mapping[str, AnalogyResult],
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> list[Comparison]:
    """Every pair of models on the questions that all models answer (micro accuracy)."""
    ranks = np.array([result.ranks for result in results.values()])
    common = np.all(ranks > 0, axis=0)
    if not common.any():
        raise Unanswerable(f"{dataset.source.name}: the models answer no question in common")
    names = list(results)
    solver = next(iter(results.values())).solver
    right = np.logical_and(ranks == 1, common)
    score = right.sum(axis=1) / common.sum()
    replicates = pigeonhole.micro_replicates(dataset, right, common, resamples, seed)
    out = [
        comparison(
            "analogy",
            f"{dataset.source.name} ({solver})",
            (names[i], names[j]),
            int(common.sum()),
            (float(score[i]), float(score[j])),
            replicates[i] - replicates[j],
            "paired pigeonhole bootstrap over word pairs",
            level,
            None,
        )
        for i, j in combinations(range(len(names)), 2)
    ]
    return with_holm(out)


def _categories(e: Entry) -> Table:
    return Table.of(
        [
            {
                "category": c["name"],
                "accuracy": number(c["score"]),
                "interval": between(c["interval"]),
                "answered": f"{c['answered']:,} of {c['asked']:,}",
                "top 10": number(c["top"]["10"]),
                "worst miss": _worst_miss(c["misses"]),
            }
            for c in e["categories"]
        ],
        f"{e['model']}: {title(e)}",
    )


def _worst_miss(misses: Sequence[Entry]) -> str:
    if not misses:
        return "-"
    m = misses[0]
    return f"{m['question']} {m['expected']} ranked {m['rank']:,}; first was {m['answer']}"


MEASURE = Measure(
    name="analogy",
    title="Analogies",
    score="share of questions answered rightly",
    about="Share of questions whose accepted answer came first. Intervals resample word pairs; "
    "those of categories are Wilson's.",
    asks=AnalogySet,
    run=evaluate,
    result=AnalogyResult,
    columns={
        **OF_SETS,
        "micro": SCORE,
        "interval": INTERVAL,
        "answered": answered,
        "macro": value("macro"),
        "macro interval": span("macro_interval"),
        "top 5": lambda e: number(e["top"]["5"]),
        "top 10": lambda e: number(e["top"]["10"]),
        "missing as wrong": value("missing_as_wrong"),
        "by chance": chance,
    },
    range=(0.0, 1.0),
    detail=_categories,
    compare=compare,
    figures=("categories",),
    variants=Variants("solver", SOLVERS, "solvers"),
    reference="""@inproceedings{mikolov2013linguistic,
  author = {Mikolov, Tomas and Yih, Wen-tau and Zweig, Geoffrey},
  title = {Linguistic Regularities in Continuous Space Word Representations},
  booktitle = {Proceedings of NAACL-HLT},
  pages = {746--751},
  year = {2013},
}
@inproceedings{levy2014linguistic,
  author = {Levy, Omer and Goldberg, Yoav},
  title = {Linguistic Regularities in Sparse and Explicit Word Representations},
  booktitle = {Proceedings of CoNLL},
  pages = {171--180},
  year = {2014},
}
@inproceedings{drozd2016word,
  author = {Drozd, Aleksandr and Gladkova, Anna and Matsuoka, Satoshi},
  title = {Word Embeddings, Analogies, and Machine Learning: Beyond king - man + woman = queen},
  booktitle = {Proceedings of COLING},
  pages = {3519--3530},
  year = {2016},
}""",
)
