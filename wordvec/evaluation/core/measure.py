"""What wordvec knows of a measure, in one object: how it is run, shown, explained and cited."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A result as it stands in the document: JSON, with the model's name in front.
Entry = Mapping[str, Any]
Cell = Callable[[Entry], str]


SCANT = 0.1  # of the items: below, a score is greyed and compared with nothing
P_FOUND = 0.05  # an association is said to stand when its p, adjusted, lies below


# --- cells ----------------------------------------------------------------------------------------


def number(value: float | None, places: int = 3) -> str:
    """A number for people; a small one in scientific form; '-' for what does not exist."""
    if value is None:
        return "-"
    if value != 0 and abs(value) < 10**-places:
        return f"{value:.1e}"
    return f"{value:.{places}f}"


def between(interval: Entry | None) -> str:
    """An interval for people."""
    if not interval:
        return "-"
    return f"{number(interval['low'])} to {number(interval['high'])}"


def title(e: Entry) -> str:
    """What a result is called in a table: its dataset or test, with the solver if there is one."""
    name = e["dataset"]["name"] if "dataset" in e else e["name"]
    return f"{name} ({e['solver']})" if "solver" in e else str(name)


def counts(e: Entry) -> tuple[int, int]:
    """(answered, asked): items of a set, or words of lists."""
    if "coverage" in e:
        return e["coverage"]["answered"], e["coverage"]["asked"]
    parts = e["lists"].values()
    return sum(len(part["used"]) for part in parts), sum(part["asked"] for part in parts)


def value(name: str, places: int = 3) -> Cell:
    """The cell of a number."""
    return lambda e: number(e[name], places)


def span(name: str) -> Cell:
    """The cell of an interval."""
    return lambda e: between(e[name])


def p_text(p: float | None) -> str:
    """A p-value for people: four places, in scientific form below .0001."""
    return number(p, 4)


def p_value(name: str) -> Cell:
    """The cell of a p-value."""
    return lambda e: p_text(e[name])


def text(name: str) -> Cell:
    """The cell of a word or a whole number."""
    return lambda e: str(e[name])


def scant(e: Entry) -> bool:
    """Whether so little of a set was answered that its score says nothing of the vectors."""
    got, asked = counts(e)
    return asked > 0 and got < SCANT * asked


def another_language(e: Entry) -> bool:
    """Whether so little of a large set was answered that it may be of another language; a set of
    phrases (New_York) is of none that has other words."""
    missing = e["coverage"]["missing"] if "coverage" in e else ()
    phrases = sum("_" in word or " " in word for word in missing)
    return scant(e) and counts(e)[1] >= 50 and 2 * phrases <= len(missing)


def beyond_chance(e: Entry) -> bool:
    """Whether a score lies above the band of what chance gives, which stands in its table."""
    band = e["chance"]
    high = band["high"] if isinstance(band, Mapping) else band
    return bool(high is not None and e["score"] > high)


def answered(e: Entry, *, brief: bool = False) -> str:
    """How many items were answered, and what to know of it: if brief, only that it is too few."""
    got, asked = counts(e)
    notes = []
    if scant(e):
        notes.append("another language?" if another_language(e) else "too few")
    for how, what in () if brief else (("lower", "in other case"), ("composed", "composed")):
        if count := len(e.get("coverage", {}).get(how, ())):
            notes.append(f"{count:,} words {what}")
    return f"{got:,} of {asked:,}" + (f" ({', '.join(notes)})" if notes else "")


def chance(e: Entry) -> str:
    """What chance gives: a number or where it falls."""
    return between(e["chance"]) if isinstance(e["chance"], Mapping) else number(e["chance"])


def list_sizes(e: Entry) -> str:
    """Known and asked words of each list, and how many of them were found in another way."""
    return ", ".join(map(_list_size, e["lists"], e["lists"].values()))


def _list_size(side: str, part: Entry) -> str:
    notes = [
        f"{len(part[how])} {what}"
        for how, what in (("lower", "in other case"), ("composed", "composed"))
        if part[how]
    ]
    size = f"{side} {len(part['used'])}/{part['asked']}"
    return size + (f" ({', '.join(notes)})" if notes else "")


def extremes(e: Entry) -> str:
    """The three lowest and highest words."""
    if not e["words"]:
        return "-"
    ordered = sorted(e["words"], key=lambda item: item[1])
    low = ", ".join(f"{w} {number(v)}" for w, v in ordered[:3])
    high = ", ".join(f"{w} {number(v)}" for w, v in reversed(ordered[-3:]))
    return f"lowest {low}; highest {high}"


@dataclass(frozen=True)
class Table:
    """Cells as people read them.

    Attributes
    ----------
    caption : str
        May be empty.
    main : int
        How many columns stand in the first line of a row; the others follow in a smaller line.
        0: all in the first.
    grey : frozenset of int
        Rows whose numbers say nothing (`scant`).
    folded : bool
        Shown when somebody asks, and not printed.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    main: int = 0
    grey: frozenset[int] = frozenset()
    folded: bool = False

    @classmethod
    def of(cls, records: Sequence[Mapping[str, str]], caption: str = "", **how: Any) -> Table:
        """A table of records with the same keys; columns without anything in them are left out."""
        filled = [name for name in records[0] if any(r[name] not in ("", "-") for r in records)]
        rows = tuple(tuple(r[name] for name in filled) for r in records)
        return cls(caption, tuple(filled), rows, **how)


