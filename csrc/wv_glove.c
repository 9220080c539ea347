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
    int64_t *rows;    /* an order of the rows of a tile */
    int64_t *columns; /* and of its columns */
    uint8_t *member;  /* (columns,): whether it is of the part */
    uint32_t *at;     /* (columns,): where the next cell of a column goes */
    uint32_t *ends;   /* where the cells of a group of columns end */
    packed *cells;    /* of a block */
    int64_t room_rows, room_columns, room_cells;
    wv_glove_cell chunk[CHUNK];
    float x[3 * CHUNK]; /* counts, their logarithms, their weights */
};

wv_glove_worker *wv_glove_worker_new(void) {
    return calloc(1, sizeof(wv_glove_worker));
}

void wv_glove_worker_free(wv_glove_worker *w) {
    if (!w) return;
    free(w->rows);
    free(w->member);
    free(w->cells);
    free(w->columns);
    free(w->at);
    free(w->ends);
    free(w);
}

/* Room for n elements; what was there is lost. */
static int fits(void **buffer, size_t size, int64_t n, int64_t room) {
    if (n <= room && *buffer) return 1;
    free(*buffer);
    *buffer = malloc((size_t)(n ? n : 1) * size);
    return *buffer != NULL;
}

static wv_status reserve(wv_glove_worker *w, int64_t rows, int64_t columns) {
    const int ok = fits((void **)&w->rows, sizeof *w->rows, rows, w->room_rows) &&
                   fits((void **)&w->columns, sizeof *w->columns, columns, w->room_columns) &&
                   fits((void **)&w->member, sizeof *w->member, columns, w->room_columns) &&
                   fits((void **)&w->at, sizeof *w->at, columns, w->room_columns) &&
                   fits((void **)&w->ends, sizeof *w->ends, columns, w->room_columns);
    if (!ok) return WV_ERR_MEMORY;
    if (rows > w->room_rows) w->room_rows = rows;
    if (columns > w->room_columns) w->room_columns = columns;
    return WV_OK;
}

/* Picks the part's set of columns out of a random order of all: w->columns[0 .. result). */
static int32_t pick_columns(wv_glove_worker *w, const wv_glove_tile *t, uint32_t set, wv_rng *rng) {
    const int64_t first = (int64_t)t->n_cols * set / WV_GLOVE_GRID;
    const int64_t end = (int64_t)t->n_cols * (set + 1) / WV_GLOVE_GRID;
    wv_rng_order(rng, w->columns, t->n_cols);
    memmove(w->columns, w->columns + first, (size_t)(end - first) * sizeof *w->columns);
    memset(w->member, 0, (size_t)t->n_cols);
    for (int64_t i = 0; i < end - first; i++) w->member[w->columns[i]] = 1;
    return (int32_t)(end - first);
}

/* The cells of a block's rows and the part's n_columns columns, group after group of columns in
 * random order, each group shuffled; returns how many, or -1 without memory. */
static int64_t arrange(wv_glove_worker *w, const wv_glove_tile *t, const int64_t *rows, int32_t n,
                       int32_t n_columns, wv_rng *rng) {
    const wv_tile *c = &t->cells;
    memset(w->at, 0, (size_t)t->n_cols * sizeof *w->at);
    for (int32_t r = 0; r < n; r++)
        for (uint32_t i = c->row_ptr[rows[r]]; i < c->row_ptr[rows[r] + 1]; i++)
            w->at[c->cols[i]]++;
    WV_SHUFFLE(int64_t, w->columns, n_columns, rng);
    uint32_t total = 0;
    for (int32_t i = 0; i < n_columns; i++) {
        uint32_t *at = w->at + w->columns[i];
        const uint32_t cells = *at;
        *at = total;
        total += cells;
        w->ends[i / WV_GLOVE_COLUMNS] = total;
    }
    if (!fits((void **)&w->cells, sizeof *w->cells, (int64_t)total + 1, w->room_cells)) return -1;
    if ((int64_t)total + 1 > w->room_cells) w->room_cells = (int64_t)total + 1;
    /* Cells of other columns are all written behind the last: no branch to mispredict. */
    for (int32_t i = 0; i < t->n_cols; i++) w->at[i] = w->member[i] ? w->at[i] : total;
    for (int32_t r = 0; r < n; r++) {
        const uint32_t end = c->row_ptr[rows[r] + 1];
        for (uint32_t i = c->row_ptr[rows[r]]; i < end; i++) {
            const uint16_t col = c->cols[i];
            w->cells[w->at[col]] = (packed){(uint16_t)rows[r], col, c->values[i]};
            w->at[col] += w->member[col];
        }
    }
    const int32_t groups = (n_columns + WV_GLOVE_COLUMNS - 1) / WV_GLOVE_COLUMNS;
    for (int32_t g = 0; g < groups; g++) {
        const uint32_t begin = g ? w->ends[g - 1] : 0;
        WV_SHUFFLE(packed, w->cells + begin, w->ends[g] - begin, rng);
    }
    return total;
}

