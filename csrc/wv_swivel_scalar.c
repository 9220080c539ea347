/* Swivel's gradients as the equations have them: the oracle for the blocked ones. */
#include "wv_swivel.h"

#include <math.h>

static double gradients(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work) {
    wv_swivel_gather(m, t, work);
    const ptrdiff_t n = work->stride;
    double loss = 0;
    for (int32_t r = 0; r < t->cells.rows; r++) {
        const float *w = work->w + n * r;
        float *dw = work->dw + n * r;
        uint32_t at = t->cells.row_ptr[r];
        for (int32_t j = 0; j < t->n_cols; j++) {
            const float *c = work->c + n * j;
            double z = -(double)work->a[r] - work->b[j], g;
            for (int32_t i = 0; i < m->d; i++) z += (double)w[i] * c[i];
            if (at < t->cells.row_ptr[r + 1] && t->cells.cols[at] == j) {
                const double f = m->b0 + m->b1 * pow(t->cells.values[at], m->alpha),
                             e = z - log(t->cells.values[at]);
                g = f * e;
                loss += 0.5 * g * e;
                at++;
            } else {
                g = 1 / (1 + exp(-z));
                loss += fmax(z, 0) + log1p(exp(-fabs(z)));
            }
            for (int32_t i = 0; i < m->d; i++) {
                dw[i] += (float)(g * c[i]);
                work->dct[wv_swivel_at(m->d, i, j)] += (float)(g * w[i]);
            }
        }
    }
    return loss;
}

static void step(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work,
                 float scale) {
    const ptrdiff_t n = m->stride;
    for (int32_t r = 0; r < t->cells.rows; r++) {
        float *w = m->words + 2 * n * ((int64_t)r * t->k + t->row_tile);
        for (int32_t i = 0; i < m->d; i++) {
            const float g = scale * work->dw[work->stride * r + i];
            w[n + i] += g * g;
            w[i] -= m->rate * g / sqrtf(w[n + i]);
        }
    }
    for (int32_t j = 0; j < t->n_cols; j++) {
        float *c = m->contexts + 2 * n * ((int64_t)j * t->k + t->col_tile);
        for (int32_t i = 0; i < m->d; i++) {
            const float g = scale * work->dct[wv_swivel_at(m->d, i, j)];
            c[n + i] += g * g;
            c[i] -= m->rate * g / sqrtf(c[n + i]);
        }
    }
}

const wv_swivel wv_swivel_scalar = {gradients, step};
