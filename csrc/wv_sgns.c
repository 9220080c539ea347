/* The stream driver: subsampling, windows, noise; the arithmetic is in the step.
 *
 * Random numbers. Whether the token at a position stays is a function of (key, position) alone, so
 * a chunk can look at its neighbours' tokens and no context is lost where a corpus was cut for the
 * threads. Windows and noise come from a sequence keyed by (key, begin of the chunk).
 *
 * Memory. Rows of rare words miss every cache, so noise is drawn a little before it is needed. Its
 * rows, the next centre's and the input row that the window meets next are listed, and the step
 * that is on its way asks for them between its sums: asked for at once they hold it up. Random
 * numbers are made earlier still, and ask for the entries of the alias table that they will meet.
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

/* Random numbers that are made before they are needed; a power of 2. */
enum { COMING = 32 };

/* Own noise takes some words for each pair, and their rows would come from memory or from another
 * core that wrote them. So it takes them from a pool of words, whose rows a second-level cache
 * holds; the pool is drawn from the noise distribution, and for POOL_USES words that are taken one
 * is drawn anew. POOL_COMING: words that are drawn before they are needed. */
enum { POOL = 512, POOL_BITS = 9, POOL_USES = 5, POOL_COMING = 32 };

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

/* The rows of a window are listed so many at a time: processors guess the end of a loop wrong when
 * it differs from window to window. */
enum { WINDOW_STEP = 8 };

/* A word that a step has as an output. */
typedef struct output {
    float *row;
    int32_t word;
} output;

