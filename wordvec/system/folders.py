"""Folders that appear whole under their names, and replace only folders of the same kind.

A folder is written beside its place and renamed. One that is replaced changes places with the new
one in one step (renameat2) where the system can, and is removed after.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from wordvec.system.files import (
    PathLike,
    check_writable,
    hidden_name,
    keep_attributes,
    lock,
    lock_holder,
    log,
    refuse_dash,
    refuse_inputs,
    resolve,
    sweep,
    sync_folder,
)


@dataclass(frozen=True)
class Kind:
    """What a folder of ours holds.

    Attributes
    ----------
    name : str
        For messages: "a folder of shards".
    files : pattern
        Matches all names that it may hold.
    proof : callable
        Whether a folder is one, from the content of a file in it.
    parts : (pattern, Kind), optional
        Names and kind of the folders in it.
    """

    name: str
    files: re.Pattern[str]
    proof: Callable[[Path], bool]
    parts: tuple[re.Pattern[str], Kind] | None = None

    def refusal(self, folder: Path) -> str:
        """Why a folder may not be replaced or removed by one of this kind; "" if it may."""
        names = sorted(os.listdir(folder))
        for name in names:
            part = self._part(name)
            if not self.files.fullmatch(name) and part is None:
                return f"it holds {name}, which is not part of {self.name}"
            if part is not None and (reason := part.refusal(folder / name)):
                return f"in {name} {reason}"
        if names and not self.proof(folder):
            return f"it is not {self.name}"
        return ""

    def remove(self, folder: Path) -> None:
        """Removes the files of this kind and the folder, if nothing else is in it; another process
        may be sweeping it away, too."""
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(folder):
                if self.files.fullmatch(name):
                    (folder / name).unlink(missing_ok=True)
                elif part := self._part(name):
                    part.remove(folder / name)
            os.rmdir(folder)

    def _part(self, name: str) -> Kind | None:
        return self.parts[1] if self.parts and self.parts[0].fullmatch(name) else None


def check_folder(
    path: PathLike,
    kind: Kind,
    *,
    force: bool,
    inputs: Iterable[PathLike | None] = (),
    work: str = "",
) -> Path:
    """The path, if a folder can be made there: asked before hours of work, not after.

    Parameters
    ----------
    force : bool
        Whether a folder of the same kind may be replaced. Anything else never is, except an empty
        folder.
    inputs : paths
        What the result is made from; a folder that is one of them or holds one is refused.
    work : str
        Suffix of the folder that is written first, whose name must not be too long.

    Raises
    ------
    FileExistsError, FileNotFoundError, PermissionError, OSError
        With what to do.
    ValueError
        For `-`.
    """
    target = Path(path)
    refuse_dash(path)
    real = resolve(target)
    if os.path.lexists(real) and not real.is_dir():
        raise FileExistsError(f"{target}: is not a folder; name a folder")
    if real == Path.cwd() or real in Path.cwd().parents or os.path.ismount(real):
        raise FileExistsError(f"{target}: a folder in use cannot be replaced; name a new folder")
    refuse_inputs(target, inputs)
    if real.is_dir():
        reason = kind.refusal(real)
        if reason:
            raise FileExistsError(f"{target}: is never replaced: {reason}; name another folder")
        if os.listdir(real) and not force:
            raise FileExistsError(
                f"{target}: exists already; name another folder or give force=True"
            )
    if not real.parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {real.parent}")
    check_writable(real.parent)
    if work:
        refuse_second_writer(real.with_name(real.name + work), target)
    return target


def refuse_second_writer(work: Path, target: PathLike) -> None:
    """Raises FileExistsError while another process works in a folder; nothing is kept locked."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(work, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not lock(descriptor):
                raise FileExistsError(
                    f"{target}: {lock_holder(descriptor)} is writing it; wait for that, or name "
                    "another folder"
                )
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def write_folder(path: PathLike, kind: Kind, *, force: bool = False) -> Iterator[Path]:
    """A new folder, under a hidden name, that gets its own when the block ends without an error.

    The block synchronises the files that it writes.
    """
    target = check_folder(path, kind, force=force)
    parent = resolve(target).parent
    sweep(parent)
    with _hidden_folder(parent, 0o777) as folder:
        yield folder
        give_name(folder, target, kind, force=force)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for temporary files, where TMPDIR says. It is removed at the end; one that a killed
    process left goes when the next one is made."""
    parent = Path(tempfile.gettempdir())
    sweep(parent)
    try:
        with _hidden_folder(parent, 0o700) as folder:
            yield folder
    except OSError as error:
        # The hidden name says nothing to anybody, and is gone.
        if str(error.filename).startswith(f"{parent}{os.sep}.wordvec-"):
            error.filename = f"{parent} (temporary files; TMPDIR names another folder)"
        raise


@contextlib.contextmanager
def _hidden_folder(parent: Path, mode: int) -> Iterator[Path]:
    """A new folder, locked, that is removed at the end unless another one has its name by then."""
    folder, descriptor = _locked_folder(parent, mode)
    try:
        yield folder
    finally:
        ours = _is_at(folder, descriptor)
        os.close(descriptor)  # before: listing a folder needs a descriptor, which may be the last
        if ours:
            _remove_all(folder)


def _locked_folder(parent: Path, mode: int) -> tuple[Path, int]:
    """A new hidden folder, and the descriptor by which it is locked. Another process may sweep it
    away before it has its lock: then there is another one."""
    while True:
        folder = parent / hidden_name()
        os.mkdir(folder, mode)
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        except OSError:  # too many open files
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(folder)
            raise
        if lock(descriptor) and _is_at(folder, descriptor):
            return folder, descriptor
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file or folder is the one of that name."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_all(folder: Path) -> None:
    """Removes a folder and what is in it, with one open file at a time, unlike `shutil.rmtree`;
    another process may be sweeping it away, too."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                _remove_all(path)
            else:
                path.unlink(missing_ok=True)
        os.rmdir(folder)


