/* Skip-gram with negative sampling from counts: gradient ascent on
 *   sum_wc X_wc log s(w.c) + k sum_w X_w. E_{n ~ P} log s(-w.n),   X_w. = sum_c X_wc,
 * what word2vec's stream maximises in expectation (Levy & Goldberg 2014, "Neural word embedding as
 * implicit matrix factorization", eq. 4), a tile at a time: inputs w of one tile of words, outputs
 * c of another, noise among the outputs of the tile. The arithmetic is wv_sgns.h's step.
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
#ifndef WV_SGNS_TILE_H
#define WV_SGNS_TILE_H

#include "wv_sgns.h"
#include "wv_tile.h"

typedef struct wv_sgns_tiles {
    float *in, *out;       /* (V, stride): rows of `stride` floats, zero beyond the dimension */
    ptrdiff_t stride;      /* a multiple of 16 */
    int32_t k;             /* word w is number w / k of tile w mod k */
    const wv_alias *noise; /* (V,): tile after tile, an alias table of P(. | tile) each */
    const int64_t *starts; /* (k + 1,): where the tables start */
    const double *share;   /* (k,): P(tile) */
    const double *mass;    /* (V,): X_w. */
    int32_t negative;      /* >= 1, noise words a pair */
    int32_t group;         /* >= 1 */
    int32_t bits;          /* in [0, 16] */
    float cap;             /* > 0 */
    const wv_sgns *table;
} wv_sgns_tiles;

typedef struct wv_sgns_unit {
    int32_t in_tile, out_tile;
    wv_tile cells;  /* rows are inputs */
    wv_tile mirror; /* rows are outputs; row_ptr NULL where the matrix is not symmetric. Cells
                             on the diagonal of the matrix count in `cells` alone */
    uint64_t key;   /* of (seed, epoch, unit): the same for all parts */
    uint32_t part;  /* in [0, 2^bits) */
    float alpha;
} wv_sgns_unit;

typedef struct wv_sgns_tile_stats {
    double loss;   /* sum over visits of weight times loss, noise included */
    double weight; /* sum of the visits' weights, those without a cell not counted */
    int64_t visits, noise_visits;
} wv_sgns_tile_stats;

/* A thread's buffers; they grow as units need it. */
typedef struct wv_sgns_tile_worker wv_sgns_tile_worker;
wv_sgns_tile_worker *wv_sgns_tile_worker_new(const wv_sgns_tiles *model);
void wv_sgns_tile_worker_free(wv_sgns_tile_worker *worker);

/* Trains one part of the cells of a unit. Rows that rise and fit their tile are validated by the
 * caller; WV_ERR_RANGE for a column beyond its tile or a count not in (0, 2^30 cap], WV_ERR_MEMORY,
 * WV_ERR_NONFINITE when the loss is no number. Inputs and outputs of the unit must not be in use by
 * another thread. */
wv_status wv_sgns_tile_train(const wv_sgns_tiles *model, wv_sgns_tile_worker *worker,
                             const wv_sgns_unit *unit, wv_sgns_tile_stats *stats);

#endif
