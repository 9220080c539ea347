#include "wv_rows.h"

void wv_rows_count(const wv_tile *t, int mirrored, int diagonal, int64_t *counts) {
    for (int32_t r = 0; r < t->rows; r++) {
        const uint32_t begin = t->row_ptr[r], end = t->row_ptr[r + 1];
        if (!mirrored) {
            counts[r] += end - begin;
            continue;
        }
        for (uint32_t i = begin; i < end; i++) counts[t->cols[i]] += !(diagonal && t->cols[i] == r);
    }
}

void wv_rows_fill(const wv_tile *t, int mirrored, int diagonal, int32_t k, int32_t j, int64_t *at,
                  int32_t *ids, float *values) {
    for (int32_t r = 0; r < t->rows; r++)
        for (uint32_t i = t->row_ptr[r]; i < t->row_ptr[r + 1]; i++) {
            const int32_t col = t->cols[i];
            if (mirrored && diagonal && col == r) continue;
            const int64_t to = at[mirrored ? col : r]++;
            ids[to] = (mirrored ? r : col) * k + j;
            values[to] = t->values[i];
        }
}
