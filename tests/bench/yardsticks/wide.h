/* Sixteen floats at once, in whatever registers the machine has, and a clock: for the yardsticks.
 * Compiled with -O3 -march=native -ffast-math: they are for the machine at hand. */
#ifndef WIDE_H
#define WIDE_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { LANES = 16 };
typedef float wide __attribute__((vector_size(64), aligned(64), may_alias));

static inline wide splat(float a) {
    return a - (wide){0};
}

static inline float sum_of(wide a) {
    typedef float half __attribute__((vector_size(32)));
    typedef float quarter __attribute__((vector_size(16)));
    const union {
        wide all;
        half of[2];
    } x = {a};
    const union {
        half all;
        quarter of[2];
    } y = {x.of[0] + x.of[1]};
    const quarter z = y.of[0] + y.of[1];
    return (z[0] + z[1]) + (z[2] + z[3]);
}

/* 1 / sqrt(a), about. */
static inline wide inverse_root(wide a) {
#if defined(__AVX512F__)
    return (wide)_mm512_rsqrt14_ps((__m512)a);
#elif defined(__AVX__)
    union {
        wide all;
        __m256 of[2];
    } x = {a};
    x.of[0] = _mm256_rsqrt_ps(x.of[0]);
    x.of[1] = _mm256_rsqrt_ps(x.of[1]);
    return x.all;
#else
    for (int i = 0; i < LANES; i++) a[i] = 1 / sqrtf(a[i]);
    return a;
#endif
}

static inline void fetch(const float *row, int n) {
    for (int c = 0; c < n; c += LANES) __builtin_prefetch(row + c);
}

static inline uint64_t draw(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline void *need(void *p) {
    if (p) return p;
    fprintf(stderr, "out of memory\n");
    exit(1);
}

/* (rows, stride) floats in huge pages where the system gives them. */
static inline float *matrix(int64_t rows, int64_t stride) {
    const size_t page = 2u << 20;
    const size_t bytes = ((size_t)(rows * stride) * sizeof(float) / page + 1) * page;
    float *p = need(aligned_alloc(page, bytes));
    memset(p, 0, bytes);
    return p;
}

/* All of a file; *size in bytes. */
static inline void *contents(const char *path, int64_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        perror(path);
        exit(1);
    }
    *size = ftell(file);
    rewind(file);
    void *p = need(malloc((size_t)*size + 1));
    if (fread(p, 1, (size_t)*size, file) != (size_t)*size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return p;
}

#endif
