"""wordvec stability: train a model again and again on resampled documents."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import OF_TEXT, emit, format_option
from wordvec.cli.models.train import TrainCommand
from wordvec.cli.options import add_options, parted
from wordvec.cli.outputs import Output
from wordvec.cli.progress import Display, display_options
from wordvec.cli.sources import FORCE, INPUTS, PHRASES, VOCAB, encoder, say_corpus, vocabulary
from wordvec.models import MODELS, Model

if TYPE_CHECKING:
    from wordvec.counts.blocks import Blocks
    from wordvec.estimator import Option

COUNTED = [name for name, model in MODELS.items() if model.trains_on == "counts"]
BLOCKS = 64  # to which the documents of a text are dealt
FIRST, LAST, QUERIES = 100, 1000, 20  # words that are shown when none is named


class StabilityCommand(TrainCommand):
    """`stability`, which has the options of the model that --model names."""

    default = "glove"

    def model(self, ctx: click.Context) -> Model:
        """The model that was asked for."""
        return super().model(ctx) if ctx.meta.get("wordvec.asked") else MODELS[self.default]

    def models(self) -> list[Model]:
        """The models that train on counts."""
        return [MODELS[name] for name in COUNTED]

    def fields(self, ctx: click.Context) -> dict[str, tuple[Option, Any]]:
        """The options of the model, without those of a single run."""
        from wordvec.estimator import options_of
        from wordvec.training.options import RunOptions

        return {
            name: each
            for name, each in super().fields(ctx).items()
            if name not in options_of(RunOptions)
        }


@click.command(cls=StabilityCommand)
@INPUTS
@click.option(
    "--model", type=click.Choice(COUNTED), metavar="NAME", default="glove", help="The model."
)
@add_options("wordvec.inference.stability:stability")
@add_options("wordvec.counts.blocks:count_blocks", "blocks", "by", defaults={"blocks": BLOCKS})
@click.option(
    "--word",
    "words",
    multiple=True,
    help="A word to show; can be given several times.",
    show_default=f"{QUERIES} words of ranks {FIRST} to {LAST}",
)
@add_options("wordvec.vectors.vectors:WordVectors.most_similar_many", "topn")
@click.option("--keep", type=Output(), help="Folder to keep the counts in.")
@VOCAB
@PHRASES
@FORCE
@format_option
@display_options
@click.pass_context
def stability(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    model: str,
    resample: Any,
    runs: int,
    blocks: int,
    by: Any,
    words: tuple[str, ...],
    topn: int,
    keep: str | None,
    force: bool,
    output: str,
    display: Display,
    **options: Any,
) -> None:
    """Train again on resampled documents and compare.

    INPUT is texts, or one folder that `wordvec count --blocks` made. Columns: count; blocks that
    have the word; design effect (variance of its counts over blocks by their mean; 1 is chance);
    runs that have it; sd (mean SD of the cosine with its nearest words); jaccard (overlap of the
    nearest in two runs); rank sd; and the words that are among the nearest in 80 % of the runs.
    """
    from wordvec.errors import Unanswerable
    from wordvec.inference.stability import stability as train_runs

    reading = {name: options.pop(name, None) for name in OF_TEXT}
    kind: Any = MODELS[model].load()
    own, _ = parted(kind, options)
    estimator = kind(**own)
    with _blocks(inputs, reading, estimator, blocks, by, keep, force, display) as counted:
        made = train_runs(
            estimator,
            counted,
            runs=runs,
            resample=resample,
            seed=estimator.seed,
            threads=estimator.threads,
            progress=display,
        )
        display.close()
        if not words:
            known = list(counted.vocab)
            step = max(1, (min(LAST, len(known)) - min(FIRST, len(known) // 2)) // QUERIES)
            words = tuple(known[min(FIRST, len(known) // 2) :: step][:QUERIES])
        rows = []
        for word in words:
            try:
                found = made.word(word, topn)
            except Unanswerable as error:
                display.say(f"note      {error}")
                continue
            stable = [each.word for each in found.neighbors if each.stable]
            rows.append(
                {
                    "word": word,
                    "count": found.count,
                    "blocks": found.blocks,
                    "design effect": found.design_effect,
                    "runs": found.runs,
                    "sd": found.sd,
                    "jaccard": found.jaccard,
                    "rank sd": found.rank_sd,
                    "stable neighbours": " ".join(stable),
                }
            )
        click.echo(
            f"{runs} runs of {model} over {resample}: "
            + (
                "the sample of documents and the training's noise"
                if resample == "documents"
                else "the training's noise alone"
            ),
            err=True,
        )
        emit(rows, output)


@contextlib.contextmanager
def _blocks(
    inputs: tuple[str, ...],
    reading: dict[str, Any],
    estimator: Any,
    blocks: int,
    by: Any,
    keep: str | None,
    force: bool,
    display: Display,
) -> Iterator[Blocks]:
    """The blocks that were given, or those of texts, counted as the model counts a text."""
    from wordvec.counts.blocks import Blocks, count_blocks
    from wordvec.estimator import thread_count
    from wordvec.system.folders import scratch_folder

    if Path(inputs[0]).is_dir():
        if len(inputs) > 1:
            raise click.UsageError(f"{inputs[0]} is a folder: give one folder of blocks, or texts")
        yield Blocks(inputs[0])
        return
    threads = thread_count(estimator.threads)
    corpus = encoder(reading["phrases"])(
        list(inputs),
        vocab=vocabulary(reading["vocab"]),
        min_count=estimator.min_count,
        max_vocab=estimator.max_vocab,
        threads=threads,
        progress=display,
    )
    say_corpus(display, corpus)
    window, sample = estimator._counting()
    with scratch_folder() as folder:
        yield count_blocks(
            corpus,
            keep or Path(folder) / "blocks",
            blocks,
            window,
            by=by,
            sample=sample,
            threads=threads,
            force=force,
            progress=display,
        )
