/* Which cells of a tile are visited when, and with what noise.
 *
 * A part of a unit: one pass over the stored cells picks the part's visits, a counting sort brings
 * those of an output together, each output's are shuffled and cut into groups, the groups shuffled.
 * While a group is trained the noise of the next is drawn and its rows are prefetched.
 */
#include "wv_visits.h"

#include "wv_ppmi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 2 }; /* see "Noise" in the header */

typedef struct visit {
    uint16_t in, out; /* numbers within their tiles */
    float weight;
} visit;

typedef struct group {
    uint32_t first;
    int32_t count, out; /* out is -1 for visits without a cell */
} group;

struct wv_visits_worker {
    visit *picked, *sorted;
    group *groups;
    int64_t room, n, groups_room; /* room in picked and sorted, visits in picked */
    double *sums;                 /* (inputs,): S, then the noise's share of a visit's weight */
    int64_t *starts;              /* (outputs + 1,) */
    int32_t side;                 /* room in sums and starts */
    int32_t *noise, *upcoming;    /* (negative,) each */
    float **in, **out;            /* (group,), (1 + negative,) */
    float *label, *weight, *scratch;
    wv_ppmi information; /* of the unit's pairs, where the model fits it */
};

wv_visits_worker *wv_visits_worker_new(const wv_visits_model *m) {
    const size_t no = 1 + (size_t)m->negative, pairs = (size_t)m->group * no;
    wv_visits_worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->noise = malloc((size_t)m->negative * sizeof *w->noise);
    w->upcoming = malloc((size_t)m->negative * sizeof *w->upcoming);
    w->in = malloc((size_t)m->group * sizeof *w->in);
    w->out = malloc(no * sizeof *w->out);
    w->label = malloc(pairs * sizeof *w->label);
    w->weight = malloc(pairs * sizeof *w->weight);
    w->scratch =
        malloc((size_t)wv_sgns_scratch_floats(m->group, (int)no, m->stride) * sizeof *w->scratch);
    if (!w->noise || !w->upcoming || !w->in || !w->out || !w->label || !w->weight || !w->scratch) {
        wv_visits_worker_free(w);
        return NULL;
    }
    return w;
}

void wv_visits_worker_free(wv_visits_worker *w) {
    if (!w) return;
    free(w->picked);
    free(w->sorted);
    free(w->groups);
    free(w->sums);
    free(w->starts);
    free(w->noise);
    free(w->upcoming);
    free(w->in);
    free(w->out);
    free(w->label);
    free(w->weight);
    free(w->scratch);
    wv_ppmi_free(&w->information);
    free(w);
}

/* -- visits --------------------------------------------------------------------------------------
 */

/* Room for `more` visits beyond those that are there. */
static wv_status reserve(wv_visits_worker *w, int64_t more) {
    if (w->n + more <= w->room) return WV_OK;
    const int64_t room = 2 * (w->n + more);
    visit *picked = realloc(w->picked, (size_t)room * sizeof *picked);
    if (picked) w->picked = picked;
    visit *sorted = realloc(w->sorted, (size_t)room * sizeof *sorted);
    if (sorted) w->sorted = sorted;
    if (!picked || !sorted) return WV_ERR_MEMORY;
    w->room = room;
    return WV_OK;
}

/* How many of n visits are in a part; `draw` says where the first one is. */
static inline uint64_t share_of(uint64_t n, uint64_t draw, uint32_t part, int bits) {
    const uint64_t offset = draw & ((UINT64_C(1) << bits) - 1);
    return ((n * (part + 1) + offset) >> bits) - ((n * part + offset) >> bits);
}

/* X_wc / (X_w. P'(c)). */
static inline float ratio_of(const wv_visits_model *m, const wv_visits_unit *u, visit v, float x) {
    const double mass = m->mass[(int64_t)v.in * m->k + u->in_tile];
    return (float)((double)x / (mass * m->out_share[(int64_t)v.out * m->k + u->out_tile]));
}

