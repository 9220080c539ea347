"""wordvec train, vocab, count: from texts to vocabularies, shards and vectors."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli import hierarchy
from wordvec.cli.base import Command
from wordvec.cli.progress import Display, clock, display_options, quantity

if TYPE_CHECKING:
    from wordvec.text.corpus import Corpus, CorpusStats
    from wordvec.text.vocab import Vocabulary

    _ParamType = click.ParamType[int]
else:
    _ParamType = click.ParamType  # generic from click 8.4 on

SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(_ParamType):
    """A number of bytes: 500M, 4G."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).strip().upper().removesuffix("IB").removesuffix("B")
        unit = text[-1:] if text[-1:].isalpha() else ""
        try:
            size = int(float(text[: len(text) - len(unit)]) * SIZES[unit])
        except (KeyError, ValueError):
            self.fail(f"{value!r} is not a size such as 500M or 4G", param, ctx)
        if size < 1 << 20:
            self.fail(f"{value!r} is less than 1M", param, ctx)
        return size


POSITIVE = click.IntRange(min=1)
ABOVE_ZERO = click.FloatRange(min=0, min_open=True)
INPUTS = click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
FORCE = click.option("--force", is_flag=True, help="Replace the output if it exists.")
THREADS = click.option("--threads", type=POSITIVE, help="By default, all processors.")
MIN_COUNT = click.option("--min-count", type=POSITIVE, default=5, help="Drop rarer words.")
MAX_VOCAB = click.option("--max-vocab", type=POSITIVE, help="Keep the most frequent words only.")

VOCAB = click.option(
    "--vocab", type=click.Path(exists=True), help="Use the words of this file, or of these shards."
)

PHRASES = click.option(
    "--phrases",
    type=click.Path(exists=True, dir_okay=False),
    help="Join the phrases of this table, which `wordvec phrases` wrote.",
)

# Model -> where its estimator is.
MODELS = {
    "skipgram": ("wordvec.models.skipgram", "SkipGram"),
    "cbow": ("wordvec.models.skipgram", "CBOW"),
    "fasttext": ("wordvec.models.skipgram", "FastText"),
    "glove": ("wordvec.models.glove", "GloVe"),
    "swivel": ("wordvec.models.swivel", "Swivel"),
    "ppmi": ("wordvec.models.ppmi", "PPMI"),
}
MATRIX_MODELS = ("glove", "swivel", "ppmi")  # train on shards; a text is counted first
# Stream models that have a counterpart for shards, where these of their options are settled.
FROM_SHARDS = {"skipgram": ("wordvec.models.sgns", "SGNS")}
COUNTED = ("window", "vocab", "phrases", "min_count", "max_vocab", "sample", "shrink")
# Options whose name here is not that of the estimator: the rate of stream models is alpha, as in
# word2vec, which for the papers of the others is an exponent.
RENAMED = {
    "skipgram": {"output_vectors": "output"},
    "glove": {"weight_exponent": "alpha", "output_vectors": "output", "alpha": ""},
    "swivel": {"cell_weight": "weight", "output_vectors": "output"},
    "ppmi": {"output_vectors": "output"},
}
# Arguments of fit, for the models whose fit has them.
OF_FIT = ("init", "frozen", "checkpoint", "every", "resume")


