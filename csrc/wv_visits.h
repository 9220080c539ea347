/* Training on counts by visits to the cells of tiles, for losses over pairs of a word and a
 * context, sum_wc X_wc L(w.c, c) + k sum_w X_w. E_{n ~ P} L'(w.n, n),   X_w. = sum_c X_wc, the sums
 * that a stream of windows with k noise words per pair minimises in expectation. A unit is inputs w
 * of one tile of words, outputs c of another, noise among the outputs of the tile. The step, a
 * function of wv_sgns.h, is a parameter: logistic: L = -log s(w.c), L' = -log s(-w.n): skip-gram
 * with negative sampling (Levy & Goldberg 2014, "Neural word embedding as implicit matrix
 * factorization", eq. 4); squares: L = L' = 1/2 (w.c - M_wc)^2, M positive pointwise mutual
 * information (wv_ppmi.h): LexVec (Salle, Idiart & Villavicencio 2016, "Matrix factorization using
 * window sampling and negative sampling for improved word representations", eq. 2 to 4).
 *
 * Visits. A cell is n = ceil(X / cap) visits of weight X / n. An epoch has 2^bits parts and each
 * visit belongs to one of them, at random, the visits of one cell evenly.
 *
 * Noise. In the tile of outputs T, input w must meet noise of weight N = X_w. P(T) times each of k
 * draws from P(. | T): then the sum over tiles is the global noise. The visits of w in T weigh
 * S = sum of X_wc over T, which for rare words is far from N, so the noise of a visit has weight
 * min(N / S, most) of the visit's; what of N is left comes as visits without a cell.
 *
 * Groups. As in the stream, up to `group` inputs of one output share one set of noise.
 */
#ifndef WV_VISITS_H
#define WV_VISITS_H

#include "wv_sgns.h"
#include "wv_tile.h"
#include "wv_vec.h"

typedef struct wv_visits_model {
    float *in, *out;         /* (V, stride): rows of `stride` floats, zero beyond the dimension */
    ptrdiff_t stride;        /* a multiple of 16 */
    int32_t k;               /* word w is number w / k of tile w mod k */
    const wv_alias *noise;   /* (V,): tile after tile, an alias table of P(. | tile) each */
    const int64_t *starts;   /* (k + 1,): where the tables start */
    const double *share;     /* (k,): P(tile) */
    const double *mass;      /* (V,): X_w. */
    int32_t negative;        /* >= 1, noise words a pair */
    int32_t group;           /* >= 1 */
    int32_t bits;            /* in [0, 16] */
    float cap;               /* > 0 */
    wv_sgns_step step;       /* a step with shared noise */
    const double *out_share; /* (V,): P'(c), for `squares`; NULL: labels are +1 and -1 */
    const wv_vec *vec;       /* for `squares` */
} wv_visits_model;

typedef struct wv_visits_unit {
    int32_t in_tile, out_tile;
    wv_tile cells;  /* rows are inputs */
    wv_tile mirror; /* rows are outputs; row_ptr NULL where the matrix is not symmetric. Cells
                             on the diagonal of the matrix count in `cells` alone */
    uint64_t key;   /* of (seed, epoch, unit): the same for all parts */
    uint32_t part;  /* in [0, 2^bits) */
    float alpha;
} wv_visits_unit;

typedef struct wv_visits_stats {
    double loss;   /* sum over visits of weight times loss, noise included */
    double weight; /* sum of the visits' weights, those without a cell not counted */
    int64_t visits, noise_visits;
} wv_visits_stats;

/* A thread's buffers; they grow as units need it. */
typedef struct wv_visits_worker wv_visits_worker;
wv_visits_worker *wv_visits_worker_new(const wv_visits_model *model);
void wv_visits_worker_free(wv_visits_worker *worker);

/* Trains one part of the cells of a unit. Rows that rise and fit their tile are validated by the
 * caller; WV_ERR_RANGE for a column beyond its tile or a count not in (0, 2^30 cap], WV_ERR_MEMORY,
 * WV_ERR_NONFINITE when the loss is no number. Inputs and outputs of the unit must not be in use by
 * another thread. */
wv_status wv_visits_train(const wv_visits_model *model, wv_visits_worker *worker,
                          const wv_visits_unit *unit, wv_visits_stats *stats);

#endif
