"""What every command shares: --config, the environment, --debug, output formats."""

from __future__ import annotations

import itertools
import json
import math
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from wordvec.cli.options import Condition, Items, expanded
from wordvec.cli.outputs import check_outputs
from wordvec.cli.program import ARGUMENTS, LazyGroup, nearest
from wordvec.estimator import options_of
from wordvec.text.lines import read_toml
from wordvec.text.options import TextOptions

F = TypeVar("F", bound=Callable[..., Any])

# Options of how a text is read: the fields, and the files that it is read by.
OF_TEXT = ("vocab", "phrases", *options_of(TextOptions))
CONFIG = "wordvec.config"  # in the meta of a context: the path of --config


class Command(click.Command):
    """A command that also takes --config and --debug.

    Its options come, in this order, from the command line, from the environment
    (WORDVEC_TRAIN_WINDOW), and from the command's table in the file of --config. A name that the
    command does not have is a usage error, wherever it stands.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(
                ["--config"],
                type=click.Path(exists=True, dir_okay=False),
                expose_value=False,
                help="TOML file with defaults for the options: one table for each command.",
            ),
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                help="Show the traceback of an error.",
            ),
        ]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return expanded(super().get_params(ctx))

    def sections(self, ctx: click.Context) -> dict[str, list[click.Option]]:
        """The headings of the help, each with its options."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        of_text = [each for each in options if each.name in OF_TEXT]
        if len(of_text) < len(options_of(TextOptions)):  # a name that another option has too
            return {"Options": options}
        rest = [each for each in options if each not in of_text]
        return {"Options": rest, "Options of the text": of_text}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, options in self.sections(ctx).items():
            if rows := [row for each in options if (row := each.get_help_record(ctx))]:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if parent is not None and info_name and " " in info_name:  # `vocab merge`
            prefix = f"{parent.auto_envvar_prefix}_{info_name.replace(' ', '_')}".upper()
            extra.setdefault("auto_envvar_prefix", prefix)
        return super().make_context(info_name, args, parent, **extra)

    def inner(self, ctx: click.Context) -> set[str]:
        """The second words of commands that begin with this one's name: merge of `vocab merge`."""
        group = ctx.parent.command if ctx.parent is not None else None
        begin = f"{ctx.info_name} "
        names = group.lazy if isinstance(group, LazyGroup) else {}
        return {name.removeprefix(begin) for name in names if name.startswith(begin)}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if path := early(ctx, args, "config"):
            ctx.meta[CONFIG] = path
            values = self.config_defaults(ctx, path, config_table(ctx, path))
            ctx.default_map = {**(ctx.default_map or {}), **values}
        self._read_environment(ctx)
        self._refuse_twice(ctx, args)
        return super().parse_args(ctx, args)

    def _refuse_twice(self, ctx: click.Context, args: list[str]) -> None:
        """Of an option that is given twice the last value counts, as in other programs. A condition
        is refused, because it looks as if both held."""
        conditions = {each for each in self.get_params(ctx) if isinstance(each, Condition)}
        if conditions and not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(list(args))
            for each in conditions:
                if order.count(each) > 1:
                    raise click.UsageError(
                        f"{each.opts[-1]} is given twice: join the conditions with `and`", ctx
                    )

    def invoke(self, ctx: click.Context) -> Any:
        try:
            check_outputs(ctx, ctx.meta.get(CONFIG))
            return super().invoke(ctx)
        except Exception as error:
            options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
            flags = {each.name: (each.opts[-1], each.secondary_opts) for each in options}
            error.__dict__.setdefault(ARGUMENTS, flags)
            raise

    def config_defaults(
        self, ctx: click.Context, path: str, table: dict[str, Any]
    ) -> dict[str, Any]:
        """The values of this command's table by option; a name that is no option is an error."""
        table = {key: value for key, value in table.items() if key not in self.inner(ctx)}
        return named_values(ctx, f"{path}: [{'.'.join(_words(ctx))}]", table)

    def _read_environment(self, ctx: click.Context) -> None:
        """Lets options be read from the variables of their names; others are an error."""
        prefix = f"{ctx.auto_envvar_prefix}_"
        options = self.named(ctx)
        for name, option in options.items():
            if name != option.name and option.envvar is None:
                option.envvar = f"{prefix}{name}".upper()
        known = {*options, "config"}
        for variable in os.environ:
            name = variable.removeprefix(prefix).lower()
            if variable.startswith(prefix) and name not in known and not self.is_foreign(ctx, name):
                raise click.UsageError(
                    f"environment: {variable}: {' '.join(_words(ctx))} has no option "
                    f"{name!r}{nearest(name, known)}",
                    ctx,
                )

    def is_foreign(self, ctx: click.Context, name: str) -> bool:
        """Whether a variable of this command's prefix is meant for something else."""
        return any(name.startswith(f"{inner}_") for inner in self.inner(ctx))

    def named(self, ctx: click.Context) -> dict[str, click.Option]:
        """The options by what they are called, which is what a user types: `dataset` is --dataset.
        What is about one call alone is left out."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        named = {called(option): option for option in options}
        return {
            name: each for name, each in named.items() if name not in ("config", "debug", "help")
        }


def called(option: click.Option) -> str:
    """What an option is called in files and variables: max_vocab for --max-vocab."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def early(ctx: click.Context, args: Sequence[str], name: str) -> str | None:
    """The value that an option will have from the command line or the environment.

    For the options that decide which other options there are, before anything is parsed.
    """
    words = list(itertools.takewhile(lambda word: word != "--", args))
    for i, word in enumerate(words):
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
        if word == f"--{name}" and i + 1 < len(words):
            return words[i + 1]
    return os.environ.get(f"{ctx.auto_envvar_prefix}_{name.upper()}") or None


