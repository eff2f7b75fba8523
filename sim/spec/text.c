#include "sim/spec/text.h"

#include <string.h>

/* Longer values are cut in messages: 60 characters leave room for the remedy on most terminals. */
#define SHOWN_CHARACTERS 60

void gd_text_place(const char *text, size_t length, size_t offset, size_t *line, size_t *column)
{
    offset = MIN(offset, length);
    const char *at = text, *end = text + offset;
    *line = 1;
    for (;;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            break;
        ++*line;
        at = newline + 1;
    }
    *column = 1;
    for (; at < end; at++)
        *column += ((unsigned char)*at & 0xC0) != 0x80; /* continuation bytes are no characters */
}

/* Unicode's bidirectional controls (UAX 9, table 4), line separators, and the BOM. */
static bool is_deceptive(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void gd_text_append_safe(GString *out, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        gunichar c = g_utf8_get_char_validated(text, (gssize)(end - text));
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (unsigned)(unsigned char)*text++);
            continue;
        }
        if (c == '\n')
            g_string_append(out, "\\n");
        else if (c == '\t')
            g_string_append(out, "\\t");
        else if (is_deceptive(c))
            g_string_append_printf(out, "\\u%04x", (unsigned)c);
        else
            g_string_append_unichar(out, c);
        text += g_unichar_to_utf8(c, NULL);
    }
}

void gd_text_append_json(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", c);
        else if (c == '\n')
            g_string_append(out, "\\n");
        else if (c == '\t')
            g_string_append(out, "\\t");
        else if (c < 0x20)
            g_string_append_printf(out, "\\u%04x", (unsigned)c);
        else
            g_string_append_c(out, (char)c);
    }
    g_string_append_c(out, '"');
}

char *gd_text_quote(const char *text)
{
    GString *out = g_string_new("\"");
    const char *end = text;
    for (unsigned shown = 0; *end && shown < SHOWN_CHARACTERS; shown++) {
        end++;
        while (((unsigned char)*end & 0xC0) == 0x80)
            end++;
    }
    gd_text_append_safe(out, text, (size_t)(end - text));
    g_string_append(out, *end ? "…\"" : "\"");
    return g_string_free(out, FALSE);
}
