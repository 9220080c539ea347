"""wordvec train: one command for all models; the options are those of the model's class."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wordvec.cli.base import OF_TEXT, Command, config_table, early, named_values
from wordvec.cli.options import flag, parted, to_click
from wordvec.cli.outputs import Output
from wordvec.cli.program import nearest
from wordvec.cli.progress import Display, clock, display_options, quantity
from wordvec.cli.sources import (
    CLUSTER,
    FORCE,
    INPUTS,
    PHRASES,
    TEXT_OPTIONS,
    VOCAB,
    encoder,
    say_corpus,
    text_options_of,
    vocabulary,
)
from wordvec.models import MODELS, Model

if TYPE_CHECKING:
    from wordvec.estimator import Option
    from wordvec.spaces.base import Transform
    from wordvec.text.corpus import Corpus

DEFAULT = "skipgram"
# Options of the reading of a text that shards have settled, beside the fields that say so.
PATHS = ("vocab", "phrases", "stop")


class TrainCommand(Command):
    """`train`, whose options depend on the value of --model."""

    def model(self, ctx: click.Context) -> Model:
        """The model that was asked for."""
        return MODELS[ctx.meta.get("wordvec.model", DEFAULT)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        name = early(ctx, args, "model")
        if name is None and (path := early(ctx, args, "config")):
            named = config_table(ctx, path).get("model")
            name = named if isinstance(named, str) else None
        ctx.meta["wordvec.asked"] = name is not None
        # An unknown name is told by the option itself, which is parsed as for any model.
        ctx.meta["wordvec.model"] = name if name in MODELS else DEFAULT
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise self.unknown(ctx, error) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        reads = self.model(ctx).trains_on != "relations"
        own = [p for p in super().get_params(ctx) if reads or p.name not in OF_TEXT]
        at = next(i for i, param in enumerate(own) if param.name == "force")
        made = [to_click(each, default) for each, default in self.fields(ctx).values()]
        for param in made:
            param.envvar = (
                f"{ctx.auto_envvar_prefix}_{_lower(self.model(ctx).name)}_{param.name}".upper()
            )
        return [*own[:at], *made, *own[at:]]

    def fields(self, ctx: click.Context) -> dict[str, tuple[Option, Any]]:
        """The options of the model and of its `fit`, each with its default."""
        return fields_of(self.model(ctx))

    def config_defaults(
        self, ctx: click.Context, path: str, table: dict[str, Any]
    ) -> dict[str, Any]:
        """[train] is for all models, [train.glove] for GloVe alone.

        What some models have, and not this one, may stand in [train]; what a single model has
        may not, because there it would be dropped in silence for all others.
        """
        model, known = self.model(ctx), self.named(ctx)
        shared = {key: value for key, value in table.items() if not isinstance(value, dict)}
        for key in shared:
            name = key.replace("-", "_")
            if name in known:
                continue
            others = having(name)
            if not others:
                named_values(ctx, f"{path}: [train]", {key: None})
            if len(others) == 1:
                raise click.UsageError(
                    f"{path}: [train] has {key!r}, an option of {others[0]} alone: "
                    f"move it to [train.{others[0]}]",
                    ctx,
                )
        values = named_values(
            ctx,
            f"{path}: [train]",
            {key: v for key, v in shared.items() if key.replace("-", "_") in known},
        )
        for name, own in table.items():
            if isinstance(own, dict) and name not in MODELS:
                raise click.UsageError(f"{path}: [train.{name}] is no model{nearest(name, MODELS)}")
        own = table.get(model.name, {})
        return values | named_values(ctx, f"{path}: [train.{model.name}]", own)

    def is_foreign(self, ctx: click.Context, name: str) -> bool:
        """A variable such as WORDVEC_TRAIN_SWIVEL_ETA, which one model alone reads."""
        model = next((m for m in MODELS if name.startswith(f"{_lower(m)}_")), None)
        if model is None or model != self.model(ctx).name:
            return model is not None
        return name.removeprefix(f"{_lower(model)}_") in self.fields(ctx)

    def unknown(self, ctx: click.Context, error: click.NoSuchOption) -> click.UsageError:
        """An option that the model does not have: which models have it, or the nearest name."""
        model, own = self.model(ctx).name, self.fields(ctx)
        name = error.option_name.lstrip("-").removeprefix("no-").replace("-", "_")
        others = having(name)
        if not others:
            close = nearest(name, self.named(ctx)).replace("_", "-").replace("mean '", "mean '--")
            return click.UsageError(f"{model} has no option {error.option_name}{close}", ctx)
        # What the model has for the same purpose, such as eta for alpha: both begin alike.
        begin = fields_of(MODELS[others[0]])[name][0].help.split()[:2]
        alike = [flag(key) for key, (each, _) in own.items() if each.help.split()[:2] == begin]
        hint = f"; see {', '.join(alike)}" if alike else ""
        where = f"{flag(name)} is an option of {', '.join(others)}, not of {model}{hint}"
        return click.UsageError(where, ctx)

    def models(self) -> list[Model]:
        """The models that --model can name."""
        return [*MODELS.values()]

    def sections(self, ctx: click.Context) -> dict[str, list[click.Option]]:
        """The options of the model, those of all models, and those of the text."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        own = set(self.fields(ctx)) - set(shared_names())
        return {
            f"Options of {self.model(ctx).name}": [each for each in options if each.name in own],
            "Options of all models": [p for p in options if p.name not in {*own, *OF_TEXT}],
            "Options of the text": [each for each in options if each.name in OF_TEXT],
        }

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not ctx.meta.get("wordvec.asked"):
            with formatter.section("Models"):
                formatter.write_dl([(each.name, each.summary) for each in self.models()])
            formatter.write_paragraph()
            formatter.write_text(
                f"{ctx.command_path} --model NAME --help shows the options of a model. These are "
                f"those of {self.model(ctx).name}:"
            )
        super().format_options(ctx, formatter)


