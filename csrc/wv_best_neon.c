#if defined(__aarch64__)
#define WV_SIMD_NEON
#include "wv_best_simd.h"
#else
typedef int wv_not_compiled_here;
#endif
