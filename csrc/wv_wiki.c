/* One pass from the left. What is left out is skipped by its closing mark, counting what nests.
 * Labels of links are cleaned by recursion, to a depth that real articles do not reach. */
#include "wv_wiki.h"

#include <string.h>

#define MOST_DEPTH 12
/* How far the end of a mark is looked for once one had no end; half as far after each more. */
#define FAR (1 << 17)
#define MOST_HALVED 9

typedef struct cleaner {
    const uint8_t *names;
    size_t names_size;
    uint8_t *out;
    size_t size;
    int unclosed; /* marks without an end: the end of others is looked for less far */
    wv_wiki_stats *stats;
} cleaner;

static int is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static int starts(const uint8_t *p, const uint8_t *end, const char *word) {
    const size_t length = strlen(word);
    return (size_t)(end - p) >= length && memcmp(p, word, length) == 0;
}

/* Whether p begins with a word, letters compared without their case. */
static int starts_as(const uint8_t *p, const uint8_t *end, const char *word) {
    for (; *word; word++, p++)
        if (p >= end || lower(*p) != (uint8_t)*word) return 0;
    return 1;
}

static const uint8_t *limit(const cleaner *c, const uint8_t *p, const uint8_t *end) {
    if (!c->unclosed) return end;
    const ptrdiff_t far = FAR >> (c->unclosed < MOST_HALVED ? c->unclosed : MOST_HALVED);
    return end - p > far ? p + far : end;
}

/* After the mark that closes the one at p, of two bytes each; NULL where none does. */
static const uint8_t *after_pair(cleaner *c, const uint8_t *p, const uint8_t *end, const char *open,
                                 const char *close) {
    const uint8_t *const stop = limit(c, p, end);
    int depth = 0;
    while (p + 1 < stop) {
        if (p[0] == open[0] && p[1] == open[1]) {
            depth++;
            p += 2;
        } else if (p[0] == close[0] && p[1] == close[1]) {
            p += 2;
            if (--depth == 0) return p;
        } else {
            p++;
        }
    }
    c->unclosed++;
    c->stats->unclosed++;
    return NULL;
}

/* After the end of the table at p. Templates in it are skipped, whose }} may look like its end. */
static const uint8_t *after_table(cleaner *c, const uint8_t *p, const uint8_t *end) {
    const uint8_t *const stop = limit(c, p, end);
    int depth = 0, braces = 0;
    while (p + 1 < stop) {
        if (p[0] == '{' && p[1] == '{') {
            braces++;
            p += 2;
        } else if (p[0] == '}' && p[1] == '}' && braces) {
            braces--;
            p += 2;
        } else if (p[0] == '{' && p[1] == '|' && !braces) {
            depth++;
            p += 2;
        } else if (p[0] == '|' && p[1] == '}' && !braces) {
            p += 2;
            if (--depth == 0) return p;
        } else {
            p++;
        }
    }
    c->unclosed++;
    c->stats->unclosed++;
    return NULL;
}

/* After the first `word`, without regard to case, from p on; NULL where there is none. */
static const uint8_t *after_word(cleaner *c, const uint8_t *p, const uint8_t *end, const char *word,
                                 size_t length) {
    const uint8_t *const stop = limit(c, p, end);
    while (p < stop && (p = memchr(p, word[0], (size_t)(stop - p)))) {
        if ((size_t)(stop - p) >= length) {
            size_t i = 1;
            while (i < length && lower(p[i]) == (uint8_t)word[i]) i++;
            if (i == length) return p + length;
        }
        p++;
    }
    c->unclosed++;
    c->stats->unclosed++;
    return NULL;
}

/* Elements whose content is no running text. */
static const char *const HOLLOW[] = {
    "ref",        "math",     "gallery", "timeline", "source",       "code",  "syntaxhighlight",
    "score",      "imagemap", "hiero",   "chem",     "templatedata", "graph", "mapframe",
    "references", "pre"};

/* After the element or tag at p, which is '<'; p where it is only a sign. */
static const uint8_t *after_tag(cleaner *c, const uint8_t *p, const uint8_t *end) {
    if (starts(p, end, "<!--")) {
        const uint8_t *after = after_word(c, p + 4, end, "-->", 3);
        return after ? after : p + 4;
    }
    const uint8_t *q = p + 1;
    const int closing = q < end && *q == '/';
    q += closing;
    uint8_t name[20];
    size_t length = 0;
    while (q < end && length < sizeof name - 1 &&
           ((lower(*q) >= 'a' && lower(*q) <= 'z') || (length && *q >= '0' && *q <= '9')))
        name[length++] = lower(*q++);
    name[length] = 0;
    if (!length || q >= end || !(is_space(*q) || *q == '>' || *q == '/')) return p;
    const uint8_t *const far = end - q > 2000 ? q + 2000 : end;
    while (q < far && *q != '>' && *q != '<') q++;
    if (q >= far || *q != '>') return p;
    if (!closing && q[-1] != '/') {
        for (size_t i = 0; i < sizeof HOLLOW / sizeof *HOLLOW; i++) {
            if (strcmp((const char *)name, HOLLOW[i]) != 0) continue;
            char close[24] = "</";
            memcpy(close + 2, name, length);
            if (i == 0)
                c->stats->references++;
            else
                c->stats->elements++;
            const uint8_t *after = after_word(c, q, end, close, length + 2);
            if (!after) return q + 1;
            after = memchr(after, '>', (size_t)(end - after));
            return after ? after + 1 : end;
        }
    }
    return q + 1;
}

