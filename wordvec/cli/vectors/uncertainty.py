"""wordvec uncertainty and stability: how sure vectors are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, display_options
from wordvec.cli.sources import FORCE, THREADS

if TYPE_CHECKING:
    from wordvec.inference.uncertainty import Uncertainty

F = TypeVar("F", bound=Callable[..., Any])

KINDS = {
    "reconstruction": "reconstruction error: the text is taken as given",
    "documents": "documents: another sample of the blocks, the contexts as they are",
}
HOW = "wordvec.inference.uncertainty:Uncertainty.__init__"
STORED = "stored"  # in place of the counts


def uncertainty_option(function: F) -> F:
    """Adds `--uncertainty SHARDS`, `--source`, `--covariance` and `--retrained` to a command that
    answers without them too."""
    function = click.option(
        "--retrained",
        metavar="VECTORS",
        type=click.Path(),
        multiple=True,
        help="With --source documents: the same model trained with another seed; how the answer "
        "varies between such models is added to its error. Twice or more.",
    )(function)
    function = add_options(HOW, "source", "covariance", when="With --uncertainty")(function)
    return click.option(
        "--uncertainty",
        metavar="SHARDS",
        type=click.Path(),
        help="Say how sure the answer is, from the counts that the vectors were trained on; "
        f"`{STORED}` for a file that `wordvec uncertainty --all` made.",
    )(function)


def opened(vectors: str, shards: str, **options: Any) -> Uncertainty:
    """The uncertainty of a file of vectors."""
    import wordvec

    counts = None if shards == STORED else shards
    return wordvec.Uncertainty(wordvec.load(vectors), counts, **options)


def emit_with_kind(unc: Uncertainty, rows: Sequence[dict[str, Any]], output: str) -> None:
    """Prints a table, and on standard error which kind of uncertainty it shows."""
    if rows:
        say_kind(unc)
        emit(rows, output)


def of_each(
    words: Sequence[str], rows_of: Callable[[str], Sequence[dict[str, Any]]]
) -> tuple[list[dict[str, Any]], int]:
    """The rows of all words, and the exit code: a word that cannot be answered is named, and the
    others are answered."""
    from wordvec.errors import Unanswerable, UnknownWordError

    rows: list[dict[str, Any]] = []
    code = 0
    for word in words:
        try:
            rows += rows_of(word)
        except (UnknownWordError, Unanswerable) as error:
            click.echo(f"wordvec: error: {error}", err=True)
            code = 1
    return rows, code


def say_kind(unc: Uncertainty) -> None:
    """Which of the kinds of uncertainty a table shows, on standard error."""
    of = unc.options()
    weights = (
        f"; x_max {of['x_max']:g}, weight exponent {of['weight_exponent']:g}"
        if "x_max" in of
        else ""
    )
    seeds = f" and {of['retrained']} models of other seeds" if "retrained" in of else ""
    click.echo(f"{100 * unc.level:g} % intervals of {KINDS[unc.kind]}{seeds}{weights}", err=True)


def refuse_unseen(unseen: bool | None) -> None:
    """A word that was never seen has no counts."""
    if unseen:
        raise click.UsageError("--unseen does not go with --uncertainty: such words have no counts")


def similarity_row(unc: Uncertainty, a: str, b: str, trained: float) -> dict[str, Any]:
    """A similarity with its interval; `trained` is that of the vectors as they are."""
    found = unc.similarity(a, b)
    return {
        "a": a,
        "b": b,
        "similarity": found.value,
        "sd": found.sd,
        "low": found.low,
        "high": found.high,
        "as trained": trained,
        "of": unc.kind,
    }


def neighbor_rows(unc: Uncertainty, word: str, topn: int) -> list[dict[str, Any]]:
    """A word's neighbours with their intervals and what is sure of their order."""
    return [
        {
            "word": word,
            "neighbor": each.word,
            "similarity": each.similarity,
            "sd": each.sd,
            "low": each.low,
            "high": each.high,
            "first": each.first,
            "p (Holm)": each.p,
            "tied": "yes" if each.tied else "",
            "of": unc.kind,
        }
        for each in unc.most_similar(word, topn=topn)
    ]


@click.command(cls=Command)
@click.argument("vectors", type=click.Path())
@click.argument("shards", type=click.Path())
@click.argument("words", nargs=-1)
@add_options(HOW)
@click.option("--all", "every", is_flag=True, help="Write a file with the variances of all words.")
@click.option("-o", "--output", "target", type=Output(), help="With --all: the .wv file.")
@add_options("wordvec.inference.stored:with_variances", when="With --all")
@FORCE
@THREADS
@format_option
@display_options
def uncertainty(
    vectors: str,
    shards: str,
    words: tuple[str, ...],
    every: bool,
    target: str | None,
    rank: int,
    memory: int | None,
    force: bool,
    output: str,
    display: Display,
    **options: Any,
) -> int:
    """Show how certain the vectors of WORDS are.

    SHARDS are the counts that the vectors were trained on.

    Columns: contexts (words it stands with), sigma (spread of log counts about what the vectors
    say), error (size of the error relative to the vector, squared), convergence (cosine with the
    exact solution; below .95 train more), blocks of documents that have it, and a note.
    """
    if every:
        if words or target is None:
            raise click.UsageError("--all needs -o FILE and takes no words")
        _write_all(vectors, shards, target, rank, memory, force, display, options)
        return 0
    if target is not None:
        raise click.UsageError("-o goes with --all")
    if not words:
        raise click.UsageError("name at least one word, or --all")
    unc = opened(vectors, shards, **options)

    def row(word: str) -> list[dict[str, Any]]:
        each = unc.known(word)
        of_blocks = {}
        if each.blocks is not None:
            of_blocks = {"blocks": each.blocks, "design effect": each.design_effect}
        return [
            {
                "word": each.word,
                "contexts": each.contexts,
                "sigma": each.sigma,
                "error": each.relative,
                "convergence": each.convergence,
                **of_blocks,
                "note": each.note,
            }
        ]

    rows, code = of_each(words, row)
    emit_with_kind(unc, rows, output)
    return code


def _write_all(
    vectors: str,
    shards: str,
    target: str,
    rank: int,
    memory: int | None,
    force: bool,
    display: Display,
    options: dict[str, Any],
) -> None:
    from wordvec.inference.stored import with_variances
    from wordvec.vectors.vectors import check_store

    check_store(target, force=force, inputs=[vectors, shards])
    unc = opened(vectors, shards, **options)
    made = with_variances(unc, rank=rank, memory=memory, progress=display)
    display.close()
    made.save(target, force=force)
    of = made.meta["uncertainty"]
    display.say(
        f"wrote     {target}: {of['words']:,} of {len(made):,} words have a variance; rank {rank} "
        f"keeps {of['norm_share']:.1%} of the covariances' norm"
    )
