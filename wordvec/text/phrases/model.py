"""Phrases: a table of them, and joining them in texts, ids and token lists.

A table has passes. A pass joins words that follow each other to one, greedily from the left and
never across a line's end; the next pass joins what the one before left, so that two passes make
phrases of up to four words. Words that stand inside a phrase of three or more are connectors
("of"): they neither begin nor end a phrase. `wordvec.text.phrases.find` finds phrases in a corpus.
"""

from __future__ import annotations

import gzip
import itertools
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeAlias, cast

import numpy as np

from wordvec.errors import CorpusError
from wordvec.estimator import Callback
from wordvec.files import write_atomically
from wordvec.native.corpus import phrase as native
from wordvec.native.corpus.text import BREAK, DOC, GAP, WordTable, utf8_valid
from wordvec.parallel import ordered_map
from wordvec.text.corpus import (
    MAX_TOKEN,
    TOKEN_BATCH,
    Corpus,
    CorpusStats,
    Source,
    Tokens,
    encode,
    reading,
    renumber,
)
from wordvec.text.lines import without_mark
from wordvec.text.options import TextOptions
from wordvec.text.reader import BLOCK, Block, refuse_nul, text_blocks
from wordvec.text.spool import Spool
from wordvec.text.vocab import Vocabulary
from wordvec.text.write import tokenised_blocks

if TYPE_CHECKING:
    from wordvec.text.spool import Ids

CHUNK = 1 << 20  # ids that are joined at once
LONGEST_LINE = 1 << 20  # bytes of a line of a table's file
GZIP_LEVEL = 6

_VERSION = 1
_HEADER = re.compile(rb"# wordvec phrases (\d{1,9}), delimiter (\S+)")
_COLUMNS = b"pass\twords\tcount\tscore"

# A block of text with its ids, and where each begins and ends.
_Located: TypeAlias = tuple[bytes, "Ids", "Ids", "Ids"]


@dataclass(frozen=True)
class Phrase:
    """A phrase of a table.

    Attributes
    ----------
    words : tuple of bytes
        What is joined: the first word, connectors if any, and the last word. In a later pass each
        may be a phrase of the one before.
    count : int
        How often they followed each other. Occurrences may overlap ("a b a b a" has two of "b a"),
        so it can be higher than the number of times that they are joined.
    score : float
        See `wordvec.text.phrases.find.Phrases`.
    """

    words: tuple[bytes, ...]
    count: int
    score: float


