"""Evaluation sets: reading the formats in which they are published, strictly.

A file's separator (tab, comma, white space), line ends (LF, CRLF, CR alone), header and comment
lines are told from its content. A row that does not fit is an error that names file and line;
nothing is skipped in silence. What is odd but lawful (a pair listed twice, a word in two classes)
is kept or left out by a rule that the source's notes state.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.evaluation.core.results import Source
from wordvec.text.lines import ascii_split

KINDS = ("similarity", "analogy", "categorization", "outliers", "qvec", "relations")
MAX_GROWTH = 1000  # questions that pairs may make for each row of a file
MAX_MATRIX = 250  # bytes that the matrix of a set of properties may have for each byte of its file
SMALL = 1 << 26  # bytes of a matrix that are no danger, however small the file is
_MAX_LABELS = 64  # different relations of a set


@dataclass(frozen=True, eq=False)
class SimilaritySet:
    """Word pairs with human scores: pairs (n), scores (n,) float64 on whatever scale."""

    source: Source
    pairs: tuple[tuple[str, str], ...]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """a is to b as c is to any of `answers`."""

    a: str
    b: str
    c: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class AnalogySet:
    """Questions by category, in the order of the file."""

    source: Source
    categories: tuple[tuple[str, tuple[Question, ...]], ...]


@dataclass(frozen=True)
class CategorySet:
    """Words with the one class that each belongs to."""

    source: Source
    words: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class OutlierGroup:
    """Words that belong together, and words of which each does not."""

    name: str
    words: tuple[str, ...]
    outliers: tuple[str, ...]


@dataclass(frozen=True)
class OutlierSet:
    """Groups with outliers."""

    source: Source
    groups: tuple[OutlierGroup, ...]


@dataclass(frozen=True, eq=False)
class PropertySet:
    """Words with linguistic properties: matrix (n, p) float64, a row a word."""

    source: Source
    words: tuple[str, ...]
    properties: tuple[str, ...]
    matrix: NDArray[np.float64]


@dataclass(frozen=True)
class RelationSet:
    """Word pairs with the relation that holds between them: pairs (n), labels (n)."""

    source: Source
    pairs: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]


Dataset = SimilaritySet | AnalogySet | CategorySet | OutlierSet | PropertySet | RelationSet


def load(path: str | Path, kind: str | None = None, name: str | None = None) -> Dataset:
    """Reads an evaluation set.

    Parameters
    ----------
    path
        A file; or, for analogies by pairs (BATS, KaWAT), a folder with a file a category.
    kind
        One of `KINDS`; told from the content when None.
    name
        What to call it; the file's name without suffix when None.

    Raises
    ------
    DatasetError
        A malformed row (with file and line), an empty file, or content of no known kind.
    """
    path = Path(path)
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if path.is_dir():
        if kind not in (None, "analogy"):
            raise DatasetError(f"{path}: a folder can only be a set of analogies, not of {kind}")
        return _analogy_folder(path, name or path.name)
    return _from_table(_Table.read(path), kind, name or path.stem)


def loads(text: str, kind: str | None = None, name: str = "text") -> Dataset:
    """Reads an evaluation set from a string, as `load` does from a file."""
    return _from_table(_Table.parse(text.encode(), name), kind, name)


def _from_table(table: _Table, kind: str | None, name: str) -> Dataset:
    found = kind or _tell(table)
    dataset = _READERS[found](table, name)
    if kind is not None:
        return dataset
    notes = (f"read as {found}, told from its content", *dataset.source.notes)
    return replace(dataset, source=replace(dataset.source, notes=notes))


@dataclass(frozen=True)
class _Table:
    """A file as rows of cells; each row with its line number."""

    path: str
    sha256: str
    header: tuple[str, ...] | None
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    sections: bool
    size: int  # bytes

    @classmethod
    def read(cls, path: Path) -> _Table:
        return cls.parse(path.read_bytes(), str(path))

    @classmethod
    def parse(cls, raw: bytes, path: str) -> _Table:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise DatasetError(
                f"{path}:{line}: not UTF-8 (byte {error.start}); convert the file first"
            ) from error
        if "\0" in text:
            raise DatasetError(f"{path}: holds NUL bytes: not a text file")
        lines = [
            (number, line)
            for number, line in enumerate(re.split("\r\n|\r|\n", text), 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        if not lines:
            raise DatasetError(f"{path}: empty: no row of data")
        sections = lines[0][1].startswith(":")
        split = _splitter(next((line for _, line in lines if not line.startswith(":")), ""))
        rows = [(number, split(line)) for number, line in lines]
        header = None
        if _is_header(rows[0][1]):
            header = tuple(_plain(cell) for cell in rows[0][1])
            rows = rows[1:]
            if header[0] == "":  # the unnamed index column of a data frame
                header = header[1:]
                rows = [(number, cells[1:]) for number, cells in rows]
            if not rows:
                raise DatasetError(f"{path}: empty: a header and no row of data")
        return cls(path, hashlib.sha256(raw).hexdigest(), header, tuple(rows), sections, len(raw))

    def fail(self, line: int, found: str, expected: str) -> DatasetError:
        return DatasetError(f"{self.path}:{line}: found {found}, expected {expected}")

    def column(self, *names: str) -> int | None:
        """The column with one of these names, or None."""
        for name in names:
            if self.header and name in self.header:
                return self.header.index(name)
        return None

    def source(self, name: str, items: int, notes: Iterable[str | None] = ()) -> Source:
        return Source(name, self.path, self.sha256, items, tuple(note for note in notes if note))


def _splitter(sample: str) -> Callable[[str], tuple[str, ...]]:
    if "\t" in sample:
        return lambda line: tuple(cell.strip() for cell in line.split("\t"))
    if ";" in sample:  # what spreadsheets write where the decimal point is a comma
        return lambda line: tuple(cell.strip() for cell in next(csv.reader([line], delimiter=";")))
    if "," in sample and not _DECIMAL_COMMA.fullmatch(sample):
        return lambda line: tuple(cell.strip() for cell in next(csv.reader([line])))
    return lambda line: tuple(ascii_split(line))


# The first two cells of headers that files are known to have: pairs of words that could be data
# are told from them by their capitals.
_HEADERS = {
    ("category", "word"),
    ("categories", "word"),
    ("Word", "Antonym"),
    ("Country", "Capital"),
    ("Country", "Currency"),
    ("Province", "Capital"),
    ("Thing", "Counter"),
    ("Male", "Female"),
    ("Singular", "Plural"),
    ("Lemma", "Duplication"),
    ("noun", "me-"),
    ("verb", "me-"),
}


def _plain(cell: str) -> str:
    return re.sub(r"[\s_]+", "", cell.strip('"').casefold())


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names columns: it starts with an unnamed column (a data frame's index),
    with "word 1", "word 2", or as `_HEADERS` do, and no cell is a number."""
    if len(cells) < 2 or any(map(_number, cells)):
        return False
    first, second = _plain(cells[0]), _plain(cells[1])
    words = (first, second) in (("word1", "word2"), ("worda", "wordb"))
    return first == "" or words or (cells[0], cells[1]) in _HEADERS


