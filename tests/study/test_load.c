/* Documents as files: what is read, in which order it is put together, and what is refused. */
#include "sim/rng.h"
#include "study/load.h"
#include "tests/check.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICES "'services': {'api': {'workers': 1, 'operations': {'get': [{'work': '5ms'}]}}}"
#define CLIENTS  "'clients': {'web': {'at': 'api', 'arrivals': {'poisson': '10/s'}}}"
#define MODEL    "{'gameday': 1, 'name': 'shop', " SERVICES ", " CLIENTS "}"

static char *folder;

/* Writes a file below the test's folder; ' stands for ". Returns its path, owned by the caller. */
static char *put(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_mkdir_with_parents(parent, 0700);
    check_that(g_file_set_contents(path, json, -1, NULL), "%s", path);
    return path;
}

/* The same, where the path is not asked for. */
static void lay(const char *name, const char *text)
{
    g_free(put(name, text));
}

/* The value at an address of the loaded model, or of the scenario behind "scenario:"; as JSON. */
static char *value_at(const gd_documents *documents, const char *address)
{
    bool of_scenario = g_str_has_prefix(address, "scenario:");
    const gd_node *root = of_scenario ? documents->scenario : documents->model;
    const gd_node *node =
        gd_node_at((gd_node *)root, of_scenario ? address + strlen("scenario:") : address);
    return node ? gd_node_print(node, false) : g_strdup("nothing");
}

static gd_documents *load(const char *path, const char *const *sets, const char *try_name)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_documents *documents = gd_documents_load(path, sets, try_name, problems);
    g_autofree char *text = gd_problems_print(problems);
    check_that(documents, "%s", text);
    return documents;
}

static const char scenario_text[] =
    "{'gameday': 1, 'name': 'storm', 'model': '../models/shop.json', 'duration': '5m', 'lesson': "
    "'L', 'question': 'Q', 'patch': {'services': {'api': {'workers': 2, 'queue': {'limit': 7}}}}, "
    "'try': {'more': {'say': 'twice', 'patch': {'services': {'api': {'workers': 4}}}}, 'bare': "
    "{'patch': {'services': {'api': {'queue': null}}}}}, 'faults': {'f': {'fault': 'crash', "
    "'target': 'services.api', 'at': '1m'}}, 'control': {'expect_not': ['c']}, 'expect': {'c': "
    "'web.get.p99 < 1s'}}";

static const struct {
    const char *what, *sets[3], *try_name, *address, *wanted;
} values[] = {
    {"the model's own", {NULL}, NULL, "services.api.operations.get", "[{\"work\":\"5ms\"}]"},
    {"the scenario's patch", {NULL}, NULL, "services.api.workers", "2"},
    {"a try over it", {NULL}, "more", "services.api.workers", "4"},
    {"and keeps the rest", {NULL}, "more", "services.api.queue.limit", "7"},
    {"null in a try takes away", {NULL}, "bare", "services.api.queue", "null"},
    {"--set over all", {"services.api.workers=9"}, "more", "services.api.workers", "9"},
    {"the last one wins",
     {"services.api.workers=9", "services.api.workers=8"},
     NULL,
     "services.api.workers",
     "8"},
    {"a section of the scenario", {"faults.f.at=30s"}, NULL, "scenario:faults.f.at", "\"30s\""},
    {"the scenario's own field", {"duration=1h"}, NULL, "scenario:duration", "\"1h\""},
    {"the model, said aloud", {"model.name=x"}, NULL, "name", "\"x\""},
};

static void test_values(void **unused)
{
    (void)unused;
    lay("models/shop.json", MODEL);
    g_autofree char *path = put("scenarios/storm.json", scenario_text);
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(gd_documents) documents = load(path, values[i].sets, values[i].try_name);
        g_autofree char *value = value_at(documents, values[i].address);
        check_text(value, values[i].wanted, "%s", values[i].what);
    }
}

