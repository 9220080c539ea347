# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Words of texts: Unicode's word boundaries and lower case."""

from libc.stdint cimport int64_t, uint8_t

cdef extern from "wv_unicode.h" nogil:
    enum:
        WV_OK
        WV_ERR_FORMAT
        WV_NUMBERS_KEEP
        WV_NUMBERS_ZERO
        WV_NUMBERS_DROP
    ctypedef int wv_status
    ctypedef struct wv_unicode_options:
        int words, lower, turkic, numbers, emoji, straight, records, min_length
    ctypedef struct wv_unicode_stats:
        int64_t words, numbers, emoji, unspaced, turkic, letters, not_utf8, nul_at
    const char *wv_unicode_version() noexcept
    size_t wv_unicode_room(size_t) noexcept
    wv_status wv_unicode_words(const wv_unicode_options *, const uint8_t *, size_t, uint8_t *,
                               size_t, size_t *, wv_unicode_stats *) noexcept
    void wv_unicode_boundaries(const uint8_t *, size_t, int64_t *, size_t *) noexcept

NUMBERS = {"keep": WV_NUMBERS_KEEP, "zero": WV_NUMBERS_ZERO, "drop": WV_NUMBERS_DROP}
VERSION = wv_unicode_version().decode("ascii")


def room(Py_ssize_t n):
    if n < 0:
        raise ValueError(f"n must be >= 0, got {n}")
    return wv_unicode_room(<size_t>n)


cdef class Splitter:
    cdef wv_unicode_options options
    cdef wv_unicode_stats totals

    def __init__(self, *, bint words, bint lower=False, bint turkic=False, str numbers="keep",
                 bint emoji=False, bint straight=False, bint records=False, int min_length=1):
        self.options = wv_unicode_options(words, lower, turkic, NUMBERS[numbers], emoji,
                                          straight, records, min_length)

    def split(self, const uint8_t[::1] text, uint8_t[::1] out):
        cdef Py_ssize_t n = text.shape[0]
        cdef size_t written = 0
        cdef wv_status status
        if <size_t>out.shape[0] < wv_unicode_room(<size_t>n):
            raise ValueError(f"out must hold {room(n)} bytes, got {out.shape[0]}")
        if n == 0:
            return 0, -1
        with nogil:
            status = wv_unicode_words(&self.options, &text[0], <size_t>n, &out[0],
                                      <size_t>out.shape[0], &written, &self.totals)
        return written, self.totals.nul_at if status == WV_ERR_FORMAT else -1

    @property
    def stats(self):
        return dict(self.totals)


def boundaries(const uint8_t[::1] text, int64_t[::1] ends):
    cdef size_t found = 0
    cdef Py_ssize_t n = text.shape[0]
    if ends.shape[0] < n:
        raise ValueError(f"ends must hold {n} entries, got {ends.shape[0]}")
    if n == 0:
        return 0
    with nogil:
        wv_unicode_boundaries(&text[0], <size_t>n, &ends[0], &found)
    return found
