"""What is asked of vectors: evaluation sets and association tests, by name, file or folder."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wordvec.errors import DatasetError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias import lists
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.text.lines import read_toml

# Sets that gensim carries, by the names that the English suite gives them.
GENSIM_SETS = {
    "wordsim353": "wordsim353.tsv",
    "simlex999": "simlex999.txt",
    "google": "questions-words.txt",
}


@dataclass(frozen=True)
class Suite:
    """Sets and tests to run together.

    Attributes
    ----------
    measures : tuple of str
        Besides those that every set of their kind is asked by (`default_measures`).
    absent : tuple of (name, reason)
        Sets that the suite names and that were not found.
    notes : tuple of str
        What else the reader should know, such as files that are no evaluation sets.
    """

    title: str
    sets: tuple[datasets.Dataset, ...]
    tests: tuple[WeatTest, ...] = ()
    solvers: tuple[str, ...] = ("3CosAdd",)
    measures: tuple[str, ...] = ()
    absent: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def gensim_folder() -> Path | None:
    """Where an installed gensim keeps its evaluation sets; gensim is not imported."""
    spec = find_spec("gensim")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder, "test", "test_data")
        if path.is_dir():
            return path
    return None


def gensim_suite() -> Suite:
    """The evaluation sets that an installed gensim carries."""
    folder = gensim_folder()
    found = {n: folder / f for n, f in GENSIM_SETS.items() if folder and (folder / f).is_file()}
    return Suite("gensim", tuple(datasets.load(path, name=name) for name, path in found.items()))


def read_suite(path: str | Path) -> Suite:
    """A suite: "english", a TOML file like data/english.toml, or a folder of evaluation sets.

    Files of a suite are looked for beside it, in the folder of $WORDVEC_DATA, and among gensim's.

    Raises
    ------
    DatasetError
        For a file that is no suite, a set with another checksum than the suite says, or a
        malformed set. A set that is nowhere is listed in `absent`.
    """
    if str(path) == "english":
        path = lists.data_file("english.toml")
    path = Path(path)
    if path.is_dir():
        return _folder(path)
    try:
        table = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from error
    _check_suite(path, table)
    folders = _folders(path)
    sets, absent = [], []
    for entry in table.get("dataset", []):
        found = _find(entry, folders, path)
        if found is None:
            absent.append((entry["name"], f"not found in {', '.join(map(str, folders))}"))
        else:
            sets.append(_cited(found, entry.get("reference", "")))
    return Suite(
        table.get("title", path.stem),
        tuple(sets),
        tuple(weat_tests([_beside(path, name) for name in table.get("tests", [])])),
        tuple(table.get("solvers", ("3CosAdd",))),
        tuple(table.get("measures", ())),
        tuple(absent),
    )


def _check_suite(path: Path, table: dict[str, Any]) -> None:
    """Raises DatasetError, with the place, when a part of a suite is of another kind."""
    if not isinstance(table.get("title", ""), str):
        raise DatasetError(f"{path}: title must be a text")
    for name in ("tests", "solvers", "measures"):
        if not _texts(table.get(name, [])):
            raise DatasetError(f"{path}: {name} must be a list of names")
    entries = table.get("dataset", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise DatasetError(f"{path}: a dataset is a table of a list, [[dataset]]")
    for number, entry in enumerate(entries, 1):
        files = entry.get("files")
        if not isinstance(entry.get("name"), str) or not isinstance(files, list):
            raise DatasetError(f"{path}: dataset {number} needs a name and files")
        if not all(isinstance(each, str) or (_texts(each) and len(each) == 2) for each in files):
            raise DatasetError(f"{path}: dataset {number}: files are paths, or [path, SHA-256]")
        if not isinstance(entry.get("reference", ""), str):
            raise DatasetError(f"{path}: dataset {number}: reference must be a text")
        if entry.get("kind", datasets.KINDS[0]) not in datasets.KINDS:
            raise DatasetError(
                f"{path}: dataset {number}: kind must be one of {', '.join(datasets.KINDS)}, got "
                f"{entry['kind']!r}"
            )


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _folder(path: Path) -> Suite:
    """Every evaluation set in a folder; files that are none are named in `notes`."""
    sets, notes = [], []
    for file in sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")):
        try:
            sets.append(datasets.load(file))
        except DatasetError as error:
            notes.append(f"not an evaluation set: {error}")
    if not sets:
        raise DatasetError(f"{path}: no evaluation set in this folder; {'; '.join(notes[:3])}")
    return Suite(path.name, tuple(sets), notes=tuple(notes))


@dataclass(frozen=True)
class Entry:
    """One set of the English suite: what it is, and where it was found.

    Attributes
    ----------
    name, kind, source, licence : str
    sha256 : str
        Checksum of the file that was found, or of the one to look for.
    path : Path or None
        None when it is nowhere.
    wanted : tuple of str
        Paths under the folder of $WORDVEC_DATA, or in gensim's test data, where it is looked for.
    """

    name: str
    kind: str
    source: str
    licence: str
    sha256: str
    path: Path | None
    wanted: tuple[str, ...]


def catalogue() -> list[Entry]:
    """The sets of the English suite, each with its source, licence and checksum."""
    path = lists.data_file("english.toml")
    folders = _folders(path)
    entries = []
    for each in read_toml(path)["dataset"]:
        files = [(choice, "") if isinstance(choice, str) else choice for choice in each["files"]]
        found = next(
            ((folder / f, sha) for f, sha in files for folder in folders if (folder / f).exists()),
            (None, files[0][1]),
        )
        about = {name: str(each.get(name, "")) for name in ("name", "kind", "source", "licence")}
        wanted = tuple(file for file, _ in files)
        entries.append(Entry(**about, sha256=found[1], path=found[0], wanted=wanted))
    return entries


def _folders(suite: Path) -> list[Path]:
    """Where the sets of a suite are looked for: beside it, in $WORDVEC_DATA, among gensim's."""
    places = [suite.parent, os.environ.get("WORDVEC_DATA"), gensim_folder()]
    return [Path(place) for place in places if place]


