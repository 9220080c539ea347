"""Joining the phrases of a table: in ids, in blocks of text and in token lists."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from wordvec.errors import CorpusError
from wordvec.native.corpus import phrase as native
from wordvec.native.corpus.text import BREAK, DOC, GAP, WordTable
from wordvec.text.corpus import Corpus
from wordvec.text.phrases.lines import bytes_of_token

if TYPE_CHECKING:
    from wordvec.text.phrases.model import PhraseTable
    from wordvec.text.spool import Ids

# A block of text with its ids, and where each begins and ends.
Located: TypeAlias = tuple[bytes, "Ids", "Ids", "Ids"]


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
        self._delimiter = table.encoded_delimiter
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

    def join_located(self, located: Located, *, last: bool) -> tuple[memoryview, Located]:
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
        ids = np.array([find(bytes_of_token(token)) for token in tokens], np.int32)
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


class DocumentMarks:
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


def check_whole(corpus: Corpus, missing: int) -> None:
    """Raises when a corpus with `missing` gaps lacks tokens that it was made of.

    Raises
    ------
    CorpusError
    """
    if not missing and corpus.stats.tokens > corpus.known:
        raise CorpusError(
            f"{corpus.stats.tokens - corpus.known:,} tokens that the vocabulary lacks were closed "
            "up, so it is not known which words follow each other: encode with gaps=True"
        )


def append(rest: Located, located: Located) -> Located:
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
