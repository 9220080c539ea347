#if defined(__x86_64__)
#define WV_SIMD_AVX512_BF16
#include "wv_sgns_simd.h"
#else
typedef int wv_not_compiled_here;
#endif
