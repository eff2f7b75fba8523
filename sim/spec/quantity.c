#include "sim/spec/quantity.h"

#include <glib.h>
#include <string.h>

/* A whole result of 63 bits has at most 19 digits that count. */
#define MAX_DIGITS 19
/* 10^38 is the largest power of ten that gd_i128 holds. */
#define MAX_POWER 38

typedef struct {
    gd_i128 mantissa; /* with its sign; below 10^19 */
    int exponent;     /* of ten */
} decimal;

/* value x numerator / denominator is in the target's unit. */
typedef struct {
    const char *name;
    int64_t numerator, denominator;
} unit;

static const unit span_units[] = {
    {"ns", 1, 1},     {"us", GD_US, 1},     {"µs", GD_US, 1},      {"ms", GD_MS, 1},
    {"s", GD_S, 1},   {"m", GD_MINUTE, 1},  {"min", GD_MINUTE, 1}, {"h", GD_HOUR, 1},
    {"d", GD_DAY, 1}, {"w", 7 * GD_DAY, 1}, {"y", GD_YEAR, 1},     {NULL, 0, 0},
};

static const unit rate_units[] = {
    {"/s", GD_RATE_HZ, 1},      {"/ms", GD_RATE_HZ * 1000, 1}, {"/min", GD_RATE_HZ, 60},
    {"/m", GD_RATE_HZ, 60},     {"/h", GD_RATE_HZ, 3600},      {"/d", GD_RATE_HZ, 86400},
    {"/w", GD_RATE_HZ, 604800}, {"/y", GD_RATE_HZ, 31536000},  {NULL, 0, 0},
};

static const unit share_units[] = {
    {"", GD_SHARE_ONE, 1},
    {"%", GD_SHARE_ONE / 100, 1},
    {NULL, 0, 0},
};

static const unit byte_units[] = {
    {"", 1, 1},
    {"B", 1, 1},
    {"kB", 1000, 1},
    {"KB", 1000, 1},
    {"MB", 1000000, 1},
    {"GB", 1000000000, 1},
    {"TB", INT64_C(1000000000000), 1},
    {"KiB", 1024, 1},
    {"MiB", 1024 * 1024, 1},
    {"GiB", 1024 * 1024 * 1024, 1},
    {"TiB", INT64_C(1024) * 1024 * 1024 * 1024, 1},
    {NULL, 0, 0},
};

static const unit bit_units[] = {
    {"bit/s", 1, 8},
    {"kbit/s", 125, 1},
    {"Kbit/s", 125, 1},
    {"Mbit/s", 125000, 1},
    {"Gbit/s", 125000000, 1},
    {"Tbit/s", INT64_C(125000000000), 1},
    {"B/s", 1, 1},
    {"kB/s", 1000, 1},
    {"KB/s", 1000, 1},
    {"MB/s", 1000000, 1},
    {"GB/s", 1000000000, 1},
    {"KiB/s", 1024, 1},
    {"MiB/s", 1024 * 1024, 1},
    {"GiB/s", 1024 * 1024 * 1024, 1},
    {NULL, 0, 0},
};

static const unit count_units[] = {{"", 1, 1}, {NULL, 0, 0}};
static const unit nano_units[] = {{"", GD_SHARE_ONE, 1}, {NULL, 0, 0}};

/* What each kind says of a wrong text; `why` is static, so the examples are too. */
typedef struct {
    const unit *units;
    bool rounds;    /* to the nearest: a rate per minute is no whole number of 10^-12 /s */
    bool bare_zero; /* 0 needs no unit */
    const char *no_number, *bad_unit, *no_unit, *not_whole;
} quantity;

static const quantity span_quantity = {
    span_units,
    false,
    true,
    "is not a duration; write 250ms, 10s or 2m",
    "has no unit of time that is known; write ns, us, ms, s, m, h, d, w or y, such as 250ms",
    "has no unit; write ns, us, ms, s, m, h, d, w or y after it, such as 250ms",
    "is no whole number of nanoseconds; write fewer decimal places",
};
static const quantity rate_quantity = {
    rate_units,
    true,
    true,
    "is not a rate; write 180/s, 30/min or 9/y",
    "has no unit of rate that is known; write /ms, /s, /min, /h, /d, /w or /y, such as 180/s",
    "has no unit; write /s, /min, /h, /d or /y after it, such as 180/s",
    "is too small a rate; write at least 0.000001/s",
};
static const quantity share_quantity = {
    share_units,
    false,
    true,
    "is not a share; write 70% or 0.7",
    "is not a share; write a number or a percentage, such as 0.7 or 70%",
    "",
    "has more than nine decimal places; write fewer",
};
static const quantity byte_quantity = {
    byte_units,
    false,
    true,
    "is not a size; write 1500, 64KiB or 1.5MB",
    "has no unit of size that is known; write B, KB, MB, GB, KiB, MiB or GiB, such as 64KiB",
    "",
    "is no whole number of bytes; write fewer decimal places",
};
static const quantity bit_quantity = {
    bit_units,
    false,
    true,
    "is not a bandwidth; write 1Gbit/s or 125MB/s",
    "has no unit of bandwidth that is known; write kbit/s, Mbit/s, Gbit/s, KB/s or MB/s, such as "
    "1Gbit/s",
    "has no unit; write kbit/s, Mbit/s, Gbit/s or MB/s after it, such as 1Gbit/s",
    "is no whole number of bytes a second; write a multiple of 8bit/s",
};
static const quantity count_quantity = {
    count_units,
    false,
    true,
    "is not a whole number; write digits, such as 12",
    "is not a whole number; write digits without a unit, such as 12",
    "",
    "is not a whole number; write one without decimal places",
};
static const quantity nano_quantity = {
    nano_units,
    false,
    true,
    "is not a number; write digits, such as 0.99",
    "is not a number; write digits without a unit, such as 0.99",
    "",
    "has more than nine decimal places; write fewer",
};

