"""What a debiasing removed, what is left, and what was lost: one table, before and after.

The words that judge are chosen by the vectors before, and are others than those that a method
learned from (`wordvec.spaces.debiasing.base.split`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from wordvec import logistic
from wordvec.errors import DatasetError
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import WeatTest, weat_tests
from wordvec.evaluation.core.clustering import contingency, kmeans, v_measure
from wordvec.evaluation.core.datasets import AnalogySet, Dataset, SimilaritySet
from wordvec.evaluation.core.results import Interval, Unanswerable
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.measures import MEASURES
from wordvec.evaluation.measures.bias.direction.direct_bias import direct_bias
from wordvec.evaluation.measures.bias.direction.gipe import gipe
from wordvec.evaluation.measures.bias.direction.indirect_bias import indirect_bias
from wordvec.evaluation.measures.bias.direction.neighbor_bias import neighbor_bias
from wordvec.evaluation.measures.bias.direction.ripa import ripa
from wordvec.evaluation.measures.bias.sets.ect import ect
from wordvec.evaluation.measures.bias.sets.mac import mac
from wordvec.evaluation.measures.bias.sets.rnd import rnd
from wordvec.evaluation.measures.bias.sets.rnsb import rnsb
from wordvec.evaluation.measures.bias.sets.sembias import sembias
from wordvec.evaluation.measures.bias.sets.weat import weat
from wordvec.spaces.debiasing.base import HELD_OUT, Labelled, leaning, split, unit_rows
from wordvec.spaces.debiasing.concepts import Concept, Lookup, concept
from wordvec.spaces.moments import moments, word_weights
from wordvec.system.blas import single_threaded
from wordvec.vectors.vectors import WordVectors

F64: TypeAlias = NDArray[np.float64]
BEFORE = "before"

READERS = "What readers still find"
MEASURED = "Association"
DAMAGE = "What was lost"

_TAUGHT = 2000  # words at most that teach a reader with a kernel, whose cost is their cube
_SAMPLE = 1000  # words whose neighbours are compared
_RESAMPLES = 200  # of measures that take long
_SEMBIAS_SHARE = 0.25  # of its 440 questions: small vocabularies lack many of its words


@dataclass(frozen=True)
class Cell:
    """A number with its interval, or the reason why there is none."""

    score: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One measure, of the vectors before and after.

    Attributes
    ----------
    part : str
        READERS, MEASURED or DAMAGE.
    measure, about : str
    ideal : str
        What vectors without the association would score.
    cells : dict of str to Cell
        By name of the vectors, "before" first.
    differences : dict of str to Interval
        After less before, paired over the items, where the measure has it.
    """

    part: str
    measure: str
    about: str
    ideal: str
    cells: dict[str, Cell]
    differences: dict[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """The table, the cards of the methods, and what it says in words."""

    concept: str
    words: int
    methods: dict[str, dict[str, Any]]
    rows: tuple[Row, ...]
    text: tuple[str, ...]

    def row(self, measure: str) -> Row:
        """The row of a measure; KeyError where there is none."""
        for row in self.rows:
            if row.measure == measure:
                return row
        raise KeyError(measure)


Vectors: TypeAlias = Mapping[str, WordVectors]
Progress: TypeAlias = Callable[[str], None]


@single_threaded()
def prove(
    before: WordVectors,
    after: Vectors,
    about: Concept | str,
    *,
    sets: Sequence[Dataset] = (),
    words: int = 500,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
    progress: Progress = lambda _: None,
) -> Proof:
    """Judges debiased vectors beside the vectors before.

    Parameters
    ----------
    before : WordVectors
    after : dict of str to WordVectors
        The same words after each method.
    about : Concept or str
        The concept that was taken out.
    sets : sequence of Dataset
        Similarity and analogy sets, by which what was lost is judged with paired intervals.
    words : int
        Words of each class by which readers are judged; twice as many teach them.
    resamples, level, seed
        Of the intervals.

    Raises
    ------
    DatasetError
        When the concept's words are not known, or the vectors do not have the same words.
    """
    subject = concept(about)
    models = {BEFORE: before, **after}
    for name, wv in after.items():
        if len(wv) != len(before) or any(
            a != b for a, b in zip(wv.index_to_key[:1000], before.index_to_key[:1000], strict=True)
        ):
            raise DatasetError(f"{name}: has other words than the vectors before")
    lookup = Lookup(before)
    defining = lookup.sets(subject.sets, "defining sets")
    chosen = leaning(
        before,
        defining,
        words=words * HELD_OUT,
        leave_out=lookup.ids(sorted(subject.defining)),
    )
    rows = [
        *_readers(models, chosen, subject, level, seed, progress),
        *_measured(models, subject, resamples, level, seed, progress),
        *_damage(models, sets, resamples, level, seed, progress),
    ]
    cards = {name: dict(wv.meta.get("transforms", [{}])[-1]) for name, wv in after.items()}
    judged = split(chosen, "judge")
    made = Proof(subject.name, len(judged), cards, tuple(rows), ())
    return Proof(made.concept, made.words, cards, made.rows, tuple(_text(made)))


# --- readers --------------------------------------------------------------------------------------


def _readers(
    models: Vectors, chosen: Labelled, subject: Concept, level: float, seed: int, progress: Progress
) -> Iterator[Row]:
    teach, judge = split(chosen, "fit"), split(chosen, "judge")
    k = len(subject.classes)
    n = len(judge)
    share = float(np.bincount(judge.labels).max() / n)
    kinds: dict[str, tuple[str, Callable[[F64, F64], float]]] = {
        "linear probe": (
            "accuracy of a linear classifier, taught by other words",
            lambda X, Y: _probe(X, Y, teach.labels, judge.labels, k, gaussian=False),
        ),
        "non-linear probe": (
            "accuracy of a classifier with a Gaussian kernel, taught by other words",
            lambda X, Y: _probe(X, Y, teach.labels, judge.labels, k, gaussian=True),
        ),
        "clusters": (
            "agreement of clusters with the classes, mean of 10 runs",
            lambda X, Y: _agreement(Y, judge.labels, k, seed),
        ),
    }
    cells: dict[str, dict[str, Cell]] = {name: {} for name in kinds}
    v_cells: dict[str, Cell] = {}
    for name, wv in models.items():
        progress(f"{name}: readers")
        X, Y = unit_rows(wv, teach.ids), unit_rows(wv, judge.ids)
        for kind, (_, reader) in kinds.items():
            score = reader(X, Y)
            interval = statistics.wilson_interval(score * n, n, level)
            cells[kind][name] = Cell(score, interval.low, interval.high)
        v_cells[name] = Cell(
            float(np.mean([v_measure(judge.labels, kmeans(Y, k, seed=seed + i)) for i in range(3)]))
        )
    for kind, (about, _) in kinds.items():
        yield Row(READERS, kind, f"{about}; {n} words", f"{share:.3g}", cells[kind])
    yield Row(READERS, "V-measure", "of the clusters and the classes", "0", v_cells)


def _probe(X: F64, Y: F64, taught: Any, judged: Any, k: int, *, gaussian: bool) -> float:
    scores = []
    if gaussian and len(X) > _TAUGHT:
        some = np.linspace(0, len(X) - 1, _TAUGHT).astype(np.int64)
        X, taught = X[some], taught[some]
    if gaussian:
        inner, outer = logistic.rbf_kernel(X, X), logistic.rbf_kernel(Y, X)
    for c in [1] if k == 2 else range(k):
        y = (taught == c).astype(float)
        if gaussian:
            scores.append(outer @ logistic.fit(inner, y, l2=0.1))
        else:
            scores.append(logistic.decide(Y, logistic.linear(X, y, l2=0.1)))
    said = (scores[0] > 0).astype(int) if k == 2 else np.argmax(scores, axis=0)
    return float((said == judged).mean())


def _agreement(Y: F64, labels: Any, k: int, seed: int) -> float:
    """Accuracy of k clusters under the best naming of them, mean of ten runs."""
    shares = []
    for run in range(10):
        table = contingency(labels, kmeans(Y, k, seed=seed + run))
        rows, columns = linear_sum_assignment(-table)
        shares.append(float(table[rows, columns].sum()) / len(labels))
    return float(np.mean(shares))


# --- association ----------------------------------------------------------------------------------


def _measured(
    models: Vectors, subject: Concept, resamples: int, level: float, seed: int, progress: Progress
) -> Iterator[Row]:
    tasks: list[tuple[str, str, str, Callable[[Space, Space], Any]]] = []
    slow = {"resamples": min(resamples, _RESAMPLES), "level": level, "seed": seed}
    how = {"resamples": resamples, "level": level, "seed": seed}
    for name in subject.tests:
        test = weat_tests()[name]
        about = f"{test.title}: effect size"
        tasks.append((name.upper(), about, "0", partial(_weat, test, how)))
    if subject.tests:
        first = weat_tests()[subject.tests[0]]
        for of_lists, short, ideal in _LISTED:
            title = f"{MEASURES[short.lower()].title}, lists of {first.name}"
            tasks.append((short, title, ideal, partial(_of_lists, of_lists, first, slow)))
    exempt = set(subject.exempt)
    neutral = [word for word in subject.probe if word not in exempt]
    if len(subject.classes) == 2 and neutral:
        for measure, short in _ALONG:
            title = MEASURES[short.lower().replace(" ", "_")].about
            task = partial(_along, measure, neutral, subject.pairs, how)
            tasks.append((short, title, "0", task))
        about = "r of the bias before and the share of neighbours on a side"
        task = partial(_by_neighbors, neutral, subject.pairs, level)
        tasks.append(("bias by neighbours", about, "0", task))
    if subject.name == "gender":
        for kind, ideal in (("definition", "1"), ("stereotype", "0")):
            about = f"questions answered by the pair of the kind {kind!r}"
            tasks.append((f"SemBias {kind}", about, ideal, partial(_sembias, kind, level)))
    origin = Space.of(models[BEFORE])
    cells: dict[str, dict[str, Cell]] = {task[0]: {} for task in tasks}
    for name, wv in models.items():
        progress(f"{name}: association")
        space = origin if name == BEFORE else Space.of(wv)
        for short, _, _, ask in tasks:
            try:
                cells[short][name] = _cell(ask(space, origin))
            except Unanswerable as error:
                cells[short][name] = Cell(None, reason=str(error))
    for short, about, ideal, _ in tasks:
        yield Row(MEASURED, short, about, ideal, cells[short])


_LISTED = ((rnd, "RND", "0"), (rnsb, "RNSB", "0"), (mac, "MAC", "1"), (ect, "ECT", "1"))
_ALONG = (
    (direct_bias, "direct bias"),
    (indirect_bias, "indirect bias"),
    (ripa, "RIPA"),
    (gipe, "GIPE"),
)


def _weat(test: WeatTest, how: Mapping[str, Any], space: Space, _: Space) -> Any:
    return weat(space, test, **how)


def _of_lists(
    measure: Callable[..., Any], test: WeatTest, how: Mapping[str, Any], space: Space, _: Space
) -> Any:
    return measure(space, test, **how)


def _along(
    measure: Callable[..., Any],
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    how: Mapping[str, Any],
    space: Space,
    _: Space,
) -> Any:
    return measure(space, words, pairs, **how)


def _by_neighbors(
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    level: float,
    space: Space,
    origin: Space,
) -> Any:
    return neighbor_bias(space, words, pairs, before=origin, level=level)


def _sembias(kind: str, level: float, space: Space, _: Space) -> Cell:
    found = sembias(space, min_share=_SEMBIAS_SHARE, level=level)
    share, n = getattr(found, kind), found.coverage.answered
    interval = statistics.wilson_interval(share * n, n, level)
    return Cell(share, interval.low, interval.high)


def _cell(result: Any) -> Cell:
    if isinstance(result, Cell):
        return result
    return Cell(result.score, result.interval.low, result.interval.high)


# --- damage ---------------------------------------------------------------------------------------


def _damage(
    models: Vectors,
    sets: Sequence[Dataset],
    resamples: int,
    level: float,
    seed: int,
    progress: Progress,
) -> Iterator[Row]:
    before = models[BEFORE]
    rank: dict[str, Cell] = {BEFORE: Cell(float(before.vector_size))}
    variance: dict[str, Cell] = {}
    cosine: dict[str, Cell] = {}
    kept: dict[str, Cell] = {}
    weights = word_weights(before, "types")
    whole = moments(before.matrix, weights).covariance
    variance[BEFORE] = cosine[BEFORE] = kept[BEFORE] = Cell(1.0)
    sample = np.unique(np.linspace(0, min(len(before), 20_000) - 1, _SAMPLE).astype(np.int64))
    old = _nearest(before, sample)
    for name, wv in models.items():
        if name == BEFORE:
            continue
        progress(f"{name}: what was lost")
        C = moments(wv.matrix, weights).covariance
        removed = wv.meta.get("transforms", [{}])[-1].get("removed_rank", 0)
        rank[name] = Cell(float(wv.vector_size - removed))
        variance[name] = Cell(float(np.trace(C) / np.trace(whole)))
        if wv.vector_size == before.vector_size:
            cosine[name] = Cell(_mean_cosine(before, wv))
        new = _nearest(wv, sample)
        shares = [len(set(a) & set(b)) / 10 for a, b in zip(old, new, strict=True)]
        kept[name] = Cell(float(np.mean(shares)))
    yield Row(DAMAGE, "rank", "dimensions that the map keeps", "", rank)
    yield Row(DAMAGE, "variance", "share of the variance that is left", "1", variance)
    yield Row(DAMAGE, "cosine", "mean cosine of words before and after", "1", cosine)
    yield Row(DAMAGE, "neighbours", f"share of the 10 nearest kept, {len(sample)} words", "1", kept)
    for dataset in sets:
        measure = next(
            (m for m in ("similarity", "analogy") if MEASURES[m].asks is type(dataset)), None
        )
        if measure is None or not isinstance(dataset, SimilaritySet | AnalogySet):
            continue
        yield from _of_set(models, MEASURES[measure], dataset, resamples, level, seed, progress)


def _of_set(
    models: Vectors,
    measure: Any,
    dataset: SimilaritySet | AnalogySet,
    resamples: int,
    level: float,
    seed: int,
    progress: Progress,
) -> Iterator[Row]:
    how = {"resamples": resamples, "level": level, "seed": seed}
    results: dict[str, Any] = {}
    cells: dict[str, Cell] = {}
    for name, wv in models.items():
        progress(f"{name}: {dataset.source.name}")
        try:
            results[name] = measure.run(wv, dataset, **how)
            cells[name] = _cell(results[name])
        except Unanswerable as error:
            cells[name] = Cell(None, reason=str(error))
    differences: dict[str, Interval] = {}
    if BEFORE in results:
        for name in results:
            if name != BEFORE:
                pair = {name: results[name], BEFORE: results[BEFORE]}
                try:
                    differences[name] = measure.compare(dataset, pair, **how)[0].interval
                except Unanswerable:
                    continue
    yield Row(
        DAMAGE, dataset.source.name, f"{measure.title}; {measure.score}", "1", cells, differences
    )


def _mean_cosine(one: WordVectors, other: WordVectors) -> float:
    """Over all words that have a vector in both, a block at a time."""
    total, count = 0.0, 0
    for start in range(0, len(one), 8192):
        A, B = (
            np.asarray(wv.rows(start, min(start + 8192, len(one))), np.float64)
            for wv in (one, other)
        )
        lengths = np.linalg.norm(A, axis=1) * np.linalg.norm(B, axis=1)
        there = lengths > 0
        total += float((np.einsum("ij,ij->i", A, B)[there] / lengths[there]).sum())
        count += int(there.sum())
    return total / count if count else math.nan


def _nearest(wv: WordVectors, ids: NDArray[np.int64]) -> list[list[int]]:
    near, _ = wv.nearest(unit_rows(wv, ids).astype(np.float32), 11)
    return [
        [j for j in row if j != i][:10] for i, row in zip(ids.tolist(), near.tolist(), strict=True)
    ]


# --- in words -------------------------------------------------------------------------------------


def _text(proof: Proof) -> Iterator[str]:
    """What the table says, a sentence or two for each method."""
    linear, curved = proof.row("linear probe"), proof.row("non-linear probe")
    clusters = proof.row("clusters")
    base = float(linear.ideal)
    old = linear.cells[BEFORE].score
    yield (
        f"Before: a linear reader finds {proof.concept} in {_percent(old)} of {proof.words} words "
        f"that it has not seen; {_percent(base)} would be chance."
    )
    for name in proof.methods:
        one, other = linear.cells[name], curved.cells[name]
        groups = clusters.cells[name].score
        said = (
            f"{name}: a linear reader finds it in {_percent(one.score)}, clusters agree with the "
            f"classes in {_percent(groups)}, a non-linear reader finds it in "
            f"{_percent(other.score)}."
        )
        still = f" The association with {proof.concept} is still in these vectors for readers"
        if one.low is not None and one.low > base:
            said += f"{still} of both kinds."
        elif other.low is not None and other.low > base:
            said += f"{still} that are not linear."
        worse = [
            row.measure
            for row in proof.rows
            if name in row.differences and row.differences[name].high < 0
        ]
        if worse:
            said += f" Worse than before beyond chance: {', '.join(worse)}."
        yield said
    yield (
        "No method here makes vectors free of bias. Each removes what its definition says; what is "
        "measured is what these lists and these readers can find."
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
