# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""The dense primitives, for tests and for the few callers outside a larger kernel."""

from libc.stdint cimport uint64_t

from wordvec.native cimport cpu
from wordvec.native.common cimport wv_row_stride
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_vec.h" nogil:
    ctypedef struct wv_vec:
        float (*dot)(const float *, const float *, Py_ssize_t) noexcept nogil
        void (*axpy)(float, const float *, float *, Py_ssize_t) noexcept nogil
        void (*sigmoid)(const float *, float *, Py_ssize_t) noexcept nogil
        void (*log)(const float *, float *, Py_ssize_t) noexcept nogil
        void (*norms)(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, float *) noexcept nogil
    const wv_vec *wv_vec_for(wv_isa) noexcept nogil

cdef extern from "wv_rng.h" nogil:
    uint64_t wv_rng_key(uint64_t, uint64_t, uint64_t) noexcept


cdef int _same(Py_ssize_t a, Py_ssize_t b) except -1:
    if a != b:
        raise ValueError(f"lengths differ: {a} and {b}")
    return 0


cdef const void *kernels(object isa) except NULL:
    return wv_vec_for(cpu.parse(isa))


def dot(const float[::1] x, const float[::1] y, isa=None):
    _same(x.shape[0], y.shape[0])
    if x.shape[0] == 0:
        return 0.0
    return wv_vec_for(cpu.parse(isa)).dot(&x[0], &y[0], x.shape[0])


def axpy(float a, const float[::1] x, float[::1] y, isa=None):
    _same(x.shape[0], y.shape[0])
    if x.shape[0]:
        wv_vec_for(cpu.parse(isa)).axpy(a, &x[0], &y[0], x.shape[0])


def sigmoid(const float[::1] x, float[::1] out, isa=None):
    _same(x.shape[0], out.shape[0])
    if x.shape[0]:
        wv_vec_for(cpu.parse(isa)).sigmoid(&x[0], &out[0], x.shape[0])


def log(const float[::1] x, float[::1] out, isa=None):
    _same(x.shape[0], out.shape[0])
    if x.shape[0]:
        wv_vec_for(cpu.parse(isa)).log(&x[0], &out[0], x.shape[0])


def norms(const float[:, :] X, float[::1] out, isa=None):
    _same(X.shape[0], out.shape[0])
    if X.shape[0] == 0:
        return
    if X.shape[1] == 0:
        out[:] = 0
        return
    if X.strides[1] != sizeof(float) or X.strides[0] % sizeof(float):
        raise ValueError("rows must be contiguous")
    cdef const wv_vec *table = wv_vec_for(cpu.parse(isa))
    with nogil:
        table.norms(&X[0, 0], X.shape[0], X.shape[1], X.strides[0] // <Py_ssize_t>sizeof(float),
                    &out[0])


def rng_key(uint64_t a, uint64_t b=0, uint64_t c=0):
    return wv_rng_key(a, b, c)


def row_stride(Py_ssize_t n):
    if n < 0:
        raise ValueError(f"a row has n >= 0 values, got {n}")
    return wv_row_stride(n)
