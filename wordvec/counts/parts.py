"""Parts of a text, for machines that know nothing of each other.

Part i of n is a range of the bytes of all texts together, in the order in which they are given. A
file that is plain text is cut between two lines (inside a line that is longer than `LONGEST_LINE`,
between two words); any other file goes whole to the part in which it begins. So every token is in
one part, and in which one depends on nothing but the texts and n.

Beside a vocabulary that was made of parts lies a note (`vocab.txt.parts`) with what a vocabulary
file has no room for: how many tokens the text has, and how many known ones each part. From it a
part knows the place of its first token in the whole text, by which tokens are subsampled.
"""

from __future__ import annotations

import io
import json
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

import numpy as np

from wordvec import remote
from wordvec.counts.counting.count import kept_ids
from wordvec.errors import CorpusError
from wordvec.files import check_target, write_atomically
from wordvec.native.corpus.text import BREAK, WordTable
from wordvec.text.corpus import Corpus, CorpusStats, Part, count_vocabulary, encode, text_options
from wordvec.text.options import TextOptions
from wordvec.text.reader import LINE_ENDS, SPACES, is_compressed
from wordvec.text.records.tables import kind_of
from wordvec.text.spool import PIECE, empty_ids, in_memory
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from wordvec.estimator import Callback
    from wordvec.text.spool import Ids

LONGEST_LINE = 1 << 20  # bytes within which the end of a line is looked for
LONGEST_TOKEN = 256 << 20  # bytes within which the end of a word is
CONTEXT = 1 << 16  # bytes before a part that are read at first, for the words of its first windows
SUFFIX = ".parts"
FORMAT = "wordvec parts of a text"
VERSION = 1
MAX_NOTE = 64 << 20  # bytes

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
            raise CorpusError(f"{name}: is no file; a part of a text can be read from files only")
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


def _word(path: str, at: int) -> int:
    """Where the first word from byte `at` on begins; 0 in text without white space."""
    with remote.open_file(path) as file:
        file.seek(at)
        text = file.read(LONGEST_LINE)
    space = _space(text)
    return at + space if space >= 0 else 0


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
                raise ValueError("a number in it is none")
            if len(note.known) != (0 if note.part else note.of):
                raise ValueError("it does not say how many tokens each part has")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CorpusError(f"{path}: damaged: {error}; make the vocabulary again") from error
        if note.crc32 != _crc(vocabulary):
            raise CorpusError(
                f"{path}: is of another vocabulary than {os.fspath(vocabulary)}: make the "
                "vocabulary again, or remove the note if its words were meant to change"
            )
        return note

    def check(self, paths: Paths, options: TextOptions, of: int, where: object) -> None:
        """Raises CorpusError when it is not of these texts, options and parts."""
        if self.texts != _texts(paths):
            mine = [size for _, size in self.texts]
            theirs = [size for _, size in _texts(paths)]
            found = "names differ" if mine == theirs else f"{_of(mine)}, not {_of(theirs)}"
            raise CorpusError(
                f"{where}: was made from other texts ({found}): give the same files in the same "
                "order to each part"
            )
        if self.text != _said(options):
            raise CorpusError(
                f"{where}: its text was read as {self.text or 'whitespace'}, here it is "
                f"{_said(options) or 'whitespace'}: give the same options of the text"
            )
        if self.of != of:
            raise CorpusError(f"{where}: is of {self.of} parts, not of {of}")


def _of(sizes: list[int]) -> str:
    return f"{len(sizes):,} files of {sum(sizes):,} bytes"


def _texts(paths: Paths) -> list[list[Any]]:
    return [[Path(p).name, size] for p, size in zip(paths, sizes_of(paths), strict=True)]


def _said(options: TextOptions) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(json.dumps(options.recorded()))
    return said


def note_path(vocabulary: str | os.PathLike[str]) -> Path:
    """Where the note beside a vocabulary file lies."""
    path = Path(vocabulary)
    return path.with_name(path.name + SUFFIX)


