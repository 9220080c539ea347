# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Skip-gram and CBOW with negative sampling, with subwords on request."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

import numpy as np

from wordvec.native cimport cpu
from wordvec.native.common cimport WV_ERR_NONFINITE, WV_ERR_RANGE, WV_OK, wv_status
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_sgns.h" nogil:
    enum:
        WV_FROZEN_IN
        WV_FROZEN_OUT
    ctypedef struct wv_alias:
        uint32_t threshold, other
    ctypedef struct wv_noise:
        const wv_alias *table
        int32_t words
    ctypedef struct wv_sgns_rows:
        float **in_ "in"
        float **out
        int ni, no
        Py_ssize_t n
        const float *label
        const float *weight
        float *scratch
        const float **ahead
        int64_t na
    ctypedef struct wv_sgns_loss:
        pass
    ctypedef void (*wv_sgns_step)(const wv_sgns_rows *, float, wv_sgns_loss *) noexcept nogil
    ctypedef struct wv_sgns:
        wv_sgns_step shared_noise, own_noise
    ctypedef struct wv_sgns_options:
        int32_t window, negative, shrink, shared, cbow, mean, divide
    ctypedef struct wv_sgns_own:
        int32_t count
        const int32_t *rows
        const float *visits
    ctypedef struct wv_sgns_model:
        float *in_ "in"
        float *out
        Py_ssize_t stride, dim
        int32_t vocab
        const uint32_t *keep
        wv_sgns_options how
        const int64_t *sub_starts
        const int32_t *sub_rows
        const uint8_t *frozen
        wv_sgns_own own_in, own_out
        int32_t workers, every
        uint8_t *merging
        const wv_sgns *table
    ctypedef struct wv_sgns_stats:
        double loss
        int64_t pairs, kept
    ctypedef struct wv_sgns_worker:
        pass
    enum:
        WV_SGNS_BLOCKS
    Py_ssize_t wv_sgns_scratch_floats(int, int, Py_ssize_t) noexcept
    void wv_sgns_loss_begin(wv_sgns_loss *) noexcept
    double wv_sgns_loss_of(const wv_sgns_loss *) noexcept
    const wv_sgns *wv_sgns_for(wv_isa) noexcept
    wv_status wv_alias_build(const double *, int32_t, wv_alias *, int32_t *, double *) noexcept
    wv_sgns_worker *wv_sgns_worker_new(const wv_sgns_model *, int64_t, float *, int32_t) noexcept
    int64_t wv_sgns_own_floats(const wv_sgns_model *) noexcept
    void wv_sgns_settle(const wv_sgns_model *, wv_sgns_worker *) noexcept
    void wv_sgns_worker_free(wv_sgns_worker *) noexcept
    wv_status wv_sgns_train(const wv_sgns_model *, wv_sgns_worker *, const int32_t *, int64_t,
                            int64_t, int64_t, wv_noise, uint64_t, float, float,
                            wv_sgns_stats *) noexcept

FROZEN_IN, FROZEN_OUT = WV_FROZEN_IN, WV_FROZEN_OUT

cdef wv_sgns_options _none
OPTIONS = frozenset((<dict>_none).keys())


cdef const void *kernels(object isa) except NULL:
    return wv_sgns_for(cpu.parse(isa))


def step(float[:, ::1] input, const int32_t[::1] inputs, float[:, ::1] output,
         const int32_t[::1] outputs, const float[::1] sign, const float[::1] weight, float alpha,
         isa=None, *, bint own=False):
    cdef int ni = <int>inputs.shape[0], given = <int>outputs.shape[0]
    cdef int no = given // max(ni, 1) if own else given
    cdef Py_ssize_t n = input.shape[1]
    cdef int i
    if not ni or not no:
        raise ValueError("a step needs an input and an output")
    if own and given != ni * no:
        raise ValueError("each input must have as many outputs of its own")
    if n % 16 or output.shape[1] != n:
        raise ValueError(f"rows must have the same multiple of 16 floats, got {n} and "
                         f"{output.shape[1]}")
    if sign.shape[0] != ni * no or (weight is not None and weight.shape[0] != ni * no):
        raise ValueError(f"sign and weight must have {ni * no} entries")
    for i in range(ni):
        if not 0 <= inputs[i] < input.shape[0]:
            raise IndexError(inputs[i])
    for i in range(given):
        if not 0 <= outputs[i] < output.shape[0]:
            raise IndexError(outputs[i])
    cdef const wv_sgns *table = wv_sgns_for(cpu.parse(isa))
    cdef wv_sgns_step kernel = table.own_noise if own else table.shared_noise
    cdef float **rows = <float **>malloc(<size_t>(ni + given) * sizeof(float *))
    cdef float *scratch = <float *>malloc(
        <size_t>wv_sgns_scratch_floats(ni, no, n) * sizeof(float))
    cdef const float *weights = NULL
    cdef wv_sgns_rows job
    cdef wv_sgns_loss loss
    try:
        if rows is NULL or scratch is NULL:
            raise MemoryError("a skip-gram step")
        for i in range(ni):
            rows[i] = &input[inputs[i], 0]
        for i in range(given):
            rows[ni + i] = &output[outputs[i], 0]
        if weight is not None:
            weights = &weight[0]
        job = wv_sgns_rows(rows, rows + ni, ni, no, n, &sign[0], weights, scratch, NULL, 0)
        wv_sgns_loss_begin(&loss)
        kernel(&job, alpha, &loss)
    finally:
        free(rows)
        free(scratch)
    return wv_sgns_loss_of(&loss)