static void test_what_it_tells(void **unused)
{
    (void)unused;
    lay("models/shop.json", MODEL);
    g_autofree char *path = put("scenarios/storm.json", scenario_text);
    g_autoptr(gd_documents) d = load(path, NULL, "more");
    check_text(d->name, "storm", "name");
    check_text(d->lesson, "L", "lesson");
    check_text(d->question, "Q", "question");
    check_text(d->try_name, "more", "try");
    check_that(d->n_tries == 2 && !d->is_model_alone, "%u", d->n_tries);
    check_text(d->tries[0].name, "bare", "byte order");
    check_text(d->tries[1].say, "twice", "say");
    check_that(d->expect && d->control && d->expect_not && !d->choices, "sections");
    check_that(d->n_files == 2, "%u", d->n_files);
    check_text(d->files[0].path, path, "the scenario first");
    check_that(g_str_has_suffix(d->files[1].path, "models/shop.json"), "%s", d->files[1].path);
    g_autofree char *text = g_strdelimit(g_strdup(MODEL), "'", '"');
    check_that(d->files[1].digest == gd_hash(text, strlen(text)), "its digest");
}

static void test_model_alone_and_inline(void **unused)
{
    (void)unused;
    g_autofree char *alone = put("alone.json", MODEL);
    g_autofree char *within =
        put("within.json", "{'gameday': 1, 'duration': '9s', 'model': " MODEL "}");
    g_autoptr(gd_documents) d = load(alone, NULL, NULL), e = load(within, NULL, NULL);
    check_that(d->is_model_alone && !e->is_model_alone, "which");
    check_text(d->name, "shop", "the model's name");
    check_text(e->name, "shop", "the model's name");
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_plan *one = gd_compile(arena, d->model, d->scenario, NULL, problems);
    gd_plan *two = gd_compile(arena, e->model, e->scenario, NULL, problems);
    check_that(one && one->horizon == GD_MINUTE, "a minute");
    check_that(two && two->horizon == 9 * GD_S, "as said");
}

static void test_extends(void **unused)
{
    (void)unused;
    lay("base.json", MODEL);
    lay("other.json", "{'policies': {'p': {'timeout': '1s'}}, 'name': "
                      "'other'}");
    g_autofree char *path =
        put("top.json", "{'gameday': 1, 'extends': ['base.json', 'other.json'], "
                        "'policies': {'p': {'retry': null}}, 'services': "
                        "{'api': {'workers': 5}}}");
    g_autoptr(gd_documents) d = load(path, NULL, NULL);
    static const char *const wanted[][2] = {
        {"name", "\"other\""},
        {"services.api.workers", "5"},
        {"services.api.operations.get", "[{\"work\":\"5ms\"}]"},
        {"policies.p.timeout", "\"1s\""},
        {"policies.p.retry", "null"},
        {"extends", "nothing"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autofree char *value = value_at(d, wanted[i][0]);
        check_text(value, wanted[i][1], "%s", wanted[i][0]);
    }
    check_that(d->n_files == 3, "%u", d->n_files);
}

/* ---- refusals ---------------------------------------------------------------------------------
 */
static const struct {
    const char *what, *text, *try_name, *wanted;
} refusals[] = {
    {"a path upwards", "{'gameday': 1, 'model': '../../etc/passwd'}", NULL,
     "1:25: model: \"../../etc/passwd\" leads elsewhere"},
    {"a path from the root", "{'gameday': 1, 'model': '/etc/passwd'}", NULL, "leads elsewhere"},
    {"a path with a detour", "{'gameday': 1, 'model': 'a/../../x.json'}", NULL, "leads elsewhere"},
    {"the folder above", "{'gameday': 1, 'model': '..'}", NULL, "leads elsewhere"},
    {"a model that is not there", "{'gameday': 1, 'model': 'none.json'}", NULL,
     "none.json: No such file"},
    {"itself", "{'gameday': 1, 'extends': 'refused.json'}", NULL, "extends itself"},
    {"a study", "{'gameday': 1, 'scenario': 'x.json', 'designs': {}}", NULL,
     "not yet: study documents"},
    {"an on-call document", "{'gameday': 1, 'teams': {}, 'incidents': {}}", NULL,
     "not yet: on-call documents"},
    {"neither", "{'gameday': 1}", NULL, "is neither a scenario nor a model"},
    {"an array", "[]", NULL, "expected an object"},
    {"no JSON", "{'gameday': 01}", NULL, "refused.json:1:"},
    {"nothing", "", NULL, "refused.json:1:1"},
    {"a try that is not there",
     "{'gameday': 1, 'model': " MODEL ", 'try': {'more': {'patch': {}}}}", "mroe",
     "there is no try \"mroe\"; did you mean \"more\"?"},
    {"a try of none", "{'gameday': 1, 'model': " MODEL "}", "more", "the scenario has none"},
    {"a patch through an array",
     "{'gameday': 1, 'model': " MODEL
     ", 'patch': {'services': {'api': {'operations': {'get': {'0': "
     "1}}}}}}",
     NULL, "is an array"},
};

static void test_refusals(void **unused)
{
    (void)unused;
    unsigned wrong = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(gd_problems) problems = gd_problems_new();
        g_autofree char *path = put("refused.json", refusals[i].text);
        g_autoptr(gd_documents) d = gd_documents_load(path, NULL, refusals[i].try_name, problems);
        g_autofree char *text = gd_problems_print(problems);
        if (d || !strstr(text, refusals[i].wanted)) {
            print_error("%s\nprinted %s\nwanted  %s\n\n", refusals[i].what, text,
                        refusals[i].wanted);
            wrong++;
        }
    }
    check_that(wrong == 0, "%u", wrong);
}

