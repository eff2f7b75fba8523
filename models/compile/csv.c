#include "models/compile/build.h"
#include "sim/spec/quantity.h"

#include <string.h>

/* A plain table: cells between commas, no quotes; blank lines and lines with # are passed over. */
static char **cells_of(const char *line)
{
    char **cells = g_strsplit(line, ",", -1);
    for (size_t i = 0; cells[i]; i++)
        g_strstrip(cells[i]);
    return cells;
}

/* A time with a unit, or in seconds. */
static bool parse_time(const char *cell, gd_time *out, const char **why)
{
    size_t length = strlen(cell);
    if (length == 0 || length > 64) {
        *why = "is no time; write seconds, or a number with a unit";
        return false;
    }
    if (!g_ascii_isdigit(cell[length - 1]))
        return gd_parse_span(cell, out, why);
    g_autofree char *seconds = g_strconcat(cell, "s", NULL);
    return gd_parse_span(seconds, out, why);
}

typedef struct {
    gd_builder *b;
    const char *file, *column;
    const gd_node *place;
    bool pairs;
    guint time_cell, value_cell;
    size_t line;
} csv;

static bool report(csv *c, const char *cell, const char *why)
{
    gd_problem(c->b->problems, c->place, "%s, line %zu: \"%.40s\" %s", c->file, c->line, cell, why);
    return false;
}

/* The first line names columns unless it begins with a time. */
static bool read_header(csv *c, char **cells, bool *is_header)
{
    gd_time ignored;
    const char *why;
    guint n = g_strv_length(cells);
    *is_header = n > 0 && !parse_time(cells[0], &ignored, &why);
    c->time_cell = 0;
    c->value_cell = 1;
    if (!c->column)
        return true;
    for (guint i = 0; *is_header && i < n; i++)
        if (strcmp(cells[i], c->column) == 0) {
            *(c->pairs ? &c->value_cell : &c->time_cell) = i;
            return true;
        }
    return report(c, c->column, "is no column; its first line must name it");
}

static bool read_row(csv *c, char **cells, GArray *rows)
{
    gd_csv_row row = {0};
    const char *why;
    guint n = g_strv_length(cells);
    if (c->time_cell >= n || (c->pairs && c->value_cell >= n))
        return report(c, n ? cells[0] : "", "has too few columns");
    if (!parse_time(cells[c->time_cell], &row.at, &why))
        return report(c, cells[c->time_cell], why);
    if (c->pairs && (!gd_parse_share(cells[c->value_cell], &row.value, &why) || row.value < 0))
        return report(c, cells[c->value_cell], "is no factor; write 1.5 or 150%");
    if (rows->len && g_array_index(rows, gd_csv_row, rows->len - 1).at > row.at)
        return report(c, cells[c->time_cell], "goes back in time; sort the file");
    g_array_append_val(rows, row);
    return true;
}

static bool read_line(csv *c, const char *text, size_t length, GArray *rows, bool *first)
{
    g_autofree char *line = g_strstrip(g_strndup(text, length));
    if (!*line || *line == '#')
        return true;
    g_auto(GStrv) cells = cells_of(line);
    bool is_header = false;
    if (*first && !read_header(c, cells, &is_header))
        return false;
    *first = false;
    return is_header || read_row(c, cells, rows);
}

GArray *gd_read_csv(gd_builder *b, const char *file, const char *column, bool pairs,
                    const gd_node *place)
{
    csv c = {.b = b, .file = file, .column = column, .place = place, .pairs = pairs};
    size_t length = 0;
    if (!file)
        return NULL;
    if (!b->options->read_data) {
        gd_problem(b->problems, place, "data files cannot be read here; write the values out");
        return NULL;
    }
    const char *text =
        b->options->read_data(b->options->user, b->arena, file, place, b->problems, &length);
    if (!text)
        return NULL;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(gd_csv_row));
    bool first = true, fine = true;
    for (const char *end = text + length; fine && text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        c.line++;
        fine = read_line(&c, text, (size_t)(stop - text), rows, &first);
        text = stop + 1;
    }
    if (fine && rows->len == 0)
        fine = report(&c, "", "holds no rows");
    if (fine)
        return rows;
    g_array_unref(rows);
    return NULL;
}
