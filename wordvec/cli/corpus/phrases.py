"""wordvec phrases: find phrases in texts, and join them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, clock, display_options, quantity
from wordvec.cli.sources import FORCE, INPUTS, POSITIVE, TEXT_OPTIONS, THREADS, text_options_of

if TYPE_CHECKING:
    from wordvec.text.options import TextOptions
    from wordvec.text.phrases.model import PhraseTable

# Options that say how phrases are found, and mean nothing when they are given.
OF_FINDING = (
    "threshold",
    "min_count",
    "passes",
    "scoring",
    "connector_words",
    "delimiter",
    "memory",
)


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", "target", type=Output(), help="Write the joined text here.")
@click.option("--table", type=Output(), help="Write the phrases, with counts and scores.")
@click.option(
    "--apply",
    "given",
    type=click.Path(exists=True, dir_okay=False),
    help="Join the phrases of this table.",
)
@click.option("--top", type=POSITIVE, help="Print the phrases with the highest scores.")
@add_options("wordvec.text.phrases.find:Phrases", without=["threads"], several=["threshold"])
@click.option(
    "--connector-words",
    metavar="WORDS",
    help="Words that may stand inside a phrase: of,the,and; or @FILE, a file of words.",
)
@TEXT_OPTIONS
@THREADS
@FORCE
@format_option
@display_options
@click.pass_context
def phrases(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    target: str | None,
    table: str | None,
    given: str | None,
    top: int | None,
    threads: int | None,
    force: bool,
    output: str,
    display: Display,
    **options: Any,
) -> None:
    """Find phrases in texts and join them: new_york.

    INPUT is as for `wordvec train`. The output keeps all words, lines and bytes; only the white
    space within a phrase becomes the delimiter. With --tokenize and the like it has the words as
    `wordvec tokenize` writes them. It is compressed when its name ends in .gz.
    """
    from wordvec.estimator import thread_count
    from wordvec.system.files import check_target
    from wordvec.text.phrases.model import PhraseTable

    how = text_options_of(options)
    if not (target or table or top):
        raise click.UsageError("nothing to do: give -o FILE, --table FILE or --top N", ctx)
    if given:
        _refuse_finding(ctx)
    for path in (target, table):
        if path:
            check_target(path, force=force, inputs=[*inputs, given])
    if target and table and Path(target).absolute() == Path(table).absolute():
        raise click.UsageError("-o and --table name the same file", ctx)

    with contextlib.ExitStack() as stack:
        tokens = 0
        if given:
            sources: list[str | BinaryIO] = list(inputs)
            found = PhraseTable.load(given)
        else:
            sources = [*inputs] if not target else _sources_to_read_twice(inputs, stack)
            found, tokens = _find(sources, threads, options, how, display)
        if table:
            found.save(table, force=force)
            display.say(f"wrote     {table}: {len(found):,} phrases")
        if target:
            stats = found.join_text(
                _rewound(sources),
                target,
                force=force,
                threads=thread_count(threads),
                progress=_joining(display, tokens),
                options=how,
            )
            display.close()
            size = quantity(Path(target).stat().st_size)
            display.say(f"wrote     {target}: {size}B, joined in {clock(stats.seconds)}")
    if top:
        emit(found.top(top), output)


def _refuse_finding(ctx: click.Context) -> None:
    for name in (*OF_FINDING, "table"):
        if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            option = name.replace("_", "-")
            raise click.UsageError(
                f"--{option} cannot be combined with --apply: phrases are read, not found", ctx
            )


def _find(
    sources: list[str | BinaryIO],
    threads: int | None,
    options: dict[str, Any],
    how: TextOptions,
    display: Display,
) -> tuple[PhraseTable, int]:
    """The phrases of texts, and how many tokens these have."""
    from wordvec.estimator import thread_count
    from wordvec.text.corpus import encode
    from wordvec.text.phrases.find import Phrases

    chosen = {name: options[name] for name in OF_FINDING}
    thresholds = chosen.pop("threshold")
    if thresholds:
        chosen["threshold"] = thresholds[0] if len(thresholds) == 1 else thresholds
    connectors = _connector_words(chosen.pop("connector_words"))
    estimator = Phrases(
        connector_words=connectors,
        threads=threads,
        **chosen,
    )
    estimator.check()
    corpus = encode(
        cast("list[str]", sources),
        min_count=1,
        gaps=True,
        threads=thread_count(threads),
        progress=display,
        options=how,
    )
    display.close()
    stats = corpus.stats
    display.say(f"corpus    {stats.tokens:,} words, {stats.types:,} types, {stats.lines:,} lines")
    if held := sum(options["delimiter"] in word for word in corpus.vocab):
        display.say(
            f"note      {held:,} words hold the delimiter {options['delimiter']!r}; a phrase "
            "spelled like one of them becomes that word"
        )
    estimator.fit(corpus, progress=display)
    display.close()
    by_pass = [f"{len(some):,} in pass {i}" for i, some in enumerate(estimator.phrases_.passes, 1)]
    said = ", ".join(by_pass) or "none: lower --threshold or --min-count"
    display.say(f"phrases   {said}")
    return estimator.phrases_, stats.tokens


def _connector_words(value: str | None) -> tuple[str, ...]:
    """Words between commas, or of a file."""
    if value is None:
        return ()
    if value.startswith("@"):
        from wordvec.text.lines import ascii_split

        with open(value[1:], encoding="utf-8-sig", errors="surrogateescape") as file:
            return tuple(ascii_split(file.read()))
    return tuple(word for word in (part.strip() for part in value.split(",")) if word)


def _joining(display: Display, tokens: int) -> Any:
    """A callback for joining a text of so many tokens, 0 when that is not known."""
    return lambda at: display(dataclasses.replace(at, stage="joining", total=tokens))


def _sources_to_read_twice(
    inputs: tuple[str, ...], stack: contextlib.ExitStack
) -> list[str | BinaryIO]:
    """The inputs; when one is no file but standard input or a pipe, all as open files, that one as
    a temporary copy."""

    def stream(path: str) -> bool:
        return path == "-" or (os.path.exists(path) and not os.path.isfile(path))

    if any(os.path.isdir(path) for path in inputs) or not any(map(stream, inputs)):
        return list(inputs)
    return [
        _copy(path, stack) if stream(path) else stack.enter_context(open(path, "rb"))
        for path in inputs
    ]


def _copy(path: str, stack: contextlib.ExitStack) -> BinaryIO:
    from wordvec.system.files import scratch_file
    from wordvec.text.reader import standard_input

    copy: Any = stack.enter_context(scratch_file())
    with contextlib.ExitStack() as opened:
        file = standard_input() if path == "-" else opened.enter_context(open(path, "rb"))
        shutil.copyfileobj(file, copy, 1 << 20)
    copy.raw.name = "standard input" if path == "-" else path  # for messages
    copy.seek(0)
    return cast(BinaryIO, copy)


def _rewound(sources: list[str | BinaryIO]) -> list[str | BinaryIO]:
    for source in sources:
        if not isinstance(source, str):
            source.seek(0)
    return sources
