#include "sim/spec/field.h"
#include "tests/check.h"

/* A small model of ours: one field of each type. */
typedef struct {
    uint32_t limit;
    uint8_t discipline;
} queue;
typedef struct {
    gd_span base, max;
} full;
typedef struct {
    gd_share share;
} ratio;
typedef struct {
    bool on;
    uint32_t instances;
    gd_span timeout;
    gd_share share, factor;
    gd_rate rate;
    int64_t size, bandwidth, whole;
    gd_nano number;
    const char *name, *target, *owner;
    gd_dist_spec *work, *items;
    queue *queue;
    gd_map parts, calls;
    gd_variant backoff;
    const gd_node *anything, *steps;
} thing;

static const char *const disciplines[] = {"fifo", "lifo", "priority", NULL};
static const gd_field queue_fields[] = {
    GD_FIELD_ROW(queue, limit, GD_FIELD_COUNT, .required = true, .min = 1, .max = 1000,
                 .help = "requests that may wait"),
    GD_FIELD_ROW(queue, discipline, GD_FIELD_WORD, .fallback = "\"lifo\"", .words = disciplines),
    {0},
};
static void check_queue(void *spec, const gd_node *node, gd_problems *problems)
{
    const queue *q = spec;
    if (q->limit == 13)
        gd_problem(problems, node, "13 is unlucky; write 14");
}
static const gd_shape queue_shape = {.name = "queue",
                                     .bytes = sizeof(queue),
                                     .fields = queue_fields,
                                     .bare = "limit",
                                     .check = check_queue};

static const gd_field full_fields[] = {
    GD_FIELD_ROW(full, base, GD_FIELD_SPAN, .fallback = "\"100ms\"", .min = 1, .max = GD_HOUR),
    GD_FIELD_ROW(full, max, GD_FIELD_SPAN, .min = 0),
    {0},
};
static const gd_field ratio_fields[] = {
    GD_FIELD_ROW(ratio, share, GD_FIELD_SHARE, .required = true),
    {0},
};
static const gd_shape full_shape = {.name = "full", .bytes = sizeof(full), .fields = full_fields};
static const gd_shape ratio_shape = {
    .name = "ratio", .bytes = sizeof(ratio), .fields = ratio_fields, .bare = "share"};
static const gd_shape *const backoffs[] = {&full_shape, &ratio_shape, NULL};

#define R(m, T, ...) GD_FIELD_ROW(thing, m, T, __VA_ARGS__)
static const gd_field thing_fields[] = {
    R(on, GD_FIELD_BOOL, .fallback = "true"),
    R(instances, GD_FIELD_COUNT, .fallback = "3", .min = 1, .max = 65535),
    R(timeout, GD_FIELD_SPAN, .min = GD_MS, .max = GD_HOUR),
    R(share, GD_FIELD_SHARE, .fallback = "\"50%\""),
    R(factor, GD_FIELD_FACTOR, .fallback = "1"),
    R(rate, GD_FIELD_RATE, .min = 0),
    R(size, GD_FIELD_BYTES, .fallback = "\"64KiB\""),
    R(bandwidth, GD_FIELD_BITS, .min = 0),
    R(whole, GD_FIELD_WHOLE, .min = 5),
    R(number, GD_FIELD_NANO, .fallback = "0.99"),
    R(name, GD_FIELD_NAME, .fallback = "\"thing-1\""),
    R(target, GD_FIELD_ADDRESS, .help = "what it acts on"),
    R(owner, GD_FIELD_TEXT, .help = "a team"),
    R(work, GD_FIELD_DIST, .fallback = "{\"exponential\": \"9ms\"}"),
    R(items, GD_FIELD_DIST_COUNT, .help = "how many"),
    R(queue, GD_FIELD_OBJECT, .shape = &queue_shape),
    R(parts, GD_FIELD_MAP, .shape = &queue_shape),
    R(calls, GD_FIELD_MAP, .shape = &queue_shape, .any_key = true),
    R(backoff, GD_FIELD_VARIANT, .variants = backoffs, .fallback = "\"full\""),
    R(anything, GD_FIELD_NODE, .help = "read elsewhere"),
    R(steps, GD_FIELD_NODES, .help = "read elsewhere"),
    {0},
};
static const gd_shape thing_shape = {
    .name = "thing", .bytes = sizeof(thing), .fields = thing_fields};

typedef struct {
    gd_arena *arena;
    gd_problems *problems;
    gd_reader reader;
    const thing *spec;
    char *said;
} fixture;

