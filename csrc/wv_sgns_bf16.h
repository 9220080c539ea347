/* Part of the template wv_sgns_simd.h: a step of shared noise with its products in bfloat16. What
 * has no pairs to multiply is AVX-512's.
 *
 * A processor that multiplies two pairs of bfloat16 for a pair of floats needs half the
 * instructions. Rows stay floats, and so do all sums; what is multiplied is rounded to 8 bits of
 * mantissa, an error of 2^-9 at most in a step's size and in what is added to a row.
 *
 * The inner products take two columns of a row at a time. The updates take two rows at a time: two
 * outputs where an input is updated, two inputs where an output is. Blocks of VB_LANES columns;
 * what is left of a row goes the way of floats.
 */

/* f[i no + k] = in_i . out_k. rounded: the outputs' blocks, (n / VB_LANES, no, VB_LANES), which the
 * first inputs make for those that follow. */
V_FN void products_bf16(const int rows, float *const *in, float *const *out, const int no,
                        ptrdiff_t n, const int first, uint16_t *rounded, float *f) {
    vf sum[SGNS_ROWS * SGNS_WIDE_OUT + 3];
#pragma GCC unroll 32
    for (int j = 0; j < rows * no + 3; j++) sum[j] = v_zero();
    ptrdiff_t c = 0;
    for (; c + VB_LANES <= n; c += VB_LANES) {
        vb x[SGNS_ROWS];
        for (int i = 0; i < rows; i++)
            x[i] = vb_round(v_load(in[i] + c), v_load(in[i] + c + VF_LANES));
#pragma GCC unroll 16
        for (int k = 0; k < no; k++, rounded += VB_LANES) {
            vb o;
            if (first) {
                o = vb_round(v_load(out[k] + c), v_load(out[k] + c + VF_LANES));
                vb_store(rounded, o);
            } else {
                o = vb_load(rounded);
            }
            V_KEEP(o);
            for (int i = 0; i < rows; i++) sum[i * no + k] = vb_dot(x[i], o, sum[i * no + k]);
        }
    }
    for (; c < n; c += VF_LANES) {
        vf x[SGNS_ROWS];
        for (int i = 0; i < rows; i++) x[i] = v_load(in[i] + c);
#pragma GCC unroll 16
        for (int k = 0; k < no; k++) {
            const vf o = v_load(out[k] + c);
            for (int i = 0; i < rows; i++) sum[i * no + k] = v_fma(x[i], o, sum[i * no + k]);
        }
    }
    sums(rows * no, sum, f);
}

/* As update_columns, VB_LANES columns from c on. of_input: g[i no + k]. of_output: in the place of
 * the inputs i and i + 1, i even, g[i no + k] beside g[(i + 1) no + k]. */
V_FN void update_bf16(float *const *in, int ni, float *const *out, const int no, ptrdiff_t c,
                      const uint16_t *of_input, const uint16_t *of_output) {
    enum { WIDE = VB_LANES / VF_LANES };
    const int pairs = (no + 1) / 2;
    vb o[WIDE * (SGNS_WIDE_OUT + 1) / 2];
    vf d[WIDE * SGNS_WIDE_OUT];
#pragma GCC unroll 16
    for (int k = 0; k < no; k++) {
        for (int h = 0; h < WIDE; h++) {
            const ptrdiff_t at = c + h * VF_LANES;
            d[h * no + k] = v_zero();
            if (k % 2 == 0)
                o[h * pairs + k / 2] =
                    vb_pair(v_load(out[k] + at), k + 1 < no ? v_load(out[k + 1] + at) : v_zero());
        }
    }
    for (int i = 0; i < ni; i += 2) {
        vf old[2][WIDE];
        for (int h = 0; h < WIDE; h++) old[1][h] = v_zero();
        /* The second is read when the first has been written: it may be the same row. */
        for (int two = 0; two < 2 && i + two < ni; two++) {
            vf y[WIDE];
            for (int h = 0; h < WIDE; h++)
                old[two][h] = y[h] = v_load(in[i + two] + c + h * VF_LANES);
#pragma GCC unroll 16
            for (int k = 0; k < pairs; k++) {
                const vb g = vb_set1(of_input + (i + two) * no + 2 * k);
                for (int h = 0; h < WIDE; h++) y[h] = vb_dot(g, o[h * pairs + k], y[h]);
            }
            for (int h = 0; h < WIDE; h++) v_store(in[i + two] + c + h * VF_LANES, y[h]);
        }
        vb x[WIDE];
        for (int h = 0; h < WIDE; h++) x[h] = vb_pair(old[0][h], old[1][h]);
#pragma GCC unroll 16
        for (int k = 0; k < no; k++) {
            const vb g = vb_set1(of_output + i * no + 2 * k);
            for (int h = 0; h < WIDE; h++) d[h * no + k] = vb_dot(g, x[h], d[h * no + k]);
        }
    }
#pragma GCC unroll 16
    for (int k = 0; k < no; k++) {
        for (int h = 0; h < WIDE; h++) {
            float *to = out[k] + c + h * VF_LANES;
            v_store(to, v_add(v_load(to), d[h * no + k]));
        }
    }
}

