# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""GloVe over tiles."""

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from wordvec.native cimport cpu
from wordvec.native.common cimport WV_OK, wv_status
from wordvec.native.cpu cimport wv_isa
from wordvec.native.models.tile cimport bind_tile, wv_tile

cdef extern from "wv_glove.h" nogil:
    enum:
        WV_GLOVE_BLOCK
        WV_GLOVE_PULLS
    ctypedef struct wv_glove:
        pass
    ctypedef struct wv_glove_model:
        float *words
        float *contexts
        Py_ssize_t stride
        const float *word_rate
        const float *context_rate
        float clip
        int32_t symmetric
        int32_t k
        int32_t grid
        float log_x_max, alpha
        const float *prior
        const float *pull
        const float *pull_rate
        const wv_glove *table
    ctypedef struct wv_glove_tile:
        int32_t row_tile, col_tile, n_cols
        wv_tile cells
    ctypedef struct wv_glove_worker:
        pass
    const wv_glove *wv_glove_for(wv_isa) noexcept
    wv_glove_worker *wv_glove_worker_new() noexcept
    void wv_glove_worker_free(wv_glove_worker *) noexcept
    wv_status wv_glove_train(const wv_glove_model *, wv_glove_worker *, const wv_glove_tile *,
                             int32_t, uint64_t, uint32_t, double *, int64_t *) noexcept


# Times that a unit of tiles pulls a word to its prior in an epoch, and the finest grid.
PULLS = WV_GLOVE_PULLS
# Bytes of the rows that are visited together: the same on every machine, as the order is.
BLOCK = WV_GLOVE_BLOCK


cdef class GloVeTrainer:
    """Holds the parameters; `worker` makes what a thread needs."""
    cdef wv_glove_model model
    cdef int32_t vocab
    cdef object arrays

    def __init__(self, float[:, ::1] words, float[:, ::1] contexts, const float[::1] word_rate,
                 const float[::1] context_rate, *, int32_t k, double x_max, double alpha,
                 float clip, bint symmetric, int32_t grid,
                 const float[:, ::1] prior=None, const float[::1] pull=None,
                 const float[::1] pull_rate=None, isa=None):
        cdef Py_ssize_t v = words.shape[0], n = word_rate.shape[0]
        if v < 1 or v > 2147483647 or contexts.shape[0] != v:
            raise ValueError("words and contexts must have a row for each word")
        if n < 16 or n % 16 or context_rate.shape[0] != n:
            raise ValueError("rates must have the same multiple of 16 floats")
        if words.shape[1] != 2 * n or contexts.shape[1] != 2 * n:
            raise ValueError(f"rows must have {2 * n} floats")
        if k < 1 or (v + k - 1) // k > 65536:
            raise ValueError("tiles have 1 to 65,536 words")
        if grid < 1 or PULLS % grid:
            raise ValueError(f"grid must divide {PULLS}, got {grid}")
        if prior is not None:
            if pull is None or pull_rate is None:
                raise ValueError("a prior needs pull and pull_rate")
            if prior.shape[0] != v or prior.shape[1] != n:
                raise ValueError(f"prior must have {v} rows of {n} floats")
            if pull.shape[0] != v or pull_rate.shape[0] != n:
                raise ValueError(f"pull must have {v} floats and pull_rate {n}")
        self.arrays = (words, contexts, word_rate, context_rate, prior, pull, pull_rate)
        self.model.words = &words[0, 0]
        self.model.contexts = &contexts[0, 0]
        self.model.stride = n
        self.model.word_rate = &word_rate[0]
        self.model.context_rate = &context_rate[0]
        self.model.clip = clip
        self.model.symmetric = symmetric
        self.model.k = k
        self.model.grid = grid
        self.model.log_x_max = <float>log(x_max)
        self.model.alpha = <float>alpha
        self.model.prior = self.model.pull = self.model.pull_rate = NULL
        if prior is not None:
            self.model.prior = &prior[0, 0]
            self.model.pull = &pull[0]
            self.model.pull_rate = &pull_rate[0]
        self.model.table = wv_glove_for(cpu.parse(isa))
        self.vocab = <int32_t>v

    def worker(self):
        return GloVeWorker(self)

    cdef int32_t tile_words(self, int32_t tile):
        return (self.vocab - tile + self.model.k - 1) // self.model.k


cdef class GloVeWorker:
    cdef GloVeTrainer trainer
    cdef wv_glove_worker *worker

    def __cinit__(self, GloVeTrainer trainer not None):
        self.trainer = trainer
        self.worker = wv_glove_worker_new()
        if self.worker is NULL:
            raise MemoryError("a GloVe worker")

    def __dealloc__(self):
        wv_glove_worker_free(self.worker)

    def train(self, list tiles, uint64_t key, uint32_t part):
        cdef wv_glove_tile[2] native
        cdef GloVeTrainer trainer = self.trainer
        cdef int32_t row_tile, col_tile, k = trainer.model.k, n = 0
        cdef uint32_t parts = <uint32_t>(trainer.model.grid * trainer.model.grid)
        cdef int64_t cells = 0
        cdef double loss = 0
        cdef wv_status status
        if part >= parts:
            raise ValueError(f"part {part} of {parts}")
        if len(tiles) > 2:
            raise ValueError(f"one tile or two, got {len(tiles)}")
        for row_tile, col_tile, row_ptr, cols, values in tiles:
            if not 0 <= row_tile < k or not 0 <= col_tile < k:
                raise ValueError(f"tile ({row_tile}, {col_tile}) of {k}")
            native[n].row_tile = row_tile
            native[n].col_tile = col_tile
            native[n].n_cols = trainer.tile_words(col_tile)
            if bind_tile(&native[n].cells, row_ptr, cols, values, trainer.tile_words(row_tile),
                         native[n].n_cols) >= 1 << 32:
                raise ValueError("a tile has less than 2^32 cells")
            n += 1
        with nogil:
            status = wv_glove_train(&trainer.model, self.worker, native, n, key, part, &loss,
                                    &cells)
        if status != WV_OK:
            raise MemoryError("the cells of a tile")
        return loss, cells
