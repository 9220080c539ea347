"""Hierarchies in the Poincare ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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
        Mean loss a relation, an epoch; burn-in first.
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
