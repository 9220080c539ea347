/* One vocabulary of vector operations for the instruction sets, so that a kernel is written once
 * and compiled once an ISA. A file NAME_ISA.c defines WV_SIMD_AVX2, WV_SIMD_AVX512,
 * WV_SIMD_AVX512_BF16 or WV_SIMD_NEON, includes this header, then the kernel's template. The scalar
 * kernels do not use it: they are the oracle, written on their own.
 *
 * vf is a register of VF_LANES floats; every operation is v_name. Loads and stores do not need
 * alignment. All of it carries WV_TARGET, so no build flag is needed.
 */
#ifndef WV_SIMD_H
#define WV_SIMD_H

#include "wv_common.h"

/* A loaded value that serves several operations stays in its register; otherwise compilers load it
 * anew as the memory operand of each, and loads are what runs short. */
#if defined(__GNUC__) && defined(__x86_64__)
#define V_KEEP(a) __asm__("" : "+v"(a))
#else
#define V_KEEP(a) ((void)0)
#endif

#if defined(WV_SIMD_AVX512) || defined(WV_SIMD_AVX512_BF16)
#include <immintrin.h>
#if defined(WV_SIMD_AVX512_BF16)
#include <string.h>
#define WV_TARGET                                                                                  \
    __attribute__((target("avx512bf16,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")))
#define WV_SIMD(name) name##_avx512_bf16
#else
#define WV_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")))
#define WV_SIMD(name) name##_avx512
#endif
#define V_FN static inline __attribute__((always_inline)) WV_TARGET
#define VF_LANES 16
typedef __m512 vf;
V_FN vf v_zero(void) {
    return _mm512_setzero_ps();
}
V_FN vf v_set1(float a) {
    return _mm512_set1_ps(a);
}
V_FN vf v_load(const float *p) {
    return _mm512_loadu_ps(p);
}
V_FN void v_store(float *p, vf a) {
    _mm512_storeu_ps(p, a);
}
/* n in [0, VF_LANES]: the first n lanes; the others are zero, or left as they are. */
V_FN vf v_load_n(const float *p, int n) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
V_FN void v_store_n(float *p, vf a, int n) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), a);
}
V_FN vf v_add(vf a, vf b) {
    return _mm512_add_ps(a, b);
}
V_FN vf v_sub(vf a, vf b) {
    return _mm512_sub_ps(a, b);
}
V_FN vf v_mul(vf a, vf b) {
    return _mm512_mul_ps(a, b);
}
V_FN vf v_div(vf a, vf b) {
    return _mm512_div_ps(a, b);
}
V_FN vf v_min(vf a, vf b) {
    return _mm512_min_ps(a, b);
}
V_FN vf v_max(vf a, vf b) {
    return _mm512_max_ps(a, b);
}
V_FN vf v_sqrt(vf a) {
    return _mm512_sqrt_ps(a);
}
V_FN vf v_fma(vf a, vf b, vf c) {
    return _mm512_fmadd_ps(a, b, c);
} /* a b + c */
V_FN vf v_fnma(vf a, vf b, vf c) {
    return _mm512_fnmadd_ps(a, b, c);
} /* c - a b */
/* Whether a >= b in any lane; a NaN is not. */
V_FN int v_any_at_least(vf a, vf b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ) != 0;
}
V_FN float v_sum(vf a) {
    return _mm512_reduce_add_ps(a);
}
/* out[0..3] = the sums of four registers: a transposition costs half of four reductions. */
V_FN void v_sum4(vf a, vf b, vf c, vf d, float *out) {
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const __m512d x = _mm512_castps_pd(ab), y = _mm512_castps_pd(cd);
    const __m512 s = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                                   _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
    const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1)));
}
/* 1 / sqrt(a) for a > 0 to about 2^-14 (Zen, Skylake-X): see the kernels that may use it. */
V_FN vf v_rsqrt_approx(vf a) {
    return _mm512_rsqrt14_ps(a);
}
/* 2^n for a whole n in [-126, 127]. */
V_FN vf v_exp2i(vf n) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
V_FN vf v_round(vf a) {
    return _mm512_roundscale_ps(a, 8);
}
/* a = m 2^e with m in [sqrt(1/2), sqrt(2)), a normal and positive. */
V_FN vf v_frexp(vf a, vf *e) {
    __m512i bits = _mm512_castps_si512(a);
    __m512i k = _mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f3504f3));
    __m512i ex = _mm512_srai_epi32(k, 23);
    *e = _mm512_cvtepi32_ps(ex);
    return _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(ex, 23)));
}

/* Half a register: some processors do 512 bits in two halves, and what fills one costs half. */
#define VH_LANES 8
typedef __m256 vh;
V_FN vh vh_set1(float a) {
    return _mm256_set1_ps(a);
}
V_FN vh vh_load(const float *p) {
    return _mm256_loadu_ps(p);
}
V_FN void vh_store(float *p, vh a) {
    _mm256_storeu_ps(p, a);
}
V_FN vh vh_add(vh a, vh b) {
    return _mm256_add_ps(a, b);
}
V_FN vh vh_fma(vh a, vh b, vh c) {
    return _mm256_fmadd_ps(a, b, c);
}

