/* Subwords (Bojanowski et al. 2017, "Enriching word vectors with subword information") and their
 * fit to given vectors (Zhao, Mudgal & Liang 2018, "Generalizing word embeddings using bag of
 * subwords"). The fit is a relaxed Kaczmarz step a word: with k n-grams whose mean is m, adding
 * rate (x - m) to each of them moves the mean by the same, so a rate of 1 would make this word
 * exact and rates below average over the words that share n-grams. */
#include "wv_ngram.h"

#include <stdlib.h>
#include <string.h>

#include "wv_store.h"

static uint64_t hash_fasttext(const uint8_t *bytes, ptrdiff_t n) {
    uint32_t h = 2166136261u;
    for (ptrdiff_t i = 0; i < n; i++) {
        h ^= (uint32_t)(int32_t)(int8_t)bytes[i];
        h *= 16777619u;
    }
    return h;
}

static uint64_t fnv64(uint64_t h, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) h = (h ^ ((value >> (8 * i)) & 0xFF)) * UINT64_C(1099511628211);
    return h;
}

/* The character at p as a number; sequences that are not UTF-8 give some number, the same for the
 * same bytes. */
static uint32_t character(const uint8_t *p, ptrdiff_t n) {
    if (n == 1) return p[0];
    uint32_t value = n == 2 ? p[0] & 0x1Fu : n == 3 ? p[0] & 0x0Fu : p[0] & 0x07u;
    for (ptrdiff_t i = 1; i < n; i++) value = value << 6 | (p[i] & 0x3Fu);
    return value;
}

/* places[0 .. count]: where the characters of the n-gram begin, and its end. */
static uint64_t hash_finalfusion(const uint8_t *word, const int16_t *places, ptrdiff_t count) {
    uint64_t h = fnv64(UINT64_C(14695981039346656037), (uint64_t)count, 8);
    for (ptrdiff_t i = 0; i < count; i++)
        h = fnv64(h, character(word + places[i], places[i + 1] - places[i]), 4);
    return h;
}

