"""Repairing a taxonomy with vectors of its terms, after Aly et al. (2019).

A term that hangs in the wrong place lies far from its parent in an embedding that was trained on
other evidence as well. Each attached term ranks its parent among all terms that could be it; bad
ranks are proposals to move. Terms without a parent are proposals to attach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from wordvec.estimator import Option, checked
from wordvec.hierarchy.lookup import kind_of
from wordvec.hierarchy.relations import Relations, from_pairs
from wordvec.vectors import manifold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors


@dataclass(frozen=True)
class Proposal:
    """One change.

    Attributes
    ----------
    action
        "move" for an attached term, "attach" for one without a parent.
    term
        The term.
    old_parent
        None when it had none.
    new_parent
        The nearest more general term that is none of its descendants.
    rank
        Of the old parent among the terms that could be one, 1 being the nearest; None without one.
    distance
        From the term to the new parent.
    """

    action: Literal["move", "attach"]
    term: str
    old_parent: str | None
    new_parent: str
    rank: int | None
    distance: float

    def as_row(self) -> dict[str, Any]:
        """The fields for a table."""
        return dict(self.__dict__)


@checked
def refine(
    taxonomy: Relations,
    vectors: WordVectors,
    *,
    terms: Iterable[str] = (),
    most_rank: Annotated[
        int | None,
        Option(
            help="A parent of a worse rank is one to leave.",
            none="mean plus standard deviation, at least 10",
            at_least=1,
        ),
    ] = None,
) -> list[Proposal]:
    """Proposes moves of badly attached terms and parents for unattached ones.

    Parameters
    ----------
    taxonomy
        Direct relations.
    vectors
        Hierarchy vectors of its terms; those of others are not used.
    terms
        Terms that should have a parent; those that have none in the taxonomy are attached.
    most_rank
        A parent of a worse rank is one to leave. Default: the mean rank of all parents plus their
        standard deviation, and at least 10.

    Returns
    -------
    list of Proposal
        Moves by falling rank, then attachments by rising distance. A term that the vectors lack
        gets none.
    """
    index = {name: vectors.get_index(name) for name in taxonomy.names if name in vectors}
    names = list(index)
    ranker = _Ranker(taxonomy, vectors, names)
    ranked = [
        (child, parent, ranker.rank(child, parent))
        for child, parent in taxonomy.pairs()
        if child in index and parent in index
    ]
    if most_rank is None:
        ranks = np.array([rank for _, _, rank in ranked])
        most_rank = max(10, round(float(ranks.mean() + ranks.std()))) if ranked else 10
    moves = []
    for child, parent, rank in ranked:
        best = ranker.best(child) if rank > most_rank else None
        if best is not None and best[0] != parent:
            moves.append(Proposal("move", child, parent, best[0], rank, best[1]))
    attachments = []
    attached = {child for child, _ in taxonomy.pairs()}
    for term in dict.fromkeys(terms):
        best = ranker.best(term) if term not in attached and term in vectors else None
        if best is not None:
            attachments.append(Proposal("attach", term, None, best[0], None, best[1]))
    moves.sort(key=lambda p: -(p.rank or 0))
    attachments.sort(key=lambda p: p.distance)
    return [*moves, *attachments]


class _Ranker:
    """The terms of a taxonomy that have vectors, and how far each is from any term."""

    def __init__(self, taxonomy: Relations, vectors: WordVectors, names: Sequence[str]) -> None:
        self.vectors, self.names, self.kind = vectors, names, kind_of(vectors)
        self.place = {name: i for i, name in enumerate(names)}
        self.points = vectors.vectors[[vectors.get_index(name) for name in names]]
        self.radii = manifold.radius(self.points, self.kind)
        self.above: dict[str, set[int]] = {}
        self.below: dict[str, set[int]] = {}
        for child, ancestor in taxonomy.closure().pairs():
            if child in self.place and ancestor in self.place:
                self.above.setdefault(child, set()).add(self.place[ancestor])
                self.below.setdefault(ancestor, set()).add(self.place[child])

    def distances(self, term: str) -> NDArray[np.float64]:
        """To all terms; infinite to itself and its descendants, which cannot be its parent."""
        point = self.vectors.vectors[self.vectors.get_index(term)]
        distances = manifold.distance(point[None], self.points, self.kind)
        away = [*self.below.get(term, ()), *([self.place[term]] if term in self.place else ())]
        distances[away] = np.inf
        return distances

    def rank(self, term: str, parent: str) -> int:
        """1 + the number of terms nearer than the parent that are none of the term's ancestors."""
        distances = self.distances(term)
        own = distances[self.place[parent]]
        distances[list(self.above.get(term, ()))] = np.inf
        return 1 + int((distances < own).sum())

    def best(self, term: str) -> tuple[str, float] | None:
        """The nearest more general term, and its distance."""
        distances = self.distances(term)
        point = self.vectors.vectors[self.vectors.get_index(term)]
        distances[self.radii >= float(manifold.radius(point, self.kind))] = np.inf
        nearest = int(np.argmin(distances)) if len(distances) else 0
        if not len(distances) or not np.isfinite(distances[nearest]):
            return None
        return self.names[nearest], float(distances[nearest])


def apply(taxonomy: Relations, proposals: Iterable[Proposal]) -> Relations:
    """The taxonomy with the proposals made, in their order.

    A move that would close a cycle after the ones before it is left out.
    """
    up: dict[str, set[str]] = {}
    for child, parent in taxonomy.pairs():
        up.setdefault(child, set()).add(parent)
    for proposal in proposals:
        if _reaches(up, proposal.new_parent, proposal.term):
            continue
        if proposal.old_parent is not None:
            up[proposal.term].discard(proposal.old_parent)
        up.setdefault(proposal.term, set()).add(proposal.new_parent)
    pairs = [(child, parent) for child, above in up.items() for parent in sorted(above)]
    return from_pairs(pairs, source=taxonomy.source)


def _reaches(up: dict[str, set[str]], start: str, goal: str) -> bool:
    todo, seen = [start], {start}
    while todo:
        term = todo.pop()
        if term == goal:
            return True
        todo += [t for t in up.get(term, ()) if t not in seen]
        seen.update(up.get(term, ()))
    return False
