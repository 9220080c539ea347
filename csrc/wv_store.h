/* Words of a store: id -> bytes, bytes -> id, and the order of the words by bytes.
 *
 * The buffers may be mapped from a file that nobody has checked. Every offset, length, id and probe
 * is therefore checked when it is used; what cannot be is WV_ERR_FORMAT. Checks beyond safety use
 * that each word is told three times (its bytes, its place in the index, its place in the order):
 * damage to one of them is reported instead of answered from.
 *
 * All integers are little-endian; u64 buffers are aligned to 8 bytes, u32 to 4.
 */
#ifndef WV_STORE_H
#define WV_STORE_H

#include "wv_common.h"

typedef struct wv_words {
    const uint64_t *offsets; /* (n + 1,) into bytes */
    const uint8_t *bytes;    /* (size,) all words one after the other */
    uint64_t size;
    uint64_t n;        /* words; below 2^63 */
    const void *slots; /* (n_slots,) u32 tag, u32 id + 1; or u64 tag, u64 id + 1 when wide */
    uint64_t n_slots;  /* a power of two; 0: no index */
    uint64_t longest;  /* a word is at most this many slots after its own */
    const void *order; /* (n,) u32 ids, u64 when wide, by bytes of the words; NULL: none */
    int wide;          /* 64-bit tags and ids: for 2^32 - 1 words and more */
    int trusted;       /* made or verified by us: only the checks of memory safety remain */
} wv_words;

/* The 64-bit hash of the index; docs/reference/store-format.md writes it down. */
uint64_t wv_hash(const uint8_t *key, uint64_t length);

/* Bytes of word `id`; WV_ERR_RANGE when id >= n, WV_ERR_FORMAT when its offsets are damaged. */
wv_status wv_words_get(const wv_words *words, uint64_t id, const uint8_t **word, uint64_t *length);

/* As wv_words_get, and WV_ERR_FORMAT when the index does not lead from the word back to its id. */
wv_status wv_words_get_checked(const wv_words *words, uint64_t id, const uint8_t **word,
                               uint64_t *length);

/* *id of the key, or -1. */
wv_status wv_words_find(const wv_words *words, const uint8_t *key, uint64_t length, int64_t *id);

/* The keys key[i] .. key[i] + length[i], i < n <= WV_FIND_BATCH, at once, with prefetching. */
#define WV_FIND_BATCH 32
wv_status wv_words_find_batch(const wv_words *words, const uint8_t *const *keys,
                              const uint64_t *lengths, ptrdiff_t n, int64_t *ids);

/* First place in `order` whose word is >= key, in [0, n]. When `checked`, and the words are not
 * trusted, each word that is met must lie between its neighbours and be in the index: WV_ERR_FORMAT
 * if not, so that damage cannot lead the search astray. */
wv_status wv_words_lower_bound(const wv_words *words, const uint8_t *key, uint64_t length,
                               int checked, uint64_t *place);

/* Id at a place of `order`; WV_ERR_FORMAT when it is not below n. */
wv_status wv_words_at(const wv_words *words, uint64_t place, uint64_t *id);

/* Fills slots (n_slots,), zeroed by the caller, for keys with the given hashes (n,) and ids (n,),
 * NULL for 0 .. n - 1; *longest out. WV_ERR_RANGE when n_slots is not a power of two above n, or an
 * id does not fit. */
wv_status wv_index_build(const uint64_t *hashes, const uint64_t *ids, uint64_t n, void *slots,
                         uint64_t n_slots, int wide, uint64_t *longest);

/* Hashes of all words into hashes (n,), then wv_index_build into words->slots; the first word that
 * is there twice is *twice (or n) and WV_ERR_RANGE. */
wv_status wv_words_index(wv_words *words, void *slots, uint64_t *hashes, uint64_t *twice);

/* Writes the ids by bytes of their words to order (n,); WV_ERR_MEMORY. */
wv_status wv_words_sort(const wv_words *words, void *order);

/* Everything: each word is found under its id, and order is a strictly rising permutation. */
wv_status wv_words_verify(const wv_words *words);

/* The next id whose index tag is that of `hash`, for keys that are compared by the caller (folded
 * spellings). Start with *probe = 0; *id = -1 when there are no more. */
wv_status wv_index_candidates(const wv_words *words, uint64_t hash, uint64_t *probe, int64_t *id);

#endif
