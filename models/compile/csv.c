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

typedef struct csv csv;
struct csv {
    gd_builder *b;
    const char *file, *column;
    const gd_node *place;
    bool (*read_row)(csv *c, char **cells);
    guint cell, time_cell; /* of the named column; of the times beside it */
    size_t line, n;
    GArray *rows;
    gd_node *values;
    const char *unit;
};

static bool report(csv *c, const char *cell, const char *why)
{
    gd_problem(c->b->problems, c->place, "%s, line %zu: \"%.40s\" %s", c->file, c->line, cell, why);
    return false;
}

/* The first line names columns unless it begins with a number. */
static bool read_header(csv *c, char **cells, bool *is_header)
{
    *is_header = cells[0] && !g_ascii_isdigit(cells[0][0]);
    for (guint i = 0; c->column && *is_header && cells[i]; i++)
        if (strcmp(cells[i], c->column) == 0) {
            c->cell = i;
            return true;
        }
    return !c->column || report(c, c->column, "is no column; its first line must name it");
}

static bool read_line(csv *c, const char *text, size_t length, bool *first)
{
    g_autofree char *line = g_strstrip(g_strndup(text, length));
    if (!*line || *line == '#')
        return true;
    g_auto(GStrv) cells = cells_of(line);
    bool is_header = false;
    if (*first && !read_header(c, cells, &is_header))
        return false;
    *first = false;
    if (is_header)
        return true;
    if (g_strv_length(cells) <= MAX(c->cell, c->time_cell))
        return report(c, cells[0], "has too few columns");
    c->n++;
    return c->read_row(c, cells);
}

static bool read_rows(csv *c)
{
    gd_builder *b = c->b;
    size_t length = 0;
    if (!c->file)
        return false;
    if (!b->options->read_data) {
        gd_problem(b->problems, c->place, "data files cannot be read here; write the values out");
        return false;
    }
    const char *text =
        b->options->read_data(b->options->user, b->arena, c->file, c->place, b->problems, &length);
    bool first = true;
    if (!text)
        return false;
    for (const char *end = text + length; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        c->line++;
        if (!read_line(c, text, (size_t)(stop - text), &first))
            return false;
        text = stop + 1;
    }
    return c->n > 0 || report(c, "", "holds no rows");
}

/* ---- times, and factors by time ----------------------------------------------------------- */
static bool add_row(csv *c, gd_csv_row row)
{
    if (c->rows->len && g_array_index(c->rows, gd_csv_row, c->rows->len - 1).at > row.at)
        return report(c, "its time", "goes back; sort the file");
    g_array_append_val(c->rows, row);
    return true;
}

static bool read_time_row(csv *c, char **cells)
{
    gd_csv_row row = {0};
    const char *why;
    if (!parse_time(cells[c->cell], &row.at, &why))
        return report(c, cells[c->cell], why);
    return add_row(c, row);
}

static bool read_pair_row(csv *c, char **cells)
{
    gd_csv_row row = {0};
    const char *why;
    if (!parse_time(cells[0], &row.at, &why))
        return report(c, cells[0], why);
    if (!gd_parse_share(cells[c->cell], &row.value, &why) || row.value < 0)
        return report(c, cells[c->cell], "is no factor; write 1.5 or 150%");
    return add_row(c, row);
}

GArray *gd_read_csv(gd_builder *b, const char *file, const char *column, bool pairs,
                    const gd_node *place)
{
    csv c = {.b = b, .file = file, .column = column, .place = place, .cell = pairs ? 1 : 0};
    c.read_row = pairs ? read_pair_row : read_time_row;
    c.rows = g_array_new(FALSE, FALSE, sizeof(gd_csv_row));
    if (read_rows(&c))
        return c.rows;
    g_array_unref(c.rows);
    return NULL;
}

/* ---- measured values ---------------------------------------------------------------------- */
/* A cell as the document would have it: with the unit that it has, or is given. */
static bool read_value_row(csv *c, char **cells)
{
    const char *cell = cells[c->cell];
    size_t length = strlen(cell);
    bool bare = length && g_ascii_isdigit(cell[length - 1]);
    if (length == 0 || length > 64 || !g_ascii_isdigit(cell[0]))
        return report(c, cell, "is no value; write a number, or one with a unit");
    const char *text = gd_arena_printf(c->b->arena, "%s%s", cell, bare && c->unit ? c->unit : "");
    gd_node_append(c->values, gd_node_new(c->b->arena, bare && !c->unit ? GD_NUMBER : GD_STRING,
                                          NULL, text, c->place));
    return true;
}

static void expand(gd_builder *b, gd_node *empirical)
{
    static const char *const words[] = {"file", "column", "unit", NULL};
    const char *said[3] = {NULL};
    for (const gd_node *member = empirical->first; member; member = member->next) {
        for (int i = 0; i < 3; i++)
            if (strcmp(member->key, words[i]) == 0 && member->kind == GD_STRING)
                said[i] = member->text;
        if (!g_strv_contains(words, member->key) && !gd_is_remark(member->key))
            gd_report_unknown(b->problems, member, words);
    }
    csv c = {.b = b, .file = said[0], .column = said[1], .unit = said[2], .place = empirical};
    c.read_row = read_value_row;
    c.values = gd_node_new(b->arena, GD_ARRAY, "values", NULL, empirical);
    if (!said[0] || !read_rows(&c))
        gd_node_append(c.values, gd_node_new(b->arena, GD_NULL, NULL, NULL, empirical));
    empirical->first = empirical->last = NULL;
    gd_node_append(empirical, c.values);
}

/* Visits each {"empirical": {"file": …}}; whether there is one. */
static bool visit(gd_builder *b, gd_node *node, bool expands)
{
    bool any = false;
    for (gd_node *child = node->first; child && (expands || !any); child = child->next) {
        bool found = child->kind == GD_OBJECT && child->key && node->kind == GD_OBJECT &&
                     strcmp(child->key, "empirical") == 0 && gd_node_said(child, "file");
        if (found && expands)
            expand(b, child);
        any |= found || visit(b, child, expands);
    }
    return any;
}

const gd_node *gd_expand_files(gd_builder *b, const gd_node *model)
{
    if (!visit(b, (gd_node *)model, false))
        return model;
    gd_node *nothing = gd_node_new(b->arena, GD_OBJECT, NULL, NULL, model);
    gd_node *copy = gd_model_patch(b->arena, model, nothing, b->problems);
    visit(b, copy, true);
    return copy;
}