static const char *skip_digits(const char *at, decimal *value, int *digits, int places)
{
    for (; g_ascii_isdigit(*at); at++) {
        if (*digits || *at != '0')
            ++*digits;
        /* Trailing zeros beyond the limit count in the exponent; other digits cannot be kept. */
        if (*digits <= MAX_DIGITS) {
            value->mantissa = value->mantissa * 10 + (*at - '0');
            value->exponent -= places;
        } else if (*at == '0') {
            value->exponent += !places;
        } else {
            return NULL;
        }
    }
    return at;
}

/* Reads the number of RFC 8259 that `text` begins with. NULL: it begins with none; *too_long: with
 * one of more than 19 digits that count. */
static const char *scan_decimal(const char *text, decimal *value, bool *too_long)
{
    const char *at = text;
    bool negative = *at == '-';
    int digits = 0;
    *value = (decimal){0};
    *too_long = false;
    at += negative;
    if (!g_ascii_isdigit(*at) || (*at == '0' && g_ascii_isdigit(at[1])))
        return NULL;
    at = skip_digits(at, value, &digits, 0);
    if (at && *at == '.') {
        if (!g_ascii_isdigit(*++at))
            return NULL;
        at = skip_digits(at, value, &digits, 1);
    }
    if (!at) {
        *too_long = true;
        return NULL;
    }
    bool sign = (*at == 'e' || *at == 'E') && (at[1] == '+' || at[1] == '-');
    if ((*at == 'e' || *at == 'E') && g_ascii_isdigit(at[1 + sign])) {
        bool below = at[1] == '-';
        int exponent = 0;
        for (at += 1 + sign; g_ascii_isdigit(*at); at++)
            exponent = MIN(exponent * 10 + (*at - '0'), 100000);
        value->exponent += below ? -exponent : exponent;
    }
    if (negative)
        value->mantissa = -value->mantissa;
    return at;
}

/* |value| x 10^exponent x numerator / denominator: -1 does not fit, 0 is not whole, 1 is *out. */
static int scale(decimal value, const unit *u, bool rounds, int64_t *out)
{
    bool negative = value.mantissa < 0;
    gd_i128 top = negative ? -value.mantissa : value.mantissa, bottom = u->denominator;
    const gd_i128 limit = (gd_i128)1 << 122; /* both stay below, so x10 cannot overflow */
    if (top == 0) {
        *out = 0;
        return 1;
    }
    top *= u->numerator; /* < 10^19 x 2^55 */
    /* Zeros at the end of the mantissa need not be multiplied into the denominator. */
    for (; value.exponent < 0 && top % 10 == 0; value.exponent++)
        top /= 10;
    for (; value.exponent > 0 && top < limit; value.exponent--)
        top *= 10;
    for (; value.exponent < 0 && bottom < limit; value.exponent++)
        bottom *= 10;
    if (value.exponent > 0)
        return -1;
    if (value.exponent < 0)
        return 0;
    if (top % bottom != 0 && !rounds)
        return 0;
    gd_i128 result = rounds ? (top + bottom / 2) / bottom : top / bottom;
    if (result == 0)
        return 0;
    if (result > INT64_MAX)
        return -1;
    *out = negative ? -(int64_t)result : (int64_t)result;
    return 1;
}

static bool is_compound(const char *unit_text)
{
    const char *digit = unit_text;
    while (g_ascii_isalpha(*digit))
        digit++;
    return digit > unit_text && g_ascii_isdigit(*digit);
}

static const char *judge_unit(const quantity *q, const char *text)
{
    if (q == &span_quantity && is_compound(text))
        return "joins two durations; write it in one unit, such as 90m for one hour and a half";
    for (const unit *u = q->units; u->name; u++)
        if (*text == ' ' && *u->name && strcmp(text + 1, u->name) == 0)
            return "has a blank before its unit; write both together, such as 250ms";
    return *text ? q->bad_unit : q->no_unit;
}

