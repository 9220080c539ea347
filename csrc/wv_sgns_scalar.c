/* The steps as the equations have them: the oracle for the vectorised ones. */
#include "wv_sgns.h"

#include <math.h>

/* alpha weight sign s(-sign f), and adds to the loss. The clamp is that of the vectorised
 * exponential; NaN passes. */
static float logistic(float f, float sign, float weight, float alpha, wv_sgns_loss *loss) {
    double x = sign * f;
    x = x < -87 ? -87 : x > 87 ? 87 : x;
    loss->sum += weight * log1p(exp(-x));
    return (float)(alpha * weight * sign / (1 + exp(x)));
}

static float dot(const float *x, const float *y, ptrdiff_t n) {
    float sum = 0;
    for (ptrdiff_t c = 0; c < n; c++) sum += x[c] * y[c];
    return sum;
}

static float weight_of(const wv_sgns_rows *r, int j) {
    return r->weight ? r->weight[j] : r->label[j] * r->label[j];
}

/* in_i += sum_k g[i no + k] out_k and out_k += sum_i g[i no + k] in_i, at the old values. */
static void update(float *const *in, int ni, float *const *out, int no, ptrdiff_t n, const float *g,
                   float *old) {
    for (ptrdiff_t c = 0; c < n; c++) {
        for (int k = 0; k < no; k++) old[k] = out[k][c];
        for (int i = 0; i < ni; i++) {
            const float x = in[i][c];
            for (int k = 0; k < no; k++) {
                in[i][c] += g[i * no + k] * old[k];
                out[k][c] += g[i * no + k] * x;
            }
        }
    }
}

static void fetch(const wv_sgns_rows *r) {
    for (int64_t j = 0; j < r->na; j++) wv_prefetch_row(r->ahead[j], r->n);
}

static void shared_noise(const wv_sgns_rows *r, float alpha, wv_sgns_loss *loss) {
    const int no = r->no, pairs = r->ni * no;
    float *g = r->scratch;
    fetch(r);
    for (int j = 0; j < pairs; j++)
        g[j] = logistic(dot(r->in[j / no], r->out[j % no], r->n), r->label[j], weight_of(r, j),
                        alpha, loss);
    update(r->in, r->ni, r->out, no, r->n, g, g + pairs);
}

static void squares(const wv_sgns_rows *r, float alpha, wv_sgns_loss *loss) {
    const int no = r->no, pairs = r->ni * no;
    float *g = r->scratch;
    fetch(r);
    for (int j = 0; j < pairs; j++) {
        const float error = r->label[j] - dot(r->in[j / no], r->out[j % no], r->n);
        loss->sum += 0.5 * r->weight[j] * error * error;
        g[j] = alpha * r->weight[j] * error;
    }
    update(r->in, r->ni, r->out, no, r->n, g, g + pairs);
}

static void own_noise(const wv_sgns_rows *r, float alpha, wv_sgns_loss *loss) {
    const int no = r->no, pairs = r->ni * no;
    float *g = r->scratch;
    fetch(r);
    for (int j = 0; j < pairs; j++)
        g[j] = logistic(dot(r->in[j / no], r->out[j], r->n), r->label[j], weight_of(r, j), alpha,
                        loss);
    for (int i = 0; i < r->ni; i++)
        update(r->in + i, 1, r->out + i * no, no, r->n, g + i * no, g + pairs);
}

static void gather(float *const *rows, int64_t count, ptrdiff_t n, float scale, float *hidden) {
    for (ptrdiff_t c = 0; c < n; c++) {
        float sum = 0;
        for (int64_t r = 0; r < count; r++) sum += rows[r][c];
        hidden[c] = scale * sum;
    }
}

static void scatter(float *const *rows, int64_t count, ptrdiff_t n, float factor,
                    const float *before, const float *after) {
    for (int64_t r = 0; r < count; r++)
        for (ptrdiff_t c = 0; c < n; c++) rows[r][c] += factor * (after[c] - before[c]);
}

static void merge(float *shared, float *own, float *base, ptrdiff_t n, float factor) {
    for (ptrdiff_t c = 0; c < n; c++)
        shared[c] = own[c] = base[c] = shared[c] + factor * (own[c] - base[c]);
}

const wv_sgns wv_sgns_scalar = {shared_noise, own_noise, squares, gather, scatter, merge};
