/* The stream driver: subsampling, windows, noise; the arithmetic is in the step.
 *
 * Random numbers. Whether the token at a position stays is a function of (key, position) alone, so
 * a chunk can look at its neighbours' tokens and no context is lost where a corpus was cut for the
 * threads. Windows and noise come from a sequence keyed by (key, begin of the chunk).
 *
 * Memory. Rows of rare words miss every cache, so noise is drawn a little before it is needed. Its
 * rows, the next centre's and the input row that the window meets next are listed, and the step
 * that is on its way asks for them between its sums: asked for at once they hold it up. Entries of
 * the alias table are asked for before they are needed too, since their places are known.
 */
#include "wv_sgns.h"
#include "wv_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

WV_ISA_CHOICE_BF16(wv_sgns)

/* -- noise ---------------------------------------------------------------------------------------
 */

wv_status wv_alias_build(const double *weights, int32_t n, wv_alias *table, int32_t *work,
                         double *scaled) {
    double total = 0;
    for (int32_t i = 0; i < n; i++) {
        if (!(weights[i] >= 0) || isinf(weights[i])) return WV_ERR_RANGE;
        total += weights[i];
    }
    if (!(total > 0) || isinf(total)) return WV_ERR_RANGE;
    /* work holds the small from the left and the large from the right. */
    int32_t small = 0, large = n;
    for (int32_t i = 0; i < n; i++) {
        scaled[i] = weights[i] / total * n;
        if (scaled[i] < 1)
            work[small++] = i;
        else
            work[--large] = i;
    }
    while (small > 0 && large < n) {
        const int32_t s = work[--small], l = work[large];
        table[s] = (wv_alias){(uint32_t)fmin(scaled[s] * 0x1p32, 0xFFFFFFFFp0), (uint32_t)l};
        scaled[l] -= 1 - scaled[s];
        if (scaled[l] < 1) {
            large++;
            work[small++] = l;
        }
    }
    /* What is left is 1 up to rounding: it takes itself. */
    while (small > 0) {
        const int32_t s = work[--small];
        table[s] = (wv_alias){UINT32_MAX, (uint32_t)s};
    }
    for (; large < n; large++) table[work[large]] = (wv_alias){UINT32_MAX, (uint32_t)work[large]};
    return WV_OK;
}

/* Sets of noise that are drawn before they are needed, so that their rows are there by then, beside
 * those of a whole window. One is a little late, eight crowd the cache. */
enum { AHEAD_OF_NOISE = 2 };

/* Own noise takes some words for each pair, and their rows would come from memory or from another
 * core that wrote them. So it takes them from a pool of words, whose rows a second-level cache
 * holds; the pool is drawn from the noise distribution, and for POOL_USES words that are taken one
 * is drawn anew. COMING: words that are drawn before they are needed. */
enum { POOL = 512, POOL_BITS = 9, POOL_USES = 5, COMING = 32 };

/* -- worker --------------------------------------------------------------------------------------
 */

/* One matrix as a worker sees it: the model's rows [0], and its own [1]. */
typedef struct side {
    const wv_sgns_own *own;
    float *rows[2];
    ptrdiff_t stride;
    float *base;   /* (own->count, stride): what own rows were when they were merged last */
    int32_t words; /* the words from 0 on whose rows are its own */
} side;

/* Of row i, or its own row j where i is ~j. Without a branch: processors would guess wrong. */
static inline float *row_of(const side *s, int32_t i) {
    const int own = i < 0;
    return s->rows[own] + (i ^ -own) * s->stride;
}

static inline float *word_row(const side *s, int32_t word) {
    const int own = word < s->words;
    return s->rows[own] + word * s->stride;
}

