/* The k best of each row and of each column of a matrix of scores that comes in blocks: all
 * neighbours of many words, in both directions, from products that are made once and not kept.
 *
 * A list holds k scores, falling, and the ids that they are of; equal scores come by rising id. So
 * the lists are the same in whatever order blocks come and however they are divided among threads,
 * whose lists are merged by offering one's to the other's. A list begins with scores of -INFINITY
 * and ids of INT32_MAX. NaN is never better.
 */
#ifndef WV_BEST_H
#define WV_BEST_H

#include "wv_cpu.h"

typedef struct wv_best {
    /* scores (n, m), row stride s: row i is offered as ids first .. first + m to list i of
     * top (n, k), ids (n, k). k >= 1; first + m <= INT32_MAX. */
    void (*rows)(const float *scores, ptrdiff_t n, ptrdiff_t m, ptrdiff_t s, int32_t first,
                 ptrdiff_t k, float *top, int32_t *ids);
    /* The same of columns: column j is offered as ids first .. first + n to list j of top (m, k),
     * ids (m, k). least (m,): the last score of each list, in and out, side by side so that a
     * register of scores is compared at once. */
    void (*columns)(const float *scores, ptrdiff_t n, ptrdiff_t m, ptrdiff_t s, int32_t first,
                    ptrdiff_t k, float *top, int32_t *ids, float *least);
} wv_best;

WV_ISA_TABLES(wv_best);

/* Puts a score in its place; nothing when it is not among the best. Returns the last score. */
static inline float wv_best_offer(float score, int32_t id, ptrdiff_t k, float *top, int32_t *ids) {
    ptrdiff_t at = k - 1;
    if (!(score > top[at] || (score == top[at] && id < ids[at]))) return top[at];
    for (; at > 0 && (score > top[at - 1] || (score == top[at - 1] && id < ids[at - 1])); at--) {
        top[at] = top[at - 1];
        ids[at] = ids[at - 1];
    }
    top[at] = score;
    ids[at] = id;
    return top[k - 1];
}

#endif
