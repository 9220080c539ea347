/* The kernels, as loops over STRIP candidates that compilers vectorise by themselves for each
 * instruction set: sums, comparisons and counts, no reduction of floats. So all give one result. */
#include "wv_analogy.h"

#define STRIP 256
#define LANES 16 /* divides STRIP */
#define LOOP static inline __attribute__((always_inline)) WV_TARGET

LOOP void reciprocals(const wv_analogy_solver solver, const float *restrict x, ptrdiff_t n,
                      float *restrict out) {
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] =
            solver == WV_ANALOGY_3COSMUL ? wv_analogy_below_mul(x[i]) : wv_analogy_below_pair(x[i]);
}

WV_TARGET
static void prepare(wv_analogy_solver solver, const float *G, ptrdiff_t rows, ptrdiff_t n,
                    ptrdiff_t s, float *below) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        if (solver == WV_ANALOGY_3COSMUL)
            reciprocals(WV_ANALOGY_3COSMUL, G + r * s, n, below + r * s);
        else if (solver == WV_ANALOGY_PAIRDISTANCE)
            reciprocals(WV_ANALOGY_PAIRDISTANCE, G + r * s, n, below + r * s);
    }
}

/* What a question reads at one strip: (n,) cosines or reciprocals. */
typedef struct strip {
    const float *a, *b, *c;
    float shift;
    int n;
} strip;

/* How many scores are >= answer; *better: how many are above best. */
LOOP int32_t count(const wv_analogy_solver solver, const strip *s, float answer, float best,
                   int32_t *better) {
    const float *restrict a = s->a, *restrict b = s->b, *restrict c = s->c;
    const float shift = s->shift;
    const int n = s->n;
    int32_t above = 0, beyond = 0;
    for (int i = 0; i < n; i++) {
        const float score = wv_analogy_value(solver, a[i], b[i], c[i], shift);
        above += score >= answer;
        beyond += score > best;
    }
    *better = beyond;
    return above;
}

/* The strip at candidate `id` for question k, without the candidates that do not count. */
LOOP void look(const wv_analogy_solver solver, const strip *s, const wv_analogy_questions *q,
               ptrdiff_t k, int32_t id) {
    const float *restrict a = s->a, *restrict b = s->b, *restrict c = s->c;
    const float shift = s->shift, answer = q->answer[k];
    const int n = s->n;
    float score[STRIP], best = q->best[k];
    for (int i = 0; i < n; i++) score[i] = wv_analogy_value(solver, a[i], b[i], c[i], shift);
    for (int j = 0; j < WV_ANALOGY_SKIP; j++) {
        const int32_t skip = q->skip[WV_ANALOGY_SKIP * k + j];
        if (skip >= id && skip - id < n) score[skip - id] = -INFINITY;
    }
    int32_t above = 0;
    for (int i = 0; i < n; i++) above += score[i] >= answer;
    q->above[k] += above;
    /* A maximum per lane: one maximum of all would wait for each comparison in turn. */
    float most[LANES];
    for (int l = 0; l < LANES; l++) most[l] = best;
    for (int i = n; i < STRIP; i++) score[i] = -INFINITY;
    for (int i = 0; i < STRIP; i += LANES)
        for (int l = 0; l < LANES; l++) most[l] = score[i + l] > most[l] ? score[i + l] : most[l];
    for (int l = 0; l < LANES; l++) best = most[l] > best ? most[l] : best;
    if (!(best > q->best[k])) return;
    int at = 0;
    while (score[at] != best) at++; /* the first of equals */
    q->best[k] = best;
    q->best_id[k] = id + at;
}

LOOP void scan_with(const wv_analogy_solver solver, const wv_analogy_questions *q, const float *G,
                    const float *below, ptrdiff_t n, ptrdiff_t s, int32_t first) {
    const float *for_a = solver == WV_ANALOGY_3COSMUL ? below : G;
    const float *for_c = solver == WV_ANALOGY_PAIRDISTANCE ? below : G;
    for (ptrdiff_t start = 0; start < n; start += STRIP) {
        const int size = n - start < STRIP ? (int)(n - start) : STRIP;
        const int32_t id = first + (int32_t)start;
        for (ptrdiff_t k = 0; k < q->questions; k++) {
            const int32_t *word = q->words + 3 * k, *skip = q->skip + WV_ANALOGY_SKIP * k;
            const strip here = {for_a + word[0] * s + start, G + word[1] * s + start,
                                for_c + word[2] * s + start, q->shift[k], size};
            int32_t better;
            const int32_t above = count(solver, &here, q->answer[k], q->best[k], &better);
            int skipped = 0;
            for (int j = 0; j < WV_ANALOGY_SKIP; j++)
                skipped |= skip[j] >= id && skip[j] - id < size;
            if (WV_LIKELY(!better && !skipped))
                q->above[k] += above;
            else
                look(solver, &here, q, k, id);
        }
    }
}

WV_TARGET
static void scan(const wv_analogy_questions *q, const float *G, const float *below, ptrdiff_t n,
                 ptrdiff_t s, int32_t first) {
    if (q->solver == WV_ANALOGY_3COSMUL)
        scan_with(WV_ANALOGY_3COSMUL, q, G, below, n, s, first);
    else if (q->solver == WV_ANALOGY_PAIRDISTANCE)
        scan_with(WV_ANALOGY_PAIRDISTANCE, q, G, below, n, s, first);
    else
        scan_with(WV_ANALOGY_3COSADD, q, G, below, n, s, first);
}

const wv_analogy WV_SIMD(wv_analogy) = {prepare, scan};
