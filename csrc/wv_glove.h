/* GloVe (Pennington, Socher & Manning 2014, eq. 8): weighted least squares on log counts,
 *   J = sum_ij f(X_ij) (w_i.c_j + b_i + b~_j - log X_ij)^2,   f(x) = min(1, (x / x_max)^alpha),
 * by AdaGrad over the cells of a tile.
 *
 * A parameter row holds d values, then its bias and the 1 that its partner's bias meets: a word row
 * ends in (b, 1), a context row in (1, b~), so the biases are two more terms of one dot product.
 * The row's AdaGrad sums follow it at +stride, in the next cache lines. A vector of rates, one a
 * column, gives the bias its own rate and the constant 1 the rate 0.
 */
#ifndef WV_GLOVE_H
#define WV_GLOVE_H

#include "wv_cpu.h"
#include "wv_rng.h"
#include "wv_tile.h"

typedef struct wv_glove_cell {
    int32_t row, col;
    float log_x, weight; /* log X, f(X) */
} wv_glove_cell;

typedef struct wv_glove_model {
    float *words, *contexts;               /* (V, 2 stride): values, then sums of squared steps */
    ptrdiff_t stride;                      /* d + 2 up to a multiple of 16 */
    const float *word_rate, *context_rate; /* (stride,) */
    float clip;                            /* bound of a gradient's component */
    int32_t symmetric;                     /* 1: a cell stands for its mirror image too */
} wv_glove_model;

/* One step for each cell in turn, and for its mirror image where the model is symmetric and the
 * cell is off the diagonal. Returns the sum of weight (error)^2 / 2. Ids in [0, V): not checked.
 * The words and contexts of the cells' rows and columns must not be in use by another thread. */
typedef double (*wv_glove_cells)(const wv_glove_model *model, const wv_glove_cell *cells,
                                 int64_t n);

typedef struct wv_glove {
    wv_glove_cells train;
    /* log_x[i] = log x[i], weight[i] = f(x[i]), x > 0 */
    void (*weigh)(const float *x, int64_t n, float log_x_max, float alpha, float *log_x,
                  float *weight);
} wv_glove;

WV_ISA_TABLES(wv_glove);

/* The cells of a tile that belong to one of `slices` random parts, in order:
 * their places in cells and their counts in x; returns how many. A word is a row's number times k
 * plus row_tile. cells and x must hold the tile's nnz. */
int64_t wv_glove_select(const wv_tile *tile, int32_t row_tile, int32_t col_tile, int32_t k,
                        uint32_t slice, uint32_t slices, uint64_t key, wv_glove_cell *cells,
                        float *x);

/* A random order of the cells, in place (Fisher & Yates); n < 2^32. */
void wv_glove_shuffle(wv_glove_cell *cells, int64_t n, uint64_t key);

#endif
