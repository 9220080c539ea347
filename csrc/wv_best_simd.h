/* Template of the kernels; see wv_simd.h. After a few hundred scores nearly all are below their
 * list's last one, so a pass costs one comparison for a register of scores. */
#include "wv_best.h"
#include "wv_simd.h"

WV_TARGET
static void rows(const float *scores, ptrdiff_t n, ptrdiff_t m, ptrdiff_t s, int32_t first,
                 ptrdiff_t k, float *top, int32_t *ids) {
    for (ptrdiff_t i = 0; i < n; i++) {
        const float *row = scores + i * s;
        float last = top[i * k + k - 1];
        for (ptrdiff_t j = 0; j < m; j += VF_LANES) {
            const int lanes = m - j < VF_LANES ? (int)(m - j) : VF_LANES;
            if (!v_any_at_least(v_load_n(row + j, lanes), v_set1(last))) continue;
            for (int l = 0; l < lanes; l++)
                if (row[j + l] >= last)
                    last = wv_best_offer(row[j + l], first + (int32_t)(j + l), k, top + i * k,
                                         ids + i * k);
        }
    }
}

WV_TARGET
static void columns(const float *scores, ptrdiff_t n, ptrdiff_t m, ptrdiff_t s, int32_t first,
                    ptrdiff_t k, float *top, int32_t *ids, float *least) {
    for (ptrdiff_t i = 0; i < n; i++) {
        const float *row = scores + i * s;
        for (ptrdiff_t j = 0; j < m; j += VF_LANES) {
            const int lanes = m - j < VF_LANES ? (int)(m - j) : VF_LANES;
            if (!v_any_at_least(v_load_n(row + j, lanes), v_load_n(least + j, lanes))) continue;
            for (int l = 0; l < lanes; l++)
                if (row[j + l] >= least[j + l])
                    least[j + l] = wv_best_offer(row[j + l], first + (int32_t)i, k,
                                                 top + (j + l) * k, ids + (j + l) * k);
        }
    }
}

const wv_best WV_SIMD(wv_best) = {rows, columns};
