/* The permutation test of WEAT has C(2n, n) re-partitions: 12,870 for n = 8, 6e8 for n = 16, 1e14
 * for n = 25. Horowitz & Sahni (1974): cut the items into two halves, list the subset sums of each
 * by size in rising order, and count the pairs beyond a bound with two pointers. Lists are grown an
 * item at a time by merging, so nothing is ever sorted. Items beyond two halves of HALF_MAX are
 * tried both ways instead (2^fixed passes over the same lists), which bounds the memory. */
#include "wv_perm.h"
#include "wv_rng.h"

#include <stdlib.h>
#include <string.h>

#define HALF_MAX 22 /* 2^22 sums of 8 bytes: 32 MB a list, two lists and two spares */
#define ZERO (UINT64_C(1) << 62)

/* The subset sums of m items, those of size k at sums + offset[k], rising. Each has ZERO added, so
 * that none is negative and the carry of a comparison says which of two is less. */
typedef struct sums_by_size {
    int m;
    uint64_t *sums;               /* (2^m,) */
    int64_t offset[HALF_MAX + 2]; /* (m + 2,) */
} sums_by_size;

/* a: (na,) and b + shift: (nb,), both rising, into out: (na + nb,). */
static void merge(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb, uint64_t shift,
                  uint64_t *restrict out) {
    int64_t i = 0, j = 0;
    while (i < na && j < nb) {
        const uint64_t u = a[i], v = b[j] + shift;
        const int first = u <= v; /* written so that compilers make it a select, not a branch */
        *out++ = first ? u : v;
        i += first;
        j += !first;
    }
    while (i < na) *out++ = a[i++];
    while (j < nb) *out++ = b[j++] + shift;
}

/* Subsets of m + 1 items of size k: those of m items of size k, and of size k - 1 with the new. */
static void grow(sums_by_size *s, uint64_t item, uint64_t *spare) {
    int64_t next[HALF_MAX + 2];
    next[0] = 0;
    for (int k = 0; k <= s->m + 1; k++) {
        const int64_t with = k > 0 ? s->offset[k] - s->offset[k - 1] : 0;
        const int64_t without = k <= s->m ? s->offset[k + 1] - s->offset[k] : 0;
        merge(s->sums + (k <= s->m ? s->offset[k] : 0), without,
              s->sums + (k > 0 ? s->offset[k - 1] : 0), with, item, spare + next[k]);
        next[k + 1] = next[k] + without + with;
    }
    s->m++;
    memcpy(s->sums, spare, (size_t)next[s->m + 1] * sizeof *spare);
    memcpy(s->offset, next, (size_t)(s->m + 2) * sizeof *next);
}

static wv_status build(sums_by_size *s, const int64_t *x, int m) {
    s->m = 0;
    s->offset[0] = 0;
    s->offset[1] = 1;
    s->sums = malloc(sizeof *s->sums << m);
    uint64_t *spare = malloc(sizeof *spare << m);
    if (s->sums && spare) {
        s->sums[0] = ZERO;
        for (int i = 0; i < m; i++) grow(s, (uint64_t)x[i], spare);
    }
    const wv_status status = s->sums && spare ? WV_OK : WV_ERR_MEMORY;
    free(spare);
    return status;
}

/* The border between pairs below and at or above the bound runs from i = 0, j = nb downwards: each
 * step takes the next i or the next lower j. Where it is after t steps: the smallest i with
 * a[i] + b[nb - t + i] >= bound, 0 <= i <= na and nb - t + i in 0, ..., nb - 1. */
static int64_t border(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb, uint64_t bound,
                      int64_t t) {
    int64_t low = t > nb ? t - nb : 0, high = t < na ? t : na;
    while (low < high) {
        const int64_t i = low + (high - low) / 2;
        if (a[i] + b[nb - t + i] >= bound)
            high = i;
        else
            low = i + 1;
    }
    return low;
}

/* The smallest i with a[i] + v >= bound, or n. */
static int64_t first_above(const uint64_t *a, int64_t n, uint64_t v, uint64_t bound) {
    int64_t low = 0;
    for (int64_t high = n; low < high;) {
        const int64_t i = low + (high - low) / 2;
        if (a[i] + v >= bound)
            high = i;
        else
            low = i + 1;
    }
    return low;
}

/* Pairs with a[i] + b[j] >= bound; a: (na,), b: (nb,), both rising.
 *
 * The border is walked in CHAINS parts at once: a step waits for two loads, and which way it goes
 * cannot be predicted; steps of several parts overlap. After t steps j is nb - t + i, so i alone is
 * kept. A step to the next i at t leaves t - i pairs above; with i_t after t steps, all T steps
 * leave the sum of t (i_(t+1) - i_t) less that of 0 to i_T - 1, which is
 * T i_T - (i_1 + ... + i_T) - i_T (i_T - 1) / 2. */
