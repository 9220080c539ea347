"""Relations (child, parent) of a hierarchy: read, checked, closed, ordered.

A relation says that the parent is the more general term. Lists come from text files, from pairs
in memory or from WordNet's own database files; all end in `Relations`, whose nodes are numbered by
falling number of children, so that the most general terms come first.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from wordvec.counts.shards import SHARDS, Shards
from wordvec.counts.tiles import Rows
from wordvec.counts.writer import ShardWriter
from wordvec.errors import CorpusError, ShardError
from wordvec.estimator import Option
from wordvec.system.folders import write_folder
from wordvec.text.lines import ascii_split, without_mark
from wordvec.text.reader import open_text
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

Direction: TypeAlias = Annotated[
    Literal["child-parent", "parent-child"], Option(help="Which term comes first in a line.")
]
DIRECTIONS: tuple[Direction, ...] = ("child-parent", "parent-child")
WEIGHT_UNIT = 1 << 20  # shards hold whole numbers of 1 / unit; for relations without weights 1


@dataclass(frozen=True)
class Dropped:
    """What a list held that is no relation of its own.

    Attributes
    ----------
    self_pairs
        Pairs of a term with itself: left out.
    duplicates
        Repeated pairs: kept once, with the sum of their weights where the list has weights.
    isolated
        Terms that stood in self pairs only: left out, because nothing says where they belong.
    """

    self_pairs: int = 0
    duplicates: int = 0
    isolated: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.self_pairs:
            parts.append(f"{self.self_pairs:,} self pairs left out")
        if self.duplicates:
            parts.append(f"{self.duplicates:,} duplicate pairs merged")
        if self.isolated:
            first = ", ".join(self.isolated[:3])
            parts.append(f"{len(self.isolated):,} nodes without relations left out ({first})")
        return "; ".join(parts)


@dataclass(frozen=True, eq=False)
class Relations:
    """Relations between numbered nodes, each pair once, sorted by (child, parent).

    Attributes
    ----------
    names
        (V,) the nodes' names, by falling number of children, ties by code point.
    child, parent
        (E,) int32 ids.
    weight
        (E,) float64, or None when every relation weighs the same.
    dropped
        What was left out or merged on the way.
    source
        Where they came from, for messages.
    given
        (E,) the place of each relation in the list that it came from, or None for relations that
        were derived: `pairs` keeps this order.
    """

    names: tuple[str, ...]
    child: NDArray[np.int32]
    parent: NDArray[np.int32]
    weight: NDArray[np.float64] | None = None
    dropped: Dropped = field(default_factory=Dropped)
    source: str = "relations"
    given: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.child)

    def __repr__(self) -> str:
        return f"<Relations: {len(self):,} pairs over {len(self.names):,} nodes>"

    @property
    def n_nodes(self) -> int:
        """V, the number of nodes."""
        return len(self.names)

    @cached_property
    def parents_from(self) -> NDArray[np.int64]:
        """(V + 1,): node u's parents are parent[parents_from[u] : parents_from[u + 1]], rising."""
        starts = np.zeros(self.n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.child, minlength=self.n_nodes), out=starts[1:])
        return starts

    @cached_property
    def ids(self) -> dict[str, int]:
        """Name -> id."""
        return {name: i for i, name in enumerate(self.names)}

    def matrix(self) -> sparse.csr_array:
        """(V, V) sparse boolean matrix: child by parent."""
        return sparse.csr_array(
            (np.ones(len(self), dtype=np.bool_), (self.child, self.parent)),
            shape=(self.n_nodes, self.n_nodes),
        )

    def pairs(self) -> Iterable[tuple[str, str]]:
        """(child, parent) names, in the order of the list that they came from; `order` gives their
        places in the arrays."""
        order = self.order()
        for c, p in zip(self.child[order].tolist(), self.parent[order].tolist(), strict=True):
            yield self.names[c], self.names[p]

    def order(self) -> NDArray[np.int64]:
        """(E,) where the relations of `pairs` stand in the arrays: their weights are
        ``weight[order()]``."""
        return np.arange(len(self)) if self.given is None else np.argsort(self.given)

    def cycles(self) -> list[tuple[str, ...]]:
        """The sets of nodes that are each other's ancestors, largest first; [] for a hierarchy."""
        count, label = connected_components(self.matrix(), connection="strong")
        sizes = np.bincount(label, minlength=count)
        found = np.flatnonzero(sizes > 1)
        members = (np.flatnonzero(label == k) for k in found[np.argsort(-sizes[found])])
        return [tuple(self.names[i] for i in group) for group in members]

    def closure(self) -> Relations:
        """Every (node, ancestor) pair. Nodes of a cycle become each other's ancestors.

        Weights are not carried: a derived pair has none.
        """
        direct = self.matrix()
        closed = frontier = direct
        while frontier.nnz:
            step = frontier @ direct
            frontier = step - step.multiply(closed) if step.nnz else step
            frontier = sparse.csr_array(frontier.astype(np.bool_))
            frontier.eliminate_zeros()
            closed = sparse.csr_array((closed + frontier).astype(np.bool_))
        coo = closed.tocoo()
        # Self pairs that a cycle made are left out there; what is derived stands in no list.
        made = _numbered(self.names, coo.row, coo.col, None, self.source, dropped=self.dropped)
        return replace(made, given=None)

    def roots(self) -> NDArray[np.int32]:
        """(R,) ids of the nodes without a parent."""
        return np.flatnonzero(np.diff(self.parents_from) == 0).astype(np.int32)

    def tree(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """One parent a node (-1 for a root), and the nodes with parents before children.

        A node with several parents keeps the one that has most ancestors in these relations, the
        nearest one when they are a closure; ties by id.

        Raises
        ------
        CorpusError
            If the relations have a cycle.
        """
        cycles = self.cycles()
        if cycles:
            cycle = " -> ".join(cycles[0][:4])
            raise CorpusError(
                f"{self.source}: a tree is needed, and {len(cycles)} sets of nodes are each "
                f"other's ancestors ({cycle}, ...): remove a relation of each cycle"
            )
        depth = self.depth()
        best = np.full(self.n_nodes, -1, dtype=np.int32)
        order = np.lexsort((-self.parent, depth[self.parent]))
        best[self.child[order]] = self.parent[order]
        return best, np.argsort(depth, kind="stable").astype(np.int32)

    def direct(self) -> Relations:
        """Without the pairs that two others imply: the direct relations of a closure."""
        matrix = self.matrix().astype(np.int64)
        direct = (matrix - matrix.multiply((matrix @ matrix).astype(np.bool_))).tocoo()
        kept = direct.data > 0
        if not kept.any():  # a cycle of everything implies every pair
            return self
        child, parent = direct.row[kept].astype(np.int32), direct.col[kept].astype(np.int32)
        by = np.lexsort((parent, child))
        return Relations(self.names, child[by], parent[by], None, self.dropped, self.source)

    def depth(self, *, acyclic: bool = True) -> NDArray[np.int64]:
        """(V,) the length of the longest way up from each node.

        With acyclic=False relations may have cycles; below one the length counts some rounds of it.

        Parameters
        ----------
        acyclic : bool
            Whether a cycle is an error.

        Raises
        ------
        CorpusError
            For relations with a cycle, when `acyclic`.
        """
        depth = np.zeros(self.n_nodes, dtype=np.int64)
        # Relaxing all pairs at once takes as many rounds as the hierarchy is deep.
        for _ in range(self.n_nodes if acyclic else min(self.n_nodes, 64)):
            deeper = depth.copy()
            np.maximum.at(deeper, self.child, depth[self.parent] + 1)
            if np.array_equal(deeper, depth):
                break
            depth = deeper
        return depth


def from_pairs(
    pairs: Iterable[Sequence[Any]],
    *,
    direction: Direction = "child-parent",
    source: str = "pairs",
) -> Relations:
    """Relations from pairs of names, or from triples with a weight.

    Parameters
    ----------
    pairs
        (child, parent) or (child, parent, weight); all of one length.
    direction
        Which of the two comes first.
    source
        What messages call them.

    Raises
    ------
    CorpusError
        If there is none, or none but self pairs.
    ValueError
        If a pair has another length, or a weight is not a positive number.

    Examples
    --------
    >>> from_pairs([("dog", "mammal"), ("cat", "mammal"), ("mammal", "animal")]).names
    ('mammal', 'animal', 'cat', 'dog')
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction must be one of {DIRECTIONS}, got {direction!r}")
    rows = list(pairs)
    if not rows:
        raise CorpusError(f"{source}: no relations")
    width = len(rows[0])
    if width not in (2, 3) or any(len(row) != width or isinstance(row, str) for row in rows):
        raise ValueError(f"{source}: each relation must be (child, parent) or all with a weight")
    number: dict[str, int] = {}
    first = np.array([number.setdefault(str(row[0]), len(number)) for row in rows])
    second = np.array([number.setdefault(str(row[1]), len(number)) for row in rows])
    weight = np.array([float(row[2]) for row in rows]) if width == 3 else None
    if weight is not None and not (np.isfinite(weight).all() and (weight > 0).all()):
        raise ValueError(f"{source}: weights must be positive numbers")
    if direction == "parent-child":
        first, second = second, first
    return _numbered(tuple(number), first, second, weight, source)


def _numbered(
    names: Sequence[str],
    child: NDArray[Any],
    parent: NDArray[Any],
    weight: NDArray[Any] | None,
    source: str,
    dropped: Dropped | None = None,
) -> Relations:
    """Drops self pairs, merges duplicates, and numbers the nodes by falling number of children."""
    own = child == parent
    kept = ~own
    child, parent = child[kept], parent[kept]
    if not len(child):
        raise CorpusError(f"{source}: no relations but {int(own.sum())} self pairs")
    key = child.astype(np.int64) * len(names) + parent
    unique, place, inverse = np.unique(key, return_index=True, return_inverse=True)
    if weight is not None:
        weight = np.bincount(inverse, weights=weight[kept])
    child, parent = child[place], parent[place]
    children = np.bincount(parent, minlength=len(names))
    used = (children > 0) | (np.bincount(child, minlength=len(names)) > 0)
    order = sorted(np.flatnonzero(used).tolist(), key=lambda i: (-children[i], names[i]))
    rank = np.full(len(names), -1, dtype=np.int32)
    rank[order] = np.arange(len(order))
    child, parent = rank[child], rank[parent]
    by = np.lexsort((parent, child))
    if dropped is None:
        dropped = Dropped(
            int(own.sum()),
            len(key) - len(unique),
            tuple(names[i] for i in np.flatnonzero(~used).tolist()),
        )
    return Relations(
        tuple(names[i] for i in order),
        np.ascontiguousarray(child[by]),
        np.ascontiguousarray(parent[by]),
        None if weight is None else np.ascontiguousarray(weight[by]),
        dropped,
        source,
        place[by],
    )


def _plain_columns(fields: Sequence[str], name: str, line: int) -> tuple[int, ...]:
    """The columns of a list without a header, of which nobody said more: child and parent, and a
    weight if a third field is a number. Anything beyond is no list of relations: prose with commas,
    or a table of which the columns must be named."""
    if len(fields) <= 2:
        return (0, 1)
    if len(fields) == 3 and _is_number(fields[2]):
        return (0, 1, 2)
    raise CorpusError(
        f"{name}, line {line}: {len(fields)} fields, the third {fields[2][:40]!r}: a list of "
        "relations has child and parent, and at most a weight; name the columns of a table, or "
        "give text to a model of texts"
    )


_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|nan|[-+]?inf")
# The first two cells of a header, the child first.
_HEADERS = (("id1", "id2"), ("child", "parent"), ("hyponym", "hypernym"))


def _is_number(text: str) -> bool:
    """Whether a field is a number; `1_5` and `0,5` are none."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _is_header(fields: Sequence[str], direction: Direction, name: str, number: int) -> bool:
    """Whether the first line names its columns; CorpusError when it names them the other way
    round."""
    names = tuple(field.strip().casefold() for field in fields[:2])
    if names[::-1] in _HEADERS[1:] and direction == "child-parent":
        raise CorpusError(
            f"{name}, line {number}: the header says that the {names[0]} comes first: read it with "
            "the direction parent-child"
        )
    return names in _HEADERS or names[::-1] in _HEADERS[1:]


def read_relations(
    path: str | os.PathLike[str],
    *,
    direction: Direction = "child-parent",
    columns: tuple[int, int] = (0, 1),
    weight_column: int | None = None,
) -> Relations:
    """Reads a list of relations, one per line; compressed files are detected by their content.

    Parameters
    ----------
    path
        Fields are separated by tabs, by commas (as in CSV) or by ASCII blanks: the first line
        decides. Between blanks there must be exactly the fields that are wanted, because a term of
        two words would be taken for two terms; otherwise all lines must have as many fields as the
        first. A header (`id1,id2,weight`, child and parent, hyponym and hypernym) is passed over
        and gives the weights. Without one, a third
        field that is a number is a weight; other fields need `columns`. Empty lines are skipped.
        Bytes that are not UTF-8 are kept (surrogateescape).
    direction
        Whether the first of `columns` holds the child or the parent.
    columns
        The two fields that hold the terms, from 0.
    weight_column
        The field that holds a weight, or None.

    Raises
    ------
    CorpusError
        With the file and line: a line with too few fields or too many, a weight that is none, an
        empty file.
    """
    rows: list[tuple[str, ...]] = []
    wanted = (*columns, *(() if weight_column is None else (weight_column,)))
    with open_text(os.fspath(path)) as (name, stream):
        split, width = None, 0
        for number, raw in enumerate(stream, 1):
            raw = without_mark(raw) if number == 1 else raw
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if not line.strip(" \t\v\f\r"):
                continue
            split = split or _splitter(line)
            try:
                fields = split(line)
            except csv.Error as error:
                raise CorpusError(
                    f"{name}, line {number}: {line[:60]!r} is no line of a CSV file: {error}"
                ) from error
            if "\r" in line:
                raise CorpusError(
                    f"{name}, line {number}: a CR in {line[:40]!r}; lines should end in LF, for "
                    "example by tr '\\r' '\\n'"
                )
            if not rows and not width and _is_header(fields, direction, name, number):
                width = len(fields)
                if fields[2:] == ["weight"] and weight_column is None:
                    wanted = (*columns, 2)
                continue
            plain = columns == (0, 1) and weight_column is None and split is not ascii_split
            if not rows and not width and plain:
                wanted = _plain_columns(fields, name, number)
            width = width or (max(wanted) + 1 if split is ascii_split else len(fields))
            if len(fields) != width or width <= max(wanted):
                raise CorpusError(
                    f"{name}, line {number}: {len(fields)} field(s) in {line[:60]!r}, expected "
                    f"{max(width, max(wanted) + 1)}: child, tab, parent"
                )
            row = tuple(fields[i].strip(" \t\v\f\r") for i in wanted)
            if not row[0] or not row[1]:
                raise CorpusError(f"{name}, line {number}: an empty term in {line[:60]!r}")
            if len(row) == 3 and not (_is_number(row[2]) and 0 < float(row[2]) < float("inf")):
                raise CorpusError(
                    f"{name}, line {number}: a weight of {row[2][:40]!r}; weights are positive "
                    "numbers"
                )
            rows.append(row)
    try:
        return from_pairs(rows, direction=direction, source=name)
    except ValueError as error:
        raise CorpusError(f"{name}: {error}") from error


def _splitter(line: str) -> Callable[[str], list[str]]:
    """How the fields of a file with such a line are separated: tabs, commas or blanks."""
    if "\t" in line:
        return lambda text: text.split("\t")
    if "," in line:
        return lambda text: next(csv.reader([text]), [])
    return ascii_split


def write_relations(relations: Relations, stream: Any) -> None:
    """Writes child TAB parent [TAB weight] lines, UTF-8, to a binary stream."""
    weights = None if relations.weight is None else relations.weight[relations.order()].tolist()
    for i, (child, parent) in enumerate(relations.pairs()):
        line = f"{child}\t{parent}" + ("" if weights is None else f"\t{weights[i]!r}")
        stream.write(line.encode("utf-8", "surrogateescape") + b"\n")


def write_shards(
    relations: Relations, folder: str | os.PathLike[str], *, force: bool = False
) -> Path:
    """Writes relations in the container of co-occurrences: children are rows, parents columns.

    Weights are rounded to 1 / 2^20.

    Raises
    ------
    FileExistsError
        If the folder is there and `force` is not given.
    CorpusError
        If a name holds a line end.
    """
    degree = np.bincount(
        np.concatenate([relations.child, relations.parent]), minlength=relations.n_nodes
    )
    words = [name.encode("utf-8", "surrogateescape") for name in relations.names]
    vocab = Vocabulary(words, degree.astype(np.int64), int(degree.sum()))
    weights, unit = relations.weight, 1 if relations.weight is None else WEIGHT_UNIT
    units = np.ones(len(relations)) if weights is None else np.maximum(1, np.round(weights * unit))
    with write_folder(folder, SHARDS, force=force) as part:
        writer = ShardWriter(part, vocab, kind="relations", unit=unit, symmetric=False, details={})
        try:
            counts = np.diff(relations.parents_from)
            for tile in range(writer.k):
                mine = np.flatnonzero(relations.child % writer.k == tile)
                rows = Rows(
                    counts[tile :: writer.k].astype(np.uint32),
                    relations.parent[mine].astype(np.uint32),
                    units[mine].astype(np.uint64),
                )
                writer.append(writer.build(tile, rows))
            writer.finish()
        finally:
            writer.close()
    return Path(folder)


def read_shards(folder: str | os.PathLike[str]) -> Relations:
    """The relations of a folder that `write_shards` wrote.

    Raises
    ------
    ShardError
        If it is damaged, or holds something else.
    """
    shards = Shards(folder)
    if shards.kind != "relations":
        raise ShardError(f"{shards.path}: holds {shards.kind}, expected relations")
    matrix = shards.sparse().tocoo()
    by = np.lexsort((matrix.col, matrix.row))
    return Relations(
        tuple(shards.vocab),
        matrix.row[by].astype(np.int32),
        matrix.col[by].astype(np.int32),
        None if shards.unit == 1 else np.ascontiguousarray(matrix.data[by]),
        source=str(shards.path),
    )