static double train(const wv_glove_model *m, wv_glove_worker *w, const wv_glove_tile *t,
                    int64_t total) {
    double loss = 0;
    for (int64_t first = 0; first < total; first += CHUNK) {
        const packed *cells = w->cells + first;
        const int32_t n = (int32_t)(total - first < CHUNK ? total - first : CHUNK);
        for (int32_t i = 0; i < n; i++) w->x[i] = cells[i].x;
        m->table->weigh(w->x, n, m->log_x_max, m->alpha, w->x + CHUNK, w->x + 2 * CHUNK);
        for (int32_t i = 0; i < n; i++)
            w->chunk[i] = (wv_glove_cell){cells[i].row * m->k + t->row_tile,
                                          cells[i].col * m->k + t->col_tile, w->x[CHUNK + i],
                                          w->x[2 * CHUNK + i]};
        loss += m->table->train(m, w->chunk, n);
    }
    return loss;
}

/* Draws the words of n rows to their priors. */
static void pull(const wv_glove_model *m, const wv_glove_tile *t, const int64_t *rows, int32_t n) {
    int32_t words[CHUNK];
    for (int32_t first = 0; first < n; first += CHUNK) {
        const int32_t some = n - first < CHUNK ? n - first : CHUNK;
        for (int32_t i = 0; i < some; i++) words[i] = (int32_t)rows[first + i] * m->k + t->row_tile;
        m->table->pull(m, words, some);
    }
}

wv_status wv_glove_train(const wv_glove_model *m, wv_glove_worker *w, const wv_glove_tile *tiles,
                         int32_t n, uint64_t key, uint32_t part, double *loss, int64_t *cells) {
    const uint32_t row_set = part / WV_GLOVE_GRID, column_set = part % WV_GLOVE_GRID;
    /* A word of a symmetric model has two rows. */
    const int64_t word = 2 * m->stride * (int64_t)sizeof(float) * (m->symmetric ? 2 : 1);
    const int64_t most = WV_GLOVE_BLOCK / word > 1 ? WV_GLOVE_BLOCK / word : 1;
    wv_rng rng = {wv_rng_key(key, part, 1)};
    /* Either tile first: what a word meets last in a part should not always be of one kind. */
    const int32_t turn = (int32_t)wv_rng_below(&rng, 2);
    for (int32_t i = 0; i < n; i++) {
        const int32_t which = (i + turn) % n;
        const wv_glove_tile *t = tiles + which;
        const int64_t all = t->cells.rows, first = all * row_set / WV_GLOVE_GRID;
        const int64_t rows = all * (row_set + 1) / WV_GLOVE_GRID - first;
        const int64_t blocks = (rows + most - 1) / most;
        if (!rows || !t->n_cols) continue;
        if (reserve(w, all, t->n_cols) != WV_OK) return WV_ERR_MEMORY;
        /* The sets are those of the whole epoch. */
        wv_rng sets = {wv_rng_key(key, (uint64_t)which, 2)};
        wv_rng_order(&sets, w->rows, all);
        const int32_t columns = pick_columns(w, t, column_set, &sets);
        for (int64_t b = 0; b < blocks; b++) {
            const int64_t begin = rows * b / blocks, end = rows * (b + 1) / blocks;
            const int64_t found =
                arrange(w, t, w->rows + first + begin, (int32_t)(end - begin), columns, &rng);
            if (found < 0) return WV_ERR_MEMORY;
            *loss += train(m, w, t, found);
            *cells += found;
            if (m->prior && (m->symmetric || t->row_tile == t->col_tile))
                pull(m, t, w->rows + first + begin, (int32_t)(end - begin));
        }
    }
    return WV_OK;
}
