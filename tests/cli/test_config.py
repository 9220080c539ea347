"""Values of a configuration file: as if they were typed, and never a traceback."""

from pathlib import Path

import click
import pytest
from writers import commands

ALONE = {"--config", "--debug", "--help"}  # what is about one call


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("a b a b a B\n" * 9)
    return "text"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("min-count = []", "[vocab] min-count must be a text, a number, true or false, got []"),
        ("min-count = [3]", "got [3]"),
        ("min-count = {a = 1}", "got {'a': 1}"),
        ("min-count = 1979-05-27", "got datetime.date"),
        ("min-count = 3.7", "'3.7' is not a valid integer"),
        ("min-count = true", "'True' is not a valid integer"),
        ("lower = 3", "'3' is not a valid boolean"),
        ("lower = [true]", "got [True]"),
        ("text = 3", "'3' is not one of"),
        ("[vocab.x]\ny = 1", "has no option 'x'"),
    ],
)
def test_a_value_of_another_kind_is_a_usage_error(line, says, text, run):
    with open("conf.toml", "w") as file:
        file.write(f"[vocab]\n{line}\n")
    code, out, err = run("vocab", text, "-o", "v", "--config", "conf.toml")
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_a_model_that_is_no_text_is_a_usage_error(text, run):
    with open("conf.toml", "w") as file:
        file.write("[train]\nmodel = []\n")
    code, _, err = run("train", text, "-o", "v.wv", "--config", "conf.toml")
    assert code == 2
    assert "model must be" in err


def test_values_are_taken_as_if_typed(text, run):
    with open("conf.toml", "w") as file:
        file.write('[vocab]\nmin-count = 2\nlower = true\nmax-vocab = "1"\n')
    code, _, err = run("vocab", text, "-o", "v", "--config", "conf.toml", "--quiet")
    assert (code, err) == (0, "")
    with open("v") as file:
        assert file.read() == "a 27\n"


def test_one_value_of_an_option_that_takes_several_is_not_its_letters(text, run, tmp_path):
    with open("conf.toml", "w") as file:
        file.write('[phrases]\nthreshold = 12\n[eval]\ndataset = "nothing.txt"\n')
    code, _, err = run("phrases", text, "--table", "p", "--config", "conf.toml", "--quiet")
    assert code == 0, err
    (tmp_path / "v.txt").write_text("1 2\na 1 2\n")
    code, _, err = run("eval", "v.txt", "--config", "conf.toml")
    assert code == 2
    assert "nothing.txt: no such file" in err


def test_every_option_is_called_in_a_file_and_in_the_environment_what_is_typed():
    for name, command in commands():
        context = click.Context(command, info_name=name)
        for param in command.get_params(context):
            if isinstance(param, click.Option) and param.opts[-1] not in ALONE:
                typed = next(each for each in param.opts if each.startswith("--"))
                assert command.named(context)[typed[2:].replace("-", "_")] is not None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("dataset", "nothing.txt", "nothing.txt: no such file"),
        ("format", "no", "'no' is not one of 'table'"),
        ("fail-under", "word", "word"),
    ],
)
def test_an_option_of_another_argument_is_read_from_both(name, value, says, run, text, monkeypatch):
    (Path(text).parent / "v.txt").write_text("1 2\na 1 2\n")
    Path("conf.toml").write_text(f"[eval]\n{name} = '{value}'\n")
    code, _, err = run("eval", "v.txt", "--config", "conf.toml")
    assert code == 2
    assert says in err
    monkeypatch.setenv(f"WORDVEC_EVAL_{name.replace('-', '_').upper()}", value)
    code, _, err = run("eval", "v.txt")
    assert code == 2
    assert says in err


def test_a_name_that_nobody_types_is_refused(run, text, monkeypatch):
    Path("conf.toml").write_text("[eval]\ndatasets = 'x'\n[neighbors]\nmin_sount = 1\n")
    code, _, err = run("eval", "v.txt", "--config", "conf.toml")
    assert code == 2
    assert "[eval] has no option 'datasets'; did you mean 'dataset'?" in err
    monkeypatch.setenv("WORDVEC_NEIGHBORS_OUTPUT", "json")
    code, _, err = run("neighbors", "v.txt", "a")
    assert code == 2
    assert "WORDVEC_NEIGHBORS_OUTPUT: neighbors has no option 'output'" in err


@pytest.mark.parametrize("name", ["config", "debug", "help"])
def test_what_is_about_one_call_is_no_option_of_a_file(name, run, text):
    Path("conf.toml").write_text(f"[vocab]\n{name} = 'x'\n")
    code, _, err = run("vocab", text, "-o", "v", "--config", "conf.toml")
    assert code == 2
    assert f"has no option '{name}'" in err
