/* Sparklines: a series in one row of text, and the marks under it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One character a cell, from 0 to `top`; a cell shows the mean of its windows, or with `peak` the
 * highest. NaN is "nothing there": blank. Owned by the caller. */
char *gd_text_spark(const double *values, size_t n, unsigned cells, double top, bool peak,
                    bool utf8);
/* The highest value that a sparkline of the same cells would show; 0 when there is none. */
double gd_text_spark_top(const double *values, size_t n, unsigned cells, bool peak);

typedef struct {
    double from, to; /* as shares of the row, 0 to 1 */
} gd_text_span;
/* A row that is drawn where one of the spans is. Owned by the caller. */
char *gd_text_marks(const gd_text_span *spans, size_t n, unsigned cells, bool utf8);
