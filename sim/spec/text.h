/* Text for messages: places, escapes, clipped values. Private to sim/spec. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Line and column (both from 1, columns in characters) of the byte at `offset`. */
void gd_text_place(const char *text, size_t length, size_t offset, size_t *line, size_t *column);

/* Appends `text`, what could deceive a reader or drive a terminal escaped: controls, bidirectional
 * marks and line separators as \u202e, bytes that are not UTF-8 as \xff. */
void gd_text_append_safe(GString *out, const char *text, size_t length);

/* Appends `text` as a JSON string with its quotes. */
void gd_text_append_json(GString *out, const char *text);

/* `text` in double quotes for a message, cut after 60 characters. Owned by the caller. */
char *gd_text_quote(const char *text);
