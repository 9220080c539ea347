/* Selection behind a bar: for k far below n nearly every score is passed over after a comparison in
 * a register. */
#include "wv_topk.h"

#include <float.h>
#include <stdlib.h>

#define BLOCK 256 /* rows scored at once: 1 kB of scores */

WV_ISA_CHOICE(wv_topk)

/* Whether a comes before b; no two are equal, as ids are not. */
static int before(wv_scored a, wv_scored b) {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
}

static wv_scored middle(wv_scored a, wv_scored b, wv_scored c) {
    if (before(a, b)) return before(b, c) ? b : before(a, c) ? c : a;
    return before(a, c) ? a : before(b, c) ? c : b;
}

/* Reorders x[0 .. n) so that the best k come first, the worst of them last (Hoare 1961, "Find"). */
static void select_best(wv_scored *x, ptrdiff_t n, ptrdiff_t k) {
    ptrdiff_t low = 0, high = n - 1;
    while (low < high) {
        const wv_scored pivot = middle(x[low], x[low + (high - low) / 2], x[high]);
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (before(x[i], pivot)) i++;
            while (before(pivot, x[j])) j--;
            if (i > j) break;
            const wv_scored swapped = x[i];
            x[i++] = x[j];
            x[j--] = swapped;
        }
        if (k - 1 <= j)
            high = j;
        else if (k - 1 >= i)
            low = i;
        else
            return;
    }
}

void wv_top_begin(wv_top *top, wv_scored *kept, ptrdiff_t room, ptrdiff_t k) {
    *top = (wv_top){kept, 0, k, room, {-FLT_MAX, INT64_MAX}};
}

/* Drops what is not among the best k and raises the bar to the worst of them. */
static void raise_bar(wv_top *top) {
    if (top->size < top->k) return;
    select_best(top->kept, top->size, top->k);
    top->size = top->k;
    top->bar = top->kept[top->k - 1];
}

void wv_top_offer(const wv_topk *table, wv_top *top, float *scores, const float *scale, ptrdiff_t n,
                  int64_t first) {
    uint16_t places[BLOCK];
    if (top->k == 0) return;
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        const ptrdiff_t passing =
            table->passing(scores + i, scale ? scale + i : NULL, m, top->bar.score, places);
        for (ptrdiff_t p = 0; p < passing; p++) {
            const wv_scored one = {scores[i + places[p]], first + i + places[p]};
            if (one.score > FLT_MAX || !before(one, top->bar)) continue;
            top->kept[top->size++] = one;
            if (top->size == top->room) raise_bar(top);
        }
    }
}

void wv_top_offer_rows(const wv_topk *table, wv_top *top, const float *X, ptrdiff_t n, ptrdiff_t d,
                       ptrdiff_t s, const float *scale, const float *q, int64_t first) {
    float scores[BLOCK];
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        table->scores(X + i * s, m, d, s, q, scores);
        wv_top_offer(table, top, scores, scale ? scale + i : NULL, m, first + i);
    }
}

void wv_top_offer_i8(const wv_topk *table, wv_top *top, const int8_t *X, ptrdiff_t n, ptrdiff_t d,
                     const float *codes_scale, const float *scale, const int16_t *q, float unit,
                     int64_t first) {
    int32_t sums[BLOCK];
    float scores[BLOCK];
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        table->scores_i8(X + i * d, m, d, q, sums);
        for (ptrdiff_t j = 0; j < m; j++) scores[j] = (float)sums[j] * (unit * codes_scale[i + j]);
        wv_top_offer(table, top, scores, scale ? scale + i : NULL, m, first + i);
    }
}

void wv_sketch_pack(const float *X, ptrdiff_t n, ptrdiff_t d, uint8_t *codes, float *factor) {
    const ptrdiff_t groups = (d + 3) / 4;
    for (ptrdiff_t i = 0; i < n; i++) {
        const float *x = X + i * d;
        uint8_t *row = codes + i / WV_SKETCH_ROWS * groups * 32 + i % 32;
        const int up = i % WV_SKETCH_ROWS < 32 ? 0 : 4;
        float squares = 0, size = 0;
        for (ptrdiff_t j = 0; j < d; j++) {
            squares += x[j] * x[j];
            size += x[j] < 0 ? -x[j] : x[j];
            if (x[j] > 0) row[j / 4 * 32] |= (uint8_t)(1 << (j % 4 + up));
        }
        factor[i] = size > 0 ? squares / size : 0;
    }
}

/* The sum over the numbers of a group that a nibble says are above 0: the others are below, so that
 * the dot product with the signs is twice the sums of all groups less the sum of the query. */
static float part(const float *q, ptrdiff_t left, unsigned nibble) {
    float sum = 0;
    for (ptrdiff_t j = 0; j < 4 && j < left; j++)
        if (nibble >> j & 1) sum += q[j];
    return sum;
}

void wv_sketch_query(const float *q, ptrdiff_t d, uint8_t (*lut)[16], float *slope, float *offset) {
    const ptrdiff_t groups = (d + 3) / 4;
    float widest = 0, total = 0, least_sum = 0;
    for (ptrdiff_t g = 0; g < groups; g++) {
        float width = 0;
        for (ptrdiff_t j = 4 * g; j < d && j < 4 * g + 4; j++) {
            width += q[j] < 0 ? -q[j] : q[j];
            total += q[j];
        }
        if (width > widest) widest = width;
    }
    const float top = groups > 257 ? (float)(65535 / groups) : 255.0f; /* sums have 16 bits */
    const float unit = widest > 0 ? widest / top : 1;
    for (ptrdiff_t g = 0; g < groups; g++) {
        float least = 0;
        for (ptrdiff_t j = 4 * g; j < d && j < 4 * g + 4; j++)
            if (q[j] < 0) least += q[j];
        least_sum += least;
        for (unsigned nibble = 0; nibble < 16; nibble++) {
            const float value = (part(q + 4 * g, d - 4 * g, nibble) - least) / unit + 0.5f;
            lut[g][nibble] = (uint8_t)(value > top ? top : value);
        }
    }
    *slope = 2 * unit;
    *offset = 2 * least_sum - total;
}

void wv_top_offer_sketch(const wv_topk *table, wv_top *top, const uint8_t *codes,
                         const float *factor, const uint8_t (*lut)[16], ptrdiff_t groups,
                         float slope, float offset, int64_t start, int64_t stop) {
    uint16_t sums[BLOCK];
    float scores[BLOCK];
    const int64_t first = start - start % WV_SKETCH_ROWS;
    for (int64_t i = first; i < stop; i += BLOCK) {
        const int64_t end = stop - i < BLOCK ? stop - i : BLOCK, begin = i < start ? start - i : 0;
        for (int64_t r = 0; r < end; r += WV_SKETCH_ROWS)
            table->sketch(codes + (i + r) / WV_SKETCH_ROWS * groups * 32, lut, groups, sums + r);
        for (int64_t j = begin; j < end; j++)
            scores[j] = (slope * (float)sums[j] + offset) * factor[i + j];
        wv_top_offer(table, top, scores + begin, NULL, end - begin, i + begin);
    }
}

static int by_score(const void *a, const void *b) {
    return before(*(const wv_scored *)a, *(const wv_scored *)b) ? -1 : 1;
}

void wv_top_finish(wv_top *top, int sorted) {
    if (top->k) raise_bar(top);
    if (sorted && top->size) qsort(top->kept, (size_t)top->size, sizeof *top->kept, by_score);
}
