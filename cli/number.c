#include "cli/number.h"

#include "cli/say.h"
#include "sim/spec/quantity.h"

#include <string.h>

static bool digits(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (!g_ascii_isdigit(*text) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool gd_number_read(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value;
    if (digits(text, &value) && value >= min && value <= max) {
        *out = value;
        return true;
    }
    gd_say("%s takes a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
           ", not \"%s\"",
           option, min, max, text);
    return false;
}

bool gd_scale_read(const char *option, const char *text, gd_share *out)
{
    const char *slash = strchr(text, '/'), *why;
    gd_share share = 0;
    if (slash) {
        g_autofree char *above = g_strndup(text, (gsize)(slash - text));
        uint64_t a, b;
        if (digits(above, &a) && digits(slash + 1, &b) && a && a <= b && b <= GD_SHARE_ONE)
            share = (gd_share)((gd_u128)a * GD_SHARE_ONE / b);
    } else if (!gd_parse_share(text, &share, &why)) {
        share = 0;
    }
    if (share > 0 && share <= GD_SHARE_ONE) {
        *out = share;
        return true;
    }
    gd_say("%s takes a share above 0 and at most 1, as 1/20, 5%% or 0.05, not \"%s\"", option,
           text);
    return false;
}
