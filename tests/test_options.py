"""Options: declared once, read by validation, command line, configuration and documentation."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from inspect import isclass, isfunction
from typing import Annotated, Literal

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordvec
from wordvec.cli.models.train import fields_of
from wordvec.cli.options import Size, spelled_size, to_click
from wordvec.estimator import (
    Estimator,
    Option,
    Threads,
    checked,
    option,
    options_of,
    same_option,
)
from wordvec.models import MODELS
from wordvec.training.options import RunOptions


@dataclass(kw_only=True)
class Example(Estimator):
    whole: int = option(3, "A whole number.", at_least=1, at_most=9)
    part: float = option(0.5, "A number.", above=0, below=1, aliases=("share",))
    word: Literal["a", "b"] = option("a", "A choice.")
    some: int | None = option(None, "A number or none.", none="all", at_least=1)
    flag: bool = option(False, "A flag.")
    parts: tuple[float, ...] = option((0.5, 1.0), "Several numbers.", at_least=0)


@dataclass(kw_only=True)
class Kin(Example):
    whole: int = same_option(Example, "whole", 5)


def test_the_type_comes_from_the_annotation():
    options = Example.options()
    assert [o.kind for o in options.values()] == [int, float, str, int, bool, tuple]
    assert options["word"].choices == ("a", "b")
    assert [o.optional for o in options.values()] == [False, False, False, True, False, False]
    assert options["parts"].item is float


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"whole": 0}, "whole must be >= 1 and <= 9, got 0"),
        ({"whole": 10}, "whole must be >= 1 and <= 9, got 10"),
        ({"part": 0}, "part must be > 0 and < 1, got 0"),
        ({"part": float("nan")}, "part must be > 0 and < 1, got nan"),
        ({"word": "c"}, "word must be one of a, b, got 'c'"),
        ({"some": 0}, "some must be >= 1, got 0"),
        ({"parts": (1.0, -1.0)}, "parts must be >= 0, got -1.0"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range(options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Example(**options)._check()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"whole": 1.5}, "whole must be a whole number, got 1.5"),
        ({"whole": True}, "whole must be a whole number, got True"),
        ({"whole": None}, "whole must be a whole number, got None"),
        ({"part": "1"}, "part must be a number, got '1'"),
        ({"word": 1}, "word must be a string, got 1"),
        ({"flag": 1}, "flag must be True or False, got 1"),
        ({"parts": 1}, "parts must be several values, got 1"),
        ({"parts": "12"}, "parts must be several values, got '12'"),
    ],
)
def test_a_value_of_another_type_is_named_with_the_type(options, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Example(**options)._check()


def test_numbers_of_numpy_are_numbers():
    made = Example(whole=np.int64(2), part=np.float32(0.5), flag=np.bool_(True))
    made._check()
    assert (made.whole, made.part, made.flag) == (2, 0.5, True)
    with pytest.raises(TypeError, match="whole must be a whole number"):
        Example(whole=np.float32(2))._check()


def shorten(
    text: str,
    most: Annotated[int, Option(help="Words that are kept.", at_least=1)],
    *,
    end: Annotated[Literal["...", ""], Option(help="What stands for the rest.")] = "...",
    threads: Threads = 1,
    case: Annotated[Literal["lower", "upper"] | None, Option(help="Change the case.")] = None,
    quick: bool = False,
) -> str:
    return " ".join(text.split()[:most]) + end


def test_arguments_of_a_function_are_options_where_they_say_so():
    options = options_of(shorten)
    assert list(options) == ["most", "end", "threads", "case"]
    assert options["case"].choices == ("lower", "upper")
    assert options["case"].optional
    assert options["most"].default is ...
    assert to_click(options["most"]).required
    assert options["end"].choices == ("...", "")
    assert options["end"].default == "..."
    assert options["threads"].optional
    assert options["threads"].default == 1
    assert options_of(checked(shorten)) == options


def test_a_checked_function_names_the_argument_and_its_range():
    assert checked(shorten)("a b c", 2) == "a b..."
    with pytest.raises(ValueError, match=r"^most must be >= 1, got 0$"):
        checked(shorten)("a b c", 0)
    with pytest.raises(ValueError, match=r"^end must be one of"):
        checked(shorten)("a b c", most=2, end="!")


def test_a_subclass_changes_a_default_and_keeps_the_rest():
    assert Kin().whole == 5
    assert Kin.options()["whole"].at_most == 9
    assert Kin.renamed() == {"share": "part"}


@given(st.integers(-20, 20))
def test_the_command_line_accepts_what_the_field_accepts(value):
    made = to_click(Example.options()["whole"])
    context = click.Context(click.Command("x"))
    try:
        Example(whole=value)._check()
    except ValueError:
        with pytest.raises(click.BadParameter):
            made.type.convert(value, made, context)
    else:
        assert made.type.convert(value, made, context) == value


def test_sizes_are_bytes():
    size, ctx = Size(), click.Context(click.Command("x"))
    assert [size.convert(s, None, ctx) for s in ("1M", "1.5G", "2 MiB", "3GB")] == [
        1 << 20,
        3 << 29,
        2 << 20,
        3 << 30,
    ]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_option_of_a_model_is_on_the_command_line_with_its_default(model):
    made = {name: to_click(each, default) for name, (each, default) in fields_of(model).items()}
    assert {"threads", "seed", "vector_size"} & set(model.load().options()) <= set(made)
    for name, parameter in made.items():
        assert parameter.help, name
        assert parameter.help.endswith((".", ")")), name
    kind = model.load()
    assert all(getattr(kind(), n) == made[n].default for n in kind.options() if n in made)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_docstrings_explain_each_option(model):
    kind = model.load()
    kinds = [base for base in kind.__mro__ if issubclass(base, Estimator)]
    lines = "\n".join(inspect.cleandoc(base.__doc__ or "") for base in kinds)
    heads = re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", lines, re.M)
    explained = {name.strip() for head in heads for name in head.split(",")}
    assert set(kind.options()) <= explained


def test_run_options_are_explained_and_are_arguments_of_fit():
    lines = inspect.cleandoc(RunOptions.__doc__)
    assert all(re.search(rf"^{name} :", lines, re.M) for name in options_of(RunOptions))


@pytest.mark.parametrize("name", MODELS)
def test_fit_documents_each_of_its_arguments(name):
    fit = MODELS[name].load().fit
    arguments = [each for each in inspect.signature(fit).parameters if each != "self"]
    documented = re.findall(r"^(\w+)(?: :|$)", inspect.getdoc(fit), re.MULTILINE)
    for argument in arguments:
        assert documented.count(argument) == 1, argument


@pytest.mark.parametrize(("size", "text"), [(1 << 30, "1G"), (1 << 20, "1M"), (3 << 29, "1536M")])
def test_a_default_in_bytes_is_shown_as_it_is_given(size, text):
    assert spelled_size(size) == text
    assert Size().convert(text, None, None) == size


FUNCTIONS = [
    each for each in (getattr(wordvec, name) for name in wordvec.__all__) if isfunction(each)
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_functions_document_each_of_their_arguments(function):
    heads = re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", inspect.getdoc(function), re.MULTILINE)
    documented = [name.strip() for head in heads for name in head.split(",")]
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is not argument.VAR_KEYWORD:
            assert documented.count(name) == 1, name


def methods():
    """The public methods of the public classes by name, each once, where it is defined."""
    found = {}
    for kind in filter(isclass, (getattr(wordvec, name) for name in wordvec.__all__)):
        for name in dir(kind):
            method = inspect.getattr_static(kind, name)
            method = getattr(method, "__func__", method)
            ours = isfunction(method) and method.__module__.startswith("wordvec.")
            if ours and not name.startswith("_"):
                found.setdefault(method.__qualname__, (kind, name))
    return found


@pytest.mark.parametrize(("kind", "name"), methods().values(), ids=methods())
def test_methods_document_each_of_their_arguments(kind, name):
    """In a section "Parameters", as numpydoc has it; a method that replaces another may leave the
    words to that one."""
    method = getattr(kind, name)
    arguments = [
        each.name
        for each in inspect.signature(method).parameters.values()
        if each.name not in ("self", "cls") and each.kind is not each.VAR_KEYWORD
    ]
    sections = re.split(r"\n\n(\w[\w ]*)\n-+\n", "\n\n" + inspect.getdoc(method))
    parameters = dict(zip(sections[1::2], sections[2::2], strict=True)).get("Parameters", "")
    heads = re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", parameters, re.MULTILINE)
    documented = [head.strip() for line in heads for head in line.split(",")]
    for argument in arguments:
        assert documented.count(argument) == 1, argument
