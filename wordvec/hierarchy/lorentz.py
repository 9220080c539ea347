"""Hierarchies in the Lorentz model of hyperbolic space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.hierarchy.train import HierarchyModel


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
