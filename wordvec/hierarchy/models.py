"""The models that are trained on a hierarchy: hyperbolic, and flat ones to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.estimator import same_option
from wordvec.hierarchy.train import HierarchyModel


@dataclass(kw_only=True)
class Poincare(HierarchyModel):
    """Embeds relations (child, parent) in the Poincare ball (Nickel & Kiela 2017).

    Options are those of `HierarchyModel`.

    Attributes
    ----------
    vectors_ : WordVectors
        float64 coordinates in the ball, meta["manifold"] = "poincare".
    losses_ : list of float
        Mean loss per relation, one value per epoch; burn-in first.
    held_ : int
        Points that lie at the edge, where eps holds them.

    Notes
    -----
    A step is the exponential map at the point; for short moves its first-order retraction
    `theta - alpha (1 - |theta|^2)^2 / 4 grad`.

    References
    ----------
    Nickel, M. & Kiela, D. (2017). Poincare Embeddings for Learning Hierarchical Representations.
    Ganea, O., Becigneul, G. & Hofmann, T. (2018). Hyperbolic Entailment Cones.
    """

    papers: ClassVar[tuple[str, ...]] = ("nickel2017",)

    geometry: ClassVar[str] = "poincare"


@dataclass(kw_only=True)
class Lorentz(HierarchyModel):
    """Embeds relations (child, parent) on the hyperboloid (Nickel & Kiela 2018).

    The space is `Poincare`'s and so is the loss; steps follow the geodesics of the hyperboloid
    exactly, whatever their length. Options are those of `HierarchyModel`; `vector_size` is the
    dimension d of the manifold.

    Attributes
    ----------
    vectors_ : WordVectors
        float64 spatial coordinates (V, d), meta["manifold"] = "lorentz"; the time coordinate is
        `sqrt(1 + |x|^2)`, see `wordvec.vectors.manifold`.

    References
    ----------
    Nickel, M. & Kiela, D. (2018). Learning Continuous Hierarchies in the Lorentz Model of
    Hyperbolic Geometry.
    """

    papers: ClassVar[tuple[str, ...]] = ("nickel2018",)

    geometry: ClassVar[str] = "lorentz"


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
