#if defined(__aarch64__)
#define WV_SIMD_NEON
#include "wv_simd.h"

#include "wv_analogy_loops.h"
#else
typedef int wv_not_compiled_here;
#endif
