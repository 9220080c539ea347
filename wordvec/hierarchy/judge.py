"""How well vectors hold a hierarchy: exact ranks, graded entailment, direction.

Conventions of ranks, said once. A relation is (u, v), v an ancestor of u; u asks, all other nodes
answer in the order of their distance from u. The rank of v is 1 + the number of nodes that are
neither u nor a true ancestor of u and lie nearer than v; a node as far as v counts a half (the mean
rank of ties). True ancestors are those of the relations given: give the closure where the closure
is meant. Mean rank is the mean over relations. The average precision of u is the mean over its
ancestors, nearest first, of i / (rank_i + i - 1), i = 1, 2, ...; MAP is the mean over the nodes
that have ancestors. A perfect embedding scores 1 and 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse.csgraph import shortest_path

from wordvec.errors import DatasetError
from wordvec.hierarchy.relations import Relations, from_pairs
from wordvec.native import hyper
from wordvec.parallel import default_threads
from wordvec.text.reader import open_text
from wordvec.vectors import manifold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

QUERIES = 4096  # nodes a task
MOST_NODES = 10_000  # whose distances among each other are measured: 1.6 GB


@dataclass(frozen=True, eq=False)
class RankResult:
    """Ranks of relations.

    Attributes
    ----------
    mean_rank, map
        See the module's conventions.
    nodes, pairs
        Nodes that asked, and relations that were ranked.
    missing
        Relations left out because the vectors lack a term.
    ranks : (pairs,)
        In the order of the relations kept.
    """

    mean_rank: float
    map: float
    nodes: int
    pairs: int
    missing: int
    ranks: NDArray[np.float64]

    def as_row(self) -> dict[str, Any]:
        """The numbers for a table."""
        return {
            "mean_rank": self.mean_rank,
            "map": self.map,
            "nodes": self.nodes,
            "pairs": self.pairs,
            "missing": self.missing,
        }


def reconstruction(
    vectors: WordVectors, relations: Relations, *, threads: int | None = None
) -> RankResult:
    """Mean rank and MAP of all relations among all nodes: what the vectors remember.

    Parameters
    ----------
    vectors
        Their meta["manifold"] says which distance is meant; euclidean without it. A
        meta["translation"] r is added to the node that asks.
    relations
        Nodes that are not in the vectors are left out and counted.
    threads
        Default: all processors.
    """
    return link_prediction(vectors, relations, relations, threads=threads)


def link_prediction(
    vectors: WordVectors,
    held_out: Relations,
    known: Relations,
    *,
    threads: int | None = None,
) -> RankResult:
    """Mean rank and MAP of held-out relations, all true ancestors filtered.

    Parameters
    ----------
    held_out
        The relations that are ranked.
    known
        The other true relations: never counted against a rank. May hold the held-out ones.

    Raises
    ------
    DatasetError
        If the vectors know no relation.
    """
    wanted, missing = _ids(vectors, held_out)
    if not len(wanted):
        raise DatasetError(f"{held_out.source}: the vectors have no pair of these terms")
    others, _ = _ids(vectors, known)
    hidden = np.unique(np.concatenate([wanted, others]), axis=0)
    hidden = hidden[np.isin(hidden[:, 0], wanted[:, 0])]
    asking = np.unique(wanted[:, 0])
    ranks, precision = ranks_of(vectors, asking, wanted, hidden, threads=threads)
    starts = np.searchsorted(wanted[:, 0], asking)
    counts = np.diff(np.append(starts, len(wanted)))
    return RankResult(
        float(ranks.mean()),
        float((np.add.reduceat(precision, starts) / counts).mean()),
        len(asking),
        len(wanted),
        missing,
        ranks,
    )


def ranks_of(
    vectors: WordVectors,
    asking: NDArray[np.int64],
    wanted: NDArray[np.int64],
    hidden: NDArray[np.int64],
    *,
    threads: int | None = None,
    isa: str | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ranks, and the precision at each, of pairs `wanted`; pairs `hidden` are not counted.

    Parameters
    ----------
    asking : (n,) rising ids of the nodes that ask
    wanted, hidden : (m, 2), (h, 2) pairs (node that asks, node), sorted
    """
    points, scales = manifold.comparable(vectors.vectors, _manifold(vectors))
    queries = points[asking] + np.asarray(vectors.meta.get("translation", 0.0))
    n, d = points.shape
    # Blocks of 8 nodes by coordinate; what fills the last block is infinitely far.
    packed = _aligned((-(-n // 8), d + 1, 8))
    table = np.full((len(packed) * 8, d + 1), 1e150)
    table[:n, :d], table[:n, d] = points, scales
    packed[:] = table.reshape(-1, 8, d + 1).transpose(0, 2, 1)
    rank, precision = np.zeros(len(wanted)), np.zeros(len(wanted))

    self_ids = asking.astype(np.int32)
    wanted_rows, hidden_rows = _rows(wanted, asking), _rows(hidden, asking)

    def task(first: int) -> None:
        last = min(first + QUERIES, len(asking))
        hyper.rank(
            packed,
            n,
            queries,
            self_ids,
            *wanted_rows,
            *hidden_rows,
            first,
            last,
            rank,
            precision,
            isa,
        )

    with ThreadPoolExecutor(threads or default_threads(), "wordvec") as pool:
        list(pool.map(task, range(0, len(asking), QUERIES)))
    return rank, precision


def _rows(
    pairs: NDArray[np.int64], asking: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Sorted pairs as row starts and columns."""
    starts = np.append(np.searchsorted(pairs[:, 0], asking), len(pairs)).astype(np.int64)
    return starts, np.ascontiguousarray(pairs[:, 1], dtype=np.int32)


def _ids(vectors: WordVectors, relations: Relations) -> tuple[NDArray[np.int64], int]:
    """Sorted (child, parent) pairs by the vectors' ids, and how many relations have no ids."""
    index = vectors.key_to_index
    id_of = np.array([index.get(name, -1) for name in relations.names], dtype=np.int64)
    pairs = np.stack([id_of[relations.child], id_of[relations.parent]], axis=1)
    known = (pairs >= 0).all(axis=1)
    pairs = pairs[known]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], int((~known).sum())


def _manifold(vectors: WordVectors) -> str:
    return str(vectors.meta.get("manifold", "euclidean"))


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float64]:
    size = int(np.prod(shape))
    flat = np.zeros(size + 8)
    start = -flat.ctypes.data % 64 // 8
    return flat[start : start + size].reshape(shape)


@dataclass(frozen=True)
class DistortionResult:
    """How distances of an embedding compare with those of its graph.

    Attributes
    ----------
    average
        Mean of |d_H / (tau d_G) - 1| over pairs of nodes.
    worst
        Largest ratio d_H / d_G over the smallest: 1 for a perfect embedding.
    map
        MAP of the edges, each node's neighbours against all other nodes.
    nodes
        Nodes of the graph, all pairs of which were measured.
    """

    average: float
    worst: float
    map: float
    nodes: int


def graph_distances(relations: Relations) -> NDArray[np.float64]:
    """(V, V) shortest paths, relations taken as edges without direction; inf between parts."""
    graph = relations.matrix().astype(np.float64)
    paths = shortest_path(graph + graph.T, unweighted=True, directed=False)
    return np.asarray(paths, dtype=np.float64)


def distortion(
    vectors: WordVectors, relations: Relations, *, tau: float | None = None
) -> DistortionResult:
    """Distortion over all pairs and MAP of the edges of a graph of some thousand nodes.

    Parameters
    ----------
    vectors
        All nodes of the relations.
    relations
        The edges; their direction does not matter.
    tau
        Length of an edge in the embedding. Default: the scale of least average distortion among
        the quantiles of d_H / d_G.
    """
    if relations.n_nodes > MOST_NODES:
        raise ValueError(
            f"{relations.source}: {relations.n_nodes:,} nodes have too many pairs to measure all, "
            f"at most {MOST_NODES:,}; neighbour_map takes any number"
        )
    index = [vectors.get_index(name) for name in relations.names]
    points = vectors.vectors[index]
    graph = graph_distances(relations)
    upper = np.triu_indices(len(points), 1)
    ours = np.concatenate(
        [manifold.distance(x, points[i + 1 :], _manifold(vectors)) for i, x in enumerate(points)]
    )
    ratio = ours / graph[upper]
    reached = np.isfinite(graph[upper])
    return _distortion(ratio[reached], neighbour_map(vectors, relations), len(points), tau)


def _distortion(
    ratio: NDArray[np.float64], edge_map: float, nodes: int, tau: float | None
) -> DistortionResult:
    scales = np.quantile(ratio, np.linspace(0.05, 0.95, 19)) if tau is None else [tau]
    average = min(float(np.abs(ratio / scale - 1).mean()) for scale in scales if scale > 0)
    low = float(ratio.min())
    worst = float(ratio.max()) / low if low > 0 else float("inf")
    return DistortionResult(average, worst, edge_map, nodes)


def neighbour_map(vectors: WordVectors, relations: Relations) -> float:
    """MAP of a graph: each node's neighbours, both ways, against all other nodes."""
    both = [*relations.pairs(), *((b, a) for a, b in relations.pairs())]
    return reconstruction(vectors, from_pairs(both, source=relations.source)).map


# Graded entailment and direction.


def entailment(
    u: NDArray[np.float64], v: NDArray[np.float64], kind: str, alpha: float = 1000.0
) -> NDArray[np.float64]:
    """How much u is a v: -(1 + alpha (|v| - |u|)) d(u, v), Nickel & Kiela (2017), eq. 8.

    Norms are those of the ball, so that the score is the same in either model.
    """
    if kind == "lorentz":
        u, v, kind = (
            manifold.convert(u, "lorentz", "poincare"),
            manifold.convert(v, "lorentz", "poincare"),
            "poincare",
        )
    norms = np.linalg.norm(v, axis=-1) - np.linalg.norm(u, axis=-1)
    return np.asarray(-(1 + alpha * norms) * manifold.distance(u, v, kind))


@dataclass(frozen=True)
class EntailmentResult:
    """A score on graded or labelled pairs.

    Attributes
    ----------
    metric
        "spearman" or "accuracy".
    value
        The metric.
    pairs, known
        Pairs in the set, and those whose words both have a sense in the vectors.
    """

    metric: str
    value: float
    pairs: int
    known: int


def senses_by_word(names: Sequence[str]) -> dict[str, list[int]]:
    """Word -> ids of its senses, in the order of sense numbers, of names like `dog.n.01`.

    A name of another form is its own only sense.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for i, name in enumerate(names):
        parts = name.rsplit(".", 2)
        is_sense = len(parts) == 3 and parts[2].isdigit()
        word, number = (parts[0], int(parts[2])) if is_sense else (name, 0)
        found.setdefault(word.lower(), []).append((number, i))
    return {word: [i for _, i in sorted(ids)] for word, ids in found.items()}


def pair_scores(
    vectors: WordVectors,
    pairs: Sequence[tuple[str, str]],
    *,
    senses: Literal["best", "first"] = "best",
) -> NDArray[np.float64]:
    """The entailment score of each pair; NaN where a word has no sense in the vectors.

    Parameters
    ----------
    pairs
        (term, more general term).
    senses
        Which senses of ambiguous words are compared: "best" those with the highest score, "first"
        the first of each (the most frequent one in WordNet).
    """
    index = senses_by_word(vectors.index_to_key)
    kind, scores = _manifold(vectors), np.full(len(pairs), np.nan)
    for i, (word, general) in enumerate(pairs):
        ours, theirs = index.get(word.lower()), index.get(general.lower())
        if not ours or not theirs:
            continue
        if senses == "first":
            ours, theirs = ours[:1], theirs[:1]
        grid = entailment(vectors.vectors[ours][:, None], vectors.vectors[theirs][None], kind)
        scores[i] = grid.max()
    return scores


def hyperlex(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    senses: Literal["best", "first"] = "best",
) -> EntailmentResult:
    """Spearman correlation with HyperLex's graded entailment (Vulic et al. 2017).

    Pairs without a sense in the vectors are left out and counted, as in the paper, which has .512
    at dim 5 on the 2,163 noun pairs.
    """
    from scipy.stats import spearmanr

    rows = _table(path, ("word1", "word2", "score"))
    scores = pair_scores(vectors, [(a, b) for a, b, _ in rows], senses=senses)
    known = ~np.isnan(scores)
    if known.sum() < 2:
        raise DatasetError(f"{os.fspath(path)}: the vectors know fewer than two of its pairs")
    gold = np.array([_number(path, row[2]) for row in rows])
    value = spearmanr(scores[known], gold[known]).statistic
    return EntailmentResult("spearman", float(value), len(rows), int(known.sum()))


def wbless(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    senses: Literal["best", "first"] = "best",
    folds: int = 1000,
    share: float = 0.02,
    seed: int = 1,
) -> EntailmentResult:
    """Accuracy of hypernymy detection on WBLESS (Weeds et al. 2014).

    A pair is called hypernymy when its score exceeds a threshold. The threshold is learnt on a
    `share` of the pairs and judged on the rest; the mean over `folds` draws, as Nguyen et al.
    (2017) did.
    """
    rows = _table(path, ("word1", "word2", "label"))
    scores = pair_scores(vectors, [(a, b) for a, b, _ in rows], senses=senses)
    known = ~np.isnan(scores)
    gold = np.array([row[2].lower() in ("true", "1") for row in rows])[known]
    scores = scores[known]
    size = max(2, round(share * len(scores)))
    if len(scores) <= size:
        raise DatasetError(f"{os.fspath(path)}: the vectors know {len(scores)} of its pairs")
    rng = np.random.Generator(np.random.Philox(key=seed))
    values = []
    for _ in range(folds):
        order = rng.permutation(len(scores))
        learn, judge = order[:size], order[size:]
        cuts = np.concatenate([scores[learn], [np.inf]])
        right = [(gold[learn] == (scores[learn] >= cut)).mean() for cut in cuts]
        best = cuts[int(np.argmax(right))]
        values.append((gold[judge] == (scores[judge] >= best)).mean())
    return EntailmentResult("accuracy", float(np.mean(values)), len(rows), len(scores))


def _table(path: str | os.PathLike[str], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The named columns of a table with a header, fields between tabs or spaces."""
    with open_text(os.fspath(path)) as (name, stream):
        lines = [line.decode("utf-8", "surrogateescape").rstrip("\r\n") for line in stream]
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise DatasetError(f"{name}: an empty file")
    split: Callable[[str], list[str]] = (lambda x: x.split("\t")) if "\t" in lines[0] else str.split
    header = [column.strip().lower() for column in split(lines[0])]
    if any(column not in header for column in names):
        raise DatasetError(f"{name}: columns {', '.join(names)} expected, found {header}")
    places, rows = [header.index(column) for column in names], []
    for number, line in enumerate(lines[1:], 2):
        fields = split(line)
        if len(fields) <= max(places):
            raise DatasetError(f"{name}, line {number}: {len(fields)} fields in {line[:60]!r}")
        rows.append(tuple(fields[i] for i in places))
    return rows


def _number(path: str | os.PathLike[str], text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DatasetError(f"{os.fspath(path)}: not a score: {text!r}") from error
