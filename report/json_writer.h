/* Puts members and elements into a JSON text, with commas and indentation where they belong. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    GString *text;
    bool pretty, started; /* started: the object or array in hand has a member */
    unsigned depth;
} gd_json_writer;

/* `key` is NULL for elements of an array and for the document itself. */
void gd_json_open(gd_json_writer *writer, const char *key, char bracket);
void gd_json_close(gd_json_writer *writer, char bracket);
void gd_json_put_text(gd_json_writer *writer, const char *key,
                      const char *value); /* NULL: nothing */
void gd_json_put_count(gd_json_writer *writer, const char *key, uint64_t value);
void gd_json_put_number(gd_json_writer *writer, const char *key, double value); /* NaN: nothing */
void gd_json_put_truth(gd_json_writer *writer, const char *key, bool value);
void gd_json_put_hex(gd_json_writer *writer, const char *key, uint64_t value);
/* Arrays on one line. */
void gd_json_put_counts(gd_json_writer *writer, const char *key, const uint32_t *values, guint n);
void gd_json_put_numbers(gd_json_writer *writer, const char *key, const double *values, guint n);
