/* Template of Swivel's kernels; see wv_simd.h and wv_swivel.h. */
#include "wv_simd.h"
#include "wv_swivel.h"

#include <string.h>

/* The micro-kernel's registers: M rows of V vectors of sums, V vectors of b, one number of a. */
#if VF_LANES == 8
enum { MAX_M = 4, MAX_V = 3 }; /* AVX2 has 16 registers, the others 32 */
#else
enum { MAX_M = 6, MAX_V = 4 };
#endif

/* out[m, v] += sum_k a[m am + k ak] b[k bk + v], for M rows and V vectors of columns. */
V_FN void micro(const int M, const int V, float *out, ptrdiff_t stride, const float *a,
                ptrdiff_t am, ptrdiff_t ak, const float *b, ptrdiff_t bk, int32_t K) {
    vf s[6][4];
#pragma GCC unroll 6
    for (int m = 0; m < M; m++) {
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) s[m][v] = v_load(out + m * stride + v * VF_LANES);
    }
    for (int32_t k = 0; k < K; k++, a += ak, b += bk) {
        vf y[4];
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) y[v] = v_load(b + v * VF_LANES);
#pragma GCC unroll 6
        for (int m = 0; m < M; m++) {
            const vf x = v_set1(a[m * am]);
#pragma GCC unroll 4
            for (int v = 0; v < V; v++) s[m][v] = v_fma(x, y[v], s[m][v]);
        }
    }
#pragma GCC unroll 6
    for (int m = 0; m < M; m++) {
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) v_store(out + m * stride + v * VF_LANES, s[m][v]);
    }
}

#define WV_MICRO(M, V)                                                                             \
    case 4 * (M) + (V):                                                                            \
        micro(M, V, out, stride, a, am, ak, b, bk, K);                                             \
        break;
#define WV_MICRO_V(M) WV_MICRO(M, 1) WV_MICRO(M, 2) WV_MICRO(M, 3) WV_MICRO(M, 4)

/* The same for any number of rows and vectors. Vectors are outside, so that a panel of b, K x V
 * vectors, stays in the first cache while the rows go by. */
WV_TARGET
static void product(int32_t rows, int32_t vectors, float *out0, ptrdiff_t stride, const float *a0,
                    ptrdiff_t am, ptrdiff_t ak, const float *b0, ptrdiff_t bk, int32_t K) {
    const int32_t panels = (vectors + MAX_V - 1) / MAX_V;
    for (int32_t p = 0; p < panels; p++) {
        /* Panels as even as can be: 7 vectors are 4 + 3. */
        const int32_t v0 = (int32_t)((int64_t)vectors * p / panels);
        const int32_t v = (int32_t)((int64_t)vectors * (p + 1) / panels) - v0;
        const float *b = b0 + v0 * VF_LANES;
        for (int32_t m0 = 0, m; m0 < rows; m0 += m) {
            m = rows - m0 < MAX_M ? rows - m0 : MAX_M;
            float *out = out0 + m0 * stride + v0 * VF_LANES;
            const float *a = a0 + m0 * am;
            switch (4 * m + v) {
                WV_MICRO_V(1)
                WV_MICRO_V(2)
                WV_MICRO_V(3)
                WV_MICRO_V(4)
#if VF_LANES != 8
                WV_MICRO_V(5)
                WV_MICRO_V(6)
#endif
            }
        }
    }
}

/* z = sigmoid(z) in place; returns the sum of log(1 + exp z). exp(z) is cut at exp(20), above which
 * softplus(z) = z to 2e-9, so that the product of four terms is a float and one logarithm does for
 * them. */
WV_TARGET
static double tail(float *z, int32_t n) {
    const vf top = v_set1(20.0f), one = v_set1(1.0f);
    vf sum = v_zero();
    for (int32_t i = 0; i < n; i += 4 * VF_LANES) {
        vf product = one;
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            const vf x = v_load(z + i + v * VF_LANES), y = v_min(top, x);
            const vf e = v_exp(y), p = v_add(one, e);
            v_store(z + i + v * VF_LANES, v_div(e, p));
            product = v_mul(product, p);
            sum = v_add(sum, v_sub(x, y));
        }
        sum = v_add(sum, v_log(product));
    }
    return v_sum(sum);
}

