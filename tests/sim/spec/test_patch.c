#include "sim/spec/node.h"
#include "tests/check.h"

static gd_node *parse(gd_arena *arena, const char *text)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *root = gd_source_parse(arena, "f.json", text, strlen(text), problems);
    check_that(root, "%s", text);
    return root;
}

static const struct {
    const char *target, *patch, *merged; /* NULL: refused */
    const char *overlaid;                /* the same, nulls kept; NULL: like `merged` */
} merges[] = {
    /* RFC 7396, appendix A, in its order. */
    {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}", NULL},
    {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}", NULL},
    {"{\"a\":\"b\"}", "{\"a\":null}", "{}", "{\"a\":null}"},
    {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}", "{\"a\":null,\"b\":\"c\"}"},
    {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}", NULL},
    {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}", NULL},
    {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}",
     "{\"a\":{\"b\":\"d\",\"c\":null}}"},
    {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}", NULL},
    {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]", NULL},
    {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]", NULL},
    {"{\"a\":\"foo\"}", "null", "null", NULL},
    {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\"", NULL},
    {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}", NULL},
    /* The one that we refuse: the patch would go through an array. */
    {"[1,2]", "{\"a\":\"b\",\"c\":null}", NULL, "{\"a\":\"b\",\"c\":null}"},
    {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}",
     "{\"a\":{\"bb\":{\"ccc\":null}}}"},
    /* Beyond the appendix. */
    {"{\"a\":\"b\"}", "{\"a\":{\"c\":null,\"d\":1}}", "{\"a\":{\"d\":1}}",
     "{\"a\":{\"c\":null,\"d\":1}}"},
    {"{\"a\":1}", "{\"a\":[{\"x\":null}]}", "{\"a\":[{\"x\":null}]}", NULL},
    {"{\"a\":{\"x\":[1]}}", "{\"a\":{\"x\":{\"0\":2}}}", NULL, "{\"a\":{\"x\":{\"0\":2}}}"},
    {"{\"b\":1,\"a\":2}", "{\"a\":3,\"c\":4}", "{\"b\":1,\"a\":3,\"c\":4}", NULL},
    {"{\"a\":1.50}", "{\"b\":1e3}", "{\"a\":1.50,\"b\":1e3}", NULL},
    {"{\"a\":true}", "{}", "{\"a\":true}", NULL},
};

static void test_merges(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(merges); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(gd_problems) problems = gd_problems_new();
        gd_node *target = parse(arena, merges[i].target), *patch = parse(arena, merges[i].patch);
        gd_node *merged = gd_node_merge(arena, target, patch, problems);
        check_that((gd_problems_count(problems) > 0) == !merges[i].merged, "%s + %s",
                   merges[i].target, merges[i].patch);
        if (merges[i].merged) {
            g_autofree char *text = gd_node_print(merged, false);
            check_text(text, merges[i].merged, "%s + %s", merges[i].target, merges[i].patch);
        }
        const char *wanted = merges[i].overlaid ? merges[i].overlaid : merges[i].merged;
        g_autofree char *over = gd_node_print(gd_node_overlay(arena, target, patch), false);
        check_text(over, wanted, "%s over %s", merges[i].patch, merges[i].target);
        /* Neither is changed. */
        g_autofree char *before = gd_node_print(target, false);
        check_text(before, merges[i].target, "the target");
        g_autofree char *after = gd_node_print(patch, false);
        check_text(after, merges[i].patch, "the patch");
    }
}

/* Objects with many members take another path through the merge. */
static void test_large_merge(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(GString) target = g_string_new("{"), patch = g_string_new("{"),
                       wanted = g_string_new("{");
    for (unsigned i = 0; i < 100; i++) {
        g_string_append_printf(target, "%s\"t%u\":%u", i ? "," : "", i, i);
        if (i % 3 == 0)
            g_string_append_printf(patch, "\"t%u\":null,", i);
        else
            g_string_append_printf(wanted, "%s\"t%u\":%u", wanted->len > 1 ? "," : "", i,
                                   i % 3 == 1 ? i + 1000 : i);
        if (i % 3 == 1)
            g_string_append_printf(patch, "\"t%u\":%u,", i, i + 1000);
    }
    for (unsigned i = 0; i < 50; i++) {
        g_string_append_printf(patch, "\"p%u\":%u,", i, i);
        g_string_append_printf(wanted, ",\"p%u\":%u", i, i);
    }
    g_string_append(target, "}");
    g_string_append(patch, "}");
    g_string_append(wanted, "}");
    gd_node *merged =
        gd_node_merge(arena, parse(arena, target->str), parse(arena, patch->str), problems);
    g_autofree char *text = gd_node_print(merged, false);
    check_text(text, wanted->str, "100 members");
}

