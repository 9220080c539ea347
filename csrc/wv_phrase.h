/* Phrases: neighbouring words counted as pairs, and phrases joined to one id.
 *
 * A pair is a word and what follows it in its line: the next word or, where connectors (words such
 * as "of") are named, the connectors that come next and the word behind them. Connectors neither
 * begin nor end a pair. A line's end (WV_ID_BREAK) and an unknown word (WV_ID_GAP) end everything.
 *
 * Counting sorts what follows by the word that it follows (one scan of the ids a range of words),
 * then counts a word's followers in a table that is small enough for a cache. A range is as large
 * as the caller's buffer, so memory is bounded by scanning more often, and nothing is pruned.
 */
#ifndef WV_PHRASE_H
#define WV_PHRASE_H

#include "wv_common.h"

/* -- counting ------------------------------------------------------------------------------------
 */

/* A follower: the id of the word right behind or, with connectors between, this bit and the
 * position of the word that is followed. */
#define WV_PHRASE_AT (UINT64_C(1) << 63)

/* Adds to counts (V,) how often each word occurs in ids (n,), to *gaps the WV_ID_GAPs. Ids in
 * [0, V), breaks and gaps: checked, WV_ERR_RANGE. */
wv_status wv_phrase_occurrences(const int32_t *ids, int64_t n, int32_t V, int64_t *counts,
                                int64_t *gaps);

/* Writes the followers of words [first, last) in ids [begin, n), those of word a to
 * followers[cursor[a - first]++]. Stops after `room` of them and returns where to go on, or n. That
 * the followers have the room that the cursors need (a word has no more of them than occurrences)
 * and that ids lie in [0, V): not checked. connector: (V,), 1 for a connector; NULL without any. */
int64_t wv_phrase_gather(const int32_t *ids, int64_t begin, int64_t n, const uint8_t *connector,
                         int32_t first, int32_t last, int64_t *cursor, int64_t room,
                         uint64_t *followers);

/* Counts of the followers of one word. */
typedef struct wv_followers wv_followers;
wv_followers *wv_followers_new(void); /* NULL when memory is out */
void wv_followers_free(wv_followers *table);

/* Counts followers (n,) that were gathered from ids with these connectors. */
wv_status wv_followers_add(wv_followers *table, const int32_t *ids, const uint8_t *connector,
                           const uint64_t *followers, int64_t n);

/* Writes the followers that were counted at least min_count times, in order of first appearance,
 * with their counts, and empties the table; returns how many there were. Room for (followers that
 * were added) / min_count: not checked. */
int64_t wv_followers_drain(wv_followers *table, int64_t min_count, uint64_t *followers,
                           int64_t *counts);

/* Counts what was gathered for words [first, last): word a's followers are
 * followers[starts[a - first] .. ends[a - first]). Writes (word, follower, count) of the pairs that
 * occur at least min_count times; *n: how many. */
wv_status wv_followers_rows(wv_followers *table, const int32_t *ids, const uint8_t *connector,
                            const uint64_t *followers, const int64_t *starts, const int64_t *ends,
                            int32_t first, int32_t last, int64_t min_count, int32_t *word,
                            uint64_t *follower, int64_t *count, int64_t *n);

/* -- joining -------------------------------------------------------------------------------------
 */

/* Phrases of ids, each with the id that takes its place. */
typedef struct wv_phrases wv_phrases;
wv_phrases *wv_phrases_new(int32_t V); /* ids lie in [0, V); NULL when memory is out */
void wv_phrases_free(wv_phrases *phrases);

/* Adds a phrase of n >= 2 words, the inner ones connectors; an id of its own. WV_ERR_RANGE for an
 * id outside [0, V) or a phrase that is there already. */
wv_status wv_phrases_add(wv_phrases *phrases, const int32_t *words, int64_t n, int32_t id);

/* Joins ids (n,), greedily from the left: what was joined does not begin another phrase. Writes to
 * out (n,), which may be ids. The ids that may go on in a text that follows are left undone unless
 * `last`: *done is the first of them, and a phrase or nothing ends there. starts (n,) or NULL: an
 * entry an id, compacted to that of the first id of each that is written. *n_out: how many were
 * written. WV_ERR_RANGE for an id that is not below V. */
wv_status wv_phrases_join(const wv_phrases *phrases, const int32_t *ids, int64_t n, int last,
                          int32_t *out, int32_t *starts, int64_t *n_out, int64_t *done);

/* -- text ----------------------------------------------------------------------------------------
 */

/* Copies text [from, to) with a delimiter in the place of what stands between joined words. Unit u
 * is made of tokens [units[u], units[u + 1]) (the last one's end is `tokens`), token t is
 * text [begins[t], ends[t]). Returns the bytes written to out; room for to - from bytes and a
 * delimiter a token, and that offsets rise within [from, to]: not checked. */
int64_t wv_phrase_write(const uint8_t *text, int64_t from, int64_t to, const int32_t *begins,
                        const int32_t *ends, int64_t tokens, const int32_t *units, int64_t n_units,
                        const uint8_t *delimiter, size_t delimiter_length, uint8_t *out);

#endif
