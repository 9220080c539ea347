"""Flat baselines for hierarchies, trained with the same negatives, start and schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.hierarchy.train import HierarchyModel


@dataclass
class Euclidean(HierarchyModel):
    """Embeds relations with d(u, v) = |u - v|^2 in flat space.

    Options are `Poincare`'s; eps has no meaning here.

    References
    ----------
    Nickel & Kiela (2017), section 4, whose figures for this baseline are disputed.
    """

    geometry: ClassVar[str] = "euclidean"

    alpha: float = 0.02  # the best of .02, .05 and .3 on WordNet's nouns
    min_alpha: float = 0.002


@dataclass
class Translation(HierarchyModel):
    """Embeds relations with d(u, v) = |u - v + r|^2 and one translation r for all of them.

    Options are `Poincare`'s; eps has no meaning here. meta["translation"] holds r.

    References
    ----------
    Bordes, A. et al. (2013). Translating Embeddings for Modeling Multi-relational Data.
    """

    geometry: ClassVar[str] = "translation"

    alpha: float = 0.02
    min_alpha: float = 0.002
