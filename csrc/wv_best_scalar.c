/* The reference: every score is offered. */
#include "wv_best.h"

static void rows(const float *scores, ptrdiff_t n, ptrdiff_t m, ptrdiff_t s, int32_t first,
                 ptrdiff_t k, float *top, int32_t *ids) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < m; j++)
            wv_best_offer(scores[i * s + j], first + (int32_t)j, k, top + i * k, ids + i * k);
}

static void columns(const float *scores, ptrdiff_t n, ptrdiff_t m, ptrdiff_t s, int32_t first,
                    ptrdiff_t k, float *top, int32_t *ids, float *least) {
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < m; j++)
            least[j] =
                wv_best_offer(scores[i * s + j], first + (int32_t)i, k, top + j * k, ids + j * k);
}

const wv_best wv_best_scalar = {rows, columns};
