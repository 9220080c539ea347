"""Comparing models: on the items that all of them answer, and over seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.datasets import AnalogySet, SimilaritySet
from wordvec.evaluation.core.results import Interval, Unanswerable
from wordvec.evaluation.measures.analogy import AnalogyResult, micro_replicates
from wordvec.evaluation.measures.similarity import SimilarityResult


@dataclass(frozen=True)
class Comparison:
    """Two models on the items of one dataset that all compared models answer.

    Attributes
    ----------
    items : int
        How many these are.
    first_score, second_score, difference
        On these items; the difference is first - second.
    interval : Interval
        Paired bootstrap of the difference over the items (of analogies: over word pairs).
    p_bootstrap : float
        Two-sided: twice the share of resamples on the other side of 0, at least 2 / (m + 1).
    p_williams : float or None
        Williams' test of two dependent correlations (Steiger 1980), for similarities.
    p_holm : float
        The bootstrap p adjusted over the pairs of models on this dataset.
    """

    measure: str
    dataset: str
    first: str
    second: str
    items: int
    first_score: float
    second_score: float
    difference: float
    interval: Interval
    p_bootstrap: float
    p_williams: float | None
    p_holm: float | None


def similarity(
    dataset: SimilaritySet,
    results: Mapping[str, SimilarityResult],
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> list[Comparison]:
    """Every pair of models on the word pairs that all models have."""
    table = {name: result.cosines for name, result in results.items()}
    common = np.isfinite(np.array(list(table.values()))).all(axis=0)
    if common.sum() < 4:
        raise Unanswerable(
            f"{dataset.source.name}: the models have {common.sum()} pairs in common, too few to "
            "compare"
        )
    human = dataset.scores[common]
    rho = {name: statistics.spearman(cos[common], human) for name, cos in table.items()}
    names = list(table)
    replicates = statistics.bootstrap_correlations(
        human, *(table[name][common] for name in names), resamples=resamples, seed=seed
    )
    out = []
    for i, j in combinations(range(len(names)), 2):
        one, other = names[i], names[j]
        between = statistics.spearman(table[one][common], table[other][common])
        _, p = statistics.williams_test(rho[one], rho[other], between, int(common.sum()))
        out.append(
            _comparison(
                "similarity", dataset.source.name, (one, other), int(common.sum()),
                (rho[one], rho[other]), replicates[:, i] - replicates[:, j],
                "paired bootstrap over pairs", level, None if math.isnan(p) else p,
            )
        )  # fmt: skip
    return _holm(out)


def analogy(
    dataset: AnalogySet,
    results: Mapping[str, AnalogyResult],
    *,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> list[Comparison]:
    """Every pair of models on the questions that all models answer (micro accuracy)."""
    ranks = np.array([result.ranks for result in results.values()])
    common = np.all(ranks > 0, axis=0)
    if not common.any():
        raise Unanswerable(f"{dataset.source.name}: the models answer no question in common")
    names = list(results)
    solver = next(iter(results.values())).solver
    right = np.logical_and(ranks == 1, common)
    score = right.sum(axis=1) / common.sum()
    replicates = micro_replicates(dataset, right, common, resamples, seed)
    out = [
        _comparison(
            "analogy", f"{dataset.source.name} ({solver})", (names[i], names[j]),
            int(common.sum()), (float(score[i]), float(score[j])), replicates[i] - replicates[j],
            "paired pigeonhole bootstrap over word pairs", level, None,
        )
        for i, j in combinations(range(len(names)), 2)
    ]  # fmt: skip
    return _holm(out)


def _comparison(
    measure: str,
    dataset: str,
    names: tuple[str, str],
    items: int,
    scores: tuple[float, float],
    differences: Any,
    method: str,
    level: float,
    p_williams: float | None,
) -> Comparison:
    finite = differences[np.isfinite(differences)]
    other_side = min((finite <= 0).sum(), (finite >= 0).sum())
    return Comparison(
        measure=measure,
        dataset=dataset,
        first=names[0],
        second=names[1],
        items=items,
        first_score=scores[0],
        second_score=scores[1],
        difference=scores[0] - scores[1],
        interval=statistics.percentile_interval(
            differences, level, f"{method}, {len(differences)} resamples"
        ),
        p_bootstrap=min(1.0, float(2 * (other_side + 1) / (len(finite) + 1))),
        p_williams=p_williams,
        p_holm=None,
    )


def _holm(comparisons: list[Comparison]) -> list[Comparison]:
    adjusted = statistics.holm([c.p_bootstrap for c in comparisons])
    return [replace(c, p_holm=p) for c, p in zip(comparisons, adjusted, strict=True)]


# --- seeds ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OverSeeds:
    """One score over several trainings that differ in their seed alone.

    `interval` is Student's t interval of the mean over trainings: it tells how much of a score is
    the luck of the seed.
    """

    group: str
    measure: str
    dataset: str
    models: tuple[str, ...]
    mean: float
    sd: float
    low: float
    high: float
    interval: Interval


def group_of(name: str, meta: Mapping[str, Any]) -> str:
    """What a model is called without its seed: "sgns-s2" and "sgns.seed2" are "sgns", and so is
    "sgns-2" when the file says that 2 was its seed."""
    marked = re.fullmatch(r"(.+?)[-_. ](?:s|seed[-_=]?)\d+", name)
    seed = meta.get("seed", meta.get("options", {}).get("seed"))
    numbered = re.fullmatch(rf"(.+?)[-_. ]{seed}", name)
    found = marked or numbered
    return found[1] if found else name


def over_seeds(
    entries: Sequence[Mapping[str, Any]],
    groups: Mapping[str, str],
    titles: Sequence[str],
    level: float = statistics.LEVEL,
) -> list[OverSeeds]:
    """Scores of the document's entries, gathered by group, measure and title."""
    from scipy.special import stdtrit

    gathered: dict[tuple[str, str, str], dict[str, float]] = {}
    for entry, title in zip(entries, titles, strict=True):
        key = (groups[entry["model"]], entry["measure"], title)
        gathered.setdefault(key, {})[entry["model"]] = entry["score"]
    out = []
    for (group, measure, title), scores in gathered.items():
        n = len(scores)
        if n < 2:
            continue
        values = np.array(list(scores.values()))
        mean, sd = float(values.mean()), float(values.std(ddof=1))
        half = float(stdtrit(n - 1, (1 + level) / 2)) * sd / math.sqrt(n)
        out.append(
            OverSeeds(
                group, measure, title, tuple(scores), mean, sd, float(values.min()),
                float(values.max()), Interval(mean - half, mean + half, level, f"t, {n} seeds"),
            )
        )  # fmt: skip
    return out
