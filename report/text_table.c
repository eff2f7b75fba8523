#include "report/text_table.h"

enum { GAP = 2, NARROWEST = 12, NARROWEST_NAME = 20 }; /* of what is cut */

typedef struct {
    char *text;
    gd_ink ink;
} cell;

struct gd_table {
    const gd_column *columns;
    unsigned n;
    GArray *cells;
};

gd_table *gd_table_new(const gd_column *columns, unsigned n)
{
    gd_table *table = g_new(gd_table, 1);
    *table =
        (gd_table){.columns = columns, .n = n, .cells = g_array_new(FALSE, FALSE, sizeof(cell))};
    return table;
}

void gd_table_free(gd_table *table)
{
    for (unsigned i = 0; i < table->cells->len; i++)
        g_free(g_array_index(table->cells, cell, i).text);
    g_array_free(table->cells, TRUE);
    g_free(table);
}

void gd_table_take(gd_table *table, gd_ink ink, char *text)
{
    cell next = {.text = text, .ink = ink};
    g_array_append_val(table->cells, next);
}

/* Takes up to `excess` columns from a width, but leaves `least`. Returns what is left of the
 * excess. */
static unsigned cut(unsigned *width, unsigned excess, unsigned least)
{
    unsigned taken = *width > least ? MIN(*width - least, excess) : 0;
    *width -= taken;
    return excess - taken;
}

/* Column widths, and how many columns fit. */
static unsigned fit(const gd_table *table, unsigned room, unsigned *widths)
{
    unsigned sum = 0, shown = table->n;
    for (unsigned c = 0; c < table->n; c++) {
        widths[c] = gd_text_columns(table->columns[c].title);
        for (unsigned i = c; i < table->cells->len; i += table->n)
            widths[c] = MAX(widths[c], gd_text_columns(g_array_index(table->cells, cell, i).text));
        sum += widths[c] + (c ? GAP : 0);
    }
    unsigned excess = sum > room ? sum - room : 0;
    if (!table->columns[shown - 1].right)
        excess = cut(&widths[shown - 1], excess, NARROWEST);
    excess = cut(&widths[0], excess, NARROWEST_NAME);
    while (shown > 1 && excess) {
        shown--;
        excess -= MIN(excess, widths[shown] + GAP);
    }
    return shown;
}

/* One line of `shown` cells: the titles, or a row. */
static void print_line(const gd_table *table, gd_sheet *sheet, const cell *cells,
                       const unsigned *widths, unsigned shown)
{
    for (unsigned c = 0; c < shown; c++) {
        g_autofree char *text = gd_text_cut(cells[c].text, widths[c], sheet->form.utf8);
        unsigned blanks = widths[c] - gd_text_columns(text);
        bool right = table->columns[c].right;
        gd_sheet_pad(sheet, (c ? GAP : 0) + (right ? blanks : 0));
        gd_sheet_put(sheet, cells[c].ink, text);
        if (!right && c + 1 < shown)
            gd_sheet_pad(sheet, blanks);
    }
    g_string_append_c(sheet->text, '\n');
}

void gd_table_print(const gd_table *table, gd_sheet *sheet)
{
    g_assert(table->cells->len % table->n == 0);
    g_autofree unsigned *widths = g_new(unsigned, table->n);
    g_autofree cell *titles = g_new0(cell, table->n);
    for (unsigned c = 0; c < table->n; c++)
        titles[c] = (cell){.text = (char *)table->columns[c].title, .ink = GD_INK_DIM};

    unsigned shown = fit(table, sheet->form.width, widths);
    print_line(table, sheet, titles, widths, shown);
    for (unsigned row = 0; row < table->cells->len; row += table->n)
        print_line(table, sheet, &g_array_index(table->cells, cell, row), widths, shown);
}
