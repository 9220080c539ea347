"""Files that appear whole under their names or not at all, and replace only what may be replaced.

A file is written without a name (O_TMPFILE) where the system has that, so that a kill leaves
nothing. Elsewhere it has a hidden name of ours and a lock; the next write into the folder removes
what a dead process left. docs/explanation/reliability.md says what is promised.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import logging
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from wordvec.errors import DatasetError

PathLike: TypeAlias = str | os.PathLike[str]

log = logging.getLogger("wordvec")

WV_MAGIC = b"\x89WVEC\r\n\x1a"  # the first bytes of a .wv file

NPY_MAGIC = b"\x93NUMPY"

_OURS = re.compile(r"\.wordvec-[0-9a-f]{16}\.tmp")
_DESCRIPTOR = re.compile(r"/(?:dev/fd|proc/self/fd)/(\d+)|/dev/(stdout)|/dev/(stderr)")
_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)


def data_file(name: str) -> Path:
    """A file of data/: beside the installed package, or at the top of a checkout.

    Raises
    ------
    DatasetError
        When it is in neither.
    """
    for folder in (resources.files("wordvec") / "data", Path(__file__).parents[2] / "data"):
        path = Path(str(folder)) / name
        if path.is_file():
            return path
    raise DatasetError(f"{name}: not found in wordvec's data; reinstall wordvec")


def check_target(path: PathLike, *, force: bool, inputs: Iterable[PathLike | None] = ()) -> Path:
    """The path, if a file can be written there: asked before hours of work, not after.

    A temporary file is made and removed, so that a folder that cannot be written to, a name that
    is too long or a full disk is found now.

    Parameters
    ----------
    force : bool
        Whether an existing file may be replaced.
    inputs : paths
        What the result is made from; it is never replaced. `-` and None stand for no file.

    Raises
    ------
    FileExistsError, IsADirectoryError, FileNotFoundError, PermissionError, OSError
        With what to do.
    ValueError
        For `-`.
    """
    target = Path(path)
    refuse_dash(path)
    if _descriptor(target) is not None:
        return target
    real = resolve(target)
    if real.is_dir():
        raise IsADirectoryError(f"{target}: is a folder; name a file in it")
    refuse_inputs(target, inputs)
    kind = _special(real)
    if kind == "stream":
        return target
    if kind:
        raise FileExistsError(f"{target}: is a {kind}; name a file")
    if os.path.lexists(real) and not force:
        raise FileExistsError(f"{target}: exists already; name another file or give force=True")
    if not real.parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {real.parent}")
    check_writable(real.parent)
    return target


def check_writable(folder: Path) -> None:
    """Raises OSError, with the folder's name, where no file can be made."""
    _Draft(folder).discard()


def refuse_dash(path: PathLike) -> None:
    """Raises ValueError for the name that stands for standard output elsewhere."""
    if os.fspath(path) == "-":
        raise ValueError(
            "-: the result cannot go to standard output this way; name a file "
            "(/dev/stdout is one, ./- is a file of that name)"
        )


def resolve(path: PathLike) -> Path:
    """The path without symbolic links: what is replaced is the file, never a link to it."""
    return Path(os.path.realpath(path))


def refuse_inputs(target: PathLike, inputs: Iterable[PathLike | None]) -> None:
    """Raises FileExistsError when writing to a file or folder would replace one of the inputs, a
    folder that holds one, or a file in a folder that is one."""
    real = resolve(target)
    for path in _with_companions(inputs):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if os.path.samefile(path, real) and not stat.S_ISCHR(os.stat(real).st_mode):
                raise FileExistsError(f"{target}: is an input of this command; name another output")
        source = resolve(path)
        if real in source.parents and real.is_dir():
            raise FileExistsError(
                f"{target}: is a folder that holds the input {path}; name another output"
            )
        if source in real.parents and source.is_dir() and os.path.lexists(real):
            raise FileExistsError(f"{target}: is in the input {path}; name another output")


def _with_companions(paths: Iterable[PathLike | None]) -> Iterator[PathLike]:
    """Inputs, and the files beside them that are read with them; `-` and None stand for no file."""
    for path in paths:
        if path is None or os.fspath(path) == "-":
            continue
        yield path
        if os.path.isfile(path):
            yield note_path(path)
            with contextlib.suppress(OSError), open(path, "rb") as file:
                if file.read(len(NPY_MAGIC)) == NPY_MAGIC:
                    yield words_path(path)


def words_path(path: PathLike) -> Path:
    """Where the words of a .npy file are."""
    return Path(path).with_suffix(".words.txt")


