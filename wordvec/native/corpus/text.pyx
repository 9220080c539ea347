# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Word tables and the tokeniser."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memchr, memcpy

from wordvec.native.common cimport WV_ERR_FORMAT, WV_ERR_FULL, WV_ERR_MEMORY, WV_OK, wv_status

cdef extern from "wv_text.h" nogil:
    enum:
        WV_ID_BREAK
        WV_ID_GAP
        WV_ID_DOC
        WV_RECORD_END
    ctypedef struct wv_table:
        pass
    ctypedef struct wv_text_stats:
        int64_t tokens, lines, too_long, nul_at
    wv_table *wv_table_new() noexcept
    void wv_table_free(wv_table *) noexcept
    int64_t wv_table_size(const wv_table *) noexcept
    uint64_t wv_table_bytes(const wv_table *) noexcept
    int32_t wv_table_find(const wv_table *, const uint8_t *, size_t) noexcept
    wv_status wv_table_add(wv_table *, const uint8_t *, size_t, int64_t, int32_t *) noexcept
    wv_status wv_table_merge(wv_table *, const wv_table *, int32_t *) noexcept
    const uint8_t *wv_table_word(const wv_table *, int32_t, size_t *) noexcept
    void wv_table_counts(const wv_table *, int64_t *) noexcept
    void wv_table_set_counts(wv_table *, const int64_t *) noexcept
    wv_status wv_table_order(const wv_table *, const int64_t *, int64_t, int32_t *,
                             int64_t *) noexcept
    wv_status wv_text_encode(wv_table *, const uint8_t *, size_t, size_t, int, int32_t *,
                             int64_t *, wv_text_stats *) noexcept
    wv_status wv_text_locate(const wv_table *, const uint8_t *, size_t, size_t, int32_t *,
                             int32_t *, int32_t *, int64_t *, wv_text_stats *) noexcept
    ctypedef struct wv_text_remapped:
        int64_t written, known, documents
    wv_status wv_text_remap(const int32_t *, int64_t, const int32_t *, int64_t, int, int32_t *,
                            int64_t *, int64_t, wv_text_remapped *) noexcept
    int wv_utf8_valid(const uint8_t *, size_t) noexcept

BREAK = WV_ID_BREAK
GAP = WV_ID_GAP
DOC = WV_ID_DOC
RECORD_END = bytes([WV_RECORD_END])


cdef int _check(wv_status status) except -1:
    if status == WV_ERR_MEMORY:
        raise MemoryError("the word table")
    if status == WV_ERR_FULL:
        raise OverflowError("more than 2^31 - 1 distinct words")
    return 0


