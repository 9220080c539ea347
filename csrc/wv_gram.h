/* Gram matrices of gathered rows, in double: what weighted least squares over a sparse row needs.
 *
 * A system is a list of n ids. Its row j is
 *   z_j = [ a_j X[ids_j] | b_j Y[ids_j] | E_j ]
 * X and Y float32 matrices, a and b double scales, E further columns as they are (a column of ones
 * for an intercept, the target). The result is G = sum_j z_j z_j'. With a = sqrt(f) and E = sqrt(f)
 * (1, y) one pass gives C'FC, C'Fy, y'Fy and the sums for an intercept.
 *
 * Rows are converted WV_GRAM_BLOCK at a time into a panel that stays in the second-level cache, and
 * the panel's products are summed in registers, then added to G: the order of a sum depends on the
 * ids alone, so the bytes do not depend on threads. Instruction sets differ by rounding.
 */
#ifndef WV_GRAM_H
#define WV_GRAM_H

#include "wv_cpu.h"

enum {
    WV_GRAM_BLOCK = 64,
    WV_GRAM_ALIGN = 8 /* doubles of which a row of a panel is a multiple */
};

typedef struct wv_gram_side {
    const float *rows;   /* (V, d), row stride `stride`; not read when d is 0 */
    ptrdiff_t d, stride; /* elements */
    const double *scale; /* (n,) */
} wv_gram_side;

typedef struct wv_gram_system {
    const int32_t *ids; /* (n,) in [0, V): not checked */
    int64_t n;
    wv_gram_side x, y;
    const double *extra; /* (n, d_extra) */
    ptrdiff_t d_extra;
} wv_gram_system;

/* The width of a panel's rows and of G: x.d + y.d + d_extra up to a multiple of WV_GRAM_ALIGN. */
ptrdiff_t wv_gram_width(const wv_gram_system *system);

typedef struct wv_gram {
    /* G (p, p), p = wv_gram_width: its upper triangle becomes the sum, with zeros where it is
     * padded; below the diagonal it may hold anything. panel (WV_GRAM_BLOCK, p): scratch. */
    void (*gram)(const wv_gram_system *system, double *restrict panel, double *restrict G);
    /* out[j] = sum_i X[ids_j][i] w[i]; ids (n,), X (V, d) row stride `stride`, w (d,) */
    void (*dots)(const int32_t *ids, int64_t n, const float *X, ptrdiff_t d, ptrdiff_t stride,
                 const double *w, double *out);
} wv_gram;

WV_ISA_TABLES(wv_gram);

#endif
