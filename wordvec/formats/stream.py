"""What foreign files are read through: compression is undone, offsets are known, sizes are bounded.

A file's own numbers decide nothing before they were compared with what the file can hold.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.system.files import scratch_file
from wordvec.vectors.vectors import WordVectors

MAX_TOKEN = 1 << 16  # bytes; no released file has a word of a hundredth of that
MAX_DIMENSIONS = 1 << 20
# How many times its size a file may become when it is read: vectors in memory, and what was packed
# when unpacked. Vectors in text, packed with xz, become 4 times as large; one-hot ones about 100.
MAX_GROWTH = 250
SMALL = 1 << 26  # bytes that are no danger, however small the file is
_CHUNK = 1 << 20
_DAMAGE = (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


@dataclass(frozen=True)
class Part:
    """What of a file is wanted: its first `limit` words, and of these the given ones."""

    limit: int | None = None
    words: frozenset[bytes] | None = None

    def places(self, words: list[bytes], start: int) -> list[int] | None:
        """Which of some words that begin with number `start` are wanted; None for all."""
        stop = len(words) if self.limit is None else min(len(words), self.limit - start)
        if self.words is not None:
            return [i for i in range(stop) if words[i] in self.words]
        return None if stop == len(words) else list(range(stop))


class Stream:
    """A foreign file from its beginning, with the offset of what is read next."""

    def __init__(
        self, file: IO[bytes], name: str, size: int | None, packed: int | None = None
    ) -> None:
        self._file = file
        self._most = None if packed is None else max(SMALL, MAX_GROWTH * packed)
        self._open_files = contextlib.ExitStack()
        self.name = name
        self.size = size  # bytes in all; None when compressed
        self._buffer = b""
        self._at = 0  # what of the buffer was read
        self._start = 0  # offset of the buffer in the file
        self.part = Part()
        self.beyond = 0  # numbers that a reader found and float32 cannot hold

    @classmethod
    def open(cls, path: str | os.PathLike[str], member: str | None = None) -> Stream:
        """Opens a file, plain or compressed as its content says; of an archive with several files
        the `member`."""
        name = os.fspath(path)
        with contextlib.ExitStack() as files:
            plain = files.enter_context(open(path, "rb"))
            head = plain.read(264)
            plain.seek(0)
            whole = os.fstat(plain.fileno()).st_size
            unpack = next((how for magic, how in _WRAPPERS.items() if head.startswith(magic)), None)
            if unpack is None and _is_tar(head):
                unpack = _untar
            try:
                if unpack is None:
                    stream = cls(plain, name, whole)
                else:
                    archive = unpack in (_unzip, _untar)
                    inner = unpack(plain, member) if archive else unpack(plain)
                    stream = cls(files.enter_context(inner), name, None, whole)
                    if not archive and _is_tar(stream.peek(264)):
                        plain.seek(0)
                        archive = True
                        stream = cls(files.enter_context(_untar(plain, member)), name, None, whole)
                if member is not None and not (unpack is not None and archive):
                    raise FormatError(f"is no archive, so it has no member {member!r}")
            except FormatError as error:
                prefix = "" if str(error).startswith(name) else f"{name}: byte 0: "
                raise FormatError(f"{prefix}{error}") from error
            except (*_DAMAGE, NotImplementedError) as error:
                raise FormatError(f"{name}: byte 0: cannot be unpacked: {error}") from error
            if stream.peek(3) == codecs.BOM_UTF8:
                stream._at += 3
            stream._open_files = files.pop_all()
            return stream

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open_files.close()

    @property
    def offset(self) -> int:
        """Offset in the unpacked file of the byte that is read next."""
        return self._start + self._at

    @contextlib.contextmanager
    def as_file(self) -> Iterator[tuple[IO[bytes], int]]:
        """The whole file, unpacked, for readers that seek, and its size. What was packed goes to a
        temporary file first."""
        if self.size is not None:
            self._file.seek(0)
            yield self._file, self.size
            return
        with scratch_file() as file:
            while data := self.peek(_CHUNK):
                self._at += len(data)
                file.write(data)
            size = file.tell()
            file.seek(0)
            yield file, size

    def check_growth(self, needed: int, size: int | None = None) -> None:
        """FormatError where what is read would need more than `MAX_GROWTH` times the file's bytes,
        which are `size` where the file was unpacked."""
        size = self.size if size is None else size
        if size is not None and needed > max(SMALL, MAX_GROWTH * size):
            self.fail(
                f"its vectors would take {needed:,} bytes, more than {MAX_GROWTH} times the "
                f"{size:,} of the file",
                0,
            )

    def fail(self, what: str, offset: int | None = None) -> NoReturn:
        """Raises FormatError with the file's name and the offset."""
        raise FormatError(f"{self.name}: byte {self.offset if offset is None else offset}: {what}")

    def _more(self, wanted: int = _CHUNK) -> bool:
        try:
            chunk = self._file.read(max(wanted, _CHUNK))
        except _DAMAGE as error:
            self.fail(f"cannot be unpacked: {error}", self._start + len(self._buffer))
        self._start += self._at
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        if self._most is not None and self._start + len(self._buffer) > self._most:
            self.fail(_too_much(self._most), 0)
        return bool(chunk)

    def peek(self, n: int) -> bytes:
        """The next n bytes, or fewer at the end, which stay to be read."""
        while len(self._buffer) - self._at < n and self._more(n):
            pass
        return self._buffer[self._at : self._at + n]

    def read(self, n: int, what: str = "data") -> bytes:
        """The next n bytes; FormatError when there are fewer. Nothing is allocated on a promise."""
        if self.size is not None and n > self.size - self.offset:
            self.fail(f"{n:,} bytes of {what} expected, {self.size - self.offset:,} are left")
        if n <= _CHUNK:
            data = self.peek(n)
            self._at += len(data)
        else:
            pieces, missing = [], n
            while missing and (piece := self.peek(min(missing, _CHUNK))):
                pieces.append(piece)
                self._at += len(piece)
                missing -= len(piece)
            data = b"".join(pieces)
        if len(data) < n:
            self.fail(f"{n:,} bytes of {what} expected, the file ends after {len(data):,}")
        return data

    def skip(self, byte: bytes) -> bool:
        """Passes over one byte if it comes next, and says whether it did."""
        found = self.peek(1) == byte
        self._at += found
        return found

    def until(self, end: bytes, most: int, what: str) -> bytes:
        """The bytes before the next `end`, which is passed over; FormatError after `most`."""
        searched = 0
        while True:
            place = self._buffer.find(end, self._at + searched)
            if place >= 0 and place - self._at <= most:
                data = self._buffer[self._at : place]
                self._at = place + len(end)
                return data
            searched = max(0, len(self._buffer) - self._at - len(end) + 1)
            if searched > most or not self._more():
                self.fail(f"{what} does not end within {min(searched, most):,} bytes")

    def entries(self, count: int, width: int) -> tuple[list[bytes], bytes]:
        """Up to `count` words that a blank ends, with the `width` bytes behind each, one after the
        other: those that lie in the buffer in full, so possibly none."""
        buffer, at = self._buffer, self._at
        names, parts = [], []
        for _ in range(count):
            blank = buffer.find(b" ", at, at + MAX_TOKEN + 1)
            if blank < 0 or blank + 1 + width > len(buffer):
                break
            names.append(buffer[at:blank])
            at = blank + 1 + width
            parts.append(buffer[blank + 1 : at])
        self._at = at
        return names, b"".join(parts)

    def lines(self, most: int) -> bytes:
        """Whole lines that come next, at least one, which stay to be read; b"" at the end of the
        file. FormatError when the first has more than `most` bytes."""
        data = self.peek(_CHUNK)
        if len(data) == _CHUNK and b"\n" not in data:
            data = self.peek(max(most, _CHUNK) + 1)
            if len(data) > most and b"\n" not in data:
                self.fail(f"a line of more than {most:,} bytes")
        whole = data.rfind(b"\n") + 1
        return data[:whole] if whole else data

    @property
    def ended(self) -> bool:
        return not self.peek(1)

    def all_peeked(self, n: int) -> bool:
        """Whether the file ends n bytes from here."""
        return len(self.peek(n + 1)) <= n


