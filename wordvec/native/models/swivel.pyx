# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Swivel over tiles."""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t

from wordvec.native cimport cpu
from wordvec.native.common cimport wv_row_stride
from wordvec.native.cpu cimport wv_isa
from wordvec.native.models.tile cimport bind_tile, wv_tile

cdef extern from "wv_swivel.h" nogil:
    ctypedef struct wv_swivel_model:
        float *words
        float *contexts
        Py_ssize_t stride
        int32_t d
        const float *a
        const float *b
        float rate, b0, b1, alpha
    ctypedef struct wv_swivel_tile:
        int32_t row_tile, col_tile, k, n_cols
        wv_tile cells
    ctypedef struct wv_swivel_work:
        int32_t rows, cols
        Py_ssize_t stride
        float *dw
        float *dct
        int64_t cells
    ctypedef struct wv_swivel:
        double (*gradients)(const wv_swivel_model *, const wv_swivel_tile *,
                            wv_swivel_work *) noexcept nogil
        void (*step)(const wv_swivel_model *, const wv_swivel_tile *, wv_swivel_work *,
                     float) noexcept nogil
    const wv_swivel *wv_swivel_for(wv_isa) noexcept
    wv_swivel_work *wv_swivel_work_new(int32_t, int32_t, int32_t, Py_ssize_t, int64_t) noexcept
    void wv_swivel_work_free(wv_swivel_work *) noexcept
    Py_ssize_t wv_swivel_at(Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void wv_swivel_join(const wv_tile *, const wv_tile *, int, const float *, wv_tile *) noexcept


def join(tuple upper, mirror, bint same_tile, diagonal, uint32_t[::1] row_ptr, uint16_t[::1] cols,
         float[::1] x):
    cdef wv_tile one, other, joined
    cdef const float[::1] added
    cdef Py_ssize_t rows = len(upper[0]) - 1, room
    cdef Py_ssize_t columns = 65536 if mirror is None else len(mirror[0]) - 1
    room = bind_tile(&one, upper[0], upper[1], upper[2], rows, columns)
    if mirror is not None:
        room += bind_tile(&other, mirror[0], mirror[1], mirror[2], columns, rows)
        if same_tile and other.rows != one.rows:
            raise ValueError("a tile on the diagonal is square")
    if diagonal is not None:
        added = diagonal
        room += rows
        if added.shape[0] != rows:
            raise ValueError("diagonal must have an entry a row")
    if row_ptr.shape[0] != rows + 1 or cols.shape[0] < room or x.shape[0] < room:
        raise ValueError(f"row_ptr must have {rows + 1} entries, cols and x {room}")
    if room >= 1 << 32:
        raise ValueError(f"{room} cells in a tile: at most 2^32 - 1")
    if rows == 0 or room == 0:
        row_ptr[:] = 0
        return 0
    joined.rows = one.rows
    joined.row_ptr = &row_ptr[0]
    joined.cols = &cols[0]
    joined.values = &x[0]
    with nogil:
        wv_swivel_join(&one, &other if mirror is not None else NULL, same_tile,
                       &added[0] if diagonal is not None else NULL, &joined)
    return row_ptr[rows]


cdef class Workspace:
    """A thread's room for tiles of up to rows x cols words and `cells` cells."""
    cdef wv_swivel_work *work
    cdef int32_t d
    cdef Py_ssize_t stride

    def __cinit__(self, int32_t rows, int32_t cols, int32_t d, int64_t cells):
        if not (0 < rows <= 65536 and 0 < cols <= 65536 and d > 0 and cells >= 0):
            raise ValueError(f"no room of {rows} x {cols} words, {d} values and {cells} cells")
        self.d = d
        self.stride = wv_row_stride(d)
        self.work = wv_swivel_work_new(rows, cols, d, self.stride, cells)
        if self.work is NULL:
            raise MemoryError("room for a tile")

    def __dealloc__(self):
        wv_swivel_work_free(self.work)

    def gradients(self, float[:, ::1] rows, float[:, ::1] cols):
        """Copies the gradients of the last tile, (rows, d) and (cols, d)."""
        cdef Py_ssize_t r, i
        if rows.shape[0] > self.work.rows or cols.shape[0] > self.work.cols:
            raise ValueError("more rows than there is room for")
        if rows.shape[1] != self.d or cols.shape[1] != self.d:
            raise ValueError(f"rows must have {self.d} values")
        for r in range(rows.shape[0]):
            for i in range(self.d):
                rows[r, i] = self.work.dw[r * self.work.stride + i]
        for r in range(cols.shape[0]):
            for i in range(self.d):
                cols[r, i] = self.work.dct[wv_swivel_at(self.d, i, r)]


cdef class SwivelTrainer:
    """Holds the parameters; trains on the tiles that it is given."""
    cdef wv_swivel_model model
    cdef const wv_swivel *table
    cdef Py_ssize_t vocab
    cdef object arrays

    def __init__(self, float[:, ::1] words, float[:, ::1] contexts, const float[::1] a,
                 const float[::1] b, int32_t d, *, float rate, float b0, float b1, float alpha,
                 isa=None):
        cdef Py_ssize_t v = words.shape[0], n = wv_row_stride(d)
        if v < 1 or v > 2147483647 or contexts.shape[0] != v:
            raise ValueError("words and contexts must have a row a word")
        if a.shape[0] != v or b.shape[0] != v:
            raise ValueError("a and b must have an entry a word")
        if d < 1 or words.shape[1] != 2 * n or contexts.shape[1] != 2 * n:
            raise ValueError(f"rows must have {2 * n} floats")
        self.arrays = (words, contexts, a, b)
        self.model.words = &words[0, 0]
        self.model.contexts = &contexts[0, 0]
        self.model.stride = n
        self.model.d = d
        self.model.a = &a[0]
        self.model.b = &b[0]
        self.model.rate = rate
        self.model.b0 = b0
        self.model.b1 = b1
        self.model.alpha = alpha
        self.vocab = v
        self.table = wv_swivel_for(cpu.parse(isa))

    def train(self, Workspace work not None, int32_t row_tile, int32_t col_tile, int32_t k,
              int32_t n_cols, tuple cells, float scale, bint update=True):
        cdef wv_swivel_tile tile
        cdef double loss
        cdef int64_t nnz = bind_tile(&tile.cells, cells[0], cells[1], cells[2], -1, n_cols)
        if k < 1 or not 0 <= row_tile < k or not 0 <= col_tile < k or n_cols < 0:
            raise ValueError("a tile is out of range")
        if tile.cells.rows and <int64_t>(tile.cells.rows - 1) * k + row_tile >= self.vocab:
            raise ValueError("a tile has more rows than there are words")
        if n_cols and <int64_t>(n_cols - 1) * k + col_tile >= self.vocab:
            raise ValueError("a tile has more columns than there are words")
        if work.d != self.model.d or tile.cells.rows > work.work.rows or n_cols > work.work.cols:
            raise ValueError("the tile does not fit the room")
        if nnz > work.work.cells:
            raise ValueError("there is no room for the tile's cells")
        if tile.cells.rows == 0 or n_cols == 0:
            return 0.0
        tile.row_tile = row_tile
        tile.col_tile = col_tile
        tile.k = k
        tile.n_cols = n_cols
        with nogil:
            loss = self.table.gradients(&self.model, &tile, work.work)
            if update:
                self.table.step(&self.model, &tile, work.work, scale)
        return loss
