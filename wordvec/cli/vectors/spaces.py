"""Commands that change a space and prove what changed: transform and debias."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_declared, add_options, to_click
from wordvec.cli.outputs import Output
from wordvec.spaces.registry import DEBIASING, transform_class
from wordvec.spaces.registry import transform as make

if TYPE_CHECKING:
    from wordvec.evaluation.proof import Proof
    from wordvec.spaces.base import Transform
    from wordvec.spaces.debiasing.concepts import Concept
    from wordvec.vectors.vectors import WordVectors

F = TypeVar("F", bound=Callable[..., Any])

_IN = click.Path(exists=True)
_OUT = Output(path_type=Path)
_WEIGHTS = click.Choice(["types", "tokens"])
_DTYPE = add_options(
    "wordvec.vectors.vectors:WordVectors.astype", "dtype", defaults={"dtype": None}
)
_FORCE = click.option("--force", is_flag=True, help="Overwrite files that exist.")
_QUIET = click.option("--quiet", is_flag=True, help="No progress on standard error.")


def _judged(function: F) -> F:
    """The options by which quality is judged."""
    for option in (
        add_options("wordvec.evaluation.run:Options", "resamples"),
        click.option("--html", type=_OUT, help="Write the comparison as one HTML page here."),
        click.option("--json", type=_OUT, help="Write the comparison as JSON here."),
        click.option(
            "--dataset",
            "datasets",
            multiple=True,
            type=click.Path(exists=True, path_type=Path),
            help="Evaluation set to judge by.",
        ),
        click.option(
            "--suite",
            help="english, a suite file, or a folder of sets to judge by; by default those that an "
            "installed gensim carries.",
        ),
    ):
        function = option(function)
    return function


def _sets(suite: str | None, datasets: Sequence[Path]) -> list[Any]:
    from wordvec.evaluation import suite as suites
    from wordvec.evaluation.core import datasets as sets

    if suite:
        chosen = [*suites.read_suite(suite).sets]
    else:
        chosen = [] if datasets else [*suites.gensim_suite().sets]
    return [*chosen, *map(sets.load, datasets)]


# --- transform ------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("vectors", type=_IN)
@click.option("-o", "--output", "path", type=_OUT, help="The .wv file to write.")
@click.option(
    "--center", type=_WEIGHTS, help="Subtract the mean, of the vocabulary or of the text."
)
@click.option(
    "--remove",
    type=click.IntRange(min=0),
    help="Subtract the mean and so many principal components (all-but-the-top).",
)
@click.option("--pca", type=click.IntRange(min=1), help="Keep so many principal components.")
@click.option("--whiten", type=_WEIGHTS, help="Give all directions the same variance.")
@click.option("--unit", is_flag=True, help="Give every vector the length 1, last.")
@click.option(
    "--counts",
    type=click.Path(exists=True, dir_okay=False),
    help="Vocabulary file with counts, for tokens, where the vectors have none.",
)
@click.option(
    "--compare",
    type=click.Choice(["all", "chosen"]),
    help="Judge the chosen transform, or all usual ones, beside the vectors as they are.",
)
@_judged
@_DTYPE
@_FORCE
@_QUIET
@format_option
def transform(
    vectors: str,
    path: Path | None,
    center: str | None,
    remove: int | None,
    pca: int | None,
    whiten: str | None,
    unit: bool,
    counts: str | None,
    compare: str | None,
    output: str,
    **rest: Any,
) -> None:
    """Centre, whiten, cut or normalise vectors, in one pass.

    The steps are taken in the order --center, --remove or --pca, --whiten, --unit. With --center
    tokens the mean and the components are those of the text, in which a word counts as often as it
    occurs. Contexts, n-grams and the induction matrix are transformed likewise, or left out with a
    notice.
    """
    import wordvec

    _check_targets(path, [rest["html"], rest["json"]], rest["force"], vectors)
    wv = wordvec.load(vectors)
    tokens = counts_of(wv, counts)
    chosen = _pipeline(center, remove, pca, whiten, unit, tokens)
    if chosen is None and compare != "all":
        raise click.UsageError("name a transform: --center, --remove, --pca, --whiten or --unit")
    if compare is None and path is None:
        raise click.UsageError("name the file to write with -o, or judge with --compare")
    if "tokens" in (center, whiten) and tokens is None and wv.counts is None:
        option = "--center" if center == "tokens" else "--whiten"
        raise click.UsageError(
            f"{option} tokens: {vectors} has no counts of its words: give a vocabulary file with "
            "--counts, or weigh by types"
        )
    if chosen is not None:
        try:
            chosen.fit(wv)
        except ValueError as error:  # n is of --pca or of --remove
            given = [("--pca", pca), ("--remove", remove), ("--center", center)]
            named = [f"{option} {value}" for option, value in given if value is not None]
            raise click.UsageError(": ".join([*named[:1], str(error)])) from error
        for note in chosen.notes():
            _progress(rest["quiet"])(f"note: {note}")
    rows: list[dict[str, Any]] = []
    if compare:
        models = {"as they are": wv}
        if chosen is not None:
            models["chosen"] = chosen.transform(wv)
        if compare == "all":
            models |= _usual(wv, tokens, rest["quiet"])
        rows = _compared(models, **rest)
    if path is not None and chosen is not None:
        written = chosen.save(wv, path, dtype=rest["dtype"], force=rest["force"])
        _say_written(written, path, rest["quiet"])
    if compare:  # after all is written: nobody may be there to read it
        emit(rows, output)


def _pipeline(
    center: str | None,
    remove: int | None,
    pca: int | None,
    whiten: str | None,
    unit: bool,
    counts: Any,
) -> Transform | None:
    from wordvec.transform import PCA, AllButTheTop, Center, Pipeline, Unit, Whiten

    weights: dict[str, Any] = {"weights": center or "types", "counts": counts}
    steps: list[Transform] = []
    if pca is not None:
        steps.append(PCA(n=pca, remove=remove or 0, **weights))
    elif remove is not None:
        steps.append(AllButTheTop(n=remove, **weights))
    elif center is not None:
        steps.append(Center(**weights))
    if whiten is not None:
        weights["weights"] = whiten
        steps.append(Whiten(**weights))
    if unit:
        steps.append(Unit())
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else Pipeline(steps)


def _usual(wv: WordVectors, counts: Any, quiet: bool) -> dict[str, WordVectors]:
    """What --compare all judges."""
    from wordvec.transform import AllButTheTop, Center, Whiten

    out = {}
    known = counts is not None or wv.counts is not None
    for weights in ("types", "tokens") if known else ("types",):
        given: dict[str, Any] = {"weights": weights, "counts": counts}
        out[f"centred, {weights}"] = Center(**given).fit_transform(wv)
        for n in (1, 2, 3):
            out[f"without {n}, {weights}"] = AllButTheTop(n=n, **given).fit_transform(wv)
        out[f"whitened, {weights}"] = Whiten(**given).fit_transform(wv)
    if not known and not quiet:
        click.echo("no counts: tokens were left out; give them with --counts", err=True)
    return out


def counts_of(wv: WordVectors, path: str | None) -> Any:
    """Counts (V,) of a vocabulary file; 0 for words that it does not have."""
    if path is None:
        return None
    from wordvec.text.vocab import Vocabulary

    vocab = Vocabulary.load(path)
    known = dict(zip(vocab, vocab.counts.tolist(), strict=True))
    return [known.get(word, 0) for word in wv]


def _compared(
    models: Mapping[str, WordVectors],
    *,
    suite: str | None,
    datasets: Sequence[Path],
    html: Path | None,
    json: Path | None,
    resamples: int,
    quiet: bool,
    force: bool,
    dtype: str | None,
) -> list[dict[str, Any]]:
    """The scores of the first vectors, and how those of the others differ; writes the reports."""
    from wordvec.evaluation.report import document as report
    from wordvec.evaluation.run import Options, run

    document = run(
        {name: (wv, None) for name, wv in models.items()},
        _sets(suite, datasets),
        (),
        Options(resamples=resamples),
        progress=_progress(quiet),
    )
    first = next(iter(models))
    pairs = {
        (c["dataset"], c["second"] if c["first"] == first else c["first"]): c
        for c in document["comparisons"]
        if first in (c["first"], c["second"])
    }
    rows = []
    for row in report.rows(document):
        found = pairs.get((row["dataset"], row["model"]))
        sign = 0 if found is None else -1 if found["first"] == first else 1
        ends = (
            []
            if found is None
            else sorted(sign * found["interval"][end] for end in ("low", "high"))
        )
        rows.append(
            {k: row[k] for k in ("model", "dataset", "score", "low", "high")}
            | {
                "change": None if found is None else sign * found["difference"],
                "change low": ends[0] if ends else None,
                "change high": ends[1] if ends else None,
            }
        )
    if json:
        report.write_json(document, json)
    if html:
        report.write_html(document, html)
    return rows


def _progress(quiet: bool) -> Callable[[str], None]:
    return lambda text: None if quiet else click.echo(text, err=True)


def _check_targets(
    store: Path | None, reports: Sequence[Path | None], force: bool, source: str
) -> None:
    from wordvec.system.files import check_target
    from wordvec.vectors.vectors import check_store

    if store:
        check_store(store, force=force, inputs=[source])
    for path in filter(None, reports):
        check_target(path, force=force, inputs=[source])


def _say_written(written: WordVectors, path: Path, quiet: bool) -> None:
    for card in written.meta.get("transforms", [])[-1:]:
        for notice in card.get("notices", []):
            click.echo(f"notice: {notice}", err=True)
    if not quiet:
        size = os.path.getsize(path) / 1e6
        click.echo(
            f"wrote {path}: {len(written):,} x {written.vector_size}, {size:.1f} MB", err=True
        )


# --- debias ---------------------------------------------------------------------------------------


def _method_options() -> list[click.Option]:
    """The options of all methods; one that several have is shown once, with their names."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for method in DEBIASING:
        for name, each in transform_class(method).options().items():
            found.setdefault(name, []).append((method, each))
    made = []
    for owners in found.values():
        defaults = ", ".join(f"{method} {each.default}" for method, each in owners)
        first = owners[0][1]
        option = to_click(dataclasses.replace(first, help=f"{first.help} [{defaults}]"), None)
        option.show_default = False
        made.append(option)
    return made


