/* LexVec over tiles: which cells are visited when, with what noise, and the step. */
#include "wv_lexvec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 2 }; /* see "Noise" in the header */

typedef struct visit {
    uint16_t in, out; /* numbers within their tiles */
    float weight, x;  /* x is 0 for a visit without a cell */
} visit;

struct wv_lexvec_worker {
    visit *visits;
    int64_t room, n;
    double *sums;              /* (inputs,): S, then the noise's share of a visit's weight */
    int32_t side;              /* room in sums */
    int32_t *noise, *upcoming; /* (negative,) each */
    float *gradient, *moved;   /* (1 + negative,), (stride,) */
    int64_t *out;              /* (1 + negative,): numbers of outputs */
};

wv_lexvec_worker *wv_lexvec_worker_new(const wv_lexvec_model *m) {
    const size_t outputs = 1 + (size_t)m->negative;
    wv_lexvec_worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->noise = malloc((size_t)m->negative * sizeof *w->noise);
    w->upcoming = malloc((size_t)m->negative * sizeof *w->upcoming);
    w->gradient = malloc(outputs * sizeof *w->gradient);
    w->moved = malloc((size_t)m->stride * sizeof *w->moved);
    w->out = malloc(outputs * sizeof *w->out);
    if (!w->noise || !w->upcoming || !w->gradient || !w->moved || !w->out) {
        wv_lexvec_worker_free(w);
        return NULL;
    }
    return w;
}

void wv_lexvec_worker_free(wv_lexvec_worker *w) {
    if (!w) return;
    free(w->visits);
    free(w->sums);
    free(w->noise);
    free(w->upcoming);
    free(w->gradient);
    free(w->moved);
    free(w->out);
    free(w);
}

/* -- visits --------------------------------------------------------------------------------------
 */

/* Appends those of n visits of weight `weight` that belong to the part; `draw` says where the first
 * one does. */
static wv_status append(const wv_lexvec_model *m, wv_lexvec_worker *w, uint32_t part, uint64_t draw,
                        uint64_t n, visit v) {
    const uint64_t offset = draw & ((UINT64_C(1) << m->bits) - 1);
    const uint64_t now = ((n * (part + 1) + offset) >> m->bits) - ((n * part + offset) >> m->bits);
    if (w->n + (int64_t)now > w->room) {
        const int64_t room = 2 * (w->n + (int64_t)now) + 1024;
        visit *visits = realloc(w->visits, (size_t)room * sizeof *visits);
        if (!visits) return WV_ERR_MEMORY;
        w->visits = visits;
        w->room = room;
    }
    for (uint64_t i = 0; i < now; i++) w->visits[w->n++] = v;
    return WV_OK;
}

/* Appends the part's visits of stored cells; adds all cells to w->sums. */
static wv_status pick(const wv_lexvec_model *m, wv_lexvec_worker *w, const wv_lexvec_unit *u,
                      const wv_tile *cells, int mirror) {
    const uint64_t key = wv_rng_key(u->key, (uint64_t)mirror, 1);
    for (int32_t r = 0; r < cells->rows; r++) {
        for (uint32_t i = cells->row_ptr[r]; i < cells->row_ptr[r + 1]; i++) {
            const int32_t c = cells->cols[i];
            const float x = cells->values[i], times = ceilf(x / m->cap);
            if (!(x > 0) || !(times <= 0x1p30f)) return WV_ERR_RANGE;
            if (mirror && u->in_tile == u->out_tile && r == c) continue;
            const visit v = {(uint16_t)(mirror ? c : r), (uint16_t)(mirror ? r : c), x / times, x};
            w->sums[v.in] += (double)x;
            if (append(m, w, u->part, wv_rng_at(key, i), (uint64_t)times, v) != WV_OK)
                return WV_ERR_MEMORY;
        }
    }
    return WV_OK;
}

/* Turns w->sums from S into the noise's share of a visit's weight, and appends visits without a
 * cell for what is left. */
static wv_status balance(const wv_lexvec_model *m, wv_lexvec_worker *w, const wv_lexvec_unit *u,
                         int32_t inputs) {
    const uint64_t key = wv_rng_key(u->key, 2, 1);
    for (int32_t i = 0; i < inputs; i++) {
        const double due = m->mass[(int64_t)i * m->k + u->in_tile] * m->share[u->out_tile];
        const double sum = w->sums[i], ratio = sum > 0 ? fmin(due / sum, MOST) : 0;
        w->sums[i] = ratio;
        const double left = due - ratio * sum, times = ceil(left / (double)m->cap);
        if (!(left > 1e-9 * due)) continue;
        if (!(times <= 0x1p30)) return WV_ERR_RANGE;
        const visit v = {(uint16_t)i, 0, (float)(left / times), 0};
        if (append(m, w, u->part, wv_rng_at(key, (uint64_t)i), (uint64_t)times, v) != WV_OK)
            return WV_ERR_MEMORY;
    }
    return WV_OK;
}

/* -- the target ----------------------------------------------------------------------------------
 */

/* The count of a cell of a tile, 0 where none is stored. */
static float find(const wv_tile *tile, int32_t row, int32_t col) {
    uint32_t low = tile->row_ptr[row], high = tile->row_ptr[row + 1];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (tile->cols[middle] < col)
            low = middle + 1;
        else
            high = middle;
    }
    return low < tile->row_ptr[row + 1] && tile->cols[low] == col ? tile->values[low] : 0;
}

