"""The note beside a vocabulary of parts: which texts, and how many tokens each part has."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from wordvec.counts.parts.spans import Paths, sizes_of
from wordvec.errors import CorpusError
from wordvec.system.files import note_path, write_atomically
from wordvec.text.options import TextOptions

FORMAT = "wordvec parts of a text"
VERSION = 1
MAX_NOTE = 64 << 20  # bytes


@dataclass(frozen=True)
class Note:
    """What lies beside a vocabulary of a part, or of all parts.

    Attributes
    ----------
    of : int
        Parts of the text.
    texts : list of [name, bytes]
    text : dict
        Options of the text.
    crc32 : int
        Of the vocabulary file.
    total : int
        Tokens that were counted.
    part : int
        Which part it is of; 0 for the whole.
    known : list of int
        Known tokens of each part; of the whole alone.
    """

    of: int
    texts: list[list[Any]]
    text: dict[str, Any]
    crc32: int
    total: int
    part: int = 0
    known: list[int] = field(default_factory=list)

    def save(self, vocabulary: str | os.PathLike[str]) -> None:
        """Writes it beside a vocabulary file; one that is there is replaced."""
        data = {"format": FORMAT, "version": VERSION, **asdict(self)}
        with write_atomically(note_path(vocabulary), force=True) as file:
            file.write(json.dumps(data, indent=1).encode() + b"\n")

    @classmethod
    def load(cls, vocabulary: str | os.PathLike[str]) -> Self | None:
        """What lies beside a vocabulary file; None where there is nothing.

        Raises
        ------
        CorpusError
            When it is damaged, or the vocabulary was changed after it.
        """
        path = note_path(vocabulary)
        try:
            with open(path, "rb") as file:
                data = json.loads(file.read(MAX_NOTE))
            if data.pop("format") != FORMAT or data.pop("version") != VERSION:
                raise ValueError("it is of another format or version")
            note = cls(**data)
            whole = [note.of, note.crc32, note.total, note.part, *note.known]
            if any(type(n) is not int or n < 0 for n in whole) or not note.of >= note.part:
                raise ValueError("a value in it is not a whole number >= 0, or part is above of")
            if len(note.known) != (0 if note.part else note.of):
                raise ValueError("it does not say how many tokens each part has")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CorpusError(f"{path}: damaged: {error}; make the vocabulary again") from error
        if note.crc32 != crc_of(vocabulary):
            raise CorpusError(
                f"{path}: was written for another vocabulary than {os.fspath(vocabulary)}: make "
                "the vocabulary again, or remove this file if you changed the words on purpose"
            )
        return note

    def check(self, paths: Paths, options: TextOptions, of: int, where: object) -> None:
        """Raises CorpusError when it is not of these texts, options and parts."""
        if self.texts != texts_of(paths):
            mine = [size for _, size in self.texts]
            theirs = [size for _, size in texts_of(paths)]
            found = "names differ" if mine == theirs else f"{_of(mine)}, not {_of(theirs)}"
            raise CorpusError(
                f"{where}: was made from other texts ({found}): give the same files in the same "
                "order to each part"
            )
        if self.text != options_record(options):
            raise CorpusError(
                f"{where}: its text was read as {self.text or 'whitespace'}, here it is "
                f"{options_record(options) or 'whitespace'}: give the same options of the text"
            )
        if self.of != of:
            raise CorpusError(f"{where}: is of {self.of} parts, not of {of}")


def _of(sizes: list[int]) -> str:
    return f"{len(sizes):,} files of {sum(sizes):,} bytes"


def texts_of(paths: Paths) -> list[list[Any]]:
    """The names and sizes of files."""
    return [[Path(p).name, size] for p, size in zip(paths, sizes_of(paths), strict=True)]


def options_record(options: TextOptions) -> dict[str, Any]:
    """The options of a text as JSON holds them."""
    said: dict[str, Any] = json.loads(json.dumps(options.recorded()))
    return said


def check_note(vocabulary: str | os.PathLike[str]) -> None:
    """Raises FileExistsError when a file that is no note has the name of a vocabulary's note."""
    path = note_path(vocabulary)
    if os.path.lexists(path) and not _is_note(path):
        raise FileExistsError(
            f"{path}: another file has the name that the note of {os.fspath(vocabulary)} needs: "
            "move it away, or name another output"
        )


def forget_note(vocabulary: str | os.PathLike[str]) -> None:
    """Removes the note of an older vocabulary of this name."""
    if _is_note(note_path(vocabulary)):
        note_path(vocabulary).unlink()


def _is_note(path: Path) -> bool:
    """Whether a file says that it is a note."""
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read(MAX_NOTE))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("format") == FORMAT


def crc_of(path: str | os.PathLike[str]) -> int:
    """The CRC-32 of a file."""
    crc = 0
    with open(path, "rb") as file:
        while data := file.read(1 << 20):
            crc = zlib.crc32(data, crc)
    return crc
