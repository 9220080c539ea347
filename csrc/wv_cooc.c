#include "wv_cooc.h"
#include "wv_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- the accumulator -----------------------------------------------------------------------------
 */

struct wv_cooc_row {
    uint64_t *sum;   /* (columns + 1,): the last one takes what is not wanted */
    uint64_t *bits;  /* a bit a column */
    uint64_t *index; /* a bit a word of bits */
    int32_t columns;
};

static size_t words_for(size_t bits) {
    return bits / 64 + 1;
}

wv_cooc_row *wv_cooc_row_new(int32_t columns) {
    const size_t n = (size_t)columns + 1;
    wv_cooc_row *row = calloc(1, sizeof *row);
    if (!row) return NULL;
    row->columns = columns;
    row->sum = calloc(n, sizeof *row->sum);
    row->bits = calloc(words_for(n), sizeof *row->bits);
    row->index = calloc(words_for(words_for(n)), sizeof *row->index);
    if (!row->sum || !row->bits || !row->index) {
        wv_cooc_row_free(row);
        return NULL;
    }
    return row;
}

void wv_cooc_row_free(wv_cooc_row *row) {
    if (!row) return;
    free(row->sum);
    free(row->bits);
    free(row->index);
    free(row);
}

static inline void add(wv_cooc_row *row, uint32_t column, uint64_t units) {
    row->sum[column] += units;
    row->bits[column >> 6] |= UINT64_C(1) << (column & 63);
    row->index[column >> 12] |= UINT64_C(1) << ((column >> 6) & 63);
}

/* Writes the cells in order of column and empties the row; returns how many there were. */
static int64_t drain(wv_cooc_row *row, uint32_t *cols, uint64_t *units) {
    const uint32_t unwanted = (uint32_t)row->columns;
    const size_t n_index = words_for(words_for((size_t)row->columns + 1));
    int64_t n = 0;
    row->sum[unwanted] = 0;
    row->bits[unwanted >> 6] &= ~(UINT64_C(1) << (unwanted & 63));
    for (size_t i = 0; i < n_index; i++) {
        for (uint64_t some = row->index[i]; some; some &= some - 1) {
            const size_t j = i * 64 + (size_t)__builtin_ctzll(some);
            for (uint64_t b = row->bits[j]; b; b &= b - 1) {
                const size_t c = j * 64 + (size_t)__builtin_ctzll(b);
                cols[n] = (uint32_t)c;
                units[n++] = row->sum[c];
                row->sum[c] = 0;
            }
            row->bits[j] = 0;
        }
        row->index[i] = 0;
    }
    return n;
}

/* The same of a row whose cells from `lowest` on were summed without the bitmap. */
static int64_t drain_dense(wv_cooc_row *row, int32_t lowest, uint32_t *cols, uint64_t *units) {
    uint64_t *const sum = row->sum;
    int64_t n = 0;
    for (int32_t c = lowest; c < row->columns; c++) {
        cols[n] = (uint32_t)c; /* what is no cell is overwritten: at most a cell a column */
        units[n] = sum[c];
        n += sum[c] != 0;
        sum[c] = 0;
    }
    sum[row->columns] = 0;
    return n;
}

/* -- counting ------------------------------------------------------------------------------------
 */

wv_status wv_cooc_index(const int32_t *ids, int64_t n, int32_t V, int64_t *starts,
                        uint32_t *positions) {
    memset(starts, 0, ((size_t)V + 1) * sizeof *starts);
    for (int64_t i = 0; i < n; i++) {
        if (ids[i] >= V || ids[i] < WV_ID_GAP) return WV_ERR_RANGE;
        if (ids[i] >= 0) starts[ids[i] + 1]++;
    }
    for (int32_t w = 0; w < V; w++) starts[w + 1] += starts[w];
    for (int64_t i = 0; i < n; i++)
        if (ids[i] >= 0) positions[starts[ids[i]]++] = (uint32_t)i;
    memmove(starts + 1, starts, (size_t)V * sizeof *starts);
    starts[0] = 0;
    return WV_OK;
}

/* The contexts of the word at p. Columns below `lowest` go to the unwanted one: a conditional move
 * costs less than a branch that a random word decides. `dense`: without the bitmap. */
