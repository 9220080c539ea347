#include "wv_swivel.h"

#include <stdlib.h>
#include <string.h>

WV_ISA_CHOICE(wv_swivel)

wv_swivel_work *wv_swivel_work_new(int32_t rows, int32_t cols, int32_t d, ptrdiff_t stride,
                                   int64_t cells) {
    wv_swivel_work *work = calloc(1, sizeof *work);
    if (!work) return NULL;
    cols = (cols + WV_SWIVEL_PAD - 1) / WV_SWIVEL_PAD * WV_SWIVEL_PAD;
    stride |= WV_ROW_FLOATS;
    work->stride = stride;
    work->rows = rows;
    work->cols = cols;
    work->cells = cells;
    const struct {
        float **buffer;
        int64_t n;
    } parts[] = {
        {&work->w, rows * (int64_t)stride},
        {&work->dw, rows * (int64_t)stride},
        {&work->c, cols * (int64_t)stride},
        {&work->ct, cols * (int64_t)d},
        {&work->dct, cols * (int64_t)d},
        {&work->a, rows},
        {&work->b, cols},
        {&work->z, WV_SWIVEL_ROWS * WV_SWIVEL_PAD},
        {&work->log_x, cells},
        {&work->weight, cells},
        {&work->own, cells},
    };
    enum { PARTS = sizeof parts / sizeof *parts, ALIGN = WV_ROW_ALIGN / sizeof(float) };
    int64_t total = ALIGN;
    for (int i = 0; i < PARTS; i++) total += (parts[i].n + ALIGN - 1) / ALIGN * ALIGN;
    work->memory = malloc((size_t)total * sizeof(float));
    work->cursor = malloc(2 * (size_t)rows * sizeof(uint32_t));
    if (!work->memory || !work->cursor) {
        wv_swivel_work_free(work);
        return NULL;
    }
    float *next = work->memory;
    while ((uintptr_t)next % WV_ROW_ALIGN) next++;
    for (int i = 0; i < PARTS; i++) {
        *parts[i].buffer = next;
        next += (parts[i].n + ALIGN - 1) / ALIGN * ALIGN;
    }
    return work;
}

void wv_swivel_work_free(wv_swivel_work *work) {
    if (!work) return;
    free(work->memory);
    free(work->cursor);
    free(work);
}

void wv_swivel_join(const wv_tile *upper, const wv_tile *mirror, int same_tile,
                    const float *diagonal, wv_tile *joined) {
    uint32_t *row_ptr = joined->row_ptr;
    uint16_t *cols = joined->cols;
    float *x = joined->values;
    const int32_t n = upper->rows;
    /* row_ptr[r + 1] counts the mirror's cells of row r, then is where its next one goes. */
    memset(row_ptr, 0, ((size_t)n + 1) * sizeof *row_ptr);
    for (int32_t i = 0; mirror && i < mirror->rows; i++)
        for (uint32_t at = mirror->row_ptr[i]; at < mirror->row_ptr[i + 1]; at++)
            if (!same_tile || mirror->cols[at] != i) row_ptr[mirror->cols[at] + 1]++;
    /* Room for a diagonal cell is left in every row and closed in the end. */
    uint32_t start = 0;
    for (int32_t r = 0; r < n; r++) {
        const uint32_t below = row_ptr[r + 1];
        row_ptr[r + 1] = start;
        start += below + upper->row_ptr[r + 1] - upper->row_ptr[r] + (diagonal != NULL);
    }
    for (int32_t i = 0; mirror && i < mirror->rows; i++) {
        for (uint32_t at = mirror->row_ptr[i]; at < mirror->row_ptr[i + 1]; at++) {
            if (same_tile && mirror->cols[at] == i) continue;
            const uint32_t to = row_ptr[mirror->cols[at] + 1]++;
            cols[to] = (uint16_t)i;
            x[to] = mirror->values[at];
        }
    }
    uint32_t out = 0, from = 0;
    for (int32_t r = 0; r < n; r++) {
        const uint32_t below = row_ptr[r + 1] - from, begin = upper->row_ptr[r];
        const uint32_t own = upper->row_ptr[r + 1] - begin;
        row_ptr[r] = out;
        memmove(cols + out, cols + from, below * sizeof *cols);
        memmove(x + out, x + from, below * sizeof *x);
        from += below + own + (diagonal != NULL);
        out += below;
        int add = diagonal != NULL;
        for (uint32_t i = 0; i < own; i++) {
            const uint16_t col = upper->cols[begin + i];
            if (add && col >= r) {
                add = 0;
                if (col > r) {
                    cols[out] = (uint16_t)r;
                    x[out++] = diagonal[r];
                }
                cols[out] = col;
                x[out++] = upper->values[begin + i] + (col == r ? diagonal[r] : 0);
                continue;
            }
            cols[out] = col;
            x[out++] = upper->values[begin + i];
        }
        if (add) {
            cols[out] = (uint16_t)r;
            x[out++] = diagonal[r];
        }
    }
    row_ptr[n] = out;
}

void wv_swivel_gather(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work) {
    const ptrdiff_t n = m->stride, to = work->stride;
    const int32_t cols = (t->n_cols + WV_SWIVEL_PAD - 1) / WV_SWIVEL_PAD * WV_SWIVEL_PAD;
    for (int32_t r = 0; r < t->cells.rows; r++) {
        const int64_t word = (int64_t)r * t->k + t->row_tile;
        memcpy(work->w + to * r, m->words + 2 * n * word, (size_t)n * sizeof(float));
        work->a[r] = m->a[word];
    }
    for (int32_t c = 0; c < cols; c++) {
        const int64_t word = (int64_t)c * t->k + t->col_tile;
        if (c < t->n_cols) {
            memcpy(work->c + to * c, m->contexts + 2 * n * word, (size_t)n * sizeof(float));
            work->b[c] = m->b[word];
        } else {
            memset(work->c + to * c, 0, (size_t)n * sizeof(float));
            work->b[c] = 1e30f;
        }
    }
    for (int32_t first = 0; first < cols; first += 16)
        for (int32_t i = 0; i < m->d; i++)
            for (int32_t c = 0; c < 16; c++)
                work->ct[wv_swivel_at(m->d, i, first + c)] = work->c[to * (first + c) + i];
    memset(work->dw, 0, (size_t)t->cells.rows * (size_t)to * sizeof(float));
    memset(work->dct, 0, (size_t)m->d * (size_t)cols * sizeof(float));
}
