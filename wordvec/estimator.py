"""What every estimator is: options that validate and document themselves, progress, threads."""

from __future__ import annotations

import abc
import dataclasses
import difflib
import functools
import inspect
import numbers
import sys
import time
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, TypeAlias, TypeVar, cast

from wordvec.system.memory import peak_memory
from wordvec.system.parallel import default_threads

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known of one option of an estimator: its field says it, everything else reads it.

    Attributes
    ----------
    name : str
        The name of the field, of the keyword argument and, with dashes, of the command-line option.
    help : str
        One line: the effect, the unit and, where it is not obvious, when to change it.
    kind : type
        int, float, bool, str or tuple.
    item : type
        The type of the items of a tuple.
    others : tuple of type
        Further types that the library takes, such as vectors beside the path of their file.
    optional : bool
        Whether None is allowed; `none` says what it means.
    choices : tuple of str
        The values that are allowed; empty where any value is.
    above, at_least, below, at_most : float or None
        The range of a number.
    unit : str
        "bytes" where the command line takes sizes such as 500M; "condition" where it takes one
        value and refuses a second.
    source : str
        Where the default comes from: a paper, a reference implementation.
    counting : bool
        Whether the option says how a text is counted, so that shards have settled it already.
    aliases : tuple of str
        Older names, for reading checkpoints and cards that have them.
    command_line : bool
        Whether the command line has it too.
    default : object
        `...` where a value must be given.
    """

    name: str = ""
    help: str
    kind: type = str
    item: type = str
    others: tuple[type, ...] = ()
    optional: bool = False
    none: str = ""
    choices: tuple[str, ...] = ()
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    unit: str = ""
    source: str = ""
    counting: bool = False
    aliases: tuple[str, ...] = ()
    command_line: bool = True
    default: Any = ...

    @property
    def range(self) -> str:
        """The values that are allowed, in words: "> 0", ">= 1 and <= 64", "one of sum, words"."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        bounds = (
            (">", self.above),
            (">=", self.at_least),
            ("<", self.below),
            ("<=", self.at_most),
        )
        return " and ".join(
            f"{sign} {_shown(bound)}" for sign, bound in bounds if bound is not None
        )

    def check(self, value: Any) -> None:
        """Raises TypeError or ValueError, which name the option, its range and the value."""
        if value is None:
            if not self.optional:
                raise TypeError(f"{self.name} must be {_KINDS[self.kind]}, got None")
            return
        if self.kind is tuple:
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise TypeError(f"{self.name} must be several values, got {value!r}")
            for item in value:
                self._check_one(item, self.item)
        else:
            self._check_one(value, self.kind)

    def _check_one(self, value: Any, kind: type) -> None:
        if isinstance(value, self.others):
            return
        if not _is_a(value, kind):
            wanted = " or ".join([_KINDS[kind], *(other.__name__ for other in self.others)])
            raise TypeError(f"{self.name} must be {wanted}, got {value!r}")
        inside = (
            (not self.choices or value in self.choices)
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.below is None or value < self.below)
            and (self.at_most is None or value <= self.at_most)
        )
        if not inside:
            shown = repr(value) if isinstance(value, str) else value
            raise ValueError(f"{self.name} must be {self.range}, got {shown}")


def _shown(bound: float) -> str:
    """A bound with all its digits: 1,048,576 and not 1.04858e+06."""
    return f"{bound:,}" if isinstance(bound, int) and abs(bound) >= 1e6 else f"{bound:g}"


_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a string",
    tuple: "several values",
}


def _is_a(value: Any, kind: type) -> bool:
    """Whether a value is of a kind; numpy's scalars are too, a bool is no number."""
    boolean = isinstance(value, bool) or getattr(value, "dtype", None) == "bool"
    if kind is bool:
        return boolean
    if kind is int:
        return isinstance(value, numbers.Integral) and not boolean
    if kind is float:
        return isinstance(value, numbers.Real) and not boolean
    return isinstance(value, kind)


Threads: TypeAlias = Annotated[
    int | None,
    Option(help="Threads to work with.", none="all processors", at_least=1, at_most=4096),
]
Seed: TypeAlias = Annotated[
    int, Option(help="Seed of all random numbers.", at_least=0, at_most=(1 << 64) - 1)
]


