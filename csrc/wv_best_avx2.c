#if defined(__x86_64__)
#define WV_SIMD_AVX2
#include "wv_best_simd.h"
#else
typedef int wv_not_compiled_here;
#endif
