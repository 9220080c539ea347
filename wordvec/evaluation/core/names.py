"""Names that differ: files of one stem are told apart by suffix, then by folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from wordvec.errors import DatasetError


def distinct(names: Sequence[str], paths: Sequence[str | None]) -> list[str]:
    """A name for each file: its own where no other has it; else the file's name with its suffix;
    else with as many folders in front as are needed.

    Raises
    ------
    DatasetError
        The same file twice, or one name for two things that are no files.

    Examples
    --------
    >>> distinct(["sim", "sim", "rg"], ["a/sim.tsv", "a/sim.csv", "rg.txt"])
    ['sim.tsv', 'sim.csv', 'rg']
    >>> distinct(["pairs", "pairs"], ["a/pairs.tsv", "b/pairs.tsv"])
    ['a/pairs.tsv', 'b/pairs.tsv']
    """
    out = list(names)
    depth = 1
    while shared := {name for name, count in Counter(out).items() if count > 1}:
        changed = False
        for i, path in enumerate(paths):
            if out[i] in shared and path is not None:
                longer = "/".join(Path(path).parts[-depth:])
                changed, out[i] = changed or longer != out[i], longer
        if not changed:
            first = min(shared)
            raise DatasetError(
                f"{first}: is given twice, or two sets have this name: give it once, or rename one"
            )
        depth += 1
    return out
