"""Texts -> a vocabulary and a stream of ids. A text is read and tokenised once.

A corpus may be a path, several paths, an open binary file, or an iterable of token lists. Files
may be compressed (gzip, bzip2, xz; zstandard with the `io` extra), which is detected from the
content. Every token gets a provisional id from the word table of the thread that saw it; when all
is read the tables are merged, the vocabulary is cut and sorted, and the ids are mapped to it. The
result does not depend on the number of threads.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from wordvec.errors import CorpusError
from wordvec.estimator import Callback, Option, Threads, thread_count
from wordvec.native.corpus import text as native
from wordvec.text import tokenise
from wordvec.text.numbering import CorpusStats as CorpusStats
from wordvec.text.numbering import Source as Source
from wordvec.text.numbering import Tokens as Tokens
from wordvec.text.numbering import describe as describe
from wordvec.text.numbering import files_of as files_of
from wordvec.text.numbering import numbered
from wordvec.text.numbering import reading as reading
from wordvec.text.options import TextOptions
from wordvec.text.reader import Block
from wordvec.text.spool import PIECE, Spool
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.text.spool import Ids

    Offsets: TypeAlias = NDArray[np.int64]
    # Table, ids, the block, then tokens, lines and tokens that were too long.
    _Numbered: TypeAlias = tuple[native.WordTable, Ids, Block, int, int, int]

TABLE_MEMORY = 256 << 20  # bytes of a memory budget per reading thread, which has a word table


@dataclass(frozen=True)
class Part:
    """Part `number` of `of` of a text, from 1."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of <= 1 << 20:
            raise ValueError(f"part must be one of 1/N to N/N, got {self}")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Part:
        """`3/16`; ValueError for anything else."""
        number, slash, of = text.partition("/")
        if not (slash and number.strip().isdecimal() and of.strip().isdecimal()):
            raise ValueError(f"part must be such as 3/16, got {text!r}")
        return cls(int(number), int(of))


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as ids.

    Attributes
    ----------
    vocab : Vocabulary
    ids : ndarray of int32, shape (N,)
        Word ids; `BREAK` of wordvec.native.corpus.text (-1) where a line ends, GAP (-2) for a token
        outside the vocabulary when they were asked for. Memory mapped when it is large.
    known : int
        How many of `ids` are words.
    stats : CorpusStats
    documents : ndarray of int64, shape (D + 1,)
        Document d is ids[documents[d] : documents[d + 1]]; it may be empty, when none of its words
        is in the vocabulary. A blank line ends a document, or a record, or a file. By default all
        is one document.
    labels : tuple of str, shape (D,), optional
        The documents' names, where the source has some.
    options : TextOptions
        How the text was read and split.
    part : Part, optional
        Which part of a text it is.
    context : int
        How many of `ids` stand before the part, for the windows of its first words.
    offset : int
        Words of the vocabulary that the whole text has before `ids`.
    gaps, across_lines : bool
        Whether `ids` have GAP for tokens outside the vocabulary, and lack BREAK for ends of lines.
    """

    vocab: Vocabulary
    ids: Ids
    known: int
    stats: CorpusStats = field(default_factory=CorpusStats)
    documents: Offsets = None  # type: ignore[assignment]
    labels: tuple[str, ...] | None = None
    options: TextOptions = field(default_factory=TextOptions)
    part: Part | None = None
    context: int = 0
    offset: int = 0
    gaps: bool = False
    across_lines: bool = False

    def __post_init__(self) -> None:
        if self.documents is None:
            object.__setattr__(self, "documents", np.array([0, len(self.ids)], np.int64))

    def recorded(self) -> dict[str, Any]:
        """What counts of this text say of how it was read, see `how_read`."""
        return how_read(self.options, self.gaps, self.across_lines)

    def __repr__(self) -> str:
        documents = len(self.documents) - 1
        some = f", {documents:,} documents" if documents > 1 else ""
        return f"<Corpus of {self.known:,} tokens, {len(self.vocab):,} words{some}>"


Gaps: TypeAlias = Annotated[
    bool,
    Option(help="Leave a gap in the place of an unknown word: windows do not stretch across it."),
]
AcrossLines: TypeAlias = Annotated[bool, Option(help="A line end does not end a context.")]


def encode(
    source: Source,
    *,
    vocab: Vocabulary | None = None,
    min_count: int = 5,
    max_vocab: int | None = None,
    gaps: Gaps = False,
    across_lines: AcrossLines = False,
    keep_empty: bool = False,
    may_be_empty: bool = False,
    threads: Threads = 1,
    memory: int | None = None,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Corpus:
    """Reads a text once and returns it as ids.

    Parameters
    ----------
    source : path, paths, binary file, iterable of token lists, or Texts
        Compression is detected from the content of a file. `-` is standard input. Token lists hold
        str or bytes, used as they are; each list is a line. `Texts` holds documents as strings.
    vocab : Vocabulary, optional
        Use these words; by default the text's own, by `min_count` and `max_vocab`.
    min_count : int
        Leave out words that occur less often.
    max_vocab : int, optional
        Keep so many of the most frequent words; by default all.
    gaps : bool
        Leave GAP in the place of a token outside the vocabulary, so that windows do not stretch
        across it. By default such tokens close up, as in word2vec, GloVe and Swivel.
    across_lines : bool
        Whether contexts go on across the end of a line.
    keep_empty : bool
        Make empty documents of rows without a text, which are left out otherwise.
    may_be_empty : bool
        Whether a text without a word is no error, as a part of a text may be.
    threads : int, optional
        Threads that tokenise, None for all processors; the result is the same for any number.
    memory : int, optional
        Bytes that the process may hold: ids beyond an eighth of it go to a temporary file, and
        fewer threads read. The distinct tokens of the text, of about 100 bytes each, are held
        whatever it says. By default, 1 GB of ids are kept.
    progress : callable, optional
        Gets a `Progress` after each block that was read.
    options : TextOptions, optional
        How the text is read and split into words; or its fields as arguments of their own, as in
        ``encode("news.csv", tokenize="unicode", text_column="body")``. Not for token lists.

    Raises
    ------
    CorpusError
        A text that is binary, compressed twice, empty, or has no word of `min_count`.
    OSError
        A file that cannot be read.
    """
    threads = thread_count(threads)
    how = text_options(options, more)
    started = time.perf_counter()
    stats = CorpusStats(source=describe(source))
    spool = Spool(memory)
    if memory is not None:
        threads = min(threads, max(memory // TABLE_MEMORY, 1))
    tables: list[native.WordTable] = []
    labels: list[str] = []
    for table, ids, block in numbered(source, threads, stats, tables, how, keep_empty):
        spool.append(ids, tables.index(table))
        labels += block.labels if block else ()
        stats.seconds = time.perf_counter() - started
        if progress:
            progress(reading(stats))
    if not (stats.tokens or may_be_empty):
        raise CorpusError(_no_token(source, stats))

    merged, maps, stopped = settled(tables, how, stats)
    order = None
    if vocab is None and may_be_empty and not stats.types:
        vocab = Vocabulary([], np.zeros(0, np.int64), 0)
    elif vocab is None:
        vocab, order = Vocabulary.cut(merged, min_count=min_count, max_vocab=max_vocab)
    ids, known, documents = renumber(
        spool,
        merged,
        maps,
        vocab,
        gaps=gaps,
        across_lines=across_lines,
        without=stopped,
        order=order,
        threads=threads,
    )
    if not (known or may_be_empty):
        raise CorpusError(f"{describe(source)}: none of its tokens is in the vocabulary")
    stats.not_utf8 = vocab.not_utf8
    stats.seconds = time.perf_counter() - started
    return Corpus(
        vocab,
        ids,
        known,
        stats,
        documents,
        tuple(labels) if labels else None,
        how,
        gaps=gaps,
        across_lines=across_lines,
    )


def how_read(options: TextOptions, gaps: bool, across_lines: bool) -> dict[str, Any]:
    """What a manifest says of how a text was read; nothing where all is the default."""
    found: dict[str, Any] = {}
    if words := options.recorded():
        found["text"] = words
    if gaps:
        found["gaps"] = True
    if across_lines:
        found["across_lines"] = True
    return found


def text_options(options: TextOptions | None, more: dict[str, Any]) -> TextOptions:
    """The options of a text that were given in one piece, or one by one.

    Raises
    ------
    TypeError
        For names that are no options.
    """
    unknown = more.keys() - TextOptions.__dataclass_fields__.keys()
    if unknown:
        raise TypeError(f"encode has no argument {sorted(unknown)[0]!r}")
    return replace(options or TextOptions(), **more)


def renumber(
    spool: Spool,
    table: native.WordTable,
    maps: list[Ids],
    vocab: Vocabulary,
    *,
    gaps: bool,
    across_lines: bool,
    without: Sequence[int] = (),
    order: Ids | None = None,
    threads: int = 1,
) -> tuple[Ids, int, Offsets]:
    """The ids of a spool as those of a vocabulary, how many of them are words, and the offsets of
    the documents. `maps` take the ids of the spool's owners to those of `table`; the words
    `without` of the table are left out. `order`, where it is known, has the ids in `table` of the
    vocabulary's words. The spool is used up."""
    final = np.full(len(table), native.GAP, np.int32)
    if order is None:
        vocab.table.lookup(table, final)
    else:
        final[order] = np.arange(len(order), dtype=np.int32)
    final[list(without)] = native.GAP
    maps = [final[own] for own in maps]
    known = size = 0
    line_open = True
    offsets: list[Offsets] = [np.zeros(1, np.int64)]

    def mapped(ids: Ids, owner: int) -> tuple[Ids, Offsets, int]:
        starts = np.empty(len(ids), np.int64)
        n, words, documents = native.remap(ids, maps[owner], gaps, ids, starts)
        return ids[:n], starts[:documents].copy(), words

    def joined(part: tuple[Ids, Offsets, int]) -> Ids:
        nonlocal known, size, line_open
        kept, starts, words = part
        if len(kept) and kept[0] == native.BREAK and not line_open:
            kept, starts = kept[1:], np.maximum(starts - 1, 0)
        line_open = bool(kept[-1] != native.BREAK) if len(kept) else line_open
        if across_lines:
            breaks = np.flatnonzero(kept == native.BREAK)
            starts -= np.searchsorted(breaks, starts)
            kept = np.delete(kept, breaks)
        offsets.append(starts + size)
        known += words
        size += len(kept)
        return kept

    ids = spool.rewrite(mapped, joined, threads)
    documents = np.concatenate(offsets)
    if len(documents) == 1 or documents[-1] < size:
        documents = np.append(documents, size)
    return ids, known, documents


