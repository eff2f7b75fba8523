#include "sim/spec/expr.h"
#include "tests/check.h"

/* Writes an expression back, fully parenthesised, so that a reader sees how it was understood. */
static void write_sum(GString *out, const gd_expr_sum *sum)
{
    static const char *const units[] = {"", "", "%", "s", "/s", "B", "B/s"};
    static const char *const during[] = {"", "before", "fault", "after"};
    bool begun = false;
    for (uint32_t i = 0; i < sum->n; i++) {
        const gd_expr_term *term = &sum->terms[i];
        g_string_append_printf(out, "%s%s%s",
                               term->minus ? "-"
                               : begun     ? "+"
                                           : "",
                               term->control ? "control:" : "", term->name);
        if (term->over)
            g_string_append_printf(out, "@%" G_GINT64_FORMAT "ms", term->over / GD_MS);
        if (term->during)
            g_string_append_printf(out, "#%s", during[term->during]);
        begun = true;
    }
    if (sum->unit != GD_UNIT_NONE)
        g_string_append_printf(out, "%s%.17g%s", begun && sum->value >= 0 ? "+" : "", sum->value,
                               units[sum->unit]);
}

static void write_expr(GString *out, const gd_expr *expr)
{
    static const char *const words[] = {" and ", " or ", "not "};
    switch (expr->kind) {
    case GD_EXPR_AND:
    case GD_EXPR_OR:
    case GD_EXPR_NOT:
        g_string_append(out, "(");
        for (const gd_expr *e = expr->first; e; e = e->next) {
            if (e != expr->first || expr->kind == GD_EXPR_NOT)
                g_string_append(out, words[expr->kind]);
            write_expr(out, e);
        }
        g_string_append(out, ")");
        break;
    case GD_EXPR_COMPARE:
        write_sum(out, &expr->left);
        g_string_append_printf(out, " %s ", gd_expr_op_text(expr->op));
        write_sum(out, &expr->right);
        break;
    case GD_EXPR_BARE:
        write_sum(out, &expr->left);
        break;
    }
}

static const gd_expr *parse(gd_arena *arena, const char *text, char **said)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    const gd_expr *expr = gd_expr_parse(arena, text, NULL, problems);
    *said = gd_problems_print(problems);
    check_that((expr == NULL) == (gd_problems_count(problems) == 1), "%s: %s", text, *said);
    return expr;
}

static const struct {
    const char *text, *wanted;
} understood[] = {
    {"web.home.availability during fault < 0.99",
     "web.home.availability#fault < 0.98999999999999999"},
    {"recovery.fault_end_to_recover < 5m and not metastable",
     "(recovery.fault_end_to_recover < 300s and (not metastable))"},
    {"stores.pg.utilization over 1m > 0.9", "stores.pg.utilization@60000ms > 0.90000000000000002"},
    {"web.checkout.p99 < 800ms", "web.checkout.p99 < 0.80000000000000004s"},
    {"web.checkout.p99<800ms", "web.checkout.p99 < 0.80000000000000004s"},
    {"web.checkout.p99.9 <= 1s", "web.checkout.p99.9 <= 1s"},
    {"web.checkout.goodput >= 180/s", "web.checkout.goodput >= 180/s"},
    {"web.checkout.goodput == 30/min", "web.checkout.goodput == 0.5/s"},
    {"a.x != 70%", "a.x != 0.69999999999999996%"},
    {"a.x > 64KiB", "a.x > 65536B"},
    {"a.x > 1Gbit/s", "a.x > 125000000B/s"},
    {"a.x > -0.5", "a.x > -0.5"},
    {"a.x > -5ms", "a.x > -0.0050000000000000001s"},
    {"a.x > 1e12", "a.x > 1000000000000"},
    {"a or b and c", "(a or (b and c))"},
    {"a and b or c and d", "((a and b) or (c and d))"},
    {"(a or b) and c", "((a or b) and c)"},
    {"((a))", "a"},
    {"not a and b", "((not a) and b)"},
    {"not (a and b)", "(not (a and b))"},
    {"not not a", "(not (not a))"},
    {"a and b and c and d", "(a and b and c and d)"},
    {"control.web.home.p99 during after < 1s", "control:web.home.p99#after < 1s"},
    {"a.b - control.a.b < -0.01", "a.b-control:a.b < -0.01"},
    {"a.b < control.a.b - 5ms", "a.b < control:a.b-0.0050000000000000001s"},
    {"a during before over 10s > 1", "a@10000ms#before > 1"},
    {"a over 10s during all > 1", "a@10000ms > 1"},
    {"faults.psp-slow.factor > 2", "faults.psp-slow.factor > 2"},
    {"calls.orders>payments.charge.attempts > 3", "calls.orders>payments.charge.attempts > 3"},
    {"calls.\"orders>payments.charge\".attempts>3",
     "calls.\"orders>payments.charge\".attempts > 3"},
    {"a.x>0.9", "a.x > 0.90000000000000002"},
    {"a.x >b.y", "a.x > b.y"},
    {"0.9 < a.x", "0.90000000000000002 < a.x"},
    {"\n\ta.x\t<\r\n1 ", "a.x < 1"},
    {"overload and android and nothing and order", "(overload and android and nothing and order)"},
    {"not_a > 1", "not_a > 1"},
    {"web.checkout.availability over 5m during fault", "web.checkout.availability@300000ms#fault"},
};

