/* The only place that prints. Results go to stdout, all else to stderr; nothing from a document
 * reaches a terminal unescaped. */
#pragma once

#include "report/text_sheet.h"

/* "gameday run: message" on stderr. */
void gd_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Whole lines on stderr, as they are but for what a terminal would act upon. */
void gd_say_lines(const char *lines);
/* `text` on stdout, as it is. False, after saying so, when it could not be written whole. */
bool gd_print(const char *text, gsize length);
bool gd_print_text(const char *text);

/* What stdout can show. `color` is auto, always, never or NULL; `width` a number or NULL. False,
 * after saying so, when it is something else. */
bool gd_form_read(const char *color, const char *width, gd_text_form *form);
