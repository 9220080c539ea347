"""Running many measures over one or several models, into one document."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wordvec.blas import single_threaded
from wordvec.errors import DatasetError
from wordvec.evaluation import compare
from wordvec.evaluation.core import datasets, statistics
from wordvec.evaluation.core.results import Unanswerable
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures import (
    analogy,
    bias,
    bias_measures,
    categorization,
    outliers,
    probes,
    qvec,
    similarity,
)
from wordvec.evaluation.report import report
from wordvec.text.lines import read_toml

# Sets that gensim carries, by the names that the English suite gives them.
GENSIM_SETS = {
    "wordsim353": "wordsim353.tsv",
    "simlex999": "simlex999.txt",
    "google": "questions-words.txt",
}

_OF_LISTS: dict[str, Callable[..., Any]] = {
    "weat": bias.weat,
    "seat": bias.seat,
    "rnd": bias_measures.rnd,
    "rnsb": bias_measures.rnsb,
    "mac": bias_measures.mac,
    "ect": bias_measures.ect,
}
_OF_GENDER = ("direct_bias", "ripa", "indirect_bias", "single_category", "clusters", "probe")
MEASURES = (*_OF_LISTS, *_OF_GENDER)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run may choose; every choice is written into the document.

    Attributes
    ----------
    case : str
        See `Space`.
    solvers : tuple of str
        Solvers of analogies.
    restrict_vocab : int or None
        How many words exist for analogies.
    measures : tuple of str
        Of `MEASURES`: those of word lists are taken of every test, the others of gender.
    resamples, samples, level, seed
        Bootstrap resamples, sampled partitions, level of intervals, seed of all of them.
    min_share, unequal
        See `bias.weat`.
    threads : int
        0: one a processor; results do not depend on it.
    """

    case: str = "fallback"
    solvers: tuple[str, ...] = ("3CosAdd",)
    restrict_vocab: int | None = None
    measures: tuple[str, ...] = ("weat",)
    resamples: int = statistics.RESAMPLES
    samples: int = statistics.SAMPLES
    level: float = statistics.LEVEL
    seed: int = 1
    min_share: float = bias.MIN_SHARE
    unequal: str = "means"
    threads: int = 0

    def __post_init__(self) -> None:
        for name in self.measures:
            if name not in MEASURES:
                raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {name!r}")


# --- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Suite:
    """Sets and tests to run together; `absent`: (set, reason) of those that were not found."""

    title: str
    sets: tuple[datasets.Dataset, ...]
    tests: tuple[bias.WeatTest, ...] = ()
    solvers: tuple[str, ...] = ("3CosAdd",)
    measures: tuple[str, ...] = ("weat",)
    absent: tuple[tuple[str, str], ...] = field(default=())


def gensim_folder() -> Path | None:
    """Where an installed gensim keeps its evaluation sets; gensim is not imported."""
    spec = find_spec("gensim")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder, "test", "test_data")
        if path.is_dir():
            return path
    return None


def gensim_suite() -> Suite:
    """The evaluation sets that an installed gensim carries."""
    folder = gensim_folder()
    found = {n: folder / f for n, f in GENSIM_SETS.items() if folder and (folder / f).is_file()}
    return Suite("gensim", tuple(datasets.load(path, name=name) for name, path in found.items()))


def read_suite(path: str | Path) -> Suite:
    """A suite: "english", a TOML file like data/english.toml, or a folder of evaluation sets.

    Files of a suite are looked for beside it, in the folder of $WORDVEC_DATA, and among gensim's.

    Raises
    ------
    DatasetError
        For a file that is no suite, a set with another checksum than the suite says, or a
        malformed set. A set that is nowhere is listed in `absent`.
    """
    if str(path) == "english":
        path = bias.data_file("english.toml")
    path = Path(path)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        return Suite(path.name, tuple(map(datasets.load, files)))
    try:
        table = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from error
    places = [path.parent, os.environ.get("WORDVEC_DATA"), gensim_folder()]
    folders = [Path(place) for place in places if place]
    sets, absent = [], []
    for number, entry in enumerate(table.get("dataset", []), 1):
        if not isinstance(entry.get("name"), str) or not isinstance(entry.get("files"), list):
            raise DatasetError(f"{path}: dataset {number} needs a name and files")
        found = _find(entry, folders, path)
        if found is None:
            looked = ", ".join(map(str, folders))
            absent.append((entry["name"], f"not at hand; looked in {looked}"))
        else:
            sets.append(found)
    return Suite(
        table.get("title", path.stem),
        tuple(sets),
        tuple(weat_tests([_beside(path, name) for name in table.get("tests", [])])),
        tuple(table.get("solvers", ("3CosAdd",))),
        tuple(table.get("measures", ("weat",))),
        tuple(absent),
    )


