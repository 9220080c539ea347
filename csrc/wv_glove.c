#include "wv_glove.h"

WV_ISA_CHOICE(wv_glove)

int64_t wv_glove_select(const wv_tile *tile, int32_t row_tile, int32_t col_tile, int32_t k,
                        uint32_t slice, uint32_t slices, uint64_t key, wv_glove_cell *cells,
                        float *x) {
    int64_t n = 0;
    for (int32_t r = 0; r < tile->rows; r++) {
        for (uint32_t i = tile->row_ptr[r]; i < tile->row_ptr[r + 1]; i++) {
            cells[n] = (wv_glove_cell){r * k + row_tile, tile->cols[i] * k + col_tile, 0, 0};
            x[n] = tile->values[i];
            /* Written always, kept when it is of the slice: no branch to mispredict. */
            const uint32_t hash = (uint32_t)(wv_rng_at(key, i) >> 32);
            n += (uint32_t)(((uint64_t)hash * slices) >> 32) == slice;
        }
    }
    return n;
}

void wv_glove_shuffle(wv_glove_cell *cells, int64_t n, uint64_t key) {
    wv_rng rng = {key};
    WV_SHUFFLE(wv_glove_cell, cells, n, &rng);
}
