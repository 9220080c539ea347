"""What every score carries beside the number, and how results become JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wordvec.errors import Unanswerable as Unanswerable

# What JSON Schema says beyond the type.
_COUNT = {"schema": {"minimum": 0}}
_SHARE = {"schema": {"minimum": 0, "maximum": 1}}


@dataclass(frozen=True)
class Interval:
    """An interval of confidence: `level` of such intervals cover the true value."""

    low: float = field(metadata={"nan": True})
    high: float = field(metadata={"nan": True})
    level: float = field(metadata=_SHARE)
    method: str


@dataclass(frozen=True)
class Coverage:
    """What was asked, what could be answered, and how words were found.

    Attributes
    ----------
    asked, answered : int
        Items of the set.
    missing : tuple of str
        Words without a vector, in the order of the set.
    lower : tuple of str
        Words that were found in another spelling: Bill answered by bill, paris by Paris.
    composed : tuple of str
        Words that were never seen, with vectors made from their parts.
    """

    asked: int = field(metadata=_COUNT)
    answered: int = field(metadata=_COUNT)
    missing: tuple[str, ...]
    lower: tuple[str, ...] = ()
    composed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Which data a score comes from: name, file, SHA-256 of its bytes, items, what is odd in it,
    and the BibTeX entry of its paper."""

    name: str
    path: str | None
    sha256: str = field(metadata={"schema": {"pattern": "^[0-9a-f]{64}$"}})
    items: int = field(metadata=_COUNT)
    notes: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class SetScore:
    """What every measure on a set of items answers.

    Attributes
    ----------
    measure, protocol : str
        Which measure, and how it was taken.
    dataset : Source
    coverage : Coverage
    score, interval
        The number of the measure and its interval.
    chance : Interval
        Where the score falls when the vectors say nothing.
    """

    measure: str
    dataset: Source
    protocol: str
    coverage: Coverage
    score: float
    interval: Interval
    chance: Interval


@dataclass(frozen=True)
class SpaceScore:
    """What a measure answers that asks no set of the user's: of the space, or of lists that ship.

    Attributes
    ----------
    measure, protocol : str
        Which measure, and how it was taken.
    name, title : str
        Of this answer, in tables and as a heading.
    coverage : Coverage
    score, interval
        The number of the measure and its interval.
    """

    measure: str
    name: str
    title: str
    protocol: str
    coverage: Coverage
    score: float
    interval: Interval


def require(
    known: int,
    asked: int,
    least: float,
    name: str,
    what: str,
    missing: Sequence[str],
    few: int = 1,
) -> None:
    """Raises Unanswerable when fewer than `few` of the words or items are known, or less than the
    share `least` of them."""
    if known < max(few, least * asked):
        raise Unanswerable(
            f"{name}: refused, fewer than {least:.0%} of {what} are known: {known} of {asked} "
            f"(missing: {first_few(missing)})"
        )


def first_few(words: Sequence[str], most: int = 12) -> str:
    """The first words, and how many more there are, for a message."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def to_json(value: Any) -> Any:
    """`value` as what JSON can hold: dataclasses to objects, tuples to arrays, NumPy scalars to
    numbers, NaN and infinities to null. Fields marked {"json": False} stay out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.metadata.get("json", True)
        }
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
