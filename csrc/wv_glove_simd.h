/* Template of GloVe's kernels; see wv_simd.h.
 *
 * A step reads and writes four rows (values and sums of a word and a context), so memory sets the
 * pace: rows are fetched ahead, and both directions of a symmetric cell are done at once, which
 * lets one direction's sum be reduced while the other's products run. The root's reciprocal is
 * approximate (2^-14 or better): that changes nothing in quality and saves a quarter of the time.
 */
#include "wv_glove.h"
#include "wv_simd.h"

WV_TARGET
static void weigh(const float *x, int64_t n, float log_x_max, float alpha, float *log_x,
                  float *weight) {
    const vf top = v_set1(log_x_max), a = v_set1(alpha);
    for (int64_t i = 0; i < n; i += VF_LANES) {
        const int m = n - i < VF_LANES ? (int)(n - i) : VF_LANES;
        const vf l = v_log(v_load_n(x + i, m));
        v_store_n(log_x + i, l, m);
        v_store_n(weight + i, v_exp(v_min(v_zero(), v_mul(a, v_sub(l, top)))), m);
    }
}

/* The error of one direction. */
V_FN float error_of(const float *w, const float *c, ptrdiff_t n, float log_x) {
    vf s = v_zero(), t = v_zero();
    ptrdiff_t k = 0;
    for (; k + 2 * VF_LANES <= n; k += 2 * VF_LANES) {
        s = v_fma(v_load(w + k), v_load(c + k), s);
        t = v_fma(v_load(w + k + VF_LANES), v_load(c + k + VF_LANES), t);
    }
    for (; k < n; k += VF_LANES) s = v_fma(v_load(w + k), v_load(c + k), s);
    return v_sum(v_add(s, t)) - log_x;
}

V_FN void apply(const wv_glove_model *m, float *w, float *c, float gradient) {
    const ptrdiff_t n = m->stride;
    const float *word_rate = m->word_rate, *context_rate = m->context_rate; /* read once */
    const vf g = v_set1(gradient), high = v_set1(m->clip), low = v_set1(-m->clip);
    for (ptrdiff_t k = 0; k < n; k += VF_LANES) {
        const vf vw = v_load(w + k), vc = v_load(c + k);
        const vf gw = v_load(w + n + k), gc = v_load(c + n + k);
        const vf a = v_mul(v_load(word_rate + k), v_min(high, v_max(low, v_mul(g, vc))));
        const vf b = v_mul(v_load(context_rate + k), v_min(high, v_max(low, v_mul(g, vw))));
        v_store(w + k, v_fnma(a, v_rsqrt_approx(gw), vw));
        v_store(c + k, v_fnma(b, v_rsqrt_approx(gc), vc));
        v_store(w + n + k, v_fma(a, a, gw));
        v_store(c + n + k, v_fma(b, b, gc));
    }
}

/* Rows of words that come next, of which some lines are asked for with each cell: all of a group at
 * once would fill the few buffers that a core has for lines on their way, and it would wait. */
typedef struct ahead {
    const int32_t *words, *end;
    ptrdiff_t at, lines; /* where in a row; lines with each cell */
} ahead;

V_FN void fetch_ahead(const wv_glove_model *m, ahead *a) {
    const ptrdiff_t n = 2 * m->stride;
    for (ptrdiff_t i = 0; i < a->lines && a->words < a->end; i++) {
        WV_PREFETCH_L2(m->contexts + n * *a->words + a->at);
        if (m->symmetric) WV_PREFETCH_L2(m->words + n * *a->words + a->at);
        a->at += WV_ROW_FLOATS;
        if (a->at == n) a->at = 0, a->words++;
    }
}

/* To the first level: rows of a block lie in the second already, where asking for them again does
 * nothing. On an AMD EPYC (family 26, model 2; caches of 48 KB, 1 MB and 32 MB) an epoch of 100
 * dimensions takes .96 of its time. */
V_FN void fetch_row(const wv_glove_model *m, int32_t word) {
    const ptrdiff_t n = 2 * m->stride;
    const float *w = m->words + n * word, *c = m->contexts + n * word;
    for (ptrdiff_t k = 0; k < n; k += WV_ROW_FLOATS) {
        WV_PREFETCH(w + k);
        if (m->symmetric) WV_PREFETCH(c + k);
    }
}

WV_TARGET
static double train(const wv_glove_model *m, const wv_glove_cell *cells, int64_t n, int64_t known,
                    const int32_t *next, int32_t n_next) {
    enum { AHEAD = 4 };
    const ptrdiff_t row = 2 * m->stride;
    ahead a = {next, next + n_next, 0, (n_next * (row / WV_ROW_FLOATS) + n - 1) / n};
    double loss = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < known) fetch_row(m, cells[i + AHEAD].row);
        fetch_ahead(m, &a);
        const wv_glove_cell x = cells[i];
        float *w = m->words + row * x.row, *c = m->contexts + row * x.col;
        const float e = error_of(w, c, m->stride, x.log_x);
        if (m->symmetric && x.row != x.col) {
            float *w2 = m->words + row * x.col, *c2 = m->contexts + row * x.row;
            const float e2 = error_of(w2, c2, m->stride, x.log_x);
            apply(m, w, c, x.weight * e);
            apply(m, w2, c2, x.weight * e2);
            loss += 0.5 * x.weight * ((double)e * e + (double)e2 * e2);
        } else {
            apply(m, w, c, x.weight * e);
            loss += 0.5 * x.weight * (double)e * e;
        }
    }
    return loss;
}

WV_TARGET
static void pull(const wv_glove_model *m, const int32_t *words, int64_t count) {
    const ptrdiff_t n = m->stride;
    const vf high = v_set1(m->clip), low = v_set1(-m->clip);
    for (int64_t i = 0; i < count; i++) {
        if (m->pull[words[i]] == 0) continue;
        const vf g = v_set1(m->pull[words[i]]);
        float *w = m->words + 2 * n * words[i], *c = m->contexts + 2 * n * words[i];
        const float *r = m->prior + n * words[i];
        for (ptrdiff_t k = 0; k < n; k += VF_LANES) {
            const vf vw = v_load(w + k), vc = v_load(c + k);
            const vf gw = v_load(w + n + k), gc = v_load(c + n + k);
            const vf off = v_mul(g, v_sub(v_add(vw, vc), v_load(r + k)));
            const vf a = v_mul(v_load(m->pull_rate + k), v_min(high, v_max(low, off)));
            v_store(w + k, v_fnma(a, v_rsqrt_approx(gw), vw));
            v_store(c + k, v_fnma(a, v_rsqrt_approx(gc), vc));
            v_store(w + n + k, v_fma(a, a, gw));
            v_store(c + n + k, v_fma(a, a, gc));
        }
    }
}

const wv_glove WV_SIMD(wv_glove) = {train, weigh, pull};
