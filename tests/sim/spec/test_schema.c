#include "sim/spec/schema.h"
#include "tests/check.h"

typedef struct {
    uint32_t limit;
    uint8_t discipline;
} queue;
typedef struct {
    uint32_t workers;
    gd_span timeout;
    queue *queue;
    gd_dist_spec *work;
    gd_variant backoff;
    const gd_node *calls, *steps;
} service;
typedef struct {
    gd_map services;
    gd_share share;
} model;

static const char *const disciplines[] = {"fifo", "lifo", NULL};
static const gd_field queue_fields[] = {
    GD_FIELD_ROW(queue, limit, GD_FIELD_COUNT, .required = true, .min = 1, .max = 1000,
                 .unit = "requests", .help = "how many may wait", .source = "a \"source\""),
    GD_FIELD_ROW(queue, discipline, GD_FIELD_WORD, .fallback = "\"fifo\"", .words = disciplines,
                 .help = "who is next"),
    {0},
};
static const gd_shape queue_shape = {.name = "queue",
                                     .help = "the waiting line",
                                     .bytes = sizeof(queue),
                                     .fields = queue_fields,
                                     .bare = "limit"};
typedef struct {
    gd_span base;
} full;
static const gd_field full_fields[] = {
    GD_FIELD_ROW(full, base, GD_FIELD_SPAN, .fallback = "\"50ms\"", .help = "the first wait"),
    {0},
};
static const gd_shape full_shape = {
    .name = "full", .help = "full jitter", .bytes = sizeof(full), .fields = full_fields};
static const gd_shape none_shape = {.name = "none", .help = "no waits"};
static const gd_shape *const backoffs[] = {&full_shape, &none_shape, NULL};

static const gd_field call_fields[] = {
    GD_FIELD_ROW(full, base, GD_FIELD_SPAN, .help = "bounds one try"),
    {0},
};
static const gd_shape call_shape = {.name = "call", .bytes = sizeof(full), .fields = call_fields};
static const gd_shape *const call_refers[] = {&call_shape, NULL};
static const gd_shape calls_shape = {
    .name = "calls",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/call\"}}",
    .refers = call_refers};
static const gd_shape steps_shape = {.name = "steps", .schema = "{\"$ref\": \"#/$defs/steps\"}"};

static const gd_field service_fields[] = {
    GD_FIELD_ROW(service, workers, GD_FIELD_COUNT, .required = true, .min = 1, .max = 100,
                 .help = "requests that one instance works on at once, and then a long sentence "
                         "that has to be broken over several lines of the table"),
    GD_FIELD_ROW(service, timeout, GD_FIELD_SPAN, .min = GD_MS, .max = GD_HOUR),
    GD_FIELD_ROW(service, queue, GD_FIELD_OBJECT, .shape = &queue_shape),
    GD_FIELD_ROW(service, work, GD_FIELD_DIST, .fallback = "{\"exponential\": \"9ms\"}"),
    GD_FIELD_ROW(service, backoff, GD_FIELD_VARIANT, .variants = backoffs),
    GD_FIELD_ROW(service, calls, GD_FIELD_NODE, .shape = &calls_shape),
    GD_FIELD_ROW(service, steps, GD_FIELD_NODES, .shape = &steps_shape),
    {0},
};
static const gd_shape service_shape = {.name = "service",
                                       .help = "what does the work",
                                       .source = "a book",
                                       .bytes = sizeof(service),
                                       .fields = service_fields};
static const gd_field model_fields[] = {
    GD_FIELD_ROW(model, services, GD_FIELD_MAP, .shape = &service_shape, .required = true),
    GD_FIELD_ROW(model, share, GD_FIELD_SHARE, .min = 1, .max = GD_SHARE_ONE / 2),
    {0},
};
static const gd_shape model_shape = {
    .name = "model", .help = "all of it", .bytes = sizeof(model), .fields = model_fields};

static gd_node *parse_schema(gd_arena *arena, char **text)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    *text = gd_schema_print(&model_shape, NULL, "a \"model\"");
    gd_node *root = gd_source_parse(arena, "schema", *text, strlen(*text), problems);
    g_autofree char *said = gd_problems_print(problems);
    check_that(root, "the schema is strict JSON: %s", said);
    return root;
}

/* Property: a reference leads to a definition. */
static void check_references(gd_node *root, const gd_node *node)
{
    if (node->key && strcmp(node->key, "$ref") == 0) {
        check_that(g_str_has_prefix(node->text, "#/$defs/"), "%s", node->text);
        gd_node *definitions = gd_node_get(root, "$defs");
        check_that(gd_node_get(definitions, node->text + 8), "%s", node->text);
    }
    for (const gd_node *child = node->first; child; child = child->next)
        check_references(root, child);
}

static void check_at(gd_node *root, const char *address, const char *wanted)
{
    gd_node *node = gd_node_at(root, address);
    check_that(node, "%s", address);
    g_autofree char *text = gd_node_print(node, false);
    check_text(text, wanted, "%s", address);
}

