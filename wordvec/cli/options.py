"""Options of the command line, made from the fields that declare them (`wordvec.estimator`)."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wordvec.cli.outputs import Kept
from wordvec.estimator import Option, options_of

if TYPE_CHECKING:
    _SizeType = click.ParamType[int]
    _ListType = click.ParamType[tuple[Any, ...]]
else:
    _SizeType = _ListType = click.ParamType  # generic from click 8.4 on

F = TypeVar("F", bound=Callable[..., Any])

SHORT = {"topn": ("-k",)}  # options that also have a name of one letter
AMOUNTS = {"": 1e0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(_SizeType):
    """A number of bytes: 500M, 4G."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).strip().upper().removesuffix("IB").removesuffix("B")
        unit = text[-1:] if text[-1:].isalpha() else ""
        try:
            size = int(float(text[: len(text) - len(unit)]) * SIZES[unit])
        except (KeyError, ValueError, OverflowError):
            self.fail(f"{value!r} is not a size such as 500M or 4G", param, ctx)
        if size < 1 << 20:
            self.fail(f"{value!r} is too small; the least is 1M", param, ctx)
        return size


class Amount(_SizeType):
    """A number of things: 500K, 2M, 10G, in thousands."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).strip().upper().replace(",", "").replace("_", "")
        unit = text[-1:] if text[-1:].isalpha() else ""
        try:
            number = float(text[: len(text) - len(unit)]) * AMOUNTS[unit]
            if number < 1 or number != round(number):
                raise ValueError("not a whole number")
            return round(number)
        except (KeyError, ValueError, OverflowError):
            self.fail(f"{value!r} is not a whole number such as 2M or 10G", param, ctx)


def spelled_size(size: int) -> str:
    """A number of bytes as `Size` reads it: 1G."""
    unit = max((u for u, each in SIZES.items() if size % each == 0), key=lambda u: SIZES[u])
    return f"{size // SIZES[unit]}{unit}"


class Items(_ListType):
    """Values between commas."""

    name = "list"

    def __init__(self, item: type) -> None:
        self.item = item

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        if isinstance(value, tuple | list):
            return tuple(value)
        try:
            return tuple(self.item(part.strip()) for part in str(value).split(",") if part.strip())
        except ValueError:
            self.fail(f"{value!r} is not a list such as 1,2", param, ctx)


def flag(name: str) -> str:
    """The option of a field: x_max is --x-max."""
    return "--" + name.replace("_", "-")


def to_click(
    option: Option, default: Any = ..., *, name: str = "", several: bool = False
) -> click.Option:
    """The command-line option of a field or an argument.

    Parameters
    ----------
    option : Option
    default : object
        In place of its own default.
    name : str
        What the command calls it, where that is not its own name.
    several : bool
        Whether it is given once for each of several values.
    """
    default = option.default if default is ... else default
    spelled = flag(name or option.name)
    details: dict[str, Any] = {"help": option.help, "default": default}
    if option.kind is bool:
        # A flag that is off by default needs no opposite; one that is on, and one that the
        # environment or a file may have set, does. The help shows the default of what is on.
        details["show_default"] = bool(default)
        return click.Option([f"{spelled}/--no-{spelled[2:]}"], **details)
    if default is ...:
        details |= {"default": None, "required": True}
    elif several:
        shown = ", ".join(default) if isinstance(default, tuple) else str(default)
        details |= {"multiple": True, "default": (), "show_default": shown}
    elif default is None:
        details["show_default"] = option.none or False
    elif option.unit == "amount":
        details["show_default"] = f"{default:,}"
    elif option.unit == "bytes":
        details["show_default"] = spelled_size(int(default))
    elif option.kind is tuple:
        details["show_default"] = ",".join(map(str, default)) or "none"
    if option.unit == "address":
        details["metavar"] = "ADDRESS"
    return (Condition if option.unit == "condition" else click.Option)(
        [*SHORT.get(name or option.name, ()), spelled], type=_type(option), **details
    )


def _type(option: Option) -> Any:
    if option.choices:
        return click.Choice(option.choices)
    if option.unit == "bytes":
        return Size()
    if option.unit == "amount":
        return Amount()
    if option.unit == "path":
        return click.Path(exists=True, dir_okay=False)
    if option.unit == "folder":
        return Kept()
    if option.kind is tuple:
        return Items(option.item)
    if option.kind not in (int, float):
        return option.kind
    bounds: dict[str, Any] = {
        "min": option.at_least if option.above is None else option.above,
        "max": option.at_most if option.below is None else option.below,
        "min_open": option.above is not None,
        "max_open": option.below is not None,
    }
    if bounds["min"] is None and bounds["max"] is None:
        return option.kind
    return click.IntRange(**bounds) if option.kind is int else click.FloatRange(**bounds)


_NUMBERS = itertools.count()  # no two parameters of a command may have the same name


class Condition(click.Option):
    """An option that may be given once only."""


class Declared(click.Option):
    """Options that a command takes from the library. They are made when the command is asked what
    it has, so that `wordvec --help` imports nothing of the library."""

    def __init__(self, make: Callable[[], list[click.Option]]) -> None:
        super().__init__([f"--declared-{next(_NUMBERS)}"])
        self._make = make

    @cached_property
    def options(self) -> list[click.Option]:
        """The options, the same ones at each call: click tells them apart by identity."""
        return self._make()


def expanded(params: Iterable[click.Parameter]) -> list[click.Parameter]:
    """Parameters with what stands for `Declared` ones."""
    return [
        each
        for param in params
        for each in (param.options if isinstance(param, Declared) else [param])
    ]


def add_options(
    where: str,
    *only: str,
    without: Iterable[str] = (),
    defaults: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
    several: Iterable[str] = (),
    when: str = "",
) -> Callable[[F], F]:
    """A decorator that gives a command the options that a dataclass or a function declares.

    Parameters
    ----------
    where : str
        "module:name" of the dataclass or the function, see `wordvec.estimator.options_of`.
    only : str
        Names of the options, by default all that are for the command line.
    without : names
        Those to leave out.
    defaults : dict
        Defaults of the command, where they are not those of the library.
    names : dict
        What the command calls an option, where that is not the name of the argument.
    several : names
        Options that are given once for each of several values.
    when : str
        What else must be given for the options to matter, such as "With --all"; their help says so.
    """

    def make() -> list[click.Option]:
        known = declared_options(where)
        chosen = only or [name for name, each in known.items() if each.command_line]
        made = []
        for name in chosen:
            if name in without:
                continue
            option = known[name]
            if when:
                text = f"{when}: {option.help[0].lower()}{option.help[1:]}"
                option = dataclasses.replace(option, help=text)
            default = (defaults or {}).get(name, option.default)
            called = (names or {}).get(name, "")
            made.append(to_click(option, default, name=called, several=name in several))
        return made

    return add_declared(make)


def add_declared(make: Callable[[], list[click.Option]]) -> Callable[[F], F]:
    """A decorator that gives a command options which are made when they are asked for."""

    def decorate(function: F) -> F:
        # As click's own decorators do: the last one that is applied comes first.
        function.__dict__.setdefault("__click_params__", []).append(Declared(make))
        return function

    return decorate


def parted(kind: Any, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(those of the options that an estimator has, the others), of all that a command was given."""
    own = options_of(kind)
    return (
        {name: value for name, value in options.items() if name in own},
        {name: value for name, value in options.items() if name not in own},
    )


def declared_options(where: str) -> dict[str, Option]:
    """The options of "module:name"."""
    module, name = where.split(":")
    return options_of(operator.attrgetter(name)(importlib.import_module(module)))
