#include "report/text_number.h"

#include "models/result/words.h"

#include <glib.h>
#include <math.h>
#include <string.h>

char *gd_text_count(uint64_t count)
{
    char digits[32];
    g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, count);
    GString *out = g_string_new(NULL);
    for (size_t length = strlen(digits), i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

char *gd_text_number(double value)
{
    if (isnan(value))
        return g_strdup("-");
    double size = fabs(value);
    if (size >= 999.5 && size < 1e18) {
        g_autofree char *whole = gd_text_count((uint64_t)llround(size));
        return g_strdup_printf("%s%s", value < 0 ? "-" : "", whole);
    }
    if (size == 0)
        return g_strdup("0");
    if (size >= 1e18 || (size >= 0.001 && size < 0.0995))
        return g_strdup_printf("%.2g", value);
    if (size < 0.001)
        return g_strdup(value < 0 ? ">-0.001" : "<0.001");
    return g_strdup_printf("%.*f", gd_word_decimals(size), value);
}

char *gd_text_rate(double per_s)
{
    if (isnan(per_s))
        return g_strdup("-");
    static const struct {
        double size;
        const char *letter;
    } steps[] = {{1e9, "G"}, {1e6, "M"}, {1e4, "k"}};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (per_s < steps[i].size)
            continue;
        double value = per_s / (steps[i].size >= 1e6 ? steps[i].size : 1e3);
        return g_strdup_printf("%.*f%s/s", gd_word_decimals(value), value, steps[i].letter);
    }
    g_autofree char *number = gd_text_number(per_s);
    return g_strdup_printf("%s/s", number);
}

char *gd_text_ms(double ms)
{
    return isnan(ms) || ms < 0 ? g_strdup("-") : gd_text_seconds(ms / 1e3);
}

char *gd_text_seconds(double s)
{
    char word[GD_WORD];
    return g_strdup(gd_word_seconds(word, s));
}

char *gd_text_clock(double s)
{
    if (isnan(s))
        return g_strdup("-");
    int64_t ms = llround(fabs(s) * 1e3);
    const char *sign = s < 0 && ms ? "-" : "";
    int64_t whole = ms / 1000;
    int hours = (int)(whole / 3600), minutes = (int)(whole / 60 % 60), seconds = (int)(whole % 60);
    if (hours)
        return g_strdup_printf("%s%d:%02d:%02d", sign, hours, minutes, seconds);
    if (ms % 1000 && whole < 60)
        return g_strdup_printf("%s%d:%02d.%d", sign, minutes, seconds, (int)(ms % 1000 / 100));
    return g_strdup_printf("%s%d:%02d", sign, minutes, seconds);
}

char *gd_text_percent(double ratio)
{
    char word[GD_WORD];
    return g_strdup(gd_word_percent(word, ratio));
}

char *gd_text_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < G_N_ELEMENTS(units)) {
        value /= 1024;
        unit++;
    }
    return unit ? g_strdup_printf("%.*f %s", gd_word_decimals(value), value, units[unit])
                : g_strdup_printf("%u B", (unsigned)bytes);
}
