"""Retrofitting: vectors move towards their neighbours in a lexicon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from wordvec.estimator import option
from wordvec.spaces.apply import ReplaceStage, Stage
from wordvec.spaces.base import Transform
from wordvec.spaces.lexicons.lexicon import Links, as_lexicon, cards, graph
from wordvec.vectors.vectors import WordVectors


@dataclass(kw_only=True)
class Retrofit(Transform):
    """Each vector becomes the mean of itself, as it was, and of its neighbours' mean.

    Parameters
    ----------
    rounds : int
        Each round halves the distance to the solution.
    both_ways : bool
        Links are taken in both directions; otherwise from head to other, as in the reference.
    fold : bool
        Words of the lexicon are also looked for in lower case.
    weight : float
        Weight of the vector as it was, against 1 for the mean of its neighbours.

    Attributes
    ----------
    words_ : int
        Words that have a neighbour, which are those that move.

    Notes
    -----
    Minimises `sum_i [weight |q_i - v_i|^2 + sum_j |q_i - q_j|^2 / degree(i)]` by Jacobi rounds
    `q_i = (weight v_i + mean_j q_j) / (1 + weight)`, which do not depend on an order of the words.
    The authors' program updates words one after the other in the order of a set; both have the
    same solution.

    References
    ----------
    Faruqui, Dodge, Jauhar, Dyer, Hovy & Smith (2015), "Retrofitting word vectors to semantic
    lexicons", equations 1 and 2.
    """

    name: ClassVar[str] = "retrofit"
    rounds: int = option(30, "Rounds; each one halves what is left to do.", at_least=1)
    both_ways: bool = option(False, "Take links in both directions.")
    fold: bool = option(False, "Also look for words of the lexicon in lower case.")
    weight: float = option(
        1.0, "Weight of the vector as it was.", above=0, source="Faruqui et al. 2015"
    )

    def fit(self, vectors: WordVectors, lexicon: Links | None = None) -> Self:
        """Finds the new vectors of the words that the lexicon links.

        Parameters
        ----------
        vectors : WordVectors
            What is retrofitted; they are not changed.
        lexicon : Lexicon, or iterable of (head, other, ...)
            Which words are linked.

        Raises
        ------
        ValueError
            Without a lexicon.
        DatasetError
            For a lexicon that is malformed or of which no link is known.
        """
        if lexicon is None:
            raise ValueError("Retrofit.fit needs vectors and a lexicon")
        self._check()
        links = as_lexicon(lexicon)
        pairs = links.ids(vectors, fold=self.fold, both_ways=self.both_ways)
        A = graph(pairs, len(vectors))
        degree = np.diff(A.indptr)
        moving = np.flatnonzero(degree)
        mean = sparse.diags_array(1 / degree[moving]) @ A[moving]
        Q = np.array(vectors.matrix.decoded(), np.float64)
        if not np.isfinite(Q).all():
            raise ValueError("vectors must be finite")
        start = Q[moving].copy()
        for _ in range(self.rounds):
            Q[moving] = (self.weight * start + mean @ Q) / (1 + self.weight)
        self.ids_, self.replacement_ = moving, Q[moving].astype(np.float32)
        self._skipped = [links.skipped] if links.skipped else []
        self.words_, self._card = len(moving), cards(links, pairs)
        return self

    def is_fitted(self) -> bool:
        return hasattr(self, "ids_")

    def stages(self, vectors: WordVectors) -> list[Stage]:
        return [ReplaceStage(self.ids_, self.replacement_)]

    def card(self) -> dict[str, Any]:
        return {**super().card(), **self._card, "words": self.words_}

    def notes(self) -> list[str]:
        """How many links were used, and how many words move."""
        return [
            *self._skipped,
            f"{self._card['links_used']:,} of {self._card['links']:,} links are known; "
            f"words that move: {self.words_:,}",
        ]


def expand(
    vectors: WordVectors, lexicon: Links, *, rounds: int = 30, fold: bool = False
) -> WordVectors:
    """Vectors with the words that only the lexicon has: each is the mean of its neighbours'.

    A word without a vector has no pull of its own (alpha 0); words with one stay as they are.

    Parameters
    ----------
    vectors : WordVectors
    lexicon : Lexicon, path, or links
    rounds : int
        A word that is linked to known words only through others is reached after some rounds.
    fold : bool
        Also look for words of the lexicon in lower case.

    Returns
    -------
    WordVectors
        The words as they were, then the new ones that have a neighbour with a vector.

    References
    ----------
    Speer & Lowry-Duda (2017), "ConceptNet at SemEval-2017 task 2", section 3.3.
    """
    links = as_lexicon(lexicon)
    ends = [(a, b) for link in links.links for a, b in (link, link[::-1])]
    new = [w for w in dict.fromkeys(a for a, _ in ends) if w not in vectors]
    if fold:
        new = [word for word in new if word.lower() not in vectors]
    place = {word: len(vectors) + i for i, word in enumerate(new)}

    def find(word: str) -> int:
        at = place.get(word)
        if at is None:
            at = vectors.get_index(word, -1)
            if at < 0 and fold:
                at = vectors.get_index(word.lower(), -1)
        return at

    pairs = np.array([(find(a), find(b)) for a, b in ends], np.int64).reshape(-1, 2)
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
    total = len(vectors) + len(new)
    A = graph(pairs, total)[len(vectors) :]
    Q = np.zeros((total, vectors.vector_size))
    Q[: len(vectors)] = vectors.matrix.decoded()
    has = np.zeros(total)
    has[: len(vectors)] = 1
    for _ in range(rounds):
        known = A @ has
        Q[len(vectors) :] = (A @ Q) / np.maximum(known, 1)[:, None]
        has[len(vectors) :] = known > 0
    kept = np.flatnonzero(has[len(vectors) :])
    words = [*vectors.index_to_key, *(new[i] for i in kept.tolist())]
    rows = np.concatenate([Q[: len(vectors)], Q[len(vectors) + kept]]).astype(np.float32)
    counts = vectors.counts
    if counts is not None:
        counts = np.concatenate([counts, np.zeros(len(kept), counts.dtype)])
    meta = {**vectors.meta, "expanded": {"lexicon": links.name, "words": len(kept)}}
    return WordVectors(words, rows, counts=counts, meta=meta)
