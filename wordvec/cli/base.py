"""What every command shares: lazy loading, --config, --debug, output formats, suggestions."""

from __future__ import annotations

import difflib
import importlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from wordvec.text.lines import read_toml

F = TypeVar("F", bound=Callable[..., Any])


class Command(click.Command):
    """A command that also takes --config and --debug, and finds its defaults in the first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(
                ["--config"],
                type=click.Path(exists=True, dir_okay=False),
                is_eager=True,
                expose_value=False,
                callback=_read_config,
                help="TOML file with defaults for the options, a table a command.",
            ),
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                help="Show the traceback of an error.",
            ),
        ]


def _read_config(ctx: click.Context, _param: click.Parameter, path: str | None) -> None:
    if path is None:
        return
    try:
        tables = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: not a TOML file: {error}", ctx) from error
    name = ctx.info_name or ""
    own = tables.get(name, {})
    if not isinstance(own, dict):
        raise click.UsageError(f"{path}: [{name}] must be a table of options", ctx)
    known = {param.name for param in ctx.command.params if isinstance(param, click.Option)}
    values = {}
    for key, value in own.items():
        option = key.replace("-", "_")
        if option not in known:
            raise click.UsageError(
                f"{path}: [{name}] has no option {key!r}{_nearest(option, known)}"
            )
        values[option] = value
    ctx.default_map = {**(ctx.default_map or {}), **values}


def _nearest(word: str, known: Iterable[str | None]) -> str:
    close = difflib.get_close_matches(word, [k for k in known if k], n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used: name -> "module:attribute"."""

    def __init__(self, commands: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lazy = dict(commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return None
        module, attribute = self.lazy[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.lazy:
            raise click.UsageError(f"no command {args[0]!r}{_nearest(args[0], self.lazy)}", ctx)
        return super().resolve_command(ctx, args)


class Program(LazyGroup):
    """The whole command line."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        super().__init__(
            commands,
            name="wordvec",
            help="Static word embeddings: train, store, look up and judge them.",
            context_settings={
                "auto_envvar_prefix": "WORDVEC",
                "help_option_names": ["-h", "--help"],
                "max_content_width": 100,
                "show_default": True,
            },
            params=[
                click.Option(
                    ["--version"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=_print_version,
                    help="Show the version.",
                )
            ],
        )


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from wordvec._version import __version__

        click.echo(f"wordvec {__version__}")
        ctx.exit()


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
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=2))
        return
    if not rows:
        return
    names = list(rows[0])
    if output == "tsv":
        click.echo("\t".join(names))
        for row in rows:
            click.echo("\t".join(_tsv(row[name]) for name in names))
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


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _tsv(value: Any) -> str:
    text = "" if value is None else repr(value) if isinstance(value, float) else str(value)
    return text.replace("\t", " ").replace("\n", " ")
