/* Template of the skip-gram step; see wv_simd.h.
 *
 * The step is two small matrix products, (ni, n) x (n, no) and its transpose, around a logistic
 * function. Both keep their accumulators in registers: two inputs by `no` outputs for the products
 * (so each load of an output row serves twice), all outputs' rows and updates for the update. The
 * number of outputs is a compile-time constant up to SGNS_MAX_OUT, which is what the registers
 * hold.
 */
#include "wv_sgns.h"
#include "wv_simd.h"

#if VF_LANES == 16
#define SGNS_MAX_OUT 11 /* 22 rows and updates + 3 of 32 registers */
#define SGNS_ROWS 4     /* 24 sums of 6 outputs + 4 inputs and an output */
#define SGNS_WIDE 2     /* registers of a row that are updated at once, up to so many outputs: */
#define SGNS_WIDE_OUT 6 /* 24 rows and updates + 5 */
#else
#define SGNS_MAX_OUT 6
#define SGNS_ROWS 2
#define SGNS_WIDE 1
#define SGNS_WIDE_OUT 0
#endif

/* f[j] = the sum of a register, for `count` of them; there are 3 more to read. */
V_FN void sums(const int count, const vf *sum, float *f) {
    int j = 0;
#pragma GCC unroll 8
    for (; j + 4 <= count; j += 4) v_sum4(sum[j], sum[j + 1], sum[j + 2], sum[j + 3], f + j);
    if (j == count) return;
    float rest[4];
    v_sum4(sum[j], sum[j + 1], sum[j + 2], sum[j + 3], rest);
    for (int k = 0; k < count - j; k++) f[j + k] = rest[k];
}

/* f[i no + k] = in_i . out_k for one to SGNS_ROWS inputs. */
V_FN void products(const int rows, float *const *in, float *const *out, const int no, ptrdiff_t n,
                   float *f) {
    vf sum[SGNS_ROWS * SGNS_MAX_OUT + 3];
#pragma GCC unroll 32
    for (int j = 0; j < rows * no + 3; j++) sum[j] = v_zero();
    for (ptrdiff_t c = 0; c < n; c += VF_LANES) {
        vf x[SGNS_ROWS];
        for (int i = 0; i < rows; i++) x[i] = v_load(in[i] + c);
#pragma GCC unroll 16
        for (int k = 0; k < no; k++) {
            vf o = v_load(out[k] + c);
            V_KEEP(o);
            for (int i = 0; i < rows; i++) sum[i * no + k] = v_fma(x[i], o, sum[i * no + k]);
        }
    }
    sums(rows * no, sum, f);
}

/* f[j] becomes the step of pair j, alpha sign s(-sign f). The loss of pair j is the logarithm of
 * 1 + e; of many such factors the product is kept, and one logarithm taken. A factor is e^87 + 1 at
 * most, below 2^126. */
WV_TARGET
static WV_NOINLINE void logistic(float *f, int pairs, const float *sign, float alpha,
                                 wv_sgns_loss *loss) {
    const vf one = v_set1(1.0f), va = v_set1(alpha), large = v_set1(0x1p63f);
    vf product = v_load(loss->product);
    for (int j = 0; j < pairs; j += VF_LANES) {
        const int m = pairs - j < VF_LANES ? pairs - j : VF_LANES;
        const vf s = v_load_n(sign + j, m); /* 0 beyond the last */
        const vf e = v_exp(v_sub(v_zero(), v_mul(s, v_load_n(f + j, m))));
        const vf e1 = v_fma(v_mul(s, s), e, one);
        v_store(f + j, v_mul(v_mul(va, s), v_div(e, e1)));
        if (WV_UNLIKELY(v_any_at_least(v_max(product, e1), large))) {
            loss->sum += (double)v_sum(v_add(v_log(product), v_log(e1)));
            product = one;
        } else {
            product = v_mul(product, e1);
        }
    }
    v_store(loss->product, product);
}

/* The same for pairs with weights: alpha weight sign s(-sign f). */
WV_TARGET
static WV_NOINLINE void weighted(float *f, int pairs, const float *sign, const float *weight,
                                 float alpha, wv_sgns_loss *loss) {
    const vf one = v_set1(1.0f), va = v_set1(alpha);
    vf sum = v_zero();
    for (int j = 0; j < pairs; j += VF_LANES) {
        const int m = pairs - j < VF_LANES ? pairs - j : VF_LANES;
        const vf s = v_load_n(sign + j, m), w = v_load_n(weight + j, m);
        const vf e = v_exp(v_sub(v_zero(), v_mul(s, v_load_n(f + j, m)))), e1 = v_add(one, e);
        sum = v_fma(w, v_log(e1), sum);
        v_store(f + j, v_mul(v_mul(va, v_mul(w, s)), v_div(e, e1)));
    }
    loss->sum += (double)v_sum(sum);
}

