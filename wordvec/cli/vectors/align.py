"""wordvec align, translate, combine, retrofit, specialise: several spaces, and lexicons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options, parted
from wordvec.cli.outputs import Output
from wordvec.cli.progress import quantity
from wordvec.spaces.registry import ALIGNMENT, transform_class

if TYPE_CHECKING:
    from wordvec.spaces.alignment.mapping import Mapping
    from wordvec.spaces.alignment.translate import Translator
    from wordvec.vectors.vectors import WordVectors

_IN = click.Path(exists=True)
_OUT = Output()
_FORCE = click.option("--force", is_flag=True, help="Replace the output if it exists.")
_QUIET = click.option("--quiet", is_flag=True, help="Say nothing but errors.")
_OUTPUT = click.option("-o", "--output", required=True, type=_OUT, help="The .wv file to write.")
# Options of the methods that `align` sets by its own flags.
_SET = ("normalize", "start", "self_learning")


def _say(quiet: bool, *lines: str) -> None:
    if not quiet:
        for line in lines:
            click.echo(line, err=True)


def _written(vectors: WordVectors, path: str, quiet: bool) -> None:
    size = quantity(Path(path).stat().st_size)
    _say(quiet, f"wrote     {path}: {len(vectors):,} x {vectors.vector_size}, {size}B")


@click.command(cls=Command)
@click.argument("source", type=_IN)
@click.argument("target", type=_IN)
@_OUTPUT
@click.option("--target-output", type=_OUT, help="Write the target in the common space, too.")
@click.option("--dictionary", type=_IN, help="Pairs of words: source target, or target @ source.")
@click.option(
    "--method",
    type=click.Choice(ALIGNMENT),
    default="procrustes",
    help="procrustes: a rotation; vecmap: whitening and re-weighting; rcsls: trained on retrieval.",
)
@click.option(
    "--self-learn", is_flag=True, help="Improve the dictionary by translating with the map."
)
@click.option("--identical", is_flag=True, help="Start from words that both vocabularies have.")
@click.option("--unsupervised", is_flag=True, help="Start from the shapes of the spaces alone.")
@add_options("wordvec.spaces.alignment.vecmap:VecMap", "neighbors")
@add_options(
    "wordvec.spaces.alignment.vecmap:VecMap",
    without=(*_SET, "neighbors"),
    when="With --method vecmap",
)
@add_options(
    "wordvec.spaces.alignment.rcsls:RCSLS",
    without=(*_SET, "neighbors"),
    when="With --method rcsls",
)
@_FORCE
@_QUIET
def align(
    source: str,
    target: str,
    output: str,
    target_output: str | None,
    dictionary: str | None,
    method: str,
    self_learn: bool,
    identical: bool,
    unsupervised: bool,
    force: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Map the vectors of SOURCE into the space of TARGET.

    The words that --dictionary pairs are brought together; `wordvec translate` then finds
    translations. --self-learn, --identical and --unsupervised choose the method vecmap, to which
    they belong. With several languages, map each of them into the space of one.
    """
    import wordvec
    from wordvec.spaces.alignment.translate import HUBS, keep_hubness
    from wordvec.vectors.vectors import check_store

    if identical and unsupervised:
        raise click.UsageError("--identical and --unsupervised are two ways to start: choose one")
    start = "identical" if identical else "unsupervised" if unsupervised else "dictionary"
    ctx = click.get_current_context()
    if start != "dictionary" or self_learn:
        if ctx.get_parameter_source("method") == click.core.ParameterSource.COMMANDLINE and (
            method != "vecmap"
        ):
            raise click.UsageError(f"self-learning needs --method vecmap; {method} cannot do it")
        method = "vecmap"
    if start == "dictionary" and dictionary is None:
        raise click.UsageError(
            "name a --dictionary, or let --identical or --unsupervised find the first pairs"
        )
    for path in filter(None, (output, target_output)):
        check_store(path, force=force, inputs=[source, target, dictionary])
    kind: Any = transform_class(method)
    known, _ = parted(kind, options)
    for name in options:
        given = ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        if given and name not in known:
            raise click.UsageError(f"--{name.replace('_', '-')} is not an option of {method}")
    if method == "vecmap":
        known |= {"start": start, "self_learning": self_learn}
    mapping: Mapping = kind(**known)
    wv, other = wordvec.load(source), wordvec.load(target)
    mapping.fit(wv, other, pairs=dictionary)
    _say(quiet, *(f"note      {note}" for note in mapping.notes()))
    mapped = mapping.transform(wv)
    if len(other) <= HUBS:
        keep_hubness(mapped, other)
    mapped.save(output, force=force)
    _written(mapped, output, quiet)
    if target_output:
        there = mapping.target_.transform(other)
        there.save(target_output, force=force)
        _written(there, target_output, quiet)


