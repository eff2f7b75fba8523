#include "report/text_sheet.h"

#include <string.h>

/* SGR codes of ECMA-48, the eight colours that every terminal has. */
static const char *const codes[] = {
    [GD_INK_PLAIN] = NULL,      [GD_INK_TITLE] = "\033[1m", [GD_INK_DIM] = "\033[2m",
    [GD_INK_GOOD] = "\033[32m", [GD_INK_BAD] = "\033[31m",  [GD_INK_WARN] = "\033[33m",
};

void gd_sheet_put(gd_sheet *sheet, gd_ink ink, const char *text)
{
    size_t length = strlen(text);
    bool ends_line = length && text[length - 1] == '\n'; /* no ink reaches into the next line */
    const char *code = sheet->form.colour && length > ends_line ? codes[ink] : NULL;
    if (code)
        g_string_append(sheet->text, code);
    g_string_append_len(sheet->text, text, (gssize)(length - ends_line));
    if (code)
        g_string_append(sheet->text, "\033[0m");
    if (ends_line)
        g_string_append_c(sheet->text, '\n');
}

void gd_sheet_printf(gd_sheet *sheet, gd_ink ink, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    gd_sheet_put(sheet, ink, text);
}

void gd_sheet_pad(gd_sheet *sheet, unsigned columns)
{
    for (; columns; columns--)
        g_string_append_c(sheet->text, ' ');
}

void gd_sheet_wrap(gd_sheet *sheet, gd_ink ink, unsigned indent, const char *text)
{
    unsigned column = indent;
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    g_autoptr(GString) line = g_string_new(NULL);
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        unsigned columns = gd_text_columns(*word);
        if (line->len && column + 1 + columns > sheet->form.width) {
            gd_sheet_put(sheet, ink, line->str);
            g_string_append_c(sheet->text, '\n');
            gd_sheet_pad(sheet, indent);
            g_string_truncate(line, 0);
            column = indent;
        }
        if (line->len) {
            g_string_append_c(line, ' ');
            column++;
        }
        g_string_append(line, *word);
        column += columns;
    }
    gd_sheet_put(sheet, ink, line->str);
    g_string_append_c(sheet->text, '\n');
}

void gd_sheet_heading(gd_sheet *sheet, const char *text)
{
    g_string_append_c(sheet->text, '\n');
    gd_sheet_put(sheet, GD_INK_TITLE, text);
    g_string_append_c(sheet->text, '\n');
}

/* Characters that move the cursor or reorder what follows: no name needs them, and with them one
 * can make a terminal show something else than what is there (CVE-2021-42574 for the bidi ones). */
static bool is_treacherous(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

char *gd_text_escape(const char *text, bool utf8)
{
    GString *out = g_string_new(NULL);
    while (*text) {
        gunichar c = g_utf8_get_char_validated(text, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*text++);
            continue;
        }
        if (c < 0x20 || c == 0x7f)
            g_string_append_printf(out, "\\x%02x", (unsigned)c);
        else if (is_treacherous(c) || (c >= 0x80 && !utf8))
            g_string_append_printf(out, "\\u{%x}", (unsigned)c);
        else
            g_string_append_unichar(out, c);
        text = g_utf8_next_char(text);
    }
    return g_string_free(out, FALSE);
}

static unsigned columns_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

unsigned gd_text_columns(const char *text)
{
    unsigned columns = 0;
    for (; *text; text = g_utf8_next_char(text))
        columns += columns_of(g_utf8_get_char(text));
    return columns;
}

char *gd_text_cut(const char *text, unsigned columns, bool utf8)
{
    if (gd_text_columns(text) <= columns)
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    for (unsigned used = 0; *text; text = g_utf8_next_char(text)) {
        used += columns_of(g_utf8_get_char(text));
        if (used >= columns)
            break;
        g_string_append_unichar(out, g_utf8_get_char(text));
    }
    if (columns)
        g_string_append(out, utf8 ? "\u2026" : "~");
    return g_string_free(out, FALSE);
}
