# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Words of a store by id and by spelling, over buffers that may come from an unchecked file."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.sequence cimport PySequence_GetItem
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from wordvec.native.common cimport WV_ERR_MEMORY, WV_ERR_RANGE, WV_OK, wv_status

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object, Py_ssize_t *) except NULL

cdef extern from "wv_store.h" nogil:
    ctypedef struct wv_words:
        const uint64_t *offsets
        const uint8_t *bytes
        uint64_t size
        uint64_t n
        const void *slots
        uint64_t n_slots
        uint64_t longest
        const void *order
        int wide
        int trusted
    const int WV_FIND_BATCH
    uint64_t wv_hash(const uint8_t *, uint64_t) noexcept
    wv_status wv_words_get(const wv_words *, uint64_t, const uint8_t **, uint64_t *) noexcept
    wv_status wv_words_get_checked(const wv_words *, uint64_t, const uint8_t **,
                                   uint64_t *) noexcept
    wv_status wv_words_find(const wv_words *, const uint8_t *, uint64_t, int64_t *) noexcept
    wv_status wv_words_find_batch(const wv_words *, const uint8_t **, const uint64_t *,
                                  Py_ssize_t, int64_t *) noexcept
    wv_status wv_words_lower_bound(const wv_words *, const uint8_t *, uint64_t, int,
                                   uint64_t *) noexcept
    wv_status wv_words_at(const wv_words *, uint64_t, uint64_t *) noexcept
    wv_status wv_index_build(const uint64_t *, const uint64_t *, uint64_t, void *, uint64_t, int,
                             uint64_t *) noexcept
    wv_status wv_words_index(wv_words *, void *, uint64_t *, uint64_t *) noexcept
    wv_status wv_words_sort(const wv_words *, void *) noexcept
    wv_status wv_words_verify(const wv_words *) noexcept
    wv_status wv_index_candidates(const wv_words *, uint64_t, uint64_t *, int64_t *) noexcept

cdef uint8_t _nothing = 0


cdef inline const uint8_t *_key(object key, Py_ssize_t *size, list keep) except NULL:
    """The bytes of a key; str with escaped bytes are encoded and kept in `keep`."""
    cdef object data
    if type(key) is bytes:
        data = key
    elif isinstance(key, str):
        try:
            return <const uint8_t *>PyUnicode_AsUTF8AndSize(key, size)
        except UnicodeEncodeError:
            data = key.encode("utf-8", "surrogateescape")
            keep.append(data)
    elif isinstance(key, bytes):
        data = key
    else:
        raise TypeError(f"a word must be str or bytes, got {type(key).__name__}")
    size[0] = PyBytes_GET_SIZE(data)
    return <const uint8_t *>PyBytes_AS_STRING(data)


def hash_key(key):
    """The 64-bit hash of the word index."""
    cdef Py_ssize_t size
    cdef list keep = []
    cdef const uint8_t *data = _key(key, &size, keep)
    return wv_hash(data, size)


def measure(list words, uint64_t[::1] offsets):
    """Offsets (n + 1,) of the words' bytes, one after the other."""
    cdef Py_ssize_t i, size
    cdef uint64_t total = 0
    if offsets.shape[0] != len(words) + 1:
        raise ValueError(f"offsets must have {len(words) + 1} entries, got {offsets.shape[0]}")
    for i in range(len(words)):
        offsets[i] = total
        _key(words[i], &size, [])
        total += size
    offsets[len(words)] = total


def fill(list words, const uint64_t[::1] offsets, uint8_t[::1] data):
    """The words' bytes at the offsets that `measure` gave."""
    cdef Py_ssize_t i, size
    cdef list keep = []
    cdef const uint8_t *word
    if offsets.shape[0] != len(words) + 1 or offsets[len(words)] != <uint64_t>data.shape[0]:
        raise ValueError("offsets are not those of the words")
    for i in range(len(words)):
        word = _key(words[i], &size, keep)
        if <uint64_t>size != offsets[i + 1] - offsets[i]:
            raise ValueError("words changed since they were measured")
        if size:
            memcpy(&data[offsets[i]], word, size)
        keep.clear()