#if defined(WV_SIMD_AVX512_BF16)
/* vb is a register of VB_LANES numbers in bfloat16, the first half of a float (8 bits of mantissa).
 * vb_dot multiplies two by two and sums in float; only the order within a register has to agree. */
#define VB_LANES 32
typedef __m512i vb;
/* A row's floats: those of a, then those of b. Rounded to nearest, ties to even. */
V_FN vb vb_round(vf a, vf b) {
    return (vb)_mm512_cvtne2ps_pbh(b, a);
}
/* Lane i of a beside lane i of b. Rounded to nearest, ties away from zero; a NaN may be lost. */
V_FN vb vb_pair(vf a, vf b) {
    const __m512i half = _mm512_set1_epi32(0x8000);
    const __m512i x = _mm512_add_epi32(_mm512_castps_si512(a), half);
    const __m512i y = _mm512_add_epi32(_mm512_castps_si512(b), half);
    return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(x, 16), y);
}
V_FN vb vb_load(const uint16_t *p) {
    return _mm512_loadu_si512(p);
}
V_FN void vb_store(uint16_t *p, vb a) {
    _mm512_storeu_si512(p, a);
}
/* The pair p[0], p[1] in all lanes. */
V_FN vb vb_set1(const uint16_t *p) {
    int32_t both;
    memcpy(&both, p, sizeof both);
    return _mm512_set1_epi32(both);
}
/* c[i] + a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1] */
V_FN vf vb_dot(vb a, vb b, vf c) {
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}
#endif

#elif defined(WV_SIMD_AVX2)
#include <immintrin.h>
#define WV_TARGET __attribute__((target("avx2,fma,f16c")))
#define WV_SIMD(name) name##_avx2
#define V_FN static inline __attribute__((always_inline)) WV_TARGET
#define VF_LANES 8
typedef __m256 vf;
V_FN vf v_zero(void) {
    return _mm256_setzero_ps();
}
V_FN vf v_set1(float a) {
    return _mm256_set1_ps(a);
}
V_FN vf v_load(const float *p) {
    return _mm256_loadu_ps(p);
}
V_FN void v_store(float *p, vf a) {
    _mm256_storeu_ps(p, a);
}
V_FN __m256i v_mask_n(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
V_FN vf v_load_n(const float *p, int n) {
    return _mm256_maskload_ps(p, v_mask_n(n));
}
V_FN void v_store_n(float *p, vf a, int n) {
    _mm256_maskstore_ps(p, v_mask_n(n), a);
}
V_FN vf v_add(vf a, vf b) {
    return _mm256_add_ps(a, b);
}
V_FN vf v_sub(vf a, vf b) {
    return _mm256_sub_ps(a, b);
}
V_FN vf v_mul(vf a, vf b) {
    return _mm256_mul_ps(a, b);
}
V_FN vf v_div(vf a, vf b) {
    return _mm256_div_ps(a, b);
}
V_FN vf v_min(vf a, vf b) {
    return _mm256_min_ps(a, b);
}
V_FN vf v_max(vf a, vf b) {
    return _mm256_max_ps(a, b);
}
V_FN vf v_sqrt(vf a) {
    return _mm256_sqrt_ps(a);
}
V_FN vf v_fma(vf a, vf b, vf c) {
    return _mm256_fmadd_ps(a, b, c);
}
V_FN vf v_fnma(vf a, vf b, vf c) {
    return _mm256_fnmadd_ps(a, b, c);
}
V_FN int v_any_at_least(vf a, vf b) {
    return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ)) != 0;
}
V_FN float v_sum(vf a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
V_FN void v_sum4(vf a, vf b, vf c, vf d, float *out) {
    const __m256 s = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}
/* One Newton step on the 12-bit estimate: about 2^-22. */
V_FN vf v_rsqrt_approx(vf a) {
    vf y = _mm256_rsqrt_ps(a);
    vf h = _mm256_mul_ps(_mm256_set1_ps(0.5f), _mm256_mul_ps(a, y));
    return _mm256_mul_ps(y, _mm256_fnmadd_ps(h, y, _mm256_set1_ps(1.5f)));
}
V_FN vf v_exp2i(vf n) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
V_FN vf v_round(vf a) {
    return _mm256_round_ps(a, 8);
}
V_FN vf v_frexp(vf a, vf *e) {
    __m256i bits = _mm256_castps_si256(a);
    __m256i k = _mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f3504f3));
    __m256i ex = _mm256_srai_epi32(k, 23);
    *e = _mm256_cvtepi32_ps(ex);
    return _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(ex, 23)));
}