static void test_schema(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autofree char *text = NULL;
    gd_node *root = parse_schema(arena, &text);
    check_references(root, root);
    check_at(root, "$schema", "\"https://json-schema.org/draft/2020-12/schema\"");
    check_at(root, "title", "\"a \\\"model\\\"\"");
    check_at(root, "$ref", "\"#/$defs/model\"");
    check_at(root, "$defs.model.description", "\"all of it\"");
    check_at(root, "$defs.model.required", "[\"services\"]");
    check_at(root, "$defs.model.additionalProperties", "false");
    check_at(root, "$defs.model.properties.note", "true");
    check_at(root, "$defs.model.patternProperties", "{\"^x-\":true}");
    check_at(root, "$defs.service.description", "\"what does the work. Source: a book\"");
    check_at(root, "$defs.service.properties.work.default", "{\"exponential\":\"9ms\"}");
    check_at(root, "$defs.service.properties.timeout", "{\"$ref\":\"#/$defs/duration\"}");
    check_at(root, "$defs.service.properties.steps", "{\"$ref\":\"#/$defs/steps\"}");
    check_at(root, "$defs.queue.anyOf[0].properties.limit.description",
             "\"how many may wait (requests). Source: a \\\"source\\\"\"");
    check_at(root, "$defs.queue.anyOf[0].properties.discipline",
             "{\"description\":\"who is next\",\"default\":\"fifo\",\"enum\":[\"fifo\",\"lifo\"]}");
    check_at(root, "$defs.queue.anyOf[0].required", "[\"limit\"]");
    /* The bare value stands beside the object; true does not, for limit is required. */
    check_at(root, "$defs.queue.anyOf[1].anyOf[0]",
             "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}");
    check_that(!gd_node_at(root, "$defs.queue.anyOf[2]"), "no true for a queue");
    check_at(root, "$defs.full.anyOf[1]", "{\"const\":true}");
    check_at(root, "$defs.call.anyOf[0].required", "[]");
    check_at(root, "$defs.steps", "true");
}

static void test_explained_field(void **unused)
{
    (void)unused;
    g_autofree char *why = NULL;
    g_autofree char *text = gd_explain_print(&model_shape, NULL, "services.*.queue.limit", &why);
    check_text(text,
               "services.*.queue.limit · whole-number\n\n"
               "  how many may wait\n"
               "  unit     requests\n"
               "  range    1 to 1000\n"
               "  default  none: it must be written\n"
               "  source   a \"source\"\n",
               "a field");
    assert_null(why);
}

static void test_explained_object(void **unused)
{
    (void)unused;
    g_autofree char *why = NULL;
    g_autofree char *text = gd_explain_print(&model_shape, NULL, "services.pg", &why);
    check_text(text,
               "services.pg · object\n\n"
               "  what does the work\n"
               "  source   a book\n\n"
               "  member   type          default       meaning\n"
               "  workers  whole-number  required      requests that one instance works on at\n"
               "                                       once, and then a long sentence that has\n"
               "                                       to be broken over several lines of the\n"
               "                                       table\n"
               "  timeout  duration      -\n"
               "  queue    object        -\n"
               "  work     distribution  {\"exponential\": \"9ms\"}\n"
               "  backoff  one kind of   -\n"
               "  calls    calls         -\n"
               "  steps    steps         -\n",
               "an object");
}

static const struct {
    const char *path, *said; /* a part of the answer */
    bool found;
} paths[] = {
    {"", "model · object", true},
    {"services", "Each of its members:", true},
    {"services.*", "what does the work", true},
    {"services.a.queue", "a bare value is its \"limit\"", true},
    {"services.a.queue.discipline", "one of   fifo, lifo", true},
    {"services.a.timeout", "range    1ms to 1h", true},
    {"services.a.backoff", "full  full jitter", true},
    {"services.a.backoff.full.base", "default  \"50ms\"", true},
    {"services.a.work", "lognormal", true},
    {"services.a.work.lognormal.p99", "99 of 100", true},
    {"services.a.calls", "bounds one try", true},
    {"services.a.calls.pay.charge.base", "bounds one try", true},
    {"services.a.calls.\"pay.charge\".base", "bounds one try", true},
    {"services.a.calls.pay.charge", "bounds one try", true},
    {"share", "range    0.0000001% to 50%", true},
    {"distributions", "geometric", true},
    {"distributions.exponential.mean", "duration", true},
    {"distributions.zipf.n", "number of ranks", true},
    {"presets", "same-zone", true},
    {"srvices", "did you mean \"services\"?", false},
    {"services.a.queeue.limit", "did you mean \"queue\"?", false},
    {"services.a.queue.limit.x", "nothing stands below here", false},
    {"services.a.backoff.zzz", "known are full, none", false},
    {"services.a.backoff.none.x", "nothing stands below here", false},
    {"services.a.calls.pay.bse", "did you mean \"base\"?", false},
    {"distributions.zzzzzz", "known are", false},
    {"zzzzzz", "known are services, share", false},
    {".", "there is no \"\"", false},
};

static void test_paths(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *why = NULL;
        g_autofree char *text = gd_explain_print(&model_shape, NULL, paths[i].path, &why);
        check_that((text != NULL) == paths[i].found, "%s: %s", paths[i].path, text ? text : why);
        check_that((why == NULL) == paths[i].found, "%s", paths[i].path);
        const char *said = text ? text : why;
        check_that(strstr(said, paths[i].said), "%s\n  wanted %s\n  got %s", paths[i].path,
                   paths[i].said, said);
        g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
        for (char **line = lines; text && *line; line++)
            check_that(g_utf8_strlen(*line, -1) <= 80, "%s: \"%s\"", paths[i].path, *line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_explained_field),
        cmocka_unit_test(test_explained_object),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