static void load(fixture *f, const char *text)
{
    f->arena = gd_arena_new();
    f->problems = gd_problems_new();
    f->reader = (gd_reader){.arena = f->arena, .problems = f->problems, .record_uncertain = true};
    gd_node *root = gd_source_parse(f->arena, "f.json", text, strlen(text), f->problems);
    check_that(root, "%s", text);
    f->spec = gd_read(&f->reader, &thing_shape, root);
    f->said = gd_problems_print(f->problems);
}

static void unload(fixture *f)
{
    g_clear_pointer(&f->reader.uncertain, g_ptr_array_unref);
    g_free(f->said);
    gd_problems_free(f->problems);
    gd_arena_free(f->arena);
}

static void test_defaults(void **unused)
{
    (void)unused;
    fixture f;
    load(&f, "{}");
    check_text(f.said, "", "nothing is required");
    const thing *t = f.spec;
    assert_true(t->on && t->instances == 3 && t->timeout == 0);
    assert_true(t->share == GD_SHARE_ONE / 2 && t->factor == GD_SHARE_ONE && t->rate == 0);
    assert_true(t->size == 65536 && t->number == 990000000);
    check_text(t->name, "thing-1", "a name");
    assert_true(!t->owner && !t->queue && !t->items && !t->anything && t->parts.n == 0);
    assert_true(t->work->kind == GD_DIST_EXPONENTIAL && t->work->mean == 9 * GD_MS);
    assert_ptr_equal(t->backoff.shape, &full_shape);
    assert_true(((full *)t->backoff.spec)->base == 100 * GD_MS);
    unload(&f);
}

static void test_all_types(void **unused)
{
    (void)unused;
    fixture f;
    load(&f,
         "{\"on\": false, \"instances\": 12, \"timeout\": \"250ms\", \"share\": 0.7,"
         "\"factor\": \"150%\", \"rate\": \"500/s\", \"size\": 1500, \"bandwidth\": \"1Gbit/s\","
         "\"whole\": 1e6, \"number\": 2.5, \"name\": \"pg-1\", \"target\": \"external.psp\","
         "\"owner\": \"Team A\", \"work\": \"5ms\", \"items\": {\"geometric\": 3},"
         "\"queue\": 128, \"parts\": {\"b\": 2, \"a\": {\"limit\": 1}, \"c\": null, \"note\": 1,"
         "\"x-y\": 1}, \"calls\": {\"pay.charge\": 7}, \"backoff\": {\"ratio\": \"10%\"},"
         "\"anything\": [1], \"steps\": {}, \"note\": \"hi\", \"$schema\": \"x\", \"x-a\": [1]}");
    check_text(f.said, "", "all is well");
    const thing *t = f.spec;
    assert_true(!t->on && t->instances == 12 && t->timeout == 250 * GD_MS);
    assert_true(t->share == 700000000 && t->factor == 1500000000 && t->rate == 500 * GD_RATE_HZ);
    assert_true(t->size == 1500 && t->bandwidth == 125000000 && t->whole == 1000000);
    assert_true(t->number == 2500000000);
    check_text(t->name, "pg-1", "name");
    check_text(t->target, "external.psp", "target");
    check_text(t->owner, "Team A", "owner");
    assert_true(t->work->kind == GD_DIST_CONSTANT && t->work->value == 5 * GD_MS);
    assert_true(t->items->kind == GD_DIST_GEOMETRIC && t->items->mean_count == 3 * GD_SHARE_ONE);
    assert_true(t->queue->limit == 128 && t->queue->discipline == 1);
    assert_int_equal(t->parts.n, 2);
    check_text(t->parts.at[0].name, "a", "in byte order");
    check_text(t->parts.at[1].name, "b", "in byte order");
    assert_int_equal(((queue *)t->parts.at[1].spec)->limit, 2);
    assert_int_equal(t->calls.n, 1);
    check_text(t->calls.at[0].name, "pay.charge", "any key");
    assert_ptr_equal(t->backoff.shape, &ratio_shape);
    assert_true(((ratio *)t->backoff.spec)->share == GD_SHARE_ONE / 10);
    assert_true(t->anything->kind == GD_ARRAY && t->steps->kind == GD_OBJECT);
    unload(&f);
}