def check_pairs(corpus: Corpus) -> None:
    """Raises CorpusError when no two words of the vocabulary are neighbours on a line: a model of
    pairs would be written as it started, as though it were trained."""
    before = False  # whether a word stands before the piece, on the same line
    for start in range(0, len(corpus.ids), PIECE):
        ids = corpus.ids[start : start + PIECE]
        words = ids[ids != native.GAP] >= 0
        if len(words):
            if (before and words[0]) or (words[:-1] & words[1:]).any():
                return
            before = bool(words[-1])
    raise no_pair(corpus.stats.source)


def no_pair(source: str, sample: float = 0.0) -> CorpusError:
    """The error about a source in which no word has a neighbour, once subsampled at `sample`."""
    after, or_less = (
        (f" after subsampling at {sample:g}", ", or set sample=0") if sample else ("", "")
    )
    return CorpusError(
        f"{source}: no two words of the vocabulary stand on one line{after}, so there is nothing "
        f"to train on: put a sentence on each line{or_less}"
    )


def count_vocabulary(
    source: Source,
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    may_be_empty: bool = False,
    threads: int = 1,
    progress: Callback | None = None,
    stats: CorpusStats | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Vocabulary:
    """The vocabulary of a text, without keeping its ids. Parameters and errors as in `encode`;
    `stats` is filled with what was read."""
    how = text_options(options, more)
    stats = CorpusStats() if stats is None else stats
    tables: list[native.WordTable] = []
    started = time.perf_counter()
    for _ in numbered(source, threads, stats, tables, how):
        stats.seconds = time.perf_counter() - started
        if progress:
            progress(reading(stats))
    if not (stats.tokens or may_be_empty):
        raise CorpusError(_no_token(source, stats))
    merged, _, _ = settled(tables, how, stats)
    if may_be_empty and not stats.types:
        return Vocabulary([], np.zeros(0, np.int64), 0)
    vocab = Vocabulary.from_table(merged, min_count=min_count, max_vocab=max_vocab)
    stats.not_utf8 = vocab.not_utf8
    return vocab


def _no_token(source: Source, stats: CorpusStats) -> str:
    found = f"{describe(source)}: there is no token in it"
    if stats.records.rows:
        left_out, empty = stats.records.left_out, stats.records.empty
        return f"{found} ({stats.records.rows:,} rows, {left_out:,} left out, {empty:,} empty)"
    return found + ("" if stats.bytes else " (an iterator that was already consumed?)")


def settled(
    tables: list[native.WordTable], how: TextOptions, stats: CorpusStats
) -> tuple[native.WordTable, list[Ids], list[int]]:
    """The words of all tables in one, normalised and without stop words: the table, the maps from
    the ids of each to it, and the ids of the stop words."""
    merged, maps = _merge(tables)
    if how.form != "none" and (normal := tokenise.normalise(merged, how.form)) is not None:
        maps = [normal[own] for own in maps]
    stopped = [id for word in tokenise.stop_words(how) if (id := merged.find(word)) >= 0]
    stats.types = len(merged)
    if stopped or how.form != "none":  # otherwise each word was met
        counts = np.empty(len(merged), np.int64)
        merged.counts(counts)
        counts[stopped] = 0
        merged.set_counts(counts)
        stats.types = int(np.count_nonzero(counts))
    return merged, maps, stopped


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
