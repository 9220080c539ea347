"""Double-hard debiasing: a component of word frequency first, then the concept's direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment

from wordvec.errors import DatasetError
from wordvec.estimator import option
from wordvec.spaces.debiasing.base import F64, Ids, Labelled, LearnsFromWords, check_classes, split
from wordvec.spaces.debiasing.concepts import Lookup
from wordvec.spaces.moments import moments, word_weights
from wordvec.system.blas import single_threaded
from wordvec.vectors.vectors import WordVectors

_RUNS = 10  # of k-means, whose accuracies are averaged


@dataclass(kw_only=True)
class DoubleHard(LearnsFromWords):
    """Removes one principal component of all words, then the concept's direction.

    x -> (I - g g')(I - u u')(x - mean). The component u is the one without which clusters of the
    most biased words, after hard debiasing, agree least with the classes. It is chosen on the words
    learned from; `held_out_` reports on others.

    Parameters
    ----------
    concept, pairs, sets, exempt
        See `HardDebias`.
    words, restrict_vocab : int
        Most biased words of each class to choose from, among the most frequent words.
    candidates : int
        Principal components to try, the first ones.
    seed : int
        Seed of the clusters' first centres.

    Attributes
    ----------
    component_ : int
        The component that was removed, from 0.
    accuracy_ : list of float
        Agreement of clusters and classes without each candidate, on the words learned from.
    held_out_ : float
        The same without the chosen one, on words that the choice never saw.

    References
    ----------
    Wang, Lin, Rajani, McCann, Ordonez & Xiong (2020), "Double-hard debias: tailoring word
    embeddings for gender bias mitigation", algorithm 1.
    """

    name: ClassVar[str] = "double-hard"
    candidates: int = option(20, "Principal components to try, the first ones.", at_least=1)
    seed: int = option(1, "Seed of the clusters' first centres.", at_least=0)

    @single_threaded()
    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        every = self._every(vectors, lookup)
        check_classes(every)
        found = moments(vectors.matrix, word_weights(vectors, "types"))
        _, axes = found.axes
        tried = axes.T[: min(self.candidates, len(axes) - 1)]
        chosen, judged = split(every, "fit"), split(every, "judge")
        maps = [_map(vectors, self.sets_, found.mean, u) for u in tried]
        self.accuracy_ = [self._agreement(vectors, chosen, A, found.mean) for A in maps]
        self.component_ = int(np.argmin(self.accuracy_))
        self.matrix_ = maps[self.component_]
        self.offset_ = -self.matrix_ @ found.mean
        self.held_out_ = self._agreement(vectors, judged, self.matrix_, found.mean)

    def _agreement(self, vectors: WordVectors, words: Labelled, A: F64, mean: F64) -> float:
        Y = (np.asarray(vectors.matrix.take(words.ids), np.float64) - mean) @ A.T
        Y /= np.maximum(np.linalg.norm(Y, axis=1, keepdims=True), 1e-300)
        k = int(words.labels.max()) + 1
        shares = []
        for run in range(_RUNS):
            _, clusters = kmeans2(Y, k, minit="++", seed=self.seed + run, missing="warn")
            table = np.zeros((k, k))
            np.add.at(table, (words.labels, clusters), 1)
            rows, columns = linear_sum_assignment(-table)
            shares.append(float(table[rows, columns].sum()) / len(words))
        return float(np.mean(shares))


def _map(vectors: WordVectors, sets: Sequence[Ids], mean: F64, u: F64) -> F64:
    """(I - g g')(I - u u'), with g found in the vectors without u."""
    without_u = np.eye(len(u)) - np.outer(u, u)
    halves = []
    for ids in sets:
        X = (np.asarray(vectors.matrix.take(ids), np.float64) - mean) @ without_u
        halves.append(X - X.mean(axis=0))
    _, values, axes = np.linalg.svd(np.concatenate(halves), full_matrices=False)
    if not values[0] > 1e-12:
        raise DatasetError("the words of the defining sets do not differ")
    return np.asarray(without_u - np.outer(axes[0], axes[0] @ without_u))
