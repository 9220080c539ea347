/* The order in which GloVe visits the cells of tiles; see the header. */
#include "wv_glove.h"

#include <stdlib.h>
#include <string.h>

WV_ISA_CHOICE(wv_glove)

enum { CHUNK = 1024 }; /* cells that are weighed at once: 28 KB */

typedef struct packed {
    uint16_t row, col; /* numbers within their tiles */
    float x;
} packed;

struct wv_glove_worker {
    int64_t *order;          /* of the rows of a tile, or of its columns */
    int64_t *rows, *columns; /* of the part */
    int64_t *met;            /* columns of the part that a block has cells of */
    uint8_t *member;         /* (columns,): whether it is of the part */
    uint32_t *at;            /* (columns,): where the next cell of a column goes */
    uint32_t *ends;          /* where the cells of a group of columns end */
    packed *cells;           /* of a block */
    int64_t room, room_cells;
    wv_glove_cell chunk[CHUNK];
    float x[3 * CHUNK]; /* counts, their logarithms, their weights */
};

wv_glove_worker *wv_glove_worker_new(void) {
    return calloc(1, sizeof(wv_glove_worker));
}

void wv_glove_worker_free(wv_glove_worker *w) {
    if (!w) return;
    free(w->order);
    free(w->rows);
    free(w->columns);
    free(w->met);
    free(w->member);
    free(w->at);
    free(w->ends);
    free(w->cells);
    free(w);
}

/* Room for n elements; what was there is lost. */
static int fits(void **buffer, size_t size, int64_t n, int64_t room) {
    if (n <= room && *buffer) return 1;
    free(*buffer);
    *buffer = malloc((size_t)(n ? n : 1) * size);
    return *buffer != NULL;
}

/* Room for tiles of n rows or columns. */
static wv_status reserve(wv_glove_worker *w, int64_t n) {
    const int ok = fits((void **)&w->order, sizeof *w->order, n, w->room) &&
                   fits((void **)&w->rows, sizeof *w->rows, n, w->room) &&
                   fits((void **)&w->columns, sizeof *w->columns, n, w->room) &&
                   fits((void **)&w->met, sizeof *w->met, n, w->room) &&
                   fits((void **)&w->member, sizeof *w->member, n, w->room) &&
                   fits((void **)&w->at, sizeof *w->at, n, w->room) &&
                   fits((void **)&w->ends, sizeof *w->ends, n, w->room);
    w->room = !ok ? 0 : n > w->room ? n : w->room;
    return ok ? WV_OK : WV_ERR_MEMORY;
}

/* Deals 0 .. n - 1 to `grid` random sets; chosen[0 .. result) is one of them, rising, and w->member
 * tells who is in it. */
static int64_t pick(wv_glove_worker *w, int64_t *chosen, uint32_t n, uint32_t grid, uint32_t set,
                    wv_rng *rng) {
    const int64_t first = (int64_t)n * set / grid, end = (int64_t)n * (set + 1) / grid;
    int64_t found = 0;
    wv_rng_order(rng, w->order, n);
    memset(w->member, 0, n);
    for (int64_t i = first; i < end; i++) w->member[w->order[i]] = 1;
    for (uint32_t i = 0; i < n; i++)
        if (w->member[i]) chosen[found++] = i;
    return found;
}

/* The cells of n of the part's rows and its n_columns columns: the columns that have any, w->met,
 * in random order, a group of them after the other, each group's cells shuffled. Sets *met to how
 * many columns those are; returns how many cells, or -1 without memory. */
static int64_t arrange(wv_glove_worker *w, const wv_glove_tile *t, const int64_t *rows, int64_t n,
                       int64_t n_columns, int64_t *met, wv_rng *rng) {
    const wv_tile *c = &t->cells;
    memset(w->at, 0, (size_t)t->n_cols * sizeof *w->at);
    for (int64_t r = 0; r < n; r++)
        for (uint32_t i = c->row_ptr[rows[r]]; i < c->row_ptr[rows[r] + 1]; i++)
            w->at[c->cols[i]]++;
    int64_t some = 0;
    for (int64_t i = 0; i < n_columns; i++) {
        w->met[some] = w->columns[i];
        some += w->at[w->columns[i]] != 0;
    }
    WV_SHUFFLE(int64_t, w->met, some, rng);
    uint32_t total = 0;
    for (int64_t i = 0; i < some; i++) {
        uint32_t *at = w->at + w->met[i];
        const uint32_t cells = *at;
        *at = total;
        total += cells;
        w->ends[i / WV_GLOVE_COLUMNS] = total;
    }
    *met = some;
    const int64_t wanted = (int64_t)total + 1;
    const int ok = fits((void **)&w->cells, sizeof *w->cells, wanted, w->room_cells);
    w->room_cells = !ok ? 0 : wanted > w->room_cells ? wanted : w->room_cells;
    if (!ok) return -1;
    /* Cells of other columns are all written behind the last: no branch to mispredict. */
    for (int32_t i = 0; i < t->n_cols; i++) w->at[i] = w->member[i] ? w->at[i] : total;
    for (int64_t r = 0; r < n; r++) {
        const uint32_t end = c->row_ptr[rows[r] + 1];
        for (uint32_t i = c->row_ptr[rows[r]]; i < end; i++) {
            const uint16_t col = c->cols[i];
            w->cells[w->at[col]] = (packed){(uint16_t)rows[r], col, c->values[i]};
            w->at[col] += w->member[col];
        }
    }
    const int64_t groups = (some + WV_GLOVE_COLUMNS - 1) / WV_GLOVE_COLUMNS;
    for (int64_t g = 0; g < groups; g++) {
        const uint32_t begin = g ? w->ends[g - 1] : 0;
        WV_SHUFFLE(packed, w->cells + begin, w->ends[g] - begin, rng);
    }
    return total;
}

