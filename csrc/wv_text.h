/* Bytes -> tokens -> ids: a growing word table and the tokeniser that feeds it.
 *
 * A token is a maximal run of bytes that are not ASCII white space (space, \t, \n, \v, \f, \r), as
 * in word2vec, GloVe and fastText. \n and \r end a line. NUL is no text: the tokeniser stops there.
 */
#ifndef WV_TEXT_H
#define WV_TEXT_H

#include "wv_common.h"

/* Ids below 0 in a stream of ids. */
#define WV_ID_BREAK (-1) /* a line ended: contexts do not reach across */
#define WV_ID_GAP (-2)   /* a token that the vocabulary does not have */
#define WV_ID_DOC (-3)   /* a document ended, after the break of its last line */

/* The byte that ends a record (of a table, an archive): ASCII's record separator. */
#define WV_RECORD_END 0x1E

/* Word -> id in order of first appearance, with counts. One writer at a time. */
typedef struct wv_table wv_table;

wv_table *wv_table_new(void); /* NULL when memory is out */
void wv_table_free(wv_table *table);

/* Number of words, and of bytes of all words together. */
int64_t wv_table_size(const wv_table *table);
uint64_t wv_table_bytes(const wv_table *table);

/* Id of a word; -1 where the table does not have it. */
int32_t wv_table_find(const wv_table *table, const uint8_t *word, size_t length);

/* Id of a word, added when new, its count raised by `count`; WV_ERR_MEMORY or WV_ERR_FULL (2^31 - 1
 * words) when it cannot be added. */
wv_status wv_table_add(wv_table *table, const uint8_t *word, size_t length, int64_t count,
                       int32_t *id);

/* Adds the words of another table with their counts; map (size of other,): their ids here. Errors
 * as of wv_table_add; the words before it are then there. */
wv_status wv_table_merge(wv_table *table, const wv_table *other, int32_t *map);

/* Word `id` in [0, size): not checked. The pointer holds until the next addition. */
const uint8_t *wv_table_word(const wv_table *table, int32_t id, size_t *length);
/* counts (size,), by id. Both go over the whole table. */
void wv_table_counts(const wv_table *table, int64_t *counts);
void wv_table_set_counts(wv_table *table, const int64_t *counts);

/* The ids whose count, of counts (size,), is at least `min_count`, by falling count, ties by bytes.
 * order: (size,) out; *n: how many were written. */
wv_status wv_table_order(const wv_table *table, const int64_t *counts, int64_t min_count,
                         int32_t *order, int64_t *n);

typedef struct wv_text_stats {
    int64_t tokens;   /* tokens seen, those too long included */
    int64_t lines;    /* breaks written */
    int64_t too_long; /* tokens of more than max_token bytes: given WV_ID_GAP, not added */
    int64_t nul_at;   /* offset of the NUL byte that stopped the tokeniser, or -1 */
} wv_text_stats;

/* Tokenises text (n,), adds every token to the table with count 1, writes its id to ids, and
 * WV_ID_BREAK at a line end (once for several: at the start for one that the text before this one
 * may have left open). WV_ID_DOC follows where a document ends: at a blank line (once for several;
 * \r\n is one line end), or with `records` at each WV_RECORD_END, which must follow a line end.
 * ids must hold n + 1 entries; *n_ids: how many were written. WV_ERR_FORMAT at a NUL byte. The text
 * must end neither inside a token nor inside a run of white space that goes on. */
wv_status wv_text_encode(wv_table *table, const uint8_t *text, size_t n, size_t max_token,
                         int records, int32_t *ids, int64_t *n_ids, wv_text_stats *stats);

/* Tokenises text (n,), n < 2^31, as wv_text_encode does, without adding words: ids are those of the
 * table or WV_ID_GAP. Token i is text [begins[i], ends[i]); a break has the place of its line end.
 * ids, begins and ends must hold n + 1 entries. WV_ERR_FORMAT at a NUL byte. */
wv_status wv_text_locate(const wv_table *table, const uint8_t *text, size_t n, size_t max_token,
                         int32_t *ids, int32_t *begins, int32_t *ends, int64_t *n_ids,
                         wv_text_stats *stats);

typedef struct wv_text_remapped {
    int64_t written;   /* ids */
    int64_t known;     /* those of them >= 0 */
    int64_t documents; /* starts */
} wv_text_remapped;

/* ids (n,) through map (words,): an id i >= 0 becomes map[i], which is a new id or WV_ID_GAP. Gaps
 * are left out unless keep_gaps; breaks stay, once. A WV_ID_DOC is left out, and where the next
 * document starts in `out` (n,) written to starts (room,). In place is allowed. WV_ERR_RANGE for an
 * id that is not in the map, WV_ERR_FULL for more documents than room: `out` is then half done. */
wv_status wv_text_remap(const int32_t *ids, int64_t n, const int32_t *map, int64_t words,
                        int keep_gaps, int32_t *out, int64_t *starts, int64_t room,
                        wv_text_remapped *done);

/* Whether word is well-formed UTF-8 (Unicode 15, table 3-7). */
int wv_utf8_valid(const uint8_t *word, size_t length);

#endif
