/* A result as a JSON document: the same bytes for equal results, whatever the locale and machine.
 *
 * Integers are exact; doubles are written with the fewest of 15 to 17 digits that read back to the
 * same bits (cJSON's own printing loses the last one in an eighth of all doubles). What is unknown
 * is left out of objects, and null in the series' arrays, where places must stay.
 */
#pragma once

#include "models/result/result.h"

#pragma GCC visibility push(default) /* part of libgameday */

/* The whole document, ending in a newline. Owned by the caller. */
GString *gd_json_write(const gd_result *result, bool pretty);

/* The shortest text that reads back to the same finite double. */
void gd_json_number(GString *text, double value);
/* In quotes, escaped. Bytes that are no UTF-8 become U+FFFD. */
void gd_json_text(GString *text, const char *value);

#pragma GCC visibility pop
