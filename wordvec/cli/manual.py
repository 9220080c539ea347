"""wordvec man: a manual page for each command, written from its help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from wordvec._version import __version__
from wordvec.cli.base import Command
from wordvec.cli.program import LazyGroup
from wordvec.models import MODELS
from wordvec.system.files import write_atomically


@click.command(cls=Command)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def man(ctx: click.Context, folder: Path) -> None:
    """Write manual pages into a folder; older ones are replaced.

    \b
    wordvec man ~/.local/share/man/man1
    man wordvec-train
    """
    root = ctx.find_root()
    folder.mkdir(parents=True, exist_ok=True)
    pages = {_name(each): page(each) for each in _contexts(root)}
    for name, text in pages.items():
        with write_atomically(folder / f"{name}.1", force=True) as file:
            file.write(text.encode())
    click.echo(f"wrote {folder}: {len(pages)} pages; man wordvec shows the first", err=True)


def _contexts(ctx: click.Context) -> Iterator[click.Context]:
    """The context of a command, then those of all commands in it, and of each model of train."""
    yield ctx
    if ctx.command_path == "wordvec train":
        for model in MODELS:
            each = click.Context(ctx.command, ctx.parent, f"train --model {model}")
            each.meta.update({"wordvec.model": model, "wordvec.asked": True})
            yield each
            each.meta.clear()
    if isinstance(ctx.command, LazyGroup):
        for name in ctx.command.list_commands(ctx):
            command = ctx.command.get_command(ctx, name)
            assert command is not None
            yield from _contexts(click.Context(command, ctx, name))


def _name(ctx: click.Context) -> str:
    return ctx.command_path.replace(" --model", "").replace(" ", "-")


def page(ctx: click.Context) -> str:
    """The manual page of a command, in roff's macros for manual pages."""
    command = ctx.command
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    summary = command.get_short_help_str(limit=200).rstrip(".")
    lines = [f'.TH {_name(ctx).upper()} 1 "" "wordvec {__version__}"']
    lines += [".SH NAME", f"{_name(ctx)} \\- {_text(summary)}", ".SH SYNOPSIS", _text(usage)]
    lines.append(".SH DESCRIPTION")
    for paragraph in re.split(r"\n\s*\n", (command.help or "").partition("\f")[0].strip()):
        if paragraph.lstrip().startswith("\b"):  # lines that stay as they are
            lines += [".PP", ".nf", *map(_text, paragraph.strip().split("\n")[1:]), ".fi"]
        else:
            lines += [".PP", _text(" ".join(paragraph.split()))]
    lines.append(".SH OPTIONS")
    options = [each for each in command.get_params(ctx) if isinstance(each, click.Option)]
    for record in filter(None, (each.get_help_record(ctx) for each in options)):
        lines += [".TP", f"\\fB{_text(record[0])}\\fR", _text(" ".join(record[1].split()))]
    if isinstance(command, LazyGroup):
        lines.append(".SH COMMANDS")
        for each in list(_contexts(ctx))[1:]:
            short = each.command.get_short_help_str(limit=200)
            lines += [".TP", f"\\fB{_text(_name(each))}\\fR(1)", _text(short)]
    elif ctx.parent is not None:
        lines += [".SH SEE ALSO", f"\\fB{_text(_name(ctx.parent))}\\fR(1)"]
    return "\n".join([*lines, ""])


def _text(text: str) -> str:
    """Text that roff prints as it is."""
    text = text.strip().replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
