"""Association tests: WEAT, its single-category form, and SEAT."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.results import Interval, Unanswerable, some
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.text.lines import ascii_split, read_toml

_F64 = NDArray[np.float64]

MIN_SHARE = 0.5  # of a list; below, "most words are missing" and the test is refused
UNEQUAL = ("means", "balance", "refuse")


@dataclass(frozen=True)
class WeatTest:
    """Target lists X, Y and attribute lists A, B; `labels` names the four."""

    name: str
    title: str
    X: tuple[str, ...]
    Y: tuple[str, ...]
    A: tuple[str, ...]
    B: tuple[str, ...]
    labels: tuple[str, ...] = ("X", "Y", "A", "B")
    published: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for one, other in (("X", "Y"), ("A", "B")):
            both = sorted(set(getattr(self, one)) & set(getattr(self, other)))
            if both:
                raise DatasetError(
                    f"{self.name}: {some(both)} in both {one} and {other}: a word cannot stand on "
                    "both sides; take it out of one list"
                )
        for side in "XYAB":
            words = getattr(self, side)
            if not words:
                raise DatasetError(f"{self.name}: list {side} is empty")
            if len(set(words)) < len(words):
                twice = sorted({word for word in words if words.count(word) > 1})
                raise DatasetError(f"{self.name}: list {side} has {some(twice)} twice")


@dataclass(frozen=True)
class ListCoverage:
    """One list of a test: words asked, used, missing, and left out to balance sizes."""

    label: str
    asked: int
    used: tuple[str, ...]
    missing: tuple[str, ...]
    dropped: tuple[str, ...] = ()


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
    p_interval : Interval or None
        Uncertainty of a sampled one-sided p.
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
    leave_one_out: Interval
    words: tuple[WordScore, ...]
    published: dict[str, float]


# --- the lists ------------------------------------------------------------------------------------


def data_file(name: str) -> Path:
    """A file of data/: beside the installed package, or at the top of a checkout."""
    for folder in (resources.files("wordvec") / "data", Path(__file__).parents[3] / "data"):
        path = Path(str(folder)) / name
        if path.is_file():
            return path
    raise DatasetError(f"{name}: not found in wordvec's data; reinstall wordvec")


@cache
def weat_tests() -> Mapping[str, WeatTest]:
    """WEAT 1 to 10 of Caliskan, Bryson & Narayanan (2017), by name: weat1, ..., weat10."""
    return read_weat(data_file("weat.toml"))


def read_weat(path: str | Path) -> dict[str, WeatTest]:
    """Tests from a TOML file.

    [lists] holds word lists (arrays, or strings of words); every further table is a test with X, Y,
    A, B (a name of [lists], or an array) and optionally title and published.
    """
    try:
        tables = read_toml(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from error
    lists = tables.pop("lists", {})

    def words(test: str, side: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            if value not in lists:
                raise DatasetError(f"{path}: [{test}] {side} = {value!r} is not in [lists]")
            value = lists[value]
        if isinstance(value, str):
            value = ascii_split(value)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise DatasetError(f"{path}: [{test}] {side} must be a list of words")
        return tuple(value)

    tests = {}
    for name, table in tables.items():
        lacking = [side for side in "XYAB" if side not in table]
        if lacking:
            raise DatasetError(f"{path}: [{name}] lacks {', '.join(lacking)}")
        x, y, a, b = (words(name, side, table[side]) for side in "XYAB")
        labels = [table[side] if isinstance(table[side], str) else side for side in "XYAB"]
        published = tuple(table.get("published", {}).items())
        tests[name] = WeatTest(name, table.get("title", name), x, y, a, b, tuple(labels), published)
    if not tests:
        raise DatasetError(f"{path}: empty: no test")
    return tests


# --- the measures ---------------------------------------------------------------------------------


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
    return _weat(
        "weat", test, lists, units,
        samples=samples, resamples=resamples, level=level, seed=seed,
        protocol=_protocol(space, rows),
    )  # fmt: skip


def cover(
    space: Space, test: WeatTest, min_share: float
) -> tuple[dict[str, ListCoverage], dict[str, list[int]]]:
    """The four lists as the space has them, and the rows of their words.

    Raises Unanswerable when too little of a list is known or a word would stand on both sides.
    """
    lists, rows, refused = {}, {}, []
    for side, label in zip("XYAB", test.labels, strict=True):
        words: tuple[str, ...] = getattr(test, side)
        found, rows[side], missing = space.find(words)
        lists[side] = ListCoverage(label, len(words), tuple(found), tuple(missing))
        if not found or len(found) < min_share * len(words):
            refused.append(f"{label} has {len(found)} of {len(words)} (missing: {some(missing)})")
    if refused:
        raise Unanswerable(
            f"{test.name}: refused, fewer than {min_share:.0%} of a list are known: "
            + "; ".join(refused)
        )
    for one, other in (("X", "Y"), ("A", "B")):
        both = set(rows[one]) & set(rows[other])
        if both:
            words = tuple(space.words[row] for row in sorted(both))
            raise Unanswerable(
                f"{test.name}: {some(words)} would stand in both {one} and {other} "
                f"under the case policy {space.case!r}"
            )
    return lists, rows


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
            f"missing: {some(lists['X'].missing + lists['Y'].missing)}"
        )
    if unequal == "balance":
        least = min(sizes.values())
        for side in "XY":
            used = lists[side].used
            lists[side] = replace(lists[side], used=used[:least], dropped=used[least:])
            del rows[side][least:]


def _protocol(space: Space, rows: Mapping[str, Sequence[int]]) -> str:
    sizes = ", ".join(f"|{side}| = {len(rows[side])}" for side in rows)
    return f"cosine; SD with ddof = 1; {sizes}; case: {space.case}"


def _weat(
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
            else None
        ),
        partitions=p.partitions,
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


# --- single words, and sentences ------------------------------------------------------------------


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
        found, rows[side], missing = space.find(given)
        lists[side] = ListCoverage(side, len(given), tuple(found), tuple(missing))
        if not found or len(found) < min_share * len(given):
            raise Unanswerable(
                f"{name}: refused, fewer than {min_share:.0%} of list {side} are known: "
                f"{len(found)} of {len(given)} (missing: {some(missing)})"
            )
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


_EXACT_SINGLE = 32  # words of A and B: 2 ms a word; beyond, a test a word is sampled

SENTENCES = (
    "this is {}", "that is {}", "there is {}", "here is {}", "{} is here", "{} is there",
)  # fmt: skip


def seat(
    vectors: Vectors | Space,
    test: WeatTest,
    *,
    templates: Sequence[str] = SENTENCES,
    min_share: float = MIN_SHARE,
    samples: int = statistics.SAMPLES,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> WeatResult:
    """The sentence encoder association test, a sentence being the mean of its words' vectors.

    Each word stands in each template; the test is WEAT over the sentences. Words of a template
    that are unknown are left out of the mean.

    Notes
    -----
    Sentences of one word are not independent, so p re-partitions words with all their sentences,
    where the paper exchanges single sentences. The bootstrap draws words likewise.

    References
    ----------
    May, Wang, Bordia, Bowman & Rudinger (2019).
    """
    space = Space.of(vectors)
    lists, rows = cover(space, test, min_share)
    bad = [template for template in templates if template.count("{}") != 1]
    if bad or not templates:
        raise ValueError(f"a template needs one {{}}, got {bad or 'no template'}")
    frames = [space.find(ascii_split(template.replace("{}", " ")))[1] for template in templates]
    units = {side: _sentences(space, rows[side], frames) for side in "XYAB"}
    named = replace(test, name=f"{test.name} (sentences)")
    protocol = f"{len(templates)} templates; " + _protocol(space, rows)
    return _weat(
        "seat", named, lists, units, per=len(frames), samples=samples, resamples=resamples,
        level=level, seed=seed, protocol=protocol,
    )  # fmt: skip


def _sentences(space: Space, rows: Sequence[int], frames: Sequence[Sequence[int]]) -> _F64:
    """Unit mean vectors of each word in each frame: (words * frames, d), a word's together."""
    raw = space.unit.astype(np.float64)[list(rows)] * space.norms[list(rows), None]
    out = np.empty((len(rows), len(frames), raw.shape[1]))
    for j, frame in enumerate(frames):
        around = (space.unit[frame].astype(np.float64) * space.norms[frame, None]).sum(axis=0)
        out[:, j] = raw + around
    out /= np.linalg.norm(out, axis=2, keepdims=True)
    return out.reshape(-1, raw.shape[1])


def family(results: Iterable[WeatResult]) -> tuple[WeatResult, ...]:
    """The results with Holm-adjusted p-values over all of them."""
    results = tuple(results)
    adjusted = statistics.holm([result.p_one_sided for result in results])
    return tuple(replace(r, p_holm=p) for r, p in zip(results, adjusted, strict=True))
