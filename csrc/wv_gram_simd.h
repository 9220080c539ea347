/* Template of the Gram matrices; see wv_gram.h. A file NAME_ISA.c says which instruction set.
 *
 * Measured on an AMD EPYC (Zen 4, one 512-bit multiply-add per cycle: 58 GFLOP/s in double, 117 in
 * single): tiles run at 98 % of that; what the diagonal's tiles compute twice, and the gathering of
 * rows, leave 72 and 70 % at 100 columns (on a busy machine).
 */
#include "wv_simd.h"
#include "wv_gram.h"

#include <math.h>
#include <string.h>

V_FN void prefetch(const wv_gram_side *side, int32_t id) {
    const char *row = (const char *)(side->rows + id * side->stride);
    for (ptrdiff_t i = 0; i < side->d * (ptrdiff_t)sizeof(float); i += 64) WV_PREFETCH_L2(row + i);
}

/* Rows of the next block, which are fetched a few at a time while this one is multiplied: all at
 * once, or as they are converted, they are waited for (4 s of 17 for 60 million rows of 100). They
 * go to the second cache: the first is full of panels (9.9 s, and 8.6). */
typedef struct ahead {
    const wv_gram_system *system;
    int64_t at, end, step;
} ahead;

V_FN void fetch(ahead *next) {
    for (int64_t i = 0; i < next->step && next->at < next->end; i++, next->at++) {
        prefetch(&next->system->x, next->system->ids[next->at]);
        prefetch(&next->system->y, next->system->ids[next->at]);
    }
}

/* Registers of doubles and of floats: vr_widen loads as many floats, vr_add_to adds to doubles. */
#define REAL double
#define NAME(x) double_##x
#if defined(WV_SIMD_AVX512)
enum { ROWS = 8, COLS = 2 }; /* 16 sums, 2 columns, 1 row of 32 registers */
#define vr __m512d
#define VR_LANES 8
#define vr_load _mm512_loadu_pd
#define vr_store _mm512_storeu_pd
#define vr_set1 _mm512_set1_pd
#define vr_mul _mm512_mul_pd
#define vr_fma _mm512_fmadd_pd
#define vr_add _mm512_add_pd
#define vr_widen(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#elif defined(WV_SIMD_AVX2)
enum { ROWS = 4, COLS = 2 }; /* 8 sums, 2 columns, 1 row of 16 registers */
#define vr __m256d
#define VR_LANES 4
#define vr_load _mm256_loadu_pd
#define vr_store _mm256_storeu_pd
#define vr_set1 _mm256_set1_pd
#define vr_mul _mm256_mul_pd
#define vr_fma _mm256_fmadd_pd
#define vr_add _mm256_add_pd
#define vr_widen(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#elif defined(WV_SIMD_NEON)
enum { ROWS = 4, COLS = 4 }; /* 16 sums, 4 columns, 1 row of 32 registers */
#define vr float64x2_t
#define VR_LANES 2
#define vr_load vld1q_f64
#define vr_store vst1q_f64
#define vr_set1 vdupq_n_f64
#define vr_mul vmulq_f64
#define vr_fma(a, b, c) vfmaq_f64(c, a, b)
#define vr_add vaddq_f64
#define vr_widen(p) vcvt_f64_f32(vld1_f32(p))
#endif
#define vr_add_to(p, a) vr_store(p, vr_add(vr_load(p), a))
enum { double_DEPTH = WV_GRAM_DOUBLE };
#include "wv_gram_panel.h"

/* With P = M_KK = U'U for 8 rows K, R = M_K. (8, p) without the columns K, B = U'^-1 R and
 * T = U^-1 B, the sweep of K is M_ij - B_i' B_j elsewhere, T in the rows and columns K, and -P^-1
 * in KK; when all rows are swept M is -M^-1 (Goodnight 1979, "A tutorial on the SWEEP operator").
 * The pivots are those of a Cholesky factorisation. Substitution, and not a product with P^-1,
 * gives B: an explicit inverse of an ill-conditioned P spoils the Schur complement. */
typedef struct square {
    double at[8][8];
} square;

/* U (upper) of P = U'U, P's upper triangle given; 0 when P is not positive definite. Extends the
 * range of pivots by the first n of them. */
