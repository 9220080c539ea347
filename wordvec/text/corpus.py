"""Texts -> a vocabulary and a stream of ids. A text is read and tokenised once.

A corpus may be a path, several paths, an open binary file, or an iterable of token lists. Files
may be compressed (gzip, bzip2, xz; zstandard with the `io` extra), told by content. Every token
gets a provisional id from the word table of the thread that saw it; when all is read the tables
are merged, the vocabulary is cut and sorted, and the ids are mapped to it. The result does not
depend on the number of threads.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import mmap
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

import numpy as np

from wordvec.errors import CorpusError, MissingExtra
from wordvec.estimator import Callback, Progress
from wordvec.native import text as native
from wordvec.parallel import ordered_map
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids: TypeAlias = NDArray[np.int32]
    # Table, ids, then bytes, tokens, lines and tokens that were too long.
    _Numbered: TypeAlias = tuple[native.WordTable, Ids, int, int, int, int]

Tokens: TypeAlias = Sequence[str | bytes]
Source: TypeAlias = (
    str | os.PathLike[str] | BinaryIO | Iterable[str | os.PathLike[str]] | Iterable[Tokens]
)

BLOCK = 4 << 20  # bytes of text a task; large against a task's overhead, small against a cache
MAX_TOKEN = 1000  # bytes; word2vec cuts at 100, but URLs are longer and cutting makes new words
TOKEN_BATCH = 1 << 16  # tokens of an iterable that are numbered at once
GROWTH = 4 << 20  # ids that are asked for at once while they pile up
SPILL = 1 << 30  # bytes of ids kept in memory; more go to a temporary file
TABLE_ROOM = 256 << 20  # bytes of a memory budget a reading thread, which has a word table
PIECE = 1 << 20  # ids that are read at once from a mapped file

_BOM = b"\xef\xbb\xbf"
_LINE_ENDS = (b"\n", b"\r")
_SPACES = (b" ", b"\n", b"\t", b"\r", b"\v", b"\f")
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
    b"wordvec\x00": "a .wv store",
}


@dataclass
class CorpusStats:
    """What was read.

    Attributes
    ----------
    bytes : int
        Bytes of text after decompression; 0 for an iterable of token lists.
    tokens, lines : int
        Tokens, and lines (or token lists) that held one.
    types : int
        Distinct tokens before the vocabulary was cut.
    too_long : int
        Tokens of more than `MAX_TOKEN` bytes: counted, never in the vocabulary.
    not_utf8 : int
        Words of the vocabulary that are not UTF-8; kept as the bytes they are.
    seconds : float
        Wall time of reading and numbering.
    """

    bytes: int = 0
    tokens: int = 0
    lines: int = 0
    types: int = 0
    too_long: int = 0
    not_utf8: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as ids.

    Attributes
    ----------
    vocab : Vocabulary
    ids : ndarray of int32, shape (N,)
        Word ids; `wordvec.native.text.BREAK` (-1) where a line ends, and GAP (-2) for a token
        outside the vocabulary when they were asked for. Memory mapped when it is large.
    known : int
        How many of `ids` are words.
    stats : CorpusStats
    """

    vocab: Vocabulary
    ids: Ids
    known: int
    stats: CorpusStats = field(default_factory=CorpusStats)

    def __repr__(self) -> str:
        return f"<Corpus of {self.known:,} tokens, {len(self.vocab):,} words>"