cdef class WordTable:
    cdef wv_table *table

    def __cinit__(self):
        self.table = wv_table_new()
        if self.table is NULL:
            raise MemoryError("the word table")

    def __dealloc__(self):
        wv_table_free(self.table)

    def __len__(self):
        return wv_table_size(self.table)

    def __getitem__(self, Py_ssize_t id):
        if not 0 <= id < wv_table_size(self.table):
            raise IndexError(id)
        cdef size_t length
        cdef const uint8_t *word = wv_table_word(self.table, <int32_t>id, &length)
        return PyBytes_FromStringAndSize(<const char *>word, <Py_ssize_t>length)

    def words(self, const int32_t[::1] ids):
        cdef Py_ssize_t i
        cdef int64_t n = wv_table_size(self.table)
        cdef size_t length
        cdef const uint8_t *word
        cdef list found = []
        for i in range(ids.shape[0]):
            if not 0 <= ids[i] < n:
                raise IndexError(ids[i])
            word = wv_table_word(self.table, ids[i], &length)
            found.append(PyBytes_FromStringAndSize(<const char *>word, <Py_ssize_t>length))
        return found

    def find(self, bytes word not None):
        return wv_table_find(self.table, <const uint8_t *>PyBytes_AS_STRING(word),
                             <size_t>PyBytes_GET_SIZE(word))

    def add(self, bytes word not None, int64_t count=1):
        cdef int32_t id = 0
        _check(wv_table_add(self.table, <const uint8_t *>PyBytes_AS_STRING(word),
                            <size_t>PyBytes_GET_SIZE(word), count, &id))
        return id

    def add_tokens(self, object tokens, int32_t[::1] ids):
        cdef Py_ssize_t n = 0
        cdef Py_ssize_t room = ids.shape[0]
        cdef bytes word
        for token in tokens:
            if isinstance(token, str):
                word = (<str>token).encode("utf-8", "surrogateescape")
            elif isinstance(token, bytes):
                word = <bytes>token
            else:
                raise TypeError(f"a token must be str or bytes, got {type(token).__name__}")
            if n >= room:
                raise ValueError("more tokens than ids has room for")
            _check(wv_table_add(self.table, <const uint8_t *>PyBytes_AS_STRING(word),
                                <size_t>PyBytes_GET_SIZE(word), 1, &ids[n]))
            n += 1
        return n

    def add_lines(self, const uint8_t[::1] words, const int64_t[::1] counts):
        cdef Py_ssize_t at = 0, n = 0, size = words.shape[0], length
        cdef int32_t id = 0
        cdef const uint8_t *end
        cdef wv_status status = WV_OK
        with nogil:
            while at < size and n < counts.shape[0]:
                end = <const uint8_t *>memchr(&words[at], 10, <size_t>(size - at))
                if end is NULL:
                    break
                length = end - &words[at]
                status = wv_table_add(self.table, &words[at], <size_t>length, counts[n], &id)
                if status != WV_OK:
                    break
                at += length + 1
                n += 1
        _check(status)
        if at != size or n != counts.shape[0]:
            raise ValueError(f"{counts.shape[0]} counts need as many words that end in LF")

    def lines(self):
        cdef Py_ssize_t size = 0, at = 0
        cdef int32_t i, n = <int32_t>wv_table_size(self.table)
        cdef size_t length
        for i in range(n):
            wv_table_word(self.table, i, &length)
            size += <Py_ssize_t>length + 1
        cdef bytes out = PyBytes_FromStringAndSize(NULL, size)
        cdef char *to = PyBytes_AS_STRING(out)
        cdef const uint8_t *word
        for i in range(n):
            word = wv_table_word(self.table, i, &length)
            memcpy(to + at, word, length)
            at += <Py_ssize_t>length
            to[at] = 10
            at += 1
        return out

    def encode(self, const uint8_t[::1] text, int32_t[::1] ids, Py_ssize_t max_token,
               bint records=False):
        if ids.shape[0] < text.shape[0] + 1:
            raise ValueError(f"ids must hold {text.shape[0] + 1} entries, got {ids.shape[0]}")
        cdef int64_t n = 0
        cdef wv_text_stats stats
        cdef wv_status status
        cdef const uint8_t *start
        if text.shape[0] == 0:
            return 0, 0, 0, 0, -1
        start = &text[0]
        with nogil:
            status = wv_text_encode(self.table, start, <size_t>text.shape[0], <size_t>max_token,
                                    records, &ids[0], &n, &stats)
        if status != WV_ERR_FORMAT:
            _check(status)
        return n, stats.tokens, stats.lines, stats.too_long, stats.nul_at

    def locate(self, const uint8_t[::1] text, int32_t[::1] ids, int32_t[::1] begins,
               int32_t[::1] ends, Py_ssize_t max_token):
        cdef Py_ssize_t size = text.shape[0]
        if size >= 2147483647:
            raise ValueError(f"a block has less than 2^31 - 1 bytes, got {size}")
        if min(ids.shape[0], begins.shape[0], ends.shape[0]) < size + 1:
            raise ValueError(f"ids, begins and ends must hold {size + 1} entries")
        cdef int64_t n = 0
        cdef wv_text_stats stats
        cdef const uint8_t *start
        if size == 0:
            return 0, 0, -1
        start = &text[0]
        with nogil:
            wv_text_locate(self.table, start, <size_t>size, <size_t>max_token, &ids[0], &begins[0],
                           &ends[0], &n, &stats)
        return n, stats.tokens, stats.nul_at

    def merge(self, WordTable other not None, int32_t[::1] map):
        cdef int64_t n = wv_table_size(other.table)
        cdef wv_status status
        if map.shape[0] != n:
            raise ValueError(f"map must have {n} entries, got {map.shape[0]}")
        if other is self:
            raise ValueError("a table cannot be merged into itself")
        if n == 0:
            return
        with nogil:
            status = wv_table_merge(self.table, other.table, &map[0])
        _check(status)

    def lookup(self, WordTable words not None, int32_t[::1] map):
        cdef int64_t i, n = wv_table_size(words.table)
        cdef size_t length
        cdef const uint8_t *word
        if map.shape[0] != n:
            raise ValueError(f"map must have {n} entries, got {map.shape[0]}")
        with nogil:
            for i in range(n):
                word = wv_table_word(words.table, <int32_t>i, &length)
                map[i] = wv_table_find(self.table, word, length)
                if map[i] < 0:
                    map[i] = WV_ID_GAP

    def counts(self, int64_t[::1] out):
        cdef int64_t n = wv_table_size(self.table)
        if out.shape[0] != n:
            raise ValueError(f"out must have {n} entries, got {out.shape[0]}")
        if n:
            wv_table_counts(self.table, &out[0])

    def set_counts(self, const int64_t[::1] counts):
        cdef int64_t n = wv_table_size(self.table)
        if counts.shape[0] != n:
            raise ValueError(f"counts must have {n} entries, got {counts.shape[0]}")
        if n:
            wv_table_set_counts(self.table, &counts[0])

    def order(self, const int64_t[::1] counts, int64_t min_count, int32_t[::1] out):
        cdef int64_t n = 0
        if counts.shape[0] != len(self) or out.shape[0] != len(self):
            raise ValueError(
                f"counts and out must have {len(self)} entries, got {counts.shape[0]} and "
                f"{out.shape[0]}"
            )
        if out.shape[0] == 0:
            return 0
        cdef wv_status status
        with nogil:
            status = wv_table_order(self.table, &counts[0], min_count, &out[0], &n)
        _check(status)
        return n


def remap(const int32_t[::1] ids, const int32_t[::1] map, bint keep_gaps, int32_t[::1] out,
          int64_t[::1] starts):
    cdef Py_ssize_t n = ids.shape[0]
    cdef wv_text_remapped done
    cdef wv_status status
    if out.shape[0] < n:
        raise ValueError(f"out must hold {n} entries, got {out.shape[0]}")
    if n == 0:
        return 0, 0, 0
    cdef const int32_t *m = &map[0] if map.shape[0] else NULL
    cdef int64_t *documents = &starts[0] if starts.shape[0] else NULL
    with nogil:
        status = wv_text_remap(&ids[0], n, m, map.shape[0], keep_gaps, &out[0], documents,
                               starts.shape[0], &done)
    if status == WV_ERR_FULL:
        raise ValueError(f"starts must hold more than {starts.shape[0]} entries")
    if status != WV_OK:
        raise ValueError(f"an id is not in the map of {map.shape[0]}")
    return done.written, done.known, done.documents


def utf8_valid(bytes word not None):
    return bool(wv_utf8_valid(<const uint8_t *>PyBytes_AS_STRING(word),
                              <size_t>PyBytes_GET_SIZE(word)))
