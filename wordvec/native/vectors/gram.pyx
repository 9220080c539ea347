# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Gram matrices of gathered rows, for many systems in one call."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

import numpy as np

from wordvec.native cimport cpu
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_gram.h" nogil:
    enum:
        WV_GRAM_BLOCK
        WV_GRAM_ALIGN
    ctypedef struct wv_gram_side:
        const float *rows
        Py_ssize_t d, stride
        const double *scale
    ctypedef struct wv_gram_system:
        const int32_t *ids
        int64_t n
        wv_gram_side x, y
        const double *extra
        Py_ssize_t d_extra
    ctypedef struct wv_gram:
        void (*gram)(const wv_gram_system *, double *, double *) noexcept nogil
        void (*dots)(const int32_t *, int64_t, const float *, Py_ssize_t, Py_ssize_t,
                     const double *, double *) noexcept nogil
    const wv_gram *wv_gram_for(wv_isa) noexcept
    Py_ssize_t wv_gram_width(const wv_gram_system *) noexcept


cdef int _check(const int64_t[::1] ptr, const int32_t[::1] ids, Py_ssize_t V) except -1:
    """Whether systems [ptr[i], ptr[i + 1]) lie in ids, and ids in [0, V)."""
    cdef Py_ssize_t i, n = ids.shape[0]
    if ptr.shape[0] < 1 or ptr[0] != 0 or ptr[ptr.shape[0] - 1] != n:
        raise ValueError("ptr must rise from 0 to the number of ids")
    for i in range(ptr.shape[0] - 1):
        if ptr[i] > ptr[i + 1]:
            raise ValueError("ptr must rise from 0 to the number of ids")
    for i in range(n):
        if not 0 <= ids[i] < V:
            raise ValueError(f"id {ids[i]} is outside [0, {V})")
    return 0


cdef Py_ssize_t _stride(const float[:, :] X) except -1:
    if X.shape[0] > 2147483647:
        raise ValueError("more than 2^31 - 1 rows")
    if X.shape[1] < 1 or X.strides[1] != sizeof(float) or X.strides[0] % <Py_ssize_t>sizeof(float):
        raise ValueError("rows must be contiguous and have an element")
    return X.strides[0] // <Py_ssize_t>sizeof(float)


def grams(const int64_t[::1] ptr, const int32_t[::1] ids, const float[:, :] X,
          const double[::1] a, const float[:, :] Y=None, const double[::1] b=None,
          const double[:, ::1] extra=None, isa=None):
    cdef Py_ssize_t i, r, c, systems = ptr.shape[0] - 1, n = ids.shape[0], d, p
    cdef wv_gram_system s, one
    cdef const wv_gram *table = wv_gram_for(cpu.parse(isa))
    cdef double *room
    cdef double *panel
    cdef double *G
    cdef double[:, :, ::1] out
    s.x.d, s.x.stride, s.y.d, s.y.stride, s.d_extra = X.shape[1], _stride(X), 0, 0, 0
    s.x.rows, s.y.rows, s.extra, s.x.scale, s.y.scale, s.ids = NULL, NULL, NULL, NULL, NULL, NULL
    s.n = 0
    _check(ptr, ids, X.shape[0])
    if a.shape[0] != n:
        raise ValueError("a must have an entry for each id")
    if (Y is None) != (b is None):
        raise ValueError("Y and b come together")
    if Y is not None:
        s.y.d, s.y.stride = Y.shape[1], _stride(Y)
        if Y.shape[0] != X.shape[0] or b.shape[0] != n:
            raise ValueError("Y must have the rows of X, and b an entry for each id")
    if extra is not None:
        s.d_extra = extra.shape[1]
        if extra.shape[0] != n:
            raise ValueError("extra must have a row for each id")
    d, p = s.x.d + s.y.d + s.d_extra, wv_gram_width(&s)
    result = np.zeros((systems, d, d))
    if systems == 0 or n == 0:
        return result
    out = result
    s.x.rows, s.x.scale = &X[0, 0], &a[0]
    if s.y.d:
        s.y.rows, s.y.scale = &Y[0, 0], &b[0]
    if s.d_extra:
        s.extra = &extra[0, 0]
    # Rows of the panel start on cache lines.
    room = <double *>malloc(<size_t>(p * (p + WV_GRAM_BLOCK) + 8) * sizeof(double))
    if room is NULL:
        raise MemoryError(f"a Gram matrix of {d} columns")
    panel = <double *>((<size_t>room + 63) & ~<size_t>63)
    G = panel + p * WV_GRAM_BLOCK
    try:
        with nogil:
            for i in range(systems):
                one = s
                one.ids = &ids[0] + ptr[i]
                one.n = ptr[i + 1] - ptr[i]
                one.x.scale = s.x.scale + ptr[i]
                if s.y.d:
                    one.y.scale = s.y.scale + ptr[i]
                if s.d_extra:
                    one.extra = s.extra + ptr[i] * s.d_extra
                table.gram(&one, panel, G)
                for r in range(d):
                    for c in range(r, d):
                        out[i, r, c] = G[r * p + c]
                        out[i, c, r] = G[r * p + c]
    finally:
        free(room)
    return result


def dots(const int64_t[::1] ptr, const int32_t[::1] ids, const float[:, :] X,
         const double[:, ::1] W, double[::1] out, isa=None):
    cdef Py_ssize_t i, systems = ptr.shape[0] - 1, d = X.shape[1], stride = _stride(X)
    cdef const wv_gram *table = wv_gram_for(cpu.parse(isa))
    _check(ptr, ids, X.shape[0])
    if W.shape[0] != systems or W.shape[1] != d:
        raise ValueError(f"W must be ({systems}, {d})")
    if out.shape[0] != ids.shape[0]:
        raise ValueError("out must have an entry for each id")
    if ids.shape[0] == 0:
        return
    with nogil:
        for i in range(systems):
            if ptr[i] < ptr[i + 1]:
                table.dots(&ids[0] + ptr[i], ptr[i + 1] - ptr[i], &X[0, 0], d, stride, &W[i, 0],
                           &out[0] + ptr[i])
