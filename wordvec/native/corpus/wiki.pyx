# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Plain text of wikitext."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t

cdef extern from "wv_wiki.h" nogil:
    ctypedef struct wv_wiki_stats:
        int64_t templates, tables, references, files, elements, unclosed
    size_t wv_wiki_clean(const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *,
                         wv_wiki_stats *) noexcept


cdef class Cleaner:
    cdef bytes names
    cdef wv_wiki_stats stats

    def __init__(self, namespaces):
        if any(b"\0" in name for name in namespaces):
            raise ValueError("a namespace has a NUL")
        self.names = b"".join(name + b"\0" for name in namespaces)

    def clean(self, bytes text not None):
        cdef size_t n = <size_t>PyBytes_GET_SIZE(text)
        cdef bytes out = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>n)
        cdef const uint8_t *source = <const uint8_t *>PyBytes_AS_STRING(text)
        cdef const uint8_t *names = <const uint8_t *>PyBytes_AS_STRING(self.names)
        cdef size_t size = <size_t>PyBytes_GET_SIZE(self.names)
        cdef uint8_t *target = <uint8_t *>PyBytes_AS_STRING(out)
        cdef size_t written
        with nogil:
            written = wv_wiki_clean(source, n, names, size, target, &self.stats)
        return out[:written]

    @property
    def dropped(self):
        return dict(self.stats)
