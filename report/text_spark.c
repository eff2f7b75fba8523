#include "report/text_spark.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* Block elements U+2581 to U+2588, and eight ASCII characters of growing weight. */
static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
enum { LEVELS = 8 };

static double cell_value(const double *values, size_t n, unsigned cells, unsigned cell, bool peak)
{
    size_t from = n * cell / cells, to = MAX(from + 1, n * (cell + 1) / cells), seen = 0;
    double sum = 0, highest = 0;
    for (size_t i = from; i < to && i < n; i++) {
        if (isnan(values[i]))
            continue;
        sum += values[i];
        highest = seen++ ? MAX(highest, values[i]) : values[i];
    }
    return seen == 0 ? NAN : peak ? highest : sum / (double)seen;
}

double gd_text_spark_top(const double *values, size_t n, unsigned cells, bool peak)
{
    double top = 0;
    for (unsigned cell = 0; n && cell < cells; cell++) {
        double value = cell_value(values, n, cells, cell, peak);
        if (!isnan(value))
            top = MAX(top, value);
    }
    return top;
}

char *gd_text_spark(const double *values, size_t n, unsigned cells, double top, bool peak,
                    bool utf8)
{
    GString *out = g_string_new(NULL);
    for (unsigned cell = 0; cell < cells; cell++) {
        double value = n ? cell_value(values, n, cells, cell, peak) : NAN;
        if (isnan(value)) {
            g_string_append_c(out, ' ');
            continue;
        }
        double share = top > 0 ? CLAMP(value / top, 0, 1) : 0;
        unsigned level = MIN((unsigned)(share * LEVELS), LEVELS - 1u);
        g_string_append(out, (utf8 ? blocks : ascii)[level]);
    }
    return g_string_free(out, FALSE);
}

char *gd_text_marks(const gd_text_span *spans, size_t n, unsigned cells, bool utf8)
{
    GString *out = g_string_new(NULL);
    for (unsigned cell = 0; cell < cells; cell++) {
        bool inside = false;
        for (size_t i = 0; i < n; i++) {
            unsigned from = MIN((unsigned)lround(spans[i].from * cells), cells - 1);
            unsigned to = MAX(from + 1, (unsigned)lround(spans[i].to * cells));
            inside = inside || (cell >= from && cell < to);
        }
        g_string_append(out, !inside ? " " : utf8 ? "━" : "^");
    }
    g_strchomp(out->str);
    out->len = strlen(out->str);
    return g_string_free(out, FALSE);
}
