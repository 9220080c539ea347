# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Where the accepted answers of analogy questions stand among the candidates."""

from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc

from wordvec.native cimport cpu
from wordvec.native.cpu cimport wv_isa

cdef extern from "wv_analogy.h" nogil:
    int WV_ANALOGY_SKIP
    ctypedef enum wv_analogy_solver:
        pass
    ctypedef struct wv_analogy_questions:
        wv_analogy_solver solver
        Py_ssize_t questions
        const int32_t *words
        const int32_t *skip
        const float *shift
        const float *answer
        float *best
        int32_t *best_id
        int32_t *above
    ctypedef struct wv_analogy:
        void (*prepare)(wv_analogy_solver, const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t,
                        float *) noexcept nogil
        void (*scan)(const wv_analogy_questions *, const float *, const float *, Py_ssize_t,
                     Py_ssize_t, int32_t) noexcept nogil
    const wv_analogy *wv_analogy_for(wv_isa) noexcept
    float wv_analogy_score(wv_analogy_solver, float, float, float, float) noexcept nogil

SOLVERS = ("3CosAdd", "3CosMul", "PairDistance")


cdef wv_analogy_solver _solver(object name) except *:
    if name not in SOLVERS:
        raise ValueError(f"solver must be one of {', '.join(SOLVERS)}, got {name!r}")
    return <wv_analogy_solver><int>SOLVERS.index(name)


def scores(solver, const float[::1] xa, const float[::1] xb, const float[::1] xc,
           const float[::1] shift, float[::1] out):
    cdef wv_analogy_solver which = _solver(solver)
    cdef Py_ssize_t i, n = out.shape[0]
    if not xa.shape[0] == xb.shape[0] == xc.shape[0] == shift.shape[0] == n:
        raise ValueError("xa, xb, xc, shift and out must have one length")
    for i in range(n):
        out[i] = wv_analogy_score(which, xa[i], xb[i], xc[i], shift[i])


def scan(solver, const float[:, ::1] cosines, Py_ssize_t candidates, int32_t first,
         const int32_t[:, ::1] words, const int32_t[:, ::1] skip, const float[::1] shift,
         const float[::1] answer, float[::1] best, int32_t[::1] best_id, int32_t[::1] above,
         isa=None):
    cdef Py_ssize_t n = words.shape[0], rows = cosines.shape[0], i, j
    if words.shape[1] != 3 or skip.shape[1] != WV_ANALOGY_SKIP:
        raise ValueError(f"words must be (n, 3) and skip (n, {WV_ANALOGY_SKIP})")
    if not n == skip.shape[0] == shift.shape[0] == answer.shape[0] == best.shape[0] \
            == best_id.shape[0] == above.shape[0]:
        raise ValueError("words, skip, shift, answer, best, best_id and above must have one length")
    if not 0 <= candidates <= cosines.shape[1]:
        raise ValueError(f"cosines has {cosines.shape[1]} columns, not {candidates}")
    for i in range(n):
        for j in range(3):
            if not 0 <= words[i, j] < rows:
                raise ValueError(f"words[{i}, {j}] = {words[i, j]} is not a row of cosines")
    cdef const wv_analogy *table = wv_analogy_for(cpu.parse(isa))
    cdef wv_analogy_questions q
    q.solver = _solver(solver)
    if n == 0 or candidates == 0:
        return
    q.questions = n
    q.words = &words[0, 0]
    q.skip = &skip[0, 0]
    q.shift = &shift[0]
    q.answer = &answer[0]
    q.best = &best[0]
    q.best_id = &best_id[0]
    q.above = &above[0]
    cdef Py_ssize_t stride = cosines.shape[1]
    cdef float *below = <float *>malloc(rows * stride * sizeof(float))
    if below == NULL:
        raise MemoryError()
    with nogil:
        table.prepare(q.solver, &cosines[0, 0], rows, candidates, stride, below)
        table.scan(&q, &cosines[0, 0], below, candidates, stride, first)
        free(below)
