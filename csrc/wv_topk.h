/* The k largest of many scores, and the scores themselves: blocks of rows are scored into a buffer
 * that stays in the first cache, and only what passes a bar, which rises, is kept.
 *
 * A score is a dot product times the row's scale (for cosines: one over the row's norm). Scores
 * that are not finite are left out. Equal scores are ordered by rising id, so the result does not
 * depend on how the rows were divided among threads.
 */
#ifndef WV_TOPK_H
#define WV_TOPK_H

#include "wv_cpu.h"

typedef struct wv_topk {
    /* out[i] = sum_j X[i, j] q[j]; X: (n, d), row stride s; q: (d,); out: (n,) */
    void (*scores)(const float *X, ptrdiff_t n, ptrdiff_t d, ptrdiff_t s, const float *q,
                   float *out);
    /* out[i] = sum_j X[i, j] q[j] in whole numbers; |q[j]| 128 d < 2^31; X: (n, d), row stride d */
    void (*scores_i8)(const int8_t *X, ptrdiff_t n, ptrdiff_t d, const int16_t *q, int32_t *out);
    /* out[i] = sum_g lut[g][nibble g of row i]: one block of WV_SKETCH_ROWS rows, groups * 32
     * bytes; a sum is below 2^16 */
    void (*sketch)(const uint8_t *block, const uint8_t (*lut)[16], ptrdiff_t groups, uint16_t *out);
    /* scores[i] *= scale[i] (scale may be NULL); places (n,): those where the score is the bar or
     * more, which NaN never is; returns how many. n <= 2^16 */
    ptrdiff_t (*passing)(float *scores, const float *scale, ptrdiff_t n, float bar,
                         uint16_t *places);
} wv_topk;

WV_ISA_TABLES(wv_topk);

typedef struct wv_scored {
    float score;
    int64_t id;
} wv_scored;

/* The best so far, in no order. What passes the bar is added; when the room is full, the best k of
 * it stay and the worst of those is the bar: k candidates or ten, a score that passes costs a few
 * comparisons, and the others one in a register. */
typedef struct wv_top {
    wv_scored *kept; /* (room,) */
    ptrdiff_t size, k, room;
    wv_scored bar;
} wv_top;

/* kept: (room,) with room > k, twice as much if it is to be fast. */
void wv_top_begin(wv_top *top, wv_scored *kept, ptrdiff_t room, ptrdiff_t k);

/* Offers scores (n,), which are changed, of the ids first .. first + n. */
void wv_top_offer(const wv_topk *table, wv_top *top, float *scores, const float *scale, ptrdiff_t n,
                  int64_t first);

/* Offers the rows of X (n, d), row stride s, scored against q (d,). */
void wv_top_offer_rows(const wv_topk *table, wv_top *top, const float *X, ptrdiff_t n, ptrdiff_t d,
                       ptrdiff_t s, const float *scale, const float *q, int64_t first);

/* The same for rows of int8 (n, d) against q (d,) of int16: each sum times `unit` and
 * codes_scale[i], then as above. */
void wv_top_offer_i8(const wv_topk *table, wv_top *top, const int8_t *X, ptrdiff_t n, ptrdiff_t d,
                     const float *codes_scale, const float *scale, const int16_t *q, float unit,
                     int64_t first);

/* Signs of rows, a bit a number, in blocks of so many rows (the last one padded): byte 32 g + r of
 * a block has the signs of the numbers 4 g .. 4 g + 3 of row r in its lower half, the first in the
 * lowest bit, and those of row r + 32 in its upper half; a set bit is a number above 0. */
#define WV_SKETCH_ROWS 64

/* Writes the rows first .. first + n of X (n, d) to codes, which are zeros there; first is a
 * multiple of WV_SKETCH_ROWS. factor (n,): |x|^2 over the sum of |x[j]|. */
void wv_sketch_pack(const float *X, ptrdiff_t n, ptrdiff_t d, uint8_t *codes, float *factor);

/* The tables of a query q (d,): lut (groups, 16) with groups = (d + 3) / 4. The dot product with a
 * row is about (slope * sum + offset) * factor of the row. */
void wv_sketch_query(const float *q, ptrdiff_t d, uint8_t (*lut)[16], float *slope, float *offset);

/* Offers the rows start .. stop of a sketch: codes of all rows, factor (rows,). */
void wv_top_offer_sketch(const wv_topk *table, wv_top *top, const uint8_t *codes,
                         const float *factor, const uint8_t (*lut)[16], ptrdiff_t groups,
                         float slope, float offset, int64_t start, int64_t stop);

/* Leaves the best k, or all where there are fewer; sorted: best first. */
void wv_top_finish(wv_top *top, int sorted);

#endif