/* f[j] becomes the step of pair j, alpha weight (target - f). */
V_FN void squared(float *f, int pairs, const float *target, const float *weight, float alpha,
                  wv_sgns_loss *loss) {
    const vf va = v_set1(alpha), half = v_set1(0.5f);
    vf sum = v_zero();
    for (int j = 0; j < pairs; j += VF_LANES) {
        const int m = pairs - j < VF_LANES ? pairs - j : VF_LANES;
        const vf w = v_load_n(weight + j, m);
        const vf error = v_sub(v_load_n(target + j, m), v_load_n(f + j, m));
        const vf g = v_mul(w, error);
        sum = v_fma(v_mul(half, g), error, sum);
        v_store(f + j, v_mul(va, g));
    }
    loss->sum += (double)v_sum(sum);
}

/* What a step does: its noise, and its loss. */
enum { SHARED, OWN, SQUARES };

V_FN void slopes(const int kind, const wv_sgns_rows *r, int pairs, float alpha,
                 wv_sgns_loss *loss) {
    if (kind == SQUARES)
        squared(r->scratch, pairs, r->label, r->weight, alpha, loss);
    else if (r->weight)
        weighted(r->scratch, pairs, r->label, r->weight, alpha, loss);
    else
        logistic(r->scratch, pairs, r->label, alpha, loss);
}

/* Asks for `floats` floats of each of na rows from column c on. */
V_FN void fetch(const float *const *ahead, int64_t na, ptrdiff_t c, ptrdiff_t floats) {
    for (int64_t j = 0; j < na; j++)
        for (ptrdiff_t h = c; h < c + floats; h += WV_ROW_FLOATS) WV_PREFETCH_L2(ahead[j] + h);
}

/* in_i += sum_k g[i no + k] out_k and out_k += sum_i g[i no + k] in_i, at the old values, for
 * `wide` registers of each row from column c on. */
V_FN void update_columns(const int wide, float *const *in, int ni, float *const *out, const int no,
                         ptrdiff_t c, const float *g) {
    vf o[SGNS_WIDE * SGNS_MAX_OUT], d[SGNS_WIDE * SGNS_MAX_OUT];
#pragma GCC unroll 16
    for (int k = 0; k < no; k++) {
        for (int h = 0; h < wide; h++) {
            o[h * no + k] = v_load(out[k] + c + h * VF_LANES);
            d[h * no + k] = v_zero();
        }
    }
    for (int i = 0; i < ni; i++, g += no) {
        vf x[SGNS_WIDE], y[SGNS_WIDE];
        for (int h = 0; h < wide; h++) x[h] = y[h] = v_load(in[i] + c + h * VF_LANES);
#pragma GCC unroll 16
        for (int k = 0; k < no; k++) {
            const vf gk = v_set1(g[k]);
            for (int h = 0; h < wide; h++) {
                y[h] = v_fma(gk, o[h * no + k], y[h]);
                d[h * no + k] = v_fma(gk, x[h], d[h * no + k]);
            }
        }
        for (int h = 0; h < wide; h++) v_store(in[i] + c + h * VF_LANES, y[h]);
    }
#pragma GCC unroll 16
    for (int k = 0; k < no; k++) {
        for (int h = 0; h < wide; h++) {
            float *to = out[k] + c + h * VF_LANES;
            v_store(to, v_add(v_load(to), d[h * no + k]));
        }
    }
}

#ifdef VH_LANES
/* The same for the last columns when they fill half a register at most. */
V_FN void update_half(float *const *in, int ni, float *const *out, const int no, ptrdiff_t c,
                      const float *g) {
    vh o[SGNS_MAX_OUT], d[SGNS_MAX_OUT];
#pragma GCC unroll 16
    for (int k = 0; k < no; k++) {
        o[k] = vh_load(out[k] + c);
        d[k] = vh_set1(0.0f);
    }
    for (int i = 0; i < ni; i++, g += no) {
        const vh x = vh_load(in[i] + c);
        vh y = x;
#pragma GCC unroll 16
        for (int k = 0; k < no; k++) {
            const vh gk = vh_set1(g[k]);
            y = vh_fma(gk, o[k], y);
            d[k] = vh_fma(gk, x, d[k]);
        }
        vh_store(in[i] + c, y);
    }
#pragma GCC unroll 16
    for (int k = 0; k < no; k++) vh_store(out[k] + c, vh_add(vh_load(out[k] + c), d[k]));
}
#endif

