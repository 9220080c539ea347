/* The training step, written once and compiled once an ISA: define WV_TARGET (a target attribute or
 * nothing), WV_SIMD(name) (the name with the ISA's suffix) and VD_LANES, then include this file.
 *
 * The vectors are GCC's and clang's vector extension of VD_LANES doubles. The independent oracle is
 * the numpy implementation in the tests, which follows the papers' formulas and not these.
 *
 * Notation: u the child, x a target (parent or negative), q = |u - x|^2, a and b the cached values
 * of u and x, g = cosh d(u, x), s = sqrt(g^2 - 1) = sinh d, so that e^-d = 1 / (g + s): neither exp
 * nor log is needed (Nickel & Kiela 2017, eq. 1). c is d loss / d distance.
 */
#ifndef WV_HYPER_SIMD_H
#define WV_HYPER_SIMD_H

#if defined(__GNUC__) && !defined(__clang__)
/* -std=c11 turns contraction off in GCC; a b + c in one instruction is faster and more exact.
 * Nobody reads errno after a square root, and without it the root is one instruction. */
#pragma GCC optimize("fp-contract=fast", "no-math-errno")
#endif
#include "wv_hyper.h"
#include "wv_rng.h"
#include <math.h>
#include <string.h>

/* VD_LANES doubles, the width of a register: wider ones are split badly by GCC 12. */
typedef double vd __attribute__((vector_size(8 * VD_LANES), may_alias));

#define STEP_FN static inline __attribute__((always_inline)) WV_TARGET

/* A negative is redrawn when it is a true parent: more than once only where the parents are most of
 * the nodes, and after so many draws it is left out. */
#define WV_HYPER_REDRAWS 32

/* A move shorter than this (in the manifold's unit) is not made: e^-d of far negatives falls below
 * it, and a million of them would not move a point by the noise of one step. */
#define WV_HYPER_LEAST 1e-9

/* A longer move ends at the edge whatever its length; sinh of it would overflow. */
#define WV_HYPER_MOST 60

/* Below this length the exponential map is its first-order retraction to 1e-4 of the move. */
#define WV_HYPER_SHORT 0.02

typedef struct targets {
    int32_t *id, *next_id; /* (m + K): parents, then negatives; the next group's negatives */
    double *q;             /* |u - x|^2, or g - 1 in the Lorentz model */
    double *b;             /* its cached value */
    double *inverse_b;     /* 1 / b; Poincare only */
    double *inverse_s;     /* 1 / sinh d */
    double *e;             /* e^-d */
    double *c;
    double *u;                /* (stride): the child's coordinates alone */
    double a;                 /* its cached value */
    double *move, *shift, *y; /* (stride): the child's move, u + r, a target's move */
    double *row;              /* (stride): a changed row, until it is whole */
} targets;

STEP_FN double sum_lanes(const vd *v) {
#if VD_LANES == 8
    return (((*v)[0] + (*v)[4]) + ((*v)[2] + (*v)[6])) +
           (((*v)[1] + (*v)[5]) + ((*v)[3] + (*v)[7]));
#elif VD_LANES == 4
    return ((*v)[0] + (*v)[2]) + ((*v)[1] + (*v)[3]);
#else
    return (*v)[0] + (*v)[1];
#endif
}

/* All ones, but zero from column `dim` on: keeps the cached column out of the sums. */
STEP_FN void last_mask(vd *mask, int32_t dim, int32_t nv) {
    for (int32_t k = 0; k < VD_LANES; k++) (*mask)[k] = (nv - 1) * VD_LANES + k < dim ? 1 : 0;
}

STEP_FN void coordinates(vd *y, const vd *x, int32_t k, int32_t nv, const vd *mask) {
    *y = x[k];
    if (k == nv - 1) *y *= *mask;
}

STEP_FN double *row_of(const wv_hyper_space *S, const wv_hyper_worker *W, int32_t id) {
    /* Hot rows, which every group writes, are the worker's own; the others are shared without
     * locks (Hogwild, Recht et al. 2011): a race there is rare and moves one point a little. */
    return (id < W->n_hot ? W->hot : S->X) + (ptrdiff_t)id * S->stride;
}

