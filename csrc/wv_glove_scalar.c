/* GloVe's step as the equations have it: the oracle for the vectorised ones. */
#include "wv_glove.h"

#include <math.h>

static void weigh(const float *x, int64_t n, float log_x_max, float alpha, float *log_x,
                  float *weight) {
    for (int64_t i = 0; i < n; i++) {
        const double l = log((double)x[i]);
        log_x[i] = (float)l;
        weight[i] = (float)exp(fmin(0, alpha * (l - log_x_max)));
    }
}

static float clipped(float g, float bound) {
    return g < -bound ? -bound : g > bound ? bound : g;
}

static double one(const wv_glove_model *m, int32_t i, int32_t j, float log_x, float weight) {
    const ptrdiff_t n = m->stride;
    float *w = m->words + 2 * n * i, *c = m->contexts + 2 * n * j;
    float *gw = w + n, *gc = c + n, dot = 0;
    for (ptrdiff_t k = 0; k < n; k++) dot += w[k] * c[k];
    const float error = dot - log_x, g = weight * error;
    for (ptrdiff_t k = 0; k < n; k++) {
        const float a = m->word_rate[k] * clipped(g * c[k], m->clip);
        const float b = m->context_rate[k] * clipped(g * w[k], m->clip);
        w[k] -= a / sqrtf(gw[k]);
        c[k] -= b / sqrtf(gc[k]);
        gw[k] += a * a;
        gc[k] += b * b;
    }
    return 0.5 * g * error;
}

static double train(const wv_glove_model *m, const wv_glove_cell *cells, int64_t n, int64_t known,
                    const int32_t *next, int32_t n_next) {
    double loss = 0;
    (void)known, (void)next, (void)n_next;
    for (int64_t i = 0; i < n; i++) {
        const wv_glove_cell x = cells[i];
        loss += one(m, x.row, x.col, x.log_x, x.weight);
        if (m->symmetric && x.row != x.col) loss += one(m, x.col, x.row, x.log_x, x.weight);
    }
    return loss;
}

static void pull(const wv_glove_model *m, const int32_t *words, int64_t n) {
    const ptrdiff_t d = m->stride;
    for (int64_t i = 0; i < n; i++) {
        const float g = m->pull[words[i]];
        float *w = m->words + 2 * d * words[i], *c = m->contexts + 2 * d * words[i];
        const float *r = m->prior + d * words[i];
        if (g == 0) continue;
        for (ptrdiff_t k = 0; k < d; k++) {
            const float a = m->pull_rate[k] * clipped(g * (w[k] + c[k] - r[k]), m->clip);
            w[k] -= a / sqrtf(w[d + k]);
            c[k] -= a / sqrtf(c[d + k]);
            w[d + k] += a * a;
            c[d + k] += a * a;
        }
    }
}

const wv_glove wv_glove_scalar = {train, weigh, pull};