static void test_understood(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(understood); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *said = NULL;
        const gd_expr *expr = parse(arena, understood[i].text, &said);
        check_that(expr, "%s: %s", understood[i].text, said);
        g_autoptr(GString) out = g_string_new(NULL);
        write_expr(out, expr);
        check_text(out->str, understood[i].wanted, "%s", understood[i].text);
    }
}

static const struct {
    const char *text, *said;
} refused[] = {
    {"", "at its character 1: expected a quantity such as web.checkout.p99, found the end"},
    {"   ", "character 4: expected a quantity"},
    {"a <", "character 4: expected a quantity"},
    {"< 3", "character 1: expected a quantity"},
    {"a < b <c", "character 7: expected and, or"},
    {"a = 3", "character 3: \"=\" compares nothing; write =="},
    {"!a", "expected a quantity"},
    {"a ! b", "write not before"},
    {"a b", "character 3: expected and, or, a comparison or the end, found \"b\""},
    {"a and", "character 6: expected a quantity"},
    {"and a", "character 1: expected a quantity"},
    {"a or or b", "character 6: expected a quantity"},
    {"a not b", "character 3: expected and"},
    {"(a", "character 1: this parenthesis is not closed"},
    {"a)", "character 2: expected and"},
    {"()", "character 2: expected a quantity"},
    {"a over < 3", "character 8: expected a duration after \"over\""},
    {"a over 5 < 3", "expected a duration after \"over\", such as 1m, found \"5\""},
    {"a over 0s < 3", "expected a duration"},
    {"a over 1m over 2m < 3", "\"over\" stands twice"},
    {"a during < 3", "expected before, fault, after or all"},
    {"a during night < 3", "found \"night\""},
    {"a -b < 3", "write a minus between two blanks"},
    {"a - < 3", "character 5: expected a quantity"},
    {"a < 5 parsecs", "expected and, or"},
    {"a < 5parsecs", "\"5parsecs\" is no value; write 0.99, 99%, 800ms, 5m or 500/s"},
    {"a < 1h30m", "is no value"},
    {"a < +5", "is no value"},
    {"a < .5", "is no value"},
    {"3 < 4", "compares no quantity"},
    {"3", "compares no quantity"},
    {"a - 5ms < 3/s", "different units"},
    {"a < 5ms - 3/s", "different units"},
    {"A < 3", "expected a quantity"},
    {"a&b < 3", "\"a&b\" is no quantity"},
    {"\xC3\xA4 < 3", "expected a quantity"},
    {"a.\"b < 3", "expected and, or"},
    {"\"a\" < 3", "expected a quantity"},
    {"a\x1b < 3", "a\\u001b"},
};

static void test_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *said = NULL;
        check_that(!parse(arena, refused[i].text, &said), "%s", refused[i].text);
        check_that(strstr(said, refused[i].said), "%s\n  wanted %s\n  got %s", refused[i].text,
                   refused[i].said, said);
    }
}

static void test_hostile_depth(void **unused)
{
    (void)unused;
    const char *const units[] = {"(", "not ", "a - ", "a or ", "a and (", "\"", ">a", "a over 1m "};
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 65536)
            g_string_append(text, units[i]);
        g_autofree char *said = NULL;
        check_that(!parse(arena, text->str, &said), "65536 bytes of %s", units[i]);
    }
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(GString) text = g_string_new("a");
    while (text->len < 65536)
        g_string_append(text, " and a");
    g_autofree char *said = NULL;
    check_that(parse(arena, text->str, &said), "a long list is no deep one: %s", said);
}

