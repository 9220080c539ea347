#include "wv_gram.h"

WV_ISA_CHOICE(wv_gram)

ptrdiff_t wv_gram_width(const wv_gram_system *s) {
    const ptrdiff_t d = s->x.d + s->y.d + s->d_extra;
    return (d + WV_GRAM_ALIGN - 1) / WV_GRAM_ALIGN * WV_GRAM_ALIGN;
}