@click.command(cls=Command)
@click.argument("vectors", type=_IN)
@click.option("-o", "--output", "path", type=_OUT, help="The .wv file to write.")
@click.option(
    "--concept",
    required=True,
    help="What to take out: gender, race, religion, or a TOML file of your own.",
)
@click.option(
    "--method",
    type=click.Choice([*DEBIASING, "all"]),
    default="leace",
    help="How; all judges every method and writes nothing.",
)
@click.option(
    "--equalize/--no-equalize",
    default=True,
    help="hard: make the concept's equalize sets equally far from all other words.",
)
@click.option(
    "--keep",
    type=click.Path(exists=True, dir_okay=False),
    help="File of words, separated by blanks or lines, that keep their vectors too.",
)
@click.option("--proof/--no-proof", default=True, help="Judge what is left and what was lost.")
@_judged
@add_declared(_method_options)
@_DTYPE
@_FORCE
@_QUIET
@format_option
def debias(
    vectors: str,
    path: Path | None,
    concept: str,
    method: str,
    equalize: bool,
    keep: str | None,
    proof: bool,
    suite: str | None,
    datasets: Sequence[Path],
    html: Path | None,
    json: Path | None,
    resamples: int,
    dtype: str | None,
    force: bool,
    quiet: bool,
    output: str,
    **options: Any,
) -> None:
    """Take an association out of vectors and show what is left.

    Words that are about the concept by meaning keep their vectors. The table compares readers,
    measures of association and quality before and after. No method makes vectors free of bias.
    """
    import wordvec
    from wordvec.spaces.debiasing.concepts import concept as read_concept

    if method == "all" and path is not None:
        raise click.UsageError("--method all compares and writes nothing: choose one for -o")
    if path is None and not proof:
        raise click.UsageError("nothing to do: name the file to write with -o")
    _check_targets(path, [html, json], force, vectors)
    wv = wordvec.load(vectors)
    about = read_concept(concept)
    _refuse_twice(wv, about, force)
    given = {name: value for name, value in options.items() if value is not None}
    fitted = {}
    for name in DEBIASING if method == "all" else [method]:
        _progress(quiet)(f"{name}: learning")
        own = {k: v for k, v in given.items() if k in transform_class(name).options()}
        if method != "all" and len(own) < len(given):
            unused = ", ".join(f"--{k.replace('_', '-')}" for k in given if k not in own)
            raise click.UsageError(f"{unused}: {method} has no such option")
        if name == "hard" and not equalize:
            own["equalize"] = ()
        if keep is not None:
            own["exempt"] = (*about.exempt, *Path(keep).read_text("utf-8").split())
        fitted[name] = make(name, concept=about, **own).fit(wv)
    first: Any = next(iter(fitted.values()))
    if first.unknown_ and not quiet:
        click.echo(_unknown(first.unknown_), err=True)
    made = None
    if proof:
        made = _proved(
            wv, vectors, about, fitted, _sets(suite, datasets), html, json, resamples, quiet
        )
    if path is not None:
        _say_written(first.save(wv, path, dtype=dtype, force=force), path, quiet)
    if made is not None:
        _print_proof(made, output)


