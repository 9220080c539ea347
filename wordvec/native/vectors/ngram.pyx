# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Vectors of character n-grams: their rows, their mean for a word, their fit to known vectors."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from wordvec.native.vectors.codec cimport Codec, wv_matrix
from wordvec.native.common cimport WV_OK, wv_status

cdef extern from "wv_ngram.h" nogil:
    ctypedef enum wv_ngram_hash:
        pass
    ctypedef struct wv_ngrams:
        wv_ngram_hash hash
        int minn
        int maxn
        int hashes
        uint32_t seed
        uint64_t buckets
    enum:
        WV_NGRAM_MAX_ROWS
    Py_ssize_t wv_ngram_rows(const wv_ngrams *, const uint8_t *, Py_ssize_t, int64_t *,
                             Py_ssize_t) noexcept
    wv_status wv_ngram_mean(const wv_matrix *, const int64_t *, Py_ssize_t, int, float *, float *,
                            Py_ssize_t *) noexcept
    double wv_ngram_fit(const float *, float *, Py_ssize_t, const int64_t *, const int32_t *,
                        const float *, const int64_t *, Py_ssize_t, Py_ssize_t, Py_ssize_t, float,
                        float *) noexcept
    float wv_ngram_step(int32_t *, Py_ssize_t) noexcept


cdef class Ngrams:
    """Which n-grams a word has, as rows of a matrix of `buckets` rows.

    hash: 1 fastText, 2 floret, 3 finalfusion, 4 native (docs/reference/store-format.md).
    """

    cdef wv_ngrams g

    def __init__(self, int hash, int minn, int maxn, uint64_t buckets, int hashes=1,
                 uint32_t seed=0):
        if not 1 <= hash <= 4:
            raise ValueError(f"no n-gram hash {hash}")
        if not 1 <= minn <= maxn <= 255:
            raise ValueError(f"n-grams must have 1 <= minn <= maxn <= 255, got {minn} and {maxn}")
        if not 1 <= buckets < (1 << 62):
            raise ValueError(f"buckets must be >= 1, got {buckets}")
        if not 1 <= hashes <= (4 if hash == 2 else 1):
            raise ValueError(f"{hashes} rows an n-gram is not what hash {hash} gives")
        self.g.hash = <wv_ngram_hash>hash
        self.g.minn, self.g.maxn = minn, maxn
        self.g.hashes, self.g.seed, self.g.buckets = hashes, seed, buckets

    def rows(self, bytes word):
        """The rows of a word's n-grams, in order, with repetitions."""
        cdef int64_t rows[WV_NGRAM_MAX_ROWS]
        cdef Py_ssize_t n = wv_ngram_rows(
            &self.g, <const uint8_t *>PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word), rows,
            WV_NGRAM_MAX_ROWS)
        return [rows[i] for i in range(n)]

    def count(self, list words, int64_t[::1] starts):
        """How many n-grams each word (bytes) has, summed up: starts (n + 1,)."""
        cdef int64_t rows[WV_NGRAM_MAX_ROWS]
        cdef Py_ssize_t i
        cdef int64_t total = 0
        cdef bytes word
        if starts.shape[0] != len(words) + 1:
            raise ValueError(f"starts must have {len(words) + 1} entries, got {starts.shape[0]}")
        for i in range(len(words)):
            word = words[i]
            starts[i] = total
            total += wv_ngram_rows(&self.g, <const uint8_t *>PyBytes_AS_STRING(word),
                                   PyBytes_GET_SIZE(word), rows, WV_NGRAM_MAX_ROWS)
        starts[len(words)] = total

    def fill(self, list words, const int64_t[::1] starts, int32_t[::1] out):
        """The rows of all words' n-grams at their places; buckets below 2^31."""
        cdef int64_t rows[WV_NGRAM_MAX_ROWS]
        cdef Py_ssize_t i, j, n
        cdef bytes word
        if starts.shape[0] != len(words) + 1 or starts[len(words)] != out.shape[0]:
            raise ValueError("starts are not those of the words")
        if self.g.buckets >= (1 << 31):
            raise ValueError("buckets must be below 2^31")
        for i in range(len(words)):
            word = words[i]
            n = wv_ngram_rows(&self.g, <const uint8_t *>PyBytes_AS_STRING(word),
                              PyBytes_GET_SIZE(word), rows, WV_NGRAM_MAX_ROWS)
            if n != starts[i + 1] - starts[i]:
                raise ValueError("starts are not those of the words")
            for j in range(n):
                out[starts[i] + j] = <int32_t>rows[j]

    def means(self, list words, Codec matrix, float[:, ::1] out, int64_t[::1] used,
              bint only_known=True):
        """The mean of the rows of each word's (bytes) n-grams to out (n, cols), of those that are
        not zero when only_known, and how many are not to used (n,); zeros where there are none."""
        cdef int64_t rows[WV_NGRAM_MAX_ROWS]
        cdef Py_ssize_t i, n, found = 0
        cdef wv_status status
        cdef bytes word
        cdef float[:, ::1] scratch
        if out.shape[0] != len(words) or out.shape[1] != matrix.m.cols:
            raise ValueError(f"out must be {len(words)} x {matrix.m.cols}")
        if used.shape[0] != len(words):
            raise ValueError(f"used must have {len(words)} entries, got {used.shape[0]}")
        if self.g.buckets > <uint64_t>matrix.m.rows:
            raise ValueError(f"{self.g.buckets} buckets, but {matrix.m.rows} rows")
        if len(words) == 0:
            return
        scratch = matrix.one_row()
        for i in range(len(words)):
            word = words[i]
            n = wv_ngram_rows(&self.g, <const uint8_t *>PyBytes_AS_STRING(word),
                              PyBytes_GET_SIZE(word), rows, WV_NGRAM_MAX_ROWS)
            status = wv_ngram_mean(&matrix.m, rows, n, only_known, &out[i, 0], &scratch[0, 0],
                                   &found)
            if status != WV_OK:
                raise IndexError("an n-gram's row is outside of the matrix")
            used[i] = found


