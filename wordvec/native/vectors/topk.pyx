# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""The rows with the largest scores, without the GIL: callers divide rows among threads."""

from libc.stdint cimport int8_t, int16_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

import numpy as np

from wordvec.native cimport cpu
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_topk.h" nogil:
    ctypedef struct wv_topk:
        void (*scores)(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, const float *,
                       float *) noexcept nogil
    ctypedef struct wv_scored:
        float score
        int64_t id
    ctypedef struct wv_top:
        wv_scored *kept
        Py_ssize_t size
        Py_ssize_t k
    const wv_topk *wv_topk_for(wv_isa) noexcept
    void wv_top_begin(wv_top *, wv_scored *, Py_ssize_t, Py_ssize_t) noexcept
    void wv_top_offer(const wv_topk *, wv_top *, float *, const float *, Py_ssize_t,
                       int64_t) noexcept
    void wv_top_offer_rows(const wv_topk *, wv_top *, const float *, Py_ssize_t, Py_ssize_t,
                            Py_ssize_t, const float *, const float *, int64_t) noexcept
    void wv_top_offer_i8(const wv_topk *, wv_top *, const int8_t *, Py_ssize_t, Py_ssize_t,
                          const float *, const float *, const int16_t *, float, int64_t) noexcept
    void wv_top_offer_sketch(const wv_topk *, wv_top *, const uint8_t *, const float *,
                              const uint8_t (*)[16], Py_ssize_t, float, float, int64_t,
                              int64_t) noexcept
    void wv_sketch_pack(const float *, Py_ssize_t, Py_ssize_t, uint8_t *, float *) noexcept
    void wv_sketch_query(const float *, Py_ssize_t, uint8_t (*)[16], float *, float *) noexcept
    const int WV_SKETCH_ROWS
    void wv_top_finish(wv_top *, int) noexcept


cdef int _equal(object what, Py_ssize_t got, Py_ssize_t wanted) except -1:
    if got != wanted:
        raise ValueError(f"{what} must have {wanted} entries, got {got}")
    return 0


