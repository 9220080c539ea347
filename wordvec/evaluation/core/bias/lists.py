"""Word lists that bias is measured with: the four lists of a WEAT, and those of gender."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from wordvec.errors import DatasetError
from wordvec.evaluation.core.bias import published as forms
from wordvec.evaluation.core.results import Unanswerable, first_few
from wordvec.evaluation.core.space import Space
from wordvec.system.files import data_file as data_file
from wordvec.text.lines import ascii_split, read_toml, without_mark

MIN_SHARE = 0.5  # of a list; below, "most words are missing" and the test is refused


@dataclass(frozen=True)
class WeatTest:
    """Target lists X, Y and attribute lists A, B; `labels` names the four."""

    name: str
    title: str
    X: tuple[str, ...]
    Y: tuple[str, ...]
    A: tuple[str, ...]
    B: tuple[str, ...]
    labels: tuple[str, ...] = ("X", "Y", "A", "B")
    published: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for one, other in (("X", "Y"), ("A", "B")):
            both = sorted(set(getattr(self, one)) & set(getattr(self, other)))
            if both:
                raise DatasetError(
                    f"{self.name}: {first_few(both)} in both {one} and {other}: a word cannot "
                    "stand on both sides; take it out of one list"
                )
        for side in "XYAB":
            words = getattr(self, side)
            if not words:
                raise DatasetError(f"{self.name}: list {side} is empty")
            if len(set(words)) < len(words):
                twice = sorted({word for word in words if words.count(word) > 1})
                raise DatasetError(f"{self.name}: list {side} has {first_few(twice)} twice")


@dataclass(frozen=True)
class ListCoverage:
    """One list of a test: words asked, used, missing, and left out to balance sizes; of the used
    ones, those found in another spelling (case, or as the text was split) and those never seen with
    a vector made from their parts.
    """

    label: str
    asked: int
    used: tuple[str, ...]
    missing: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    composed: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenderLists:
    """Lists of Bolukbasi et al. (2016): defining pairs (female, male), words that are about gender
    by meaning, professions; and the share of women in occupations, in percent.

    `chooser` is the space that says which words are most biased, by default the one that is judged.
    """

    pairs: tuple[tuple[str, str], ...]
    specific: tuple[str, ...]
    professions: tuple[str, ...]
    female_share: tuple[tuple[str, float], ...]
    chooser: Space | None = None

    @property
    def neutral(self) -> tuple[str, ...]:
        """Professions that are not about gender by meaning."""
        return tuple(word for word in self.professions if word not in set(self.specific))


# --- the files -----------------------------------------------------------------------------------


@cache
def weat_tests() -> Mapping[str, WeatTest]:
    """WEAT 1 to 10 of Caliskan, Bryson & Narayanan (2017), by name: weat1, ..., weat10."""
    return read_weat(data_file("weat.toml"))


def read_weat(path: str | Path) -> dict[str, WeatTest]:
    """Tests from a TOML file, or from files as they are published.

    JSON: `targ1`, `targ2`, `attr1`, `attr2` (SEAT), each a list of words or {category, examples}:
    an object, which is one test named after the file, a list of objects, or one per line. Text: a
    line for each of these lists, between tabs, or `T1:`, `T2:`, `A1:`, `A2:` and words. A table
    with a row per language (X-WEAT, CA-WEAT): tests weat1-de, weat2-de, ... TOML: [lists] holds
    word lists (arrays, or strings of words); every further table is a test with X, Y, A, B (a name
    of [lists], or an array) and optionally title and published.
    """
    others = forms.read(path, _text(path))
    if others is not None:
        return {
            name: WeatTest(name, title, *lists, labels) for name, title, lists, labels in others
        }
    try:
        tables = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from error
    lists = tables.pop("lists", {})
    if not isinstance(lists, dict):
        raise DatasetError(f"{path}: lists must be a table, [lists]")

    def words(test: str, side: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            if value not in lists:
                raise DatasetError(f"{path}: [{test}] {side} = {value!r} is not in [lists]")
            value = lists[value]
        if isinstance(value, str):
            value = ascii_split(value)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise DatasetError(f"{path}: [{test}] {side} must be a list of words")
        return tuple(value)

    tests = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise DatasetError(
                f"{path}: {name} stands outside a test: begin each test with its name in brackets, "
                "such as [war-and-art], then X, Y, A and B"
            )
        lacking = [side for side in "XYAB" if side not in table]
        if lacking:
            raise DatasetError(f"{path}: [{name}] lacks {', '.join(lacking)}")
        x, y, a, b = (words(name, side, table[side]) for side in "XYAB")
        labels = [table[side] if isinstance(table[side], str) else side for side in "XYAB"]
        published, title = table.get("published", {}), table.get("title", name)
        if not isinstance(title, str) or not (
            isinstance(published, dict)
            and all(isinstance(value, int | float) for value in published.values())
        ):
            raise DatasetError(
                f"{path}: [{name}] title must be a text, and published a table of numbers"
            )
        known = tuple(published.items())
        tests[name] = WeatTest(name, title, x, y, a, b, tuple(labels), known)
    if not tests:
        raise DatasetError(f"{path}: empty: no test")
    return tests


def translated(test: WeatTest, path: str | Path) -> WeatTest:
    """A test with its words in another language, as XWEAT makes them.

    Parameters
    ----------
    path
        CSV: a word and its translation, and a second one where there is a feminine form. Both take
        the word's place; words that are not there, such as names, stay. A word that translates
        words of both sides ("su" is his and her) is left out of both. The title says how many words
        were translated, and what was left out.

    References
    ----------
    Lauscher & Glavas (2019), "Are we consistently biased?"
    """
    known = forms.read_translation(path, _text(path))

    def words(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(
                other
                for word in given
                for other in known.get(word.lower(), known.get(word, (word,)))
            )
        )

    x, y, a, b = (words(getattr(test, side)) for side in "XYAB")
    given = [word for side in "XYAB" for word in getattr(test, side)]
    n = sum(word.lower() in known or word in known for word in given)
    said = f"{n} of {len(given)} words translated"
    both = {*x} & {*y} | {*a} & {*b}
    if both:
        said += f", without {first_few(sorted(both))} of both sides"
        x, y, a, b = (tuple(word for word in side if word not in both) for side in (x, y, a, b))
    return replace(test, title=f"{test.title} ({said})", X=x, Y=y, A=a, B=b, published=())


def _text(path: str | Path) -> str:
    try:
        return without_mark(Path(path).read_bytes()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 (byte {error.start})") from error


@cache
def gender_lists() -> GenderLists:
    """The lists that ship."""
    table = tomllib.loads(data_file("gender.toml").read_text("utf-8"))
    return GenderLists(
        tuple((female, male) for female, male in table["pairs"]),
        tuple(table["exempt"].split()),
        tuple(table["probe"].split()),
        tuple((word, float(share)) for word, share in table["facts"]["female_share"].items()),
    )


# --- in a space ----------------------------------------------------------------------------------


def list_coverage(
    space: Space,
    label: str,
    words: Sequence[str],
    found: Sequence[str],
    missing: Sequence[str],
    dropped: tuple[str, ...] = (),
) -> ListCoverage:
    """What became of a list that `Space.find` looked up."""
    lower, composed = space.how(found)
    return ListCoverage(label, len(words), tuple(found), tuple(missing), dropped, lower, composed)


def cover(
    space: Space, test: WeatTest, min_share: float
) -> tuple[dict[str, ListCoverage], dict[str, list[int]]]:
    """The four lists as the space has them, and the rows of their words.

    Words of a list that are one word under the case policy (Amy, amy) count once: the first stays,
    the others are `dropped`.

    Raises Unanswerable when too little of a list is known or a word would stand on both sides.
    """
    lists, rows, refused = {}, {}, []
    for side, label in zip("XYAB", test.labels, strict=True):
        words: tuple[str, ...] = getattr(test, side)
        found, rows[side], missing, folded = space.find_once(words)
        lists[side] = list_coverage(space, label, words, found, missing, folded)
        if not found or len(found) < min_share * len(words):
            refused.append(
                f"{label} has {len(found)} of {len(words)} (missing: {first_few(missing)})"
            )
    if refused:
        raise Unanswerable(
            f"{test.name}: refused, fewer than {min_share:.0%} of a list are known: "
            + "; ".join(refused)
        )
    for one, other in (("X", "Y"), ("A", "B")):
        both = set(rows[one]) & set(rows[other])
        if both:
            words = tuple(space.words[row] for row in sorted(both))
            raise Unanswerable(
                f"{test.name}: {first_few(words)} would stand in both {one} and {other} "
                f"under the case policy {space.case!r}"
            )
    return lists, rows
