# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Pairs of neighbouring words counted, and phrases joined."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from wordvec.native.common cimport WV_ERR_FULL, WV_ERR_MEMORY, WV_ERR_RANGE, WV_OK, wv_status

cdef extern from "wv_phrase.h" nogil:
    uint64_t WV_PHRASE_AT
    ctypedef struct wv_followers:
        pass
    ctypedef struct wv_phrases:
        pass
    wv_status wv_phrase_occurrences(const int32_t *, int64_t, int32_t, int64_t *,
                                    int64_t *) noexcept
    int64_t wv_phrase_gather(const int32_t *, int64_t, int64_t, const uint8_t *, int32_t, int32_t,
                             int64_t *, int64_t, uint64_t *) noexcept
    wv_followers *wv_followers_new() noexcept
    void wv_followers_free(wv_followers *) noexcept
    wv_status wv_followers_add(wv_followers *, const int32_t *, const uint8_t *, const uint64_t *,
                               int64_t) noexcept
    int64_t wv_followers_drain(wv_followers *, int64_t, uint64_t *, int64_t *) noexcept
    wv_status wv_followers_rows(wv_followers *, const int32_t *, const uint8_t *, const uint64_t *,
                                const int64_t *, const int64_t *, int32_t, int32_t, int64_t,
                                int32_t *, uint64_t *, int64_t *, int64_t *) noexcept
    wv_phrases *wv_phrases_new(int32_t) noexcept
    void wv_phrases_free(wv_phrases *) noexcept
    wv_status wv_phrases_add(wv_phrases *, const int32_t *, int64_t, int32_t) noexcept
    wv_status wv_phrases_join(const wv_phrases *, const int32_t *, int64_t, int, int32_t *,
                              int32_t *, int64_t *, int64_t *) noexcept
    int64_t wv_phrase_write(const uint8_t *, int64_t, int64_t, const int32_t *, const int32_t *,
                            int64_t, const int32_t *, int64_t, const uint8_t *, size_t,
                            uint8_t *) noexcept

AT = WV_PHRASE_AT


cdef int _check(wv_status status) except -1:
    if status == WV_ERR_MEMORY:
        raise MemoryError("the followers of a word")
    if status == WV_ERR_FULL:
        raise OverflowError("more than 2^31 different pairs of one word, or phrases")
    if status == WV_ERR_RANGE:
        raise ValueError("an id is out of range, or a phrase comes twice")
    return 0


cdef int64_t _occurrences(const int32_t[::1] ids, int32_t words, int64_t *counts) except -1:
    cdef int64_t gaps = 0
    cdef wv_status status
    if ids.shape[0] == 0:
        return 0
    with nogil:
        status = wv_phrase_occurrences(&ids[0], ids.shape[0], words, counts, &gaps)
    _check(status)
    return gaps


def occurrences(const int32_t[::1] ids, int64_t[::1] counts):
    if counts.shape[0] > 2147483647:
        raise ValueError("more than 2^31 - 1 words")
    return _occurrences(ids, <int32_t>counts.shape[0], &counts[0] if counts.shape[0] else NULL)


cdef class Pairs:
    """Ids whose pairs are counted, checked once."""
    cdef const int32_t[::1] ids
    cdef const uint8_t[::1] connectors
    cdef uint8_t *connector  # of connectors, or NULL
    cdef int64_t *occurrences
    cdef readonly int32_t words
    cdef readonly int64_t gaps

    def __cinit__(self, const int32_t[::1] ids, int32_t words,
                  const uint8_t[::1] connectors=None):
        if words < 1:
            raise ValueError(f"words must be >= 1, got {words}")
        if connectors is not None and connectors.shape[0] != words:
            raise ValueError(f"connectors must have {words} entries, got {connectors.shape[0]}")
        self.ids = ids
        self.words = words
        self.connectors = connectors
        if connectors is not None:
            self.connector = <uint8_t *>&connectors[0]
        self.occurrences = <int64_t *>calloc(<size_t>words, sizeof(int64_t))
        if self.occurrences is NULL:
            raise MemoryError("the counts of words")
        self.gaps = _occurrences(ids, words, self.occurrences)

    def __dealloc__(self):
        free(self.occurrences)

    def counts(self, int64_t[::1] out):
        if out.shape[0] != self.words:
            raise ValueError(f"out must have {self.words} entries, got {out.shape[0]}")
        memcpy(&out[0], self.occurrences, <size_t>self.words * sizeof(int64_t))