WV_INLINE void add_contexts(const wv_cooc_text *text, int64_t p, const wv_cooc_window *w,
                            wv_cooc_row *row, int32_t lowest, const int dense) {
    const int32_t *const ids = text->ids;
    const int64_t n = text->n, begin = text->begin;
    const uint64_t *const weight = w->weight;
    const int32_t unwanted = row->columns;
    uint64_t *const sum = row->sum;
    if (w->left && p >= begin) {
        const int64_t end = p > w->window ? p - w->window : 0;
        for (int64_t q = p - 1; q >= end; q--) {
            const int32_t c = ids[q];
            if (WV_UNLIKELY(c == WV_ID_BREAK)) break;
            const uint32_t column = (uint32_t)(c >= lowest ? c : unwanted);
            if (dense)
                sum[column] += weight[p - q];
            else
                add(row, column, weight[p - q]);
        }
    }
    if (w->right) {
        const int64_t end = n - 1 - p > w->window ? p + w->window : n - 1;
        int64_t q = p + 1;
        if (WV_UNLIKELY(q < begin)) /* up to the block's own words, if no line ends before */
            for (; q < begin && q <= end; q++)
                if (ids[q] == WV_ID_BREAK) return;
        for (; q <= end; q++) {
            const int32_t c = ids[q];
            if (WV_UNLIKELY(c == WV_ID_BREAK)) break;
            const uint32_t column = (uint32_t)(c >= lowest ? c : unwanted);
            if (dense)
                sum[column] += weight[q - p];
            else
                add(row, column, weight[q - p]);
        }
    }
}

/* The contexts of all occurrences of a word. */
WV_INLINE void add_row(const wv_cooc_text *texts, int32_t n_texts, int32_t word,
                       const wv_cooc_window *window, wv_cooc_row *row, int32_t lowest,
                       const int dense) {
    enum { AHEAD = 12 }; /* occurrences of a rare word are cache misses; start them early */
    for (int32_t t = 0; t < n_texts; t++) {
        const wv_cooc_text text = texts[t];
        const int64_t end = text.starts[word + 1];
        for (int64_t i = text.starts[word]; i < end; i++) {
            if (i + AHEAD < end) WV_PREFETCH(text.ids + text.positions[i + AHEAD]);
            add_contexts(&text, text.positions[i], window, row, lowest, dense);
        }
    }
}

void wv_cooc_count(const wv_cooc_text *texts, int32_t n_texts, const wv_cooc_window *window,
                   wv_cooc_row *row, int32_t first, int32_t step, int32_t n_rows,
                   wv_cooc_out *out) {
    const int64_t each = (int64_t)window->window * (window->left + window->right);
    out->used = 0;
    for (; out->row < n_rows && out->used + row->columns <= out->capacity; out->row++) {
        const int32_t word = first + out->row * step;
        const int32_t lowest = window->upper ? word : 0;
        uint32_t *cols = out->cols + out->used;
        uint64_t *units = out->units + out->used;
        int64_t cells, occurrences = 0;
        for (int32_t t = 0; t < n_texts; t++)
            occurrences += texts[t].starts[word + 1] - texts[t].starts[word];
        /* Looking at every column costs less than two more writes per context, from some number of
         * contexts on. */
        if (occurrences * each >= (row->columns - lowest) / 4) {
            add_row(texts, n_texts, word, window, row, lowest, 1);
            cells = drain_dense(row, lowest, cols, units);
        } else {
            add_row(texts, n_texts, word, window, row, lowest, 0);
            cells = drain(row, cols, units);
        }
        out->nnz[out->row] = (uint32_t)cells;
        out->used += cells;
    }
}

/* -- merging -------------------------------------------------------------------------------------
 */

wv_status wv_cooc_merge(int32_t runs, const uint32_t *const *nnz, const uint32_t *const *cols,
                        const uint64_t *const *units, int64_t *cursor, wv_cooc_row *row,
                        int32_t n_rows, wv_cooc_out *out) {
    wv_status status = WV_OK;
    out->used = 0;
    for (; out->row < n_rows && out->used + row->columns <= out->capacity; out->row++) {
        for (int32_t r = 0; r < runs; r++) {
            const int64_t end = cursor[r] + nnz[r][out->row];
            for (int64_t i = cursor[r]; i < end; i++) {
                const uint32_t c = cols[r][i];
                if (WV_UNLIKELY(c >= (uint32_t)row->columns)) {
                    status = WV_ERR_FORMAT;
                    continue;
                }
                add(row, c, units[r][i]);
            }
            cursor[r] = end;
        }
        const int64_t cells = drain(row, out->cols + out->used, out->units + out->used);
        out->nnz[out->row] = (uint32_t)cells;
        out->used += cells;
    }
    return status;
}

