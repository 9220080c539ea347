"""A published file as rows of cells: separator, line ends, header and comments."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordvec.errors import DatasetError
from wordvec.evaluation.core.results import Source
from wordvec.text.lines import ascii_split

_NUMBER = re.compile(r"[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?")
# Two words and a score with a comma, between blanks.
_DECIMAL_COMMA = re.compile(r"[^,\s]+\s+[^,\s]+\s+[-+]?[0-9]+,[0-9]+\s*")
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


@dataclass(frozen=True)
class Table:
    """A file as rows of cells; each row with its line number."""

    path: str
    sha256: str
    header: tuple[str, ...] | None
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    sections: bool
    size: int  # bytes

    @classmethod
    def read(cls, path: Path) -> Table:
        return cls.parse(path.read_bytes(), str(path))

    @classmethod
    def parse(cls, raw: bytes, path: str) -> Table:
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
            header = tuple(plain(cell) for cell in rows[0][1])
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


def plain(cell: str) -> str:
    return re.sub(r"[\s_]+", "", cell.strip('"').casefold())


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names columns: it starts with an unnamed column (a data frame's index),
    with "word 1", "word 2", or as `_HEADERS` do, and no cell is a number."""
    if len(cells) < 2 or any(map(is_number, cells)):
        return False
    first, second = plain(cells[0]), plain(cells[1])
    words = (first, second) in (("word1", "word2"), ("worda", "wordb"))
    return first == "" or words or (cells[0], cells[1]) in _HEADERS


def is_number(text: str) -> bool:
    """Whether a cell is a number, with a decimal point or comma; "nan", "infinity" and "1_5" are
    words."""
    return _NUMBER.fullmatch(text) is not None


def value_of(text: str) -> float:
    return float(text.replace(",", "."))
