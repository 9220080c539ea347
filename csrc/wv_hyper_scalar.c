/* 128-bit vectors, which SSE2 and NEON have in every x86-64 and aarch64 processor. */
#define WV_TARGET
#define WV_SIMD(name) name##_scalar
#define VD_LANES 2
#include "wv_hyper_simd.h"