/* --- evaluation --------------------------------------------------------------------------------
 */

/* one is 1, two is 2, none is 0, nan is no number, the rest is unknown; control adds ten. */
static double look_up(void *user, const gd_expr_term *term, bool *known)
{
    ++*(unsigned *)user;
    double value = 0;
    if (strcmp(term->name, "one") == 0)
        value = 1;
    else if (strcmp(term->name, "two") == 0)
        value = 2;
    else if (strcmp(term->name, "nan") == 0)
        value = __builtin_nan("");
    else
        *known = strcmp(term->name, "none") == 0;
    return term->control ? value + 10 : value;
}

static const struct {
    const char *text;
    gd_expr_truth wanted;
} judged[] = {
    {"one < two", GD_EXPR_TRUE},
    {"two < one", GD_EXPR_FALSE},
    {"one < 1", GD_EXPR_FALSE},
    {"one <= 1", GD_EXPR_TRUE},
    {"one > 1", GD_EXPR_FALSE},
    {"one >= 1", GD_EXPR_TRUE},
    {"one == 1", GD_EXPR_TRUE},
    {"one != 1", GD_EXPR_FALSE},
    {"one == 100%", GD_EXPR_TRUE},
    {"one == 1000ms", GD_EXPR_TRUE},
    {"one == 60/min", GD_EXPR_TRUE},
    {"one - two == -1", GD_EXPR_TRUE},
    {"one == two - 1", GD_EXPR_TRUE},
    {"control.one == 11", GD_EXPR_TRUE},
    {"one", GD_EXPR_TRUE},
    {"none", GD_EXPR_FALSE},
    {"not none", GD_EXPR_TRUE},
    {"not one", GD_EXPR_FALSE},
    {"what", GD_EXPR_UNKNOWN},
    {"not what", GD_EXPR_UNKNOWN},
    {"what < 1", GD_EXPR_UNKNOWN},
    {"nan < 1", GD_EXPR_UNKNOWN},
    {"what - one < 1", GD_EXPR_UNKNOWN},
    {"one < what", GD_EXPR_UNKNOWN},
    {"what and one", GD_EXPR_UNKNOWN},
    {"what and none", GD_EXPR_FALSE},
    {"none and what", GD_EXPR_FALSE},
    {"what or one", GD_EXPR_TRUE},
    {"what or none", GD_EXPR_UNKNOWN},
    {"one and two and not none", GD_EXPR_TRUE},
    {"none or none or one", GD_EXPR_TRUE},
    {"one or none and none", GD_EXPR_TRUE},
    {"(one or none) and none", GD_EXPR_FALSE},
};

static void count_terms(void *user, const gd_expr_term *term)
{
    check_that(term->column > 0, "%s", term->name);
    ++*(unsigned *)user;
}

static void test_judged(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(judged); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *said = NULL;
        unsigned looked = 0, visited = 0;
        const gd_expr *expr = parse(arena, judged[i].text, &said);
        check_that(expr, "%s: %s", judged[i].text, said);
        gd_expr_truth truth = gd_expr_judge(expr, look_up, &looked);
        check_that(truth == judged[i].wanted, "%s: %d", judged[i].text, (int)truth);
        gd_expr_visit(expr, count_terms, &visited);
        check_that(looked >= 1 && looked <= visited, "%s: %u of %u", judged[i].text, looked,
                   visited);
    }
}

static void test_clause_texts(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autofree char *said = NULL;
    const gd_expr *expr = parse(arena, "web.p99  < 1s  and not metastable or x", &said);
    check_text(expr->text, "web.p99  < 1s  and not metastable or x", "all");
    check_text(expr->first->text, "web.p99  < 1s  and not metastable", "and");
    check_text(expr->first->first->text, "web.p99  < 1s", "first");
    check_text(expr->first->first->next->text, "not metastable", "not");
    check_that(expr->first->first->next->first->column == 24, "%u",
               expr->first->first->next->first->column);
    check_text(expr->first->next->text, "x", "last");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_understood),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile_depth), cmocka_unit_test(test_judged),
        cmocka_unit_test(test_clause_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
