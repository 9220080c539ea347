/* Not inline in the header: what Cython writes, and includes, is compiled without vectors. */
#include "wv_tile.h"

wv_status wv_tile_check(const wv_tile *tile, int64_t nnz, int32_t n_cols) {
    if (tile->row_ptr[0] != 0 || tile->row_ptr[tile->rows] != (uint64_t)nnz) return WV_ERR_FORMAT;
    for (int32_t r = 0; r < tile->rows; r++)
        if (tile->row_ptr[r] > tile->row_ptr[r + 1]) return WV_ERR_FORMAT;
    uint16_t highest = 0;
    for (int64_t i = 0; i < nnz; i++) highest = tile->cols[i] > highest ? tile->cols[i] : highest;
    return nnz && highest >= n_cols ? WV_ERR_FORMAT : WV_OK;
}
