"""wordvec shards: look at, check, add, import and export shards."""

from __future__ import annotations

from typing import Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.program import LazyGroup
from wordvec.cli.sources import FORCE, THREADS

shards = LazyGroup(
    {
        name: f"wordvec.cli.corpus.shards:{name.replace('-', '_')}"
        for name in ("info", "verify", "merge", "import-glove", "export-glove")
    },
    help="Show, check, add, import and export shards of counts.",
)

FOLDER = click.argument("folder", type=click.Path())
OUTPUT = click.option(
    "-o", "--output", "target", required=True, type=Output(), help="The folder to make."
)


def _said(made: Any) -> None:
    click.echo(f"wrote     {made.path}: {made.words:,} words, {made.cells:,} cells", err=True)


@click.command(cls=Command)
@FOLDER
@format_option
def info(folder: str, output: str) -> None:
    """Show what FOLDER holds."""
    from wordvec.counts.convert import describe
    from wordvec.counts.shards import Shards

    record = describe(Shards(folder))
    if output == "table":
        whole = (int,)
        emit(
            [
                {"what": key, "value": f"{v:,}" if type(v) in whole else str(v)}
                for key, v in record.items()
            ],
            output,
        )
    else:
        emit([record], output)


@click.command(cls=Command)
@FOLDER
def verify(folder: str) -> None:
    """Check every byte of FOLDER: checksums, structure and sums."""
    from wordvec.counts.shards import Shards

    opened = Shards(folder)
    opened.verify()
    click.echo(f"{folder}: whole: {opened.words:,} words, {opened.cells:,} cells")


@click.command(cls=Command)
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=click.Path())
@OUTPUT
@add_options("wordvec.counts.convert:merge")
@THREADS
@FORCE
def merge(
    folders: tuple[str, ...], target: str, memory: int, threads: int | None, force: bool
) -> None:
    """Add FOLDERs that were counted the same way, exactly.

    Of one vocabulary (count --vocab), the result is that of counting their texts at once; otherwise
    words are united. One FOLDER that `count --blocks` made is the sum of its blocks.
    """
    from wordvec.counts import convert as shardtools
    from wordvec.counts.blocks import Blocks
    from wordvec.estimator import thread_count

    if len(folders) == 1 and Blocks.is_folder(folders[0]):
        _said(Blocks(folders[0]).sum(target, threads=thread_count(threads), force=force))
        return
    _said(
        shardtools.merge(folders, target, memory=memory, threads=thread_count(threads), force=force)
    )


@click.command(cls=Command)
@click.argument("vocab", type=click.Path(dir_okay=False))
@click.argument("records", type=click.Path(dir_okay=False))
@OUTPUT
@add_options("wordvec.counts.convert:import_glove")
@THREADS
@FORCE
def import_glove(
    vocab: str,
    records: str,
    target: str,
    window: int,
    flat: bool,
    direction: Any,
    memory: int,
    threads: int | None,
    force: bool,
) -> None:
    """Make shards of the counts of Stanford's GloVe.

    VOCAB is its vocab.txt and RECORDS its cooccur.bin.
    """
    from wordvec.counts import convert as shardtools
    from wordvec.estimator import thread_count

    made = shardtools.import_glove(
        vocab,
        records,
        target,
        window=window,
        flat=flat,
        direction=direction,
        memory=memory,
        threads=thread_count(threads),
        force=force,
    )
    _said(made)


@click.command(cls=Command)
@FOLDER
@click.argument("vocab", type=Output())
@click.argument("records", type=Output())
@FORCE
def export_glove(folder: str, vocab: str, records: str, force: bool) -> None:
    """Write FOLDER as files that Stanford's GloVe reads.

    They are the VOCAB and the RECORDS of its `shuffle` and `glove`.
    """
    from wordvec.counts import convert as shardtools

    n = shardtools.export_glove(folder, vocab, records, force=force)
    click.echo(f"wrote     {vocab} and {records}: {n:,} records", err=True)
