"""wordvec change: which words are used otherwise in one collection of texts than in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import emit, format_option, tsv
from wordvec.cli.options import add_options, parted
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, display_options
from wordvec.cli.reports import Reports, origin, report_options, schema_option
from wordvec.cli.vectors.stability import COUNTED, StabilityCommand
from wordvec.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wordvec.estimator import Option
    from wordvec.inference.change import Changes

FOUND = 0.05  # q below which a word is counted as changed
_BLOCKS = click.Path(exists=True, file_okay=False)


class ChangeCommand(StabilityCommand):
    """`change`, with the options of the model that --model names."""

    default = "count-skipgram"

    def fields(self, ctx: click.Context) -> dict[str, tuple[Option, Any]]:
        """The options of the model, without those that are fixed in the counts."""
        return {name: each for name, each in super().fields(ctx).items() if not each[0].counting}

    def unknown(self, ctx: click.Context, error: click.NoSuchOption) -> click.UsageError:
        """An option of counting is named as one."""
        name = error.option_name.lstrip("-").replace("-", "_")
        if name in super().fields(ctx):
            return click.UsageError(
                f"{error.option_name} is fixed in the counts: give it to `wordvec count`", ctx
            )
        return super().unknown(ctx, error)


@click.command(cls=ChangeCommand)
@click.argument("collections", nargs=-1, required=True, type=_BLOCKS, metavar="OLD NEW [NEXT]...")
@click.option(
    "--model",
    type=click.Choice(COUNTED),
    metavar="NAME",
    default=ChangeCommand.default,
    help="The model.",
)
@add_options("wordvec.inference.change:change")
@click.option("--word", "words", multiple=True, help="A word to show; may be given several times.")
@click.option("--top", type=click.IntRange(1), default=20, help="Words to show when none is named.")
@add_options("wordvec.inference.change:Changes.neighbors")
@click.option("-o", "--output", "path", type=Output(), help="Write all words here, as TSV.")
@report_options
@schema_option("change_schema")
@format_option
@display_options
def change(
    collections: tuple[str, ...],
    model: str,
    words: tuple[str, ...],
    top: int,
    topn: int,
    path: str | None,
    output: str,
    display: Display,
    **options: Any,
) -> None:
    """Find words whose use differs between OLD and NEW.

    OLD and NEW are folders that `wordvec count --blocks` made with one vocabulary (--vocab); with
    more of them each is compared with the next. Columns: distance (1 - cosine); by chance (its mean
    when the documents are exchanged between OLD and NEW); z (how many standard deviations it lies
    above); p, and q (p adjusted for all words, the false discovery rate); occurrences; nearest
    words.
    """
    from wordvec.evaluation.report.change.document import build, chosen, named, rows
    from wordvec.inference.change import change_series
    from wordvec.system.files import check_target, write_atomically

    if len(collections) < 2:
        raise click.UsageError("name two folders of counts, OLD and NEW, or more")
    named(collections)  # refuses one that is given twice before anything is trained
    reports, others = Reports.parted(options)
    reports.check(collections)
    if path:
        check_target(path, force=reports.force, inputs=collections)
    kind: Any = MODELS[model].load()
    own, how = parted(kind, others)
    estimator = kind(**own)
    how["seed"] = estimator.seed
    steps = change_series(
        estimator, collections, threads=estimator.threads, progress=display, **how
    )
    display.close()
    document = build(
        steps,
        words or chosen(steps, top),
        {"model": model, **estimator.get_params(), **how},
        kind.papers,
        topn=topn,
        origin=origin(),
    )
    with reports.written(document):
        if path:
            with write_atomically(path, force=reports.force) as file:
                file.write(tsv(_all(document)).encode("utf-8", "surrogateescape"))
        emit(rows(document), output)
    _say(display, document, steps, how["nulls"])


def _say(display: Display, document: dict[str, Any], steps: Sequence[Changes], nulls: int) -> None:
    """What to know of the table."""
    for made, step in zip(steps, document["steps"], strict=True):
        lead = f"note      {step['old']} to {step['new']}: " if len(steps) > 1 else "note      "
        for note in step["notes"]:
            display.say(lead + note)
        changed = sum(each.q < FOUND for each in made.words)
        display.say(
            f"{lead}{changed:,} of {len(made):,} words have q < {FOUND}; by chance: {nulls} "
            "exchanges of documents"
        )
    for each in document["untested"]:
        lead = f"{each['old']} to {each['new']}: " if len(steps) > 1 else ""
        display.say(f"note      {lead}{each['reason']}")


def _all(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A record for each word of each step."""
    from wordvec.evaluation.report.change.document import numbers

    several = len(document["steps"]) > 1
    return [
        {"word": each["word"]}
        | ({"step": f"{step['old']} to {step['new']}"} if several else {})
        | numbers(each)
        for step in document["steps"]
        for each in step["words"]
    ]