def alias_table(const double[::1] weights):
    cdef Py_ssize_t n = weights.shape[0]
    if n < 1 or n > 2147483647:
        raise ValueError(f"an alias table needs 1 to 2^31 - 1 weights, got {n}")
    table = np.empty((n, 2), np.uint32)
    cdef uint32_t[:, ::1] entries = table
    cdef int32_t[::1] work = np.empty(n, np.int32)
    cdef double[::1] scaled = np.empty(n)
    if wv_alias_build(&weights[0], <int32_t>n, <wv_alias *>&entries[0, 0], &work[0],
                      &scaled[0]) != WV_OK:
        raise ValueError("weights must be finite, not negative and not all zero")
    return table


cdef int _check_subwords(const int64_t[::1] starts, const int32_t[::1] rows, Py_ssize_t words,
                         Py_ssize_t inputs, Py_ssize_t own) except -1:
    cdef Py_ssize_t i
    if rows is None or starts.shape[0] != words + 1:
        raise ValueError("sub_starts must have V + 1 entries and come with sub_rows")
    if starts[0] != 0 or starts[words] != rows.shape[0]:
        raise ValueError("sub_starts must go from 0 to the length of sub_rows")
    for i in range(words):
        if starts[i + 1] <= starts[i]:
            raise ValueError(f"word {i} has no rows")
    for i in range(rows.shape[0]):
        if not -own <= rows[i] < inputs:
            raise ValueError(f"row {rows[i]} is out of range")
    return 0


cdef class SkipGramTrainer:
    """Holds the model's arrays; `worker` makes what a thread needs."""
    cdef wv_sgns_model model
    cdef object arrays, merging

    def __init__(self, float[:, ::1] input, float[:, ::1] output, const uint32_t[::1] keep,
                 dict options, *, dim=None,
                 const int64_t[::1] sub_starts=None, const int32_t[::1] sub_rows=None,
                 const uint8_t[::1] frozen=None, own=None, isa=None):
        cdef Py_ssize_t v = output.shape[0]
        if v < 1 or v > 2147483647:
            raise ValueError(f"a vocabulary has 1 to 2^31 - 1 words, got {v}")
        if input.shape[0] < v or keep.shape[0] != v:
            raise ValueError("input, output and keep must have a row per word")
        if input.shape[1] % 16 or input.shape[1] < 16 or output.shape[1] != input.shape[1]:
            raise ValueError("rows must have the same multiple of 16 floats")
        cdef Py_ssize_t width = input.shape[1] if dim is None else dim
        if not 1 <= width <= input.shape[1]:
            raise ValueError(f"dim must be in [1, {input.shape[1]}], got {width}")
        if options.keys() != OPTIONS:
            raise ValueError(f"options must be {sorted(OPTIONS)}, got {sorted(options)}")
        cdef wv_sgns_options how = options
        if not 1 <= how.window <= 1 << 20:
            raise ValueError(f"window must be in [1, 2^20], got {how.window}")
        if not 1 <= how.negative <= 1 << 10:
            raise ValueError(f"negative must be in [1, 1024], got {how.negative}")
        if 2 * <int64_t>how.window * (1 + how.negative) > 2147483647:
            raise ValueError(f"a window of {how.window} words with {how.negative} noise words is "
                             "too wide")
        self._take_own(own, input.shape[0], v, sub_starts is not None)
        self.model.sub_starts = NULL
        self.model.sub_rows = NULL
        if sub_starts is not None:
            _check_subwords(sub_starts, sub_rows, v, input.shape[0], self.model.own_in.count)
            self.model.sub_starts = &sub_starts[0]
            self.model.sub_rows = &sub_rows[0]
        self.model.frozen = NULL
        if frozen is not None:
            if frozen.shape[0] != v:
                raise ValueError("frozen must have an entry a word")
            if sub_starts is not None:
                raise ValueError("frozen rows and subwords do not go together: words share rows")
            self.model.frozen = &frozen[0]
        self.arrays = (input, output, keep, sub_starts, sub_rows, frozen, own)
        self.model.in_ = &input[0, 0]
        self.model.out = &output[0, 0]
        self.model.stride = input.shape[1]
        self.model.dim = width
        self.model.vocab = <int32_t>v
        self.model.keep = &keep[0]
        self.model.how = how
        self.model.table = wv_sgns_for(cpu.parse(isa))

    cdef int _take_own(self, own, Py_ssize_t inputs, Py_ssize_t words, bint subwords) except -1:
        self.model.own_in = wv_sgns_own(0, NULL, NULL)
        self.model.own_out = wv_sgns_own(0, NULL, NULL)
        self.model.workers = self.model.every = 1
        self.merging = np.zeros(WV_SGNS_BLOCKS, np.uint8)
        cdef uint8_t[::1] merging = self.merging
        self.model.merging = &merging[0]
        if own is None:
            return 0
        if not 1 <= own.workers < 1 << 16 or not 1 <= own.every < 1 << 30:
            raise ValueError("own rows need 1 to 65,535 workers and a token from merge to merge")
        self.model.workers, self.model.every = own.workers, own.every
        cdef const float[::1] of_input = own.of_input, of_output = own.of_output
        cdef const int32_t[::1] rows
        cdef Py_ssize_t i
        if of_input.shape[0] > inputs or of_output.shape[0] > words:
            raise ValueError("more rows of their own than rows")
        if (own.rows is not None) != subwords:
            raise ValueError("own.rows comes with subwords, and with nothing else")
        if of_input.shape[0]:
            self.model.own_in.visits = &of_input[0]
        if of_output.shape[0]:
            self.model.own_out.visits = &of_output[0]
        self.model.own_in.count = <int32_t>of_input.shape[0]
        self.model.own_out.count = <int32_t>of_output.shape[0]
        if subwords:
            rows = own.rows
            if rows.shape[0] != of_input.shape[0]:
                raise ValueError("own.rows and own.of_input must have as many entries")
            for i in range(rows.shape[0]):
                if not 0 <= rows[i] < inputs:
                    raise ValueError(f"own row {rows[i]} is out of range")
            if rows.shape[0]:
                self.model.own_in.rows = &rows[0]
        return 0

    @property
    def dim(self):
        return self.model.dim

    def worker(self, int64_t longest, float[:, ::1] own=None, int32_t index=0):
        return SkipGramWorker(self, longest, own, index)