STEP_FN int is_parent(const wv_hyper_relations *R, int32_t u, int32_t w) {
    int64_t low = R->parents_from[u], high = R->parents_from[u + 1];
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (R->parents[middle] < w)
            low = middle + 1;
        else
            high = middle;
    }
    return low < R->parents_from[u + 1] && R->parents[low] == w;
}

STEP_FN int32_t draw(const wv_hyper_space *S, const wv_hyper_relations *R, const wv_hyper_worker *W,
                     int64_t g, int32_t *id) {
    wv_rng rng = {wv_rng_at(W->key, (uint64_t)g)};
    const int32_t u = R->child[g];
    const uint32_t n = (uint32_t)(W->pool ? W->n_pool : S->V);
    int32_t drawn = 0;
    const uint64_t bloom = R->bloom[u];
    for (int32_t k = 0; k < W->negative; k++) {
        for (int t = 0; t < WV_HYPER_REDRAWS; t++) {
            int32_t w = (int32_t)wv_rng_below(&rng, n);
            if (W->pool) w = W->pool[w];
            if ((bloom & wv_hyper_bit(w)) && (w == u || is_parent(R, u, w))) continue;
            const double *x = row_of(S, W, w);
            for (ptrdiff_t k8 = 0; k8 < S->stride; k8 += 8) WV_PREFETCH(x + k8);
            id[drawn++] = w;
            break;
        }
    }
    return drawn;
}

/* Groups come in random order: what the next ones need is asked of the memory before it is used,
 * first the group, then, when that is there, its child. */
STEP_FN void look_ahead(const wv_hyper_space *S, const wv_hyper_relations *R,
                        const wv_hyper_worker *W, const int64_t *order, ptrdiff_t j,
                        ptrdiff_t count) {
    if (j + 8 < count) {
        WV_PREFETCH(R->child + order[j + 8]);
        WV_PREFETCH(R->start + order[j + 8]);
    }
    if (j + 4 < count) {
        const int64_t g = order[j + 4];
        const int32_t u = R->child[g];
        const double *x = row_of(S, W, u);
        for (ptrdiff_t k8 = 0; k8 < S->stride; k8 += 8) WV_PREFETCH(x + k8);
        WV_PREFETCH(R->parent + R->start[g]);
        WV_PREFETCH(R->parents_from + u);
        WV_PREFETCH(R->bloom + u);
    }
}

/* Puts a changed row back on the manifold (norm, hold, cached value) and then, whole, into its
 * place: another thread may read that at any time, and must never find a cached value of 0. A row
 * that is not finite (two threads moved it at once) is dropped. */
STEP_FN void settle(const wv_hyper_space *S, wv_hyper_worker *W, double *changed, double *place,
                    int geometry, int32_t nv, const vd *mask) {
    vd *x = (vd *)changed;
    x[nv - 1] *= *mask;
    double cached = 0;
    if (geometry == WV_POINCARE || geometry == WV_LORENTZ) {
        vd sum = x[0] * x[0];
        for (int32_t k = 1; k < nv; k++) sum += x[k] * x[k];
        double square = sum_lanes(&sum);
        const double most = S->max_norm * S->max_norm;
        if (WV_UNLIKELY(!(square <= most))) {
            if (!isfinite(square)) return;
            const double shrink = S->max_norm / sqrt(square);
            for (int32_t k = 0; k < nv; k++) x[k] *= shrink;
            square = most;
            W->held++;
        }
        cached = geometry == WV_POINCARE ? 1 - square : sqrt(1 + square);
    }
    changed[S->stride - 1] = cached; /* may lie in the last vector, or beyond it */
    for (int32_t k = 0; k < nv; k++) ((vd *)place)[k] = x[k];
    place[S->stride - 1] = cached;
}

