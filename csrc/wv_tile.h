/* A tile of the matrix of counts as compressed sparse rows. Words are dealt to k tiles by rank:
 * word w is number w / k of tile w mod k, so a column takes 16 bits. Functions that take a `const
 * wv_tile *` read its arrays only.
 */
#ifndef WV_TILE_H
#define WV_TILE_H

#include "wv_common.h"

typedef struct wv_tile {
    uint32_t *row_ptr; /* (rows + 1,): row r has the cells row_ptr[r] to row_ptr[r + 1] */
    uint16_t *cols;    /* (nnz,): rising within a row */
    float *values;     /* (nnz,): > 0 */
    int32_t rows;
} wv_tile;

/* Whether row pointers rise from 0 to nnz and columns lie in [0, n_cols), so that a kernel that
 * follows them stays within its arrays; WV_ERR_FORMAT otherwise. */
wv_status wv_tile_check(const wv_tile *tile, int64_t nnz, int32_t n_cols);

#endif
