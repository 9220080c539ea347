"""Reading an evaluation set of each kind from the rows of its file."""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wordvec.errors import DatasetError
from wordvec.evaluation.core.datasets.kinds import (
    KINDS,
    AnalogySet,
    CategorySet,
    Dataset,
    OutlierGroup,
    OutlierSet,
    PropertySet,
    Question,
    RelationSet,
    SimilaritySet,
)
from wordvec.evaluation.core.datasets.table import (
    Table,
    is_number,
    value_of,
)
from wordvec.evaluation.core.results import Source

MAX_GROWTH = 1000  # questions that pairs may make for each row of a file
MAX_MATRIX = 250  # bytes that the matrix of a set of properties may have for each byte of its file
SMALL = 1 << 26  # bytes of a matrix that are no danger, however small the file is
_MAX_LABELS = 64  # different relations of a set


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
    return _from_table(Table.read(path), kind, name or path.stem)


def loads(text: str, kind: str | None = None, name: str = "text") -> Dataset:
    """Reads an evaluation set from a string, as `load` does from a file."""
    return _from_table(Table.parse(text.encode(), name), kind, name)


def _from_table(table: Table, kind: str | None, name: str) -> Dataset:
    found = kind or _tell(table)
    dataset = _READERS[found](table, name)
    if kind is not None:
        return dataset
    notes = (f"read as {found}, told from its content", *dataset.source.notes)
    return replace(dataset, source=replace(dataset.source, notes=notes))


def _tell(table: Table) -> str:
    """The kind of a table from its header and first row."""
    cells = table.rows[0][1]
    header = table.header or ()
    if table.sections:
        return "analogy"
    if "outliers" in header:
        return "outliers"
    if "relation" in header or _is_bless(table) or _is_relations(table):
        return "relations"
    if header[:1] in (("category",), ("categories",)):
        return "categorization"
    if len(cells) == 2 and cells[1].startswith("{"):
        return "qvec"
    if "target" in header or (len(cells) == 4 and not any(map(is_number, cells))):
        return "analogy"
    if len(cells) >= 3 and any(is_number(c) or c in ("nan", "inf", "-inf") for c in cells[2:]):
        return "similarity"
    if header and not any(map(is_number, cells)):
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


_BLESS = {"attri", "coord", "event", "hyper", "mero", "random-j", "random-n", "random-v"}


def _is_bless(table: Table) -> bool:
    """Whether it is BLESS as published: concept, class, relation, relatum; no analogy."""
    rows = [cells for _, cells in table.rows[:50]]
    return not table.header and all(len(row) == 4 and row[2] in _BLESS for row in rows)


def _is_relations(table: Table) -> bool:
    """Whether a table without a header is word, word, relation: few different words stand in the
    third column, each of them in many rows."""
    if table.header or any(len(cells) != 3 or is_number(cells[2]) for _, cells in table.rows):
        return False
    labels = {cells[2] for _, cells in table.rows}
    return 2 <= len(labels) <= min(_MAX_LABELS, len(table.rows) // 4)


def _similarity(table: Table, name: str) -> SimilaritySet:
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
        if not is_number(cells[third]) or not math.isfinite(value_of(cells[third])):
            raise table.fail(line, f"{cells[third]!r} as score", "a finite number")
        pairs.append((one, two))
        scores.append(value_of(cells[third]))
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


def _analogy(table: Table, name: str) -> AnalogySet:
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


def _pair_categories(table: Table, name: str) -> dict[str, tuple[Question, ...]]:
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
        table = Table.read(path)
        digest.update(bytes.fromhex(table.sha256))
        categories.update(_pair_categories(table, str(path.relative_to(folder).with_suffix(""))))
    note = "the checksum is over the checksums of the files, by name"
    return _analogy_set(Source(name, str(folder), digest.hexdigest(), 0, (note,)), categories)


def _categorization(table: Table, name: str) -> CategorySet:
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


def _outliers(table: Table, name: str) -> OutlierSet:
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


def _literal_list(table: Table, line: int, text: str) -> list[str]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise table.fail(line, text[:60], "a printed list of words")
    return value


def _qvec(table: Table, name: str) -> PropertySet:
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


def _relations(table: Table, name: str) -> RelationSet:
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
    if bless := _is_bless(table):
        columns, width = [0, 3, 2], 4
    labels: dict[tuple[str, str], str] = {}
    both, repeated, unknown = set(), 0, 0
    for line, cells in table.rows:
        if len(cells) != width or not all(cells[i] for i in columns):
            raise table.fail(line, f"{len(cells)} columns ({' | '.join(cells)[:60]})", f"{width}")
        one, two, label = (cells[i] for i in columns)
        if bless:  # alligator-n, aggressive-j
            one, two = _POS.sub("", one), _POS.sub("", two)
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
        "part-of-speech suffixes (-n, -v, -j) were taken off the words" if bless else None,
    )
    if len(set(kept.values())) < 2:
        raise DatasetError(f"{table.path}: needs pairs of two relations, got {len(kept)} pairs")
    return RelationSet(table.source(name, len(kept), notes), tuple(kept), tuple(kept.values()))


_READERS: dict[str, Callable[[Table, str], Dataset]] = {
    "similarity": _similarity,
    "analogy": _analogy,
    "categorization": _categorization,
    "outliers": _outliers,
    "qvec": _qvec,
    "relations": _relations,
}
