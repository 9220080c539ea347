/* GloVe (Pennington, Socher & Manning 2014, eq. 8): weighted least squares on log counts,
 *   J = sum_ij f(X_ij) (w_i.c_j + b_i + b~_j - log X_ij)^2,   f(x) = min(1, (x / x_max)^alpha),
 * by AdaGrad over the cells of a tile.
 *
 * A parameter row holds d values, then its bias and the 1 that its partner's bias meets: a word row
 * ends in (b, 1), a context row in (1, b~), so the biases are two more terms of one dot product.
 * The row's AdaGrad sums follow it at +stride, in the next cache lines. A vector of rates, one a
 * column, gives the bias its own rate and the constant 1 the rate 0.
 *
 * With prior vectors r (Mittens: Dingwall & Potts 2018, eq. 4) the objective, with the 1/2 that the
 * step above implies, has one term more:
 *   J / 2 + mu sum_i |w_i + c_i - r_i|^2
 * over the words that have a prior. Its gradient 2 mu (w_i + c_i - r_i) is that of w_i and of c_i.
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

typedef struct wv_glove wv_glove;

typedef struct wv_glove_model {
    float *words, *contexts;               /* (V, 2 stride): values, then sums of squared steps */
    ptrdiff_t stride;                      /* d + 2 up to a multiple of 16 */
    const float *word_rate, *context_rate; /* (stride,) */
    float clip;                            /* bound of a gradient's component */
    int32_t symmetric;                     /* 1: a cell stands for its mirror image too */
    int32_t k;                             /* word w is number w / k of tile w mod k */
    int32_t grid;                          /* 1, 2 or 4: an epoch has grid^2 parts, see below */
    float log_x_max, alpha;                /* of f */
    const float *prior;                    /* (V, stride): r, zeros behind it; or NULL */
    const float *pull;                     /* (V,): 2 mu per visit of a row; 0 without a prior */
    const float *pull_rate;                /* (stride,): 0 but for the d values */
    const wv_glove *table;
} wv_glove_model;

/* One step for each cell in turn, and for its mirror image where the model is symmetric and the
 * cell is off the diagonal. Returns the sum of weight (error)^2 / 2. Cells n to known - 1 are those
 * of the next call, and `next` the n_next words of columns that come after: their rows are fetched
 * on the way. Ids in [0, V), n > 0: not checked. The words and contexts of the cells' rows and
 * columns must not be in use by another thread. */
typedef double (*wv_glove_cells)(const wv_glove_model *model, const wv_glove_cell *cells, int64_t n,
                                 int64_t known, const int32_t *next, int32_t n_next);

struct wv_glove {
    wv_glove_cells train;
    /* log_x[i] = log x[i], weight[i] = f(x[i]), x > 0 */
    void (*weigh)(const float *x, int64_t n, float log_x_max, float alpha, float *log_x,
                  float *weight);
    /* One step of AdaGrad on the pull for each of n words, for its two rows together. Nothing for
     * words whose pull is 0. Ids in [0, V), and a prior that is there: not checked. */
    void (*pull)(const wv_glove_model *model, const int32_t *words, int64_t n);
};

WV_ISA_TABLES(wv_glove);

/* -- tiles ---------------------------------------------------------------------------------------
 *
 * The order of an epoch decides how much of a row is still in the caches when it is needed again,
 * and quality too: a word should meet the contexts of a tile at several times, not at once.
 *
 * An epoch has grid^2 parts: the rows of a tile are dealt to `grid` random sets and so are its
 * columns, and a part trains the cells of one set of rows and one of columns. The rows of a set are
 * cut, by rank, into blocks that fit the second-level cache, WV_GLOVE_BLOCK bytes; a block meets
 * the columns that it has cells of in random order, WV_GLOVE_COLUMNS at a time, whose cells are
 * shuffled. A block of frequent words has many cells in every column, and one of rare words has
 * none in most. With 17 million words (29.9 million cells, 17 tiles a side, 100 dimensions) a cell
 * takes 3.7 cache lines from beyond the second level with a grid of 2, and 9.1 where blocks are of
 * random ranks; with a grid of 4 5.7 and 10.5. docs/measurements/glove.md has times and scores.
 *
 * The pull needs the two rows of a word, so it is made where both are held: in every unit of tiles
 * (i, j) and (j, i) of a symmetric model, in those of tiles (i, i) of another. A block's words are
 * pulled while the cache has them, WV_GLOVE_PULLS times in an epoch for each unit that holds them:
 * as often with any grid, since AdaGrad's steps shrink. `pull` is the share of one time.
 *
 * The sizes do not depend on the machine, and so neither does the order.
 */
enum { WV_GLOVE_BLOCK = 768 << 10, WV_GLOVE_COLUMNS = 8, WV_GLOVE_PULLS = 4 };

typedef struct wv_glove_tile {
    int32_t row_tile, col_tile, n_cols; /* n_cols: words of the column tile */
    wv_tile cells;
} wv_glove_tile;

/* A thread's buffers; they grow as tiles need it. */
typedef struct wv_glove_worker wv_glove_worker;
wv_glove_worker *wv_glove_worker_new(void);
void wv_glove_worker_free(wv_glove_worker *worker);

/* Trains the cells of a part, in [0, grid^2), of n tiles, in an order that `key` gives,
 * which is of (seed, epoch, tiles): the same for all parts. Adds to *loss and *cells. The tiles are
 * sound: checked by the caller, as is that one has less than 2^32 cells. WV_ERR_MEMORY. */
wv_status wv_glove_train(const wv_glove_model *model, wv_glove_worker *worker,
                         const wv_glove_tile *tiles, int32_t n, uint64_t key, uint32_t part,
                         double *loss, int64_t *cells);

#endif
