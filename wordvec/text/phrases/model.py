"""Phrases: a table of them, and joining them in texts, ids and token lists.

A table has passes. A pass joins words that follow each other to one, greedily from the left and
never across a line's end; the next pass joins what the one before left, so that two passes make
phrases of up to four words. Words that stand inside a phrase of three or more are connectors
("of"): they neither begin nor end a phrase. `wordvec.text.phrases.find` finds phrases in a corpus.
"""

from __future__ import annotations

import gzip
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

import numpy as np

from wordvec.errors import CorpusError
from wordvec.estimator import Callback
from wordvec.native.corpus import phrase as native
from wordvec.native.corpus.text import WordTable
from wordvec.system.files import write_atomically
from wordvec.system.parallel import ordered_map
from wordvec.text.corpus import Corpus, CorpusStats, Source, Tokens, encode, reading, renumber
from wordvec.text.lines import without_mark
from wordvec.text.numbering import MAX_TOKEN, TOKEN_BATCH
from wordvec.text.options import TextOptions
from wordvec.text.phrases.joiner import DocumentMarks, Joiner, Located, append, check_whole
from wordvec.text.phrases.lines import (
    COLUMNS,
    LONGEST_LINE,
    VERSION,
    Phrase,
    by_pass,
    check_delimiter,
    parse_header,
    parse_row,
    whole_line,
)
from wordvec.text.reader import BLOCK, Block, refuse_nul, text_blocks
from wordvec.text.spool import Spool
from wordvec.text.vocab import Vocabulary
from wordvec.text.write import tokenised_blocks

if TYPE_CHECKING:
    from wordvec.text.spool import Ids