/* One block: rows [r0, r0 + rows), columns [c0, c0 + cols), cols up to a multiple of PAD. */
WV_TARGET
static double block(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work,
                    int32_t r0, int32_t rows, int32_t c0, int32_t cols) {
    const ptrdiff_t n = m->stride,
                    width = (cols + WV_SWIVEL_PAD - 1) / WV_SWIVEL_PAD * WV_SWIVEL_PAD;
    const int32_t vectors = (int32_t)(width / VF_LANES);
    float *z = work->z;
    const float *w = work->w + n * r0;
    for (int32_t r = 0; r < rows; r++) {
        const vf a = v_set1(-work->a[r0 + r]);
        for (ptrdiff_t c = 0; c < width; c += VF_LANES)
            v_store(z + r * width + c, v_sub(a, v_load(work->b + c0 + c)));
    }
    product(rows, vectors, z, width, w, n, 1, work->ct + c0, work->cols, m->d);

    double loss = 0;
    uint32_t *begin = work->cursor, *end = work->cursor + work->rows;
    for (int32_t r = 0; r < rows; r++) {
        const uint32_t stop = t->cells.row_ptr[r0 + r + 1];
        uint32_t at = end[r0 + r];
        float row_loss = 0, *zr = z + r * width - c0;
        begin[r0 + r] = at;
        for (; at < stop && t->cells.cols[at] < c0 + cols; at++) {
            const float e = zr[t->cells.cols[at]] - work->log_x[at], g = work->weight[at] * e;
            row_loss += 0.5f * g * e;
            work->own[at] = g;
            zr[t->cells.cols[at]] = -1e30f; /* no loss, no gradient from the zeros' side */
        }
        end[r0 + r] = at;
        loss += row_loss;
    }
    for (int32_t r = 0; r < rows; r++) {
        loss += tail(z + r * width, (int32_t)width);
        float *zr = z + r * width - c0;
        for (uint32_t at = begin[r0 + r]; at < end[r0 + r]; at++)
            zr[t->cells.cols[at]] = work->own[at];
    }
    product(rows, (int32_t)(n / VF_LANES), work->dw + n * r0, n, z, width, 1, work->c + n * c0, n,
            cols);
    product(m->d, vectors, work->dct + c0, work->cols, w, 1, n, z, width, rows);
    return loss;
}

WV_TARGET
static void weigh(const wv_swivel_model *m, const float *x, int64_t n, float *log_x,
                  float *weight) {
    const vf b0 = v_set1(m->b0), b1 = v_set1(m->b1), alpha = v_set1(m->alpha);
    for (int64_t i = 0; i < n; i += VF_LANES) {
        const int lanes = n - i < VF_LANES ? (int)(n - i) : VF_LANES;
        const vf l = v_log(v_load_n(x + i, lanes));
        v_store_n(log_x + i, l, lanes);
        v_store_n(weight + i, v_fma(b1, v_exp(v_mul(alpha, l)), b0), lanes);
    }
}

WV_TARGET
static double gradients(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work) {
    wv_swivel_gather(m, t, work);
    weigh(m, t->cells.values, t->cells.row_ptr[t->cells.rows], work->log_x, work->weight);
    memcpy(work->cursor + work->rows, t->cells.row_ptr, (size_t)t->cells.rows * sizeof(uint32_t));
    double loss = 0;
    for (int32_t r = 0; r < t->cells.rows; r += WV_SWIVEL_ROWS) {
        const int32_t rows =
            t->cells.rows - r < WV_SWIVEL_ROWS ? t->cells.rows - r : WV_SWIVEL_ROWS;
        for (int32_t c = 0; c < t->n_cols; c += WV_SWIVEL_COLS) {
            const int32_t cols = t->n_cols - c < WV_SWIVEL_COLS ? t->n_cols - c : WV_SWIVEL_COLS;
            loss += block(m, t, work, r, rows, c, cols);
        }
    }
    return loss;
}

/* AdaGrad on one row. */
V_FN void adagrad(float *p, const float *gradient, ptrdiff_t n, vf rate, vf scale) {
    for (ptrdiff_t i = 0; i < n; i += VF_LANES) {
        const vf g = v_mul(scale, v_load(gradient + i));
        const vf sum = v_fma(g, g, v_load(p + n + i));
        v_store(p + n + i, sum);
        v_store(p + i, v_sub(v_load(p + i), v_div(v_mul(rate, g), v_sqrt(sum))));
    }
}

WV_TARGET
static void step(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work,
                 float scale) {
    const ptrdiff_t n = m->stride;
    const vf rate = v_set1(m->rate), factor = v_set1(scale);
    for (int32_t r = 0; r < t->cells.rows; r++)
        adagrad(m->words + 2 * n * ((int64_t)r * t->k + t->row_tile), work->dw + n * r, n, rate,
                factor);
    /* Back from columns to rows, into the columns' own room; its padding is zero already. */
    for (int32_t first = 0; first < t->n_cols; first += 16)
        for (int32_t i = 0; i < m->d; i++)
            for (int32_t c = first; c < first + 16; c++)
                work->c[n * c + i] = work->dct[(ptrdiff_t)i * work->cols + c];
    for (int32_t c = 0; c < t->n_cols; c++)
        adagrad(m->contexts + 2 * n * ((int64_t)c * t->k + t->col_tile), work->c + n * c, n, rate,
                factor);
}

const wv_swivel WV_SIMD(wv_swivel) = {gradients, step};