class Rows:
    """A matrix that grows with the rows that are there, not with those that were promised."""

    def __init__(self, cols: int, dtype: Any = np.float32) -> None:
        self._data = np.empty((max(1, min(1024, _CHUNK // cols)), cols), dtype)
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, rows: NDArray[Any]) -> None:
        """Appends rows (n, cols)."""
        needed = self._rows + len(rows)
        if needed > len(self._data):
            grown = np.empty(
                (max(needed, 2 * len(self._data)), self._data.shape[1]), self._data.dtype
            )
            grown[: self._rows] = self._data[: self._rows]
            self._data = grown
        self._data[self._rows : needed] = rows
        self._rows = needed

    def array(self) -> NDArray[Any]:
        """All rows."""
        return self._data[: self._rows]


class Table:
    """Words and rows as a file brings them, of which those that are wanted are kept."""

    def __init__(self, cols: int, part: Part) -> None:
        self.words: list[bytes] = []
        self.seen = 0  # words that the file brought
        self._numbered = 0
        self._rows = Rows(cols)
        self._part = part

    @property
    def full(self) -> bool:
        """Whether nothing that comes now is wanted."""
        return self._part.limit is not None and self.seen >= self._part.limit

    def add(self, words: list[bytes], rows: NDArray[Any], numbered: int = 0) -> None:
        """Appends what is wanted of the next words and their rows (n, d); `numbered` of the words
        end in a number."""
        self._numbered += numbered
        places = self._part.places(words, self.seen)
        self.seen += len(words)
        if places is None:
            self.words += words
            self._rows.add(rows)
        elif places:
            self.words += [words[i] for i in places]
            self._rows.add(rows[places])

    def vectors(self) -> WordVectors:
        """The first vector of each word; the metadata says how many words came again, and how many
        end in a number."""
        words, rows = self.words, self._rows.array()
        meta: dict[str, Any] = {}
        if self._numbered:
            meta["words_ending_in_a_number"] = self._numbered
        first: dict[bytes, int] = {}
        for i, word in enumerate(words):
            first.setdefault(word, i)
        if len(first) != len(words):
            meta["repeated_words"] = len(words) - len(first)
            words, rows = list(first), rows[list(first.values())]
        return WordVectors(words, rows, meta=meta)


def _gunzip(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=file))


def split_member(path: str | os.PathLike[str]) -> tuple[str, str | None]:
    """A path and the member that `ARCHIVE:MEMBER` names, None for a path of a file."""
    name = os.fspath(path)
    file, colon, member = name.partition(":")
    while colon and not os.path.isfile(file):
        more, colon, member = member.partition(":")
        file = f"{file}:{more}"
    if os.path.exists(name) or not colon or not member:
        return name, None
    return file, member


def _choose(names: list[str], member: str | None) -> str:
    """The member of that name, or the only one; what other systems hide in archives is none."""
    files = [
        name
        for name in names
        if not name.startswith("__MACOSX/")
        and not os.path.basename(name).startswith("._")
        and os.path.basename(name) != ".DS_Store"
    ]
    if member is not None:
        if member in names:
            return member
        raise FormatError(f"no member {member!r}; there are: {_some(files)}")
    if len(files) != 1:
        raise FormatError(
            f"an archive of {len(files)} files; name one as ARCHIVE:MEMBER: {_some(files)}"
        )
    return files[0]


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _unzip(file: IO[bytes], member: str | None = None) -> IO[bytes]:
    archive = zipfile.ZipFile(file)
    members = {each.filename: each for each in archive.infolist() if not each.is_dir()}
    if any(name.endswith("/data.pkl") for name in members):
        raise FormatError(
            "a file of PyTorch: a pickle, which can run code and is never read; load it "
            "with PyTorch and give its array to wordvec.WordVectors(words, array)"
        )
    if member is None and members and all(name.endswith(".npy") for name in members):
        raise FormatError(
            "a NumPy archive (.npz); write its array with numpy.save('NAME.npy', array) and the "
            "words, one per line, to NAME.words.txt"
        )
    chosen = members[_choose(list(members), member)]
    if chosen.flag_bits & 1:
        raise zipfile.BadZipFile("an encrypted archive; unpack it first")
    return archive.open(chosen)


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _too_much(most: int) -> str:
    return (
        f"unpacks to more than {most:,} bytes, {MAX_GROWTH} times its size; if that is right, "
        "unpack it first"
    )


class _Limited:
    """A file that is read as far as the limit, for tarfile, which reads what headers promise."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, most

    def read(self, n: int = -1) -> bytes:
        left = self._most - self._file.tell()
        if n < 0 or n > left:
            n = left + 1
        data = self._file.read(n)
        if len(data) > left:
            raise FormatError(_too_much(self._most))
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET and offset > self._most:
            raise FormatError(_too_much(self._most))
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _untar(file: IO[bytes], member: str | None = None) -> IO[bytes]:
    head = file.read(8)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    unpack = next((how for magic, how in _WRAPPERS.items() if head.startswith(magic)), None)
    inner = cast(
        IO[bytes], _Limited(unpack(file), max(SMALL, MAX_GROWTH * size)) if unpack else file
    )
    archive = tarfile.open(fileobj=inner, mode="r:")  # noqa: SIM115 (read through the file in it)
    members = {each.name: each for each in archive if each.isfile()}
    chosen = archive.extractfile(members[_choose(list(members), member)])
    assert chosen is not None
    return chosen


def _open_lzma(file: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(lzma.LZMAFile(file))


_WRAPPERS: dict[bytes, Callable[..., IO[bytes]]] = {
    b"\x1f\x8b": _gunzip,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": _open_lzma,
    b"\x5d\x00\x00": _open_lzma,
    b"PK\x03\x04": _unzip,
}
