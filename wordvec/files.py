"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def check_target(path: str | os.PathLike[str], *, force: bool) -> Path:
    """The path, if a file may be written there: asked before hours of work, not after.

    Raises
    ------
    FileExistsError, IsADirectoryError, FileNotFoundError
        With what to do.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target}: is a folder; name a file in it")
    if target.exists() and not force:
        raise FileExistsError(f"{target}: exists already; name another file or pass --force")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {target.absolute().parent}")
    return target


def check_folder(path: str | os.PathLike[str], *, force: bool) -> Path:
    """The path, if a folder may be made there.

    Raises
    ------
    FileExistsError, FileNotFoundError
        With what to do.
    """
    target = Path(path)
    if target.exists() and not force:
        raise FileExistsError(f"{target}: exists already; name another folder or pass --force")
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target}: is a file; name a folder")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {target.absolute().parent}")
    return target


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Adds the path to an error that does not name one: a write to a full disk has none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise


@contextlib.contextmanager
def write_atomically(path: str | os.PathLike[str], *, force: bool = False) -> Iterator[BinaryIO]:
    """A binary file that appears under its name when the block ends without an error.

    The bytes go to a temporary file beside the target, are synchronised, renamed, and the folder is
    synchronised: a kill, a full disk or an interrupt leaves the old file or none.
    """
    with write_path_atomically(path, force=force) as name, open(name, "wb") as file:
        yield file


@contextlib.contextmanager
def write_path_atomically(path: str | os.PathLike[str], *, force: bool = False) -> Iterator[str]:
    """The name of a temporary file, for libraries that open files themselves; as above."""
    target = check_target(path, force=force)
    folder = target.absolute().parent
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=folder)
    os.close(descriptor)
    try:
        with naming(target):
            yield name
        with naming(target), open(name, "rb+") as file:
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    sync_folder(folder)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Makes renames in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    """The process's umask. Linux tells it; elsewhere it can only be asked by setting it."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except OSError:
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
