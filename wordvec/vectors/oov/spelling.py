"""The known words nearest to a misspelt one, for look-up that forgives and for messages.

Look-up compares the words that share most trigrams (`Postings`), which takes a list of all words by
trigram. A message of an error should not wait for that: it looks all spellings one edit away up in
the index, and compares the words beside the misspelt one and its beginnings in the order by bytes.
The work of both is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from wordvec.native.vectors.ngram import Ngrams
from wordvec.text.lines import bytes_of

if TYPE_CHECKING:
    from wordvec.native.vectors.store import Words

_MAX_LENGTH = 40  # characters; longer words get no suggestions from edits
_NEIGHBOURS = 64  # words compared on each side of a place in the order
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MAX_DISTANCE = 2
_NATIVE = 4  # the hash of n-grams that the index of words uses, too
_BUCKETS = 1 << 17
_MOST_POSTINGS, _MOST_COMPARED = 40_000, 128


def edits(word: str, letters: str = _LETTERS) -> list[str]:
    """All spellings one deletion, swap of neighbours, replacement or insertion away."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    deleted = [a + b[1:] for a, b in cuts if b]
    swapped = [a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1]
    replaced = [a + c + b[1:] for a, b in cuts if b for c in letters]
    inserted = [a + c + b for a, b in cuts for c in letters]
    return [*deleted, *swapped, *replaced, *inserted]


def distance(a: str, b: str, most: int) -> int:
    """Edits (deletion, insertion, replacement, swap of neighbours) from a to b; `most` + 1 when
    there are more than `most`. The optimal string alignment distance."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


def nearest(words: Words, word: str, n: int = 3) -> list[str]:
    """The known words at most two edits from `word`, nearest first, then by rising id.

    Without any preparation. Bounded: a few hundred look-ups and comparisons whatever the number of
    words. Words one edit away are all found when the edit is among ASCII letters and the letters of
    the word; of those two edits away only those that share a beginning with the word.
    """
    return _nearest_of(_candidates(words, word), word, n)


def _nearest_of(candidates: Iterable[tuple[int, str]], word: str, n: int) -> list[str]:
    """The n candidates (id, word) at most two edits away, nearest first, then by rising id."""
    found: dict[int, tuple[int, str]] = {}
    for i, other in candidates:
        if i not in found and other != word:
            edit = distance(word, other, _MAX_DISTANCE)
            if edit <= _MAX_DISTANCE and edit < max(len(word), len(other)):
                found[i] = (edit, other)
    best = sorted((edit, i, other) for i, (edit, other) in found.items())
    return [other for _, _, other in best[:n]]


class Postings:
    """The words by the trigrams of their spelling between marks, `<word>`.

    Made from a word list in about a microsecond per word; four bytes per trigram.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._grams = Ngrams(_NATIVE, 3, 3, _BUCKETS)
        keys = [words.word(i).encode("utf-8", "surrogateescape") for i in range(len(words))]
        starts = np.empty(len(keys) + 1, np.int64)
        self._grams.count(keys, starts)
        rows = np.empty(int(starts[-1]), np.int32)
        self._grams.fill(keys, starts, rows)
        self._sizes = np.diff(starts)
        order = np.argsort(rows, kind="stable")
        self._ids = np.repeat(np.arange(len(keys), dtype=np.int32), self._sizes)[order]
        self._starts = np.zeros(_BUCKETS + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=_BUCKETS), out=self._starts[1:])

    def nearest(self, word: str, n: int = 3) -> list[str]:
        """The known words at most two edits from `word`, nearest first, then by rising id.

        Bounded: of the word's trigrams the rarest, up to 40,000 postings in all, choose the 128
        words that share most with it, and only those are compared.
        """
        if not word or len(word) > _MAX_LENGTH:
            return []
        ids = self._candidates(bytes_of(word))
        return _nearest_of(((i, self._words.word(i)) for i in ids), word, n)

    def _candidates(self, word: bytes) -> list[int]:
        """The ids whose trigrams have the largest share (Jaccard) in common with the word's."""
        grams = np.unique(self._grams.rows(word))
        counts = self._starts[grams + 1] - self._starts[grams]
        rarest = np.argsort(counts, kind="stable")[int((counts == 0).sum()) :]
        enough = max(1, int((np.cumsum(counts[rarest]) <= _MOST_POSTINGS).sum()))
        used = grams[rarest[:enough]].tolist()
        lists = [self._ids[self._starts[g] : self._starts[g + 1]] for g in used]
        if not lists:
            return []
        ids, shared = np.unique(np.concatenate(lists)[:_MOST_POSTINGS], return_counts=True)
        share = shared / (len(grams) + self._sizes[ids] - shared)
        if len(ids) > _MOST_COMPARED:
            ids = ids[np.argpartition(-share, _MOST_COMPARED)[:_MOST_COMPARED]]
        found: list[int] = ids.tolist()
        return found


def _candidates(words: Words, word: str) -> Iterator[tuple[int, str]]:
    if not word or len(word) > _MAX_LENGTH:
        return
    letters = "".join(sorted({*_LETTERS, *word}))
    tries = [*dict.fromkeys([word.lower(), word.capitalize(), word.upper(), *edits(word, letters)])]
    ids = np.empty(len(tries), np.int64)
    words.find_many(tries, ids)
    for i, other in zip(ids.tolist(), tries, strict=True):
        if i >= 0:
            yield i, other
    seen: set[int] = set()
    for cut in range(len(word), 0, -1):
        place = words.lower_bound(bytes_of(word[:cut]))
        first = max(0, place - _NEIGHBOURS)
        for at in range(first, min(len(words), place + _NEIGHBOURS)):
            if at not in seen:
                seen.add(at)
                i = words.at(at)
                yield i, words.word(i)
        if len(seen) >= 8 * _NEIGHBOURS:
            return
