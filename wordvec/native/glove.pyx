# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""GloVe over tiles."""

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from wordvec.native cimport cpu
from wordvec.native.cpu cimport wv_isa
from wordvec.native.tile cimport bind_tile, point_at, wv_tile

cdef extern from "wv_glove.h" nogil:
    ctypedef struct wv_glove_cell:
        int32_t row, col
        float log_x, weight
    ctypedef struct wv_glove_model:
        float *words
        float *contexts
        Py_ssize_t stride
        const float *word_rate
        const float *context_rate
        float clip
        int32_t symmetric
    ctypedef struct wv_glove:
        double (*train)(const wv_glove_model *, const wv_glove_cell *, int64_t) noexcept nogil
        void (*weigh)(const float *, int64_t, float, float, float *, float *) noexcept nogil
    const wv_glove *wv_glove_for(wv_isa) noexcept
    int64_t wv_glove_select(const wv_tile *, int32_t, int32_t, int32_t, uint32_t, uint32_t,
                            uint64_t, wv_glove_cell *, float *) noexcept
    void wv_glove_shuffle(wv_glove_cell *, int64_t, uint64_t) noexcept


cdef class GloVeTrainer:
    """Holds the parameters; trains on the tiles that it is given."""
    cdef wv_glove_model model
    cdef const wv_glove *table
    cdef float log_x_max, alpha
    cdef int32_t vocab
    cdef object arrays

    def __init__(self, float[:, ::1] words, float[:, ::1] contexts, const float[::1] word_rate,
                 const float[::1] context_rate, *, double x_max, double alpha, float clip,
                 bint symmetric, isa=None):
        cdef Py_ssize_t v = words.shape[0], n = word_rate.shape[0]
        if v < 1 or v > 2147483647 or contexts.shape[0] != v:
            raise ValueError("words and contexts must have a row a word")
        if n < 16 or n % 16 or context_rate.shape[0] != n:
            raise ValueError("rates must have the same multiple of 16 floats")
        if words.shape[1] != 2 * n or contexts.shape[1] != 2 * n:
            raise ValueError(f"rows must have {2 * n} floats")
        self.arrays = (words, contexts, word_rate, context_rate)
        self.model.words = &words[0, 0]
        self.model.contexts = &contexts[0, 0]
        self.model.stride = n
        self.model.word_rate = &word_rate[0]
        self.model.context_rate = &context_rate[0]
        self.model.clip = clip
        self.model.symmetric = symmetric
        self.log_x_max = <float>log(x_max)
        self.alpha = <float>alpha
        self.vocab = <int32_t>v
        self.table = wv_glove_for(cpu.parse(isa))

    def train(self, list tiles, int32_t k, uint64_t key, uint32_t slice=0, uint32_t slices=1):
        cdef int64_t room = 0, n = 0, part, i
        cdef wv_tile tile
        cdef int32_t row_tile, col_tile
        cdef wv_glove_cell *cells = NULL
        cdef float *x = NULL
        cdef double loss
        if not slice < slices:
            raise ValueError(f"slice {slice} of {slices}")
        for row_tile, col_tile, row_ptr, cols, values in tiles:
            if k < 1 or not 0 <= row_tile < k or not 0 <= col_tile < k:
                raise ValueError("a tile is out of range")
            room += bind_tile(&tile, row_ptr, cols, values, (self.vocab - row_tile + k - 1) // k,
                              (self.vocab - col_tile + k - 1) // k)
        if room == 0:
            return 0.0, 0
        if room >= 1 << 32:
            raise ValueError(f"{room} cells in a tile: at most 2^32 - 1 can be shuffled")
        cells = <wv_glove_cell *>malloc(<size_t>room * sizeof(wv_glove_cell))
        x = <float *>malloc(<size_t>room * 3 * sizeof(float))
        try:
            if cells is NULL or x is NULL:
                raise MemoryError(f"{room} cells of a tile")
            for row_tile, col_tile, row_ptr, cols, values in tiles:
                point_at(&tile, row_ptr, cols, values)
                with nogil:
                    part = wv_glove_select(&tile, row_tile, col_tile, k, slice, slices,
                                           key ^ <uint64_t>(row_tile > col_tile), cells + n, x)
                    self.table.weigh(x, part, self.log_x_max, self.alpha, x + room, x + 2 * room)
                    for i in range(part):
                        cells[n + i].log_x = x[room + i]
                        cells[n + i].weight = x[2 * room + i]
                n += part
            with nogil:
                wv_glove_shuffle(cells, n, key + slice)
                loss = self.table.train(&self.model, cells, n)
        finally:
            free(cells)
            free(x)
        return loss, n