/* Appends the part's visits of stored cells; adds all cells to w->sums and, where the model fits
 * information, to that. */
static wv_status pick(const wv_visits_model *m, wv_visits_worker *w, const wv_visits_unit *u,
                      const wv_tile *cells, int mirror, int32_t columns) {
    const float per_cap = 1.0f / m->cap, most = 0x1p30f;
    const uint64_t key = wv_rng_key(u->key, (uint64_t)mirror, 1);
    for (int32_t r = 0; r < cells->rows; r++) {
        const uint32_t begin = cells->row_ptr[r], end = cells->row_ptr[r + 1];
        if (reserve(w, end - begin) != WV_OK) return WV_ERR_MEMORY;
        for (uint32_t i = begin; i < end; i++) {
            const int32_t c = cells->cols[i];
            const float x = cells->values[i], times = x * per_cap;
            if (c >= columns || !(x > 0) || !(times <= most)) return WV_ERR_RANGE;
            if (mirror && u->in_tile == u->out_tile && r == c) continue;
            const visit v = {(uint16_t)(mirror ? c : r), (uint16_t)(mirror ? r : c), x};
            w->sums[v.in] += (double)x;
            if (m->out_share) wv_ppmi_add(&w->information, v.in, v.out, ratio_of(m, u, v, x));
            uint32_t n = (uint32_t)times; /* ceil, without a call */
            n += (float)n < times;
            const uint64_t now = share_of(n, wv_rng_at(key, i), u->part, m->bits);
            /* Written always, kept when it is of the part: most have one visit or none. */
            w->picked[w->n] = v;
            if (WV_LIKELY(n <= 1)) {
                w->n += (int64_t)now;
                continue;
            }
            if (reserve(w, (int64_t)now + end - i) != WV_OK) return WV_ERR_MEMORY;
            for (uint64_t k = 0; k < now; k++, w->n++) {
                w->picked[w->n] = v;
                w->picked[w->n].weight = x / (float)n;
            }
        }
    }
    return WV_OK;
}

/* Turns w->sums from S into the noise's share of a visit's weight, and appends visits without a
 * cell for what is left. */
static wv_status balance(const wv_visits_model *m, wv_visits_worker *w, const wv_visits_unit *u,
                         int32_t inputs) {
    const uint64_t key = wv_rng_key(u->key, 2, 1);
    for (int32_t i = 0; i < inputs; i++) {
        const double due = m->mass[(int64_t)i * m->k + u->in_tile] * m->share[u->out_tile];
        const double sum = w->sums[i], ratio = sum > 0 ? fmin(due / sum, MOST) : 0;
        w->sums[i] = ratio;
        const double left = due - ratio * sum;
        if (!(left > 1e-9 * due)) continue;
        const double times = ceil(left / (double)m->cap);
        if (!(times <= 0x1p30)) return WV_ERR_RANGE;
        const uint64_t now =
            share_of((uint64_t)times, wv_rng_at(key, (uint64_t)i), u->part, m->bits);
        if (reserve(w, (int64_t)now) != WV_OK) return WV_ERR_MEMORY;
        for (uint64_t k = 0; k < now; k++)
            w->picked[w->n++] = (visit){(uint16_t)i, 0, (float)(left / times)};
    }
    return WV_OK;
}

/* Cuts n visits from `first` on into groups. */
static int64_t cut(const wv_visits_model *m, group *groups, int64_t first, int64_t n, int32_t out) {
    const int64_t pieces = (n + m->group - 1) / m->group;
    for (int64_t g = 0; g < pieces; g++) {
        const int64_t begin = n * g / pieces, end = n * (g + 1) / pieces;
        groups[g] = (group){(uint32_t)(first + begin), (int32_t)(end - begin), out};
    }
    return pieces;
}