def build_index(const uint64_t[::1] hashes, const uint64_t[::1] ids, uint8_t[::1] slots, bint wide):
    """Fills slots (zeros) for hashes (n,) of keys with ids (n,); returns the longest probe."""
    cdef uint64_t longest = 0, n_slots = slots.shape[0] // (16 if wide else 8)
    cdef wv_status status = WV_OK
    if ids.shape[0] != hashes.shape[0]:
        raise ValueError(f"ids must have {hashes.shape[0]} entries, got {ids.shape[0]}")
    if hashes.shape[0]:
        with nogil:
            status = wv_index_build(&hashes[0], &ids[0], hashes.shape[0], &slots[0], n_slots, wide,
                                    &longest)
    if status != WV_OK:
        raise ValueError(f"{n_slots} slots do not hold {hashes.shape[0]} words")
    return longest


cdef class Words:
    """Words in order of id, with an index and the order by bytes.

    offsets: (n + 1,); data: all bytes; slots: the index, empty for none; order: (n,) ids, 4 bytes
    each (8 when wide), empty for none. damaged(message) makes the exception for what the buffers
    should not hold. The buffers must not change.
    """

    cdef wv_words w
    cdef const uint64_t[::1] _offsets
    cdef const uint8_t[::1] _data, _slots, _order
    cdef object _damaged

    def __init__(self, const uint64_t[::1] offsets, const uint8_t[::1] data,
                 const uint8_t[::1] slots, uint64_t longest, const uint8_t[::1] order, bint wide,
                 bint trusted, damaged):
        cdef Py_ssize_t slot = 16 if wide else 8
        if offsets.shape[0] < 1:
            raise ValueError("offsets must have one entry more than there are words")
        self._offsets, self._data, self._slots, self._order = offsets, data, slots, order
        self._damaged = damaged
        self.w.offsets = &offsets[0]
        self.w.n = offsets.shape[0] - 1
        self.w.bytes = &data[0] if data.shape[0] else &_nothing
        self.w.size = data.shape[0]
        self.w.n_slots = slots.shape[0] // slot
        self.w.slots = &slots[0] if slots.shape[0] else NULL
        self.w.longest = longest
        self.w.wide = wide
        self.w.trusted = trusted
        if slots.shape[0] % slot or self.w.n_slots & (self.w.n_slots - 1):
            raise damaged(f"the index has {slots.shape[0]} bytes, not a power of two of slots")
        if order.shape[0] not in (0, <Py_ssize_t>self.w.n * (slot // 2)):
            raise damaged(f"the order has {order.shape[0]} bytes for {self.w.n} words")
        self.w.order = &order[0] if order.shape[0] else NULL

    def __len__(self):
        return self.w.n

    @property
    def trusted(self):
        return bool(self.w.trusted)

    def trust(self):
        """Says that the buffers were verified: checks beyond memory safety end."""
        self.w.trusted = True

    cdef object _fail(self, wv_status status, object what):
        if status == WV_ERR_MEMORY:
            return MemoryError()
        return self._damaged(f"{what} is damaged")

    cpdef int64_t find(self, object key) except? -2:
        """Id of a word, or -1."""
        cdef Py_ssize_t size
        cdef int64_t found
        cdef list keep = None
        cdef const uint8_t *data
        cdef wv_status status
        try:
            data = <const uint8_t *>PyUnicode_AsUTF8AndSize(key, &size)
        except (UnicodeEncodeError, TypeError):
            keep = []
            try:
                data = _key(key, &size, keep)
            except UnicodeEncodeError:
                return -1
        status = wv_words_find(&self.w, data, size, &found)
        if status != WV_OK:
            raise self._fail(status, f"the word index (found when looking for {key!r})")
        return found

    def pick(self, object rows, object key):
        """rows[id] of a word, None for one that is not there: what a look-up does, in one call."""
        cdef int64_t found = self.find(key)
        return None if found < 0 else PySequence_GetItem(rows, found)

    def find_many(self, list keys, int64_t[::1] ids):
        """Ids (n,) of the words, -1 for those that are not there."""
        cdef const uint8_t *words[32]
        cdef uint64_t lengths[32]
        cdef Py_ssize_t start, i, m, size, n = len(keys)
        cdef list keep = []
        cdef wv_status status
        if ids.shape[0] != n:
            raise ValueError(f"ids must have {n} entries, got {ids.shape[0]}")
        for start in range(0, n, 32):
            m = min(n - start, 32)
            for i in range(m):
                try:
                    words[i] = _key(keys[start + i], &size, keep)
                except UnicodeEncodeError:
                    # A lone surrogate that stands for no byte is no word's; nor is this.
                    words[i], size = <const uint8_t *>b"\xed", 1
                lengths[i] = size
            status = wv_words_find_batch(&self.w, words, lengths, m, &ids[start])
            if status != WV_OK:
                raise self._fail(status, "the word index")
            keep.clear()

    def word(self, uint64_t i):
        """The word of an id in [0, n)."""
        cdef const uint8_t *data
        cdef uint64_t size
        cdef wv_status status = wv_words_get_checked(&self.w, i, &data, &size)
        if status == WV_ERR_RANGE:
            raise IndexError(f"there are {self.w.n} words, no word {i}")
        if status != WV_OK:
            raise self._fail(status, f"word {i}")
        return PyUnicode_DecodeUTF8(<const char *>data, size, "surrogateescape")

    def words(self, Py_ssize_t start, Py_ssize_t stop):
        """The words start .. stop as a list."""
        return [self.word(i) for i in range(start, stop)]

    def lower_bound(self, bytes key):
        """First place in the order by bytes whose word is >= key."""
        cdef uint64_t place = 0
        cdef wv_status status
        if not self.w.order and self.w.n:
            raise ValueError("these words have no order")
        status = wv_words_lower_bound(&self.w, <const uint8_t *>PyBytes_AS_STRING(key),
                                      PyBytes_GET_SIZE(key), True, &place)
        if status != WV_OK:
            raise self._fail(status, "the order of the words")
        return place

    def at(self, uint64_t place):
        """Id at a place in the order by bytes."""
        cdef uint64_t i
        cdef wv_status status = wv_words_at(&self.w, place, &i)
        if status == WV_ERR_RANGE:
            raise IndexError(f"there are {self.w.n} words, no place {place}")
        if status != WV_OK:
            raise self._fail(status, "the order of the words")
        return i

    def verify(self):
        """Checks that words, index and order agree, for every word."""
        cdef wv_status status
        with nogil:
            status = wv_words_verify(&self.w)
        if status != WV_OK:
            raise self._fail(status, "the word list, its index or its order")

    def index(self, uint8_t[::1] slots, uint64_t[::1] hashes):
        """Fills slots (zeros) with the index of these words and uses it; returns the longest probe.

        hashes: (n,) scratch. Raises ValueError for a word that is there twice."""
        cdef uint64_t twice = 0
        cdef uint64_t *scratch = &hashes[0] if hashes.shape[0] else NULL
        cdef wv_status status
        if <uint64_t>hashes.shape[0] != self.w.n:
            raise ValueError(f"hashes must have {self.w.n} entries, got {hashes.shape[0]}")
        self.w.n_slots = slots.shape[0] // (16 if self.w.wide else 8)
        with nogil:
            status = wv_words_index(&self.w, &slots[0], scratch, &twice)
        if status == WV_ERR_RANGE and twice < self.w.n:
            self.w.n_slots = 0
            raise ValueError(f"the word {self.word(twice)!r} is there twice (id {twice})")
        if status != WV_OK:
            self.w.n_slots = 0
            raise self._fail(status, "the word list")
        self._slots = slots
        return self.w.longest

    def sort(self, uint8_t[::1] order):
        """Fills order with the ids by bytes of their words, and uses it."""
        cdef wv_status status
        if <uint64_t>order.shape[0] != self.w.n * (8 if self.w.wide else 4):
            raise ValueError("order has not one entry for each word")
        if self.w.n == 0:
            return
        with nogil:
            status = wv_words_sort(&self.w, &order[0])
        if status != WV_OK:
            raise self._fail(status, "the word list")
        self._order = order
        self.w.order = &order[0]

    def candidates(self, uint64_t hash):
        """Ids whose index entry has the tag of this hash, for callers that compare themselves."""
        cdef uint64_t step = 0
        cdef int64_t i = 0
        cdef list found = []
        while True:
            status = wv_index_candidates(&self.w, hash, &step, &i)
            if status != WV_OK:
                raise self._fail(status, "the index")
            if i < 0:
                return found
            found.append(i)