static bool parse(const quantity *q, const char *text, int64_t *out, const char **why)
{
    decimal value;
    bool too_long;
    const char *rest = scan_decimal(text, &value, &too_long);
    *why = too_long ? "has more than 19 digits that count; write fewer" : q->no_number;
    if (!rest)
        return false;
    if (text[0] == '-' && value.mantissa == 0) {
        *why = "is a negative zero; write 0";
        return false;
    }
    if (!*rest && q->bare_zero && value.mantissa == 0) {
        *out = 0;
        return true;
    }
    for (const unit *u = q->units; u->name; u++) {
        if (strcmp(u->name, rest) != 0)
            continue;
        int64_t result;
        int fits = scale(value, u, q->rounds, &result);
        *why = fits < 0 ? "is too large; write a smaller value" : q->not_whole;
        if (fits == 1)
            *out = result;
        return fits == 1;
    }
    *why = judge_unit(q, rest);
    return false;
}

bool gd_parse_span(const char *text, gd_span *out, const char **why)
{
    return parse(&span_quantity, text, out, why);
}

bool gd_parse_share(const char *text, gd_share *out, const char **why)
{
    return parse(&share_quantity, text, out, why);
}

bool gd_parse_rate(const char *text, gd_rate *out, const char **why)
{
    return parse(&rate_quantity, text, out, why);
}

bool gd_parse_bytes(const char *text, int64_t *out, const char **why)
{
    return parse(&byte_quantity, text, out, why);
}

bool gd_parse_bits(const char *text, int64_t *out, const char **why)
{
    return parse(&bit_quantity, text, out, why);
}

bool gd_parse_count(const char *text, int64_t *out, const char **why)
{
    return parse(&count_quantity, text, out, why);
}

bool gd_parse_nano(const char *text, int64_t *out, const char **why)
{
    return parse(&nano_quantity, text, out, why);
}

/* --- printing --------------------------------------------------------------------------------- */

/* value / divisor as an exact decimal followed by `unit_name`; false when it needs more than
 * `places` decimal places or does not fit `out`. */
static bool print_decimal(int64_t value, gd_i128 divisor, int places, const char *unit_name,
                          char *out)
{
    bool negative = value < 0;
    gd_i128 rest = negative ? -(gd_i128)value : value;
    uint64_t whole = (uint64_t)(rest / divisor);
    char decimals[16];
    int n = 0;
    for (rest %= divisor; rest && n < places; n++) {
        rest *= 10;
        decimals[n] = (char)('0' + (int)(rest / divisor));
        rest %= divisor;
    }
    decimals[n] = '\0';
    int length = g_snprintf(out, 32, "%s%" G_GUINT64_FORMAT "%s%s%s", negative ? "-" : "", whole,
                            n ? "." : "", decimals, unit_name);
    return !rest && length < 32;
}

/* Nine decimal places are what a share or a second can have. */
#define PLACES 9

void gd_print_span(gd_span span, char *out)
{
    static const unit units[] = {
        {"ns", 1, 1},        {"us", GD_US, 1},  {"ms", GD_MS, 1}, {"s", GD_S, 1},
        {"m", GD_MINUTE, 1}, {"h", GD_HOUR, 1}, {"d", GD_DAY, 1}, {NULL, 0, 0},
    };
    g_strlcpy(out, "0s", 32);
    size_t shortest = SIZE_MAX;
    for (const unit *u = units; u->name && span; u++) {
        char text[32];
        gd_i128 size = span < 0 ? -(gd_i128)span : span;
        if ((size < u->numerator && u->numerator > 1) ||
            !print_decimal(span, u->numerator, PLACES, u->name, text))
            continue;
        if (strlen(text) <= shortest) {
            shortest = strlen(text);
            g_strlcpy(out, text, 32);
        }
    }
}

void gd_print_share(gd_share share, char *out)
{
    bool exact = print_decimal(share, GD_SHARE_ONE / 100, PLACES, "%", out);
    g_assert(exact);
}

/* Of the units in which few decimals read back as the same rate, the shortest text; else the exact
 * rate a second, which has at most twelve. */
void gd_print_rate(gd_rate rate, char *out)
{
    static const unit units[] = {
        {"/s", 0, 1}, {"/min", 0, 60}, {"/h", 0, 3600}, {"/d", 0, 86400}, {"/y", 0, 31536000},
    };
    static const int64_t steps[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    bool exact = print_decimal(rate, GD_RATE_HZ, 12, "/s", out);
    g_assert(exact);
    size_t shortest = strlen(out);
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(steps); k++) {
            gd_i128 scaled = (gd_i128)rate * units[i].denominator * steps[k];
            gd_i128 half = rate < 0 ? -GD_RATE_HZ / 2 : GD_RATE_HZ / 2;
            gd_i128 rounded = (scaled + half) / GD_RATE_HZ;
            if (rounded > INT64_MAX || rounded < -INT64_MAX)
                break;
            char text[32];
            const char *why;
            gd_rate back;
            if (!print_decimal((int64_t)rounded, steps[k], PLACES, units[i].name, text) ||
                !gd_parse_rate(text, &back, &why) || back != rate)
                continue;
            if (strlen(text) < shortest) {
                shortest = strlen(text);
                g_strlcpy(out, text, 32);
            }
            break;
        }
    }
}
