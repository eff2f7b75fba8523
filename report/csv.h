/* A result's series as CSV (RFC 4180): a row for each window, a column for each quantity. */
#pragma once

#include "models/result/result.h"

/* Owned by the caller. */
GString *gd_csv_series(const gd_result *result);

/* A text cell: in quotes where it must be, and with a ' before what a spreadsheet would take for a
 * formula (OWASP: = + - @, tab, CR, LF), so that a name cannot run. Numbers are written apart. */
void gd_csv_text(GString *row, const char *text);