def encode(
    source: Source,
    *,
    vocab: Vocabulary | None = None,
    min_count: int = 5,
    max_vocab: int | None = None,
    keep_gaps: bool = False,
    keep_lines: bool = True,
    threads: int = 1,
    memory: int | None = None,
    progress: Callback | None = None,
) -> Corpus:
    """Reads a text once and returns it as ids.

    Parameters
    ----------
    source : path, paths, binary file, or iterable of token lists
        Compressed files are told by content. `-` is standard input. Token lists hold str or bytes,
        used as they are; each list is a line.
    vocab : Vocabulary, optional
        Use these words; by default the text's own, by `min_count` and `max_vocab`.
    keep_gaps : bool
        Leave GAP in the place of a token outside the vocabulary, so that windows do not stretch
        across it. By default such tokens close up, as in word2vec, GloVe and Swivel.
    keep_lines : bool
        Whether a line end stops a context.
    threads : int
        Threads that tokenise; the result is the same for any number.
    memory : int, optional
        Bytes that the process may hold: ids beyond an eighth of it go to a temporary file, and
        fewer threads read. The distinct tokens of the text, of about 100 bytes each, are held
        whatever it says. By default, 1 GB of ids are kept.

    Raises
    ------
    CorpusError
        A text that is binary, compressed twice, empty, or has no word of `min_count`.
    OSError
        A file that cannot be read.
    """
    if threads < 1:
        raise ValueError(f"threads must be >= 1, got {threads}")
    started = time.perf_counter()
    stats = CorpusStats()
    spool = Spool(memory)
    if memory is not None:
        threads = min(threads, max(memory // TABLE_ROOM, 1))
    tables: list[native.WordTable] = []
    for table, ids in _numbered(source, threads, stats, tables):
        spool.append(ids, tables.index(table))
        stats.seconds = time.perf_counter() - started
        if progress:
            progress(reading(stats))
    if not stats.tokens:
        raise CorpusError(
            f"{_describe(source)}: there is no token in it"
            + ("" if stats.bytes else " (an iterator that was already consumed?)")
        )

    merged, maps = _merge(tables)
    stats.types = len(merged)
    if vocab is None:
        vocab = Vocabulary.from_table(merged, min_count=min_count, max_vocab=max_vocab)
    ids, known = renumber(spool, merged, maps, vocab, keep_gaps=keep_gaps, keep_lines=keep_lines)
    if not known:
        raise CorpusError(f"{_describe(source)}: none of its tokens is in the vocabulary")
    stats.not_utf8 = sum(not native.utf8_valid(word) for word in vocab.words)
    stats.seconds = time.perf_counter() - started
    return Corpus(vocab, ids, known, stats)


def renumber(
    spool: Spool,
    table: native.WordTable,
    maps: list[Ids],
    vocab: Vocabulary,
    *,
    keep_gaps: bool,
    keep_lines: bool,
) -> tuple[Ids, int]:
    """The ids of a spool as those of a vocabulary, and how many of them are words. `maps` take the
    ids of the spool's owners to those of `table`. The spool is used up."""
    final = np.empty(len(table), np.int32)
    vocab.table.lookup(table, final)
    maps = [final[own] for own in maps]
    known = 0

    def finish(ids: Ids, owner: int) -> Ids:
        nonlocal known
        n, words = native.remap(ids, maps[owner], keep_gaps, ids)
        known += words
        return ids[:n] if keep_lines else ids[:n][ids[:n] != native.BREAK]

    return spool.rewrite(finish), known


def count_vocabulary(
    source: Source,
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    threads: int = 1,
    progress: Callback | None = None,
) -> Vocabulary:
    """The vocabulary of a text, without keeping its ids. Parameters and errors as in `encode`."""
    stats = CorpusStats()
    tables: list[native.WordTable] = []
    started = time.perf_counter()
    for _ in _numbered(source, threads, stats, tables):
        stats.seconds = time.perf_counter() - started
        if progress:
            progress(reading(stats))
    if not stats.tokens:
        raise CorpusError(f"{_describe(source)}: there is no token in it")
    return Vocabulary.from_table(_merge(tables)[0], min_count=min_count, max_vocab=max_vocab)


def _merge(tables: list[native.WordTable]) -> tuple[native.WordTable, list[Ids]]:
    """One table out of several, which are used up, and for each the map from its ids to the new."""
    first = tables[0]
    maps: list[Ids] = [np.arange(len(first), dtype=np.int32)]
    while len(tables) > 1:
        table = tables.pop(1)
        ids = np.empty(len(table), np.int32)
        first.merge(table, ids)
        maps.append(ids)
    return first, maps


def _numbered(
    source: Source, threads: int, stats: CorpusStats, tables: list[native.WordTable]
) -> Iterator[tuple[native.WordTable, Ids]]:
    """The source as blocks of provisional ids, in order, each with the table that numbered it."""
    paths = _paths(source)
    if paths is None:
        yield from _number_lists(cast("Iterable[Tokens]", source), stats, tables)
    else:
        yield from _number_text(text_blocks(paths), threads, stats, tables)


def _number_text(
    blocks: Iterable[tuple[str, int, bytes]],
    threads: int,
    stats: CorpusStats,
    tables: list[native.WordTable],
) -> Iterator[tuple[native.WordTable, Ids]]:
    """Tokenises blocks in parallel, a table a thread."""
    tables += (native.WordTable() for _ in range(threads))
    # A buffer a thread: one a task would be 16 MB, and the allocator would keep many of them.
    states = [(table, np.empty(BLOCK + (1 << 16), np.int32)) for table in tables]

    def number(state: tuple[native.WordTable, Ids], block: tuple[str, int, bytes]) -> _Numbered:
        table, ids = state
        name, offset, text = block
        if len(ids) < len(text) + 1:
            ids = np.empty(len(text) + 1, np.int32)
        n, tokens, lines, too_long, nul_at = table.encode(text, ids, MAX_TOKEN)
        refuse_nul(name, offset, nul_at)
        return table, ids[:n].copy(), len(text), tokens, lines, too_long

    line_open = False
    for table, ids, size, tokens, lines, too_long in ordered_map(number, blocks, states):
        if len(ids) and ids[0] == native.BREAK and not line_open:
            ids, lines = ids[1:], lines - 1
        line_open = bool(ids[-1] != native.BREAK) if len(ids) else line_open
        stats.bytes += size
        stats.tokens += tokens
        stats.lines += lines
        stats.too_long += too_long
        yield table, ids


def refuse_nul(name: str, offset: int, nul_at: int) -> None:
    """Raises when a block of text at `offset` has a NUL byte, at `nul_at` >= 0 in it."""
    if nul_at >= 0:
        raise CorpusError(
            f"{name}: NUL byte at offset {offset + nul_at:,}: this is binary or UTF-16, not "
            "text; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"
        )


def _number_lists(
    lists: Iterable[Tokens], stats: CorpusStats, tables: list[native.WordTable]
) -> Iterator[tuple[native.WordTable, Ids]]:
    """Numbers token lists, a batch at a time."""
    table = native.WordTable()
    tables.append(table)
    ids = np.empty(TOKEN_BATCH, np.int32)
    used = 0
    for tokens in lists:
        if isinstance(tokens, str | bytes):
            raise TypeError(
                f"a corpus of token lists has a {type(tokens).__name__} where a list of tokens "
                f"should be ({tokens[:40]!r}): split it, or give a path"
            )
        tokens = tokens if isinstance(tokens, list | tuple) else list(tokens)
        if used and used + len(tokens) + 1 > len(ids):
            yield table, ids[:used].copy()
            used = 0
        if len(tokens) + 1 > len(ids):
            ids = np.empty(len(tokens) + 1, np.int32)
        if not tokens:
            continue
        used += table.add_tokens(tokens, ids[used:])
        ids[used] = native.BREAK
        used += 1
        stats.tokens += len(tokens)
        stats.lines += 1
    if used:
        yield table, ids[:used].copy()


def _paths(source: Source) -> list[str | BinaryIO] | None:
    """The files of a source, or None when it is an iterable of token lists."""
    if isinstance(source, str | os.PathLike):
        return [os.fspath(source)]
    if hasattr(source, "read"):
        return [cast(BinaryIO, source)]
    if isinstance(source, bytes):
        raise TypeError("a corpus must be a path, paths, a file or token lists, got bytes")
    if isinstance(source, list | tuple) and source:
        if all(isinstance(item, str | os.PathLike) for item in source):
            return [os.fspath(cast("str | os.PathLike[str]", item)) for item in source]
        if all(hasattr(item, "read") for item in source):
            return [cast(BinaryIO, item) for item in source]
    return None


def _describe(source: Source) -> str:
    paths = _paths(source)
    if paths is None:
        return "the corpus"
    return ", ".join(p if isinstance(p, str) else getattr(p, "name", "the file") for p in paths[:3])


def text_blocks(
    paths: Iterable[str | BinaryIO], *, exact: bool = False
) -> Iterator[tuple[str, int, bytes]]:
    """(name, offset, bytes) blocks that end between tokens; a file's end is a line's end.

    A byte order mark is blanked. With `exact` it is a block of its own, and the blocks together are
    the files, but for a line end that is added where a file has none at its end.
    """
    for path in paths:
        with open_text(path) as (name, file):
            offset, rest = 0, b""
            first = True
            open_line = False
            while chunk := file.read(BLOCK):
                if first:
                    _refuse_foreign(chunk, name)
                    if chunk.startswith(_BOM) and exact:
                        yield name, 0, _BOM
                        offset, chunk = len(_BOM), chunk[len(_BOM) :]
                    elif chunk.startswith(_BOM):
                        chunk = b"   " + chunk[len(_BOM) :]
                    first = False
                block = rest + chunk if rest else chunk
                open_line = not block.endswith(_LINE_ENDS)
                cut = _last_space(block)
                if cut == 0:
                    # One token goes on and on: keep enough of it to know that it is too long.
                    rest = block
                    if len(rest) > 64 * BLOCK:
                        raise CorpusError(
                            f"{name}: a token of more than {64 * BLOCK >> 20} MB at offset "
                            f"{offset:,}: this is not text with spaces"
                        )
                    continue
                yield name, offset, block[:cut]
                offset += cut
                rest = block[cut:]
            if open_line or not exact:
                yield name, offset, rest + b"\n"


def _last_space(block: bytes) -> int:
    """Where the last token of a block, which may go on in the next, starts; 0 without a space."""
    tail = len(block) - 4096
    for start in (max(tail, 0), 0):
        if (last := max(block.rfind(c, start) for c in _SPACES)) >= 0:
            return last + 1
    return 0


def _refuse_foreign(head: bytes, name: str) -> None:
    for magic, kind in (_FOREIGN | {m: f"{k} data" for m, k in _MAGIC.items()}).items():
        if head.startswith(magic):
            twice = " inside a compressed file" if magic in _MAGIC else ""
            raise CorpusError(f"{name}: this is {kind}{twice}, not text; unpack it first")


@contextlib.contextmanager
def open_text(path: str | BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """A text file opened for reading bytes, decompressed when its content says so.

    `-` is standard input. Yields (name for messages, file).
    """
    with contextlib.ExitStack() as stack:
        if not isinstance(path, str):
            name, raw = str(getattr(path, "name", "the file")), path
        elif path == "-":
            name, raw = "standard input", sys.stdin.buffer
        else:
            if os.path.isdir(path):
                raise IsADirectoryError(f"{path}: is a folder; name the files in it ({path}/*)")
            name, raw = path, cast(BinaryIO, stack.enter_context(open(path, "rb", buffering=0)))
        head = _peek(raw)
        file = cast(BinaryIO, io.BufferedReader(_Rejoined(head, raw), BLOCK))
        kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
        damage: tuple[type[Exception], ...] = (EOFError, lzma.LZMAError, zlib.error)
        if kind == "gzip":
            file = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=file)))
        elif kind == "bzip2":
            file = cast(BinaryIO, stack.enter_context(bz2.BZ2File(file)))
        elif kind == "xz":
            file = cast(BinaryIO, stack.enter_context(lzma.LZMAFile(file)))
        elif kind == "zstandard":
            try:
                import zstandard
            except ImportError as error:
                raise MissingExtra("zstandard", "io", f"reading {name}") from error
            reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            file = cast(BinaryIO, stack.enter_context(reader))
            damage = (*damage, zstandard.ZstdError)
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


