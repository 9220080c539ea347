"""Options of commands: what the library declares, and what is a command's own."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from wordvec.cli import COMMANDS, SECTIONS
from wordvec.cli.base import Command
from wordvec.cli.options import Declared
from wordvec.cli.program import LazyGroup, Program

# Options with a default, a range or choices that no part of the library has: how results are
# printed, and which of several parts of the library a command calls.
OWN = {
    *("format", "progress", "output", "config", "top", "transforms"),
    *("method", "model", "kind", "compare", "hubs", "proof", "equalize"),
    *("center", "remove", "pca", "whiten"),  # of `transform`: they name its steps
    *("tests", "measures"),  # lists of questions
}


def commands():
    """Each command by name."""

    def under(name, command):
        if not isinstance(command, LazyGroup):
            return [(name, command)]
        return [
            pair
            for each in command.lazy
            for pair in under(f"{name} {each}", command.get_command(click.Context(command), each))
        ]

    group = LazyGroup(COMMANDS)
    context = click.Context(group)
    return [pair for name in COMMANDS for pair in under(name, group.get_command(context, name))]


ALL = dict(commands())


def says_a_fact(option: click.Option) -> bool:
    """Whether an option has a default, a range or choices."""
    if option.is_flag:
        return option.default is True
    if not isinstance(option.type, click.Path | click.types.StringParamType):
        return True
    return isinstance(option.default, str | list | int | float) and option.default not in ("", "-")


@pytest.mark.parametrize("name", ALL)
def test_defaults_ranges_and_choices_are_those_of_the_library(name):
    command = ALL[name]
    assert isinstance(command, Command)
    by_hand = [
        each.name
        for each in command.params
        if isinstance(each, click.Option)
        and not isinstance(each, Declared)
        and says_a_fact(each)
        and not {each.name, each.opts[-1].removeprefix("--")} & OWN
    ]
    assert not by_hand


@pytest.mark.parametrize("name", ALL)
def test_no_two_options_of_a_command_have_one_name(name):
    params = ALL[name].get_params(click.Context(ALL[name]))
    names = [param.name for param in params]
    assert len({*names}) == len(names)


def help_of(name: str) -> str:
    """The help of a command."""
    done = CliRunner().invoke(Program(SECTIONS), [*name.split(), "--help"], prog_name="wordvec")
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("name", ["count", "tokenize", "train"])
def test_options_of_the_text_have_a_heading_of_their_own(name):
    before, _, after = help_of(name).partition("Options of the text:")
    assert "--tokenize" in after
    assert "--tokenize TEXT" not in before


def test_stability_lists_the_models_that_train_on_counts_and_names_itself():
    text = help_of("stability")
    assert "glove" in text.partition("Models:")[2].partition("Options")[0]
    assert "skip-gram with negative sampling (word2vec)" not in text
    assert "wordvec stability --model NAME --help" in text


def test_the_help_shows_the_default_of_a_flag_that_is_on():
    text = " ".join(help_of("train").split())
    assert "[default: shrink]" in text
    assert "[default: no-" not in text


def test_slow_work_says_the_seconds_of_each():
    from wordvec.cli.progress import describe
    from wordvec.estimator import Progress

    assert "3.5 s per model" in describe(Progress("training", 4, 22, "models", 14.0), last=False)
    assert "2 models/s" in describe(Progress("training", 4, 22, "models", 2.0), last=False)