@click.command(cls=Command)
@click.argument("mapped", type=_IN)
@click.argument("target", type=_IN)
@click.argument("words", nargs=-1, required=True)
@add_options("wordvec.spaces.alignment.translate:Translator.translate", defaults={"topn": 5})
@add_options("wordvec.spaces.alignment.translate:Translator")
@format_option
def translate(
    mapped: str, target: str, words: tuple[str, ...], topn: int, retrieval: Any, output: str
) -> None:
    """Translate WORDS of MAPPED into words of TARGET.

    MAPPED is what `wordvec align` wrote. The best come first, by the column that bears the name of
    the retrieval.
    """
    import wordvec
    from wordvec.spaces.alignment.translate import Translator

    translator = Translator(wordvec.load(mapped), wordvec.load(target), retrieval)
    _say_unmapped(translator, mapped)
    rows = [
        {
            "word": word,
            "translation": found.word,
            **({} if retrieval == "nn" else {retrieval: found.score}),
            "cosine": found.cosine,
        }
        for word, best in zip(words, translator.ranked(words, topn), strict=True)
        for found in best
    ]
    emit(rows, output)


def _say_unmapped(translator: Translator, name: str) -> None:
    if not translator.mapped:
        click.echo(
            f"note      {name} does not say that wordvec align mapped it: its vectors are taken to "
            "lie in the target's space as they are",
            err=True,
        )


def judge_translation(
    names: tuple[str, ...],
    target: str,
    files: tuple[str, ...],
    json: str | None,
    output: str,
    *,
    force: bool,
) -> None:
    """Prints the shares of right translations: `wordvec eval MAPPED --target T --dataset D`."""
    from json import dumps

    import wordvec
    from wordvec.evaluation.translation import translation
    from wordvec.spaces.alignment.translate import Translator
    from wordvec.system.files import check_target, write_atomically

    if json:
        check_target(json, force=force, inputs=[*names, target, *files])
    rows, records = [], []
    other = wordvec.load(target)
    for name in names:
        for retrieval in ("nn", "csls"):
            translator = Translator(wordvec.load(name), other, retrieval)
            if retrieval == "nn":
                _say_unmapped(translator, name)
            for file in files:
                result = translation(translator, file)
                records.append({"model": name, "target": target, **result.record()})
                for at, share in result.precision.items():
                    rows.append(
                        {
                            "model": Path(name).stem,
                            "dataset": Path(file).name,
                            "retrieval": retrieval,
                            "measure": at,
                            "score": share.score,
                            "low": share.interval.low,
                            "high": share.interval.high,
                            "over all": result.precision_all[at].score,
                            "covered": result.covered,
                            "asked": result.asked,
                        }
                    )
    emit(rows, output)
    if json:
        with write_atomically(json, force=force) as file_:
            file_.write(dumps(records, ensure_ascii=False, indent=1).encode())


@click.command(cls=Command)
@click.argument("sources", type=_IN, nargs=-1, required=True)
@_OUTPUT
@add_options("wordvec.spaces.meta:MetaEmbedding")
@_FORCE
@_QUIET
def combine(
    sources: tuple[str, ...], output: str, force: bool, quiet: bool, **options: Any
) -> None:
    """Make one set of vectors from several SOURCES.

    Sources of one corpus do not beat the best of them; combine those of different corpora, or to
    have more words.
    """
    import wordvec
    from wordvec.spaces.meta import MetaEmbedding
    from wordvec.vectors.vectors import check_store

    check_store(output, force=force, inputs=sources)
    made = MetaEmbedding(**options).fit([wordvec.load(name) for name in sources]).vectors_
    made.save(output, force=force)
    _written(made, output, quiet)


