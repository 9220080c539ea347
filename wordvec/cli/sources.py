"""Texts as commands take them: the arguments, the options of reading, what is said of a corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.options import add_options, flag
from wordvec.cli.progress import Display
from wordvec.estimator import options_of
from wordvec.text.options import TextOptions

if TYPE_CHECKING:
    from wordvec.text.corpus import Corpus, CorpusStats, Part
    from wordvec.text.vocab import Vocabulary

POSITIVE = click.IntRange(min=1)
INPUTS = click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
FORCE = click.option("--force", is_flag=True, help="Replace the output if it exists.")
THREADS = add_options("wordvec.text.corpus:encode", "threads", defaults={"threads": None})
_FREQUENCY = "wordvec.text.frequency:FrequencyOptions"
MIN_COUNT = add_options(_FREQUENCY, "min_count")
MAX_VOCAB = add_options(_FREQUENCY, "max_vocab")
SAMPLE = add_options(_FREQUENCY, "sample")
VOCAB = click.option(
    "--vocab", type=click.Path(exists=True), help="Use the words of this file, or of these shards."
)
CLUSTER = add_options("wordvec.training.options:RunOptions", "client", names={"client": "cluster"})
PART = click.option(
    "--part",
    metavar="I/N",
    callback=lambda ctx, param, value: None if value is None else _part(value),
    help="Only part I of N of the texts, which are all given to each part.",
)
PHRASES = click.option(
    "--phrases",
    type=click.Path(exists=True, dir_okay=False),
    help="Join the phrases of this table, which `wordvec phrases` wrote.",
)


def _part(value: str) -> Part:
    from wordvec.text.corpus import Part

    try:
        return Part.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


TEXT = options_of(TextOptions)
TEXT_OPTIONS = add_options("wordvec.text.options:TextOptions")


def text_options_of(options: dict[str, Any]) -> TextOptions:
    """The options of a text among those of a command; they are taken out of `options`."""
    return TextOptions(**{name: options.pop(name) for name in TEXT if name in options})


def given(ctx: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Those options of a text that somebody set: on the command line, in the environment or a file.
    All options of a text are taken out of `options`."""
    default = (None, click.core.ParameterSource.DEFAULT)
    values = {name: options.pop(name) for name in TEXT}
    return {k: v for k, v in values.items() if ctx.get_parameter_source(k) not in default}


def say_corpus(display: Display, corpus: Corpus, inputs: Sequence[str] = ()) -> None:
    """Says what was read, and what is odd about it."""
    from wordvec.text.notes import corpus_notes

    stats: CorpusStats = corpus.stats
    display.close()
    if not stats.tokens:
        display.say(f"corpus    part {corpus.part} of the texts has no word")
        return
    known = corpus.known - int((corpus.ids[: corpus.context] >= 0).sum())
    documents = len(corpus.documents) - 1
    some = f" in {documents:,} documents" if documents > 1 else ""
    display.say(
        f"corpus    {stats.tokens:,} words{some}, {stats.types:,} types; "
        f"vocabulary {len(corpus.vocab):,} covers {100 * known / stats.tokens:.1f} %"
    )
    for note in corpus_notes(corpus, inputs=inputs, argument=spelled):
        display.say(f"note      {note}")


def spelled(name: str, value: str | None = None) -> str:
    """An option as the command line has it: --tokenize unicode."""
    return flag(name) if value is None else f"{flag(name)} {value}"


def vocabulary(path: str | None) -> Vocabulary | None:
    """The words of a vocabulary file, or of shards."""
    from wordvec.counts.parts.vocabulary import load_vocabulary
    from wordvec.counts.shards import Shards

    if path is None:
        return None
    return Shards(path).vocab if Path(path).is_dir() else load_vocabulary(path)[0]


def encoder(phrases: str | None) -> Callable[..., Corpus]:
    """What reads a text as ids, with the phrases of a table joined."""
    if phrases is None:
        from wordvec.text.corpus import encode

        return encode
    from wordvec.text.phrases.model import PhraseTable

    return PhraseTable.load(phrases).encode
