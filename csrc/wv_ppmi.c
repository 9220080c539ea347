/* The table of positive information: its memory, and how it is filled. */
#include "wv_ppmi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void wv_ppmi_free(wv_ppmi *t) {
    free(t->slots);
    free(t->pairs);
    free(t->ratios);
    *t = (wv_ppmi){0};
}

wv_status wv_ppmi_clear(wv_ppmi *t, int64_t most) {
    t->n = 0;
    most++; /* `add` writes before it knows whether the pair stays */
    if (most <= t->room) return WV_OK;
    uint32_t *pairs = realloc(t->pairs, (size_t)most * sizeof *pairs);
    if (pairs) t->pairs = pairs;
    float *ratios = realloc(t->ratios, (size_t)most * sizeof *ratios);
    if (ratios) t->ratios = ratios;
    if (!pairs || !ratios) return WV_ERR_MEMORY;
    t->room = most;
    return WV_OK;
}

wv_status wv_ppmi_build(wv_ppmi *t, const wv_vec *vec) {
    int bits = 4;
    while (INT64_C(1) << bits <= 2 * t->n) bits++;
    const int64_t slots = INT64_C(1) << bits;
    if (slots > t->slots_room) {
        wv_ppmi_slot *more = realloc(t->slots, (size_t)slots * sizeof *more);
        if (!more) return WV_ERR_MEMORY;
        t->slots = more;
        t->slots_room = slots;
    }
    t->bits = bits;
    memset(t->slots, 0, (size_t)slots * sizeof *t->slots);
    vec->log(t->ratios, t->ratios, t->n);
    for (int64_t i = 0; i < t->n; i++) {
        const float value = t->ratios[i];
        if (!isfinite(value)) return WV_ERR_RANGE;
        if (!(value > 0)) continue; /* a ratio just above 1 */
        uint64_t at = wv_ppmi_place(t, t->pairs[i]);
        while (t->slots[at].value > 0) at = (at + 1) & (uint64_t)(slots - 1);
        t->slots[at] = (wv_ppmi_slot){t->pairs[i], value};
    }
    return WV_OK;
}
