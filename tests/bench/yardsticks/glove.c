/* What this machine can do at GloVe: one thread, nothing checked and nothing saved.
 *
 *   glove CELLS WORDS DIM SIDE EPOCHS
 *
 * CELLS holds (int32 row, int32 column, float count), a pair of words once; every cell off the
 * diagonal stands for its mirror image too. The cells of both directions are dealt to SIDE x SIDE
 * tiles by their words, shuffled within a tile, and their logarithms and weights taken before the
 * clock runs. Prints the CPU seconds of each epoch. */
#include "wide.h"

enum { AHEAD = 8 };
static const float X_MAX = 10, RATE = 0.05f;

typedef struct {
    int32_t row, column;
    float count;
} stored;
typedef struct {
    int32_t row, column;
    float log_x, weight;
} cell;

static int64_t stride;
static float *words, *contexts; /* (V, 2 stride): values, then sums of squared steps */
static float *word_bias, *context_bias, *word_sum, *context_sum;

static void step(const cell *x) {
    float *w = words + x->row * 2 * stride, *c = contexts + x->column * 2 * stride;
    wide dot = {0};
    for (int64_t k = 0; k < stride; k += LANES) dot += *(wide *)(w + k) * *(wide *)(c + k);
    const float e = sum_of(dot) + word_bias[x->row] + context_bias[x->column] - x->log_x;
    const float g = RATE * x->weight * e;
    for (int64_t k = 0; k < stride; k += LANES) {
        const wide vw = *(wide *)(w + k), vc = *(wide *)(c + k);
        const wide sw = *(wide *)(w + stride + k), sc = *(wide *)(c + stride + k);
        const wide a = g * vc, b = g * vw;
        *(wide *)(w + k) = vw - a * inverse_root(sw);
        *(wide *)(c + k) = vc - b * inverse_root(sc);
        *(wide *)(w + stride + k) = sw + a * a;
        *(wide *)(c + stride + k) = sc + b * b;
    }
    word_bias[x->row] -= g / sqrtf(word_sum[x->row]);
    context_bias[x->column] -= g / sqrtf(context_sum[x->column]);
    word_sum[x->row] += g * g;
    context_sum[x->column] += g * g;
}

static float *filled(int64_t n, float value) {
    float *p = need(malloc((size_t)n * sizeof *p));
    for (int64_t i = 0; i < n; i++) p[i] = value;
    return p;
}

int main(int n_args, char **args) {
    if (n_args != 6) return fprintf(stderr, "usage: glove CELLS WORDS DIM SIDE EPOCHS\n"), 2;
    int64_t size;
    const stored *from = contents(args[1], &size);
    const int64_t n = size / (int64_t)sizeof *from, v = atoll(args[2]), side = atoll(args[4]);
    const int dim = atoi(args[3]), epochs = atoi(args[5]);
    stride = (dim + LANES - 1) / LANES * LANES;

    int64_t *first = need(calloc((size_t)(side * side + 1), sizeof *first)), total = 0;
    int64_t *next = need(malloc((size_t)(side * side) * sizeof *next));
#define TILE(i, j) ((i) % side * side + (j) % side)
    for (int64_t i = 0; i < n; i++) {
        first[TILE(from[i].row, from[i].column) + 1]++;
        if (from[i].row != from[i].column) first[TILE(from[i].column, from[i].row) + 1]++;
    }
    for (int64_t t = 0; t < side * side; t++)
        next[t] = total, total += first[t + 1], first[t + 1] = total;
    cell *cells = need(malloc((size_t)total * sizeof *cells));
    for (int64_t i = 0; i < n; i++) {
        const float log_x = logf(from[i].count),
                    weight = fminf(1, expf(0.75f * (log_x - logf(X_MAX))));
        const cell x = {from[i].row, from[i].column, log_x, weight};
        cells[next[TILE(x.row, x.column)]++] = x;
        if (x.row != x.column)
            cells[next[TILE(x.column, x.row)]++] = (cell){x.column, x.row, log_x, weight};
    }
    uint64_t state = 1;
    for (int64_t t = 0; t < side * side; t++)
        for (int64_t i = first[t + 1] - 1; i > first[t]; i--) {
            const int64_t j = first[t] + (int64_t)(draw(&state) % (uint64_t)(i - first[t] + 1));
            const cell x = cells[i];
            cells[i] = cells[j];
            cells[j] = x;
        }

    words = matrix(v, 2 * stride);
    contexts = matrix(v, 2 * stride);
    for (int64_t i = 0; i < v * 2 * stride; i++) {
        const int64_t k = i % (2 * stride);
        if (k >= stride) words[i] = contexts[i] = 1;
        if (k >= dim) continue;
        words[i] = ((float)(draw(&state) >> 40) * 0x1p-24f - 0.5f) / (float)dim;
        contexts[i] = ((float)(draw(&state) >> 40) * 0x1p-24f - 0.5f) / (float)dim;
    }
    word_bias = filled(v, 0);
    context_bias = filled(v, 0);
    word_sum = filled(v, 1);
    context_sum = filled(v, 1);

    for (int e = 0; e < epochs; e++) {
        const double begin = cpu_seconds();
        for (int64_t d = 0; d < side; d++)
            for (int64_t i = 0; i < side; i++) {
                const int64_t t = i * side + (i + d) % side;
                for (int64_t q = first[t]; q < first[t + 1]; q++) {
                    if (q + AHEAD < first[t + 1]) {
                        fetch(words + cells[q + AHEAD].row * 2 * stride, (int)(2 * stride));
                        fetch(contexts + cells[q + AHEAD].column * 2 * stride, (int)(2 * stride));
                    }
                    step(cells + q);
                }
            }
        printf("%.4f\n", cpu_seconds() - begin);
    }
    return 0;
}