/* q and b of every target, then what follows from them, several targets at once. */
STEP_FN void measure(const wv_hyper_space *S, const wv_hyper_worker *W, const targets *T, int32_t n,
                     int geometry, int32_t nv, const vd *mask) {
    const vd *u = (const vd *)(geometry == WV_TRANSLATION ? T->shift : T->u);
    const double a = T->a;
    double *restrict q = T->q, *restrict b = T->b, *restrict e = T->e;
    double *restrict inverse_b = T->inverse_b, *restrict inverse_s = T->inverse_s;
    for (int32_t i = 0; i < n; i++) {
        const double *row = row_of(S, W, T->id[i]);
        const vd *x = (const vd *)row;
        vd sum = {0}, tilt = {0};
        for (int32_t k = 0; k < nv; k++) {
            vd y;
            coordinates(&y, x, k, nv, mask);
            const vd d = u[k] - y;
            sum += d * d;
            if (geometry == WV_LORENTZ) tilt += d * (u[k] + y);
        }
        q[i] = sum_lanes(&sum);
        b[i] = row[S->stride - 1];
        if (geometry == WV_LORENTZ) {
            e[i] = q[i]; /* |u - x|^2, for the check below */
            /* u_0 - x_0 without cancellation: (|u|^2 - |x|^2) / (u_0 + x_0). */
            const double D = sum_lanes(&tilt) / (a + b[i]);
            const double half = 0.5 * (q[i] - D * D);
            q[i] = half < 0 ? 0 : half; /* fmax would hide a NaN */
        }
    }
    if (geometry == WV_POINCARE || geometry == WV_LORENTZ) {
        const double twice = 2 / a;
        for (int32_t i = 0; i < n; i++) {
            double g1 = q[i];
            if (geometry == WV_POINCARE) {
                inverse_b[i] = 1 / b[i];
                g1 *= twice * inverse_b[i];
            }
            const double s = sqrt(g1 * (g1 + 2));
            inverse_s[i] = 1 / (s < 1e-12 ? 1e-12 : s);
            /* |u - x|^2 <= (u_0^2 + x_0^2) s^2 for any two points. A row that another thread was
             * writing can break that, with coordinates and a cached value of two moments: its step
             * would be as long as it is wrong, up to the edge. It is left out: update_lorentz. In
             * the ball g1 has the factor |u - x|^2 itself, so a step stays bounded by it. */
            if (geometry == WV_LORENTZ &&
                e[i] * inverse_s[i] * inverse_s[i] > 4 * (a * a + b[i] * b[i]))
                inverse_s[i] = 0;
            e[i] = 1 / (1 + g1 + s);
        }
        return;
    }
    /* Squared distances grow: the softmax is taken relative to the nearest target. */
    double least = q[0];
    for (int32_t i = 1; i < n; i++) least = fmin(least, q[i]);
    for (int32_t i = 0; i < n; i++) e[i] = exp(fmax(least - q[i], -700));
}

/* Relations whose softmax was multiplied into `product`; its logarithm is taken once for many. */
typedef struct loss_sum {
    double loss, product;
} loss_sum;

/* c of every target, and the loss: with Z the sum of e over the negatives, parent i has
 * c = w_i Z / (e_i + Z), and a negative c = -e sum_i w_i / (e_i + Z). */
STEP_FN void weigh(const targets *T, int32_t m, int32_t n, const double *weight, loss_sum *sum) {
    double Z = 0, share = 0;
    for (int32_t i = m; i < n; i++) Z += T->e[i];
    for (int32_t i = 0; i < m; i++) {
        const double w = weight ? weight[i] : 1, inverse = 1 / (T->e[i] + Z);
        T->c[i] = w * Z * inverse;
        share += w * inverse;
        if (weight) {
            sum->loss -= w * log(T->e[i] * inverse);
            continue;
        }
        const double share_of_v = T->e[i] * inverse;
        if (share_of_v < 1e-100) {
            sum->loss -= log(share_of_v);
            continue;
        }
        sum->product *= share_of_v;
        if (!(sum->product > 1e-200)) {
            sum->loss -= log(sum->product);
            sum->product = 1;
        }
    }
    for (int32_t i = m; i < n; i++) T->c[i] = -T->e[i] * share;
}

