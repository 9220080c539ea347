"""The noun hierarchy of WordNet, from its own database files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from wordvec.errors import CorpusError
from wordvec.hierarchy.relations import Relations, from_pairs


def read_wordnet(folder: str | os.PathLike[str]) -> Relations:
    """The noun hierarchy of WordNet's own database files (data.noun and index.noun).

    Parameters
    ----------
    folder
        Where the files lie: /usr/share/wordnet as Debian's wordnet-base installs them.

    Returns
    -------
    Relations
        Synset -> hypernym and instance hypernym, direct edges; names in the usual form
        `lemma.n.NN`: the synset's first lemma in lower case, and its place among that lemma's
        senses in index.noun. WordNet 3.0 has 82,115 synsets and 743,241 pairs in the closure.

    Raises
    ------
    CorpusError
        With file and line, if a file is malformed or names a synset that is not there.
    FileNotFoundError
        If a file is missing.

    References
    ----------
    WNDB(5WN), "Format of WordNet database files".
    """
    base = Path(folder)
    senses = _wordnet_senses(base / "index.noun")
    names: dict[int, str] = {}
    edges: list[tuple[int, int]] = []
    for where, fields in _wordnet_lines(base / "data.noun"):
        try:
            offset, count = int(fields[0]), int(fields[3], 16)
            lemma = fields[4].lower()
            pointers = fields[4 + 2 * count :]
            announced, there = int(pointers[0]), (len(pointers) - 1) // 4
            if not 0 <= announced <= there:
                raise ValueError(f"{announced:,} pointers announced, {there} found")
            links = [pointers[1 + 4 * i : 3 + 4 * i] for i in range(announced)]
            names[offset] = f"{lemma}.n.{senses[lemma].index(offset) + 1:02d}"
            edges += [(offset, int(target)) for symbol, target in links if symbol in ("@", "@i")]
        except (IndexError, ValueError, KeyError) as error:
            raise CorpusError(f"{where}: not a synset of WordNet's data.noun: {error}") from error
    lost = next((target for _, target in edges if target not in names), None)
    if lost is not None:
        raise CorpusError(f"{base / 'data.noun'}: a hypernym at offset {lost} is not there")
    return from_pairs([(names[c], names[p]) for c, p in edges], source=str(base))


def _wordnet_senses(path: Path) -> dict[str, list[int]]:
    """Lemma -> offsets of its synsets, in the order of senses."""
    senses = {}
    for where, fields in _wordnet_lines(path):
        try:
            count, pointers = int(fields[2]), int(fields[3])
            offsets = [int(field) for field in fields[6 + pointers :]]
        except (IndexError, ValueError) as error:
            raise CorpusError(f"{where}: not an entry of WordNet's index.noun: {error}") from error
        if len(offsets) != count:
            raise CorpusError(f"{where}: {count} senses announced, {len(offsets)} found")
        senses[fields[0]] = offsets
    return senses


def _wordnet_lines(path: Path) -> Iterable[tuple[str, list[str]]]:
    """The lines behind the licence (which starts each line with a space), without glosses."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            if not line.startswith("  "):
                yield f"{path}, line {number}", line.split("|", 1)[0].split()
