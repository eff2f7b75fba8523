/* Numbers as people read them: three significant digits, a unit, thousands in groups.
 * All results are owned by the caller. NaN and negative "none" values read "-". */
#pragma once

#include <stdint.h>

char *gd_text_count(uint64_t count); /* "1 234 567" as "1,234,567" */
char *gd_text_number(double value);  /* three significant digits: "12.3", "1,230"; two below 0.1 */
char *gd_text_rate(double per_s);    /* "36.1/s", "8.2M/s" */
char *gd_text_ms(double ms);         /* "0.42ms", "610ms", "3.90s", "2m 10s" */
char *gd_text_seconds(double s);     /* the same from seconds */
char *gd_text_clock(double s);       /* "10:00", "1:02:03", "0:00.250" below a second */
char *gd_text_percent(double ratio); /* "99.95%", never "100%" unless it is */
char *gd_text_bytes(uint64_t bytes); /* "12.4 MiB" */