def _peek(raw: BinaryIO) -> bytes:
    """The first bytes of a file; a pipe may give them in pieces."""
    head = b""
    while len(head) < 16 and (more := raw.read(16 - len(head))):
        head += more
    return head


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


def take(ids: Ids, begin: int, end: int) -> Ids:
    """ids[begin:end] in memory; of ids that lie in a file, nothing stays mapped beside it."""
    mapping = getattr(ids, "_mmap", None)
    if mapping is None:
        return ids[begin:end]
    taken = np.empty(end - begin, np.int32)
    for at in range(begin, end, PIECE):
        stop = min(at + PIECE, end)
        taken[at - begin : stop - begin] = ids[at:stop]
        if hasattr(mmap, "MADV_DONTNEED"):
            mapping.madvise(mmap.MADV_DONTNEED)
    return taken


class Spool:
    """Arrays of ids one after another, in one array that grows in place; from `SPILL` bytes on, or
    an eighth of `memory`, in a temporary file (without a name, so that nothing is left behind)."""

    def __init__(self, memory: int | None = None) -> None:
        self._room = SPILL if memory is None else min(memory // 8, SPILL)
        self._ids = np.empty(0, np.int32)
        self._used = 0
        self._parts: list[tuple[int, int]] = []
        self._file: BinaryIO | None = None

    def append(self, ids: Ids, owner: int) -> None:
        self._parts.append((len(ids), owner))
        end = self._used + len(ids)
        if self._file is None and 4 * end > self._room:
            self._file = _temporary()
            self._file.write(self._ids[: self._used].data)
            self._ids = self._ids[:0]
        if self._file is not None:
            self._file.write(ids.data)
        else:
            if end > len(self._ids):
                # By realloc, which moves pages and copies nothing.
                self._ids.resize(max(end, len(self._ids) + GROWTH), refcheck=False)
            self._ids[self._used : end] = ids
        self._used = end

    def rewrite(self, function: Callable[[Ids, int], Ids]) -> Ids:
        """All arrays through function(ids, owner), which returns what stays of them, as one array:
        in place, or mapped when it lies in a file. The spool is used up."""
        if self._file is None:
            start = out = 0
            for size, owner in self._parts:
                kept = function(self._ids[start : start + size], owner)
                self._ids[out : out + len(kept)] = kept
                start += size
                out += len(kept)
            self._ids.resize(out, refcheck=False)
            return self._ids
        with self._file as source, _temporary() as target:
            source.seek(0)
            out = 0
            for size, owner in self._parts:
                part = np.frombuffer(bytearray(source.read(4 * size)), np.int32)
                kept = function(part, owner)
                target.write(kept.data)
                out += len(kept)
            target.flush()
            if not out:
                return np.empty(0, np.int32)
            return np.memmap(target, np.int32, "r", shape=(out,))


def room_for_ids(n: int, memory: int | None = None) -> Ids:
    """An array for n ids; where it takes more than an eighth of `memory`, in a temporary file."""
    if 4 * n <= (SPILL if memory is None else min(memory // 8, SPILL)):
        return np.empty(n, np.int32)
    return np.memmap(_temporary(), np.int32, "w+", shape=(n,))


def _temporary() -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile(prefix="wordvec-"))


def reading(stats: CorpusStats) -> Progress:
    """Progress of reading a text, whose length in words is not known before its end."""
    return Progress("reading", stats.tokens, 0, "words", stats.seconds)
