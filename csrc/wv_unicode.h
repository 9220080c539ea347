/* Text as people write it -> text of words with one space between them.
 *
 * Words lie between the boundaries of Unicode's default word segmentation (UAX #29, section 4); a
 * segment is a word when it has a letter. What the tokeniser writes is what wv_text_encode reads:
 * words, spaces, line ends, blank lines or record ends.
 */
#ifndef WV_UNICODE_H
#define WV_UNICODE_H

#include "wv_common.h"

/* What happens to a word of digits: "1,234.5". */
#define WV_NUMBERS_KEEP 0
#define WV_NUMBERS_ZERO 1 /* it becomes "0" */
#define WV_NUMBERS_DROP 2

typedef struct wv_unicode_options {
    int words;      /* 1: UAX #29; 0: words are what stands between ASCII white space */
    int lower;      /* full lower case, as Python's str.lower of each word */
    int turkic;     /* with lower: I becomes dotless i, and I with a dot becomes i */
    int numbers;    /* WV_NUMBERS_... */
    int emoji;      /* keep sequences of emoji as words */
    int straight;   /* an apostrophe in a word is ', however it is typed */
    int records;    /* WV_RECORD_END ends a document, and a blank line does not */
    int min_length; /* code points of the shortest word that is kept */
} wv_unicode_options;

typedef struct wv_unicode_stats {
    int64_t words;    /* words that were written */
    int64_t numbers;  /* numbers seen */
    int64_t emoji;    /* sequences of emoji seen */
    int64_t unspaced; /* words of one letter of a script without spaces (Han, Thai ...) */
    int64_t turkic;   /* letters that show Turkish or Azerbaijani: dotless i, g breve, dotted I */
    int64_t letters;  /* letters of words that are not ASCII */
    int64_t not_utf8; /* bytes that are no UTF-8: each is taken for a letter and kept as it is */
    int64_t nul_at;   /* offset of the NUL byte that stopped the tokeniser, or -1 */
} wv_unicode_stats;

/* Version of Unicode's data that the tables were made from. */
const char *wv_unicode_version(void);

/* Bytes that wv_unicode_words may write for n bytes of text. */
size_t wv_unicode_room(size_t n);

/* Writes the words of text (n,) to out (room,) and their number of bytes to *n_out. Formatting
 * characters within words (soft hyphen, byte order mark, direction marks) are left out, and signs
 * that join words (_) at their ends. A line end is written once, a blank line as one blank line
 * (\r\n is one line end). stats is added to, but for nul_at.
 * WV_ERR_FULL when room < wv_unicode_room(n); WV_ERR_FORMAT at a NUL byte. The text must end
 * neither inside a word nor inside a run of white space that goes on. */
wv_status wv_unicode_words(const wv_unicode_options *options, const uint8_t *text, size_t n,
                           uint8_t *out, size_t room, size_t *n_out, wv_unicode_stats *stats);

/* Writes the word boundaries of text (n,) to ends (n,): where each segment ends, rising. These are
 * the default boundaries without any tailoring; *n_ends: how many. */
void wv_unicode_boundaries(const uint8_t *text, size_t n, int64_t *ends, size_t *n_ends);

#endif
