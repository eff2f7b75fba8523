/* A sheet of text for a terminal: what it can show, and what has been written on it so far.
 *
 * Ink is colour where there is colour, and nothing elsewhere: no meaning hangs on it alone. Names
 * come from documents, so they go through gd_text_escape before a terminal sees them.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    GD_INK_PLAIN,
    GD_INK_TITLE,
    GD_INK_DIM,
    GD_INK_GOOD,
    GD_INK_BAD,
    GD_INK_WARN,
} gd_ink;

typedef struct {
    unsigned width; /* columns */
    bool colour, utf8;
} gd_text_form;

typedef struct {
    GString *text;
    gd_text_form form;
} gd_sheet;

void gd_sheet_put(gd_sheet *sheet, gd_ink ink, const char *text);
void gd_sheet_printf(gd_sheet *sheet, gd_ink ink, const char *format, ...) G_GNUC_PRINTF(3, 4);
void gd_sheet_pad(gd_sheet *sheet, unsigned columns);
/* Breaks `text` at blanks, so that no line passes the width; later lines start below `indent`. The
 * first line goes on where the sheet is, which is at column `indent` too. Ends the line. */
void gd_sheet_wrap(gd_sheet *sheet, gd_ink ink, unsigned indent, const char *text);
/* A blank line and a heading. */
void gd_sheet_heading(gd_sheet *sheet, const char *text);

/* `text` with control characters, bidi controls, broken UTF-8 and (where the terminal has none)
 * everything beyond ASCII written as \xNN or \u{NNNN}. Owned by the caller. */
char *gd_text_escape(const char *text, bool utf8);
/* Columns that valid UTF-8 takes on a terminal. */
unsigned gd_text_columns(const char *text);
/* `text` cut to `columns`, its last one an ellipsis when something is missing. Owned by the caller.
 */
char *gd_text_cut(const char *text, unsigned columns, bool utf8);
