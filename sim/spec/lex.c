#include "sim/spec/lex.h"
#include "sim/spec/text.h"

#include <string.h>

/* Limits, all assumptions: far above what people write, far below what hurts the machine. A value
 * costs about 200 bytes while it is read, so 500,000 of them stay within 100 MiB. */
#define MAX_DEPTH  64
#define MAX_STRING ((size_t)64 * 1024)
#define MAX_TEXT   ((size_t)16 * 1024 * 1024)
#define MAX_VALUES 500000
/* cJSON 1.7 reads at most 63 characters of a number; its value is not used, so longer ones pass. */
#define CJSON_DIGITS 63

typedef struct {
    gd_lex *out;
    const char *path, *text;
    size_t length, at;
    unsigned depth;
    gd_problems *problems;
} lexer;

static bool read_value(lexer *l, size_t key_at);

__attribute__((format(printf, 3, 4))) static void complain(lexer *l, size_t at, const char *format,
                                                           ...)
{
    l->out->bad = true;
    size_t line = 0, column = 0;
    /* The collector keeps a few hundred: a place is not looked for on behalf of the rest. */
    if (gd_problems_count(l->problems) < 200)
        gd_text_place(l->text, l->length, at, &line, &column);
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    gd_problem_text(l->problems, l->path, line, column, message);
}

static char peek(const lexer *l)
{
    return l->at < l->length ? l->text[l->at] : '\0';
}

static bool ended(const lexer *l)
{
    return l->at >= l->length;
}

/* What stands at `at`, for a message. Owned by the caller. */
static char *describe(const lexer *l, size_t at)
{
    if (at >= l->length)
        return g_strdup("the end of the file");
    const char *from = l->text + at;
    if (g_ascii_isalnum(*from)) {
        size_t word = 0;
        while (at + word < l->length && word < 24 && g_ascii_isalnum(from[word]))
            word++;
        g_autofree char *copy = g_strndup(from, word);
        return gd_text_quote(copy);
    }
    size_t bytes = 1;
    while (at + bytes < l->length && ((unsigned char)from[bytes] & 0xC0) == 0x80)
        bytes++;
    g_autofree char *copy = g_strndup(from, bytes);
    return *from == '"' ? g_strdup("a string") : gd_text_quote(copy);
}

static void blank(lexer *l, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (l->out->clean[i] != '\n' && l->out->clean[i] != '\r')
            l->out->clean[i] = ' ';
}

static bool skip_comment(lexer *l)
{
    size_t from = l->at;
    bool line = l->at + 1 < l->length && l->text[l->at + 1] == '/';
    bool block = l->at + 1 < l->length && l->text[l->at + 1] == '*';
    if (!line && !block) {
        complain(l, from, "\"/\" begins no value; comments are // and /* */");
        return false;
    }
    for (l->at += 2; !ended(l); l->at++) {
        if (line && peek(l) == '\n')
            break;
        if (block && peek(l) == '*' && l->at + 1 < l->length && l->text[l->at + 1] == '/') {
            l->at += 2;
            break;
        }
    }
    if (block && (l->at < from + 4 || l->text[l->at - 1] != '/' || l->text[l->at - 2] != '*')) {
        complain(l, from, "this comment is not closed; write */ at its end");
        return false;
    }
    blank(l, from, l->at);
    return true;
}