/* Trains cells begin to end - 1 of a block, group after group; the rows of the next are fetched on
 * the way. */
static double train(const wv_glove_model *m, wv_glove_worker *w, const wv_glove_tile *t,
                    int64_t begin, int64_t end, int64_t met) {
    int32_t next[WV_GLOVE_COLUMNS]; /* words of the next group */
    int64_t group = 0;
    double loss = 0;
    for (int64_t first = begin; first < end; first += CHUNK) {
        const packed *cells = w->cells + first;
        const int64_t n = end - first < CHUNK ? end - first : CHUNK;
        for (int64_t i = 0; i < n; i++) w->x[i] = cells[i].x;
        m->table->weigh(w->x, n, m->log_x_max, m->alpha, w->x + CHUNK, w->x + 2 * CHUNK);
        for (int64_t i = 0; i < n; i++)
            w->chunk[i] = (wv_glove_cell){cells[i].row * m->k + t->row_tile,
                                          cells[i].col * m->k + t->col_tile, w->x[CHUNK + i],
                                          w->x[2 * CHUNK + i]};
        for (int64_t i = 0; i < n;) {
            while (w->ends[group] <= first + i) group++;
            const int64_t left = w->ends[group] - first, stop = left < n ? left : n;
            int32_t some = 0;
            for (int64_t c = (group + 1) * WV_GLOVE_COLUMNS; c < met && some < WV_GLOVE_COLUMNS;
                 c++)
                next[some++] = (int32_t)w->met[c] * m->k + t->col_tile;
            loss += m->table->train(m, w->chunk + i, stop - i, n - i, next, some);
            i = stop;
        }
    }
    return loss;
}

/* Draws the words of n rows to their priors. */
static void pull(const wv_glove_model *m, const wv_glove_tile *t, const int64_t *rows, int64_t n) {
    int32_t words[CHUNK];
    for (int64_t first = 0; first < n; first += CHUNK) {
        const int64_t some = n - first < CHUNK ? n - first : CHUNK;
        for (int64_t i = 0; i < some; i++) words[i] = (int32_t)rows[first + i] * m->k + t->row_tile;
        m->table->pull(m, words, some);
    }
}

wv_status wv_glove_train(const wv_glove_model *m, wv_glove_worker *w, const wv_glove_tile *tiles,
                         int32_t n, uint64_t key, uint32_t part, double *loss, int64_t *cells) {
    const uint32_t grid = (uint32_t)m->grid, row_set = part / grid, column_set = part % grid;
    /* A word of a symmetric model has two rows. */
    const int64_t word = 2 * m->stride * (int64_t)sizeof(float) * (m->symmetric ? 2 : 1);
    const int64_t most = WV_GLOVE_BLOCK / word > 1 ? WV_GLOVE_BLOCK / word : 1;
    wv_rng rng = {wv_rng_key(key, part, 1)};
    /* Either tile first: what a word meets last in a part should not always be of one kind. */
    const int32_t turn = (int32_t)wv_rng_below(&rng, 2);
    for (int32_t i = 0; i < n; i++) {
        const int32_t which = (i + turn) % n;
        const wv_glove_tile *t = tiles + which;
        const int32_t all = t->cells.rows;
        if (reserve(w, all > t->n_cols ? all : t->n_cols) != WV_OK) return WV_ERR_MEMORY;
        /* The sets are those of the whole epoch. */
        wv_rng sets = {wv_rng_key(key, (uint64_t)which, 2)};
        const int64_t rows = pick(w, w->rows, (uint32_t)all, grid, row_set, &sets);
        const int64_t columns = pick(w, w->columns, (uint32_t)t->n_cols, grid, column_set, &sets);
        const int64_t blocks = (rows + most - 1) / most;
        if (!rows) continue;
        const int pulled = m->prior && (m->symmetric || t->row_tile == t->col_tile);
        const int32_t pulls = pulled ? WV_GLOVE_PULLS / m->grid : 1;
        /* Any block first, for the same reason. */
        const int64_t start = wv_rng_below(&rng, (uint32_t)blocks);
        for (int64_t k = 0; k < blocks; k++) {
            const int64_t b = (start + k) % blocks;
            const int64_t *first = w->rows + rows * b / blocks;
            const int64_t many = rows * (b + 1) / blocks - rows * b / blocks;
            int64_t met = 0;
            const int64_t found = arrange(w, t, first, many, columns, &met, &rng);
            if (found < 0) return WV_ERR_MEMORY;
            for (int32_t p = 0; p < pulls; p++) {
                *loss += train(m, w, t, found * p / pulls, found * (p + 1) / pulls, met);
                if (pulled) pull(m, t, first, many);
            }
            *cells += found;
        }
    }
    return WV_OK;
}