/* The columns from c on. */
V_FN void update(float *const *in, int ni, float *const *out, const int no, ptrdiff_t c,
                 ptrdiff_t n, const float *g, const float *const *ahead, int64_t na) {
    if (no <= SGNS_WIDE_OUT) {
        for (; c + SGNS_WIDE * VF_LANES <= n; c += SGNS_WIDE * VF_LANES) {
            fetch(ahead, na, c, SGNS_WIDE * VF_LANES);
            update_columns(SGNS_WIDE, in, ni, out, no, c, g);
        }
    }
    for (; c < n; c += VF_LANES) {
        if (c % WV_ROW_FLOATS == 0) fetch(ahead, na, c, VF_LANES);
#ifdef VH_LANES
        if (n - c <= VH_LANES) {
            update_half(in, ni, out, no, c, g);
            break;
        }
#endif
        update_columns(1, in, ni, out, no, c, g);
    }
}

#ifdef VB_LANES
#include "wv_sgns_bf16.h"
#else

V_FN void shared_few(const int kind, const wv_sgns_rows *r, const int no, float alpha,
                     wv_sgns_loss *loss) {
    float *g = r->scratch;
    int i = 0;
#if SGNS_ROWS > 2
    if (no <= SGNS_WIDE_OUT) {
        for (; i + 4 <= r->ni; i += 4) products(4, r->in + i, r->out, no, r->n, g + i * no);
        if (i + 3 == r->ni) {
            products(3, r->in + i, r->out, no, r->n, g + i * no);
            i += 3;
        }
    }
#endif
    for (; i + 2 <= r->ni; i += 2) products(2, r->in + i, r->out, no, r->n, g + i * no);
    if (i < r->ni) products(1, r->in + i, r->out, no, r->n, g + i * no);
    slopes(kind, r, r->ni * no, alpha, loss);
    update(r->in, r->ni, r->out, no, 0, r->n, g, r->ahead, r->na);
}

/* Any number of outputs; a column's old values and updates wait in scratch. */
V_FN void shared_many(const int kind, const wv_sgns_rows *r, float alpha, wv_sgns_loss *loss) {
    const int ni = r->ni, no = r->no;
    float *g = r->scratch, *old = g + ni * (ptrdiff_t)no + 16;
    float *new = old + VF_LANES *(ptrdiff_t)ni, *delta = new + VF_LANES *(ptrdiff_t)ni;
    for (int i = 0; i < ni; i++) {
        int k = 0;
        for (; k + 4 <= no; k += 4) products(1, r->in + i, r->out + k, 4, r->n, g + i * no + k);
        for (; k < no; k++) products(1, r->in + i, r->out + k, 1, r->n, g + i * no + k);
    }
    slopes(kind, r, ni * no, alpha, loss);
    fetch(r->ahead, r->na, 0, r->n);
    for (ptrdiff_t c = 0; c < r->n; c += VF_LANES) {
        for (int i = 0; i < ni; i++) {
            v_store(old + i * VF_LANES, v_load(r->in[i] + c));
            v_store(new + i *VF_LANES, v_zero());
        }
        for (int k = 0; k < no; k++) {
            const vf o = v_load(r->out[k] + c);
            vf d = v_zero();
            for (int i = 0; i < ni; i++) {
                const vf gk = v_set1(g[i * no + k]);
                d = v_fma(gk, v_load(old + i * VF_LANES), d);
                v_store(new + i *VF_LANES, v_fma(gk, o, v_load(new + i *VF_LANES)));
            }
            /* Not yet into the row: it may come again, and must then show its old value. */
            v_store(delta + k * VF_LANES, d);
        }
        for (int k = 0; k < no; k++)
            v_store(r->out[k] + c, v_add(v_load(r->out[k] + c), v_load(delta + k * VF_LANES)));
        for (int i = 0; i < ni; i++)
            v_store(r->in[i] + c, v_add(v_load(r->in[i] + c), v_load(new + i *VF_LANES)));
    }
}

V_FN void own_few(const wv_sgns_rows *r, const int no, float alpha, wv_sgns_loss *loss) {
    float *g = r->scratch;
    for (int i = 0; i < r->ni; i++) products(1, r->in + i, r->out + i * no, no, r->n, g + i * no);
    slopes(OWN, r, r->ni * no, alpha, loss);
    for (int i = 0; i < r->ni; i++) {
        const int64_t from = r->na * i / r->ni, to = r->na * (i + 1) / r->ni;
        update(r->in + i, 1, r->out + i * no, no, 0, r->n, g + i * no, r->ahead + from, to - from);
    }
}

