"""Training steps and ranks against numpy, finite differences and predicted draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wordvec.native.models import hyper
from wordvec.training.rows import padded_matrix

Array = NDArray[np.float64]
MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
MAX_NORM = {"poincare": 1 - 1e-9, "lorentz": 1e9, "euclidean": 1e9, "translation": 1e9}


def mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def predicted_draws(key: int, group: int, n: int, count: int, banned: set[int]) -> list[int]:
    """SplitMix64 seeded with the hash of (key, group), multiply-shift, true parents redrawn."""
    state = mix((key + (group + 1) * GAMMA) & MASK)
    drawn: list[int] = []
    while len(drawn) < count:
        state = (state + GAMMA) & MASK
        w = ((mix(state) >> 32) * n) >> 32
        if w not in banned:
            drawn.append(w)
    return drawn


def metric_distance(geometry: str, u: Array, x: Array, r: Array) -> float:
    """The papers' formulas, as they stand there."""
    if geometry == "poincare":
        g = 1 + 2 * ((u - x) @ (u - x)) / ((1 - u @ u) * (1 - x @ x))
        return float(np.arccosh(g))
    if geometry == "lorentz":
        return float(np.arccosh(np.sqrt(1 + u @ u) * np.sqrt(1 + x @ x) - u @ x))
    d = u - x + (r if geometry == "translation" else 0)
    return float(d @ d)


def loss(geometry: str, X: Array, u: int, parents: list[int], negatives: list[int]) -> float:
    """X holds the points and, in its last row, r."""
    away = lambda w: np.exp(-metric_distance(geometry, X[u], X[w], X[-1]))  # noqa: E731
    noise = sum(away(w) for w in negatives)
    return float(-sum(np.log(away(v) / (away(v) + noise)) for v in parents))


def riemannian_gradient(geometry: str, f: Callable[[Array], float], X: Array) -> Array:
    """Central differences in coordinates, times the inverse of the metric."""
    gradient, h = np.zeros_like(X), 1e-6
    for i in np.ndindex(*X.shape):
        up, down = X.copy(), X.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    if geometry == "poincare":
        gradient[:-1] *= ((1 - (X[:-1] ** 2).sum(1)) ** 2 / 4)[:, None]
    if geometry == "lorentz":
        # The metric of spatial coordinates is I - x x^T / x_0^2, its inverse I + x x^T.
        gradient[:-1] += X[:-1] * (X[:-1] * gradient[:-1]).sum(1, keepdims=True)
    return gradient


@dataclass
class Setting:
    geometry: str
    dim: int
    n: int = 9
    seed: int = 0

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        spread = 0.5 / np.sqrt(self.dim) if self.geometry == "poincare" else 1.0
        self.points = rng.normal(size=(self.n + 1, self.dim)) * spread
        self.points[: self.n] *= 0.9 / max(1.0, float(np.abs(self.points).max()))
        self.points[self.n] = 0.3 if self.geometry == "translation" else 0

    def space(self) -> hyper.Space:
        rows = padded_matrix(self.n, self.dim + 1, np.float64)
        rows[:, : self.dim] = self.points[: self.n]
        space = hyper.Space(rows, self.dim, self.geometry, MAX_NORM[self.geometry])
        space.refresh(rows)
        return space

    def groups(self, child: int, parents: list[int]) -> hyper.Groups:
        starts = np.zeros(self.n + 1, dtype=np.int64)
        starts[child + 1 :] = len(parents)
        ids = np.array(sorted(parents), dtype=np.int32)
        one = np.array([child], dtype=np.int32)
        return hyper.Groups(self.n, one, np.array([0, len(ids)]), ids, starts, ids)

    def step(self, child: int, parents: list[int], **options: Any) -> tuple[Array, Array, float]:
        """Points and r after one group, and the loss."""
        space = self.space()
        translation = None
        if self.geometry == "translation":
            translation = padded_matrix(1, self.dim + 1, np.float64)[0]
            translation[: self.dim] = self.points[self.n]
        groups = self.groups(child, parents)
        order = np.zeros(1, dtype=np.int64)
        value, _ = hyper.train(space, groups, order, 7, translation=translation, **options)
        moved = np.vstack([space.rows[:, : self.dim], np.zeros((1, self.dim))])
        if translation is not None:
            moved[-1] = translation[: self.dim]
        return moved, space.rows, value


