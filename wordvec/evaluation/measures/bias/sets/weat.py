"""WEAT: the word embedding association test."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, ListCoverage, WeatTest, cover
from wordvec.evaluation.core.measure import (
    INTERVAL,
    P_FOUND,
    SCORE,
    Cell,
    Entry,
    Measure,
    chance,
    list_sizes,
    number,
    p_value,
    span,
    text,
)
from wordvec.evaluation.core.of_vectors import Scored, units
from wordvec.evaluation.core.results import Interval, Unanswerable, first_few
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]

UNEQUAL = ("means", "balance", "refuse")


@dataclass(frozen=True)
class WordScore:
    """Association of one word; `without`: the effect size when the word is left out."""

    word: str
    list: str
    score: float | None
    without: float


@dataclass(frozen=True)
class WeatResult:
    """A WEAT.

    Attributes
    ----------
    score : float
        Effect size d = (mean_X s - mean_Y s) / SD of s over X and Y, with ddof = 1.
    interval : Interval
        Bootstrap over the items of all four lists.
    chance : Interval
        Where d falls when X and Y are exchanged at random: 0 -+ z sqrt(1/|X| + 1/|Y|).
    p_one_sided, p_two_sided, p_method, partitions
        See `statistics.Permutation`; p_holm is the one-sided p adjusted over the family.
    least_p : float
        The least p that this many partitions (or samples) can give.
    p_interval : Interval or None
        Uncertainty of a sampled one-sided p; proven bounds of a certified one.
    leave_one_out : Interval
        Smallest and largest d when any one word of the four lists is left out.
    """

    measure: str
    name: str
    title: str
    protocol: str
    lists: dict[str, ListCoverage]
    score: float
    interval: Interval
    chance: Interval
    statistic: float
    p_one_sided: float
    p_two_sided: float
    p_holm: float | None
    p_method: str
    p_interval: Interval | None
    partitions: int
    least_p: float
    leave_one_out: Interval
    words: tuple[WordScore, ...]
    published: dict[str, float]


def associations(W: _F64, A: _F64, B: _F64) -> _F64:
    """s(w, A, B) = mean cos(w, a) - mean cos(w, b) for unit rows of W: (n,)."""
    return np.asarray(W @ (A.mean(axis=0) - B.mean(axis=0)))


def effect_size(s_x: _F64, s_y: _F64) -> float:
    """d of scores of X and Y; NaN when no score differs."""
    spread = float(np.concatenate([s_x, s_y]).std(ddof=1))
    return float(s_x.mean() - s_y.mean()) / spread if spread > 0 else math.nan


def weat(
    vectors: Vectors | Space,
    test: WeatTest,
    *,
    samples: int = statistics.SAMPLES,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
    min_share: float = MIN_SHARE,
    unequal: str = "means",
) -> WeatResult:
    """The Word Embedding Association Test.

    Parameters
    ----------
    samples : int
        Partitions drawn where all cannot be counted (more than 50 target words).
    min_share : float
        A test is refused when fewer than this share of any list is known, or no word of it.
    unequal : {"means", "balance", "refuse"}
        When missing words leave target lists of different sizes: compare means over partitions of
        those sizes; leave out the last words of the longer list; or refuse. Attribute lists
        enter by their means only.

    Raises
    ------
    Unanswerable
        By `min_share`, by `unequal`, or when the scores do not vary.

    References
    ----------
    Caliskan, Bryson & Narayanan (2017), Science 356:183-186.
    """
    if unequal not in UNEQUAL:
        raise ValueError(f"unequal must be one of {', '.join(UNEQUAL)}, got {unequal!r}")
    space = Space.of(vectors)
    lists, rows = cover(space, test, min_share)
    if len(rows["X"]) != len(rows["Y"]):
        _settle(test, unequal, lists, rows)
    units = {side: space.unit[rows[side]].astype(np.float64) for side in "XYAB"}
    return measure_units(
        "weat",
        test,
        lists,
        units,
        samples=samples,
        resamples=resamples,
        level=level,
        seed=seed,
        protocol=protocol_of(space, rows),
    )


def _settle(
    test: WeatTest,
    unequal: str,
    lists: dict[str, ListCoverage],
    rows: dict[str, list[int]],
) -> None:
    sizes = {side: len(rows[side]) for side in "XY"}
    if unequal == "refuse":
        raise Unanswerable(
            f"{test.name}: refused, target lists differ in size ({sizes['X']} and {sizes['Y']}); "
            f"missing: {first_few(lists['X'].missing + lists['Y'].missing)}"
        )
    if unequal == "balance":
        least = min(sizes.values())
        for side in "XY":
            used = lists[side].used
            lists[side] = replace(
                lists[side], used=used[:least], dropped=lists[side].dropped + used[least:]
            )
            del rows[side][least:]


def protocol_of(space: Space, rows: Mapping[str, Sequence[int]]) -> str:
    sizes = ", ".join(f"|{side}| = {len(rows[side])}" for side in rows)
    return f"cosine; SD with ddof = 1; {sizes}; case: {space.case}"


def measure_units(
    measure: str,
    test: WeatTest,
    lists: dict[str, ListCoverage],
    units: dict[str, _F64],
    *,
    per: int = 1,
    samples: int,
    resamples: int,
    level: float,
    seed: int,
    protocol: str,
) -> WeatResult:
    """The test over unit rows, `per` of them a word: a word's rows stay together."""
    X, Y, A, B = (units[side] for side in "XYAB")
    s_x, s_y = associations(X, A, B), associations(Y, A, B)
    d = effect_size(s_x, s_y)
    if not math.isfinite(d):
        raise Unanswerable(f"{test.name}: the associations of X and Y do not vary")
    by_word = [s.reshape(-1, per).mean(axis=1) for s in (s_x, s_y)]
    p = statistics.permutation_test(*by_word, samples=samples, seed=seed)
    scores = _leave_one_out(lists, units, s_x, s_y, per)
    without = [word.without for word in scores if math.isfinite(word.without)]
    half = statistics.normal_quantile(level) * math.sqrt(per / len(s_x) + per / len(s_y))
    return WeatResult(
        measure=measure,
        name=test.name,
        title=test.title,
        protocol=protocol,
        lists=lists,
        score=d,
        interval=_bootstrap(units, per, resamples, level, seed),
        chance=Interval(-half, half, level, "normal, targets exchanged"),
        statistic=p.statistic,
        p_one_sided=p.p_one_sided,
        p_two_sided=p.p_two_sided,
        p_holm=None,
        p_method=p.method,
        p_interval=(
            statistics.wilson_interval(p.p_one_sided * p.partitions, p.partitions, level)
            if p.method == "sampled"
            else Interval(*p.bounds, 1.0, "proven bounds over all partitions")
            if p.bounds is not None
            else None
        ),
        partitions=p.partitions,
        least_p=1 / (p.partitions + (p.method == "sampled")),
        leave_one_out=Interval(
            min(without, default=d), max(without, default=d), 1.0, "leaving out each word in turn"
        ),
        words=scores,
        published=dict(test.published),
    )


