"""Hierarchies in the Poincare ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wordvec.hierarchy.train import HierarchyModel


@dataclass
class Poincare(HierarchyModel):
    """Embeds relations (child, parent) in the Poincare ball (Nickel & Kiela 2017).

    Parameters
    ----------
    vector_size
        Dimensions of the ball.
    negative
        Negatives a child (negatives="shared") or a relation ("independent"). True parents and the
        node itself are never among them.
    epochs, burn_in
        Passes over the relations, after `burn_in` passes at alpha * burn_in_factor.
    burn_in_factor
        See burn_in; the paper's 1/10.
    alpha, min_alpha
        Learning rate a relation (not a batch): falls from alpha to min_alpha in a line.
    negatives
        "shared": drawn once for a child and used by all its parents, which makes many of them
        cheap; "independent": drawn for each relation, as published.
    ns_exponent, degree_share
        A share of the negatives is drawn by (number of relations) ** ns_exponent, the rest
        uniformly; the paper has degree_share=0.
    start
        "tree": where the hierarchy itself puts the nodes; "random": the paper's U(-.001, .001).
    closure
        Train on all (node, ancestor) pairs of the relations given.
    direction
        Which term comes first in a list that `fit` reads.
    eps
        Points are held within 1 - eps. 1e-7 allows radius 16.8; the paper's 1e-5 allows 12.2.
    threads
        Default: all processors. One thread gives the same bytes again; several do not (rows are
        updated without locks), except that the rows that every group writes are never raced for:
        each thread moves its own copy, and the mean of the copies is taken now and then.
    seed

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
    theta - alpha (1 - |theta|^2)^2 / 4 grad.

    References
    ----------
    Nickel, M. & Kiela, D. (2017). Poincare Embeddings for Learning Hierarchical Representations.
    Ganea, O., Becigneul, G. & Hofmann, T. (2018). Hyperbolic Entailment Cones.
    """

    geometry: ClassVar[str] = "poincare"
