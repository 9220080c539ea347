"""Paths with `://`: files that lie in a store, read through fsspec, an extra.

A path without `://` never comes here, and fsspec is never imported for it. What has to be mapped is
copied once into a folder of this machine: WORDVEC_CACHE, or wordvec in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard, cast

from wordvec.errors import MissingExtra, WordvecError
from wordvec.system.files import PathLike, sync_folder, write_atomically

# What users bring for a protocol, beside fsspec.
PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
    "adl": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "hdfs": "pyarrow",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "hf": "huggingface_hub",
}
_PART = re.compile(r"\.[0-9a-f]{8}\.part$")  # of a file that is being written
RANGES = 256 << 20  # bytes of ranges that are kept in memory of one file


def is_url(path: object) -> TypeGuard[str]:
    """Whether a path is one of a store: a string with `://` in it."""
    return isinstance(path, str) and "://" in path


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path in it.

    Raises
    ------
    MissingExtra
        Without fsspec.
    WordvecError
        For a protocol that is not known, or whose package is not installed; with the pip command.
    """
    try:
        # Not at the top: plain paths never load it.
        fsspec = importlib.import_module("fsspec")
    except ImportError as error:
        raise MissingExtra("fsspec", "remote", f"reading {url}") from error
    protocol = url.partition("://")[0]
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        package = PACKAGES.get(protocol)
        how = f"pip install {package}" if package else str(error)
        raise WordvecError(f"{url}: {protocol}:// needs a package: {how}") from error
    except ValueError as error:
        known = ", ".join(sorted(PACKAGES))
        raise WordvecError(
            f"{url}: fsspec does not know {protocol}:// (it knows {known})"
        ) from error
    return system, str(path)


