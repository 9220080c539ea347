"""wordvec eval and wordvec bias: how good and how biased vectors are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.reports import Reports, origin, report_options, schema_option
from wordvec.cli.vectors.uncertainty import HOW
from wordvec.errors import WordvecError
from wordvec.evaluation.measures import MEASURES, OF_BIAS

if TYPE_CHECKING:
    from wordvec.evaluation.suite import Suite

OPTIONS = "wordvec.evaluation.run:Options"


def _shared(function: Callable[..., int]) -> Callable[..., int]:
    """The options that both commands have."""
    for option in reversed(
        [
            click.argument("vectors", nargs=-1, required=True, type=click.Path(exists=True)),
            report_options,
            add_options(OPTIONS, "case", "oov", "resamples", "level", "seed"),
            click.option(
                "--uncertainty",
                metavar="COUNTS",
                type=click.Path(),
                help="Also show the interval that comes from the uncertainty of the vectors; "
                "COUNTS are those that they were trained on.",
            ),
            add_options(HOW, "source", when="With --uncertainty"),
            add_options("wordvec.evaluation.run:run", "draws", when="With --uncertainty"),
            click.option("--quiet", is_flag=True, help="No progress on standard error."),
            format_option,
        ]
    ):
        function = option(function)
    return function


def _gate(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> dict[str, float]:
    gates = {}
    for value in values:
        name, _, least = value.partition("=")
        try:
            gates[name] = float(least)
        except ValueError as error:
            raise click.BadParameter(f"{value!r} is not NAME=NUMBER") from error
    return gates


def _load_set(given: str) -> Any:
    """The set of `--dataset [KIND=]FILE`."""
    from wordvec.evaluation.core import datasets

    kind, equals, path = given.partition("=")
    if not equals or kind not in datasets.KINDS:
        kind, path = "", given
    if not Path(path).exists():
        raise click.BadParameter(f"{path}: no such file or folder", param_hint="--dataset")
    return datasets.load(path, kind or None)


@click.command(cls=Command)
@_shared
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    metavar="[KIND=]FILE",
    help="Evaluation set, or a folder of analogies by pairs. Its kind is detected from its content "
    "unless KIND names it. The default is the sets that an installed gensim has.",
)
@click.option(
    "--target",
    type=click.Path(exists=True),
    help="Vectors of another language: each --dataset is a dictionary, and VECTORS, which "
    "`wordvec align` mapped, are judged by their translations.",
)
@click.option("--suite", help="Sets to score: english, a suite file (TOML), or a folder of sets.")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    help=f"Measures besides those of the sets: {', '.join(MEASURES)}.",
)
@schema_option("schema")
@click.option(
    "--test", "tests", multiple=True, help="Also run this association test, or all of them."
)
@add_options(OPTIONS, "solvers", names={"solvers": "solver"}, several=["solvers"])
@add_options(OPTIONS, "restrict_vocab", "threads")
@click.option(
    "--fail-under",
    "gates",
    multiple=True,
    callback=_gate,
    metavar="NAME=NUMBER",
    help="Exit with 3 when a model scores less on this dataset.",
)
def evaluate(
    vectors: Sequence[str],
    datasets: Sequence[str],
    target: str | None,
    suite: str | None,
    measures: Sequence[str],
    tests: Sequence[str],
    solver: Sequence[str],
    restrict_vocab: int | None,
    threads: int,
    gates: Mapping[str, float],
    **shared: Any,
) -> int:
    """Score vectors on similarity, analogy and other sets."""
    from dataclasses import replace

    from wordvec.evaluation import suite as suites

    if target is not None:
        from wordvec.cli.vectors.align import judge_translation

        if not datasets:
            raise click.UsageError("--target needs a dictionary: name a --dataset")
        how = {"json": shared["json"], "output": shared["output"], "force": shared["force"]}
        judge_translation(tuple(vectors), target, tuple(datasets), **how)
        return 0
    chosen = suites.Suite("chosen", ())
    if suite:
        chosen = suites.read_suite(suite)
    elif not datasets and not tests and not measures:
        chosen = suites.gensim_suite()
        if not chosen.sets:
            raise click.UsageError("name a --dataset (gensim, which has some, is not installed)")
    chosen = replace(
        chosen,
        sets=(*chosen.sets, *map(_load_set, datasets)),
        tests=(*chosen.tests, *suites.weat_tests(tests)),
        measures=(*chosen.measures, *measures),
        solvers=tuple(solver) or chosen.solvers,
    )
    options = {"restrict_vocab": restrict_vocab, "threads": threads}
    inputs = [*vectors, *datasets, suite, *tests]
    return _judge(vectors, chosen, options, gates, also=True, inputs=inputs, **shared)


def _expand(names: Sequence[str]) -> tuple[str, ...]:
    """Names of measures with "all" replaced by those that it stands for."""
    everything = [name for name in OF_BIAS if MEASURES[name].in_all] if "all" in names else []
    return tuple(dict.fromkeys([*everything, *(name for name in names if name != "all")]))


@click.command(cls=Command)
@_shared
@click.option(
    "--test",
    "tests",
    multiple=True,
    default=["all"],
    help="Association tests: weat1 to weat10, a file of tests, or all.",
)
@click.option(
    "--translation",
    type=click.Path(exists=True),
    help="CSV of words and their translations (XWEAT's vocab_en_de.csv), for tests in another "
    "language.",
)
@click.option(
    "--measure",
    "measures",
    multiple=True,
    default=["weat"],
    help=f"{', '.join(OF_BIAS)}; or all (without those that mislead when read alone).",
)
@add_options(OPTIONS, "samples", "min_share", "unequal")
@click.option(
    "--most-biased-of",
    type=click.Path(exists=True),
    help="Vectors, such as those before debiasing, whose most biased words clusters, probe and "
    "neighbor_bias are judged on.",
)
def bias(
    vectors: Sequence[str],
    tests: Sequence[str],
    translation: str | None,
    measures: Sequence[str],
    samples: int,
    min_share: float,
    unequal: str,
    most_biased_of: str | None,
    **shared: Any,
) -> int:
    """Measure bias: WEAT with exact p-values, and other measures."""
    from wordvec.evaluation import suite as suites

    asked = suites.weat_tests(tests)
    chosen = suites.Suite("bias", (), tuple(asked), measures=_expand(measures))
    if translation is not None:
        chosen = suites.translated_tests(chosen, translation)
    options = {"samples": samples, "min_share": min_share, "unequal": unequal}
    inputs = [*vectors, *tests, translation, most_biased_of]
    return _judge(
        vectors, chosen, options, {}, also=False, inputs=inputs, chooser=most_biased_of, **shared
    )


def _refusals(refused: Sequence[Mapping[str, Any]], chosen: Suite) -> Iterator[str]:
    """What could not be answered, in few and short lines; the reports have it whole."""
    absent = [name for name, _ in chosen.absent]
    if absent:
        shown = ", ".join(absent[:4]) + (", ..." if len(absent) > 4 else "")
        yield (
            f"{len(absent)} of {len(absent) + len(chosen.sets)} sets not found: {shown}; set "
            "WORDVEC_DATA to the folder that has them, or name files by --dataset"
        )
    yield from chosen.notes
    merged: dict[str, dict[str, dict[str, None]]] = {}  # reason -> models, measures
    for r in refused:
        if r["dataset"] not in absent:
            own = merged.setdefault(r["reason"], {"model": {}, "measure": {}})
            own["model"][r["model"]] = own["measure"][r["measure"] or "-"] = None
    lines = [
        f"not answered: {', '.join(own['model'])}: {', '.join(own['measure'])}: {_short(reason)}"
        for reason, own in merged.items()
    ]
    yield from lines[:_LINES]
    if len(lines) > _LINES:
        yield f"not answered: {len(lines) - _LINES} more; --json or --markdown lists them all"


def _uncertain(
    models: Mapping[str, Any],
    counts: str | None,
    source: Any,
    draws: int,
    common: Mapping[str, Any],
) -> dict[str, Any]:
    """The uncertainty of each model's vectors, where it was asked for."""
    if counts is None:
        return {}
    import wordvec

    out = {}
    for name, (vectors, _) in models.items():
        try:
            out[name] = wordvec.Uncertainty(
                vectors,
                None if counts == "stored" else counts,
                source=source,
                draws=draws,
                level=common["level"],
                seed=common["seed"],
            )
        except (WordvecError, ValueError) as error:
            if len(models) == 1:
                raise
            raise type(error)(f"{name}: {error}") from error
    return out


