/* The document and the table: exact, the same bytes each time, and safe to open. */
#include "report/csv.h"
#include "report/json.h"
#include "tests/models/result/fixture.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <locale.h>
#include <math.h>

static void check_number(double value, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gd_json_number(text, value);
    check_text(text->str, wanted, "%a", value);
}

static void test_numbers(void **unused)
{
    (void)unused;
    check_number(0, "0");
    check_number(-0., "0");
    check_number(1, "1");
    check_number(-2.5, "-2.5");
    check_number(0.1, "0.1");
    check_number(1. / 3, "0.3333333333333333");
    check_number(0.1 + 0.2, "0.30000000000000004");
    check_number(1e22, "1e+22");
    check_number(9007199254740993., "9007199254740992");
    check_number(DBL_MAX, "1.7976931348623157e+308");
    check_number(DBL_TRUE_MIN, "4.94065645841247e-324");
}

/* Property: what is written reads back to the same bits. */
static void test_numbers_read_back(void **unused)
{
    (void)unused;
    g_autoptr(GString) text = g_string_new(NULL);
    uint64_t state = 1;
    for (unsigned i = 0; i < 200000; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = state ^ (state >> 29);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        g_string_truncate(text, 0);
        gd_json_number(text, value);
        check_that(g_ascii_strtod(text->str, NULL) == value, "%a became %s", value, text->str);
    }
}

static void test_texts(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"plain", "\"plain\""},
        {"say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\""},
        {"a\nb\tc\r\x01\x7f", "\"a\\nb\\tc\\u000d\\u0001\\u007f\""},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
        {"bad \xff", "\"bad \xef\xbf\xbd\""},
        {"</script>", "\"</script>\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        gd_json_text(text, cases[i].text);
        check_text(text->str, cases[i].wanted, "case %zu", i);
    }
}

static fixture *make(void)
{
    fixture *f = fixture_new();
    fixture_fault(f, 200, 300);
    fixture_load(f, CHECKOUT, 200, 350, 100, 50);
    gd_view_record *view = &f->record.views[CHECKOUT];
    view->requests[GD_BEFORE] = 20000;
    view->outcomes[GD_BEFORE][GD_OK] = 19999;
    view->outcomes[GD_BEFORE][GD_TIMEOUT] = 1;
    view->users = 20000;
    for (int i = 1; i <= 1000; i++)
        gd_hist_add(&view->good[GD_BEFORE], &f->hists, i * GD_MS / 3);
    f->record.view_series[CHECKOUT].p99[4] = 12345678;
    f->record.seed = UINT64_MAX;
    return f;
}

static const cJSON *at(const cJSON *root, const char *path)
{
    g_auto(GStrv) keys = g_strsplit(path, "/", -1);
    for (guint i = 0; keys[i]; i++) {
        const cJSON *child = cJSON_GetObjectItemCaseSensitive(root, keys[i]);
        check_that(child != NULL, "%s: no %s", path, keys[i]);
        root = child;
    }
    return root;
}