struct wv_sgns_worker {
    side in_side, out_side;
    int64_t merges, to_merge; /* how often it merged, and kept tokens until the next time */
    int loaded;               /* whether it has taken over the model's rows */
    float alpha;              /* of its last step */
    int32_t *kept;            /* ids that passed subsampling, WV_ID_BREAK between lines */
    int64_t longest;          /* room in kept */
    int32_t always;           /* the words from it on stay, whatever is drawn */
    wv_noise noise;           /* of this chunk */
    int32_t *queue; /* (room, negative): noise in sets; those from taken to drawn are to come */
    int room, taken, drawn;
    int32_t pool[POOL];      /* words that own noise is drawn from */
    int oldest;              /* of the pool: it is drawn anew next */
    uint64_t coming[COMING]; /* random bits of the words that come into the pool next, */
    int next;                /* and the first of them */
    int32_t *context;        /* (2 window,): the words of a window */
    float **in, **out;       /* (2 window,), (outputs of a step,) */
    float **rows;            /* what a hidden row is made of */
    float *hidden; /* (2 slots, stride): made rows, and what they were when they were made */
    int64_t slots, entered, left;
    int64_t *place;      /* (2 window,): where in kept the words of a window are */
    float *copies;       /* (inputs and outputs, stride): of frozen rows; or NULL */
    const float **ahead; /* (ahead_count,): rows that later steps need, to fetch during this one */
    int64_t ahead_count;
    float *sign, *scratch;
    int sign_out;      /* outputs that sign is filled for; 0: none */
    wv_sgns_loss loss; /* of this chunk */
};

static side side_of(const wv_sgns_model *m, float *rows, const wv_sgns_own *own, float *memory) {
    side s = {own, {rows, memory}, m->stride, NULL, 0};
    if (memory) {
        s.base = memory + own->count * m->stride;
        s.words = own->rows ? 0 : own->count;
    }
    return s;
}

/* Whether each input of a step has noise, and so outputs, of its own. */
static int own_noise(const wv_sgns_model *m) {
    return !m->how.shared && !m->how.cbow;
}

/* Rows of one word. */
static int64_t word_rows(const wv_sgns_model *m, int32_t word) {
    return m->sub_starts ? m->sub_starts[word + 1] - m->sub_starts[word] : 1;
}

wv_sgns_worker *wv_sgns_worker_new(const wv_sgns_model *m, int64_t longest, float *own,
                                   int32_t index) {
    const int ni = 2 * m->how.window, no = 1 + m->how.negative;
    const size_t pairs = (size_t)ni * (size_t)no;
    /* Inputs of a step have their outputs in common, or each its own. */
    const size_t outs = (size_t)no * (own_noise(m) ? (size_t)ni : 1);
    int64_t most = 1;
    if (m->sub_starts)
        for (int32_t w = 0; w < m->vocab; w++)
            if (word_rows(m, w) > most) most = word_rows(m, w);
    wv_sgns_worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->in_side = side_of(m, m->in, &m->own_in, own);
    if (own) own += 2 * m->own_in.count * m->stride;
    w->out_side = side_of(m, m->out, &m->own_out, own);
    w->to_merge = own ? 1 + (int64_t)m->every * index / m->workers : 0;
    w->longest = longest + 2 * (int64_t)m->how.window;
    w->always = m->vocab;
    while (w->always && m->keep[w->always - 1] == UINT32_MAX) w->always--;
    w->kept = malloc((size_t)w->longest * sizeof *w->kept);
    w->room = own_noise(m) ? ni : 4 * (AHEAD_OF_NOISE + 1);
    w->queue = malloc((size_t)w->room * (size_t)m->how.negative * sizeof *w->queue);
    w->context = malloc((size_t)ni * sizeof *w->context);
    w->in = malloc((size_t)ni * sizeof *w->in);
    w->out = malloc(outs * sizeof *w->out);
    w->rows = malloc((size_t)most * (m->how.cbow ? (size_t)ni : 1) * sizeof *w->rows);
    w->place = malloc((size_t)ni * sizeof *w->place);
    w->slots = m->sub_starts && !m->how.cbow ? ni + 1 : 1;
    w->hidden = calloc(2 * (size_t)w->slots * (size_t)m->stride, sizeof *w->hidden);
    const size_t drawn = (size_t)w->room * (size_t)m->how.negative;
    w->ahead = malloc((drawn + 1 + (size_t)most) * sizeof *w->ahead);
    if (m->frozen) w->copies = malloc(((size_t)ni + outs) * (size_t)m->stride * sizeof *w->copies);
    w->sign = malloc(pairs * sizeof *w->sign);
    w->scratch = malloc((size_t)wv_sgns_scratch_floats(ni, no, m->dim) * sizeof *w->scratch);
    if (!w->kept || !w->queue || !w->context || !w->place || !w->in || !w->out || !w->rows ||
        !w->hidden || !w->ahead || (m->frozen && !w->copies) || !w->sign || !w->scratch) {
        wv_sgns_worker_free(w);
        return NULL;
    }
    return w;
}

