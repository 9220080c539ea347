/* Skip-gram and CBOW with negative sampling (Mikolov et al. 2013, "Distributed representations of
 * words and phrases and their compositionality", eq. 4), over a stream of word ids, with subwords
 * on request (Bojanowski et al. 2017, "Enriching word vectors with subword information").
 *
 * Skip-gram: as in word2vec.c the centre word is predicted from each word of its window: the
 * context word's input row w (syn0) meets the centre's output row and those of k noise words
 * (syn1neg). The loss of one pair is -log s(w.c) - sum_k log s(-w.n_k), s the logistic function.
 * CBOW: the centre is predicted from the mean or sum of the input rows of its window, once.
 * Subword skip-gram: an input is the mean of a word's row and its n-grams'. It is made once for
 * all windows that a token stands in (fastText makes it once a centre, which there predicts the
 * words of its window; the pairs are the same on average).
 */
#ifndef WV_SGNS_H
#define WV_SGNS_H

#include "wv_cpu.h"
#include "wv_rng.h"

#include <math.h>

/* -- the step: a few inputs against a few outputs ------------------------------------------------
 */

typedef struct wv_sgns_rows {
    float *const *in; /* (ni,): rows of n floats, and zeros up to the next multiple of 16 */
    int ni;
    float *const *out; /* rows as those of in; how many says each kind of step */
    int no;
    ptrdiff_t n;
    const float *label, *weight; /* (ni, no); the label is +1 for an observed pair and -1 for noise,
                                    for `squares` what the product should be. weight NULL, not for
                                    `squares`: each is 1, or 0 where the label is 0 */
    float *scratch;              /* (wv_sgns_scratch_floats(ni, no, n),) */
    const float *const *ahead;   /* (na,): rows that later steps need: they are fetched while this
                                    step computes, a few lines at a time */
    int64_t na;
} wv_sgns_rows;

/* The loss of many steps: sum + the logarithms of `product`. Without weights the loss of a pair is
 * a logarithm, and one logarithm of a product costs less than a sum of many. */
typedef struct wv_sgns_loss {
    double sum;
    float product[16]; /* each of 1 to 2^126, or NaN */
} wv_sgns_loss;

static inline void wv_sgns_loss_begin(wv_sgns_loss *loss) {
    loss->sum = 0;
    for (int i = 0; i < 16; i++) loss->product[i] = 1;
}

static inline double wv_sgns_loss_of(const wv_sgns_loss *loss) {
    double sum = loss->sum;
    for (int i = 0; i < 16; i++) sum += log((double)loss->product[i]);
    return sum;
}

/* One gradient step of ni inputs. Adds the loss before it to *loss.
 *
 * Shared noise: every input with every output, on
 *   sum_i sum_k weight[i no + k] log(1 + exp(-label[i no + k] in_i.out_k)),
 * out no pointers, all gradients at the values before the step. An output may repeat: its steps add
 * up. An input that repeats takes its steps in turn.
 *
 * Squares: the same with the loss sum_i sum_k weight[i no + k] 1/2 (label[i no + k] -
 * in_i.out_k)^2.
 *
 * Own noise: input i with outputs of its own, out[i no + k], on
 *   sum_k weight[i no + k] log(1 + exp(-label[i no + k] in_i.out_(i no + k))),
 * one step each. The inner products are all taken before the first step, the steps in turn, so that
 * a row that comes again moves each time. */
typedef void (*wv_sgns_step)(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss);

static inline ptrdiff_t wv_sgns_scratch_floats(int ni, int no, ptrdiff_t n) {
    const ptrdiff_t pairs = (ptrdiff_t)ni * no;
    /* With many outputs: a column's old values and updates. In bfloat16: every pair's step twice,
     * and the rows of six outputs at a cache line. */
    const ptrdiff_t columns = 32 * (ptrdiff_t)ni + 16 * (ptrdiff_t)no;
    const ptrdiff_t bf16 = pairs + no + 48 + 3 * n;
    return pairs + 16 + (columns > bf16 ? columns : bf16);
}

/* hidden = scale sum of rows; rows and hidden as the rows of a step. */
typedef void (*wv_sgns_gather)(float *const *rows, int64_t count, ptrdiff_t n, float scale,
                               float *hidden);
/* rows += factor (after - before). A row that repeats takes its share each time. */
typedef void (*wv_sgns_scatter)(float *const *rows, int64_t count, ptrdiff_t n, float factor,
                                const float *before, const float *after);

/* shared += factor (own - base), and own and base become that. */
typedef void (*wv_sgns_merge)(float *shared, float *own, float *base, ptrdiff_t n, float factor);

typedef struct wv_sgns {
    wv_sgns_step shared_noise, own_noise, squares;
    wv_sgns_gather gather;
    wv_sgns_scatter scatter;
    wv_sgns_merge merge;
} wv_sgns;

WV_ISA_TABLES_BF16(wv_sgns);

/* -- noise ---------------------------------------------------------------------------------------
 */

/* One entry of an alias table (Walker 1974; Vose 1991): take `other` when 32 random bits are at
 * least `threshold`, and the entry's own number when they are less. */
typedef struct wv_alias {
    uint32_t threshold, other;
} wv_alias;

/* Fills table (n,) so that i is drawn by weights[i] >= 0, not all zero. work, scaled: (n,).
 * WV_ERR_RANGE for weights that are negative, not finite or all zero. */
wv_status wv_alias_build(const double *weights, int32_t n, wv_alias *table, int32_t *work,
                         double *scaled);

/* The entry of a table of n that 64 random bits meet. */
static inline uint32_t wv_alias_entry(int32_t n, uint64_t bits) {
    return wv_rng_scaled(bits, (uint32_t)n);
}

