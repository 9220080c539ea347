/* Lines of words and decimal numbers -> float32 rows, as word2vec's and GloVe's text files have
 * them. Numbers are correctly rounded; the few that cannot be decided quickly are left to the
 * caller, who has exact arithmetic.
 */
#ifndef WV_DECIMAL_H
#define WV_DECIMAL_H

#include "wv_common.h"

/* The float32 nearest to the number text (n,), ties to even: 1 and *out, or 0 when it is not plain
 * decimal notation ([+-]digits[.digits][e[+-]digits]) or so near the middle of two floats, or so
 * small or large, that more precision is needed. */
int wv_decimal_float(const uint8_t *text, ptrdiff_t n, float *out);

/* A number that wv_decimal_float left open: the place in `out` that waits for it, and where in the
 * text it is. */
typedef struct wv_decimal_open {
    int64_t place, start, length;
} wv_decimal_open;

typedef struct wv_decimal_lines {
    ptrdiff_t rows;     /* lines parsed */
    ptrdiff_t consumed; /* bytes of them, line ends included */
    ptrdiff_t n_open;
    ptrdiff_t found; /* WV_ERR_FORMAT: numbers behind a word in the line at `consumed` */
} wv_decimal_lines;

/* Lines of text (n,): a word and d numbers each, parted by blanks and tabs. Numbers are counted
 * from the line's right end, what is before them is the word without blanks around it: words[2 i]
 * and words[2 i + 1] are the offsets of its begin and end. The text ends with its last line, whose
 * end
 * (\n) may be missing. Stops after `rows` lines, and before a line whose numbers `open` (n_open,
 * at least d) might not hold.
 *
 * out: (rows, d); words: (2 rows,). WV_ERR_FORMAT for a line with fewer numbers; what lies before
 * it was parsed. */
wv_status wv_decimal_parse(const uint8_t *text, ptrdiff_t n, ptrdiff_t d, ptrdiff_t rows,
                           float *out, int64_t *words, wv_decimal_open *open, ptrdiff_t n_open,
                           wv_decimal_lines *result);

#endif