class PhraseTable:
    """Phrases by pass, and what joins them.

    Parameters
    ----------
    passes : sequence of sequences of Phrase
    delimiter : str
        Stands between the words of a phrase. A phrase that is spelled like a word of the text,
        because words of the text hold the delimiter too, becomes that word.

    Raises
    ------
    ValueError
        For a delimiter that is empty or holds white space, and for phrases that cannot be together:
        one twice in a pass, or a connector that begins or ends one.
    """

    def __init__(self, passes: Sequence[Sequence[Phrase]], *, delimiter: str = "_") -> None:
        self._delimiter = check_delimiter(delimiter)
        numbered = ((number, phrase) for number, some in enumerate(passes, 1) for phrase in some)
        self.passes = _by_pass(numbered)

    @property
    def delimiter(self) -> str:
        return self._delimiter.decode("utf-8", "surrogateescape")

    def __len__(self) -> int:
        return sum(map(len, self.passes))

    def __iter__(self) -> Iterator[Phrase]:
        return itertools.chain.from_iterable(self.passes)

    def __repr__(self) -> str:
        return f"<PhraseTable of {len(self):,} phrases in {len(self.passes)} passes>"

    def spelling(self, phrase: Phrase) -> str:
        """A phrase as the word that it becomes."""
        return self._delimiter.join(phrase.words).decode("utf-8", "surrogateescape")

    def top(self, n: int) -> list[dict[str, Any]]:
        """The n phrases with the highest scores, of all passes: phrase, count, score, pass."""
        rows = ((number, phrase) for number, some in enumerate(self.passes, 1) for phrase in some)
        best = sorted(rows, key=lambda row: (-row[1].score, row[0], row[1].words))[:n]
        return [
            {
                "phrase": self.spelling(phrase),
                "count": phrase.count,
                "score": phrase.score,
                "pass": number,
            }
            for number, phrase in best
        ]

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the table as text: two lines of header, then one line per phrase.

        A line has pass, words, count and score, between tabs; spaces separate the words.

        Raises
        ------
        CorpusError
            When a word holds white space or NUL, which the file could not hold.
        """
        for word in itertools.chain.from_iterable(phrase.words for phrase in self):
            if word.split() != [word] or b"\0" in word:
                raise CorpusError(f"a table of phrases cannot hold the word {word!r}")
        with write_atomically(path, force=force) as file:
            file.write(b"# wordvec phrases %d, delimiter %s\n" % (_VERSION, self._delimiter))
            file.write(_COLUMNS + b"\n")
            for number, phrases in enumerate(self.passes, 1):
                file.writelines(
                    b"%d\t%s\t%d\t%a\n" % (number, b" ".join(p.words), p.count, float(p.score))
                    for p in phrases
                )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Reads what `save` wrote.

        Raises
        ------
        CorpusError
            Naming file and line, for anything else.
        """
        at = 0

        def rows(file: BinaryIO) -> Iterator[tuple[int, Phrase]]:
            nonlocal at
            while line := file.readline(LONGEST_LINE):
                at += 1
                yield _parse_row(_whole(line))

        try:
            with open(path, "rb") as file:
                at = 1
                delimiter = _parse_header(without_mark(file.readline(LONGEST_LINE)))
                at = 2
                if _whole(file.readline(LONGEST_LINE)) != _COLUMNS:
                    raise ValueError(f"expected the columns {_COLUMNS!r}")
                table = cls((), delimiter=delimiter)
                table.passes = _by_pass(rows(file))
        except ValueError as error:
            raise CorpusError(f"{os.fspath(path)}:{at}: {error}") from None
        return table

    # -- ids -----------------------------------------------------------------------------------

    def encode(
        self,
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
        options: TextOptions | None = None,
        **more: Any,
    ) -> Corpus:
        """Reads a text once and returns it with its phrases joined, as ids: what
        `wordvec.encode`, whose parameters and errors these are, makes of the joined text."""
        corpus = encode(
            source,
            min_count=1,
            keep_gaps=True,
            threads=threads,
            memory=memory,
            progress=progress,
            options=options,
            **more,
        )
        return self.join(
            corpus,
            memory=memory,
            vocab=vocab,
            min_count=min_count,
            max_vocab=max_vocab,
            keep_gaps=keep_gaps,
            keep_lines=keep_lines,
        )

    def join(
        self,
        corpus: Corpus,
        *,
        vocab: Vocabulary | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        keep_gaps: bool = False,
        keep_lines: bool = True,
        memory: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Corpus:
        """A corpus with its phrases joined, and their vocabulary; other parameters as in `encode`.

        Parameters
        ----------
        progress : callable, optional
            Gets how many ids were read so far.

        Raises
        ------
        CorpusError
            When words that the vocabulary lacks were closed up, so that words seem to follow each
            other that did not; when no word is left.
        """
        started = time.perf_counter()
        words = WordTable()
        same = np.empty(len(corpus.vocab), np.int32)
        words.merge(corpus.vocab.table, same)
        joiner = Joiner(self, words)
        counts, gaps = np.zeros(len(words), np.int64), 0
        spool = Spool(memory)
        rest = corpus.ids[:0]
        marks = _DocumentMarks(corpus)
        for begin in range(0, len(corpus.ids), CHUNK):
            ids = corpus.ids[begin : begin + CHUNK]
            ids = np.concatenate([rest, ids]) if len(rest) else np.ascontiguousarray(ids)
            joined, _, done = joiner.join(ids, last=begin + CHUNK >= len(corpus.ids))
            gaps += native.occurrences(joined, counts)
            spool.append(marks.insert(joined, ids[:done]), 0)
            rest = ids[done:]
            if progress:
                progress(min(begin + CHUNK, len(corpus.ids)))
        check_whole(corpus, gaps)
        words.set_counts(counts)
        if vocab is None:
            vocab = Vocabulary.from_table(words, min_count=min_count, max_vocab=max_vocab)
            vocab = replace(vocab, total=vocab.total + gaps)
        ids, known, documents = renumber(
            spool,
            words,
            [np.arange(len(words), dtype=np.int32)],
            vocab,
            keep_gaps=keep_gaps,
            keep_lines=keep_lines,
        )
        if not known:
            raise CorpusError("none of the joined corpus's words is in the vocabulary")
        stats = replace(
            corpus.stats,
            tokens=int(counts.sum()) + gaps,
            types=int(np.count_nonzero(counts)),
            not_utf8=sum(not utf8_valid(word) for word in vocab.words),
            seconds=corpus.stats.seconds + time.perf_counter() - started,
        )
        return Corpus(vocab, ids, known, stats, documents, corpus.labels, corpus.options)

    # -- token lists and texts -----------------------------------------------------------------

    def join_lists(self, lists: Iterable[Tokens]) -> Iterator[list[str]]:
        """Token lists with their phrases joined, one a list, in order."""
        joiner = Joiner(self, self._words())
        batch: list[list[str]] = []
        size = 0
        for tokens in lists:
            if isinstance(tokens, str | bytes):
                raise TypeError(f"a list of tokens is wanted, got {tokens[:40]!r}: split it")
            batch.append([_text(token) for token in tokens])
            size += len(batch[-1]) + 1
            if size >= TOKEN_BATCH:
                yield from joiner.join_batch(batch)
                batch, size = [], 0
        yield from joiner.join_batch(batch)

    def join_text(
        self,
        paths: Sequence[str | BinaryIO],
        output: str | os.PathLike[str],
        *,
        force: bool = False,
        threads: int = 1,
        progress: Callback | None = None,
        options: TextOptions | None = None,
    ) -> CorpusStats:
        """Writes texts, one after another, with their phrases joined. All else stays, byte for
        byte: a delimiter replaces the white space within a phrase, and a file without a line end at
        its end gets one. With `options` the texts are split into words first, and what is written
        are the words as `wordvec.text.write.tokenize_text` writes them. The output is compressed
        when its name ends in .gz.

        Returns
        -------
        CorpusStats
            Of the texts that were read.

        Raises
        ------
        CorpusError, OSError
            As in `wordvec.text.corpus.encode`.
        FileExistsError
            When the output exists and `force` is not given.
        """
        stats = CorpusStats()
        with write_atomically(output, force=force) as file:
            how = options or TextOptions()
            pieces = text_blocks(paths, exact=True)
            if how != TextOptions():
                name = ", ".join(map(str, paths[:3]))
                made = tokenised_blocks(cast("Source", list(paths)), how, CorpusStats(), threads)
                pieces = (Block(name, 0, text) for text in made)
            blocks = self._joined_blocks(pieces, threads, stats, progress)
            if os.fspath(output).endswith(".gz"):
                # One member per block, so that threads can share the work.
                def pack(_: None, block: memoryview) -> bytes:
                    return gzip.compress(block, GZIP_LEVEL, mtime=0)

                file.writelines(ordered_map(pack, blocks, [None] * threads))
            else:
                file.writelines(blocks)
            if not stats.tokens:
                raise CorpusError(f"{', '.join(map(str, paths[:3]))}: there is no token in it")
        return stats

    def _joined_blocks(
        self,
        pieces: Iterable[Block],
        threads: int,
        stats: CorpusStats,
        progress: Callback | None,
    ) -> Iterator[memoryview]:
        """The joined text. Words are looked up in parallel; phrases are joined in order, because
        one may begin in a block and end in the next."""
        words = self._words()
        joiner = Joiner(self, words)
        started = time.perf_counter()
        room = BLOCK + (1 << 16)
        states = [[np.empty(room, np.int32) for _ in range(3)] for _ in range(threads)]

        def locate(state: list[Ids], block: Block) -> tuple[_Located, int]:
            text = block.text
            if len(state[0]) < len(text) + 1:
                state[:] = (np.empty(len(text) + 1, np.int32) for _ in range(3))
            n, tokens, nul_at = words.locate(text, state[0], state[1], state[2], MAX_TOKEN)
            refuse_nul(block.name, block.offset, nul_at)
            ids, begins, ends = (array[:n].copy() for array in state)
            return (text, ids, begins, ends), tokens

        none = np.empty(0, np.int32)
        rest: _Located = (b"", none, none, none)
        for located, tokens in ordered_map(locate, pieces, states):
            stats.bytes += len(located[0])
            stats.tokens += tokens
            stats.seconds = time.perf_counter() - started
            joined, rest = joiner.join_located(_append(rest, located), last=False)
            yield joined
            if progress:
                progress(reading(stats))
        yield joiner.join_located(rest, last=True)[0]

    def _words(self) -> WordTable:
        """The words of all phrases."""
        words = WordTable()
        for phrase in self:
            for word in phrase.words:
                words.add(word, 0)
        return words


class Joiner:
    """Joins ids.

    Parameters
    ----------
    table : PhraseTable
    words : WordTable
        What the ids mean. The phrases that can occur, of whose words all are there, are added to
        it; ids of the joined text are those of the result.
    """

    def __init__(self, table: PhraseTable, words: WordTable) -> None:
        self._table, self._words = table, words
        self._delimiter = table._delimiter
        found: list[list[tuple[list[int], int]]] = []
        for phrases in table.passes:
            found.append([])
            for phrase in phrases:
                ids = [words.find(word) for word in phrase.words]
                if min(ids) >= 0:
                    found[-1].append((ids, words.add(self._delimiter.join(phrase.words), 0)))
        self._passes = []
        for rows in found:
            phrases_of_pass = native.PhraseSet(len(words))
            for ids, id in rows:
                phrases_of_pass.add(np.array(ids, np.int32), id)
            self._passes.append(phrases_of_pass)

    def join(self, ids: Ids, *, last: bool) -> tuple[Ids, Ids, int]:
        """Joined ids, where in `ids` each begins, and how many of `ids` that is: the rest, which
        what follows may still be joined to, goes before what follows. With `last` it is all."""
        starts = np.arange(len(ids), dtype=np.int32)
        done = len(ids)
        for phrases in self._passes:
            out = np.empty(len(ids), np.int32)
            written, read = phrases.join(ids, last, out, starts)
            if read < len(ids):
                # Starts are compacted to the left, so this one is still in its place. What this
                # pass has not decided begins where passes before it had joined all they would.
                done = int(starts[read])
            ids, starts = out[:written], starts[:written]
        return ids, starts, done

    def join_located(self, located: _Located, *, last: bool) -> tuple[memoryview, _Located]:
        """The joined text of a block, and what is to go before the next one."""
        text, ids, begins, ends = located
        _, units, done = self.join(ids, last=last)
        stop = int(begins[done]) if done < len(ids) else len(text)
        out = np.empty(stop + (done - len(units)) * len(self._delimiter), np.uint8)
        written = native.write(
            text, 0, stop, begins[:done], ends[:done], units, self._delimiter, out
        )
        rest = text[stop:], ids[done:], begins[done:] - stop, ends[done:] - stop
        return out[:written].data, rest

    def join_batch(self, lists: list[list[str]]) -> Iterator[list[str]]:
        """Token lists with their phrases joined."""
        find = self._words.find
        tokens = list(itertools.chain.from_iterable([*some, ""] for some in lists))
        ids = np.array([find(_bytes(token)) for token in tokens], np.int32)
        ids[ids < 0] = GAP
        ids[np.cumsum([len(some) + 1 for some in lists], dtype=np.int64) - 1] = BREAK
        joined, units, _ = self.join(ids, last=True)
        delimiter = self._delimiter.decode("utf-8", "surrogateescape")
        line: list[str] = []
        edges = [*units.tolist(), len(ids)]
        for id, (begin, end) in zip(joined.tolist(), itertools.pairwise(edges), strict=True):
            if id == BREAK:
                yield line
                line = []
            else:
                line.append(delimiter.join(tokens[begin:end]))


class _DocumentMarks:
    """Marks the ends of a corpus's documents in pieces of its ids whose words were joined."""

    def __init__(self, corpus: Corpus) -> None:
        self._ends = corpus.documents[1:]
        self._place = 0  # in the corpus's ids
        self._next = 0  # the document that ends next

    def insert(self, joined: Ids, ids: Ids) -> Ids:
        """`joined`, made of the next `ids`, with DOC where a document ended. Documents end where
        lines do, and joining keeps the breaks."""
        self._place += len(ids)
        last = int(np.searchsorted(self._ends, self._place, "right"))
        ends = self._ends[self._next : last] - (self._place - len(ids))
        self._next = last
        if not len(ends):
            return joined
        breaks = np.flatnonzero(ids == BREAK)
        number = np.searchsorted(breaks, ends)  # how many breaks lie before each end
        places = np.concatenate([[0], np.flatnonzero(joined == BREAK) + 1])[number]
        at_end = ends == len(ids)  # also where the text ends without a break
        places[at_end] = len(joined)
        return np.insert(joined, places, DOC)


def check_whole(corpus: Corpus, gaps: int) -> None:
    """Raises when a corpus with `gaps` gaps lacks tokens that it was made of.

    Raises
    ------
    CorpusError
    """
    if not gaps and corpus.stats.tokens > corpus.known:
        raise CorpusError(
            f"{corpus.stats.tokens - corpus.known:,} tokens that the vocabulary lacks were closed "
            "up, so it is not known which words follow each other: encode with keep_gaps=True"
        )


def check_delimiter(delimiter: str) -> bytes:
    """The delimiter as bytes.

    Raises
    ------
    ValueError
        When it is empty or holds white space or NUL, so that a phrase would not be one word.
    """
    encoded = _bytes(delimiter)
    if encoded.split() != [encoded] or b"\0" in encoded:
        raise ValueError(f"delimiter must be text without white space, got {delimiter!r}")
    return encoded


def _by_pass(rows: Iterable[tuple[int, Phrase]]) -> list[list[Phrase]]:
    """Phrases by pass, checked. Raises ValueError."""
    passes: list[list[Phrase]] = []
    seen: set[tuple[bytes, ...]] = set()
    inside: set[bytes] = set()
    outside: set[bytes] = set()
    for number, phrase in rows:
        if number == len(passes) + 1:
            passes.append([])
            seen, inside, outside = set(), set(), set()
        if number != len(passes):
            raise ValueError(f"pass {number} follows pass {len(passes)}")
        words = phrase.words
        if len(words) < 2 or b"" in words:
            raise ValueError(f"a phrase has two words or more, got {words!r}")
        if words in seen:
            raise ValueError(f"{b' '.join(words)[:80]!r} comes twice in pass {number}")
        seen.add(words)
        inside.update(words[1:-1])
        outside.update((words[0], words[-1]))
        both = next((w for w in words if w in inside and w in outside), None)
        if both is not None:
            raise ValueError(
                f"{both[:80]!r} stands inside a phrase of pass {number} and begins or ends one: a "
                "connector does not (longer phrases are made in a later pass)"
            )
        passes[-1].append(phrase)
    return passes


def _whole(line: bytes) -> bytes:
    """A line of a table's file without its end. Raises ValueError."""
    if not line.endswith(b"\n"):
        raise ValueError(
            f"the line is longer than {LONGEST_LINE:,} bytes"
            if len(line) >= LONGEST_LINE
            else "the file is cut short: its last line has no end"
        )
    return line.rstrip(b"\r\n")


def _parse_header(line: bytes) -> str:
    """The delimiter that the header names. Raises ValueError."""
    header = _HEADER.fullmatch(line.rstrip(b"\r\n"))
    if not header:
        raise ValueError(
            f"not a table of phrases: expected '# wordvec phrases {_VERSION}, delimiter _', got "
            f"{line[:60]!r}"
        )
    if int(header[1]) != _VERSION:
        raise ValueError(
            f"a table of version {int(header[1])}, not {_VERSION}: see a newer wordvec"
        )
    delimiter = header[2].decode("utf-8", "surrogateescape")
    check_delimiter(delimiter)
    return delimiter


def _parse_row(line: bytes) -> tuple[int, Phrase]:
    """Pass and phrase of a line. Raises ValueError."""
    fields = line.split(b"\t")
    if len(fields) != 4:
        raise ValueError(f"expected pass, words, count and score with tabs, got {line[:60]!r}")
    number, text, count, score = fields
    for name, field in (("pass", number), ("count", count)):
        if not field.isdigit() or len(field) > 18 or int(field) < 1:
            raise ValueError(f"{name} must be a whole number >= 1, got {field[:40]!r}")
    words = tuple(text.split(b" "))
    if text.split() != list(words) or b"\0" in text:
        raise ValueError(f"words must have one space between them, got {text[:60]!r}")
    try:
        value = float(score)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"score must be a finite number, got {score[:40]!r}")
    return int(number), Phrase(words, int(count), value)


def _append(rest: _Located, located: _Located) -> _Located:
    """Two blocks as one."""
    if not rest[0]:
        return located
    shift = len(rest[0])
    return (
        rest[0] + located[0],
        np.concatenate([rest[1], located[1]]),
        np.concatenate([rest[2], located[2] + shift]),
        np.concatenate([rest[3], located[3] + shift]),
    )


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogateescape")


def _text(token: str | bytes) -> str:
    return token.decode("utf-8", "surrogateescape") if isinstance(token, bytes) else token
