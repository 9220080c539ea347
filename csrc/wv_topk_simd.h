/* Template of the scoring kernels; see wv_simd.h. Four rows at a time share the loads of the query
 * and give the machine four streams to prefetch. */
#include "wv_topk.h"
#include "wv_simd.h"

#include <string.h>

WV_TARGET
static float one_score(const float *x, ptrdiff_t d, const float *q) {
    vf a = v_zero(), b = v_zero();
    ptrdiff_t j = 0;
    for (; j + 2 * VF_LANES <= d; j += 2 * VF_LANES) {
        a = v_fma(v_load(x + j), v_load(q + j), a);
        b = v_fma(v_load(x + j + VF_LANES), v_load(q + j + VF_LANES), b);
    }
    for (; j < d; j += VF_LANES) {
        const int m = d - j < VF_LANES ? (int)(d - j) : VF_LANES;
        a = v_fma(v_load_n(x + j, m), v_load_n(q + j, m), a);
    }
    return v_sum(v_add(a, b));
}

/* The sums are those of one_score, term by term, so that a row scores the same in any block. */
WV_TARGET
static void four_scores(const float *x, ptrdiff_t d, ptrdiff_t s, const float *q, float *out) {
    vf a[4], b[4];
    for (int r = 0; r < 4; r++) a[r] = b[r] = v_zero();
    ptrdiff_t j = 0;
    for (; j + 2 * VF_LANES <= d; j += 2 * VF_LANES) {
        const vf q0 = v_load(q + j), q1 = v_load(q + j + VF_LANES);
        for (int r = 0; r < 4; r++) {
            a[r] = v_fma(v_load(x + r * s + j), q0, a[r]);
            b[r] = v_fma(v_load(x + r * s + j + VF_LANES), q1, b[r]);
        }
    }
    for (; j < d; j += VF_LANES) {
        const int m = d - j < VF_LANES ? (int)(d - j) : VF_LANES;
        const vf q0 = v_load_n(q + j, m);
        for (int r = 0; r < 4; r++) a[r] = v_fma(v_load_n(x + r * s + j, m), q0, a[r]);
    }
    for (int r = 0; r < 4; r++) out[r] = v_sum(v_add(a[r], b[r]));
}

WV_TARGET
static void scores(const float *X, ptrdiff_t n, ptrdiff_t d, ptrdiff_t s, const float *q,
                   float *out) {
    ptrdiff_t i = 0;
    for (; i + 4 <= n; i += 4) four_scores(X + i * s, d, s, q, out + i);
    for (; i < n; i++) out[i] = one_score(X + i * s, d, q);
}

#if defined(WV_SIMD_AVX512)
#define VI_LANES 32 /* int8 values widened to one register of int16 */
typedef __m512i vi;
V_FN vi vi_zero(void) {
    return _mm512_setzero_si512();
}
V_FN vi vi_madd(vi sum, const int8_t *x, const int16_t *q) {
    const vi wide = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)x));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(wide, _mm512_loadu_si512(q)));
}
V_FN vi vi_add(vi a, vi b) {
    return _mm512_add_epi32(a, b);
}
V_FN int32_t vi_sum(vi a) {
    return _mm512_reduce_add_epi32(a);
}
#elif defined(WV_SIMD_AVX2)
#define VI_LANES 16
typedef __m256i vi;
V_FN vi vi_zero(void) {
    return _mm256_setzero_si256();
}
V_FN vi vi_madd(vi sum, const int8_t *x, const int16_t *q) {
    const vi wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)x));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(wide, _mm256_loadu_si256((const __m256i *)q)));
}
V_FN vi vi_add(vi a, vi b) {
    return _mm256_add_epi32(a, b);
}
V_FN int32_t vi_sum(vi a) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1)));
}
#else
#define VI_LANES 8
typedef int32x4_t vi;
V_FN vi vi_zero(void) {
    return vdupq_n_s32(0);
}
V_FN vi vi_madd(vi sum, const int8_t *x, const int16_t *q) {
    const int16x8_t wide = vmovl_s8(vld1_s8(x)), query = vld1q_s16(q);
    sum = vmlal_s16(sum, vget_low_s16(wide), vget_low_s16(query));
    return vmlal_s16(sum, vget_high_s16(wide), vget_high_s16(query));
}
V_FN vi vi_add(vi a, vi b) {
    return vaddq_s32(a, b);
}
V_FN int32_t vi_sum(vi a) {
    return vaddvq_s32(a);
}
#endif

/* Whole numbers: every ISA gives the same sums. The end of a row is copied, never read across. */
WV_TARGET
static void scores_i8(const int8_t *X, ptrdiff_t n, ptrdiff_t d, const int16_t *q, int32_t *out) {
    const ptrdiff_t whole = d - d % VI_LANES, rest = d - whole;
    int16_t q_rest[VI_LANES] = {0};
    memcpy(q_rest, q + whole, (size_t)rest * sizeof *q);
    for (ptrdiff_t i = 0; i < n; i++) {
        const int8_t *x = X + i * d;
        vi a = vi_zero(), b = vi_zero();
        ptrdiff_t j = 0;
        for (; j + 2 * VI_LANES <= whole; j += 2 * VI_LANES) {
            a = vi_madd(a, x + j, q + j);
            b = vi_madd(b, x + j + VI_LANES, q + j + VI_LANES);
        }
        if (j < whole) a = vi_madd(a, x + j, q + j);
        if (rest && i + 1 < n && d >= VI_LANES) {
            /* The bytes after a row's end are the next row's, and are multiplied by zero. */
            b = vi_madd(b, x + whole, q_rest);
            out[i] = vi_sum(vi_add(a, b));
            continue;
        }
        int32_t sum = vi_sum(vi_add(a, b));
        for (j = 0; j < rest; j++) sum += (int32_t)x[whole + j] * q_rest[j];
        out[i] = sum;
    }
}