#elif defined(WV_SIMD_NEON)
#include <arm_neon.h>
#define WV_TARGET
#define WV_SIMD(name) name##_neon
#define V_FN static inline __attribute__((always_inline))
#define VF_LANES 4
typedef float32x4_t vf;
V_FN vf v_zero(void) {
    return vdupq_n_f32(0);
}
V_FN vf v_set1(float a) {
    return vdupq_n_f32(a);
}
V_FN vf v_load(const float *p) {
    return vld1q_f32(p);
}
V_FN void v_store(float *p, vf a) {
    vst1q_f32(p, a);
}
V_FN vf v_load_n(const float *p, int n) {
    float t[4] = {0, 0, 0, 0};
    for (int i = 0; i < n; i++) t[i] = p[i];
    return vld1q_f32(t);
}
V_FN void v_store_n(float *p, vf a, int n) {
    float t[4];
    vst1q_f32(t, a);
    for (int i = 0; i < n; i++) p[i] = t[i];
}
V_FN vf v_add(vf a, vf b) {
    return vaddq_f32(a, b);
}
V_FN vf v_sub(vf a, vf b) {
    return vsubq_f32(a, b);
}
V_FN vf v_mul(vf a, vf b) {
    return vmulq_f32(a, b);
}
V_FN vf v_div(vf a, vf b) {
    return vdivq_f32(a, b);
}
V_FN vf v_min(vf a, vf b) {
    return vminq_f32(a, b);
}
V_FN vf v_max(vf a, vf b) {
    return vmaxq_f32(a, b);
}
V_FN vf v_sqrt(vf a) {
    return vsqrtq_f32(a);
}
V_FN vf v_fma(vf a, vf b, vf c) {
    return vfmaq_f32(c, a, b);
}
V_FN vf v_fnma(vf a, vf b, vf c) {
    return vfmsq_f32(c, a, b);
}
V_FN int v_any_at_least(vf a, vf b) {
    return vmaxvq_u32(vcgeq_f32(a, b)) != 0;
}
V_FN float v_sum(vf a) {
    return vaddvq_f32(a);
}
V_FN void v_sum4(vf a, vf b, vf c, vf d, float *out) {
    vst1q_f32(out, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}
/* Two Newton steps on the 8-bit estimate: about 2^-22. */
V_FN vf v_rsqrt_approx(vf a) {
    vf y = vrsqrteq_f32(a);
    y = vmulq_f32(y, vrsqrtsq_f32(vmulq_f32(a, y), y));
    return vmulq_f32(y, vrsqrtsq_f32(vmulq_f32(a, y), y));
}
V_FN vf v_exp2i(vf n) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)), 23));
}
V_FN vf v_round(vf a) {
    return vrndnq_f32(a);
}
V_FN vf v_frexp(vf a, vf *e) {
    int32x4_t bits = vreinterpretq_s32_f32(a);
    int32x4_t ex = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f3504f3)), 23);
    *e = vcvtq_f32_s32(ex);
    return vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(ex, 23)));
}
#else
#error "define WV_SIMD_AVX512, WV_SIMD_AVX2 or WV_SIMD_NEON first"
#endif

/* exp(x), x clamped to [-87, 87]: 2^n times a degree-6 Taylor polynomial on [-ln2/2, ln2/2];
 * relative error below 3e-7. NaN stays NaN: x86 returns the second operand where one is NaN. */
V_FN vf v_exp(vf x) {
    x = v_min(v_set1(87.0f), v_max(v_set1(-87.0f), x));
    const vf n = v_round(v_mul(x, v_set1(1.44269504088896341f)));
    vf r = v_fnma(n, v_set1(0.693359375f), x);
    r = v_fnma(n, v_set1(-2.12194440e-4f), r);
    vf p = v_set1(1.0f / 720);
    p = v_fma(p, r, v_set1(1.0f / 120));
    p = v_fma(p, r, v_set1(1.0f / 24));
    p = v_fma(p, r, v_set1(1.0f / 6));
    p = v_fma(p, r, v_set1(0.5f));
    p = v_fma(p, r, v_set1(1.0f));
    p = v_fma(p, r, v_set1(1.0f));
    return v_mul(p, v_exp2i(n));
}

/* 1 / (1 + exp(-x)). */
V_FN vf v_sigmoid(vf x) {
    const vf one = v_set1(1.0f);
    return v_div(one, v_add(one, v_exp(v_sub(v_zero(), x))));
}

/* log(x) for normal x > 0: 2 atanh((m-1)/(m+1)) + e ln 2; relative error below 2e-7 away from 1,
 * absolute below 1e-7 near it. */
V_FN vf v_log(vf x) {
    vf e;
    const vf m = v_frexp(x, &e), one = v_set1(1.0f);
    const vf s = v_div(v_sub(m, one), v_add(m, one)), z = v_mul(s, s);
    vf p = v_set1(1.0f / 9);
    p = v_fma(p, z, v_set1(1.0f / 7));
    p = v_fma(p, z, v_set1(1.0f / 5));
    p = v_fma(p, z, v_set1(1.0f / 3));
    p = v_fma(v_mul(p, z), s, s);
    const vf lo = v_fma(e, v_set1(-2.12194440e-4f), v_mul(v_set1(2.0f), p));
    /* The exponent trick loses NaN; 0 x brings it back (and makes infinity NaN). */
    return v_fma(v_zero(), x, v_fma(e, v_set1(0.693359375f), lo));
}

#endif