def say_corpus(display: Display, corpus: Corpus) -> None:
    """What was read, and what is odd about it."""
    stats: CorpusStats = corpus.stats
    display.close()
    display.say(
        f"corpus    {stats.tokens:,} words, {stats.types:,} types; "
        f"vocabulary {len(corpus.vocab):,} covers {100 * corpus.known / stats.tokens:.1f} %"
    )
    if stats.too_long:
        display.say(f"note      {stats.too_long:,} tokens of over 1,000 bytes were left out")
    if stats.not_utf8:
        display.say(f"note      {stats.not_utf8:,} words are not UTF-8; they are kept as bytes")


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=click.Path(), help="The .wv file to write.")
@click.option("--model", type=click.Choice([*MODELS, *hierarchy.MODELS]), default="skipgram")
@click.option("--vector-size", type=POSITIVE, help="Dimensions.  [100; hierarchies 10, sarkar 2]")
@click.option("--window", type=POSITIVE, help="Context words a side.  [5; from counts 10]")
@VOCAB
@PHRASES
@MIN_COUNT
@MAX_VOCAB
@click.option("--epochs", type=POSITIVE, help="Passes over the data.  [5; glove 15, swivel 10]")
@click.option("--negative", type=POSITIVE, help="Noise words a pair.  [5]")
@click.option("--ns-exponent", type=float, help="Noise is count^this.  [0.75]")
@click.option(
    "--negatives",
    type=click.Choice(["shared", "independent"]),
    help="One set of noise words a centre, or one a pair.  [shared]",
)
@click.option(
    "--sample", type=click.FloatRange(min=0), help="Subsampling; 0 is off.  [1e-3; fasttext 1e-4]"
)
@click.option("--alpha", type=ABOVE_ZERO, help="Rate at the start.  [.025; cbow, fasttext .05]")
@click.option("--cap", type=ABOVE_ZERO, help="skipgram from shards: most weight of a visit.  [1]")
@click.option("--shrink/--no-shrink", default=None, help="Windows drawn from 1..window, or fixed.")
@click.option("--subword/--no-subword", default=None, help="Inputs with character n-grams.")
@click.option("--minn", type=POSITIVE, help="Shortest n-gram.  [3]")
@click.option("--maxn", type=POSITIVE, help="Longest n-gram.  [6]")
@click.option("--bucket", type=POSITIVE, help="Rows that n-grams are hashed to.  [2,000,000]")
@click.option("--cbow-mean/--cbow-sum", default=None, help="cbow: mean or sum of the window.")
@click.option(
    "--cbow-divide/--no-cbow-divide", default=None, help="cbow: the mean's gradient, or word2vec's."
)
@click.option(
    "--deterministic", is_flag=True, default=None, help="The same bytes at any threads (slower)."
)
@click.option("--memory", type=Size(), help="Refuse to need more than this.")
@click.option("--eta", type=ABOVE_ZERO, help="Rate of AdaGrad.  [glove .05, swivel .1]")
@click.option("--x-max", type=ABOVE_ZERO, help="glove: counts of full weight.  [100]")
@click.option(
    "--weight-exponent", type=ABOVE_ZERO, help="The paper's alpha.  [glove .75, swivel .5]"
)
@click.option("--bias-rate", type=ABOVE_ZERO, help="glove: rate of the biases.  [1]")
@click.option(
    "--diagnostic",
    type=click.IntRange(min=0),
    help="glove: words compared with their least-squares solutions; 0 is off.  [64]",
)
@click.option(
    "--base-weight", type=click.FloatRange(min=0), help="swivel: of an observed cell.  [.1]"
)
@click.option(
    "--cell-weight",
    type=click.FloatRange(min=0),
    help="swivel: times count^weight-exponent, added to it.  [.25]",
)
@click.option(
    "--diagonal/--no-diagonal", default=None, help="swivel: words occur with themselves, or not."
)
@click.option(
    "--smoothing", type=click.FloatRange(min=0), help="ppmi: contexts are count^this.  [.75]"
)
@click.option("--power", type=click.FloatRange(0, 1), help="ppmi: of the singular values.  [.5]")
@click.option(
    "--output-vectors",
    type=click.Choice(["sum", "words", "both"]),
    help="glove, swivel, ppmi: w + c, w alone, or w beside c.  [sum; ppmi words]",
)
@click.option(
    "--unk", is_flag=True, default=None, help="glove, swivel, ppmi: add <unk>, of 100 rare words."
)
@click.option(
    "--init",
    type=click.Path(exists=True, dir_okay=False),
    help="Start from these vectors where they have the word.",
)
@click.option(
    "--frozen",
    is_flag=True,
    default=None,
    help="Words that --init has never move (skipgram, cbow).",
)
@click.option(
    "--held-out", type=click.FloatRange(0, 0.5), help="Share of the text to judge by.  [0]"
)
@click.option("--patience", type=POSITIVE, help="Stop when that is no better for so many epochs.")
@click.option("--checkpoint", type=click.Path(), help="A folder to save the run in.")
@click.option("--every", help="How often: 1epoch, 10min, 30s, 2h.  [1epoch]")
@click.option("--resume", is_flag=True, default=None, help="Go on from the checkpoint, if any.")
@hierarchy.hierarchy_options
@THREADS
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=1)
@FORCE
@display_options
@click.pass_context
def train(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    output: str,
    model: str,
    force: bool,
    display: Display,
    **options: Any,
) -> None:
    """Train vectors on texts, on shards, or on the relations of a hierarchy.

    INPUT is text files (.gz, .bz2, .xz, .zst are told by content), - for standard input, or one
    folder that `wordvec count` made (skipgram, glove, swivel, ppmi). For poincare, lorentz,
    euclidean, translation and sarkar it is one list of relations, child TAB parent, or a folder of
    relation shards; their other defaults are those of the Python classes.
    """
    from wordvec.files import check_target

    if model in hierarchy.MODELS:
        if len(inputs) > 1:
            raise click.UsageError(f"--model {model} takes one list of relations")
        chosen = {name: value for name, value in options.items() if _chosen(ctx, name)}

        def say(message: str) -> None:
            display.close()
            display.say(message)

        hierarchy.train_relations(
            inputs[0], output, model, chosen, force=force, progress=display, say=say
        )
        return
    folder = Path(inputs[0]) if len(inputs) == 1 and Path(inputs[0]).is_dir() else None
    if folder is not None and model not in (*MATRIX_MODELS, *FROM_SHARDS):
        raise click.UsageError(
            f"{folder} is a folder: {model} trains on texts; "
            f"{', '.join([*FROM_SHARDS, *MATRIX_MODELS])} on shards"
        )
    if folder is not None:
        for name in COUNTED:
            if _given(ctx, name):
                raise click.UsageError(
                    f"--{name.replace('_', '-')} is fixed in the shards {folder}"
                )
    estimator, more = _estimator(ctx, model, options, from_shards=folder is not None)
    check_target(output, force=force, inputs=_read_from(inputs, options))
    if folder is not None:
        source: Any = str(folder)
    else:
        source = _read(inputs, options, display)
        if hasattr(estimator, "predict_memory"):
            need = estimator.predict_memory(source)
            display.say(f"memory    training will need about {-(-need >> 20):,} MB")
    if more.get("init"):
        from wordvec.formats import load

        more["init"] = load(more["init"])
    estimator.fit(source, progress=display, **more)
    display.close()
    vectors = estimator.vectors_
    vectors.save(output, force=force)
    seconds = vectors.meta["training"]["seconds"]
    display.say(
        f"wrote     {output}: {len(vectors):,} x {vectors.vector_size}, "
        f"{quantity(Path(output).stat().st_size)}B, trained in {clock(seconds)}"
    )