static void put(cleaner *c, uint8_t byte) {
    if (byte == '\n') {
        while (c->size && c->out[c->size - 1] == ' ') c->size--;
        if (!c->size || c->out[c->size - 1] == '\n') return;
    } else if (byte == ' ' &&
               (!c->size || c->out[c->size - 1] == ' ' || c->out[c->size - 1] == '\n')) {
        return;
    }
    c->out[c->size++] = byte;
}

static void put_code(cleaner *c, uint32_t v) {
    if (v < 0x80) {
        put(c, v < ' ' ? ' ' : (uint8_t)v);
    } else if (v == 0xA0) {
        put(c, ' ');
    } else if (v < 0x800) {
        put(c, (uint8_t)(0xC0 | v >> 6));
        put(c, (uint8_t)(0x80 | (v & 0x3F)));
    } else if (v < 0x10000) {
        if (v >= 0xD800 && v < 0xE000) return;
        put(c, (uint8_t)(0xE0 | v >> 12));
        put(c, (uint8_t)(0x80 | (v >> 6 & 0x3F)));
        put(c, (uint8_t)(0x80 | (v & 0x3F)));
    } else if (v <= 0x10FFFF) {
        put(c, (uint8_t)(0xF0 | v >> 18));
        put(c, (uint8_t)(0x80 | (v >> 12 & 0x3F)));
        put(c, (uint8_t)(0x80 | (v >> 6 & 0x3F)));
        put(c, (uint8_t)(0x80 | (v & 0x3F)));
    }
}

static const struct {
    const char *name;
    uint32_t code;
} ENTITIES[] = {{"nbsp;", ' '},      {"amp;", '&'},      {"lt;", '<'},       {"gt;", '>'},
                {"quot;", '"'},      {"ndash;", 0x2013}, {"mdash;", 0x2014}, {"minus;", 0x2212},
                {"thinsp;", ' '},    {"ensp;", ' '},     {"times;", 0xD7},   {"deg;", 0xB0},
                {"hellip;", 0x2026}, {"bull;", 0x2022},  {"middot;", 0xB7},  {"apos;", '\''},
                {"lsquo;", 0x2018},  {"rsquo;", 0x2019}, {"ldquo;", 0x201C}, {"rdquo;", 0x201D},
                {"auml;", 0xE4},     {"ouml;", 0xF6},    {"uuml;", 0xFC},    {"szlig;", 0xDF},
                {"eacute;", 0xE9},   {"egrave;", 0xE8},  {"prime;", 0x2032}, {"shy;", 0xAD}};

/* Writes the character of the entity at p, which is '&'; returns what follows it. The UTF-8 of a
 * code point is never longer than its entity. */
static const uint8_t *entity(cleaner *c, const uint8_t *p, const uint8_t *end) {
    for (size_t i = 0; i < sizeof ENTITIES / sizeof *ENTITIES; i++)
        if (starts(p + 1, end, ENTITIES[i].name)) {
            put_code(c, ENTITIES[i].code);
            return p + 1 + strlen(ENTITIES[i].name);
        }
    if (starts(p, end, "&#")) {
        const uint8_t *q = p + 2;
        const int hex = q < end && lower(*q) == 'x';
        q += hex;
        uint32_t v = 0;
        int digits = 0;
        for (; q < end && digits < 7; q++, digits++) {
            const uint8_t l = lower(*q);
            if (l >= '0' && l <= '9')
                v = v * (hex ? 16 : 10) + (uint32_t)(l - '0');
            else if (hex && l >= 'a' && l <= 'f')
                v = v * 16 + (uint32_t)(l - 'a' + 10);
            else
                break;
        }
        if (digits && q < end && *q == ';') {
            put_code(c, v);
            return q + 1;
        }
    }
    put(c, '&');
    return p + 1;
}

/* Whether a link to text [p, end) is to a file, a category or another language. */
static int is_aside(const cleaner *c, const uint8_t *p, const uint8_t *end) {
    const uint8_t *colon = memchr(p, ':', (size_t)(end - p));
    if (!colon) return 0;
    while (p < colon && is_space(*p)) p++;
    const size_t length = (size_t)(colon - p);
    for (size_t at = 0; at < c->names_size;) {
        const uint8_t *name = c->names + at;
        const size_t size = strlen((const char *)name);
        if (size == length) {
            size_t i = 0;
            while (i < size && (lower(p[i]) == name[i] || (p[i] >= 0x80 && name[i] >= 0x80 &&
                                                           (p[i] | 0x20) == (name[i] | 0x20))))
                i++;
            if (i == size) return 1;
        }
        at += size + 1;
    }
    if (length < 2 || length > 12) return 0;
    size_t letters = 0;
    for (size_t i = 0; i < length; i++) {
        if (p[i] == '-') break;
        if (p[i] < 'a' || p[i] > 'z') return 0;
        letters++;
    }
    return letters == 2 || letters == 3; /* de: or zh-min-nan: */
}

