/* Windowed co-occurrence counts, exact, a row at a time.
 *
 * A block of ids is indexed by word (a counting sort of positions). A row of the matrix is then
 * summed over the word's occurrences into one dense array of integers that stays in cache, and read
 * out in order of column: no hashing, no sorting of pairs, no floating point. Rows do not touch
 * each other, so threads take rows; integer sums do not depend on any order.
 *
 * "Rows" below are n_rows rows first, first + step, first + 2 step ... of the matrix as three
 * arrays: nnz (n_rows,), and for all cells one after another, by row and then column, cols and
 * units.
 */
#ifndef WV_COOC_H
#define WV_COOC_H

#include "wv_tile.h"

/* -- the accumulator -----------------------------------------------------------------------------
 */

/* A dense row of 64-bit sums with a two-level bitmap of the columns that are not empty. */
typedef struct wv_cooc_row wv_cooc_row;
wv_cooc_row *wv_cooc_row_new(int32_t columns);
void wv_cooc_row_free(wv_cooc_row *row);

/* -- counting ------------------------------------------------------------------------------------
 */

/* Occurrences by word: positions[starts[w] .. starts[w + 1]) are those of w, rising.
 * ids (n,), n < 2^32, ids in [0, V) or negative: checked, WV_ERR_RANGE. starts (V + 1,),
 * positions (n,). */
wv_status wv_cooc_index(const int32_t *ids, int64_t n, int32_t V, int64_t *starts,
                        uint32_t *positions);

typedef struct wv_cooc_window {
    int32_t window;         /* >= 1 */
    const uint64_t *weight; /* (window + 1,): of distance d, > 0; weight[0] is not used */
    int32_t left, right;    /* whether contexts before and after the word count */
    int32_t upper;          /* 1: only columns >= the row, of a symmetric matrix */
} wv_cooc_window;

/* A place in rows that are written piece by piece. */
typedef struct wv_cooc_out {
    uint32_t *nnz; /* (n_rows,) */
    uint32_t *cols;
    uint64_t *units;
    int64_t capacity; /* room in cols and units, >= columns of the matrix */
    int64_t used;     /* cells written by this call */
    int32_t row;      /* the next row: a call goes on here and stops when the room may not do */
} wv_cooc_out;

/* A stretch of text, indexed as above. Pairs whose later word lies before `begin` are left out:
 * they belong to the stretch before, whose last words stand at [0, begin). */
typedef struct wv_cooc_text {
    const int32_t *ids;        /* (n,) */
    const int64_t *starts;     /* (V + 1,) */
    const uint32_t *positions; /* (n,) */
    int64_t n, begin;
} wv_cooc_text;

/* The rows of all of n_texts >= 1 stretches. A break (WV_ID_BREAK) ends a window, as the end of a
 * stretch does; a gap takes a place in it. Call until out->row == n_rows. */
void wv_cooc_count(const wv_cooc_text *texts, int32_t n_texts, const wv_cooc_window *window,
                   wv_cooc_row *row, int32_t first, int32_t step, int32_t n_rows, wv_cooc_out *out);

/* -- merging -------------------------------------------------------------------------------------
 */

/* The sum of several runs of the same rows. cursor (runs,): cells read so far, 0 at first; nnz,
 * cols and units have a pointer a run. Columns in [0, columns): checked, WV_ERR_FORMAT; that nnz
 * and the cells agree: checked by the caller. Call until out->row == n_rows. */
wv_status wv_cooc_merge(int32_t runs, const uint32_t *const *nnz, const uint32_t *const *cols,
                        const uint64_t *const *units, int64_t *cursor, wv_cooc_row *row,
                        int32_t n_rows, wv_cooc_out *out);

/* -- tiles ---------------------------------------------------------------------------------------
 */

/* Rows of row tile `first` split into k column tiles. A value is units / unit in float32; where
 * that float does not round back to the units, a correction (index of the cell, units - rounded)
 * keeps them exact. */
typedef struct wv_cooc_tile {
    wv_tile cells;
    uint32_t *fix_at; /* (fixes,): rising */
    int32_t *fix_by;
    int64_t nnz, fixes;
    int64_t room, fix_room; /* cells and corrections that the arrays can take */
} wv_cooc_tile;

/* How many cells and corrections each of k tiles will have. Columns below 2^31: checked, others
 * give WV_ERR_RANGE. */
wv_status wv_cooc_tile_sizes(const uint32_t *nnz, const uint32_t *cols, const uint64_t *units,
                             int32_t n_rows, int32_t k, double unit, wv_cooc_tile *tiles);

/* Fills the tiles, whose arrays have the sizes above, and adds to the exact sums of rows and
 * columns (V,), V <= 65536 k; a symmetric matrix's diagonal counts once. Columns in [0, V):
 * checked, WV_ERR_RANGE; that cells and corrections fit: checked, WV_ERR_FULL. */
wv_status wv_cooc_tile_fill(const uint32_t *nnz, const uint32_t *cols, const uint64_t *units,
                            int32_t first, int32_t n_rows, int32_t k, int32_t V, double unit,
                            int symmetric, wv_cooc_tile *tiles, uint64_t *row_sums,
                            uint64_t *col_sums);

/* Whether a tile read from outside holds together: row pointers rise from 0 to nnz, columns rise
 * within a row and lie in [0, n_cols), values are positive and finite, corrections rise. */
wv_status wv_cooc_tile_check(const wv_cooc_tile *tile, int32_t n_cols);

#endif