def _estimator(
    ctx: click.Context, model: str, options: dict[str, Any], *, from_shards: bool
) -> tuple[Any, dict[str, Any]]:
    """The estimator, and what its fit is given, from the options that were chosen; one that the
    model does not have is a mistake."""
    special = from_shards and model in FROM_SHARDS
    module, name = FROM_SHARDS[model] if special else MODELS[model]
    kind = getattr(importlib.import_module(module), name)
    fields = {f.name for f in dataclasses.fields(kind) if f.init}
    arguments = set(inspect.signature(kind.fit).parameters) & set(OF_FIT)
    chosen, more = {}, {}
    for option, value in options.items():
        if value is None or option in ("vocab", "phrases"):
            continue
        if special and option in (*COUNTED, "deterministic"):  # which tile models always are
            continue
        field = RENAMED.get(model, {}).get(option, option)
        if field in fields:
            chosen[field] = value
        elif field in arguments:
            more[field] = value
        elif _given(ctx, option):
            hint = "; its rate is --eta" if option == "alpha" else ""
            kin = f"{model} from shards" if special else model
            raise click.UsageError(
                f"--{option.replace('_', '-')} is not an option of {kin}{hint}", ctx
            )
    return kind(**chosen), more


def _read_from(inputs: tuple[str, ...], options: dict[str, Any]) -> list[str | None]:
    """All paths that a training reads."""
    return [*inputs, *(options[name] for name in ("vocab", "phrases", "init"))]


def _chosen(ctx: click.Context, name: str) -> bool:
    """Whether somebody set the option: on the command line, in the environment or a file."""
    return ctx.get_parameter_source(name) not in (None, click.core.ParameterSource.DEFAULT)


def _given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


def _vocabulary(path: str | None) -> Vocabulary | None:
    """The words of a vocabulary file, or of shards."""
    from wordvec.counts.shards import Shards
    from wordvec.text.vocab import Vocabulary

    if path is None:
        return None
    return Shards(path).vocab if Path(path).is_dir() else Vocabulary.load(path)


def _encoder(phrases: str | None) -> Callable[..., Corpus]:
    """What reads a text as ids, with the phrases of a table joined."""
    if phrases is None:
        from wordvec.text.corpus import encode

        return encode
    from wordvec.text.phrases import PhraseTable

    return PhraseTable.load(phrases).encode


