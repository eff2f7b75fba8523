/* The engine against the naive simulator of tests/naive/, on random small models: event by event
 * (through the digest, which folds every one of them) and in every number of the record.
 *
 * test_differential [MODELS [FIRST-SEED]]: how many models (100000 at night), and from which seed
 * on. A model that fails is made small and shown with the events around the first difference.
 */
#include "models/run.h"
#include "tests/check.h"
#include "tests/naive/naive.h"
#include "tests/random/model.h"

/* A run that does more than that is no small model: it is left out, and counted. */
#define MOST_EVENTS 200000u
/* At most this many of 1000 may be left out or refused, or the generator has gone astray. */
#define MOST_LEFT_OUT 10

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc says it */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define MODELS 3000 /* that build is ten times as slow; its models are the first ones */
#else
#define MODELS 10000
#endif

static unsigned long models = MODELS, first_seed = 1;

typedef enum { SAME, DIFFERENT, LEFT_OUT } verdict;

/* Plays the documents in both; *what, owned by the caller, is the first difference or why not. */
static verdict judge(const gd_random *documents, bool at_length, char **what)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    gd_plan *plan = gd_random_compile(documents, arena, what);
    if (!plan)
        return LEFT_OUT;
    plan->event_budget = MOST_EVENTS;
    g_autoptr(gd_run) run = gd_run_new(plan, documents->seed);
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    const gd_record *record = gd_run_finish(run);
    if (record->end != GD_END_DURATION && record->end != GD_END_DRAINED) {
        *what = g_strdup_printf("more than %u events, or all at one instant", MOST_EVENTS);
        return LEFT_OUT;
    }
    g_autoptr(nv_result) naive = nv_run(plan, documents->seed, at_length);
    *what = nv_compare(naive, record);
    char *lines = at_length ? nv_compare_lines(naive, plan, documents->seed) : NULL;
    if (lines) {
        g_free(*what);
        *what = lines;
    }
    return *what ? DIFFERENT : SAME;
}

static bool differs(const gd_random *documents)
{
    g_autofree char *what = NULL;
    return judge(documents, false, &what) == DIFFERENT;
}

static void show(const gd_random *documents)
{
    g_autoptr(gd_random) small = gd_random_shrink(documents, differs);
    g_autofree char *what = NULL;
    judge(small, true, &what);
    g_printerr("%s\n%s\n%s%s\n", small->model, small->scenario, small->arrivals, what);
}

static void test_random_models(void **state)
{
    (void)state;
    unsigned long left_out = 0;
    for (unsigned long seed = first_seed; seed < first_seed + models; seed++) {
        g_autoptr(gd_random) documents = gd_random_model(seed, 0);
        g_autofree char *what = NULL;
        verdict v = judge(documents, seed % 100 == 0, &what); /* some of them line by line */
        if (v == DIFFERENT)
            show(documents);
        check_that(v != DIFFERENT, "seed %lu: %s", seed, what);
        left_out += v == LEFT_OUT;
    }
    check_that(left_out * 1000 <= models * MOST_LEFT_OUT, "%lu of %lu models were left out",
               left_out, models);
}

/* The comparison itself: a record that says something else is found out. */
static void test_difference_is_found(void **state)
{
    (void)state;
    g_autoptr(gd_random) documents = gd_random_model(1, 0);
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autofree char *problems = NULL;
    gd_plan *plan = gd_random_compile(documents, arena, &problems);
    g_autoptr(nv_result) naive = nv_run(plan, 1, true);
    g_autoptr(gd_run) run = gd_run_new(plan, 1);
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    gd_run_finish(run);
    g_autofree char *same = nv_compare(naive, gd_run_finish(run));
    check_that(same == NULL, "%s", same);
    naive->services[0].busy_area++;
    g_autofree char *counter = nv_compare(naive, gd_run_finish(run));
    check_that(counter != NULL, "a changed counter is not seen");
    g_array_index(naive->lines, nv_line, 7).subject ^= 1;
    g_autofree char *line = nv_compare_lines(naive, plan, 1);
    check_that(line != NULL, "a changed event is not seen");
    g_autoptr(nv_result) other = nv_run(plan, 2, false);
    g_autofree char *seed = nv_compare(other, gd_run_finish(run));
    check_that(seed != NULL, "another seed is not seen");
}

int main(int argc, char **argv)
{
    models = argc > 1 ? strtoul(argv[1], NULL, 10) : models;
    first_seed = argc > 2 ? strtoul(argv[2], NULL, 10) : first_seed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_difference_is_found),
        cmocka_unit_test(test_random_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