void wv_sgns_worker_free(wv_sgns_worker *w) {
    if (!w) return;
    free(w->kept);
    free(w->queue);
    free(w->context);
    free(w->place);
    free(w->in);
    free(w->out);
    free(w->rows);
    free(w->hidden);
    free(w->copies);
    free(w->ahead);
    free(w->sign);
    free(w->scratch);
    free(w);
}

/* -- rows of its own -----------------------------------------------------------------------------
 */

/* By Zipf's law the row that is visited r-th most is visited about 1/r times as often as the first.
 * So rows are merged in bands, each twice as large as the one before and half as often, row r about
 * every 32 r kept tokens: all are merged after about as many visits, and all bands cost the same.
 */
enum { TOKENS_PER_ROW = 32, BLOCK_OF_ROWS = 64 };
/* How near a pair of words brings a row to its optimum at rate 1; see wv_sgns.h. Scores of two
 * threads at 0.02 and 0.05 are those of one; at 0.2 they are lower (docs/measurements/skipgram.md).
 */
static const float PULL = 0.03f;

static void load_rows(const side *s) {
    for (int32_t j = 0; s->rows[1] && j < s->own->count; j++) {
        const int32_t i = s->own->rows ? s->own->rows[j] : j;
        const size_t size = (size_t)s->stride * sizeof(float);
        memcpy(s->rows[1] + j * s->stride, s->rows[0] + i * s->stride, size);
        /* Not from the model again: others merge meanwhile. */
        memcpy(s->base + j * s->stride, s->rows[1] + j * s->stride, size);
    }
}

/* Merges own rows [begin, end), all in one block. */
static void merge_block(const wv_sgns_model *m, const side *s, int32_t begin, int32_t end,
                        float visits) {
    const float workers = (float)m->workers;
    for (int32_t j = begin; j < end; j++) {
        const int32_t i = s->own->rows ? s->own->rows[j] : j;
        const float left = expf(-visits * s->own->visits[j]), now = 1 - left;
        const float factor = now > 1e-4f ? (1 - powf(left, workers)) / (workers * now) : 1;
        m->table->merge(s->rows[0] + i * s->stride, s->rows[1] + j * s->stride,
                        s->base + j * s->stride, m->dim, factor);
    }
}

/* Merges the bands that are due. A block that another worker is at is left for the next time. */
static void merge_side(const wv_sgns_model *m, const wv_sgns_worker *w, const side *s,
                       int first_flag, int all) {
    int64_t size = m->every < TOKENS_PER_ROW ? 1 : m->every / TOKENS_PER_ROW;
    for (int64_t begin = 0, every = 1; s->rows[1] && begin < s->own->count;
         begin = size, size *= 2, every *= 2) {
        if (!all && w->merges % every) continue;
        const int64_t end = size < s->own->count ? size : s->own->count;
        const float visits = PULL * w->alpha * (float)(m->every * every);
        for (int64_t b = begin; b < end; b += BLOCK_OF_ROWS) {
            uint8_t *flag = m->merging + (b / BLOCK_OF_ROWS * 2 + first_flag) % WV_SGNS_BLOCKS;
            if (WV_TAKE(flag)) continue;
            const int64_t last = b + BLOCK_OF_ROWS < end ? b + BLOCK_OF_ROWS : end;
            merge_block(m, s, (int32_t)b, (int32_t)last, visits);
            WV_LET_GO(flag);
        }
    }
}

static void merge_rows(const wv_sgns_model *m, wv_sgns_worker *w, int all) {
    w->merges++;
    merge_side(m, w, &w->in_side, 0, all);
    merge_side(m, w, &w->out_side, 1, all);
}

void wv_sgns_settle(const wv_sgns_model *m, wv_sgns_worker *w) {
    if (w->loaded) merge_rows(m, w, 1);
}