def _read(inputs: tuple[str, ...], options: dict[str, Any], display: Display) -> Corpus:
    from wordvec.parallel import default_threads

    corpus = _encoder(options["phrases"])(
        list(inputs),
        vocab=_vocabulary(options["vocab"]),
        min_count=options["min_count"],
        max_vocab=options["max_vocab"],
        threads=options["threads"] or default_threads(),
        progress=display,
    )
    say_corpus(display, corpus)
    return corpus


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=click.Path(), help="The file to write.")
@MIN_COUNT
@MAX_VOCAB
@THREADS
@FORCE
@display_options
def vocab(
    inputs: tuple[str, ...],
    output: str,
    min_count: int,
    max_vocab: int | None,
    threads: int | None,
    force: bool,
    display: Display,
) -> None:
    """Count the words of texts into a vocabulary file: a word and its count a line."""
    from wordvec.files import check_target
    from wordvec.parallel import default_threads
    from wordvec.text.corpus import count_vocabulary

    check_target(output, force=force, inputs=inputs)
    words = count_vocabulary(
        list(inputs),
        min_count=min_count,
        max_vocab=max_vocab,
        threads=threads or default_threads(),
        progress=display,
    )
    words.save(output, force=force)
    display.close()
    display.say(
        f"wrote     {output}: {len(words):,} words, {words.known:,} of {words.total:,} tokens"
    )


@click.command(cls=Command)
@INPUTS
@click.option("-o", "--output", required=True, type=click.Path(), help="The folder to make.")
@VOCAB
@PHRASES
@MIN_COUNT
@MAX_VOCAB
@click.option("--window", type=POSITIVE, default=10, help="Context words a side.")
@click.option("--weighting", type=click.Choice(["harmonic", "linear", "flat"]), default="harmonic")
@click.option("--direction", type=click.Choice(["symmetric", "left", "right"]), default="symmetric")
@click.option("--gaps", is_flag=True, help="Windows do not stretch across unknown words.")
@click.option("--across-lines", is_flag=True, help="A line end does not end a context.")
@click.option(
    "--sample",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Subsample frequent words; 0 is off.",
)
@click.option(
    "--blocks",
    type=click.IntRange(2, 4096),
    help="Count this many blocks of documents apart; OUTPUT is then a folder of them.",
)
@click.option(
    "--by",
    type=click.Choice(["line"]),
    default="line",
    help="With --blocks: what a document is.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 64) - 1),
    default=1,
    help="Seed of the subsampling and of the order in which documents are dealt to blocks.",
)
@click.option(
    "--memory", type=Size(), default="4G", help="Bytes to hold at most; the rest lies in files."
)
@THREADS
@FORCE
@display_options
def count(
    inputs: tuple[str, ...],
    output: str,
    vocab: str | None,
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
    by: str,
    seed: int,
    memory: int,
    threads: int | None,
    force: bool,
    display: Display,
) -> None:
    """Count co-occurrences of texts into shards, a folder that matrix models train on."""
    from wordvec.counts.count import Window
    from wordvec.counts.count import count as count_corpus
    from wordvec.counts.partial import check_shard_folder
    from wordvec.counts.shards import BLOCKS, SHARDS
    from wordvec.parallel import default_threads

    if blocks is not None and by == "line" and across_lines:
        raise click.UsageError("--across-lines joins the lines that --by line would deal to blocks")
    kind = SHARDS if blocks is None else BLOCKS
    check_shard_folder(output, kind, force=force, inputs=(*inputs, vocab, phrases))
    corpus = _encoder(phrases)(
        list(inputs),
        vocab=_vocabulary(vocab),
        min_count=min_count,
        max_vocab=max_vocab,
        keep_gaps=gaps,
        keep_lines=not across_lines,
        threads=threads or default_threads(),
        memory=memory,
        progress=display,
    )
    say_corpus(display, corpus)
    counting = Window(window=window, weighting=weighting, direction=direction)
    options: dict[str, Any] = {
        "sample": sample,
        "seed": seed,
        "memory": memory,
        "threads": threads or default_threads(),
        "force": force,
        "progress": display,
    }
    if blocks is not None:
        _count_blocks(corpus, output, blocks, counting, by, options, display)
        return
    shards = count_corpus(corpus, output, counting, **options)
    display.close()
    size = sum(file.stat().st_size for file in shards.path.iterdir())
    display.say(f"wrote     {output}: {shards.cells:,} cells, {quantity(size)}B")


def _count_blocks(
    corpus: Corpus,
    output: str,
    blocks: int,
    window: Any,
    by: str,
    options: dict[str, Any],
    display: Display,
) -> None:
    from wordvec.counts.blocks import count_blocks

    made = count_blocks(corpus, output, blocks, window, by=by, **options)
    display.close()
    size = sum(file.stat().st_size for file in made.path.rglob("*"))
    display.say(
        f"wrote     {output}: {len(made)} blocks of {made.documents:,} documents ({by}s), "
        f"{quantity(size)}B"
    )