static inline int32_t wv_alias_draw(const wv_alias *table, int32_t n, uint64_t bits) {
    const uint32_t i = wv_alias_entry(n, bits);
    /* Without a branch, which processors would guess wrong half of the times. */
    const uint32_t own = -(uint32_t)((uint32_t)bits < table[i].threshold);
    return (int32_t)((i & own) | (table[i].other & ~own));
}

/* The words that noise is drawn from. */
typedef struct wv_noise {
    const wv_alias *table; /* (words,), words <= V */
    int32_t words;
} wv_noise;

/* -- the stream ----------------------------------------------------------------------------------
 */

enum { WV_FROZEN_IN = 1, WV_FROZEN_OUT = 2 };

/* What a user chooses. */
typedef struct wv_sgns_options {
    int32_t window;   /* >= 1, context words on each side at most */
    int32_t negative; /* >= 1, noise words per pair */
    int32_t shrink;   /* 1: the window of a centre is drawn from 1..window (word2vec) */
    int32_t shared;   /* 1: one set of noise words for all pairs of a centre */
    int32_t cbow;     /* 1: CBOW */
    int32_t mean;     /* of several rows an input is 1: the mean, 0: the sum */
    int32_t divide;   /* 1: each row's gradient has the mean's 1/count; 0: it has not, as in
                         word2vec.c and fastText */
} wv_sgns_options;

/* Rows of one matrix that each worker has a copy of; see "Several workers". */
typedef struct wv_sgns_own {
    int32_t count;       /* 0: none */
    const int32_t *rows; /* (count,): which, most visited first; NULL: the first */
    const float *visits; /* (count,): pairs that move each, for one kept token on average */
} wv_sgns_own;

/* Several workers may train one model at once, without waiting for each other: a row that two of
 * them write can lose part of a step (Hogwild, Niu et al. 2011). But a row that another core wrote
 * last is slow to reach, so each worker has copies of the rows that are visited most, trains on
 * those, and merges them with the model's now and then: it adds what it has done since the last
 * time, and takes over what others have added (Ji et al. 2016, "Parallelizing word2vec in shared
 * and distributed memory", have all rows copied and averaged).
 *
 * Added up, the steps of T workers to a row that each of them has brought near to its optimum would
 * overshoot it. A pair at rate alpha leaves a row exp(-c alpha) of its distance, so v pairs leave
 * q = exp(-c alpha v), and T workers in turn would leave q^T. So each adds
 * (1 - q^T) / (T (1 - q)) of what it has done: all of it for few visits, 1/T of it for many. */
typedef struct wv_sgns_model {
    float *in, *out;      /* (V, stride): zero from the dimension to the next multiple of 16; with
                             subwords `in` goes on with the rows of n-grams */
    ptrdiff_t stride;     /* floats from row to row, a multiple of 16 */
    ptrdiff_t dim;        /* <= stride */
    int32_t vocab;        /* V */
    const uint32_t *keep; /* (V,): a token stays when 32 random bits are <= keep[id] */
    wv_sgns_options how;
    const int64_t *sub_starts; /* (V + 1,): the rows of word w are sub_rows[sub_starts[w]] to */
    const int32_t *sub_rows;   /* sub_rows[sub_starts[w + 1]]; both NULL without subwords; ~i for
                                  the row that is own_in's i */
    const uint8_t *frozen;     /* (V,): WV_FROZEN_IN, WV_FROZEN_OUT: the word's row never moves;
                                  NULL: all do. Not with subwords, whose rows words share. */
    wv_sgns_own own_in, own_out;
    int32_t workers;  /* how many train at once */
    int32_t every;    /* kept tokens from merge to merge of the rows visited most */
    uint8_t *merging; /* (WV_SGNS_BLOCKS,): whether a worker merges those rows now */
    const wv_sgns *table;
} wv_sgns_model;

enum { WV_SGNS_BLOCKS = 256 };

typedef struct wv_sgns_stats {
    double loss;   /* sum over pairs, each with its noise */
    int64_t pairs; /* (centre, context) pairs trained; for CBOW, centres */
    int64_t kept;  /* centres that passed subsampling */
} wv_sgns_stats;

/* What one thread needs while it trains. */
typedef struct wv_sgns_worker wv_sgns_worker;
/* own: memory for its copies, or NULL to train on the model's rows. It takes them over when it
 * first trains. index: which of the workers it is, so that they merge in turn. */
wv_sgns_worker *wv_sgns_worker_new(const wv_sgns_model *model, int64_t longest, float *own,
                                   int32_t index);
void wv_sgns_worker_free(wv_sgns_worker *worker);

/* Floats of a worker's copies: own rows of `in` and of `out`, and what each was when it was merged
 * last. */
static inline int64_t wv_sgns_own_floats(const wv_sgns_model *m) {
    return 2 * ((int64_t)m->own_in.count + m->own_out.count) * m->stride;
}

/* Merges all of a worker's rows. */
void wv_sgns_settle(const wv_sgns_model *model, wv_sgns_worker *worker);

/* Trains on the centres at [begin, end) of ids (n,), end - begin <= longest; windows reach beyond
 * the chunk, over the same kept tokens that the neighbouring chunks see. Its noise is drawn from
 * `noise`. The rate goes from alpha_begin to alpha_end. `key` is of (seed, epoch). Ids in [0, V) or
 * WV_ID_BREAK: checked, others give WV_ERR_RANGE. WV_ERR_NONFINITE when the loss is no number. */
wv_status wv_sgns_train(const wv_sgns_model *model, wv_sgns_worker *worker, const int32_t *ids,
                        int64_t n, int64_t begin, int64_t end, wv_noise noise, uint64_t key,
                        float alpha_begin, float alpha_end, wv_sgns_stats *stats);

#endif
