# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Gram matrices of gathered rows, and their inverses, for many systems in one call."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

import numpy as np

from wordvec.native cimport cpu
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_gram.h" nogil:
    enum:
        WV_GRAM_ALIGN
    ctypedef struct wv_gram_side:
        const float *rows
        Py_ssize_t d, stride
        const double *scale
    ctypedef struct wv_gram_system:
        const int32_t *ids
        int64_t n, more
        wv_gram_side x, y
        const double *extra
        Py_ssize_t d_extra
    ctypedef struct wv_gram_sandwich:
        const double *A
        const double *B
        const double *C
        Py_ssize_t a_stride, b_stride, c_stride, n, p
        int symmetric
    ctypedef struct wv_gram:
        void (*gram)(const wv_gram_system *, double *, double *) noexcept nogil
        void (*gram_single)(const wv_gram_system *, double *, double *) noexcept nogil
        double (*invert)(double *, Py_ssize_t, Py_ssize_t, double *) noexcept nogil
        void (*sandwich)(const wv_gram_sandwich *, double *, double *) noexcept nogil
        void (*sandwich_single)(const wv_gram_sandwich *, double *, double *) noexcept nogil
        void (*dots)(const int32_t *, int64_t, const float *, Py_ssize_t, Py_ssize_t,
                     const double *, double *) noexcept nogil
    const wv_gram *wv_gram_for(wv_isa) noexcept
    Py_ssize_t wv_gram_width(const wv_gram_system *) noexcept
    Py_ssize_t wv_gram_room(Py_ssize_t) noexcept
    Py_ssize_t wv_gram_sandwich_room(Py_ssize_t) noexcept


cdef class _Room:
    """Doubles that start on a cache line."""

    cdef void *memory
    cdef double *start

    def __cinit__(self, Py_ssize_t doubles):
        self.memory = malloc(<size_t>(doubles + 8) * sizeof(double))
        if self.memory is NULL:
            raise MemoryError(f"{doubles} doubles")
        self.start = <double *>((<size_t>self.memory + 63) & ~<size_t>63)

    def __dealloc__(self):
        free(self.memory)


cdef void _mirror(double *G, Py_ssize_t n, Py_ssize_t stride) noexcept nogil:
    """Copies the upper triangle of G (n, n) to the lower, a square of cache lines at a time."""
    cdef Py_ssize_t top, left, r, c
    for top in range(0, n, 8):
        for left in range(top, n, 8):
            for c in range(left, min(left + 8, n)):
                for r in range(top, min(top + 8, c)):
                    G[c * stride + r] = G[r * stride + c]


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
          const double[:, ::1] extra=None, bint single=False,
          bint upper=False, isa=None):
    cdef Py_ssize_t i, systems = ptr.shape[0] - 1, n = ids.shape[0], d, p
    cdef wv_gram_system s, one
    cdef const wv_gram *table = wv_gram_for(cpu.parse(isa))
    cdef _Room room
    cdef double[:, :, ::1] out
    s.x.d, s.x.stride, s.y.d, s.y.stride, s.d_extra = X.shape[1], _stride(X), 0, 0, 0
    s.x.rows, s.y.rows, s.extra, s.x.scale, s.y.scale, s.ids = NULL, NULL, NULL, NULL, NULL, NULL
    s.n, s.more = 0, 0
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
    if systems == 0 or n == 0:
        return np.zeros((systems, d, d))
    result = np.empty((systems, p, p))
    out = result
    s.x.rows, s.x.scale = &X[0, 0], &a[0]
    if s.y.d:
        s.y.rows, s.y.scale = &Y[0, 0], &b[0]
    if s.d_extra:
        s.extra = &extra[0, 0]
    room = _Room(wv_gram_room(p))
    with nogil:
        for i in range(systems):
            one = s
            one.ids = &ids[0] + ptr[i]
            one.n = ptr[i + 1] - ptr[i]
            one.more = n - ptr[i + 1]
            one.x.scale = s.x.scale + ptr[i]
            if s.y.d:
                one.y.scale = s.y.scale + ptr[i]
            if s.d_extra:
                one.extra = s.extra + ptr[i] * s.d_extra
            (table.gram_single if single else table.gram)(&one, room.start, &out[i, 0, 0])
            if not upper:
                _mirror(&out[i, 0, 0], d, p)
    return result[:, :d, :d]