/* -- the stream ----------------------------------------------------------------------------------
 */

/* The words that always stay, all but some hundreds, look at one entry: a table for all would take
 * its part of the second-level cache. */
static inline int stays(const wv_sgns_model *m, const wv_sgns_worker *w, uint64_t key, int64_t at,
                        int32_t id) {
    const int32_t entry = id < w->always ? id : w->always;
    return (uint32_t)(wv_rng_at(key, (uint64_t)at) >> 32) <= m->keep[entry];
}

/* Fills kept with the tokens of [begin, end) and up to a window of kept ones before and after, in
 * the same line. The chunk's own are kept[*first, *last). */
static wv_status sample(const wv_sgns_model *m, wv_sgns_worker *w, const int32_t *ids, int64_t n,
                        int64_t begin, int64_t end, uint64_t key, int64_t *first, int64_t *last,
                        int64_t *total) {
    int64_t start = begin;
    for (int32_t found = 0; start > 0 && found < m->how.window; start--) {
        const int32_t id = ids[start - 1];
        if (id < 0) break;
        if (id >= m->vocab) return WV_ERR_RANGE;
        found += stays(m, w, key, start - 1, id);
    }
    int64_t k = 0;
    *first = 0;
    for (int64_t at = start; at < end; at++) {
        if (at == begin) *first = k;
        const int32_t id = ids[at];
        if (id >= m->vocab || id < WV_ID_BREAK) return WV_ERR_RANGE;
        w->kept[k] = id; /* written always: which stay is not to be guessed */
        k += id < 0 || stays(m, w, key, at, id);
    }
    *last = k;
    for (int32_t found = 0; end < n && found < m->how.window; end++) {
        const int32_t id = ids[end];
        if (id < 0) break;
        if (id >= m->vocab) return WV_ERR_RANGE;
        if (stays(m, w, key, end, id)) {
            w->kept[k++] = id;
            found++;
        }
    }
    *total = k;
    return WV_OK;
}

/* A set of noise for all pairs of a centre. */
static void draw_noise(const wv_sgns_model *m, wv_sgns_worker *w, wv_rng *rng, int32_t *noise) {
    for (int32_t k = 0; k < m->how.negative; k++) {
        noise[k] = wv_alias_draw(w->noise.table, w->noise.words, wv_rng_next(rng));
        w->ahead[w->ahead_count++] = word_row(&w->out_side, noise[k]);
    }
    /* The entries that the next step will look at: drawing is a function of the place. Between two
     * steps' noise is the number of the window's size. */
    for (int32_t k = 0; k < m->how.negative; k++) {
        const uint64_t bits = wv_rng_at(rng->state, (uint64_t)((m->how.shrink != 0) + k));
        WV_PREFETCH(w->noise.table + wv_alias_entry(w->noise.words, bits));
    }
}

/* The next set of noise; it stays until another is asked for. The queue is kept full, and what is
 * left in it comes to its front when there is no room behind. */
static const int32_t *next_noise(const wv_sgns_model *m, wv_sgns_worker *w, wv_rng *rng) {
    const ptrdiff_t k = m->how.negative;
    if (w->drawn == w->room) {
        memmove(w->queue, w->queue + w->taken * k,
                (size_t)(w->drawn - w->taken) * (size_t)k * sizeof *w->queue);
        w->drawn -= w->taken;
        w->taken = 0;
    }
    while (w->drawn - w->taken <= AHEAD_OF_NOISE) draw_noise(m, w, rng, w->queue + w->drawn++ * k);
    return w->queue + w->taken++ * k;
}

/* A word for the pool, from bits that were drawn before. */
static int32_t word_for_pool(wv_sgns_worker *w, wv_rng *rng) {
    const int32_t word = wv_alias_draw(w->noise.table, w->noise.words, w->coming[w->next]);
    w->coming[w->next] = wv_rng_next(rng);
    WV_PREFETCH(w->noise.table + wv_alias_entry(w->noise.words, w->coming[w->next]));
    w->next = (w->next + 1) % COMING;
    return word;
}

static void fill_pool(wv_sgns_worker *w, wv_rng *rng) {
    w->next = w->oldest = 0;
    for (int i = 0; i < COMING; i++) w->coming[i] = wv_rng_next(rng);
    for (int i = 0; i < POOL; i++) w->pool[i] = word_for_pool(w, rng);
}

