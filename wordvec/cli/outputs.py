"""Files and folders that commands write: none may be an input, or another output, of the same
command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from wordvec.system.files import refuse_inputs, resolve


class Output(click.Path):
    """The type of an option or argument that names what a command writes."""


class Kept(click.Path):
    """The type of an option that names a folder which a run writes into and goes on from. What else
    is in it stays."""


def check_outputs(ctx: click.Context, config: str | None = None) -> None:
    """Asks of every output of a command that was parsed, before the command does anything.

    Raises
    ------
    FileExistsError
        When an output is an input of the command, or a folder that holds one, or is in one.
    click.UsageError
        When two outputs have one name.
    """
    named = [
        (param, value)
        for param in ctx.command.get_params(ctx)
        for value in _each(ctx.params.get(param.name or ""))
    ]
    outputs = [(param, value) for param, value in named if isinstance(param.type, Output)]
    inputs = [
        path
        for param, value in named
        if not isinstance(param.type, Output | Kept | click.Choice)
        for path in _files(value)
    ]
    seen: dict[Path, click.Parameter] = {}
    for param, value in outputs:
        if value == "-" or "://" in value:
            continue
        refuse_inputs(value, [*inputs, config])
        real = resolve(value)
        if real in seen and not real.is_char_device():
            names = sorted(each.opts[0] for each in (param, seen[real]))
            raise click.UsageError(f"{' and '.join(names)} name the same file: {value}", ctx)
        seen[real] = param


def _each(value: Any) -> Iterator[str]:
    """The texts and paths among the values of a parameter."""
    if isinstance(value, tuple | list):
        for each in value:
            yield from _each(each)
    elif isinstance(value, str | os.PathLike):
        yield os.fspath(value)


def _files(value: str) -> Iterator[str]:
    """The files that a value names: itself, or a part of @FILE, KIND=FILE, KIND:FILE and
    ARCHIVE:MEMBER."""
    colons = [i for i, letter in enumerate(value) if letter == ":"]
    parts = [part for i in colons for part in (value[:i], value[i + 1 :])]
    for path in (value, value[1:], value.partition("=")[2], *parts):
        if path and os.path.lexists(path):
            yield path