cdef class SkipGramWorker:
    cdef SkipGramTrainer trainer
    cdef wv_sgns_worker *worker
    cdef object own

    def __cinit__(self, SkipGramTrainer trainer not None, int64_t longest,
                  float[:, ::1] own=None, int32_t index=0):
        cdef wv_sgns_model *model = &trainer.model
        cdef float *memory = NULL
        cdef int64_t floats = wv_sgns_own_floats(model)
        if own is not None and floats:
            if own.shape[0] * own.shape[1] < floats or <size_t>&own[0, 0] % 64:
                raise ValueError(f"own must have {floats} floats, on a cache line")
            if not 0 <= index < model.workers:
                raise ValueError(f"index must be in [0, {model.workers}), got {index}")
            memory = &own[0, 0]
        elif model.own_in.rows is not NULL:
            raise ValueError("subwords that name rows of a worker's own need its memory")
        if not 1 <= longest <= 1 << 40:
            raise ValueError(f"longest must be in [1, 2^40], got {longest}")
        self.trainer = trainer
        self.own = own
        self.worker = wv_sgns_worker_new(model, longest, memory, index)
        if self.worker is NULL:
            raise MemoryError("a skip-gram worker")

    def __dealloc__(self):
        wv_sgns_worker_free(self.worker)

    def settle(self):
        with nogil:
            wv_sgns_settle(&self.trainer.model, self.worker)

    def train(self, const int32_t[::1] ids, int64_t begin, int64_t end,
              const uint32_t[:, ::1] noise, uint64_t key, float alpha_begin, float alpha_end):
        if not 1 <= noise.shape[0] <= self.trainer.model.vocab or noise.shape[1] != 2:
            raise ValueError("noise must be an alias_table of words of the vocabulary")
        cdef wv_noise drawn
        drawn.table = <const wv_alias *>&noise[0, 0]
        drawn.words = <int32_t>noise.shape[0]
        cdef wv_sgns_stats stats
        cdef wv_status status
        if ids.shape[0] == 0:
            return 0.0, 0, 0
        cdef const int32_t *start = &ids[0]
        cdef int64_t n = ids.shape[0]
        with nogil:
            status = wv_sgns_train(&self.trainer.model, self.worker, start, n, begin, end, drawn,
                                   key, alpha_begin, alpha_end, &stats)
        if status == WV_ERR_RANGE:
            raise ValueError("the chunk or an id in it is out of range")
        if status == WV_ERR_NONFINITE:
            return float("nan"), stats.pairs, stats.kept
        return stats.loss, stats.pairs, stats.kept