/* A set of noise for one pair. */
static void draw_from_pool(const wv_sgns_model *m, wv_sgns_worker *w, wv_rng *rng, int32_t *noise) {
    for (int32_t k = 0; k < m->how.negative; k += POOL_USES) {
        w->pool[w->oldest] = word_for_pool(w, rng);
        w->ahead[w->ahead_count++] = word_row(&w->out_side, w->pool[w->oldest]);
        w->oldest = (w->oldest + 1) % POOL;
    }
    uint64_t bits = 0;
    for (int32_t k = 0; k < m->how.negative; k++, bits >>= POOL_BITS) {
        if (k % (64 / POOL_BITS) == 0) bits = wv_rng_next(rng);
        noise[k] = w->pool[bits % POOL];
    }
}

/* Rows for a step, input i of a window and output k of a step. A frozen row takes part with its
 * values and the step moves a copy of it. */
static float *taken(const wv_sgns_model *m, wv_sgns_worker *w, float *row, int frozen, int place) {
    if (!frozen) return row;
    float *copy = w->copies + place * m->stride;
    memcpy(copy, row, (size_t)m->stride * sizeof *copy);
    return copy;
}

static float *input_row(const wv_sgns_model *m, wv_sgns_worker *w, int32_t word, int i) {
    const int frozen = m->frozen && m->frozen[word] & WV_FROZEN_IN;
    return taken(m, w, word_row(&w->in_side, word), frozen, i);
}

static float *output_row(const wv_sgns_model *m, wv_sgns_worker *w, int32_t word, int k) {
    const int frozen = m->frozen && m->frozen[word] & WV_FROZEN_OUT;
    return taken(m, w, word_row(&w->out_side, word), frozen, 2 * m->how.window + k);
}

/* Signs of as many inputs as there can be against one observed and no - 1 noise outputs. */
static void fill_signs(const wv_sgns_model *m, wv_sgns_worker *w, int no) {
    if (w->sign_out == no) return;
    for (int i = 0, j = 0; i < 2 * m->how.window; i++)
        for (int k = 0; k < no; k++) w->sign[j++] = k ? -1.0f : 1.0f;
    w->sign_out = no;
}

static wv_sgns_rows rows_of(const wv_sgns_model *m, const wv_sgns_worker *w, float *const *in,
                            int ni, int no) {
    return (wv_sgns_rows){in,      ni,   w->out,     no,       m->dim,
                          w->sign, NULL, w->scratch, w->ahead, w->ahead_count};
}

/* One step of `ni` inputs with one observed output and one set of noise; noise that is the observed
 * word is left out. */
static void train_shared_noise(const wv_sgns_model *m, wv_sgns_worker *w, float *const *in, int ni,
                               int32_t observed, wv_rng *rng, float alpha) {
    const int32_t *noise = next_noise(m, w, rng);
    int no = 1;
    w->out[0] = output_row(m, w, observed, 0);
    for (int32_t k = 0; k < m->how.negative; k++) {
        if (noise[k] == observed) continue;
        w->out[no] = output_row(m, w, noise[k], no);
        no++;
    }
    fill_signs(m, w, no);
    const wv_sgns_rows rows = rows_of(m, w, in, ni, no);
    m->table->shared_noise(&rows, alpha, &w->loss);
}

/* A step of each input with one observed output and noise of its own; noise that is the observed
 * word is left out. */
static void train_own_noise(const wv_sgns_model *m, wv_sgns_worker *w, float *const *in, int ni,
                            int32_t observed, wv_rng *rng, float alpha) {
    const int no = 1 + m->how.negative;
    int same = 0;
    fill_signs(m, w, no);
    for (int i = 0, j = 0; i < ni; i++) {
        int32_t *noise = w->queue + i * m->how.negative;
        draw_from_pool(m, w, rng, noise);
        w->out[j] = output_row(m, w, observed, j);
        j++;
        for (int32_t k = 0; k < m->how.negative; k++, j++) {
            w->out[j] = output_row(m, w, noise[k], j);
            if (noise[k] != observed) continue;
            w->sign[j] = 0.0f;
            same = 1;
        }
    }
    const wv_sgns_rows rows = rows_of(m, w, in, ni, no);
    m->table->own_noise(&rows, alpha, &w->loss);
    if (same) w->sign_out = 0;
}

