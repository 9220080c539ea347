"""wordvec tokenize, pieces, documents: words of texts, pieces of words, vectors of texts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, clock, display_options, quantity
from wordvec.cli.sources import (
    FORCE,
    INPUTS,
    TEXT_OPTIONS,
    THREADS,
    given,
    spelled,
    text_options_of,
)
from wordvec.estimator import thread_count


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=Output(), help="The text file to write.")
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
    """Write texts as training would see them.

    There is a space between words and a blank line after a document.

    INPUT is as for `wordvec train`. Training on OUTPUT without options is training on INPUT with
    these.
    """
    from wordvec.system.files import check_target
    from wordvec.text.notes import notes
    from wordvec.text.write import tokenize_text

    how = text_options_of(options)
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
    for note in notes(stats, words, how, inputs=inputs, argument=spelled, signs=True):
        display.say(f"note      {note}")
    size = quantity(Path(output).stat().st_size)
    display.say(f"wrote     {output}: {size}B, {stats.tokens:,} words in {clock(stats.seconds)}")


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=Output(), help="The model to write.")
@add_options("wordvec.text.pieces:train_pieces", names={"size": "pieces"})
@TEXT_OPTIONS
@THREADS
@FORCE
@display_options
def pieces(
    inputs: tuple[str, ...],
    output: str,
    pieces: int,
    kind: Any,
    coverage: float,
    threads: int | None,
    force: bool,
    display: Display,
    **options: Any,
) -> None:
    """Find the pieces that words are made of (SentencePiece).

    This helps languages with little text.

    `wordvec train INPUT --tokenize sentencepiece:OUTPUT` then trains vectors of pieces.
    """
    from wordvec.system.files import check_target
    from wordvec.text.pieces import train_pieces

    check_target(output, force=force, inputs=inputs)
    found = train_pieces(
        list(inputs),
        output,
        size=pieces,
        kind=kind,
        coverage=coverage,
        threads=thread_count(threads),
        force=force,
        progress=display,
        options=text_options_of(options),
    )
    display.close()
    display.say(f"wrote     {output}: {found:,} pieces")


@click.command(cls=Command)
@click.argument("vectors", type=click.Path(exists=True, dir_okay=False))
@INPUTS
@click.option(
    "-o", "--output", "target", required=True, type=Output(), help="The .npy file to write."
)
@add_options("wordvec.vectors.documents:document_vectors")
@click.option("--labels", type=Output(), help="Write names and key words here, tab separated.")
@add_options("wordvec.vectors.documents:document_labels", names={"n": "keywords"})
@add_options(
    "wordvec.vectors.documents:near_duplicates",
    names={"threshold": "duplicates"},
    defaults={"threshold": None},
)
@TEXT_OPTIONS
@THREADS
@FORCE
@format_option
@display_options
@click.pass_context
def documents(
    ctx: click.Context,
    /,
    vectors: str,
    inputs: tuple[str, ...],
    target: str,
    weights: Any,
    remove: int,
    labels: str | None,
    keywords: int,
    duplicates: float | None,
    threads: int | None,
    force: bool,
    output: str,
    display: Display,
    **options: Any,
) -> None:
    """Write vectors of documents: means of their words' vectors.

    INPUT is as for `wordvec train`: rows of a table (--text-column), articles, lines (--text lines)
    or, in plain text, what blank lines part. Words are made as those of VECTORS were. Row i of
    OUTPUT is document i.
    """
    import numpy as np

    from wordvec.formats import load
    from wordvec.formats.arrays.npy import write_array
    from wordvec.system.files import check_target, write_atomically
    from wordvec.vectors.as_trained import options_for, recorded_options
    from wordvec.vectors.documents import document_labels, document_vectors, near_duplicates

    for path in filter(None, (target, labels)):
        check_target(path, force=force, inputs=[vectors, *inputs])
    wv = load(vectors)
    how = options_for(wv.meta, given(ctx, options))
    trained = recorded_options(wv.meta)
    if how.recorded() != trained:
        display.say(
            f"note      the words of {vectors} were split in another way than these documents: "
            f"{trained or 'at white space'}"
        )
    found = document_vectors(
        wv,
        [Path(each) for each in inputs],
        weights=weights,
        remove=remove,
        threads=threads,
        progress=display,
        options=how,
    )
    display.close()
    with write_atomically(target, force=force) as file:
        write_array(file, found.vectors)
    sizes = found.sizes
    empty = int(np.count_nonzero(sizes == 0))
    if empty:
        display.say(f"note      documents without a known word: {empty:,}; their vectors are zero")
    if labels:
        names = found.labels or tuple(map(str, range(len(found))))
        rows = zip(names, sizes.tolist(), document_labels(wv, found, keywords), strict=True)
        with write_atomically(labels, force=force) as file:
            file.write(b"document\twords\tkeywords\n")
            for name, size, best in rows:
                line = f"{' '.join(name.split())}\t{size}\t{', '.join(best)}\n"
                file.write(line.encode("utf-8", "surrogateescape"))
        display.say(f"wrote     {labels}: key words of {len(found):,} documents")
    display.say(f"wrote     {target}: {len(found):,} x {wv.vector_size}")
    if duplicates is not None:
        pairs = near_duplicates(found.vectors, threshold=duplicates)
        names = found.labels or tuple(map(str, range(len(found))))
        emit(
            [{"document": names[i], "other": names[j], "cosine": round(c, 6)} for i, j, c in pairs],
            output,
        )
