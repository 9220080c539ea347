"""Small text files beside the data (word lists, tables, TOML): marks and line ends taken off."""

from __future__ import annotations

import codecs
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from wordvec.errors import FormatError

_TOKEN = re.compile("[^ \t\n\v\f\r]+")


def ascii_split(text: str) -> list[str]:
    """Tokens of a text, split at ASCII white space only: U+00A0 and U+3000 are part of a word, as
    they are for the trainers."""
    return _TOKEN.findall(text)


def bytes_of(word: str | bytes) -> bytes:
    """The word as bytes; a surrogate that stands for no byte is kept, so that look-ups of such
    strings find nothing instead of failing."""
    if isinstance(word, bytes):
        return word
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogatepass")


def without_mark(data: bytes) -> bytes:
    """The bytes without the byte order mark of UTF-8 that some editors put first."""
    return data.removeprefix(codecs.BOM_UTF8)


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The tables of a TOML file in UTF-8, with or without a byte order mark.

    Raises
    ------
    tomllib.TOMLDecodeError, UnicodeDecodeError
    """
    try:
        return tomllib.loads(without_mark(Path(path).read_bytes()).decode("utf-8"))
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("lists or tables in each other, too deep") from error


def read_words(path: str | os.PathLike[str]) -> list[bytes]:
    """The words of a list, one per line, as they stand there; LF or CRLF ends a line.

    Raises
    ------
    FormatError
        With file and line, for a line that ends in CR where others do not, or a CR inside a word.
    """
    words = without_mark(Path(path).read_bytes()).split(b"\n")
    cut = words.pop() or None  # a last line without its end
    if words and all(word.endswith(b"\r") for word in words):
        words = [word[:-1] for word in words]
        cut = None if cut is None else cut.removesuffix(b"\r")
    if cut is not None:
        words.append(cut)
    bad = next((i for i, word in enumerate(words) if b"\r" in word), None)
    if bad is not None:
        raise FormatError(
            f"{os.fspath(path)}, line {bad + 1}: a CR in {words[bad][:40]!r}; lines should all end "
            "in LF, or all in CRLF"
        )
    return words
