#include "sim/spec/quantity.h"
#include "tests/check.h"

#include <glib.h>

typedef bool parser(const char *text, int64_t *out, const char **why);

#define REFUSED INT64_MIN

typedef struct {
    const char *text;
    int64_t wanted; /* REFUSED: not read */
} literal;

static void check_all(const char *kind, parser *parse, const literal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t value = 77;
        const char *why = NULL;
        bool read = parse(cases[i].text, &value, &why);
        check_that(read == (cases[i].wanted != REFUSED), "%s \"%s\": %s", kind, cases[i].text,
                   read ? "read" : why);
        check_that(read || (why && strlen(why) > 10), "%s \"%s\" says why", kind, cases[i].text);
        check_that(value == (read ? cases[i].wanted : 77), "%s \"%s\": %lld", kind, cases[i].text,
                   (long long)value);
    }
}

static const literal spans[] = {
    {"0", 0},
    {"0s", 0},
    {"0.0", 0},
    {"1ns", 1},
    {"250ms", 250 * GD_MS},
    {"1us", GD_US},
    {"1µs", GD_US},
    {"0.1ms", 100 * GD_US},
    {"1.5s", 1500 * GD_MS},
    {"2m", 2 * GD_MINUTE},
    {"2min", 2 * GD_MINUTE},
    {"1h", GD_HOUR},
    {"0.5h", 30 * GD_MINUTE},
    {"1d", GD_DAY},
    {"1w", 7 * GD_DAY},
    {"1y", GD_YEAR},
    {"292y", 292 * GD_YEAR},
    {"1e3ms", GD_S},
    {"1E-3s", GD_MS},
    {"1e+2s", 100 * GD_S},
    {"0.000000001s", 1},
    {"1.000000001s", GD_S + 1},
    {"9223372036854775807ns", INT64_MAX},
    {"9223372036.854775807s", INT64_MAX},
    {"-5ms", -5 * GD_MS},
    {"1000000000000000000000000e-24s", GD_S},
    {"0.30000000000000000000000000s", 300 * GD_MS},
    {"0e999s", 0},
    {"5", REFUSED},
    {"", REFUSED},
    {"ms", REFUSED},
    {" 5ms", REFUSED},
    {"5ms ", REFUSED},
    {"5 ms", REFUSED},
    {"1h30m", REFUSED},
    {"+5ms", REFUSED},
    {"-0", REFUSED},
    {"-0ms", REFUSED},
    {"--5ms", REFUSED},
    {".5s", REFUSED},
    {"5.s", REFUSED},
    {"05s", REFUSED},
    {"00s", REFUSED},
    {"1,5s", REFUSED},
    {"1_000ms", REFUSED},
    {"0x10ms", REFUSED},
    {"5MS", REFUSED},
    {"5sec", REFUSED},
    {"5 seconds", REFUSED},
    {"10 parsecs", REFUSED},
    {"5ms5", REFUSED},
    {"0.5ns", REFUSED},
    {"0.0000000001s", REFUSED},
    {"1e-400s", REFUSED},
    {"1e400s", REFUSED},
    {"1e999999999999s", REFUSED},
    {"293y", REFUSED},
    {"9223372036854775808ns", REFUSED},
    {"12345678901234567890ns", REFUSED},
    {"1.2345678901234567890123s", REFUSED},
    {"NaN", REFUSED},
    {"Infinity", REFUSED},
    {"inf s", REFUSED},
    {"nans", REFUSED},
    {"5%", REFUSED},
    {"5/s", REFUSED},
    {"٥ms", REFUSED},
    {"5ｍs", REFUSED},
    {"5e", REFUSED},
    {"5es", REFUSED},
    {"5e+s", REFUSED},
};

static const literal shares[] = {
    {"0", 0},
    {"1", GD_SHARE_ONE},
    {"0.7", 700000000},
    {"70%", 700000000},
    {"100%", GD_SHARE_ONE},
    {"99.95%", 999500000},
    {"0.0000001%", 1},
    {"0.000000001", 1},
    {"8", 8 * GD_SHARE_ONE},
    {"150%", 1500000000},
    {"1e-9", 1},
    {"1e2%", GD_SHARE_ONE},
    {"0.1", 100000000},
    {"0.30", 300000000},
    {"-5%", -50000000},
    {"0%", 0},
    {"9223372036", 9223372036 * GD_SHARE_ONE},
    {"9223372037", REFUSED},
    {"0.0000000001", REFUSED},
    {"0.00000001%", REFUSED},
    {"1e-400", REFUSED},
    {"%", REFUSED},
    {"70 %", REFUSED},
    {"70%%", REFUSED},
    {"7/10", REFUSED},
    {"70percent", REFUSED},
    {"", REFUSED},
    {"-0", REFUSED},
    {"+1", REFUSED},
    {"1.", REFUSED},
    {"true", REFUSED},
};