def _unknown(words: Sequence[str]) -> str:
    more = f" and {len(words) - 12} more" if len(words) > 12 else ""
    return f"unknown words of the lists ({len(words)}): {', '.join(words[:12])}{more}"


def _refuse_twice(wv: WordVectors, about: Concept, force: bool) -> None:
    from wordvec.spaces.apply import transforms_of

    for card in transforms_of(wv):
        if card.get("crc") == about.crc and not force:
            raise click.UsageError(
                f"{about.name} was taken out of these vectors before, by {card.get('transform')}; "
                "--force does it again"
            )


def _proved(
    wv: WordVectors,
    source: str,
    about: Concept,
    fitted: Mapping[str, Transform],
    sets: Sequence[Any],
    html: Path | None,
    json: Path | None,
    resamples: int,
    quiet: bool,
) -> Proof:
    """What is left of an association and what was lost; writes the reports."""
    from wordvec.cli.reports import origin
    from wordvec.evaluation.core.results import to_json
    from wordvec.evaluation.proof import prove
    from wordvec.evaluation.report import proof_page
    from wordvec.system.files import write_atomically

    after = {name: each.transform(wv) for name, each in fitted.items()}
    made = prove(wv, after, about, sets=sets, resamples=resamples, progress=_progress(quiet))
    if html:
        with write_atomically(html, force=True) as file:
            file.write(proof_page.page(made, source=Path(source).name, origin=origin()).encode())
    if json:
        from json import dumps

        with write_atomically(json, force=True) as file:
            file.write(dumps(to_json(made), ensure_ascii=False, indent=1).encode())
    return made


def _print_proof(made: Proof, output: str) -> None:
    from wordvec.evaluation.report import proof_page

    emit(proof_page.records(made), output)
    if output == "table":
        click.echo()
        for sentence in made.text:
            click.echo(sentence)