static bool skip_blanks(lexer *l)
{
    for (;;) {
        char c = peek(l);
        if (!ended(l) && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
            l->at++;
        else if (c == '/') {
            if (!skip_comment(l))
                return false;
        } else
            return true;
    }
}

/* Four hex digits at `at`, or -1. */
static int read_hex(const lexer *l, size_t at)
{
    int value = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = at + i < l->length ? g_ascii_xdigit_value(l->text[at + i]) : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* At the backslash. What is refused becomes blank for cJSON, so that reading goes on. */
static void read_escape(lexer *l)
{
    size_t from = l->at;
    char c = l->at + 1 < l->length ? l->text[l->at + 1] : '\0';
    if (c && strchr("\"\\/bfnrt", c)) {
        l->at += 2;
        return;
    }
    int code = c == 'u' ? read_hex(l, from + 2) : -1;
    bool high = code >= 0xD800 && code <= 0xDBFF, low = code >= 0xDC00 && code <= 0xDFFF;
    l->at += code >= 0 ? 6 : 2;
    if (high && l->at + 1 < l->length && l->text[l->at] == '\\' && l->text[l->at + 1] == 'u') {
        int second = read_hex(l, l->at + 2);
        if (second >= 0xDC00 && second <= 0xDFFF) {
            l->at += 6;
            return;
        }
    }
    if (code > 0 && !high && !low)
        return;
    if (code < 0)
        complain(l, from, "no such escape; write \\n, \\t, \\\", \\\\, or \\u and four hex digits");
    else if (code == 0)
        complain(l, from, "\\u0000 would end the text here; leave it out");
    else
        complain(l, from, "half of a surrogate pair; write both halves, or the character itself");
    l->at = MIN(l->at, l->length);
    blank(l, from, l->at);
}

/* At the opening quote. */
static bool read_string(lexer *l)
{
    size_t from = l->at++;
    for (;;) {
        unsigned char c = (unsigned char)peek(l);
        if (ended(l) || c == '\n') {
            complain(l, from,
                     "this string is not closed on its line; end it with \" and write a "
                     "line break as \\n");
            return false;
        }
        if (c == '"')
            break;
        if (c == '\\') {
            read_escape(l);
            continue;
        }
        if (c < 0x20) {
            complain(l, l->at, "a control character (0x%02x) in a string; write \\u%04x", c, c);
            blank(l, l->at, l->at + 1);
        }
        l->at++;
    }
    l->at++;
    if (l->at - from - 2 > MAX_STRING) {
        complain(l, from, "this string is longer than 64 KiB; shorten it");
        return false;
    }
    return true;
}

/* Takes all that could belong to the token, so that one bad number is one message. */
static void read_number(lexer *l)
{
    size_t from = l->at;
    while (!ended(l) && (g_ascii_isalnum(peek(l)) || strchr("+-._", peek(l))))
        l->at++;
    size_t length = l->at - from;
    const char *why = gd_lex_judge_number(l->text + from, length);
    if (why) {
        g_autofree char *token = g_strndup(l->text + from, MIN(length, 61));
        g_autofree char *shown = gd_text_quote(token);
        complain(l, from, "%s: %s", shown, why);
    }
    if (why || length > CJSON_DIGITS) {
        blank(l, from, l->at);
        l->out->clean[from] = '0';
    }
}

static void read_word(lexer *l)
{
    static const char *const words[] = {"true", "false", "null", NULL};
    size_t from = l->at;
    while (!ended(l) && (g_ascii_isalnum(peek(l)) || strchr("_-.$", peek(l))))
        l->at++;
    size_t length = l->at - from;
    for (const char *const *word = words; *word; word++)
        if (strlen(*word) == length && strncmp(*word, l->text + from, length) == 0)
            return;
    g_autofree char *token = g_strndup(l->text + from, MIN(length, 61));
    g_autofree char *shown = gd_text_quote(token);
    bool number =
        g_ascii_strcasecmp(token, "nan") == 0 || g_ascii_strncasecmp(token, "inf", 3) == 0;
    const char *near = gd_nearest(token, words);
    if (number)
        complain(l, from, "JSON has no %s; leave the member out or write null", token);
    else if (near)
        complain(l, from, "%s is no JSON; write %s", shown, near);
    else
        complain(l, from, "%s needs quotes; write \"%s\"", shown, token);
    blank(l, from, l->at);
    l->out->clean[from] = '0';
}

/* At the opening bracket; reads `[...]` or, with keys, `{...}`. */
static bool read_container(lexer *l, char close)
{
    size_t from = l->at++;
    bool object = close == '}';
    if (++l->depth > MAX_DEPTH) {
        complain(l, from, "nested deeper than %d levels; write it flatter", MAX_DEPTH);
        return false;
    }
    size_t comma = 0; /* the last one, 0: none yet */
    for (;;) {
        if (!skip_blanks(l))
            return false;
        if (peek(l) == close) {
            if (comma)
                blank(l, comma, comma + 1);
            l->at++;
            l->depth--;
            return true;
        }
        size_t key_at = l->at;
        if (object) {
            if (peek(l) != '"') {
                g_autofree char *found = describe(l, l->at);
                complain(l, l->at, "expected a member name in double quotes or \"}\", found %s",
                         found);
                return false;
            }
            if (!read_string(l) || !skip_blanks(l))
                return false;
            if (peek(l) != ':') {
                g_autofree char *found = describe(l, l->at);
                complain(l, l->at, "expected \":\" after the member name, found %s", found);
                return false;
            }
            l->at++;
            if (!skip_blanks(l))
                return false;
        }
        if (!read_value(l, object ? key_at : 0) || !skip_blanks(l))
            return false;
        if (peek(l) == ',') {
            comma = l->at++;
        } else if (peek(l) == close) {
            comma = 0;
        } else {
            g_autofree char *found = describe(l, l->at);
            complain(l, l->at, "expected \",\" or \"%c\" after the value, found %s", close, found);
            return false;
        }
    }
}

static bool read_value(lexer *l, size_t key_at)
{
    if (l->out->places->len >= MAX_VALUES) {
        complain(l, l->at, "more than %d values; write fewer, or use \"copies\"", MAX_VALUES);
        return false;
    }
    gd_lex_place place = {(uint32_t)l->at, (uint32_t)key_at};
    g_array_append_val(l->out->places, place);

    char c = peek(l);
    if (c == '{')
        return read_container(l, '}');
    if (c == '[')
        return read_container(l, ']');
    if (c == '"')
        return read_string(l);
    if (!ended(l) && (g_ascii_isdigit(c) || c == '-' || c == '+' || c == '.')) {
        read_number(l);
        return true;
    }
    if (g_ascii_isalpha(c)) {
        read_word(l);
        return true;
    }
    g_autofree char *found = describe(l, l->at);
    if (c == '\'')
        complain(l, l->at, "JSON strings have double quotes; write \"…\", not '…'");
    else
        complain(l, l->at, "expected a value, found %s", found);
    return false;
}

/* What makes the bytes no text of ours at all. */
static bool check_bytes(lexer *l)
{
    const unsigned char *bytes = (const unsigned char *)l->text;
    if (l->length > MAX_TEXT) {
        complain(l, 0, "larger than 16 MiB; keep long lists of values in a data file");
        return false;
    }
    if (l->length >= 2 &&
        ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF))) {
        complain(l, 0, "this is UTF-16; save it as UTF-8");
        return false;
    }
    if (l->length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        complain(l, 0, "begins with a byte order mark; save it as UTF-8 without one");
        return false;
    }
    const char *end = l->text;
    if (l->length && !g_utf8_validate_len(l->text, l->length, &end)) {
        size_t at = (size_t)(end - l->text);
        complain(l, at, "the byte 0x%02x is no text here; save the file as UTF-8", bytes[at]);
        return false;
    }
    return true;
}