CHUNK = 1 << 20  # ids that are joined at once
GZIP_LEVEL = 6


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
        self.passes = by_pass(numbered)

    @property
    def encoded_delimiter(self) -> bytes:
        """The delimiter in UTF-8."""
        return self._delimiter

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
        """A phrase as the word that it becomes.

        Parameters
        ----------
        phrase : sequence of str
            The words of the phrase.
        """
        return self._delimiter.join(phrase.words).decode("utf-8", "surrogateescape")

    def top(self, n: int) -> list[dict[str, Any]]:
        """The n phrases with the highest scores, of all passes: phrase, count, score, pass.

        Parameters
        ----------
        n : int
            Largest number of phrases.
        """
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

        Parameters
        ----------
        path : path
            The file to write.
        force : bool
            Replace a file that exists.

        Raises
        ------
        CorpusError
            When a word holds white space or NUL, which the file could not hold.
        """
        for word in itertools.chain.from_iterable(phrase.words for phrase in self):
            if word.split() != [word] or b"\0" in word:
                raise CorpusError(f"a table of phrases cannot hold the word {word!r}")
        with write_atomically(path, force=force) as file:
            file.write(b"# wordvec phrases %d, delimiter %s\n" % (VERSION, self._delimiter))
            file.write(COLUMNS + b"\n")
            for number, phrases in enumerate(self.passes, 1):
                file.writelines(
                    b"%d\t%s\t%d\t%a\n" % (number, b" ".join(p.words), p.count, float(p.score))
                    for p in phrases
                )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Reads what `save` wrote.

        Parameters
        ----------
        path : path
            The file.

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
                yield parse_row(whole_line(line))

        try:
            with open(path, "rb") as file:
                at = 1
                delimiter = parse_header(without_mark(file.readline(LONGEST_LINE)))
                at = 2
                if whole_line(file.readline(LONGEST_LINE)) != COLUMNS:
                    raise ValueError(f"expected the columns {COLUMNS!r}")
                table = cls((), delimiter=delimiter)
                table.passes = by_pass(rows(file))
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
        gaps: bool = False,
        across_lines: bool = False,
        threads: int = 1,
        memory: int | None = None,
        progress: Callback | None = None,
        options: TextOptions | None = None,
        **more: Any,
    ) -> Corpus:
        """Reads a text once and returns it with its phrases joined, as ids: what
        `wordvec.encode`, whose parameters and errors these are, makes of the joined text.

        Parameters
        ----------
        source : path, paths, file or token lists
            The text.
        vocab : Vocabulary, optional
            Words of the joined text; by default they are counted.
        min_count, max_vocab, gaps, across_lines, threads, memory, progress, options
            As in `wordvec.encode`.
        **more
            Options of texts, as in `wordvec.encode`.
        """
        corpus = encode(
            source,
            min_count=1,
            gaps=True,
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
            gaps=gaps,
            across_lines=across_lines,
        )

    def join(
        self,
        corpus: Corpus,
        *,
        vocab: Vocabulary | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        gaps: bool = False,
        across_lines: bool = False,
        memory: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Corpus:
        """A corpus with its phrases joined, and their vocabulary; other parameters as in `encode`.

        Parameters
        ----------
        corpus : Corpus
            A text as ids, encoded with gaps=True where words were left out.
        vocab : Vocabulary, optional
            Words of the joined text; by default they are counted.
        min_count, max_vocab, gaps, across_lines, memory
            As in `wordvec.encode`.
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
        counts, missing = np.zeros(len(words), np.int64), 0
        spool = Spool(memory)
        rest = corpus.ids[:0]
        marks = DocumentMarks(corpus)
        for begin in range(0, len(corpus.ids), CHUNK):
            ids = corpus.ids[begin : begin + CHUNK]
            ids = np.concatenate([rest, ids]) if len(rest) else np.ascontiguousarray(ids)
            joined, _, done = joiner.join(ids, last=begin + CHUNK >= len(corpus.ids))
            missing += native.occurrences(joined, counts)
            spool.append(marks.insert(joined, ids[:done]), 0)
            rest = ids[done:]
            if progress:
                progress(min(begin + CHUNK, len(corpus.ids)))
        check_whole(corpus, missing)
        words.set_counts(counts)
        if vocab is None:
            vocab = Vocabulary.from_table(words, min_count=min_count, max_vocab=max_vocab)
            vocab = replace(vocab, total=vocab.total + missing)
        ids, known, documents = renumber(
            spool,
            words,
            [np.arange(len(words), dtype=np.int32)],
            vocab,
            gaps=gaps,
            across_lines=across_lines,
        )
        if not known:
            raise CorpusError("none of the joined corpus's words is in the vocabulary")
        stats = replace(
            corpus.stats,
            tokens=int(counts.sum()) + missing,
            types=int(np.count_nonzero(counts)),
            not_utf8=vocab.not_utf8,
            seconds=corpus.stats.seconds + time.perf_counter() - started,
        )
        return Corpus(
            vocab,
            ids,
            known,
            stats,
            documents,
            corpus.labels,
            corpus.options,
            gaps=gaps,
            across_lines=across_lines,
        )

    # -- token lists and texts -----------------------------------------------------------------

    def join_lists(self, lists: Iterable[Tokens]) -> Iterator[list[str]]:
        """Token lists with their phrases joined, one a list, in order.

        Parameters
        ----------
        lists : iterable of lists of str
            The tokens of each text.
        """
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

        Parameters
        ----------
        paths : sequence of str or binary file
            The texts.
        output : path
            The file to write.
        force : bool
            Replace a file that exists.
        threads : int
            The result does not depend on it.
        progress : callable, optional
            Gets the state of the reading, as in `wordvec.encode`.
        options : TextOptions, optional
            How the texts are split into words; by default words stay as they are.

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

        def locate(state: list[Ids], block: Block) -> tuple[Located, int]:
            text = block.text
            if len(state[0]) < len(text) + 1:
                state[:] = (np.empty(len(text) + 1, np.int32) for _ in range(3))
            n, tokens, nul_at = words.locate(text, state[0], state[1], state[2], MAX_TOKEN)
            refuse_nul(block.name, block.offset, nul_at)
            ids, begins, ends = (array[:n].copy() for array in state)
            return (text, ids, begins, ends), tokens

        none = np.empty(0, np.int32)
        rest: Located = (b"", none, none, none)
        for located, tokens in ordered_map(locate, pieces, states):
            stats.bytes += len(located[0])
            stats.tokens += tokens
            stats.seconds = time.perf_counter() - started
            joined, rest = joiner.join_located(append(rest, located), last=False)
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


def _text(token: str | bytes) -> str:
    return token.decode("utf-8", "surrogateescape") if isinstance(token, bytes) else token
