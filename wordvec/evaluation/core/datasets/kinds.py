"""The kinds of evaluation sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core.results import Source

KINDS = ("similarity", "analogy", "categorization", "outliers", "qvec", "relations")


@dataclass(frozen=True, eq=False)
class SimilaritySet:
    """Word pairs with human scores: pairs (n), scores (n,) float64 on whatever scale."""

    source: Source
    pairs: tuple[tuple[str, str], ...]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """a is to b as c is to any of `answers`."""

    a: str
    b: str
    c: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class AnalogySet:
    """Questions by category, in the order of the file."""

    source: Source
    categories: tuple[tuple[str, tuple[Question, ...]], ...]


@dataclass(frozen=True)
class CategorySet:
    """Words with the one class that each belongs to."""

    source: Source
    words: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class OutlierGroup:
    """Words that belong together, and words of which each does not."""

    name: str
    words: tuple[str, ...]
    outliers: tuple[str, ...]


@dataclass(frozen=True)
class OutlierSet:
    """Groups with outliers."""

    source: Source
    groups: tuple[OutlierGroup, ...]


@dataclass(frozen=True, eq=False)
class PropertySet:
    """Words with linguistic properties: matrix (n, p) float64, a row a word."""

    source: Source
    words: tuple[str, ...]
    properties: tuple[str, ...]
    matrix: NDArray[np.float64]


@dataclass(frozen=True)
class RelationSet:
    """Word pairs with the relation that holds between them: pairs (n), labels (n)."""

    source: Source
    pairs: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]


Dataset = SimilaritySet | AnalogySet | CategorySet | OutlierSet | PropertySet | RelationSet
