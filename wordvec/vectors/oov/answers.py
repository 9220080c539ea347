"""Vectors of words that are not there: from other spellings, from n-grams, from contexts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import UnknownWordError
from wordvec.text.lines import bytes_of
from wordvec.vectors.as_trained import splitter_for
from wordvec.vectors.edit import Editable
from wordvec.vectors.keys import Folded, UnknownWord, list_of_words, text_of
from wordvec.vectors.matrix import Floats, Ids
from wordvec.vectors.oov import spelling
from wordvec.vectors.oov.unseen import context_tokens
from wordvec.vectors.search import Key


class Lookup(NamedTuple):
    """A vector and how it came about.

    how : "exact", "tokenized" (as the text of the training was split), "folded" (same but for case
        or Unicode form), "context", "subword", "typo" (nearest known spelling), or "none": then the
        vector is zeros.
    via : the word whose vector it is (exact, tokenized, folded, typo), or None.
    """

    vector: NDArray[Any]
    how: str
    via: str | None = None


class Answering(Editable):
    """What WordVectors say of any word."""

    def _unseen(self, word: Key, allowed: bool | None) -> NDArray[Any]:
        found = self.answer(text_of(word), unseen=allowed)
        if found.how == "none":
            raise self._no_word(word)
        return found.vector

    def answer(self, word: str, *, unseen: bool | None = None) -> Lookup:
        """What `most_similar` and `similarity` take for a word, and how it came about.

        A word that is not there is answered by its n-grams or folded spelling where the vectors
        have them; with `unseen` (or `strict` set to False) also by the nearest spelling. With
        `unseen` False, or when nothing is found, `how` is "none" and the vector zero.

        Parameters
        ----------
        word : str
            Any word.
        unseen : bool, optional
            Whether the nearest spelling may answer; by default only when `strict` is False.
        """
        if unseen is False:
            i = self._words.find(word)
            if i >= 0:
                return Lookup(self._matrix.row(i), "exact", word)
            return Lookup(np.zeros(self.vector_size, np.float32), "none")
        return self.vector(word, typo=bool(unseen) or not self.strict)

    def answers_unseen(self) -> bool:
        """Whether words that are not there may be answered without being asked for: by n-grams or
        by folded spellings."""
        return self.subwords is not None or "_folded" in self.__dict__

    def unknown(self, word: Key) -> UnknownWordError:
        """The error that says that a word is not there, with the nearest known spellings.

        Parameters
        ----------
        word : str or bytes
            A word that is not there.
        """
        return self._no_word(word)

    def _no_word(self, word: Key | int) -> UnknownWordError:
        if not isinstance(word, (str, bytes)):
            return super()._no_word(word)
        if self.subwords is not None:
            return UnknownWordError(
                UnknownWord(self._list, word, "vector(word) answers by its n-grams")
            )
        # A hierarchy's terms have no spelling that means anything.
        otherwise = "" if "manifold" in self.meta else "`wordvec oov fit` makes n-grams that answer"
        return UnknownWordError(UnknownWord(self._list, word, otherwise=otherwise))

    @cached_property
    def _postings(self) -> spelling.Postings:
        return spelling.Postings(self._words)

    @cached_property
    def _folded(self) -> Folded:
        return Folded.build(self._list)

    def find_folded(self, word: str) -> str | None:
        """The most frequent known word that differs from this one in case or Unicode form at most,
        or None. The first use builds an index, unless the file has one.

        Parameters
        ----------
        word : str
            Any word.
        """
        i = self._folded.find(word)
        return None if i < 0 else self._words.word(i)

    @cached_property
    def _splitter(self) -> Callable[[str], list[str]]:

        return splitter_for(self.meta)

    def split(self, text: str) -> list[str]:
        """A short text's words, as the text of the training was split (see docs/howto/text.md).

        Parameters
        ----------
        text : str
            Any text.
        """
        return self._splitter(text)

    _split = split

    def vector(
        self,
        word: str,
        contexts: Sequence[str | Sequence[str]] = (),
        *,
        fold: bool | None = None,
        typo: bool = True,
    ) -> Lookup:
        """The vector of any word, and how it came about: never an error for an unknown word.

        Tried in this order: the word itself; the word as the text of the training was tokenized
        (lower case, without signs), where the card says how; its folded spelling; its contexts,
        with its form, when there are any; its n-grams; the nearest known spelling.

        Parameters
        ----------
        word : str
        contexts : list of str or of token lists
            Texts that the word stands in (or `___` in its place); needs a fitted induction matrix.
        fold : bool, optional
            Whether to look for the folded spelling; by default where the file has the index.
        typo : bool
            Whether to look for the nearest spelling when nothing else is found: about a
            millisecond. The first use lists the words by trigrams: 1.3 s for a million words.
        """
        i = self._words.find(word)
        if i >= 0:
            return Lookup(self._matrix.row(i), "exact", word)
        made = self._split(word)
        if len(made) == 1 and (i := self._words.find(made[0])) >= 0:
            return Lookup(self._matrix.row(i), "tokenized", made[0])
        if fold or (fold is None and "_folded" in self.__dict__):
            i = self._folded.find(word)
            if i >= 0:
                return Lookup(self._matrix.row(i), "folded", self._words.word(i))
        if len(contexts) and self.induction is not None:
            induced = self._induced(word, contexts, form=True)
            if induced is not None:
                return Lookup(induced, "context")
        rows, used = self._from_form([word])
        if used[0]:
            return Lookup(rows[0], "subword")
        near = self._postings.nearest(word, 1) if typo else []
        if near:
            return Lookup(self.get_vector(near[0]), "typo", near[0])
        return Lookup(rows[0], "none")

    def lookup(
        self, words: Sequence[Key], *, fold: bool | None = None, typo: bool = False
    ) -> tuple[NDArray[Any], list[str]]:
        """Vectors (n, d) of any words, and how each came about; see `vector`.

        Parameters
        ----------
        words : sequence of str
            Any words.
        fold, typo : bool
            As in `vector`.
        """
        keys = list_of_words("words", words)
        ids = self.get_ids(keys, strict=False)
        rows = self._matrix.take(np.maximum(ids, 0)) if len(self) else np.zeros((len(ids), 0))
        how = ["exact"] * len(keys)
        missing = np.flatnonzero(ids < 0).tolist()
        if not missing:
            return rows, how
        unseen = [keys[i] for i in missing]
        rows = rows if len(self) else np.zeros((len(ids), self.vector_size), np.float32)
        made, used = self._from_form(unseen)
        rows[missing] = made
        for i, word, grams in zip(missing, unseen, used.tolist(), strict=True):
            form = fold is False or (not fold and "_folded" not in self.__dict__)
            if grams and form and self._split(text_of(word)) == [text_of(word)]:
                how[i] = "subword"
            else:
                rows[i], how[i], _ = self.vector(text_of(word), fold=fold, typo=typo)
        return rows, how

    def _from_form(self, words: Sequence[Key]) -> tuple[Floats, Ids]:
        """Vectors (n, d) from n-grams, and of how many each was made."""
        if self.subwords is None:
            return np.zeros((len(words), self.vector_size), np.float32), np.zeros(len(words), int)
        return self.subwords.vectors([bytes_of(word) for word in words])

    def induce(
        self, word: str, contexts: Sequence[str | Sequence[str]], *, form: bool = True
    ) -> Floats:
        """The vector (d,) of a word from texts that it stands in (a la carte induction).

        Parameters
        ----------
        word : str
            Known or not: its own vector is not used.
        contexts : list of str or of token lists
            `___` may stand in place of the word. Without either all tokens count.
        form : bool
            Mix in what the word's n-grams say, where the vectors have n-grams.

        Raises
        ------
        ValueError
            Without a fitted matrix (`wordvec oov induction`), or when no context has a known word.
        """
        if self.induction is None:
            raise ValueError("no induction matrix: fit one with fit_induction")
        induced = self._induced(word, contexts, form)
        if induced is None:
            raise ValueError(f"no context of {word!r} has a word with a vector")
        return induced

    def _induced(
        self, word: str, contexts: Sequence[str | Sequence[str]], form: bool
    ) -> Floats | None:
        assert self.induction is not None
        if isinstance(contexts, str):
            raise TypeError("contexts must be a list of texts, not one text")
        window, split = self.induction.window, self._split
        near = [t for c in contexts for t in context_tokens(word, c, window, split)]
        ids = self.get_ids(near, strict=False)
        if not (ids >= 0).any():
            return None
        vector = self.induction.vector(self._matrix.take(ids[ids >= 0]).mean(0))
        if form and self.subwords is not None:
            made, used = self._from_form([word])
            if used[0]:
                share = self.induction.form_share(int((ids >= 0).sum()))
                vector = share * made[0] + (1 - share) * vector
        return vector
