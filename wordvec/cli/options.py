"""Options of the command line, made from the fields that declare them (`wordvec.estimator`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from wordvec.estimator import Option

    _SizeType = click.ParamType[int]
    _ListType = click.ParamType[tuple[Any, ...]]
else:
    _SizeType = _ListType = click.ParamType  # generic from click 8.4 on

F = TypeVar("F", bound=Callable[..., Any])

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
            self.fail(f"{value!r} is less than 1M", param, ctx)
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


def to_click(option: Option, default: Any = ...) -> click.Option:
    """The command-line option of a field.

    Parameters
    ----------
    option : Option
    default : object
        In place of the field's own default.
    """
    default = option.default if default is ... else default
    details: dict[str, Any] = {"default": default, "help": option.help}
    if option.kind is bool:
        # A flag that is off by default needs no opposite; one that is on, and one that the
        # environment or a file may have set, does.
        return click.Option([f"{flag(option.name)}/--no-{flag(option.name)[2:]}"], **details)
    if default is None:
        details["show_default"] = option.none or False
    elif option.unit == "amount":
        details["show_default"] = f"{default:,}"
    elif option.unit == "bytes":
        details["show_default"] = spelled_size(int(default))
    elif option.kind is tuple:
        details["show_default"] = ",".join(map(str, default)) or "none"
    return click.Option([flag(option.name)], type=_type(option), **details)


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
        return click.Path()
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


def add_options(
    options: Mapping[str, Option], *, only: Iterable[str] = (), without: Iterable[str] = ()
) -> Callable[[F], F]:
    """A decorator that gives a command the options of a dataclass; see `wordvec.estimator`.

    Parameters
    ----------
    options : dict of Option
        As `options_of(dataclass)` gives them.
    only, without : names
        Those to take, by default all; those to leave out.
    """

    def decorate(function: F) -> F:
        chosen = [
            option
            for name, option in options.items()
            if option.command_line and (not only or name in only) and name not in without
        ]
        # As click's own decorators do: the last one that is applied comes first.
        for option in reversed(chosen):
            made = to_click(option)
            if isinstance(function, click.Command):
                function.params.insert(0, made)
            else:
                function.__dict__.setdefault("__click_params__", []).append(made)
        return function

    return decorate
