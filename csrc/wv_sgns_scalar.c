/* The steps as the equations have them: the oracle for the vectorised ones. */
#include "wv_sgns.h"

#include <math.h>

/* alpha weight sign s(-sign f), and adds to the loss. The clamp is that of the vectorised
 * exponential; NaN passes. */
static float logistic(float f, float sign, float weight, float alpha, double *loss) {
    double x = sign * f;
    x = x < -87 ? -87 : x > 87 ? 87 : x;
    *loss += weight * log1p(exp(-x));
    return (float)(alpha * weight * sign / (1 + exp(x)));
}

static float dot(const float *x, const float *y, ptrdiff_t n) {
    float sum = 0;
    for (ptrdiff_t c = 0; c < n; c++) sum += x[c] * y[c];
    return sum;
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

static float shared_noise(float *const *in, int ni, float *const *out, int no, ptrdiff_t n,
                          const float *sign, const float *weight, float alpha, float *scratch) {
    double loss = 0;
    for (int j = 0; j < ni * no; j++)
        scratch[j] = logistic(dot(in[j / no], out[j % no], n), sign[j], weight[j], alpha, &loss);
    update(in, ni, out, no, n, scratch, scratch + ni * no);
    return (float)loss;
}

static float squares(float *const *in, int ni, float *const *out, int no, ptrdiff_t n,
                     const float *target, const float *weight, float alpha, float *scratch) {
    double loss = 0;
    for (int j = 0; j < ni * no; j++) {
        const float error = target[j] - dot(in[j / no], out[j % no], n);
        loss += 0.5 * weight[j] * error * error;
        scratch[j] = alpha * weight[j] * error;
    }
    update(in, ni, out, no, n, scratch, scratch + ni * no);
    return (float)loss;
}

static float own_noise(float *const *in, int ni, float *const *out, int no, ptrdiff_t n,
                       const float *sign, const float *weight, float alpha, float *scratch) {
    double loss = 0;
    for (int j = 0; j < ni * no; j++)
        scratch[j] = logistic(dot(in[j / no], out[j], n), sign[j], weight[j], alpha, &loss);
    for (int i = 0; i < ni; i++)
        update(in + i, 1, out + i * no, no, n, scratch + i * no, scratch + ni * no);
    return (float)loss;
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

const wv_sgns wv_sgns_scalar = {shared_noise, own_noise, squares, gather, scatter};