/* What is read without a problem, and how the interesting field came out. */
static void test_ways_to_write(void **unused)
{
    (void)unused;
    fixture f;
    load(&f,
         "{\"backoff\": \"full\", \"queue\": {\"limit\": {\"about\": 5, \"source\": \"guess\"}}}");
    check_text(f.said, "", "a bare word");
    assert_true(f.spec->backoff.shape == &full_shape && f.spec->queue->limit == 5);
    unload(&f);
    load(&f, "{\"backoff\": {\"full\": true}, \"queue\": {\"about\": 5, \"between\": [4, 6]}}");
    check_text(f.said, "", "true is all defaults; an uncertain bare value");
    assert_true(((full *)f.spec->backoff.spec)->base == 100 * GD_MS);
    assert_int_equal(f.spec->queue->limit, 5);
    unload(&f);
    load(&f, "{\"backoff\": {\"full\": {\"base\": 0.0, \"max\": \"1s\"}, \"ratio\": null}}");
    check_that(strstr(f.said, "0.0 is out of range"), "%s", f.said);
    unload(&f);
    load(&f, "{\"backoff\": {\"ratio\": null, \"full\": {}}, \"queue\": null, \"owner\": null,"
             "\"work\": null, \"parts\": null, \"steps\": null, \"target\": null}");
    check_text(f.said, "", "null is nothing");
    assert_true(f.spec->backoff.shape == &full_shape && !f.spec->queue && !f.spec->work);
    unload(&f);
    load(&f, "{\"backoff\": null, \"share\": \"preset:loss-wan\", \"anything\": null}");
    check_text(f.said, "", "a share's preset");
    assert_true(!f.spec->backoff.shape && f.spec->share == 1000000);
    assert_true(f.spec->anything && f.spec->anything->kind == GD_NULL);
    unload(&f);
}