/* x <- exp_x(y) in the ball, y given in coordinates with hyperbolic length `length`: the Moebius
 * sum of x and tanh(length / 2) y / |y| (Ganea et al. 2018, lemma 2). */
STEP_FN void move_in_ball(vd *x, const vd *y, double b, double length, int32_t nv) {
    if (length < WV_HYPER_SHORT) {
        for (int32_t k = 0; k < nv; k++) x[k] += y[k];
        return;
    }
    /* |y| = length b / 2, as the metric at x is (2 / b)^2. */
    const double scale = tanh(0.5 * length) / (0.5 * length * b);
    vd sum = x[0] * y[0];
    for (int32_t k = 1; k < nv; k++) sum += x[k] * y[k];
    const double half = tanh(0.5 * length), xy2 = 2 * scale * sum_lanes(&sum), yy = half * half;
    const double inverse = 1 / (1 + xy2 + (1 - b) * yy);
    const double keep = (1 + xy2 + yy) * inverse, add = b * scale * inverse;
    for (int32_t k = 0; k < nv; k++) x[k] = keep * x[k] + add * y[k];
}

/* sinh to 1e-13: a series where libm's cancellation-free path would cost 20 ns. */
STEP_FN double short_sinh(double t) {
    const double t2 = t * t;
    if (t2 > 0.25) return sinh(t);
    return t * (1 + t2 / 6 * (1 + t2 / 20 * (1 + t2 / 42 * (1 + t2 / 72 * (1 + t2 / 110)))));
}

STEP_FN void update_ball(const wv_hyper_space *S, wv_hyper_worker *W, const targets *T, int32_t n,
                         int32_t nv, const vd *mask) {
    const vd *u = (const vd *)T->u;
    vd *move = (vd *)T->move;
    const double a = T->a, inverse_a = 1 / a;
    for (int32_t i = 0; i < n; i++) {
        const double length = fabs(W->rate * T->c[i]);
        if (length < WV_HYPER_LEAST) continue;
        double *row = row_of(S, W, T->id[i]);
        vd *x = (vd *)T->row, *y = (vd *)T->y;
        const double q = T->q[i], b = T->b[i], q_a = q * inverse_a, q_b = q * T->inverse_b[i];
        /* Riemannian gradients of d: (a / (b s)) ((u - x) + q u / a), and the same with roles
         * exchanged; (1 - |u|^2)^2 / 4 is in it. */
        const double k0 = -W->rate * T->c[i] * T->inverse_s[i];
        const double ku = k0 * a * T->inverse_b[i], kx = k0 * b * inverse_a;
        for (int32_t k = 0; k < nv; k++) {
            coordinates(&x[k], (const vd *)row, k, nv, mask);
            const vd d = u[k] - x[k];
            move[k] += ku * (d + q_a * u[k]);
            y[k] = kx * (q_b * x[k] - d);
        }
        move_in_ball(x, y, b, length, nv);
        settle(S, W, T->row, row, WV_POINCARE, nv, mask);
    }
    double *row = row_of(S, W, T->id[n]);
    vd *x = (vd *)T->row;
    vd sum = move[0] * move[0];
    for (int32_t k = 1; k < nv; k++) sum += move[k] * move[k];
    for (int32_t k = 0; k < nv; k++) x[k] = u[k];
    move_in_ball(x, move, a, 2 * sqrt(sum_lanes(&sum)) / a, nv);
    settle(S, W, T->row, row, WV_POINCARE, nv, mask);
}

