/* The text is read once: counting the vocabulary and numbering the tokens are one pass, because a
 * token gets a provisional id when it first appears and the ids are mapped to their final order
 * afterwards (4 bytes a token against another pass of hashing).
 *
 * The table is open addressing with linear probing at load <= 3/4 over slots of 32 bytes, which
 * hold words of up to 16 bytes whole and their counts: a token mostly touches one cache line.
 * Frequent words came first, so they stand where their hash says. Words also lie one after another
 * in an arena.
 *
 * Words are short and of random length, so what costs is not arithmetic but branches that the
 * length decides, and waiting for slots. Hence the first 16 bytes of a word are hashed and compared
 * as two integers, without a branch between them, tokens are found in 64 bytes at once, as bits
 * that say where one starts and ends, and some 128 of them are hashed and their slots asked for
 * before the first is looked up. On an AMD EPYC (family 25, model 17) CPU time per token of
 * Wikipedia fell from 32 to 17 ns; what came later was measured on an Intel Xeon (family 6, model
 * 85): slots that hold all of a token took it from 32 to 24 ns, the bits from 22 to 19, and loops
 * without a call for words that stand where their hash says, from 18 to 15.
 */
#include "wv_text.h"

#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { HEAD = 16 };

/* The first HEAD bytes of a word, zeros after its end. */
typedef struct head {
    uint64_t a, b;
} head;

typedef struct slot {
    head head;
    int64_t count;
    uint32_t length; /* of the word; no word has that of an empty slot */
    int32_t id;      /* -1: empty */
} slot;

static const slot EMPTY = {.length = UINT32_MAX, .id = -1};

struct wv_table {
    slot *slots; /* (mask + 1,) */
    uint64_t mask;
    uint8_t *arena; /* (arena_capacity + HEAD,): the head of any word may be read */
    uint64_t arena_size, arena_capacity;
    uint64_t *starts; /* (capacity + 1,): word id is arena[starts[id], starts[id + 1]) */
    int64_t size, capacity;
};

/* -- words: hashing and comparing -------------------------------------------------------------- */

/* From KEPT + HEAD - n on, n bytes of ones and HEAD - n of zeros. */
static const uint8_t KEPT[2 * HEAD] = {255, 255, 255, 255, 255, 255, 255, 255,
                                       255, 255, 255, 255, 255, 255, 255, 255};

static inline uint64_t load64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/* The head of a word of which HEAD bytes may be read, whatever its length. */
static inline head readable_head(const uint8_t *word, size_t length) {
    const uint8_t *kept = KEPT + HEAD - (length < HEAD ? length : HEAD);
    return (head){load64(word) & load64(kept), load64(word + 8) & load64(kept + 8)};
}

