"""Meta-embeddings: several sets of vectors as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import Estimator, option
from wordvec.spaces.alignment.mapping import procrustes
from wordvec.spaces.alignment.retrieval import nearest
from wordvec.vectors.vectors import WordVectors

F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]
Known: TypeAlias = NDArray[np.bool_]

BLOCK = 4096
RIDGE = 1e-3  # of GCCA, as a share of the mean variance
FEWEST_SHARED = 2  # words that sources must share


@dataclass(kw_only=True)
class MetaEmbedding(Estimator):
    """One set of vectors from several, over all their words or those that all have.

    Sources of one corpus do not beat the best of them; what it is for are sources of different
    corpora, and words that only some have.

    Parameters
    ----------
    method : {"aligned", "concat", "svd", "average", "gcca"}
        aligned: the mean after each source was rotated onto the first (Procrustes on the words that
        both have); concat: dimensions one behind the other; svd: their first principal directions;
        average: the mean after zeros were added up to the largest dimension; gcca: generalised
        canonical correlations.
    vector_size : int, optional
        Dimensions of svd and gcca; by default those of the largest source.
    missing : {"drop", "zero", "neighbours"}
        A word that a source does not have: it is left out, or is zero there, or is filled from its
        nearest neighbours, which another source knows, in this one.
    weights : tuple of float
        Weight of each source; by default 1 each.
    power : float
        Of the singular values of svd: 1 keeps distances.
    neighbors : int
        Neighbours from which a missing word is filled.

    Attributes
    ----------
    vectors_ : WordVectors

    References
    ----------
    Yin & Schütze (2016), "Learning word meta-embeddings"; Coates & Bollegala (2018), "Frustratingly
    easy meta-embedding"; García-Ferrero et al. (2021), "Benchmarking meta-embeddings", for filling
    from neighbours; GCCA: Rastogi et al. (2015).
    """

    method: Literal["aligned", "concat", "svd", "average", "gcca"] = option(
        "aligned", "How the sources become one."
    )
    vector_size: int | None = option(
        None, "Dimensions of svd and gcca.", none="those of the largest source", at_least=1
    )
    missing: Literal["drop", "zero", "neighbours"] = option(
        "drop", "What becomes of a word that a source does not have."
    )
    weights: tuple[float, ...] = option((), "Weight of each source; by default 1 each.", at_least=0)
    power: float = option(1.0, "Power of the singular values of svd.", at_least=0)
    neighbors: int = option(10, "Neighbours from which a missing word is filled.", at_least=1)

    vectors_: WordVectors = field(init=False, repr=False, compare=False)

    def fit(self, sources: Sequence[WordVectors]) -> Self:
        """Sets `vectors_`; words are in the order of the first source, then of the second, ...

        Parameters
        ----------
        sources : sequence of WordVectors
            Two or more; they are not changed.

        Raises
        ------
        ValueError
            For fewer than two sources, vectors of a manifold, or sources without words in common.
        """
        self._check()
        stores = list(sources)
        weights = self.weights or (1.0,) * len(stores)
        if len(stores) < 2 or len(weights) != len(stores):
            raise ValueError(
                f"two sources or more, and a weight for each, are needed; got {len(stores)} and "
                f"{len(weights)}"
            )
        for each in stores:
            if each.meta.get("manifold") is not None:
                raise ValueError(
                    f"vectors of the manifold {each.meta['manifold']!r} cannot be added"
                )
        words = list(dict.fromkeys(word for each in stores for word in each))
        shared = [word for word in words if all(word in each for each in stores)]
        if len(shared) < FEWEST_SHARED:
            raise ValueError(f"the sources have {len(shared)} words in common: nothing joins them")
        if self.missing == "drop":
            words = shared
        rows = [_rows(each, words) for each in stores]
        parts, known = [X for X, _ in rows], [there for _, there in rows]
        if self.missing == "neighbours":
            parts = [_filled(i, parts, known, self.neighbors) for i in range(len(parts))]
            known = [np.ones(len(words), bool)] * len(parts)
        made = self._combine(parts, known, np.array(weights, np.float64))
        meta = {
            "model": "meta-embedding",
            "options": self.get_params() | {"weights": list(weights)},
            "sources": [
                {
                    "model": each.meta.get("model"),
                    "words": len(each),
                    "dimensions": each.vector_size,
                }
                for each in stores
            ],
        }
        self.vectors_ = WordVectors(words, made, meta=meta)
        return self

    def _combine(self, parts: list[F32], known: list[Known], weights: F64) -> F32:
        if self.method == "average":
            return _mean(parts, known, weights)
        if self.method == "aligned":
            return _mean([parts[0], *_onto_first(parts, known)], known, weights)
        if self.method == "gcca":
            parts = [_whitened(X, there) for X, there in zip(parts, known, strict=True)]
        joined = np.concatenate([w * X for w, X in zip(weights, parts, strict=True)], axis=1)
        if self.method == "concat":
            return joined.astype(np.float32)
        size = self.vector_size or max(X.shape[1] for X in parts)
        if size > joined.shape[1]:
            raise ValueError(f"vector_size must be <= {joined.shape[1]}, got {size}")
        values, axes = np.linalg.eigh(_gram(joined))
        values, axes = values[::-1][:size], axes[:, ::-1][:, :size]
        axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(size)] < 0, -1, 1)
        scale = np.sqrt(np.maximum(values, 1e-12)) ** (self.power - 1)
        return np.asarray(joined @ (axes * scale), np.float32)


def _rows(store: WordVectors, words: list[str]) -> tuple[F32, Known]:
    """Unit rows (n, d) of the words, zeros where there is none, and which there are."""
    ids = store.get_ids(words, strict=False)
    X = np.zeros((len(words), store.vector_size), np.float32)
    there = ids >= 0
    X[there] = store.matrix.take(ids[there])
    if not np.isfinite(X).all():
        raise ValueError("vectors must be finite")
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.where(norms > 0, norms, 1), np.float32), there


def _mean(parts: Sequence[F32], known: Sequence[Known], weights: F64) -> F32:
    """The weighted mean of the rows that there are, padded with zeros to the largest dimension."""
    d = max(X.shape[1] for X in parts)
    total = np.zeros((len(parts[0]), d))
    share = np.zeros(len(parts[0]))
    for X, there, weight in zip(parts, known, weights, strict=True):
        total[:, : X.shape[1]] += weight * X
        share += weight * there
    return np.asarray(total / np.where(share > 0, share, 1)[:, None], np.float32)


def _onto_first(parts: Sequence[F32], known: Sequence[Known]) -> Iterator[F32]:
    """The other sources, each rotated onto the first by the words that both have."""
    for X, there in zip(parts[1:], known[1:], strict=True):
        both = there & known[0]
        W, _ = procrustes(X[both], parts[0][both])
        yield (X @ W).astype(np.float32)


def _filled(i: int, parts: list[F32], known: list[Known], n: int) -> F32:
    """Rows of source i, with its missing words made from neighbours that another source knows."""
    X = parts[i].copy()
    left = ~known[i]
    for j, other in enumerate(parts):
        if j == i or not left.any():
            continue
        want = np.flatnonzero(left & known[j])
        have = np.flatnonzero(known[i] & known[j])
        if not len(want) or not len(have):
            continue
        ids, cosines = nearest(other[want], other[have], n)
        share = (cosines + 1)[:, :, None]
        rows = (share * parts[i][have[ids]]).sum(axis=1) / np.maximum(share.sum(axis=1), 1e-12)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        X[want] = rows / np.where(norms > 0, norms, 1)
        left[want] = False
    return X


def _gram(X: NDArray[np.floating]) -> F64:
    """X'X in float64, a block of rows at a time."""
    total = np.zeros((X.shape[1], X.shape[1]))
    for begin in range(0, len(X), BLOCK):
        part = X[begin : begin + BLOCK].astype(np.float64)
        total += part.T @ part
    return total


def _whitened(X: F32, known: Known) -> F32:
    """X (X'X + tau I)^(-1/2) over the rows that there are."""
    G = _gram(X[known])
    values, axes = np.linalg.eigh(G + RIDGE * np.trace(G) / len(G) * np.eye(len(G)))
    return np.asarray(X @ ((axes / np.sqrt(values)) @ axes.T), np.float32)