STEP_FN void update_lorentz(const wv_hyper_space *S, wv_hyper_worker *W, const targets *T,
                            int32_t n, int32_t nv, const vd *mask) {
    const vd *u = (const vd *)T->u;
    vd *move = (vd *)T->move;
    const double a = T->a;
    for (int32_t i = 0; i < n; i++) {
        const double wanted = -W->rate * T->c[i];
        if (fabs(wanted) < WV_HYPER_LEAST || T->inverse_s[i] == 0) continue;
        const double length = fmax(fmin(wanted, WV_HYPER_MOST), -WV_HYPER_MOST);
        double *row = row_of(S, W, T->id[i]);
        vd *x = (vd *)T->row;
        /* Unit gradients of d (Nickel & Kiela 2018, eq. 8-9 projected): at u (g u - x) / s,
         * written (u - x + (g - 1) u) / s; at x the same with roles exchanged. */
        const double g1 = T->q[i], k1 = wanted * T->inverse_s[i];
        const double sh = short_sinh(length), ch = sqrt(1 + sh * sh);
        for (int32_t k = 0; k < nv; k++) {
            vd xk;
            coordinates(&xk, (const vd *)row, k, nv, mask);
            const vd d = u[k] - xk;
            move[k] += k1 * (d + g1 * u[k]);
            x[k] = ch * xk + sh * T->inverse_s[i] * (g1 * xk - d);
        }
        settle(S, W, T->row, row, WV_LORENTZ, nv, mask);
    }
    double *row = row_of(S, W, T->id[n]);
    vd *x = (vd *)T->row;
    /* The Minkowski length of a tangent w at u: along u's spatial direction space shrinks by u_0,
     * across it not; summed apart, because w_0 from <w, u> = 0 would cancel. */
    vd sum = u[0] * move[0];
    for (int32_t k = 1; k < nv; k++) sum += u[k] * move[k];
    const double along = sum_lanes(&sum), uu = fmax(a * a - 1, 1e-300);
    vd across = {0};
    for (int32_t k = 0; k < nv; k++) {
        const vd w = move[k] - (along / uu) * u[k];
        across += w * w;
    }
    const double length = sqrt(sum_lanes(&across) + along * along / (uu * a * a));
    const double sh = short_sinh(fmin(length, WV_HYPER_MOST)), ch = sqrt(1 + sh * sh);
    const double k1 = length > 1e-12 ? sh / length : 1;
    for (int32_t k = 0; k < nv; k++) x[k] = ch * u[k] + k1 * move[k];
    settle(S, W, T->row, row, WV_LORENTZ, nv, mask);
}

/* The gradient of |u - x|^2 grows with the distance, so that a plain step overshoots at rates that
 * the others bear. The step is implicit in the quadratic: divided by 1 + 2 rate |c|, as small as
 * the plain one for small rates and never beyond the other point. */
STEP_FN void update_flat(const wv_hyper_space *S, wv_hyper_worker *W, const targets *T, int32_t n,
                         int geometry, int32_t nv, const vd *mask) {
    const vd *u = (const vd *)(geometry == WV_TRANSLATION ? T->shift : T->u);
    vd *move = (vd *)T->move;
    double total = 0;
    for (int32_t i = 0; i < n; i++) {
        const double k2 = -2 * W->rate * T->c[i], damped = k2 / (1 + fabs(k2));
        double *row = row_of(S, W, T->id[i]);
        vd *x = (vd *)T->row;
        total += fabs(k2);
        for (int32_t k = 0; k < nv; k++) {
            vd xk;
            coordinates(&xk, (const vd *)row, k, nv, mask);
            const vd d = u[k] - xk;
            move[k] += k2 * d;
            x[k] = xk - damped * d;
        }
        settle(S, W, T->row, row, geometry, nv, mask);
    }
    double *row = row_of(S, W, T->id[n]);
    const double damp = 1 / (1 + total);
    for (int32_t k = 0; k < nv; k++) ((vd *)T->row)[k] = ((const vd *)T->u)[k] + damp * move[k];
    settle(S, W, T->row, row, geometry, nv, mask);
    if (geometry == WV_TRANSLATION)
        for (int32_t k = 0; k < nv; k++) ((vd *)W->translation)[k] += damp * move[k];
}

