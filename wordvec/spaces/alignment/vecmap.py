"""The pipeline of whitening, rotation and re-weighting, and self-learning of the dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import option
from wordvec.native.vectors.vec import rng_key
from wordvec.spaces.alignment.dictionaries import as_dictionary, identical_words
from wordvec.spaces.alignment.mapping import (
    F32,
    F64,
    NORMALIZE,
    SMALL,
    Mapping,
    Normal,
    Pairs,
    procrustes,
)
from wordvec.spaces.best import COLUMNS, ROWS, Block, Lists, edges, largest_both, merged, over
from wordvec.system.blas import single_threaded
from wordvec.system.parallel import threads
from wordvec.vectors.vectors import WordVectors

Ids = NDArray[np.int64]

START_WORDS = 4000  # words from which the unsupervised start is made
DROPOUT_START = 0.1  # share of the scores that is kept at first
GROWTH = 1e-6  # of the objective, below which an iteration counts as stalled
FEW = 0.3  # mutual nearest neighbours below this share: the result is not to be trusted


@dataclass(kw_only=True)
class VecMap(Mapping):
    """Whitening, rotation, re-weighting and de-whitening of both spaces; a dictionary of its own.

    Both spaces change: `transform` maps the source, `target_` the target.

    Parameters
    ----------
    normalize : tuple of "unit" or "center"
        Done to both spaces before all else.
    start : {"dictionary", "identical", "numerals", "unsupervised"}
        Where the pairs come from: those of `fit`, words that both vocabularies have, words of
        digits that both have, or the shapes of the two spaces alone.
    self_learning : bool
        Improve the dictionary by translating with the map, again and again. Always done for a
        start without a dictionary.
    cutoff : int
        The most frequent words of each side that self-learning translates.
    patience : int
        Iterations without growth of the objective after which fewer scores are dropped.
    max_iterations : int
        Iterations of self-learning at most.
    neighbors : int
        k of CSLS.
    whiten : bool
        Whether the last step whitens; without, the map is orthogonal.
    dewhiten : bool
        Whether whitening is undone at the end, which helps small dictionaries.
    reweight : float
        Power of the canonical correlations with which each side is weighted.
    seed : int
        Seed of the scores that are dropped.

    Attributes
    ----------
    correlations_ : ndarray, shape (d,)
        Canonical correlations of the two sides of the pairs, largest first.
    objective_ : float
        Mean cosine of words with their nearest translations, of self-learning.
    mutual_ : float
        Share of words whose nearest translation has them as its nearest.
    iterations_ : int

    References
    ----------
    Artetxe, Labaka & Agirre (2018), "Generalizing and improving bilingual word embedding mappings
    with a multi-step framework of linear transformations"; (2018), "A robust self-learning method
    for fully unsupervised cross-lingual mappings of word embeddings".
    """

    name: ClassVar[str] = "vecmap"
    target_changes: ClassVar[bool] = True

    normalize: tuple[str, ...] = option(
        NORMALIZE, "Steps done to both spaces first: unit, center.", choices=("unit", "center")
    )
    start: Literal["dictionary", "identical", "numerals", "unsupervised"] = option(
        "dictionary", "Where the first pairs come from."
    )
    self_learning: bool = option(False, "Improve the dictionary by translating with the map.")
    cutoff: int = option(
        20_000,
        "Words of each side that self-learning translates.",
        at_least=2,
        source="Artetxe et al. 2018",
    )
    patience: int = option(
        50,
        "Iterations without growth after which fewer scores are dropped.",
        at_least=1,
        source="Artetxe et al. 2018",
    )
    max_iterations: int = option(1000, "Iterations of self-learning at most.", at_least=1)
    neighbors: int = option(10, "Neighbours of CSLS.", at_least=1, source="Conneau et al. 2018")
    whiten: bool = option(True, "Whiten in the last step; otherwise the map is orthogonal.")
    dewhiten: bool = option(True, "Undo the whitening at the end; better for small dictionaries.")
    reweight: float = option(
        0.5,
        "Power of the canonical correlations that weight each side.",
        at_least=0,
        source="Artetxe et al. 2018",
    )
    seed: int = option(1, "Seed of the scores that are dropped.", at_least=0)

    def fit(
        self, vectors: WordVectors, target: WordVectors | None = None, pairs: Pairs | None = None
    ) -> Self:
        """As `Mapping.fit`; `pairs` are needed for the start "dictionary" alone.

        Parameters
        ----------
        vectors : WordVectors
            The source, which is mapped; they are not changed.
        target : WordVectors
            The space into which it is mapped.
        pairs : Dictionary, or iterable of (source word, target word), optional
            Pairs of translations to start from.

        Raises
        ------
        ValueError
            Without a target, or without pairs for the start "dictionary".
        """
        if target is None:
            raise ValueError("VecMap.fit needs source and target")
        self._check()
        with single_threaded():  # threads of BLAS spin longer than matrices this small take
            self._notes: list[str] = []
            source_normal, X = Normal.of(vectors, self.normalize)
            target_normal, Z = Normal.of(target, self.normalize)
            if self.start == "unsupervised":
                self.pairs_ = unsupervised_pairs(X[:START_WORDS], Z[:START_WORDS], self.neighbors)
            elif self.start == "dictionary":
                if pairs is None:
                    raise ValueError('VecMap.fit needs pairs of words for the start "dictionary"')
                self.pairs_ = as_dictionary(pairs).ids(vectors, target)
            else:
                words = identical_words(vectors, target, numerals=self.start == "numerals")
                self.pairs_ = words.ids(vectors, target)
            if self.self_learning or self.start != "dictionary":
                self.pairs_ = self._learn(X, Z, self.pairs_)
            self._solve(X, Z, self.pairs_)
            self._finish(source_normal, target_normal, X, Z)
        return self

    def _learn(self, X: F32, Z: F32, pairs: Ids) -> Ids:
        """The dictionary that self-learning ends with."""
        A, B = X[: self.cutoff], Z[: self.cutoff]
        keep, best, stalled = DROPOUT_START, -np.inf, 0
        for iteration in range(1, self.max_iterations + 1):
            W = procrustes(X[pairs[:, 0]], Z[pairs[:, 1]])[0].astype(np.float32)
            found = _translate_both(A @ W, B, self.neighbors, keep, rng_key(self.seed, iteration))
            pairs, objective, mutual = found
            if objective - best >= GROWTH:
                best, stalled = objective, 0
            else:
                stalled += 1
            if stalled > self.patience:
                if keep >= 1:
                    break
                keep, stalled = min(1.0, 2 * keep), 0
        self.iterations_, self.objective_, self.mutual_ = iteration, objective, mutual
        note = (
            f"self-learning: {iteration} iterations, mean cosine {objective:.3f}, "
            f"{100 * mutual:.0f} % of the words and their translations are each other's nearest"
        )
        if mutual < FEW:
            note += "; that is few: the map is probably wrong, give a dictionary"
        self._notes.append(note)
        return pairs

    def _solve(self, X: F32, Z: F32, pairs: Ids) -> None:
        A, B = X[pairs[:, 0]].astype(np.float64), Z[pairs[:, 1]].astype(np.float64)
        whitening = [_whitening(side) for side in (A, B)] if self.whiten else [None, None]
        if self.whiten and (whitening[0] is None or whitening[1] is None):
            self._notes.append(
                f"{len(pairs):,} pairs are too few to whiten {A.shape[1]} and {B.shape[1]} "
                "dimensions: the map is orthogonal"
            )
            whitening = [None, None]
        Wx, Wz = (
            np.eye(s.shape[1]) if w is None else w for w, s in zip(whitening, (A, B), strict=True)
        )
        U, s, Vt = np.linalg.svd((A @ Wx).T @ (B @ Wz), full_matrices=False)
        V = Vt.T
        self.correlations_ = s
        Mx, Mz = Wx @ U, Wz @ V
        if whitening[0] is not None:
            weight = np.maximum(s, 0) ** self.reweight
            Mx, Mz = Mx * weight, Mz * weight
            if self.dewhiten:
                Mx = Mx @ (U.T @ np.linalg.inv(Wx) @ U)
                Mz = Mz @ (V.T @ np.linalg.inv(Wz) @ V)
        self.matrix_, self._target_matrix = Mx.T, Mz.T

    def card(self) -> dict[str, Any]:
        more = {}
        if hasattr(self, "objective_"):
            more = {"objective": round(self.objective_, 6), "mutual": round(self.mutual_, 6)}
        return {**super().card(), **more}


def _whitening(X: F64) -> F64 | None:
    """(X'X)^(-1/2), or None where X has not full column rank."""
    if len(X) <= X.shape[1]:
        return None
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    if s[-1] < SMALL * s[0]:
        return None
    return np.asarray(Vt.T @ (Vt / s[:, None]), np.float64)


def _translate_both(A: F32, B: F32, k: int, keep: float, key: int) -> tuple[Ids, float, float]:
    """Pairs found in both directions, the mean cosine of the best, and the share that is mutual.

    A score is dropped with probability 1 - keep, by a random number of its place: the result is the
    same for any number of threads. (Artetxe et al. set such scores to 0; here they are -inf, so
    that one cannot win among negative scores.)

    Products are made twice, for hubness and for the choice, and a block of them is kept at a time.
    """
    cosine, cosine_back = largest_both(A, B, k)
    half_source, half_target = (each.means() / np.float32(2) for each in (cosine, cosine_back))
    forward = Lists(len(A), 1)
    parts = [Lists(len(B), 1) for _ in range(threads())]
    rows, columns = edges(len(A), ROWS), edges(len(B), COLUMNS)

    def work(state: tuple[Lists, Block, Block], number: int) -> None:
        (back, room, less), (begin, end) = state, rows[number]
        for at, (first, last) in enumerate(columns):
            scores = room.product(A[begin:end], B[first:last])
            changed = less.like(*scores.shape)
            if keep < 1:
                place = rng_key(key, number * len(columns) + at)
                draws = np.random.Philox(key=place).random_raw(-(-scores.size // 4))
                dropped = draws.view(np.uint16)[: scores.size] >= np.uint16(keep * 65536)
                np.putmask(scores, dropped.reshape(scores.shape), -np.inf)
            np.subtract(scores, half_target[first:last], out=changed)
            forward.rows(changed, begin, first)
            np.subtract(scores, half_source[begin:end, None], out=changed)
            back.columns(changed, first, begin)

    over(work, range(len(rows)), [(lists, Block(), Block()) for lists in parts])
    pairs = np.concatenate([_pairs(forward), _pairs(merged(parts))[:, ::-1]])
    objective = sum(float(each.top[:, 0].mean(dtype=np.float64)) for each in (cosine, cosine_back))
    nearest, nearest_back = cosine.ids[:, 0], cosine_back.ids[:, 0]
    mutual = float((nearest_back[nearest] == np.arange(len(A))).mean())
    return pairs, objective / 2, mutual


def _pairs(found: Lists) -> Ids:
    """(row, the best of it) of the rows of which not all scores were dropped."""
    there = np.flatnonzero(np.isfinite(found.top[:, 0]))
    return np.stack([there, found.ids[there, 0].astype(np.int64)], axis=1)


def unsupervised_pairs(X: F32, Z: F32, k: int) -> Ids:
    """First pairs from the shapes of two spaces: words whose cosines to all others are alike.

    Artetxe et al. (2018), section 3.2: the rows of the square root of XX', sorted, are compared.
    """
    n = min(len(X), len(Z))
    A, B = (_profile(side[:n]) for side in (X, Z))
    return _translate_both(A, B, k, 1.0, 0)[0]


def _profile(X: F32) -> F32:
    U, s, _ = np.linalg.svd(X.astype(np.float64), full_matrices=False)
    rows = -np.sort(-((U * s) @ U.T), axis=1)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    return rows.astype(np.float32)