def give_name(folder: Path, target: PathLike, kind: Kind, *, force: bool) -> None:
    """Gives a finished folder its name. An old one of the same kind that has the name goes, if
    forced, in the same step."""
    with uninterrupted():
        _give_name(folder, target, kind, force)


def _give_name(folder: Path, target: PathLike, kind: Kind, force: bool) -> None:
    real = resolve(target)
    if real.is_dir():
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            keep_attributes(descriptor, real)
        finally:
            os.close(descriptor)
    sync_folder(folder)
    try:
        os.rename(folder, real)  # to a name that is free, or that of an empty folder
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        reason = kind.refusal(real)
        if reason or not force:
            raise FileExistsError(
                f"{target}: was made by somebody else in the meantime; name another folder"
            ) from None
        old = folder if exchange(folder, real) else _step_aside(folder, real)
        kind.remove(old)
    sync_folder(real.parent)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets signals that are handled in Python wait for the end of the block, which is short: an
    exception between two steps would leave the older folder under another name."""
    came: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if callable(handler := signal.getsignal(number)):
                before[number] = handler
                signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def exchange(one: Path, other: Path) -> bool:
    """Exchanges two names in one step; False where the system or the file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(library, "renameat2"):
        here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        failed = library.renameat2(here, names[0], here, names[1], ctypes.c_uint(swap))
    elif hasattr(library, "renamex_np"):
        failed = library.renamex_np(*names, ctypes.c_uint(2))  # RENAME_SWAP
    else:
        return False
    if failed:
        number = ctypes.get_errno()
        if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            return False
        raise OSError(number, os.strerror(number), os.fspath(other))
    return True


def _step_aside(folder: Path, real: Path) -> Path:
    """Replaces a folder in two steps, between which neither has the name."""
    number = 1
    while os.path.lexists(old := real.with_name(f"{real.name}.replaced-{number}")):
        number += 1
    log.warning(
        "%s: this file system cannot exchange two folders in one step; if the next step fails, "
        "the old folder is %s",
        real,
        old,
    )
    os.rename(real, old)
    try:
        os.rename(folder, real)
    except BaseException:
        os.rename(old, real)
        raise
    return old


class WorkFolder:
    """A folder that one process at a time works in, and that outlives it to be gone on with.

    A context manager: inside, the folder exists and is locked. After, it stays as it is, or is
    gone when it is empty.

    Parameters
    ----------
    path : path
        Made when it is missing. A folder that holds anything else than a `kind` holds is refused.
    target : path
        What is made in it, for the message to a second writer.
    """

    def __init__(self, path: Path, target: PathLike, kind: Kind) -> None:
        self.path, self._target, self._kind = path, target, kind
        self._descriptor = -1

    def __enter__(self) -> Self:
        while True:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.path)
            try:
                descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except FileNotFoundError:  # its last writer has just ended
                continue
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    with contextlib.suppress(OSError):
                        os.rmdir(self.path)
                    raise
                raise FileExistsError(
                    f"{self.path}: this path is needed to make {self._target}; move it away"
                ) from error
            self._descriptor = descriptor
            if not lock(descriptor):
                try:
                    refuse_second_writer(self.path, self._target)
                finally:
                    os.close(descriptor)
                continue  # it has just ended
            if self._is_here():
                break
            os.close(descriptor)
        try:
            reason = self._kind.refusal(self.path)
        except OSError:  # no descriptor is left to look into it
            self.__exit__(None, None, None)
            raise
        if reason:
            self.__exit__(None, None, None)
            raise FileExistsError(
                f"{self.path}: is where {self._target} is to be made, but {reason}; move it away"
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            os.rmdir(self.path)
        os.close(self._descriptor)
        self._descriptor = -1

    def _is_here(self) -> bool:
        """Whether the folder that is locked is still the one of that name."""
        return _is_at(self.path, self._descriptor)
