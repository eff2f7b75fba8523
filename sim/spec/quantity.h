/* Decimal text with a unit becomes an integer, exactly, or is refused. */
#pragma once

#include "sim/units.h"

/* All: true and *out on success; false and *why (static text: what is wrong and what to write). A
 * value that is no whole number of the target unit, or does not fit, is refused. Leading and
 * trailing blanks are refused. Negative values are read; ranges are the caller's business. */
bool gd_parse_span(const char *text, gd_span *out, const char **why); /* "250ms" "2m" "1h30m" no */
bool gd_parse_share(const char *text, gd_share *out, const char **why); /* "70%", "0.7" */
bool gd_parse_rate(const char *text, gd_rate *out, const char **why);   /* "500/s" "9/y" "30/min" */
bool gd_parse_bytes(const char *text, int64_t *out, const char **why);  /* "64KiB" "1.5MB" "0" */
bool gd_parse_bits(const char *text, int64_t *out,
                   const char **why); /* "1Gbit/s", "125MB/s": bytes/s */
bool gd_parse_count(const char *text, int64_t *out, const char **why); /* "12", "1e6" */
bool gd_parse_nano(const char *text, int64_t *out, const char **why);  /* "0.99" -> billionths */
/* Shortest text that reads back: "250ms", "1.5s", "12.5%", "180/s". out holds at least 32 bytes. */
void gd_print_span(gd_span span, char *out);
void gd_print_share(gd_share share, char *out);
void gd_print_rate(gd_rate rate, char *out);
