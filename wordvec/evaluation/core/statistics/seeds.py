"""How much of a score is the luck of the seed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.results import Interval


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
    ranges: Mapping[str, tuple[float | None, float | None]] | None = None,
) -> list[OverSeeds]:
    """Scores of the document's entries, gathered by group, measure and title.

    `ranges`: the ends that the scores of a measure cannot pass; the interval keeps within them.
    """
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
        ends = (ranges or {}).get(measure, (None, None))
        half = float(stdtrit(n - 1, (1 + level) / 2)) * sd / math.sqrt(n)
        out.append(
            OverSeeds(
                group,
                measure,
                title,
                tuple(scores),
                mean,
                sd,
                float(values.min()),
                float(values.max()),
                statistics.around(mean, half, ends, level, f"t, {n} seeds"),
            )
        )
    return out
