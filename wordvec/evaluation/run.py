"""Running many measures over one or several models, into one document."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal

from wordvec.errors import DatasetError, UnknownWordError
from wordvec.estimator import Option, Seed, check_options, checked, option
from wordvec.evaluation.core import datasets, statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, GenderLists, WeatTest, gender_lists
from wordvec.evaluation.core.comparison import Comparison
from wordvec.evaluation.core.measure import SCANT, Measure, scant
from wordvec.evaluation.core.names import distinct
from wordvec.evaluation.core.of_vectors import OfVectors, Uncertain, of_vectors
from wordvec.evaluation.core.results import Unanswerable, to_json
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures import MEASURES, OF_QUALITY
from wordvec.evaluation.measures.analogy import SOLVERS
from wordvec.evaluation.report import document
from wordvec.evaluation.report.document import Origin, Refusal
from wordvec.system.blas import single_threaded


def default_measures() -> tuple[str, ...]:
    """The measures that are taken of every set of their kind, and WEAT of every test."""
    return (*(name for name in OF_QUALITY if MEASURES[name].asks is not None), "weat")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run may choose; every choice is written into the document.

    A measure is given the options that its `run` has parameters for.

    Attributes
    ----------
    case : str
        See `Space`.
    oov : bool
        Words never seen are answered where the vectors have n-grams or folded spellings; the
        coverage of each result says for how many.
    solvers : tuple of str
        Solvers of analogies.
    restrict_vocab : int or None
        How many words exist for analogies.
    measures : tuple of str
        Names of the registry; each is taken of the questions that it asks.
    resamples, samples, level, seed
        Bootstrap resamples, sampled partitions, level of intervals, seed of all of them.
    min_share, unequal
        See `weat.weat`.
    threads : int
        0: one per processor; results do not depend on it.
    """

    case: Literal["fallback", "exact", "lower"] = option(
        "fallback",
        "Look words up as written, else in other case; only as written; only in lower case.",
    )
    oov: bool = option(
        False,
        "Answer words never seen by n-grams or folded spellings, where VECTORS has them; the "
        "coverage says for how many.",
    )
    solvers: tuple[str, ...] = option(
        ("3CosAdd",), "How analogies are solved; a suite may name others.", choices=SOLVERS
    )
    restrict_vocab: int | None = option(
        None, "Only the first so many words answer analogies.", none="all", at_least=1
    )
    measures: tuple[str, ...] = ()
    resamples: int = option(
        statistics.RESAMPLES, "Bootstrap resamples of the items, for intervals.", at_least=1
    )
    samples: int = option(
        statistics.SAMPLES, "Partitions that are drawn where there are more than this.", at_least=1
    )
    level: float = option(statistics.LEVEL, "Confidence level of intervals.", above=0, below=1)
    seed: Seed = 1
    min_share: float = option(
        MIN_SHARE,
        "Refuse a list of words when a smaller share of it is known.",
        at_least=0,
        at_most=1,
    )
    unequal: Literal["means", "balance", "refuse"] = option(
        "means", "What to do when missing words leave target lists of different sizes."
    )
    threads: int = option(0, "Threads to work with; 0 is one per processor.", at_least=0)

    def __post_init__(self) -> None:
        check_options(Options, vars(self))
        for name in self.measures:
            if name not in MEASURES:
                raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {name!r}")
        if not self.measures:
            object.__setattr__(self, "measures", default_measures())


