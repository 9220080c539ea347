"""How sure a score is because of the vectors, beside how sure it is because of the items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core.results import Interval

_F64 = NDArray[np.float64]
# The words of a question, and its score as a function of their vectors (draws, words, d): (draws,).
Scored: TypeAlias = tuple[Sequence[str], Callable[[_F64], _F64]]


class Uncertain(Protocol):
    """What can draw the vectors of a model: `wordvec.Uncertainty`."""

    @property
    def kind(self) -> str:
        """Of what the uncertainty is: "reconstruction" or "documents"."""

    def fixed(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words that have no variance and are taken as they are."""

    def propagate(
        self,
        function: Any,
        words: Sequence[str],
        draws: int = ...,
        seed: int = ...,
        *,
        unknown: str = ...,
    ) -> Any:
        """The function's value, SD and interval."""


@dataclass(frozen=True)
class OfVectors:
    """The uncertainty of one score that comes from the vectors.

    Attributes
    ----------
    kind : str
        "reconstruction": of vectors that reconstruct the counts, the text as it is; "documents":
        of another sample of documents.
    score : float
        Of the vectors as trained.
    value, sd, interval : float, float, Interval
        The score of the vectors that the uncertainty is about, and its spread over draws.
    words : int
        Words that the score depends on.
    fixed : tuple of str
        Those of them without a variance, taken as they are: the interval lacks what they add.
    """

    model: str
    measure: str
    dataset: str
    kind: str
    score: float
    value: float = field(metadata={"nan": True})
    sd: float = field(metadata={"nan": True})
    interval: Interval
    draws: int
    words: int
    fixed: tuple[str, ...]


def of_vectors(
    scored: Scored,
    uncertain: Uncertain,
    *,
    model: str,
    measure: str,
    dataset: str,
    score: float,
    draws: int,
    seed: int,
) -> OfVectors:
    """Draws the vectors of a question's words and scores each draw."""
    words, function = scored
    found = uncertain.propagate(function, words, draws, seed, unknown="fixed")
    return OfVectors(
        model,
        measure,
        dataset,
        uncertain.kind,
        score,
        found.value,
        found.sd,
        Interval(found.low, found.high, found.level, f"{draws} draws of the vectors, shifted"),
        draws,
        len(words),
        uncertain.fixed(words),
    )


def units(vectors: _F64) -> _F64:
    """Vectors (..., d) divided by their norms."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