_NUMBER = re.compile(r"[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?")
# Two words and a score with a comma, between blanks.
_DECIMAL_COMMA = re.compile(r"[^,\s]+\s+[^,\s]+\s+[-+]?[0-9]+,[0-9]+\s*")


def _number(text: str) -> bool:
    """Whether a cell is a number, with a decimal point or comma; "nan", "infinity" and "1_5" are
    words."""
    return _NUMBER.fullmatch(text) is not None


def _value(text: str) -> float:
    return float(text.replace(",", "."))


def _tell(table: _Table) -> str:
    """The kind of a table from its header and first row."""
    cells = table.rows[0][1]
    header = table.header or ()
    if table.sections:
        return "analogy"
    if "outliers" in header:
        return "outliers"
    if "relation" in header or _is_relations(table):
        return "relations"
    if header[:1] in (("category",), ("categories",)):
        return "categorization"
    if len(cells) == 2 and cells[1].startswith("{"):
        return "qvec"
    if "target" in header or (len(cells) == 4 and not any(map(_number, cells))):
        return "analogy"
    if len(cells) >= 3 and any(_number(c) or c in ("nan", "inf", "-inf") for c in cells[2:]):
        return "similarity"
    if header and not any(map(_number, cells)):
        return "analogy"
    if len(cells) == 2:
        raise DatasetError(
            f"{table.path}:{table.rows[0][0]}: found two columns without a header ("
            f"{' | '.join(cells)[:80]}): pairs without scores are no similarity set; if they are "
            "analogies by pairs (a word and its form, all pairs of one relation), say so: kind "
            "analogy, or a folder with a file for each relation"
        )
    raise DatasetError(
        f"{table.path}:{table.rows[0][0]}: found {len(cells)} columns ({' | '.join(cells)[:80]}), "
        f"which is no known kind of evaluation set; name it as one of {', '.join(KINDS)}"
    )


