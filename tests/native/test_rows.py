"""Whole rows of a row tile against a dense matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native.corpus.rows import whole_rows


def dealt(X, k, i, j):
    """Tile (i, j) of a dense matrix: row_ptr, cols, values."""
    part = X[i::k, j::k]
    rows, cols = np.nonzero(part)
    ptr = np.zeros(len(part) + 1, np.uint32)
    np.cumsum(np.bincount(rows, minlength=len(part)), out=ptr[1:])
    return ptr, cols.astype(np.uint16), part[rows, cols].astype(np.float32)


def width(V, k, j):
    return len(range(j, V, k))


@given(V=st.integers(1, 30), k=st.integers(1, 7), seed=st.integers(0, 99), symmetric=st.booleans())
def test_whole_rows_are_those_of_the_matrix(V, k, seed, symmetric):
    k = min(k, V)
    rng = np.random.default_rng(seed)
    X = rng.integers(1, 9, (V, V)) * (rng.random((V, V)) < 0.4)
    whole = X
    if symmetric:
        X = np.triu(X)
        whole = X + np.triu(X, 1).T
    for i in range(k):
        tiles = [(j, width(V, k, j), False, *dealt(X, k, i, j)) for j in range(k)]
        if symmetric:
            tiles += [(j, width(V, k, j), True, *dealt(X, k, j, i)) for j in range(k)]
        ptr, ids, values = whole_rows(tiles, i, k, width(V, k, i))
        got = np.zeros((width(V, k, i), V))
        for r in range(len(got)):
            span = slice(ptr[r], ptr[r + 1])
            assert len(set(ids[span].tolist())) == ptr[r + 1] - ptr[r]
            got[r, ids[span]] = values[span]
        assert np.array_equal(got, whole[i::k])


def test_arrays_that_do_not_fit_are_refused():
    ptr, cols = np.array([0, 1, 1], np.uint32), np.array([1], np.uint16)
    good = (0, 2, False, ptr, cols, np.ones(1, np.float32))
    assert whole_rows([good], 0, 1, 2)[0].tolist() == [0, 1, 1]
    for change, match in (
        ({1: 1}, "beyond its 1 words"),
        ({0: 1}, "no column tile 1"),
        ({3: ptr[:2]}, "2 row pointers"),
        ({3: np.array([0, 2, 1], np.uint32)}, "rise"),
        ({5: np.ones(2, np.float32)}, "agree"),
    ):
        bad = tuple(change.get(at, each) for at, each in enumerate(good))
        with pytest.raises(ValueError, match=match):
            whole_rows([bad], 0, 1, 2)
    for i, k, rows in ((1, 1, 2), (0, 1, 0), (-1, 1, 2)):
        with pytest.raises(ValueError, match="row tile"):
            whole_rows([], i, k, rows)
