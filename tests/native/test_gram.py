"""Gram matrices of gathered rows against numpy in float64, on every instruction set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native import cpu
from wordvec.native.vectors.gram import dots, grams, inverses, sandwiches


def system(rng, n, V, dx, dy=0, de=0):
    """Random ids, matrices, scales and further columns, and the rows z (n, dx + dy + de)."""
    ids = rng.integers(0, V, n).astype(np.int32)
    X, Y = (rng.normal(size=(V, d)).astype(np.float32) for d in (dx, max(dy, 1)))
    a, b = rng.normal(size=(2, n))
    extra = rng.normal(size=(n, de))
    z = [a[:, None] * X[ids].astype(np.float64)]
    if dy:
        z.append(b[:, None] * Y[ids].astype(np.float64))
    arguments = (X, a, Y if dy else None, b if dy else None, extra if de else None)
    return ids, arguments, np.hstack([*z, extra])


def one(ids, arguments, isa=None):
    return grams(np.array([0, len(ids)], np.int64), ids, *arguments, isa=isa)[0]


def close(got, z):
    """Sums of n products of doubles: each rounds by at most n eps of the sum of sizes."""
    room = 4 * (len(z) + 4) * np.finfo(float).eps * (np.abs(z).T @ np.abs(z))
    assert np.all(np.abs(got - z.T @ z) <= room + 1e-300)


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 200])
@pytest.mark.parametrize("d", [1, 3, 7, 8, 9, 15, 16, 17, 31, 100])
def test_a_gram_matrix_is_that_of_numpy(isa, n, d):
    ids, arguments, z = system(np.random.default_rng(n + d), n, 50, d)
    close(one(ids, arguments, isa), z)


@pytest.mark.parametrize(("dx", "dy", "de"), [(5, 5, 0), (5, 0, 2), (20, 11, 3), (100, 100, 1)])
def test_two_matrices_and_further_columns_stand_side_by_side(isa, dx, dy, de):
    ids, arguments, z = system(np.random.default_rng(7), 150, 40, dx, dy, de)
    got = one(ids, arguments, isa)
    close(got, z)
    assert np.array_equal(got, got.T)
    half = grams(np.array([0, len(ids)], np.int64), ids, *arguments, upper=True, isa=isa)[0]
    assert np.array_equal(np.triu(half), np.triu(got))


@given(sizes=st.lists(st.integers(0, 90), max_size=6), seed=st.integers(0, 99))
def test_many_systems_in_one_call_are_each_alone_byte_for_byte(sizes, seed):
    rng = np.random.default_rng(seed)
    ids, (X, a, Y, b, extra), _ = system(rng, sum(sizes), 30, 9, 4, 2)
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    together = grams(ptr, ids, X, a, Y, b, extra)
    for i in range(len(sizes)):
        s = slice(ptr[i], ptr[i + 1])
        alone = one(ids[s], (X, a[s], Y, b[s], np.ascontiguousarray(extra[s])))
        assert together[i].tobytes() == alone.tobytes()


def test_rows_of_a_wider_matrix_are_taken_with_their_stride(isa):
    rng = np.random.default_rng(3)
    wide = rng.normal(size=(30, 48)).astype(np.float32)
    ids, a = rng.integers(0, 30, 70).astype(np.int32), rng.random(70)
    z = a[:, None] * wide[ids, 5:26].astype(np.float64)
    close(one(ids, (wide[:, 5:26], a), isa), z)


@pytest.mark.parametrize("d", [1, 7, 8, 16, 17, 33, 100])
def test_dot_products_are_those_of_numpy(isa, d):
    rng = np.random.default_rng(d)
    ids, (X, *_), _ = system(rng, 77, 20, d)
    W, out = rng.normal(size=(2, d)), np.empty(77)
    ptr = np.array([0, 30, 77], np.int64)
    dots(ptr, ids, X, W, out, isa=isa)
    rows = X[ids].astype(np.float64)
    want = np.concatenate([rows[:30] @ W[0], rows[30:] @ W[1]])
    room = 4 * (d + 4) * np.finfo(float).eps * (np.abs(rows) @ np.abs(W).T).max(axis=1)
    assert np.all(np.abs(out - want) <= room)


@pytest.mark.parametrize("name", [isa for isa in cpu.available() if isa != "scalar"])
def test_instruction_sets_differ_from_the_scalar_one_by_rounding_alone(name):
    ids, arguments, z = system(np.random.default_rng(5), 500, 90, 64, 0, 2)
    room = 8 * len(z) * np.finfo(float).eps * (np.abs(z).T @ np.abs(z))
    assert np.all(np.abs(one(ids, arguments, name) - one(ids, arguments, "scalar")) <= room)


def test_no_systems_and_empty_systems_give_zeros():
    X, none = np.ones((3, 2), np.float32), np.empty(0)
    empty = np.empty(0, np.int32)
    assert grams(np.zeros(1, np.int64), empty, X, none).shape == (0, 2, 2)
    assert not grams(np.zeros(3, np.int64), empty, X, none).any()
    dots(np.zeros(3, np.int64), empty, X, np.ones((2, 2)), none)


def test_arguments_that_do_not_fit_are_refused():
    X, ids, a = np.ones((3, 2), np.float32), np.array([0, 2], np.int32), np.ones(2)
    ptr = np.array([0, 2], np.int64)
    for change, match in (
        ({"ids": np.array([0, 3], np.int32)}, "outside"),
        ({"ids": np.array([-1, 1], np.int32)}, "outside"),
        ({"ptr": np.array([0, 1], np.int64)}, "ptr"),
        ({"ptr": np.array([0, 3, 2], np.int64)}, "ptr"),
        ({"ptr": np.array([1, 2], np.int64)}, "ptr"),
        ({"ptr": np.empty(0, np.int64)}, "ptr"),
        ({"a": np.ones(3)}, "a must"),
        ({"Y": X}, "together"),
        ({"Y": X, "b": np.ones(3)}, "Y must"),
        ({"Y": X[:2], "b": a}, "Y must"),
        ({"extra": np.ones((3, 1))}, "extra"),
        ({"X": np.ones((3, 0), np.float32)}, "rows"),
        ({"X": np.ones((2, 3), np.float32).T}, "rows"),
    ):
        with pytest.raises(ValueError, match=match):
            grams(**({"ptr": ptr, "ids": ids, "X": X, "a": a} | change))
    with pytest.raises(ValueError, match="W must"):
        dots(ptr, ids, X, np.ones((2, 2)), np.empty(2))
    with pytest.raises(ValueError, match="out must"):
        dots(ptr, ids, X, np.ones((1, 2)), np.empty(3))


@pytest.mark.parametrize("n", [0, 1, 127, 128, 129, 300])
@pytest.mark.parametrize("d", [1, 7, 8, 9, 15, 16, 17, 31, 33, 100])
def test_products_of_floats_are_off_by_the_rounding_of_a_block(isa, n, d):
    ids, arguments, z = system(np.random.default_rng(n + d), n, 50, d, d, 1)
    ptr = np.array([0, n], np.int64)
    (got,) = grams(ptr, ids, *arguments, single=True, isa=isa)
    # Two roundings for each factor, and at most 128 of a block's sum.
    room = (4 + 128) * np.finfo(np.float32).eps / 2 * (np.abs(z).T @ np.abs(z))
    assert np.all(np.abs(got - z.T @ z) <= room + 1e-300)
    assert np.array_equal(got, got.T)
    if n == 300:
        sizes = np.sqrt(np.diag(z.T @ z))
        assert np.abs(got - z.T @ z).max() <= 5e-7 * np.outer(sizes, sizes).max()


def definite(rng, n, condition):
    """A positive definite matrix of some condition number."""
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return Q * np.geomspace(1, 1 / condition, n) @ Q.T


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 16, 17, 33, 100, 101])
@pytest.mark.parametrize("condition", [1, 1e3, 1e8])
def test_inverses_are_those_of_numpy(isa, n, condition):
    rng = np.random.default_rng(n)
    M = np.stack([definite(rng, n, condition), 7 * np.eye(n)])
    M = (M + M.swapaxes(1, 2)) / 2
    read = M + np.tril(np.full((n, n), np.nan), -1)  # the lower triangle is not looked at
    got, pivots = inverses(read, isa=isa)
    for mine, matrix in zip(got, M, strict=True):
        assert np.array_equal(mine, mine.T)
        # The forward error of a stable inversion: n eps times the condition number.
        worst = 20 * n * np.finfo(float).eps * condition * np.linalg.norm(mine, 2)
        assert np.abs(mine - np.linalg.inv(matrix)).max() <= worst
    squares = np.diag(np.linalg.cholesky(M[0])) ** 2
    assert pivots[0] == pytest.approx(squares.min() / squares.max(), rel=1e-13 * condition + 1e-12)
    assert pivots[1] == pytest.approx(1)


def test_a_matrix_that_is_not_positive_definite_has_no_pivot(isa):
    n = 20
    singular = np.ones((n, n))
    negative = np.diag(np.r_[np.ones(n - 1), -1.0])
    missing = np.eye(n)
    missing[3, 11] = np.nan
    _, pivots = inverses(np.stack([singular, negative, missing, np.eye(n)]), isa=isa)
    assert np.all(pivots[:3] < 1e-14)
    assert pivots[3] == 1


def test_inverses_take_views_and_refuse_what_is_not_square():
    rng = np.random.default_rng(2)
    wide = rng.normal(size=(3, 30, 30))
    M = np.einsum("nij,nkj->nik", wide, wide)
    got, _ = inverses(M[:, 4:17, 4:17])
    np.testing.assert_allclose(got, np.linalg.inv(M[:, 4:17, 4:17]), rtol=1e-9)
    assert inverses(np.empty((0, 3, 3)))[0].shape == (0, 3, 3)
    for shape in ((2, 3, 4), (2, 0, 0)):
        with pytest.raises(ValueError, match="square"):
            inverses(np.ones(shape))


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 17, 24, 33, 100, 130, 200])
def test_products_of_three_matrices_are_those_of_numpy(isa, n, single):
    rng = np.random.default_rng(n)
    A, C, S = (M + M.swapaxes(1, 2) for M in rng.normal(size=(3, 2, n, n)))
    B = rng.normal(size=(2, n, n))
    eps = np.finfo(np.float32 if single and isa != "scalar" else float).eps
    for arguments, want in (((A, B, C), A @ B @ C), ((A, S), A @ S @ A)):
        got = sandwiches(*arguments, single=single, isa=isa)
        # Each of the two products rounds by at most n + 2 eps of the sums of sizes.
        last = arguments[2] if len(arguments) == 3 else A
        room = 2 * (n + 2) * eps * (np.abs(A) @ np.abs(arguments[1]) @ np.abs(last))
        assert np.all(np.abs(got - want) <= room)
    assert np.array_equal(got, got.swapaxes(1, 2))


def test_products_of_three_take_views_and_refuse_what_does_not_fit():
    rng = np.random.default_rng(4)
    wide = rng.normal(size=(3, 40, 40))
    A, B = wide + wide.swapaxes(1, 2), rng.normal(size=(3, 50, 50))
    part = A[:, 3:24, 3:24], B[:, 20:41, 7:28], A[:, 19:, 19:]
    np.testing.assert_allclose(sandwiches(*part), part[0] @ part[1] @ part[2], rtol=1e-9, atol=1e-9)
    assert sandwiches(np.empty((0, 3, 3)), np.empty((0, 3, 3))).shape == (0, 3, 3)
    for bad in ((A, B), (A, A[:2]), (A, A[:, :, ::-1]), (A[:, :0, :0], A[:, :0, :0])):
        with pytest.raises(ValueError, match="matrices"):
            sandwiches(*bad)
