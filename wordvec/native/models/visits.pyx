# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Visits to the cells of tiles of counts: skip-gram with negative sampling, and LexVec."""

from libc.math cimport isfinite
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memset

from wordvec.native.common cimport WV_ERR_MEMORY, WV_ERR_NONFINITE, WV_ERR_RANGE, wv_status
from wordvec.native.models cimport sgns
from wordvec.native.models.tile cimport bind_tile, wv_tile
from wordvec.native.vectors cimport vec

cdef extern from "wv_visits.h" nogil:
    ctypedef struct wv_alias:
        uint32_t threshold, other
    ctypedef struct wv_sgns_rows:
        pass
    ctypedef struct wv_sgns_loss:
        pass
    ctypedef void (*wv_sgns_step)(const wv_sgns_rows *, float, wv_sgns_loss *) noexcept
    ctypedef struct wv_sgns:
        wv_sgns_step shared_noise, squares
    ctypedef struct wv_vec:
        pass
    ctypedef struct wv_visits_model:
        float *in_ "in"
        float *out
        Py_ssize_t stride
        int32_t k
        const wv_alias *noise
        const int64_t *starts
        const double *share
        const double *mass
        int32_t negative, group, bits
        float cap
        wv_sgns_step step
        const double *out_share
        const wv_vec *vec
    ctypedef struct wv_visits_unit:
        int32_t in_tile, out_tile
        wv_tile cells, mirror
        uint64_t key
        uint32_t part
        float alpha
    ctypedef struct wv_visits_stats:
        double loss, weight
        int64_t visits, noise_visits
    ctypedef struct wv_visits_worker:
        pass
    wv_visits_worker *wv_visits_worker_new(const wv_visits_model *) noexcept
    void wv_visits_worker_free(wv_visits_worker *) noexcept
    wv_status wv_visits_train(const wv_visits_model *, wv_visits_worker *,
                                 const wv_visits_unit *, wv_visits_stats *) noexcept


cdef class VisitTrainer:
    """Holds the model's arrays; `worker` makes what a thread needs.

    With `out_share` (V,), the smoothed distribution of contexts, products are fitted to positive
    pointwise mutual information by least squares, without it to pairs by logistic regression.
    """
    cdef wv_visits_model model
    cdef object arrays

    def __init__(self, float[:, ::1] input, float[:, ::1] output, const uint32_t[:, ::1] noise,
                 const int64_t[::1] starts, const double[::1] share, const double[::1] mass, *,
                 int negative, int group, int bits, float cap, const double[::1] out_share=None,
                 isa=None):
        cdef Py_ssize_t v = input.shape[0], k = share.shape[0], i
        if v < 1 or v > 2147483647 or output.shape[0] != v or mass.shape[0] != v:
            raise ValueError("input, output and mass must have a row for each word")
        if out_share is not None and out_share.shape[0] != v:
            raise ValueError("out_share must have an entry for each word")
        if input.shape[1] % 16 or input.shape[1] < 16 or output.shape[1] != input.shape[1]:
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
            if out_share is not None and not 0 <= out_share[i] <= 1:
                raise ValueError(f"out_share of word {i} is {out_share[i]}")
        for i in range(k):
            if not 0 <= share[i] <= 1:
                raise ValueError(f"share of tile {i} is {share[i]}")
        self._check_noise(noise, starts)
        if not 1 <= negative <= 1 << 10:
            raise ValueError(f"negative must be in [1, 1024], got {negative}")
        if not 1 <= group <= 1 << 10 or not 0 <= bits <= 16:
            raise ValueError(f"group must be in [1, 1024], bits in [0, 16], got {group}, {bits}")
        if not (isfinite(cap) and cap > 0):
            raise ValueError(f"cap must be > 0, got {cap}")
        self.arrays = (input, output, noise, starts, share, mass, out_share)
        self.model.in_ = &input[0, 0]
        self.model.out = &output[0, 0]
        self.model.stride = input.shape[1]
        self.model.k = <int32_t>k
        self.model.noise = <const wv_alias *>&noise[0, 0]
        self.model.starts = &starts[0]
        self.model.share = &share[0]
        self.model.mass = &mass[0]
        self.model.negative = negative
        self.model.group = group
        self.model.bits = bits
        self.model.cap = cap
        cdef const wv_sgns *steps = <const wv_sgns *>sgns.kernels(isa)
        self.model.step = steps.shared_noise
        if out_share is not None:
            self.model.step = steps.squares
            self.model.out_share = &out_share[0]
            self.model.vec = <const wv_vec *>vec.kernels(isa)

    cdef int _check_noise(self, const uint32_t[:, ::1] noise,
                          const int64_t[::1] starts) except -1:
        cdef Py_ssize_t t, i
        for t in range(starts.shape[0] - 1):
            for i in range(starts[t], starts[t + 1]):
                if noise[i, 1] >= <uint64_t>(starts[t + 1] - starts[t]):
                    raise ValueError(f"noise of tile {t} is no alias table of its words")
        return 0

    def worker(self):
        return VisitWorker(self)


cdef class VisitWorker:
    cdef VisitTrainer trainer
    cdef wv_visits_worker *worker

    def __cinit__(self, VisitTrainer trainer not None):
        self.trainer = trainer
        self.worker = wv_visits_worker_new(&trainer.model)
        if self.worker is NULL:
            raise MemoryError("a worker's buffers")

    def __dealloc__(self):
        wv_visits_worker_free(self.worker)

    def train(self, int32_t in_tile, int32_t out_tile, tuple cells, mirror, uint64_t key,
              uint32_t part, float alpha):
        cdef wv_visits_unit unit
        cdef wv_visits_stats stats
        cdef wv_status status
        cdef wv_visits_model *model = &self.trainer.model
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
            status = wv_visits_train(model, self.worker, &unit, &stats)
        if status == WV_ERR_MEMORY:
            raise MemoryError(f"the visits of tile ({in_tile}, {out_tile})")
        if status == WV_ERR_RANGE:
            raise ValueError(f"tile ({in_tile}, {out_tile}) has a column beyond its words, or a "
                             "count that is not positive or too large for the cap")
        if status == WV_ERR_NONFINITE:
            return float("nan"), stats.weight, stats.visits, stats.noise_visits
        return stats.loss, stats.weight, stats.visits, stats.noise_visits
