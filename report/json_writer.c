#include "report/json_writer.h"

#include "report/json.h"

#include <math.h>

void gd_json_number(GString *text, double value)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    if (value == 0)
        value = 0; /* not -0 */
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(digits, sizeof digits, formats[i], value);
        if (g_ascii_strtod(digits, NULL) == value)
            break;
    }
    g_string_append(text, digits);
}

void gd_json_text(GString *text, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    g_string_append_c(text, '"');
    for (const char *c = valid; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(text, "\\%c", *c);
        else if (*c == '\n')
            g_string_append(text, "\\n");
        else if (*c == '\t')
            g_string_append(text, "\\t");
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            g_string_append_printf(text, "\\u%04x", (unsigned char)*c);
        else
            g_string_append_c(text, *c);
    }
    g_string_append_c(text, '"');
}

static void indent(gd_json_writer *writer)
{
    if (!writer->pretty)
        return;
    g_string_append_c(writer->text, '\n');
    for (unsigned i = 0; i < writer->depth; i++)
        g_string_append(writer->text, "  ");
}

static void begin(gd_json_writer *writer, const char *key)
{
    if (writer->started)
        g_string_append_c(writer->text, ',');
    if (writer->depth > 0)
        indent(writer);
    writer->started = true;
    if (!key)
        return;
    gd_json_text(writer->text, key);
    g_string_append(writer->text, writer->pretty ? ": " : ":");
}

void gd_json_open(gd_json_writer *writer, const char *key, char bracket)
{
    begin(writer, key);
    g_string_append_c(writer->text, bracket);
    writer->depth++;
    writer->started = false;
}

void gd_json_close(gd_json_writer *writer, char bracket)
{
    writer->depth--;
    if (writer->started)
        indent(writer);
    g_string_append_c(writer->text, bracket);
    writer->started = true;
}

void gd_json_put_text(gd_json_writer *writer, const char *key, const char *value)
{
    if (!value)
        return;
    begin(writer, key);
    gd_json_text(writer->text, value);
}

void gd_json_put_count(gd_json_writer *writer, const char *key, uint64_t value)
{
    begin(writer, key);
    g_string_append_printf(writer->text, "%" G_GUINT64_FORMAT, value);
}

void gd_json_put_number(gd_json_writer *writer, const char *key, double value)
{
    if (!isfinite(value))
        return;
    begin(writer, key);
    gd_json_number(writer->text, value);
}

void gd_json_put_truth(gd_json_writer *writer, const char *key, bool value)
{
    begin(writer, key);
    g_string_append(writer->text, value ? "true" : "false");
}

void gd_json_put_hex(gd_json_writer *writer, const char *key, uint64_t value)
{
    begin(writer, key);
    g_string_append_printf(writer->text, "\"%016" G_GINT64_MODIFIER "x\"", value);
}

void gd_json_put_counts(gd_json_writer *writer, const char *key, const uint32_t *values, guint n)
{
    begin(writer, key);
    g_string_append_c(writer->text, '[');
    for (guint i = 0; i < n; i++)
        g_string_append_printf(writer->text, "%s%u", i > 0 ? "," : "", values[i]);
    g_string_append_c(writer->text, ']');
}

void gd_json_put_numbers(gd_json_writer *writer, const char *key, const double *values, guint n)
{
    begin(writer, key);
    g_string_append_c(writer->text, '[');
    for (guint i = 0; i < n; i++) {
        if (i > 0)
            g_string_append_c(writer->text, ',');
        if (isfinite(values[i]))
            gd_json_number(writer->text, values[i]);
        else
            g_string_append(writer->text, "null");
    }
    g_string_append_c(writer->text, ']');
}
