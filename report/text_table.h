/* A small table printer: text left, numbers right, two blanks between columns.
 *
 * When a row is wider than the sheet, a last column of text is cut, then the first column; then
 * columns go from the right: put what matters first. libsmartcols does more, and needs a UTF-8
 * locale to do it.
 */
#pragma once

#include "report/text_sheet.h"

typedef struct {
    const char *title;
    bool right;
} gd_column;

typedef struct gd_table gd_table;

/* `columns` must outlive the table. Owned by the caller. */
gd_table *gd_table_new(const gd_column *columns, unsigned n);
void gd_table_free(gd_table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_table, gd_table_free)

/* The next cell of the row in progress; takes over `text`, which must be escaped. */
void gd_table_take(gd_table *table, gd_ink ink, char *text);
void gd_table_print(const gd_table *table, gd_sheet *sheet);