@checked
def run(
    models: Mapping[str, tuple[Vectors, str | os.PathLike[str] | None]],
    sets: Sequence[datasets.Dataset] = (),
    tests: Sequence[WeatTest] = (),
    options: Options | None = None,
    *,
    absent: Sequence[tuple[str, str]] = (),
    gates: Mapping[str, float] | None = None,
    origin: Origin | None = None,
    uncertain: Mapping[str, Uncertain] | None = None,
    draws: Annotated[int, Option(help="Draws of the vectors.", at_least=2)] = 1000,
    chooser: Vectors | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Every set and test on every model.

    Parameters
    ----------
    models
        Name -> (vectors, the file that they came from or None).
    absent
        (set, reason) that the suite names and nobody has.
    gates
        Dataset -> the least score that a model must reach.
    origin
        When and by which command the run was started, for the report's head.
    uncertain
        Name -> the uncertainty of its vectors (`wordvec.Uncertainty`), which is shown beside that
        of the items.
    draws
        Of those vectors.
    chooser
        The vectors whose most biased words clusters, probes and bias by neighbours are judged on:
        those before debiasing. By default the model itself.
    progress
        Told what is being computed.

    Returns
    -------
    The document of `document.build`, of which JSON, Markdown and HTML are written. What a model
    cannot answer is listed under "refused" with the reason.

    Raises
    ------
    DatasetError
        Nothing could be answered at all.
    """
    options = options or Options()
    if not models:
        raise ValueError("needs a model")
    sets = _named_apart(sets)
    measures = [MEASURES[name] for name in MEASURES if name in options.measures]
    questions = list(_questions(measures, sets, tests))
    if chooser is not None:
        questions = _chosen_by(questions, Space.of(chooser, case=options.case))
    if not questions:
        raise DatasetError("nothing to evaluate: name a dataset, a suite or a test")
    answers: dict[tuple[str, str], dict[str, Any]] = {}  # measure, label -> model -> result
    refused = [Refusal("-", None, name, reason) for name, reason in absent]
    cards = []
    of_all: list[OfVectors] = []
    with single_threaded():
        for name, (vectors, path) in models.items():
            progress(f"{name}: reading {len(vectors.index_to_key):,} vectors")
            space = Space.of(vectors, case=options.case)
            if options.oov and hasattr(vectors, "answer"):
                space = space.with_composed(vectors, _words_of(questions))
            cards.append(document.describe(name, vectors, space, path))
            for measure, question in questions:
                for label, variant in _variants(measure, question, options):
                    progress(f"{name}: {label}" + _note(measure))
                    given = {o: getattr(options, o) for o in measure.options if o in _OPTIONS}
                    try:
                        result = _call(measure, space, question)(**variant, **given)
                    except Unanswerable as error:
                        refused.append(Refusal(name, measure.name, label, str(error)))
                    else:
                        answers.setdefault((measure.name, label), {})[name] = result
                        if uncertain and name in uncertain and measure.of_vectors:
                            progress(f"{name}: {label}, uncertainty of the vectors")
                            try:
                                drawn = of_vectors(
                                    measure.of_vectors(space, question, result),
                                    uncertain[name],
                                    model=name,
                                    measure=measure.name,
                                    dataset=label,
                                    score=result.score,
                                    draws=draws,
                                    seed=options.seed,
                                )
                                of_all.append(drawn)
                            except (Unanswerable, UnknownWordError) as error:
                                refused.append(Refusal(name, measure.name, label, str(error)))
            _join_families(answers, measures, name)
        comparisons = (
            list(_compare(answers, questions, options, refused)) if len(models) > 1 else []
        )
    if not answers:
        raise DatasetError("; ".join(dict.fromkeys(entry.reason for entry in refused)))
    results: dict[str, list[dict[str, Any]]] = {}
    for name in models:
        for (of, _), outcomes in answers.items():
            if name in outcomes:
                results.setdefault(of, []).append(document.entry(name, outcomes[name]))
    results = {name: results[name] for name in MEASURES if name in results}
    return document.build(
        cards, results, refused, options, comparisons, of_all, gates=gates or {}, origin=origin
    )


Question = datasets.Dataset | WeatTest | GenderLists | None
_OPTIONS = frozenset(Options.__dataclass_fields__)


def _questions(
    measures: Iterable[Measure], sets: Sequence[datasets.Dataset], tests: Sequence[WeatTest]
) -> Iterator[tuple[Measure, Question]]:
    """Each measure with each question that it asks: sets in their order, then tests, then gender's
    lists, then what is asked of the vectors alone."""
    measures = list(measures)
    for question in (*sets, *tests):
        asked = [measure for measure in measures if measure.asks is type(question)]
        if not asked and not isinstance(question, WeatTest):
            raise DatasetError(
                f"{question.source.name}: no chosen measure asks a {type(question).__name__}"
            )
        yield from ((measure, question) for measure in asked)
    for measure in measures:
        if measure.asks is GenderLists:
            yield measure, gender_lists()
        elif measure.asks is None:
            yield measure, None


def _words_of(questions: Iterable[tuple[Measure, Question]]) -> Iterator[str]:
    """Every word that the questions ask for."""
    for _, question in questions:
        match question:
            case datasets.SimilaritySet():
                yield from (word for pair in question.pairs for word in pair)
            case datasets.AnalogySet():
                for _, members in question.categories:
                    for q in members:
                        yield from (q.a, q.b, q.c, *q.answers)
            case datasets.CategorySet() | datasets.PropertySet():
                yield from question.words
            case datasets.OutlierSet():
                yield from (w for g in question.groups for w in (*g.words, *g.outliers))
            case WeatTest():
                yield from (*question.X, *question.Y, *question.A, *question.B)


def _named_apart(sets: Sequence[datasets.Dataset]) -> list[datasets.Dataset]:
    """The sets with names that differ."""
    sources = [dataset.source for dataset in sets]
    names = distinct([s.name for s in sources], [s.path for s in sources])
    return [
        dataset
        if dataset.source.name == name
        else replace(dataset, source=replace(dataset.source, name=name))
        for dataset, name in zip(sets, names, strict=True)
    ]


def _chosen_by(
    questions: Iterable[tuple[Measure, Question]], chooser: Space
) -> list[tuple[Measure, Question]]:
    """The questions of gender's lists with the space that chooses the most biased words."""
    return [
        (m, replace(q, chooser=chooser) if isinstance(q, GenderLists) else q) for m, q in questions
    ]


def _call(measure: Measure, space: Space, question: Question) -> Callable[..., Any]:
    if question is None:
        return partial(measure.run, space)
    return partial(measure.run, space, question)


def _variants(
    measure: Measure, question: Question, options: Options
) -> Iterator[tuple[str, dict[str, str]]]:
    """(label, arguments) of each way in which the question is asked."""
    label = _label(measure, question)
    of = measure.variants
    if of is None:
        yield label, {}
        return
    for chosen in getattr(options, of.option) if of.option else of.values:
        yield f"{label} ({chosen})", {of.argument: chosen}


def _label(measure: Measure, question: Question) -> str:
    if isinstance(question, WeatTest):
        return question.name
    if isinstance(question, GenderLists):
        return measure.question or "gender"
    if question is None:
        return measure.question or measure.name
    return question.source.name


def _note(measure: Measure) -> str:
    """What tells a question apart that several measures ask."""
    shared = measure.asks in (WeatTest, GenderLists) and measure.name != "weat"
    return f", {measure.name}" if shared else ""


def _join_families(
    answers: dict[tuple[str, str], dict[str, Any]], measures: Iterable[Measure], model: str
) -> None:
    """Corrects what one model's results of a measure need to be corrected for together."""
    for measure in measures:
        if measure.family is None:
            continue
        keys = [key for key in answers if key[0] == measure.name and model in answers[key]]
        joined = measure.family([answers[key][model] for key in keys])
        for key, result in zip(keys, joined, strict=True):
            answers[key][model] = result


def _compare(
    answers: Mapping[tuple[str, str], Mapping[str, Any]],
    questions: Iterable[tuple[Measure, Question]],
    options: Options,
    refused: list[Refusal],
) -> Iterator[Comparison]:
    """Pairs of models on the questions that two or more of them answer."""
    how = {"resamples": options.resamples, "level": options.level, "seed": options.seed}
    for measure, question in questions:
        if measure.compare is None:
            continue
        for label, _ in _variants(measure, question, options):
            outcomes = dict(answers.get((measure.name, label), {}))
            for name in [n for n, r in outcomes.items() if scant(to_json(r))]:
                del outcomes[name]
                reason = f"{label}: fewer than {SCANT:.0%} answered: compared with no other model"
                refused.append(Refusal(name, measure.name, label, reason))
            if len(outcomes) < 2:
                continue
            try:
                yield from measure.compare(question, outcomes, **how)
            except Unanswerable as error:
                refused.append(Refusal("-", measure.name, label, str(error)))
