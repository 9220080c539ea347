#if defined(__x86_64__)
#include <immintrin.h>
#define WV_TARGET __attribute__((target("avx2,fma")))
#define WV_SIMD(name) name##_avx2
#define VD_LANES 4
#define WV_LANES_WITHIN(score, limit)                                                              \
    (unsigned)_mm256_movemask_pd(                                                                  \
        _mm256_cmp_pd(_mm256_loadu_pd(score), _mm256_set1_pd(limit), _CMP_LE_OQ))
#define WV_LANES_MIN _mm256_min_pd
#define WV_LANES_MAX _mm256_max_pd
#include "wv_hyper_simd.h"
#else
typedef int wv_not_compiled_here;
#endif
