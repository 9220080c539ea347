"""What debiasing methods share: lists, the concept's subspace, the words that they learn from."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.estimator import option
from wordvec.spaces.base import AffineTransform
from wordvec.spaces.debiasing.concepts import Concept, Lookup, concept, of_lists
from wordvec.vectors.vectors import WordVectors

F64: TypeAlias = NDArray[np.float64]
Ids: TypeAlias = NDArray[np.int64]

WORDS = 1500  # most biased words of each class that methods learn from and are judged by
RESTRICT_VOCAB = 30_000  # the most frequent words, among which they are sought
HELD_OUT = 3  # every third of them is never shown to a method
_UNIT = 1e-3  # how far lengths may be from 1 in vectors of unit length


@dataclass(kw_only=True)
class Debias(AffineTransform):
    """Base of the debiasing methods.

    Parameters
    ----------
    concept : str, path or Concept, optional
        What is to be taken out: "gender", "race", "religion", a TOML file, or a `Concept`.
    pairs, sets : sequence of sequences of str, optional
        Defining sets in place of a concept.
    equalize : sequence of sequences of str, optional
        Equalize sets; those of the concept by default.
    exempt : iterable of str, optional
        Words that keep their vectors; those of the concept by default, () for none.
    """

    concept: Any = None
    pairs: Sequence[Sequence[str]] | None = field(default=None, repr=False)
    sets: Sequence[Sequence[str]] | None = field(default=None, repr=False)
    equalize: Sequence[Sequence[str]] | None = field(default=None, repr=False)
    exempt: Sequence[str] | None = field(default=None, repr=False)

    def fit(self, vectors: WordVectors) -> Self:
        """Learns the map from vectors and the lists of the concept.

        Raises
        ------
        DatasetError
            When fewer than half of a list is known, or the words do not define a direction.
        """
        self._check()
        if vectors.meta.get("manifold") is not None:
            raise ValueError("vectors of a manifold cannot be added: nothing linear can be removed")
        self.concept_ = self._concept()
        lookup = Lookup(vectors)
        lookup.ids(self.concept_.exempt)  # names what is missing, once
        self._learn(vectors, lookup)
        keep = self.concept_.exempt if self.exempt is None else self.exempt
        self.exempt_ = frozenset(keep) | frozenset(word.lower() for word in keep)
        self.unknown_ = tuple(lookup.unknown)
        return self

    @abc.abstractmethod
    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        """Sets `matrix_` and `offset_`, or what `stages` needs."""

    def _concept(self) -> Concept:
        if self.pairs is not None or self.sets is not None:
            if self.concept is not None:
                raise ValueError("give a concept, or pairs or sets, not both")
            return of_lists(
                pairs=self.pairs,
                sets=self.sets,
                equalize=self.equalize or (),
                exempt=self.exempt or (),
            )
        if self.concept is None:
            raise ValueError(f"{type(self).__name__} needs a concept, pairs or sets")
        return concept(self.concept)

    def card(self) -> dict[str, Any]:
        lists = ("concept", "pairs", "sets", "equalize", "exempt")
        options = {k: v for k, v in self.get_params().items() if k not in lists}
        out = {"transform": self.name, "concept": self.concept_.name, "crc": self.concept_.crc}
        out |= options
        if hasattr(self, "matrix_"):
            out["removed_rank"] = self.removed_rank_
        out["removed"] = f"linear association with {self.concept_.name} ({self.name})"
        if self.exempt_:
            out["exempt"] = len(self.exempt_)
        return out

    @property
    def removed_rank_(self) -> int:
        """Dimensions that the map takes out."""
        return len(self.matrix_) - self.rank_


def unit_rows(vectors: WordVectors, ids: Ids) -> F64:
    """Vectors (n, d) of these ids in float64, divided by their lengths."""
    X = np.asarray(vectors.matrix.take(ids), np.float64)
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.where(norms > 0, norms, 1))


def all_unit(X: F64) -> bool:
    """Whether all rows have the length 1."""
    return bool((np.abs(np.linalg.norm(X, axis=1) - 1) < _UNIT).all())


def subspace(vectors: WordVectors, sets: Sequence[Ids], components: int = 1) -> F64:
    """The concept's subspace B (k, d): orthonormal rows.

    The first k right singular vectors of the sets' unit vectors, each set centred at its own mean.
    The sign is that of the first set: its first word lies on the positive side.

    Raises
    ------
    DatasetError
        When the sets span fewer than k dimensions.

    References
    ----------
    Bolukbasi et al. (2016), section 5.1; Manzini et al. (2019) for sets of more than two words.
    """
    centred = []
    for ids in sets:
        U = unit_rows(vectors, ids)
        centred.append(U - U.mean(axis=0))
    stacked = np.concatenate(centred)
    _, values, axes = np.linalg.svd(stacked, full_matrices=False)
    rank = int((values > 1e-6 * max(values[0], 1e-30)).sum()) if values[0] > 1e-9 else 0
    if not 1 <= components <= rank:
        raise DatasetError(
            f"the defining sets span {rank} dimension{'s' * (rank != 1)}, {components} "
            f"component{'s' * (components != 1)} asked for: sets of the same direction add nothing"
        )
    B = axes[:components]
    signs = np.where(B @ stacked[0] < 0, -1.0, 1.0)
    return np.asarray(B * signs[:, None])


def without(B: F64) -> F64:
    """The projection I - B'B (d, d) that takes out the orthonormal rows of B."""
    return np.asarray(np.eye(B.shape[1]) - B.T @ B)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Words with the class that they lean to, in the order of their lean: ids, labels 0, 1, ..."""

    ids: Ids
    labels: Ids

    def __len__(self) -> int:
        return len(self.ids)


def class_directions(vectors: WordVectors, sets: Sequence[Ids]) -> F64:
    """A unit vector for each class (k, d): the first principal direction and its opposite for two
    classes, the mean of the centred vectors of each class for more."""
    size = max(len(ids) for ids in sets)
    if size == 2:
        g = subspace(vectors, sets)[0]
        return np.array([g, -g])
    whole = [ids for ids in sets if len(ids) == size]
    if not whole:
        raise DatasetError("no defining set is known as a whole")
    stacked = np.array([unit_rows(vectors, ids) for ids in whole])
    D = (stacked - stacked.mean(axis=1, keepdims=True)).mean(axis=0)
    norms = np.linalg.norm(D, axis=1, keepdims=True)
    if not (norms > 1e-9).all():
        raise DatasetError("the words of a class do not differ from those of the others")
    return np.asarray(D / norms)


def leaning(
    vectors: WordVectors,
    sets: Sequence[Ids],
    *,
    words: int = WORDS,
    restrict_vocab: int = RESTRICT_VOCAB,
    leave_out: Ids | None = None,
) -> Labelled:
    """The `words` words of each class that lean to it most, strongest first.

    A word leans to a class by how much nearer it is (cosine) to the direction of this class than to
    any other. Sought among the first `restrict_vocab` words without `leave_out`; fewer for each
    class, at most a tenth of them, where the vocabulary is small.

    Raises
    ------
    DatasetError
        When there would be fewer than 10 for each class.
    """
    D = class_directions(vectors, sets)
    stop = min(len(vectors), restrict_vocab)
    U = unit_rows(vectors, np.arange(stop))
    scores = U @ D.T
    allowed: NDArray[np.bool_] = np.asarray(U.any(axis=1))
    out = [*sets] if leave_out is None else [*sets, leave_out]
    banned = np.concatenate(out)
    allowed[banned[banned < stop]] = False
    words = min(words, int(allowed.sum()) // 10)
    if words < 10:
        raise DatasetError(
            f"a tenth of {int(allowed.sum())} words is fewer than 10 for each class: too small a "
            "vocabulary"
        )
    ids, labels = [], []
    for c in range(len(D)):
        lean = scores[:, c] - np.delete(scores, c, axis=1).max(axis=1)
        order = np.argsort(np.where(allowed, -lean, np.inf), kind="stable")[:words]
        order = order[lean[order] > 0]
        ids.append(order)
        labels.append(np.full(len(order), c))
    return Labelled(np.concatenate(ids), np.concatenate(labels))


def split(words: Labelled, part: str) -> Labelled:
    """Two thirds of the words to "fit" to, and every third to "judge" by, with the same leans."""
    if part not in ("fit", "judge"):
        raise ValueError(f"part must be 'fit' or 'judge', got {part!r}")
    rank = np.zeros(len(words), np.int64)
    for c in np.unique(words.labels):
        place = np.flatnonzero(words.labels == c)
        rank[place] = np.arange(len(place))
    held = rank % HELD_OUT == HELD_OUT - 1
    chosen = held if part == "judge" else ~held
    return Labelled(words.ids[chosen], words.labels[chosen])


@dataclass(kw_only=True)
class LearnsFromWords(Debias):
    """A method that learns from words that lean to the classes.

    Parameters
    ----------
    words : int
        Most biased words of each class that are chosen; every third of them is held out, so that
        it can judge what is left.
    restrict_vocab : int
        The most frequent words, among which they are sought.
    """

    words: int = option(
        WORDS, "Most biased words of each class to learn from; a third is held out.", at_least=1
    )
    restrict_vocab: int = option(
        RESTRICT_VOCAB, "Most frequent words, among which these are sought.", at_least=1
    )

    def fit(
        self,
        vectors: WordVectors,
        words: Sequence[str] | None = None,
        labels: Sequence[Any] | None = None,
    ) -> Self:
        """Learns the map from the words that lean to each class, or from labelled words.

        Parameters
        ----------
        vectors : WordVectors
        words, labels : sequences, optional
            Words and the class of each, in place of those that lean to the concept's classes.

        Raises
        ------
        DatasetError
            When fewer than half of the words are known, a word has two labels, or the words do not
            show two classes with two words each.
        """
        self._check()
        self._given = None if words is None else self._labelled(vectors, words, labels)
        lists = (self.concept, self.pairs, self.sets)
        if self._given is not None and all(each is None for each in lists):
            return self._fit_labels(vectors, self._given)
        return super().fit(vectors)

    def _fit_labels(self, vectors: WordVectors, given: Labelled) -> Self:
        """Learns from labelled words without a concept, where the method can."""
        raise ValueError(
            f"{type(self).__name__} needs a concept, pairs or sets beside labelled words: "
            "it learns the direction from them"
        )

    def _labelled(
        self, vectors: WordVectors, words: Sequence[str], labels: Sequence[Any] | None
    ) -> Labelled:
        if labels is None or len(labels) != len(words):
            raise ValueError(f"labels must be as many as words ({len(words)})")
        classes = {label: i for i, label in enumerate(dict.fromkeys(labels))}
        lookup = Lookup(vectors)
        found: dict[int, int] = {}
        for word, label in zip(words, labels, strict=True):
            i = lookup.find(word)
            if i >= 0 and found.setdefault(i, classes[label]) != classes[label]:
                raise DatasetError(f"{word!r} has two labels: a word cannot stand on both sides")
        if len(found) < max(1, len(words) // 2):
            raise DatasetError(
                f"fewer than half of the words are known: {len(found)} of {len(words)} (missing: "
                f"{', '.join(lookup.unknown[:12])})"
            )
        return Labelled(np.array([*found]), np.array([*found.values()]))

    def _every(self, vectors: WordVectors, lookup: Lookup) -> Labelled:
        """The labelled words, or those that lean to the classes of the concept. Sets `sets_`."""
        self.sets_ = lookup.sets(self.concept_.sets, "defining sets")
        if self._given is not None:
            return self._given
        return leaning(
            vectors,
            self.sets_,
            words=self.words,
            restrict_vocab=self.restrict_vocab,
            leave_out=lookup.ids(sorted(self.concept_.defining)),
        )


@dataclass(kw_only=True)
class LearnsFromLabels(LearnsFromWords):
    """A method that needs nothing but words and their classes."""

    def _fit_labels(self, vectors: WordVectors, given: Labelled) -> Self:
        self.concept_ = Concept(name="own labels", classes=("a", "b"), sets=(("a", "b"),))
        self._learn_from(vectors, given)
        self.exempt_, self.unknown_ = frozenset(self.exempt or ()), ()
        return self

    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        every = self._every(vectors, lookup)
        self._learn_from(vectors, every if self._given is not None else split(every, "fit"))

    @abc.abstractmethod
    def _learn_from(self, vectors: WordVectors, chosen: Labelled) -> None:
        """Learns from words with labels: sets `matrix_` and `offset_`."""


def check_classes(chosen: Labelled) -> int:
    """The number of classes; DatasetError where one has fewer than two words."""
    sizes = np.bincount(chosen.labels) if len(chosen) else np.zeros(0)
    if len(sizes) < 2 or sizes.min() < 2:
        raise DatasetError(
            "two classes with two known words each are needed, got classes of "
            f"{', '.join(map(str, sizes.tolist())) or 'no'} words"
        )
    return len(sizes)
