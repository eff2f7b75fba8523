/* Numbers on the command line, in integers from text to use: a seed through a double would be
 * another seed. */
#pragma once

#include "sim/units.h"

/* Decimal digits only. False, after saying what is wrong with `option`. */
bool gd_number_read(const char *option, const char *text, uint64_t min, uint64_t max,
                    uint64_t *out);
/* "1/20", "5%" or "0.05": above 0, at most 1. */
bool gd_scale_read(const char *option, const char *text, gd_share *out);
