/* The text is read once: counting the vocabulary and numbering the tokens are one pass, because a
 * token gets a provisional id when it first appears and the ids are mapped to their final order
 * afterwards (4 bytes a token against another pass of hashing).
 *
 * The table is open addressing with linear probing at load <= 1/2 over (hash, id) of 16 bytes;
 * words lie one after another in an arena, so that the frequent ones, which came first, share cache
 * lines.
 */
#include "wv_text.h"

#include <stdlib.h>
#include <string.h>

typedef struct slot {
    uint64_t hash;
    int32_t id; /* -1: empty */
    uint32_t length;
} slot;

struct wv_table {
    slot *slots; /* (mask + 1,) */
    uint64_t mask;
    uint8_t *arena;
    uint64_t arena_size, arena_capacity;
    uint64_t *starts; /* (capacity + 1,): word id is arena[starts[id], starts[id + 1]) */
    int64_t *counts;  /* (capacity,) */
    int64_t size, capacity;
};

/* -- hashing ----------------------------------------------------------------------------------- */

static inline uint64_t load64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t load32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
    const __uint128_t m = (__uint128_t)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Multiply-and-fold over 8 bytes at a time, the last ones overlapping. The secret constants are the
 * first digits of pi; the hash stays in memory, so any good one does. */
static inline uint64_t hash_bytes(const uint8_t *p, size_t n) {
    const uint64_t k0 = UINT64_C(0x243F6A8885A308D3), k1 = UINT64_C(0x13198A2E03707344);
    uint64_t h = k0 ^ n, a, b;
    if (n >= 8) {
        size_t i = 0;
        for (; i + 16 < n; i += 16) h = fold(load64(p + i) ^ k1, load64(p + i + 8) ^ h);
        a = load64(p + (n - i > 8 ? i : n - 8));
        b = load64(p + n - 8);
    } else if (n >= 4) {
        a = load32(p);
        b = load32(p + n - 4);
    } else {
        a = n ? ((uint64_t)p[0] << 16) | ((uint64_t)p[n >> 1] << 8) | p[n - 1] : 0;
        b = 0;
    }
    return fold(a ^ k1, b ^ h ^ UINT64_C(0xA4093822299F31D0));
}

/* -- table ------------------------------------------------------------------------------------- */

wv_table *wv_table_new(void) {
    wv_table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->mask = 4095;
    t->capacity = 2048;
    t->arena_capacity = 1 << 14;
    t->slots = malloc((t->mask + 1) * sizeof *t->slots);
    t->arena = malloc(t->arena_capacity);
    t->starts = malloc((size_t)(t->capacity + 1) * sizeof *t->starts);
    t->counts = malloc((size_t)t->capacity * sizeof *t->counts);
    if (!t->slots || !t->arena || !t->starts || !t->counts) {
        wv_table_free(t);
        return NULL;
    }
    for (uint64_t i = 0; i <= t->mask; i++) t->slots[i].id = -1;
    t->starts[0] = 0;
    return t;
}

void wv_table_free(wv_table *t) {
    if (!t) return;
    free(t->slots);
    free(t->arena);
    free(t->starts);
    free(t->counts);
    free(t);
}

int64_t wv_table_size(const wv_table *t) {
    return t->size;
}
uint64_t wv_table_bytes(const wv_table *t) {
    return t->arena_size;
}
const int64_t *wv_table_counts(const wv_table *t) {
    return t->counts;
}

void wv_table_set_counts(wv_table *t, const int64_t *counts) {
    if (t->size) memcpy(t->counts, counts, (size_t)t->size * sizeof *counts);
}

const uint8_t *wv_table_word(const wv_table *t, int32_t id, size_t *length) {
    *length = (size_t)(t->starts[id + 1] - t->starts[id]);
    return t->arena + t->starts[id];
}

/* The slot of a word, or the empty slot where it belongs. */
static inline slot *probe(const wv_table *t, uint64_t h, const uint8_t *word, size_t length) {
    for (uint64_t i = h & t->mask;; i = (i + 1) & t->mask) {
        slot *s = &t->slots[i];
        if (s->id < 0) return s;
        if (s->hash == h && s->length == length &&
            memcmp(t->arena + t->starts[s->id], word, length) == 0)
            return s;
    }
}

int32_t wv_table_find(const wv_table *t, const uint8_t *word, size_t length) {
    return probe(t, hash_bytes(word, length), word, length)->id;
}

static wv_status grow_slots(wv_table *t) {
    const uint64_t mask = 2 * t->mask + 1;
    slot *slots = malloc((mask + 1) * sizeof *slots);
    if (!slots) return WV_ERR_MEMORY;
    for (uint64_t i = 0; i <= mask; i++) slots[i].id = -1;
    for (uint64_t i = 0; i <= t->mask; i++) {
        if (t->slots[i].id < 0) continue;
        uint64_t j = t->slots[i].hash & mask;
        while (slots[j].id >= 0) j = (j + 1) & mask;
        slots[j] = t->slots[i];
    }
    free(t->slots);
    t->slots = slots;
    t->mask = mask;
    return WV_OK;
}