/* From picked visits, the first `cells` of them of cells, to shuffled groups over w->sorted. */
static wv_status arrange(const wv_visits_model *m, wv_visits_worker *w, int64_t cells,
                         int32_t outputs, wv_rng *rng, int64_t *n_groups) {
    int64_t *at = w->starts;
    memset(at, 0, ((size_t)outputs + 1) * sizeof *at);
    for (int64_t i = 0; i < cells; i++) at[w->picked[i].out + 1]++;
    int64_t pieces = (w->n - cells) / m->group + 1;
    for (int32_t o = 0; o < outputs; o++) {
        pieces += (at[o + 1] + m->group - 1) / m->group;
        at[o + 1] += at[o];
    }
    if (pieces > w->groups_room) {
        group *groups = realloc(w->groups, 2 * (size_t)pieces * sizeof *groups);
        if (!groups) return WV_ERR_MEMORY;
        w->groups = groups;
        w->groups_room = 2 * pieces;
    }
    for (int64_t i = 0; i < cells; i++) w->sorted[at[w->picked[i].out]++] = w->picked[i];
    memcpy(w->sorted + cells, w->picked + cells, (size_t)(w->n - cells) * sizeof *w->sorted);
    int64_t g = 0, first = 0;
    for (int32_t o = 0; o < outputs; o++) { /* at[o] is now where the output's visits end */
        WV_SHUFFLE(visit, w->sorted + first, at[o] - first, rng);
        g += cut(m, w->groups + g, first, at[o] - first, o);
        first = at[o];
    }
    WV_SHUFFLE(visit, w->sorted + cells, w->n - cells, rng);
    g += cut(m, w->groups + g, cells, w->n - cells, -1);
    WV_SHUFFLE(group, w->groups, g, rng);
    *n_groups = g;
    return WV_OK;
}

/* -- training ------------------------------------------------------------------------------------
 */

/* Draws noise for a group and prefetches all rows that it needs. */
static void prepare(const wv_visits_model *m, wv_visits_worker *w, const wv_visits_unit *u,
                    const group *g, wv_rng *rng) {
    const int64_t start = m->starts[u->out_tile];
    const int32_t words = (int32_t)(m->starts[u->out_tile + 1] - start);
    for (int32_t k = 0; k < m->negative; k++) {
        const int32_t n = wv_alias_draw(m->noise + start, words, wv_rng_next(rng));
        w->upcoming[k] = n;
        wv_prefetch_row(m->out + ((int64_t)n * m->k + u->out_tile) * m->stride, m->stride);
    }
    if (g->out >= 0)
        wv_prefetch_row(m->out + ((int64_t)g->out * m->k + u->out_tile) * m->stride, m->stride);
    for (int32_t i = 0; i < g->count; i++) {
        const uint16_t in = w->sorted[g->first + i].in;
        wv_prefetch_row(m->in + ((int64_t)in * m->k + u->in_tile) * m->stride, m->stride);
        if (!m->out_share) continue;
        if (g->out >= 0) wv_ppmi_prefetch(&w->information, in, (uint16_t)g->out);
        for (int32_t k = 0; k < m->negative; k++)
            wv_ppmi_prefetch(&w->information, in, (uint16_t)w->upcoming[k]);
    }
}

/* What the product of an input and an output should come to. */
static inline float label_of(const wv_visits_model *m, const wv_visits_worker *w, uint16_t in,
                             int32_t out, float sign) {
    return m->out_share ? wv_ppmi_find(&w->information, in, (uint16_t)out) : sign;
}

