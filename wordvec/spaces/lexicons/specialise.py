"""Attract-Repel and counter-fitting: synonyms come closer, antonyms move apart."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import option
from wordvec.native.vectors.vec import rng_key
from wordvec.spaces.alignment.retrieval import nearest
from wordvec.spaces.apply import ReplaceStage, Stage
from wordvec.spaces.base import Transform
from wordvec.spaces.lexicons.lexicon import Lexicon, Links, as_lexicon
from wordvec.vectors.vectors import WordVectors

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Ids = NDArray[np.int64]


class _Specialise(Transform):
    """Base: fits unit vectors of the words that synonyms and antonyms name."""

    ids_: Ids

    def fit(
        self,
        vectors: WordVectors,
        synonyms: Links | None = None,
        antonyms: Links | None = None,
    ) -> Self:
        """Moves the words of the two lexicons, one of which may be missing.

        Parameters
        ----------
        vectors : WordVectors
            What is specialised; they are not changed.
        synonyms : Lexicon, or iterable of (head, other, ...), optional
            Words that should come nearer to each other.
        antonyms : Lexicon, or iterable of (head, other, ...), optional
            Words that should move away from each other.

        Raises
        ------
        ValueError
            Without any lexicon.
        DatasetError
            For a lexicon that is malformed or of which no link is known.
        """
        if synonyms is None and antonyms is None:
            raise ValueError(f"{type(self).__name__}.fit needs synonyms or antonyms")
        self._check()
        lexicons = [
            as_lexicon(links) if links is not None else None for links in (synonyms, antonyms)
        ]
        self._skipped = [each.skipped for each in lexicons if each is not None and each.skipped]
        S, A = (_pairs(each, vectors) for each in lexicons)
        known = set(map(tuple, A.tolist()))
        if known:
            S = np.array([p for p in S.tolist() if tuple(p) not in known], np.int64).reshape(-1, 2)
        X = np.array(vectors.matrix.decoded(), np.float32)
        if not np.isfinite(X).all():
            raise ValueError("vectors must be finite")
        start = _unit(X)
        moved = self._specialise(start.copy(), start, S, A)
        self.ids_ = np.unique(np.concatenate([S.ravel(), A.ravel()]))
        # Lengths stay as they were; only directions change.
        norms = np.linalg.norm(X[self.ids_], axis=1, keepdims=True)
        self.replacement_ = (_unit(moved[self.ids_]) * norms).astype(np.float32)
        self._card = {"synonyms": len(S), "antonyms": len(A), "words": len(self.ids_)}
        return self

    @abc.abstractmethod
    def _specialise(self, X: F32, start: F32, S: Ids, A: Ids) -> F32:
        """The rows X (V, d) after training on synonyms S and antonyms A, (n, 2) ids."""

    def is_fitted(self) -> bool:
        return hasattr(self, "ids_")

    def stages(self, vectors: WordVectors) -> list[Stage]:
        return [ReplaceStage(self.ids_, self.replacement_)]

    def card(self) -> dict[str, Any]:
        return {**super().card(), **self._card}

    def notes(self) -> list[str]:
        """How many pairs were used, and how many words move."""
        return [
            *self._skipped,
            f"{self._card['synonyms']:,} synonyms and {self._card['antonyms']:,} antonyms (each "
            f"direction counts); words that move: {self._card['words']:,}",
        ]


def _pairs(lexicon: Lexicon | None, vectors: WordVectors) -> Ids:
    if lexicon is None:
        return np.empty((0, 2), np.int64)
    return lexicon.ids(vectors, both_ways=True)


def _unit(X: F32) -> F32:
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.where(norms > 0, norms, 1), np.float32)


@dataclass(kw_only=True)
class AttractRepel(_Specialise):
    """Synonyms are drawn nearer than their nearest negatives, antonyms pushed beyond the farthest.

    Parameters
    ----------
    epochs, batch : int
        Passes over the pairs, and pairs of a step.
    eta : float
        Rate of AdaGrad.
    attract_margin, repel_margin : float
        By how much a pair must be nearer, or farther, than its negatives.
    pull : float
        Weight of `|x - x0|^2 / 2`, which keeps words where they were.
    seed : int
        Seed of the order of the batches.

    Attributes
    ----------
    losses_ : list of float
        Mean loss per pair, one value per epoch.

    References
    ----------
    Mrkšić et al. (2017), "Semantic specialization of distributional word vector spaces using
    monolingual and cross-lingual constraints", equations 1 to 5.
    """

    name: ClassVar[str] = "attract-repel"
    epochs: int = option(5, "Passes over the pairs.", at_least=1, source="Mrkšić et al. 2017")
    batch: int = option(50, "Pairs of a step.", at_least=2, source="Mrkšić et al. 2017")
    eta: float = option(0.05, "Learning rate of AdaGrad.", above=0, source="Mrkšić et al. 2017")
    attract_margin: float = option(0.6, "By how much synonyms must be nearer.", at_least=0)
    repel_margin: float = option(0.0, "By how much antonyms must be farther.", at_least=0)
    pull: float = option(1e-9, "Weight of staying where a word was.", at_least=0)
    seed: int = option(1, "Seed of the order of the batches.", at_least=0)

    def _specialise(self, X: F32, start: F32, S: Ids, A: Ids) -> F32:
        # One accumulator for each kind of pair, as in the authors' program.
        sums = [np.full_like(X, 0.1) for _ in range(2)]
        self.losses_ = []
        for epoch in range(self.epochs):
            rng = np.random.Generator(np.random.Philox(key=rng_key(self.seed, epoch)))
            batches = [
                (kind, pairs[order[i : i + self.batch]])
                for kind, pairs in enumerate((S, A))
                for order in (rng.permutation(len(pairs)),)
                for i in range(0, len(pairs) - 1, self.batch)
            ]
            total, n = 0.0, 0
            for at in rng.permutation(len(batches)).tolist():
                kind, pairs = batches[at]
                if len(pairs) < 2:
                    continue
                ids, gradient, loss = self._gradient(X, start, pairs, kind)
                np.clip(gradient, -2, 2, out=gradient)
                sums[kind][ids] += gradient**2
                X[ids] -= np.float32(self.eta) * gradient / np.sqrt(sums[kind][ids])
                total, n = total + loss, n + len(pairs)
            self.losses_.append(total / max(n, 1))
        return X

    def _gradient(self, X: F32, start: F32, pairs: Ids, kind: int) -> tuple[Ids, F32, float]:
        """Ids of the words of a batch, the gradient of its loss at their rows, and the loss."""
        ids, inverse = np.unique(pairs, return_inverse=True)
        left, right = inverse.reshape(pairs.shape).T
        raw = X[ids].astype(np.float64)
        norms = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        U = raw / norms
        L, R = U[left], U[right]
        own = np.einsum("ij,ij->i", L, R)
        attract = kind == 0
        sign, margin = (1.0, self.attract_margin) if attract else (-1.0, self.repel_margin)
        G = np.zeros_like(U)
        loss = 0.0
        for side, rows, other in ((left, L, R), (right, R, L)):
            negatives, scores = _negatives(rows, L, R, left, right, farthest=not attract)
            cost = margin + sign * (scores - own)
            active = cost > 0
            loss += float(cost[active].sum())
            step = sign * active[:, None]
            np.add.at(G, side, step * (U[negatives] - other))
            np.add.at(G, negatives, step * rows)
            np.add.at(G, right if side is left else left, -step * rows)
        loss += 0.5 * self.pull * float(((raw - start[ids]) ** 2).sum())
        # Through the normalisation of each row.
        G = (G - U * np.einsum("ij,ij->i", G, U)[:, None]) / norms
        G += self.pull * (raw - start[ids])
        return ids, G.astype(np.float32), loss


def _negatives(
    rows: F64, L: F64, R: F64, left: Ids, right: Ids, *, farthest: bool
) -> tuple[Ids, F64]:
    """For each pair the nearest (or farthest) word of the batch outside it, and its cosine."""
    n = len(rows)
    candidates = np.concatenate([left, right])
    scores = rows @ np.concatenate([L, R]).T
    own = (candidates[None, :] == left[:, None]) | (candidates[None, :] == right[:, None])
    scores[own] = np.inf if farthest else -np.inf
    best = scores.argmin(axis=1) if farthest else scores.argmax(axis=1)
    found = scores[np.arange(n), best]
    # A batch of one pair has no word outside it.
    found[~np.isfinite(found)] = np.inf if farthest else -np.inf
    return candidates[best], found


@dataclass(kw_only=True)
class CounterFit(_Specialise):
    """Antonyms move apart, synonyms together, and neighbours keep their distances.

    Parameters
    ----------
    steps : int
        Steps over all pairs.
    delta, gamma : float
        Antonyms are to be at least delta apart, synonyms at most gamma, as 1 - cosine.
    keep : int
        Nearest neighbours of each word whose distances are kept. (The authors take all within a
        distance of .2, which in a narrow space are millions.)
    antonym_weight, synonym_weight, keep_weight : float
        Weights of the three parts.

    References
    ----------
    Mrkšić et al. (2016), "Counter-fitting word vectors to linguistic constraints", eq. 1 to 4.
    """

    name: ClassVar[str] = "counter-fit"
    steps: int = option(20, "Steps over all pairs.", at_least=1, source="Mrkšić et al. 2016")
    delta: float = option(1.0, "Distance that antonyms are to have.", source="Mrkšić et al. 2016")
    gamma: float = option(0.0, "Distance that synonyms may have.", source="Mrkšić et al. 2016")
    keep: int = option(10, "Neighbours of each word whose distances are kept.", at_least=0)
    antonym_weight: float = option(0.1, "Weight of the antonyms.", at_least=0)
    synonym_weight: float = option(0.1, "Weight of the synonyms.", at_least=0)
    keep_weight: float = option(0.1, "Weight of the kept distances.", at_least=0)

    def _specialise(self, X: F32, start: F32, S: Ids, A: Ids) -> F32:
        K, before = self._kept(start, np.unique(np.concatenate([S.ravel(), A.ravel()])), S, A)
        self.losses_ = []
        for _ in range(self.steps):
            G = np.zeros(X.shape, np.float64)
            terms = np.zeros(len(X))
            loss = 0.0
            parts = (
                (A, self.antonym_weight, -1.0, self.delta),
                (S, self.synonym_weight, 1.0, self.gamma),
                (K, self.keep_weight, 1.0, before),
            )
            for pairs, weight, sign, bound in parts:
                if not len(pairs) or not weight:
                    continue
                U, V = X[pairs[:, 0]].astype(np.float64), X[pairs[:, 1]].astype(np.float64)
                cosine = np.einsum("ij,ij->i", U, V)
                cost = sign * ((1 - cosine) - bound)
                active = cost > 0
                loss += weight * float(cost[active].sum())
                # d(1 - u.v)/du of a unit vector is u (u.v) - v.
                slope = weight * sign * (U * cosine[:, None] - V)[active]
                np.add.at(G, pairs[active, 0], slope)
                np.add.at(terms, pairs[active, 0], 1)
            self.losses_.append(loss)
            moving = terms > 0
            X[moving] = _unit((X[moving] - G[moving] / terms[moving, None]).astype(np.float32))
        return X

    def _kept(self, X: F32, words: Ids, S: Ids, A: Ids) -> tuple[Ids, F64]:
        """Pairs (word, neighbour) whose distances are kept, and those distances."""
        if not self.keep or not self.keep_weight:
            return np.empty((0, 2), np.int64), np.empty(0)
        ids = nearest(X[words], X, self.keep + 1)[0]
        pairs = np.stack([np.repeat(words, ids.shape[1]), ids.ravel()], axis=1)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        stated = set(map(tuple, A.tolist()))
        kept = np.array([p for p in pairs.tolist() if tuple(p) not in stated], np.int64)
        kept = kept.reshape(-1, 2)
        return kept, 1 - np.einsum("ij,ij->i", X[kept[:, 0]], X[kept[:, 1]], dtype=np.float64)