static const struct {
    const char *text, *said;
} refused[] = {
    {"[]", "f.json:1:1: expected an object such as {\"on\": …}, found an array"},
    {"3", "expected an object"},
    {"{\"tmeout\": 1}",
     "f.json:1:2: tmeout: no such member \"tmeout\"; did you mean \"timeout\"?\n"},
    {"{\"queue\": {\"limit\": 1, \"zzzzzz\": 1}}",
     "f.json:1:24: queue.zzzzzz: no such member \"zzzzzz\"; known here: limit, discipline"},
    {"{\"timeout\": 5}", "f.json:1:13: timeout: expected a duration such as \"250ms\", found 5\n"},
    {"{\"timeout\": \"10 parsecs\"}", "timeout: \"10 parsecs\" has no unit of time"},
    {"{\"timeout\": \"1h30m\"}", "timeout: \"1h30m\" joins two durations"},
    {"{\"timeout\": \"2h\"}", "\"2h\" is out of range; write a value between 1ms and 1h"},
    {"{\"timeout\": \"-1s\"}", "\"-1s\" is out of range"},
    {"{\"timeout\": 0}", "0 is out of range"},
    {"{\"timeout\": null}", "found null; leave the member out"},
    {"{\"timeout\": true}", "expected a duration such as \"250ms\", found true"},
    {"{\"timeout\": []}", "found an array"},
    {"{\"timeout\": {}}", "found an object"},
    {"{\"instances\": \"12\"}", "instances: expected a whole number such as 12, found \"12\""},
    {"{\"instances\": 0}", "0 is out of range; write a value between 1 and 65535"},
    {"{\"instances\": 65536}", "between 1 and 65535"},
    {"{\"instances\": 1.5}", "1.5 is not a whole number"},
    {"{\"instances\": -1}", "-1 is out of range"},
    {"{\"instances\": -0}", "-0 is a negative zero; write 0"},
    {"{\"instances\": 1e308}", "too large"},
    {"{\"instances\": 1e-400}", "not a whole number"},
    {"{\"whole\": 4}", "4 is out of range; write 5 or more"},
    {"{\"share\": 1.5}", "1.5 is out of range; write a value between 0% and 100%"},
    {"{\"share\": \"x\"}", "\"x\" is not a share; write 70% or 0.7"},
    {"{\"rate\": 5}", "expected a rate such as \"180/s\", found 5"},
    {"{\"bandwidth\": 5}", "expected a bandwidth such as \"1Gbit/s\", found 5"},
    {"{\"on\": 1}", "on: expected true or false, found 1"},
    {"{\"name\": \"Pg\"}", "\"Pg\" is no name; write a lower-case letter"},
    {"{\"name\": \"\"}", "is no name"},
    {"{\"name\": 3}", "expected a name in double quotes, found 3"},
    {"{\"target\": \"\"}", "is no address"},
    {"{\"target\": \"a\\u0007b\"}", "\"a\\u0007b\" is no address"},
    {"{\"owner\": 3}", "expected a text in double quotes, found 3"},
    {"{\"queue\": {\"limit\": 1, \"discipline\": \"fiof\"}}",
     "\"fiof\" is none of \"fifo\", \"lifo\" or \"priority\"; did you mean \"fifo\"?"},
    {"{\"queue\": {\"limit\": 1, \"discipline\": 3}}",
     "expected \"fifo\", \"lifo\" or \"priority\""},
    {"{\"queue\": {}}",
     "f.json:1:11: queue: the member \"limit\" is missing: requests that may wait; write it"},
    {"{\"queue\": true}", "the member \"limit\" is missing"},
    {"{\"queue\": {\"limit\": null}}", "the member \"limit\" is missing"},
    {"{\"queue\": false}", "false says nothing here; write null for none"},
    {"{\"queue\": \"big\"}", "expected a whole number such as 12, found \"big\""},
    {"{\"queue\": 13}", "f.json:1:11: queue: 13 is unlucky"},
    {"{\"parts\": []}", "expected an object with a member for each name, found an array"},
    {"{\"parts\": {\"A\": 1}}", "f.json:1:12: parts.A: \"A\" is no name"},
    {"{\"parts\": {\"a.b\": 1}}", "parts.\"a.b\": \"a.b\" is no name"},
    {"{\"parts\": {\"a\": 0}}", "parts.a: 0 is out of range"},
    {"{\"backoff\": \"ful\"}", "\"ful\" is none of \"full\" or \"ratio\"; did you mean \"full\"?"},
    {"{\"backoff\": \"ratio\"}", "the member \"share\" is missing"},
    {"{\"backoff\": {}}", "expected one member that names the kind"},
    {"{\"backoff\": 3}",
     "expected an object with one of the members \"full\" or \"ratio\", found 3"},
    {"{\"backoff\": {\"fulll\": {}}}", "did you mean \"full\"?"},
    {"{\"backoff\": {\"fulll\": null, \"full\": {}}}", "did you mean \"full\"?"},
    {"{\"backoff\": {\"ratio\": null}}", "expected one member that names the kind"},
    {"{\"backoff\": {\"full\": {}, \"ratio\": 0.1}}",
     "and \"full\" already does; remove one (in a patch: \"full\": null)"},
    {"{\"backoff\": {\"full\": {\"bse\": 1}}}", "backoff.full.bse: no such member"},
    {"{\"steps\": 3}", "expected an array or an object, found 3"},
    {"{\"work\": {\"exponential\": 3}}", "expected a duration"},
    {"{\"timeout\": {\"about\": \"5ms\"}}", "an uncertain number needs its range"},
    {"{\"timeout\": {\"about\": \"5ms\", \"source\": \"dashboard\"}}", "needs its range"},
    {"{\"timeout\": {\"about\": \"5ms\", \"between\": [\"6ms\", \"9ms\"]}}",
     "f.json:1:23: timeout.about: \"about\" lies outside \"between\""},
    {"{\"timeout\": {\"about\": \"5ms\", \"between\": [\"9ms\", \"2ms\"]}}", "lies outside"},
    {"{\"timeout\": {\"about\": \"5ms\", \"between\": [\"2ms\"]}}", "an array of two values"},
    {"{\"timeout\": {\"about\": \"5ms\", \"between\": 3}}", "an array of two values"},
    {"{\"timeout\": {\"about\": \"5ms\", \"between\": [1, 2]}}", "between[0]: expected a duration"},
    {"{\"timeout\": {\"about\": \"5ms\", \"between\": [1, 2]}}", "between[1]: expected a duration"},
    {"{\"timeout\": {\"about\": 5, \"source\": \"guess\"}}", "timeout.about: expected a duration"},
    {"{\"timeout\": {\"about\": \"2h\", \"source\": \"guess\"}}", "out of range"},
    {"{\"timeout\": {\"about\": \"5ms\", \"betwen\": [], \"source\": \"guess\"}}",
     "did you mean \"between\"?"},
    {"{\"timeout\": {\"about\": \"5ms\", \"source\": 3}}", "says where the value is from"},
};

static void test_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        fixture f;
        load(&f, refused[i].text);
        check_that(strstr(f.said, refused[i].said), "%s\n  wanted %s\n  got %s", refused[i].text,
                   refused[i].said, f.said);
        unload(&f);
    }
}

