/* The dense primitives, one table an instruction set. */
#ifndef WV_VEC_H
#define WV_VEC_H

#include "wv_cpu.h"

typedef struct wv_vec {
    /* sum_i x[i] y[i]; x, y: (n,) */
    float (*dot)(const float *x, const float *y, ptrdiff_t n);
    /* y += a x; x, y: (n,), not overlapping */
    void (*axpy)(float a, const float *restrict x, float *restrict y, ptrdiff_t n);
    /* y[i] = 1 / (1 + exp(-x[i])) */
    void (*sigmoid)(const float *x, float *y, ptrdiff_t n);
    /* y[i] = log x[i], x[i] > 0 and not subnormal */
    void (*log)(const float *x, float *y, ptrdiff_t n);
    /* out[i] = |row i|, rows of X (n, d), row stride s */
    void (*norms)(const float *X, ptrdiff_t n, ptrdiff_t d, ptrdiff_t s, float *out);
} wv_vec;

WV_ISA_TABLES(wv_vec);

#endif
