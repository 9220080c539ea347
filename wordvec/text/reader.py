"""Files of text -> blocks of bytes: what is compressed is unpacked, what is no text is refused."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import importlib
import io
import lzma
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from wordvec.errors import CorpusError, MissingExtra
from wordvec.system import remote
from wordvec.system.files import WV_MAGIC

BLOCK = 4 << 20  # bytes of text per task; large beside a task's overhead, small beside a cache
SPACES = b" \n\t\r\v\f"
_EACH_SPACE = tuple(bytes([space]) for space in SPACES)

_BOM = b"\xef\xbb\xbf"
LINE_ENDS = (b"\n", b"\r")
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x89PNG": "a PNG image",
    b"%PDF-": "a PDF document",
    b"\x7fELF": "a program",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "a Parquet file",
    WV_MAGIC: "a .wv file of vectors",
}


class Block(NamedTuple):
    """A piece of a text.

    Attributes
    ----------
    name : str
        The file, for messages.
    offset : int
        Where the piece starts in the (unpacked) file.
    text : bytes
        It ends neither inside a token nor inside a run of white space.
    labels : tuple of str
        Of the documents that end in it, where the text is made of records that have labels.
    """

    name: str
    offset: int
    text: bytes
    labels: tuple[str, ...] = ()


def refuse_nul(name: str, offset: int, nul_at: int) -> None:
    """Raises when a block of text at `offset` has a NUL byte, at `nul_at` >= 0 in it."""
    if nul_at >= 0:
        raise CorpusError(
            f"{name}: NUL byte at offset {offset + nul_at:,}: this is binary or UTF-16, not "
            "text; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"
        )


def text_blocks(paths: Iterable[str | BinaryIO], *, exact: bool = False) -> Iterator[Block]:
    """The texts as blocks; a blank line follows the end of a file.

    A byte order mark is blanked. With `exact` it is a block of its own, and the blocks together are
    the files, but for a line end that is added where a file has none at its end.
    """
    for path in paths:
        with open_text(path) as (name, file):
            offset, rest = 0, b""
            first = not _begun(path)
            open_line = False
            while chunk := file.read(BLOCK):
                if first:
                    _refuse_foreign(chunk, name)
                    if chunk.startswith(_BOM) and exact:
                        yield Block(name, 0, _BOM)
                        offset, chunk = len(_BOM), chunk[len(_BOM) :]
                    elif chunk.startswith(_BOM):
                        chunk = b"   " + chunk[len(_BOM) :]
                    first = False
                if cut := _last_token_end(chunk):
                    yield Block(name, offset, b"".join((rest, memoryview(chunk)[:cut])))
                    offset += len(rest) + cut
                    rest = chunk[cut:]
                    open_line = not chunk.endswith(LINE_ENDS)
                    continue
                block = rest + chunk
                open_line = not block.endswith(LINE_ENDS)
                if block.isspace():
                    if exact:
                        yield Block(name, offset, block)
                    rest = b"" if exact else _squeezed(block)
                    offset += len(block) - len(rest)
                    continue
                cut = _last_token_end(block)
                if cut == 0:
                    # One token goes on and on: keep enough of it to know that it is too long.
                    rest = block
                    if len(rest) > 64 * BLOCK:
                        raise CorpusError(
                            f"{name}: a token of more than {64 * BLOCK >> 20} MB at offset "
                            f"{offset:,}: this is not text with spaces"
                        )
                    continue
                yield Block(name, offset, block[:cut])
                offset += cut
                rest = block[cut:]
            if open_line or not exact:
                yield Block(name, offset, rest + (b"\n" if exact else b"\n\n"))
            elif rest:
                yield Block(name, offset, rest)


def _last_token_end(block: bytes) -> int:
    """Where the last run of white space that follows a token starts; 0 where none does."""
    tail = len(block) - 4096
    for start in (max(tail, 0), 0):
        end = max(block.rfind(space, start) for space in _EACH_SPACE) + 1
        if kept := len(block[start:end].rstrip(SPACES)):
            return start + kept
    return 0


def _squeezed(spaces: bytes) -> bytes:
    """White space that means the same to a tokeniser: a blank line, a line end or a space."""
    line_ends = spaces.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
    return b"\n" * min(line_ends, 2) or b" "


def _refuse_foreign(head: bytes, name: str) -> None:
    for magic, kind in (_FOREIGN | {m: f"{k} data" for m, k in _MAGIC.items()}).items():
        if head.startswith(magic):
            twice = " inside a compressed file" if magic in _MAGIC else ""
            remedy = "; unpack it first" if twice or kind.endswith("archive") else ""
            if kind == "a Parquet file":
                remedy = "; name the column that has the text: text_column='NAME'"
            raise CorpusError(f"{name}: this is {kind}{twice}, not text{remedy}")


@contextlib.contextmanager
def open_text(path: str | BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """A text file opened for reading bytes, decompressed when its content says so.

    `-` is standard input. Yields (name for messages, file).
    """
    with contextlib.ExitStack() as stack:
        if not isinstance(path, str):
            name, raw = str(getattr(path, "name", "the file")), path
        elif path == "-":
            name, raw = "standard input", standard_input()
        else:
            if not remote.is_url(path) and os.path.isdir(path):
                raise IsADirectoryError(f"{path}: is a folder; name the files in it ({path}/*)")
            name, raw = path, stack.enter_context(remote.open_file(path))
        head = b"" if _begun(path) else _peek(raw)
        # A block is larger than this buffer, so that most of it is read where it stays.
        file = cast(BinaryIO, io.BufferedReader(_Rejoined(head, raw), 1 << 16))
        kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
        damage: tuple[type[Exception], ...] = (EOFError, lzma.LZMAError, zlib.error)
        if kind == "gzip":
            file = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=file)))
        elif kind == "bzip2":
            file = cast(BinaryIO, stack.enter_context(bz2.BZ2File(file)))
        elif kind == "xz":
            file = cast(BinaryIO, stack.enter_context(lzma.LZMAFile(file)))
        elif kind == "zstandard":
            reader, error_type = _unzstd(file, name)
            file = cast(BinaryIO, stack.enter_context(reader))
            damage = (*damage, error_type)
        try:
            yield name, file
        except damage as error:
            raise CorpusError(
                f"{name}: the {kind} file is damaged or cut short: {error}"
            ) from error
        except OSError as error:
            # gzip and bz2 report damage as an OSError without a number.
            if kind is None or error.errno is not None:
                raise
            raise CorpusError(f"{name}: the {kind} file is damaged: {error}") from error


def _unzstd(file: BinaryIO, name: str) -> tuple[Any, type[Exception]]:
    """A reader of zstandard, and its error: of the standard library (Python 3.14), or the extra."""
    with contextlib.suppress(ImportError):
        zstd = importlib.import_module("compression.zstd")
        return zstd.ZstdFile(file), zstd.ZstdError
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError as error:
        raise MissingExtra("zstandard", "io", f"reading {name}") from error
    reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return reader, zstandard.ZstdError


def _begun(path: str | BinaryIO) -> bool:
    """Whether what is read is the rest of a file, whose first bytes are no signature."""
    return bool(getattr(path, "begin", 0))


def is_compressed(path: str) -> bool:
    """Whether a file begins like a compressed one."""
    with remote.open_file(path) as file:
        head = file.read(16)
    return any(head.startswith(magic) for magic in _MAGIC)


def _peek(raw: BinaryIO) -> bytes:
    """The first bytes of a file; a pipe may give them in pieces."""
    head = b""
    while len(head) < 16 and (more := raw.read(16 - len(head))):
        head += more
    return head


def standard_input() -> BinaryIO:
    """The bytes of standard input; CorpusError when it is closed."""
    if sys.stdin is None or sys.stdin.closed:
        raise CorpusError("standard input: is closed; name a file, or pipe a text in")
    return cast(BinaryIO, sys.stdin.buffer)


class _Rejoined(io.RawIOBase):
    """A file whose first bytes were read already: also for pipes, which cannot seek."""

    def __init__(self, head: bytes, raw: BinaryIO) -> None:
        self._head, self._raw = head, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            n = min(len(buffer), len(self._head))
            buffer[:n], self._head = self._head[:n], self._head[n:]
            return n
        if hasattr(self._raw, "readinto"):
            return int(self._raw.readinto(buffer) or 0)
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
