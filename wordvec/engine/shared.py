"""Folders that all workers of a cluster see, for what one task leaves for another."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from wordvec.errors import ClusterError
from wordvec.system import remote
from wordvec.system.files import hidden_name, lock, sweep


@contextlib.contextmanager
def shared_folder(beside: str | os.PathLike[str], advice: str) -> Iterator[Path]:
    """A folder beside a path that all workers see, removed at the end. What a killed process left
    goes when the next one is made.

    Raises
    ------
    ClusterError
        Where no folder can be made; with the advice.
    """
    if remote.is_url(beside):
        raise ClusterError(f"{beside}: the workers' files cannot be kept beside it: {advice}")
    parent = Path(os.path.abspath(beside)).parent
    sweep(parent)
    folder = parent / hidden_name()
    try:
        os.mkdir(folder)
    except OSError as error:
        raise ClusterError(
            f"{parent}: the workers' files cannot be kept there ({error.strerror}): {advice}"
        ) from error
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        lock(descriptor)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
