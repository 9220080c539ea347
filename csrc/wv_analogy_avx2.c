#if defined(__x86_64__)
#define WV_SIMD_AVX2
#include "wv_simd.h"

#include "wv_analogy_loops.h"
#else
typedef int wv_not_compiled_here;
#endif
