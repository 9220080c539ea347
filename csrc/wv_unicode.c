/* Word boundaries by the rules of UAX #29 (Unicode 15.0), WB1 to WB999. A segment depends on
 * nothing before its start, so one pass from the left finds them; the rules that look two
 * characters ahead (WB6, WB7b, WB12) do so when they meet the sign in the middle.
 *
 * Most text is ASCII: a run of its letters, digits and _ is one segment whatever their order (WB5,
 * 8, 9, 10, 13a, 13b), so it is copied, in lower case, by one look-up a byte.
 *
 * One tailoring, for words only: a colon does not join letters. Unicode 15.1 took it out of
 * MidLetter, because outside Swedish it stands between words ("User:John").
 */
#include "wv_unicode.h"

#include "wv_text.h"
#include "wv_unicode_tables.h"

#include <string.h>

#define NOT_UTF8 0x110000u
#define DOT_ABOVE 0x307
#define EMOJI_STYLE 0xFE0F
#define KEYCAP 0x20E3

/* Quotation marks that stand for an apostrophe within a word: the typographic one, the one that
 * editors set where they take it for an opening quote (rock ‘n’ roll), the full-width one. */
#define IS_APOSTROPHE(c) ((c) == 0x2019 || (c) == 0x2018 || (c) == 0xFF07)

#define BIT(wb) (UINT32_C(1) << (wb))
#define AH_LETTER (BIT(WB_ALETTER) | BIT(WB_HEBREW_LETTER))
#define IGNORED (BIT(WB_EXTEND) | BIT(WB_FORMAT) | BIT(WB_ZWJ))
#define LINE_END (BIT(WB_CR) | BIT(WB_LF) | BIT(WB_NEWLINE))
#define MID_NUM_LET_Q (BIT(WB_MIDNUMLET) | BIT(WB_SINGLE_QUOTE))

/* What the last character of a segment was, beside the values of Word_Break: a sign between two
 * letters, between two Hebrew letters, between two numbers; the second of two regional indicators.
 */
enum { MID_LETTERS = WB_WSEGSPACE + 1, MID_HEBREW, MID_NUMBERS, FLAG, N_STATES };

/* Which classes a state joins: WB3d, 5, 7, 7a, 7c, 8, 9, 10, 11, 13, 13a, 13b, 15. */
static const uint32_t JOINS[N_STATES] = {
    [WB_WSEGSPACE] = BIT(WB_WSEGSPACE),
    [WB_ALETTER] = AH_LETTER | BIT(WB_NUMERIC) | BIT(WB_EXTENDNUMLET),
    [WB_HEBREW_LETTER] = AH_LETTER | BIT(WB_NUMERIC) | BIT(WB_EXTENDNUMLET) | BIT(WB_SINGLE_QUOTE),
    [WB_NUMERIC] = AH_LETTER | BIT(WB_NUMERIC) | BIT(WB_EXTENDNUMLET),
    [WB_KATAKANA] = BIT(WB_KATAKANA) | BIT(WB_EXTENDNUMLET),
    [WB_EXTENDNUMLET] = AH_LETTER | BIT(WB_NUMERIC) | BIT(WB_KATAKANA) | BIT(WB_EXTENDNUMLET),
    [WB_REGIONAL_INDICATOR] = BIT(WB_REGIONAL_INDICATOR),
    [MID_LETTERS] = AH_LETTER,
    [MID_HEBREW] = BIT(WB_HEBREW_LETTER),
    [MID_NUMBERS] = BIT(WB_NUMERIC),
};

/* -- code points ------------------------------------------------------------------------------- */

