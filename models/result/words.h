/* Values as people read them, spelled alike in the result's texts and in the reports: "95.0%",
 * "412ms", "2m 10s". Here rather than in report/, since claims and timelines are worded here.
 */
#pragma once

#include <stdint.h>

enum { GD_WORD = 48 };

/* Each writes into `out`, of GD_WORD bytes, and returns it. NaN is "-". */
const char *gd_word_percent(char *out, double ratio); /* "99.95%", never "100%" unless it is */
const char *gd_word_seconds(char *out, double s);     /* "0.42ms", "610ms", "3.90s", "2m 10s" */
/* Digits after the point that leave three significant ones; at most three. */
int gd_word_decimals(double size);