def _is_relations(table: _Table) -> bool:
    """Whether a table without a header is word, word, relation: few different words stand in the
    third column, each of them in many rows."""
    if table.header or any(len(cells) != 3 or _number(cells[2]) for _, cells in table.rows):
        return False
    labels = {cells[2] for _, cells in table.rows}
    return 2 <= len(labels) <= min(_MAX_LABELS, len(table.rows) // 4)


# --- similarity -----------------------------------------------------------------------------------


def _similarity(table: _Table, name: str) -> SimilaritySet:
    first, second, third = 0, 1, 2
    if table.header:
        first = table.column("word1", "worda") or 0
        second = table.column("word2", "wordb") or 1
        third = (
            table.column("score", "similarity", "simlex999", "human(mean)", "mean", "rating") or 2
        )
    width = len(table.header) if table.header else len(table.rows[0][1])
    if not table.header and width == _SCWS_WIDTH:
        first, second, third = 1, 3, 7
    pairs, scores = [], []
    for line, cells in table.rows:
        if len(cells) != width or width < 3:
            raise table.fail(line, f"{len(cells)} columns", f"{max(width, 3)}: word, word, score")
        one, two = cells[first], cells[second]
        if not one or not two:
            raise table.fail(line, "an empty word", "word, word, score")
        if not _number(cells[third]) or not math.isfinite(_value(cells[third])):
            raise table.fail(line, f"{cells[third]!r} as score", "a finite number")
        pairs.append((one, two))
        scores.append(_value(cells[third]))
    note = None
    if all(_POS.search(word) for pair in pairs for word in pair):
        pairs = [(_POS.sub("", one), _POS.sub("", two)) for one, two in pairs]
        note = "part-of-speech suffixes (-n, -v, -j) were taken off the words"
    notes = (note, _duplicates(pairs))
    return SimilaritySet(table.source(name, len(pairs), notes), tuple(pairs), np.array(scores))


_SCWS_WIDTH = 18  # id, word, pos, word, pos, two contexts, mean rating, ten ratings
_POS = re.compile(r"-[nvjar]$")


def _duplicates(pairs: Sequence[tuple[str, str]]) -> str | None:
    counts = Counter(tuple(sorted(pair)) for pair in pairs)
    twice = [pair for pair, count in counts.items() if count > 1]
    if not twice:
        return None
    shown = ", ".join("/".join(pair) for pair in twice[:5])
    return f"{len(twice)} pairs are listed more than once and kept as published ({shown})"


# --- analogies ------------------------------------------------------------------------------------


def _analogy(table: _Table, name: str) -> AnalogySet:
    if not table.sections and "target" not in (table.header or ()) and len(table.rows[0][1]) != 4:
        return _analogy_set(table.source(name, 0), _pair_categories(table, name))
    label = table.column("type", "category")
    columns = [table.column(f"word{i}") for i in (1, 2, 3)] + [table.column("target")]
    at = [i for i in columns if i is not None] if label is not None else [0, 1, 2, 3]
    if len(at) != 4:
        raise table.fail(table.rows[0][0] - 1, "other column names", "word1, word2, word3, target")
    categories: dict[str, list[Question]] = {}
    current = name
    for line, cells in table.rows:
        if cells[0].startswith(":"):
            current = " ".join(cells)[1:].strip()
            if not current:
                raise table.fail(line, "a section without a name", "': name'")
            categories.setdefault(current, [])
            continue
        width = len(table.header) if table.header else 4
        if len(cells) != width or not all(cells):
            raise table.fail(line, f"{len(cells)} columns ({' '.join(cells)[:60]})", "four words")
        if label is not None:
            current = cells[label]
        a, b, c, d = (cells[i] for i in at)
        categories.setdefault(current, []).append(Question(a, b, c, tuple(d.split("/"))))
    return _analogy_set(table.source(name, 0), {k: tuple(v) for k, v in categories.items()})


def _analogy_set(source: Source, categories: dict[str, tuple[Question, ...]]) -> AnalogySet:
    kept = {category: questions for category, questions in categories.items() if questions}
    items = sum(map(len, kept.values()))
    if not items:
        raise DatasetError(f"{source.path}: empty: no analogy question")
    notes = list(source.notes)
    counts = Counter(question for questions in kept.values() for question in questions)
    twice = sum(count > 1 for count in counts.values())
    if twice:
        notes.append(f"{twice} questions are listed more than once and kept as published")
    if len(kept) < len(categories):
        notes.append(
            f"sections without a question: {', '.join(sorted(set(categories) - set(kept)))}"
        )
    final = Source(source.name, source.path, source.sha256, items, tuple(notes))
    return AnalogySet(final, tuple(kept.items()))


def _pair_categories(table: _Table, name: str) -> dict[str, tuple[Question, ...]]:
    """A table of word and forms: a category a further column, '-' for a form that is lacking,
    several accepted answers separated by '/' (BATS: Gladkova, Drozd & Matsuoka 2016)."""
    width = len(table.header or table.rows[0][1])
    if width < 2:
        raise table.fail(table.rows[0][0], "one column", "pairs of words")
    for line, cells in table.rows:
        if len(cells) != width or not all(cells):
            raise table.fail(line, f"{len(cells)} columns ({' '.join(cells)[:60]})", f"{width}")
    made = len(table.rows) * (len(table.rows) - 1) * (width - 1)
    if made > MAX_GROWTH * len(table.rows) * (width - 1):
        raise DatasetError(
            f"{table.path}: {len(table.rows):,} pairs of one relation would make {made:,} "
            f"questions, more than {MAX_GROWTH:,} for each; split them by relation, or name a "
            "column 'relation' for a set of relations"
        )
    categories = {}
    for column in range(1, width):
        label = f"{name}/{table.header[column]}" if table.header and width > 2 else name
        pairs = [(c[0], tuple(c[column].split("/"))) for _, c in table.rows if c[column] != "-"]
        categories[label] = tuple(
            Question(a, forms[0], c, answers)
            for i, (a, forms) in enumerate(pairs)
            for j, (c, answers) in enumerate(pairs)
            if i != j
        )
    return categories


def _analogy_folder(folder: Path, name: str) -> AnalogySet:
    digest = hashlib.sha256()
    categories: dict[str, tuple[Question, ...]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        table = _Table.read(path)
        digest.update(bytes.fromhex(table.sha256))
        categories.update(_pair_categories(table, str(path.relative_to(folder).with_suffix(""))))
    note = "the checksum is over the checksums of the files, by name"
    return _analogy_set(Source(name, str(folder), digest.hexdigest(), 0, (note,)), categories)


# --- categories, outliers, properties -------------------------------------------------------------


def _categorization(table: _Table, name: str) -> CategorySet:
    classes: dict[str, set[str]] = {}
    blank = []
    for line, cells in table.rows:
        if len(cells) != 2 or not cells[0]:
            raise table.fail(
                line, f"{len(cells)} columns ({' | '.join(cells)[:60]})", "class, word"
            )
        if cells[1]:
            classes.setdefault(cells[1], set()).add(cells[0])
        else:
            blank.append(line)
    rows = sum(map(len, classes.values()))
    single = {word: of.pop() for word, of in classes.items() if len(of) == 1}
    both = len(classes) - len(single)
    repeated = len(table.rows) - len(blank) - rows
    notes = (
        f"rows with a class and no word are left out: {_lines(blank)}" if blank else None,
        f"{both} words belong to several classes and are left out" if both else None,
        f"{repeated} rows repeat an earlier one and count once" if repeated else None,
    )
    if len(set(single.values())) < 2:
        raise DatasetError(f"{table.path}: needs words of two classes, got {len(single)} words")
    return CategorySet(
        table.source(name, len(single), notes), tuple(single), tuple(single.values())
    )


def _lines(numbers: Sequence[int]) -> str:
    return "line" + "s" * (len(numbers) > 1) + " " + ", ".join(map(str, numbers))


def _outliers(table: _Table, name: str) -> OutlierSet:
    category, outliers, words = (table.column(n) for n in ("category", "outliers", "words"))
    if category is None or outliers is None or words is None:
        raise table.fail(1, "other columns", "the header category,outliers,words")
    groups, blank = [], 0
    for line, cells in table.rows:
        if len(cells) != len(table.header or ()):
            raise table.fail(line, f"{len(cells)} columns", "category, outliers, words")
        lists = []
        for column in (words, outliers):
            given = _literal_list(table, line, cells[column])
            blank += given.count("")
            lists.append(tuple(word for word in given if word))
        groups.append(OutlierGroup(cells[category], *lists))
    note = f"{blank} blank entries in the lists are left out" if blank else None
    return OutlierSet(table.source(name, len(groups), [note]), tuple(groups))


def _literal_list(table: _Table, line: int, text: str) -> list[str]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise table.fail(line, text[:60], "a printed list of words")
    return value


def _qvec(table: _Table, name: str) -> PropertySet:
    rows: dict[str, dict[str, float]] = {}
    for line, cells in table.rows:
        if len(cells) != 2:
            raise table.fail(line, f"{len(cells)} columns", "a word and a JSON object")
        try:
            value = json.loads(cells[1])
        except ValueError:
            value = None
        if not isinstance(value, dict) or not all(
            isinstance(v, int | float) and math.isfinite(v) for v in value.values()
        ):
            raise table.fail(line, cells[1][:60], "a JSON object of finite numbers")
        if cells[0] in rows:
            raise table.fail(line, f"{cells[0]!r} a second time", "each word once")
        rows[cells[0]] = value
    properties = tuple(sorted({key for value in rows.values() for key in value}))
    if 8 * len(rows) * len(properties) > max(SMALL, MAX_MATRIX * table.size):
        raise DatasetError(
            f"{table.path}: {len(rows):,} words of {len(properties):,} properties would make a "
            f"matrix of more than {MAX_MATRIX} times the file's {table.size:,} bytes"
        )
    column = {key: j for j, key in enumerate(properties)}
    matrix = np.zeros((len(rows), len(properties)))
    for i, value in enumerate(rows.values()):
        for key, share in value.items():
            matrix[i, column[key]] = share
    return PropertySet(table.source(name, len(rows)), tuple(rows), properties, matrix)


def _relations(table: _Table, name: str) -> RelationSet:
    columns = [0, 1, 2]
    if table.header:
        found = (
            table.column("word1", "worda"),
            table.column("word2", "wordb"),
            table.column("relation"),
        )
        if None in found:
            raise table.fail(1, "other columns", "word1, word2, relation")
        columns = [i for i in found if i is not None]
    width = len(table.header) if table.header else 3
    labels: dict[tuple[str, str], str] = {}
    both, repeated, unknown = set(), 0, 0
    for line, cells in table.rows:
        if len(cells) != width or not all(cells[i] for i in columns):
            raise table.fail(line, f"{len(cells)} columns ({' | '.join(cells)[:60]})", f"{width}")
        one, two, label = (cells[i] for i in columns)
        if label == "?":
            unknown += 1
        elif (one, two) not in labels:
            labels[one, two] = label
        elif labels[one, two] == label:
            repeated += 1
        else:
            both.add((one, two))
    kept = {pair: label for pair, label in labels.items() if pair not in both}
    notes = (
        f"{unknown} pairs have an unknown relation (?) and are left out" if unknown else None,
        f"{len(both)} pairs stand in several relations and are left out" if both else None,
        f"{repeated} rows repeat an earlier one and count once" if repeated else None,
    )
    if len(set(kept.values())) < 2:
        raise DatasetError(f"{table.path}: needs pairs of two relations, got {len(kept)} pairs")
    return RelationSet(table.source(name, len(kept), notes), tuple(kept), tuple(kept.values()))


_READERS: dict[str, Callable[[_Table, str], Dataset]] = {
    "similarity": _similarity,
    "analogy": _analogy,
    "categorization": _categorization,
    "outliers": _outliers,
    "qvec": _qvec,
    "relations": _relations,
}
