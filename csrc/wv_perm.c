/* The permutation test of WEAT has C(2n, n) re-partitions: 12,870 for n = 8, 6e8 for n = 16, 1e14
 * for n = 25. Horowitz & Sahni (1974): cut the items into two halves, list the subset sums of each
 * by size in rising order, and count the pairs beyond a bound with two pointers. Lists are grown an
 * item at a time by merging, so nothing is ever sorted. Items beyond two halves of HALF_MAX are
 * tried both ways instead (2^fixed bounds for the same lists), which bounds the memory. */
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

/* Steps [begin, end) of the walk along a border. */
typedef struct part {
    int64_t begin, end;
    uint64_t bound;
} part;

/* Parts that are walked at once: a step waits for two loads, and which way it goes cannot be
 * predicted; steps of several parts overlap. */
enum { PARTS = 6, BOUNDS_MAX = 20 };

/* The sum of i after each step of PARTS parts. After t steps j is nb - t + i, so i alone is kept,
 * less the part's begin. */
static uint64_t walk(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb,
                     const part *parts) {
    int64_t i[PARTS], together = INT64_MAX;
    const uint64_t *of_a[PARTS], *of_b = b + nb - 1;
    uint64_t bound[PARTS], sum = 0;
    for (int p = 0; p < PARTS; p++) {
        const int64_t begin = parts[p].begin, steps = parts[p].end - begin;
        bound[p] = parts[p].bound;
        of_a[p] = a + begin;
        i[p] = border(a, na, b, nb, bound[p], begin) - begin;
        together = steps < together ? steps : together;
    }
    for (int64_t step = 0; step < together; step++, of_b--) {
        for (int p = 0; p < PARTS; p++) {
            i[p] += of_a[p][i[p]] + of_b[i[p]] < bound[p];
            sum += (uint64_t)i[p];
        }
    }
    for (int p = 0; p < PARTS; p++) {
        int64_t at = i[p] + parts[p].begin;
        sum += (uint64_t)together * (uint64_t)parts[p].begin;
        for (int64_t t = parts[p].begin + together; t < parts[p].end; t++) {
            at += a[at] + b[nb - 1 - t + at] < bound[p];
            sum += (uint64_t)at;
        }
    }
    return sum;
}

/* Pairs with a[i] + b[j] >= bound, for n bounds together; a: (na,), b: (nb,), both rising.
 *
 * A step to the next i at t leaves t - i pairs above; with i_t after t steps, all T steps leave the
 * sum of t (i_(t+1) - i_t) less that of 0 to i_T - 1, which is
 * T i_T - (i_1 + ... + i_T) - i_T (i_T - 1) / 2.
 *
 * Parts of several borders are walked beside each other: where bounds are near, what one of them
 * reads is in the cache for the others. */
static uint64_t pairs_above(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb,
                            const uint64_t *bounds, int n) {
    part parts[PARTS * BOUNDS_MAX];
    uint64_t walked[BOUNDS_MAX], pairs = 0;
    int64_t steps[BOUNDS_MAX];
    int borders = 0, each = 1;
    if (na == 0 || nb == 0) return 0;
    for (int k = 0; k < n; k++) {
        const uint64_t bound = bounds[k];
        if (a[na - 1] + b[nb - 1] < bound) continue;
        if (a[0] + b[0] >= bound) {
            pairs += (uint64_t)na * (uint64_t)nb;
            continue;
        }
        /* The walk ends where i or j has run out; every j goes with the i that are left then. */
        const int64_t i_end = first_above(a, na, b[0], bound);
        const int64_t j_end = i_end < na ? 0 : first_above(b, nb, a[na - 1], bound);
        const uint64_t all = (uint64_t)(i_end + nb - j_end), last = (uint64_t)i_end;
        pairs += all * last - last * (last - 1) / 2 + (uint64_t)(na - i_end) * (uint64_t)nb;
        steps[borders] = (int64_t)all;
        walked[borders++] = bound;
    }
    while (borders * each % PARTS) each++;
    for (int p = 0, c = 0; p < each; p++)
        for (int k = 0; k < borders; k++)
            parts[c++] = (part){steps[k] * p / each, steps[k] * (p + 1) / each, walked[k]};
    for (int c = 0; c < borders * each; c += PARTS) pairs -= walk(a, na, b, nb, parts + c);
    return pairs;
}

/* Adds what n pairs of bounds give. */
static void count_pairs(const sums_by_size *a, const sums_by_size *b, int k, const uint64_t *upper,
                        const uint64_t *above_lower, int n, wv_perm_counts *counts) {
    for (int i = 0; i <= a->m && i <= k; i++) {
        if (k - i > b->m) continue;
        const int64_t na = a->offset[i + 1] - a->offset[i];
        const int64_t nb = b->offset[k - i + 1] - b->offset[k - i];
        const uint64_t *from_a = a->sums + a->offset[i], *from_b = b->sums + b->offset[k - i];
        const uint64_t all = (uint64_t)na * (uint64_t)nb * (uint64_t)n;
        counts->subsets += all;
        counts->high += pairs_above(from_a, na, from_b, nb, upper, n);
        counts->low += all - pairs_above(from_a, na, from_b, nb, above_lower, n);
    }
}

static int by_size(const void *x, const void *y) {
    const int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    const int64_t p = a < 0 ? -a : a, q = b < 0 ? -b : b;
    return (p > q) - (p < q);
}

wv_status wv_perm_exact(const int64_t *x, int n, int k, int64_t upper, int64_t lower,
                        wv_perm_counts *counts) {
    if (n < 0 || n > WV_PERM_EXACT_MAX || k < 0 || k > n) return WV_ERR_RANGE;
    memset(counts, 0, sizeof *counts);
    const int fixed = n > 2 * HALF_MAX ? n - 2 * HALF_MAX : 0;
    const int m = (n - fixed) / 2, rest = n - fixed - m;
    /* The least are tried both ways, so that bounds are near each other. */
    int64_t items[WV_PERM_EXACT_MAX];
    for (int i = 0; i < n; i++) items[i] = x[i];
    qsort(items, (size_t)n, sizeof *items, by_size);
    sums_by_size a = {0}, b = {0};
    wv_status status = build(&a, items + fixed, m);
    if (status == WV_OK) status = build(&b, items + fixed + m, rest);
    if (status != WV_OK) goto done;
    for (int size = 0; size <= fixed && size <= k; size++) {
        uint64_t high[BOUNDS_MAX], low[BOUNDS_MAX];
        int bounds = 0;
        for (uint32_t taken = 0; taken < 1u << fixed; taken++) {
            int64_t sum = 0;
            int chosen = 0;
            for (int i = 0; i < fixed; i++) {
                sum += taken >> i & 1 ? items[i] : 0;
                chosen += taken >> i & 1;
            }
            if (chosen != size) continue;
            high[bounds] = 2 * ZERO + (uint64_t)(upper - sum);
            low[bounds++] = 2 * ZERO + (uint64_t)(lower - sum) + 1;
        }
        count_pairs(&a, &b, k - size, high, low, bounds, counts);
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