/* Adds the rows of a word's input to w->rows. */
static int64_t add_rows(const wv_sgns_model *m, wv_sgns_worker *w, int32_t word, int64_t count) {
    if (!m->sub_starts) {
        w->rows[count++] = word_row(&w->in_side, word);
    } else {
        for (int64_t i = m->sub_starts[word]; i < m->sub_starts[word + 1]; i++)
            w->rows[count++] = row_of(&w->in_side, m->sub_rows[i]);
    }
    return count;
}

/* Leaves those rows of a window's words that move; returns their number. */
static int64_t drop_frozen(const wv_sgns_model *m, wv_sgns_worker *w, int nc) {
    int64_t count = 0;
    for (int i = 0; i < nc; i++)
        if (!(m->frozen[w->context[i]] & WV_FROZEN_IN))
            w->rows[count++] = word_row(&w->in_side, w->context[i]);
    return count;
}

/* CBOW: the centre's input is made of its window's rows. */
static void train_window(const wv_sgns_model *m, wv_sgns_worker *w, int32_t centre, int nc,
                         wv_rng *rng, float alpha) {
    int64_t count = 0;
    for (int i = 0; i < nc; i++) count = add_rows(m, w, w->context[i], count);
    const float scale = m->how.mean ? 1.0f / (float)count : 1.0f;
    m->table->gather(w->rows, count, m->dim, scale, w->hidden);
    float *before = w->hidden + m->stride;
    memcpy(before, w->hidden, (size_t)m->stride * sizeof *before);
    train_shared_noise(m, w, &w->hidden, 1, centre, rng, alpha);
    const int64_t moving = m->frozen ? drop_frozen(m, w, nc) : count;
    /* With the mean the true gradient of a row is 1/count of the hidden row's. */
    const float factor = m->how.divide ? 1.0f / (float)count : 1.0f;
    m->table->scatter(w->rows, moving, m->dim, factor, before, w->hidden);
}

/* Subword skip-gram: where the hidden row of the kept token at `at` is, and after `slots` rows
 * what it was. It is made of the word's rows when the token comes into reach of a centre, takes
 * its steps as any input row, and what they add up to goes to the rows when it leaves reach. */
static float *slot_of(const wv_sgns_model *m, const wv_sgns_worker *w, int64_t at) {
    return w->hidden + (at % w->slots) * m->stride;
}

static void enter(const wv_sgns_model *m, wv_sgns_worker *w, int64_t at) {
    if (w->kept[at] < 0) return;
    float *hidden = slot_of(m, w, at);
    const int64_t count = add_rows(m, w, w->kept[at], 0);
    m->table->gather(w->rows, count, m->dim, m->how.mean ? 1.0f / (float)count : 1.0f, hidden);
    memcpy(hidden + w->slots * m->stride, hidden, (size_t)m->stride * sizeof *hidden);
}

static void leave(const wv_sgns_model *m, wv_sgns_worker *w, int64_t at) {
    if (w->kept[at] < 0) return;
    const float *hidden = slot_of(m, w, at);
    const int64_t count = add_rows(m, w, w->kept[at], 0);
    m->table->scatter(w->rows, count, m->dim, m->how.divide ? 1.0f / (float)count : 1.0f,
                      hidden + w->slots * m->stride, hidden);
}

/* Brings the tokens [begin, end) into reach, and lets go of others. */
static void reach_over(const wv_sgns_model *m, wv_sgns_worker *w, int64_t begin, int64_t end) {
    while (w->left < begin && w->left < w->entered) leave(m, w, w->left++);
    while (w->entered < end) enter(m, w, w->entered++);
}

