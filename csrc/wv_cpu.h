/* Which instruction sets this machine has. Asked once, at import: a cpuid can trap and cost
 * microseconds in a virtual machine. */
#ifndef WV_CPU_H
#define WV_CPU_H

#include "wv_common.h"

/* In rising order of preference on one architecture. */
typedef enum wv_isa {
    WV_ISA_SCALAR = 0,
    WV_ISA_NEON = 1,
    WV_ISA_AVX2 = 2,
    WV_ISA_AVX512 = 3,
    WV_ISA_AVX512_BF16 = 4
} wv_isa;
#define WV_ISA_COUNT 5

/* A family of kernels is a struct of functions, NAME, and one of it an instruction set:
 * NAME_scalar, NAME_avx2 ... WV_ISA_TABLES, in its header, declares them and the function that
 * chooses, NAME_for; WV_ISA_CHOICE, in its .c, defines that. Where an instruction set is not
 * compiled in, the scalar one serves. A family with kernels in bfloat16 takes the macros with
 * _BF16; for the others AVX-512 serves there. */
#if defined(__x86_64__)
#define WV_ISA_TABLES_BEST(name, best)                                                             \
    extern const name name##_scalar, name##_avx2, name##_avx512, name##_##best;                    \
    const name *name##_for(wv_isa isa)
#define WV_ISA_CHOICE_BEST(name, best)                                                             \
    const name *name##_for(wv_isa isa) {                                                           \
        if (isa == WV_ISA_AVX512_BF16) return &name##_##best;                                      \
        if (isa == WV_ISA_AVX512) return &name##_avx512;                                           \
        if (isa == WV_ISA_AVX2) return &name##_avx2;                                               \
        return &name##_scalar;                                                                     \
    }
#define WV_ISA_TABLES(name) WV_ISA_TABLES_BEST(name, avx512)
#define WV_ISA_CHOICE(name) WV_ISA_CHOICE_BEST(name, avx512)
#define WV_ISA_TABLES_BF16(name) WV_ISA_TABLES_BEST(name, avx512_bf16)
#define WV_ISA_CHOICE_BF16(name) WV_ISA_CHOICE_BEST(name, avx512_bf16)
#elif defined(__aarch64__)
#define WV_ISA_TABLES(name)                                                                        \
    extern const name name##_scalar, name##_neon;                                                  \
    const name *name##_for(wv_isa isa)
#define WV_ISA_CHOICE(name)                                                                        \
    const name *name##_for(wv_isa isa) {                                                           \
        return isa == WV_ISA_NEON ? &name##_neon : &name##_scalar;                                 \
    }
#else
#define WV_ISA_TABLES(name)                                                                        \
    extern const name name##_scalar;                                                               \
    const name *name##_for(wv_isa isa)
#define WV_ISA_CHOICE(name)                                                                        \
    const name *name##_for(wv_isa isa) {                                                           \
        (void)isa;                                                                                 \
        return &name##_scalar;                                                                     \
    }
#endif
#if !defined(__x86_64__)
#define WV_ISA_TABLES_BF16(name) WV_ISA_TABLES(name)
#define WV_ISA_CHOICE_BF16(name) WV_ISA_CHOICE(name)
#endif

/* Bit i is set when wv_isa i can run here; bit 0 always is. */
uint32_t wv_cpu_isas(void);

#endif