def note_path(vocabulary: PathLike) -> Path:
    """Where the note beside a vocabulary of a part of a text lies."""
    path = Path(vocabulary)
    return path.with_name(f"{path.name}.parts")


def is_stream(path: PathLike) -> bool:
    """Whether what is written there cannot be read again, and no file can lie beside it: a pipe, a
    device, an open file such as /dev/stdout."""
    return _descriptor(path) is not None or bool(_special(resolve(path)))


def _descriptor(path: PathLike) -> int | None:
    """The open file that a name such as /dev/stdout stands for."""
    found = _DESCRIPTOR.fullmatch(os.fspath(path))
    return None if found is None else 1 if found[2] else 2 if found[3] else int(found[1])


def _special(real: Path) -> str:
    """What stands at a path that is no regular file: "stream", which is written straight to, or
    another kind; "" for a regular file, and for nothing."""
    try:
        mode = os.stat(real).st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return "stream"
    return "" if stat.S_ISREG(mode) else "block device" if stat.S_ISBLK(mode) else "socket"


@contextlib.contextmanager
def naming(path: PathLike) -> Iterator[None]:
    """Adds the path to an error that does not name one: a write to a full disk has none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise


@contextlib.contextmanager
def write_atomically(
    path: PathLike, *, force: bool = False, durable: bool = True
) -> Iterator[BinaryIO]:
    """A binary file that appears under its name when the block ends without an error.

    The bytes are synchronised before the file gets its name, and the folder after: a kill, a full
    disk or an interrupt leaves the old file or none. A file that is replaced keeps its mode, owner
    and extended attributes; a symbolic link stays and its file is replaced. A device or a pipe gets
    the bytes when all are there.

    Parameters
    ----------
    durable : bool
        Whether the bytes are synchronised. A file that nobody reads after this process has ended
        need not be, and may never have to go to the disk.
    """
    with (
        write_path_atomically(path, force=force, durable=durable) as name,
        open(name, "wb") as file,
    ):
        yield file


@contextlib.contextmanager
def write_path_atomically(
    path: PathLike, *, force: bool = False, durable: bool = True
) -> Iterator[str]:
    """The name of a temporary file, for libraries that open files themselves; as above."""
    target = check_target(path, force=force)
    real = resolve(target)
    if _descriptor(target) is not None or _special(real):
        with _write_straight(target) as name:
            yield name
        return
    sweep(real.parent)
    with naming(target):
        draft = _Draft(real.parent)
    try:
        with naming(target):
            yield draft.path
            draft.publish(real, force=force, durable=durable)
    finally:
        draft.discard()


class _Scratch(io.FileIO):
    """A temporary file whose errors name the folder that it is in."""

    where = ""

    def write(self, data: Any, /) -> int:
        with naming(self.where):
            return super().write(data)


def scratch_file(folder: PathLike | None = None) -> BinaryIO:
    """A temporary file without a name, in `folder` or where TMPDIR says; OSError names the folder,
    which is full more often than not."""
    where = os.fspath(folder or tempfile.gettempdir())
    with naming(where), tempfile.TemporaryFile(dir=where, prefix="wordvec-", buffering=0) as made:
        file = _Scratch(os.dup(made.fileno()), "rb+")
    file.where = where if folder else f"{where} (temporary files; TMPDIR names another folder)"
    return io.BufferedRandom(file)


def reserve(file: BinaryIO, size: int) -> None:
    """Gives a temporary file its size, before it is mapped: writing to a map on a full disk would
    kill the process."""
    where = getattr(getattr(file, "raw", None), "where", "")
    with naming(where):
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


@contextlib.contextmanager
def _write_straight(target: Path) -> Iterator[str]:
    """A temporary file whose bytes go to a device, a pipe or an open file in the end."""
    with tempfile.NamedTemporaryFile(prefix="wordvec-") as file:
        with naming(f"{tempfile.gettempdir()} (temporary files; TMPDIR names another folder)"):
            yield file.name
        number = _descriptor(target)
        with naming(target), open(file.name, "rb") as source:
            out = os.open(target, os.O_WRONLY) if number is None else os.dup(number)
            with open(out, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


class _Draft:
    """A file that is being written: without a name, or with a hidden one and a lock.

    Attributes
    ----------
    path : str
        A name under which it can be opened.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name: Path | None = None
        self._descriptor = self._nameless()
        if self._descriptor < 0:
            self._descriptor = self._named()
        self.path = str(self._name or f"/proc/self/fd/{self._descriptor}")

    def _nameless(self) -> int:
        if not hasattr(os, "O_TMPFILE"):
            return -1
        try:
            descriptor = os.open(self._folder, os.O_RDWR | os.O_TMPFILE, 0o600)
        except OSError as error:
            if error.errno not in _NO_TMPFILE:
                raise
            return -1
        if not os.path.exists(f"/proc/self/fd/{descriptor}"):  # by which it will get its name
            os.close(descriptor)
            return -1
        lock(descriptor)
        return descriptor

    def _named(self) -> int:
        while True:
            name = self._folder / hidden_name()
            try:
                descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            except OSError as error:
                error.filename = os.fspath(self._folder)
                raise
            if lock(descriptor) and os.fstat(descriptor).st_nlink:  # else it is being swept
                self._name = name
                return descriptor
            os.close(descriptor)

    def publish(self, real: Path, *, force: bool, durable: bool) -> None:
        """Synchronises the bytes, if they are to last, and gives them their name."""
        keep_attributes(self._descriptor, real)
        if durable:
            os.fsync(self._descriptor)
        try:
            self._link(real)
        except FileExistsError:
            if not force:
                beside = self._link_beside(real)
                raise FileExistsError(
                    f"{real}: was made by somebody else in the meantime; the new file is {beside}"
                ) from None
            if self._name is None:
                name = self._folder / hidden_name()
                self._link(name)
                self._name = name
            os.replace(self._name, real)
            self._name = None
        if durable:
            sync_folder(self._folder)

    def _link(self, name: Path) -> None:
        """One more name; FileExistsError where there is a file of that name."""
        if self._name is not None:
            try:
                os.link(self._name, name)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                if os.path.lexists(name):
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
                os.rename(self._name, name)
                self._name = None
            return
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            # With a folder given, Python calls linkat, which can follow the link to the open file.
            os.link(self.path, name.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)

    def _link_beside(self, real: Path) -> Path:
        """A free name like the wanted one: v.1.wv for v.wv."""
        number = 1
        while True:
            beside = real.with_name(f"{real.stem}.{number}{real.suffix}")
            try:
                self._link(beside)
            except FileExistsError:
                number += 1
            else:
                return beside

    def discard(self) -> None:
        """Closes the file, and removes the hidden name if it still has one."""
        if self._descriptor < 0:
            return
        if self._name is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._name)
        os.close(self._descriptor)
        self._descriptor = -1


