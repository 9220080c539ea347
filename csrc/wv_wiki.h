/* Wikitext -> plain text: the sentences of an article without the marks that lay it out.
 *
 * Left out: templates {{...}}, tables {|...|}, references, comments, formulas, galleries and other
 * elements that hold no sentences, links to files, categories and other languages. Of a link its
 * label stays, of a heading its words, of a list its items.
 */
#ifndef WV_WIKI_H
#define WV_WIKI_H

#include "wv_common.h"

typedef struct wv_wiki_stats {
    int64_t templates, tables, references, files, elements;
    int64_t unclosed; /* templates, tables, links and elements without an end: only the mark goes */
} wv_wiki_stats;

/* Writes the plain text of wikitext text (n,) to out (n,): never more bytes than were read. Lines
 * end in \n; there are no blank lines. names: lower-case names of namespaces whose links are left
 * out, each followed by a zero byte, names_size bytes together. stats is added to. Time is linear
 * in n for text whose marks are closed, and at most about 256 bytes x n otherwise. Returns the
 * bytes written.
 */
size_t wv_wiki_clean(const uint8_t *text, size_t n, const uint8_t *names, size_t names_size,
                     uint8_t *out, wv_wiki_stats *stats);

#endif
