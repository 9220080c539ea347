"""Bias measures beside WEAT: distances, classifiers, correlations and directions."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec import logistic
from wordvec.blas import single_threaded
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.results import Interval, Unanswerable, some
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures.bias import (
    MIN_SHARE,
    ListCoverage,
    WeatTest,
    cover,
    data_file,
)

_F64 = NDArray[np.float64]

NULL_DRAWS = 200  # exchanges of labels behind the chance of RNSB and of the mean cosine distance


@dataclass(frozen=True)
class BiasScore:
    """One number for the bias of a set of lists.

    Attributes
    ----------
    score, interval
        The measure and its bootstrap interval over the words.
    unbiased : float
        What vectors without this bias would score.
    chance : Interval or None
        Where the score falls when the words are exchanged between the sides at random.
    words : tuple of (word, value)
        Contributions of single words, where the measure has them.
    """

    measure: str
    name: str
    title: str
    protocol: str
    lists: dict[str, ListCoverage]
    score: float
    interval: Interval
    unbiased: float
    chance: Interval | None
    words: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class GenderLists:
    """Lists of Bolukbasi et al. (2016): defining pairs (female, male), words that are about gender
    by meaning, professions; and the share of women in occupations, in percent."""

    pairs: tuple[tuple[str, str], ...]
    specific: tuple[str, ...]
    professions: tuple[str, ...]
    female_share: tuple[tuple[str, float], ...]

    @property
    def neutral(self) -> tuple[str, ...]:
        """Professions that are not about gender by meaning."""
        return tuple(word for word in self.professions if word not in set(self.specific))


@cache
def gender_lists() -> GenderLists:
    """The lists that ship."""
    table = tomllib.loads(data_file("gender.toml").read_text("utf-8"))
    return GenderLists(
        tuple((female, male) for female, male in table["pairs"]),
        tuple(table["specific"].split()),
        tuple(table["professions"].split()),
        tuple((word, float(share)) for word, share in table["female_share"].items()),
    )


# --- measures of the four lists of a WEAT ---------------------------------------------------------

Draws = Mapping[str, NDArray[np.int64]]
Measure = Callable[[Mapping[str, _F64]], float]


def rnd(vectors: Vectors | Space, test: WeatTest, attribute: str = "A", **how: Any) -> BiasScore:
    """Relative norm distance of one attribute list from the two target groups.

    Mean over the attribute words m of |m - mean(X)| - |m - mean(Y)|, with unit vectors: negative
    when the attribute is nearer to X.

    References
    ----------
    Garg, Schiebinger, Jurafsky & Zou (2018), PNAS 115:E3635; the mean in place of the sum, so that
    lists of different length compare.
    """
    if attribute not in ("A", "B"):
        raise ValueError(f"attribute must be A or B, got {attribute!r}")

    def measure(units: Mapping[str, _F64]) -> float:
        return float(values(units).mean())

    def values(units: Mapping[str, _F64]) -> _F64:
        x, y = units["X"].mean(axis=0), units["Y"].mean(axis=0)
        words = units[attribute]
        return np.asarray(np.linalg.norm(words - x, axis=1) - np.linalg.norm(words - y, axis=1))

    label = test.labels["XYAB".index(attribute)]
    return _score(
        "rnd", vectors, replace(test, name=f"{test.name} {label}"), measure, 0.0, values, attribute,
        exchange=("X", "Y"), **how,
    )  # fmt: skip


def mac(vectors: Vectors | Space, test: WeatTest, **how: Any) -> BiasScore:
    """Mean cosine distance (MAC) of the targets X and Y from the attribute lists A and B.

    The mean over targets t and attribute lists of 1 - mean cos(t, a): 1 when targets have no
    association with the attributes.

    References
    ----------
    Manzini, Lim, Tsvetkov & Black (2019).
    """

    def measure(units: Mapping[str, _F64]) -> float:
        targets = np.concatenate([units["X"], units["Y"]])
        return 1 - float(np.mean([targets @ units[side].mean(axis=0) for side in "AB"]))

    return _score("mac", vectors, test, measure, 1.0, **how)


def ect(vectors: Vectors | Space, test: WeatTest, **how: Any) -> BiasScore:
    """Embedding coherence test: Spearman's rho of the attributes' similarities to the two groups.

    Correlates cos(mean(X), m) with cos(mean(Y), m) over the attribute words m of A and B: 1 when
    both groups order the attributes alike.

    References
    ----------
    Dev & Phillips (2019).
    """

    def measure(units: Mapping[str, _F64]) -> float:
        words = np.concatenate([units["A"], units["B"]])
        # Scaling a mean vector to unit length does not change the order of its similarities.
        return statistics.spearman(words @ units["X"].mean(axis=0), words @ units["Y"].mean(axis=0))

    return _score("ect", vectors, test, measure, 1.0, exchange=("X", "Y"), **how)


def rnsb(vectors: Vectors | Space, test: WeatTest, **how: Any) -> BiasScore:
    """Relative negative sentiment bias: do the targets get unequal shares of negative sentiment?

    A logistic classifier learns B (negative) against A (positive); the targets' probabilities of
    being negative are scaled to sum 1, and the score is the Kullback-Leibler divergence of these
    shares from equal ones: 0 when no target is more negative than another.

    References
    ----------
    Sweeney & Najafian (2019).
    """

    def shares(units: Mapping[str, _F64]) -> _F64:
        train = np.concatenate([units["A"], units["B"]])
        y = np.r_[np.zeros(len(units["A"])), np.ones(len(units["B"]))]
        targets = np.concatenate([units["X"], units["Y"]])
        p = logistic.probabilities(logistic.decide(targets, logistic.linear(train, y)))
        return np.asarray(p / p.sum())

    def measure(units: Mapping[str, _F64]) -> float:
        p = shares(units)
        return float((p * np.log(p * len(p))).sum())

    return _score("rnsb", vectors, test, measure, 0.0, shares, "XY", exchange=("A", "B"), **how)


@single_threaded()
def _score(
    name: str,
    vectors: Vectors | Space,
    test: WeatTest,
    measure: Measure,
    unbiased: float,
    values: Callable[[Mapping[str, _F64]], _F64] | None = None,
    valued: str = "",
    *,
    exchange: tuple[str, str] | None = None,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    """A measure of the four lists with a bootstrap over their words and, if there are two sides to
    `exchange`, its distribution when their words are."""
    space = Space.of(vectors)
    lists, rows = cover(space, test, min_share)
    units = {side: space.unit[rows[side]].astype(np.float64) for side in "XYAB"}
    score = measure(units)
    if not math.isfinite(score):
        raise Unanswerable(f"{test.name}: {name} is not defined: its values do not vary")
    rng = np.random.default_rng(seed)
    draws = resamples if name != "rnsb" else min(resamples, NULL_DRAWS)  # a classifier each
    replicates = np.array(
        [
            measure({side: u[rng.integers(0, len(u), len(u))] for side, u in units.items()})
            for _ in range(draws)
        ]
    )
    chance = None
    if exchange:
        one, other = exchange
        pooled = np.concatenate([units[one], units[other]])
        null = np.empty(NULL_DRAWS)
        for i in range(NULL_DRAWS):
            order = rng.permutation(len(pooled))
            cut = len(units[one])
            null[i] = measure({**units, one: pooled[order[:cut]], other: pooled[order[cut:]]})
        chance = statistics.percentile_interval(
            null, level, f"{NULL_DRAWS} random exchanges of {one} and {other}"
        )
    words: list[tuple[str, float]] = []
    if values is not None:
        used = [word for side in valued for word in lists[side].used]
        words = list(zip(used, values(units).tolist(), strict=True))
    method = f"percentile bootstrap over the words of the lists, {draws} resamples"
    return BiasScore(
        measure=name,
        name=test.name,
        title=test.title,
        protocol=f"unit vectors; case: {space.case}",
        lists=lists,
        score=score,
        interval=statistics.shifted_interval(replicates, score, level, method),
        unbiased=unbiased,
        chance=chance,
        words=tuple(words),
    )


# --- measures along a direction -------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Direction:
    """A unit vector that separates the first from the second words of pairs."""

    unit: _F64
    share: float  # of the pairs' variance that it carries
    coverage: ListCoverage


def direction(
    vectors: Vectors | Space,
    pairs: Sequence[tuple[str, str]],
    *,
    min_share: float = MIN_SHARE,
) -> Direction:
    """First principal component of pairs, each centred at its mean; turned towards the first words.

    References
    ----------
    Bolukbasi et al. (2016), equation for the subspace B.
    """
    space = Space.of(vectors)
    found = [(a, b, space.row(a), space.row(b)) for a, b in pairs]
    known = [(r, s) for _, _, r, s in found if r is not None and s is not None]
    used = tuple(f"{a}/{b}" for a, b, r, s in found if r is not None and s is not None)
    missing = tuple(f"{a}/{b}" for a, b, r, s in found if r is None or s is None)
    if not pairs or not known or len(known) < min_share * len(pairs):
        raise Unanswerable(
            f"refused, fewer than {min_share:.0%} of the defining pairs are known: "
            f"{len(known)} of {len(pairs)} (missing: {some(missing)})"
        )
    one, other = (space.unit[[pair[i] for pair in known]].astype(np.float64) for i in (0, 1))
    half = (one - other) / 2  # centred at the pair's mean, the two words are +half and -half
    _, values, axes = np.linalg.svd(half, full_matrices=False)
    if not values[0] > 0:
        raise Unanswerable("the words of the defining pairs have the same vectors")
    axis = axes[0] if half.sum(axis=0) @ axes[0] >= 0 else -axes[0]
    share = float(values[0] ** 2 / (values**2).sum())
    return Direction(axis, share, ListCoverage("pairs", len(pairs), used, missing))


def direct_bias(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    strictness: float = 1.0,
    **how: Any,
) -> BiasScore:
    """Direct bias: mean |cos(w, g)|^c over words that should be neutral, g the pairs' direction.

    References
    ----------
    Bolukbasi et al. (2016), with c = `strictness`; they report c = 1 over professions.
    """

    def values(space: Space, rows: list[int], g: _F64) -> _F64:
        return np.asarray(space.unit[rows].astype(np.float64) @ g)

    return _along(
        "direct_bias", vectors, words, pairs, values,
        lambda v: float((np.abs(v) ** strictness).mean()), f"c = {strictness:g}", **how,
    )  # fmt: skip


def ripa(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    **how: Any,
) -> BiasScore:
    """Relational inner product association: mean |w . b| with vectors of their own length.

    b is the unit first principal component of the pairs' differences; signed values a word are in
    `words` (positive: towards the first of the pairs).

    References
    ----------
    Ethayarajh, Duvenaud & Hirst (2019).
    """

    def values(space: Space, rows: list[int], _: _F64) -> _F64:
        raw = space.unit[rows].astype(np.float64) * space.norms[rows, None]
        return np.asarray(raw @ _relation(space, pairs))

    return _along(
        "ripa", vectors, words, pairs, values, lambda v: float(np.abs(v).mean()),
        "vectors as they are", **how,
    )  # fmt: skip


def _relation(space: Space, pairs: Sequence[tuple[str, str]]) -> _F64:
    differences = []
    for first, second in pairs:
        one, other = space.row(first), space.row(second)
        if one is not None and other is not None:
            scale = space.norms
            a, b = (space.unit[i].astype(np.float64) * scale[i] for i in (one, other))
            differences.append(a - b)
    table = np.array(differences)
    axis = np.linalg.svd(table, full_matrices=False)[2][0]
    return np.asarray(axis if table.sum(axis=0) @ axis >= 0 else -axis)


def _along(
    name: str,
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    values: Callable[[Space, list[int], _F64], _F64],
    summary: Callable[[_F64], float],
    note: str,
    *,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    space = Space.of(vectors)
    g = direction(space, pairs, min_share=min_share)
    used, rows, missing = space.find(words)
    if not used or len(used) < min_share * len(words):
        raise Unanswerable(
            f"{name}: refused, fewer than {min_share:.0%} of the words are known: {len(used)} of "
            f"{len(words)} (missing: {some(missing)})"
        )
    of = values(space, rows, g.unit)
    rng = np.random.default_rng(seed)
    replicates = np.array(
        [summary(of[rng.integers(0, len(of), len(of))]) for _ in range(resamples)]
    )
    # By chance: the same words along random directions of the space.
    directions = rng.standard_normal((NULL_DRAWS, space.unit.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    scale = space.norms[rows, None] if name == "ripa" else 1.0
    along = (space.unit[rows].astype(np.float64) * scale) @ directions.T
    null = np.array([summary(column) for column in along.T])
    return BiasScore(
        measure=name,
        name="gender direction",
        title=f"{len(g.coverage.used)} defining pairs, {len(used)} words that should be neutral",
        protocol=f"{note}; the direction carries {g.share:.0%} of the pairs' variance; "
        f"case: {space.case}",
        lists={
            "pairs": g.coverage,
            "words": ListCoverage("words", len(words), tuple(used), tuple(missing)),
        },
        score=summary(of),
        interval=statistics.percentile_interval(
            replicates, level, f"percentile bootstrap over the words, {resamples} resamples"
        ),
        unbiased=0.0,
        chance=statistics.percentile_interval(null, level, f"{NULL_DRAWS} random directions"),
        words=tuple(sorted(zip(used, of.tolist(), strict=True), key=lambda item: item[1])),
    )


def indirect_bias(
    vectors: Vectors | Space,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    most: int = 10,
    min_share: float = MIN_SHARE,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> BiasScore:
    """Median `indirect_bias_of` pairs of words of one side: the `most` words that lie farthest
    along either side of the pairs' direction, each with each of its side.

    How much of what makes stereotyped words alike is the direction itself.
    """
    space = Space.of(vectors)
    along = direct_bias(
        space, words, pairs, min_share=min_share, resamples=1, level=level, seed=seed
    )
    ordered = [word for word, _ in along.words]
    most = min(most, len(ordered) // 2)
    if most < 2:
        raise Unanswerable(f"indirect bias needs four known words, got {len(ordered)}")
    g = direction(space, pairs, min_share=min_share).unit
    couples = [c for side in (ordered[:most], ordered[-most:]) for c in combinations(side, 2)]
    values = np.array([_beta(space, g, *couple) for couple in couples])
    values = np.where(np.isfinite(values), values, 0.0)
    draws = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    return replace(
        along,
        measure="indirect_bias",
        title=f"pairs of the {most} professions farthest along either side",
        protocol=f"median; case: {space.case}",
        score=float(np.median(values)),
        interval=statistics.percentile_interval(
            np.median(values[draws], axis=1),
            level,
            f"percentile bootstrap over pairs, {resamples} resamples",
        ),
        chance=None,
        words=tuple(
            (f"{one}/{other}", float(beta))
            for (one, other), beta in zip(couples, values, strict=True)
        ),
    )


def indirect_bias_of(
    vectors: Vectors | Space, pairs: Sequence[tuple[str, str]], first: str, second: str
) -> float:
    """How much of the similarity of two words is due to the pairs' direction g.

    beta(w, v) = (w . v - cos(w', v')) / (w . v), with unit w and v, and w' = w - (w . g) g:
    0 when their similarity is unrelated to g, 1 when it comes from g alone.

    Raises
    ------
    Unanswerable
        A word is unknown, or the two are orthogonal, or one lies along g.

    References
    ----------
    Bolukbasi et al. (2016), section on indirect bias.
    """
    space = Space.of(vectors)
    missing = space.find([first, second])[2]
    if missing:
        raise Unanswerable(f"indirect bias: unknown: {some(missing)}")
    beta = _beta(space, direction(space, pairs).unit, first, second)
    if not math.isfinite(beta):
        raise Unanswerable(f"indirect bias of {first} and {second} is not defined")
    return beta


def _beta(space: Space, g: _F64, first: str, second: str) -> float:
    w, v = space.unit[space.find([first, second])[1]].astype(np.float64)
    w_rest, v_rest = w - (w @ g) * g, v - (v @ g) * g
    lengths = float(np.linalg.norm(w_rest) * np.linalg.norm(v_rest))
    both = float(w @ v)
    return (both - float(w_rest @ v_rest) / lengths) / both if lengths and both else math.nan
