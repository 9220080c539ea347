#if defined(__x86_64__)
#include <immintrin.h>
#define WV_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx2,fma")))
#define WV_SIMD(name) name##_avx512
#define VD_LANES 8
#define WV_LANES_WITHIN(score, limit)                                                              \
    (unsigned)_mm512_cmp_pd_mask(_mm512_loadu_pd(score), _mm512_set1_pd(limit), _CMP_LE_OQ)
#define WV_LANES_MIN _mm512_min_pd
#define WV_LANES_MAX _mm512_max_pd
#include "wv_hyper_simd.h"
#else
typedef int wv_not_compiled_here;
#endif
