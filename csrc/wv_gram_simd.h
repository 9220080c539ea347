/* Template of the Gram matrices; see wv_gram.h. A file NAME_ISA.c says which instruction set. */
#include "wv_simd.h"
#include "wv_gram.h"

#include <string.h>

/* Registers of doubles. vd_widen makes doubles of as many floats, vd_set1_of of one double. */
#if defined(WV_SIMD_AVX512)
typedef __m512d vd;
enum { VD_LANES = 8, ROWS = 8, COLS = 2 }; /* 16 sums, 2 columns, 1 row of 32 registers */
#define vd_load _mm512_loadu_pd
#define vd_store _mm512_storeu_pd
#define vd_set1 _mm512_set1_pd
#define vd_mul _mm512_mul_pd
#define vd_fma _mm512_fmadd_pd
#define vd_add _mm512_add_pd
#define vd_widen(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#elif defined(WV_SIMD_AVX2)
typedef __m256d vd;
enum { VD_LANES = 4, ROWS = 4, COLS = 2 }; /* 8 sums, 2 columns, 1 row of 16 registers */
#define vd_load _mm256_loadu_pd
#define vd_store _mm256_storeu_pd
#define vd_set1 _mm256_set1_pd
#define vd_mul _mm256_mul_pd
#define vd_fma _mm256_fmadd_pd
#define vd_add _mm256_add_pd
#define vd_widen(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#elif defined(WV_SIMD_NEON)
typedef float64x2_t vd;
enum { VD_LANES = 2, ROWS = 4, COLS = 4 }; /* 16 sums, 4 columns, 1 row of 32 registers */
#define vd_load vld1q_f64
#define vd_store vst1q_f64
#define vd_set1 vdupq_n_f64
#define vd_mul vmulq_f64
#define vd_fma(a, b, c) vfmaq_f64(c, a, b)
#define vd_add vaddq_f64
#define vd_widen(p) vcvt_f64_f32(vld1_f32(p))
#endif

V_FN double *put(const wv_gram_side *side, int32_t id, int64_t j, double *z) {
    if (side->d == 0) return z;
    const float *row = side->rows + id * side->stride;
    const double a = side->scale[j];
    const vd va = vd_set1(a);
    ptrdiff_t i = 0;
    for (; i + VD_LANES <= side->d; i += VD_LANES) vd_store(z + i, vd_mul(va, vd_widen(row + i)));
    for (; i < side->d; i++) z[i] = a * (double)row[i];
    return z + side->d;
}

V_FN void prefetch(const wv_gram_side *side, int32_t id) {
    const char *row = (const char *)(side->rows + id * side->stride);
    for (ptrdiff_t i = 0; i < side->d * (ptrdiff_t)sizeof(float); i += 64) WV_PREFETCH(row + i);
}

/* Fills m rows of the panel, from row `begin` of the system on. */
WV_TARGET
static void fill(const wv_gram_system *s, int64_t begin, int64_t m, ptrdiff_t p, double *panel) {
    enum { AHEAD = 8 }; /* rows that are fetched while earlier ones are converted */
    for (int64_t r = 0; r < m; r++) {
        const int64_t j = begin + r;
        if (j + AHEAD < s->n) {
            prefetch(&s->x, s->ids[j + AHEAD]);
            prefetch(&s->y, s->ids[j + AHEAD]);
        }
        double *const row = panel + r * p, *z = put(&s->x, s->ids[j], j, row);
        z = put(&s->y, s->ids[j], j, z);
        for (ptrdiff_t i = 0; i < s->d_extra; i++) *z++ = s->extra[j * s->d_extra + i];
        while (z < row + p) *z++ = 0;
    }
}

/* G[r, c] += sum over m rows of panel[., r] panel[., c], for ROWS rows and C vectors of columns. */
V_FN void micro(const int C, const double *a, const double *b, int64_t m, ptrdiff_t p, double *G) {
    vd sum[ROWS][COLS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) sum[r][c] = vd_load(G + r * p + c * VD_LANES);
    }
    for (int64_t k = 0; k < m; k++, a += p, b += p) {
        vd y[COLS];
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) y[c] = vd_load(b + c * VD_LANES);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
            const vd x = vd_set1(a[r]);
#pragma GCC unroll 4
            for (int c = 0; c < C; c++) sum[r][c] = vd_fma(x, y[c], sum[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) vd_store(G + r * p + c * VD_LANES, sum[r][c]);
    }
}

/* The upper triangle in strips of COLS vectors of columns; p is a multiple of 8, and so of ROWS. */
WV_TARGET
static void update(const double *panel, int64_t m, ptrdiff_t p, double *G) {
    enum { STRIP = COLS * VD_LANES };
    for (ptrdiff_t c = 0; c < p; c += STRIP) {
        const ptrdiff_t left = p - c;
        for (ptrdiff_t r = 0; r < c + STRIP && r < p; r += ROWS) {
            if (left >= STRIP)
                micro(COLS, panel + r, panel + c, m, p, G + r * p + c);
            else
                for (ptrdiff_t v = 0; v < left; v += VD_LANES)
                    micro(1, panel + r, panel + c + v, m, p, G + r * p + c + v);
        }
    }
}

WV_TARGET
static void gram(const wv_gram_system *s, double *restrict panel, double *restrict G) {
    const ptrdiff_t p = wv_gram_width(s);
    memset(G, 0, (size_t)(p * p) * sizeof *G);
    for (int64_t begin = 0; begin < s->n; begin += WV_GRAM_BLOCK) {
        const int64_t rest = s->n - begin, m = rest < WV_GRAM_BLOCK ? rest : WV_GRAM_BLOCK;
        fill(s, begin, m, p, panel);
        update(panel, m, p, G);
    }
}

WV_TARGET
static void dots(const int32_t *ids, int64_t n, const float *X, ptrdiff_t d, ptrdiff_t stride,
                 const double *w, double *out) {
    enum { AHEAD = 8 };
    const wv_gram_side side = {X, d, stride, NULL};
    for (int64_t j = 0; j < n; j++) {
        if (j + AHEAD < n) prefetch(&side, ids[j + AHEAD]);
        const float *x = X + ids[j] * stride;
        vd a = vd_set1(0), b = a;
        ptrdiff_t i = 0;
        for (; i + 2 * VD_LANES <= d; i += 2 * VD_LANES) {
            a = vd_fma(vd_widen(x + i), vd_load(w + i), a);
            b = vd_fma(vd_widen(x + i + VD_LANES), vd_load(w + i + VD_LANES), b);
        }
        double lanes[VD_LANES], sum = 0;
        vd_store(lanes, vd_add(a, b));
        for (int k = 0; k < VD_LANES; k++) sum += lanes[k];
        for (; i < d; i++) sum += (double)x[i] * w[i];
        out[j] = sum;
    }
}

const wv_gram WV_SIMD(wv_gram) = {gram, dots};
