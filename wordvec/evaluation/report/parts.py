"""A folder with the tables or the figures of a report. Its list of contents says that it is one, so
that a folder with somebody's own files is never replaced."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from wordvec.system.files import PathLike, write_atomically
from wordvec.system.folders import Kind, write_folder

_CONTENTS = "contents.json"
_FORMAT = "wordvec report"
_MOST = 1 << 20  # bytes of a list of contents


def _listed(folder: Path) -> bool:
    """Whether a folder holds what its list says and nothing else."""
    try:
        with open(folder / _CONTENTS, "rb") as file:
            contents = json.loads(file.read(_MOST))
        if contents["format"] != _FORMAT:
            return False
        return set(os.listdir(folder)) <= {_CONTENTS, *contents["files"]}
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return False


PARTS = Kind(
    "a folder of tables or figures that wordvec made",
    re.compile(r"contents\.json|.+\.(csv|svg|pdf)"),
    _listed,
)


@contextlib.contextmanager
def write_parts(folder: PathLike, *, force: bool = False) -> Iterator[dict[str, bytes]]:
    """A dict of names and contents, which are a folder when the block ends without an error.

    Raises
    ------
    FileExistsError
        When the folder exists and `force` is not given, or when it holds anything else.
    """
    parts: dict[str, bytes] = {}
    yield parts
    listed = {"format": _FORMAT, "files": sorted(parts)}
    with write_folder(folder, PARTS, force=force) as made:
        for name, data in [*parts.items(), (_CONTENTS, json.dumps(listed, indent=1).encode())]:
            with write_atomically(made / name) as file:
                file.write(data)