static void test_document(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = make();
    static const char expect_text[] = "{\"back\": \"recovery.fault_end_to_recover < 5m\"}";
    g_autoptr(gd_problems) problems = gd_problems_new();
    const gd_node *expect =
        gd_source_parse(f->arena, "s.json", expect_text, sizeof expect_text - 1, problems);
    const gd_result_file file = {"/home/somebody/shop.json", UINT64_C(0xabc)};
    const gd_result_assumption assumption = {"services.pg.work", "4ms", "2ms", "9ms", "guess"};
    const gd_result_options options = {.expect = expect,
                                       .files = &file,
                                       .n_files = 1,
                                       .assumptions = &assumption,
                                       .n_assumptions = 1};
    g_autoptr(gd_result) result = gd_result_new(&f->record, &options);
    g_autoptr(GString) pretty = gd_json_write(result, true), terse = gd_json_write(result, false);
    cJSON *root = cJSON_ParseWithOpts(pretty->str, NULL, 1);
    check_that(root != NULL, "it is JSON");

    check_text(at(root, "digest")->valuestring, "0123456789abcdef", "hex, all digits");
    check_that(strstr(terse->str, "\"seed\":18446744073709551615,") != NULL, "integers are exact");
    check_that(at(root, "simulated_s")->valuedouble == SECONDS, "%g",
               at(root, "simulated_s")->valuedouble);
    const cJSON *checkout = at(root, "operations/web.checkout");
    check_that(at(checkout, "availability_ratio")->valuedouble == 19999. / 20000, "same bits");
    check_that(at(checkout, "outcomes/timeout")->valuedouble == 1, "by name");
    check_that(!cJSON_HasObjectItem(at(checkout, "outcomes"), "shed"), "only what occurred");
    check_that(at(checkout, "latency_ms/max")->valuedouble == 333.333333, "ns in ms");
    check_that(!cJSON_HasObjectItem(checkout, "latency_all_ms"), "nothing known, nothing said");
    check_that(at(checkout, "phases/before/requests")->valuedouble == 20000, "by phase");
    check_that(at(checkout, "degradation/depth_ratio")->valuedouble == 0.5, "by operation");
    check_that(at(root, "degradation/lost_requests")->valuedouble == 7500, "in all");
    check_text(cJSON_GetArrayItem(at(root, "degradation/blast_radius/operations"), 0)->valuestring,
               "web.checkout", "who was hurt");
    check_that(at(root, "recovery/fault_end_to_recover_s")->valuedouble == 50, "50 s");
    check_that(cJSON_IsTrue(at(root, "recovery/recovered")), "recovered");
    check_text(at(root, "expectations/back/verdict")->valuestring, "true", "the claim");
    check_that(cJSON_GetArraySize(at(root, "series/operations/web.home/requests")) == SECONDS,
               "a value a window");
    const cJSON *p99 = at(root, "series/operations/web.checkout/p99_ms");
    check_that(cJSON_IsNull(cJSON_GetArrayItem(p99, 3)), "no answer in that window");
    check_that(cJSON_GetArrayItem(p99, 4)->valuedouble == 12.345678, "12.345678 ms");
    check_text(cJSON_GetArrayItem(at(root, "files"), 0)->child->valuestring, "shop.json",
               "no folder of whoever ran it");
    check_that(strstr(pretty->str, "somebody") == NULL, "nowhere");
    check_text(cJSON_GetArrayItem(at(root, "assumptions"), 0)->child->valuestring,
               "services.pg.work", "what it relied on");
    check_that(strstr(pretty->str, "nan") == NULL && strstr(pretty->str, "inf") == NULL, "numbers");

    cJSON *same = cJSON_Parse(terse->str);
    check_that(cJSON_Compare(root, same, 1), "pretty or not, it says the same");
    check_that(strchr(terse->str, '\n') == terse->str + terse->len - 1, "one line");
    cJSON_Delete(root);
    cJSON_Delete(same);
}

static void test_same_bytes(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = make(), again = make();
    g_autoptr(gd_result) one = fixture_result(f), other = fixture_result(again);
    other->peak_bytes = 12345; /* the machine's business */
    g_autoptr(GString) first = gd_json_write(one, true);
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one, its decimal comma must not matter */
    g_autoptr(GString) second = gd_json_write(other, true);
    setlocale(LC_ALL, "C");
    check_that(g_string_equal(first, second), "equal results give equal bytes");
    again->record.view_series[HOME].useful[899]--;
    g_autoptr(gd_result) third = fixture_result(again);
    g_autoptr(GString) changed = gd_json_write(third, true);
    check_that(!g_string_equal(first, changed), "and others do not");
}

static void test_cells(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"web.checkout.p99_ms", "web.checkout.p99_ms"},
        {"", ""},
        {"a,b", "\"a,b\""},
        {"a;b", "\"a;b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "\"'=1+1\""},
        {"+1", "\"'+1\""},
        {"-1+1", "\"'-1+1\""},
        {"@x", "\"'@x\""},
        {"\tx", "\"'\tx\""},
        {"\rx", "\"'\rx\""},
        {"\nx", "\"'\nx\""},
        {"=\"a\"", "\"'=\"\"a\"\"\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) row = g_string_new(NULL);
        gd_csv_text(row, cases[i].text);
        check_text(row->str, cases[i].wanted, "case %zu", i);
    }
}

static void test_table(void **unused)
{
    (void)unused;
    g_autoptr(fixture) f = make();
    g_autoptr(gd_result) result = fixture_result(f);
    g_autoptr(GString) table = gd_csv_series(result);
    g_auto(GStrv) lines = g_strsplit(table->str, "\r\n", -1);
    assert_int_equal(g_strv_length(lines), 1 + SECONDS + 1); /* the last is empty */
    g_auto(GStrv) names = g_strsplit(lines[0], ",", -1);
    g_auto(GStrv) cells = g_strsplit(lines[5], ",", -1);
    g_auto(GStrv) hurt = g_strsplit(lines[201], ",", -1);
    assert_int_equal(g_strv_length(names), g_strv_length(cells));
    bool seen_useful = false, seen_p99 = false;
    check_text(cells[0], "4", "start of the fifth window");
    for (guint i = 0; names[i]; i++) {
        if (strcmp(names[i], "web.checkout.useful") == 0) {
            seen_useful = true;
            check_text(cells[i], "100", "before");
            check_text(hurt[i], "50", "during");
        }
        if (strcmp(names[i], "web.checkout.p99_ms") == 0) {
            seen_p99 = true;
            check_text(cells[i], "12.345678", "ms");
            check_text(hurt[i], "", "unknown is empty");
        }
    }
    check_that(seen_useful && seen_p99, "columns have their quantities' names");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_texts),      cmocka_unit_test(test_document),
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_cells),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
