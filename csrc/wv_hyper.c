/* Dispatch, and the parts of training that are not worth a version an ISA. */
#include "wv_hyper.h"
#include <math.h>

WV_ISA_CHOICE(wv_hyper)

/* Per target: an id, and distance, weight and cached value; see targets in wv_hyper_simd.h. Two
 * sets of ids, because the next group's negatives are drawn while this group trains. */
ptrdiff_t wv_hyper_scratch(int32_t negative, ptrdiff_t stride) {
    const ptrdiff_t most = ((ptrdiff_t)negative + WV_HYPER_GROUP + 7) / 8 * 8;
    return most * (6 * (ptrdiff_t)sizeof(double) + 2 * (ptrdiff_t)sizeof(int32_t)) +
           5 * stride * (ptrdiff_t)sizeof(double);
}

void wv_hyper_bloom(const int64_t *parents_from, const int32_t *parents, ptrdiff_t V,
                    uint64_t *bloom) {
    for (ptrdiff_t u = 0; u < V; u++) {
        bloom[u] = wv_hyper_bit((int32_t)u);
        for (int64_t p = parents_from[u]; p < parents_from[u + 1]; p++)
            bloom[u] |= wv_hyper_bit(parents[p]);
    }
}

/* Four queries; see rank_query in wv_hyper_rank.h. */
ptrdiff_t wv_hyper_rank_scratch(ptrdiff_t most) {
    return 4 * (2 * most + 1 + (most + 1) / 2) * (ptrdiff_t)sizeof(double);
}

void wv_hyper_refresh(const wv_hyper_space *space, double *rows, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double *x = rows + i * space->stride, square = 0;
        for (int32_t k = 0; k < space->dim; k++) square += x[k] * x[k];
        if (square > space->max_norm * space->max_norm) {
            const double shrink = space->max_norm / sqrt(square);
            for (int32_t k = 0; k < space->dim; k++) x[k] *= shrink;
            square = space->max_norm * space->max_norm;
        }
        double *cached = x + space->stride - 1;
        *cached = 0;
        if (space->geometry == WV_POINCARE) *cached = 1 - square;
        if (space->geometry == WV_LORENTZ) *cached = sqrt(1 + square);
    }
}