def option(default: Any, help: str, **details: Any) -> Any:
    """A dataclass field that validates, describes and documents itself; `details` as in `Option`.

    The type comes from the annotation: `int`, `float`, `bool`, `str`, `tuple[str, ...]`, any of
    them with `| None`, or `Literal[...]`, whose values become the choices. Of several types the
    first is that of the command line.

    >>> from dataclasses import dataclass
    >>> @dataclass(kw_only=True)
    ... class Model(Estimator):
    ...     x_max: float = option(100.0, "Count from which a cell has full weight.", above=0)
    >>> Model(x_max=-1)._check()
    Traceback (most recent call last):
    ValueError: x_max must be > 0, got -1
    """
    declared = Option(help=help, default=default, **details)
    return dataclasses.field(default=default, metadata={"option": declared})


def same_option(base: type, name: str, default: Any, **changes: Any) -> Any:
    """The option of a base class with another default, and whatever else changes."""
    changed = dataclasses.replace(options_of(base)[name], default=default, **changes)
    return dataclasses.field(default=default, metadata={"option": changed})


@functools.cache
def options_of(declaring: Any) -> dict[str, Option]:
    """The options of a dataclass, or of the arguments of a function, by name and in their order.

    A field is an option when `option(...)` made it, or its annotation says so, as that of an
    argument does.

    >>> from typing import Annotated
    >>> def shorten(text: str, *, most: Annotated[int, Option(help="Words.", at_least=1)] = 9): ...
    >>> options_of(shorten)["most"].range, options_of(shorten)["most"].default
    ('>= 1', 9)
    """
    found = {}
    for name, (annotation, default, declared) in _declarations(declaring).items():
        kind, *notes = annotation
        declared = declared or next((note for note in notes if isinstance(note, Option)), None)
        if declared is not None:
            found[name] = dataclasses.replace(declared, name=name, default=default, **_typed(kind))
    return found


def _declarations(declaring: Any) -> dict[str, tuple[tuple[Any, ...], Any, Option | None]]:
    """The annotation, default and option of each field or argument."""
    found = {}
    if dataclasses.is_dataclass(declaring):
        for field in dataclasses.fields(declaring):
            bases: tuple[type, ...] = cast(type, declaring).__mro__
            owner = next(base for base in bases if field.name in inspect.get_annotations(base))
            names = dict(vars(sys.modules[owner.__module__]))
            annotation = _parts(inspect.get_annotations(owner)[field.name], names)
            found[field.name] = annotation, field.default, field.metadata.get("option")
        return found
    names = inspect.unwrap(declaring).__globals__
    for name, argument in inspect.signature(declaring).parameters.items():
        default = ... if argument.default is argument.empty else argument.default
        found[name] = _parts(argument.annotation, names), default, None
    return found


def check_options(declaring: Any, values: Mapping[str, Any]) -> None:
    """Raises TypeError or ValueError for a value outside the range of its option."""
    for name, declared in options_of(declaring).items():
        if name in values:
            declared.check(values[name])


def checked(function: Function) -> Function:
    """A function that checks those of its arguments that are options (`options_of`)."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        check_options(function, signature.bind(*args, **kwargs).arguments)
        return function(*args, **kwargs)

    return cast(Function, call)


def _parts(annotation: Any, names: dict[str, Any]) -> tuple[Any, ...]:
    """A type and what `Annotated` adds to it; None for a type that only type checkers know."""
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, names)
        except NameError:
            return (None,)
    if typing.get_origin(annotation) is Annotated:
        return typing.get_args(annotation)
    return (annotation,)


def _typed(hint: Any) -> dict[str, Any]:
    """What an annotation says of an option."""
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    parts = typing.get_args(hint) if union else (hint,)
    known = [part for part in parts if part is not type(None)]
    result: dict[str, Any] = {"optional": len(known) < len(parts), "kind": known[0]}
    origin = typing.get_origin(known[0])
    if origin is typing.Literal:
        result |= {"kind": str, "choices": typing.get_args(known[0])}
    elif origin is tuple:
        result |= {"kind": tuple, "item": typing.get_args(known[0])[0]}
    else:
        result["others"] = tuple(typing.get_origin(part) or part for part in known[1:])
    return result


# gensim's names of options (version 3 and 4), which are accepted as keywords.
GENSIM_NAMES = {
    "size": "vector_size",
    "iter": "epochs",
    "workers": "threads",
    "max_final_vocab": "max_vocab",
    "shrink_windows": "shrink",
    "min_n": "minn",
    "max_n": "maxn",
}


class _Named(abc.ABCMeta):
    """The class of estimators: they are also constructed with gensim's names of their options."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **_own_names(cls, kwargs))

    @property
    def __signature__(cls) -> inspect.Signature:
        """That of __init__ without self: what help(), notebooks and reference pages show."""
        _, *options = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
        return inspect.Signature(options)


