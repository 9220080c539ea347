/* Which ids of a window are wanted, a bit for each. Half of all contexts are not, by chance: a
 * branch for each would be guessed wrongly. x86-64 always has the instructions that are used here
 * (SSE2); for others, and as the definition, there is the plain loop. */
#ifndef WV_COOC_MASK_H
#define WV_COOC_MASK_H

#include "wv_common.h"

enum { WV_COOC_SIDE = 16 }; /* ids on one side of the narrowest window of bits */

static inline uint32_t wv_cooc_at_least_plain(const int32_t *ids, int32_t lowest,
                                              uint32_t *negative) {
    uint32_t wanted = 0, below = 0;
    for (int b = 0; b < 32; b++) {
        wanted |= (uint32_t)(ids[b] >= lowest) << b;
        below |= (uint32_t)(ids[b] < 0) << b;
    }
    *negative = below;
    return wanted;
}

#if defined(__SSE2__) && !defined(WV_COOC_PLAIN)
#include <emmintrin.h>

/* The signs of 16 numbers, as bits. Packing saturates, so that it keeps them. */
static inline uint32_t wv_cooc_signs(const __m128i v[4]) {
    const __m128i low = _mm_packs_epi32(v[0], v[1]), high = _mm_packs_epi32(v[2], v[3]);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
}

WV_INLINE uint32_t wv_cooc_at_least_32(const int32_t *ids, int32_t lowest, uint32_t *negative) {
    const __m128i bound = _mm_set1_epi32(lowest - 1);
    __m128i v[8];
    for (int i = 0; i < 8; i++)
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(ids + 4 * i));
    *negative = wv_cooc_signs(v) | wv_cooc_signs(v + 4) << 16;
    for (int i = 0; i < 8; i++) v[i] = _mm_cmpgt_epi32(v[i], bound);
    return wv_cooc_signs(v) | wv_cooc_signs(v + 4) << 16;
}
#else
#define wv_cooc_at_least_32 wv_cooc_at_least_plain
#endif

/* Bit b: ids[b] >= lowest; ids (2 side,), side WV_COOC_SIDE or twice that; lowest >= 0. Bit b of
 * *negative: ids[b] < 0, a break or a gap. */
WV_INLINE uint64_t wv_cooc_at_least(const int32_t *ids, const int64_t side, int32_t lowest,
                                    uint64_t *negative) {
    uint32_t below;
    uint64_t wanted = wv_cooc_at_least_32(ids, lowest, &below);
    *negative = below;
    if (side > WV_COOC_SIDE) {
        wanted |= (uint64_t)wv_cooc_at_least_32(ids + 32, lowest, &below) << 32;
        *negative |= (uint64_t)below << 32;
    }
    return wanted;
}

#endif
