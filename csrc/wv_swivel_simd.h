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

/* Rows of b that stay in a first cache of 32 KB beside what they meet. */
enum { MAX_K = 104 };

/* Where piece `p` of n in `pieces` begins. */
static inline int32_t share(int32_t n, int32_t p, int32_t pieces) {
    return (int32_t)((int64_t)n * p / pieces);
}

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

/* The same for any number of rows and vectors. A panel of b, MAX_K x MAX_V vectors, stays in the
 * first cache while the rows go by. */
WV_TARGET
static void product(int32_t rows, int32_t vectors, float *out0, ptrdiff_t stride, const float *a0,
                    ptrdiff_t am, ptrdiff_t ak, const float *b0, ptrdiff_t bk, int32_t depth) {
    /* Pieces as even as can be: 7 vectors are 4 + 3. */
    const int32_t panels = (vectors + MAX_V - 1) / MAX_V, pieces = (depth + MAX_K - 1) / MAX_K;
    for (int32_t p = 0; p < panels * pieces; p++) {
        const int32_t v0 = share(vectors, p / pieces, panels),
                      k0 = share(depth, p % pieces, pieces);
        const int32_t v = share(vectors, p / pieces + 1, panels) - v0;
        const int32_t K = share(depth, p % pieces + 1, pieces) - k0;
        const float *b = b0 + k0 * bk + v0 * VF_LANES;
        for (int32_t m0 = 0, m; m0 < rows; m0 += m) {
            m = rows - m0 < MAX_M ? rows - m0 : MAX_M;
            float *out = out0 + m0 * stride + v0 * VF_LANES;
            const float *a = a0 + m0 * am + k0 * ak;
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

/* One block: rows [r0, r0 + rows), the columns of one panel from c0 on, of which `cols` are real.
 */
WV_TARGET
static double block(const wv_swivel_model *m, const wv_swivel_tile *t, wv_swivel_work *work,
                    int32_t r0, int32_t rows, int32_t c0, int32_t cols) {
    enum { WIDTH = WV_SWIVEL_PAD, VECTORS = WIDTH / VF_LANES };
    const ptrdiff_t n = work->stride, panel = wv_swivel_at(m->d, 0, c0);
    float *z = work->z;
    const float *w = work->w + n * r0;
    for (int32_t r = 0; r < rows; r++) {
        const vf a = v_set1(-work->a[r0 + r]);
        for (int32_t c = 0; c < WIDTH; c += VF_LANES)
            v_store(z + r * WIDTH + c, v_sub(a, v_load(work->b + c0 + c)));
    }
    product(rows, VECTORS, z, WIDTH, w, n, 1, work->ct + panel, WIDTH, m->d);

    double loss = 0;
    uint32_t *begin = work->cursor, *end = work->cursor + work->rows;
    for (int32_t r = 0; r < rows; r++) {
        const uint32_t stop = t->cells.row_ptr[r0 + r + 1];
        uint32_t at = end[r0 + r];
        float row_loss = 0, *zr = z + r * WIDTH - c0;
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
    /* Few terms for each sum of floats. */
    for (int32_t r = 0; r < rows; r += 4)
        loss += tail(z + r * WIDTH, (rows - r < 4 ? rows - r : 4) * WIDTH);
    for (int32_t r = 0; r < rows; r++) {
        float *zr = z + r * WIDTH - c0;
        for (uint32_t at = begin[r0 + r]; at < end[r0 + r]; at++)
            zr[t->cells.cols[at]] = work->own[at];
    }
    product(rows, (int32_t)(m->stride / VF_LANES), work->dw + n * r0, n, z, WIDTH, 1,
            work->c + n * c0, n, cols);
    product(m->d, VECTORS, work->dct + panel, WIDTH, w, 1, n, z, WIDTH, rows);
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
        for (int32_t c = 0; c < t->n_cols; c += WV_SWIVEL_PAD) {
            const int32_t cols = t->n_cols - c < WV_SWIVEL_PAD ? t->n_cols - c : WV_SWIVEL_PAD;
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
    const ptrdiff_t n = m->stride, own = work->stride;
    const vf rate = v_set1(m->rate), factor = v_set1(scale);
    for (int32_t r = 0; r < t->cells.rows; r++)
        adagrad(m->words + 2 * n * ((int64_t)r * t->k + t->row_tile), work->dw + own * r, n, rate,
                factor);
    /* Back from columns to rows, into the columns' own room; its padding is zero already. */
    for (int32_t first = 0; first < t->n_cols; first += 16)
        for (int32_t i = 0; i < m->d; i++)
            for (int32_t c = first; c < first + 16; c++)
                work->c[own * c + i] = work->dct[wv_swivel_at(m->d, i, c)];
    for (int32_t c = 0; c < t->n_cols; c++)
        adagrad(m->contexts + 2 * n * ((int64_t)c * t->k + t->col_tile), work->c + own * c, n, rate,
                factor);
}

const wv_swivel WV_SIMD(wv_swivel) = {gradients, step};