struct wv_sgns_worker {
    side in_side, out_side;
    int64_t merges, to_merge; /* how often it merged, and kept tokens until the next time */
    int loaded;               /* whether it has taken over the model's rows */
    float alpha;              /* of its last step */
    int32_t *kept;            /* ids that passed subsampling, WV_ID_BREAK between lines */
    int64_t longest;          /* room in kept */
    int32_t always;           /* the words from it on stay, whatever is drawn */
    wv_noise noise;           /* of this chunk */
    wv_rng rng;
    uint64_t coming[COMING]; /* random numbers; */
    uint32_t number;         /* the next one is coming[number % COMING] */
    output *queue; /* (room, negative): noise in sets; those from taken to drawn are to come */
    int room, taken, drawn;
    output pool[POOL];            /* words that own noise is drawn from */
    int oldest;                   /* of the pool: it is drawn anew next */
    uint64_t refill[POOL_COMING]; /* random bits of the words that come into the pool next, */
    int next;                     /* and the first of them */
    float **row; /* (reach, a power of 2): of the kept token at t, as an input, in row[t % reach] */
    int64_t reach;
    float **in, **out; /* (2 window + WINDOW_STEP,), (outputs of a step,) */
    int32_t *words;    /* of out */
    float **rows;      /* what a hidden row is made of */
    float *hidden;     /* (2 slots, stride): made rows, and what they were when they were made */
    int64_t slots, entered, left;
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

/* Whether a word's input is made of its rows for all windows that it stands in. */
static int hidden_inputs(const wv_sgns_model *m) {
    return m->sub_starts && !m->how.cbow;
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
    w->room = own_noise(m) ? 1 : 4 * (AHEAD_OF_NOISE + 1);
    w->queue = malloc((size_t)w->room * (size_t)m->how.negative * sizeof *w->queue);
    for (w->reach = 1; w->reach < ni + 2;) w->reach *= 2;
    w->row = calloc((size_t)w->reach, sizeof *w->row);
    w->in = malloc(((size_t)ni + WINDOW_STEP) * sizeof *w->in);
    w->out = malloc(outs * sizeof *w->out);
    w->words = malloc(outs * sizeof *w->words);
    w->rows =
        malloc(((size_t)most * (m->how.cbow ? (size_t)ni : 1) + WINDOW_STEP) * sizeof *w->rows);
    w->slots = hidden_inputs(m) ? ni + 1 : 1;
    w->hidden = calloc(2 * (size_t)w->slots * (size_t)m->stride, sizeof *w->hidden);
    const size_t sets = own_noise(m) ? (size_t)ni : (size_t)w->room;
    w->ahead = malloc((sets * (size_t)m->how.negative + 1 + (size_t)most) * sizeof *w->ahead);
    if (m->frozen) w->copies = malloc(((size_t)ni + outs) * (size_t)m->stride * sizeof *w->copies);
    w->sign = malloc(pairs * sizeof *w->sign);
    w->scratch = malloc((size_t)wv_sgns_scratch_floats(ni, no, m->dim) * sizeof *w->scratch);
    if (!w->kept || !w->queue || !w->row || !w->in || !w->out || !w->words || !w->rows ||
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
    free(w->row);
    free(w->in);
    free(w->out);
    free(w->words);
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

/* The next random number. In its place comes a new one, and the entry of the alias table that noise
 * of that number looks at is asked for. (Own noise is drawn from the table by other numbers.) */
static inline uint64_t next_number(const wv_sgns_model *m, wv_sgns_worker *w) {
    uint64_t *place = w->coming + w->number++ % COMING;
    const uint64_t number = *place;
    *place = wv_rng_next(&w->rng);
    if (!own_noise(m)) WV_PREFETCH(w->noise.table + wv_alias_entry(w->noise.words, *place));
    return number;
}

static void begin_numbers(wv_sgns_worker *w, uint64_t key) {
    w->rng = (wv_rng){key};
    w->number = 0;
    for (int i = 0; i < COMING; i++) w->coming[i] = wv_rng_next(&w->rng);
}

static output output_of(const wv_sgns_worker *w, int32_t word) {
    return (output){word_row(&w->out_side, word), word};
}

/* A set of noise for all pairs of a centre. */
static void draw_noise(const wv_sgns_model *m, wv_sgns_worker *w, output *noise) {
    for (int32_t k = 0; k < m->how.negative; k++) {
        const uint64_t bits = next_number(m, w);
        noise[k] = output_of(w, wv_alias_draw(w->noise.table, w->noise.words, bits));
        w->ahead[w->ahead_count++] = noise[k].row;
    }
}

/* The next set of noise; it stays until another is asked for. The queue is kept full, and what is
 * left in it comes to its front when there is no room behind. */
static const output *next_noise(const wv_sgns_model *m, wv_sgns_worker *w) {
    const ptrdiff_t k = m->how.negative;
    if (w->drawn == w->room) {
        memmove(w->queue, w->queue + w->taken * k,
                (size_t)(w->drawn - w->taken) * (size_t)k * sizeof *w->queue);
        w->drawn -= w->taken;
        w->taken = 0;
    }
    while (w->drawn - w->taken <= AHEAD_OF_NOISE) draw_noise(m, w, w->queue + w->drawn++ * k);
    return w->queue + w->taken++ * k;
}

/* A word for the pool, from bits that were drawn before. */
static output word_for_pool(const wv_sgns_model *m, wv_sgns_worker *w) {
    uint64_t *bits = w->refill + w->next;
    const output word = output_of(w, wv_alias_draw(w->noise.table, w->noise.words, *bits));
    *bits = next_number(m, w);
    WV_PREFETCH(w->noise.table + wv_alias_entry(w->noise.words, *bits));
    w->next = (w->next + 1) % POOL_COMING;
    return word;
}

static void fill_pool(const wv_sgns_model *m, wv_sgns_worker *w) {
    w->next = w->oldest = 0;
    for (int i = 0; i < POOL_COMING; i++) w->refill[i] = next_number(m, w);
    for (int i = 0; i < POOL; i++) w->pool[i] = word_for_pool(m, w);
}

/* Draws for the pool what a set of noise has to pay. */
static void renew_pool(const wv_sgns_model *m, wv_sgns_worker *w) {
    for (int32_t k = 0; k < m->how.negative; k += POOL_USES) {
        w->pool[w->oldest] = word_for_pool(m, w);
        w->ahead[w->ahead_count++] = w->pool[w->oldest].row;
        w->oldest = (w->oldest + 1) % POOL;
    }
}

/* A frozen row takes part with its values and the step moves a copy of it. */
static void hold(const wv_sgns_model *m, const wv_sgns_worker *w, float **row, int place) {
    float *copy = w->copies + place * m->stride;
    memcpy(copy, *row, (size_t)m->stride * sizeof *copy);
    *row = copy;
}

static void hold_outputs(const wv_sgns_model *m, const wv_sgns_worker *w, int count) {
    for (int k = 0; m->frozen && k < count; k++)
        if (m->frozen[w->words[k]] & WV_FROZEN_OUT) hold(m, w, w->out + k, 2 * m->how.window + k);
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

/* Output j of the next step. */
static inline void take(const wv_sgns_worker *w, int j, output o) {
    w->out[j] = o.row;
    w->words[j] = o.word;
}

/* One step of `ni` inputs with one observed output and one set of noise; noise that is the observed
 * word is left out. */
static void train_shared_noise(const wv_sgns_model *m, wv_sgns_worker *w, float *const *in, int ni,
                               int32_t word, float alpha) {
    const output *noise = next_noise(m, w), observed = output_of(w, word);
    int no = 1;
    take(w, 0, observed);
    for (int32_t k = 0; k < m->how.negative; k++) {
        take(w, no, noise[k]);
        no += noise[k].row != observed.row;
    }
    hold_outputs(m, w, no);
    fill_signs(m, w, no);
    const wv_sgns_rows rows = rows_of(m, w, in, ni, no);
    m->table->shared_noise(&rows, alpha, &w->loss);
}

/* A step of each input with one observed output and noise of its own; noise that is the observed
 * word is left out. */
static void train_own_noise(const wv_sgns_model *m, wv_sgns_worker *w, float *const *in, int ni,
                            int32_t word, float alpha) {
    const output observed = output_of(w, word);
    const int no = 1 + m->how.negative;
    int same = 0;
    fill_signs(m, w, no);
    for (int i = 0, j = 0; i < ni; i++) {
        renew_pool(m, w);
        take(w, j++, observed);
        uint64_t bits = 0;
        for (int32_t k = 0; k < m->how.negative; k++, j++, bits >>= POOL_BITS) {
            if (k % (64 / POOL_BITS) == 0) bits = next_number(m, w);
            take(w, j, w->pool[bits % POOL]);
            if (w->out[j] != observed.row) continue;
            w->sign[j] = 0.0f;
            same = 1;
        }
    }
    hold_outputs(m, w, ni * no);
    const wv_sgns_rows rows = rows_of(m, w, in, ni, no);
    m->table->own_noise(&rows, alpha, &w->loss);
    if (same) w->sign_out = 0;
}

/* The words before and after a centre, the nearest first. */
typedef struct window {
    int64_t centre; /* where it is in kept */
    int64_t before, after;
} window;

static inline int words_in(window a) {
    return (int)(a.before + a.after);
}

/* Where in kept word i of a window is. */
static inline int64_t place_in(window a, int64_t i) {
    return i < a.before ? a.centre - 1 - i : a.centre + 1 + i - a.before;
}

/* rows (before + after + WINDOW_STEP,) = the words' rows, and what there is no word for. */
static void list_rows(const wv_sgns_worker *w, window a, float **rows) {
    const int64_t mask = w->reach - 1;
    for (int64_t i = 0; i < a.before; i += WINDOW_STEP)
        for (int64_t k = i; k < i + WINDOW_STEP; k++) rows[k] = w->row[(a.centre - 1 - k) & mask];
    rows += a.before;
    for (int64_t i = 0; i < a.after; i += WINDOW_STEP)
        for (int64_t k = i; k < i + WINDOW_STEP; k++) rows[k] = w->row[(a.centre + 1 + k) & mask];
}

/* Adds the rows that a word's input is made of to w->rows. */
static int64_t add_rows(const wv_sgns_model *m, wv_sgns_worker *w, int32_t word, int64_t count) {
    for (int64_t i = m->sub_starts[word]; i < m->sub_starts[word + 1]; i++)
        w->rows[count++] = row_of(&w->in_side, m->sub_rows[i]);
    return count;
}

/* Leaves those rows of a window's words that move; returns their number. */
static int64_t drop_frozen(const wv_sgns_model *m, wv_sgns_worker *w, window a) {
    int64_t count = 0;
    for (int64_t i = 0; i < words_in(a); i++)
        if (!(m->frozen[w->kept[place_in(a, i)]] & WV_FROZEN_IN)) w->rows[count++] = w->rows[i];
    return count;
}

/* CBOW: the centre's input is made of its window's rows. */
static void train_window(const wv_sgns_model *m, wv_sgns_worker *w, window a, float alpha) {
    const int nc = words_in(a);
    int64_t count = nc;
    if (m->sub_starts) {
        count = 0;
        for (int64_t i = 0; i < nc; i++) count = add_rows(m, w, w->kept[place_in(a, i)], count);
    } else {
        list_rows(w, a, w->rows);
    }
    const float scale = m->how.mean ? 1.0f / (float)count : 1.0f;
    m->table->gather(w->rows, count, m->dim, scale, w->hidden);
    float *before = w->hidden + m->stride;
    memcpy(before, w->hidden, (size_t)m->stride * sizeof *before);
    train_shared_noise(m, w, &w->hidden, 1, w->kept[a.centre], alpha);
    const int64_t moving = m->frozen ? drop_frozen(m, w, a) : count;
    /* With the mean the true gradient of a row is 1/count of the hidden row's. */
    const float factor = m->how.divide ? 1.0f / (float)count : 1.0f;
    m->table->scatter(w->rows, moving, m->dim, factor, before, w->hidden);
}

/* Skip-gram: each word of a window is an input. */
static void train_pairs(const wv_sgns_model *m, wv_sgns_worker *w, window a, float alpha) {
    const int nc = words_in(a);
    list_rows(w, a, w->in);
    for (int i = 0; m->frozen && i < nc; i++)
        if (m->frozen[w->kept[place_in(a, i)]] & WV_FROZEN_IN) hold(m, w, w->in + i, i);
    if (own_noise(m))
        train_own_noise(m, w, w->in, nc, w->kept[a.centre], alpha);
    else
        train_shared_noise(m, w, w->in, nc, w->kept[a.centre], alpha);
}

/* Subword skip-gram: where the hidden row of the kept token at `at` is, and after `slots` rows
 * what it was. It is made of the word's rows when the token comes into reach of a centre, takes
 * its steps as any input row, and what they add up to goes to the rows when it leaves reach. */
static float *slot_of(const wv_sgns_model *m, const wv_sgns_worker *w, int64_t at) {
    return w->hidden + (at % w->slots) * m->stride;
}

static void enter(const wv_sgns_model *m, wv_sgns_worker *w, int64_t at) {
    if (w->kept[at] < 0) return;
    float **row = w->row + (at & (w->reach - 1));
    if (!hidden_inputs(m)) {
        *row = word_row(&w->in_side, w->kept[at]);
        return;
    }
    float *hidden = *row = slot_of(m, w, at);
    const int64_t count = add_rows(m, w, w->kept[at], 0);
    m->table->gather(w->rows, count, m->dim, m->how.mean ? 1.0f / (float)count : 1.0f, hidden);
    memcpy(hidden + w->slots * m->stride, hidden, (size_t)m->stride * sizeof *hidden);
}

static void leave(const wv_sgns_model *m, wv_sgns_worker *w, int64_t at) {
    if (w->kept[at] < 0 || !hidden_inputs(m)) return;
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
    w->entered = w->left = first > m->how.window ? first - m->how.window : 0;
    begin_numbers(w, wv_rng_key(key, (uint64_t)begin, 1));
    w->drawn = w->taken = 0;
    wv_sgns_loss_begin(&w->loss);
    if (own_noise(m)) fill_pool(m, w);
    int64_t line = 0, stop = 0; /* the centre's line in kept, of which none begins before first */
    const float slope = last > first ? (alpha_end - alpha_begin) / (float)(last - first) : 0;
    for (int64_t t = first; t < last; t++) {
        look_ahead(m, w, t, total);
        reach_over(m, w, t - m->how.window,
                   t + m->how.window < total ? t + m->how.window + 1 : total);
        if (w->kept[t] < 0) {
            fetch_ahead(m, w);
            line = t + 1;
            continue;
        }
        if (t >= stop)
            for (stop = t + 1; stop < total && w->kept[stop] >= 0;) stop++;
        stats->kept++;
        if (w->to_merge && !--w->to_merge) {
            merge_rows(m, w, 0);
            w->to_merge = m->every;
        }
        int64_t reach = m->how.window;
        if (m->how.shrink) reach = 1 + wv_rng_scaled(next_number(m, w), (uint32_t)reach);
        const window a = {t, reach < t - line ? reach : t - line,
                          reach < stop - 1 - t ? reach : stop - 1 - t};
        if (!words_in(a)) {
            fetch_ahead(m, w);
            continue;
        }
        stats->pairs += m->how.cbow ? 1 : words_in(a);
        const float alpha = w->alpha = alpha_begin + slope * (float)(t - first);
        if (m->how.cbow)
            train_window(m, w, a, alpha);
        else
            train_pairs(m, w, a, alpha);
    }
    stats->loss = wv_sgns_loss_of(&w->loss);
    reach_over(m, w, w->entered, w->entered);
    return isfinite(stats->loss) ? WV_OK : WV_ERR_NONFINITE;
}