/* The first place from p on that begins a cache line. */
V_FN uint16_t *at_line(uint16_t *p) {
    return (uint16_t *)(((uintptr_t)p + 63) & ~(uintptr_t)63);
}

V_FN void shared_bf16(const wv_sgns_rows *r, const int no, float alpha, wv_sgns_loss *loss) {
    const int ni = r->ni;
    const ptrdiff_t n = r->n;
    float *g = r->scratch;
    uint16_t *of_input = (uint16_t *)(g + ni * no + VF_LANES);
    uint16_t *of_output = of_input + ni * no + VB_LANES;
    uint16_t *rounded = at_line(of_output + (ni + 1) * no + VB_LANES);
    int i = 0;
    if (ni >= 4) {
        products_bf16(4, r->in, r->out, no, n, 1, rounded, g);
        for (i = 4; i + 4 <= ni; i += 4)
            products_bf16(4, r->in + i, r->out, no, n, 0, rounded, g + i * no);
        if (i + 2 <= ni) {
            products_bf16(2, r->in + i, r->out, no, n, 0, rounded, g + i * no);
            i += 2;
        }
        if (i < ni) products_bf16(1, r->in + i, r->out, no, n, 0, rounded, g + i * no);
    } else { /* too few to pay for rounding the outputs */
        if (ni == 3) products(3, r->in, r->out, no, n, g);
        if (ni == 2) products(2, r->in, r->out, no, n, g);
    }
    slopes(SHARED, r, ni * no, alpha, loss);
    g[ni * no] = 0; /* beside the last, when outputs are odd */
    for (int j = 0; j < ni * no; j += VB_LANES)
        vb_store(of_input + j, vb_round(v_load(g + j), v_load(g + j + VF_LANES)));
    for (i = 0; i < ni; i += 2)
        vb_store(of_output + i * no,
                 vb_pair(v_load(g + i * no), i + 1 < ni ? v_load(g + (i + 1) * no) : v_zero()));
    ptrdiff_t c = 0;
    for (; c + VB_LANES <= n; c += VB_LANES) {
        fetch(r->ahead, r->na, c, VB_LANES);
        update_bf16(r->in, ni, r->out, no, c, of_input, of_output);
    }
    update(r->in, ni, r->out, no, c, n, g, r->ahead, r->na);
}

WV_TARGET
static void shared_noise(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss) {
    if (rows->ni > 1) {
        switch (rows->no) {
        case 1:
            shared_bf16(rows, 1, alpha, loss);
            return;
        case 2:
            shared_bf16(rows, 2, alpha, loss);
            return;
        case 3:
            shared_bf16(rows, 3, alpha, loss);
            return;
        case 4:
            shared_bf16(rows, 4, alpha, loss);
            return;
        case 5:
            shared_bf16(rows, 5, alpha, loss);
            return;
        case 6:
            shared_bf16(rows, 6, alpha, loss);
            return;
        default:
            break;
        }
    }
    wv_sgns_avx512.shared_noise(rows, alpha, loss);
}

static void own_noise(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss) {
    wv_sgns_avx512.own_noise(rows, alpha, loss);
}

static void squares(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss) {
    wv_sgns_avx512.squares(rows, alpha, loss);
}

static void gather(float *const *rows, int64_t count, ptrdiff_t n, float scale, float *hidden) {
    wv_sgns_avx512.gather(rows, count, n, scale, hidden);
}

static void scatter(float *const *rows, int64_t count, ptrdiff_t n, float factor,
                    const float *before, const float *after) {
    wv_sgns_avx512.scatter(rows, count, n, factor, before, after);
}

static void merge(float *shared, float *own, float *base, ptrdiff_t n, float factor) {
    wv_sgns_avx512.merge(shared, own, base, n, factor);
}
