# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""LexVec over tiles of counts."""

from libc.math cimport isfinite
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memset

from wordvec.native cimport cpu
from wordvec.native.common cimport WV_ERR_MEMORY, WV_ERR_NONFINITE, WV_ERR_RANGE, wv_status
from wordvec.native.cpu cimport wv_isa
from wordvec.native.models.tile cimport bind_tile, wv_tile

cdef extern from "wv_lexvec.h" nogil:
    ctypedef struct wv_alias:
        uint32_t threshold, other
    ctypedef struct wv_vec:
        pass
    ctypedef struct wv_lexvec_model:
        float *words
        float *contexts
        Py_ssize_t stride
        int32_t k
        const wv_alias *noise
        const int64_t *starts
        const double *share
        const double *mass
        const float *word_log
        const float *context_log
        int32_t negative, bits
        float cap
        const wv_vec *vec
    ctypedef struct wv_lexvec_unit:
        int32_t in_tile, out_tile
        wv_tile cells, mirror
        uint64_t key
        uint32_t part
        float alpha
    ctypedef struct wv_lexvec_stats:
        double loss
        int64_t visits
    ctypedef struct wv_lexvec_worker:
        pass
    const wv_vec *wv_vec_for(wv_isa) noexcept
    wv_lexvec_worker *wv_lexvec_worker_new(const wv_lexvec_model *) noexcept
    void wv_lexvec_worker_free(wv_lexvec_worker *) noexcept
    wv_status wv_lexvec_train(const wv_lexvec_model *, wv_lexvec_worker *,
                              const wv_lexvec_unit *, wv_lexvec_stats *) noexcept


cdef class LexVecTrainer:
    """Holds the model's arrays; `worker` makes what a thread needs."""
    cdef wv_lexvec_model model
    cdef object arrays

    def __init__(self, float[:, ::1] words, float[:, ::1] contexts, const uint32_t[:, ::1] noise,
                 const int64_t[::1] starts, const double[::1] share, const double[::1] mass,
                 const float[::1] word_log, const float[::1] context_log, *, int negative,
                 int bits, float cap, isa=None):
        cdef Py_ssize_t v = words.shape[0], k = share.shape[0], i, t
        if v < 1 or v > 2147483647 or contexts.shape[0] != v or mass.shape[0] != v:
            raise ValueError("words, contexts and mass must have a row for each word")
        if word_log.shape[0] != v or context_log.shape[0] != v:
            raise ValueError("word_log and context_log must have an entry for each word")
        if words.shape[1] % 16 or words.shape[1] < 16 or contexts.shape[1] != words.shape[1]:
            raise ValueError("rows must have the same multiple of 16 floats")
        if noise.shape[0] != v or noise.shape[1] != 2:
            raise ValueError("noise must be (V, 2), see sgns.alias_table")
        if k < 1 or k > v or (v + k - 1) // k > 65536 or starts.shape[0] != k + 1:
            raise ValueError("tiles have 1 to 65,536 words, starts one entry more than there are")
        for i in range(k + 1):
            # Tile t of k has (v - t + k - 1) // k words: the first v % k have one more.
            if starts[i] != i * (v // k) + min(i, v % k):
                raise ValueError("starts must be those of the words' tiles, rank mod k")
        for i in range(v):
            if not 0 <= mass[i] <= 1e300:
                raise ValueError(f"mass of word {i} is {mass[i]}")
        for t in range(k):
            if not 0 <= share[t] <= 1:
                raise ValueError(f"share of tile {t} is {share[t]}")
            for i in range(starts[t], starts[t + 1]):
                if noise[i, 1] >= <uint64_t>(starts[t + 1] - starts[t]):
                    raise ValueError(f"noise of tile {t} is no alias table of its words")
        if not 1 <= negative <= 1 << 10 or not 0 <= bits <= 16:
            raise ValueError(f"negative must be in [1, 1024] and bits in [0, 16], got {negative} "
                             f"and {bits}")
        if not (isfinite(cap) and cap > 0):
            raise ValueError(f"cap must be > 0, got {cap}")
        self.arrays = (words, contexts, noise, starts, share, mass, word_log, context_log)
        self.model.words = &words[0, 0]
        self.model.contexts = &contexts[0, 0]
        self.model.stride = words.shape[1]
        self.model.k = <int32_t>k
        self.model.noise = <const wv_alias *>&noise[0, 0]
        self.model.starts = &starts[0]
        self.model.share = &share[0]
        self.model.mass = &mass[0]
        self.model.word_log = &word_log[0]
        self.model.context_log = &context_log[0]
        self.model.negative = negative
        self.model.bits = bits
        self.model.cap = cap
        self.model.vec = wv_vec_for(cpu.parse(isa))

    def worker(self):
        return LexVecWorker(self)


cdef class LexVecWorker:
    cdef LexVecTrainer trainer
    cdef wv_lexvec_worker *worker

    def __cinit__(self, LexVecTrainer trainer not None):
        self.trainer = trainer
        self.worker = wv_lexvec_worker_new(&trainer.model)
        if self.worker is NULL:
            raise MemoryError("a LexVec worker")

    def __dealloc__(self):
        wv_lexvec_worker_free(self.worker)

    def train(self, int32_t in_tile, int32_t out_tile, tuple cells, mirror, uint64_t key,
              uint32_t part, float alpha):
        cdef wv_lexvec_unit unit
        cdef wv_lexvec_stats stats
        cdef wv_status status
        cdef wv_lexvec_model *model = &self.trainer.model
        cdef int64_t inputs, outputs
        if not 0 <= in_tile < model.k or not 0 <= out_tile < model.k:
            raise ValueError(f"tile ({in_tile}, {out_tile}) of {model.k}")
        if part >> model.bits:
            raise ValueError(f"part {part} of {1 << model.bits}")
        memset(&unit, 0, sizeof(unit))
        inputs = model.starts[in_tile + 1] - model.starts[in_tile]
        outputs = model.starts[out_tile + 1] - model.starts[out_tile]
        bind_tile(&unit.cells, cells[0], cells[1], cells[2], inputs, outputs)
        if mirror is not None:
            bind_tile(&unit.mirror, mirror[0], mirror[1], mirror[2], outputs, inputs)
        unit.in_tile = in_tile
        unit.out_tile = out_tile
        unit.key = key
        unit.part = part
        unit.alpha = alpha
        with nogil:
            status = wv_lexvec_train(model, self.worker, &unit, &stats)
        if status == WV_ERR_MEMORY:
            raise MemoryError(f"the visits of tile ({in_tile}, {out_tile})")
        if status == WV_ERR_RANGE:
            raise ValueError(f"tile ({in_tile}, {out_tile}) has a count that is not positive or "
                             "too large for the cap")
        if status == WV_ERR_NONFINITE:
            return float("nan"), stats.visits
        return stats.loss, stats.visits