def inverses(const double[:, :, :] M, isa=None):
    cdef Py_ssize_t i, r, c, systems = M.shape[0], n = M.shape[1]
    cdef Py_ssize_t p = (n + WV_GRAM_ALIGN - 1) // WV_GRAM_ALIGN * WV_GRAM_ALIGN
    cdef const wv_gram *table = wv_gram_for(cpu.parse(isa))
    cdef _Room room
    cdef double *square
    cdef double[:, :, ::1] out
    cdef double[::1] ratio
    cdef bint contiguous = M.strides[2] == sizeof(double)
    if M.shape[2] != n or n < 1:
        raise ValueError(f"matrices must be square, got {M.shape[1]} x {M.shape[2]}")
    result, pivots = np.empty((systems, n, n)), np.empty(systems)
    if systems == 0:
        return result, pivots
    out, ratio = result, pivots
    room = _Room(wv_gram_room(p) + p * p + 8)
    square = room.start + (wv_gram_room(p) + 7) // 8 * 8
    with nogil:
        for i in range(systems):
            for r in range(n):
                if contiguous:
                    memcpy(square + r * p + r, &M[i, r, r], (n - r) * sizeof(double))
                else:
                    for c in range(r, n):
                        square[r * p + c] = M[i, r, c]
            ratio[i] = table.invert(square, n, p, room.start)
            for r in range(n):
                memcpy(&out[i, r, r], square + r * p + r, (n - r) * sizeof(double))
            _mirror(&out[i, 0, 0], n, n)
    return result, pivots


cdef Py_ssize_t _row_stride(const double[:, :, :] M, Py_ssize_t systems, Py_ssize_t n) except -1:
    if M.shape[0] != systems or M.shape[1] != n or M.shape[2] != n:
        raise ValueError(f"matrices must be ({systems}, {n}, {n})")
    if n > 1 and M.strides[2] != sizeof(double):
        raise ValueError("rows of matrices must be contiguous")
    return M.strides[1] // <Py_ssize_t>sizeof(double)


def sandwiches(const double[:, :, :] A, const double[:, :, :] B, const double[:, :, :] C=None,
               bint single=False, isa=None):
    cdef Py_ssize_t i, systems = A.shape[0], n = A.shape[1]
    cdef Py_ssize_t p = (n + WV_GRAM_ALIGN - 1) // WV_GRAM_ALIGN * WV_GRAM_ALIGN
    cdef const wv_gram *table = wv_gram_for(cpu.parse(isa))
    cdef const double[:, :, :] last = A if C is None else C
    cdef wv_gram_sandwich s
    cdef _Room room
    cdef double[:, :, ::1] out
    if n < 1:
        raise ValueError("matrices must have a row")
    s.n, s.p, s.symmetric = n, p, C is None
    s.a_stride = _row_stride(A, systems, n)
    s.b_stride = _row_stride(B, systems, n)
    s.c_stride = _row_stride(last, systems, n)
    result = np.empty((systems, p, p))
    if systems == 0:
        return result[:, :n, :n]
    out = result
    room = _Room(wv_gram_sandwich_room(p))
    with nogil:
        for i in range(systems):
            s.A, s.B, s.C = &A[i, 0, 0], &B[i, 0, 0], &last[i, 0, 0]
            (table.sandwich_single if single else table.sandwich)(&s, room.start, &out[i, 0, 0])
            if s.symmetric:
                _mirror(&out[i, 0, 0], n, p)
    return result[:, :n, :n]


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
