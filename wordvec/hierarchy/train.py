"""What the models of a hierarchy share: options, the start, the training loop, checkpoints.

The loss is Nickel & Kiela's (2017), on the geometry of the subclass; csrc/wv_hyper.h states it.
Three things are not as in the paper, because the published recipe stops far short of the published
figures (docs/measurements/hierarchies.md):

* negatives are drawn once for a child and shared by all its parents;
* they are drawn from a mixture of all nodes and of nodes by their degree;
* points start below their parents, not at random near the origin.

Each can be switched off: negatives="independent", degree_share=0, start="random".
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias

import numpy as np

from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.hierarchy.relations import (
    Direction,
    Relations,
    from_pairs,
    read_relations,
    read_shards,
)
from wordvec.native.models import hyper
from wordvec.training import loop
from wordvec.training.card import card
from wordvec.training.checkpoint import Checkpoint, Folder
from wordvec.training.loop import Plan, Step
from wordvec.training.options import TrainedModel, documented
from wordvec.training.rate import falling, require_falling
from wordvec.training.rows import padded_matrix
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows: TypeAlias = NDArray[np.float64]

Source: TypeAlias = "Relations | str | os.PathLike[str] | Iterable[Sequence[Any]]"

START_STEP = 0.5  # edge length of the tree start; .2 and .7 end at worse ranks on WordNet's nouns
START_OUTWARD = 1.0  # weight of the direction away from the origin, beside a random one of 1
POOL = 1 << 20  # places in the table that negatives are drawn from; 4 MB
HOT_SHARE = 1 / 256  # a node that is the parent of more children than this share is hot
GROUPS_BETWEEN_MERGES = 4096  # per thread, between two merges of the hot rows


@dataclass(kw_only=True)
class HierarchyModel(TrainedModel):
    """Base of the models that embed relations.

    Parameters
    ----------
    vector_size
        Dimensions of the manifold.
    negative
        Negatives per child (negatives="shared") or per relation ("independent"). True parents and
        the node itself are never among them.
    epochs, burn_in
        Passes over the relations, after `burn_in` passes at alpha * burn_in_factor.
    burn_in_factor
        See burn_in; 1/10 in the paper.
    alpha, min_alpha
        Learning rate per relation (not per batch); it falls linearly from alpha to min_alpha.
    negatives
        "shared": drawn once for a child and used for all its parents, so that many negatives cost
        little; "independent": drawn for each relation, as published.
    ns_exponent, degree_share
        A share of the negatives is drawn by (number of relations) ** ns_exponent, the rest
        uniformly; the paper has degree_share=0.
    start
        Start of the points. "tree": below their parents, as the hierarchy has them; "random":
        U(-.001, .001), as in the paper.
    closure
        Train on all (node, ancestor) pairs of the relations given.
    direction
        Which term comes first in a list that `fit` reads.
    eps
        Points are held within 1 - eps. 1e-7 allows radius 16.8; the paper's 1e-5 allows 12.2.
    threads
        By default all processors. One thread gives the same bytes again; several do not, because
        rows are updated without locks. Only the rows of nodes with very many children are not
        shared: each thread moves its own copy, and the copies are averaged at intervals.
    seed
        Seed of the start and of the negatives.
    """

    geometry: ClassVar[str]

    vector_size: int = same_option(TrainedModel, "vector_size", 10, at_most=1 << 16)
    negative: int = option(
        10,
        "Negatives for each child, or for each relation (see negatives).",
        at_least=1,
        at_most=1 << 20,
    )
    epochs: int = option(50, "Passes over the relations, after the burn-in.", at_least=1)
    burn_in: int = option(
        10, "Passes at a low rate before the others.", at_least=0, source="Nickel & Kiela 2017"
    )
    burn_in_factor: float = option(
        0.1,
        "Times alpha, the rate of the burn-in.",
        at_least=0,
        at_most=1,
        source="Nickel & Kiela 2017",
    )
    alpha: float = option(0.3, "Learning rate for each relation at the start.", at_least=0)
    min_alpha: float = option(0.01, "Learning rate at the end; it falls linearly.", at_least=0)
    negatives: Literal["shared", "independent"] = option(
        "shared", "Negatives drawn once for a child and all its parents, or for each relation."
    )
    ns_exponent: float = option(
        0.75,
        "Nodes are drawn by their number of relations to this power (see degree_share).",
        at_least=-10,
        at_most=10,
    )
    degree_share: float = option(
        0.2,
        "Share of the negatives that is drawn by degree; the rest is uniform.",
        at_least=0,
        at_most=1,
    )
    start: Literal["tree", "random"] = option(
        "tree", "Points begin where the hierarchy puts them, or all near the origin."
    )
    closure: bool = option(False, "Train on all pairs (node, ancestor).")
    direction: Direction = "child-parent"
    eps: float = option(
        1e-7, "Distance kept from the edge of the ball.", at_least=1e-15, at_most=0.1
    )

    vectors_: WordVectors = field(init=False, repr=False, compare=False)
    losses_: list[float] = field(init=False, repr=False, compare=False)
    held_: int = field(init=False, repr=False, compare=False)

    @documented
    def fit(
        self,
        source: Source,
        y: None = None,
        *,
        progress: Callback | None = None,
        checkpoint: Folder | None = None,
        every: str = "1min",
        resume: bool = False,
    ) -> Self:
        """Trains on relations, sets `vectors_`, `losses_` and `held_`, returns the estimator.

        Parameters
        ----------
        source : Relations, path of a list or of relation shards, or pairs (child, parent)
            See `wordvec.hierarchy.relations`.

        Raises
        ------
        CorpusError
            A list that is empty or malformed.
        TrainingError
            The loss is not a number, or the checkpoint is of another run. A rate that throws points
            out is no error: they are held at the edge, and `held_` counts them.
        """
        self._check()
        relations = read_source(source, self.direction)
        if self.closure:
            relations = relations.closure()
        training = _Training(self, relations)
        identity, arrays = training.identity(), training.arrays()
        keeper = Checkpoint(checkpoint, identity, arrays, every=every, resume=resume)
        trained = loop.run(training.plan(), keeper, progress)
        self.losses_, self.held_ = trained.losses, training.at_edge()
        self.vectors_ = self._result(relations, training, trained)
        return self

    def _check(self) -> None:
        super()._check()
        require_falling(self.alpha, self.min_alpha)

    def notes(self) -> list[str]:
        """What a user should know of the last `fit`: points that are held at the edge."""
        if not self.held_:
            return []
        return [
            f"{self.held_:,} of {len(self.vectors_):,} points are held at the edge of the "
            f"manifold: lower alpha ({self.alpha:g}) or eps ({self.eps:g})"
        ]

    def max_norm(self) -> float:
        """The Euclidean norm that coordinates are held within: `eps` from the ball's edge."""
        ball = 1 - self.eps
        return {"poincare": ball, "lorentz": 2 * ball / (1 - ball * ball)}.get(self.geometry, 1e6)

    def _start(self, relations: Relations) -> Rows:
        """(V, d) coordinates to start from."""
        rng = np.random.Generator(np.random.Philox(key=self.seed))
        if self.start == "random":
            return rng.uniform(-1e-3, 1e-3, (relations.n_nodes, self.vector_size))
        if self.geometry in ("poincare", "lorentz"):
            points = tree_start(relations, self.vector_size, START_STEP, rng)
            return manifold.convert(points, "poincare", self.geometry)
        return flat_start(relations, self.vector_size, START_STEP, rng)

    def _result(
        self, relations: Relations, training: _Training, trained: loop.Trained
    ) -> WordVectors:
        meta = card(
            self,
            trained,
            manifold=self.geometry if self.geometry in manifold.MANIFOLDS else "euclidean",
            relations={
                "pairs": len(relations),
                "nodes": relations.n_nodes,
                "source": relations.source,
            },
        )
        meta["training"]["at_edge"] = self.held_
        if training.translation is not None:
            meta["translation"] = training.translation[: self.vector_size].tolist()
        degree = np.bincount(
            np.concatenate([relations.child, relations.parent]), minlength=relations.n_nodes
        )
        return WordVectors(
            relations.names,
            training.rows[:, : self.vector_size].copy(),
            counts=degree.astype(np.int64),
            meta=meta,
        )


