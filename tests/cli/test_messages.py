"""The library's messages name arguments; the command line names its options."""

import re
from collections.abc import Iterator

import click
import numpy as np
import pytest

import wordvec
from wordvec.cli import SECTIONS
from wordvec.cli.program import ARGUMENTS, Program, with_options

OPTIONS = {
    "vector_size": ("--vector-size", []),
    "weighting": ("--weighting", []),
    "force": ("--force", []),
    "shrink": ("--shrink", ["--no-shrink"]),
    "format": ("--to", []),
    "tau": ("--tau", []),
}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("init has 3 dimensions, vector_size is 8", "init has 3 dimensions, --vector-size is 8"),
        ("pass weighting='flat', or less", "pass --weighting flat, or less"),
        ("give force=True", "give --force"),
        ("try shrink=False or shrink=True.", "try --no-shrink or --shrink."),
        ("give format=NAME", "give --to NAME"),
        ("tau=1.225, which", "--tau 1.225, which"),
        ("a_b=3 and c_d are no options", "a_b=3 and c_d are no options"),
        ("/data/vector_size/x.txt: damaged", "/data/vector_size/x.txt: damaged"),
        ("no word 'vector_size'", "no word 'vector_size'"),
    ],
)
def test_arguments_become_options(message, expected):
    error = ValueError(message)
    error.__dict__[ARGUMENTS] = OPTIONS
    assert with_options(message, error) == expected


def test_an_error_of_no_command_stays_as_it_is():
    assert with_options("give force=True", ValueError()) == "give force=True"


@pytest.fixture
def run(capsys):
    def run(*args):
        from wordvec.cli import main

        with pytest.raises(SystemExit) as exit:
            main([str(a) for a in args])
        return exit.value.code, capsys.readouterr().err

    return run


def test_commands_name_their_options(run, tmp_path):
    vectors = tmp_path / "v.wv"
    wordvec.WordVectors(["a", "b"], np.ones((2, 3), np.float32)).save(vectors)
    code, err = run("convert", vectors, tmp_path / "v.odd")
    assert code == 2
    assert "no format is known by '.odd'; give --to NAME" in err
    code, err = run("convert", vectors, vectors)
    assert code != 0
    (tmp_path / "w.wv").write_bytes(b"x")
    code, err = run("convert", vectors, tmp_path / "w.wv")
    assert code != 0
    assert "exists already; name another file or give --force" in err
    (tmp_path / "t.txt").write_text("a b c\n" * 9)
    train = ("train", tmp_path / "t.txt", "-o", tmp_path / "x.wv", "--quiet")
    code, err = run(*train, "--vector-size", 5, "--init", vectors)
    assert code == 2
    assert "init has 3 dimensions, --vector-size is 5" in err


def _commands(group: click.Group, ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from _commands(command, click.Context(command, parent=ctx, info_name=name))


def test_the_list_of_commands_says_of_each_in_one_line_what_it_does() -> None:
    program = Program(SECTIONS)
    for name, command in _commands(program, click.Context(program, info_name="wordvec")):
        summary = command.get_short_help_str(limit=80)
        assert re.search(r"[^.]\.$", summary), f"{name}: {summary} is cut"
        assert len(summary) <= 60, f"{name}: {summary} is wider than a terminal of 80 columns"