static inline head head_of(const uint8_t *word, size_t length) {
    uint8_t bytes[HEAD] = {0};
    if (length >= HEAD) return readable_head(word, length);
    for (size_t i = 0; i < length; i++) bytes[i] = word[i];
    return readable_head(bytes, HEAD);
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
    const __uint128_t m = (__uint128_t)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Multiply-and-fold; of a word longer than HEAD, its further bytes too, eight at a time, the last
 * ones overlapping. The constants are the first digits of pi; the hash stays in memory, so any good
 * one does. */
static inline uint64_t hash_word(head h, const uint8_t *word, size_t length) {
    const uint64_t k0 = UINT64_C(0x243F6A8885A308D3), k1 = UINT64_C(0x13198A2E03707344);
    uint64_t hash = fold(h.a ^ k1, h.b ^ k0 ^ length);
    if (WV_UNLIKELY(length > HEAD)) {
        for (size_t i = HEAD; i + 8 < length; i += 8) hash = fold(load64(word + i) ^ k1, hash ^ k0);
        hash = fold(load64(word + length - 8) ^ k1, hash ^ k0);
    }
    return hash ^ hash >> 32; /* all bits reach those that choose the slot */
}

/* -- table ------------------------------------------------------------------------------------- */

wv_table *wv_table_new(void) {
    wv_table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->mask = 4095;
    t->capacity = 2048;
    t->arena_capacity = 1 << 14;
    t->slots = aligned_alloc(WV_ROW_ALIGN, (t->mask + 1) * sizeof *t->slots);
    t->arena = malloc(t->arena_capacity + HEAD);
    t->starts = malloc((size_t)(t->capacity + 1) * sizeof *t->starts);
    if (!t->slots || !t->arena || !t->starts) {
        wv_table_free(t);
        return NULL;
    }
    for (uint64_t i = 0; i <= t->mask; i++) t->slots[i] = EMPTY;
    t->starts[0] = 0;
    return t;
}

void wv_table_free(wv_table *t) {
    if (!t) return;
    free(t->slots);
    free(t->arena);
    free(t->starts);
    free(t);
}

int64_t wv_table_size(const wv_table *t) {
    return t->size;
}
uint64_t wv_table_bytes(const wv_table *t) {
    return t->arena_size;
}

void wv_table_counts(const wv_table *t, int64_t *counts) {
    for (const slot *s = t->slots; s <= t->slots + t->mask; s++)
        if (s->id >= 0) counts[s->id] = s->count;
}

void wv_table_set_counts(wv_table *t, const int64_t *counts) {
    for (slot *s = t->slots; s <= t->slots + t->mask; s++)
        if (s->id >= 0) s->count = counts[s->id];
}

const uint8_t *wv_table_word(const wv_table *t, int32_t id, size_t *length) {
    *length = (size_t)(t->starts[id + 1] - t->starts[id]);
    return t->arena + t->starts[id];
}

/* Whether word `id` of the table, whose head is the same, is this one, which is longer than that.
 */
static inline int is_word(const wv_table *t, int32_t id, const uint8_t *word, size_t length) {
    size_t own_length;
    const uint8_t *own = wv_table_word(t, id, &own_length);
    return own_length == length && memcmp(own + HEAD, word + HEAD, length - HEAD) == 0;
}

/* Whether the word in a slot has this head and, up to 2^32, this length. */
static inline int has_head(const slot *s, head h, size_t length) {
    return s->head.a == h.a && s->head.b == h.b && s->length == (uint32_t)length;
}

/* Where a search begins. */
static inline slot *home(const wv_table *t, head h, const uint8_t *word, size_t length) {
    return &t->slots[hash_word(h, word, length) & t->mask];
}

/* The slot of a word, or the empty slot where it belongs. */
static inline slot *probe(const wv_table *t, uint64_t hash, head h, const uint8_t *word,
                          size_t length) {
    for (uint64_t i = hash & t->mask;; i = (i + 1) & t->mask) {
        slot *s = &t->slots[i];
        if (has_head(s, h, length) &&
            (WV_LIKELY(length <= HEAD) || is_word(t, s->id, word, length)))
            return s;
        if (s->id < 0) return s;
    }
}

int32_t wv_table_find(const wv_table *t, const uint8_t *word, size_t length) {
    const head h = head_of(word, length);
    return probe(t, hash_word(h, word, length), h, word, length)->id;
}

static wv_status grow_slots(wv_table *t) {
    const uint64_t mask = 2 * t->mask + 1;
    slot *slots = aligned_alloc(WV_ROW_ALIGN, (mask + 1) * sizeof *slots);
    if (!slots) return WV_ERR_MEMORY;
    for (uint64_t i = 0; i <= mask; i++) slots[i] = EMPTY;
    for (uint64_t i = 0; i <= t->mask; i++) {
        if (t->slots[i].id < 0) continue;
        size_t length = t->slots[i].length;
        const uint8_t *word = NULL;
        if (length > HEAD) word = wv_table_word(t, t->slots[i].id, &length);
        uint64_t j = hash_word(t->slots[i].head, word, length) & mask;
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
        t->capacity = capacity;
    }
    if (t->arena_size + length > t->arena_capacity) {
        uint64_t capacity = 2 * t->arena_capacity;
        while (capacity < t->arena_size + length) capacity *= 2;
        uint8_t *arena = realloc(t->arena, capacity + HEAD);
        if (!arena) return WV_ERR_MEMORY;
        t->arena = arena;
        t->arena_capacity = capacity;
    }
    return 4 * (uint64_t)t->size > 3 * t->mask ? grow_slots(t) : WV_OK;
}

static WV_NOINLINE wv_status add_hashed(wv_table *t, uint64_t hash, head h, const uint8_t *word,
                                        size_t length, int64_t count, int32_t *id) {
    slot *s = probe(t, hash, h, word, length);
    if (WV_UNLIKELY(s->id < 0)) {
        if (length >= EMPTY.length) return WV_ERR_RANGE;
        const wv_status status = reserve(t, length);
        if (status != WV_OK) return status;
        s = probe(t, hash, h, word, length); /* the slots may have moved */
        *s = (slot){h, 0, (uint32_t)length, (int32_t)t->size++};
        if (length) memcpy(t->arena + t->arena_size, word, length);
        t->arena_size += length;
        t->starts[t->size] = t->arena_size;
    }
    s->count += count;
    *id = s->id;
    return WV_OK;
}

wv_status wv_table_add(wv_table *t, const uint8_t *word, size_t length, int64_t count,
                       int32_t *id) {
    const head h = head_of(word, length);
    return add_hashed(t, hash_word(h, word, length), h, word, length, count, id);
}

enum { AHEAD = 16 }; /* words whose slots are on their way from memory */

wv_status wv_table_merge(wv_table *t, const wv_table *other, int32_t *map) {
    uint64_t hashes[AHEAD];
    size_t length;
    wv_status status = WV_OK;
    if (!other->size) return WV_OK;
    int64_t *counts = malloc((size_t)other->size * sizeof *counts);
    if (!counts) return WV_ERR_MEMORY;
    wv_table_counts(other, counts);
    for (int64_t i = 0; i < other->size + AHEAD && status == WV_OK; i++) {
        if (i >= AHEAD) {
            const int32_t id = (int32_t)(i - AHEAD);
            const uint8_t *word = wv_table_word(other, id, &length);
            status = add_hashed(t, hashes[i % AHEAD], readable_head(word, length), word, length,
                                counts[id], &map[id]);
        }
        if (i < other->size) {
            const uint8_t *word = wv_table_word(other, (int32_t)i, &length);
            hashes[i % AHEAD] = hash_word(readable_head(word, length), word, length);
            WV_PREFETCH(&t->slots[hashes[i % AHEAD] & t->mask]);
        }
    }
    free(counts);
    return status;
}

enum { BY_HEAD, BY_COUNT };

typedef struct ranked {
    uint64_t keys[2]; /* the first bytes as a big-endian number, which has their order; ~count */
    const uint8_t *word;
    uint32_t length;
    int32_t id;
} ranked;

static uint64_t big_endian(uint64_t bytes) {
    uint8_t b[8];
    uint64_t number = 0;
    memcpy(b, &bytes, 8);
    for (int i = 0; i < 8; i++) number = number << 8 | b[i];
    return number;
}

/* Sorts rows (n,) by a key, those that have the same one as they were, a byte after another from
 * the last: where comparing takes n log n branches that cannot be foretold, this takes none. The
 * rows are then where they were or in `other` (n,): the pointer that is returned. */
static ranked *sorted_by(int key, ranked *rows, ranked *other, int64_t n) {
    for (int shift = 0; shift < 64; shift += 8) {
        int64_t places[256] = {0}, before = 0;
        for (int64_t i = 0; i < n; i++) places[rows[i].keys[key] >> shift & 255]++;
        if (places[rows[0].keys[key] >> shift & 255] == n) continue;
        for (int byte = 0; byte < 256; byte++) {
            const int64_t size = places[byte];
            places[byte] = before;
            before += size;
        }
        for (int64_t i = 0; i < n; i++) other[places[rows[i].keys[key] >> shift & 255]++] = rows[i];
        ranked *const swapped = rows;
        rows = other;
        other = swapped;
    }
    return rows;
}

static int by_bytes(const void *x, const void *y) {
    const ranked *p = x, *q = y;
    const uint32_t m = p->length, n = q->length;
    const int c = memcmp(p->word, q->word, m < n ? m : n);
    return c ? c : (m > n) - (m < n);
}

wv_status wv_table_order(const wv_table *t, const int64_t *counts, int64_t min_count,
                         int32_t *order, int64_t *n) {
    int64_t kept = 0, j = 0;
    for (int64_t i = 0; i < t->size; i++) kept += counts[i] >= min_count;
    *n = kept;
    if (!kept) return WV_OK;
    ranked *const both = malloc(2 * (size_t)kept * sizeof *both);
    if (!both) return WV_ERR_MEMORY;
    for (int64_t i = 0; i < t->size; i++) {
        if (counts[i] < min_count) continue;
        size_t length;
        const uint8_t *word = wv_table_word(t, (int32_t)i, &length);
        const uint64_t head = big_endian(readable_head(word, length).a);
        both[j++] = (ranked){{head, ~(uint64_t)counts[i]}, word, (uint32_t)length, (int32_t)i};
    }
    ranked *rows = sorted_by(BY_HEAD, both, both + kept, kept);
    rows = sorted_by(BY_COUNT, rows, rows == both ? both + kept : both, kept);
    for (int64_t from = 0, i = 1; i <= kept; i++) {
        if (i < kept && !memcmp(rows[i].keys, rows[from].keys, sizeof rows->keys)) continue;
        if (i - from > 1) qsort(rows + from, (size_t)(i - from), sizeof *rows, by_bytes);
        from = i;
    }
    for (j = 0; j < kept; j++) order[j] = rows[j].id;
    free(both);
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

/* Where the token that text[i] is in ends. */
static inline size_t token_end(const uint8_t *text, size_t n, size_t i) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* White space and control characters are below 0x21: the lowest bit of `low` marks the first.
     */
    const uint64_t ones = UINT64_C(0x0101010101010101);
    while (n - i >= 8) {
        const uint64_t v = load64(text + i), low = (v - 0x21 * ones) & ~v & 0x80 * ones;
        if (!low) {
            i += 8;
            continue;
        }
        i += (size_t)__builtin_ctzll(low) >> 3;
        if (WV_LIKELY(KIND[text[i]] != TEXT)) return i;
        i++;
    }
#endif
    while (i < n && KIND[text[i]] == TEXT) i++;
    return i;
}

enum { CHUNK = 64, TOKENS = 128 }; /* bytes, and tokens, that are looked at together */

/* Bit i: whether byte i of a chunk is at most `last` (below 0x80) once the bits of `flip` are
 * turned round: at_most(p, 0, ' ') finds what is no more than a space, at_most(p, ' ', 0) the
 * spaces. */
static inline uint64_t at_most(const uint8_t *p, uint8_t flip, uint8_t last) {
    uint64_t found = 0;
#if defined(__SSE2__)
    const __m128i flips = _mm_set1_epi8((char)flip), most = _mm_set1_epi8((char)last);
    for (int i = 0; i < CHUNK; i += 16) {
        const __m128i v = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(p + i)), flips);
        const __m128i is = _mm_cmpeq_epi8(_mm_min_epu8(v, most), v);
        found |= (uint64_t)(uint32_t)_mm_movemask_epi8(is) << i;
    }
