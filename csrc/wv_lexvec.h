/* LexVec (Salle, Idiart & Villavicencio 2016, "Matrix factorization using window sampling and
 * negative sampling for improved word representations", eq. 2 to 4): positive pointwise mutual
 * information is factorised by weighted reconstruction. Over windows and noise the loss is
 *   sum_wc X_wc 1/2 (w.c - M_wc)^2 + negative sum_w X_w. E_{n ~ P} 1/2 (w.n - M_wn)^2,
 *   M_wc = max(0, log X_wc - log X_w. - log P'(c)), and 0 where X_wc is 0,
 * P' being the smoothed distribution of contexts (Levy, Goldberg & Dagan 2015, section 3.2). It is
 * minimised by stochastic gradient descent over tiles of counts: inputs w of one tile of words,
 * outputs c of another, noise among the outputs of the tile.
 *
 * Visits. A cell is n = ceil(X / cap) visits of weight X / n, shuffled; an epoch has 2^bits parts,
 * and the visits of a cell belong to them evenly, at random.
 *
 * Noise. In the tile of outputs T, w must meet noise of weight N = X_w. P(T) times each of
 * `negative` draws from P(. | T). The visits of w weigh S in all, so the noise of a visit has
 * min(N / S, 2) of its weight; what is left of N comes as visits without a cell.
 */
#ifndef WV_LEXVEC_H
#define WV_LEXVEC_H

#include "wv_sgns.h"
#include "wv_tile.h"
#include "wv_vec.h"

typedef struct wv_lexvec_model {
    float *words, *contexts;  /* (V, stride): rows of `stride` floats, zero beyond the dimension */
    ptrdiff_t stride;         /* a multiple of 16 */
    int32_t k;                /* word w is number w / k of tile w mod k */
    const wv_alias *noise;    /* (V,): tile after tile, an alias table of P(. | tile) each */
    const int64_t *starts;    /* (k + 1,): where the tables start */
    const double *share;      /* (k,): P(tile) */
    const double *mass;       /* (V,): X_w. */
    const float *word_log;    /* (V,): log X_w. */
    const float *context_log; /* (V,): log P'(c) */
    int32_t negative;         /* >= 1, noise words for each visit */
    int32_t bits;             /* in [0, 16] */
    float cap;                /* > 0 */
    const wv_vec *vec;
} wv_lexvec_model;

typedef struct wv_lexvec_unit {
    int32_t in_tile, out_tile;
    wv_tile cells;  /* rows are inputs */
    wv_tile mirror; /* rows are outputs; row_ptr NULL where the matrix is not symmetric. Cells on
                       the diagonal of the matrix count in `cells` alone */
    uint64_t key;   /* of (seed, epoch, unit): the same for all parts */
    uint32_t part;  /* in [0, 2^bits) */
    float alpha;
} wv_lexvec_unit;

typedef struct wv_lexvec_stats {
    double loss;    /* sum over visits of weight times loss, noise included */
    int64_t visits; /* those without a cell included */
} wv_lexvec_stats;

/* A thread's buffers; they grow as units need it. */
typedef struct wv_lexvec_worker wv_lexvec_worker;
wv_lexvec_worker *wv_lexvec_worker_new(const wv_lexvec_model *model);
void wv_lexvec_worker_free(wv_lexvec_worker *worker);

/* Trains one part of a unit. The tiles are sound: checked by the caller. WV_ERR_RANGE for a count
 * that is not in (0, 2^30 cap], WV_ERR_MEMORY, WV_ERR_NONFINITE when the loss is no number. The
 * words and contexts of the unit must not be in use by another thread. */
wv_status wv_lexvec_train(const wv_lexvec_model *model, wv_lexvec_worker *worker,
                          const wv_lexvec_unit *unit, wv_lexvec_stats *stats);

#endif
