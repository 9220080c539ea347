/* Bigrams of a corpus, and the joining of word2phrase (Mikolov, Sutskever, Chen, Corrado & Dean
 * 2013, "Distributed representations of words and phrases and their compositionality", section 4).
 */
#include "wv_phrase.h"
#include "wv_text.h"

#include <stdlib.h>
#include <string.h>

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t mix(uint64_t h, uint64_t value) {
    h = (h ^ value) * MULTIPLIER;
    return h ^ (h >> 32);
}

/* -- counting ------------------------------------------------------------------------------------
 */

wv_status wv_phrase_occurrences(const int32_t *ids, int64_t n, int32_t V, int64_t *counts,
                                int64_t *gaps) {
    for (int64_t i = 0; i < n; i++) {
        const int32_t id = ids[i];
        if (WV_UNLIKELY(id >= V || id < WV_ID_GAP)) return WV_ERR_RANGE;
        if (WV_LIKELY(id >= 0))
            counts[id]++;
        else
            *gaps += id == WV_ID_GAP;
    }
    return WV_OK;
}

WV_INLINE int64_t gather(const int32_t *ids, int64_t i, int64_t n, const uint8_t *connector,
                         uint32_t first, uint32_t rows, int64_t *cursor, int64_t room,
                         uint64_t *followers) {
    uint32_t row = UINT32_MAX; /* of the word that waits for its follower; no row when >= rows */
    int64_t at = 0;            /* its position */
    for (; i < n; i++) {
        const int32_t id = ids[i];
        if (WV_UNLIKELY(id < 0)) {
            row = UINT32_MAX;
            continue;
        }
        if (connector && connector[id]) continue;
        if (row < rows) {
            const int apart = connector && i != at + 1;
            followers[cursor[row]++] = apart ? WV_PHRASE_AT | (uint64_t)at : (uint64_t)id;
            if (WV_UNLIKELY(--room == 0)) return i;
        }
        row = (uint32_t)id - first;
        at = i;
    }
    return n;
}

int64_t wv_phrase_gather(const int32_t *ids, int64_t begin, int64_t n, const uint8_t *connector,
                         int32_t first, int32_t last, int64_t *cursor, int64_t room,
                         uint64_t *followers) {
    const uint32_t rows = (uint32_t)(last - first);
    return connector
               ? gather(ids, begin, n, connector, (uint32_t)first, rows, cursor, room, followers)
               : gather(ids, begin, n, NULL, (uint32_t)first, rows, cursor, room, followers);
}

/* Entries lie in order of appearance; slots of open addressing hold their number + 1. So the table
 * grows and empties without a second one, and a word with few followers touches few lines. */
struct wv_followers {
    uint64_t *keys;  /* (capacity,) */
    int64_t *counts; /* (capacity,) */
    uint32_t *slots; /* (room,), of which mask + 1 are used; 0: empty */
    uint64_t mask, room;
    int64_t size, capacity;
};

enum { FEWEST_SLOTS = 64 };

wv_followers *wv_followers_new(void) {
    wv_followers *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->room = FEWEST_SLOTS;
    t->mask = FEWEST_SLOTS - 1;
    t->capacity = FEWEST_SLOTS;
    t->keys = malloc(FEWEST_SLOTS * sizeof *t->keys);
    t->counts = malloc(FEWEST_SLOTS * sizeof *t->counts);
    t->slots = calloc(FEWEST_SLOTS, sizeof *t->slots);
    if (!t->keys || !t->counts || !t->slots) {
        wv_followers_free(t);
        return NULL;
    }
    return t;
}

void wv_followers_free(wv_followers *t) {
    if (!t) return;
    free(t->keys);
    free(t->counts);
    free(t->slots);
    free(t);
}

static inline uint64_t follower_hash(const int32_t *ids, const uint8_t *connector,
                                     uint64_t follower) {
    if (WV_LIKELY(!(follower & WV_PHRASE_AT))) return mix(0, follower);
    const int32_t *next = ids + (follower & ~WV_PHRASE_AT);
    uint64_t h = 1;
    do h = mix(h, (uint64_t)*++next);
    while (connector[*next]);
    return h;
}

static inline int same_follower(const int32_t *ids, const uint8_t *connector, uint64_t x,
                                uint64_t y) {
    if (x == y) return 1;
    if (WV_LIKELY(!(x & y & WV_PHRASE_AT))) return 0;
    const int32_t *p = ids + (x & ~WV_PHRASE_AT), *q = ids + (y & ~WV_PHRASE_AT);
    do
        if (*++p != *++q) return 0;
    while (connector[*p]);
    return 1;
}