def _beside(suite: Path, name: str) -> str:
    """A file of tests that stands beside the suite, by its path; other names as they are."""
    return str(suite.parent / name) if (suite.parent / name).is_file() else name


def _cited(dataset: datasets.Dataset, reference: str) -> datasets.Dataset:
    return replace(dataset, source=replace(dataset.source, reference=reference.strip()))


def _find(
    entry: Mapping[str, Any], folders: Sequence[Path], suite: Path
) -> datasets.Dataset | None:
    for choice in entry["files"]:
        file, digest = (choice, None) if isinstance(choice, str) else choice
        for folder in folders:
            if not (folder / file).exists():
                continue
            found = datasets.load(folder / file, entry.get("kind"), entry["name"])
            if digest not in (None, found.source.sha256):
                raise DatasetError(
                    f"{folder / file}: checksum {found.source.sha256[:16]}..., but {suite} "
                    f"expects {digest[:16]}...; name the file by --dataset if that is meant"
                )
            return found
    return None


def weat_tests(names: Sequence[str]) -> list[WeatTest]:
    """Tests by name (weat1 to weat10), all of them ("all"), or those of TOML files."""
    chosen: dict[str, WeatTest] = {}
    known = lists.weat_tests()
    for name in names:
        if name == "all":
            chosen.update(known)
        elif name in known:
            chosen[name] = known[name]
        elif Path(name).is_file():
            chosen.update(lists.read_weat(name))
        else:
            raise ValueError(f"no test {name!r}: one of {', '.join(known)}, all, or a file")
    return list(chosen.values())


def translated_tests(suite: Suite, path: str | os.PathLike[str]) -> Suite:
    """The suite with its association tests in another language, see `lists.translated`; a test that
    has a list without a word then becomes a note.

    Raises
    ------
    DatasetError
        For a file that holds no translations, or none of a test.
    """
    made: list[WeatTest] = []
    refused: list[DatasetError] = []
    for test in suite.tests:
        try:
            made.append(lists.translated(test, Path(path)))
        except DatasetError as error:
            refused.append(error)
    if refused and not made:
        raise refused[-1]
    left_out = (f"left out: {error}" for error in refused)
    return replace(suite, tests=tuple(made), notes=(*suite.notes, *left_out))
