#include "sim/spec/lex.h"

#include <string.h>

/* A double ends at 1.8e308; what other JSON tools would read as infinity is refused. */
#define MAX_MAGNITUDE 308
/* 2^53: beyond it other JSON tools round integers. */
#define MAX_INTEGER "9007199254740992"

/* The decimal exponent of the first digit that counts, G_MININT for zero. */
static int magnitude(const char *digits, size_t length)
{
    int exponent = 0, before = 0, zeros = 0; /* digits before the point, zeros after it */
    bool fraction = false, found = false;
    for (size_t i = digits[0] == '-'; i < length; i++) {
        char c = digits[i];
        if (c == 'e' || c == 'E') {
            bool negative = digits[++i] == '-';
            for (i += negative || digits[i] == '+'; i < length; i++)
                exponent = MIN(exponent * 10 + (digits[i] - '0'), 1000000);
            exponent = negative ? -exponent : exponent;
        } else if (c == '.') {
            fraction = true;
        } else if (!fraction) {
            before += found || c != '0';
            found = found || c != '0';
        } else if (!found) {
            zeros++;
            found = c != '0';
        }
    }
    if (!found)
        return G_MININT;
    return exponent + (before ? before - 1 : -zeros);
}

const char *gd_lex_judge_number(const char *token, size_t length)
{
    const char *at = token, *end = token + length;
    if (*at == '+')
        return "a number has no plus sign; write 1, not +1";
    at += *at == '-';
    if (at < end && *at == '.')
        return "a number begins with a digit; write 0.5, not .5";
    if (at == end || !g_ascii_isdigit(*at))
        return "not a number; JSON has no NaN and no Infinity, leave the member out or write null";
    if (*at == '0' && at + 1 < end && (at[1] == 'x' || at[1] == 'X'))
        return "JSON has no hexadecimal numbers; write 16, not 0x10";
    if (*at == '0' && at + 1 < end && g_ascii_isdigit(at[1]))
        return "a number has no leading zero; write 1, not 01";
    while (at < end && g_ascii_isdigit(*at))
        at++;
    bool integer = at == end;
    if (at < end && *at == '.') {
        if (++at == end || !g_ascii_isdigit(*at))
            return "a digit follows the point; write 1.0 or 1, not 1.";
        while (at < end && g_ascii_isdigit(*at))
            at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        if (at == end || !g_ascii_isdigit(*at))
            return "the exponent has no digits; write 1e6";
        while (at < end && g_ascii_isdigit(*at))
            at++;
    }
    if (at < end)
        return "not a number; a quantity with a unit is a string, such as \"250ms\"";
    if (magnitude(token, length) > MAX_MAGNITUDE)
        return "this number is larger than any that JSON tools can hold; write a smaller one";
    const char *digits = token + (*token == '-');
    size_t count = (size_t)(end - digits);
    if (integer && (count > strlen(MAX_INTEGER) ||
                    (count == strlen(MAX_INTEGER) && strncmp(digits, MAX_INTEGER, count) > 0)))
        return "beyond 2^53 JSON tools round whole numbers; write it as a string, or a smaller one";
    return NULL;
}