/* Twice the slots, and room for as many entries as they take at load 1/2. */
static wv_status grow_followers(wv_followers *t, const int32_t *ids, const uint8_t *connector) {
    const uint64_t slots = 2 * (t->mask + 1);
    if (slots > t->room) {
        if (slots > UINT32_MAX) return WV_ERR_FULL;
        uint32_t *wider = realloc(t->slots, slots * sizeof *wider);
        if (!wider) return WV_ERR_MEMORY;
        t->slots = wider;
        t->room = slots;
    }
    if ((int64_t)slots > t->capacity) {
        uint64_t *keys = realloc(t->keys, slots * sizeof *keys);
        if (!keys) return WV_ERR_MEMORY;
        t->keys = keys;
        int64_t *counts = realloc(t->counts, slots * sizeof *counts);
        if (!counts) return WV_ERR_MEMORY;
        t->counts = counts;
        t->capacity = (int64_t)slots;
    }
    t->mask = slots - 1;
    memset(t->slots, 0, slots * sizeof *t->slots);
    for (int64_t i = 0; i < t->size; i++) {
        uint64_t at = follower_hash(ids, connector, t->keys[i]) & t->mask;
        while (t->slots[at]) at = (at + 1) & t->mask;
        t->slots[at] = (uint32_t)(i + 1);
    }
    return WV_OK;
}

wv_status wv_followers_add(wv_followers *t, const int32_t *ids, const uint8_t *connector,
                           const uint64_t *followers, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = followers[i];
        uint64_t at = follower_hash(ids, connector, key) & t->mask;
        while (t->slots[at] && !same_follower(ids, connector, t->keys[t->slots[at] - 1], key))
            at = (at + 1) & t->mask;
        if (t->slots[at]) {
            t->counts[t->slots[at] - 1]++;
            continue;
        }
        t->keys[t->size] = key;
        t->counts[t->size] = 1;
        t->slots[at] = (uint32_t)++t->size;
        if (2 * (uint64_t)t->size > t->mask) {
            const wv_status status = grow_followers(t, ids, connector);
            if (status != WV_OK) return status;
        }
    }
    return WV_OK;
}

int64_t wv_followers_drain(wv_followers *t, int64_t min_count, uint64_t *followers,
                           int64_t *counts) {
    int64_t n = 0;
    for (int64_t i = 0; i < t->size; i++) {
        if (t->counts[i] < min_count) continue;
        followers[n] = t->keys[i];
        counts[n++] = t->counts[i];
    }
    memset(t->slots, 0, (t->mask + 1) * sizeof *t->slots);
    t->mask = FEWEST_SLOTS - 1; /* all slots are empty: any number of them will do */
    t->size = 0;
    return n;
}

wv_status wv_followers_rows(wv_followers *t, const int32_t *ids, const uint8_t *connector,
                            const uint64_t *followers, const int64_t *starts, const int64_t *ends,
                            int32_t first, int32_t last, int64_t min_count, int32_t *word,
                            uint64_t *follower, int64_t *count, int64_t *n) {
    *n = 0;
    for (int32_t r = 0; r < last - first; r++) {
        if (ends[r] - starts[r] < min_count) continue;
        const wv_status status =
            wv_followers_add(t, ids, connector, followers + starts[r], ends[r] - starts[r]);
        if (status != WV_OK) return status;
        const int64_t kept = wv_followers_drain(t, min_count, follower + *n, count + *n);
        for (int64_t i = 0; i < kept; i++) word[(*n)++] = first + r;
    }
    return WV_OK;
}

/* -- joining -------------------------------------------------------------------------------------
 */

enum { BEGINS = 1, INSIDE = 2, ENDS = 4 }; /* where a word stands in some phrase */

struct wv_phrases {
    uint8_t *role;   /* (V,) */
    int32_t *words;  /* (used,): the phrases' words one after another */
    int64_t *starts; /* (size + 1,) */
    int32_t *ids;    /* (size,) */
    uint32_t *slots; /* (mask + 1,): number of the phrase + 1; 0: empty */
    uint64_t mask;
    int64_t size, capacity, used, word_room;
    int64_t longest; /* inner words of the phrase with most of them */
    int32_t V;
};

wv_phrases *wv_phrases_new(int32_t V) {
    wv_phrases *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->V = V;
    p->mask = 127;
    p->capacity = 64;
    p->word_room = 256;
    p->role = calloc((size_t)V + 1, 1);
    p->words = malloc((size_t)p->word_room * sizeof *p->words);
    p->starts = malloc((size_t)(p->capacity + 1) * sizeof *p->starts);
    p->ids = malloc((size_t)p->capacity * sizeof *p->ids);
    p->slots = calloc(p->mask + 1, sizeof *p->slots);
    if (!p->role || !p->words || !p->starts || !p->ids || !p->slots) {
        wv_phrases_free(p);
        return NULL;
    }
    p->starts[0] = 0;
    return p;
}

void wv_phrases_free(wv_phrases *p) {
    if (!p) return;
    free(p->role);
    free(p->words);
    free(p->starts);
    free(p->ids);
    free(p->slots);
    free(p);
}

static inline uint64_t phrase_hash(const int32_t *words, int64_t n) {
    uint64_t h = 0;
    for (int64_t i = 0; i < n; i++) h = mix(h, (uint64_t)words[i]);
    return h;
}