@contextlib.contextmanager
def _naming(url: str) -> Any:
    """Adds the URL to an error of a store that does not have it."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{url}: there is no such file") from error
    except OSError as error:
        if error.filename is None and url not in str(error):
            raise OSError(f"{url}: {error}") from error
        raise
    except (WordvecError, MemoryError):
        raise
    except Exception as error:  # each package has errors of its own: no credentials, refused
        raise WordvecError(f"{url}: {type(error).__name__}: {error}") from error


def open_file(path: PathLike) -> BinaryIO:
    """A file for reading bytes, of this machine or of a store."""
    if not is_url(path):
        return cast(BinaryIO, open(path, "rb", buffering=0))
    system, name = filesystem(path)
    with _naming(path):
        return cast(BinaryIO, system.open(name, "rb"))


def size(path: PathLike) -> int:
    """Bytes of a file; FileNotFoundError names one that is not there."""
    if not is_url(path):
        return os.path.getsize(path)
    system, name = filesystem(path)
    with _naming(path):
        return int(system.size(name))


def exists(url: str) -> bool:
    """Whether there is a file or folder of that name."""
    system, name = filesystem(url)
    with _naming(url):
        return bool(system.exists(name))


def expanded(paths: Iterable[str]) -> list[str]:
    """The paths with patterns of URLs (s3://bucket/text/*.zst) replaced by what they match, which
    no shell does."""
    found = []
    for path in paths:
        if not is_url(path) or not any(sign in path for sign in "*?["):
            found.append(path)
            continue
        system, name = filesystem(path)
        there = [system.unstrip_protocol(each) for each in sorted(system.glob(name))]
        if not there:
            raise FileNotFoundError(f"{path}: matches no file")
        found += there
    return found


def cache_folder() -> Path:
    """Where copies are kept; made when it is missing."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(os.environ.get("WORDVEC_CACHE") or os.path.join(home, "wordvec"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear_cache() -> int:
    """Removes all copies; returns their bytes."""
    folder, freed = cache_folder(), 0
    for entry in sorted(folder.glob("copy-*")):
        freed += sum(file.stat().st_size for file in entry.rglob("*") if file.is_file())
        shutil.rmtree(entry)
    return freed


def local_copy(url: str) -> Path:
    """A copy of a file of a store on this machine. It is made when it is first asked for, and again
    when the file in the store has changed (its ETag, or size and time)."""
    system, name = filesystem(url)
    with _naming(url):
        version = str(system.ukey(name))
    key = hashlib.sha256(f"{url}\0{version}".encode()).hexdigest()[:32]
    folder = cache_folder() / f"copy-{key}"
    copy = folder / (name.rpartition("/")[2] or "file")
    if copy.exists():
        return copy
    folder.mkdir(exist_ok=True)
    with (
        _naming(url),
        system.open(name, "rb") as source,
        write_atomically(copy, force=True) as file,
    ):
        shutil.copyfileobj(source, file, 1 << 22)
        found, wanted = file.tell(), int(system.size(name))
        if found != wanted:
            raise WordvecError(f"{url}: {found:,} of {wanted:,} bytes arrived: try again")
    return copy


def put(file: PathLike, url: str) -> None:
    """Copies a file of this machine into a store, where it appears whole or not at all."""
    with _place(url) as (system, name):
        system.put_file(os.fspath(file), name)


def put_bytes(data: memoryview, url: str) -> None:
    """Writes a file of a store, which appears whole or not at all."""
    with _place(url) as (system, name):
        system.pipe_file(name, bytes(data))  # packages of stores take nothing else


@contextlib.contextmanager
def _place(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of a URL, and the name under which it is to be written. An object of an
    object store appears when all of it is there; elsewhere it is written beside and renamed."""
    system, name = filesystem(url)
    with _naming(url):
        if parent := name.rpartition("/")[0]:
            system.makedirs(parent, exist_ok=True)
        if system.async_impl:  # s3fs, gcsfs, adlfs
            yield system, name
            return
        beside = f"{name}.{os.urandom(4).hex()}.part"
        try:
            yield system, beside
            system.mv(beside, name)
        except BaseException:
            with contextlib.suppress(Exception):
                system.rm_file(beside)
            raise


def read(url: str, size_of_it: int) -> bytes | None:
    """All bytes of a file of a store; None where it has not just so many."""
    if size(url) != size_of_it:
        return None
    system, name = filesystem(url)
    with _naming(url):
        data = bytes(system.cat_file(name))
    return data if len(data) == size_of_it else None


def keep_only(folder: str, names: re.Pattern[str], kept: Container[str]) -> None:
    """Removes the files of a folder of a store whose names match and are not to be kept, and what
    a writer of such a file left that died."""
    system, path = filesystem(folder)
    with _naming(folder):
        system.invalidate_cache()  # others have written there too
        for found in system.ls(path, detail=False):
            name = found.rpartition("/")[2]
            whole = _PART.sub("", name)
            if names.fullmatch(whole) and (whole != name or name not in kept):
                system.rm_file(found)


def fetch(url: str, file: Path) -> None:
    """Copies a file of a store to a place on this machine, whole or not at all."""
    system, name = filesystem(url)
    with _naming(url), system.open(name, "rb") as source, write_atomically(file, force=True) as out:
        shutil.copyfileobj(source, out, 1 << 22)
    sync_folder(file.parent)


class Ranges:
    """A file of a store, of which ranges are read when they are sliced; the last ones are kept."""

    def __init__(self, url: str) -> None:
        self._system, self._name = filesystem(url)
        self._url = url
        self._size = size(url)
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, where: slice) -> memoryview:
        begin, end, _ = where.indices(self._size)
        with self._lock:
            data = self._kept.get((begin, end))
            if data is not None:
                self._kept.move_to_end((begin, end))
                return memoryview(data)
        with _naming(self._url):
            data = (
                bytes(self._system.cat_file(self._name, start=begin, end=end))
                if end > begin
                else b""
            )
        if len(data) != max(end - begin, 0):
            raise WordvecError(
                f"{self._url}: {len(data):,} of {end - begin:,} bytes arrived from byte {begin:,} "
                "on: try again"
            )
        with self._lock:
            if (begin, end) not in self._kept:
                self._kept[begin, end] = data
                self._held += len(data)
            while self._held > RANGES and len(self._kept) > 1:
                self._held -= len(self._kept.popitem(last=False)[1])
        return memoryview(data)
