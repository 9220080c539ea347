# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""The k best of rows and of columns of scores that come in blocks."""

from libc.stdint cimport int32_t, int64_t

from wordvec.native cimport cpu
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_best.h" nogil:
    ctypedef struct wv_best:
        void (*rows)(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, int32_t, Py_ssize_t,
                     float *, int32_t *) noexcept nogil
        void (*columns)(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, int32_t, Py_ssize_t,
                        float *, int32_t *, float *) noexcept nogil
    const wv_best *wv_best_for(wv_isa) noexcept
    float wv_best_offer(float, int32_t, Py_ssize_t, float *, int32_t *) noexcept


cdef int _check(const float[:, :] scores, Py_ssize_t lists, Py_ssize_t offered, int64_t first,
                float[:, ::1] top, int32_t[:, ::1] ids) except -1:
    if scores.shape[1] > 1 and scores.strides[1] != sizeof(float):
        raise ValueError("rows of scores must be contiguous")
    if scores.strides[0] % <Py_ssize_t>sizeof(float):
        raise ValueError("rows of scores must lie a whole number of floats apart")
    if top.shape[0] != lists or top.shape[1] < 1:
        raise ValueError(f"top must have {lists} lists of one score or more")
    if ids.shape[0] != lists or ids.shape[1] != top.shape[1]:
        raise ValueError("ids must have the shape of top")
    if first < 0 or first + offered > 2147483647:
        raise ValueError("ids must lie in [0, 2^31 - 1)")
    return 0


def rows(const float[:, :] scores, int64_t first, float[:, ::1] top, int32_t[:, ::1] ids,
         isa=None):
    cdef Py_ssize_t n = scores.shape[0], m = scores.shape[1]
    cdef const wv_best *table = wv_best_for(cpu.parse(isa))
    _check(scores, n, m, first, top, ids)
    if n == 0 or m == 0:
        return
    with nogil:
        table.rows(&scores[0, 0], n, m, scores.strides[0] // <Py_ssize_t>sizeof(float),
                   <int32_t>first, top.shape[1], &top[0, 0], &ids[0, 0])


def columns(const float[:, :] scores, int64_t first, float[:, ::1] top, int32_t[:, ::1] ids,
            float[::1] least, isa=None):
    cdef Py_ssize_t n = scores.shape[0], m = scores.shape[1]
    cdef const wv_best *table = wv_best_for(cpu.parse(isa))
    _check(scores, m, n, first, top, ids)
    if least.shape[0] != m:
        raise ValueError(f"least must have {m} floats")
    if n == 0 or m == 0:
        return
    with nogil:
        table.columns(&scores[0, 0], n, m, scores.strides[0] // <Py_ssize_t>sizeof(float),
                      <int32_t>first, top.shape[1], &top[0, 0], &ids[0, 0], &least[0])


def merge(float[:, ::1] top, int32_t[:, ::1] ids, const float[:, ::1] other_top,
          const int32_t[:, ::1] other_ids):
    cdef Py_ssize_t i, j, n = top.shape[0], k = top.shape[1]
    if (ids.shape[0] != n or other_top.shape[0] != n or other_ids.shape[0] != n
            or ids.shape[1] != k or other_ids.shape[1] != other_top.shape[1]):
        raise ValueError("lists must be of the same rows")
    if n == 0 or k == 0:
        return
    with nogil:
        for i in range(n):
            for j in range(other_top.shape[1]):
                wv_best_offer(other_top[i, j], other_ids[i, j], k, &top[i, 0], &ids[i, 0])