@pytest.mark.parametrize("geometry", hyper.GEOMETRIES)
@pytest.mark.parametrize("dim", [1, 2, 5, 8, 10, 17])
def test_a_small_step_follows_the_finite_difference_gradient(
    geometry: str, dim: int, isa: str
) -> None:
    setting, rate, negative = Setting(geometry, dim), 1e-5, 4
    child, parents = 3, [1, 5]
    drawn = predicted_draws(7, 0, setting.n, negative, {child, *parents})
    f = lambda X: loss(geometry, X, child, parents, drawn)  # noqa: E731
    moved, _, value = setting.step(child, parents, rate=rate, negative=negative, isa=isa)
    expected = -riemannian_gradient(geometry, f, setting.points)
    if geometry != "translation":
        expected[-1] = 0
    # A step differs from the gradient by the order of the rate; differences by 1e-9 / 1e-6.
    scale = np.abs(expected).max()
    np.testing.assert_allclose((moved - setting.points) / rate, expected, atol=2e-3 * scale)
    assert value == pytest.approx(f(setting.points), rel=1e-9)


@pytest.mark.parametrize("geometry", ["poincare", "lorentz"])
@pytest.mark.parametrize("rate", [0.015, 0.5, 3.0])
def test_a_long_step_is_the_exponential_map(geometry: str, rate: float, isa: str) -> None:
    setting, child, parent = Setting(geometry, 5, n=3), 0, 1
    moved, _, _ = setting.step(child, [parent], rate=rate, negative=1, isa=isa)
    f = lambda X: loss(geometry, X, child, [parent], [2])  # noqa: E731
    tangent = -rate * riemannian_gradient(geometry, f, setting.points)
    for i in range(3):
        x, v = setting.points[i], tangent[i]
        if geometry == "poincare":
            b = 1 - x @ x
            y = np.tanh(np.linalg.norm(v) / b) * v / np.linalg.norm(v)
            xy, xx, yy = x @ y, x @ x, y @ y
            expected = ((1 + 2 * xy + yy) * x + (1 - xx) * y) / (1 + 2 * xy + xx * yy)
        else:
            length = np.sqrt(v @ v - (v @ x) ** 2 / (1 + x @ x))
            expected = np.cosh(length) * x + np.sinh(length) * v / length
        # Moves below .02 are first-order in the ball: off by the square of their length.
        short = 1e-2 * rate**2 if rate < 0.02 else 1e-8
        np.testing.assert_allclose(moved[i], expected, rtol=1e-6, atol=short)


@pytest.mark.parametrize("geometry", hyper.GEOMETRIES)
def test_the_cached_column_is_that_of_the_moved_point(geometry: str, isa: str) -> None:
    setting = Setting(geometry, 6)
    moved, rows, _ = setting.step(2, [4], rate=0.3, negative=5, isa=isa)
    square = (moved[:-1] ** 2).sum(1)
    expected = {"poincare": 1 - square, "lorentz": np.sqrt(1 + square)}.get(geometry, 0 * square)
    np.testing.assert_allclose(rows[:, -1], expected, rtol=1e-12)
    assert not rows[:, 6:-1].any()


@pytest.mark.parametrize("geometry", hyper.GEOMETRIES)
@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 33])
def test_every_isa_trains_as_the_scalar_one(geometry: str, dim: int, vector_isa: str) -> None:
    setting = Setting(geometry, dim, n=30)
    ours, _, loss_here = setting.step(4, [1, 2, 3], rate=0.2, negative=20, isa=vector_isa)
    theirs, _, loss_there = setting.step(4, [1, 2, 3], rate=0.2, negative=20, isa="scalar")
    # Sums of `dim` terms in another order.
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    assert loss_here == pytest.approx(loss_there, rel=1e-12)


