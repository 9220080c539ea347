/* The reference: sums of floats are taken in double, so the error of the others is theirs alone. */
#include "wv_topk.h"

static void scores(const float *X, ptrdiff_t n, ptrdiff_t d, ptrdiff_t s, const float *q,
                   float *out) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double sum = 0;
        for (ptrdiff_t j = 0; j < d; j++) sum += (double)X[i * s + j] * q[j];
        out[i] = (float)sum;
    }
}

static void scores_i8(const int8_t *X, ptrdiff_t n, ptrdiff_t d, const int16_t *q, int32_t *out) {
    for (ptrdiff_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (ptrdiff_t j = 0; j < d; j++) sum += (int32_t)X[i * d + j] * q[j];
        out[i] = sum;
    }
}

static void sketch(const uint8_t *block, const uint8_t (*lut)[16], ptrdiff_t groups,
                   uint16_t *out) {
    for (int r = 0; r < WV_SKETCH_ROWS; r++) {
        unsigned sum = 0;
        for (ptrdiff_t g = 0; g < groups; g++)
            sum += lut[g][block[32 * g + r % 32] >> (r < 32 ? 0 : 4) & 15];
        out[r] = (uint16_t)sum;
    }
}

static ptrdiff_t passing(float *scores, const float *scale, ptrdiff_t n, float bar,
                         uint16_t *places) {
    ptrdiff_t found = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (scale) scores[i] *= scale[i];
        if (scores[i] >= bar) places[found++] = (uint16_t)i;
    }
    return found;
}

const wv_topk wv_topk_scalar = {scores, scores_i8, sketch, passing};
