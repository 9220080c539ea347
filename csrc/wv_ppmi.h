/* Positive pointwise mutual information of the pairs of a tile of inputs and a tile of outputs,
 *   M_wc = max(0, log(X_wc / (X_w. P'(c)))), and 0 where X_wc is 0,
 * P' being the smoothed distribution of contexts (Levy, Goldberg & Dagan 2015, "Improving
 * distributional similarity with lessons learned from word embeddings", section 3.2).
 *
 * A hash table with open addressing (linear probing) holds the pairs whose information is
 * positive. LexVec asks for six pairs per visit, most of them random: a binary search in the tile's
 * row has a cache miss for each of its last steps, a look-up here has one, which can be prefetched.
 */
#ifndef WV_PPMI_H
#define WV_PPMI_H

#include "wv_vec.h"

typedef struct wv_ppmi_slot {
    uint32_t pair; /* input << 16 | output, numbers within their tiles */
    float value;   /* > 0; 0: the slot is empty */
} wv_ppmi_slot;

typedef struct wv_ppmi {
    wv_ppmi_slot *slots; /* (2^bits,), less than half of them in use */
    int bits;
    uint32_t *pairs; /* (room,): what has been added since the table was cleared */
    float *ratios;   /* (room,): X_wc / (X_w. P'(c)) */
    int64_t room, n, slots_room;
} wv_ppmi;

/* All zero is an empty table. `free` releases its memory, not the struct. */
void wv_ppmi_free(wv_ppmi *table);

/* Forgets all pairs and makes room for `most` of them. */
wv_status wv_ppmi_clear(wv_ppmi *table, int64_t most);

/* Adds a pair, once, within the room that `clear` has made. */
static inline void wv_ppmi_add(wv_ppmi *table, uint16_t in, uint16_t out, float ratio) {
    table->pairs[table->n] = (uint32_t)in << 16 | out;
    table->ratios[table->n] = ratio;
    table->n += ratio > 1; /* a ratio that is no number is not positive */
}

/* Makes the table of what was added. WV_ERR_MEMORY; WV_ERR_RANGE for a ratio that is infinite. */
wv_status wv_ppmi_build(wv_ppmi *table, const wv_vec *vec);

static inline uint64_t wv_ppmi_place(const wv_ppmi *table, uint32_t pair) {
    return (pair * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - table->bits);
}

static inline void wv_ppmi_prefetch(const wv_ppmi *table, uint16_t in, uint16_t out) {
    WV_PREFETCH(table->slots + wv_ppmi_place(table, (uint32_t)in << 16 | out));
}

/* The information of a pair; the table was built. */
static inline float wv_ppmi_find(const wv_ppmi *table, uint16_t in, uint16_t out) {
    const uint32_t pair = (uint32_t)in << 16 | out;
    const uint64_t last = (UINT64_C(1) << table->bits) - 1;
    uint64_t i = wv_ppmi_place(table, pair);
    while (table->slots[i].value > 0 && table->slots[i].pair != pair) i = (i + 1) & last;
    return table->slots[i].value;
}

#endif
