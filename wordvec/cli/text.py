"""wordvec tokenize, pieces, documents: words of texts, pieces of words, vectors of texts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from wordvec.cli.base import Command
from wordvec.cli.progress import Display, clock, display_options, quantity
from wordvec.cli.sources import FORCE, INPUTS, POSITIVE, TEXT_OPTIONS, THREADS, spelled, taken


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=click.Path(), help="The text file to write.")
@TEXT_OPTIONS
@THREADS
@FORCE
@display_options
def tokenize(
    inputs: tuple[str, ...],
    output: str,
    threads: int | None,
    force: bool,
    display: Display,
    **options: Any,
) -> None:
    """Write texts as training sees them: a space between words, a blank line after a document.

    INPUT is as for `wordvec train`. Training on OUTPUT without options is training on INPUT with
    these.
    """
    from wordvec.estimator import thread_count
    from wordvec.files import check_target
    from wordvec.text.notes import notes
    from wordvec.text.write import tokenize_text

    how = taken(options)
    check_target(output, force=force, inputs=[*inputs, how.stop])
    stats = tokenize_text(
        list(inputs),
        output,
        threads=thread_count(threads),
        force=force,
        progress=display,
        options=how,
    )
    display.close()
    head = Counter(stats.head.split())
    words = [word for word, _ in head.most_common()]
    for note in notes(stats, words, how, inputs=inputs, argument=spelled):
        display.say(f"note      {note}")
    size = quantity(Path(output).stat().st_size)
    display.say(f"wrote     {output}: {size}B, {stats.tokens:,} words in {clock(stats.seconds)}")


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=click.Path(), help="The model to write.")
@click.option("--pieces", "size", type=POSITIVE, default=8000, help="Pieces of the model.")
@click.option(
    "--kind",
    type=click.Choice(["unigram", "bpe"]),
    default="unigram",
    help="How pieces are found: the unigram language model, or byte-pair encoding.",
)
@click.option(
    "--coverage",
    type=click.FloatRange(0.9, 1),
    default=0.9995,
    help="Share of the characters that have a piece; 1 for small alphabets.",
)
@TEXT_OPTIONS
@THREADS
@FORCE
@display_options
def pieces(
    inputs: tuple[str, ...],
    output: str,
    size: int,
    kind: Any,
    coverage: float,
    threads: int | None,
    force: bool,
    display: Display,
    **options: Any,
) -> None:
    """Find the pieces that words are made of (SentencePiece), for languages with little text.

    `wordvec train INPUT --tokenize sentencepiece:OUTPUT` then trains vectors of pieces.
    """
    from wordvec.estimator import thread_count
    from wordvec.text.pieces import train_pieces

    found = train_pieces(
        list(inputs),
        output,
        size=size,
        kind=kind,
        coverage=coverage,
        threads=thread_count(threads),
        force=force,
        progress=display,
        options=taken(options),
    )
    display.close()
    display.say(f"wrote     {output}: {found:,} pieces")
