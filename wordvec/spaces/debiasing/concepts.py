"""Concepts: the word lists by which an association is found, removed and judged."""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.system.files import data_file
from wordvec.text.lines import read_toml
from wordvec.vectors.vectors import WordVectors

SHIPPED = ("gender", "race", "religion")
MIN_SHARE = 0.5  # of a list; with fewer known words what is fitted to it means nothing
_KEYS = {"name", "title", "classes", "sets", "pairs", "equalize", "exempt", "groups", "probe"}
_KEYS |= {"facts", "tests"}


@dataclass(frozen=True, kw_only=True)
class Concept:
    """What a concept is, in words.

    Attributes
    ----------
    name : str
    classes : tuple of str
        Names of the sides: the i-th word of every set is of the i-th class.
    sets : tuple of tuples of str
        Defining sets, such as ("she", "he"): words that differ in the concept alone.
    equalize : tuple of tuples of str
        Sets whose words shall be equally far from every neutral word.
    exempt : tuple of str
        Words that are about the concept by meaning; they keep their vectors.
    groups : dict of str to tuple of str
        Labelled words, by class.
    probe : tuple of str
        Words that should be neutral, by which what is left is judged.
    tests : tuple of str
        Association tests (WEAT) that are about the concept, by name.
    facts : dict of str to dict of str to float
        Numbers about words, such as the share of women in occupations.
    """

    name: str
    classes: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    equalize: tuple[tuple[str, ...], ...] = ()
    exempt: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    probe: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    facts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.sets:
            raise DatasetError(f"{self.name}: a concept needs defining pairs or sets")
        size = len(self.classes)
        if size < 2:
            raise DatasetError(f"{self.name}: a concept needs two classes or more, got {size}")
        for words in self.sets:
            if len(words) != size:
                raise DatasetError(
                    f"{self.name}: each set needs a word for each of {', '.join(self.classes)}; "
                    f"got {', '.join(words)}"
                )
            if len(set(words)) < len(words):
                raise DatasetError(f"{self.name}: the set {', '.join(words)} has a word twice")
        seen: dict[str, tuple[str, ...]] = {}
        for words in self.equalize:
            for word in words:
                if word in seen:
                    raise DatasetError(
                        f"{self.name}: {word!r} is in the equalize sets {', '.join(seen[word])} "
                        f"and {', '.join(words)}: a word can be made equal to one set only"
                    )
                seen[word] = words
            if len(words) < 2:
                raise DatasetError(f"{self.name}: equalize sets need two words, got {words}")
        where: dict[str, str] = {}
        for label, words in self.groups.items():
            if label not in self.classes:
                raise DatasetError(
                    f"{self.name}: group {label!r} is none of the classes {', '.join(self.classes)}"
                )
            for word in words:
                if word in where and where[word] != label:
                    raise DatasetError(
                        f"{self.name}: {word!r} is in the groups {where[word]!r} and {label!r}: a "
                        "word cannot stand on both sides"
                    )
                where[word] = label

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The defining sets as pairs of the first two classes."""
        return tuple((words[0], words[1]) for words in self.sets)

    @property
    def crc(self) -> int:
        """CRC-32 of the lists: the same lists are the same concept, under any name."""
        lists = [self.sets, self.equalize, self.exempt, {k: v for k, v in self.groups.items()}]
        return zlib.crc32(json.dumps(lists, ensure_ascii=False, sort_keys=True).encode())

    @property
    def defining(self) -> frozenset[str]:
        """All words that define the concept or are about it by meaning."""
        words = {w for group in (*self.sets, *self.equalize) for w in group}
        return frozenset(words | set(self.exempt) | {w for g in self.groups.values() for w in g})


def concept(source: str | Path | Concept) -> Concept:
    """A concept that ships ("gender", "race", "religion"), or one of a TOML file.

    The file has `pairs` or `sets` (lists of words, one for each class, in the order of `classes`),
    and optionally `equalize` (sets), `exempt` and `probe` (lists, or strings of words), and a table
    `groups` (class = words). docs/howto/debias.md has an example.

    Raises
    ------
    DatasetError
        For a file that is no concept; the message says what is wrong where.
    """
    if isinstance(source, Concept):
        return source
    if str(source) in SHIPPED:
        return _read(data_file(f"{source}.toml"), str(source))
    path = Path(source)
    if not path.is_file():
        raise DatasetError(
            f"{source}: no such concept; {', '.join(SHIPPED)} ship, anything else is a TOML file"
        )
    return _read(path, path.stem)


def _read(path: Path, name: str) -> Concept:
    try:
        table = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from error
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise DatasetError(
            f"{path}: a concept has no {', '.join(unknown)}; it has {', '.join(sorted(_KEYS))}"
        )
    if ("sets" in table) == ("pairs" in table):
        raise DatasetError(f"{path}: a concept has either pairs or sets")
    key = "sets" if "sets" in table else "pairs"
    sets = _sets(path, key, table[key])
    size = len(sets[0]) if sets else 2
    classes = _words(path, "classes", table.get("classes", [f"class {i + 1}" for i in range(size)]))
    groups = table.get("groups", {})
    facts = table.get("facts", {})
    if not isinstance(groups, dict) or not isinstance(facts, dict):
        raise DatasetError(f"{path}: groups and facts must be tables")
    try:
        numbers = {
            key: {word: float(value) for word, value in each.items()} for key, each in facts.items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise DatasetError(f"{path}: facts must be tables of word = number") from error
    try:
        return Concept(
            name=str(table.get("name", name)),
            classes=classes,
            sets=sets,
            equalize=_sets(path, "equalize", table.get("equalize", [])),
            exempt=_words(path, "exempt", table.get("exempt", [])),
            groups={label: _words(path, label, words) for label, words in groups.items()},
            probe=_words(path, "probe", table.get("probe", [])),
            tests=_words(path, "tests", table.get("tests", [])),
            facts=numbers,
        )
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error


def _words(path: Path, key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split()
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise DatasetError(f"{path}: {key} must be a list of words")
    return tuple(value)


def _sets(path: Path, key: str, value: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        raise DatasetError(f"{path}: {key} must be a list of lists of words")
    return tuple(_words(path, key, each) for each in value)


def of_lists(
    *,
    pairs: Sequence[Sequence[str]] | None = None,
    sets: Sequence[Sequence[str]] | None = None,
    equalize: Sequence[Sequence[str]] = (),
    exempt: Iterable[str] = (),
    name: str = "own lists",
) -> Concept:
    """A concept of lists in Python."""
    if (pairs is None) == (sets is None):
        raise ValueError("give either pairs or sets")
    chosen = tuple(tuple(each) for each in (pairs if sets is None else sets) or ())
    size = len(chosen[0]) if chosen else 2
    return Concept(
        name=name,
        classes=tuple(f"class {i + 1}" for i in range(size)),
        sets=chosen,
        equalize=tuple(tuple(each) for each in equalize),
        exempt=tuple(exempt),
    )


def multiclass(first: Concept, *others: Concept, name: str = "several") -> Concept:
    """The defining sets of several concepts with the same classes as one."""
    sets = tuple(each for concept in (first, *others) for each in concept.sets)
    return replace(first, name=name, sets=sets)


# --- the words in a space -------------------------------------------------------------------------


class Lookup:
    """Words of lists in vectors: as written, else in lower case; what is missing is remembered."""

    def __init__(self, vectors: WordVectors) -> None:
        self._vectors = vectors
        self.unknown: list[str] = []

    def find(self, word: str) -> int:
        """Id of a word, -1 without a vector that is not zero."""
        for spelling in (word, word.lower()):
            i = self._vectors.get_index(spelling, -1)
            if i >= 0 and self._vectors.matrix.row(i).any():
                return i
        if word not in self.unknown:
            self.unknown.append(word)
        return -1

    def ids(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Ids of the words that are known, in order, each once."""
        found = dict.fromkeys(self.find(word) for word in words)
        found.pop(-1, None)
        return np.array([*found], np.int64)

    def sets(
        self, sets: Sequence[Sequence[str]], what: str, *, whole: bool = False
    ) -> list[NDArray[np.int64]]:
        """Ids of each set with two known words or more (all, with `whole`).

        Raises
        ------
        DatasetError
            When fewer than half of the sets are left; the unknown words are named.
        """
        out = []
        missing: list[str] = []
        for words in sets:
            ids = [self.find(word) for word in words]
            missing += [word for word, i in zip(words, ids, strict=True) if i < 0]
            known = [i for i in ids if i >= 0]
            distinct = len(set(known)) == len(known) >= 2
            if distinct and (len(known) == len(ids) or not whole):
                out.append(np.array(known, np.int64))
        if len(out) < max(1, MIN_SHARE * len(sets)):
            raise DatasetError(
                f"fewer than half of the {what} are known: {len(out)} of {len(sets)} (missing: "
                f"{', '.join(missing[:12])}{' ...' if len(missing) > 12 else ''})"
            )
        return out
