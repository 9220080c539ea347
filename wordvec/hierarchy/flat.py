"""Flat baselines for hierarchies, trained with the same negatives, start and schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.estimator import same_option
from wordvec.hierarchy.train import HierarchyModel


@dataclass(kw_only=True)
class Euclidean(HierarchyModel):
    """Embeds relations with `d(u, v) = |u - v|^2` in flat space.

    Options are those of `HierarchyModel`; eps has no meaning here.

    References
    ----------
    Nickel & Kiela (2017), section 4, whose figures for this baseline are disputed.
    """

    papers: ClassVar[tuple[str, ...]] = ("nickel2017",)

    geometry: ClassVar[str] = "euclidean"

    # The best of .02, .05 and .3 on WordNet's nouns.
    alpha: float = same_option(HierarchyModel, "alpha", 0.02)
    min_alpha: float = same_option(HierarchyModel, "min_alpha", 0.002)


@dataclass(kw_only=True)
class Translation(HierarchyModel):
    """Embeds relations with `d(u, v) = |u - v + r|^2` and one translation r for all of them.

    Options are those of `HierarchyModel`; eps has no meaning here. meta["translation"] holds r.

    References
    ----------
    Bordes, A. et al. (2013). Translating Embeddings for Modeling Multi-relational Data.
    """

    papers: ClassVar[tuple[str, ...]] = ("bordes2013",)

    geometry: ClassVar[str] = "translation"

    alpha: float = same_option(HierarchyModel, "alpha", 0.02)
    min_alpha: float = same_option(HierarchyModel, "min_alpha", 0.002)