class _Part(NamedTuple):
    """A task: groups, and the thread whose copies of the hot rows it moves."""

    epoch: int
    worker: int
    groups: NDArray[np.int64]


class _Training:
    """What one run trains: the rows and the groups."""

    def __init__(self, model: HierarchyModel, relations: Relations) -> None:
        self.model, self.relations = model, relations
        size = model.vector_size + 1  # the coordinates and the cached value
        self.rows = padded_matrix(relations.n_nodes, size, np.float64)
        moves = model.geometry == "translation"
        self.translation = padded_matrix(1, size, np.float64)[0] if moves else None
        self.space = hyper.Space(self.rows, model.vector_size, model.geometry, model.max_norm())
        self.groups = group(relations, shared=model.negatives == "shared")
        self.pool = negative_pool(relations, model.ns_exponent, model.degree_share)
        self.rows[:, : model.vector_size] = model._start(relations)
        self.space.refresh(self.rows)
        self.sizes = np.diff(self.groups.arrays[1])
        self.threads = max(
            1, min(thread_count(model.threads), len(self.groups) // GROUPS_BETWEEN_MERGES)
        )
        children = np.bincount(relations.parent, minlength=relations.n_nodes)
        # Nodes come by falling number of children, so the hot ones are the first rows.
        hot = int((children > HOT_SHARE * len(self.groups)).sum()) if self.threads > 1 else 0
        self.hot = [padded_matrix(hot, size, np.float64) for _ in range(self.threads)]
        self.moved = [padded_matrix(1, size, np.float64)[0] for _ in range(self.threads)]

    def plan(self) -> Plan[None, _Part]:
        """What the training loop is given. An epoch of one thread is one task, and cannot be saved
        before its end."""
        return Plan(
            epochs=self.model.burn_in + self.model.epochs,
            rounds=self.rounds,
            train=self.train,
            states=[None] * self.threads,
            work=len(self.relations),
            unit="relations",
            divisible=False,
        )

    def rounds(self, epoch: int) -> Iterator[list[_Part]]:
        """Groups in random order: all of them for one thread, or a part for each thread, after
        which the copies of the rows that every group moves are merged."""
        order = np.empty(len(self.groups), dtype=np.int64)
        hyper.order(hyper.key(self.model.seed, epoch, 0), order)
        if self.threads == 1:
            yield [_Part(epoch, 0, order)]
            return
        size = GROUPS_BETWEEN_MERGES * self.threads
        for start in range(0, len(order), size):
            parts = np.array_split(order[start : start + size], self.threads)
            yield [_Part(epoch, worker, part) for worker, part in enumerate(parts)]
            self.merge()

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch: a low one while burning in, then falling in a line."""
        model = self.model
        if epoch < model.burn_in:
            return model.alpha * model.burn_in_factor
        done = (epoch - model.burn_in) / model.epochs
        return falling(model.alpha, model.min_alpha, done)

    def train(self, _: None, part: _Part) -> Step:
        """Trains the groups of one task."""
        epoch, worker, groups = part
        translation = self.translation
        if self.threads > 1:
            self.hot[worker][:] = self.rows[: len(self.hot[worker])]
            if translation is not None:
                self.moved[worker][:] = translation
                translation = self.moved[worker]
        rate, pairs = self.rate(epoch), int(self.sizes[groups].sum())
        try:
            loss, _held = hyper.train(
                self.space,
                self.groups,
                groups,
                hyper.key(self.model.seed, epoch, 1),
                rate,
                self.model.negative,
                pool=self.pool,
                hot=self.hot[worker],
                translation=translation,
            )
        except FloatingPointError:
            loss = math.nan
        return Step(loss, pairs, pairs, rate)

    def merge(self) -> None:
        """Averages the threads' copies of the rows that every group moves.

        Between two merges a hot row converges in each copy: adding up how far each moved would
        overshoot by the number of threads.
        """
        shared = self.rows[: len(self.hot[0])]
        shared[:] = sum(self.hot) / self.threads
        self.space.refresh(shared)
        if self.translation is not None:
            self.translation[:] = sum(self.moved) / self.threads

    def at_edge(self) -> int:
        """The number of points that lie at the edge, where they are held."""
        if self.model.geometry not in ("poincare", "lorentz"):
            return 0
        norms = np.linalg.norm(self.rows[:, : self.model.vector_size], axis=1)
        return int((norms > self.model.max_norm() * (1 - 1e-12)).sum())

    def identity(self) -> dict[str, Any]:
        """What a checkpoint must agree with: the options and the relations."""
        options = {k: v for k, v in self.model.get_params().items() if k != "threads"}
        digest = hashlib.sha256("\n".join(self.relations.names).encode("utf-8", "surrogateescape"))
        for array in (self.relations.child, self.relations.parent, self.relations.weight):
            digest.update(b"" if array is None else array.tobytes())
        return options | {"model": self.model.geometry, "relations": digest.hexdigest()[:16]}

    def arrays(self) -> list[NDArray[Any]]:
        """What is trained."""
        return [self.rows] if self.translation is None else [self.rows, self.translation]


def read_source(source: Source, direction: Direction) -> Relations:
    """Relations from what a `fit` takes: themselves, a list's or shards' path, or pairs."""
    if isinstance(source, Relations):
        return source
    if isinstance(source, str | os.PathLike):
        if os.path.isdir(source):
            return read_shards(source)
        return read_relations(source, direction=direction)
    return from_pairs(source, direction=direction)


def group(relations: Relations, *, shared: bool) -> hyper.Groups:
    """Relations in groups that share negatives: a child's parents, or each alone."""
    starts = relations.parents_from
    if shared:
        places = np.arange(len(relations)) - np.repeat(starts[:-1], np.diff(starts))
        cut = np.flatnonzero(places % hyper.GROUP == 0)
    else:
        cut = np.arange(len(relations))
    return hyper.Groups(
        relations.n_nodes,
        np.ascontiguousarray(relations.child[cut]),
        np.append(cut, len(relations)).astype(np.int64),
        relations.parent,
        starts,
        relations.parent,
        relations.weight,
    )


def negative_pool(
    relations: Relations, exponent: float, degree_share: float
) -> NDArray[np.int32] | None:
    """Table of nodes, each as often as it is to be drawn; None for the uniform distribution.

    A share `degree_share` of the draws is in proportion to (number of relations) ** exponent, the
    rest is uniform. Every node has a place, so that each can be drawn.
    """
    if degree_share == 0:
        return None
    ends = np.concatenate([relations.child, relations.parent])
    weight = np.bincount(ends, minlength=relations.n_nodes).astype(np.float64) ** exponent
    share = degree_share * weight / weight.sum() + (1 - degree_share) / relations.n_nodes
    places = np.maximum(1, np.round(share * max(POOL, 8 * relations.n_nodes))).astype(np.int64)
    return np.repeat(np.arange(relations.n_nodes, dtype=np.int32), places)


def tree_start(
    relations: Relations, dim: int, step: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points of the ball that already look like the hierarchy: (V, dim).

    From the roots down, a node is put `step` beyond the centroid of its direct parents, in a
    direction that is half outward and half random. Training then only has to arrange neighbours,
    while points that start together must first be separated (docs/measurements/hierarchies.md).
    """
    points = np.zeros((relations.n_nodes, dim))
    for nodes, parents, owner in _levels(relations):
        above = points[parents]
        # Sums of the hyperboloid's points, projected back: manifold.midpoint for many at once.
        scale = 1 / manifold.gap(above)
        total = np.zeros((len(nodes), dim))
        np.add.at(total, owner, 2 * scale[:, None] * above)
        time = np.bincount(owner, weights=2 * scale - 1, minlength=len(nodes))
        norm = np.sqrt(time * time - np.einsum("ij,ij->i", total, total))
        middle = total / (norm + time)[:, None]
        outward = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-2)
        way = _unit(_unit(rng.normal(size=middle.shape)) + START_OUTWARD * outward)
        points[nodes] = manifold.add(middle, np.tanh(step / 2) * way)
    points += rng.uniform(-1e-3, 1e-3, points.shape) * (1 - np.linalg.norm(points, axis=1)[:, None])
    return points


def flat_start(
    relations: Relations, dim: int, step: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The same in flat space: each node lies `step` from the mean of its direct parents."""
    points = rng.uniform(-1e-3, 1e-3, (relations.n_nodes, dim))
    for nodes, parents, owner in _levels(relations):
        total = np.zeros((len(nodes), dim))
        np.add.at(total, owner, points[parents])
        middle = total / np.bincount(owner, minlength=len(nodes))[:, None]
        points[nodes] += middle + step * _unit(rng.normal(size=middle.shape))
    return points


def _levels(
    relations: Relations,
) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """For each level below the roots: its nodes, their direct parents, and the node of each
    parent."""
    direct = relations.direct()
    depth = direct.depth(acyclic=False)
    level = depth[direct.child]
    for k in range(1, int(depth.max()) + 1):
        here = level == k
        nodes, owner = np.unique(direct.child[here], return_inverse=True)
        yield nodes, direct.parent[here], owner


def _unit(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300))