/* -- tiles ---------------------------------------------------------------------------------------
 */

/* What rounding a float32 value back to units leaves. A float has 24 bits, so that the product is
 * within units 2^-23 of them: below 2^22 nothing is left. */
static inline int64_t left_of(uint64_t units, float value, double unit) {
    if (WV_LIKELY(units < UINT64_C(1) << 22)) return 0;
    return (int64_t)(units - (uint64_t)llrint((double)value * unit));
}

static inline float value_of(uint64_t units, double unit) {
    return (float)((double)units / unit);
}

void wv_cooc_tile_sizes(const uint32_t *nnz, const uint32_t *cols, const uint64_t *units,
                        int32_t n_rows, int32_t k, double unit, wv_cooc_tile *tiles) {
    for (int32_t j = 0; j < k; j++) tiles[j].nnz = tiles[j].fixes = 0;
    int64_t cells = 0;
    for (int32_t r = 0; r < n_rows; r++) cells += nnz[r];
    for (int64_t i = 0; i < cells; i++) {
        wv_cooc_tile *t = &tiles[cols[i] % (uint32_t)k];
        t->nnz++;
        if (WV_UNLIKELY(units[i] >= UINT64_C(1) << 22))
            t->fixes += left_of(units[i], value_of(units[i], unit), unit) != 0;
    }
}

void wv_cooc_tile_fill(const uint32_t *nnz, const uint32_t *cols, const uint64_t *units,
                       int32_t first, int32_t n_rows, int32_t k, double unit, int symmetric,
                       wv_cooc_tile *tiles, uint64_t *row_sums, uint64_t *col_sums) {
    for (int32_t j = 0; j < k; j++) {
        tiles[j].nnz = tiles[j].fixes = 0;
        tiles[j].cells.row_ptr[0] = 0;
    }
    int64_t i = 0;
    for (int32_t r = 0; r < n_rows; r++) {
        const uint32_t word = (uint32_t)(first + r * k);
        for (const int64_t end = i + nnz[r]; i < end; i++) {
            const uint32_t c = cols[i] / (uint32_t)k;
            wv_cooc_tile *t = &tiles[cols[i] - c * (uint32_t)k];
            t->cells.cols[t->nnz] = (uint16_t)c;
            const float value = value_of(units[i], unit);
            const int64_t left = left_of(units[i], value, unit);
            t->cells.values[t->nnz] = value;
            if (WV_UNLIKELY(left)) {
                t->fix_at[t->fixes] = (uint32_t)t->nnz;
                t->fix_by[t->fixes++] = (int32_t)left;
            }
            t->nnz++;
            row_sums[word] += units[i];
            if (!symmetric || cols[i] != word) col_sums[cols[i]] += units[i];
        }
        for (int32_t j = 0; j < k; j++) tiles[j].cells.row_ptr[r + 1] = (uint32_t)tiles[j].nnz;
    }
}

wv_status wv_cooc_tile_check(const wv_cooc_tile *tile, int32_t n_cols) {
    const wv_tile *t = &tile->cells;
    if (wv_tile_check(t, tile->nnz, n_cols) != WV_OK) return WV_ERR_FORMAT;
    for (int32_t r = 0; r < t->rows; r++) {
        for (uint32_t i = t->row_ptr[r]; i < t->row_ptr[r + 1]; i++) {
            if (i > t->row_ptr[r] && t->cols[i] <= t->cols[i - 1]) return WV_ERR_FORMAT;
            if (!(t->values[i] > 0) || isinf(t->values[i])) return WV_ERR_FORMAT;
        }
    }
    for (int64_t i = 0; i < tile->fixes; i++) {
        if (tile->fix_at[i] >= tile->nnz) return WV_ERR_FORMAT;
        if (i && tile->fix_at[i] <= tile->fix_at[i - 1]) return WV_ERR_FORMAT;
    }
    return WV_OK;
}