cdef int _check_starts(const int64_t[::1] starts, Py_ssize_t words, Py_ssize_t rows) except -1:
    cdef Py_ssize_t i
    if starts.shape[0] != words + 1 or starts[0] != 0 or starts[words] != rows:
        raise ValueError("starts must have one entry a word more and go from 0 to the rows")
    for i in range(words):
        if starts[i] > starts[i + 1]:
            raise ValueError("starts must rise")
    return 0


def sort_rows(const int64_t[::1] starts, int32_t[::1] rows, float[::1] steps):
    """Sorts the rows of each word's n-grams and gives its step (V,): 1 when none occurs twice."""
    cdef Py_ssize_t i
    _check_starts(starts, steps.shape[0], rows.shape[0])
    if rows.shape[0] == 0:
        steps[:] = 1
        return
    with nogil:
        for i in range(steps.shape[0]):
            steps[i] = wv_ngram_step(&rows[0] + starts[i], starts[i + 1] - starts[i])


def fit(const float[:, ::1] X, float[:, ::1] G, const int64_t[::1] starts,
        const int32_t[::1] rows, const float[::1] steps, const int64_t[::1] order, Py_ssize_t first, Py_ssize_t last,
        float rate, float[::1] scratch):
    """One pass over the words `order`, for the columns first .. last; the sum of squared residuals.

    X: (V, d); G: (buckets, d), changed; starts (V + 1,), rows: of `Ngrams.count` and `fill`;
    steps (V,): of `sort_rows`.
    """
    cdef Py_ssize_t i
    cdef double loss
    if steps.shape[0] != X.shape[0] or G.shape[1] != X.shape[1]:
        raise ValueError("shapes of X, G and steps do not fit")
    if not 0 <= first <= last <= X.shape[1] or scratch.shape[0] < last - first:
        raise ValueError(f"no columns {first} .. {last} of {X.shape[1]}")
    if order.shape[0] == 0 or first == last or rows.shape[0] == 0:
        return 0.0
    _check_starts(starts, X.shape[0], rows.shape[0])
    with nogil:
        for i in range(rows.shape[0]):
            if rows[i] < 0 or rows[i] >= G.shape[0]:
                with gil:
                    raise ValueError(f"row {rows[i]} is not in [0, {G.shape[0]})")
        for i in range(order.shape[0]):
            if order[i] < 0 or order[i] >= X.shape[0]:
                with gil:
                    raise ValueError(f"word {order[i]} is not in [0, {X.shape[0]})")
        loss = wv_ngram_fit(&X[0, 0], &G[0, 0], X.shape[1], &starts[0], &rows[0], &steps[0],
                            &order[0], order.shape[0], first, last, rate, &scratch[0])
    return loss