def _own_names(kind: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters under the names that the estimator has for them."""
    known = options_of(kind) if hasattr(kind, "__dataclass_fields__") else {}
    named: dict[str, Any] = {}
    for name, value in params.items():
        other = GENSIM_NAMES.get(name, name)
        own = other if name not in known and other in known else name
        if own in named:
            raise TypeError(f"{kind.__name__} got {own!r} twice: one of them as {name!r}")
        named[own] = value
    return named


class Estimator(metaclass=_Named):
    """Base of the models: a dataclass of options with scikit-learn's manners.

    `fit` takes data and returns the estimator, which then has `vectors_`; `get_params` and
    `set_params` make it usable in `sklearn.base.clone` and in searches. `papers` are the keys of
    its sources in `wordvec.references`. Options are also taken under gensim's names for them.
    """

    papers: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def options(cls) -> dict[str, Option]:
        """The options by name, with type, range, help and default."""
        kind: Any = cls
        return options_of(kind)

    @classmethod
    def renamed(cls) -> dict[str, str]:
        """Older names of options, and the names that they have now."""
        return {old: name for name, each in cls.options().items() for old in each.aliases}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name. `deep` is there for scikit-learn; no option is an estimator.

        Parameters
        ----------
        deep : bool
            Not used.
        """
        options = dataclasses.fields(self)  # type: ignore[arg-type]
        return {field.name: getattr(self, field.name) for field in options if field.init}

    def recorded(self) -> dict[str, Any]:
        """The options as a card and a checkpoint hold them, which is JSON."""
        return self.get_params()

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn 1.6 and later asks of an estimator; it is installed when it asks."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(two_d_array=False, string=True),
        )

    def set_params(self, **params: Any) -> Self:
        """Sets options by name and returns the estimator.

        Raises
        ------
        ValueError
            For a name that is no option.
        """
        known = self.get_params()
        for name, value in _own_names(type(self), params).items():
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"did you mean {close[0]!r}? " if close else ""
                raise ValueError(
                    f"{type(self).__name__} has no option {name!r}; {hint}it has {', '.join(known)}"
                )
            setattr(self, name, value)
        return self

    def notes(self) -> list[str]:
        """What a user should know of the last `fit`, one line for each fact."""
        return []

    def _check(self) -> None:
        """Raises TypeError or ValueError for an option outside its range; `fit` begins with it.

        A subclass adds what concerns several options at once.
        """
        for name, declared in self.options().items():
            declared.check(getattr(self, name))


def check(name: str, value: float, low: float, high: float | None = None) -> None:
    """Raises ValueError when an option lies outside [low, high]."""
    if not value >= low or (high is not None and value > high):
        span = f">= {low}" if high is None else f"in [{low}, {high}]"
        raise ValueError(f"{name} must be {span}, got {value}")


def thread_count(threads: int | None) -> int:
    """The number of threads an option means: None is every processor that may be used."""
    if threads is None:
        return default_threads()
    check("threads", threads, 1, 4096)
    return threads


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes
    ----------
    stage : str
        "reading", "counting" or "training".
    done, total : int
        Work done and to do in the unit of the stage; total is 0 where it is not known.
    unit : str
        "words" (raw tokens of the corpus), "tiles" or "cells".
    seconds : float
        Wall time since the stage began.
    epoch, epochs : int
        The epoch under way, from 1, and how many there will be; 0 outside training.
    kept : int
        Words that passed subsampling so far.
    alpha : float
        The learning rate now.
    loss : float
        Mean loss per positive pair (or cell) of the epoch so far; NaN where there is none yet.
    held_out : float
        Mean loss per positive pair of the held-out text, after the last epoch; NaN where no text is
        held out.
    convergence : float
        Mean cosine between the vectors of a sample and their least-squares solutions given the
        contexts, after the last epoch; NaN where it is not measured.
    """

    stage: str
    done: int
    total: int
    unit: str
    seconds: float
    epoch: int = 0
    epochs: int = 0
    kept: int = 0
    alpha: float = 0.0
    loss: float = float("nan")
    held_out: float = float("nan")
    convergence: float = float("nan")

    @property
    def rate(self) -> float:
        """Units per second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float:
        """Seconds to go at this rate; NaN where the total is not known."""
        return (self.total - self.done) / self.rate if self.total and self.done else float("nan")

    @property
    def memory(self) -> int:
        """The largest number of bytes that the process has held so far."""
        return peak_memory()


Callback: TypeAlias = Callable[[Progress], None]


class Stopwatch:
    """Wall time since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start