@click.command(cls=Command)
@click.argument("vectors", type=_IN)
@_OUTPUT
@click.option(
    "--lexicon",
    "lexicons",
    multiple=True,
    required=True,
    type=_IN,
    help="A file of `head other other ...` lines; may be given several times.",
)
@click.option("--expand", is_flag=True, help="Add the words that only the lexicon has.")
@add_options("wordvec.spaces.lexicons.retrofit:Retrofit")
@_FORCE
@_QUIET
def retrofit(
    vectors: str,
    output: str,
    lexicons: tuple[str, ...],
    expand: bool,
    force: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Move vectors towards their neighbours in a lexicon."""
    import wordvec
    from wordvec.spaces.lexicons.retrofit import Retrofit
    from wordvec.spaces.lexicons.retrofit import expand as with_new_words
    from wordvec.vectors.vectors import check_store

    check_store(output, force=force, inputs=[vectors, *lexicons])
    wv = wordvec.load(vectors)
    links = _joined(lexicons)
    chosen = Retrofit(**options).fit(wv, links)
    _say(quiet, *(f"note      {note}" for note in chosen.notes()))
    made = chosen.transform(wv)
    if expand:
        before = len(made)
        made = with_new_words(made, links, fold=chosen.fold)
        _say(quiet, f"note      {len(made) - before:,} words of the lexicon were added")
    made.save(output, force=force)
    _written(made, output, quiet)


@click.command(cls=Command)
@click.argument("vectors", type=_IN)
@_OUTPUT
@click.option("--synonyms", multiple=True, type=_IN, help="Pairs of words that mean the same.")
@click.option("--antonyms", multiple=True, type=_IN, help="Pairs of words that mean the opposite.")
@click.option(
    "--prefix",
    default="",
    help="Beginning that is removed from the words of the lexicons, such as en_.",
)
@click.option(
    "--method",
    type=click.Choice(["attract-repel", "counter-fit"]),
    default="attract-repel",
    help="How the pairs are used.",
)
@add_options("wordvec.spaces.lexicons.specialise:AttractRepel", when="With --method attract-repel")
@add_options("wordvec.spaces.lexicons.specialise:CounterFit", when="With --method counter-fit")
@_FORCE
@_QUIET
def specialise(
    vectors: str,
    output: str,
    synonyms: tuple[str, ...],
    antonyms: tuple[str, ...],
    prefix: str,
    method: str,
    force: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Move synonyms together and antonyms apart.

    Words of an evaluation set that stand in the lexicons are no test any more: judge with lexicons
    that leave them out, too.
    """
    import wordvec
    from wordvec.vectors.vectors import check_store

    if not synonyms and not antonyms:
        raise click.UsageError("give --synonyms FILE or --antonyms FILE")
    check_store(output, force=force, inputs=[vectors, *synonyms, *antonyms])
    kind: Any = transform_class(method)
    known, _ = parted(kind, options)
    wv = wordvec.load(vectors)
    chosen = kind(**known).fit(
        wv,
        _joined(synonyms, prefix) if synonyms else None,
        _joined(antonyms, prefix) if antonyms else None,
    )
    _say(quiet, *(f"note      {note}" for note in chosen.notes()))
    made = chosen.transform(wv)
    made.save(output, force=force)
    _written(made, output, quiet)


def _joined(paths: tuple[str, ...], prefix: str = "") -> Any:
    """One lexicon of several files."""
    from wordvec.spaces.lexicons.lexicon import Lexicon, read_lexicon

    read = [read_lexicon(path, prefix=prefix) for path in paths]
    skipped = "; ".join(each.skipped for each in read if each.skipped)
    links = tuple(link for each in read for link in each.links)
    return Lexicon(links, ", ".join(paths), skipped)