def _lower(model: str) -> str:
    """The name of a model as it stands in names of variables."""
    return model.replace("-", "_")


def fields_of(model: Model) -> dict[str, tuple[Option, Any]]:
    """The options of a model's class and of its `fit`, each with its default."""
    from wordvec.estimator import options_of
    from wordvec.training.options import RunOptions

    kind: Any = model.load()
    found = {name: (each, each.default) for name, each in kind.options().items()}
    arguments = inspect.signature(kind.fit).parameters
    for name, each in options_of(RunOptions).items():
        if name in arguments:
            found[name] = each, arguments[name].default
    return {name: pair for name, pair in found.items() if pair[0].command_line}


def having(name: str) -> list[str]:
    """The models that have an option of this name."""
    return [each.name for each in MODELS.values() if name in fields_of(each)]


def shared_names() -> list[str]:
    """Options that (nearly) every model has, to show apart from those that make it what it is."""
    from wordvec.estimator import options_of
    from wordvec.training.options import RunOptions, WordModel

    return [*options_of(WordModel), *options_of(RunOptions)]


@click.command(cls=TrainCommand)
@INPUTS
@click.option("-o", "--output", required=True, type=Output(), help="The .wv file to write.")
@click.option(
    "--model", type=click.Choice([*MODELS]), metavar="NAME", default=DEFAULT, help="The model."
)
@click.option(
    "--transform",
    "transforms",
    multiple=True,
    metavar="NAME[:OPTION=VALUE,...]",
    help="Change the vectors before they are written, such as all-but-the-top:n=1, unit or "
    "whiten:weights=tokens; may be repeated.",
)
@CLUSTER
@VOCAB
@PHRASES
@TEXT_OPTIONS
@FORCE
@display_options
@click.pass_context
def train(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    output: str,
    model: str,
    transforms: tuple[str, ...],
    cluster: str | None,
    force: bool,
    display: Display,
    **options: Any,
) -> None:
    """Train vectors on texts, counts, or lists of relations.

    INPUT is one or more text files (.gz, .bz2, .xz and .zst are detected from their content), - for
    standard input, or one folder of counts that `wordvec count` made, for the models that train on
    counts. For a hierarchy it is one list of relations (child TAB parent), or a folder of them.
    """
    from wordvec import formats
    from wordvec.estimator import Stopwatch
    from wordvec.training.checkpoint import check_checkpoint
    from wordvec.vectors.vectors import OTHER_SUFFIXES

    chosen = MODELS[model]
    steps = _steps(chosen, transforms)
    reading = {name: options.pop(name, None) for name in OF_TEXT}
    source: Any = _source(ctx, chosen, inputs)
    kind: Any = chosen.load()
    own, run = parted(kind, options)
    estimator = kind(**own)
    if cluster is not None:
        if "client" not in inspect.signature(kind.fit).parameters or not isinstance(source, str):
            raise click.UsageError(
                "--cluster is for models that train on counts, from a folder of them: "
                "`wordvec count` the texts first, and use one of "
                + ", ".join(each.name for each in MODELS.values() if each.trains_on == "counts")
            )
        run["client"] = cluster
    # The suffix says the format, as in `wordvec convert`; a name without one that is known is .wv.
    suffix = os.path.splitext(output)[1].lower()
    written = None if suffix in OTHER_SUFFIXES else "wv"
    formats.check(
        output,
        format=written,
        force=force,
        inputs=[
            *inputs,
            *(reading.get(name) for name in PATHS),
            run.get("init"),
            options.get("prior"),
        ],
    )
    check_checkpoint(run.get("checkpoint"), resume=run.get("resume", False))
    if run.get("init"):
        run["init"] = formats.load(run["init"])
    if chosen.trains_on == "relations":
        from wordvec.cli.models.hierarchy import read_relations

        source = read_relations(source, estimator, display)
    elif not isinstance(source, str):
        source = _read(inputs, reading, estimator, display)
        if hasattr(estimator, "predict_memory"):
            need = estimator.predict_memory(source)
            display.say(f"memory    training will need about {-(-need >> 20):,} MB")
        if note := getattr(estimator, "size_note", lambda corpus: "")(source):
            display.say("note      " + note.replace("bucket=", "--bucket "))
    if "progress" in inspect.signature(kind.fit).parameters:
        run["progress"] = display
    watch = Stopwatch()
    estimator.fit(source, **run)
    seconds = watch.seconds
    display.close()
    for note in getattr(estimator, "notes", list)():
        display.say(f"note      {note}")
    vectors = estimator.vectors_
    for step in steps:
        vectors = step.fit_transform(vectors)
        for notice in vectors.meta["transforms"][-1].get("notices", []):
            display.say(f"note      {notice}")
    for sentence in formats.losses(vectors, output, format=written):
        display.say(f"note      {sentence}")
    formats.save(vectors, output, format=written, force=force)
    size = quantity(Path(output).stat().st_size)
    shape = f"{len(vectors):,} x {vectors.vector_size}"
    display.say(f"wrote     {output}: {shape}, {size}B, trained in {clock(seconds)}")