static const literal rates[] = {
    {"0", 0},
    {"1/s", GD_RATE_HZ},
    {"500/s", 500 * GD_RATE_HZ},
    {"1/ms", 1000 * GD_RATE_HZ},
    {"30/min", GD_RATE_HZ / 2},
    {"30/m", GD_RATE_HZ / 2},
    {"3600/h", GD_RATE_HZ},
    {"1/h", 277777778},
    {"86400/d", GD_RATE_HZ},
    {"604800/w", GD_RATE_HZ},
    {"9/y", 285388},
    {"31536000/y", GD_RATE_HZ},
    {"0.3/d", 3472222},
    {"0.000001/s", 1000000},
    {"9000000/s", 9000000 * GD_RATE_HZ},
    {"0/s", 0},
    {"0.000000000001/s", 1},
    {"-1/s", -GD_RATE_HZ},
    {"1e3/s", 1000 * GD_RATE_HZ},
    {"9300000/s", REFUSED},
    {"0.0000000000001/s", REFUSED},
    {"500", REFUSED},
    {"500/S", REFUSED},
    {"500 /s", REFUSED},
    {"500/ s", REFUSED},
    {"500s", REFUSED},
    {"/s", REFUSED},
    {"500/", REFUSED},
    {"500/year", REFUSED},
    {"500rps", REFUSED},
    {"1h/s", REFUSED},
    {"1e30/s", REFUSED},
};

static const literal sizes[] = {
    {"0", 0},
    {"1500", 1500},
    {"1B", 1},
    {"1kB", 1000},
    {"1KB", 1000},
    {"1.5MB", 1500000},
    {"2GB", 2000000000},
    {"1TB", 1000000000000},
    {"64KiB", 65536},
    {"0.5KiB", 512},
    {"1MiB", 1048576},
    {"1GiB", 1073741824},
    {"1TiB", 1099511627776},
    {"9223372036854775807", INT64_MAX},
    {"1e3", 1000},
    {"9223372036854775808", REFUSED},
    {"9223373TB", REFUSED},
    {"0.3KiB", REFUSED},
    {"1.5", REFUSED},
    {"1.5B", REFUSED},
    {"64K", REFUSED},
    {"64kb", REFUSED},
    {"64 KiB", REFUSED},
    {"64kib", REFUSED},
    {"-0", REFUSED},
    {"many", REFUSED},
};

static const literal bandwidths[] = {
    {"0", 0},
    {"8bit/s", 1},
    {"1kbit/s", 125},
    {"1Kbit/s", 125},
    {"100Mbit/s", 12500000},
    {"1Gbit/s", 125000000},
    {"1B/s", 1},
    {"125MB/s", 125000000},
    {"64KiB/s", 65536},
    {"1GiB/s", 1073741824},
    {"2.5Gbit/s", 312500000},
    {"1bit/s", REFUSED},
    {"12bit/s", REFUSED},
    {"1Gbps", REFUSED},
    {"1Gb/s", REFUSED},
    {"1GB", REFUSED},
    {"1000", REFUSED},
    {"1mbit/s", REFUSED},
};

static const literal counts[] = {
    {"0", 0},
    {"12", 12},
    {"1e6", 1000000},
    {"1.0", 1},
    {"1.5e1", 15},
    {"-3", -3},
    {"9223372036854775807", INT64_MAX},
    {"-9223372036854775807", -INT64_MAX},
    {"1.5", REFUSED},
    {"1e-1", REFUSED},
    {"9223372036854775808", REFUSED},
    {"1e19", REFUSED},
    {"01", REFUSED},
    {"12x", REFUSED},
    {"12%", REFUSED},
    {"", REFUSED},
};

static const literal nanos[] = {
    {"0.99", 990000000},        {"1", GD_SHARE_ONE}, {"-2.5", -2500000000},
    {"0.123456789", 123456789}, {"1e-9", 1},         {"0.1234567891", REFUSED},
    {"1e10", REFUSED},          {"0.99%", REFUSED},
};