def _beside(suite: Path, name: str) -> str:
    """A file of tests that stands beside the suite, by its path; other names as they are."""
    return str(suite.parent / name) if (suite.parent / name).is_file() else name


def _find(
    entry: Mapping[str, Any], folders: Sequence[Path], suite: Path
) -> datasets.Dataset | None:
    for choice in entry["files"]:
        file, digest = (choice, None) if isinstance(choice, str) else choice
        for folder in folders:
            if not (folder / file).exists():
                continue
            found = datasets.load(folder / file, entry.get("kind"), entry["name"])
            if digest not in (None, found.source.sha256):
                raise DatasetError(
                    f"{folder / file}: checksum {found.source.sha256[:16]}..., but {suite} "
                    f"expects {digest[:16]}...; name the file by --dataset if that is meant"
                )
            return found
    return None


def weat_tests(names: Sequence[str]) -> list[bias.WeatTest]:
    """Tests by name (weat1 to weat10), all of them ("all"), or those of TOML files."""
    chosen: dict[str, bias.WeatTest] = {}
    known = bias.weat_tests()
    for name in names:
        if name == "all":
            chosen.update(known)
        elif name in known:
            chosen[name] = known[name]
        elif Path(name).is_file():
            chosen.update(bias.read_weat(name))
        else:
            raise ValueError(f"no test {name!r}: one of {', '.join(known)}, all, or a file")
    return list(chosen.values())


# --- the run --------------------------------------------------------------------------------------