/* What is no file is refused at once: no waiting for a writer, no reading without end. */
static void test_no_files(void **unused)
{
    (void)unused;
    g_autofree char *pipe = g_build_filename(folder, "pipe", NULL);
    g_autofree char *large = put("large.json", "");
    check_that(mkfifo(pipe, 0600) == 0, "mkfifo");
    check_that(truncate(large, 17 << 20) == 0, "truncate");
    const char *const paths[][2] = {
        {pipe, "is no regular file"},
        {folder, "is no regular file"},
        {"/dev/zero", "is no regular file"},
        {large, "is larger than 16 MiB"},
        {"/nowhere/at/all.json", "No such file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(gd_problems) problems = gd_problems_new();
        gint64 before = g_get_monotonic_time();
        g_autoptr(gd_documents) d = gd_documents_load(paths[i][0], NULL, NULL, problems);
        g_autofree char *text = gd_problems_print(problems);
        check_that(!d && strstr(text, paths[i][1]), "%s: %s", paths[i][0], text);
        check_that(g_get_monotonic_time() - before < G_USEC_PER_SEC, "%s took long", paths[i][0]);
    }
    g_unlink(pipe);
}

static void test_data_files(void **unused)
{
    (void)unused;
    lay("data/times.csv", "at_s\n0.5\n1.5\n");
    g_autofree char *path =
        put("traced.json", "{'gameday': 1, " SERVICES ", 'clients': {'web': {'at': 'api', "
                           "'arrivals': {'csv': {'file': 'data/times.csv'}}}}}");
    g_autoptr(gd_documents) d = load(path, NULL, NULL);
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_compile_options options = {.read_data = gd_documents_read_data, .user = d};
    for (int twice = 0; twice < 2; twice++) {
        gd_plan *plan = gd_compile(arena, d->model, d->scenario, &options, problems);
        check_that(plan && plan->clients[0].trace_n == 2, "read beside the document");
    }
    check_that(d->n_files == 2, "named once: %u", d->n_files);
    check_that(g_str_has_suffix(d->files[1].path, "data/times.csv"), "%s", d->files[1].path);
}

static int make_folder(void **unused)
{
    (void)unused;
    folder = g_dir_make_tmp("gameday-test-XXXXXX", NULL);
    return folder ? 0 : 1;
}

static void remove_all(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        remove_all(below);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_remove(path);
}

static int remove_folder(void **unused)
{
    (void)unused;
    remove_all(folder);
    g_free(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_it_tells),
        cmocka_unit_test(test_model_alone_and_inline),
        cmocka_unit_test(test_extends),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_files),
        cmocka_unit_test(test_data_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
