/* Whole rows of the words of one row tile, from the tiles that hold them. A symmetric matrix keeps
 * each cell once, so what row tile i lacks lies in the columns of the tiles (j, i).
 *
 * Rows are counted first, over all tiles, and then filled in the same order of tiles: a row's cells
 * stand as their tiles come, and within a tile by column.
 */
#ifndef WV_ROWS_H
#define WV_ROWS_H

#include "wv_tile.h"

/* Adds each row's cells of tile (i, j) to counts (rows of i,); with `mirrored` each column's cells
 * of tile (j, i), but those with row = column where `diagonal` (i = j). */
void wv_rows_count(const wv_tile *tile, int mirrored, int diagonal, int64_t *counts);

/* Puts the same cells at the places at (rows of i,), which move on: ids are the ranks of their
 * columns, words being dealt to k tiles. */
void wv_rows_fill(const wv_tile *tile, int mirrored, int diagonal, int32_t k, int32_t j,
                  int64_t *at, int32_t *ids, float *values);

#endif
