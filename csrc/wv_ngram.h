/* Character n-grams of a word, hashed to rows of a matrix; sums of such rows; and rows fitted so
 * that the mean over a word's n-grams is the word's vector.
 *
 * A character is a UTF-8 sequence: a byte and the continuation bytes behind it, whatever they are,
 * so any bytes have n-grams. The word gets the marks < and > first.
 */
#ifndef WV_NGRAM_H
#define WV_NGRAM_H

#include "wv_codec.h"

typedef enum wv_ngram_hash {
    /* FNV-1a of 32 bits over signed bytes, modulo buckets (Bojanowski et al. 2017, fastText); an
     * n-gram of one character is left out at either end */
    WV_HASH_FASTTEXT = 1,
    /* MurmurHash3 x64 128, its 32-bit words modulo buckets: `hashes` rows an n-gram; the whole word
     * with its marks counts as an n-gram too (floret) */
    WV_HASH_FLORET = 2,
    /* FNV-1a of 64 bits over the length and the characters as numbers, modulo buckets, which are a
     * power of two (finalfusion) */
    WV_HASH_FINALFUSION = 3,
    /* wv_hash of the bytes, modulo buckets: n-grams fitted by us */
    WV_HASH_NATIVE = 4
} wv_ngram_hash;

typedef struct wv_ngrams {
    wv_ngram_hash hash;
    int minn, maxn; /* 1 <= minn <= maxn */
    int hashes;     /* floret: 1 .. 4; else 1 */
    uint32_t seed;  /* floret */
    uint64_t buckets;
} wv_ngrams;

#define WV_NGRAM_MAX_WORD 1024 /* bytes; longer words have the n-grams of their beginning */
/* Rows that a word can have: for each n every place, times the hashes. */
#define WV_NGRAM_MAX_ROWS 8192

/* The rows of a word's n-grams to rows (capacity,); returns how many, at most capacity. */
ptrdiff_t wv_ngram_rows(const wv_ngrams *ngrams, const uint8_t *word, ptrdiff_t length,
                        int64_t *rows, ptrdiff_t capacity);

/* The mean of the rows (n,) to out (cols,), of those that are not zero when only_known; *used how
 * many are not zero. Rows are prefetched together first: they lie anywhere. Ids are checked. */
wv_status wv_ngram_mean(const wv_matrix *matrix, const int64_t *rows, ptrdiff_t n, int only_known,
                        float *out, float *scratch, ptrdiff_t *used);

/* Sorts the rows (n,) of a word's n-grams; n over the sum of the squares of how often each occurs:
 * 1 when none occurs twice. */
float wv_ngram_step(int32_t *rows, ptrdiff_t n);

/* One pass of the fit over words order[0 .. n): for word w with n-grams rows[starts[w]] ..
 * rows[starts[w + 1]], the residual X[w] - mean is added to each of them times `rate` and steps[w]
 * of wv_ngram_step: a rate of 1 makes the mean the word's vector, and one below 2 nears it, however
 * often an n-gram occurs in the word. Only columns first .. last are touched, and they do not
 * depend on the others, so threads that divide the columns give the same bytes at any number of
 * threads.
 *
 * X: (V, d); G: (buckets, d); steps: (V,); rows in [0, buckets), order in [0, V): validated by the
 * caller. Returns the sum of squared residuals before the updates. */
double wv_ngram_fit(const float *X, float *G, ptrdiff_t d, const int64_t *starts,
                    const int32_t *rows, const float *steps, const int64_t *order, ptrdiff_t n,
                    ptrdiff_t first, ptrdiff_t last, float rate, float *scratch);

#endif
