#include "wv_gram.h"

WV_ISA_CHOICE(wv_gram)

ptrdiff_t wv_gram_width(const wv_gram_system *s) {
    const ptrdiff_t d = s->x.d + s->y.d + s->d_extra;
    return (d + WV_GRAM_ALIGN - 1) / WV_GRAM_ALIGN * WV_GRAM_ALIGN;
}

/* A panel of doubles is the largest thing: blocks of 8 columns, each a cache line longer than its
 * rows; then a row. Floats have twice the rows and columns of a block at half the size. An inverse
 * has two panels of 8 rows. */
ptrdiff_t wv_gram_room(ptrdiff_t p) {
    return (p + 8) / 8 * (8 * WV_GRAM_DOUBLE + 8) + p + 16;
}

/* B'A, and two panels; 16 columns more, as panels start at a whole block. */
ptrdiff_t wv_gram_sandwich_room(ptrdiff_t p) {
    return p * p + 2 * wv_gram_room(p + 16);
}