def check_note(vocabulary: str | os.PathLike[str]) -> None:
    """Raises FileExistsError when a file that is no note has the name of a vocabulary's note."""
    path = note_path(vocabulary)
    if os.path.lexists(path) and not _is_note(path):
        raise FileExistsError(
            f"{path}: is where the note of {os.fspath(vocabulary)} belongs, and is none: move it "
            "away, or name another output"
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


def _crc(path: str | os.PathLike[str]) -> int:
    crc = 0
    with open(path, "rb") as file:
        while data := file.read(1 << 20):
            crc = zlib.crc32(data, crc)
    return crc


def vocabulary_part(
    paths: Paths,
    output: str | os.PathLike[str],
    part: Part,
    *,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    stats: CorpusStats | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Vocabulary:
    """Counts all words of a part of the texts into a vocabulary file, with a note beside it.

    Rare words are kept: a word that is rare in each part may be frequent in the whole. A part
    without a word makes an empty file. Parameters as in `wordvec.text.corpus.count_vocabulary`.
    """
    how = text_options(options, more)
    check_note(output)
    check_target(note_path(output), force=True, inputs=paths)
    vocab = count_vocabulary(
        opened(spans(paths, part, how)),
        min_count=1,
        threads=threads,
        progress=progress,
        stats=stats,
        options=how,
        may_be_empty=True,
    )
    vocab.save(output, force=force)
    Note(part.of, _texts(paths), _said(how), _crc(output), vocab.total, part.number).save(output)
    return vocab


def merge_vocabularies(
    sources: Paths,
    output: str | os.PathLike[str],
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    force: bool = False,
) -> Vocabulary:
    """Adds vocabulary files to that of all their texts, as one machine counts it.

    Parameters
    ----------
    sources : paths
        In any order. Those of parts (`vocabulary_part`) must be all parts of the same texts.
    min_count, max_vocab : int
        Which words are kept, by their counts in the whole.

    Raises
    ------
    CorpusError
        For parts that are missing, come twice, or are of different texts; a damaged file.
    """
    check_note(output)
    notes = [Note.load(source) for source in sources]
    if any(notes):
        check_target(note_path(output), force=True, inputs=sources)
    _check_whole(sources, notes)
    table, total = WordTable(), 0
    for source, note in zip(sources, notes, strict=True):
        found = _counts(source)
        for word, count in found:
            table.add(word, count)
        total += sum(count for _, count in found) if note is None else note.total
    vocab = replace(
        Vocabulary.from_table(table, min_count=min_count, max_vocab=max_vocab), total=total
    )
    vocab.save(output, force=force)
    order = sorted(
        ((note.part, source) for source, note in zip(sources, notes, strict=True) if note),
        key=lambda pair: pair[0],
    )
    if order:
        first = next(note for note in notes if note)
        known = [
            sum(count for word, count in _counts(source) if vocab.table.find(word) >= 0)
            for _, source in order
        ]
        Note(first.of, first.texts, first.text, _crc(output), total, 0, known).save(output)
    else:
        forget_note(output)
    return vocab


def _check_whole(sources: Paths, notes: list[Note | None]) -> None:
    """Raises CorpusError unless the files are all parts of the same texts, or no parts at all."""
    seen: dict[int, Any] = {}
    first: Note | None = None
    for source, note in zip(sources, notes, strict=True):
        if note is None:
            if any(notes):
                raise CorpusError(
                    f"{source}: is not of a part (it has no {note_path(source).name}), others are: "
                    "merge the files of all parts, and nothing else"
                )
            continue
        first = first or note
        if not note.part:
            raise CorpusError(f"{source}: is of a whole text already, not of a part")
        if (note.of, note.texts, note.text) != (first.of, first.texts, first.text):
            raise CorpusError(
                f"{source}: is of other texts, options or number of parts than {sources[0]}"
            )
        if note.part in seen:
            raise CorpusError(f"{source}: is part {note.part}, and so is {seen[note.part]}")
        seen[note.part] = source
    if first is not None and len(seen) < first.of:
        missing = [str(n) for n in range(1, first.of + 1) if n not in seen]
        some = ", ".join(missing[:8]) + (" ..." if len(missing) > 8 else "")
        raise CorpusError(f"of {first.of} parts these are missing: {some}")


def _counts(path: str | os.PathLike[str]) -> list[tuple[bytes, int]]:
    """Words and counts of a vocabulary file, which may be empty for a part without a word."""
    if not os.path.getsize(path):
        return []
    vocab = Vocabulary.load(path, sort=False)
    return list(zip(vocab.words, vocab.counts.tolist(), strict=True))


def load_vocabulary(path: str | os.PathLike[str]) -> tuple[Vocabulary, Note | None]:
    """A vocabulary file, and the note beside it, from which the tokens of the text are known."""
    note = Note.load(path)
    vocab = Vocabulary.load(path)
    if note is not None and not note.part:
        vocab = replace(vocab, total=note.total)
    return vocab, note


def part_corpus(
    paths: Paths,
    part: Part,
    vocab: str | os.PathLike[str],
    *,
    window: int,
    sample: float = 0.0,
    seed: int = 1,
    gaps: bool = False,
    across_lines: bool = False,
    threads: int = 1,
    memory: int | None = None,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Corpus:
    """A part of the texts as ids, with the words before it that its first windows reach.

    Counting it with the same `window`, `sample` and `seed` gives shards that, added to those of the
    other parts, are the shards of the whole text, byte for byte.

    Parameters
    ----------
    paths : paths
        All texts, in the same order for each part.
    vocab : path
        The vocabulary file, the same for all parts.

    Raises
    ------
    CorpusError
        When the vocabulary was made of parts of other texts, or `sample` is given and nothing says
        how many tokens stand before the part.
    """
    how = text_options(options, more)
    words, note = load_vocabulary(vocab)
    if note is not None:
        note.check(paths, how, part.of if sample else note.of, vocab)
    if sample and (note is None or note.part):
        raise CorpusError(
            f"{os.fspath(vocab)}: does not say how many tokens stand before part {part}, which "
            "subsampling needs: make it with `wordvec vocab --part` and `wordvec vocab merge`"
        )
    here = spans(paths, part, how)
    reading: dict[str, Any] = {
        "vocab": words,
        "gaps": gaps,
        "across_lines": across_lines,
        "may_be_empty": True,
        "options": how,
    }
    corpus = encode(
        opened(here),
        threads=threads,
        memory=memory,
        progress=progress,
        **reading,
    )
    offset = sum(note.known[: part.number - 1]) if sample and note else 0
    corpus = replace(corpus, part=part, offset=offset)
    how_kept: dict[str, Any] = {"window": window, "sample": sample, "seed": seed}
    return add_context(corpus, paths, here, reading, memory=memory, **how_kept)


def add_context(
    corpus: Corpus,
    paths: Paths,
    here: list[Span],
    reading: dict[str, Any],
    *,
    window: int,
    sample: float,
    seed: int,
    memory: int | None = None,
) -> Corpus:
    """A part with the words before it that its first windows reach; `reading` as `encode` takes
    it, `here` are its spans."""
    across_lines = bool(reading["across_lines"])
    if not here or (not across_lines and here[0].at_line):
        return corpus
    size = CONTEXT
    while True:
        text, all_of_it = before(paths, here[0], size, reading["options"])
        ids = _context(text, reading, across_lines) if text else np.empty(0, np.int32)
        if all_of_it or _reaches(replace(corpus, ids=ids), window, sample, seed, across_lines):
            return _with_context(corpus, ids, memory)
        size *= 8


def _context(text: list[Span], reading: dict[str, Any], across_lines: bool) -> Ids:
    """The ids of a text that goes on where it ends."""
    ids = np.asarray(encode(opened(text), **reading).ids)
    if not across_lines and len(ids) and ids[-1] == BREAK:
        ids = ids[:-1]  # the end of the file that it was read as
    return ids


def _reaches(corpus: Corpus, window: int, sample: float, seed: int, across_lines: bool) -> bool:
    """Whether ids before a part hold all that a window before its first word can reach."""
    ids = np.asarray(corpus.ids)
    if sample and len(ids):
        known = int((ids >= 0).sum())
        there = replace(corpus, offset=corpus.offset - known)
        ids = np.concatenate([each[mask] for _, each, mask in kept_ids(there, sample, seed)])
    return len(ids) >= window or (not across_lines and BREAK in ids)


def _with_context(corpus: Corpus, ids: Ids, memory: int | None) -> Corpus:
    """A corpus with ids before it that are no part of it."""
    if not len(ids):
        return corpus
    joined = empty_ids(len(ids) + len(corpus.ids), memory)
    joined[: len(ids)] = ids
    for begin in range(0, len(corpus.ids), PIECE):
        piece = in_memory(corpus.ids, begin, min(begin + PIECE, len(corpus.ids)))
        joined[len(ids) + begin :][: len(piece)] = piece
    known = int((ids >= 0).sum())
    return replace(
        corpus,
        ids=joined,
        known=corpus.known + known,
        context=len(ids),
        offset=corpus.offset - known,
        documents=np.array([0, len(joined)]),
    )
