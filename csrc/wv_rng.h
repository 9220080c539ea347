/* A counter-based generator: the n-th number is a hash of (key, n), so any worker can draw the
 * numbers of any place without drawing those before it, and results do not depend on who draws.
 *
 * The mixing function is SplitMix64's (Steele, Lea & Flood 2014, "Fast splittable pseudorandom
 * number generators"); the counter advances by the golden gamma, which makes the sequence of one
 * key equal to SplitMix64 seeded with that key.
 */
#ifndef WV_RNG_H
#define WV_RNG_H

#include "wv_common.h"

#define WV_RNG_GAMMA UINT64_C(0x9E3779B97F4A7C15)

typedef struct wv_rng {
    uint64_t state;
} wv_rng;

static inline uint64_t wv_mix64(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* One key out of several words, for (seed, epoch, tile, ...). */
static inline uint64_t wv_rng_key(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t h = wv_mix64(a + WV_RNG_GAMMA);
    h = wv_mix64(h ^ (b + 2 * WV_RNG_GAMMA));
    return wv_mix64(h ^ (c + 3 * WV_RNG_GAMMA));
}

/* The number at place `n` of `key`. */
static inline uint64_t wv_rng_at(uint64_t key, uint64_t n) {
    return wv_mix64(key + (n + 1) * WV_RNG_GAMMA);
}

static inline uint64_t wv_rng_next(wv_rng *rng) {
    rng->state += WV_RNG_GAMMA;
    return wv_mix64(rng->state);
}

/* 64 random bits as a number in [0, n), n < 2^32: multiply-shift (Lemire 2019), whose bias is below
 * n / 2^32. */
static inline uint32_t wv_rng_scaled(uint64_t bits, uint32_t n) {
    return (uint32_t)(((bits >> 32) * (uint64_t)n) >> 32);
}

/* Uniform in [0, n), n < 2^32. */
static inline uint32_t wv_rng_below(wv_rng *rng, uint32_t n) {
    return wv_rng_scaled(wv_rng_next(rng), n);
}

/* Uniform in [0, 1) with 24 bits. */
static inline float wv_rng_float(wv_rng *rng) {
    return (float)(wv_rng_next(rng) >> 40) * 0x1p-24f;
}

/* Puts the n < 2^32 elements of x, of type T, into a random order (Fisher & Yates; Durstenfeld
 * 1964, algorithm 235). rng is a wv_rng *. */
#define WV_SHUFFLE(T, x, n, rng)                                                                   \
    do {                                                                                           \
        T *const x_ = (x);                                                                         \
        for (int64_t i_ = (int64_t)(n) - 1; i_ > 0; i_--) {                                        \
            const int64_t j_ = wv_rng_below((rng), (uint32_t)(i_ + 1));                            \
            const T t_ = x_[i_];                                                                   \
            x_[i_] = x_[j_];                                                                       \
            x_[j_] = t_;                                                                           \
        }                                                                                          \
    } while (0)

/* A random order of 0 .. n - 1, n < 2^32: the same from the inside out. */
static inline void wv_rng_order(wv_rng *rng, int64_t *order, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t j = wv_rng_below(rng, (uint32_t)(i + 1));
        order[i] = order[j];
        order[j] = i;
    }
}

#endif
