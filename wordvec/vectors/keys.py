"""Words by id, ids by word, folded spellings: views of a word list that read it when asked."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import numpy as np

from wordvec.native.vectors import store as native
from wordvec.vectors import file as store
from wordvec.vectors.oov import spelling

F = TypeVar("F", bound=Callable[..., Any])


class UnknownWord:
    """The message of an unknown word; its suggestions cost milliseconds and are found when read.

    `way`: how to get an answer all the same; `otherwise`: the same where no spelling is near.
    """

    def __init__(
        self, words: store.WordList, word: str | bytes, way: str = "", otherwise: str = ""
    ) -> None:
        self._words, self._way, self._otherwise = words, way, otherwise
        self.word = text_of(word)

    def __str__(self) -> str:
        near = spelling.nearest(self._words.native, self.word)
        hint = f"; nearest known spellings: {', '.join(map(repr, near))}" if near else ""
        way = self._way or ("" if near else self._otherwise)
        way = f"; {way}" if way else ""
        return f"no word {self.word!r}{hint}{way}"

    __repr__ = __str__


def accepts(**others: str) -> Callable[[F], F]:
    """A decorator: the function also takes its arguments under these other names (other name ->
    its own), which gensim's versions have for them; `other_names` of the function lists them."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for other in others.keys() & kwargs.keys():
                if others[other] in kwargs:
                    raise TypeError(f"{function.__name__}() got {others[other]!r} twice")
                kwargs[others[other]] = kwargs.pop(other)
            return function(*args, **kwargs)

        call.other_names = frozenset(others)  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate


def list_of_words(name: str, words: Any) -> list[Any]:
    """The words as a list; TypeError for one string, whose letters would be taken for words."""
    if isinstance(words, (str, bytes)):
        raise TypeError(f"{name} must be a list of words, not the string {text_of(words)!r}")
    return words if isinstance(words, list) else list(words)


def text_of(word: str | bytes) -> str:
    """The word as str; bytes that are not UTF-8 by surrogateescape."""
    return word.decode("utf-8", "surrogateescape") if isinstance(word, bytes) else word


class IndexToKey(Sequence[str]):
    """Words by id, read from the store when they are asked for."""

    def __init__(self, words: store.WordList) -> None:
        self._words = words.native

    def __len__(self) -> int:
        return len(self._words)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        size = len(self._words)
        if isinstance(i, slice):
            return [self._words.word(j) for j in range(*i.indices(size))]
        if not -size <= i < size:
            raise IndexError(f"there are {size} words, no word {i}")
        return self._words.word(i + size if i < 0 else i)

    def __iter__(self) -> Iterator[str]:
        return map(self._words.word, range(len(self._words)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (list, tuple, IndexToKey)):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        more = ", ..." if len(self) > 5 else ""
        return f"[{', '.join(map(repr, self[:5]))}{more}]"


class KeyToIndex(Mapping[str, int]):
    """Ids by word, looked up in the index of the store."""

    def __init__(self, words: store.WordList) -> None:
        self._words = words.native
        self._by_id = IndexToKey(words)

    def __getitem__(self, word: str) -> int:
        i = self._words.find(word) if isinstance(word, (str, bytes)) else -1
        if i < 0:
            raise KeyError(word)
        return i

    def __contains__(self, word: object) -> bool:
        return isinstance(word, (str, bytes)) and self._words.find(word) >= 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._words)

    def __repr__(self) -> str:
        pairs = ", ".join(f"{word!r}: {i}" for i, word in enumerate(self._by_id[:5]))
        return f"{{{pairs}{', ...' if len(self) > 5 else ''}}}"


def fold(word: str) -> str:
    """The spelling under which words are the same but for case and Unicode's ways to write them:
    NFKC of the case-folded NFKC."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKC", word).casefold()
    return unicodedata.normalize("NFKC", folded)


class Folded:
    """The first word (lowest id) of each folded spelling.

    The index holds hashes only; what it finds is folded and compared, so a file written with
    another version of Unicode may miss a word but never gives a wrong one.
    """

    def __init__(self, words: store.WordList, section: store.Section) -> None:
        self.section = section
        self._by_id = words.native
        none = np.empty(0, np.uint8)
        wide = section.cols == 16
        self._index = native.Words(
            words.offsets,
            words.data,
            section.data[0],
            section.aux,
            none,
            wide,
            words.native.trusted,
            words.damaged,
        )

    @classmethod
    def build(cls, words: store.WordList) -> Folded:
        """The index of a word list: about a second for a million words."""
        seen: set[str] = set()
        ids: list[int] = []
        hashes: list[int] = []
        for i in range(len(words)):
            folded = fold(words.native.word(i))
            if folded not in seen:
                seen.add(folded)
                ids.append(i)
                hashes.append(native.hash_key(folded))
        width = 16 if words.wide else 8
        slots = np.zeros(store.n_slots(len(ids)) * width, np.uint8)
        longest = native.build_index(
            np.array(hashes, np.uint64), np.array(ids, np.uint64), slots, words.wide
        )
        section = store.Section(
            store.CASEFOLD,
            len(slots) // width,
            width,
            store.U8,
            [slots],
            longest,
            flags=store.IGNORABLE,
        )
        return cls(words, section)

    def find(self, word: str) -> int:
        """Id of the first word with the same folded spelling, or -1."""
        folded = fold(word)
        try:
            hash_ = native.hash_key(folded)
        except UnicodeEncodeError:
            return -1
        for i in self._index.candidates(hash_):
            if fold(self._by_id.word(i)) == folded:
                return i
        return -1
