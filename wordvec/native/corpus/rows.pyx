# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Whole rows of the words of one row tile."""

from libc.stdint cimport int32_t, int64_t

import numpy as np

from wordvec.native.models.tile cimport bind_tile, wv_tile

cdef extern from "wv_rows.h" nogil:
    void wv_rows_count(const wv_tile *, int, int, int64_t *) noexcept
    void wv_rows_fill(const wv_tile *, int, int, int32_t, int32_t, int64_t *, int32_t *,
                      float *) noexcept


def whole_rows(list tiles, Py_ssize_t i, Py_ssize_t k, Py_ssize_t rows):
    cdef wv_tile tile
    cdef Py_ssize_t j, r, columns
    cdef bint mirrored
    cdef int64_t total = 0, n
    cdef int64_t[::1] ptr, at
    cdef int32_t[::1] ids
    cdef float[::1] values
    if rows < 1 or not 0 <= i < k or k > 65536:
        raise ValueError(f"no row tile {i} of {k} with {rows} rows")
    result = np.zeros(rows + 1, np.int64)
    ptr = result
    for j, columns, mirrored, row_ptr, cols, vals in tiles:
        bind_tile(&tile, row_ptr, cols, vals, columns if mirrored else rows,
                  rows if mirrored else columns)
        if not 0 <= j < k:
            raise ValueError(f"no column tile {j} of {k}")
        with nogil:
            wv_rows_count(&tile, mirrored, i == j, &ptr[1])
    for r in range(rows):
        total += ptr[r + 1]
        ptr[r + 1] = total
    found_ids, found_values = np.empty(total, np.int32), np.empty(total, np.float32)
    if total == 0:
        return result, found_ids, found_values
    places = result[:rows].copy()
    at, ids, values = places, found_ids, found_values
    for j, columns, mirrored, row_ptr, cols, vals in tiles:
        n = bind_tile(&tile, row_ptr, cols, vals, columns if mirrored else rows,
                      rows if mirrored else columns)
        if n == 0:
            continue
        with nogil:
            wv_rows_fill(&tile, mirrored, i == j, <int32_t>k, <int32_t>j, &at[0], &ids[0],
                         &values[0])
    return result, found_ids, found_values
