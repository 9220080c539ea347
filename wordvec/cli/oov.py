"""`wordvec oov`: fit what answers for words that have no vector, and ask it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.program import LazyGroup
from wordvec.cli.sources import TEXT_OPTIONS, given

if TYPE_CHECKING:
    from wordvec.text.options import TextOptions

_FILE = click.Path(dir_okay=False)
_output = click.option(
    "-o",
    "--output",
    "target",
    type=Output(),
    required=True,
    help="File to write.",
)
_force = click.option("--force", is_flag=True, help="Replace the file if it exists.")
_quiet = click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")


@click.command(cls=Command)
@click.argument("vectors", type=_FILE)
@_output
@add_options("wordvec.vectors.oov.fit:SubwordOptions")
@_force
@_quiet
def fit(vectors: str, target: str, force: bool, quiet: bool, **options: Any) -> None:
    """Fit vectors of character n-grams, for words never seen."""
    import wordvec
    from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords
    from wordvec.vectors.vectors import check_store

    check_store(target, force=force, inputs=[vectors])
    how = SubwordOptions(**options)
    fitted = fit_subwords(wordvec.load(vectors), how, progress=None if quiet else _say)
    fitted.save(target, force=force)


@click.command(cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("corpus", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@_output
@add_options("wordvec.vectors.oov.fit:fit_induction")
@TEXT_OPTIONS
@_force
@_quiet
@click.pass_context
def induction(
    ctx: click.Context,
    /,
    vectors: str,
    corpus: tuple[str, ...],
    target: str,
    window: int,
    min_count: int,
    force: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Fit the matrix that makes vectors from contexts.

    It is learned from texts or shards.

    Contexts do not reach across lines. Words are made as those of VECTORS were. VECTORS that have
    n-grams also get the weight of form against context.
    """
    import wordvec
    from wordvec.text.options import TextOptions
    from wordvec.vectors.as_trained import options_for
    from wordvec.vectors.oov.fit import fit_induction, induction_from_shards
    from wordvec.vectors.vectors import check_store

    check_store(target, force=force, inputs=[vectors, *corpus])
    wv, say = wordvec.load(vectors), None if quiet else _say
    if len(corpus) == 1 and os.path.isdir(corpus[0]):
        fitted = induction_from_shards(wv, wordvec.Shards(corpus[0]), min_count=min_count)
    else:
        how = options_for(wv.meta, given(ctx, options))
        lines = _lines(corpus) if how == TextOptions() else _words(corpus, how)
        fitted = fit_induction(wv, lines, window=window, min_count=min_count, progress=say)
    fitted.save(target, force=force)


@click.command(cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("words", nargs=-1, required=True)
@click.option("-c", "--context", "contexts", multiple=True, help="A text with the word, or ___.")
@add_options("wordvec.vectors.vectors:WordVectors.most_similar_many", "topn", defaults={"topn": 5})
@click.option("--fold/--no-fold", default=None, help="Look for other case and Unicode forms.")
@format_option
def vector(
    vectors: str,
    words: tuple[str, ...],
    contexts: tuple[str, ...],
    topn: int,
    fold: bool | None,
    output: str,
) -> None:
    """Show how the vector of each WORD is made, and its neighbors."""
    import wordvec

    wv = wordvec.load(vectors)
    rows = []
    for word in words:
        found = wv.vector(word, contexts, fold=fold)
        near = [] if found.how == "none" else wv.most_similar([found.vector], topn=topn)
        rows.append(
            {
                "word": word,
                "how": found.how,
                "via": found.via,
                "neighbors": near if output == "json" else " ".join(other for other, _ in near),
            }
        )
    emit(rows, output)


def _say(message: str) -> None:
    click.echo(message, err=True)


def _lines(paths: tuple[str, ...]) -> Iterator[list[str]]:
    """The tokens of each line of the files, `-` for standard input; compressed ones too.

    Lines of more than a megabyte come in pieces, so that memory is bounded."""
    from wordvec.text.lines import without_mark
    from wordvec.text.reader import open_text

    for path in paths:
        with open_text(path) as (_, file):
            rest, first = b"", True
            while line := file.readline(_BLOCK):
                tokens = (rest + (without_mark(line) if first else line)).split()
                first = False
                whole = line[-1:].isspace() or not tokens
                rest = b"" if whole else tokens.pop()
                yield [token.decode("utf-8", "surrogateescape") for token in tokens]
            yield [rest.decode("utf-8", "surrogateescape")] if rest else []


def _words(paths: tuple[str, ...], how: TextOptions) -> Iterator[list[str]]:
    """The words of each line of texts, as the options split them; long lines come in pieces."""
    from wordvec.text.corpus import CorpusStats
    from wordvec.text.write import tokenised_blocks

    rest = b""
    for text in tokenised_blocks(list(paths), how, CorpusStats()):
        lines = (rest + text).split(b"\n")
        rest = lines.pop() if len(lines[-1]) <= _BLOCK else b""
        for line in lines:
            yield line.decode("utf-8", "surrogateescape").split(" ")
    yield rest.decode("utf-8", "surrogateescape").split(" ")


_BLOCK = 1 << 20

group = LazyGroup(
    {
        "fit": "wordvec.cli.oov:fit",
        "induction": "wordvec.cli.oov:induction",
        "vector": "wordvec.cli.oov:vector",
    },
    name="oov",
    help="Answer for words that have no vector.",
)