static bool read_document(lexer *l)
{
    if (!check_bytes(l) || !skip_blanks(l))
        return false;
    if (ended(l)) {
        complain(l, 0, "the file is empty; write at least {\"gameday\": 1}");
        return false;
    }
    if (!read_value(l, 0) || !skip_blanks(l))
        return false;
    if (!ended(l)) {
        g_autofree char *found = describe(l, l->at);
        complain(l, l->at, "the document ends before %s; remove what follows it", found);
        return false;
    }
    return true;
}

void gd_lex_text(gd_lex *lex, const char *path, const char *text, size_t length,
                 gd_problems *problems)
{
    bool fits = length <= MAX_TEXT;
    *lex = (gd_lex){.clean = g_malloc0(fits ? length + 1 : 1),
                    .places = g_array_new(FALSE, FALSE, sizeof(gd_lex_place))};
    if (fits && length)
        memcpy(lex->clean, text, length);
    lexer l = {.out = lex, .path = path, .text = text, .length = length, .problems = problems};
    if (!read_document(&l)) {
        g_array_unref(lex->places);
        lex->places = NULL;
    }
}

void gd_lex_clear(gd_lex *lex)
{
    g_free(lex->clean);
    if (lex->places)
        g_array_unref(lex->places);
    *lex = (gd_lex){0};
}
