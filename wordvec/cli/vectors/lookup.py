"""Commands that look words up, and that convert, show and check files of vectors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.vectors.uncertainty import (
    emit_with_kind,
    neighbor_rows,
    of_each,
    refuse_unseen,
    similarity_row,
    uncertainty_option,
)
from wordvec.cli.vectors.uncertainty import opened as open_uncertainty

_FILE = click.Path(dir_okay=True)
unseen_option = add_options("wordvec.vectors.vectors:WordVectors.most_similar_many", "unseen")


@click.command(cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("words", nargs=-1, required=True)
@add_options("wordvec.vectors.vectors:WordVectors.most_similar_many", "topn", "unseen")
@uncertainty_option
@format_option
def neighbors(
    vectors: str,
    words: tuple[str, ...],
    topn: int,
    unseen: bool | None,
    uncertainty: str | None,
    source: str,
    covariance: str,
    retrained: tuple[str, ...],
    output: str,
) -> int:
    """List the words nearest to each WORD.

    A WORD that is not there is named, the others are answered, and the exit code is 1. The column
    "how" says how a word that was never seen got its vector.

    With --uncertainty: intervals, the probability of being the first, and which neighbours are
    tied: they cannot be told from the one of rank k + 1.
    """
    import wordvec

    if uncertainty is not None:
        refuse_unseen(unseen)
        unc = open_uncertainty(
            vectors, uncertainty, source=source, covariance=covariance, retrained=retrained
        )
        rows, code = of_each(words, lambda word: neighbor_rows(unc, word, topn))
        emit_with_kind(unc, rows, output)
        return code
    wv = wordvec.load(vectors)
    how = {word: wv.answer(word, unseen=unseen).how for word in words}
    known = [word for word in words if how[word] != "none"]
    answers = wv.most_similar_many(known, topn=topn, unseen=unseen)
    emit(
        [
            {"word": word, **_how(how, word), "neighbor": other, "similarity": score}
            for word, answer in zip(known, answers, strict=True)
            for other, score in answer
        ],
        output,
    )
    for word in words:
        if how[word] == "none":
            click.echo(f"wordvec: error: {wv.unknown(word)}", err=True)
    return 0 if len(known) == len(words) else 1


def _how(how: Mapping[str, str], word: str) -> dict[str, str]:
    """How a word came by its vector: a column, where one was never seen."""
    return {} if set(how.values()) <= {"exact", "none"} else {"how": how[word]}


@click.command(cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("a")
@click.argument("b")
@unseen_option
@uncertainty_option
@format_option
def similarity(
    vectors: str,
    a: str,
    b: str,
    unseen: bool | None,
    uncertainty: str | None,
    source: str,
    covariance: str,
    retrained: tuple[str, ...],
    output: str,
) -> None:
    """Print how similar A and B are: the cosine of their vectors."""
    import wordvec

    if uncertainty is not None:
        refuse_unseen(unseen)
        unc = open_uncertainty(
            vectors, uncertainty, source=source, covariance=covariance, retrained=retrained
        )
        row = similarity_row(unc, a, b, unc.vectors.similarity(a, b))
        emit_with_kind(unc, [row], output)
        return
    wv = wordvec.load(vectors)
    row = {"a": a, "b": b, "similarity": wv.similarity(a, b, unseen=unseen)}
    how = [wv.answer(word, unseen=unseen).how for word in (a, b)]
    if how != ["exact", "exact"]:
        row |= {"how a": how[0], "how b": how[1]}
    emit([row], output)


@click.command(cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("a")
@click.argument("b")
@click.argument("c")
@add_options("wordvec.vectors.vectors:WordVectors.most_similar", "topn")
@click.option("--cosmul", is_flag=True, help="Combine by products (3CosMul) instead of sums.")
@format_option
def analogy(vectors: str, a: str, b: str, c: str, topn: int, cosmul: bool, output: str) -> None:
    """Find what is to C as B is to A (man, king, woman: queen)."""
    import wordvec

    wv = wordvec.load(vectors)
    find = wv.most_similar_cosmul if cosmul else wv.most_similar
    answers = find(positive=[b, c], negative=[a], topn=topn)
    emit([{"word": word, "score": score} for word, score in answers], output)


@click.command(cls=Command)
@click.argument("source", metavar="IN", type=_FILE)
@click.argument("target", metavar="OUT", type=Output())
@click.option("--to", "format", help="Format of OUT; without it, by its suffix.")
@add_options("wordvec.vectors.vectors:WordVectors.astype", defaults={"dtype": None})
@click.option(
    "--coarse", is_flag=True, help="Add an int8 copy, for quicker exact searches, and --sketch."
)
@click.option("--sketch", is_flag=True, help="Add their signs, for the quickest searches.")
@click.option("--fold", is_flag=True, help="Add an index of folded spellings.")
@click.option("--contexts", is_flag=True, help="Write the context vectors instead.")
@add_options("wordvec.formats:load")
@click.option(
    "--words",
    "only",
    type=click.Path(dir_okay=False),
    help="Convert only the words of this list, a file with one word per line.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Stop at a word that the format cannot hold, instead of leaving it out.",
)
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
def convert(
    source: str,
    target: str,
    format: str | None,
    dtype: str | None,
    parts: int | None,
    coarse: bool,
    sketch: bool,
    fold: bool,
    contexts: bool,
    limit: int | None,
    only: str | None,
    min_count: int | None,
    strict: bool,
    force: bool,
) -> None:
    """Convert vectors to another format or encoding.

    The format of IN is detected from its content. IN may be compressed; of an archive with several
    files, ARCHIVE:MEMBER names one. Words that the format of OUT cannot hold are left out and
    counted.
    """
    import wordvec
    from wordvec import formats
    from wordvec.formats import notes
    from wordvec.text.lines import read_words

    formats.check(target, format=format, force=force, inputs=[source, only])
    wv = wordvec.load(source, limit=limit, words=only, min_count=min_count)
    said = notes.about(wv)
    if only is not None:
        said += notes.not_there(read_words(only), wv)
    if contexts:
        wv = _contexts(wv, source)
    if coarse:
        wv = wv.with_coarse()
    elif sketch:
        wv = wv.with_sketch()
    if dtype is not None:
        wv = wv.astype(dtype, parts=parts)
    if fold:
        wv = wv.with_folding()
    said += formats.losses(wv, target, format=format)
    if not strict:
        wv, unheld = formats.holdable(wv, target, format=format)
        said += notes.left_out(unheld, format or "the format")
    formats.save(wv, target, format=format, force=force)
    for sentence in said:
        click.echo(sentence, err=True)


def _contexts(wv: Any, source: str) -> Any:
    from wordvec.errors import FormatError
    from wordvec.vectors.vectors import WordVectors

    if wv.contexts is None:
        raise FormatError(f"{source}: has no context vectors; glove and swivel store them")
    return WordVectors(list(wv), wv.contexts, counts=wv.counts, biases=wv.context_biases)


@click.command(cls=Command)
@click.argument("file", required=False, type=_FILE)
@format_option
def info(file: str | None, output: str) -> None:
    """Show what FILE holds; without FILE, what wordvec runs on."""
    record = _machine() if file is None else _card(file)
    if output == "table":
        emit([{"what": key, "value": _short(value)} for key, value in record.items()], output)
    else:
        emit([record], output)


def _short(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _machine() -> dict[str, Any]:
    import numpy as np

    from wordvec._version import __version__
    from wordvec.native import cpu
    from wordvec.native.models import glove
    from wordvec.system.parallel import threads

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "wordvec": __version__,
        "isa": cpu.isa(),
        "isas": " ".join(cpu.available()),
        "threads": threads(),
        "glove_block_bytes": glove.BLOCK,  # the same everywhere, as the bytes of vectors need
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "numpy": np.__version__,
    }


def _card(file: str) -> dict[str, Any]:
    from wordvec import formats
    from wordvec.formats.stream import split_member

    return {"file": file, "bytes": os.path.getsize(split_member(file)[0]), **formats.card(file)}


@click.command(cls=Command)
@click.argument("file", type=_FILE)
def verify(file: str) -> None:
    """Check all of a .wv file: checksums, words, index, order."""
    from wordvec.vectors.file import Store

    if os.path.isdir(file):
        raise IsADirectoryError(
            f"{file}: is a directory; shards are checked by: wordvec shards verify {file}"
        )
    store = Store(file, verify=True)
    click.echo(f"{file}: whole: {len(store.words):,} words, {len(store.sections)} sections")
