#include "wv_cooc.h"
#include "wv_cooc_mask.h"
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

/* The contexts of the word at p, of any window and at any place. Columns below `lowest` go to the
 * unwanted one. `dense`: without the bitmap. */
static void add_contexts(const wv_cooc_text *text, int64_t p, const wv_cooc_window *w,
                         wv_cooc_row *row, int32_t lowest, int dense) {
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

/* A window as a bit per place: those from `side` before the word to side - 1 after it. */
typedef struct places {
    int64_t side;        /* WV_COOC_SIDE, twice that, or 0: the window is too wide for it */
    uint64_t inside;     /* the places that are in the window */
    uint64_t weight[64]; /* of each of them */
} places;

static places places_of(const wv_cooc_window *w) {
    places out = {.side = w->window < WV_COOC_SIDE       ? WV_COOC_SIDE
                          : w->window < 2 * WV_COOC_SIDE ? 2 * WV_COOC_SIDE
                                                         : 0};
    for (int64_t b = 0; b < 2 * out.side; b++) {
        const int64_t distance = b < out.side ? out.side - b : b - out.side;
        if (!distance || distance > w->window || !(b < out.side ? w->left : w->right)) continue;
        out.weight[b] = w->weight[distance];
        out.inside |= UINT64_C(1) << b;
    }
    return out;
}

/* The places that no line end parts from the word. `negative`: where breaks and gaps are. */
static uint64_t same_line(const int32_t *ids, int64_t side, uint64_t negative) {
    uint64_t breaks = 0;
    for (; negative; negative &= negative - 1) {
        const int b = __builtin_ctzll(negative);
        breaks |= (uint64_t)(ids[b] == WV_ID_BREAK) << b;
    }
    const uint64_t after = breaks >> side << side, before = breaks ^ after;
    uint64_t same = ~UINT64_C(0);
    if (before) same <<= 64 - __builtin_clzll(before); /* bit `side` is the word: at most 32 */
    if (after) same &= (after & -after) - 1;
    return same;
}

/* Asks for the cache lines of all ids that are looked at around a place: those of a rare word are
 * anywhere in the text. */
WV_INLINE void ask(const wv_cooc_text *text, int64_t p, int64_t side) {
    enum { SIZE = sizeof *text->ids, LINE = 64 };
    const uintptr_t at = (uintptr_t)(text->ids + p);
    const int64_t reach = SIZE * (side ? side : 2 * WV_COOC_SIDE);
    for (int64_t o = -reach; o < reach; o += LINE) WV_PREFETCH((const void *)(at + (uintptr_t)o));
    WV_PREFETCH((const void *)(at + (uintptr_t)(reach - SIZE)));
}

enum { AHEAD = 12 }; /* occurrences whose windows are on their way */

/* Asks for the first windows of a word. */
static void ask_row(const wv_cooc_text *texts, int32_t n_texts, int32_t word, int64_t side) {
    for (int32_t t = 0; t < n_texts; t++) {
        const int64_t begin = texts[t].starts[word];
        const int64_t n = texts[t].starts[word + 1] - begin;
        for (int64_t i = 0; i < n && i < AHEAD; i++)
            ask(&texts[t], texts[t].positions[begin + i], side);
    }
}

/* The contexts of all occurrences of a word. Which of them are wanted is seen for the whole window
 * at once: half of all contexts have columns below `lowest`, so that a branch or a write for each
 * costs more than what is wanted of them. Asking for all lines of a window ahead, and not for one,
 * is half of what is gained: 2.06 CPU-s for 16.7 M tokens with neither, 1.94 with the masks, .80
 * with both (AMD EPYC, family 25 model 17, window 15, one thread). */
WV_INLINE void add_row(const wv_cooc_text *texts, int32_t n_texts, int32_t word,
                       const wv_cooc_window *window, const places *at, wv_cooc_row *row,
                       int32_t lowest, const int64_t side, const int dense) {
    uint64_t *const sum = row->sum;
    for (int32_t t = 0; t < n_texts; t++) {
        const wv_cooc_text text = texts[t];
        const int64_t end = text.starts[word + 1];
        const int64_t safe = text.begin > side ? text.begin : side;
        for (int64_t i = text.starts[word]; i < end; i++) {
            const int64_t p = text.positions[i];
            if (i + AHEAD < end) ask(&text, text.positions[i + AHEAD], side);
            if (!side || WV_UNLIKELY(p < safe || p + side > text.n)) {
                add_contexts(&text, p, window, row, lowest, dense);
                continue;
            }
            const int32_t *const ids = text.ids + p - side;
            uint64_t negative;
            uint64_t wanted = wv_cooc_at_least(ids, side, lowest, &negative) & at->inside;
            if (negative) wanted &= same_line(ids, side, negative);
            for (; wanted; wanted &= wanted - 1) {
                const int b = __builtin_ctzll(wanted);
                if (dense)
                    sum[ids[b]] += at->weight[b];
                else
                    add(row, (uint32_t)ids[b], at->weight[b]);
            }
        }
    }
}

static void add_any_row(const wv_cooc_text *texts, int32_t n_texts, int32_t word,
                        const wv_cooc_window *window, const places *at, wv_cooc_row *row,
                        int32_t lowest, int dense) {
    const int32_t n = n_texts;
    if (at->side == WV_COOC_SIDE && dense)
        add_row(texts, n, word, window, at, row, lowest, WV_COOC_SIDE, 1);
    else if (at->side == WV_COOC_SIDE)
        add_row(texts, n, word, window, at, row, lowest, WV_COOC_SIDE, 0);
    else if (at->side)
        add_row(texts, n, word, window, at, row, lowest, 2 * WV_COOC_SIDE, dense);
    else
        add_row(texts, n, word, window, at, row, lowest, 0, dense);
}

void wv_cooc_count(const wv_cooc_text *texts, int32_t n_texts, const wv_cooc_window *window,
                   wv_cooc_row *row, int32_t first, int32_t step, int32_t n_rows,
                   wv_cooc_out *out) {
    const int64_t each = (int64_t)window->window * (window->left + window->right);
    const places at = places_of(window);
    out->used = 0;
    for (; out->row < n_rows && out->used + row->columns <= out->capacity; out->row++) {
        const int32_t word = first + out->row * step;
        const int32_t lowest = window->upper ? word : 0;
        uint32_t *cols = out->cols + out->used;
        uint64_t *units = out->units + out->used;
        int64_t cells, occurrences = 0;
        for (int32_t t = 0; t < n_texts; t++)
            occurrences += texts[t].starts[word + 1] - texts[t].starts[word];
        if (out->row + 1 < n_rows) ask_row(texts, n_texts, word + step, at.side);
        if (out->row + 2 < n_rows)
            for (int32_t t = 0; t < n_texts; t++)
                WV_PREFETCH(texts[t].positions + texts[t].starts[word + 2 * step]);
        /* Looking at every column costs less than two more writes per context, from some number of
         * contexts on: .80 CPU-s where 1 to 16 contexts per column are asked for, .87 with half of
         * one, .95 with a quarter, .90 where every row has its bitmap. */
        const int dense = occurrences * each >= 4 * (int64_t)(row->columns - lowest);
        add_any_row(texts, n_texts, word, window, &at, row, lowest, dense);
        cells = dense ? drain_dense(row, lowest, cols, units) : drain(row, cols, units);
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

/* n / k by multiplication, exact for n < 2^31: multiplier / 2^shift is above 1 / k by less than
 * 2^-31 / k. A division is three times as slow, and each cell needs it twice. */
typedef struct divisor {
    uint64_t multiplier;
    int shift;
    uint32_t k;
} divisor;

static divisor divisor_of(int32_t k) {
    divisor out = {.shift = 31, .k = (uint32_t)k};
    while (UINT64_C(1) << (out.shift - 31) < (uint64_t)k) out.shift++;
    out.multiplier = (UINT64_C(1) << out.shift) / (uint64_t)k + 1;
    return out;
}

static inline uint32_t divided(uint32_t n, divisor by) {
    return (uint32_t)(n * by.multiplier >> by.shift);
}

wv_status wv_cooc_tile_sizes(const uint32_t *nnz, const uint32_t *cols, const uint64_t *units,
                             int32_t n_rows, int32_t k, double unit, wv_cooc_tile *tiles) {
    const divisor by = divisor_of(k);
    for (int32_t j = 0; j < k; j++) tiles[j].nnz = tiles[j].fixes = 0;
    int64_t cells = 0;
    for (int32_t r = 0; r < n_rows; r++) cells += nnz[r];
    for (int64_t i = 0; i < cells; i++) {
        if (WV_UNLIKELY(cols[i] > INT32_MAX)) return WV_ERR_RANGE;
        wv_cooc_tile *t = &tiles[cols[i] - divided(cols[i], by) * by.k];
        t->nnz++;
        if (WV_UNLIKELY(units[i] >= UINT64_C(1) << 22))
            t->fixes += left_of(units[i], value_of(units[i], unit), unit) != 0;
    }
    return WV_OK;
}

wv_status wv_cooc_tile_fill(const uint32_t *nnz, const uint32_t *cols, const uint64_t *units,
                            int32_t first, int32_t n_rows, int32_t k, int32_t V, double unit,
                            int symmetric, wv_cooc_tile *tiles, uint64_t *row_sums,
                            uint64_t *col_sums) {
    const divisor by = divisor_of(k);
    for (int32_t j = 0; j < k; j++) {
        tiles[j].nnz = tiles[j].fixes = 0;
        tiles[j].cells.row_ptr[0] = 0;
    }
    int64_t i = 0;
    for (int32_t r = 0; r < n_rows; r++) {
        const uint32_t word = (uint32_t)(first + r * k);
        uint64_t row_sum = 0;
        for (const int64_t end = i + nnz[r]; i < end; i++) {
            if (WV_UNLIKELY(cols[i] >= (uint32_t)V)) return WV_ERR_RANGE;
            const uint32_t c = divided(cols[i], by);
            wv_cooc_tile *t = &tiles[cols[i] - c * by.k];
            if (WV_UNLIKELY(t->nnz == t->room)) return WV_ERR_FULL;
            t->cells.cols[t->nnz] = (uint16_t)c;
            const float value = value_of(units[i], unit);
            const int64_t left = left_of(units[i], value, unit);
            t->cells.values[t->nnz] = value;
            if (WV_UNLIKELY(left)) {
                if (t->fixes == t->fix_room) return WV_ERR_FULL;
                t->fix_at[t->fixes] = (uint32_t)t->nnz;
                t->fix_by[t->fixes++] = (int32_t)left;
            }
            t->nnz++;
            row_sum += units[i];
            if (!symmetric || cols[i] != word) col_sums[cols[i]] += units[i];
        }
        row_sums[word] += row_sum;
        for (int32_t j = 0; j < k; j++) tiles[j].cells.row_ptr[r + 1] = (uint32_t)tiles[j].nnz;
    }
    return WV_OK;
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