def test_true_parents_are_never_drawn_however_many_negatives_there_are() -> None:
    setting = Setting("poincare", 3, n=60)
    parents = list(range(1, 58))
    moved, _, _ = setting.step(0, parents, rate=0.1, negative=500)
    # Only 58 and 59 can be negatives: they are pushed away from 0, parents are pulled nearer.
    for w in range(1, 60):
        before = metric_distance(
            "poincare", setting.points[0], setting.points[w], setting.points[0]
        )
        after = metric_distance("poincare", setting.points[0], moved[w], setting.points[0])
        assert (after > before) == (w >= 58)


def test_a_child_of_everything_has_no_negatives_and_stays() -> None:
    setting = Setting("poincare", 3, n=4)
    moved, _, value = setting.step(0, [1, 2, 3], rate=0.1, negative=5)
    np.testing.assert_array_equal(moved[:-1], setting.points[:-1])
    assert value == 0


def test_hot_rows_move_in_the_workers_copy_only() -> None:
    setting = Setting("poincare", 5)
    space, groups = setting.space(), setting.groups(4, [0, 1])
    before = space.rows.copy()
    hot = padded_matrix(2, space.rows.shape[1], np.float64)
    hot[:] = space.rows[:2]
    hyper.train(space, groups, np.zeros(1, dtype=np.int64), 7, 0.1, 3, hot=hot)
    np.testing.assert_array_equal(space.rows[:2], before[:2])
    assert (hot != before[:2]).any()
    moved, _, _ = setting.step(4, [0, 1], rate=0.1, negative=3)
    np.testing.assert_array_equal(hot[:, :5], moved[:2])


def test_weights_multiply_the_loss() -> None:
    setting = Setting("poincare", 4)
    base = setting.groups(3, [1])
    starts, ids = base.arrays[3], base.arrays[4]
    child = np.array([3], dtype=np.int32)
    heavy = hyper.Groups(9, child, np.array([0, 1]), ids, starts, ids, np.array([2.5]))
    order = np.zeros(1, dtype=np.int64)
    one, _ = hyper.train(setting.space(), base, order, 7, 0.1, 3)
    more, _ = hyper.train(setting.space(), heavy, order, 7, 0.1, 3)
    assert more == pytest.approx(2.5 * one)


def test_points_are_held_within_the_norm_and_counted() -> None:
    setting = Setting("poincare", 4, n=12)
    space = hyper.Space(setting.space().rows, 4, "poincare", 0.6)
    space.refresh(space.rows)
    _, held = hyper.train(space, setting.groups(2, [1]), np.zeros(1, dtype=np.int64), 7, 9.0, 9)
    assert held > 0
    assert np.linalg.norm(space.rows[:, :4], axis=1).max() <= 0.6 * (1 + 1e-12)


def test_a_loss_that_is_no_number_is_reported() -> None:
    setting = Setting("poincare", 4)
    space = setting.space()
    space.rows[1, 0] = np.nan
    with pytest.raises(FloatingPointError):
        hyper.train(space, setting.groups(2, [1]), np.zeros(1, dtype=np.int64), 7, 0.1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": np.array([1])}, "no group 1"),
        ({"negative": 0}, "negative"),
        ({"pool": np.array([9], dtype=np.int32)}, "pool must be ids"),
        ({"pool": np.array([], dtype=np.int32)}, "pool must have"),
    ],
)
def test_wrong_arguments_are_refused(change: dict[str, Any], message: str) -> None:
    setting = Setting("poincare", 4)
    arguments: dict[str, Any] = {"order": np.zeros(1, dtype=np.int64), "negative": 2, **change}
    order = arguments.pop("order")
    with pytest.raises(ValueError, match=message):
        hyper.train(setting.space(), setting.groups(2, [1]), order, 7, 0.1, **arguments)


@given(st.integers(1, 300), st.integers(0, MASK))
def test_an_order_is_a_permutation_fixed_by_its_key(n: int, key: int) -> None:
    first, second = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    hyper.order(key, first)
    hyper.order(key, second)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.arange(n))