/* Any number of outputs an input: twice over them for each column, first for the input. */
WV_TARGET
static void own_many(const wv_sgns_rows *r, float alpha, wv_sgns_loss *loss) {
    const int no = r->no;
    float *g = r->scratch;
    for (int i = 0; i < r->ni; i++) {
        int k = i * no;
        for (; k + 4 <= (i + 1) * no; k += 4) products(1, r->in + i, r->out + k, 4, r->n, g + k);
        for (; k < (i + 1) * no; k++) products(1, r->in + i, r->out + k, 1, r->n, g + k);
    }
    slopes(OWN, r, r->ni * no, alpha, loss);
    fetch(r->ahead, r->na, 0, r->n);
    for (int i = 0; i < r->ni; i++) {
        for (ptrdiff_t c = 0; c < r->n; c += VF_LANES) {
            const vf x = v_load(r->in[i] + c);
            vf y = x;
            for (int k = i * no; k < (i + 1) * no; k++)
                y = v_fma(v_set1(g[k]), v_load(r->out[k] + c), y);
            for (int k = i * no; k < (i + 1) * no; k++)
                v_store(r->out[k] + c, v_fma(v_set1(g[k]), x, v_load(r->out[k] + c)));
            v_store(r->in[i] + c, y);
        }
    }
}

V_FN void few(const int kind, const wv_sgns_rows *r, const int no, float alpha,
              wv_sgns_loss *loss) {
    if (kind == OWN)
        own_few(r, no, alpha, loss);
    else
        shared_few(kind, r, no, alpha, loss);
}

/* The number of outputs becomes a constant. */
V_FN void any(const int kind, const wv_sgns_rows *r, float alpha, wv_sgns_loss *loss) {
    switch (r->no) {
    case 1:
        few(kind, r, 1, alpha, loss);
        break;
    case 2:
        few(kind, r, 2, alpha, loss);
        break;
    case 3:
        few(kind, r, 3, alpha, loss);
        break;
    case 4:
        few(kind, r, 4, alpha, loss);
        break;
    case 5:
        few(kind, r, 5, alpha, loss);
        break;
    case 6:
        few(kind, r, 6, alpha, loss);
        break;
#if SGNS_MAX_OUT > 6
    case 7:
        few(kind, r, 7, alpha, loss);
        break;
    case 8:
        few(kind, r, 8, alpha, loss);
        break;
    case 9:
        few(kind, r, 9, alpha, loss);
        break;
    case 10:
        few(kind, r, 10, alpha, loss);
        break;
    case 11:
        few(kind, r, 11, alpha, loss);
        break;
#endif
    default:
        if (kind == OWN)
            own_many(r, alpha, loss);
        else
            shared_many(kind, r, alpha, loss);
    }
}

WV_TARGET
static void shared_noise(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss) {
    any(SHARED, rows, alpha, loss);
}

WV_TARGET
static void own_noise(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss) {
    any(OWN, rows, alpha, loss);
}

WV_TARGET
static void squares(const wv_sgns_rows *rows, float alpha, wv_sgns_loss *loss) {
    any(SQUARES, rows, alpha, loss);
}

WV_TARGET
static void gather(float *const *rows, int64_t count, ptrdiff_t n, float scale, float *hidden) {
    const vf s = v_set1(scale);
    for (ptrdiff_t c = 0; c < n; c += VF_LANES) {
        vf a = v_zero(), b = v_zero();
        int64_t r = 0;
        for (; r + 2 <= count; r += 2) {
            a = v_add(a, v_load(rows[r] + c));
            b = v_add(b, v_load(rows[r + 1] + c));
        }
        if (r < count) a = v_add(a, v_load(rows[r] + c));
        v_store(hidden + c, v_mul(s, v_add(a, b)));
    }
}

WV_TARGET
static void scatter(float *const *rows, int64_t count, ptrdiff_t n, float factor,
                    const float *before, const float *after) {
    const vf f = v_set1(factor);
    for (ptrdiff_t c = 0; c < n; c += VF_LANES) {
        const vf d = v_mul(f, v_sub(v_load(after + c), v_load(before + c)));
        for (int64_t r = 0; r < count; r++) v_store(rows[r] + c, v_add(v_load(rows[r] + c), d));
    }
}

WV_TARGET
static void merge(float *shared, float *own, float *base, ptrdiff_t n, float factor) {
    const vf f = v_set1(factor);
    for (ptrdiff_t c = 0; c < n; c += VF_LANES) {
        const vf done = v_sub(v_load(own + c), v_load(base + c));
        const vf now = v_fma(f, done, v_load(shared + c));
        v_store(shared + c, now);
        v_store(own + c, now);
        v_store(base + c, now);
    }
}

#endif

const wv_sgns WV_SIMD(wv_sgns) = {shared_noise, own_noise, squares, gather, scatter, merge};