static void train_group(const wv_visits_model *m, wv_visits_worker *w, const wv_visits_unit *u,
                        const group *g, wv_visits_stats *stats, wv_sgns_loss *loss) {
    const visit *v = w->sorted + g->first;
    const int observed = g->out >= 0, noise = m->share[u->out_tile] > 0 ? m->negative : 0;
    const int no = observed + noise;
    int j = 0;
    for (int32_t i = 0; i < g->count; i++) {
        w->in[i] = m->in + ((int64_t)v[i].in * m->k + u->in_tile) * m->stride;
        float weight = v[i].weight;
        if (observed) {
            stats->weight += (double)weight;
            w->label[j] = label_of(m, w, v[i].in, g->out, 1.0f);
            w->weight[j++] = weight;
            weight *= (float)w->sums[v[i].in];
        }
        for (int k = 0; k < noise; k++, j++) {
            w->label[j] = label_of(m, w, v[i].in, w->noise[k], -1.0f);
            w->weight[j] = weight;
        }
    }
    if (observed) w->out[0] = m->out + ((int64_t)g->out * m->k + u->out_tile) * m->stride;
    for (int k = 0; k < noise; k++)
        w->out[observed + k] = m->out + ((int64_t)w->noise[k] * m->k + u->out_tile) * m->stride;
    const wv_sgns_rows rows = {w->in,    g->count,  w->out,     no,   m->stride,
                               w->label, w->weight, w->scratch, NULL, 0};
    m->step(&rows, u->alpha, loss);
}

static wv_status grow_side(wv_visits_worker *w, int32_t side) {
    if (side <= w->side) return WV_OK;
    double *sums = realloc(w->sums, (size_t)side * sizeof *sums);
    if (sums) w->sums = sums;
    int64_t *starts = realloc(w->starts, ((size_t)side + 1) * sizeof *starts);
    if (starts) w->starts = starts;
    if (!sums || !starts) return WV_ERR_MEMORY;
    w->side = side;
    return WV_OK;
}

wv_status wv_visits_train(const wv_visits_model *m, wv_visits_worker *w, const wv_visits_unit *u,
                          wv_visits_stats *stats) {
    *stats = (wv_visits_stats){0, 0, 0, 0};
    const int32_t inputs = (int32_t)(m->starts[u->in_tile + 1] - m->starts[u->in_tile]);
    const int32_t outputs = (int32_t)(m->starts[u->out_tile + 1] - m->starts[u->out_tile]);
    if (!inputs || !outputs) return WV_OK;
    wv_status status = grow_side(w, inputs > outputs ? inputs : outputs);
    if (status != WV_OK) return status;
    memset(w->sums, 0, (size_t)inputs * sizeof *w->sums);
    w->n = 0;
    if (m->out_share) {
        const wv_tile *c = &u->cells, *d = &u->mirror;
        const int64_t most = (int64_t)c->row_ptr[c->rows] + (d->row_ptr ? d->row_ptr[d->rows] : 0);
        status = wv_ppmi_clear(&w->information, most);
        if (status != WV_OK) return status;
    }
    status = pick(m, w, u, &u->cells, 0, outputs);
    if (status == WV_OK && u->mirror.row_ptr) status = pick(m, w, u, &u->mirror, 1, inputs);
    const int64_t cells = w->n;
    if (status == WV_OK && m->out_share) status = wv_ppmi_build(&w->information, m->vec);
    if (status == WV_OK) status = balance(m, w, u, inputs);
    if (status != WV_OK) return status;
    if (w->n > UINT32_MAX) return WV_ERR_RANGE;
    stats->visits = cells;
    stats->noise_visits = w->n - cells;
    int64_t groups = 0;
    wv_rng rng = {wv_rng_key(u->key, u->part, 2)};
    if (w->n) status = arrange(m, w, cells, outputs, &rng, &groups);
    if (status != WV_OK || !groups) return status;
    prepare(m, w, u, w->groups, &rng);
    wv_sgns_loss loss;
    wv_sgns_loss_begin(&loss);
    for (int64_t g = 0; g < groups; g++) {
        int32_t *t = w->noise;
        w->noise = w->upcoming;
        w->upcoming = t;
        if (g + 4 < groups) WV_PREFETCH(w->sorted + w->groups[g + 4].first);
        if (g + 1 < groups) prepare(m, w, u, w->groups + g + 1, &rng);
        train_group(m, w, u, w->groups + g, stats, &loss);
    }
    stats->loss = wv_sgns_loss_of(&loss);
    return isfinite(stats->loss) ? WV_OK : WV_ERR_NONFINITE;
}