/* Room for one more word of that length. */
static wv_status reserve(wv_table *t, size_t length) {
    if (t->size >= INT32_MAX) return WV_ERR_FULL;
    if (t->size == t->capacity) {
        const int64_t capacity = 2 * t->capacity;
        uint64_t *starts = realloc(t->starts, (size_t)(capacity + 1) * sizeof *starts);
        if (!starts) return WV_ERR_MEMORY;
        t->starts = starts;
        int64_t *counts = realloc(t->counts, (size_t)capacity * sizeof *counts);
        if (!counts) return WV_ERR_MEMORY;
        t->counts = counts;
        t->capacity = capacity;
    }
    if (t->arena_size + length > t->arena_capacity) {
        uint64_t capacity = 2 * t->arena_capacity;
        while (capacity < t->arena_size + length) capacity *= 2;
        uint8_t *arena = realloc(t->arena, capacity);
        if (!arena) return WV_ERR_MEMORY;
        t->arena = arena;
        t->arena_capacity = capacity;
    }
    return 2 * (uint64_t)t->size > t->mask ? grow_slots(t) : WV_OK;
}

static inline wv_status add_hashed(wv_table *t, uint64_t h, const uint8_t *word, size_t length,
                                   int64_t count, int32_t *id) {
    slot *s = probe(t, h, word, length);
    if (WV_UNLIKELY(s->id < 0)) {
        if (length > UINT32_MAX) return WV_ERR_RANGE;
        const wv_status status = reserve(t, length);
        if (status != WV_OK) return status;
        s = probe(t, h, word, length); /* the slots may have moved */
        *s = (slot){h, (int32_t)t->size, (uint32_t)length};
        if (length) memcpy(t->arena + t->arena_size, word, length);
        t->arena_size += length;
        t->starts[t->size + 1] = t->arena_size;
        t->counts[t->size++] = 0;
    }
    t->counts[s->id] += count;
    *id = s->id;
    return WV_OK;
}

wv_status wv_table_add(wv_table *t, const uint8_t *word, size_t length, int64_t count,
                       int32_t *id) {
    return add_hashed(t, hash_bytes(word, length), word, length, count, id);
}

typedef struct ranked {
    int64_t count;
    const uint8_t *word;
    uint32_t length;
    int32_t id;
} ranked;

static int by_falling_count(const void *x, const void *y) {
    const ranked *a = x, *b = y;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    const uint32_t shorter = a->length < b->length ? a->length : b->length;
    const int c = shorter ? memcmp(a->word, b->word, shorter) : 0;
    if (c) return c;
    return (a->length > b->length) - (a->length < b->length);
}

wv_status wv_table_order(const wv_table *t, int64_t min_count, int32_t *order, int64_t *n) {
    int64_t kept = 0;
    for (int64_t i = 0; i < t->size; i++) kept += t->counts[i] >= min_count;
    *n = kept;
    if (!kept) return WV_OK;
    ranked *rows = malloc((size_t)kept * sizeof *rows);
    if (!rows) return WV_ERR_MEMORY;
    for (int64_t i = 0, j = 0; i < t->size; i++) {
        if (t->counts[i] < min_count) continue;
        rows[j++] = (ranked){t->counts[i], t->arena + t->starts[i],
                             (uint32_t)(t->starts[i + 1] - t->starts[i]), (int32_t)i};
    }
    qsort(rows, (size_t)kept, sizeof *rows, by_falling_count);
    for (int64_t j = 0; j < kept; j++) order[j] = rows[j].id;
    free(rows);
    return WV_OK;
}

/* -- tokeniser --------------------------------------------------------------------------------- */

enum { TEXT = 0, SPACE = 1, LINE = 2, NUL = 3, RECORD = 4 };

static const uint8_t KIND[256] = {[0] = NUL,      ['\t'] = SPACE, ['\n'] = LINE, ['\v'] = SPACE,
                                  ['\f'] = SPACE, ['\r'] = LINE,  [' '] = SPACE};
/* The same where a byte ends a record. */
static const uint8_t RECORD_KIND[256] = {[0] = NUL,      ['\t'] = SPACE,          ['\n'] = LINE,
                                         ['\v'] = SPACE, ['\f'] = SPACE,          ['\r'] = LINE,
                                         [' '] = SPACE,  [WV_RECORD_END] = RECORD};