static void test_places_stay(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *target = parse(arena, "{\n \"a\": {\"x\": 1, \"y\": 2}}");
    const char *change = "{\n\n\n \"a\": {\"y\": 3, \"z\": 4}}";
    gd_node *patch = gd_source_parse(arena, "p.json", change, strlen(change), problems);
    gd_node *merged = gd_node_merge(arena, target, patch, problems);
    static const struct {
        const char *address, *path;
        size_t line;
    } cases[] = {
        {"a", "f.json", 2}, {"a.x", "f.json", 2}, {"a.y", "p.json", 4}, {"a.z", "p.json", 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t line, column;
        gd_node *node = gd_node_at(merged, cases[i].address);
        check_that(node, "%s", cases[i].address);
        gd_node_place(node, false, &line, &column);
        check_text(node->source->path, cases[i].path, "%s", cases[i].address);
        check_that(line == cases[i].line, "%s: line %zu", cases[i].address, line);
        g_autofree char *address = gd_node_address(node);
        check_text(address, cases[i].address, "from the merged root");
    }
}

static void test_arrays_name_the_member(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *target = parse(arena, "{\"services\":{\"orders\":{\"zones\":[\"a\"],\"operations\":"
                                   "{\"place\":[\"pay.charge\"]}}}}");
    gd_node *patch = parse(arena, "{\"services\":{\"orders\":{\"zones\":{\"0\":\"b\"},"
                                  "\"operations\":{\"place\":{\"0\":{\"timeout\":\"1s\"}}}}}}");
    gd_node_merge(arena, target, patch, problems);
    g_autofree char *said = gd_problems_print(problems);
    check_that(strstr(said, "services.orders.zones is an array") &&
                   strstr(said, "give the whole array"),
               "%s", said);
    check_that(strstr(said, "services.orders.operations.place is an array") &&
                   strstr(said, "policy stands under services.orders.calls"),
               "%s", said);
}

/* --- addresses and --set ------------------------------------------------------------------------
 */

static const char model[] =
    "{\"services\":{\"orders\":{\"instances\":3,\"calls\":{\"pay.charge\":{\"timeout\":\"1s\"},"
    "\"pay\":{\"retry\":null}},\"operations\":{\"place\":[\"pay.charge\"]}}},"
    "\"calls\":{\"orders>pay.charge\":{\"on\":1}},\"a.b\":{\"c\":1},\"a\":{\"b\":{\"d\":2},\"b.c\":"
    "3},"
    "\"od\\\"d\":{\"\":5,\"[0]\":6}}";

static const struct {
    const char *address, *wanted; /* NULL: nothing there */
} found[] = {
    {"services.orders.instances", "3"},
    {"services.orders.calls.pay.charge.timeout", "\"1s\""},
    {"services.orders.calls.\"pay.charge\".timeout", "\"1s\""},
    {"services.orders.calls.pay.retry", "null"},
    {"services.orders.calls.\"pay\".retry", "null"},
    {"calls.orders>pay.charge.on", "1"},
    {"services.orders.operations.place[0]", "\"pay.charge\""},
    {"services.orders.operations.place[1]", NULL},
    {"services.orders.operations.place.0", NULL},
    {"services.orders.operations.place[x]", NULL},
    {"services.orders.operations.place[0]x", NULL},
    {"a.b.c", "1"}, /* the longest name first */
    {"a.b.d", "2"}, /* it led nowhere: the shorter one */
    {"a.\"b.c\"", "3"},
    {"\"od\\\"d\".\"\"", "5"},
    {"\"od\\\"d\".\"[0]\"", "6"},
    {"services.order", NULL},
    {"services.orders.", NULL},
    {"services..orders", NULL},
    {".services", NULL},
    {"services.orders.instances.x", NULL},
    {"Services", NULL},
};

static void check_every_address(gd_node *root, gd_node *node)
{
    g_autofree char *address = gd_node_address(node);
    check_that(gd_node_at(root, address) == node, "%s leads elsewhere", address);
    for (gd_node *child = node->first; child; child = child->next)
        check_every_address(root, child);
}

static void test_addresses(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    gd_node *root = parse(arena, model);
    for (size_t i = 0; i < G_N_ELEMENTS(found); i++) {
        gd_node *node = gd_node_at(root, found[i].address);
        check_that(!node == !found[i].wanted, "%s", found[i].address);
        g_autofree char *text = node ? gd_node_print(node, false) : NULL;
        if (node)
            check_text(text, found[i].wanted, "%s", found[i].address);
    }
    /* Without a name that is another's path, every address leads back to its node. */
    check_every_address(root, gd_node_at(root, "services"));
    check_every_address(root, gd_node_at(root, "\"od\\\"d\""));
}

static const struct {
    const char *assignment, *address, *wanted; /* wanted NULL: refused, address is what is said */
} sets[] = {
    {"services.orders.instances=7", "services.orders.instances", "7"},
    {"services.orders.instances=\"7\"", "services.orders.instances", "\"7\""},
    {"services.orders.calls.pay.charge.timeout=300ms",
     "services.orders.calls.\"pay.charge\".timeout", "\"300ms\""},
    {"services.orders.calls.\"pay.charge\".timeout=2m",
     "services.orders.calls.\"pay.charge\".timeout", "\"2m\""},
    {"services.orders.calls.\"x.y\".timeout=2m", "services.orders.calls.\"x.y\".timeout", "\"2m\""},
    {"services.new.queue.limit=3", "services.new.queue.limit", "3"},
    {"services.orders.calls.pay={\"retry\":{},}", "services.orders.calls.pay", "{\"retry\":{}}"},
    {"services.orders.calls={}", "services.orders.calls", "{}"},
    {"services.orders.calls.pay.charge=null", "services.orders.calls.\"pay.charge\"", "null"},
    {"services.orders.operations.place=[\"a.b\"]", "services.orders.operations.place", "[\"a.b\"]"},
    {"x=70%", "x", "\"70%\""},
    {"x=a=b", "x", "\"a=b\""},
    {"x=01", "x", "\"01\""},
    {"x=", "x", "\"\""},
    {"x=true", "x", "true"},
    {"x=-1.5e3", "x", "-1.5e3"},
    {"services.orders.instances.more=1", "services.orders.instances.more", "1"},
    {"nothing", "write ADDRESS=VALUE", NULL},
    {"=3", "write ADDRESS=VALUE", NULL},
    {"", "write ADDRESS=VALUE", NULL},
    {"a..b=3", "empty or unfinished name", NULL},
    {"a.=3", "empty or unfinished name", NULL},
    {".a=3", "empty or unfinished name", NULL},
    {"a.\"\".b=3", "empty or unfinished name", NULL},
    {"x={\"a\":}", "command line:1:8: expected a value", NULL},
    {"x=[1", "the end of the file", NULL},
    {"services.orders.operations.place.0.timeout=1s", "policy stands under services.orders.calls",
     NULL},
    {"services.orders.operations.place.0=1s", "is an array", NULL},
};

static void test_sets(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autoptr(gd_problems) problems = gd_problems_new();
        gd_node *root = parse(arena, model);
        gd_node *changed = gd_node_set(arena, root, sets[i].assignment, problems);
        g_autofree char *said = gd_problems_print(problems);
        check_that(!changed == !sets[i].wanted, "%s: %s", sets[i].assignment, said);
        check_that(!changed == (gd_problems_count(problems) > 0), "%s: %s", sets[i].assignment,
                   said);
        if (!changed) {
            check_that(strstr(said, sets[i].address), "%s: %s", sets[i].assignment, said);
            continue;
        }
        gd_node *node = gd_node_at(changed, sets[i].address);
        check_that(node, "%s", sets[i].assignment);
        g_autofree char *text = gd_node_print(node, false);
        check_text(text, sets[i].wanted, "%s", sets[i].assignment);
        check_text(node->source->path, "command line", "%s", sets[i].assignment);
        g_autofree char *before = gd_node_print(root, false);
        gd_node *again = parse(arena, model);
        g_autofree char *unchanged = gd_node_print(again, false);
        check_text(before, unchanged, "the model stays as it was");
    }
}