WV_TARGET
static int factor8(const square *P, ptrdiff_t n, square *U, double *least, double *most) {
    for (int k = 0; k < 8; k++) {
        double pivot = P->at[k][k];
        for (int i = 0; i < k; i++) pivot -= U->at[i][k] * U->at[i][k];
        if (!(pivot > 0 && pivot < INFINITY)) return 0;
        if (k < n) {
            *least = pivot < *least ? pivot : *least;
            *most = pivot > *most ? pivot : *most;
        }
        U->at[k][k] = sqrt(pivot);
        for (int c = k + 1; c < 8; c++) {
            double sum = P->at[k][c];
            for (int i = 0; i < k; i++) sum -= U->at[i][k] * U->at[i][c];
            U->at[k][c] = sum / U->at[k][k];
        }
    }
    return 1;
}

/* (U'U)^-1, upper triangle. */
WV_TARGET
static void inverse8(const square *U, square *out) {
    square V = {{{0}}};
    for (int c = 0; c < 8; c++) {
        V.at[c][c] = 1 / U->at[c][c];
        for (int r = c - 1; r >= 0; r--) {
            double sum = 0;
            for (int i = r + 1; i <= c; i++) sum += U->at[r][i] * V.at[i][c];
            V.at[r][c] = -sum / U->at[r][r];
        }
    }
    for (int r = 0; r < 8; r++)
        for (int c = r; c < 8; c++) {
            double sum = 0;
            for (int i = c; i < 8; i++) sum += V.at[r][i] * V.at[c][i];
            out->at[r][c] = sum;
        }
}

/* Rows B = U'^-1 R and T = U^-1 B of 8 columns, and minus B in the place of R; inverse (8,) has 1
 * over the diagonal of U. */
V_FN void substitute8(const square *U, const double *inverse, double *R, double *B, double *T) {
    for (int v = 0; v < 8; v += VR_LANES) {
        vr b[8], t[8];
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++) {
            vr sum = vr_load(R + r * 8 + v);
#pragma GCC unroll 8
            for (int i = 0; i < r; i++) sum = vr_fma(vr_set1(-U->at[i][r]), b[i], sum);
            b[r] = vr_mul(vr_set1(inverse[r]), sum);
            vr_store(B + r * 8 + v, b[r]);
            vr_store(R + r * 8 + v, vr_mul(vr_set1(-1), b[r]));
        }
#pragma GCC unroll 8
        for (int r = 7; r >= 0; r--) {
            vr sum = b[r];
#pragma GCC unroll 8
            for (int i = 7; i > r; i--) sum = vr_fma(vr_set1(-U->at[r][i]), t[i], sum);
            t[r] = vr_mul(vr_set1(inverse[r]), sum);
            vr_store(T + r * 8 + v, t[r]);
        }
    }
}

WV_TARGET
static double invert(double *restrict M, ptrdiff_t n, ptrdiff_t p, double *restrict room) {
    enum { B_ROW = 8, T_ROW = 16 }; /* of the panel: the first 8 rows are R, and then -B */
    double least = INFINITY, most = 0;
    ahead none = {NULL, 0, 0, 0};
    for (ptrdiff_t r = 0; r < p; r++)
        for (ptrdiff_t c = r > n ? r : n; c < p; c++) M[r * p + c] = r == c;
    for (ptrdiff_t K = 0; K < p; K += 8) {
        square P, U, inverse;
        double *const own = M + K * p; /* rows K */
        double diagonal[8];
        for (int a = 0; a < 8; a++) memcpy(P.at[a], own + a * p + K, sizeof P.at[a]);
        if (!factor8(&P, n - K, &U, &least, &most)) return 0;
        for (int a = 0; a < 8; a++) diagonal[a] = 1 / U.at[a][a];
        for (ptrdiff_t c = 0; c < p; c += 8) {
            double *const R = room + double_place(c);
            if (c < K)
                for (int b = 0; b < 8; b++)
                    for (int a = 0; a < 8; a++) R[a * 8 + b] = M[(c + b) * p + K + a];
            else
                for (int a = 0; a < 8; a++) memcpy(R + a * 8, own + a * p + c, sizeof P.at[a]);
            if (c == K) memset(R, 0, sizeof P);
            substitute8(&U, diagonal, R, R + 8 * B_ROW, R + 8 * T_ROW);
        }
        double_update(room, room + 8 * B_ROW, 8, p, M, 0, &none);
        for (ptrdiff_t c = 0; c < p; c += 8) {
            const double *const T = room + double_place(c) + 8 * T_ROW;
            if (c < K)
                for (int b = 0; b < 8; b++)
                    for (int a = 0; a < 8; a++) M[(c + b) * p + K + a] = T[a * 8 + b];
            else
                for (int a = 0; a < 8; a++) memcpy(own + a * p + c, T + a * 8, sizeof P.at[a]);
        }
        inverse8(&U, &inverse);
        for (int a = 0; a < 8; a++)
            for (int b = a; b < 8; b++) own[a * p + K + b] = -inverse.at[a][b];
    }
    for (ptrdiff_t r = 0; r < n; r++)
        for (ptrdiff_t c = r; c < n; c++) M[r * p + c] = -M[r * p + c];
    return least / most;
}

