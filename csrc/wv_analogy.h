/* The inner loop of analogy questions: where the accepted answer stands among all candidates.
 * Solvers: Mikolov et al. (2013) "Linguistic regularities", Levy & Goldberg (2014), equations 3
 * (additive), 4 (multiplicative) and 2 (pair direction). An answer must beat all others: equal
 * scores count against it, so that vectors that do not tell words apart cannot score.
 *
 * A question a : b :: c : ? is a function of three cosines of a candidate x: to a, to b and to c.
 * There are thousands of questions over a few hundred words, so the caller computes the cosines of
 * those words to a block of candidates once, as a matrix product, and each question then reads
 * three rows of it. Blocks come one after the other; the results run on.
 */
#ifndef WV_ANALOGY_H
#define WV_ANALOGY_H

#include "wv_cpu.h"

#include <math.h>

typedef enum wv_analogy_solver {
    WV_ANALOGY_3COSADD = 0, /* cos(x, b) - cos(x, a) + cos(x, c) */
    WV_ANALOGY_3COSMUL = 1, /* cos'(x, b) cos'(x, c) / (cos'(x, a) + .001), cos' = (1 + cos) / 2 */
    WV_ANALOGY_PAIRDISTANCE = 2 /* cos(b - a, x - c) times |b - a|, which is one for all x */
} wv_analogy_solver;
#define WV_ANALOGY_SOLVERS 3

#define WV_ANALOGY_SKIP 4 /* candidates that a question does not count: a, b, c and its answer */

typedef struct wv_analogy_questions {
    wv_analogy_solver solver;
    ptrdiff_t questions;
    const int32_t *words; /* (questions, 3): rows of the cosine block for a, b, c */
    const int32_t *skip;  /* (questions, WV_ANALOGY_SKIP): candidate ids, or -1 */
    const float *shift;   /* (questions,): cos(b, c) - cos(a, c); used by PAIRDISTANCE */
    const float *answer;  /* (questions,): the score of the accepted answer */
    float *best;          /* (questions,): highest score of any other candidate so far */
    int32_t *best_id;     /* (questions,): its id; the lower one of equals */
    int32_t *above;       /* (questions,): other candidates whose score is >= the answer's */
} wv_analogy_questions;

typedef struct wv_analogy {
    /* The reciprocals that 3COSMUL and PAIRDISTANCE divide by, once per word and not once per
     * question; G and below: (rows, n), row stride s. Writes nothing for 3COSADD. */
    void (*prepare)(wv_analogy_solver solver, const float *G, ptrdiff_t rows, ptrdiff_t n,
                    ptrdiff_t s, float *below);
    /* Candidates first, ..., first + n - 1, whose cosines are G and reciprocals `below` (of
     * prepare): (rows, n), row stride s. Ids and rows are validated by the caller. */
    void (*scan)(const wv_analogy_questions *q, const float *G, const float *below, ptrdiff_t n,
                 ptrdiff_t s, int32_t first);
} wv_analogy;

WV_ISA_TABLES(wv_analogy);

/* -- the score of one candidate, of its cosines to a, b and c ------------------------------------
 */

#define WV_ANALOGY_EPSILON 0.001f /* Levy & Goldberg's, against division by zero */
/* A candidate that coincides with c has no direction from it: score 0. */
#define WV_ANALOGY_NEAREST 1e-12f

/* The reciprocals that a word contributes when it is a (multiplicative) or c (direction). */
static inline float wv_analogy_below_mul(float xa) {
    return 1 / (1 + xa + 2 * WV_ANALOGY_EPSILON);
}
static inline float wv_analogy_below_pair(float xc) {
    const float squared = 2 - 2 * xc; /* |x - c|^2 of unit vectors */
    return 1 / sqrtf(squared > WV_ANALOGY_NEAREST ? squared : WV_ANALOGY_NEAREST);
}

/* For the solvers that divide, the reciprocals in place of a or of c. */
static inline float wv_analogy_value(wv_analogy_solver solver, float xa, float xb, float xc,
                                     float shift) {
    switch (solver) {
    case WV_ANALOGY_3COSMUL:
        return 0.5f * (1 + xb) * (1 + xc) * xa;
    case WV_ANALOGY_PAIRDISTANCE:
        return (xb - xa - shift) * xc;
    default:
        return xb - xa + xc;
    }
}

static inline float wv_analogy_score(wv_analogy_solver solver, float xa, float xb, float xc,
                                     float shift) {
    if (solver == WV_ANALOGY_3COSMUL) xa = wv_analogy_below_mul(xa);
    if (solver == WV_ANALOGY_PAIRDISTANCE) xc = wv_analogy_below_pair(xc);
    return wv_analogy_value(solver, xa, xb, xc, shift);
}

#endif
