#include "wv_gram.h"

const wv_gram_table *wv_gram_for(wv_isa isa) {
#if defined(__x86_64__)
    if (isa == WV_ISA_AVX512) return &wv_gram_avx512;
    if (isa == WV_ISA_AVX2) return &wv_gram_avx2;
#elif defined(__aarch64__)
    if (isa == WV_ISA_NEON) return &wv_gram_neon;
#endif
    (void)isa;
    return &wv_gram_scalar;
}

ptrdiff_t wv_gram_width(const wv_gram_system *s) {
    const ptrdiff_t d = s->x.d + s->y.d + s->d_extra;
    return (d + WV_GRAM_ALIGN - 1) / WV_GRAM_ALIGN * WV_GRAM_ALIGN;
}
