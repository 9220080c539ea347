"""Association tests as others publish them: SEAT's JSON and text, XWEAT's lists and words."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from wordvec.errors import DatasetError
from wordvec.text.lines import ascii_split

# What the four lists are called: X and Y are targets, A and B attributes.
_SIDES = {
    "X": ("targ1", "target1", "target_1", "targets1", "targets_1", "first_target", "t1"),
    "Y": ("targ2", "target2", "target_2", "targets2", "targets_2", "second_target", "t2"),
    "A": ("attr1", "attribute1", "attributes1", "attributes_1", "first_attribute", "a1"),
    "B": ("attr2", "attribute2", "attributes2", "attributes_2", "second_attribute", "a2"),
}
_SIDE_OF = {name: side for side, names in _SIDES.items() for name in names}
# The tests that tables of X-WEAT and CA-WEAT hold, by their columns.
_COLUMNS = {
    "weat1": ("FLOWERS", "INSECTS", "PLEASANT", "UNPLEASANT"),
    "weat2": ("INSTRUMENTS", "WEAPONS", "PLEASANT", "UNPLEASANT"),
}


Sides: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class Lists(NamedTuple):
    """One test: its name, title, the lists X, Y, A and B, and what they are called."""

    name: str
    title: str
    words: Sides
    labels: tuple[str, ...]


def read(path: str | Path, text: str) -> list[Lists] | None:
    """The tests of a file in one of these forms; None for another one (TOML).

    Raises
    ------
    DatasetError
        With the file and, for lines, the number.
    """
    start = text.lstrip()
    if start[:1] == "{" or (start[:1] == "[" and start[1:].lstrip()[:1] == "{"):
        return list(_json(path, text))
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    if not lines:
        return None
    header = [cell.strip().upper() for cell in lines[0][1].split("\t")]
    if {"LANG", "PLEASANT"} <= set(header) or {"LANGID", "PLEASANT"} <= set(header):
        return list(_table(path, header, lines[1:]))
    if _key(lines[0][1]) in _SIDE_OF:
        return [_text(path, lines)]
    return None


def _json(path: str | Path, text: str) -> Iterator[Lists]:
    """One test as an object, or several in a list or one per line."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        try:
            value = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise DatasetError(f"{path}: not a JSON file: {error}") from error
    tables = value if isinstance(value, list) else [value]
    stem = Path(path).stem
    for i, table in enumerate(tables, 1):
        yield _object(path, table, f"{stem}-{i}" if len(tables) > 1 else stem)


def _object(path: str | Path, table: Any, name: str) -> Lists:
    table = table if isinstance(table, dict) else {}
    known = {_SIDE_OF.get(str(key).casefold()): value for key, value in table.items()}
    if not set(_SIDES) & set(known) and table and all(isinstance(v, list) for v in table.values()):
        shown = ", ".join(list(table)[:4])
        raise DatasetError(
            f"{path}: lists of words ({shown}, ...) and no test: which are compared? Name them in "
            "a TOML file: [lists], and a table with X, Y, A and B for each test"
        )
    lists, labels = [], []
    for side, names in _SIDES.items():
        value, label = known.get(side), side
        if isinstance(value, dict):
            label = str(value.get("category", value.get("name", side)))
            value = value.get("examples", value.get("words"))
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise DatasetError(f"{path}: {names[0]} must be a list of words, or have `examples`")
        lists.append(tuple(dict.fromkeys(value)))
        labels.append(label)
    x, y, a, b = lists
    return Lists(name, f"{labels[0]} and {labels[1]}", (x, y, a, b), tuple(labels))


def _key(line: str) -> str:
    """What a line says that its list is, without the colon."""
    first = line.split("\t", 1)[0] if "\t" in line else line.split(None, 1)[0]
    return first.strip().removesuffix(":").casefold()


def _text(path: str | Path, lines: Sequence[tuple[int, str]]) -> Lists:
    """A line for each list: `targ1`, its name and the words between tabs, as SEAT has them; or
    `T1:` and the words between blanks or commas."""
    found: dict[str, tuple[str, ...]] = {}
    labels: dict[str, str] = {}
    for number, line in lines:
        side = _SIDE_OF.get(_key(line))
        if side is None or side in found:
            raise DatasetError(
                f"{path}:{number}: found {line[:40]!r}, expected each of targ1, targ2, attr1 and "
                "attr2 (or T1:, T2:, A1: and A2:) once"
            )
        if "\t" in line:
            _, labels[side], *words = (cell.strip() for cell in line.split("\t"))
        else:
            rest = line.split(None, 1)[1] if len(line.split(None, 1)) > 1 else ""
            words = [w.strip() for w in rest.split(",")] if "," in rest else ascii_split(rest)
            labels[side] = side
        found[side] = tuple(dict.fromkeys(word for word in words if word))
    lacking = [names[0] for side, names in _SIDES.items() if side not in found]
    if lacking:
        raise DatasetError(f"{path}: lacks {', '.join(lacking)}")
    names = tuple(labels[side] for side in _SIDES)
    lists = found["X"], found["Y"], found["A"], found["B"]
    return Lists(Path(path).stem, f"{names[0]} and {names[1]}", lists, names)


def _table(
    path: str | Path, header: list[str], lines: Sequence[tuple[int, str]]
) -> Iterator[Lists]:
    """A row for each language or speaker; cells are words between commas."""
    language = header.index("LANG" if "LANG" in header else "LANGID")
    seen: dict[str, int] = {}
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(header):
            raise DatasetError(f"{path}:{number}: {len(cells)} columns, {len(header)} expected")
        of = cells[language].strip()
        seen[of] = seen.get(of, 0) + 1
        name = of if seen[of] == 1 else f"{of}-{seen[of]}"
        for test, columns in _COLUMNS.items():
            if set(columns) <= set(header):
                x, y, a, b = (_words(cells[header.index(column)]) for column in columns)
                labels = tuple(column.lower() for column in columns)
                title = f"{labels[0]} and {labels[1]}, {of}"
                yield Lists(f"{test}-{name}", title, (x, y, a, b), labels)


def _words(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for each in cell.split(",") if (word := each.strip())))


def read_translation(path: str | Path, text: str) -> dict[str, tuple[str, ...]]:
    """Word -> its translations, from lines of a word and one or two translations between commas
    (XWEAT's vocab_en_de.csv: the second is the feminine form); rows of commas are passed over."""
    found: dict[str, tuple[str, ...]] = {}
    for number, cells in enumerate(csv.reader(text.splitlines()), 1):
        word, *others = [cell.strip() for cell in cells] or [""]
        forms = tuple(dict.fromkeys(other for other in others if other))
        if not word and not forms:
            continue
        if not word or not forms:
            raise DatasetError(f"{path}:{number}: found {cells}, expected a word, its translations")
        found[word] = forms
    if not found:
        raise DatasetError(f"{path}: empty: no translation")
    return found