/* geometry is a compile-time constant here. */
STEP_FN wv_status train_groups(const wv_hyper_space *S, const wv_hyper_relations *R,
                               wv_hyper_worker *W, const int64_t *order, ptrdiff_t count,
                               int geometry) {
    const int32_t nv = (S->dim + VD_LANES - 1) / VD_LANES;
    vd mask;
    last_mask(&mask, S->dim, nv);
    const ptrdiff_t most = ((ptrdiff_t)W->negative + WV_HYPER_GROUP + 7) / 8 * 8;
    double *d = W->scratch;
    targets T = {.u = d,
                 .move = d + S->stride,
                 .shift = d + 2 * S->stride,
                 .y = d + 3 * S->stride,
                 .row = d + 4 * S->stride};
    T.q = d + 5 * S->stride;
    T.b = T.q + most;
    T.inverse_b = T.b + most;
    T.inverse_s = T.inverse_b + most;
    T.e = T.inverse_s + most;
    T.c = T.e + most;
    T.id = (int32_t *)(T.c + most);
    T.next_id = T.id + most;
    loss_sum sum = {0, 1};
    int32_t next = count ? draw(S, R, W, order[0], T.next_id) : 0;
    for (ptrdiff_t j = 0; j < count; j++) {
        const int64_t g = order[j], from = R->start[g];
        const int32_t m = (int32_t)(R->start[g + 1] - from), n = m + next;
        memcpy(T.id, R->parent + from, (size_t)m * sizeof *T.id);
        memcpy(T.id + m, T.next_id, (size_t)next * sizeof *T.id);
        T.id[n] = R->child[g];
        look_ahead(S, R, W, order, j, count);
        if (j + 1 < count) next = draw(S, R, W, order[j + 1], T.next_id);
        if (n == m) continue; /* no negative could be found: nothing to tell apart */
        memcpy(T.u, row_of(S, W, T.id[n]), (size_t)S->stride * sizeof(double));
        T.a = T.u[S->stride - 1];
        ((vd *)T.u)[nv - 1] *= mask;
        memset(T.move, 0, (size_t)S->stride * sizeof(double));
        if (geometry == WV_TRANSLATION)
            for (int32_t k = 0; k < nv; k++)
                ((vd *)T.shift)[k] = ((vd *)T.u)[k] + ((vd *)W->translation)[k];
        measure(S, W, &T, n, geometry, nv, &mask);
        weigh(&T, m, n, R->weight ? R->weight + from : NULL, &sum);
        if (geometry == WV_POINCARE)
            update_ball(S, W, &T, n, nv, &mask);
        else if (geometry == WV_LORENTZ)
            update_lorentz(S, W, &T, n, nv, &mask);
        else
            update_flat(S, W, &T, n, geometry, nv, &mask);
    }
    const double loss = sum.loss - log(sum.product);
    W->loss += loss;
    return isfinite(loss) ? WV_OK : WV_ERR_NONFINITE;
}

/* One copy of the step for each geometry. Copies for the widths of 5 and 10 dimensions, where loops
 * over nv would unroll, took .92 to 1.06 times as long and three times as long to compile. */
WV_TARGET
static wv_status WV_SIMD(train)(const wv_hyper_space *S, const wv_hyper_relations *R,
                                wv_hyper_worker *W, const int64_t *order, ptrdiff_t n) {
    switch (S->geometry) {
    case WV_POINCARE:
        return train_groups(S, R, W, order, n, WV_POINCARE);
    case WV_LORENTZ:
        return train_groups(S, R, W, order, n, WV_LORENTZ);
    case WV_EUCLIDEAN:
        return train_groups(S, R, W, order, n, WV_EUCLIDEAN);
    case WV_TRANSLATION:
        return train_groups(S, R, W, order, n, WV_TRANSLATION);
    default:
        return WV_ERR_RANGE;
    }
}

#include "wv_hyper_rank.h"

const wv_hyper WV_SIMD(wv_hyper) = {WV_SIMD(train), WV_SIMD(rank)};

#endif