/* Compiled twice, so that the table of kinds is a constant. */
WV_INLINE wv_status encode(wv_table *table, const uint8_t *text, size_t n, size_t max_token,
                           const int records, int32_t *ids, int64_t *n_ids, wv_text_stats *stats) {
    const uint8_t *const kinds = records ? RECORD_KIND : KIND;
    int64_t out = 0;
    size_t i = 0;
    int line_ends = 0; /* since the last token */
    wv_status status = WV_OK;
    *stats = (wv_text_stats){0, 0, 0, -1};
    while (i < n) {
        const uint8_t kind = kinds[text[i]];
        if (kind == TEXT) {
            const size_t start = i++;
            while (i < n && kinds[text[i]] == TEXT) i++;
            const size_t length = i - start;
            line_ends = 0;
            stats->tokens++;
            if (WV_UNLIKELY(length > max_token)) {
                stats->too_long++;
                ids[out++] = WV_ID_GAP;
                continue;
            }
            status = add_hashed(table, hash_bytes(text + start, length), text + start, length, 1,
                                &ids[out]);
            if (WV_UNLIKELY(status != WV_OK)) break;
            out++;
        } else if (WV_LIKELY(kind == SPACE)) {
            i++;
        } else if (kind == LINE) {
            if (text[i] == '\n' && line_ends && text[i - 1] == '\r') {
                i++;
                continue;
            }
            if (++line_ends == 1) {
                ids[out++] = WV_ID_BREAK;
                stats->lines++;
            } else if (line_ends == 2 && !records) {
                ids[out++] = WV_ID_DOC;
            }
            i++;
        } else if (WV_UNLIKELY(kind == NUL)) {
            stats->nul_at = (int64_t)i;
            status = WV_ERR_FORMAT;
            break;
        } else { /* RECORD */
            ids[out++] = WV_ID_DOC;
            i++;
        }
    }
    *n_ids = out;
    return status;
}

wv_status wv_text_encode(wv_table *table, const uint8_t *text, size_t n, size_t max_token,
                         int records, int32_t *ids, int64_t *n_ids, wv_text_stats *stats) {
    return records ? encode(table, text, n, max_token, 1, ids, n_ids, stats)
                   : encode(table, text, n, max_token, 0, ids, n_ids, stats);
}

wv_status wv_text_locate(const wv_table *table, const uint8_t *text, size_t n, size_t max_token,
                         int32_t *ids, int32_t *begins, int32_t *ends, int64_t *n_ids,
                         wv_text_stats *stats) {
    int64_t out = 0;
    *stats = (wv_text_stats){0, 0, 0, -1};
    *n_ids = 0;
    for (size_t i = 0; i < n;) {
        const uint8_t kind = KIND[text[i]];
        const size_t start = i++;
        if (kind == TEXT) {
            while (i < n && KIND[text[i]] == TEXT) i++;
            stats->tokens++;
            stats->too_long += i - start > max_token;
            const int32_t id =
                i - start > max_token ? WV_ID_GAP : wv_table_find(table, text + start, i - start);
            ids[out] = id < 0 ? WV_ID_GAP : id;
        } else if (kind == LINE && (out == 0 || ids[out - 1] != WV_ID_BREAK)) {
            ids[out] = WV_ID_BREAK;
            stats->lines++;
        } else if (WV_UNLIKELY(kind == NUL)) {
            stats->nul_at = (int64_t)start;
            return WV_ERR_FORMAT;
        } else {
            continue;
        }
        begins[out] = (int32_t)start;
        ends[out++] = (int32_t)i;
    }
    *n_ids = out;
    return WV_OK;
}

int64_t wv_text_remap(const int32_t *ids, int64_t n, const int32_t *map, int keep_gaps,
                      int32_t *out, int64_t *known, int64_t *starts) {
    int64_t m = 0, words = 0;
    int32_t last = 0;
    for (int64_t i = 0; i < n; i++) {
        const int32_t id = ids[i] >= 0 ? map[ids[i]] : ids[i];
        if (id >= 0) {
            words++;
        } else if (id == WV_ID_BREAK) {
            if (last == WV_ID_BREAK) continue;
        } else if (id == WV_ID_DOC) {
            *starts++ = m;
            continue;
        } else if (!keep_gaps) {
            continue;
        }
        out[m++] = last = id;
    }
    *known = words;
    return m;
}

int wv_utf8_valid(const uint8_t *p, size_t n) {
    size_t i = 0;
    while (i < n) {
        const uint8_t c = p[i++];
        if (c < 0x80) continue;
        int more = c >= 0xC2 && c <= 0xDF   ? 1
                   : (c & 0xF0) == 0xE0     ? 2
                   : c >= 0xF0 && c <= 0xF4 ? 3
                                            : 0;
        if (!more || n - i < (size_t)more) return 0;
        /* The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF. */
        const uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        const uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (p[i] < low || p[i] > high) return 0;
        for (i++; --more; i++)
            if ((p[i] & 0xC0) != 0x80) return 0;
    }
    return 1;
}
