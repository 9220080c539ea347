"""Each dense primitive on each instruction set against float64, at odd sizes and offsets."""

import numpy as np
import pytest

from wordvec.native import cpu
from wordvec.native.vectors import vec

SIZES = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 300, 1001]
EPS = np.finfo(np.float32).eps


def draw(n, seed, offset=1):
    """n floats that start `offset` floats after an aligned address."""
    buffer = np.random.default_rng(seed).standard_normal(n + offset).astype(np.float32)
    return buffer[offset:]


@pytest.mark.parametrize("n", SIZES)
def test_dot_is_within_rounding_of_float64(isa, n):
    x, y = draw(n, 1), draw(n, 2, offset=3)
    exact = float(np.dot(x.astype(np.float64), y.astype(np.float64)))
    bound = n * EPS * float(np.abs(x.astype(np.float64)) @ np.abs(y.astype(np.float64)))
    assert abs(vec.dot(x, y, isa) - exact) <= bound


@pytest.mark.parametrize("n", SIZES)
def test_axpy_changes_only_its_row(isa, n):
    buffer = draw(n + 2, 3)
    before, x = buffer.copy(), draw(n, 4)
    vec.axpy(0.5, x, buffer[1 : n + 1], isa)
    np.testing.assert_allclose(
        buffer[1 : n + 1], before[1 : n + 1] + 0.5 * x, rtol=2 * EPS, atol=EPS
    )
    assert buffer[0] == before[0]
    assert buffer[-1] == before[-1]


@pytest.mark.parametrize("n", SIZES)
def test_sigmoid_and_log(isa, n):
    x = 8 * draw(n, 5)
    out = np.empty_like(x)
    vec.sigmoid(x, out, isa)
    np.testing.assert_allclose(out, 1 / (1 + np.exp(-x.astype(np.float64))), rtol=1e-6)
    positive = np.exp(4 * draw(n, 6))
    vec.log(positive, out, isa)
    np.testing.assert_allclose(out, np.log(positive.astype(np.float64)), rtol=4e-7, atol=2e-7)


def test_sigmoid_saturates_without_nan(isa):
    x = np.array([-1e30, -200, -88, 0, 88, 200, 1e30], np.float32)
    out = np.empty_like(x)
    vec.sigmoid(x, out, isa)
    np.testing.assert_allclose(out, [0, 0, 0, 0.5, 1, 1, 1], atol=1e-37)


@pytest.mark.parametrize("d", [1, 7, 16, 100])
def test_norms_of_strided_rows(isa, d):
    X = np.random.default_rng(7).standard_normal((5, d + 3)).astype(np.float32)
    out = np.empty(5, np.float32)
    vec.norms(X[:, :d], out, isa)
    np.testing.assert_allclose(out, np.linalg.norm(X[:, :d].astype(np.float64), axis=1), rtol=1e-6)


def test_an_instruction_set_that_is_not_here_is_named():
    with pytest.raises(ValueError, match="vmx"):
        vec.dot(np.ones(1, np.float32), np.ones(1, np.float32), "vmx")


def test_scalar_is_always_available():
    assert cpu.available()[0] == "scalar"
    assert cpu.isa() in cpu.available()