static uint64_t pairs_above(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb,
                            uint64_t bound) {
    enum { CHAINS = 6 };
    if (na == 0 || nb == 0 || a[na - 1] + b[nb - 1] < bound) return 0;
    if (a[0] + b[0] >= bound) return (uint64_t)na * (uint64_t)nb;
    /* The walk ends where i or j has run out; every j goes with the i that are left then. */
    const int64_t i_end = first_above(a, na, b[0], bound);
    const int64_t j_end = i_end < na ? 0 : first_above(b, nb, a[na - 1], bound);
    const int64_t steps = i_end + nb - j_end, share = steps / CHAINS;
    int64_t i[CHAINS]; /* less where the part began */
    const uint64_t *of_a[CHAINS];
    uint64_t sum = 0;
    for (int c = 0; c < CHAINS; c++) {
        i[c] = border(a, na, b, nb, bound, share * c) - share * c;
        of_a[c] = a + share * c;
    }
    const uint64_t *of_b = b + nb - 1;
    for (int64_t step = 0; step < share; step++, of_b--) {
        for (int c = 0; c < CHAINS; c++) {
            i[c] += of_a[c][i[c]] + of_b[i[c]] < bound;
            sum += (uint64_t)i[c];
        }
    }
    sum += (uint64_t)share * (uint64_t)share * (CHAINS * (CHAINS - 1) / 2);
    int64_t at = i[CHAINS - 1] + share * (CHAINS - 1);
    for (int64_t t = share * CHAINS; t < steps; t++) { /* what the parts leave */
        at += a[at] + b[nb - 1 - t + at] < bound;
        sum += (uint64_t)at;
    }
    const uint64_t last = (uint64_t)at, all = (uint64_t)steps;
    return all * last - sum - last * (last - 1) / 2 + (uint64_t)(na - i_end) * (uint64_t)nb;
}

static void count_pairs(const sums_by_size *a, const sums_by_size *b, int k, int64_t upper,
                        int64_t lower, wv_perm_counts *counts) {
    for (int i = 0; i <= a->m && i <= k; i++) {
        if (k - i > b->m) continue;
        const int64_t na = a->offset[i + 1] - a->offset[i];
        const int64_t nb = b->offset[k - i + 1] - b->offset[k - i];
        const uint64_t *from_a = a->sums + a->offset[i], *from_b = b->sums + b->offset[k - i];
        const uint64_t all = (uint64_t)na * (uint64_t)nb;
        counts->subsets += all;
        counts->high += pairs_above(from_a, na, from_b, nb, 2 * ZERO + (uint64_t)upper);
        counts->low += all - pairs_above(from_a, na, from_b, nb, 2 * ZERO + (uint64_t)lower + 1);
    }
}

wv_status wv_perm_exact(const int64_t *x, int n, int k, int64_t upper, int64_t lower,
                        wv_perm_counts *counts) {
    if (n < 0 || n > WV_PERM_EXACT_MAX || k < 0 || k > n) return WV_ERR_RANGE;
    memset(counts, 0, sizeof *counts);
    const int fixed = n > 2 * HALF_MAX ? n - 2 * HALF_MAX : 0;
    const int m = (n - fixed) / 2, rest = n - fixed - m;
    sums_by_size a = {0}, b = {0};
    wv_status status = build(&a, x + fixed, m);
    if (status == WV_OK) status = build(&b, x + fixed + m, rest);
    if (status != WV_OK) goto done;
    for (uint32_t taken = 0; taken < 1u << fixed; taken++) {
        int64_t sum = 0;
        int size = 0;
        for (int i = 0; i < fixed; i++)
            if (taken >> i & 1) {
                sum += x[i];
                size++;
            }
        if (size <= k) count_pairs(&a, &b, k - size, upper - sum, lower - sum, counts);
    }
done:
    free(a.sums);
    free(b.sums);
    return status;
}

wv_status wv_perm_sampled(const int64_t *x, ptrdiff_t n, ptrdiff_t k, int64_t upper, int64_t lower,
                          uint64_t seed, int64_t first, int64_t m, int32_t *scratch,
                          wv_perm_counts *counts) {
    if (n < 0 || n > INT32_MAX || k < 0 || k > n || m < 0) return WV_ERR_RANGE;
    memset(counts, 0, sizeof *counts);
    for (int64_t t = 0; t < m; t++) {
        wv_rng rng = {wv_rng_key(seed, (uint64_t)(first + t), (uint64_t)n)};
        for (ptrdiff_t i = 0; i < n; i++) scratch[i] = (int32_t)i;
        int64_t sum = 0;
        for (ptrdiff_t i = 0; i < k; i++) { /* the first k places of a Fisher-Yates shuffle */
            const ptrdiff_t j = i + (ptrdiff_t)wv_rng_below(&rng, (uint32_t)(n - i));
            sum += x[scratch[j]];
            scratch[j] = scratch[i];
        }
        counts->high += sum >= upper;
        counts->low += sum <= lower;
    }
    counts->subsets = (uint64_t)m;
    return WV_OK;
}