def hidden_name() -> str:
    """A name that `sweep` knows."""
    return f".wordvec-{os.urandom(8).hex()}.tmp"


def lock(descriptor: int) -> bool:
    """Locks an open file or folder until it is closed, and says whether nobody else has the lock.

    A file system without locks gives True: there, nothing can be known of others.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def lock_holder(descriptor: int) -> str:
    """Who has the lock of an open file: "process 123" where the system tells it."""
    about = os.fstat(descriptor)
    with contextlib.suppress(OSError), open("/proc/locks", "rb") as table:
        for line in table:
            fields = line.split()
            if (
                len(fields) > 5
                and fields[1] == b"FLOCK"
                and fields[5].endswith(b":%d" % about.st_ino)
            ):
                major, minor = (int(part, 16) for part in fields[5].split(b":")[:2])
                if os.makedev(major, minor) == about.st_dev and int(fields[4]) > 0:
                    return f"process {int(fields[4])}"
    return "another process"


def sweep(folder: Path) -> None:
    """Removes what writers of ours that are dead left in a folder: it has our name and no lock."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _sweep_one(entry.path)


def _sweep_one(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        about = os.fstat(descriptor)
        if about.st_uid != os.geteuid():
            return
        if stat.S_ISDIR(about.st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    finally:
        os.close(descriptor)


def keep_attributes(descriptor: int, real: Path) -> None:
    """Gives an open file the mode, owner and extended attributes of the one that it replaces, or
    those of a new file."""
    own = os.fstat(descriptor)
    try:
        old = os.stat(real)
    except FileNotFoundError:
        if stat.S_ISREG(own.st_mode):
            os.fchmod(descriptor, 0o666 & ~_umask())
        return
    mode = old.st_mode & 0o777
    if (old.st_uid, old.st_gid) != (own.st_uid, own.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except OSError:
            try:
                os.fchown(descriptor, -1, old.st_gid)
            except OSError:
                # The bits of the old group must not go to another group.
                mode = mode & 0o707 | (mode & 0o007) << 3
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(real):
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, name, os.getxattr(real, name))
    os.fchmod(descriptor, mode)


def sync_folder(folder: PathLike) -> None:
    """Makes renames in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    """The process's umask. Linux tells it; elsewhere it can only be asked by setting it."""
    with contextlib.suppress(OSError), open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(b"Umask:"):
                return int(line.split()[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