def _steps(model: Model, transforms: tuple[str, ...]) -> list[Transform]:
    """The transforms that were asked for, before hours of training."""
    if not transforms:
        return []
    from wordvec.spaces.registry import parse

    if model.trains_on == "relations":
        raise click.UsageError(
            f"--transform: vectors of {model.name} are points of a manifold, not of a flat space"
        )
    try:
        return [parse(text) for text in transforms]
    except (ValueError, TypeError) as error:
        raise click.UsageError(f"--transform: {error}") from error


def _source(ctx: click.Context, model: Model, inputs: tuple[str, ...]) -> str | None:
    """The folder of counts or the relations to train on; None for texts."""
    folder = next((name for name in inputs if Path(name).is_dir() or _in_store(name)), None)
    if model.trains_on == "relations":
        if len(inputs) > 1:
            raise click.UsageError(f"{model.name} takes one list of relations", ctx)
        return inputs[0]
    if folder is None:
        return None
    if model.trains_on == "text":
        others = ", ".join(each.name for each in MODELS.values() if each.trains_on == "counts")
        hint = "count-skipgram is skip-gram from counts; " if model.name == "skipgram" else ""
        raise click.UsageError(
            f"{folder} is a folder: {model.name} trains on texts; {hint}"
            f"models that train on counts: {others}",
            ctx,
        )
    if len(inputs) > 1:
        raise click.UsageError(f"{folder} is a folder: give one folder of counts, or texts", ctx)
    fixed = [name for name, (each, _) in fields_of(model).items() if each.counting]
    for name in (*fixed, *OF_TEXT):
        if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{flag(name)} is fixed in the counts of {folder}", ctx)
    return folder


def _in_store(name: str) -> bool:
    """Whether a path is a folder of counts in a store."""
    from wordvec.counts.shards import is_shards

    return "://" in name and "*" not in name and is_shards(name)


def _read(
    inputs: tuple[str, ...], reading: dict[str, Any], estimator: Any, display: Display
) -> Corpus:
    from wordvec.estimator import thread_count

    corpus = encoder(reading["phrases"])(
        list(inputs),
        vocab=vocabulary(reading["vocab"]),
        min_count=estimator.min_count,
        max_vocab=estimator.max_vocab,
        threads=thread_count(estimator.threads),
        memory=getattr(estimator, "memory", None),
        progress=display,
        options=text_options_of(reading),
    )
    say_corpus(display, corpus, inputs)
    return corpus