def _with_vectors(
    rows: list[dict[str, Any]], found: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of scores with the interval of the vectors at the end, where there is one."""
    if not found:
        return rows
    spans = {(f["model"], f["measure"], f["dataset"]): f for f in found}
    kind = found[0]["kind"]
    out = []
    for row in rows:
        own = spans.get((row["model"], row["measure"], row["dataset"]))
        low, high = (own["interval"][end] if own else None for end in ("low", "high"))
        estimate = own["value"] if own else None
        out.append(row | {"estimate": estimate, f"{kind} low": low, f"{kind} high": high})
    return out


_LINES, _WIDTH = 8, 160


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 4].rstrip(" ,") + " ..."


def _judge(
    vectors: Sequence[str],
    chosen: Suite,
    options: Mapping[str, Any],
    gates: Mapping[str, float],
    *,
    also: bool,
    inputs: Sequence[str | Path | None],
    chooser: str | None = None,
    output: str,
    uncertainty: str | None,
    source: str,
    draws: int,
    quiet: bool,
    **common: Any,
) -> int:
    import wordvec
    from wordvec.evaluation.core.names import distinct
    from wordvec.evaluation.report.document import rows
    from wordvec.evaluation.run import Options, default_measures, run

    reports, common = Reports.parted(common)
    reports.check([*inputs, *(each.source.path for each in chosen.sets)])
    taken = tuple(dict.fromkeys([*(default_measures() if also else ()), *chosen.measures]))
    names = distinct([Path(path).stem for path in vectors], list(vectors))
    models = {name: (wordvec.load(path), path) for name, path in zip(names, vectors, strict=True)}
    document = run(
        models,
        chosen.sets,
        chosen.tests,
        Options(solvers=chosen.solvers, measures=taken, **options, **common),
        absent=chosen.absent,
        gates=gates,
        origin=origin(),
        uncertain=_uncertain(models, uncertainty, source, draws, common),
        draws=draws,
        chooser=None if chooser is None else wordvec.load(chooser),
        progress=lambda text: None if quiet else click.echo(text, err=True),
    )
    with reports.written(document):
        emit(_with_vectors(rows(document), document["of_vectors"]), output)
    if document["of_vectors"]:
        kind = document["of_vectors"][0]["kind"]
        click.echo(
            f"low, high: interval over items; {kind}: interval of the vectors, around the estimate "
            "(the score of the exact least-squares vectors)",
            err=True,
        )
    for line in _refusals(document["refused"], chosen):
        click.echo(line, err=True)
    failed = [gate for gate in document["gates"] if not gate["passed"]]
    for gate in failed:
        score = "no score" if gate["score"] is None else f"{gate['score']:.4f}"
        click.echo(f"failed: {gate['model']}: {gate['gate']} {score} < {gate['least']:g}", err=True)
    return 3 if failed else 0