/* The slot of a phrase, or the empty one where it belongs. */
static inline uint32_t *probe(const wv_phrases *p, const int32_t *words, int64_t n) {
    for (uint64_t at = phrase_hash(words, n) & p->mask;; at = (at + 1) & p->mask) {
        if (!p->slots[at]) return &p->slots[at];
        const int64_t start = p->starts[p->slots[at] - 1];
        if (p->starts[p->slots[at]] - start == n &&
            memcmp(p->words + start, words, (size_t)n * sizeof *words) == 0)
            return &p->slots[at];
    }
}

/* Room for one more phrase of n words. */
static wv_status reserve(wv_phrases *p, int64_t n) {
    if (p->used + n > p->word_room) {
        const int64_t room = 2 * (p->used + n);
        int32_t *words = realloc(p->words, (size_t)room * sizeof *words);
        if (!words) return WV_ERR_MEMORY;
        p->words = words;
        p->word_room = room;
    }
    if (p->size < p->capacity) return WV_OK;
    const int64_t capacity = 2 * p->capacity;
    const uint64_t slots = 2 * (uint64_t)capacity; /* load <= 1/2 */
    if (slots > UINT32_MAX) return WV_ERR_FULL;
    int64_t *starts = realloc(p->starts, (size_t)(capacity + 1) * sizeof *starts);
    if (!starts) return WV_ERR_MEMORY;
    p->starts = starts;
    int32_t *ids = realloc(p->ids, (size_t)capacity * sizeof *ids);
    if (!ids) return WV_ERR_MEMORY;
    p->ids = ids;
    uint32_t *wider = realloc(p->slots, slots * sizeof *wider);
    if (!wider) return WV_ERR_MEMORY;
    memset(wider, 0, slots * sizeof *wider);
    p->slots = wider;
    p->mask = slots - 1;
    p->capacity = capacity;
    for (int64_t k = 0; k < p->size; k++)
        *probe(p, p->words + p->starts[k], p->starts[k + 1] - p->starts[k]) = (uint32_t)(k + 1);
    return WV_OK;
}

wv_status wv_phrases_add(wv_phrases *p, const int32_t *words, int64_t n, int32_t id) {
    if (n < 2 || id < 0 || id >= p->V) return WV_ERR_RANGE;
    for (int64_t i = 0; i < n; i++)
        if (words[i] < 0 || words[i] >= p->V) return WV_ERR_RANGE;
    const wv_status status = reserve(p, n);
    if (status != WV_OK) return status;
    uint32_t *slot = probe(p, words, n);
    if (*slot) return WV_ERR_RANGE;
    memcpy(p->words + p->used, words, (size_t)n * sizeof *words);
    p->used += n;
    p->ids[p->size] = id;
    *slot = (uint32_t)++p->size;
    p->starts[p->size] = p->used;
    p->role[words[0]] |= BEGINS;
    for (int64_t i = 1; i < n - 1; i++) p->role[words[i]] |= INSIDE;
    p->role[words[n - 1]] |= ENDS;
    if (n - 2 > p->longest) p->longest = n - 2;
    return WV_OK;
}

wv_status wv_phrases_join(const wv_phrases *p, const int32_t *ids, int64_t n, int last,
                          int32_t *out, int32_t *starts, int64_t *n_out, int64_t *done) {
    int64_t m = 0, i = 0;
    while (i < n) {
        int32_t id = ids[i];
        int64_t next = i + 1;
        if (WV_UNLIKELY(id >= p->V)) return WV_ERR_RANGE;
        if (id >= 0 && (p->role[id] & BEGINS)) {
            int64_t j = i + 1;
            while (j < n && j - i <= p->longest && ids[j] >= 0 && ids[j] < p->V &&
                   (p->role[ids[j]] & INSIDE))
                j++;
            if (j == n && !last) break;
            if (j < n && ids[j] >= 0 && ids[j] < p->V && (p->role[ids[j]] & ENDS)) {
                const uint32_t found = *probe(p, ids + i, j - i + 1);
                if (found) {
                    id = p->ids[found - 1];
                    next = j + 1;
                }
            }
        }
        if (starts) starts[m] = starts[i];
        out[m++] = id;
        i = next;
    }
    *n_out = m;
    *done = i;
    return WV_OK;
}

/* -- text ----------------------------------------------------------------------------------------
 */

int64_t wv_phrase_write(const uint8_t *text, int64_t from, int64_t to, const int32_t *begins,
                        const int32_t *ends, int64_t tokens, const int32_t *units, int64_t n_units,
                        const uint8_t *delimiter, size_t delimiter_length, uint8_t *out) {
    uint8_t *at = out;
    for (int64_t u = 0; u < n_units; u++) {
        const int64_t end = u + 1 < n_units ? units[u + 1] : tokens;
        for (int64_t t = units[u] + 1; t < end; t++) {
            memcpy(at, text + from, (size_t)(ends[t - 1] - from));
            at += ends[t - 1] - from;
            memcpy(at, delimiter, delimiter_length);
            at += delimiter_length;
            from = begins[t];
        }
    }
    memcpy(at, text + from, (size_t)(to - from));
    return at + (to - from) - out;
}
