/* Products of panels for one type of number; wv_gram_simd.h includes this for doubles and floats.
 *
 * REAL is the type, NAME(x) a name of its own for it. vr is a register of VR_LANES numbers; where
 * those are more than 8, v8 is one of 8. A tile of sums has ROWS rows and COLS registers of
 * columns; a strip is as many columns.
 *
 * A panel holds m <= DEPTH rows z_k in blocks of WIDTH columns: column c of row k is
 * panel[c / WIDTH * BLOCK + k * WIDTH + c % WIDTH]. So a tile reads consecutive cache lines. BLOCK
 * is a line longer than it needs be: else the parts of a row would share a set of the first cache.
 */
enum {
    NAME(WIDTH) = VR_LANES > 8 ? VR_LANES : 8,
    NAME(BLOCK) = NAME(DEPTH) * NAME(WIDTH) + 64 / (int)sizeof(REAL),
    NAME(STRIP) = COLS * VR_LANES
};

/* Where column c of a panel's first row is. */
V_FN ptrdiff_t NAME(place)(ptrdiff_t c) {
    return (ptrdiff_t)((size_t)c / NAME(WIDTH) * NAME(BLOCK) + (size_t)c % NAME(WIDTH));
}

/* G[r, c] += sum over m rows of a[., r] b[., c], for ROWS rows and C registers of columns; G has
 * row stride p. */
V_FN void NAME(tile)(const int C, const REAL *a, const REAL *b, int64_t m, ptrdiff_t p, double *G) {
    vr sum[ROWS][COLS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) sum[r][c] = vr_set1(0);
    }
    for (int64_t k = 0; k < m; k++, a += NAME(WIDTH), b += NAME(WIDTH)) {
        vr y[COLS];
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) y[c] = vr_load(b + NAME(place)(c * VR_LANES));
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
            const vr x = vr_set1(a[r]);
#pragma GCC unroll 4
            for (int c = 0; c < C; c++) sum[r][c] = vr_fma(x, y[c], sum[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) vr_add_to(G + r * p + c * VR_LANES, sum[r][c]);
    }
}

/* The same for 8 columns. */
V_FN void NAME(tile8)(const REAL *a, const REAL *b, int64_t m, ptrdiff_t p, double *G) {
#if VR_LANES > 8
    v8 sum[ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) sum[r] = v8_set1(0);
    for (int64_t k = 0; k < m; k++, a += NAME(WIDTH), b += NAME(WIDTH)) {
        const v8 y = v8_load(b);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) sum[r] = v8_fma(v8_set1(a[r]), y, sum[r]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) v8_add_to(G + r * p, sum[r]);
#else
    NAME(tile)(8 / VR_LANES, a, b, m, p, G);
#endif
}

#if VR_LANES > 8
/* The same for 16 rows. */
V_FN void NAME(tall)(const REAL *a, const REAL *b, int64_t m, ptrdiff_t p, double *G) {
    v8 sum[16];
#pragma GCC unroll 16
    for (int r = 0; r < 16; r++) sum[r] = v8_set1(0);
    for (int64_t k = 0; k < m; k++, a += NAME(WIDTH), b += NAME(WIDTH)) {
        const v8 y = v8_load(b);
#pragma GCC unroll 16
        for (int r = 0; r < 16; r++) sum[r] = v8_fma(v8_set1(a[r]), y, sum[r]);
    }
#pragma GCC unroll 16
    for (int r = 0; r < 16; r++) v8_add_to(G + r * p, sum[r]);
}
#endif

/* G += A'B, a strip at a time: all of it, or the upper triangle. p is a multiple of 8, and so of
 * ROWS. */
WV_TARGET
static void NAME(update)(const REAL *A, const REAL *B, int64_t m, ptrdiff_t p, double *G, int whole,
                         ahead *next) {
    for (ptrdiff_t c = 0; c < p; c += NAME(STRIP)) {
        const ptrdiff_t end = c + NAME(STRIP) < p ? c + NAME(STRIP) : p;
        for (ptrdiff_t r = 0; r < (whole ? p : end); r += ROWS) {
            const REAL *const a = A + NAME(place)(r);
            fetch(next);
            if ((whole || r < c + 8) && end - c == NAME(STRIP)) {
                NAME(tile)(COLS, a, B + NAME(place)(c), m, p, G + r * p + c);
                continue;
            }
            /* On the diagonal and at the right edge: from the diagonal on, in pieces. */
            ptrdiff_t at = whole || r < c ? c : r / 8 * 8;
#if VR_LANES > 8
            if (end - at == 8 && r % 16 == 0 && r + 16 <= (whole ? p : at)) {
                NAME(tall)(a, B + NAME(place)(at), m, p, G + r * p + at);
                r += 8;
                continue;
            }
#endif
            while (at < end) {
                const int wide = VR_LANES > 8 && at % VR_LANES == 0 && at + VR_LANES <= end;
                if (wide)
                    NAME(tile)(1, a, B + NAME(place)(at), m, p, G + r * p + at);
                else
                    NAME(tile8)(a, B + NAME(place)(at), m, p, G + r * p + at);
                at += wide ? VR_LANES : 8;
            }
        }
    }
}

