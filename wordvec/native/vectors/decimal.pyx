# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Lines of a word and decimal numbers as float32 rows."""

from libc.stdint cimport int64_t, uint8_t

from wordvec.native.common cimport WV_ERR_FORMAT, wv_status

cdef extern from "wv_decimal.h" nogil:
    ctypedef struct wv_decimal_open:
        int64_t place
        int64_t start
        int64_t length
    ctypedef struct wv_decimal_lines:
        Py_ssize_t rows
        Py_ssize_t consumed
        Py_ssize_t n_open
        Py_ssize_t found
    int wv_decimal_float(const uint8_t *, Py_ssize_t, float *) noexcept
    wv_status wv_decimal_parse(const uint8_t *, Py_ssize_t, Py_ssize_t, Py_ssize_t, float *,
                               int64_t *, wv_decimal_open *, Py_ssize_t,
                               wv_decimal_lines *) noexcept


def parse_float(const uint8_t[::1] text):
    """The nearest float32 of a number in plain decimal notation; None when that is left open."""
    cdef float out = 0
    cdef uint8_t none = 0
    if not wv_decimal_float(&text[0] if text.shape[0] else &none, text.shape[0], &out):
        return None
    return out


def parse_lines(const uint8_t[::1] text, float[:, ::1] out, int64_t[:, ::1] words,
                int64_t[:, ::1] open):
    """(lines, bytes, open numbers, numbers) of the lines that were parsed.

    text: whole lines; out: (n, d); words: (n, 2) begin and end of each line's word; open: (m, 3),
    m >= d, the flat place in out, begin and length of each number that the caller must round. The
    last is -1, or how many numbers the line after the parsed ones has when it has fewer than d.
    """
    cdef wv_decimal_lines result
    cdef wv_status status
    cdef Py_ssize_t d = out.shape[1]
    if words.shape[0] < out.shape[0] or words.shape[1] != 2:
        raise ValueError(f"words must have shape ({out.shape[0]}, 2)")
    if open.shape[0] < d or open.shape[1] != 3:
        raise ValueError(f"open must have shape ({d}, 3) at least")
    if text.shape[0] == 0 or out.shape[0] == 0 or d == 0:
        return 0, 0, 0, -1
    with nogil:
        status = wv_decimal_parse(&text[0], text.shape[0], d, out.shape[0], &out[0, 0],
                                  &words[0, 0], <wv_decimal_open *>&open[0, 0], open.shape[0],
                                  &result)
    return (result.rows, result.consumed, result.n_open,
            result.found if status == WV_ERR_FORMAT else -1)
