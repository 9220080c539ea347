"""wordvec change: which words are used otherwise in one collection of texts than in another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import emit, format_option, tsv
from wordvec.cli.options import add_options, parted
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, display_options
from wordvec.cli.sources import FORCE
from wordvec.cli.vectors.stability import COUNTED, StabilityCommand
from wordvec.models import MODELS

if TYPE_CHECKING:
    from wordvec.inference.change import WordChange

_NEAREST = 3  # neighbours in a table for a paper
FOUND = 0.05  # q below which a word is counted as changed
_BLOCKS = click.Path(exists=True, file_okay=False)


class ChangeCommand(StabilityCommand):
    """`change`, with the options of the model that --model names."""

    default = "count-skipgram"


@click.command(cls=ChangeCommand)
@click.argument("old", type=_BLOCKS)
@click.argument("new", type=_BLOCKS)
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
@click.option("--latex", type=Output(), help="Write the shown words as a LaTeX table here.")
@FORCE
@format_option
@display_options
def change(
    old: str,
    new: str,
    model: str,
    nulls: int,
    least: int,
    words: tuple[str, ...],
    top: int,
    topn: int,
    path: str | None,
    latex: str | None,
    force: bool,
    output: str,
    display: Display,
    **options: Any,
) -> None:
    """Find words whose use differs between OLD and NEW.

    OLD and NEW are folders that `wordvec count --blocks` made with one vocabulary (--vocab).
    Columns: distance (1 - cosine after the spaces were aligned); by chance (its mean when the
    documents are exchanged between OLD and NEW); z (how many standard deviations it lies above);
    p, and q (p adjusted for all words, the false discovery rate); occurrences; nearest words.
    """
    from wordvec.errors import Unanswerable
    from wordvec.files import check_target, write_atomically
    from wordvec.inference.change import change as find

    for target in filter(None, (path, latex)):
        check_target(target, force=force, inputs=[old, new])
    kind: Any = MODELS[model].load()
    own, _ = parted(kind, options)
    estimator = kind(**own)
    found = find(
        estimator,
        old,
        new,
        nulls=nulls,
        least=least,
        seed=estimator.seed,
        threads=estimator.threads,
        progress=display,
    )
    display.close()
    for note in found.notes():
        display.say(f"note      {note}")
    shown, missing = [], []
    for word in words or [each.word for each in found.words[:top]]:
        try:
            each = found[word]
            then, now = (" ".join(nearest) for nearest in found.neighbors(word, topn))
            shown.append(_numbers(each) | {"nearest in old": then, "nearest in new": now})
        except Unanswerable as error:
            missing.append(str(error))
    if path:
        rows = list(map(_numbers, found.words))
        with write_atomically(path, force=force) as file:
            file.write(tsv(rows).encode("utf-8", "surrogateescape"))
    if latex and shown:
        both = f"{Path(old).name} and {Path(new).name}"
        _write_latex(shown, latex, both, nulls, force=force)
    emit(shown, output)
    changed = sum(each.q < FOUND for each in found.words)
    display.say(
        f"note      {changed:,} of {len(found):,} words have q < {FOUND}; by chance: {nulls} "
        "exchanges of documents"
    )
    for text in missing:
        display.say(f"note      {text}")


def _numbers(each: WordChange) -> dict[str, Any]:
    return {
        "word": each.word,
        "distance": each.distance,
        "by chance": each.by_chance,
        "z": each.z,
        "p": each.p,
        "q": each.q,
        "old count": each.old_count,
        "new count": each.new_count,
    }


def _write_latex(
    shown: list[dict[str, Any]], path: str, names: str, nulls: int, *, force: bool
) -> None:
    from wordvec.evaluation.core.measure import Table, number, p_text
    from wordvec.evaluation.report.latex import write_table

    records = [
        {
            "word": row["word"],
            "d": number(row["distance"], 2),
            "chance": number(row["by chance"], 2),
            "z": number(row["z"], 1),
            "q": p_text(row["q"]),
            "old": f"{row['old count']:,}",
            "new": f"{row['new count']:,}",
            "nearest in old": " ".join(row["nearest in old"].split()[:_NEAREST]),
            "nearest in new": " ".join(row["nearest in new"].split()[:_NEAREST]),
        }
        for row in shown
    ]
    caption = (
        f"d: 1 - cosine after an orthogonal map; chance: its mean over {nulls} exchanges "
        "of documents; q: p adjusted for all words (false discovery rate); old, new: occurrences"
    )
    write_table(Table.of(records, caption), f"Change between {names}", "change", path, force=force)
