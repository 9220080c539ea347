# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Permutation tests of a sum, exact and sampled."""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc

cdef extern from "wv_perm.h" nogil:
    int WV_PERM_EXACT_MAX
    ctypedef struct wv_perm_counts:
        uint64_t subsets
        uint64_t high
        uint64_t low
    int wv_perm_exact(const int64_t *, int, int, int64_t, int64_t,
                      wv_perm_counts *) noexcept nogil
    int wv_perm_sampled(const int64_t *, Py_ssize_t, Py_ssize_t, int64_t, int64_t, uint64_t,
                        int64_t, int64_t, int32_t *, wv_perm_counts *) noexcept nogil

EXACT_MAX = WV_PERM_EXACT_MAX
_LIMIT = 1 << 62


cdef int _check(const int64_t[::1] x, Py_ssize_t k, object upper, object lower) except -1:
    if not 0 <= k <= x.shape[0]:
        raise ValueError(f"k must lie in [0, {x.shape[0]}], the number of scores, got {k}")
    cdef object total = 0
    for i in range(x.shape[0]):
        total += abs(int(x[i]))
    if max(total, abs(upper), abs(lower)) >= _LIMIT:
        raise ValueError("scores and bounds are too large: their sum must stay below 2^62")
    return 0


def exact(const int64_t[::1] x, Py_ssize_t k, upper, lower):
    cdef Py_ssize_t n = x.shape[0]
    if n == 0 or n > WV_PERM_EXACT_MAX:
        raise ValueError(f"an exact count takes 1 to {WV_PERM_EXACT_MAX} scores, got {n}")
    _check(x, k, upper, lower)
    cdef wv_perm_counts counts
    cdef int64_t high = upper, low = lower
    cdef int status
    with nogil:
        status = wv_perm_exact(&x[0], <int>n, <int>k, high, low, &counts)
    if status:
        raise MemoryError("no room for the subset sums of an exact permutation test")
    return counts.subsets, counts.high, counts.low


def sampled(const int64_t[::1] x, Py_ssize_t k, upper, lower, int64_t samples, uint64_t seed,
            int64_t first=0):
    cdef Py_ssize_t n = x.shape[0]
    if n == 0 or n >= 1 << 31:
        raise ValueError(f"a sampled count takes 1 to 2^31 - 1 scores, got {n}")
    if samples < 0:
        raise ValueError(f"samples must be >= 0, got {samples}")
    _check(x, k, upper, lower)
    cdef int32_t *scratch = <int32_t *>malloc(n * sizeof(int32_t))
    if scratch == NULL:
        raise MemoryError()
    cdef wv_perm_counts counts
    cdef int64_t high = upper, low = lower
    with nogil:
        wv_perm_sampled(&x[0], n, k, high, low, seed, first, samples, scratch, &counts)
        free(scratch)
    return counts.subsets, counts.high, counts.low