cdef class Top:
    """The k best of the scores that are offered; equal ones by rising id, those that are not finite
    left out."""

    cdef wv_top t
    cdef const wv_topk *table
    cdef const float[::1] _scale
    cdef const float *_factor

    def __cinit__(self, Py_ssize_t k, isa=None):
        if k < 0:
            raise ValueError(f"k must be 0 or more, got {k}")
        if k > 1 << 48:
            raise MemoryError
        # Twice k: the bar rises after so many as were kept. A few have a little more, many less.
        cdef Py_ssize_t room = k + min(k, 1 << 14) + 32
        cdef wv_scored *kept = <wv_scored *>malloc(<size_t>room * sizeof(wv_scored))
        if kept == NULL:
            raise MemoryError
        self.table = wv_topk_for(cpu.parse(isa))
        wv_top_begin(&self.t, kept, room, k)

    def __dealloc__(self):
        free(self.t.kept)

    cdef int _use(self, object scale, Py_ssize_t n) except -1:
        """Takes the factors (n,) of the next scores, or None."""
        self._factor = NULL
        if scale is not None:
            self._scale = scale
            _equal("scale", self._scale.shape[0], n)
            if n:
                self._factor = &self._scale[0]
        return 0

    def offer(self, float[::1] scores, scale, int64_t first):
        """Offers scores (n,), times scale (n,) or None, of the ids first, first + 1, ..."""
        if scores.shape[0] == 0:
            return
        self._use(scale, scores.shape[0])
        with nogil:
            wv_top_offer(self.table, &self.t, &scores[0], self._factor, scores.shape[0], first)

    def offer_rows(self, const float[:, ::1] X, scale, const float[::1] q, int64_t first):
        """Offers the rows of X (n, d) scored against q (d,), times scale (n,) or None."""
        _equal("the query", q.shape[0], X.shape[1])
        if X.shape[0] == 0 or X.shape[1] == 0:
            return
        self._use(scale, X.shape[0])
        with nogil:
            wv_top_offer_rows(self.table, &self.t, &X[0, 0], X.shape[0], X.shape[1], X.shape[1],
                               self._factor, &q[0], first)

    def offer_i8(self, const int8_t[:, ::1] X, const float[::1] codes_scale, scale,
                 const int16_t[::1] q, float unit, int64_t first):
        """Offers rows of int8 (n, d) against q (d,): sums times `unit` times codes_scale (n,), times
        scale (n,) or None."""
        cdef Py_ssize_t j
        cdef int64_t largest = 0
        _equal("the query", q.shape[0], X.shape[1])
        _equal("codes_scale", codes_scale.shape[0], X.shape[0])
        for j in range(q.shape[0]):
            largest = max(largest, abs(<int64_t>q[j]))
        if largest * 128 * q.shape[0] >= 2147483648:
            raise ValueError("the query's numbers are so large that a sum may overflow")
        if X.shape[0] == 0 or X.shape[1] == 0:
            return
        self._use(scale, X.shape[0])
        with nogil:
            wv_top_offer_i8(self.table, &self.t, &X[0, 0], X.shape[0], X.shape[1],
                             &codes_scale[0], self._factor, &q[0], unit, first)

    def offer_sketch(self, const uint8_t[::1] codes, const float[::1] factor,
                     const uint8_t[:, ::1] lut, float slope, float offset, int64_t start,
                     int64_t stop):
        """Offers the rows start .. stop of a sketch: codes as `sketch_pack` makes them, the tables of
        a query as `sketch_query` does."""
        _equal("a table", lut.shape[1], 16)
        _equal("codes", codes.shape[0], sketch_bytes(factor.shape[0], lut.shape[0]))
        if not 0 <= start <= stop <= factor.shape[0]:
            raise IndexError(f"there are {factor.shape[0]} rows, no rows {start} to {stop}")
        if start == stop or lut.shape[0] == 0:
            return
        with nogil:
            wv_top_offer_sketch(self.table, &self.t, &codes[0], &factor[0],
                                 <const uint8_t (*)[16]>&lut[0, 0], lut.shape[0], slope, offset,
                                 start, stop)

    def best(self, bint sort=True):
        """Ids and scores (k,) or fewer; without `sort` in no order."""
        cdef Py_ssize_t i
        with nogil:
            wv_top_finish(&self.t, sort)
        cdef int64_t[::1] ids = np.empty(self.t.size, np.int64)
        cdef float[::1] scores = np.empty(self.t.size, np.float32)
        for i in range(self.t.size):
            ids[i] = self.t.kept[i].id
            scores[i] = self.t.kept[i].score
        return ids.base, scores.base


def scores(const float[:, ::1] X, const float[::1] q, float[::1] out, isa=None):
    """out[i] = sum_j X[i, j] q[j]."""
    _equal("the query", q.shape[0], X.shape[1])
    _equal("out", out.shape[0], X.shape[0])
    if X.shape[0] == 0:
        return
    if X.shape[1] == 0:
        out[:] = 0
        return
    cdef const wv_topk *table = wv_topk_for(cpu.parse(isa))
    with nogil:
        table.scores(&X[0, 0], X.shape[0], X.shape[1], X.shape[1], &q[0], &out[0])


SKETCH_ROWS = WV_SKETCH_ROWS


cpdef int64_t sketch_bytes(int64_t rows, int64_t groups) noexcept:
    """Bytes of the codes of a sketch."""
    return (rows + WV_SKETCH_ROWS - 1) // WV_SKETCH_ROWS * groups * 32


def sketch_pack(const float[:, ::1] X, uint8_t[::1] codes, float[::1] factor):
    """The signs of X (n, d) to codes (zeros) and the factors (n,) of their rows."""
    _equal("codes", codes.shape[0], sketch_bytes(X.shape[0], (X.shape[1] + 3) // 4))
    _equal("factor", factor.shape[0], X.shape[0])
    if X.shape[0] and X.shape[1]:
        with nogil:
            wv_sketch_pack(&X[0, 0], X.shape[0], X.shape[1], &codes[0], &factor[0])


def sketch_query(const float[::1] q, uint8_t[:, ::1] lut):
    """Fills the tables (groups, 16) of a query q (d,); returns slope and offset."""
    cdef float slope = 0, offset = 0
    _equal("lut", lut.shape[0], (q.shape[0] + 3) // 4)
    _equal("a table", lut.shape[1], 16)
    if q.shape[0]:
        wv_sketch_query(&q[0], q.shape[0], <uint8_t (*)[16]>&lut[0, 0], &slope, &offset)
    return slope, offset
