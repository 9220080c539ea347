/* The reference: each row is added to G as a whole, without panels; an inverse by its Cholesky
 * factor. */
#include "wv_gram.h"

#include <math.h>
#include <string.h>

static ptrdiff_t put(const wv_gram_side *side, int32_t id, int64_t j, double *z) {
    for (ptrdiff_t i = 0; i < side->d; i++)
        z[i] = side->scale[j] * (double)side->rows[id * side->stride + i];
    return side->d;
}

static void gram(const wv_gram_system *s, double *restrict room, double *restrict G) {
    const ptrdiff_t p = wv_gram_width(s);
    memset(G, 0, (size_t)(p * p) * sizeof *G);
    memset(room, 0, (size_t)p * sizeof *room);
    for (int64_t j = 0; j < s->n; j++) {
        double *z = room;
        z += put(&s->x, s->ids[j], j, z);
        z += put(&s->y, s->ids[j], j, z);
        for (ptrdiff_t i = 0; i < s->d_extra; i++) z[i] = s->extra[j * s->d_extra + i];
        for (ptrdiff_t r = 0; r < p; r++)
            for (ptrdiff_t c = r; c < p; c++) G[r * p + c] += room[r] * room[c];
    }
}

/* M = U'U, U upper; then V = U^-1 in its place; then V V'. */
static double invert(double *restrict M, ptrdiff_t n, ptrdiff_t p, double *restrict room) {
    double least = INFINITY, most = 0;
    (void)room;
    for (ptrdiff_t k = 0; k < n; k++) {
        double pivot = M[k * p + k];
        for (ptrdiff_t i = 0; i < k; i++) pivot -= M[i * p + k] * M[i * p + k];
        if (!(pivot > 0 && pivot < INFINITY)) return 0;
        least = pivot < least ? pivot : least;
        most = pivot > most ? pivot : most;
        M[k * p + k] = sqrt(pivot);
        for (ptrdiff_t c = k + 1; c < n; c++) {
            double sum = M[k * p + c];
            for (ptrdiff_t i = 0; i < k; i++) sum -= M[i * p + k] * M[i * p + c];
            M[k * p + c] = sum / M[k * p + k];
        }
    }
    for (ptrdiff_t c = n - 1; c >= 0; c--) { /* from the last: a column needs U left of it */
        M[c * p + c] = 1 / M[c * p + c];
        for (ptrdiff_t r = c - 1; r >= 0; r--) {
            double sum = 0;
            for (ptrdiff_t i = r + 1; i <= c; i++) sum += M[r * p + i] * M[i * p + c];
            M[r * p + c] = -sum / M[r * p + r];
        }
    }
    for (ptrdiff_t r = 0; r < n; r++)
        for (ptrdiff_t c = r; c < n; c++) {
            double sum = 0;
            for (ptrdiff_t i = c; i < n; i++) sum += M[r * p + i] * M[c * p + i];
            M[r * p + c] = sum;
        }
    return least / most;
}

static void sandwich(const wv_gram_sandwich *s, double *restrict room, double *restrict S) {
    const ptrdiff_t n = s->n, p = s->p;
    double *const T = room; /* AB */
    memset(T, 0, (size_t)(p * p) * sizeof *T);
    memset(S, 0, (size_t)(p * p) * sizeof *S);
    for (ptrdiff_t r = 0; r < n; r++)
        for (ptrdiff_t k = 0; k < n; k++)
            for (ptrdiff_t c = 0; c < n; c++)
                T[r * p + c] += s->A[r * s->a_stride + k] * s->B[k * s->b_stride + c];
    for (ptrdiff_t r = 0; r < n; r++)
        for (ptrdiff_t k = 0; k < n; k++)
            for (ptrdiff_t c = s->symmetric ? r : 0; c < n; c++)
                S[r * p + c] += T[r * p + k] * s->C[k * s->c_stride + c];
}

static void dots(const int32_t *ids, int64_t n, const float *X, ptrdiff_t d, ptrdiff_t stride,
                 const double *w, double *out) {
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (ptrdiff_t i = 0; i < d; i++) sum += (double)X[ids[j] * stride + i] * w[i];
        out[j] = sum;
    }
}

/* It is the oracle of what multiplies floats too. */
const wv_gram wv_gram_scalar = {gram, gram, invert, sandwich, sandwich, dots};
