/* Gram matrices of gathered rows, and their inverses: what weighted least squares over a sparse row
 * needs.
 *
 * A system is a list of n ids. Its row j is
 *   z_j = [ a_j X[ids_j] | b_j Y[ids_j] | E_j ]
 * X and Y float32 matrices, a and b double scales, E further columns as they are (a column of ones
 * for an intercept, the target). The result is G = sum_j z_j z_j'. With a = sqrt(f) and E = sqrt(f)
 * (1, y) one pass gives C'FC, C'Fy, y'Fy and the sums for an intercept.
 *
 * Rows are converted a block at a time into a panel that stays in the second-level cache; tiles of
 * the panel's products are summed in registers and then added to G. `gram` does so in double.
 * `gram_single` has rows and sums of a block of WV_GRAM_SINGLE rows in float, and adds blocks in
 * double: each entry G_rc is off by about 1e-7 sqrt(G_rr G_cc), for half the time. The order of a
 * sum depends on the ids alone, so bytes do not depend on threads. Instruction sets differ by
 * rounding.
 */
#ifndef WV_GRAM_H
#define WV_GRAM_H

#include "wv_cpu.h"

enum {
    WV_GRAM_DOUBLE = 64,  /* rows of a block of doubles, */
    WV_GRAM_SINGLE = 128, /* and of floats */
    WV_GRAM_ALIGN = 8     /* numbers of which a row of G is a multiple */
};

typedef struct wv_gram_side {
    const float *rows;   /* (V, d), row stride `stride`; not read when d is 0 */
    ptrdiff_t d, stride; /* elements */
    const double *scale; /* (n,) */
} wv_gram_side;

typedef struct wv_gram_system {
    const int32_t *ids; /* (n + more,) in [0, V): not checked */
    int64_t n, more;    /* the last `more` ids are of systems to come: their rows are fetched */
    wv_gram_side x, y;
    const double *extra; /* (n, d_extra) */
    ptrdiff_t d_extra;
} wv_gram_system;

/* The width p of G: x.d + y.d + d_extra up to a multiple of WV_GRAM_ALIGN. */
ptrdiff_t wv_gram_width(const wv_gram_system *system);

/* The product A B C of matrices (n, n), A and C symmetric and both triangles there. */
typedef struct wv_gram_sandwich {
    const double *A, *B, *C;
    ptrdiff_t a_stride, b_stride, c_stride; /* of rows, in elements */
    ptrdiff_t n, p;                         /* p >= n, a multiple of WV_GRAM_ALIGN */
    int symmetric;                          /* whether the product is */
} wv_gram_sandwich;

/* Doubles of scratch that the functions here need for a width p, and `sandwich` does; it starts on
 * a cache line. */
ptrdiff_t wv_gram_room(ptrdiff_t p);
ptrdiff_t wv_gram_sandwich_room(ptrdiff_t p);

typedef struct wv_gram {
    /* The upper triangle of G (p, p) becomes the sum, with zeros where it is padded; below the
     * diagonal it may hold anything. */
    void (*gram)(const wv_gram_system *system, double *restrict room, double *restrict G);
    void (*gram_single)(const wv_gram_system *system, double *restrict room, double *restrict G);
    /* The upper triangle of M (n, n), row stride p >= n a multiple of WV_GRAM_ALIGN, becomes that
     * of its inverse; columns from n on are overwritten. Returns the smallest pivot of its Cholesky
     * factorisation, squared, over the largest; 0 when M is not positive definite, which leaves M
     * undefined. */
    double (*invert)(double *restrict M, ptrdiff_t n, ptrdiff_t p, double *restrict room);
    /* S (n, n), row stride p, becomes ABC; of a symmetric product only the upper triangle. Columns
     * and rows from n on are zero, or overwritten. `sandwich_single` multiplies floats, as
     * `gram_single` does. */
    void (*sandwich)(const wv_gram_sandwich *s, double *restrict room, double *restrict S);
    void (*sandwich_single)(const wv_gram_sandwich *s, double *restrict room, double *restrict S);
    /* out[j] = sum_i X[ids_j][i] w[i]; ids (n,), X (V, d) row stride `stride`, w (d,) */
    void (*dots)(const int32_t *ids, int64_t n, const float *X, ptrdiff_t d, ptrdiff_t stride,
                 const double *w, double *out);
} wv_gram;

WV_ISA_TABLES(wv_gram);

#endif
