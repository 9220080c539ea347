/* Detection by cpuid and xgetbv: __builtin_cpu_supports needs a runtime that not every compiler
 * links. An instruction set counts only when the operating system saves its registers. */
#include "wv_cpu.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>

static uint64_t xgetbv0(void) {
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return ((uint64_t)hi << 32) | lo;
}

uint32_t wv_cpu_isas(void) {
    uint32_t found = 1u << WV_ISA_SCALAR;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
    const int fma = (c >> 12) & 1, osxsave = (c >> 27) & 1, avx = (c >> 28) & 1,
              f16c = (c >> 29) & 1;
    if (!osxsave || !avx) return found;
    const uint64_t saved = xgetbv0();
    if ((saved & 0x6) != 0x6) return found;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
    if (fma && f16c && ((b >> 5) & 1)) found |= 1u << WV_ISA_AVX2;
    /* F, DQ, BW and VL: what every server part since 2017 has together. */
    const unsigned avx512 = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
    if ((found >> WV_ISA_AVX2) & ((b & avx512) == avx512) && (saved & 0xE6) == 0xE6)
        found |= 1u << WV_ISA_AVX512;
    /* Products of bfloat16 at the rate of floats, as in AMD's Zen 4 and 5. Where a processor has
     * tiles for them too (AMX), those of vectors are slow: half the rate of floats' on Intel's
     * Emerald Rapids (libxsmm/tpp-mlir, pull request 1025). */
    const int tiles = (d >> 22) & 1;
    if ((found >> WV_ISA_AVX512) & 1 && a >= 1 && !tiles &&
        __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5) & 1)
        found |= 1u << WV_ISA_AVX512_BF16;
    return found;
}

#elif defined(__aarch64__)
uint32_t wv_cpu_isas(void) {
    return (1u << WV_ISA_SCALAR) | (1u << WV_ISA_NEON);
}
#else
uint32_t wv_cpu_isas(void) {
    return 1u << WV_ISA_SCALAR;
}
#endif