/* A later mistake in the value is reported where it stands on the command line. */
static void test_set_place(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *changed =
        gd_node_set(arena, parse(arena, model), "services.orders.instances=many", problems);
    gd_problem(problems, gd_node_at(changed, "services.orders.instances"), "no number");
    g_autofree char *said = gd_problems_print(problems);
    check_text(said, "command line:1:27: services.orders.instances: no number\n", "its place");
}

static void test_deep_set(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(GString) address = g_string_new("a");
    for (unsigned i = 0; i < 100000; i++)
        g_string_append(address, ".a");
    g_string_append(address, "=1");
    check_that(!gd_node_set(arena, parse(arena, model), address->str, problems), "too deep");
}

static const struct {
    const char *word, *wanted;
} near[] = {
    {"windw_calls", "window_calls"},
    {"timeuot", "timeout"},
    {"Timeout", "timeout"},
    {"time-out", "timeout"},
    {"retrys", "retry"},
    {"window-calls", "window_calls"},
    {"to", NULL},
    {"xyz", NULL},
    {"", NULL},
    {"limi", "limit"},
    {"o", "on"},
};

static void test_nearest(void **unused)
{
    (void)unused;
    static const char *const words[] = {"window_calls", "timeout", "retry", "limit", "on", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(near); i++) {
        const char *got = gd_nearest(near[i].word, words);
        check_that(g_strcmp0(got, near[i].wanted) == 0, "%s: %s", near[i].word,
                   got ? got : "nothing");
    }
    g_autofree char *hostile = g_strnfill(100000, 'a');
    check_that(!gd_nearest(hostile, words), "a long word is near to nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merges),      cmocka_unit_test(test_large_merge),
        cmocka_unit_test(test_places_stay), cmocka_unit_test(test_arrays_name_the_member),
        cmocka_unit_test(test_addresses),   cmocka_unit_test(test_sets),
        cmocka_unit_test(test_set_place),   cmocka_unit_test(test_deep_set),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