/* One wrong member does not hide the next, and a failed struct is not checked as a whole. */
static void test_all_at_once(void **unused)
{
    (void)unused;
    fixture f;
    load(&f, "{\"timeout\": 5,\n\"instances\": 0,\n\"queue\": {\"limit\": 13, \"bogus\": 1},\n"
             "\"owner\": 7}");
    check_text(f.said,
               "f.json:1:13: timeout: expected a duration such as \"250ms\", found 5\n"
               "f.json:2:14: instances: 0 is out of range; write a value between 1 and 65535\n"
               "f.json:3:24: queue.bogus: no such member \"bogus\"; known here: limit, discipline\n"
               "f.json:4:10: owner: expected a text in double quotes, found 7\n",
               "in order of place");
    unload(&f);
}

static void test_uncertain_is_recorded(void **unused)
{
    (void)unused;
    fixture f;
    load(
        &f,
        "{\"timeout\": {\"about\": \"4ms\", \"between\": [\"2ms\", \"9ms\"], \"source\": \"test\"},"
        "\"work\": {\"about\": {\"exponential\": {\"mean\": {\"about\": \"9ms\", \"source\": "
        "\"guess\"}}}, \"source\": \"guess\"}}");
    check_text(f.said, "", "three of them");
    assert_true(f.spec->timeout == 4 * GD_MS && f.spec->work->mean == 9 * GD_MS);
    assert_int_equal(f.reader.uncertain->len, 3);
    const gd_uncertain *first = g_ptr_array_index(f.reader.uncertain, 0);
    check_text(first->address, "timeout", "the first");
    check_text(first->low->text, "2ms", "low");
    check_text(first->high->text, "9ms", "high");
    check_text(first->source, "test", "source");
    const gd_uncertain *last = g_ptr_array_index(f.reader.uncertain, 2);
    check_text(last->address, "work.about.exponential.mean", "the last");
    assert_null(last->low);
    unload(&f);
}

/* Property: every change of one letter in a member's name is noticed. */
static void test_every_misspelling(void **unused)
{
    (void)unused;
    for (const gd_field *field = thing_fields; field->name; field++) {
        for (size_t i = 0; field->name[i]; i++) {
            for (char c = 'a'; c <= 'z'; c++) {
                if (field->name[i] == c)
                    continue;
                g_autofree char *name = g_strdup(field->name);
                name[i] = c;
                g_autofree char *text = g_strdup_printf("{\"%s\": null}", name);
                fixture f;
                load(&f, text);
                check_that(strstr(f.said, "no such member"), "%s", name);
                unload(&f);
            }
        }
    }
}

/* Property: whatever stands where a number is wanted, it is read in range or refused. */
static void test_hostile_numbers(void **unused)
{
    (void)unused;
    static const char *const values[] = {
        "-1",
        "-0",
        "0",
        "1e-400",
        "1e308",
        "1e-9",
        "1.5",
        "\"1\"",
        "true",
        "null",
        "[]",
        "{}",
        "\"\"",
        "\"-1s\"",
        "\"1e99y\"",
        "\"1e-99s\"",
        "\"9e18ns\"",
        "\"100.0000001%\"",
        "\"x/s\"",
        "{\"about\": 1}",
        "{\"about\": {\"about\": 1, \"source\": \"guess\"}, \"source\": \"guess\"}",
        "9007199254740992",
        "0.0000000000000000000000000000000000001",
    };
    for (const gd_field *field = thing_fields; field->name; field++) {
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
            g_autofree char *text = g_strdup_printf("{\"%s\": %s}", field->name, values[i]);
            fixture f;
            load(&f, text);
            const thing *t = f.spec;
            check_that(t->timeout == 0 || (t->timeout >= GD_MS && t->timeout <= GD_HOUR), "%s",
                       text);
            check_that(t->instances <= 65535 && t->share >= 0 && t->share <= GD_SHARE_ONE, "%s",
                       text);
            check_that(t->rate >= 0 && t->size >= 0 && t->bandwidth >= 0 && t->factor >= 0, "%s",
                       text);
            check_that(t->whole == 0 || t->whole >= 5, "%s", text);
            unload(&f);
        }
    }
}

static void test_names(void **unused)
{
    (void)unused;
    g_autofree char *longest = g_strnfill(63, 'a'), *longer = g_strnfill(64, 'a');
    const char *const good[] = {"a", "a1", "a-b_c", "pg", longest};
    const char *const bad[] = {"", "1a", "-a", "_a", "A", "aB", "a b", "a.b", "\xC3\xA4", longer};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        check_that(gd_is_name(good[i]), "%s", good[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        check_that(!gd_is_name(bad[i]), "%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all_types),
        cmocka_unit_test(test_ways_to_write),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_uncertain_is_recorded),
        cmocka_unit_test(test_every_misspelling),
        cmocka_unit_test(test_hostile_numbers),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
