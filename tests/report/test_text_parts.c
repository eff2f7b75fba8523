#include "report/text_number.h"
#include "report/text_sheet.h"
#include "report/text_spark.h"
#include "report/text_table.h"
#include "tests/check.h"

#include <math.h>

/* ---- numbers ----------------------------------------------------------------------------------
 */

static void check_number(char *got, const char *wanted)
{
    check_text(got, wanted, "as a number");
    g_free(got);
}

static void test_numbers(void **unused)
{
    (void)unused;
    check_number(gd_text_count(0), "0");
    check_number(gd_text_count(999), "999");
    check_number(gd_text_count(1234567), "1,234,567");
    check_number(gd_text_count(UINT64_MAX), "18,446,744,073,709,551,615");
    check_number(gd_text_number(0), "0");
    check_number(gd_text_number(1234.5), "1,235");
    check_number(gd_text_number(-2000), "-2,000");
    check_number(gd_text_number(12.34), "12.3");
    check_number(gd_text_number(0.0123), "0.012");
    check_number(gd_text_number(0.000123), "<0.001");
    check_number(gd_text_number(NAN), "-");
    check_number(gd_text_rate(36.14), "36.1/s");
    check_number(gd_text_rate(8.2e6), "8.20M/s");
    check_number(gd_text_rate(12345), "12.3k/s");
    check_number(gd_text_ms(610), "610ms");
    check_number(gd_text_ms(3900), "3.90s");
    check_number(gd_text_ms(0.42), "0.420ms");
    check_number(gd_text_ms(NAN), "-");
    check_number(gd_text_ms(-1), "-");
    check_number(gd_text_seconds(130), "2m 10s");
    check_number(gd_text_seconds(2400), "40m");
    check_number(gd_text_seconds(86400), "24h");
    check_number(gd_text_clock(600), "10:00");
    check_number(gd_text_clock(3723), "1:02:03");
    check_number(gd_text_clock(1.25), "0:01.2");
    check_number(gd_text_clock(-5), "-0:05");
    check_number(gd_text_percent(1), "100%");
    check_number(gd_text_percent(0), "0%");
    check_number(gd_text_percent(0.9995), "99.95%");
    check_number(gd_text_percent(0.99999), "99.999%");
    check_number(gd_text_percent(0.999999999), ">99.9999%");
    check_number(gd_text_percent(0.5), "50.0%");
    check_number(gd_text_percent(0.0004), "0.04%");
    check_number(gd_text_bytes(512), "512 B");
    check_number(gd_text_bytes(13 << 20), "13.0 MiB");
}

/* ---- names, sparklines, tables ----------------------------------------------------------------
 */

static void test_escape(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *utf8, *ascii;
    } cases[] = {
        {"plain", "plain", "plain"},
        {"\033]0;title\a", "\\x1b]0;title\\x07", "\\x1b]0;title\\x07"},
        {"%n%s", "%n%s", "%n%s"},
        {"caf\u00e9", "caf\u00e9", "caf\\u{e9}"},
        {"a\u202eb", "a\\u{202e}b", "a\\u{202e}b"},
        {"a\u2066b", "a\\u{2066}b", "a\\u{2066}b"},
        {"\xc2\x85x", "\\u{85}x", "\\u{85}x"},
        {"cut \xe2\x82", "cut \\xe2\\x82", "cut \\xe2\\x82"},
        {"\xff", "\\xff", "\\xff"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *utf8 = gd_text_escape(cases[i].text, true);
        g_autofree char *ascii = gd_text_escape(cases[i].text, false);
        check_text(utf8, cases[i].utf8, "case %zu", i);
        check_text(ascii, cases[i].ascii, "case %zu, ASCII", i);
    }
}

static void test_cut(void **unused)
{
    (void)unused;
    g_autofree char *whole = gd_text_cut("abc", 3, true), *cut = gd_text_cut("abcd", 3, true);
    g_autofree char *ascii = gd_text_cut("abcd", 3, false), *wide = gd_text_cut("日本語", 5, true);
    check_text(whole, "abc", "fits");
    check_text(cut, "ab…", "cut");
    check_text(ascii, "ab~", "cut in ASCII");
    check_text(wide, "日本…", "two columns a character");
}

static void test_sparks(void **unused)
{
    (void)unused;
    static const double ramp[] = {0, 1, 2, 3, 4, 5, 6, 7}, holes[] = {NAN, 2, NAN, 0};
    g_autofree char *eight = gd_text_spark(ramp, 8, 8, 7, false, true);
    check_text(eight, "▁▂▃▄▅▆▇█", "one level a value");
    g_autofree char *ascii = gd_text_spark(ramp, 8, 8, 7, false, false);
    check_text(ascii, "_.:-=+*#", "the same in ASCII");
    g_autofree char *mean = gd_text_spark(ramp, 8, 2, 7, false, false);
    check_text(mean, ".*", "means 1.5 and 5.5 of 7");
    g_autofree char *peak = gd_text_spark(ramp, 8, 2, 7, true, false);
    check_text(peak, "-#", "peaks 3 and 7 of 7");
    g_autofree char *wide = gd_text_spark(ramp + 6, 2, 4, 7, false, false);
    check_text(wide, "**##", "more cells than windows");
    g_autofree char *blank = gd_text_spark(holes, 4, 4, 2, false, false);
    check_text(blank, " # _", "nothing is not zero");
    check_that(gd_text_spark_top(ramp, 8, 2, false) == 5.5, "top of the means");
    check_that(gd_text_spark_top(holes, 1, 1, false) == 0, "top of nothing");

    static const gd_text_span spans[] = {{0.2, 0.5}, {0.9, 0.9}};
    g_autofree char *marks = gd_text_marks(spans, 2, 10, false);
    check_text(marks, "  ^^^    ^", "a span, and an instant that still shows");
}

static void test_table(void **unused)
{
    (void)unused;
    static const gd_column columns[] = {{"service", false}, {"busy", true}, {"why", false}};
    g_autoptr(gd_table) table = gd_table_new(columns, 3);
    static const char *const cells[] = {
        "payments-gateway-west", "70%", "a long reason to be here", "pg", "100%", "-"};
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
        gd_table_take(table, GD_INK_PLAIN, g_strdup(cells[i]));
    static const struct {
        unsigned width;
        const char *wanted;
    } cases[] = {
        {80, "service                busy  why\n"
             "payments-gateway-west   70%  a long reason to be here\n"
             "pg                     100%  -\n"},
        {45, "service                busy  why\n"
             "payments-gateway-west   70%  a long reason t~\n"
             "pg                     100%  -\n"},
        {40, "service               busy  why\n"
             "payments-gateway-we~   70%  a long reas~\n"
             "pg                    100%  -\n"},
        {30, "service               busy\n"
             "payments-gateway-we~   70%\n"
             "pg                    100%\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        gd_sheet sheet = {.text = g_string_new(NULL), .form = {.width = cases[i].width}};
        gd_table_print(table, &sheet);
        check_text(sheet.text->str, cases[i].wanted, "width %u", cases[i].width);
        g_string_free(sheet.text, TRUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_escape), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_sparks),  cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