#else
    /* Eight bytes at once: the top bit of each says whether it is more. */
    const uint64_t ones = UINT64_C(0x0101010101010101), add = (uint64_t)(0x7F - last) * ones;
    for (int i = 0; i < CHUNK; i += 8) {
        uint64_t v = 0;
        for (int k = 0; k < 8; k++) v |= (uint64_t)(p[i + k] ^ flip) << 8 * k;
        const uint64_t is = ~(((v & 0x7F * ones) + add) | v) & 0x80 * ones;
        found |= ((is >> 7) * UINT64_C(0x0102040810204080) >> 56) << i;
    }
#endif
    return found;
}

/* What waits for ids, in the order of the text: where each token begins and ends, and each mark,
 * which is a token without bytes; of a token that is open, where it begins. */
typedef struct pending {
    size_t edges[2 * (TOKENS + CHUNK) + 1];
    int32_t marks[TOKENS + CHUNK]; /* the ids of the marks */
    head heads[TOKENS + CHUNK];
    slot *homes[TOKENS + CHUNK];
} pending;

/* Writes the ids of the first `count`, of a text (n,). Not inlined: it needs all registers. */
static WV_NOINLINE wv_status settle(wv_table *table, pending *p, int count, const uint8_t *text,
                                    size_t n, size_t max_token, int32_t *ids,
                                    wv_text_stats *stats) {
    const size_t *const edges = p->edges;
    const uint64_t mask = table->mask;
    const int32_t *mark = p->marks;
    size_t common = max_token < HEAD ? max_token : HEAD; /* words that a home can answer for */
    int whole = count;                                   /* those before the last HEAD bytes */
    while (whole && n - edges[2 * whole - 2] < HEAD) whole--;
    for (int i = 0; i < whole; i++) {
        const uint8_t *word = text + edges[2 * i];
        const size_t length = edges[2 * i + 1] - edges[2 * i];
        p->heads[i] = readable_head(word, length);
        p->homes[i] = home(table, p->heads[i], word, length);
        WV_PREFETCH(p->homes[i]);
    }
    for (int i = whole; i < count; i++) {
        const uint8_t *word = text + edges[2 * i];
        const size_t length = edges[2 * i + 1] - edges[2 * i];
        p->heads[i] = head_of(word, length);
        p->homes[i] = home(table, p->heads[i], word, length);
    }
    for (int i = 0; i < count; i++) {
        const size_t length = edges[2 * i + 1] - edges[2 * i];
        slot *s = p->homes[i];
        if (WV_LIKELY(length - 1 < common && has_head(s, p->heads[i], length))) {
            s->count++;
            ids[i] = s->id;
        } else if (!length) {
            ids[i] = *mark++;
        } else if (length > max_token) {
            ids[i] = WV_ID_GAP;
            stats->too_long++;
        } else {
            const uint8_t *word = text + edges[2 * i];
            const uint64_t hash = hash_word(p->heads[i], word, length);
            const wv_status status = add_hashed(table, hash, p->heads[i], word, length, 1, &ids[i]);
            if (WV_UNLIKELY(status != WV_OK)) return status;
            if (WV_UNLIKELY(table->mask != mask)) common = 0; /* the table grew: no home is left */
        }
    }
    stats->tokens += count - (mark - p->marks);
    return WV_OK;
}

