"""Single-category WEAT (WEFAT): how single words lean to one of two lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, GenderLists, ListCoverage, list_coverage
from wordvec.evaluation.core.measure import (
    INTERVAL,
    SCORE,
    Cell,
    Entry,
    Measure,
    Table,
    between,
    chance,
    list_sizes,
    number,
    p_text,
    span,
    text,
    value,
)
from wordvec.evaluation.core.results import Interval, Unanswerable, require
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures.bias.sets.weat import CALISKAN, effect_size

_EXACT_SINGLE = 32  # words of A and B: 2 ms a word; beyond, a test a word is sampled


@dataclass(frozen=True)
class SingleCategory:
    """Association of one word with A over B: d = (mean_A cos - mean_B cos) / SD over A and B."""

    word: str
    score: float
    p_one_sided: float
    p_two_sided: float
    p_holm: float


@dataclass(frozen=True)
class SingleCategoryResult:
    """Single-category WEAT (WEFAT) of several words; `score` is their mean effect size.

    With known facts about the words (a share of women, say) `correlation` is Pearson's r of
    effect size and fact, with Fisher's interval.
    """

    measure: str
    name: str
    title: str
    protocol: str
    lists: dict[str, ListCoverage]
    score: float
    interval: Interval
    chance: Interval
    p_method: str
    correlation: float | None
    correlation_interval: Interval | None
    words: tuple[SingleCategory, ...]


def single_category(
    vectors: Vectors | Space,
    words: Sequence[str],
    A: Sequence[str],
    B: Sequence[str],
    *,
    name: str = "single category",
    title: str = "",
    facts: Mapping[str, float] | None = None,
    samples: int = 100_000,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
    min_share: float = MIN_SHARE,
) -> SingleCategoryResult:
    """Single-category WEAT of each word, exact where A and B have 32 words together or fewer.

    p is the share of re-partitions of A and B, p_holm adjusts over the words.

    References
    ----------
    Caliskan, Bryson & Narayanan (2017), where it is called WEFAT.
    """
    space = Space.of(vectors)
    lists, rows = {}, {}
    for side, given in (("words", words), ("A", A), ("B", B)):
        found, rows[side], missing, dropped = space.find_once(given)
        lists[side] = list_coverage(space, side, given, found, missing, dropped)
        require(len(found), len(given), min_share, name, f"list {side}", missing)
    W, a, b = (space.unit[rows[side]].astype(np.float64) for side in ("words", "A", "B"))
    to_a, to_b = W @ a.T, W @ b.T
    d = [effect_size(x, y) for x, y in zip(to_a, to_b, strict=True)]
    if not all(map(math.isfinite, d)):
        raise Unanswerable(f"{name}: similarities to A and B do not vary")
    exact = len(a) + len(b) <= _EXACT_SINGLE
    p = [
        statistics.permutation_test(x, y, samples=samples, seed=seed, exact=exact)
        for x, y in zip(to_a, to_b, strict=True)
    ]
    holm = statistics.holm([test.p_one_sided for test in p])
    draws = np.random.default_rng(seed).integers(0, len(d), (resamples, len(d)))
    half = statistics.normal_quantile(level) * math.sqrt(1 / len(a) + 1 / len(b))
    known = [w for w in lists["words"].used if facts and w in facts]
    r = None
    if facts and len(known) > 3:
        by_word = dict(zip(lists["words"].used, d, strict=True))
        r = statistics.pearson([by_word[w] for w in known], [facts[w] for w in known])
    return SingleCategoryResult(
        measure="single_category",
        name=name,
        title=title,
        protocol=f"cosine; SD with ddof = 1; case: {space.case}",
        lists=lists,
        score=float(np.mean(d)),
        interval=statistics.percentile_interval(
            np.array(d)[draws].mean(axis=1),
            level,
            f"percentile bootstrap over the words, {resamples} resamples",
        ),
        chance=Interval(-half, half, level, "normal, attributes exchanged, of one word"),
        p_method=p[0].method,
        correlation=r,
        correlation_interval=(
            statistics.fisher_interval(r, len(known), level=level) if r is not None else None
        ),
        words=tuple(
            SingleCategory(word, score, test.p_one_sided, test.p_two_sided, adjusted)
            for word, score, test, adjusted in zip(lists["words"].used, d, p, holm, strict=True)
        ),
    )


def _of_gender(
    space: Space,
    lists: GenderLists,
    *,
    resamples: int,
    level: float,
    seed: int,
    min_share: float,
) -> SingleCategoryResult:
    shares = dict(lists.female_share)
    female, male = ([pair[i] for pair in lists.pairs] for i in (0, 1))
    return single_category(
        space,
        list(shares),
        female,
        male,
        name="gender",
        title="occupations, female over male words",
        facts=shares,
        resamples=resamples,
        level=level,
        seed=seed,
        min_share=min_share,
    )


def _words(e: Entry) -> Table:
    facts = ""
    if e["correlation"] is not None:
        facts = (
            f"; correlation with the known shares {number(e['correlation'])} "
            f"({between(e['correlation_interval'])})"
        )
    words = [
        {
            "word": w["word"],
            "d": number(w["score"]),
            "p one-sided": p_text(w["p_one_sided"]),
            "p two-sided": p_text(w["p_two_sided"]),
            "p Holm": p_text(w["p_holm"]),
        }
        for w in sorted(e["words"], key=lambda w: -w["score"])
    ]
    caption = (
        f"{e['model']}: {e['name']}, mean d {number(e['score'])} ({between(e['interval'])}){facts}"
    )
    return Table.of(words, caption)


COLUMNS: dict[str, Cell] = {
    "lists": text("name"),
    "mean d": SCORE,
    "interval": INTERVAL,
    "about": text("title"),
    "correlation with the known shares": value("correlation"),
    "its interval": span("correlation_interval"),
    "by chance": chance,
    "known": list_sizes,
}
MEASURE = Measure(
    name="single_category",
    title="Associations of single words (WEFAT)",
    score="mean effect size d",
    about="d: standardised difference of a word's similarity to the first and the second list.",
    asks=GenderLists,
    run=_of_gender,
    result=SingleCategoryResult,
    columns=COLUMNS,
    main=3,
    detail=_words,
    reference=CALISKAN,
)