def _words(ctx: click.Context) -> list[str]:
    """The command's own name: ["oov", "fit"]."""
    return ctx.command_path.split()[1:]


def config_table(ctx: click.Context, path: str) -> dict[str, Any]:
    """The table of a command in a configuration file; empty when there is none."""
    try:
        table: Any = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: not a TOML file: {error}", ctx) from error
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}", ctx) from error
    for word in _words(ctx):
        table = table.get(word, {})
        if not isinstance(table, dict):
            raise click.UsageError(f"{path}: [{word}] must be a table of options", ctx)
    assert isinstance(table, dict)
    return table


def named_values(ctx: click.Context, where: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a table, whose keys are what options are called, by the names of parameters."""
    command = ctx.command
    assert isinstance(command, Command)
    options = command.named(ctx)
    values = {}
    for key, value in table.items():
        option = options.get(key.replace("-", "_"))
        if option is None:
            close = nearest(key.replace("_", "-"), [name.replace("_", "-") for name in options])
            raise click.UsageError(f"{where} has no option {key!r}{close}", ctx)
        values[option.name or ""] = _as_typed(value, option, f"{where} {key}", ctx)
    return values


def _as_typed(value: Any, param: click.Parameter | None, where: str, ctx: click.Context) -> Any:
    """A value of a configuration file as click takes it: as it would be typed, or true and false
    of a flag; a list of these for an option that takes several."""
    several = param is not None and (param.multiple or param.nargs != 1 or _takes_list(param))
    if isinstance(value, list) and several:
        return [_as_typed(each, None, where, ctx) for each in value]
    if (
        isinstance(value, bool)
        and param is not None
        and isinstance(param.type, click.types.BoolParamType)
    ):
        return value
    if not isinstance(value, str | int | float):
        wanted = "a text, a number, true or false" + (", or a list of these" if several else "")
        raise click.UsageError(f"{where} must be {wanted}, got {value!r}", ctx)
    typed = str(value)
    return [typed] if several and not _takes_list(param) else typed


def _takes_list(param: click.Parameter | None) -> bool:
    """Whether one value is a list, which is typed with commas."""
    return param is not None and isinstance(param.type, Items)


def format_option(function: F) -> F:
    """Adds `--format table|json|tsv` as the argument `output`."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["table", "json", "tsv"]),
        default="table",
        help="How results are printed.",
    )(function)


def emit(rows: Sequence[Mapping[str, Any]], output: str) -> None:
    """Prints records, all with the same keys, to standard output.

    table: aligned, floats to four places; tsv: a header, floats in full; json: a list of objects.
    """
    if output == "json":
        click.echo(json.dumps(_jsonable(list(rows)), ensure_ascii=False, indent=2, allow_nan=False))
        return
    if not rows:
        return
    names = list(rows[0])
    if output == "tsv":
        click.echo(tsv(rows), nl=False)
        return
    cells = [[_cell(row[name]) for name in names] for row in rows]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    widths = [max(len(line[i]) for line in [names, *cells]) for i in range(len(names))]
    for line in [names, *cells]:
        padded = (
            text.rjust(width) if flush else text.ljust(width)
            for text, width, flush in zip(line, widths, right, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def tsv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Records as lines of tab-separated values below a header, floats in full."""
    names = list(rows[0])
    lines = ["\t".join(names), *("\t".join(_tsv(row[name]) for name in names) for row in rows)]
    return "\n".join(lines) + "\n"


def _jsonable(value: Any) -> Any:
    """The value with null where a number is not finite, for which JSON has no sign (RFC 8259)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _jsonable(each) for key, each in value.items()}
    return [_jsonable(each) for each in value] if isinstance(value, list | tuple) else value


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    # A small p-value is not 0.
    return f"{value:.1e}" if 0 < abs(value) < 5e-5 else f"{value:.4f}"


def _tsv(value: Any) -> str:
    text = "" if value is None else repr(value) if isinstance(value, float) else str(value)
    return text.replace("\t", " ").replace("\n", " ")
