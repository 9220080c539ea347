"""wordvec vocab, count: from texts to vocabularies and to shards of co-occurrence counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import Command
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, display_options, quantity
from wordvec.cli.sources import (
    CLUSTER,
    FORCE,
    INPUTS,
    MAX_VOCAB,
    MIN_COUNT,
    PART,
    PHRASES,
    SAMPLE,
    TEXT_OPTIONS,
    THREADS,
    VOCAB,
    encoder,
    say_corpus,
    spelled,
    text_options_of,
    vocabulary,
)
from wordvec.estimator import thread_count

if TYPE_CHECKING:
    from wordvec.counts.shards import Shards
    from wordvec.text.corpus import Corpus, Part


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=Output(), help="The file to write.")
@MIN_COUNT
@MAX_VOCAB
@PART
@TEXT_OPTIONS
@THREADS
@FORCE
@display_options
@click.pass_context
def vocab(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    output: str,
    min_count: int,
    max_vocab: int | None,
    part: Part | None,
    threads: int | None,
    force: bool,
    display: Display,
    **options: Any,
) -> None:
    """Count the words of texts into a vocabulary file.

    The file has one word and its count per line.

    With --part the file holds all words of a part of the texts; `wordvec vocab merge` adds those of
    all parts and leaves out rare words.
    """
    from wordvec.counts.parts.note import check_note, forget_note
    from wordvec.counts.parts.vocabulary import vocabulary_part
    from wordvec.system.files import check_target
    from wordvec.text.corpus import CorpusStats, count_vocabulary
    from wordvec.text.notes import notes

    how, stats = text_options_of(options), CorpusStats()
    check_target(output, force=force, inputs=inputs)
    check_note(output)
    reading: dict[str, Any] = {
        "threads": thread_count(threads),
        "progress": display,
        "stats": stats,
        "options": how,
    }
    if part is not None:
        _refuse_limits(ctx)
        words = vocabulary_part(inputs, output, part, force=force, **reading)
    else:
        words = count_vocabulary(list(inputs), min_count=min_count, max_vocab=max_vocab, **reading)
        words.save(output, force=force)
        forget_note(output)
    display.close()
    for note in notes(stats, words, how, inputs=inputs, argument=spelled, signs=True):
        display.say(f"note      {note}")
    display.say(
        f"wrote     {output}: {len(words):,} words, {words.known:,} of {words.total:,} tokens"
    )


def _refuse_limits(ctx: click.Context) -> None:
    """A usage error for limits of a vocabulary, which are those of the whole text."""
    for name in ("min_count", "max_vocab"):
        if ctx.get_parameter_source(name) not in (None, click.core.ParameterSource.DEFAULT):
            raise click.UsageError(
                f"{spelled(name)} is for the whole text: give it to `wordvec vocab merge`", ctx
            )


@click.command(cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-o", "--output", required=True, type=Output(), help="The file to write.")
@MIN_COUNT
@MAX_VOCAB
@FORCE
def merge_vocab(
    files: tuple[str, ...], output: str, min_count: int, max_vocab: int | None, force: bool
) -> None:
    """Add the vocabularies of all parts of a text.

    `wordvec vocab --part` makes them.

    It is the vocabulary that one machine counts. What subsampling needs to know of the parts is
    written beside it (OUTPUT.parts).
    """
    from wordvec.counts.parts.vocabulary import merge_vocabularies
    from wordvec.system.files import check_target

    check_target(output, force=force, inputs=files)
    words = merge_vocabularies(files, output, min_count=min_count, max_vocab=max_vocab, force=force)
    click.echo(
        f"wrote     {output}: {len(words):,} words, {words.known:,} of {words.total:,} tokens",
        err=True,
    )


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=Output(), help="The folder to make.")
@VOCAB
@PART
@PHRASES
@MIN_COUNT
@MAX_VOCAB
@add_options("wordvec.counts.counting.count:Window")
@add_options("wordvec.text.corpus:encode", "gaps", "across_lines")
@SAMPLE
@add_options("wordvec.counts.blocks:count_blocks", "blocks", defaults={"blocks": None})
@add_options("wordvec.counts.blocks:count_blocks", "by", when="With --blocks")
@add_options("wordvec.counts.counting.count:count", "seed", "memory")
@CLUSTER
@TEXT_OPTIONS
@THREADS
@FORCE
@display_options
def count(
    inputs: tuple[str, ...],
    output: str,
    vocab: str | None,
    part: Part | None,
    phrases: str | None,
    min_count: int,
    max_vocab: int | None,
    window: int,
    weighting: Any,
    direction: Any,
    gaps: bool,
    across_lines: bool,
    sample: float,
    blocks: int | None,
    by: Any,
    seed: int,
    cluster: str | None,
    memory: int,
    threads: int | None,
    force: bool,
    display: Display,
    **text: Any,
) -> None:
    """Count co-occurrences of texts into a folder of shards.

    Matrix models, such as glove and swivel, train on it.
    """
    from wordvec.counts.counting.count import count as count_corpus
    from wordvec.counts.counting.partial import check_shard_folder
    from wordvec.counts.counting.window import Window
    from wordvec.counts.parts.corpus import part_corpus
    from wordvec.counts.shards import BLOCKS, SHARDS

    if blocks is not None and by == "line" and across_lines:
        raise click.UsageError(
            "--across-lines cannot be combined with --by line: a block would cut its windows"
        )
    kind = SHARDS if blocks is None else BLOCKS
    if "://" not in output:
        check_shard_folder(output, kind, force=force, inputs=(*inputs, vocab, phrases))
    elif blocks is not None:
        raise click.UsageError("--blocks writes to a local folder only: name one with -o")
    counting = Window(window=window, weighting=weighting, direction=direction)
    if cluster is not None:
        if part is not None or blocks is not None or phrases is not None:
            raise click.UsageError(
                "--cluster cannot be combined with --part, --blocks or --phrases"
            )
        shards = count_corpus(
            list(inputs),
            output,
            counting,
            client=cluster,
            sample=sample,
            seed=seed,
            force=force,
            progress=display,
            vocab=vocabulary(vocab),
            min_count=min_count,
            max_vocab=max_vocab,
            gaps=gaps,
            across_lines=across_lines,
            options=text_options_of(text),
        )
        _say_written(display, shards)
        return
    reading: dict[str, Any] = {
        "gaps": gaps,
        "across_lines": across_lines,
        "threads": thread_count(threads),
        "memory": memory,
        "progress": display,
        "options": text_options_of(text),
    }
    if part is not None:
        how: dict[str, Any] = {"window": window, "sample": sample, "seed": seed}
        corpus = part_corpus(
            inputs, part, _vocab_of_parts(vocab, phrases, blocks), **how, **reading
        )
    else:
        corpus = encoder(phrases)(
            list(inputs),
            vocab=vocabulary(vocab),
            min_count=min_count,
            max_vocab=max_vocab,
            **reading,
        )
    say_corpus(display, corpus, inputs)
    options: dict[str, Any] = {
        "sample": sample,
        "seed": seed,
        "memory": memory,
        "threads": thread_count(threads),
        "force": force,
        "progress": display,
    }
    if blocks is not None:
        _count_blocks(corpus, output, blocks, counting, by, options, display)
        return
    _say_written(display, count_corpus(corpus, output, counting, **options))


def _say_written(display: Display, shards: Shards) -> None:
    display.close()
    where = shards.source if "://" in shards.source else shards.path
    size = int(shards.manifest["tiles_bytes"]) + sum(
        file.stat().st_size for file in shards.path.iterdir() if file.name != "tiles.bin"
    )
    if not shards.cells and "part" not in shards.manifest:
        from wordvec.text.corpus import no_pair

        display.say(f"note      {no_pair(str(where), shards.manifest.get('sample', 0.0))}")
    display.say(f"wrote     {where}: {shards.cells:,} cells, {quantity(size)}B")


def _vocab_of_parts(vocab: str | None, phrases: str | None, blocks: int | None) -> str:
    """The vocabulary file of parts; a usage error for what parts cannot have."""
    if vocab is None or Path(vocab).is_dir():
        raise click.UsageError(
            "--part needs --vocab FILE, the words of the whole text: `wordvec vocab --part` for "
            "each part, then `wordvec vocab merge`"
        )
    if phrases is not None:
        raise click.UsageError(
            "--part and --phrases do not go together: join the phrases first (`wordvec phrases`), "
            "then count the parts of the joined text"
        )
    if blocks is not None:
        raise click.UsageError("--part and --blocks do not go together")
    return vocab


def _count_blocks(
    corpus: Corpus,
    output: str,
    blocks: int,
    window: Any,
    by: Any,
    options: dict[str, Any],
    display: Display,
) -> None:
    from wordvec.counts.blocks import count_blocks

    made = count_blocks(corpus, output, blocks, window, by=by, **options)
    display.close()
    size = sum(file.stat().st_size for file in made.path.rglob("*"))
    display.say(
        f"wrote     {output}: {len(made)} blocks of {made.documents:,} documents (by {by}), "
        f"{quantity(size)}B"
    )