/* The code point at text[0], and its length; one byte that is no UTF-8 is NOT_UTF8. n > 0. */
WV_INLINE size_t decode(const uint8_t *p, size_t n, uint32_t *code) {
    const uint8_t c = p[0];
    if (c < 0x80) {
        *code = c;
        return 1;
    }
    if (c >= 0xC2 && c <= 0xDF && n >= 2 && (p[1] & 0xC0) == 0x80) {
        *code = (uint32_t)(c & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if ((c & 0xF0) == 0xE0 && n >= 3 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        const uint32_t v =
            (uint32_t)(c & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        if (v >= 0x800 && (v < 0xD800 || v > 0xDFFF)) {
            *code = v;
            return 3;
        }
    }
    if (c >= 0xF0 && c <= 0xF4 && n >= 4 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 &&
        (p[3] & 0xC0) == 0x80) {
        const uint32_t v = (uint32_t)(c & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
                           (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
        if (v >= 0x10000 && v <= 0x10FFFF) {
            *code = v;
            return 4;
        }
    }
    *code = NOT_UTF8;
    return 1;
}

/* Writes a code point as UTF-8 and returns its length. */
WV_INLINE size_t put(uint8_t *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

/* Word_Break and the UP_ flags of a code point. */
WV_INLINE uint32_t properties(uint32_t c) {
    if (WV_LIKELY(c < UP_END))
        return UP_STAGE2[(size_t)UP_STAGE1[c >> UP_SHIFT] << UP_SHIFT |
                         (c & ((1 << UP_SHIFT) - 1))];
    if (c == NOT_UTF8) return WB_ALETTER | UP_LETTER;
    if (c >= UP_TAGS && c < UP_TAGS_END) {
        c -= UP_TAGS - UP_END;
        return UP_STAGE2[(size_t)UP_STAGE1[c >> UP_SHIFT] << UP_SHIFT |
                         (c & ((1 << UP_SHIFT) - 1))];
    }
    return c < 0x40000 ? WB_OTHER | UP_LETTER : WB_OTHER; /* planes 2 and 3 hold ideographs */
}

/* The lower case of a code point that has UP_LOWER. */
WV_INLINE uint32_t lower_of(uint32_t c) {
    return (uint32_t)((int32_t)c + LOWER_STAGE2[(size_t)LOWER_STAGE1[c >> UP_SHIFT] << UP_SHIFT |
                                                (c & ((1 << UP_SHIFT) - 1))]);
}

/* -- segments ---------------------------------------------------------------------------------- */

typedef struct segment {
    size_t end;
    uint32_t classes;    /* a bit for each Word_Break in it */
    uint32_t properties; /* the UP_ flags of all code points in it */
    int style, keycap;   /* whether it has the emoji variation selector, a keycap's mark */
} segment;

/* Word_Break of the next character that is not ignored, from text[i] on. */
static uint32_t next_class(const uint8_t *text, size_t n, size_t i) {
    while (i < n) {
        uint32_t code;
        i += decode(text + i, n - i, &code);
        const uint32_t wb = properties(code) & WB_MASK;
        if (!(BIT(wb) & IGNORED)) return wb;
    }
    return WB_OTHER;
}

/* Extends a segment from text[i] on, when the characters before that left it in a state. colon:
 * whether a colon joins letters. */
static segment extend(const uint8_t *text, size_t n, size_t i, uint32_t state, int zwj, segment s,
                      int colon) {
    while (i < n) {
        uint32_t code;
        const size_t length = decode(text + i, n - i, &code);
        const uint32_t up = properties(code), wb = up & WB_MASK, bit = BIT(wb);
        if (bit & LINE_END) break;
        if (bit & IGNORED) { /* WB4; what WB3d wants has nothing between */
            if (state == WB_WSEGSPACE) state = WB_OTHER;
            zwj = wb == WB_ZWJ;
            s.style |= code == EMOJI_STYLE;
            s.keycap |= code == KEYCAP;
        } else {
            if (zwj && (up & UP_PICTOGRAPH)) { /* WB3c */
                state = wb;
            } else if (JOINS[state] & bit) {
                uint32_t next = wb;
                if (wb == WB_REGIONAL_INDICATOR) next = FLAG;
                if (wb == WB_SINGLE_QUOTE && (BIT(next_class(text, n, i + length)) & AH_LETTER))
                    next = MID_LETTERS;
                state = next;
            } else if ((bit & (BIT(WB_MIDLETTER) | MID_NUM_LET_Q)) && (code != ':' || colon) &&
                       (state == WB_ALETTER || state == WB_HEBREW_LETTER) &&
                       (BIT(next_class(text, n, i + length)) & AH_LETTER)) { /* WB6 */
                state = MID_LETTERS;
            } else if (wb == WB_DOUBLE_QUOTE && state == WB_HEBREW_LETTER &&
                       next_class(text, n, i + length) == WB_HEBREW_LETTER) { /* WB7b */
                state = MID_HEBREW;
            } else if ((bit & (BIT(WB_MIDNUM) | MID_NUM_LET_Q)) && state == WB_NUMERIC &&
                       next_class(text, n, i + length) == WB_NUMERIC) { /* WB12 */
                state = MID_NUMBERS;
            } else {
                break;
            }
            zwj = 0;
        }
        s.classes |= bit;
        s.properties |= up;
        i += length;
    }
    s.end = i;
    return s;
}

/* The segment that starts at text[i], i < n. */
static segment segment_at(const uint8_t *text, size_t n, size_t i, int colon) {
    uint32_t code;
    const size_t length = decode(text + i, n - i, &code);
    const uint32_t up = properties(code), wb = up & WB_MASK;
    segment s = {i + length, BIT(wb), up, 0, 0};
    if (BIT(wb) & LINE_END) {
        if (wb == WB_CR && s.end < n && text[s.end] == '\n') s.end++; /* WB3 */
        return s;
    }
    return extend(text, n, s.end, BIT(wb) & IGNORED ? WB_OTHER : wb, wb == WB_ZWJ, s, colon);
}

void wv_unicode_boundaries(const uint8_t *text, size_t n, int64_t *ends, size_t *n_ends) {
    size_t found = 0;
    for (size_t i = 0; i < n;) {
        i = segment_at(text, n, i, 1).end;
        ends[found++] = (int64_t)i;
    }
    *n_ends = found;
}

/* -- words ------------------------------------------------------------------------------------- */

enum {
    OTHER = 0,
    LETTER = 1,
    DIGIT = 2,
    LINK = 4,
    SPACE = 8,
    LINE = 16,
    NUL = 32,
    RECORD = 64,
    WIDE = 128
}; /* WIDE: not ASCII, or to be looked at as if it were not */
#define WORD (LETTER | DIGIT | LINK)

typedef struct writer {
    const wv_unicode_options *options;
    uint8_t *out;
    size_t size;
    int line_ends;      /* in the text since the last character that is no white space */
    int line, document; /* whether one ended since the last word was written */
    wv_unicode_stats *stats;
} writer;

/* What comes before the next word. */
WV_INLINE void separate(writer *w) {
    if (w->document) w->out[w->size++] = '\n';
    if (w->line)
        w->out[w->size++] = '\n';
    else if (w->size && w->out[w->size - 1] != '\n' && w->out[w->size - 1] != WV_RECORD_END)
        w->out[w->size++] = ' ';
    w->line = w->document = 0;
}

WV_INLINE void line_end(writer *w) {
    w->line = 1;
    w->document |= ++w->line_ends >= 2 && !w->options->records;
}

static void record_end(writer *w) {
    if (!w->size || (w->out[w->size - 1] != '\n' && w->out[w->size - 1] != WV_RECORD_END))
        w->out[w->size++] = '\n';
    w->out[w->size++] = WV_RECORD_END;
    w->line = w->document = 0;
    w->line_ends = 1;
}

/* Whether a capital sigma at text[i] ends a word text[0, n): a cased letter stands before it and
 * none after it, those that casing ignores aside (SpecialCasing, Final_Sigma). */
static int is_final_sigma(const uint8_t *text, size_t n, size_t i) {
    uint32_t code, up = UP_IGNORABLE;
    size_t j = i;
    while (j > 0 && (up & UP_IGNORABLE)) {
        do j--;
        while (j > 0 && (text[j] & 0xC0) == 0x80);
        decode(text + j, n - j, &code);
        up = properties(code);
    }
    if ((up & UP_IGNORABLE) || !(up & UP_CASED)) return 0;
    for (j = i + 2; j < n;) {
        j += decode(text + j, n - j, &code);
        up = properties(code);
        if (!(up & UP_IGNORABLE)) return !(up & UP_CASED);
    }
    return 1;
}

/* Copies text (n,) to out, in lower case where that is asked for, without formatting characters
 * unless it is an emoji. Returns the bytes that were written: 3n at most. */
static size_t copy_word(writer *w, const uint8_t *text, size_t n, int emoji, uint8_t *out) {
    const int lower = w->options->lower, turkic = w->options->turkic;
    size_t m = 0;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        const size_t length = decode(text + i, n - i, &code);
        const uint32_t up = properties(code);
        if (code < 0x80) {
            if (lower && code >= 'A' && code <= 'Z') {
                if (turkic && code == 'I') {
                    uint32_t next = 0;
                    const size_t more = i + 1 < n ? decode(text + i + 1, n - i - 1, &next) : 0;
                    code = next == DOT_ABOVE ? 'i' : 0x131;
                    if (next == DOT_ABOVE) i += more;
                } else {
                    code |= 0x20;
                }
            }
            m += put(out + m, code);
        } else if (code == NOT_UTF8) {
            w->stats->not_utf8++;
            out[m++] = text[i];
        } else if (!emoji && (up & WB_MASK) == WB_FORMAT) {
            /* left out */
        } else if (w->options->straight && IS_APOSTROPHE(code)) {
            out[m++] = '\'';
        } else if (lower && (up & UP_LOWER)) {
            if (code == 0x130) {
                out[m++] = 'i';
                if (!turkic) m += put(out + m, DOT_ABOVE);
            } else if (code == 0x3A3) {
                m += put(out + m, is_final_sigma(text, n, i) ? 0x3C2 : 0x3C3);
            } else {
                m += put(out + m, lower_of(code));
            }
        } else {
            memcpy(out + m, text + i, length);
            m += length;
        }
        if (code >= 0x80) {
            w->stats->letters += (up & UP_LETTER) != 0;
            w->stats->turkic += code == 0x131 || code == 0x11F || code == 0x130;
        }
        i += length;
    }
    return m;
}

/* What the ends of text[*begin, *end) have beside a word: characters without a letter or digit at
 * the start; at the end those that join (_), format or link. */
static void strip(const uint8_t *text, size_t *begin, size_t *end) {
    uint32_t code;
    while (*begin < *end) {
        const size_t length = decode(text + *begin, *end - *begin, &code);
        if (properties(code) & (UP_LETTER | UP_NUMBER)) break;
        *begin += length;
    }
    while (*begin < *end) {
        size_t last = *end - 1;
        while (last > *begin && (text[last] & 0xC0) == 0x80) last--;
        if (decode(text + last, *end - last, &code) != *end - last) break;
        const uint32_t up = properties(code);
        if (!(BIT(up & WB_MASK) & (BIT(WB_EXTENDNUMLET) | BIT(WB_FORMAT) | BIT(WB_ZWJ))) &&
            !(up & UP_JOINER))
            break;
        *end = last;
    }
}

static size_t code_points(const uint8_t *text, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += (text[i] & 0xC0) != 0x80;
    return count;
}

WV_INLINE int long_enough(const writer *w, const uint8_t *word, size_t n) {
    return w->options->min_length <= 1 || code_points(word, n) >= (size_t)w->options->min_length;
}

/* Writes the segment text[begin, s.end) if it is a word. */
static void write_segment(writer *w, const uint8_t *text, size_t begin, segment s) {
    const wv_unicode_options *o = w->options;
    const int letter = (s.properties & UP_LETTER) != 0;
    const int key =
        s.keycap && ((s.properties & UP_NUMBER) || text[begin] == '#' || text[begin] == '*');
    const int emoji = !letter && ((s.properties & UP_EMOJI) || key ||
                                  (s.style && (s.properties & UP_PICTOGRAPH)));
    const int number = !letter && !emoji && (s.properties & UP_NUMBER);
    if (emoji) w->stats->emoji++;
    if (number) w->stats->numbers++;
    if (!letter && !(number && o->numbers != WV_NUMBERS_DROP) && !(emoji && o->emoji)) return;
    const size_t before = w->size;
    const int line = w->line, document = w->document;
    separate(w);
    const size_t at = w->size;
    size_t end = s.end;
    if (number && o->numbers == WV_NUMBERS_ZERO) {
        w->out[w->size++] = '0';
    } else {
        uint32_t code;
        while (emoji && (s.classes & BIT(WB_WSEGSPACE))) { /* a mark took the space for its base */
            const size_t length = decode(text + begin, end - begin, &code);
            if ((properties(code) & WB_MASK) != WB_WSEGSPACE) break;
            begin += length;
        }
        if (!emoji) strip(text, &begin, &end);
        w->size += copy_word(w, text + begin, end - begin, emoji, w->out + at);
    }
    if (!emoji && !long_enough(w, w->out + at, w->size - at)) {
        w->size = before;
        w->line = line;
        w->document = document;
        return;
    }
    w->stats->words++;
    w->stats->unspaced += letter && (s.classes & BIT(WB_OTHER)) != 0;
}

/* What each byte is, for some options. */
static void fill_kinds(const wv_unicode_options *o, uint8_t kinds[256], uint8_t map[256]) {
    for (int c = 0; c < 256; c++) {
        kinds[c] = c >= 0x80 ? WIDE : OTHER;
        map[c] = (uint8_t)c;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) kinds[c] = LETTER;
        if (c >= '0' && c <= '9') kinds[c] = DIGIT;
        if (o->lower && c >= 'A' && c <= 'Z') map[c] = (uint8_t)(c | 0x20);
    }
    if (o->lower && o->turkic) kinds['I'] = WIDE;
    kinds['_'] = LINK;
    kinds[' '] = kinds['\t'] = kinds['\v'] = kinds['\f'] = SPACE;
    kinds['\n'] = kinds['\r'] = LINE;
    kinds[0] = NUL;
    if (o->records) kinds[WV_RECORD_END] = RECORD;
}

/* Whether a sign at text[i], between ASCII letters or digits, joins them (WB6, WB7, WB11, WB12). */
WV_INLINE int joins(const uint8_t kinds[256], const uint8_t *text, size_t i) {
    const uint8_t c = text[i], a = kinds[text[i - 1]], b = kinds[text[i + 1]];
    if (c == '\'' || c == '.') return (a & b & (LETTER | DIGIT)) != 0;
    if (c == ',' || c == ';') return (a & b & DIGIT) != 0;
    return 0;
}

/* Words by UAX #29. */
static wv_status split_words(writer *w, const uint8_t *text, size_t n) {
    const wv_unicode_options *o = w->options;
    uint8_t kinds[256], map[256];
    fill_kinds(o, kinds, map);
    for (size_t i = 0; i < n;) {
        const uint8_t kind = kinds[text[i]];
        if (kind & WORD) {
            const size_t start = i, size = w->size;
            const int line = w->line, document = w->document;
            w->line_ends = 0;
            separate(w);
            const size_t at = w->size;
            uint8_t *out = w->out + at;
            uint8_t seen = 0, k;
            for (;;) {
                while (i < n && ((k = kinds[text[i]]) & WORD)) {
                    seen |= k;
                    *out++ = map[text[i++]];
                }
                if (i + 1 < n && kinds[text[i]] == OTHER && joins(kinds, text, i)) {
                    *out++ = text[i++];
                    continue;
                }
                break;
            }
            /* Done, unless what follows may still join, or _ or digits need a closer look. */
            const int wide =
                i < n && (kinds[text[i]] == WIDE ||
                          (kinds[text[i]] == OTHER && i + 1 < n && kinds[text[i + 1]] == WIDE));
            if (WV_LIKELY(!wide && (seen & LETTER) && !(seen & LINK))) {
                const size_t length = (size_t)(out - w->out) - at;
                if (WV_LIKELY((size_t)o->min_length <= length)) {
                    w->size = at + length;
                    w->stats->words++;
                    continue;
                }
            }
            w->size = size;
            w->line = line;
            w->document = document;
            segment s = {i, 0, 0, 0, 0};
            if (seen & LETTER) s.classes |= BIT(WB_ALETTER), s.properties |= UP_LETTER;
            if (seen & DIGIT) s.classes |= BIT(WB_NUMERIC), s.properties |= UP_NUMBER;
            if (seen & LINK) s.classes |= BIT(WB_EXTENDNUMLET);
            if (wide) {
                const uint8_t last = kinds[text[i - 1]];
                s = extend(text, n, i,
                           last == LETTER  ? WB_ALETTER
                           : last == DIGIT ? WB_NUMERIC
                                           : WB_EXTENDNUMLET,
                           0, s, 0);
            }
            write_segment(w, text, start, s);
            i = s.end;
        } else if (kind == SPACE) {
            i++;
        } else if (kind == LINE) {
            i += text[i] == '\r' && i + 1 < n && text[i + 1] == '\n' ? 2 : 1;
            line_end(w);
        } else if (kind == OTHER && (i + 1 == n || kinds[text[i + 1]] != WIDE)) {
            w->line_ends = 0;
            i++;
        } else if (kind == RECORD) {
            record_end(w);
            i++;
        } else if (kind == NUL) {
            w->stats->nul_at = (int64_t)i;
            return WV_ERR_FORMAT;
        } else {
            const segment s = segment_at(text, n, i, 0);
            if (s.classes & LINE_END) {
                line_end(w);
            } else {
                w->line_ends = 0;
                write_segment(w, text, i, s);
            }
            i = s.end;
        }
    }
    return WV_OK;
}

/* Words between ASCII white space. */
static wv_status split_spaces(writer *w, const uint8_t *text, size_t n) {
    const wv_unicode_options *o = w->options;
    uint8_t kinds[256], map[256];
    fill_kinds(o, kinds, map);
    const uint8_t ends = SPACE | LINE | NUL | RECORD;
    for (size_t i = 0; i < n;) {
        const uint8_t kind = kinds[text[i]];
        if (kind == SPACE) {
            i++;
        } else if (kind == LINE) {
            i += text[i] == '\r' && i + 1 < n && text[i + 1] == '\n' ? 2 : 1;
            line_end(w);
        } else if (kind == RECORD) {
            record_end(w);
            i++;
        } else if (kind == NUL) {
            w->stats->nul_at = (int64_t)i;
            return WV_ERR_FORMAT;
        } else {
            const size_t start = i;
            uint32_t seen = 0;
            while (i < n && !(kinds[text[i]] & ends)) {
                uint32_t code;
                i += decode(text + i, n - i, &code);
                seen |= properties(code);
            }
            w->line_ends = 0;
            const int number = (seen & UP_NUMBER) && !(seen & UP_LETTER);
            w->stats->numbers += number;
            if (number && o->numbers == WV_NUMBERS_DROP) continue;
            const int zero = number && o->numbers == WV_NUMBERS_ZERO;
            if (!zero && !long_enough(w, text + start, i - start)) continue;
            separate(w);
            if (zero)
                w->out[w->size++] = '0';
            else
                w->size += copy_word(w, text + start, i - start, 1, w->out + w->size);
            w->stats->words++;
        }
    }
    return WV_OK;
}

const char *wv_unicode_version(void) {
    return WV_UNICODE_VERSION;
}

size_t wv_unicode_room(size_t n) {
    return 3 * n + 8; /* a space and a letter of two bytes for an I, which Turkish makes dotless */
}

wv_status wv_unicode_words(const wv_unicode_options *options, const uint8_t *text, size_t n,
                           uint8_t *out, size_t room, size_t *n_out, wv_unicode_stats *stats) {
    writer w = {options, out, 0, 0, 0, 0, stats};
    *n_out = 0;
    stats->nul_at = -1;
    if (room < wv_unicode_room(n)) return WV_ERR_FULL;
    const wv_status status = options->words ? split_words(&w, text, n) : split_spaces(&w, text, n);
    if (w.document) out[w.size++] = '\n';
    if (w.line) out[w.size++] = '\n';
    *n_out = w.size;
    return status;
}
