"""Relations: do the vectors tell which relation holds between two words?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec import logistic
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.datasets import RelationSet
from wordvec.evaluation.core.measure import (
    INTERVAL,
    OF_SETS,
    SCORE,
    Entry,
    Measure,
    Table,
    answered,
    chance,
    number,
    text,
    value,
)
from wordvec.evaluation.core.results import Coverage, Interval, Source, Unanswerable
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.blas import single_threaded

FOLDS = 5
_MOST_RESAMPLES = 200  # each takes the average precision of every relation again


@dataclass(frozen=True)
class RelationScore:
    """One relation: its known pairs, and the average precision with which they are ranked before
    all other pairs, by cosine, by the classifier, and by chance (the share of its pairs)."""

    relation: str
    pairs: int
    cosine: float
    classifier: float
    chance: float


@dataclass(frozen=True)
class RelationsResult:
    """How well the pairs of each relation are told from those of the others.

    Attributes
    ----------
    score, interval
        Mean over relations of the average precision by the classifier, with a bootstrap over the
        first words of the pairs.
    cosine : float
        The same mean by cosine alone: detection.
    accuracy : float
        Share of pairs whose relation the classifier names.
    chance : float
        Mean over relations of the share of their pairs: the average precision of a random order.
    """

    measure: str
    dataset: Source
    protocol: str
    coverage: Coverage
    score: float
    interval: Interval
    chance: float
    cosine: float
    accuracy: float
    relations: tuple[RelationScore, ...]


@single_threaded()
def evaluate(
    vectors: Vectors | Space,
    dataset: RelationSet,
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> RelationsResult:
    """Scores `vectors` on pairs of words with relations.

    Detection ranks all pairs by the cosine of their words. Classification fits a logistic
    regression for each relation to the differences of unit vectors (second less first) and ranks
    pairs by its out-of-fold decision: the pairs of a first word are all in one fold, so that
    nothing is learned of a word that is asked.

    Raises
    ------
    Unanswerable
        Fewer than two relations, or fewer first words than folds, are known.
    """
    space = Space.of(vectors)
    rows = [space.pair(a, b) for a, b in dataset.pairs]
    first = {row: dataset.pairs[i] for i, row in reversed([*enumerate(rows)])}
    # Pairs that are an earlier one under the case policy count once.
    known = [i for i, row in enumerate(rows) if row is not None and first[row] == dataset.pairs[i]]
    kinds, labels = np.unique(
        np.array([dataset.labels[i] for i in known], dtype=object).astype(str), return_inverse=True
    )
    firsts, target = np.unique(
        np.array([dataset.pairs[i][0] for i in known], dtype=object).astype(str),
        return_inverse=True,
    )
    if len(kinds) < 2 or len(firsts) < FOLDS:
        raise Unanswerable(
            f"{dataset.source.name}: {len(known)} known pairs of {len(kinds)} relations and "
            f"{len(firsts)} first words; two relations and {FOLDS} words are needed"
        )
    pairs = np.array([rows[i] for i in known], dtype=np.int64)
    a, b = (space.unit[pairs[:, side]].astype(np.float64) for side in (0, 1))
    cosines = np.einsum("ij,ij->i", a, b)
    fold = np.random.default_rng(seed).permutation(len(firsts))[target] % FOLDS
    decisions = _out_of_fold(b - a, labels, fold, len(kinds))
    by_cosine = [_Ranking(cosines, labels == k) for k in range(len(kinds))]
    by_class = [_Ranking(decisions[:, k], labels == k) for k in range(len(kinds))]
    shares = [float((labels == k).mean()) for k in range(len(kinds))]
    ones = np.ones(len(labels))
    scores = tuple(
        RelationScore(
            str(kind),
            int((labels == k).sum()),
            by_cosine[k].precision(ones),
            by_class[k].precision(ones),
            shares[k],
        )
        for k, kind in enumerate(kinds)
    )
    score = float(np.mean([each.classifier for each in scores]))
    counts = statistics.resampled_counts(
        len(firsts), min(resamples, _MOST_RESAMPLES), np.random.default_rng(seed)
    )
    again = [np.mean([r.precision(drawn[target]) for r in by_class]) for drawn in counts]
    missing = tuple(
        sorted({word for pair in dataset.pairs for word in pair if space.row(word) is None})
    )
    asked = tuple(dict.fromkeys(word for pair in dataset.pairs for word in pair))
    return RelationsResult(
        measure="relations",
        dataset=dataset.source,
        protocol=(
            f"average precision against all other pairs; logistic regression on differences of "
            f"unit vectors, {FOLDS} folds by first word; case: {space.case}"
        ),
        coverage=space.coverage(len(dataset.pairs), len(known), asked, missing),
        score=score,
        interval=statistics.bounded_interval(
            np.array(again),
            score,
            (0.0, 1.0),
            level,
            f"percentile bootstrap over first words, {len(again)} resamples",
        ),
        chance=float(np.mean(shares)),
        cosine=float(np.mean([each.cosine for each in scores])),
        accuracy=float((decisions.argmax(1) == labels).mean()),
        relations=scores,
    )


def _out_of_fold(
    X: NDArray[np.float64], labels: NDArray[np.int64], fold: NDArray[np.int64], kinds: int
) -> NDArray[np.float64]:
    """Decisions (n, kinds) for each pair, by classifiers that saw no pair of its fold."""
    out = np.zeros((len(X), kinds))
    for each in range(FOLDS):
        inside, outside = fold == each, fold != each
        for k in range(kinds):
            weights = logistic.linear(X[outside], (labels[outside] == k).astype(np.float64))
            out[inside, k] = logistic.decide(X[inside], weights)
    return out


class _Ranking:
    """Pairs in order of falling score, equal ones by place, and which of them are right."""

    def __init__(self, scores: NDArray[np.float64], right: NDArray[np.bool_]) -> None:
        self._order = np.argsort(-scores, kind="stable")
        self._right = right[self._order]

    def precision(self, weights: NDArray[np.float64]) -> float:
        """Average precision where each pair counts as often as its weight says."""
        counted = weights[self._order].astype(np.float64)
        hits = np.where(self._right, counted, 0)
        total = hits.sum()
        if not total:
            return 0.0
        share = np.cumsum(hits) / np.maximum(np.cumsum(counted), 1e-300)
        return float((hits * share).sum() / total)


def _detail(e: Entry) -> Table:
    return Table.of(
        [
            {
                "relation": each["relation"],
                "pairs": f"{each['pairs']:,}",
                "by cosine": number(each["cosine"]),
                "by classifier": number(each["classifier"]),
                "by chance": number(each["chance"]),
            }
            for each in e["relations"]
        ],
        "Average precision of each relation",
    )


MEASURE = Measure(
    name="relations",
    title="Relations",
    score="mean average precision",
    about=(
        "Do the vectors tell which relation (part, kind, property, none) holds between two words? "
        "By the difference of their vectors, and by cosine alone."
    ),
    asks=RelationSet,
    run=evaluate,
    result=RelationsResult,
    columns={
        **OF_SETS,
        "mean AP": SCORE,
        "interval": INTERVAL,
        "answered": answered,
        "by chance": chance,
        "by cosine": value("cosine"),
        "accuracy": value("accuracy"),
        "protocol": text("protocol"),
    },
    range=(0.0, 1.0),
    main=5,
    detail=_detail,
    reference="""@inproceedings{baroni2011bless,
  author = {Baroni, Marco and Lenci, Alessandro},
  title = {How we {BLESS}ed distributional semantic evaluation},
  booktitle = {Proceedings of the GEMS 2011 Workshop on Geometrical Models of Natural Language
               Semantics},
  pages = {1--10},
  year = {2011},
}
@inproceedings{levy2015supervised,
  author = {Levy, Omer and Remus, Steffen and Biemann, Chris and Dagan, Ido},
  title = {Do supervised distributional methods really learn lexical inference relations?},
  booktitle = {Proceedings of NAACL-HLT},
  pages = {970--976},
  year = {2015},
}""",
)
