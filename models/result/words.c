#include "models/result/words.h"

#include <glib.h>

int gd_word_decimals(double size)
{
    return size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
}

static const char *put(char *out, double value, int digits, const char *unit)
{
    char format[] = "%.0f", text[G_ASCII_DTOSTR_BUF_SIZE];
    format[2] = (char)('0' + digits);
    g_snprintf(out, GD_WORD, "%s%s", g_ascii_formatd(text, sizeof text, format, value), unit);
    return out;
}

static const char *say(char *out, const char *text)
{
    g_strlcpy(out, text, GD_WORD);
    return out;
}

/* Enough digits that 1 and what is only nearly 1 look different. */
const char *gd_word_percent(char *out, double ratio)
{
    if (ratio != ratio)
        return say(out, "-");
    double gap = ratio > 0.5 ? 1 - ratio : ratio;
    gap = gap < 0 ? -gap : gap;
    if (gap == 0)
        return say(out, ratio > 0.5 ? "100%" : "0%");
    if (gap < 0.0000005)
        return say(out, ratio > 0.5 ? ">99.9999%" : "<0.0001%");
    int digits = gap < 0.0000095 ? 4 : gap < 0.000095 ? 3 : gap < 0.0095 ? 2 : 1;
    return put(out, ratio * 100, digits, "%");
}

const char *gd_word_seconds(char *out, double s)
{
    if (!(s >= 0))
        return say(out, "-");
    if (s == 0)
        return say(out, "0");
    if (s < 0.9995)
        return put(out, s * 1e3, gd_word_decimals(s * 1e3), "ms");
    if (s < 119.5)
        return put(out, s, gd_word_decimals(s), "s");
    uint64_t whole = (uint64_t)(s + 0.5);
    char unit = 'm', rest = 's';
    if (whole >= 7200) {
        whole = (whole + 30) / 60;
        unit = 'h';
        rest = 'm';
    }
    if (whole % 60 == 0)
        g_snprintf(out, GD_WORD, "%" G_GUINT64_FORMAT "%c", whole / 60, unit);
    else
        g_snprintf(out, GD_WORD, "%" G_GUINT64_FORMAT "%c %u%c", whole / 60, unit,
                   (unsigned)(whole % 60), rest);
    return out;
}