# Columns that measures of one kind share.
SCORE, INTERVAL = value("score"), span("interval")
OF_SETS = {"dataset": title}
BIAS_COLUMNS: dict[str, Cell] = {
    "lists": text("name"),
    "score": SCORE,
    "interval": INTERVAL,
    "by chance": span("chance"),
    "without bias": value("unbiased"),
    "about": text("title"),
    "words": list_sizes,
    "extremes": extremes,
}


# --- the measure ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variants:
    """An argument of `run` of which a run asks several values, such as the solver of analogies.

    `option`: the field of `run.Options` that chooses among them; all of `values` without one.
    """

    argument: str
    values: tuple[str, ...]
    option: str | None = None


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure: whatever the suite, the report, the schema and the command line need of it.

    Attributes
    ----------
    name : str
        Of `--measure`, of the document and of its file: lower case with underscores.
    title : str
        The heading of its section.
    score : str
        What its number is called in a sentence: "Spearman's rho".
    about : str
        What it measures, in a sentence or two for somebody who does not know it.
    asks : type or None
        What one question is: a kind of `datasets.Dataset`, `WeatTest`, `GenderLists`; None for
        measures of the vectors alone.
    run : callable
        run(space, question, **options) -> result; run(space, **options) when `asks` is None. It
        is given those options of the run that it has parameters for.
    result : type
        The dataclass that `run` returns. It needs measure, protocol, score, interval and chance;
        dataset and coverage (of a set), or name, title and lists (of word lists). The JSON schema
        is made from its annotations.
    columns : mapping of str to cell
        Heading -> text of the cell, of the JSON entry of a result. The model comes in front.
    main : int
        How many of the columns stand in the first line of a row.
    reference : str
        BibTeX entries of the papers that define it.
    range : (float or None, float or None)
        Between which values the score lies by definition; None where it has no end.
    detail : callable, optional
        A table of one result.
    compare : callable, optional
        compare(question, {model: result}, resamples, level, seed) -> comparisons of the models.
    of_vectors : callable, optional
        of_vectors(space, question, result) -> the words that the score depends on, and the score
        as a function of their vectors: what the uncertainty of vectors needs.
    family : callable, optional
        The results of one model -> the same, corrected for each other (Holm).
    figures : tuple of str
        Of `report.figures.PLOTS`.
    variants : Variants, optional
    question : str
        What the one question of a measure without a set is called, as in its results; "gender" for
        gender's lists, else the measure's name.
    caution : str
        A sentence that stands beside every number of a measure that is easily misread.
    in_all : bool
        Whether `--measure all` takes it.
    """

    name: str
    title: str
    score: str
    about: str
    asks: type | None
    run: Callable[..., Any]
    result: type
    columns: Mapping[str, Cell]
    reference: str
    main: int = 4
    range: tuple[float | None, float | None] = (None, None)
    detail: Callable[[Entry], Table] | None = None
    compare: Callable[..., list[Any]] | None = None
    of_vectors: Callable[..., Any] | None = None
    family: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    figures: tuple[str, ...] = ()
    variants: Variants | None = None
    question: str = ""
    caution: str = ""
    in_all: bool = True

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"measure {self.name!r}: a name has lower case letters, digits and _")
        for field in ("title", "score", "about", "reference"):
            if not getattr(self, field).strip():
                raise ValueError(f"measure {self.name}: {field} is empty")
        if not self.columns and self.detail is None:
            raise ValueError(f"measure {self.name}: neither columns nor detail to show it by")
        if not dataclasses.is_dataclass(self.result):
            raise ValueError(f"measure {self.name}: result must be a dataclass")
        own = {field.name for field in dataclasses.fields(self.result)}
        lacking = {"measure", "protocol", "score", "interval", "chance"} - own
        of_set, of_lists = {"dataset", "coverage"} <= own, "name" in own and "title" in own
        if lacking or not (of_set or (of_lists and own & {"lists", "coverage"})):
            raise ValueError(
                f"measure {self.name}: {self.result.__name__} needs measure, protocol, score, "
                "interval, chance, and dataset and coverage, or name, title and lists"
            )

    @property
    def options(self) -> frozenset[str]:
        """Names of the options that `run` takes."""
        parameters = inspect.signature(self.run).parameters.values()
        names = {p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
        for p in parameters:
            if p.kind is inspect.Parameter.VAR_KEYWORD:
                hint = typing.get_type_hints(self.run)[p.name]
                (of,) = typing.get_args(hint)
                names |= set(typing.get_type_hints(of))
        return frozenset(names)
