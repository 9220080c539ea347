"""Translating words between two spaces, and judging translations by a dictionary."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from wordvec.errors import UnknownWordError
from wordvec.estimator import Option, check_options, option
from wordvec.spaces.alignment.mapping import F32, Side, packed, unpacked
from wordvec.spaces.alignment.retrieval import (
    INVERSE_TEMPERATURE,
    NEIGHBORS,
    Retrieval,
    hubness,
    nearest,
    penalties,
)
from wordvec.spaces.apply import UnitStage
from wordvec.vectors.vectors import WordVectors

_COSINE = 1 + 1e-5  # the largest, as it is rounded
HUBS = 200_000  # most frequent source words among which hubs are looked for, as in MUSE


@dataclass(frozen=True)
class Translated:
    """A target word with its cosine, and the score of the retrieval: CSLS (2 cos - r_T - r_S, in
    [-4, 4]), the probability of the inverted softmax, or the cosine itself."""

    word: str
    cosine: float
    score: float


@dataclass(eq=False)
class Translator:
    """Translates words of a mapped source into a target.

    Parameters
    ----------
    source : WordVectors
        Mapped into the common space.
    target : WordVectors
        As it was given to the alignment, or mapped by `target_`: the card of the source says
        which, and what is missing is done here.
    retrieval : {"csls", "nn", "isf"}
        How the best is chosen: cosine less hubness, cosine, or the inverted softmax.
    neighbors : int
        k of CSLS.
    """

    source: WordVectors
    target: WordVectors
    retrieval: Retrieval = option(
        "csls", "How the best is chosen: cosine less hubness, cosine, or the inverted softmax."
    )
    neighbors: int = NEIGHBORS

    def __post_init__(self) -> None:
        check_options(Translator, vars(self))
        self._source = _unit_rows(self.source)
        self._target = _unit_rows(self._common(self.target))
        if self._source.shape[1] != self._target.shape[1]:
            raise ValueError(
                f"source and target have {self._source.shape[1]} and {self._target.shape[1]} "
                "dimensions: align them first"
            )
        self._penalty = self._penalties()

    @property
    def mapped(self) -> bool:
        """Whether the source says that an alignment has mapped it."""
        return alignment_card(self.source) is not None

    def _common(self, target: WordVectors) -> WordVectors:
        """The target in the common space."""
        card = alignment_card(self.source)
        done = any(each.get("transform") == Side.name for each in _cards(target))
        if card is None or done:
            return target
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused after
            return Side.of_card(card["target"]).transform(target, dtype="f32")

    def _penalties(self) -> F32 | None:
        card = alignment_card(self.source) or {}
        kept = card.get("hubness")
        if not isinstance(kept, dict):
            kept = {}
        if self.retrieval == "csls" and kept.get("target") == fingerprint(self.target):
            found = unpacked(kept.get("r"))
            if not (np.abs(found) <= _COSINE).all():
                raise ValueError(
                    "the card of the alignment is damaged: its hubness is outside [-1, 1]"
                )
            if kept.get("neighbors") == self.neighbors and found.shape == (len(self._target),):
                return np.asarray(found.astype(np.float32) / np.float32(2), np.float32)
        return penalties(self._source[:HUBS], self._target, self.retrieval, self.neighbors)

    def translate(
        self,
        words: Sequence[str],
        topn: Annotated[int, Option(help="Translations of each word.", at_least=1)] = 1,
    ) -> list[list[tuple[str, float]]]:
        """For each word the best target words with their cosines, best first.

        The order is that of `retrieval`; `ranked` gives the score that it goes by, too.

        Parameters
        ----------
        words : sequence of str
            Words of the source.
        topn : int
            Largest number of translations of each word.

        Raises
        ------
        UnknownWordError
            For a word that the source does not have.
        """
        return [[(t.word, t.cosine) for t in best] for best in self.ranked(words, topn)]

    def ranked(self, words: Sequence[str], topn: int = 1) -> list[list[Translated]]:
        """For each word the best target words, best first, with the score that orders them.

        Parameters
        ----------
        words : sequence of str
            Words of the source.
        topn : int
            Largest number of translations of each word.

        Raises
        ------
        UnknownWordError
            For a word that the source does not have.
        """
        missing = [word for word in words if word not in self.source]
        if missing:
            raise UnknownWordError(f"the source has no {', '.join(map(repr, missing[:5]))}")
        queries = self._source[self.source.get_ids(list(words))]
        ids, ordered = nearest(queries, self._target, topn, self._penalty)
        names = self.target.index_to_key
        cosines = np.einsum("nd,nkd->nk", queries, self._target[ids])
        scores = ordered.astype(np.float64)
        if self.retrieval == "csls":
            scores = 2 * scores - hubness(queries, self._target, self.neighbors)[:, None]
        elif self.retrieval == "isf":
            scores = np.exp(INVERSE_TEMPERATURE * scores)
        return [
            [Translated(names[i], float(c), float(s)) for i, c, s in zip(*row, strict=True)]
            for row in zip(ids.tolist(), cosines.tolist(), scores.tolist(), strict=True)
        ]

    def ids(self, rows: Any, topn: int) -> Any:
        """(n, topn) ids of the best target words of source rows.

        Parameters
        ----------
        rows : array_like of int, shape (n,)
            Ids of source words.
        topn : int
            Number of target words for each.
        """
        return nearest(self._source[rows], self._target, topn, self._penalty)[0]


def keep_hubness(mapped: WordVectors, target: WordVectors, neighbors: int = NEIGHBORS) -> None:
    """Writes r_S of CSLS into the card of mapped vectors: look-up need not make it again."""
    card = alignment_card(mapped)
    if card is None:
        raise ValueError(
            "mapped must be vectors that an alignment mapped: it writes the card in which "
            "hubness is stored"
        )
    r = penalties(
        _unit_rows(mapped)[:HUBS],
        _unit_rows(Side.of_card(card["target"]).transform(target, dtype="f32")),
        "csls",
        neighbors,
    )
    assert r is not None
    card["hubness"] = {
        "neighbors": neighbors,
        "target": fingerprint(target),
        "r": packed(2 * r.astype(np.float64)),
    }


def alignment_card(vectors: WordVectors) -> dict[str, Any] | None:
    """The card of the alignment that mapped vectors last, if any."""
    cards = [card for card in _cards(vectors) if isinstance(card.get("target"), dict)]
    return cards[-1] if cards else None


def _cards(vectors: WordVectors) -> list[dict[str, Any]]:
    """The cards of the transforms of vectors; a file may hold anything in their place."""
    found = vectors.meta.get("transforms")
    return [card for card in found if isinstance(card, dict)] if isinstance(found, list) else []


def fingerprint(vectors: WordVectors) -> str:
    """Words and dimensions of vectors, as a short text."""
    crc = 0
    for word in vectors:
        crc = zlib.crc32(word.encode("utf-8", "surrogateescape"), crc)
    return f"{len(vectors)} x {vectors.vector_size} {crc:08x}"


def _unit_rows(vectors: WordVectors) -> F32:
    X = np.asarray(vectors.matrix.decoded(), np.float32)
    if not np.isfinite(X).all():
        raise ValueError("vectors must be finite")
    return np.asarray(UnitStage().rows(X, -1), np.float32)
