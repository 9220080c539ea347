"""LRCos: analogies by a classifier of the target class (Drozd, Gladkova & Matsuoka 2016)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wordvec import logistic
from wordvec.evaluation.core.datasets import AnalogySet, Question
from wordvec.evaluation.core.space import Space
from wordvec.system.blas import single_threaded

FOLDS = 10
_SCORE_BYTES = 64 << 20  # of scores at once


def as_questions(dataset: AnalogySet) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    """The different word pairs of each category as questions: a pair asks for its own target."""
    categories = []
    for name, members in dataset.categories:
        targets: dict[str, dict[str, None]] = {}
        for q in members:
            targets.setdefault(q.a, {})[q.b] = None
            targets.setdefault(q.c, {}).update(dict.fromkeys(q.answers))
        pairs = ((source, tuple(accepted)) for source, accepted in targets.items())
        categories.append((name, tuple(Question(s, t[0], s, t) for s, t in pairs)))
    return tuple(categories)


@single_threaded()
def rank_pairs(
    space: Space, pairs: list[tuple[str, tuple[str, ...]]], candidates: int, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(ranks, predicted rows) of the (source, targets) of one category, as in `analogy.Answers`.

    A candidate x scores P(x is a target) cos(x, source). The classifier of a pair is trained on
    the other folds: their targets against their sources and as many random words.
    """
    ranks, predicted = np.zeros(len(pairs), np.int32), np.full(len(pairs), -1, np.int32)
    sources = [_row(space, source, candidates) for source, _ in pairs]
    targets = [
        [row for word in accepted if (row := _row(space, word, candidates)) is not None]
        for _, accepted in pairs
    ]
    usable = [i for i in range(len(pairs)) if sources[i] is not None and targets[i]]
    rng = np.random.default_rng(seed)
    order = rng.permutation(usable)
    folds = min(FOLDS, len(usable))
    if folds < 2:
        return ranks, predicted
    held = [order[fold::folds].tolist() for fold in range(folds)]
    weights = np.empty((folds, space.unit.shape[1] + 1), np.float32)
    for fold, pairs_held in enumerate(held):
        train = [i for i in usable if i not in pairs_held]
        positive = sorted({row for i in train for row in targets[i]})
        sources_of = [row for i in train if (row := sources[i]) is not None]
        drawn = rng.integers(0, candidates, len(positive)).tolist()
        negative = sorted({*sources_of, *drawn} - set(positive))
        X = space.unit[positive + negative].astype(np.float64)
        y = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
        weights[fold] = logistic.linear(X, y)

    # Several folds at once: a product reads all candidates, however few its rows are.
    together = max(1, _SCORE_BYTES // (4 * candidates * (1 + max(map(len, held)))))
    for first in range(0, folds, together):
        some = held[first : first + together]
        asked = [i for pairs_held in some for i in pairs_held]
        heads = space.unit[[sources[i] for i in asked]]
        ours = weights[first : first + together]
        products = np.r_[heads, ours[:, :-1]] @ space.unit[:candidates].T
        chances = logistic.probabilities(products[len(asked) :] + ours[:, -1:])
        scores = iter(products)
        for pairs_held, chance in zip(some, chances, strict=True):
            for i, score in zip(pairs_held, scores, strict=False):
                score *= chance
                score[sources[i]] = -np.inf
                answer = max(targets[i], key=lambda row: score[row])
                best = score[answer]
                score[answer] = -np.inf
                ranks[i] = 1 + int(np.count_nonzero(score >= best))
                predicted[i] = answer if ranks[i] == 1 else int(score.argmax())
    return ranks, predicted


def _row(space: Space, word: str, candidates: int) -> int | None:
    row = space.row(word)
    return row if row is not None and row < candidates else None