wv_status wv_text_encode(wv_table *table, const uint8_t *text, size_t n, size_t max_token,
                         int records, int32_t *ids, int64_t *n_ids, wv_text_stats *stats) {
    const uint8_t *const kinds = records ? RECORD_KIND : KIND;
    pending waiting = {0};
    uint8_t last[CHUNK];
    size_t *edge = waiting.edges; /* the next one */
    int32_t *mark = waiting.marks;
    int line_ends = 0;   /* since the last token */
    uint64_t inside = 0; /* whether a token is open */
    int64_t out = 0;
    wv_status status = WV_OK;
    *stats = (wv_text_stats){0, 0, 0, -1};
    for (size_t at = 0; at <= n && status == WV_OK; at += CHUNK) {
        const uint8_t *chunk = text + at;
        if (n - at < CHUNK) { /* the last one, which ends in spaces */
            memset(last, ' ', CHUNK);
            for (size_t i = 0; i < n - at; i++) last[i] = chunk[i];
            chunk = last;
        }
        uint64_t white = at_most(chunk, 0, ' '), marks = 0; /* marks: more than white space */
        uint64_t rest = white & ~at_most(chunk, ' ', 0);
        for (; WV_UNLIKELY(rest); rest &= rest - 1) {
            const uint8_t kind = kinds[chunk[__builtin_ctzll(rest)]];
            if (kind == TEXT) white ^= rest & -rest;
            if (kind > SPACE) marks |= rest & -rest;
        }
        const uint64_t edges = ~white ^ (~white << 1 | inside);
        if (WV_LIKELY(!marks)) {
            for (uint64_t m = edges; m; m &= m - 1) *edge++ = at + (unsigned)__builtin_ctzll(m);
            if (edges) line_ends = 0;
        } else {
            for (uint64_t m = edges | marks; m; m &= m - 1) {
                const int i = __builtin_ctzll(m);
                if (edges >> i & 1) {
                    *edge++ = at + (size_t)i;
                    line_ends = 0;
                }
                if (!(marks >> i & 1)) continue;
                const uint8_t kind = kinds[chunk[i]];
                int32_t id = 0;
                if (kind == NUL) {
                    stats->nul_at = (int64_t)at + i;
                    status = WV_ERR_FORMAT;
                    break;
                }
                if (kind == RECORD) {
                    id = WV_ID_DOC;
                } else if (chunk[i] != '\n' || !line_ends || text[at + (size_t)i - 1] != '\r') {
                    if (++line_ends == 1) {
                        id = WV_ID_BREAK;
                        stats->lines++;
                    } else if (line_ends == 2 && !records) {
                        id = WV_ID_DOC;
                    }
                }
                if (id) {
                    *edge++ = at + (size_t)i;
                    *edge++ = at + (size_t)i;
                    *mark++ = id;
                }
            }
        }
        inside = ~white >> (CHUNK - 1);
        const int count = (int)(edge - waiting.edges) / 2;
        if (count >= TOKENS || n - at < CHUNK || status != WV_OK) {
            const wv_status settled =
                settle(table, &waiting, count, text, n, max_token, ids + out, stats);
            if (WV_UNLIKELY(settled != WV_OK)) return settled;
            out += count;
            waiting.edges[0] = waiting.edges[2 * count];
            edge -= 2 * count;
            mark = waiting.marks;
        }
    }
    *n_ids = out;
    return status;
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
            i = token_end(text, n, i);
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

wv_status wv_text_remap(const int32_t *ids, int64_t n, const int32_t *map, int64_t words,
                        int keep_gaps, int32_t *out, int64_t *starts, int64_t room,
                        wv_text_remapped *done) {
    int64_t m = 0, known = 0, documents = 0;
    for (int64_t i = 0; i < n; i++) {
        const int32_t id = ids[i];
        if (WV_LIKELY(id >= 0)) {
            if (WV_UNLIKELY(id >= words)) return WV_ERR_RANGE;
            out[m] = map[id]; /* what is no word is overwritten by the next */
            known += map[id] >= 0;
            m += keep_gaps || map[id] >= 0;
        } else if (id == WV_ID_DOC) {
            if (documents == room) return WV_ERR_FULL;
            starts[documents++] = m;
        } else if (id == WV_ID_BREAK ? !m || out[m - 1] != WV_ID_BREAK : keep_gaps) {
            out[m++] = id;
        }
    }
    *done = (wv_text_remapped){m, known, documents};
    return WV_OK;
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