/* A shuffle looks sixteen or thirty-two nibbles up at once. Sums are kept in 16 bits: `all` of
 * pairs of bytes, the upper one shifted by 8, and `odd` of the upper ones alone; what `odd` says is
 * then taken off `all` (Andre, Kermarrec & Le Scouarnec 2015 for the look-up by shuffles). */
#if defined(WV_SIMD_NEON)
#define VB_ROWS 16
typedef uint8x16_t vb;
V_FN vb vb_load(const uint8_t *p) {
    return vld1q_u8(p);
}
V_FN vb vb_table(const uint8_t *p) {
    return vld1q_u8(p);
}
V_FN vb vb_lookup(vb table, vb codes, int upper) {
    return vqtbl1q_u8(table, upper ? vshrq_n_u8(codes, 4) : vandq_u8(codes, vdupq_n_u8(15)));
}
V_FN void vb_add(vb v, vb *all, vb *odd) {
    const uint16x8_t wide = vreinterpretq_u16_u8(v);
    *all = vreinterpretq_u8_u16(vaddq_u16(vreinterpretq_u16_u8(*all), wide));
    *odd = vreinterpretq_u8_u16(vaddq_u16(vreinterpretq_u16_u8(*odd), vshrq_n_u16(wide, 8)));
}
V_FN vb vb_zero(void) {
    return vdupq_n_u8(0);
}
V_FN void vb_store(vb a, uint16_t *out) {
    vst1q_u16(out, vreinterpretq_u16_u8(a));
}
#else
#define VB_ROWS 32
typedef __m256i vb;
V_FN vb vb_load(const uint8_t *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}
V_FN vb vb_table(const uint8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}
V_FN vb vb_lookup(vb table, vb codes, int upper) {
    const vb low = _mm256_set1_epi8(15);
    return _mm256_shuffle_epi8(table,
                               _mm256_and_si256(upper ? _mm256_srli_epi16(codes, 4) : codes, low));
}
V_FN void vb_add(vb v, vb *all, vb *odd) {
    *all = _mm256_add_epi16(*all, v);
    *odd = _mm256_add_epi16(*odd, _mm256_srli_epi16(v, 8));
}
V_FN vb vb_zero(void) {
    return _mm256_setzero_si256();
}
V_FN void vb_store(vb a, uint16_t *out) {
    _mm256_storeu_si256((__m256i *)out, a);
}
#endif

WV_TARGET
static void sketch(const uint8_t *block, const uint8_t (*lut)[16], ptrdiff_t groups,
                   uint16_t *out) {
    enum { PARTS = WV_SKETCH_ROWS / VB_ROWS, HALF = PARTS / 2 };
    vb all[PARTS], odd[PARTS];
    for (int p = 0; p < PARTS; p++) all[p] = odd[p] = vb_zero();
    for (ptrdiff_t g = 0; g < groups; g++) {
        const vb table = vb_table(lut[g]);
        for (int p = 0; p < HALF; p++) {
            const vb codes = vb_load(block + 32 * g + p * VB_ROWS);
            vb_add(vb_lookup(table, codes, 0), &all[p], &odd[p]);
            vb_add(vb_lookup(table, codes, 1), &all[p + HALF], &odd[p + HALF]);
        }
    }
    for (int p = 0; p < PARTS; p++) {
        uint16_t both[VB_ROWS / 2], upper[VB_ROWS / 2];
        vb_store(all[p], both);
        vb_store(odd[p], upper);
        for (int i = 0; i < VB_ROWS / 2; i++) {
            out[p * VB_ROWS + 2 * i] = (uint16_t)(both[i] - (upper[i] << 8));
            out[p * VB_ROWS + 2 * i + 1] = upper[i];
        }
    }
}

WV_TARGET
static ptrdiff_t passing(float *scores, const float *scale, ptrdiff_t n, float bar,
                         uint16_t *places) {
    const vf least = v_set1(bar);
    ptrdiff_t found = 0, i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf v = v_load(scores + i);
        if (scale) v_store(scores + i, v = v_mul(v, v_load(scale + i)));
        if (!v_any_at_least(v, least)) continue;
        for (ptrdiff_t j = i; j < i + VF_LANES; j++) {
            places[found] = (uint16_t)j; /* written over when it does not count: no branch */
            found += scores[j] >= bar;
        }
    }
    for (; i < n; i++) {
        if (scale) scores[i] *= scale[i];
        if (scores[i] >= bar) places[found++] = (uint16_t)i;
    }
    return found;
}

const wv_topk WV_SIMD(wv_topk) = {scores, scores_i8, sketch, passing};
