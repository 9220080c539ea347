/* Permutation tests of a sum: how many subsets of k of n items have a sum at least, or at most, as
 * large as a bound. Exactly, by meeting in the middle, or over random subsets.
 *
 * Scores come as integers: sums are then exact, and a re-partition whose statistic equals the
 * observed one is counted as such in whatever order it is added up. The caller scales them.
 */
#ifndef WV_PERM_H
#define WV_PERM_H

#include "wv_common.h"

/* What an exact count may cost at most: n = 50, k = 25 takes about 200 MB and a second. */
#define WV_PERM_EXACT_MAX 50

typedef struct wv_perm_counts {
    uint64_t subsets; /* how many subsets there are, or were drawn */
    uint64_t high;    /* of those, how many have a sum >= the upper bound */
    uint64_t low;     /* ... <= the lower bound */
} wv_perm_counts;

/* All subsets of k of x: (n,). Checks 0 <= k <= n <= WV_PERM_EXACT_MAX (WV_ERR_RANGE). The sum of
 * all |x| and the bounds are below 2^62: the caller's care. WV_ERR_MEMORY when buffers fail. */
wv_status wv_perm_exact(const int64_t *x, int n, int k, int64_t upper, int64_t lower,
                        wv_perm_counts *counts);

/* Subsets first, ..., first + m - 1 of the random sequence of `seed`: each is k of n items drawn
 * without replacement, whatever was drawn before it. scratch: (n,). Checks 0 <= k <= n < 2^31. */
wv_status wv_perm_sampled(const int64_t *x, ptrdiff_t n, ptrdiff_t k, int64_t upper, int64_t lower,
                          uint64_t seed, int64_t first, int64_t m, int32_t *scratch,
                          wv_perm_counts *counts);

#endif