def _bootstrap(
    units: dict[str, _F64], per: int, resamples: int, level: float, seed: int
) -> Interval:
    """d over resamples of the words of all four lists."""
    rng = np.random.default_rng(seed)
    X, Y, A, B = (units[side] for side in "XYAB")
    draw = {}
    for side in "XYAB":
        counts = statistics.resampled_counts(len(units[side]) // per, resamples, rng)
        draw[side] = np.repeat(counts, per, axis=1)
    targets = np.concatenate([X, Y])
    s = (draw["A"] / len(A)) @ (A @ targets.T) - (draw["B"] / len(B)) @ (B @ targets.T)
    w_x, w_y = draw["X"], draw["Y"]
    s_x, s_y = s[:, : len(X)], s[:, len(X) :]
    mean_x = (w_x * s_x).sum(axis=1) / len(X)
    mean_y = (w_y * s_y).sum(axis=1) / len(Y)
    n = len(targets)
    mean = (len(X) * mean_x + len(Y) * mean_y) / n
    squares = (np.c_[w_x, w_y] * (s - mean[:, None]) ** 2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        d = (mean_x - mean_y) / np.sqrt(squares / (n - 1))
    method = f"percentile bootstrap over the words of the four lists, {resamples} resamples"
    return statistics.percentile_interval(d, level, method)


def _leave_one_out(
    lists: dict[str, ListCoverage], units: dict[str, _F64], s_x: _F64, s_y: _F64, per: int
) -> tuple[WordScore, ...]:
    out = []
    for side, own in (("X", s_x), ("Y", s_y)):
        for i, word in enumerate(lists[side].used):
            place = slice(i * per, (i + 1) * per)
            rest = np.delete(own, place)
            sides = (rest, s_y) if side == "X" else (s_x, rest)
            d = effect_size(*sides) if len(rest) else math.nan
            out.append(WordScore(word, side, float(own[place].mean()), d))
    for side in "AB":
        for i, word in enumerate(lists[side].used):
            rest = np.delete(units[side], slice(i * per, (i + 1) * per), axis=0)
            pair = (rest, units["B"]) if side == "A" else (units["A"], rest)
            d = math.nan
            if len(rest):
                d = effect_size(associations(units["X"], *pair), associations(units["Y"], *pair))
            out.append(WordScore(word, side, None, d))
    return tuple(out)


def family(results: Iterable[WeatResult]) -> tuple[WeatResult, ...]:
    """The results with Holm-adjusted p-values over all of them."""
    results = tuple(results)
    adjusted = statistics.holm([result.p_one_sided for result in results])
    return tuple(replace(r, p_holm=p) for r, p in zip(results, adjusted, strict=True))


def _method(e: Entry) -> str:
    how = f"{e['p_method']}, {e['partitions']:,} partitions"
    if e["least_p"] >= P_FOUND:
        how += f"; p cannot be under {number(e['least_p'], 3)} with so few words"
    return how


def _published(e: Entry) -> str:
    return "; ".join(f"{d:.2f} {vectors}" for vectors, d in e["published"].items()) or "-"


COLUMNS: dict[str, Cell] = {
    "test": text("name"),
    "d": SCORE,
    "interval": INTERVAL,
    "p one-sided": p_value("p_one_sided"),
    "p Holm": p_value("p_holm"),
    "about": text("title"),
    "published d": _published,
    "by chance": chance,
    "leave one out": span("leave_one_out"),
    "p two-sided": p_value("p_two_sided"),
    "method": _method,
    "words": list_sizes,
}
CALISKAN = """@article{caliskan2017semantics,
  author = {Caliskan, Aylin and Bryson, Joanna J. and Narayanan, Arvind},
  title = {Semantics derived automatically from language corpora contain human-like biases},
  journal = {Science},
  volume = {356},
  number = {6334},
  pages = {183--186},
  year = {2017},
}"""


def of_vectors(space: Space, _: WeatTest, result: WeatResult) -> Scored:
    """The effect size as a function of the vectors of the words used."""
    used = [[space.row(word) for word in result.lists[side].used] for side in "XYAB"]
    edges = np.cumsum([len(side) for side in used])[:-1]

    def effect(vectors: _F64) -> _F64:
        X, Y, A, B = np.split(units(vectors), edges, axis=1)
        axis = A.mean(axis=1) - B.mean(axis=1)
        s_x, s_y = (np.einsum("bnd,bd->bn", side, axis) for side in (X, Y))
        return np.array([effect_size(x, y) for x, y in zip(s_x, s_y, strict=True)])

    return [space.words[row] for side in used for row in side if row is not None], effect


MEASURE = Measure(
    name="weat",
    title="Association tests (WEAT)",
    score="effect size d",
    about="d: standardised difference of the association of two target lists with two attribute "
    "lists. p: share of re-partitions of the targets with a difference as large.",
    asks=WeatTest,
    run=weat,
    of_vectors=of_vectors,
    result=WeatResult,
    columns=COLUMNS,
    main=5,
    family=family,
    figures=("forest", "words"),
    reference=CALISKAN,
)