def run(
    models: Mapping[str, tuple[Vectors, str | os.PathLike[str] | None]],
    sets: Sequence[datasets.Dataset] = (),
    tests: Sequence[bias.WeatTest] = (),
    options: Options | None = None,
    *,
    absent: Sequence[tuple[str, str]] = (),
    gates: Mapping[str, float] | None = None,
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
    progress
        Told what is being computed.

    Returns
    -------
    The document of `report.build`, of which JSON, Markdown and HTML are written. What a model
    cannot answer is listed under "refused" with the reason.

    Raises
    ------
    DatasetError
        Nothing could be answered at all.
    """
    options = options or Options()
    if not models:
        raise ValueError("needs a model")
    if not sets and not tests and not set(options.measures) & set(_OF_GENDER):
        raise DatasetError("nothing to evaluate: name a dataset, a suite or a test")
    raw: dict[str, dict[str, Any]] = {}  # label -> model -> result
    refused = [{"model": "-", "dataset": name, "reason": reason} for name, reason in absent]
    cards = []
    with single_threaded():
        for name, (vectors, path) in models.items():
            progress(f"{name}: reading {len(vectors.index_to_key):,} vectors")
            space = Space.of(vectors, case=options.case)
            cards.append(report.describe(name, vectors, space, path))
            for label, evaluate in _tasks(space, sets, tests, options):
                progress(f"{name}: {label}")
                try:
                    raw.setdefault(label, {})[name] = evaluate()
                except Unanswerable as error:
                    refused.append({"model": name, "dataset": label, "reason": str(error)})
            _adjust(raw, tests, name)
        comparisons = _compare(raw, sets, options, refused) if len(models) > 1 else []
    if not any(raw.values()):
        raise DatasetError("; ".join(entry["reason"] for entry in refused))
    results: dict[str, list[dict[str, Any]]] = {}
    for name in models:
        for outcomes in raw.values():
            if name in outcomes:
                result = outcomes[name]
                results.setdefault(result.measure, []).append(report.entry(name, result))
    return report.build(cards, results, refused, options, comparisons, gates or {})


def _adjust(raw: dict[str, dict[str, Any]], tests: Iterable[bias.WeatTest], model: str) -> None:
    """Holm's correction over the WEATs of one model."""
    labels = [test.name for test in tests if model in raw.get(test.name, {})]
    for label, result in zip(labels, bias.family(raw[n][model] for n in labels), strict=True):
        raw[label][model] = result


Task = tuple[str, Callable[[], Any]]


def _tasks(
    space: Space,
    sets: Sequence[datasets.Dataset],
    tests: Sequence[bias.WeatTest],
    options: Options,
) -> Iterator[Task]:
    common: dict[str, Any] = {
        "resamples": options.resamples,
        "level": options.level,
        "seed": options.seed,
    }
    yield from _set_tasks(space, sets, options, common)
    common["min_share"] = options.min_share
    for test in tests:
        for measure in options.measures:
            if measure not in _OF_LISTS:
                continue
            own = dict(common)
            if measure in ("weat", "seat"):
                own["samples"] = options.samples
            if measure == "weat":
                own["unequal"] = options.unequal
            label = test.name if measure == "weat" else f"{test.name} ({measure})"
            yield label, partial(_OF_LISTS[measure], space, test, **own)
    yield from _gender_tasks(space, options, common)


def _set_tasks(
    space: Space,
    sets: Sequence[datasets.Dataset],
    options: Options,
    common: Mapping[str, Any],
) -> Iterator[Task]:
    plain: dict[type, Callable[..., Any]] = {
        datasets.SimilaritySet: similarity.evaluate,
        datasets.CategorySet: categorization.evaluate,
        datasets.OutlierSet: outliers.evaluate,
        datasets.PropertySet: qvec.evaluate,
    }
    cut: dict[str, Any] = {"restrict_vocab": options.restrict_vocab, "threads": options.threads}
    for dataset in sets:
        name = dataset.source.name
        if isinstance(dataset, datasets.AnalogySet):
            for solver in options.solvers:
                task = partial(analogy.evaluate, space, dataset, solver=solver, **cut, **common)
                yield f"{name} ({solver})", task
        else:
            yield name, partial(plain[type(dataset)], space, dataset, **common)


def _gender_tasks(space: Space, options: Options, common: Mapping[str, Any]) -> Iterator[Task]:
    chosen = [measure for measure in options.measures if measure in _OF_GENDER]
    if not chosen:
        return
    lists = bias_measures.gender_lists()
    plain = {"level": options.level, "seed": options.seed}
    for measure in chosen:
        if measure in ("direct_bias", "ripa", "indirect_bias"):
            function = getattr(bias_measures, measure)
            yield measure, partial(function, space, lists.neutral, lists.pairs, **common)
        elif measure == "single_category":
            shares = dict(lists.female_share)
            sides = [[pair[i] for pair in lists.pairs] for i in (0, 1)]
            yield (
                measure,
                partial(
                    bias.single_category, space, list(shares), *sides,
                    name="occupations, female and male words", facts=shares, **common,
                ),
            )  # fmt: skip
        else:
            kinds = ("linear", "non-linear") if measure == "probe" else ("",)
            for kind in kinds:
                yield f"{measure} {kind}".strip(), partial(_separate, space, lists, kind, plain)


def _separate(
    space: Space, lists: bias_measures.GenderLists, kernel: str, options: Mapping[str, Any]
) -> probes.SeparationResult:
    biased = probes.most_biased(space, lists.pairs, exclude=lists.specific)
    if kernel:
        return probes.probe(space, biased, kernel, **options)
    return probes.clusters(space, biased, **options)


def _compare(
    raw: Mapping[str, Mapping[str, Any]],
    sets: Iterable[datasets.Dataset],
    options: Options,
    refused: list[dict[str, str]],
) -> list[compare.Comparison]:
    """Pairs of models on the similarity and analogy sets that two or more of them answer."""
    how: dict[str, Any] = {
        "resamples": options.resamples,
        "level": options.level,
        "seed": options.seed,
    }
    out: list[compare.Comparison] = []
    for dataset in sets:
        name = dataset.source.name
        tasks: list[tuple[str, Callable[..., list[compare.Comparison]]]] = []
        if isinstance(dataset, datasets.SimilaritySet):
            tasks = [(name, partial(compare.similarity, dataset))]
        elif isinstance(dataset, datasets.AnalogySet):
            tasks = [(f"{name} ({s})", partial(compare.analogy, dataset)) for s in options.solvers]
        for label, task in tasks:
            outcomes = raw.get(label, {})
            if len(outcomes) < 2:
                continue
            try:
                out += task(outcomes, **how)
            except Unanswerable as error:
                refused.append({"model": "-", "dataset": label, "reason": str(error)})
    return out