cdef class Worker:
    """A thread's buffers: followers of `room` words at once, and the table that counts them."""
    cdef Pairs pairs
    cdef wv_followers *table
    cdef uint64_t *followers
    cdef int64_t *starts
    cdef int64_t *ends
    cdef int64_t room

    def __cinit__(self, Pairs pairs not None, int64_t room):
        if room < 1:
            raise ValueError(f"room must be >= 1, got {room}")
        self.pairs = pairs
        self.room = room
        self.table = wv_followers_new()
        self.followers = <uint64_t *>malloc(<size_t>room * sizeof(uint64_t))
        self.starts = <int64_t *>malloc(<size_t>pairs.words * sizeof(int64_t))
        self.ends = <int64_t *>malloc(<size_t>pairs.words * sizeof(int64_t))
        if (self.table is NULL or self.followers is NULL or self.starts is NULL
                or self.ends is NULL):
            raise MemoryError("the followers of words")

    def __dealloc__(self):
        wv_followers_free(self.table)
        free(self.followers)
        free(self.starts)
        free(self.ends)

    def count(self, int32_t first, int32_t last, int64_t min_count, int32_t[::1] word,
              uint64_t[::1] follower, int64_t[::1] count):
        cdef Pairs pairs = self.pairs
        cdef const int32_t *ids
        cdef int64_t n = pairs.ids.shape[0]
        cdef int64_t total = 0, kept = 0, at = 0, i
        cdef int32_t r
        cdef wv_status status = WV_OK
        if not 0 <= first < last <= pairs.words or min_count < 1:
            raise ValueError(f"words [{first}, {last}) of {pairs.words}, min_count {min_count}")
        for r in range(first, last):
            self.starts[r - first] = self.ends[r - first] = total
            total += pairs.occurrences[r]
        if total > self.room and last - first > 1:
            raise ValueError(f"{total} followers, room for {self.room}")
        if min(word.shape[0], follower.shape[0], count.shape[0]) < total // min_count:
            raise ValueError(f"word, follower and count must hold {total // min_count} entries")
        if total < min_count or n == 0:
            return 0
        ids = &pairs.ids[0]
        if total <= self.room:
            with nogil:
                # Never full: a word has no more followers than occurrences.
                wv_phrase_gather(ids, 0, n, pairs.connector, first, last, self.ends, total + 1,
                                 self.followers)
                status = wv_followers_rows(self.table, ids, pairs.connector, self.followers,
                                           self.starts, self.ends, first, last, min_count,
                                           &word[0], &follower[0], &count[0], &kept)
            _check(status)
            return kept
        # One word with more of them than there is room for: piece by piece.
        while at < n and status == WV_OK:
            with nogil:
                self.ends[0] = 0
                at = wv_phrase_gather(ids, at, n, pairs.connector, first, last, self.ends,
                                      self.room, self.followers)
                status = wv_followers_add(self.table, ids, pairs.connector, self.followers,
                                          self.ends[0])
        with nogil:
            if status == WV_OK:
                kept = wv_followers_drain(self.table, min_count, &follower[0], &count[0])
        _check(status)
        for i in range(kept):
            word[i] = first
        return kept


cdef class PhraseSet:
    """Phrases of ids below `words`, each with the id that takes its place."""
    cdef wv_phrases *phrases

    def __cinit__(self, int32_t words):
        if words < 0:
            raise ValueError(f"words must be >= 0, got {words}")
        self.phrases = wv_phrases_new(words)
        if self.phrases is NULL:
            raise MemoryError("phrases")

    def __dealloc__(self):
        wv_phrases_free(self.phrases)

    def add(self, const int32_t[::1] words, int32_t id):
        if words.shape[0] < 2:
            raise ValueError("a phrase has two words or more")
        _check(wv_phrases_add(self.phrases, &words[0], words.shape[0], id))

    def join(self, const int32_t[::1] ids, bint last, int32_t[::1] out, int32_t[::1] starts=None):
        cdef int64_t n = ids.shape[0], written = 0, done = 0
        cdef wv_status status
        if out.shape[0] < n or (starts is not None and starts.shape[0] < n):
            raise ValueError(f"out and starts must hold {n} entries")
        if n == 0:
            return 0, 0
        cdef int32_t *begins = NULL if starts is None else &starts[0]
        with nogil:
            status = wv_phrases_join(self.phrases, &ids[0], n, last, &out[0], begins, &written,
                                     &done)
        _check(status)
        return written, done


def write(const uint8_t[::1] text, int64_t start, int64_t stop, const int32_t[::1] begins,
          const int32_t[::1] ends, const int32_t[::1] units, const uint8_t[::1] delimiter,
          uint8_t[::1] out):
    cdef int64_t tokens = begins.shape[0], written, i, at = start
    if not 0 <= start <= stop <= text.shape[0]:
        raise ValueError(f"bytes [{start}, {stop}) of {text.shape[0]}")
    if ends.shape[0] != tokens or delimiter.shape[0] < 1:
        raise ValueError("begins and ends must agree, and there must be a delimiter")
    if out.shape[0] < stop - start + (tokens - units.shape[0]) * delimiter.shape[0]:
        raise ValueError("out has too little room")
    for i in range(tokens):
        if begins[i] < at or ends[i] < begins[i]:
            raise ValueError("offsets must rise")
        at = ends[i]
    if at > stop:
        raise ValueError("a token lies outside the text")
    for i in range(units.shape[0]):
        if not (units[i - 1] if i else -1) < units[i] < tokens:
            raise ValueError("units must rise")
    if stop == start:
        return 0
    with nogil:
        written = wv_phrase_write(&text[0], start, stop, &begins[0] if tokens else NULL,
                                  &ends[0] if tokens else NULL, tokens,
                                  &units[0] if units.shape[0] else NULL, units.shape[0],
                                  &delimiter[0], <size_t>delimiter.shape[0], &out[0])
    return written