/* Lists the rows that the centre after this one will need. */
static void look_ahead(const wv_sgns_model *m, wv_sgns_worker *w, int64_t t, int64_t total) {
    const int64_t ahead = t + m->how.window + 1;
    const int32_t next = t + 1 < total ? w->kept[t + 1] : WV_ID_BREAK;
    const int32_t enters = ahead < total ? w->kept[ahead] : WV_ID_BREAK;
    w->ahead_count = 0;
    if (next >= 0) w->ahead[w->ahead_count++] = word_row(&w->out_side, next);
    if (enters < 0) return;
    if (!m->sub_starts) {
        w->ahead[w->ahead_count++] = word_row(&w->in_side, enters);
    } else {
        for (int64_t i = m->sub_starts[enters]; i < m->sub_starts[enters + 1]; i++)
            w->ahead[w->ahead_count++] = row_of(&w->in_side, m->sub_rows[i]);
    }
}

/* Where there is no step that would fetch them. */
static void fetch_ahead(const wv_sgns_model *m, const wv_sgns_worker *w) {
    for (int64_t j = 0; j < w->ahead_count; j++) wv_prefetch_row(w->ahead[j], m->dim);
}

wv_status wv_sgns_train(const wv_sgns_model *m, wv_sgns_worker *w, const int32_t *ids, int64_t n,
                        int64_t begin, int64_t end, wv_noise noise, uint64_t key, float alpha_begin,
                        float alpha_end, wv_sgns_stats *stats) {
    *stats = (wv_sgns_stats){0, 0, 0};
    w->noise = noise;
    if (begin < 0 || noise.words < 1 || end > n ||
        end - begin > w->longest - 2 * (int64_t)m->how.window)
        return WV_ERR_RANGE;
    int64_t first, last, total;
    const wv_status status = sample(m, w, ids, n, begin, end, key, &first, &last, &total);
    if (status != WV_OK) return status;

    if (!w->loaded) {
        load_rows(&w->in_side);
        load_rows(&w->out_side);
        w->loaded = 1;
    }
    const int subwords = m->sub_starts && !m->how.cbow;
    w->entered = w->left = first > m->how.window ? first - m->how.window : 0;
    wv_rng rng = {wv_rng_key(key, (uint64_t)begin, 1)};
    w->drawn = w->taken = 0;
    wv_sgns_loss_begin(&w->loss);
    if (own_noise(m)) fill_pool(w, &rng);
    const float slope = last > first ? (alpha_end - alpha_begin) / (float)(last - first) : 0;
    for (int64_t t = first; t < last; t++) {
        const int32_t centre = w->kept[t];
        look_ahead(m, w, t, total);
        if (subwords)
            reach_over(m, w, t - m->how.window,
                       t + m->how.window < total ? t + m->how.window + 1 : total);
        if (centre < 0) {
            fetch_ahead(m, w);
            continue;
        }
        stats->kept++;
        if (w->to_merge && !--w->to_merge) {
            merge_rows(m, w, 0);
            w->to_merge = m->every;
        }
        const int64_t reach = m->how.shrink
                                  ? 1 + (int64_t)wv_rng_below(&rng, (uint32_t)m->how.window)
                                  : m->how.window;
        int nc = 0;
        for (int64_t c = t - 1; c >= 0 && c >= t - reach && w->kept[c] >= 0; c--)
            w->place[nc] = c, w->context[nc++] = w->kept[c];
        for (int64_t c = t + 1; c < total && c <= t + reach && w->kept[c] >= 0; c++)
            w->place[nc] = c, w->context[nc++] = w->kept[c];
        if (!nc) {
            fetch_ahead(m, w);
            continue;
        }
        stats->pairs += m->how.cbow ? 1 : nc;
        const float alpha = w->alpha = alpha_begin + slope * (float)(t - first);
        if (m->how.cbow) {
            train_window(m, w, centre, nc, &rng, alpha);
            continue;
        }
        for (int i = 0; i < nc; i++)
            w->in[i] = subwords ? slot_of(m, w, w->place[i]) : input_row(m, w, w->context[i], i);
        if (own_noise(m))
            train_own_noise(m, w, w->in, nc, centre, &rng, alpha);
        else
            train_shared_noise(m, w, w->in, nc, centre, &rng, alpha);
    }
    stats->loss = wv_sgns_loss_of(&w->loss);
    if (subwords) reach_over(m, w, w->entered, w->entered);
    return isfinite(stats->loss) ? WV_OK : WV_ERR_NONFINITE;
}
