/* The reference: each row is added to G as a whole, without panels. */
#include "wv_gram.h"

#include <string.h>

static ptrdiff_t put(const wv_gram_side *side, int32_t id, int64_t j, double *z) {
    for (ptrdiff_t i = 0; i < side->d; i++)
        z[i] = side->scale[j] * (double)side->rows[id * side->stride + i];
    return side->d;
}

static void gram(const wv_gram_system *s, double *restrict panel, double *restrict G) {
    const ptrdiff_t p = wv_gram_width(s);
    memset(G, 0, (size_t)(p * p) * sizeof *G);
    memset(panel, 0, (size_t)p * sizeof *panel);
    for (int64_t j = 0; j < s->n; j++) {
        double *z = panel;
        z += put(&s->x, s->ids[j], j, z);
        z += put(&s->y, s->ids[j], j, z);
        for (ptrdiff_t i = 0; i < s->d_extra; i++) z[i] = s->extra[j * s->d_extra + i];
        for (ptrdiff_t r = 0; r < p; r++)
            for (ptrdiff_t c = r; c < p; c++) G[r * p + c] += panel[r] * panel[c];
    }
}

static void dots(const int32_t *ids, int64_t n, const float *X, ptrdiff_t d, ptrdiff_t stride,
                 const double *w, double *out) {
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (ptrdiff_t i = 0; i < d; i++) sum += (double)X[ids[j] * stride + i] * w[i];
        out[j] = sum;
    }
}

const wv_gram wv_gram_scalar = {gram, dots};