static void clean(cleaner *c, const uint8_t *p, const uint8_t *end, int depth);

/* The link at p, which is "[["; returns what follows it. */
static const uint8_t *link(cleaner *c, const uint8_t *p, const uint8_t *end, int depth) {
    const uint8_t *after = after_pair(c, p, end, "[[", "]]");
    if (!after) return p + 2;
    const uint8_t *begin = p + 2, *const stop = after - 2;
    const uint8_t *bar = begin;
    while (bar < stop && *bar != '|') bar++;
    const int colon = begin < stop && *begin == ':';
    if (!colon && is_aside(c, begin, bar)) {
        c->stats->files++;
        return after;
    }
    if (bar < stop)
        begin = bar + 1;
    else
        begin += colon;
    if (depth < MOST_DEPTH) clean(c, begin, stop, depth + 1);
    return after;
}

/* The link at p, which is "[http://" or the like; returns what follows it, p where it is none. */
static const uint8_t *outer_link(cleaner *c, const uint8_t *p, const uint8_t *end, int depth) {
    if (!starts_as(p + 1, end, "http://") && !starts_as(p + 1, end, "https://") &&
        !starts_as(p + 1, end, "//") && !starts_as(p + 1, end, "ftp://"))
        return p;
    const uint8_t *q = p + 1;
    while (q < end && *q != ']' && *q != '\n') q++;
    if (q >= end || *q != ']') return p;
    const uint8_t *label = p + 1;
    while (label < q && *label != ' ') label++;
    if (label < q && depth < MOST_DEPTH) clean(c, label + 1, q, depth + 1);
    return q + 1;
}

/* Marks at the start of a line: headings, lists, rules. Returns what follows them. */
static const uint8_t *line_start(const uint8_t *p, const uint8_t *end) {
    if (starts(p, end, "----"))
        while (p < end && *p == '-') p++;
    while (p < end && (*p == '*' || *p == '#' || *p == ':' || *p == ';' || *p == '=' || *p == ' '))
        p++;
    return p;
}

static void clean(cleaner *c, const uint8_t *p, const uint8_t *end, int depth) {
    int at_start = depth == 0;
    while (p < end) {
        if (at_start) {
            if (starts(p, end, "{|")) {
                c->stats->tables++;
                const uint8_t *after = after_table(c, p, end);
                p = after ? after : p + 2;
                continue;
            }
            p = line_start(p, end);
            at_start = 0;
            if (p >= end) break;
        }
        const uint8_t byte = *p;
        const uint8_t *next = p;
        switch (byte) {
        case '\n':
        case '\r':
            put(c, '\n');
            at_start = 1;
            p++;
            continue;
        case '{':
            if (starts(p, end, "{{")) {
                c->stats->templates++;
                const uint8_t *after = after_pair(c, p, end, "{{", "}}");
                next = after ? after : p + 2;
            } else if (starts(p, end, "{|")) { /* an indented table */
                c->stats->tables++;
                const uint8_t *after = after_table(c, p, end);
                next = after ? after : p + 2;
            }
            break;
        case '[':
            next = starts(p, end, "[[") ? link(c, p, end, depth) : outer_link(c, p, end, depth);
            break;
        case '<':
            next = after_tag(c, p, end);
            if (next != p && starts_as(p, end, "<br")) put(c, ' ');
            break;
        case '&':
            p = entity(c, p, end);
            continue;
        case '\'':
            while (next < end && *next == '\'') next++;
            if (next - p < 2) next = p;
            break;
        case '=': /* the end of a heading */
            while (next < end && *next == '=') next++;
            while (next < end && *next == ' ') next++;
            if (next - p < 2 || p[1] != '=' || (next < end && *next != '\n' && *next != '\r'))
                next = p;
            break;
        case '_':
            if (starts(p, end, "__")) {
                next += 2;
                while (next < end && *next >= 'A' && *next <= 'Z') next++;
                next = next - p > 4 && starts(next, end, "__") ? next + 2 : p;
            }
            break;
        default:
            break;
        }
        if (next != p) {
            p = next;
        } else {
            put(c, byte == '\t' || byte == '\v' || byte == '\f' || byte == 0 ? ' ' : byte);
            p++;
        }
    }
}

size_t wv_wiki_clean(const uint8_t *text, size_t n, const uint8_t *names, size_t names_size,
                     uint8_t *out, wv_wiki_stats *stats) {
    cleaner c = {names, names_size, out, 0, 0, stats};
    clean(&c, text, text + n, 0);
    while (c.size && is_space(out[c.size - 1])) c.size--;
    return c.size;
}
