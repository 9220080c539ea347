"""The program without its commands: their list, which loads each when it is used, and messages.

What `wordvec --version` needs is here and little else, so that start-up and completion are short.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import click

ARGUMENTS = "wordvec_options"  # attribute of an error: the options of the command by argument


def say(message: str) -> None:
    """A line on standard error; one line, whatever names it holds."""
    line = "".join(c if c.isprintable() or c == " " else repr(c)[1:-1] for c in message)
    click.echo(f"wordvec: {line}", err=True)


def with_options(text: str, error: BaseException) -> str:
    """A message of the library, which names arguments, with the options of the command instead.

    `vector_size` becomes `--vector-size`, `weighting='flat'` `--weighting flat`, `force=True`
    `--force` and `shrink=False` `--no-shrink`.
    """
    options = error.__dict__.get(ARGUMENTS, {})

    def value(found: re.Match[str]) -> str:
        name, given = found[1], found[2].strip("'")
        if name not in options:
            return found[0]
        option, opposite = options[name]
        if given == "True":
            return str(option)
        if given == "False" and opposite:
            return str(opposite[-1])
        return f"{option} {given}"

    def bare(found: re.Match[str]) -> str:
        return str(options[found[0]][0]) if found[0] in options else found[0]

    text = re.sub(r"\b([a-z][a-z_]*)=('[^']*'|[-\w.]*\w)", value, text)
    return re.sub(r"(?<![\w'/.-])[a-z]+(?:_[a-z]+)+(?![\w'/.-])", bare, text)


def nearest(word: str, known: Iterable[str | None]) -> str:
    """What is said of a word that is unknown when a known one is like it."""
    import difflib

    close = difflib.get_close_matches(word, [k for k in known if k], n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used: name -> "module:attribute". A name of
    two words goes before the first of them: `vocab merge`, beside `vocab`."""

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
            raise click.UsageError(f"no command {args[0]!r}{nearest(args[0], self.lazy)}", ctx)
        if (two := " ".join(args[:2])) in self.lazy and len(args) > 1:
            return two, self.get_command(ctx, two), args[2:]
        return super().resolve_command(ctx, args)


class Program(LazyGroup):
    """The whole command line: heading -> commands."""

    def __init__(self, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.sections = sections
        super().__init__(
            {name: where for section in sections.values() for name, where in section.items()},
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
                ),
                click.Option(
                    ["--cite"],
                    metavar="MODEL",
                    is_flag=False,
                    flag_value="wordvec",
                    is_eager=True,
                    expose_value=False,
                    callback=_print_citation,
                    help="Show BibTeX of wordvec and of a model's papers.",
                ),
            ],
        )

    def invoke(self, ctx: click.Context) -> Any:
        from wordvec.cli.notes import shown_notes

        with shown_notes():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.lazy))
        for heading, names in self.sections.items():
            rows = []
            for name in names:
                command = self.get_command(ctx, name)
                assert command is not None
                rows.append((name.ljust(width), command.get_short_help_str(limit=80)))
            with formatter.section(heading):
                formatter.write_dl(rows)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from wordvec._version import __version__

        click.echo(f"wordvec {__version__}")
        ctx.exit()


def _print_citation(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    from wordvec.models import MODELS
    from wordvec.references import bibtex

    if value not in (*MODELS, "wordvec"):
        raise click.UsageError(f"no model {value!r}{nearest(value, MODELS)}", ctx)
    click.echo(bibtex(*(MODELS[value].load().papers if value in MODELS else ())))
    ctx.exit()