static uint64_t rotate(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static uint64_t murmur_mix(uint64_t k) {
    k = (k ^ (k >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    k = (k ^ (k >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return k ^ (k >> 33);
}

/* MurmurHash3_x64_128 (Appleby, public domain), written from its description. */
static void murmur3(const uint8_t *bytes, ptrdiff_t n, uint32_t seed, uint32_t out[4]) {
    const uint64_t c1 = UINT64_C(0x87c37b91114253d5), c2 = UINT64_C(0x4cf5ad432745937f);
    uint64_t h1 = seed, h2 = seed, k[2];
    const ptrdiff_t blocks = n / 16;
    for (ptrdiff_t i = 0; i < blocks; i++) {
        memcpy(k, bytes + 16 * i, 16);
        h1 ^= rotate(k[0] * c1, 31) * c2;
        h1 = (rotate(h1, 27) + h2) * 5 + 0x52dce729;
        h2 ^= rotate(k[1] * c2, 33) * c1;
        h2 = (rotate(h2, 31) + h1) * 5 + 0x38495ab5;
    }
    k[0] = k[1] = 0;
    memcpy(k, bytes + 16 * blocks, (size_t)(n % 16));
    h2 ^= rotate(k[1] * c2, 33) * c1;
    h1 ^= rotate(k[0] * c1, 31) * c2;
    h1 ^= (uint64_t)n;
    h2 ^= (uint64_t)n;
    h1 += h2;
    h2 += h1;
    h1 = murmur_mix(h1);
    h2 = murmur_mix(h2);
    h1 += h2;
    h2 += h1;
    out[0] = (uint32_t)h1, out[1] = (uint32_t)(h1 >> 32);
    out[2] = (uint32_t)h2, out[3] = (uint32_t)(h2 >> 32);
}

/* Appends the rows of one n-gram; returns the new count. */
static ptrdiff_t add_rows(const wv_ngrams *g, const uint8_t *word, const int16_t *places,
                          ptrdiff_t count, int64_t *rows, ptrdiff_t n, ptrdiff_t capacity) {
    const uint8_t *bytes = word + places[0];
    const ptrdiff_t size = places[count] - places[0];
    uint32_t words[4];
    if (n + g->hashes > capacity) return n;
    switch (g->hash) {
    case WV_HASH_FASTTEXT:
        rows[n] = (int64_t)(hash_fasttext(bytes, size) % g->buckets);
        return n + 1;
    case WV_HASH_FLORET:
        murmur3(bytes, size, g->seed, words);
        for (int i = 0; i < g->hashes; i++) rows[n + i] = (int64_t)(words[i] % g->buckets);
        return n + g->hashes;
    case WV_HASH_FINALFUSION:
        rows[n] = (int64_t)(hash_finalfusion(word, places, count) % g->buckets);
        return n + 1;
    default:
        rows[n] = (int64_t)(wv_hash(bytes, (uint64_t)size) % g->buckets);
        return n + 1;
    }
}

ptrdiff_t wv_ngram_rows(const wv_ngrams *g, const uint8_t *word, ptrdiff_t length, int64_t *rows,
                        ptrdiff_t capacity) {
    uint8_t marked[WV_NGRAM_MAX_WORD + 2];
    int16_t places[WV_NGRAM_MAX_WORD + 3];
    ptrdiff_t chars = 0, n = 0;
    if (length > WV_NGRAM_MAX_WORD) length = WV_NGRAM_MAX_WORD;
    marked[0] = '<';
    memcpy(marked + 1, word, (size_t)length);
    marked[length + 1] = '>';
    for (ptrdiff_t i = 0; i < length + 2; i++)
        if ((marked[i] & 0xC0) != 0x80) places[chars++] = (int16_t)i;
    places[chars] = (int16_t)(length + 2);
    if (g->hash == WV_HASH_FLORET) n = add_rows(g, marked, places, chars, rows, n, capacity);
    for (ptrdiff_t i = 0; i < chars; i++) {
        for (ptrdiff_t size = g->minn; size <= g->maxn && i + size <= chars; size++) {
            if (g->hash == WV_HASH_FASTTEXT && size == 1 && (i == 0 || i + size == chars)) continue;
            n = add_rows(g, marked, places + i, size, rows, n, capacity);
        }
    }
    return n;
}

wv_status wv_ngram_mean(const wv_matrix *matrix, const int64_t *rows, ptrdiff_t n, int only_known,
                        float *out, float *scratch, ptrdiff_t *used) {
    const int64_t cols = matrix->cols;
    *used = 0;
    wv_matrix_prefetch(matrix, rows, n);
    memset(out, 0, (size_t)cols * sizeof *out);
    for (ptrdiff_t i = 0; i < n; i++) {
        int zero = 1;
        if (matrix->encoding == WV_I8 && rows[i] >= 0 && rows[i] < matrix->rows) {
            /* The common case without a detour through scratch. */
            const float scale = matrix->scale[rows[i]];
            const int8_t *codes = (const int8_t *)matrix->codes + rows[i] * cols;
            if (scale == 0) continue;
            for (int64_t j = 0; j < cols; j++) out[j] += scale * (float)codes[j];
            ++*used;
            continue;
        }
        const wv_status status = wv_matrix_take(matrix, rows + i, 1, scratch);
        if (status != WV_OK) return status;
        for (int64_t j = 0; j < cols; j++) {
            zero &= scratch[j] == 0;
            out[j] += scratch[j];
        }
        *used += !zero;
    }
    if (*used) {
        const float factor = 1.0f / (float)(only_known ? *used : n);
        for (int64_t j = 0; j < cols; j++) out[j] *= factor;
    }
    return WV_OK;
}

static int by_number(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

float wv_ngram_step(int32_t *rows, ptrdiff_t n) {
    double squares = 0;
    qsort(rows, (size_t)n, sizeof *rows, by_number);
    for (ptrdiff_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && rows[j] == rows[i];) j++;
        squares += (double)(j - i) * (double)(j - i);
    }
    return n ? (float)((double)n / squares) : 1.0f;
}

#define AHEAD 2 /* words whose rows are fetched before they are used */

static void prefetch_word(const float *G, ptrdiff_t d, const int64_t *starts, const int32_t *rows,
                          int64_t word, ptrdiff_t first, ptrdiff_t last) {
    for (int64_t i = starts[word]; i < starts[word + 1]; i++) {
        const float *row = G + (ptrdiff_t)rows[i] * d;
        for (ptrdiff_t j = first; j < last; j += 16) WV_PREFETCH(row + j);
    }
}

double wv_ngram_fit(const float *X, float *G, ptrdiff_t d, const int64_t *starts,
                    const int32_t *rows, const float *steps, const int64_t *order, ptrdiff_t n,
                    ptrdiff_t first, ptrdiff_t last, float rate, float *scratch) {
    const ptrdiff_t width = last - first;
    double loss = 0;
    for (ptrdiff_t w = 0; w < n; w++) {
        const int64_t begin = starts[order[w]], end = starts[order[w] + 1];
        const float *x = X + order[w] * d + first;
        if (w + AHEAD < n) prefetch_word(G, d, starts, rows, order[w + AHEAD], first, last);
        if (begin == end) continue;
        memset(scratch, 0, (size_t)width * sizeof *scratch);
        for (int64_t i = begin; i < end; i++) {
            const float *row = G + (ptrdiff_t)rows[i] * d + first;
            for (ptrdiff_t j = 0; j < width; j++) scratch[j] += row[j];
        }
        const float one = 1.0f / (float)(end - begin);
        const float step = rate * steps[order[w]];
        float squares = 0;
        for (ptrdiff_t j = 0; j < width; j++) {
            const float residual = x[j] - scratch[j] * one;
            squares += residual * residual;
            scratch[j] = step * residual;
        }
        loss += squares;
        for (int64_t i = begin; i < end; i++) {
            float *row = G + (ptrdiff_t)rows[i] * d + first;
            for (ptrdiff_t j = 0; j < width; j++) row[j] += scratch[j];
        }
    }
    return loss;
}