static void test_literals(void **unused)
{
    (void)unused;
    check_all("span", gd_parse_span, spans, G_N_ELEMENTS(spans));
    check_all("share", gd_parse_share, shares, G_N_ELEMENTS(shares));
    check_all("rate", gd_parse_rate, rates, G_N_ELEMENTS(rates));
    check_all("bytes", gd_parse_bytes, sizes, G_N_ELEMENTS(sizes));
    check_all("bits", gd_parse_bits, bandwidths, G_N_ELEMENTS(bandwidths));
    check_all("count", gd_parse_count, counts, G_N_ELEMENTS(counts));
    check_all("nano", gd_parse_nano, nanos, G_N_ELEMENTS(nanos));
}

static void test_remedies(void **unused)
{
    (void)unused;
    static const struct {
        parser *parse;
        const char *text, *said;
    } cases[] = {
        {gd_parse_span, "1h30m", "90m"},
        {gd_parse_span, "5", "write ns, us, ms, s"},
        {gd_parse_span, "10 ms", "blank"},
        {gd_parse_span, "10 parsecs", "no unit of time"},
        {gd_parse_span, "10parsecs", "such as 250ms"},
        {gd_parse_span, "0.5ns", "whole number of nanoseconds"},
        {gd_parse_span, "300y", "too large"},
        {gd_parse_rate, "5", "180/s"},
        {gd_parse_bits, "1bit/s", "multiple of 8bit/s"},
        {gd_parse_share, "0.1234567890123", "nine decimal places"},
        {gd_parse_count, "12345678901234567890123", "19 digits"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t value;
        const char *why = "";
        check_that(!cases[i].parse(cases[i].text, &value, &why), "%s", cases[i].text);
        check_that(strstr(why, cases[i].said), "%s: %s", cases[i].text, why);
    }
}

static const struct {
    int64_t value;
    const char *wanted;
} printed_spans[] = {
    {0, "0s"},
    {1, "1ns"},
    {250 * GD_MS, "250ms"},
    {1500 * GD_MS, "1.5s"},
    {GD_S, "1s"},
    {90 * GD_S, "90s"},
    {90 * GD_MINUTE, "90m"},
    {GD_HOUR, "1h"},
    {30 * GD_DAY, "30d"},
    {GD_YEAR, "365d"},
    {-5 * GD_MS, "-5ms"},
    {GD_S + 1, "1.000000001s"},
    {INT64_MAX, "9223372036.854775807s"},
};

static const struct {
    int64_t value;
    const char *wanted;
} printed_rates[] = {
    {0, "0/s"},      {180 * GD_RATE_HZ, "180/s"}, {GD_RATE_HZ / 2, "0.5/s"},
    {285388, "9/y"}, {277777778, "1/h"},          {1, "0.00003/y"},
};

static void test_printing(void **unused)
{
    (void)unused;
    char text[32];
    for (size_t i = 0; i < G_N_ELEMENTS(printed_spans); i++) {
        gd_print_span(printed_spans[i].value, text);
        check_text(text, printed_spans[i].wanted, "%lld ns", (long long)printed_spans[i].value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(printed_rates); i++) {
        gd_print_rate(printed_rates[i].value, text);
        check_text(text, printed_rates[i].wanted, "%lld", (long long)printed_rates[i].value);
    }
    gd_print_share(125000000, text);
    check_text(text, "12.5%", "an eighth");
    gd_print_share(8 * GD_SHARE_ONE, text);
    check_text(text, "800%", "a factor");
}

/* Property: what is printed reads back, whatever the value. */
static void test_printed_reads_back(void **unused)
{
    (void)unused;
    uint64_t u = 1;
    for (unsigned i = 0; i < 20000; i++) {
        u = u * UINT64_C(6364136223846793005) + 1442695040888963407;
        int64_t value = (int64_t)(u >> (i % 63 + 1)), back = -1;
        const char *why = "";
        char text[32];
        gd_print_span(value, text);
        check_that(gd_parse_span(text, &back, &why) && back == value, "%s: %s", text, why);
        gd_print_share(value, text);
        check_that(gd_parse_share(text, &back, &why) && back == value, "%s: %s", text, why);
        gd_print_rate(value, text);
        check_that(gd_parse_rate(text, &back, &why) && back == value, "%s: %s", text, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_remedies),
        cmocka_unit_test(test_printing),
        cmocka_unit_test(test_printed_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
