/* Selection by a heap of k behind a block maximum: for k far below n nearly every block is passed
 * over after one comparison. */
#include "wv_topk.h"

#include <float.h>

#define BLOCK 256 /* rows scored at once: 1 kB of scores */

const wv_topk *wv_topk_table(wv_isa isa) {
#if defined(__x86_64__)
    if (isa == WV_ISA_AVX512) return &wv_topk_avx512;
    if (isa == WV_ISA_AVX2) return &wv_topk_avx2;
#elif defined(__aarch64__)
    if (isa == WV_ISA_NEON) return &wv_topk_neon;
#endif
    (void)isa;
    return &wv_topk_scalar;
}

static int worse(float a, int64_t ida, float b, int64_t idb) {
    return a < b || (a == b && ida > idb);
}

/* Puts (score, id) at `i` or below, where the entries under `i` are a heap of `size`. */
static void sift_down(wv_heap *heap, ptrdiff_t size, ptrdiff_t i, float score, int64_t id) {
    for (;;) {
        ptrdiff_t child = 2 * i + 1;
        if (child >= size) break;
        if (child + 1 < size && worse(heap->scores[child + 1], heap->ids[child + 1],
                                      heap->scores[child], heap->ids[child]))
            child++;
        if (!worse(heap->scores[child], heap->ids[child], score, id)) break;
        heap->scores[i] = heap->scores[child];
        heap->ids[i] = heap->ids[child];
        i = child;
    }
    heap->scores[i] = score;
    heap->ids[i] = id;
}

static void push(wv_heap *heap, float score, int64_t id) {
    if (!(score >= -FLT_MAX && score <= FLT_MAX)) return;
    if (heap->size == heap->k) {
        if (worse(heap->scores[0], heap->ids[0], score, id))
            sift_down(heap, heap->size, 0, score, id);
        return;
    }
    ptrdiff_t i = heap->size++;
    while (i > 0) {
        const ptrdiff_t parent = (i - 1) / 2;
        if (!worse(score, id, heap->scores[parent], heap->ids[parent])) break;
        heap->scores[i] = heap->scores[parent];
        heap->ids[i] = heap->ids[parent];
        i = parent;
    }
    heap->scores[i] = score;
    heap->ids[i] = id;
}

void wv_heap_offer(const wv_topk *table, wv_heap *heap, float *scores, const float *scale,
                   ptrdiff_t n, int64_t first) {
    if (heap->k == 0) return;
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        const float best = table->scale_max(scores + i, scale ? scale + i : NULL, m);
        /* Ids only grow, so an equal score never displaces one that is there. */
        if (heap->size == heap->k && !(best > heap->scores[0]) && first + i > heap->ids[0])
            continue;
        for (ptrdiff_t j = 0; j < m; j++) push(heap, scores[i + j], first + i + j);
    }
}

void wv_heap_offer_rows(const wv_topk *table, wv_heap *heap, const float *X, ptrdiff_t n,
                        ptrdiff_t d, ptrdiff_t s, const float *scale, const float *q,
                        int64_t first) {
    float scores[BLOCK];
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        table->scores(X + i * s, m, d, s, q, scores);
        wv_heap_offer(table, heap, scores, scale ? scale + i : NULL, m, first + i);
    }
}

void wv_heap_offer_i8(const wv_topk *table, wv_heap *heap, const int8_t *X, ptrdiff_t n,
                      ptrdiff_t d, const float *codes_scale, const float *scale, const int16_t *q,
                      float unit, int64_t first) {
    int32_t sums[BLOCK];
    float scores[BLOCK];
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        table->scores_i8(X + i * d, m, d, q, sums);
        for (ptrdiff_t j = 0; j < m; j++) scores[j] = (float)sums[j] * (unit * codes_scale[i + j]);
        wv_heap_offer(table, heap, scores, scale ? scale + i : NULL, m, first + i);
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

void wv_heap_offer_sketch(const wv_topk *table, wv_heap *heap, const uint8_t *codes,
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
        wv_heap_offer(table, heap, scores + begin, NULL, end - begin, i + begin);
    }
}

void wv_heap_sort(wv_heap *heap) {
    for (ptrdiff_t end = heap->size - 1; end > 0; end--) {
        const float score = heap->scores[end];
        const int64_t id = heap->ids[end];
        heap->scores[end] = heap->scores[0];
        heap->ids[end] = heap->ids[0];
        sift_down(heap, end, 0, score, id);
    }
}
