"""Where a part of a text begins and ends: ranges of bytes of its files."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from wordvec.errors import CorpusError
from wordvec.system import remote
from wordvec.text.corpus import Part
from wordvec.text.options import TextOptions
from wordvec.text.reader import LINE_ENDS, SPACES, is_compressed
from wordvec.text.records.tables import kind_of

if TYPE_CHECKING:
    pass

LONGEST_LINE = 1 << 20  # bytes within which the end of a line is looked for
LONGEST_TOKEN = 256 << 20  # bytes within which the end of a word is
Paths = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Span:
    """Bytes [begin, end) of a file, the one at `place` of the texts. One that is not `plain` is
    always whole."""

    place: int
    path: str
    begin: int
    end: int
    plain: bool

    @property
    def at_line(self) -> bool:
        """Whether it begins where a line begins."""
        if not self.begin:
            return True
        with remote.open_file(self.path) as file:
            file.seek(self.begin - 1)
            return file.read(1) in LINE_ENDS

    def opened(self) -> str | BinaryIO:
        """What `encode` reads it from."""
        size = remote.size(self.path)
        if not self.begin and self.end == size:
            return self.path
        return cast(BinaryIO, _Slice(self))


class _Slice(io.RawIOBase):
    """Some of the bytes of a file; it is opened when it is read and closed at its end."""

    def __init__(self, span: Span) -> None:
        self.name = span.path
        self.begin = span.begin  # `reader` looks for signatures at the beginning of files alone
        self._span, self._at = span, span.begin
        self._file: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._file is None:
            self._file = remote.open_file(self.name)
            self._file.seek(self._at)
        n = min(len(buffer), self._span.end - self._at)
        data = self._file.read(n) if n else b""
        read = len(data)
        buffer[:read] = data
        self._at += read
        if not read:
            self._file.close()
            self._file = None
        return read


def opened(spans: Sequence[Span]) -> list[Any]:
    """What `encode` reads spans from; nothing is an empty file."""
    return [span.opened() for span in spans] or [io.BytesIO()]


def sizes_of(paths: Paths) -> list[int]:
    """Bytes of each file.

    Raises
    ------
    CorpusError
        For what is no file: a pipe has no middle from which it could be read.
    """
    sizes = []
    for path in paths:
        name = os.fspath(path)
        if remote.is_url(name):
            sizes.append(remote.size(name))
            continue
        if os.path.isdir(name):
            raise IsADirectoryError(f"{name}: is a folder; name the files in it ({name}/*)")
        if name == "-" or not os.path.isfile(name):
            if name != "-" and not os.path.lexists(name):
                raise FileNotFoundError(f"{name}: there is no such file")
            raise CorpusError(
                f"{name}: is not a regular file; a part of a text can only be read from files"
            )
        sizes.append(os.path.getsize(name))
    return sizes


def spans(paths: Paths, part: Part, options: TextOptions | None = None) -> list[Span]:
    """The pieces of files that are a part, in order; those without a byte are left out."""
    how = options or TextOptions()
    sizes = sizes_of(paths)
    total, offset, found = sum(sizes), 0, []
    low, high = (total * at // part.of for at in (part.number - 1, part.number))
    for place, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        path = os.fspath(path)
        span = Span(place, path, 0, size, kind_of(path, how) == "plain" and not is_compressed(path))
        if span.plain:
            begin, end = (_cut(path, at - offset, size) for at in (low, high))
            span = replace(span, begin=begin, end=end)
        elif not low <= offset < high:
            span = replace(span, end=0)
        if span.begin < span.end:
            found.append(span)
        offset += size
    return found


def _cut(path: str, at: int, size: int) -> int:
    """The first place from byte `at` on where a line begins, or else one between two words."""
    if at <= 0 or at >= size:
        return min(max(at, 0), size)
    with remote.open_file(path) as file:
        file.seek(at - 1)
        start, text = at - 1, file.read(LONGEST_LINE)
        if (end := _line_end(text)) is not None:
            return _past_line_end(file, start + end)
        while text and start < at + LONGEST_TOKEN:
            if (space := _space(text)) >= 0:
                return _within(file, start + space)
            start += len(text)
            text = file.read(LONGEST_LINE)
    return size


def _line_end(text: bytes) -> int | None:
    """Where the first line end is."""
    found = re.search(rb"[\r\n]", text)
    return found.start() if found else None


def _past_line_end(file: BinaryIO, at: int) -> int:
    """What follows the line end at byte `at`."""
    file.seek(at)
    return at + 1 + (file.read(2) == b"\r\n")


def _space(text: bytes) -> int:
    found = re.search(rb"[ \n\t\r\v\f]", text)
    return found.start() if found else -1


def _within(file: BinaryIO, at: int) -> int:
    """The white space at byte `at`, or what follows a line end in it; a file ends with one."""
    file.seek(at)
    start = at
    while text := file.read(4096):
        spaces = text[: len(text) - len(text.lstrip(SPACES))]
        if (end := _line_end(spaces)) is not None:
            return _past_line_end(file, start + end)
        if len(spaces) < len(text):
            return at
        start += len(text)
    return start


def before(paths: Paths, first: Span, size: int, options: TextOptions) -> tuple[list[Span], bool]:
    """Some `size` bytes of the texts before a span, from the beginning of a word on, and whether
    they are all that there are."""
    names = [os.fspath(path) for path in paths]
    found: list[Span] = []
    at, end = first.place, first.begin
    while True:
        path = names[at]
        plain = kind_of(path, options) == "plain" and not is_compressed(path)
        begin = _word(path, end - size) if plain and end > size else 0
        if begin < end:
            found.insert(0, Span(at, path, begin, end, plain))
        size -= end - begin
        if begin or size <= 0:
            return found, not begin and not at
        if not at:
            return found, True
        at -= 1
        end = remote.size(names[at])


def whole_lines(text: list[Span]) -> tuple[list[Span], list[Span]]:
    """Spans parted after their last line end: whole lines, and the line that is begun. A file ends
    a line."""
    *files, last = text
    with remote.open_file(last.path) as file:
        end = last.end
        while end > last.begin:
            begin = max(last.begin, end - LONGEST_LINE)
            file.seek(begin)
            piece = file.read(end - begin)
            if (found := max(piece.rfind(b"\n"), piece.rfind(b"\r"))) >= 0:
                at = begin + found + 1
                parts = [replace(last, end=at), replace(last, begin=at)]
                return [*files, parts[0]], [span for span in parts[1:] if span.begin < span.end]
            end = begin
    return files, [last]


def _word(path: str, at: int) -> int:
    """Where the first word from byte `at` on begins; 0 in text without white space."""
    with remote.open_file(path) as file:
        file.seek(at)
        text = file.read(LONGEST_LINE)
    space = _space(text)
    return at + space if space >= 0 else 0
