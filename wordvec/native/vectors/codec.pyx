# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Rows of encoded matrices as float32."""

from cython cimport view
from libc.stdint cimport int64_t, uint8_t

from wordvec.native.common cimport WV_OK, wv_status

cdef extern from "wv_codec.h" nogil:
    wv_status wv_matrix_rows(const wv_matrix *, int64_t, int64_t, float *) noexcept
    wv_status wv_matrix_take(const wv_matrix *, const int64_t *, int64_t, float *) noexcept
    void wv_pq_assign(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, const float *,
                      const float *, uint8_t *, Py_ssize_t) noexcept


cdef class Codec:
    """A matrix (rows, cols) of one encoding over buffers that must not change.

    encoding: its number in the file format; codes: all bytes of the rows; side: the scales (rows,)
    of int8, the codebook (parts * 256 * cols / parts,) of pq, else empty.
    """

    def __init__(self, int encoding, int64_t rows, int64_t cols, int64_t parts,
                 const uint8_t[::1] codes, const float[::1] side):
        cdef int64_t width
        if encoding not in (WV_F32, WV_F16, WV_BF16, WV_I8, WV_PQ):
            raise ValueError(f"no encoding {encoding}")
        if rows < 0 or cols < 1 or (encoding == WV_PQ and (parts < 1 or cols % parts)):
            raise ValueError(f"no matrix of {rows} x {cols} in {parts} parts")
        width = {WV_F32: 4 * cols, WV_F16: 2 * cols, WV_BF16: 2 * cols, WV_I8: cols,
                 WV_PQ: parts}[encoding]
        if codes.shape[0] != rows * width:
            raise ValueError(f"codes must have {rows * width} bytes, got {codes.shape[0]}")
        width = {WV_I8: rows, WV_PQ: 256 * cols}.get(encoding, 0)
        if side.shape[0] != width:
            raise ValueError(f"side must have {width} numbers, got {side.shape[0]}")
        self._codes, self._side = codes, side
        self.m.encoding = <wv_encoding>encoding
        self.m.rows, self.m.cols, self.m.parts = rows, cols, parts
        self.m.codes = &codes[0] if codes.shape[0] else NULL
        if side.shape[0]:
            self.m.scale = self.m.codebook = &side[0]

    cdef float[:, ::1] one_row(self):
        """Room for a row, for callers that read one at a time."""
        return view.array((1, self.m.cols), sizeof(float), "f")

    def rows(self, int64_t start, float[:, ::1] out):
        """Rows start, start + 1, ... as float32, as many as out (n, cols) has."""
        cdef int64_t n = out.shape[0]
        if out.shape[1] != self.m.cols:
            raise ValueError(f"out must have {self.m.cols} columns, got {out.shape[1]}")
        if start < 0 or start + n > self.m.rows:
            raise IndexError(f"there are {self.m.rows} rows, no rows {start} to {start + n}")
        if n:
            with nogil:
                wv_matrix_rows(&self.m, start, n, &out[0, 0])

    def take(self, const int64_t[::1] ids, float[:, ::1] out):
        """The rows of the ids (n,) as float32, to out (n, cols)."""
        cdef wv_status status = WV_OK
        if out.shape[1] != self.m.cols or out.shape[0] != ids.shape[0]:
            raise ValueError(f"out must be {ids.shape[0]} x {self.m.cols}")
        if ids.shape[0]:
            with nogil:
                status = wv_matrix_take(&self.m, &ids[0], ids.shape[0], &out[0, 0])
        if status != WV_OK:
            raise IndexError(f"an id is not in [0, {self.m.rows})")


def pq_assign(const float[:, :] X, const float[:, ::1] centroids, const float[::1] half_norms,
              uint8_t[:] out):
    """The nearest centroid of each row of X (n, d) to out (n,); centroids: (d, 256)."""
    if X.shape[0] != out.shape[0]:
        raise ValueError(f"out must have {X.shape[0]} entries, got {out.shape[0]}")
    if centroids.shape[0] != X.shape[1] or centroids.shape[1] != 256 or half_norms.shape[0] != 256:
        raise ValueError(f"centroids must be {X.shape[1]} x 256, with 256 norms")
    if X.shape[0] == 0 or X.shape[1] == 0:
        return
    if X.strides[1] != sizeof(float) or X.strides[0] % sizeof(float):
        raise ValueError("rows must be contiguous")
    with nogil:
        wv_pq_assign(&X[0, 0], X.shape[0], X.shape[1], X.strides[0] // <Py_ssize_t>sizeof(float),
                     &centroids[0, 0], &half_norms[0], &out[0], out.strides[0])
