from libc.stdint cimport int64_t, uint8_t

cdef extern from "wv_codec.h" nogil:
    ctypedef enum wv_encoding:
        WV_F32
        WV_F16
        WV_BF16
        WV_I8
        WV_PQ
    ctypedef struct wv_matrix:
        wv_encoding encoding
        const void *codes
        const float *scale
        const float *codebook
        int64_t rows
        int64_t cols
        int64_t parts

cdef class Codec:
    cdef wv_matrix m
    cdef const uint8_t[::1] _codes
    cdef const float[::1] _side
    cdef float[:, ::1] one_row(self)