WV_TARGET
static void dots(const int32_t *ids, int64_t n, const float *X, ptrdiff_t d, ptrdiff_t stride,
                 const double *w, double *out) {
    enum { AHEAD = 8, LANES = VR_LANES };
    const wv_gram_side side = {X, d, stride, NULL};
    for (int64_t j = 0; j < n; j++) {
        if (j + AHEAD < n) prefetch(&side, ids[j + AHEAD]);
        const float *x = X + ids[j] * stride;
        vr a = vr_set1(0), b = a;
        ptrdiff_t i = 0;
        for (; i + 2 * LANES <= d; i += 2 * LANES) {
            a = vr_fma(vr_widen(x + i), vr_load(w + i), a);
            b = vr_fma(vr_widen(x + i + LANES), vr_load(w + i + LANES), b);
        }
        double lanes[LANES], sum = 0;
        vr_store(lanes, vr_add(a, b));
        for (int k = 0; k < LANES; k++) sum += lanes[k];
        for (; i < d; i++) sum += (double)x[i] * w[i];
        out[j] = sum;
    }
}

#undef REAL
#undef NAME
#undef vr
#undef VR_LANES
#undef vr_load
#undef vr_store
#undef vr_set1
#undef vr_mul
#undef vr_fma
#undef vr_widen
#undef vr_add_to

#define REAL float
#define NAME(x) single_##x
#define vr vf
#define VR_LANES VF_LANES
#define vr_load v_load
#define vr_store v_store
#define vr_set1 v_set1
#define vr_mul v_mul
#define vr_fma v_fma
#define vr_widen v_load
#if defined(WV_SIMD_AVX512)
typedef __m256 v8;
#define v8_load _mm256_loadu_ps
#define v8_set1 _mm256_set1_ps
#define v8_fma _mm256_fmadd_ps
V_FN void v8_add_to(double *p, v8 a) {
    _mm512_storeu_pd(p, _mm512_add_pd(_mm512_loadu_pd(p), _mm512_cvtps_pd(a)));
}
V_FN void vr_add_to(double *p, vf a) {
    v8_add_to(p, _mm512_castps512_ps256(a));
    v8_add_to(p + 8, _mm512_extractf32x8_ps(a, 1));
}
#elif defined(WV_SIMD_AVX2)
V_FN void vr_add_to(double *p, vf a) {
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
    _mm256_storeu_pd(p, _mm256_add_pd(_mm256_loadu_pd(p), low));
    _mm256_storeu_pd(p + 4, _mm256_add_pd(_mm256_loadu_pd(p + 4), high));
}
#elif defined(WV_SIMD_NEON)
V_FN void vr_add_to(double *p, vf a) {
    vst1q_f64(p, vaddq_f64(vld1q_f64(p), vcvt_f64_f32(vget_low_f32(a))));
    vst1q_f64(p + 2, vaddq_f64(vld1q_f64(p + 2), vcvt_high_f64_f32(a)));
}
#endif
enum { single_DEPTH = WV_GRAM_SINGLE };
#include "wv_gram_panel.h"

const wv_gram WV_SIMD(wv_gram) = {double_gram,     single_gram,     invert,
                                  double_sandwich, single_sandwich, dots};
