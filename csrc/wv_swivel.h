/* Swivel (Shazeer, Doherty, Evans & Waterson 2016): every cell of the matrix, zeros included, pulls
 * a dot product towards its pointwise mutual information. With z = w_i.c_j - a_i - b_j, where
 * a_i + b_j is what the cell's information has beside log x_ij,
 *   observed    1/2 f(x) (z - log x)^2,   f(x) = b0 + b1 x^alpha
 *   unobserved  log(1 + exp z)            (the paper's soft hinge, as if x were 1)
 * A tile is one step: gradients of all its rows and columns, then AdaGrad.
 *
 * Work is 6 rows columns d floating-point operations a tile: three matrix products. They go block
 * by block, so that a block of z and its gradient stays in the caches and is never written out:
 *   Z = W C' - a - b;  the observed cells are taken out;  G = sigmoid(Z);  the observed cells' G go
 *   in;  dW += G C;  dC' += W' G.
 * The second side is kept transposed too, so that both products with it run along columns, and what
 * has a column for each context lies in panels of WV_SWIVEL_PAD columns, one after the other: a
 * panel is a piece of memory, where rows that are some power of two apart would fall into the same
 * sets of a cache.
 */
#ifndef WV_SWIVEL_H
#define WV_SWIVEL_H

#include "wv_cpu.h"
#include "wv_tile.h"

typedef struct wv_swivel_model {
    float *words, *contexts; /* (V, 2 stride): d values, zeros, then sums of squared gradients */
    ptrdiff_t stride;        /* d up to a multiple of 16 */
    int32_t d;
    const float *a, *b; /* (V,): see above */
    float rate, b0, b1, alpha;
} wv_swivel_model;

/* One tile: words r k + row_tile against c k + col_tile, c < n_cols. */
typedef struct wv_swivel_tile {
    int32_t row_tile, col_tile, k, n_cols;
    wv_tile cells;
} wv_swivel_tile;

/* A block of z is one panel. */
enum { WV_SWIVEL_ROWS = 144, WV_SWIVEL_PAD = 64 };

/* Where row i, column c of (rows, columns) in panels is. */
static inline ptrdiff_t wv_swivel_at(ptrdiff_t rows, ptrdiff_t i, ptrdiff_t c) {
    return (c / WV_SWIVEL_PAD * rows + i) * WV_SWIVEL_PAD + c % WV_SWIVEL_PAD;
}

/* What a tile needs beside the model; a thread has one. */
typedef struct wv_swivel_work {
    int32_t rows, cols;          /* room: cols is a multiple of WV_SWIVEL_PAD */
    ptrdiff_t stride;            /* an odd number of cache lines, for the same reason */
    float *w, *dw;               /* (rows, stride) */
    float *c;                    /* (cols, stride) */
    float *ct, *dct;             /* (d, cols) in panels */
    float *a, *b;                /* (rows,), (cols,) */
    float *z;                    /* (WV_SWIVEL_ROWS, WV_SWIVEL_PAD) */
    float *log_x, *weight, *own; /* (cells,): log x, f(x), scratch */
    int64_t cells;
    uint32_t *cursor; /* (2 rows,) */
    float *memory;    /* what the floats above lie in */
} wv_swivel_work;

/* Room for tiles of up to rows x cols words (both >= 1), d values in rows of `stride`, and `cells`
 * cells; NULL without memory. */
wv_swivel_work *wv_swivel_work_new(int32_t rows, int32_t cols, int32_t d, ptrdiff_t stride,
                                   int64_t cells);
void wv_swivel_work_free(wv_swivel_work *work);

typedef struct wv_swivel {
    /* The sum of the tile's losses; dw and dct get its gradients (not divided by anything). The
     * tile fits the work's room and is sound: checked by the caller. */
    double (*gradients)(const wv_swivel_model *model, const wv_swivel_tile *tile,
                        wv_swivel_work *work);
    /* AdaGrad with `scale` times the gradients of the work. */
    void (*step)(const wv_swivel_model *model, const wv_swivel_tile *tile, wv_swivel_work *work,
                 float scale);
} wv_swivel;

WV_ISA_TABLES(wv_swivel);

/* The whole tile out of stored ones. `upper` (rows of the row tile) and, of a symmetric matrix,
 * `mirror` (rows of the column tile; NULL otherwise) are stored tiles; `diagonal` (rows,), or NULL,
 * is added to cells (r, r). Cells of the mirror below the tile's own diagonal come in once. Writes
 * the arrays of `joined`, which must hold all cells and as many more as there are rows. The inputs
 * are sound: checked by the caller. */
void wv_swivel_join(const wv_tile *upper, const wv_tile *mirror, int same_tile,
                    const float *diagonal, wv_tile *joined);

/* Rows of the words and columns of a tile into the work, transposed too; padding is zero and its b
 * so large that sigmoid(z) is 0. Shared by the instruction sets. */
void wv_swivel_gather(const wv_swivel_model *model, const wv_swivel_tile *tile,
                      wv_swivel_work *work);

#endif