def ranks_by_sorting(
    points: Array, scales: Array, u: int, wanted: list[int], hidden: set[int]
) -> tuple[list[float], list[float]]:
    score = ((points - points[u]) ** 2).sum(1) * scales
    others = [w for w in range(len(points)) if w != u and w not in hidden]
    ranks = {
        v: 1
        + sum(score[w] < score[v] for w in others)
        + 0.5 * sum(score[w] == score[v] for w in others)
        for v in wanted
    }
    order = sorted(wanted, key=lambda v: (score[v], v))
    precision = {v: (i + 1) / (ranks[v] + i) for i, v in enumerate(order)}
    return [ranks[v] for v in wanted], [precision[v] for v in wanted]


def blocks_of_8(table: Array) -> Array:
    rows, columns = table.shape
    full = np.full((-(-rows // 8) * 8, columns), 1e150)
    full[:rows] = table
    blocks = padded_matrix(len(full) // 8 * columns, 8, np.float64).reshape(-1, columns, 8)
    blocks[:] = full.reshape(-1, 8, columns).transpose(0, 2, 1)
    return blocks


@given(
    st.integers(0, 10_000),
    st.integers(2, 200),
    st.integers(1, 9),
    st.integers(1, 7),
    st.sampled_from([0, 4, 40]),
)
def test_ranks_equal_sorting_with_ties(
    seed: int, n: int, dim: int, asking: int, apart: int
) -> None:
    from wordvec.native import cpu

    rng = np.random.default_rng(seed)
    points = rng.integers(-2, 3, size=(n, dim)).astype(np.float64)  # whole numbers: many ties
    # Leaves of some blocks of 8, an empty one among them at times, and some of them apart.
    blocks = -(-n // 8)
    leaf = np.array([0, *sorted(rng.integers(0, blocks + 1, size=blocks // 3)), blocks], np.int32)
    of_leaf = np.searchsorted(leaf[1:], np.arange(n) // 8, side="right")
    points += apart * rng.integers(0, 3, size=(len(leaf), dim))[of_leaf]
    scales = 2.0 ** rng.integers(0, 2, size=n)
    asking = min(asking, n)
    wanted = [sorted(rng.permutation(n)[: rng.integers(1, n)].tolist()) for _ in range(asking)]
    wanted = [[v for v in row if v != u] or [(u + 1) % n] for u, row in enumerate(wanted)]
    hidden = [sorted({*row, *rng.integers(0, n, 2).tolist()}) for row in wanted]
    packed = blocks_of_8(np.column_stack([points, scales]))
    boxes = np.full((len(leaf) - 1, 2 * dim + 1), np.nan)
    for each in set(of_leaf.tolist()):
        own = of_leaf == each
        low, high = points[own].min(axis=0), points[own].max(axis=0)
        boxes[each] = *low, *high, scales[own].min()
    boxes = blocks_of_8(boxes)
    starts = lambda rows: np.cumsum([0, *map(len, rows)]).astype(np.int64)  # noqa: E731
    flat = lambda rows: np.concatenate(rows).astype(np.int32)  # noqa: E731
    for name in cpu.available():
        rank, precision = np.zeros(len(flat(wanted))), np.zeros(len(flat(wanted)))
        hyper.rank(
            packed,
            n,
            boxes,
            leaf,
            points[:asking].copy(),
            np.arange(asking, dtype=np.int32),
            starts(wanted),
            flat(wanted),
            starts(hidden),
            flat(hidden),
            0,
            asking,
            rank,
            precision,
            name,
        )
        expected = [
            ranks_by_sorting(points, scales, u, wanted[u], set(hidden[u])) for u in range(asking)
        ]
        np.testing.assert_allclose(rank, [r for row, _ in expected for r in row])
        np.testing.assert_allclose(precision, [p for _, row in expected for p in row])


def test_a_row_of_two_moments_is_not_thrown_to_the_edge(isa: str) -> None:
    """What a thread reads while another writes: new coordinates with an old cached time."""
    setting = Setting("lorentz", 5, seed=3)
    setting.points[0], setting.points[1] = 0.05, 0.9
    for cached in (1e-3, 0.2, 1.0):
        space = setting.space()
        space.rows[1, -1] = cached
        hyper.train(space, setting.groups(0, [1]), np.zeros(1, np.int64), 7, 0.1, 4, isa=isa)
        assert np.isfinite(space.rows).all()
        assert np.linalg.norm(space.rows[:, :5], axis=1).max() < 10