/* X of an input and an output of a unit. A symmetric matrix stores the half whose row is the more
 * frequent word. */
static float count_of(const wv_lexvec_unit *u, int32_t in, int32_t out) {
    if (!u->mirror.row_ptr) return find(&u->cells, in, out);
    const int upper = in < out || (in == out && u->in_tile <= u->out_tile);
    return upper ? find(&u->cells, in, out) : find(&u->mirror, out, in);
}

/* Positive pointwise mutual information with the smoothed distribution of contexts. */
static float target(const wv_lexvec_model *m, float x, int64_t word, int64_t context) {
    if (!(x > 0)) return 0;
    const float information = (float)log((double)x) - m->word_log[word] - m->context_log[context];
    return information > 0 ? information : 0;
}

/* -- training ------------------------------------------------------------------------------------
 */

/* Draws the noise of a visit and prefetches all rows that it needs. */
static void prepare(const wv_lexvec_model *m, wv_lexvec_worker *w, const wv_lexvec_unit *u,
                    const visit *v, wv_rng *rng) {
    const int64_t start = m->starts[u->out_tile];
    const int32_t words = (int32_t)(m->starts[u->out_tile + 1] - start);
    for (int32_t i = 0; i < m->negative; i++) {
        const int32_t n = wv_alias_draw(m->noise + start, words, wv_rng_next(rng));
        w->upcoming[i] = n;
        wv_prefetch_row(m->contexts + ((int64_t)n * m->k + u->out_tile) * m->stride, m->stride);
    }
    if (v->x > 0)
        wv_prefetch_row(m->contexts + ((int64_t)v->out * m->k + u->out_tile) * m->stride,
                        m->stride);
    wv_prefetch_row(m->words + ((int64_t)v->in * m->k + u->in_tile) * m->stride, m->stride);
}

/* One step, all gradients taken at the values before it; returns weight times loss. */
static double step(const wv_lexvec_model *m, wv_lexvec_worker *w, const wv_lexvec_unit *u,
                   const visit *v) {
    const ptrdiff_t n = m->stride;
    const int64_t word = (int64_t)v->in * m->k + u->in_tile;
    const float noise_weight = v->x > 0 ? v->weight * (float)w->sums[v->in] : v->weight;
    const int32_t noise = m->share[u->out_tile] > 0 ? m->negative : 0;
    float *x = m->words + word * n;
    double loss = 0;
    int32_t outputs = 0;
    memset(w->moved, 0, (size_t)n * sizeof *w->moved);
    for (int32_t i = v->x > 0 ? -1 : 0; i < noise; i++, outputs++) {
        const int32_t number = i < 0 ? v->out : w->noise[i];
        const float weight = i < 0 ? v->weight : noise_weight;
        const float count = i < 0 ? v->x : count_of(u, v->in, number);
        const int64_t context = (int64_t)number * m->k + u->out_tile;
        const float *o = m->contexts + context * n;
        const float error = target(m, count, word, context) - m->vec->dot(x, o, n);
        loss += 0.5 * (double)weight * (double)error * (double)error;
        w->out[outputs] = context;
        w->gradient[outputs] = u->alpha * weight * error;
        m->vec->axpy(w->gradient[outputs], o, w->moved, n);
    }
    for (int32_t i = 0; i < outputs; i++)
        m->vec->axpy(w->gradient[i], x, m->contexts + w->out[i] * n, n);
    m->vec->axpy(1, w->moved, x, n);
    return loss;
}

wv_status wv_lexvec_train(const wv_lexvec_model *m, wv_lexvec_worker *w, const wv_lexvec_unit *u,
                          wv_lexvec_stats *stats) {
    *stats = (wv_lexvec_stats){0, 0};
    const int32_t inputs = (int32_t)(m->starts[u->in_tile + 1] - m->starts[u->in_tile]);
    if (!inputs || m->starts[u->out_tile + 1] == m->starts[u->out_tile]) return WV_OK;
    if (inputs > w->side) {
        double *sums = realloc(w->sums, (size_t)inputs * sizeof *sums);
        if (!sums) return WV_ERR_MEMORY;
        w->sums = sums;
        w->side = inputs;
    }
    memset(w->sums, 0, (size_t)inputs * sizeof *w->sums);
    w->n = 0;
    wv_status status = pick(m, w, u, &u->cells, 0);
    if (status == WV_OK && u->mirror.row_ptr) status = pick(m, w, u, &u->mirror, 1);
    if (status == WV_OK) status = balance(m, w, u, inputs);
    if (status != WV_OK) return status;
    if (w->n > UINT32_MAX) return WV_ERR_RANGE;
    stats->visits = w->n;
    if (!w->n) return WV_OK;
    wv_rng rng = {wv_rng_key(u->key, u->part, 2)};
    WV_SHUFFLE(visit, w->visits, w->n, &rng);
    prepare(m, w, u, w->visits, &rng);
    for (int64_t i = 0; i < w->n; i++) {
        int32_t *t = w->noise;
        w->noise = w->upcoming;
        w->upcoming = t;
        if (i + 1 < w->n) prepare(m, w, u, w->visits + i + 1, &rng);
        stats->loss += step(m, w, u, w->visits + i);
    }
    return isfinite(stats->loss) ? WV_OK : WV_ERR_NONFINITE;
}