/* Row z = scale row, from column `at` of the panel's row on; returns the column after it. */
V_FN ptrdiff_t NAME(put)(const wv_gram_side *side, int32_t id, int64_t j, REAL *z, ptrdiff_t at) {
    if (side->d == 0) return at;
    const float *row = side->rows + id * side->stride;
    const REAL scale = (REAL)side->scale[j];
    const vr scales = vr_set1(scale);
    ptrdiff_t i = 0;
    for (; (at + i) % VR_LANES && i < side->d; i++) z[NAME(place)(at + i)] = scale * (REAL)row[i];
    for (; i + VR_LANES <= side->d; i += VR_LANES)
        vr_store(z + NAME(place)(at + i), vr_mul(scales, vr_widen(row + i)));
    for (; i < side->d; i++) z[NAME(place)(at + i)] = scale * (REAL)row[i];
    return at + side->d;
}

WV_TARGET
static void NAME(gram)(const wv_gram_system *s, double *restrict room, double *restrict G) {
    const ptrdiff_t p = wv_gram_width(s), blocks = p / 8;
    const ptrdiff_t tiles = blocks * (blocks + 1) / (NAME(STRIP) / 4) + 1; /* about, of a block */
    REAL *const panel = (REAL *)room;
    memset(G, 0, (size_t)(p * p) * sizeof *G);
    for (int64_t begin = 0; begin < s->n; begin += NAME(DEPTH)) {
        const int64_t rest = s->n - begin, m = rest < NAME(DEPTH) ? rest : NAME(DEPTH);
        for (int64_t k = 0; k < m; k++) {
            const int64_t j = begin + k;
            REAL *const z = panel + k * NAME(WIDTH);
            ptrdiff_t c = NAME(put)(&s->x, s->ids[j], j, z, 0);
            c = NAME(put)(&s->y, s->ids[j], j, z, c);
            for (ptrdiff_t i = 0; i < s->d_extra; i++)
                z[NAME(place)(c++)] = (REAL)s->extra[j * s->d_extra + i];
            for (; c < p; c++) z[NAME(place)(c)] = 0;
        }
        ahead next = {s, begin + m, begin + m + NAME(DEPTH), (NAME(DEPTH) + tiles - 1) / tiles};
        if (next.end > s->n + s->more) next.end = s->n + s->more;
        NAME(update)(panel, panel, m, p, G, 0, &next);
    }
}

/* Rows [begin, begin + m) of M (n, n), row stride `stride`, as a panel of p columns. */
WV_TARGET
static void NAME(load)(const double *M, ptrdiff_t stride, ptrdiff_t begin, ptrdiff_t m, ptrdiff_t n,
                       ptrdiff_t p, REAL *panel) {
    for (ptrdiff_t k = 0; k < m; k++, panel += NAME(WIDTH)) {
        const double *const row = M + (begin + k) * stride;
        ptrdiff_t c = 0;
        for (; c + 8 <= n; c += 8) {
            REAL *const z = panel + NAME(place)(c);
            for (int i = 0; i < 8; i++) z[i] = (REAL)row[c + i];
        }
        for (; c < n; c++) panel[NAME(place)(c)] = (REAL)row[c];
        for (; c < p; c++) panel[NAME(place)(c)] = 0;
    }
}

/* out = L'R, of n rows; out has row stride p. */
WV_TARGET
static void NAME(multiply)(const double *L, ptrdiff_t l_stride, const double *R, ptrdiff_t r_stride,
                           ptrdiff_t n, ptrdiff_t p, REAL *room, double *out, int whole) {
    REAL *const left = room, *const right = room + NAME(place)((p + 15) / 16 * 16);
    ahead none = {NULL, 0, 0, 0};
    memset(out, 0, (size_t)(p * p) * sizeof *out);
    for (ptrdiff_t begin = 0; begin < n; begin += NAME(DEPTH)) {
        const ptrdiff_t m = n - begin < NAME(DEPTH) ? n - begin : NAME(DEPTH);
        NAME(load)(L, l_stride, begin, m, n, p, left);
        NAME(load)(R, r_stride, begin, m, n, p, right);
        NAME(update)(left, right, m, p, out, whole, &none);
    }
}

WV_TARGET
static void NAME(sandwich)(const wv_gram_sandwich *s, double *restrict room, double *restrict S) {
    const ptrdiff_t n = s->n, p = s->p;
    double *const T = room; /* B'A, whose transpose times C is ABC */
    REAL *const panels = (REAL *)(room + p * p);
    NAME(multiply)(s->B, s->b_stride, s->A, s->a_stride, n, p, panels, T, 1);
    NAME(multiply)(T, p, s->C, s->c_stride, n, p, panels, S, !s->symmetric);
}
